//! Does a fault speak against the next hop's health?
//!
//! Only what was tried, and failed on the other side of our own network card, counts.

use crate::exchange::{Exchange, RequestBody};
use crate::fault::{Category, Code, Fault, FaultKind};

/// Whether this fault speaks against the next hop's health, by what is known of the exchange besides. What a client can
/// bring about by itself is no word on the next hop, or one client could have it ejected for all others.
///
/// A connection that ended while the request was still being sent does not count: a next hop may answer early and close (RFC
/// 9112 section 9.3), and then it is the client's upload that meets the reset.
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
    let is_uploading = matches!(exchange.request_body, RequestBody::Partial | RequestBody::Failed);
    counts_against(fault) && !exchange.client_gone && !(is_an_end && is_uploading)
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
