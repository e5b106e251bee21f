//! Whom a request names: a field in HTTP/1, a part of its target in HTTP/2.

use http::header::{CONNECTION, HOST, UPGRADE};
use http::uri::{Authority, Scheme, Uri};
use http::{HeaderValue, Request, Version};

/// Makes of a request for HTTP/1 one for HTTP/2: "clients that generate HTTP/2 requests directly MUST use the ":authority"
/// pseudo-header field", and `Host` would only repeat it (RFC 9113 section 8.3.1). There is no `Upgrade` (section 8.6). `None`
/// for what cannot be one.
pub(crate) fn to_authority<B>(request: &mut Request<B>, tls: bool) -> Option<()> {
    let host = request.headers_mut().remove(HOST)?;
    request.headers_mut().remove(UPGRADE);
    request.headers_mut().remove(CONNECTION);
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(if tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(Authority::from_maybe_shared(bytes::Bytes::copy_from_slice(host.as_bytes())).ok()?);
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    *request.version_mut() = Version::HTTP_2;
    Some(())
}

/// The way back, for one that was not sent.
pub(crate) fn to_host<B>(request: &mut Request<B>) {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = None;
    if let Some(host) = parts.authority.take().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    *request.version_mut() = Version::HTTP_11;
}
