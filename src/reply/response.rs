//! The complete response, as [`http::Response`] and as bytes on the wire.
//!
//! Its one rule: both are made from one list of fields and one rendering of the body, so that they
//! cannot differ.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Response, StatusCode, Version};

use crate::exchange::RequestBody;

use super::Reply;
use super::negotiate::{Format, negotiate};
use super::page::CSP;
use super::sink::{Sink, decimal};

/// A field that a response of ours may have.
#[derive(Clone, Copy)]
enum Field {
    ProxyStatus,
    CacheControl,
    ContentType,
    ContentLength,
    Vary,
    NoSniff,
    Policy,
    RetryAfter,
    Connection,
}

/// How many there are of them.
const FIELDS: usize = 9;

impl Field {
    /// In lower case, which HTTP/1 takes and HTTP/2 wants (RFC 9113 section 8.2).
    const fn name(self) -> &'static str {
        match self {
            Self::ProxyStatus => "proxy-status",
            Self::CacheControl => "cache-control",
            Self::ContentType => "content-type",
            Self::ContentLength => "content-length",
            Self::Vary => "vary",
            Self::NoSniff => "x-content-type-options",
            Self::Policy => "content-security-policy",
            Self::RetryAfter => "retry-after",
            Self::Connection => "connection",
        }
    }

    const fn header_name(self) -> HeaderName {
        match self {
            Self::ProxyStatus => HeaderName::from_static("proxy-status"),
            Self::CacheControl => CACHE_CONTROL,
            Self::ContentType => CONTENT_TYPE,
            Self::ContentLength => CONTENT_LENGTH,
            Self::Vary => VARY,
            Self::NoSniff => X_CONTENT_TYPE_OPTIONS,
            Self::Policy => CONTENT_SECURITY_POLICY,
            Self::RetryAfter => RETRY_AFTER,
            Self::Connection => CONNECTION,
        }
    }
}

/// Where a field's value comes from.
#[derive(Clone, Copy)]
enum Source {
    Fixed(&'static str),
    Number(u64),
    ProxyStatus,
    /// The length of the body.
    Length,
}

/// Where it ended up.
enum Value {
    Fixed(&'static str),
    /// A piece of the arena.
    Made(Range<usize>),
}

/// Room for a body and the fields; a page has its style sheet besides. Names that are escaped may
/// need more, and get it.
const ROOM: usize = 1024;
const PAGE_ROOM: usize = 3584;

impl Reply<'_> {
    /// The response. A usual one costs four allocations: one buffer that holds the body and every
    /// value made, its owner, and the two of the header map.
    pub(crate) fn response(&self) -> Response<Bytes> {
        let format = self.format();
        let mut arena: Vec<u8> = Vec::with_capacity(self.room(format));
        self.write_body(&mut arena, format);
        let body = arena.len();
        let mut fields: [Option<(Field, Value)>; FIELDS] = [const { None }; FIELDS];
        for (slot, (field, source)) in fields.iter_mut().zip(self.fields(format).into_iter().flatten()) {
            let start = arena.len();
            let value = match source {
                Source::Fixed(text) => Value::Fixed(text),
                Source::Number(n) => {
                    arena.number(n);
                    Value::Made(start..arena.len())
                }
                Source::Length => {
                    arena.number(body as u64);
                    Value::Made(start..arena.len())
                }
                Source::ProxyStatus => {
                    self.write_proxy_status(&mut arena);
                    Value::Made(start..arena.len())
                }
            };
            *slot = Some((field, value));
        }
        let arena = Bytes::from(arena);
        let mut headers = HeaderMap::with_capacity(fields.iter().flatten().count());
        for (field, value) in fields.into_iter().flatten() {
            let value = match value {
                Value::Fixed(text) => Ok(HeaderValue::from_static(text)),
                Value::Made(range) => HeaderValue::from_maybe_shared(arena.slice(range)),
            };
            // All of it is printable ASCII, so that none is left out.
            if let Ok(value) = value {
                headers.append(field.header_name(), value);
            }
        }
        let body = if self.is_head() { Bytes::new() } else { arena.slice(..body) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }

    /// The same as the bytes of an HTTP/1.1 response, appended. No allocation where there is room.
    pub(crate) fn wire(&self, out: &mut Vec<u8>) {
        let format = self.format();
        out.reserve(self.room(format));
        out.put("HTTP/1.1 ");
        out.number(u64::from(self.status.as_u16()));
        out.put(" ");
        out.put(super::reason(self.status));
        // The length of the body is known only once it is written.
        let blank = match format {
            Format::Html => "0000",
            Format::Problem | Format::Json | Format::Text => "000",
        };
        let mut length = 0..0;
        for (field, source) in self.fields(format).into_iter().flatten() {
            out.put("\r\n");
            out.put(field.name());
            out.put(": ");
            match source {
                Source::Fixed(text) => out.put(text),
                Source::Number(n) => out.number(n),
                Source::ProxyStatus => self.write_proxy_status(out),
                Source::Length => {
                    let start = out.len();
                    out.put(blank);
                    length = start..out.len();
                }
            }
        }
        out.put("\r\n\r\n");
        let start = out.len();
        self.write_body(out, format);
        let body = out.len().saturating_sub(start);
        if self.is_head() {
            out.truncate(start);
        }
        fill_in(out, length, body as u64);
    }

    pub(crate) fn proxy_status(&self) -> HeaderValue {
        let mut value = Vec::with_capacity(128);
        self.write_proxy_status(&mut value);
        HeaderValue::from_maybe_shared(Bytes::from(value)).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The list of fields. Those that carry the meaning come first, the length last but for the rare ones.
    fn fields(&self, format: Format) -> [Option<(Field, Source)>; FIELDS] {
        let fixed = |field, text| Some((field, Source::Fixed(text)));
        [
            Some((Field::ProxyStatus, Source::ProxyStatus)),
            // Errors are not cacheable by heuristics, but 501 and what a cache's own settings say are
            // (RFC 9111 section 4.2.2).
            fixed(Field::CacheControl, "no-store"),
            fixed(Field::Vary, "accept"),
            fixed(Field::NoSniff, "nosniff"),
            self.retry_after().map(|seconds| (Field::RetryAfter, Source::Number(seconds))),
            if self.closes() { fixed(Field::Connection, "close") } else { None },
            if format == Format::Html { fixed(Field::Policy, CSP) } else { None },
            fixed(Field::ContentType, format.content_type()),
            Some((Field::ContentLength, Source::Length)),
        ]
    }

    fn write_body(&self, out: &mut Vec<u8>, format: Format) {
        match format {
            Format::Problem | Format::Json => self.write_problem(out),
            Format::Html => self.write_page(out),
            Format::Text => self.write_text(out),
        }
    }

    fn format(&self) -> Format {
        negotiate(self.exchange.accept.as_ref())
    }

    fn is_head(&self) -> bool {
        self.exchange.method == Method::HEAD
    }

    /// `Retry-After` (RFC 9110 section 10.2.3) in seconds, rounded up: sooner would be in vain.
    fn retry_after(&self) -> Option<u64> {
        if self.status != StatusCode::SERVICE_UNAVAILABLE && self.status != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let wait: Duration = self.exchange.retry_after?;
        Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)))
    }

    /// An HTTP/1 connection with an unread request body in it must not be reused: read the rest or
    /// close (RFC 9112 section 9.3). Later versions have no such field (RFC 9113 section 8.2.2).
    fn closes(&self) -> bool {
        let unread = match self.exchange.request_body {
            RequestBody::Unread | RequestBody::Partial | RequestBody::Failed => true,
            RequestBody::None | RequestBody::Whole => false,
        };
        unread && self.exchange.version < Version::HTTP_2
    }

    fn room(&self, format: Format) -> usize {
        let base = match format {
            Format::Html => PAGE_ROOM,
            Format::Problem | Format::Json | Format::Text => ROOM,
        };
        base.saturating_add(self.exchange.proxy_status.as_ref().map_or(0, |v| v.len().min(1024)))
    }
}

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Problem => "application/problem+json",
            Self::Json => "application/json",
            Self::Html => "text/html; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// Puts a number in the place that was left blank for it, which nearly always fits.
fn fill_in(out: &mut Vec<u8>, blank: Range<usize>, number: u64) {
    let mut buffer = [0; 20];
    let digits = decimal(number, &mut buffer).as_bytes();
    match out.get_mut(blank.clone()) {
        Some(place) if place.len() == digits.len() => place.copy_from_slice(digits),
        Some(_) => drop(out.splice(blank, digits.iter().copied())),
        None => {}
    }
}
