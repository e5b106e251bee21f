//! What goes into the parser beside bytes, and what comes out.
//!
//! Everything that comes out is borrowed from the caller's bytes, or is a number.

use super::close::CloseReason;
use super::framing::Framing;
use super::head::Head;
use super::leniency::Deviations;
use super::trailers::Trailers;

/// Whether more bytes can come after those shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // RFC 9112 section 9.8 knows no third kind of end
pub enum Eof {
    /// Yes.
    Open,
    /// No: the other side has ended the connection in good order. Under TLS, with close_notify.
    Clean,
    /// No: reset, or TLS without close_notify. What ends with the connection may have been cut.
    Unclean,
}

/// What one call came to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Step<'b> {
    /// How many bytes of the input were used. Never more than it had.
    pub consumed: usize,
    /// What they were.
    pub event: Event<'b>,
}

/// A part of a response.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums)] // a new part of a message would be a new version of HTTP/1
pub enum Event<'b> {
    /// Nothing that can be told yet. Only while the input is [`Open`](Eof::Open).
    NeedMore,
    /// A 1xx response other than 101. Any number, then a head.
    Interim(Head<'b>),
    /// The final head, and how its content ends.
    Head(Head<'b>, Framing),
    /// Content; never empty.
    Data(&'b [u8]),
    /// The trailer section, if it has fields.
    Trailers(Trailers<'b>),
    /// The end of the response. It comes again when asked again.
    End(End),
}

/// The end of a whole response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Whether the connection can carry another exchange, as far as this response goes: the request
    /// must have been sent whole, too, and no byte may come before the next one is sent.
    pub reusable: Result<(), CloseReason>,
    /// Bytes of the input behind the response. They belong to the tunnel if it became one, and else to
    /// nothing: they must not be taken for a response (RFC 9112 section 9.2).
    pub leftover: usize,
    /// Bytes of content.
    pub body: u64,
    /// Bytes of everything: interim responses, head, framing, content, trailers.
    pub bytes: u64,
    /// What was tolerated in all of it.
    pub deviations: Deviations,
    /// Whether there were trailers that may not be trailers (RFC 9110 section 6.5.1), and so do not go on: see
    /// [`Trailers::forwardable`].
    pub forbidden_trailers: bool,
}
