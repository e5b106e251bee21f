//! The audit of heads that another library parsed: of responses here, of requests in [`audit_request`].
//!
//! What the other library let pass is judged again, by RFC 9112 section 6.3 and as
//! strictly as [`h1`](crate::h1) would: a gateway must not guess where a message ends. What can be
//! repaired without guessing is no fault but [`tidy`]'s work.
//!
//! hyper, for one, hands over CL and TE together, unknown and repeated transfer codings, status 999 and an
//! unasked 101, and only reports what it cannot parse at all.

mod grpc;
mod request;
mod tidy;

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use http::response::Parts;
use http::{Method, StatusCode, Version};

use crate::exchange::Exchange;
use crate::fault::{Class, Fault, FaultKind};
use crate::h1::{Deviations, FramingFields};
use crate::present::Present;
use crate::token::is_token;

#[cfg(feature = "http_body1")]
pub(crate) use self::grpc::TRAILERS_ALONE;
pub use self::grpc::{GrpcHead, audit_grpc_head, audit_grpc_trailers};
pub use self::request::audit_request;
pub(crate) use self::request::{audit_arrived, audit_routed};
pub(crate) use self::tidy::tidy_present;
pub use self::tidy::{tidy, tidy_request};

/// Where the content of a response ends
/// ([RFC 9112, section 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)), in any version of HTTP;
/// [`h1::Framing`](crate::h1::Framing) is the part of it that HTTP/1 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// It has none: an answer to HEAD, 1xx, 204 or 304.
    None,
    /// After that many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// With the connection (HTTP/1 only). Over TLS only after a `close_notify` (RFC 9112 section 9.8).
    UntilClose,
    /// With the stream (HTTP/2 and HTTP/3), which says by itself whether it is whole.
    Stream,
    /// It is not a message any more: a 2xx to CONNECT, or 101.
    Tunnel,
}

impl From<crate::h1::Framing> for Framing {
    fn from(framing: crate::h1::Framing) -> Self {
        match framing {
            crate::h1::Framing::None => Self::None,
            crate::h1::Framing::Length(bytes) => Self::Length(bytes),
            crate::h1::Framing::Chunked => Self::Chunked,
            crate::h1::Framing::UntilClose => Self::UntilClose,
            crate::h1::Framing::Tunnel => Self::Tunnel,
        }
    }
}

impl Framing {
    /// The number of bytes to expect, where the head tells: what [`Ledger`](crate::body::Ledger) and `Guard`
    /// want to know.
    ///
    /// ```
    /// use badgateway::audit::Framing;
    /// assert_eq!(Framing::Length(5).length(), Some(5));
    /// assert_eq!(Framing::None.length(), Some(0));
    /// assert_eq!(Framing::Chunked.length(), None);
    /// ```
    #[must_use]
    pub const fn length(self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Length(bytes) => Some(bytes),
            Self::Chunked | Self::UntilClose | Self::Stream | Self::Tunnel => None,
        }
    }
}

/// Judges a parsed head: how its content is framed, or why it must not be forwarded.
///
/// In the order of RFC 9112 section 6.3:
///
/// 1. The status code is within 100 to 599 (RFC 9110 section 15: "values outside the range 100..599 are
///    invalid"; clients that follow the RFC take them for a 5xx, caches and WAFs for anything).
/// 2. 101 answers an offered upgrade, and names a protocol other than `h2c`, which [`tidy_request`] never
///    offers (RFC 9110 section 7.8). A caller that does not tunnel sets
///    [`upgrade_offered`](Exchange::upgrade_offered) to false.
/// 3. HEAD, 1xx, 204 and 304 have no content, whatever the fields say: their lengths are not judged but
///    left to [`tidy`]. That includes `Content-Length` on a 204, which RFC 9110 section 8.6 forbids: of 20
///    proxies only Envoy and Varnish refuse it, and without content no one can be misled once it is gone.
/// 4. In a 2xx to CONNECT both length fields are ignored.
/// 5. `Transfer-Encoding`: a fault in HTTP/1.0 (section 6.1), beside `Content-Length` (smuggling;
///    hyper, HAProxy and Go forward it, nginx refuses), and unless it is `chunked`, once, last and
///    without parameters. Empty list elements before it are ignored (RFC 9110 section 5.6.1.2); one behind it is
///    refused, though it should be ignored too, because hyper looks behind the last comma only and has read
///    `chunked,` until the end of the connection, chunk sizes and all. `gzip, chunked` is refused too: the gateway asked for no such coding, and
///    the field is hop by hop, so the client would get gzip and never know.
/// 6. `Content-Length` is digits that fit a signed number of 64 bits, as nginx, Go and Java hold them; a list or repeated lines must all say the same number.
/// 7. Otherwise the connection, or the stream, ends the content.
///
/// 205 is framed as any other: RFC 9110 section 15.3.6 forbids its sender content, and RFC 9112 does not
/// exempt its recipient from reading what came.
///
/// ```
/// use badgateway::Exchange;
/// use badgateway::audit::{Framing, audit};
/// use badgateway::fault::Class;
///
/// let exchange = Exchange::default();
/// let (good, ()) = http::Response::builder().header("content-length", "5, 5").body(()).unwrap().into_parts();
/// assert_eq!(audit(&good, &exchange), Ok(Framing::Length(5)));
///
/// let (bad, ()) = http::Response::builder()
///     .header("content-length", "5")
///     .header("transfer-encoding", "chunked")
///     .body(()).unwrap().into_parts();
/// assert_eq!(audit(&bad, &exchange).unwrap_err().class(), Some(Class::FramingClAndTe));
/// ```
///
/// # Errors
///
/// `bad_status_line`, `unexpected_upgrade`, `ambiguous_framing` or `unsupported_coding`, with the
/// [`Class`]. All are for a 502, and for closing the connection to the next hop: what is left in it
/// may be anything (RFC 9112 section 6.3, rule 5: "MUST close the connection to the server, discard the
/// received response, and send a 502").
pub fn audit(parts: &Parts, exchange: &Exchange) -> Result<Framing, Fault> {
    audit_present(parts, exchange, Present::of(&parts.headers))
}

pub(crate) fn audit_present(parts: &Parts, exchange: &Exchange, present: Present) -> Result<Framing, Fault> {
    audit_head(parts.status, parts.version, &parts.headers, exchange, present)
}

/// The same for a response that is still whole, which has no [`Parts`] to show.
pub(crate) fn audit_head(
    status: StatusCode,
    version: Version,
    headers: &HeaderMap,
    exchange: &Exchange,
    present: Present,
) -> Result<Framing, Fault> {
    if status.as_u16() > 599 {
        return Err(Fault::of_class(Class::StatusLineCodeAbove599));
    }
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return audit_upgrade(headers, exchange);
    }
    if has_no_content(status, &exchange.method) {
        return Ok(Framing::None);
    }
    if is_tunnel(status, &exchange.method) {
        return Ok(Framing::Tunnel);
    }
    if present.any(Present::TRANSFER_ENCODING) {
        return audit_codings(version, headers);
    }
    if present.any(Present::CONTENT_LENGTH) {
        return content_length(headers).map(Framing::Length).map_err(Fault::of_class);
    }
    Ok(if version >= Version::HTTP_2 { Framing::Stream } else { Framing::UntilClose })
}

fn audit_upgrade(headers: &HeaderMap, exchange: &Exchange) -> Result<Framing, Fault> {
    if !may_upgrade(exchange) {
        return Err(Fault::of_class(Class::UnexpectedUpgrade));
    }
    // "A server that sends a 101 response MUST send an Upgrade header field" (RFC 9110 section 7.8).
    let mut protocols = items(headers, UPGRADE).peekable();
    if protocols.peek().is_none() || protocols.any(is_h2c) {
        return Err(Fault::new(FaultKind::UnexpectedUpgrade));
    }
    Ok(Framing::Tunnel)
}

/// Whether a 101 goes on with what its request offered: it names a protocol, and none that the `Upgrade` of the
/// request did not ("MUST NOT switch to a protocol that was not indicated by the client", RFC 9110 section 7.8). Names
/// are compared in any case, and `h2c` is nobody's: [`tidy_request`] never offers it.
///
/// Both are the values of `Upgrade` lines. [`audit`](audit()) cannot ask this, because an [`Exchange`] knows that
/// something was offered, and not what.
///
/// ```
/// use badgateway::audit::answers_upgrade;
/// assert!(answers_upgrade([&b"h2c, websocket"[..]], [&b"WebSocket"[..]]));
/// assert!(!answers_upgrade([&b"websocket"[..]], [&b"irc/6.9"[..]]));
/// ```
#[must_use]
pub fn answers_upgrade<'a, 'b>(
    offered: impl IntoIterator<Item = &'a [u8]>,
    answered: impl IntoIterator<Item = &'b [u8]>,
) -> bool {
    let offered: Vec<&[u8]> = offered.into_iter().flat_map(split_list).collect();
    let is_offered = |protocol: &[u8]| !is_h2c(protocol) && offered.iter().any(|o| o.eq_ignore_ascii_case(protocol));
    let mut answered = answered.into_iter().flat_map(split_list).filter(|item| !item.is_empty()).peekable();
    answered.peek().is_some() && answered.all(is_offered)
}

fn audit_codings(version: Version, headers: &HeaderMap) -> Result<Framing, Fault> {
    if version >= Version::HTTP_3 {
        return Err(Fault::new(FaultKind::H3ProtocolError));
    }
    if version >= Version::HTTP_2 {
        // A connection-specific field makes the message malformed (RFC 9113 section 8.2.2).
        return Err(Fault::new(FaultKind::H2ProtocolError));
    }
    match transfer_codings(version, headers) {
        Some(class) => Err(Fault::of_class(class)),
        None => Ok(Framing::Chunked),
    }
}

/// What is wrong with the codings, if they are anything but `chunked`, alone and in HTTP/1.1.
fn transfer_codings(version: Version, headers: &HeaderMap) -> Option<Class> {
    let mut fields = FramingFields::default();
    for value in headers.get_all(TRANSFER_ENCODING) {
        fields.transfer_encoding(value.as_bytes(), 0);
    }
    for value in headers.get_all(CONTENT_LENGTH) {
        fields.content_length(value.as_bytes(), 0);
    }
    let minor = u8::from(version >= Version::HTTP_11);
    match fields.check(minor, true, &mut Deviations::new()) {
        Err((class, _)) => Some(class),
        // Whoever parsed this may not have taken it for chunked, and what it handed over is not the content.
        Ok(()) if fields.end_empty() => Some(Class::FramingTeInvalid),
        Ok(()) => fields.coded().map(|(class, _)| class),
    }
}

/// The one number that all `Content-Length` lines, and all items in them, say.
fn content_length(headers: &HeaderMap) -> Result<u64, Class> {
    let mut fields = FramingFields::default();
    for value in headers.get_all(CONTENT_LENGTH) {
        fields.content_length(value.as_bytes(), 0);
    }
    match fields.check(1, true, &mut Deviations::new()) {
        Ok(()) => fields.length().ok_or(Class::FramingClEmpty),
        Err((class, _)) => Err(class),
    }
}

fn has_no_content(status: StatusCode, method: &Method) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

fn is_tunnel(status: StatusCode, method: &Method) -> bool {
    *method == Method::CONNECT && status.is_success()
}

/// Only HTTP/1.1 has upgrades (RFC 9110 section 7.8, RFC 9113 section 8.6).
fn may_upgrade(exchange: &Exchange) -> bool {
    exchange.upgrade_offered && exchange.version == Version::HTTP_11
}

/// HTTP/2 over cleartext by upgrade is obsolete (RFC 9113 section 3.1), and a tunnel that the gateway
/// cannot look into: requests smuggled through it pass every rule the gateway has.
fn is_h2c(protocol: &[u8]) -> bool {
    let name = protocol.split(|&b| b == b'/').next().unwrap_or_default();
    name.trim_ascii().eq_ignore_ascii_case(b"h2c")
}

/// Whether this is `protocol-name ["/" protocol-version]`, both tokens (RFC 9110 section 7.8).
fn is_protocol(item: &[u8]) -> bool {
    let mut parts = item.splitn(2, |&b| b == b'/');
    parts.all(is_token)
}

/// The items of a list field over all its lines. Empty ones are skipped: "a recipient MUST parse and
/// ignore a reasonable number of empty list elements" (RFC 9110 section 5.6.1).
fn items(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).into_iter().flat_map(split).filter(|item| !item.is_empty())
}

fn split(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    split_list(line.as_bytes())
}

fn split_list(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b',').map(<[u8]>::trim_ascii)
}
