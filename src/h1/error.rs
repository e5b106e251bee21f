//! Why a response cannot be used.
//!
//! A class, an offset and numbers. The only text is the first bytes that came, for the
//! operator's log.

use core::fmt;

use crate::fault::{Class, Fault, FaultKind, Phase};

/// A class and where it shows, before the parser adds the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) class: Class,
    /// From the first byte of what was being read: a head, a trailer section, or the response.
    pub(super) at: u64,
}

impl Flaw {
    #[cold]
    pub(super) const fn new(class: Class, at: usize) -> Self {
        Self { class, at: at as u64 }
    }
}

/// What was being read when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The status line, or what should have been one.
    StatusLine,
    /// The fields of a head.
    Fields,
    /// What the fields say about the length of the content.
    Framing,
    /// The content, chunk lines included.
    Body,
    /// The trailer section.
    Trailers,
}

/// How far the response had got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// Whole interim responses.
    pub interim: u32,
    /// The status of the final head, once that was whole.
    pub status: Option<u16>,
    /// Bytes of content handed out.
    pub body: u64,
    /// Bytes of content announced by `Content-Length`.
    pub length: Option<u64>,
}

/// Why a response cannot be used: what, where, how far.
///
/// ```
/// use badgateway::fault::{Class, FaultKind};
/// use badgateway::h1::{Config, Eof, Parser, Request};
///
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let error = parser.next(b"HTTP/1.1 200 OK\r\nbad header\r\n", Eof::Open).unwrap_err();
/// assert_eq!((error.class(), error.offset()), (Class::HeaderNoColon, 17));
/// assert_eq!(error.fault().kind(), FaultKind::BadHeader);
/// assert_eq!(error.to_string(), "header.no_colon at byte 17");
/// ```
///
/// `Display` is for people and is not API; [`Class::as_str`] is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    pub(super) class: Class,
    pub(super) stage: Stage,
    pub(super) offset: u64,
    pub(super) progress: Progress,
    pub(super) first: FirstBytes,
}

impl ParseError {
    /// What is wrong.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Where it shows, in bytes from the first byte of the response (of its first interim response,
    /// where there was one).
    ///
    /// - A byte that may not be there: that byte. A field line that is wrong as a whole (no colon, a
    ///   fold) and framing: the first byte of the line; where two lines disagree, of the later one.
    /// - `not_http`: the first byte of the head. `unexpected.upgrade`: the status code.
    /// - `premature_eof`: the number of bytes that came.
    /// - `too_large`: the first byte over the limit; for counts, the first byte of the line or of the
    ///   interim response that is one too many; for extensions of a whole body, of the chunk line.
    ///
    /// Field lines are judged one by one, each when its line end has come: first the line end, then
    /// what is before it.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What was being read.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// How far the response had got.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// The first bytes of the response, at most 32, as they came. For the operator's log, escaped:
    /// see [`Evidence::with_first_bytes`](crate::fault::Evidence::with_first_bytes).
    #[must_use]
    pub fn first_bytes(&self) -> &[u8] {
        self.first.get()
    }

    /// The same as a fault: of the class's kind, with offset, and with the bytes of content that were
    /// announced and came where it was cut off.
    ///
    /// The parser is told that the connection ended, not by which error: a caller who knows of a reset
    /// or of a missing close_notify makes that the kind
    /// (`Fault::new(FaultKind::BodyReset).with_class(error.class())`).
    #[must_use]
    pub fn fault(&self) -> Fault {
        let mut fault = Fault::of_class(self.class).with_offset(self.offset);
        if self.class.kind() == FaultKind::BodyTruncated {
            fault = fault.with_received(self.progress.body);
            if let Some(length) = self.progress.length {
                fault = fault.with_expected(length);
            }
        }
        match self.stage {
            Stage::StatusLine | Stage::Fields | Stage::Framing => fault.at(Phase::Head),
            Stage::Body => fault.at(Phase::Body),
            Stage::Trailers => fault.at(Phase::Trailers),
        }
    }
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        error.fault()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.class, self.offset)
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({self}, first bytes \"{}\")", self.first.get().escape_ascii())
    }
}

impl core::error::Error for ParseError {}

/// At most 32 bytes, by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FirstBytes {
    bytes: [u8; 32],
    len: u8,
}

impl FirstBytes {
    /// Keeps the first of them, unless there are some already.
    #[inline]
    pub(super) fn begin(&mut self, input: &[u8]) {
        if self.len > 0 {
            return;
        }
        if let Some(bytes) = input.first_chunk() {
            self.bytes = *bytes;
            self.len = 32;
            return;
        }
        for (to, from) in self.bytes.iter_mut().zip(input) {
            *to = *from;
        }
        self.len = u8::try_from(input.len()).unwrap_or(32);
    }

    pub(super) fn get(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
