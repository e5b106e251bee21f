//! The audit of an answer to a gRPC call: whether it is one, and whether it says how the call ended.
//!
//! gRPC is told by the content type and ends in `grpc-status`, in the trailers or in the head
//! ([PROTOCOL-HTTP2.md](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)). HTTP sees nothing wrong
//! where either is missing. What `grpc-status` says is the server's own answer: a call that failed is no fault.

use http::header::{CONTENT_TYPE, HeaderMap};
use http::{HeaderName, StatusCode};

use crate::exchange::is_grpc_type;
use crate::fault::{Class, Code, Fault, Phase};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What tells how a call ended, and is nothing in a head behind which messages follow: "Response-Headers" has none of them,
/// and a client that finds them in both places may believe either.
#[cfg(feature = "http_body1")]
pub(crate) const TRAILERS_ALONE: [HeaderName; 3] =
    [GRPC_STATUS, HeaderName::from_static("grpc-message"), HeaderName::from_static("grpc-status-details-bin")];

/// What the head of an answer to a gRPC call says of how the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // it says so, or it does not yet
pub enum GrpcHead {
    /// Nothing yet. Messages may follow, and then trailers, which are for [`audit_grpc_trailers`].
    Open,
    /// This `grpc-status`, from 0 to 16: Trailers-Only, behind which nothing follows. If content does follow, its end has to
    /// say it again, as clients do not look in the head then.
    TrailersOnly(u8),
}

/// Judges the final head of an answer to a gRPC call: what it says, or why it is no such answer.
///
/// In this order:
///
/// 1. A valid `grpc-status` in the head is the server's own answer, whatever else is odd about it: where there is one,
///    nothing else counts
///    ([http-grpc-status-mapping.md](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)).
///    A well-known recipe for nginx answers so with an HTTP status of 204.
/// 2. The content type is `application/grpc`, alone or with a message format behind a plus sign, in any case and with any
///    parameters. `application/grpc-web` is another protocol.
/// 3. A `grpc-status` that is there stands once, and is a number from 0 to 16 without leading zeros.
/// 4. The HTTP status is 200.
///
/// Interim (1xx) heads are no answer, and for nobody to judge here. Ask for calls only: see [`Exchange::grpc`]; and ask
/// [`audit`](super::audit()) as well, which judges where the answer ends.
///
/// ```
/// use badgateway::audit::{GrpcHead, audit_grpc_head};
/// use badgateway::decide::grpc_status;
/// use badgateway::fault::Class;
/// use http::{HeaderMap, HeaderValue, StatusCode};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("content-type", HeaderValue::from_static("application/grpc+proto"));
/// assert_eq!(audit_grpc_head(StatusCode::OK, &headers), Ok(GrpcHead::Open));
/// headers.insert("grpc-status", HeaderValue::from_static("5"));
/// assert_eq!(audit_grpc_head(StatusCode::OK, &headers), Ok(GrpcHead::TrailersOnly(5)));
///
/// // A proxy on the way answers with a page: UNAVAILABLE.
/// let mut page = HeaderMap::new();
/// page.insert("content-type", HeaderValue::from_static("text/html"));
/// let fault = audit_grpc_head(StatusCode::BAD_GATEWAY, &page).unwrap_err();
/// assert_eq!(fault.class(), Some(Class::GrpcContentType));
/// assert_eq!(grpc_status(&fault), 14);
/// ```
///
/// # Errors
///
/// `not_grpc` with the HTTP status as its [`Code::Status`], which tells the `grpc-status` to answer with; or
/// `bad_grpc_status` in the phase of the head. Nothing is wrong with the connection then: the rest of the response may be
/// read and dropped, and the connection used again.
///
/// [`Exchange::grpc`]: crate::exchange::Exchange::grpc
pub fn audit_grpc_head(status: StatusCode, headers: &HeaderMap) -> Result<GrpcHead, Fault> {
    let told = told(headers);
    if let Ok(Some(grpc_status)) = told {
        return Ok(GrpcHead::TrailersOnly(grpc_status));
    }
    let not_grpc = |class| Err(Fault::of_class(class).with_code(Code::Status(status.as_u16())));
    let mut types = headers.get_all(CONTENT_TYPE).into_iter().peekable();
    // Of two types that disagree each recipient believes another (RFC 9110 section 8.3).
    if types.peek().is_none() || !types.all(|value| is_grpc_type(value.as_bytes())) {
        return not_grpc(Class::GrpcContentType);
    }
    if let Err(class) = told {
        return Err(Fault::of_class(class).at(Phase::Head));
    }
    if status != StatusCode::OK {
        return not_grpc(Class::GrpcHttpStatus);
    }
    Ok(GrpcHead::Open)
}

/// Judges the end of an answer to a gRPC call that ended in good order: its `grpc-status`, from 0 to 16, which has to stand
/// in the trailers once. `None` is an end without trailers.
///
/// Ask once the body of a [`GrpcHead::Open`] is whole, and of a [`GrpcHead::TrailersOnly`] only if there was any content.
/// A body that was cut has a fault already.
///
/// ```
/// use badgateway::audit::audit_grpc_trailers;
/// use badgateway::fault::Class;
/// use http::{HeaderMap, HeaderValue};
///
/// let mut trailers = HeaderMap::new();
/// assert_eq!(audit_grpc_trailers(None).unwrap_err().class(), Some(Class::GrpcStatusMissing));
/// trailers.insert("grpc-status", HeaderValue::from_static("13"));
/// assert_eq!(audit_grpc_trailers(Some(&trailers)), Ok(13));
/// trailers.insert("grpc-status", HeaderValue::from_static("99"));
/// assert_eq!(audit_grpc_trailers(Some(&trailers)).unwrap_err().class(), Some(Class::GrpcStatusInvalid));
/// ```
///
/// # Errors
///
/// `bad_grpc_status`, with the [`Class`]. The client must not take the call for ended: give it trailers of our own, which
/// [`Gateway::trailers`](crate::Gateway::trailers) makes of the fault, in place of the next hop's.
pub fn audit_grpc_trailers(trailers: Option<&HeaderMap>) -> Result<u8, Fault> {
    match trailers.map_or(Ok(None), told) {
        Ok(Some(grpc_status)) => Ok(grpc_status),
        Ok(None) => Err(Fault::of_class(Class::GrpcStatusMissing)),
        Err(class) => Err(Fault::of_class(class)),
    }
}

/// What `grpc-status` says; `None` where there is none.
fn told(fields: &HeaderMap) -> Result<Option<u8>, Class> {
    let mut values = fields.get_all(GRPC_STATUS).into_iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // Even of two that agree: some clients take the last one, some the first, some a list of both for malformed.
        return Err(Class::GrpcStatusRepeated);
    }
    number(first.as_bytes()).map(Some).ok_or(Class::GrpcStatusInvalid)
}

/// A decimal number without leading zeros (PROTOCOL-HTTP2.md, "Status"), and none above 16, the last one that gRPC has: of
/// a larger one some libraries make UNKNOWN, and others hand it on as it is.
fn number(text: &[u8]) -> Option<u8> {
    match *text {
        [digit @ b'0'..=b'9'] => Some(digit & 0x0f),
        [b'1', digit @ b'0'..=b'6'] => Some((digit & 0x0f).saturating_add(10)),
        _ => None,
    }
}
