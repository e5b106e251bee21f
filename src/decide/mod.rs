//! What to do about a fault: pure functions of facts and policy.
//!
//! Nothing is done here and nothing is rendered; an answer is a value with a reason.
//!
//! - [`decide`]: respond, abort, or stay silent?
//! - [`retry::advise`]: may the request be sent again?
//! - [`health::counts_against`]: does it speak against the next hop? [`health::prunes`]: is that an endpoint at all?
//! - [`Profile`]: which status? [`grpc_status`]: which gRPC status?

mod abort;
mod grpc;
pub mod health;
mod others;
mod profile;
pub mod retry;

use http::StatusCode;

use crate::exchange::{Exchange, Forwarded};
use crate::fault::{Applied, Fault, FaultKind};

pub use self::abort::AbortMethod;
pub use self::grpc::grpc_status;
pub use self::profile::Profile;

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // there is nothing else one can do
pub enum Decision {
    /// Nothing final has gone out: answer with this status. To a gRPC call that is the status which any other
    /// client would get; [`Gateway::answer`](crate::Gateway::answer) says it by [`grpc_status`] on a 200.
    Respond(StatusCode),
    /// The head has gone out, so no status can be changed: make the cut visible.
    Abort(AbortMethod),
    /// The client has gone, so there is nobody to answer: write the log and no byte.
    Silence,
}

/// What to do about a fault in this exchange, by this policy. Total: there is an answer for everything.
///
/// ```
/// use badgateway::decide::{AbortMethod, Decision, Profile, decide};
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
/// assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Abort(AbortMethod::NoLastChunk));
/// ```
#[must_use]
pub fn decide(fault: &Fault, exchange: &Exchange, profile: &Profile) -> Decision {
    if exchange.client_gone || fault.kind() == FaultKind::ClientAborted {
        return Decision::Silence;
    }
    match exchange.forwarded {
        Forwarded::Nothing | Forwarded::Interim => Decision::Respond(profile.status(fault, exchange)),
        Forwarded::Head { framing, .. } => Decision::Abort(abort::how(fault, exchange, framing)),
    }
}

/// Whether the next hop could have acted on the request, by the fault and by what the caller knows.
///
/// A request of which no byte was written was not applied, however the exchange failed. One of which some was may have been,
/// unless the next hop promises the contrary (`REFUSED_STREAM`, a `GOAWAY` below its stream, `H3_REQUEST_REJECTED`): an error
/// that looks like one of connecting may be about another connection. One to which a final head came
/// ([`Forwarded::Head`], [`Exchange::received_status`]) was, as far as anybody can know: whoever breaks what afterwards,
/// the next hop has answered.
///
/// Of a request that was tried more than once, the try that got furthest counts. Earlier ones are remembered by
/// [`retry::again`] in [`Exchange::applied_before`]; one of which nothing is remembered may have been applied.
#[must_use]
pub fn applied(fault: &Fault, exchange: &Exchange) -> Applied {
    let last = match exchange.sent {
        Some(0) => Applied::No,
        Some(_) | None if has_answered(fault, exchange) => Applied::Yes,
        Some(_) if !fault.kind().is_promise() => fault.applied().max(Applied::Perhaps),
        Some(_) | None => fault.applied(),
    };
    let unknown = if exchange.attempts > 1 { Applied::Perhaps } else { Applied::No };
    last.max(exchange.applied_before.unwrap_or(unknown))
}

/// Whether a final response to this request came, or began to come.
fn has_answered(fault: &Fault, exchange: &Exchange) -> bool {
    // What came before the request answers something else, whatever its status.
    let is_ours = fault.kind() != FaultKind::UnsolicitedResponse;
    // 101 is the last word of HTTP on that connection.
    let is_final = |status: StatusCode| !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS;
    !exchange.can_respond() || (is_ours && exchange.received_status.is_some_and(is_final))
}
