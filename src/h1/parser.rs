//! The parser: one response to one known request, bytes in, events out.
//!
//! Its one rule: the same bytes give the same events and the same error in whatever pieces they come.
//!
//! # The caller owns the buffer
//!
//! [`Parser::next`] is shown all the bytes that are there and not used yet, and says how many it used.
//! The next call begins at the first unused byte, with whatever has come since behind it. A head and a
//! trailer section are used in one piece, because their fields are lent out as slices of that buffer:
//! until they are whole nothing of them is used and the same bytes are shown again, with more behind.
//! The parser remembers how far it has looked, so that this costs nothing. Content is lent out as it
//! comes, in pieces as large as the buffer has them.
//!
//! So a buffer has to hold [`Limits::head_bytes`](super::Limits::head_bytes) and one byte at most. The
//! parser itself holds no bytes, allocates nothing, and is at most some 500 bytes large.

use core::mem::MaybeUninit;

use http::Method;

use super::chunked::{Chunk, Decoder};
use super::error::{FirstBytes, Flaw, ParseError, Progress, Stage};
use super::framing::{CloseReason, Facts, Framing};
use super::head::{Fields, Head, Slots};
use super::leniency::{Deviation, Deviations, Leniency};
use super::limits::Limits;
use super::scan::{Scan, Section};
use super::sniff::{self, Sniffed, sniff};
use super::status_line::{self, StatusLine};
use super::trailers::Trailers;
use crate::fault::Class;

/// How strict and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much is taken.
    pub limits: Limits,
    /// What is tolerated.
    pub leniency: Leniency,
}

impl Config {
    /// Default limits, and [`Leniency::strict`].
    #[must_use]
    pub fn strict() -> Self {
        Self { limits: Limits::default(), leniency: Leniency::strict() }
    }

    /// Default limits, and [`Leniency::compatible`]. The default.
    #[must_use]
    pub fn compatible() -> Self {
        Self::default()
    }
}

/// What has to be known of the request to read its response (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    head: bool,
    connect: bool,
    upgrade_offered: bool,
}

impl Request {
    /// A request of that method that offers no upgrade.
    #[must_use]
    pub fn new(method: &Method) -> Self {
        Self { head: *method == Method::HEAD, connect: *method == Method::CONNECT, upgrade_offered: false }
    }

    /// A GET that offers no upgrade.
    #[must_use]
    pub const fn get() -> Self {
        Self { head: false, connect: false, upgrade_offered: false }
    }

    /// Whether it offers an upgrade, so that 101 is an answer to it (RFC 9110 section 7.8).
    #[must_use]
    pub const fn offering_upgrade(mut self, offered: bool) -> Self {
        self.upgrade_offered = offered;
        self
    }

    pub(super) const fn is_head(self) -> bool {
        self.head
    }

    pub(super) const fn is_connect(self) -> bool {
        self.connect
    }
}

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
}

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

/// A whole head.
struct Found<'b> {
    bytes: &'b [u8],
    fields: Fields<'b>,
    /// Beyond those of its status line.
    deviations: Deviations,
}

/// What came of looking for a whole head in one pass.
enum Whole<'s, 'b> {
    Yes {
        line: StatusLine,
        len: usize,
        table: &'s [httparse::Header<'b>],
        deviations: Deviations,
    },
    /// It is sound so far, and unfinished.
    NotYet,
    /// The careful path has to say.
    No,
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
        if !matches!(self.state, State::Head) {
            self.next_body(input, eof)
        } else if self.line.is_some() {
            if eof == Eof::Open && self.scan.is_idle(input, Section::Head(&self.config.limits, &self.config.leniency)) {
                return Ok(Step { consumed: 0, event: Event::NeedMore });
            }
            self.read_head(input, eof, None)
        } else {
            self.next_head(input, eof)
        }
    }

    /// The same, with room for the table of fields: a head that comes whole lends it out instead of
    /// looking for its fields a second time. Worth it for who reads them all. The room is fresh for
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
        if !matches!(self.state, State::Head) {
            return self.next_body(input, eof);
        }
        if self.line.is_some() {
            if eof == Eof::Open && self.scan.is_idle(input, Section::Head(&self.config.limits, &self.config.leniency)) {
                return Ok(Step { consumed: 0, event: Event::NeedMore });
            }
            return self.read_head(input, eof, Some(&mut slots.0));
        }
        let mut facts = Facts::default();
        match self.whole_head(input, &mut slots.0, &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let bytes = input.get(..len).unwrap_or(input);
                let fields = Fields::of_table(bytes, table);
                self.on_head(input, &line, &Found { bytes, fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.read_head(input, eof, None),
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

    // ---- heads ------------------------------------------------------------------------------------

    fn next_head<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        let mut slots = Slots::<'b, 100>::new();
        let mut facts = Facts::default();
        match self.whole_head(input, &mut slots.0, &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let bytes = input.get(..len).unwrap_or(input);
                let fields = Fields::of_lines(bytes, line.end, table.len());
                self.on_head(input, &line, &Found { bytes, fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.read_head(input, eof, None),
        }
    }

    /// The fast path: one pass of httparse, for a head that is there as a whole, as most are. It takes
    /// only what [`Scan`] would take; whatever else there is, is left to it.
    #[inline]
    fn whole_head<'s, 'b>(&mut self, input: &'b [u8], room: &'s mut Room<'b>, facts: &mut Facts) -> Whole<'s, 'b> {
        let Config { limits, leniency } = &self.config;
        if self.line_at > 0 {
            return Whole::No;
        }
        let Some(line) = status_line::plain(input, limits) else { return Whole::No };
        let room = room.get_mut(..limits.headers.min(room.len())).unwrap_or_default();
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, input, room);
        let len = match parsed {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) => {
                // Every line so far is sound, and none can be too long. If a line end could be wrong, look now.
                if !leniency.bare_lf || input.len() > limits.header_line.min(limits.head_bytes) {
                    return Whole::No;
                }
                self.begin_fields(line);
                return Whole::NotYet;
            }
            Err(_) => return Whole::No,
        };
        let Some(head) = input.get(..len) else { return Whole::No };
        if len > limits.head_bytes {
            return Whole::No;
        }
        let table: &'s [httparse::Header<'b>] = response.headers;
        let mut crlf = head.ends_with(b"\r\n\r\n");
        // The line before each name ended in LF, or there would be no name there.
        for header in table {
            crlf &= head.get(offset_in(head, header).wrapping_sub(2)) == Some(&b'\r');
        }
        for header in table.iter().filter(|header| Facts::wants(header.name.len())) {
            facts.see(header.name.as_bytes(), header.value, offset_in(head, header));
        }
        if len > limits.header_line && has_long_line(head, &line, table, limits.header_line) {
            return Whole::No;
        }
        let mut deviations = Deviations::new();
        if !crlf {
            if !leniency.bare_lf {
                return Whole::No;
            }
            deviations.insert(Deviation::BareLf);
        }
        Whole::Yes { line, len, table, deviations }
    }

    fn begin_fields(&mut self, line: StatusLine) {
        self.line = Some(line);
        self.scan = Scan::at(line.end);
        self.facts = Facts::default();
    }

    /// The careful path: byte by byte, line by line, from where the last call ended.
    #[inline(never)]
    fn read_head<'b>(
        &mut self,
        input: &'b [u8],
        eof: Eof,
        room: Option<&'b mut Room<'b>>,
    ) -> Result<Step<'b>, ParseError> {
        let line = match self.line {
            Some(line) => line,
            None => match self.read_status_line(input) {
                Ok(Some(line)) => {
                    self.begin_fields(line);
                    line
                }
                Ok(None) => return self.no_head(input, eof),
                Err(flaw) => return Err(self.fail(flaw, Stage::StatusLine, input)),
            },
        };
        let section = Section::Head(&self.config.limits, &self.config.leniency);
        let len = match self.scan.advance(input, section, &mut self.facts) {
            Ok(Some(len)) => len,
            Ok(None) => return self.no_head(input, eof),
            Err(flaw) => return Err(self.fail(flaw, Stage::Fields, input)),
        };
        let bytes = input.get(..len).unwrap_or(input);
        let Scan { count, deviations, .. } = self.scan;
        let lines = Fields::of_lines(bytes, line.end, count);
        let facts = self.facts;
        // The fields are sound; httparse agrees unless something was tolerated, or there is no room.
        let table = room.filter(|_| is_plain(&line)).and_then(|room| {
            let mut response = httparse::Response::new(&mut []);
            httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, room).ok()?;
            (response.headers.len() == count).then_some(Fields::of_table(bytes, response.headers))
        });
        self.on_head(input, &line, &Found { bytes, fields: table.unwrap_or(lines), deviations }, &facts)
    }

    fn read_status_line(&mut self, input: &[u8]) -> Result<Option<StatusLine>, Flaw> {
        if !input.starts_with(b"HTTP/1.") {
            match sniff(input) {
                Sniffed::Http1 => {}
                Sniffed::Undecided => return Ok(None),
                Sniffed::NotHttp(class) => return Err(Flaw::new(class, 0)),
            }
        }
        status_line::read(input, &mut self.line_at, &self.config.limits, &self.config.leniency)
    }

    #[inline]
    fn on_head<'b>(
        &mut self,
        input: &'b [u8],
        line: &StatusLine,
        found: &Found<'b>,
        facts: &Facts,
    ) -> Result<Step<'b>, ParseError> {
        let mut deviations = line.deviations.union(found.deviations);
        let interim = line.code < 200 && line.code != 101;
        if line.code == 101 && !self.request.upgrade_offered {
            return Err(self.fail(Flaw::new(Class::UnexpectedUpgrade, line.code_at), Stage::StatusLine, input));
        }
        let framing = match facts.decide(line.code, line.minor, self.request, &mut deviations) {
            Ok(framing) => framing,
            Err(flaw) => return Err(self.fail(flaw, Stage::Framing, input)),
        };
        if self.first.is_empty() {
            self.first = FirstBytes::of(input);
        }
        let head = Head {
            bytes: found.bytes,
            offset: self.at,
            code: line.code,
            minor: line.minor,
            reason: line.reason,
            fields: found.fields,
            content_length: facts.length(),
            deviations,
        };
        if interim {
            return self.on_interim(head);
        }
        self.at = self.at.wrapping_add(found.bytes.len() as u64);
        self.deviations = self.deviations.union(deviations);
        self.progress.status = Some(line.code);
        self.close = facts.close_reason(line.minor, framing, deviations);
        self.state = match framing {
            Framing::None | Framing::Tunnel => State::Done,
            Framing::Length(length) => {
                self.progress.length = Some(length);
                State::Length(length)
            }
            Framing::Chunked => {
                State::Chunked(Decoder::starting_at(&self.config.limits, &self.config.leniency, self.at))
            }
            Framing::UntilClose => State::UntilClose,
        };
        Ok(Step { consumed: found.bytes.len(), event: Event::Head(head, framing) })
    }

    fn on_interim<'b>(&mut self, head: Head<'b>) -> Result<Step<'b>, ParseError> {
        let len = head.bytes.len();
        let limits = &self.config.limits;
        self.interim_bytes = self.interim_bytes.saturating_add(len as u64);
        if self.progress.interim >= limits.interim || self.interim_bytes > limits.interim_bytes {
            return Err(self.fail(Flaw::new(Class::TooLargeInterim, 0), Stage::Fields, head.bytes));
        }
        self.at = self.at.wrapping_add(len as u64);
        self.deviations = self.deviations.union(head.deviations);
        self.progress.interim = self.progress.interim.wrapping_add(1);
        self.line = None;
        self.line_at = 0;
        Ok(Step { consumed: len, event: Event::Interim(head) })
    }

    /// No whole head, and no flaw so far.
    fn no_head<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        match eof {
            Eof::Open => return Ok(Step { consumed: 0, event: Event::NeedMore }),
            Eof::Clean | Eof::Unclean => {}
        }
        let class = if input.is_empty() {
            if self.progress.interim > 0 { Class::PrematureEofAfterInterim } else { Class::PrematureEofEmpty }
        } else if self.line.is_some() {
            Class::PrematureEofHeaders
        } else {
            // What was still open is decided now.
            match sniff::finish(input) {
                Sniffed::NotHttp(class) => return Err(self.fail(Flaw::new(class, 0), Stage::StatusLine, input)),
                Sniffed::Http1 | Sniffed::Undecided => {}
            }
            let Config { limits, leniency } = &self.config;
            match status_line::read(input, &mut self.line_at, limits, leniency) {
                Err(flaw) => return Err(self.fail(flaw, Stage::StatusLine, input)),
                Ok(_) => Class::PrematureEofStatusLine,
            }
        };
        let stage = if self.line.is_some() { Stage::Fields } else { Stage::StatusLine };
        Err(self.fail(Flaw::new(class, input.len()), stage, input))
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
        };
        Step { consumed, event: Event::End(end) }
    }

    /// Makes a flaw, counted from the next unused byte, the parser's last word.
    #[cold]
    fn fail(&mut self, flaw: Flaw, stage: Stage, input: &[u8]) -> ParseError {
        if self.first.is_empty() {
            self.first = FirstBytes::of(input);
        }
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

/// Where a field's name begins in the head that it was found in.
fn offset_in(head: &[u8], header: &httparse::Header<'_>) -> usize {
    (header.name.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize)
}

/// Whether a line may be over the limit. The empty line counts with the last one: too careful by a byte or two.
#[cold]
fn has_long_line(head: &[u8], line: &StatusLine, table: &[httparse::Header<'_>], limit: usize) -> bool {
    let starts = table.iter().skip(1).map(|header| offset_in(head, header)).chain([head.len()]);
    let mut before = line.end;
    starts.into_iter().any(|at| at.wrapping_sub(core::mem::replace(&mut before, at)) > limit)
}

/// Whether httparse reads this status line as we do.
fn is_plain(line: &StatusLine) -> bool {
    !(line.deviations.contains(Deviation::HigherMinor)
        || line.deviations.contains(Deviation::LeadingCrlf)
        || line.deviations.contains(Deviation::StatusLineSpaces))
}
