//! What a proxy may pass on, and what it has to write instead.
//!
//! Nothing that was said about one connection is repeated on another. The message that
//! goes out is framed by the proxy, not by the upstream.

use http::{StatusCode, Version};

use super::framing_fields::FramingFields;
use super::head::{Field, Head};
use super::leniency::Deviation;
use super::{Framing, Trailers};
use crate::fault::{Class, Fault};

pub use super::hop::{HopByHop, is_end_to_end, is_hop_by_hop};

/// The fields of a head that go on to the client, in order, none merged (RFC 9110 section 5.3): those
/// that are not [hop by hop](HopByHop). `Content-Length` is not among them: what there is to say about the
/// framing say [`outgoing`] and [`content_length`]. In a 101 the `Upgrade` that answers the offer is.
pub fn end_to_end<'b>(head: &Head<'b>) -> impl Iterator<Item = Field<'b>> + use<'b> {
    let hop = HopByHop::of(head);
    let upgraded = head.status() == StatusCode::SWITCHING_PROTOCOLS;
    head.fields().filter(move |field| {
        let name = field.name();
        if name.eq_ignore_ascii_case("content-length") {
            return false;
        }
        !hop.contains(name) || (upgraded && name.eq_ignore_ascii_case("upgrade"))
    })
}

/// The number for a `Content-Length` to the client: the framing's, and in an answer to HEAD and in a 304
/// the one that there would be with content (RFC 9110 section 8.6), if there is one: what is unsound must not be
/// forwarded. Never in 1xx, 204, or beside another framing.
#[must_use]
pub fn content_length(head: &Head<'_>, framing: Framing) -> Option<u64> {
    match framing {
        Framing::Length(length) => Some(length),
        Framing::None if head.deviations().contains(Deviation::LengthInNoContent) => None,
        Framing::None => head.content_length(),
        Framing::Chunked | Framing::UntilClose | Framing::Tunnel => None,
    }
}

/// How the content goes out to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outgoing {
    /// No content, and no framing field to add.
    None,
    /// `Content-Length` with this number.
    Length(u64),
    /// `Transfer-Encoding: chunked`, in chunks of the proxy's own.
    Chunked,
    /// Neither field; `Connection: close`, and the connection ends with the content.
    UntilClose,
    /// Bytes as they come, both ways.
    Tunnel,
}

/// Whether a head that the parser took may be passed on. [`outgoing`] and [`write_head`] ask this themselves, so that
/// there is no way to frame a response that must not go out; [`audit`](crate::audit::audit()) asks the same of
/// other parsers' heads.
///
/// The parser takes what can be *read* without doubt, and two things of that cannot be said again:
///
/// - Codings below the chunks: `Transfer-Encoding: gzip, chunked`, [`Deviation::OtherCodings`]. The field is hop by hop
///   and ends here, while the content is still coded: the client would take it for the representation and never know. Nor
///   did anybody ask for it, unless the request said so in `TE` (RFC 9112 section 7.4). Not a fault where there is no
///   content (HEAD, 204, 304), nor is `identity`, which changes nothing. Who decodes the content has a representation to
///   send, and frames it without these two.
/// - A status code above 599, [`Deviation::CodeAbove599`]: RFC 9110 section 15 calls it invalid, and what stands behind a
///   proxy differs on what it is.
///
/// # Errors
///
/// `unsupported_coding` ([`Class::FramingTeUnsupported`] or a case of it) or `bad_status_line`
/// ([`Class::StatusLineCodeAbove599`]), both for a 502.
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::{Config, Eof, Event, Parser, Request, forward::check};
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let step = parser.next(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Eof::Open).unwrap();
/// let Event::Head(head, framing) = step.event else { panic!() };
/// assert_eq!(check(&head, framing).unwrap_err().class(), Some(Class::FramingTeCompressed));
/// ```
pub fn check(head: &Head<'_>, framing: Framing) -> Result<(), Fault> {
    if head.deviations().contains(Deviation::CodeAbove599) {
        return Err(at(Class::StatusLineCodeAbove599, head, head.code_at));
    }
    if framing != Framing::Chunked || !head.deviations().contains(Deviation::OtherCodings) {
        return Ok(());
    }
    let mut fields = FramingFields::default();
    for field in head.fields().filter(|field| field.name().eq_ignore_ascii_case("transfer-encoding")) {
        fields.transfer_encoding(&field.value(), u32::try_from(field.offset()).unwrap_or(u32::MAX));
    }
    match fields.coded() {
        Some((class, offset)) => Err(at(class, head, offset as usize)),
        None => Ok(()),
    }
}

/// The fault at so many bytes behind the beginning of the head.
fn at(class: Class, head: &Head<'_>, offset: usize) -> Fault {
    let offset = u64::try_from(offset).unwrap_or(u64::MAX);
    Fault::of_class(class).with_offset(head.offset().saturating_add(offset))
}

/// How the content of this response goes out to a client of that version.
///
/// A length stays a length. What has none is chunked for HTTP/1.1, ends with the connection for
/// HTTP/1.0, which knows no chunks (RFC 9112 section 6.1), and needs nothing in HTTP/2 and HTTP/3.
///
/// # Errors
///
/// What must not go out at all: see [`check`].
///
/// ```
/// use badgateway::h1::{Config, Eof, Event, Parser, Request, forward::{Outgoing, outgoing}};
/// use http::Version;
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let step = parser.next(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Eof::Open).unwrap();
/// let Event::Head(head, framing) = step.event else { panic!() };
/// assert_eq!(outgoing(&head, framing, Version::HTTP_11), Ok(Outgoing::Chunked));
/// assert_eq!(outgoing(&head, framing, Version::HTTP_10), Ok(Outgoing::UntilClose));
/// ```
pub fn outgoing(head: &Head<'_>, framing: Framing, client: Version) -> Result<Outgoing, Fault> {
    check(head, framing)?;
    Ok(match framing {
        Framing::None => Outgoing::None,
        Framing::Length(length) => Outgoing::Length(length),
        Framing::Tunnel => Outgoing::Tunnel,
        Framing::Chunked | Framing::UntilClose if client >= Version::HTTP_2 => Outgoing::None,
        Framing::Chunked | Framing::UntilClose if client == Version::HTTP_11 => Outgoing::Chunked,
        Framing::Chunked | Framing::UntilClose => Outgoing::UntilClose,
    })
}

/// Whether an interim response goes on to a client of that version: not to HTTP/1.0 (RFC 9110 section
/// 15.2), not a 100 that the proxy had asked for itself, and 101 is none.
#[must_use]
pub fn forwards_interim(status: StatusCode, client: Version, client_expects_continue: bool) -> bool {
    client > Version::HTTP_10
        && status.is_informational()
        && status != StatusCode::SWITCHING_PROTOCOLS
        && (status != StatusCode::CONTINUE || client_expects_continue)
}

/// The trailers that go on to a client: those that may be trailers ([`Trailers::forwardable`]) and that
/// the head's `Connection` does not name. Only for a client that said `TE: trailers`, or that speaks
/// HTTP/2 or HTTP/3, and only where the content went out chunked (RFC 9110 section 6.5.1).
pub fn trailers<'b>(trailers: &Trailers<'b>, hop: &HopByHop) -> impl Iterator<Item = Field<'b>> {
    trailers.forwardable().filter(|field| !hop.contains(field.name()))
}

/// A reason phrase that can be written on: the upstream's own where it is nothing but HTAB, SP and
/// visible ASCII, else the registered one, else none. Bytes above 127 are legal and have crashed
/// proxies (CVE-2022-38150 was a reason phrase).
///
/// ```
/// use badgateway::h1::forward::reason;
/// use http::StatusCode;
///
/// assert_eq!(reason(StatusCode::OK, b"Fine"), "Fine");
/// assert_eq!(reason(StatusCode::NOT_FOUND, b"caf\xe9"), "Not Found");
/// ```
#[must_use]
pub fn reason(status: StatusCode, reason: &[u8]) -> &str {
    let plain = reason.iter().all(|b| matches!(b, b'\t' | b' '..=b'~'));
    match core::str::from_utf8(reason) {
        Ok(reason) if plain => reason,
        Ok(_) | Err(_) => status.canonical_reason().unwrap_or_default(),
    }
}

/// Appends a status line in the proxy's own version: never the upstream's (RFC 9110 section 2.5), never
/// a copy of its line.
pub fn write_status_line(out: &mut Vec<u8>, status: StatusCode, phrase: &[u8]) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason(status, phrase).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends a field line: folds undone, line end CRLF.
pub fn write_field(out: &mut Vec<u8>, field: &Field<'_>) {
    out.extend_from_slice(field.name().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(&field.value());
    out.extend_from_slice(b"\r\n");
}

/// Appends a whole head for an HTTP/1 client: status line, [`end_to_end`] fields, framing, and
/// `Connection` where it has to be. Returns how the content goes out.
///
/// # Errors
///
/// What must not go out at all, and then nothing was appended: see [`check`].
///
/// ```
/// use badgateway::h1::{Config, Eof, Event, Parser, Request, forward::{Outgoing, write_head}};
/// use http::Version;
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let step = parser.next(b"HTTP/1.0 200 OK\nConnection: close\nA: b\n\n", Eof::Open).unwrap();
/// let Event::Head(head, framing) = step.event else { panic!() };
/// let mut out = Vec::new();
/// assert_eq!(write_head(&mut out, &head, framing, Version::HTTP_11), Ok(Outgoing::Chunked));
/// assert_eq!(out, b"HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n");
/// ```
pub fn write_head(out: &mut Vec<u8>, head: &Head<'_>, framing: Framing, client: Version) -> Result<Outgoing, Fault> {
    let outgoing = outgoing(head, framing, client)?;
    write_status_line(out, head.status(), head.reason());
    for field in end_to_end(head) {
        write_field(out, &field);
    }
    if let Some(length) = content_length(head, framing) {
        out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
    }
    match outgoing {
        Outgoing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Outgoing::UntilClose => out.extend_from_slice(b"Connection: close\r\n"),
        Outgoing::Tunnel if head.status() == StatusCode::SWITCHING_PROTOCOLS => {
            out.extend_from_slice(b"Connection: Upgrade\r\n");
        }
        Outgoing::None | Outgoing::Length(_) | Outgoing::Tunnel => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(outgoing)
}
