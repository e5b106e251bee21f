//! Which fields may not travel in a trailer section.
//!
//! Its one rule: a field that somebody has to know *before* the content comes too late behind it, and
//! a recipient that merges trailers into the head would be steered by it.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::h1::trailers::FORBIDDEN;

/// Whether [RFC 9110, section 6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids
/// that field in trailers: it names "message framing, routing, authentication, request modifiers,
/// response controls, or content format".
///
/// Everything else may pass, `etag` (RFC 9110 section 8.8.3), digests, `proxy-status` (RFC 9209
/// section 2) and gRPC's among it.
///
/// ```
/// use badgateway::body::trailers::is_forbidden;
/// use http::header::{ETAG, SET_COOKIE};
/// assert!(is_forbidden(&SET_COOKIE));
/// assert!(!is_forbidden(&ETAG));
/// ```
#[must_use]
pub fn is_forbidden(name: &HeaderName) -> bool {
    FORBIDDEN.contains(&name.as_str())
}

/// Removes the forbidden fields, and says how many names that were. It cannot fail: "an intermediary
/// [...] MAY discard" trailers (RFC 9110 section 6.5.2), so a forbidden one is no reason to cut a
/// whole body.
pub fn retain_permitted(trailers: &mut HeaderMap) -> usize {
    let before = trailers.keys_len();
    // The lists are short and fixed, and a lookup costs less than copying the names that came.
    for name in FORBIDDEN {
        trailers.remove(name);
    }
    before.saturating_sub(trailers.keys_len())
}

/// The trailers that end a gRPC call: `grpc-status`, and `grpc-message` unless the message is empty. With them a
/// cut call is told in-band, and needs no reset.
///
/// The message is percent-encoded as
/// [gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) has it. It goes to the client:
/// hand in fixed words, such as [`FaultKind::phrase`](crate::fault::FaultKind::phrase).
///
/// ```
/// let trailers = badgateway::body::trailers::grpc(14, "100 % gone");
/// assert_eq!(trailers["grpc-status"], "14");
/// assert_eq!(trailers["grpc-message"], "100 %25 gone");
/// ```
#[must_use]
pub fn grpc(status: u8, message: &str) -> HeaderMap {
    const STATUS: HeaderName = HeaderName::from_static("grpc-status");
    const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
    let mut trailers = HeaderMap::with_capacity(2);
    trailers.insert(STATUS, HeaderValue::from(u16::from(status)));
    // Percent-encoded text is always a field value.
    if let (Ok(value), false) = (HeaderValue::from_bytes(&percent_encoded(message)), message.is_empty()) {
        trailers.insert(MESSAGE, value);
    }
    trailers
}

/// "Percent-Byte-Unencoded -> 1*( %x20-%x24 / %x26-%x7E )": what stays as it is.
fn percent_encoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or(b'0');
    let mut encoded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'$' | b'&'..=b'~' => encoded.push(byte),
            _ => encoded.extend([b'%', digit(byte >> 4), digit(byte & 0xf)]),
        }
    }
    encoded
}
