//! Does a fault speak against the next hop's health?
//!
//! Only what was tried, and failed on the other side of our own network card, counts. Some of it, and some of what does not
//! count, says more: that there is no such endpoint any more.

use http::StatusCode;

use crate::exchange::{Exchange, Forwarded, RequestBody};
use crate::fault::{Category, Code, Fault, FaultKind, Prune};

/// Whether this fault speaks against the next hop's health, by what is known of the exchange besides. What a client can
/// bring about by itself is no word on the next hop, or one client could have it ejected for all others.
///
/// A connection that ended while the request was still being sent does not count: a next hop may answer early and close (RFC
/// 9112 section 9.3), and then it is the client's upload that meets the reset. Nor does a response that stood still
/// meanwhile, which may have been waiting for the rest of the request. A total time that ran out behind the head may have
/// gone with a client that reads slowly. And in a tunnel both sides speak a protocol of their own: a client that says
/// nothing, or nonsense, ends it as well.
///
/// ```
/// use badgateway::decide::health::counts;
/// use badgateway::exchange::{Exchange, RequestBody};
/// use badgateway::fault::{Fault, FaultKind};
/// let reset = Fault::new(FaultKind::ResetBeforeResponse);
/// let mut exchange = Exchange::default();
/// exchange.request_body = RequestBody::Whole;
/// assert!(counts(&reset, &exchange));
/// exchange.request_body = RequestBody::Partial;
/// assert!(!counts(&reset, &exchange));
/// ```
#[must_use]
pub fn counts(fault: &Fault, exchange: &Exchange) -> bool {
    let is_an_end = matches!(fault.category(), Category::Reset | Category::PrematureEof);
    let forwarded = match exchange.forwarded {
        Forwarded::Head { status, .. } => Some(status),
        Forwarded::Nothing | Forwarded::Interim => None,
    };
    let is_a_stall = fault.category() == Category::Timeout && forwarded.is_some();
    let is_uploading = matches!(exchange.request_body, RequestBody::Partial | RequestBody::Failed);
    let is_a_total = fault.kind() == FaultKind::DeadlineExceeded && is_a_stall;
    let is_tunnel = forwarded == Some(StatusCode::SWITCHING_PROTOCOLS);
    let by_client = exchange.client_gone || is_tunnel || is_a_total || (is_uploading && (is_an_end || is_a_stall));
    counts_against(fault) && !by_client
}

/// Whether the endpoint should be dropped, and why: it is none any more, and time does not mend that.
///
/// [`counts`] is about a server that may recover: eject it for a while, and try again. This is about an address that should not
/// be asked again before its name has been resolved anew, whatever the counter says. Both may be true of a fault, and
/// [`DnsNotFound`](FaultKind::DnsNotFound) does not count and prunes: it says nothing about a server. How long something may be
/// refused before it is given up is no fact about a fault, and stays with the caller's counter.
///
/// Drop the endpoint, and not the last one: a resolver that is wrong about one name is wrong about all of them, and a pool that is
/// empty cannot find that out. No client can bring one of these about at a next hop that the gateway chose itself. Where the
/// client chooses it, as in a forward proxy, drop it for that name alone.
///
/// A [loop](FaultKind::LoopDetected) is none of them: it is seen in `Via`, which any client can write.
///
/// ```
/// use badgateway::decide::health::{counts, prunes};
/// use badgateway::fault::{Fault, FaultKind, Prune};
/// use badgateway::Exchange;
///
/// let exchange = Exchange::default();
/// let moved = Fault::new(FaultKind::CertNameMismatch);
/// assert_eq!(prunes(&moved, &exchange), Some(Prune::Stranger));
/// assert!(counts(&moved, &exchange));
///
/// let gone = Fault::new(FaultKind::DnsNotFound);
/// assert_eq!((prunes(&gone, &exchange), counts(&gone, &exchange)), (Some(Prune::NameGone), false));
/// assert_eq!(prunes(&Fault::new(FaultKind::ConnectionRefused), &exchange), None);
/// ```
#[must_use]
pub const fn prunes(fault: &Fault, exchange: &Exchange) -> Option<Prune> {
    // All of them are found out before there is anything to forward. What somebody says of later is about something else.
    match exchange.forwarded {
        Forwarded::Nothing | Forwarded::Interim if !fault.phase().may_have_sent() => fault.kind().prune(),
        Forwarded::Nothing | Forwarded::Interim | Forwarded::Head { .. } => None,
    }
}

/// Whether a passive health check, an outlier detector or a circuit breaker should count this fault
/// against the next hop.
///
/// Never for the client's faults, for the resolver's, for the gateway's own limits, exhaustion or settings, nor for what
/// was not tried at all: a gateway out of descriptors must not eject every healthy upstream it has.
///
/// An answer that is [not gRPC](FaultKind::NotGrpc) counts where its status, which [`Code::Status`] holds, is a 5xx. Any
/// other a client can have of a healthy server: by a path that only a web page answers, or by a login that is wrong.
///
/// ```
/// use badgateway::decide::health::counts_against;
/// use badgateway::fault::{Fault, FaultKind};
/// assert!(counts_against(&Fault::new(FaultKind::ConnectionRefused)));
/// assert!(!counts_against(&Fault::new(FaultKind::LocalExhausted)));
/// assert!(!counts_against(&Fault::new(FaultKind::ClientAborted)));
/// ```
#[must_use]
pub const fn counts_against(fault: &Fault) -> bool {
    if matches!(fault.kind(), FaultKind::NotGrpc) {
        return matches!(fault.code(), Some(Code::Status(500..=599)));
    }
    fault.kind().counts_against_health()
}
