//! A head as it stands in the caller's bytes: borrowed, in order, in its own case.
//!
//! Nothing is copied unless the caller asks for `http`'s types, because building a
//! `HeaderMap` costs four times what parsing does.

use core::mem::MaybeUninit;
use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, Version};

use super::leniency::Deviations;
use super::scan::find_ctl;
use crate::fault::{Class, Fault};

/// Room for the table of fields of one head, on the caller's stack. Costs next to nothing to make.
///
/// See [`Parser::next_in`](super::Parser::next_in). A head with more than `N` fields is read all the same.
#[derive(Debug)]
pub struct Slots<'b, const N: usize = 100> {
    pub(super) room: [MaybeUninit<httparse::Header<'b>>; N],
    /// For small heads: httparse reads fields alone into nothing else.
    pub(super) small: [httparse::Header<'b>; SMALL_SLOTS],
}

/// Fields that a small head seldom has more of. So few are filled in no time.
pub(super) const SMALL_SLOTS: usize = 16;

impl<const N: usize> Slots<'_, N> {
    /// Empty room.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self { room: [const { MaybeUninit::uninit() }; N], small: [httparse::EMPTY_HEADER; SMALL_SLOTS] }
    }
}

impl<const N: usize> Default for Slots<'_, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A response head, borrowed from the caller's bytes.
///
/// ```
/// use badgateway::h1::{Config, Eof, Event, Parser, Request};
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let step = parser.next(b"HTTP/1.1 204 Gone fishing\r\nX-Case: Kept\r\n\r\n", Eof::Open).unwrap();
/// let Event::Head(head, _) = step.event else { panic!() };
/// assert_eq!(head.status(), 204);
/// assert_eq!(head.reason(), b"Gone fishing");
/// let field = head.fields().next().unwrap();
/// assert_eq!((field.name(), field.raw(), field.offset()), ("X-Case", &b"Kept"[..], 27));
/// assert_eq!(head.to_parts().unwrap().headers["x-case"], "Kept");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Head<'b> {
    pub(super) offset: u64,
    pub(super) code: u16,
    /// Where the code stands in the head.
    pub(super) code_at: usize,
    pub(super) minor: u8,
    pub(super) reason: (usize, usize),
    pub(super) fields: Fields<'b>,
    pub(super) content_length: Option<u64>,
    pub(super) deviations: Deviations,
}

impl<'b> Head<'b> {
    /// The status code: 100 to 999. Above 599 it is to be treated as 500 (RFC 9110 section 15), and
    /// [`forward::check`](super::forward::check) lets none go out.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        // The parser lets no other code pass.
        StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_GATEWAY)
    }

    /// The version to speak with this server: HTTP/1.0, or HTTP/1.1 for 1.1 and above (RFC 9110 section 2.5).
    #[must_use]
    pub const fn version(&self) -> Version {
        if self.minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 }
    }

    /// The minor version as it stands there.
    #[must_use]
    pub const fn minor_version(&self) -> u8 {
        self.minor
    }

    /// The reason phrase as it stands there: HTAB, SP, visible ASCII and bytes above 127, perhaps
    /// none. See [`forward::reason`](super::forward::reason) before copying it anywhere.
    #[must_use]
    pub fn reason(&self) -> &'b [u8] {
        self.bytes().get(self.reason.0..self.reason.1).unwrap_or_default()
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> Fields<'b> {
        self.fields
    }

    /// The number of fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.count
    }

    /// Whether there is no field.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.count == 0
    }

    /// The first field of that name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Field<'b>> {
        self.fields().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// What `Content-Length` says, also where it is not the framing (HEAD, 304).
    #[must_use]
    pub const fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// What was tolerated in this head.
    #[must_use]
    pub const fn deviations(&self) -> Deviations {
        self.deviations
    }

    /// The head's own bytes, status line and empty line included.
    #[must_use]
    pub const fn bytes(&self) -> &'b [u8] {
        self.fields.section
    }

    /// Where the head begins: bytes from the first byte of the response, interim responses included.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The head in `http`'s types. Names become lower case, order is kept per name only, and the
    /// reason phrase has no place in there.
    ///
    /// # Errors
    ///
    /// `header_too_large` or `too_many_headers` for what `http` cannot hold (names of 64 KiB, some
    /// 24,000 fields); only with [`Limits`](super::Limits) above the defaults.
    pub fn to_parts(&self) -> Result<http::response::Parts, Fault> {
        self.parts_with(HeaderValue::from_bytes)
    }

    /// The same without copying values: they share the memory of `source`, which the head was parsed
    /// from. (A value from elsewhere, and a folded one, is copied.)
    ///
    /// # Errors
    ///
    /// As [`to_parts`](Self::to_parts).
    pub fn to_parts_shared(&self, source: &Bytes) -> Result<http::response::Parts, Fault> {
        self.parts_with(|value| match share(source, value) {
            Some(value) => HeaderValue::from_maybe_shared(value),
            None => HeaderValue::from_bytes(value),
        })
    }

    #[inline]
    fn parts_with(&self, to_value: impl Fn(&'b [u8]) -> Converted) -> Result<http::response::Parts, Fault> {
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = self.status();
        parts.version = self.version();
        fill(&mut parts.headers, self.fields, self.offset, to_value)?;
        Ok(parts)
    }
}

pub(super) type Converted = Result<HeaderValue, http::header::InvalidHeaderValue>;

/// Puts fields into a map. `offset` is where their section begins in the response.
#[inline]
pub(super) fn fill<'b>(
    map: &mut http::HeaderMap,
    fields: Fields<'b>,
    offset: u64,
    to_value: impl Fn(&'b [u8]) -> Converted,
) -> Result<(), Fault> {
    map.try_reserve(fields.count).map_err(|_| too_large(Class::TooLargeHeaderCount, offset, 0))?;
    for field in fields {
        let line = || too_large(Class::TooLargeHeaderLine, offset, field.at);
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| line())?;
        let value = if field.folded { unfolded(field.raw) } else { to_value(field.raw) };
        let value = value.map_err(|_| line())?;
        map.try_append(name, value).map_err(|_| too_large(Class::TooLargeHeaderCount, offset, 0))?;
    }
    Ok(())
}

#[cold]
fn too_large(class: Class, offset: u64, at: usize) -> Fault {
    Fault::of_class(class).with_offset(offset.saturating_add(at as u64))
}

#[cold]
fn unfolded(raw: &[u8]) -> Converted {
    HeaderValue::from_maybe_shared(Bytes::from(unfold(raw)))
}

/// `part` as a share of `source`, if it lies in there. (`Bytes::slice_ref` would panic.)
#[inline]
pub(super) fn share(source: &Bytes, part: &[u8]) -> Option<Bytes> {
    let start = (part.as_ptr() as usize).checked_sub(source.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    if end > source.len() {
        return None;
    }
    Some(source.slice(start..end))
}

/// One field of a head or of a trailer section.
#[derive(Clone, Copy, Debug)]
pub struct Field<'b> {
    name: &'b str,
    raw: &'b [u8],
    at: usize,
    folded: bool,
}

impl<'b> Field<'b> {
    /// The name, in the case it came in: a token (RFC 9110 section 5.1).
    #[must_use]
    pub const fn name(&self) -> &'b str {
        self.name
    }

    /// The value without the white space around it: HTAB, SP, visible ASCII and bytes above 127. Each
    /// fold has become one space, the only case in which this is a copy.
    #[must_use]
    pub fn value(&self) -> Cow<'b, [u8]> {
        if self.folded { Cow::Owned(unfold(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The value as it stands there. **Folds are still in it**, line ends and all
    /// ([`is_folded`](Self::is_folded)).
    #[must_use]
    pub const fn raw(&self) -> &'b [u8] {
        self.raw
    }

    /// Whether the value goes over several lines (RFC 9112 section 5.2).
    #[must_use]
    pub const fn is_folded(&self) -> bool {
        self.folded
    }

    /// Where the name begins, from the first byte of the head or of the trailer section.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }
}

/// One SP for each fold and the white space around it (RFC 9112 section 5.2).
fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    for line in raw.split(|&b| b == b'\n') {
        let line = line.trim_ascii();
        if !line.is_empty() {
            if !value.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(line);
        }
    }
    value
}

/// The fields of a head or of a trailer section, in order. It is its own iterator, and `Copy`.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'b> {
    section: &'b [u8],
    source: Source<'b>,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
enum Source<'b> {
    /// What httparse found.
    Table(&'b [httparse::Header<'b>]),
    /// Lines that the scan found sound, from there on.
    Lines(usize),
}

impl<'b> Fields<'b> {
    pub(super) const fn of_table(section: &'b [u8], table: &'b [httparse::Header<'b>]) -> Self {
        Self { section, source: Source::Table(table), count: table.len() }
    }

    /// Only for lines that were found sound.
    pub(super) const fn of_lines(section: &'b [u8], start: usize, count: usize) -> Self {
        Self { section, source: Source::Lines(start), count }
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Field<'b>;

    #[inline]
    fn next(&mut self) -> Option<Field<'b>> {
        let field = match &mut self.source {
            Source::Table(table) => {
                let (first, rest) = table.split_first()?;
                *table = rest;
                let at = (first.name.as_ptr() as usize).wrapping_sub(self.section.as_ptr() as usize);
                Field { name: first.name, raw: first.value, at, folded: false }
            }
            Source::Lines(at) => {
                let (field, next) = field_at(self.section, *at)?;
                *at = next;
                field
            }
        };
        self.count = self.count.saturating_sub(1);
        Some(field)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// The field whose line begins there, and where the next line begins. `None` at the empty line.
fn field_at(section: &[u8], at: usize) -> Option<(Field<'_>, usize)> {
    let line = section.get(at..)?;
    if let None | Some(b'\r' | b'\n') = line.first() {
        return None;
    }
    // A name has no colon and a sound line has one.
    let colon = line.iter().position(|&b| b == b':')?;
    let name = core::str::from_utf8(line.get(..colon)?.trim_ascii_end()).ok()?;
    let value = colon.wrapping_add(1);
    let mut end = value;
    let mut folded = false;
    let next = loop {
        end = end.wrapping_add(find_ctl(line.get(end..)?));
        let next = end.wrapping_add(if line.get(end) == Some(&b'\r') { 2 } else { 1 });
        match line.get(next) {
            Some(b' ' | b'\t') => {
                folded = true;
                end = next;
            }
            Some(_) | None => break next,
        }
    };
    let raw = line.get(value..end).unwrap_or_default().trim_ascii();
    // A fold at either end is white space like any other.
    folded = folded && raw.contains(&b'\n');
    Some((Field { name, raw, at, folded }, at.wrapping_add(next)))
}
