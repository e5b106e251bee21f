//! The request head as it goes to the next hop.
//!
//! What the client said to us the gateway has taken out; the body's framing is said by who frames it.

use http::header::{CONTENT_LENGTH, HOST, TRAILER, TRANSFER_ENCODING};
use http::{HeaderValue, request};

use crate::forwarded;
use crate::request::Body;
use crate::route::Mounted;

/// Writes it. `None` for what cannot be one, which the parser of requests has ruled out.
pub(crate) fn head(
    parts: request::Parts,
    mounted: &Mounted,
    path: &str,
    peer: Option<&HeaderValue>,
    body: Body,
) -> Option<Vec<u8>> {
    let mut headers = parts.headers;
    forwarded::tell_client(&mut headers, peer, "http")?;
    // Trailers of requests are dropped, and what is not going to come is not announced.
    headers.remove(TRAILER);
    match body {
        Body::Length(length) => drop(headers.insert(CONTENT_LENGTH, HeaderValue::from(length))),
        Body::Chunked => drop(headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))),
        Body::None => {}
    }
    let mut out = format!("{} {path} HTTP/1.1\r\n", parts.method).into_bytes();
    line(&mut out, HOST.as_str(), mounted.authority.as_bytes());
    for (name, value) in &headers {
        line(&mut out, name.as_str(), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    Some(out)
}

/// Adds a field line.
pub(crate) fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
