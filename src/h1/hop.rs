//! What is said about one connection, and what no connection may keep from the recipient.
//!
//! What a `Connection` field names goes no further (RFC 9110 section 7.6.1), unless it is
//! for every recipient of the content, which it must not name.

use http::header::{CONNECTION, HeaderMap, HeaderName};

use crate::token::is_token;

use super::head::Head;

/// Whether a field of that name, in any case, is for the next recipient alone: about its connection (RFC 9110
/// section 7.6.1), or between it and a proxy (sections 11.7.1 and 11.7.2). Fields that `Connection` names
/// are, too: see [`HopByHop`].
///
/// `Trailer` is not among them: it announces what the proxy may forward.
#[must_use]
pub fn is_hop_by_hop(name: &str) -> bool {
    is_any(&HOP_BY_HOP, name)
}

/// Whether a field of that name, in any case, goes on even where `Connection` names it.
///
/// "A sender MUST NOT send a connection option corresponding to a field that is intended for all recipients of
/// the content. For example, `Cache-Control` is never appropriate as a connection option" (RFC 9110 section
/// 7.6.1). A hostile or broken hop that does can have `Content-Encoding`, `Set-Cookie`, `X-Forwarded-For` or the
/// length of a message taken out on the way. So for these fields the option is ignored, and not the field.
///
/// ```
/// use badgateway::h1::forward::{is_end_to_end, is_hop_by_hop};
/// assert!(is_end_to_end("Cache-Control") && !is_end_to_end("X-Internal"));
/// assert!(is_hop_by_hop("Keep-Alive"));
/// ```
#[must_use]
pub fn is_end_to_end(name: &str) -> bool {
    is_any(&END_TO_END, name)
}

fn is_any(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    // "Only to the next outbound client", and "only to the next inbound proxy that demanded authentication": the
    // proxy has asked, or was asked, itself. No client should send it its credentials for somebody behind it.
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
];

/// With the damage that their absence does.
const END_TO_END: [&str; 46] = [
    // Framing has rules of its own: the proxy writes the length anew, by what the whole head said.
    "content-length",
    // The content is read as something else.
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    "location",
    "range",
    // A private answer is cached, or a stale one served.
    "age",
    "cache-control",
    "date",
    "etag",
    "expires",
    "pragma",
    "vary",
    // A request goes elsewhere, or comes from nobody (RFC 9110 sections 7.2, 7.6.3; RFC 7239).
    "forwarded",
    "host",
    "origin",
    "referer",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-real-ip",
    // Somebody is logged out, or let in.
    "authorization",
    "cookie",
    "set-cookie",
    "www-authenticate",
    // A browser is defenceless.
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "clear-site-data",
    "content-security-policy",
    "content-security-policy-report-only",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    // What an upstream proxy says about the failure (RFC 9209 section 2): ours is appended to it.
    "proxy-status",
    // Trailers are announced to whoever reads the content; whether they are sent on is decided elsewhere.
    "trailer",
];

/// The fields of one head that go no further: the known ones, and those that its `Connection` lines name.
///
/// ```
/// use badgateway::h1::{Config, Eof, Event, Parser, Request, forward::HopByHop};
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let step = parser
///     .next(b"HTTP/1.1 204 No Content\r\nConnection: X-Hop, ETag\r\nX-Hop: 1\r\nETag: 2\r\n\r\n", Eof::Open)
///     .unwrap();
/// let Event::Head(head, _) = step.event else { panic!() };
/// let hop = HopByHop::of(&head);
/// let names: Vec<_> = head.fields().map(|f| f.name()).filter(|name| !hop.contains(name)).collect();
/// assert_eq!(names, ["ETag"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct HopByHop {
    /// In lower case, sorted, and neither hop by hop by itself nor end to end. Nearly always empty.
    named: Vec<Vec<u8>>,
}

impl HopByHop {
    /// Those of this head.
    #[must_use]
    pub fn of(head: &Head<'_>) -> Self {
        let mut hop = Self::default();
        for field in head.fields() {
            if field.name().eq_ignore_ascii_case("connection") {
                hop.add(&field.value());
            }
        }
        hop.named.sort_unstable();
        hop
    }

    /// Those of a head in `http`'s map.
    #[must_use]
    pub fn of_map(headers: &HeaderMap) -> Self {
        let mut hop = Self::default();
        for value in headers.get_all(CONNECTION) {
            hop.add(value.as_bytes());
        }
        hop.named.sort_unstable();
        hop
    }

    /// Whether a field of that name, in any case, is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        if is_hop_by_hop(name) {
            return true;
        }
        let lower = |b: &u8| b.to_ascii_lowercase();
        !self.named.is_empty()
            && self.named.binary_search_by(|named| named.iter().copied().cmp(name.as_bytes().iter().map(lower))).is_ok()
    }

    /// Whether `Connection` names none but what is known, and what goes on all the same.
    pub(crate) fn names_none(&self) -> bool {
        self.named.is_empty()
    }

    /// Takes them out of a map.
    pub fn remove_from(&self, headers: &mut HeaderMap) {
        // Each name that is there is looked at, instead of each known one being looked for: a map has few, and mostly
        // none of these.
        let gone: Vec<HeaderName> = headers.keys().filter(|name| self.contains(name.as_str())).cloned().collect();
        for name in gone {
            headers.remove(name);
        }
    }

    fn add(&mut self, value: &[u8]) {
        for option in value.split(|&b| b == b',') {
            let option = option.trim_ascii();
            let is_name = is_token(option);
            let known =
                |option: &str| option.eq_ignore_ascii_case("close") || is_hop_by_hop(option) || is_end_to_end(option);
            if is_name && !core::str::from_utf8(option).is_ok_and(known) {
                self.named.push(option.to_ascii_lowercase());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::Present;
    use http::HeaderValue;

    /// Whatever is hop by hop is looked for.
    #[test]
    fn all_that_is_hop_by_hop_is_seen() {
        let names = [
            "accept",
            "connection",
            "content-length",
            "content-type",
            "te",
            "transfer-encoding",
            "upgrade",
            "trailer",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "expect",
            "http2-settings",
            "proxy",
            "cookie",
            "x-te",
        ];
        let hop = Present::HOP_BY_HOP
            .or(Present::CONNECTION)
            .or(Present::TE)
            .or(Present::TRANSFER_ENCODING)
            .or(Present::UPGRADE);
        for name in names {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("x"));
            assert_eq!(Present::of(&headers).any(hop), is_hop_by_hop(name), "{name}");
        }
        assert_eq!(names.iter().filter(|name| is_hop_by_hop(name)).count(), 9);
    }
}
