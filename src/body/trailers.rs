//! Which fields may not travel in a trailer section.
//!
//! A field that somebody has to know *before* the content comes too late behind it, and
//! a recipient that merges trailers into the head would be steered by it.

use http::header::{HeaderMap, HeaderName};

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
