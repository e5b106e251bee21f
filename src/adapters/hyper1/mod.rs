//! hyper 1: its errors, reason phrases for its server, the interim responses of its client, and tunnels.
//!
//! Hyper's predicates first. They leave "reading the head", "reading the body" and
//! "writing the request" alike; those three are told apart by the name of the private kind.

mod interims;
mod tunnels;

use std::error::Error;

use http::Response;
use hyper::ext::ReasonPhrase;

use crate::classify::{Cause, Finding, Probe, Sizes, downcast, may_be, text};
use crate::fault::{Fault, FaultKind, Phase};
use crate::reply::reason;

pub use self::interims::{DuringInterims, Interims, TooManyInterims};
pub use self::tunnels::{Carrying, Tunnels};

/// Knows [`hyper::Error`].
///
/// Coarse without further facts: hyper's parser keeps neither bytes nor offsets, so a TLS alert, an SSH
/// greeting and `HTTP/2.0 200` are all [`FaultKind::NotHttp`], by text; and "message head is too large"
/// is split by [`Exchange::received`](crate::exchange::Exchange::received).
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<hyper::Error>();

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<hyper::Error>(link) { known(link) } else { None }
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<hyper::Error>(link).map(finding)
}

fn finding<'a>(error: &hyper::Error) -> Finding<'a> {
    if error.is_incomplete_message() {
        return Finding::of(Cause::Closed).likely_at(Phase::Head);
    }
    // "Canceled" is not the client's doing: the connection was not ready, or closed meanwhile.
    if error.is_canceled() || error.is_closed() {
        if error.source().is_some_and(|why| text::says(why, "connection was not ready")) {
            // `SendRequest` had not begun: src/client/conn/http1.rs and http2.rs.
            return Finding::of(Fault::new(FaultKind::ClosedBeforeResponse).at(Phase::Select)).weak().at(Phase::Select);
        }
        // Why the connection ended, which TLS libraries without an adapter say in words.
        return Finding::of(Cause::Closed).weak().likely_at(Phase::Head).names_may_tell();
    }
    if error.is_parse_too_large() {
        return Finding::of(Cause::HeadTooLarge).at(Phase::Head);
    }
    if error.is_parse_status() {
        return Finding::of(FaultKind::BadStatusLine).at(Phase::Head);
    }
    if error.is_body_write_aborted() {
        return Finding::request_body();
    }
    let name = text::by_name(error);
    if error.is_parse() {
        return name.unwrap_or(Finding::of(FaultKind::Unclassified)).at(Phase::Head);
    }
    if error.is_user() {
        return name.unwrap_or(Finding::of(FaultKind::ProxyInternal));
    }
    if error.is_timeout() {
        return Finding::of(Cause::TimedOut).likely_at(Phase::Head);
    }
    name.unwrap_or_default()
}

/// Gives the response of a gateway its reason phrase, for the 4xx and 5xx that have none registered: 499,
/// 520 to 526, 530 and whatever a profile of your own picks. Without it hyper's server writes `520 <none>`.
///
/// Takes away the phrase of a foreign response otherwise, which would contradict a replaced status.
///
/// ```
/// use badgateway::adapters::hyper1::reason_phrase;
/// use hyper::ext::ReasonPhrase;
///
/// let mut response = http::Response::builder().status(522).body(()).unwrap();
/// reason_phrase(&mut response);
/// let phrase = response.extensions().get::<ReasonPhrase>().unwrap();
/// assert_eq!(phrase.as_bytes(), b"Connection Timed Out");
/// ```
pub fn reason_phrase<B>(response: &mut Response<B>) {
    let status = response.status();
    if status.canonical_reason().is_none() && (status.is_client_error() || status.is_server_error()) {
        let phrase = ReasonPhrase::from_static(reason(status).as_bytes());
        response.extensions_mut().insert(phrase);
    } else {
        response.extensions_mut().remove::<ReasonPhrase>();
    }
}
