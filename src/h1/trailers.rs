//! The trailer section (RFC 9110 section 6.5, RFC 9112 section 7.1.2).
//!
//! Its one rule: trailers are never merged into the head.

use http::{HeaderMap, HeaderValue};

use super::head::{Field, Fields, fill};
use crate::fault::{Fault, FaultKind};

/// The trailer fields of one response, borrowed from the caller's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Trailers<'b> {
    pub(super) fields: Fields<'b>,
    pub(super) offset: u64,
}

impl<'b> Trailers<'b> {
    /// The fields, in order, also those that may not be trailers.
    #[must_use]
    pub const fn fields(&self) -> Fields<'b> {
        self.fields
    }

    /// The fields that may be forwarded as trailers: see [`is_forbidden`].
    pub fn forwardable(&self) -> impl Iterator<Item = Field<'b>> + use<'b> {
        self.fields.filter(|field| !is_forbidden(field.name()))
    }

    /// Where the section begins: bytes from the first byte of the response.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The fields that may be forwarded, in `http`'s map.
    ///
    /// # Errors
    ///
    /// `trailers_too_large` for what `http` cannot hold; only with limits above the defaults.
    pub fn to_map(&self) -> Result<HeaderMap, Fault> {
        let mut all = HeaderMap::new();
        fill(&mut all, self.fields, self.offset, HeaderValue::from_bytes).map_err(|fault| {
            Fault::new(FaultKind::TrailersTooLarge).with_offset(fault.offset().unwrap_or(self.offset))
        })?;
        let forbidden: Vec<_> = all.keys().filter(|name| is_forbidden(name.as_str())).cloned().collect();
        for name in forbidden {
            all.remove(name);
        }
        Ok(all)
    }
}

/// Whether a field of that name, in any case, cannot be a trailer: framing, routing, request
/// modifiers, authentication, response control data, and what says how to read the content (RFC 9110
/// section 6.5.1), and connection-specific fields.
///
/// ```
/// use badgateway::h1::trailers::is_forbidden;
/// assert!(is_forbidden("Content-Length"));
/// assert!(!is_forbidden("grpc-status"));
/// ```
#[must_use]
pub fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

const FORBIDDEN: [&str; 36] = [
    // Framing and routing.
    "content-length",
    "transfer-encoding",
    "host",
    "trailer",
    // One connection's.
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "upgrade",
    // Request modifiers and conditionals.
    "expect",
    "max-forwards",
    "cache-control",
    "pragma",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
    // Authentication and cookies.
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
    "set-cookie",
    "cookie",
    // Response control data.
    "age",
    "date",
    "expires",
    "location",
    "retry-after",
    "vary",
    "warning",
    // How to read the content.
    "content-encoding",
    "content-type",
    "content-range",
    "content-location",
];
