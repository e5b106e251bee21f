//! The trailer section (RFC 9110 section 6.5, RFC 9112 section 7.1.2).
//!
//! Trailers are never merged into the head.

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

    /// The fields that may be forwarded as trailers: see [`is_forbidden`](crate::body::trailers::is_forbidden).
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
#[must_use]
pub(crate) fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

/// With their reasons. A lookup costs less than it looks: trailers are few.
pub(crate) const FORBIDDEN: [&str; 51] = [
    // Framing (RFC 9112 section 6): a second opinion on where the message ends.
    "content-length",
    "transfer-encoding",
    "trailer",
    // Hop by hop (RFC 9110 section 7.6.1): about a connection, and settled in the head.
    "connection",
    "te",
    "upgrade",
    // Routing (RFC 9110 sections 7.2, 7.6.2).
    "host",
    "max-forwards",
    // Who asks, and over what: for the head, where the next proxy looks (RFC 7239).
    "forwarded",
    // Request modifiers (RFC 9110 sections 10.1, 13.1, 14.2).
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    // Authentication (RFC 9110 section 11) and state (RFC 6265): a session must not be fixed from behind.
    "authorization",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "cookie",
    "set-cookie",
    // Response controls (RFC 9110 sections 10.2, 14.3; RFC 9111 section 5): caches have decided already.
    "accept-ranges",
    "age",
    "allow",
    "cache-control",
    "date",
    "expires",
    "location",
    "pragma",
    "retry-after",
    "vary",
    "warning",
    // Content format (RFC 9110 sections 8.3 to 8.7, 14.4): the content was read by other rules already.
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    // What a browser must know before it renders: a policy from behind would be none.
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "content-security-policy",
    "refresh",
    "strict-transport-security",
    "x-frame-options",
    // The same, by names that are younger or not registered.
    "keep-alive",
    "proxy-connection",
    "authentication-info",
    "proxy-authentication-info",
    "x-forwarded-for",
    "x-forwarded-host",
];
