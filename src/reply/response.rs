//! The complete response, as [`http::Response`] and as bytes on the wire.
//!
//! Both are made from one list of fields and one rendering of the body, so that they
//! cannot differ.

use std::mem;
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::proxy_status::PROXY_STATUS;

use super::Reply;
use super::disclosure::Disclosure;
use super::head::{Fixed, Head};
use super::negotiate::{Format, negotiate};
use super::sink::{Sink, decimal};

/// Room for a body and the fields; a page says by itself how much it needs besides. Names that are escaped may
/// need more, and get it.
const ROOM: usize = 1024;

impl Reply<'_> {
    /// The response. A usual one costs four allocations: one buffer that holds the body and every
    /// value made, its owner, and the two of the header map.
    pub(crate) fn response(&self) -> Response<Bytes> {
        let format = self.format();
        let mut arena: Vec<u8> = Vec::with_capacity(self.room(format));
        self.write_body(&mut arena, format);
        let body_end = arena.len();
        arena.number(body_end as u64);
        let length_end = arena.len();
        self.write_proxy_status(&mut arena);

        let mut proxy_status = Bytes::from(arena);
        let mut length = proxy_status.split_to(length_end);
        let body = length.split_to(body_end);
        let fill = Fill { proxy_status, length, policy: self.page.policy() };
        let mut response = Response::new(if self.is_head() { Bytes::new() } else { body });
        *response.status_mut() = self.http_status();
        *response.headers_mut() = fill.into(self.blank_fields(format));
        response
    }

    /// The fields, of which those that [`Fill`] has are blank still. Most replies of a format have the same: a copy of
    /// those takes half as long as to put them together.
    fn blank_fields(&self, format: Format) -> HeaderMap {
        static USUAL: [OnceLock<HeaderMap>; 5] = [const { OnceLock::new() }; 5];
        let made = || {
            let mut map = Map(HeaderMap::with_capacity(self.fields(format)));
            self.write_head(&mut map, format);
            map.0
        };
        let place = match format {
            Format::Problem => USUAL.first(),
            Format::Json => USUAL.get(1),
            Format::Html => USUAL.get(2),
            Format::Text => USUAL.get(3),
            Format::Markdown => USUAL.get(4),
            // All of its fields are made.
            Format::Grpc => None,
        };
        match place {
            Some(usual) if self.has_usual_fields() => usual.get_or_init(made).clone(),
            Some(_) | None => made(),
        }
    }

    /// The same as the bytes of an HTTP/1.1 response, appended. No allocation where there is room.
    pub(crate) fn wire(&self, out: &mut Vec<u8>) {
        let format = self.format();
        out.reserve(self.room(format));
        out.put("HTTP/1.1 ");
        let status = self.http_status();
        out.put(status.as_str());
        out.put(" ");
        out.put(super::reason(status));
        let mut wire = Wire { reply: self, out, blank: blank(format), length: 0..0 };
        self.write_head(&mut wire, format);
        let Wire { length, .. } = wire;
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
        printable(value.into())
    }

    /// Our member alone, for a trailer.
    pub(crate) fn member(&self) -> HeaderValue {
        let mut value = Vec::with_capacity(128);
        self.write_member(&mut value);
        printable(value.into())
    }

    fn write_body(&self, out: &mut Vec<u8>, format: Format) {
        match format {
            Format::Problem | Format::Json => self.write_problem(out),
            Format::Html => self.write_page(out),
            Format::Text => self.write_text(out),
            Format::Markdown => self.write_markdown(out),
            Format::Grpc => {}
        }
    }

    fn format(&self) -> Format {
        if self.is_grpc() { Format::Grpc } else { negotiate(self.exchange.accept.as_ref()) }
    }

    /// What stands in the status line.
    pub(crate) fn http_status(&self) -> StatusCode {
        if self.is_grpc() { StatusCode::OK } else { self.status }
    }

    /// Whether the body will be one that shows evidence.
    pub(crate) fn shows_evidence(&self) -> bool {
        self.disclosure >= Disclosure::Trusted && self.format() == Format::Html
    }

    fn is_head(&self) -> bool {
        self.exchange.method == Method::HEAD
    }

    fn room(&self, format: Format) -> usize {
        let base = match format {
            Format::Html => self.page.room(self),
            Format::Problem | Format::Json | Format::Text | Format::Markdown | Format::Grpc => ROOM,
        };
        base.saturating_add(self.exchange.proxy_status.as_ref().map_or(0, |v| v.len().min(1024)))
    }
}

/// Fields into a map, some of them blank.
struct Map(HeaderMap);

const BLANK: HeaderValue = HeaderValue::from_static("");

impl Head for Map {
    fn proxy_status(&mut self) {
        self.0.append(PROXY_STATUS, BLANK);
    }

    fn fixed(&mut self, field: Fixed) {
        let (name, value) = field.field();
        self.0.append(name, value);
    }

    fn policy(&mut self) {
        self.0.append(CONTENT_SECURITY_POLICY, BLANK);
    }

    fn retry_after(&mut self, seconds: u64) {
        self.0.append(RETRY_AFTER, seconds.into());
    }

    fn content_length(&mut self) {
        self.0.append(CONTENT_LENGTH, BLANK);
    }

    fn made(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        let mut value = Vec::with_capacity(128);
        write(&mut value);
        self.0.append(HeaderName::from_static(name), printable(value.into()));
    }
}

/// What goes into the blanks. The values that were made are pieces of one buffer.
struct Fill<'a> {
    proxy_status: Bytes,
    length: Bytes,
    policy: &'a HeaderValue,
}

impl Fill<'_> {
    fn into(mut self, mut headers: HeaderMap) -> HeaderMap {
        for (name, value) in &mut headers {
            if *name == PROXY_STATUS {
                *value = printable(mem::take(&mut self.proxy_status));
            } else if *name == CONTENT_LENGTH {
                *value = printable(mem::take(&mut self.length));
            } else if *name == CONTENT_SECURITY_POLICY {
                *value = self.policy.clone();
            }
        }
        headers
    }
}

/// A value of printable ASCII, as all are that are made here.
fn printable(value: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(value).unwrap_or(BLANK)
}

/// Fields as lines, each of which ends the one before it.
struct Wire<'a> {
    reply: &'a Reply<'a>,
    out: &'a mut Vec<u8>,
    /// What stands for the length of the body, which is known only once that is written.
    blank: &'static str,
    /// Where it stands.
    length: Range<usize>,
}

impl Head for Wire<'_> {
    fn proxy_status(&mut self) {
        self.out.put("\r\nproxy-status: ");
        self.reply.write_proxy_status(self.out);
    }

    fn fixed(&mut self, field: Fixed) {
        self.out.put(field.line());
    }

    fn policy(&mut self) {
        self.out.put("\r\ncontent-security-policy: ");
        self.out.extend_from_slice(self.reply.page.policy().as_bytes());
    }

    fn retry_after(&mut self, seconds: u64) {
        self.out.put("\r\nretry-after: ");
        self.out.number(seconds);
    }

    fn content_length(&mut self) {
        self.out.put("\r\ncontent-length: ");
        let start = self.out.len();
        self.out.put(self.blank);
        self.length = start..self.out.len();
    }

    fn made(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.put("\r\n");
        self.out.put(name);
        self.out.put(": ");
        write(self.out);
    }
}

/// As many digits as the length of a body in that format has, nearly always.
const fn blank(format: Format) -> &'static str {
    match format {
        Format::Html => "0000",
        Format::Problem | Format::Json | Format::Text | Format::Markdown => "000",
        Format::Grpc => "0",
    }
}

/// Puts a number in the place that was left blank for it, which nearly always fits.
fn fill_in(out: &mut Vec<u8>, blank: Range<usize>, number: u64) {
    let mut buffer = [0; 20];
    let digits = decimal(number, &mut buffer);
    match out.get_mut(blank.clone()) {
        Some(place) if place.len() == digits.len() => place.copy_from_slice(digits),
        Some(_) => drop(out.splice(blank, digits.iter().copied())),
        None => {}
    }
}
