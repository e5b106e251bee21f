//! The parser: one response to one known request, bytes in, events out.
//!
//! The same bytes give the same events and the same error in whatever pieces they come.

mod heads;

use core::mem::MaybeUninit;

use super::chunked::{Chunk, Decoder};
use super::close::CloseReason;
use super::config::{Config, Request};
use super::error::{FirstBytes, Flaw, ParseError, Progress, Stage};
use super::event::{End, Eof, Event, Step};
use super::facts::Facts;
use super::head::{Fields, Slots};
use super::leniency::Deviations;
use super::scan::{Scan, Section};
use super::status_line::StatusLine;
use super::trailers::Trailers;
use crate::fault::Class;

/// Reads one response to one request.
///
/// ```
/// use badgateway::h1::{Config, Eof, Event, Framing, Parser, Request};
///
/// let mut unread = &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..];
/// let mut parser = Parser::new(&Config::default(), Request::get());
/// let mut body = Vec::new();
/// loop {
///     let step = parser.next(unread, Eof::Open).unwrap();
///     unread = &unread[step.consumed..];
///     match step.event {
///         Event::NeedMore => unreachable!("here: read more behind what is unread"),
///         Event::Interim(_) | Event::Trailers(_) => {}
///         Event::Head(head, framing) => {
///             assert_eq!(head.status(), 200);
///             assert_eq!(framing, Framing::Length(5));
///         }
///         Event::Data(data) => body.extend_from_slice(data),
///         Event::End(end) => {
///             assert_eq!(end.reusable, Ok(()));
///             break;
///         }
///     }
/// }
/// assert_eq!(body, b"hello");
/// ```
///
/// # The caller owns the buffer
///
/// [`next`](Self::next) is shown all the bytes that are there and not used yet, and says how many it used.
/// The next call begins at the first unused byte, with whatever has come since behind it. A head and a
/// trailer section are used in one piece, because their fields are lent out as slices of that buffer:
/// until they are whole nothing of them is used and the same bytes are shown again, with more behind.
/// The parser remembers how far it has looked, so that this costs nothing. Content is lent out as it
/// comes, in pieces as large as the buffer has them.
///
/// So a buffer has to hold [`Limits::head_bytes`](super::Limits::head_bytes) and one byte at most. The
/// parser itself holds no bytes, allocates nothing, and is under 500 bytes large.
#[derive(Clone, Debug)]
pub struct Parser {
    config: Config,
    request: Request,
    state: State,
    /// Where the next input begins in the response.
    at: u64,
    /// The status line of the head being read, once it is whole.
    line: Option<StatusLine>,
    /// How far its reason phrase was looked at before.
    line_at: usize,
    scan: Scan,
    /// What the fields read so far say.
    facts: Facts,
    interim_bytes: u64,
    progress: Progress,
    close: Option<CloseReason>,
    deviations: Deviations,
    forbidden_trailers: bool,
    first: FirstBytes,
}

#[derive(Clone, Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Decoder),
    Trailers,
    UntilClose,
    Done,
    Failed(ParseError),
}

type Room<'b> = [MaybeUninit<httparse::Header<'b>>];

impl Parser {
    /// A parser for the response to that request. There is none without: bytes that answer no request
    /// are not a response (RFC 9112 section 9.2).
    #[must_use]
    pub fn new(config: &Config, request: Request) -> Self {
        Self {
            config: *config,
            request,
            state: State::Head,
            at: 0,
            line: None,
            line_at: 0,
            scan: Scan::default(),
            facts: Facts::default(),
            interim_bytes: 0,
            progress: Progress::default(),
            close: None,
            deviations: Deviations::new(),
            forbidden_trailers: false,
            first: FirstBytes::default(),
        }
    }

    /// Reads on. `input` is everything that is there and was not used by the call before.
    ///
    /// # Errors
    ///
    /// Whatever makes the response unusable. The error comes again when asked again.
    #[inline]
    pub fn next<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        if matches!(self.state, State::Head) { self.next_head(input, eof) } else { self.next_body(input, eof) }
    }

    /// The same, with room for the table of fields: a head that comes whole lends it out instead of
    /// looking for its fields a second time. Use it when you read every field. The room is fresh for
    /// each call, and nothing depends on its size.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    ///
    /// ```
    /// use badgateway::h1::{Config, Eof, Event, Parser, Request, Slots};
    ///
    /// let mut parser = Parser::new(&Config::default(), Request::get());
    /// let mut slots = Slots::<100>::new();
    /// let step = parser.next_in(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", Eof::Open, &mut slots).unwrap();
    /// let Event::Head(head, _) = step.event else { panic!() };
    /// assert_eq!(head.fields().next().unwrap().name(), "A");
    /// ```
    #[inline]
    pub fn next_in<'b, const N: usize>(
        &mut self,
        input: &'b [u8],
        eof: Eof,
        slots: &'b mut Slots<'b, N>,
    ) -> Result<Step<'b>, ParseError> {
        if matches!(self.state, State::Head) {
            self.next_head_in(input, eof, slots)
        } else {
            self.next_body(input, eof)
        }
    }

    /// Whether the response is over and was whole.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Bytes used so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.at
    }

    /// How far the response has got.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    // ---- content ----------------------------------------------------------------------------------

    fn next_body<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        let mut consumed = 0;
        if let State::Chunked(decoder) = &mut self.state {
            match decoder.step(input) {
                Ok((used, Chunk::Data(data))) => {
                    self.at = self.at.wrapping_add(used as u64);
                    self.progress.body = decoder.data();
                    return Ok(Step { consumed: used, event: Event::Data(data) });
                }
                Ok((used, Chunk::NeedMore)) => {
                    self.at = self.at.wrapping_add(used as u64);
                    self.deviations = self.deviations.union(decoder.deviations());
                    let class = decoder.premature();
                    return self.need_more(used, eof, class);
                }
                Ok((used, Chunk::Last)) => {
                    self.at = self.at.wrapping_add(used as u64);
                    self.deviations = self.deviations.union(decoder.deviations());
                    self.state = State::Trailers;
                    self.scan = Scan::at(0);
                    consumed = used;
                }
                Err(flaw) => {
                    // Counted from the first byte of the response already.
                    let at = flaw.at.wrapping_sub(self.at);
                    return Err(self.fail(Flaw { at, ..flaw }, Stage::Body, input));
                }
            }
        }
        let input = input.get(consumed..).unwrap_or_default();
        match &mut self.state {
            State::Length(left) => {
                let data = match usize::try_from(*left) {
                    Ok(left) => input.get(..left).unwrap_or(input),
                    Err(_) => input,
                };
                let len = data.len();
                if len == 0 {
                    if *left > 0 {
                        return self.need_more(0, eof, Class::PrematureEofContentLengthBody);
                    }
                    self.state = State::Done;
                    return Ok(self.end(0, input, eof));
                }
                *left = left.wrapping_sub(len as u64);
                Ok(self.data(data))
            }
            State::UntilClose if !input.is_empty() => Ok(self.data(input)),
            State::UntilClose => match eof {
                Eof::Clean => {
                    self.state = State::Done;
                    Ok(self.end(0, input, eof))
                }
                Eof::Open | Eof::Unclean => self.need_more(0, eof, Class::PrematureEofCloseDelimitedBody),
            },
            State::Trailers => self.trailers(consumed, input, eof),
            State::Done => Ok(self.end(0, input, eof)),
            State::Failed(error) => Err(*error),
            // Not here: they were dealt with.
            State::Head | State::Chunked(_) => Ok(Step { consumed, event: Event::NeedMore }),
        }
    }

    fn data<'b>(&mut self, data: &'b [u8]) -> Step<'b> {
        let consumed = data.len();
        self.at = self.at.wrapping_add(consumed as u64);
        self.progress.body = self.progress.body.wrapping_add(consumed as u64);
        Step { consumed, event: Event::Data(data) }
    }

    fn trailers<'b>(&mut self, consumed: usize, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        let section = Section::Trailers(&self.config.limits);
        let len = match self.scan.advance(input, section, &mut self.facts) {
            Ok(Some(len)) => len,
            Ok(None) => {
                let unread = input.len() as u64;
                return match eof {
                    Eof::Open => Ok(Step { consumed, event: Event::NeedMore }),
                    Eof::Clean | Eof::Unclean => {
                        Err(self.fail(Flaw { class: Class::PrematureEofTrailers, at: unread }, Stage::Trailers, input))
                    }
                };
            }
            Err(flaw) => return Err(self.fail(flaw, Stage::Trailers, input)),
        };
        let (section, rest) = input.split_at_checked(len).unwrap_or((input, &[]));
        let offset = self.at;
        self.at = self.at.wrapping_add(len as u64);
        self.state = State::Done;
        let consumed = consumed.wrapping_add(len);
        if self.scan.count == 0 {
            return Ok(self.end(consumed, rest, eof));
        }
        let trailers = Trailers { fields: Fields::of_lines(section, 0, self.scan.count), offset };
        self.forbidden_trailers = trailers.forwardable().count() < trailers.fields().count();
        Ok(Step { consumed, event: Event::Trailers(trailers) })
    }

    /// `class`: what it is called if nothing more can come.
    fn need_more<'b>(&mut self, consumed: usize, eof: Eof, class: Class) -> Result<Step<'b>, ParseError> {
        match eof {
            Eof::Open => Ok(Step { consumed, event: Event::NeedMore }),
            Eof::Clean | Eof::Unclean => Err(self.fail(Flaw::new(class, 0), Stage::Body, &[])),
        }
    }

    fn end<'b>(&self, consumed: usize, rest: &[u8], eof: Eof) -> Step<'b> {
        let reusable = match self.close {
            Some(reason) => Err(reason),
            None if !rest.is_empty() => Err(CloseReason::Leftover),
            None if eof != Eof::Open => Err(CloseReason::Ended),
            None => Ok(()),
        };
        let end = End {
            reusable,
            leftover: rest.len(),
            body: self.progress.body,
            bytes: self.at,
            deviations: self.deviations,
            forbidden_trailers: self.forbidden_trailers,
        };
        Step { consumed, event: Event::End(end) }
    }

    /// Makes a flaw, counted from the next unused byte, the parser's last word.
    #[cold]
    fn fail(&mut self, flaw: Flaw, stage: Stage, input: &[u8]) -> ParseError {
        self.first.begin(input);
        let error = ParseError {
            class: flaw.class,
            stage,
            offset: self.at.wrapping_add(flaw.at),
            progress: self.progress,
            first: self.first,
        };
        self.state = State::Failed(error);
        error
    }
}
