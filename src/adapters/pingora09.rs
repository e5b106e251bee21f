//! pingora 0.9: its errors, by `pingora-error` alone, which brings in nothing else.
//!
//! pingora wraps its errors in one another, boxes them, and hands none on as `source()`. Each says how far the exchange had
//! got, and which side failed; what lies below says why. In `fail_to_proxy` and `error_while_proxy`:
//!
//! ```
//! use badgateway::{Exchange, FaultKind, Gateway};
//! use pingora_error::{Error, ErrorType};
//!
//! let gateway = Gateway::new("edge-1.example").unwrap();
//! // As `fail_to_proxy` gets it; `Exchange::of_parts(session.req_header())` has the facts.
//! let error: Box<Error> = Error::because(
//!     ErrorType::ReadTimedout,
//!     "while reading response header",
//!     Error::new_up(ErrorType::ReadTimedout),
//! );
//! let fault = gateway.classify(&*error, &Exchange::default());
//! assert_eq!((fault.kind(), fault.kind().status()), (FaultKind::ResponseTimeout, 504));
//! ```
//!
//! # What pingora does not say
//!
//! - **Head or body**: `ReadError`, `ReadTimedout` and `ConnectionClosed` are of both. [`Exchange::phase`](crate::Exchange::phase)
//!   tells, or [`forwarding`](crate::Exchange::forwarding), which sets it.
//! - **What was wrong with a response**: `InvalidHTTPHeader`, without the line.
//! - `Custom` types are the caller's own, and so are the [probes](crate::Gateway::with_probe) that know them: they are asked first.
//! - Its own advice, [`retry`](pingora_error::Error::retry), is not asked: it panics where it was not decided.

use std::error::Error as StdError;

use pingora_error::{Error, ErrorSource, ErrorType};

use crate::classify::{Cause, Finding, Probe, Sizes, downcast};
use crate::fault::{Code, Fault, FaultKind, Phase};

/// Knows [`pingora_error::Error`], boxed or not. Every [`Gateway`](crate::Gateway) has it.
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<Error>().or(Sizes::of::<Box<Error>>());

fn probe<'a>(link: &'a (dyn StdError + 'static)) -> Option<Finding<'a>> {
    if SIZES.may_be(link) { known(link) } else { None }
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn StdError + 'static)) -> Option<Finding<'a>> {
    let error = downcast::<Error>(link)?;
    let finding = match error.esource() {
        ErrorSource::Downstream => Finding::request_body().because(of_the_client(error.etype())),
        ErrorSource::Upstream | ErrorSource::Internal | ErrorSource::Unset => of_the_next_hop(error.etype()),
    };
    Some(match &error.cause {
        Some(cause) => finding.then(&**cause),
        None => finding,
    })
}

/// The client's side failed, whatever lies below: its reset is not the next hop's.
#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn of_the_client(error: &ErrorType) -> Fault {
    match error {
        ErrorType::ReadTimedout => FaultKind::ClientTimeout.into(),
        ErrorType::ConnectionClosed | ErrorType::WriteError | ErrorType::WriteTimedout => {
            FaultKind::ClientAborted.into()
        }
        ErrorType::HTTPStatus(status @ 400..=499) => {
            Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(*status))
        }
        _ => FaultKind::ClientBodyFailed.into(),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn of_the_next_hop(error: &ErrorType) -> Finding<'static> {
    use ErrorType as E;
    match error {
        E::ConnectTimedout => Finding::of(Cause::TimedOut).at(Phase::Connect),
        E::ConnectRefused => Finding::of(Cause::Refused).at(Phase::Connect),
        E::ConnectNoRoute => Finding::of(Cause::Unreachable).at(Phase::Connect),
        E::BindError | E::SocketError => Finding::of(Cause::Exhausted).weak().at(Phase::Connect),
        // A proxy on the way out.
        E::ConnectProxyFailure => Finding::of(FaultKind::Unreachable).weak().at(Phase::Connect),
        E::ConnectError => Finding::new().at(Phase::Connect),
        E::TLSHandshakeTimedout => Finding::of(Cause::TimedOut).at(Phase::Tls),
        E::TLSHandshakeFailure | E::HandshakeError => Finding::of(FaultKind::TlsProtocol).weak().at(Phase::Tls),
        E::InvalidCert => Finding::of(FaultKind::CertInvalid).weak().at(Phase::Tls),
        E::WriteTimedout => Finding::of(Cause::TimedOut).at(Phase::Send),
        E::WriteError => Finding::of(Cause::Reset).weak().likely_at(Phase::Send),
        E::ReadTimedout => Finding::of(Cause::TimedOut).likely_at(Phase::Head),
        E::ReadError => Finding::of(Cause::Reset).weak().likely_at(Phase::Head),
        E::ConnectionClosed => Finding::of(Cause::Closed).weak().likely_at(Phase::Head),
        E::InvalidHTTPHeader => Finding::of(Cause::BadField).weak().likely_at(Phase::Head),
        E::H1Error => Finding::new().likely_at(Phase::Head),
        E::H2Error | E::InvalidH2 => Finding::of(FaultKind::H2ProtocolError).weak().likely_at(Phase::Head),
        E::H2Downgrade => Finding::of(FaultKind::Http11Required),
        // A filter of the gateway's own has chosen the status.
        E::HTTPStatus(status @ 400..=499) => {
            Finding::of(Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(*status)))
        }
        E::HTTPStatus(status) => Finding::of(Fault::new(FaultKind::ProxyInternal).with_code(Code::Status(*status))),
        E::TLSWantX509Lookup
        | E::AcceptError
        | E::FileOpenError
        | E::FileCreateError
        | E::FileReadError
        | E::FileWriteError
        | E::InternalError => Finding::of(FaultKind::ProxyInternal),
        _ => Finding::new(),
    }
}
