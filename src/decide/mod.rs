//! What to do about a fault: pure functions of facts and policy.
//!
//! Its one rule: nothing is done here and nothing is rendered; an answer is a value with a reason.
//!
//! - [`decide`]: respond, abort, or stay silent?
//! - [`retry::advise`]: may the request be sent again?
//! - [`health::counts_against`]: does it speak against the next hop?

pub mod health;
mod profile;
pub mod retry;

use http::{StatusCode, Version};

use crate::exchange::{BodyFraming, Exchange, Forwarded};
use crate::fault::{Applied, Fault, FaultKind};

pub use self::profile::Profile;

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // there is nothing else one can do
pub enum Decision {
    /// Nothing final has gone out: answer with this status.
    Respond(StatusCode),
    /// The head has gone out, so no status can be changed: make the cut visible.
    Abort(How),
    /// The client has gone, so there is nobody to answer: write the log and no byte.
    Silence,
}

/// How to make a cut visible to the client (RFC 9112 section 8, RFC 9113 section 5.4.2).
///
/// None of these goes with a `Proxy-Status` trailer: a trailer needs the last chunk (or
/// `END_STREAM`), and that would make the cut body look whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// Close the connection short of the `Content-Length`.
    CloseShort,
    /// Close the connection without the last chunk.
    NoLastChunk,
    /// Reset the connection: only its end delimits the body, and an orderly end would look whole.
    /// Over TLS, leaving out `close_notify` does it (RFC 9112 section 9.8).
    Reset,
    /// Reset the stream with this HTTP/2 code.
    StreamReset(u32),
    /// Reset the stream with this HTTP/3 code.
    H3StreamReset(u64),
    /// End the gRPC call with this `grpc-status` in the trailers, which tell its end in-band.
    GrpcStatus(u8),
}

/// `INTERNAL_ERROR` of RFC 9113 section 7.
const H2_INTERNAL_ERROR: u32 = 0x2;
/// `H3_REQUEST_CANCELLED`: what RFC 9114 section 4.1.1 asks of a server that gives a response up.
const H3_REQUEST_CANCELLED: u64 = 0x10c;
/// gRPC `DEADLINE_EXCEEDED` and `UNAVAILABLE`.
const GRPC_DEADLINE_EXCEEDED: u8 = 4;
const GRPC_UNAVAILABLE: u8 = 14;

/// What to do about a fault in this exchange, by this policy. Total: there is an answer for everything.
///
/// ```
/// use badgateway::decide::{Decision, How, Profile, decide};
/// use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
/// use badgateway::fault::{Fault, FaultKind};
/// use http::StatusCode;
///
/// let fault = Fault::new(FaultKind::ResponseTimeout);
/// let mut exchange = Exchange::default();
/// assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Respond(StatusCode::GATEWAY_TIMEOUT));
/// assert_eq!(decide(&fault, &exchange, &Profile::Cloudflare), Decision::Respond(StatusCode::from_u16(524).unwrap()));
///
/// exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Chunked };
/// assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Abort(How::NoLastChunk));
/// ```
#[must_use]
pub fn decide(fault: &Fault, exchange: &Exchange, profile: &Profile) -> Decision {
    if exchange.client_gone || fault.kind() == FaultKind::ClientAborted {
        return Decision::Silence;
    }
    match exchange.forwarded {
        Forwarded::Nothing | Forwarded::Interim => Decision::Respond(profile.status(fault, exchange)),
        Forwarded::Head { framing, .. } => Decision::Abort(how(fault, exchange, framing)),
    }
}

fn how(fault: &Fault, exchange: &Exchange, framing: BodyFraming) -> How {
    if exchange.version >= Version::HTTP_2 && exchange.grpc {
        let late = fault.kind().status() == 504;
        return How::GrpcStatus(if late { GRPC_DEADLINE_EXCEEDED } else { GRPC_UNAVAILABLE });
    }
    if exchange.version == Version::HTTP_3 {
        return How::H3StreamReset(H3_REQUEST_CANCELLED);
    }
    if exchange.version == Version::HTTP_2 {
        return How::StreamReset(H2_INTERNAL_ERROR);
    }
    match framing {
        BodyFraming::None | BodyFraming::Length => How::CloseShort,
        BodyFraming::Chunked => How::NoLastChunk,
        BodyFraming::UntilClose => How::Reset,
    }
}

/// Whether the next hop could have acted on the request, by the fault and by what the caller knows.
///
/// A request of which no byte was written was not applied, however the exchange failed.
#[must_use]
pub fn applied(fault: &Fault, exchange: &Exchange) -> Applied {
    if exchange.sent == Some(0) { Applied::No } else { fault.applied() }
}
