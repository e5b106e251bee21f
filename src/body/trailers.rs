//! Which fields may not travel in a trailer section.
//!
//! Its one rule: a field that somebody has to know *before* the content comes too late behind it, and
//! a recipient that merges trailers into the head would be steered by it.

use http::header::{self, HeaderMap, HeaderName};

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
    FORBIDDEN.contains(name) || FORBIDDEN_BY_NAME.contains(&name.as_str())
}

/// Removes the forbidden fields, and says how many names that were. It cannot fail: "an intermediary
/// [...] MAY discard" trailers (RFC 9110 section 6.5.2), so a forbidden one is no reason to cut a
/// whole body.
pub fn retain_permitted(trailers: &mut HeaderMap) -> usize {
    let before = trailers.keys_len();
    // The lists are short and fixed, and a lookup costs less than copying the names that came.
    for name in &FORBIDDEN {
        trailers.remove(name);
    }
    for name in FORBIDDEN_BY_NAME {
        trailers.remove(name);
    }
    before.saturating_sub(trailers.keys_len())
}

static FORBIDDEN: [HeaderName; 45] = [
    // Framing (RFC 9112 section 6): a second opinion on where the message ends.
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
    // Hop by hop (RFC 9110 section 7.6.1): about a connection, and settled in the head.
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
    // Routing (RFC 9110 sections 7.2, 7.6.2).
    header::HOST,
    header::MAX_FORWARDS,
    // Who asks, and over what: for the head, where the next proxy looks (RFC 7239).
    header::FORWARDED,
    // Request modifiers (RFC 9110 sections 10.1, 13.1, 14.2).
    header::EXPECT,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
    // Authentication (RFC 9110 section 11) and state (RFC 6265): a session must not be fixed from behind.
    header::AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::WWW_AUTHENTICATE,
    header::COOKIE,
    header::SET_COOKIE,
    // Response controls (RFC 9110 sections 10.2, 14.3; RFC 9111 section 5): caches have decided already.
    header::ACCEPT_RANGES,
    header::AGE,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::DATE,
    header::EXPIRES,
    header::LOCATION,
    header::PRAGMA,
    header::RETRY_AFTER,
    header::VARY,
    header::WARNING,
    // Content format (RFC 9110 sections 8.3 to 8.7, 14.4): the content was read by other rules already.
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    // What a browser must know before it renders: a policy from behind would be none.
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::CONTENT_SECURITY_POLICY,
    header::REFRESH,
    header::STRICT_TRANSPORT_SECURITY,
    header::X_FRAME_OPTIONS,
];

/// The same, for names without a constant in `http`.
static FORBIDDEN_BY_NAME: [&str; 6] = [
    "keep-alive",
    "proxy-connection",
    "authentication-info",
    "proxy-authentication-info",
    "x-forwarded-for",
    "x-forwarded-host",
];
