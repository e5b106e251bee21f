//! ureq 3: its errors, none of which has a `source()`.
//!
//! The `io::Error` inside is the judge, and ureq's own words count where there is none.
//!
//! Set `http_status_as_error(false)` and `max_redirects(0)`: a gateway hands responses on, and ureq makes errors of some otherwise.
//! Those are [`FaultKind::ProxyMisconfigured`] here, because nothing went wrong upstream.
//!
//! ```
//! use badgateway::{Exchange, Gateway};
//!
//! let gateway = Gateway::new("edge-1.example").unwrap();
//! let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
//! // Nothing listens on port 1.
//! let error = agent.get("http://127.0.0.1:1/").call().unwrap_err();
//! let response = gateway.answer(&error, &Exchange::default());
//! assert_eq!(response.headers()["proxy-status"], "edge-1.example; error=connection_refused");
//! ```
//!
//! A body's reader fails with an `io::Error`, which is known without this adapter or has ureq's in it. Say that it was the
//! body, by [`Exchange::phase`](crate::Exchange::phase): ureq says "peer disconnected" of every end that came too early.
//!
//! # What ureq does not say
//!
//! - **What was wrong with the response**: of a parse error it keeps httparse's words, and neither bytes nor offsets. Its
//!   `ureq_proto::Error` is no part of ureq's own interface and changes with minor versions, so it is read by its name, and
//!   the fault has [`Confidence::Text`](crate::fault::Confidence::Text).
//! - **Whether connecting or the TLS handshake took too long**: `timeout_connect` covers both. And whether TLS failed in the
//!   handshake or behind it, when the request may have been written: of a certificate alone it is known.
//! - **Resets within a body**, in some versions: "peer disconnected", as of a FIN; and of a body that the end of the connection
//!   delimits nothing at all. So with an end of TLS without close_notify. `docs/clients.md` has the whole list.
//! - Variants of its features for TLS, cookies, JSON and decompression cannot be named without these features. They
//!   are [`FaultKind::Unclassified`]. A failed handshake of rustls is none of them, but an `io::Error`.

use std::error::Error;

use ureq::Timeout;

use crate::classify::{Cause, Finding, Probe, Sizes, downcast, may_be, text};
use crate::fault::{Fault, FaultKind, Phase};

/// Knows [`ureq::Error`]. Every [`Gateway`](crate::Gateway) has it.
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<ureq::Error>();

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<ureq::Error>(link) { known(link) } else { None }
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<ureq::Error>(link).map(finding)
}

#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn finding<'a>(error: &'a ureq::Error) -> Finding<'a> {
    use ureq::Error as E;
    match error {
        E::Io(io) => Finding::new().then(io),
        E::Other(other) => Finding::new().then(&**other),
        E::Timeout(timeout) => late(*timeout),
        E::Protocol(protocol) => {
            let row = PROTOCOL.iter().find(|(name, ..)| text::begins(protocol, name));
            row.map_or_else(Finding::new, |(_, cause, phase)| Finding::of(*cause).at(*phase).by_text())
        }
        E::HostNotFound => Finding::of(FaultKind::DnsNotFound),
        E::LargeResponseHeader(..) => Finding::of(FaultKind::HeadTooLarge),
        E::BodyExceedsLimit(_) => Finding::of(FaultKind::BodyTooLarge),
        E::ConnectionFailed | E::ConnectProxyFailed(_) => Finding::new().at(Phase::Connect),
        E::Tls(_) => Finding::of(FaultKind::TlsProtocol),
        E::Http(_) => Finding::of(FaultKind::ProxyInternal),
        // Responses that the gateway should have had, and requests that it should not have made.
        E::StatusCode(_) | E::TooManyRedirects | E::RedirectFailed => {
            Finding::of(FaultKind::ProxyMisconfigured).at(Phase::Head)
        }
        E::BadUri(_) | E::InvalidProxyUrl | E::RequireHttpsOnly(_) | E::TlsRequired => {
            Finding::of(FaultKind::ProxyMisconfigured)
        }
        // The end of the connection behind the last chunk. The variant is hidden from the documentation.
        _ if text::begins(error, "BodyStalled") => Finding::of(Cause::Closed).at(Phase::Body).by_text(),
        _ => Finding::new(),
    }
}

/// Whose time ran out.
#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn late(timeout: Timeout) -> Finding<'static> {
    let late = Finding::of(Cause::TimedOut);
    match timeout {
        Timeout::Resolve => late.at(Phase::Resolve),
        Timeout::Connect => late.at(Phase::Connect),
        Timeout::SendRequest | Timeout::SendBody | Timeout::PerWrite => late.at(Phase::Send),
        Timeout::RecvResponse => late.at(Phase::Head),
        // Totals: whatever was going on then.
        Timeout::Global | Timeout::PerCall | Timeout::RecvBody => Finding::of(FaultKind::DeadlineExceeded),
        _ => late,
    }
}

const fn kind(kind: FaultKind) -> Cause {
    Cause::Fault(Fault::new(kind))
}

/// ureq-proto 0.7, src/error.rs: beginnings of `Debug`. The longer of two that begin alike comes first.
#[rustfmt::skip]
const PROTOCOL: &[(&str, Cause, Phase)] = &[
    // httparse's own words.
    ("HttpParseFail(\"invalid HTTP version", kind(FaultKind::NotHttp), Phase::Head),
    ("HttpParseFail(\"invalid response status", kind(FaultKind::BadStatusLine), Phase::Head),
    ("HttpParseFail(\"invalid status code", kind(FaultKind::BadStatusLine), Phase::Head),
    ("HttpParseFail(", Cause::BadField, Phase::Head),
    ("HttpParseTooManyHeaders", Cause::TooManyFields, Phase::Head),
    ("UnsupportedVersion", kind(FaultKind::NotHttp), Phase::Head),
    ("BadContentLengthHeader", kind(FaultKind::AmbiguousFraming), Phase::Head),
    ("TooManyContentLengthHeaders", kind(FaultKind::AmbiguousFraming), Phase::Head),
    ("HeadersWith100", kind(FaultKind::BadHeader), Phase::Head),
    // No class: an empty size, one that is too large and no number at all have one name.
    ("ChunkLenNot", kind(FaultKind::BadChunk), Phase::Body),
    ("ChunkExpectedCrLf", kind(FaultKind::BadChunk), Phase::Body),
    // Where the redirect led, and how.
    ("NoLocationHeader", kind(FaultKind::ProxyMisconfigured), Phase::Head),
    ("BadLocationHeader", kind(FaultKind::ProxyMisconfigured), Phase::Head),
    // Of the request, or of how ureq was used.
    ("", kind(FaultKind::ProxyInternal), Phase::Select),
];
