//! The parser's way with heads: most come whole and take one pass; the others are scanned as they come.
//!
//! The fast path takes nothing that the careful one would not, and never says no.

use core::mem::MaybeUninit;

use httparse::Status;

use super::{Parser, Room, State};
use crate::fault::Class;
use crate::h1::chunked::Decoder;
use crate::h1::config::Config;
use crate::h1::error::{Flaw, ParseError, Stage};
use crate::h1::event::{Eof, Event, Step};
use crate::h1::facts::Facts;
use crate::h1::framing::Framing;
use crate::h1::head::{self, Fields, Head, Slots};
use crate::h1::leniency::{Deviation, Deviations};
use crate::h1::scan::{Scan, Section};
use crate::h1::sniff::{self, Sniffed, sniff};
use crate::h1::status_line::{self, StatusLine};

/// What is at most so long is a small head, in a buffer with little or nothing else.
const SMALL_BYTES: usize = 512;

/// A whole head.
struct Found<'b> {
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

impl Parser {
    #[inline]
    pub(super) fn next_head<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        if self.line.is_none() {
            self.first_look(input, eof)
        } else if self.is_idle(input, eof) {
            Ok(Step { consumed: 0, event: Event::NeedMore })
        } else {
            self.read_head(input, eof, None)
        }
    }

    /// The same with room for a table of the fields.
    #[inline]
    pub(super) fn next_head_in<'b, const N: usize>(
        &mut self,
        input: &'b [u8],
        eof: Eof,
        slots: &'b mut Slots<'b, N>,
    ) -> Result<Step<'b>, ParseError> {
        let Slots { room, small } = slots;
        if self.line.is_some() {
            if self.is_idle(input, eof) {
                return Ok(Step { consumed: 0, event: Event::NeedMore });
            }
            return self.read_head(input, eof, Some(room));
        }
        if input.len() <= SMALL_BYTES {
            self.first_look_in(input, eof, small, room)
        } else {
            self.look_in(input, eof, room)
        }
    }

    #[inline(never)]
    fn first_look_in<'b>(
        &mut self,
        input: &'b [u8],
        eof: Eof,
        small: &'b mut [httparse::Header<'b>],
        room: &'b mut Room<'b>,
    ) -> Result<Step<'b>, ParseError> {
        let mut facts = Facts::default();
        match self.whole_head(input, |line, max| parse_fields(input, line, small, max), &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let fields = Fields::of_table(input.get(..len).unwrap_or(input), table);
                self.on_head(input, &line, &Found { fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.look_in(input, eof, room),
        }
    }

    #[inline(never)]
    fn look_in<'b>(&mut self, input: &'b [u8], eof: Eof, room: &'b mut Room<'b>) -> Result<Step<'b>, ParseError> {
        let mut facts = Facts::default();
        match self.whole_head(input, |_, max| parse(input, room, max), &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let fields = Fields::of_table(input.get(..len).unwrap_or(input), table);
                self.on_head(input, &line, &Found { fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.read_head(input, eof, None),
        }
    }

    #[inline]
    fn is_idle(&mut self, input: &[u8], eof: Eof) -> bool {
        eof == Eof::Open && self.scan.is_idle(input, Section::Head(&self.config.limits, &self.config.leniency))
    }

    fn first_look<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        if input.len() > SMALL_BYTES {
            return self.look(input, eof);
        }
        // A little room is made in no time, and httparse fills such without reading the status line again.
        let mut room = [httparse::EMPTY_HEADER; head::SMALL_SLOTS];
        let mut facts = Facts::default();
        match self.whole_head(input, |line, max| parse_fields(input, line, &mut room, max), &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let fields = Fields::of_lines(input.get(..len).unwrap_or(input), line.end, table.len());
                self.on_head(input, &line, &Found { fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.look(input, eof),
        }
    }

    #[inline(never)]
    fn look<'b>(&mut self, input: &'b [u8], eof: Eof) -> Result<Step<'b>, ParseError> {
        let mut room = [const { MaybeUninit::uninit() }; 100];
        let mut facts = Facts::default();
        match self.whole_head(input, |_, max| parse(input, &mut room, max), &mut facts) {
            Whole::Yes { line, len, table, deviations } => {
                let fields = Fields::of_lines(input.get(..len).unwrap_or(input), line.end, table.len());
                self.on_head(input, &line, &Found { fields, deviations }, &facts)
            }
            Whole::NotYet => self.no_head(input, eof),
            Whole::No => self.read_head(input, eof, None),
        }
    }

    /// The fast path: one pass of httparse, for a head that is there as a whole, as most are. It takes
    /// only what [`Scan`] would take; whatever else there is, is left to it.
    ///
    /// `parse` gives the length of the head and its fields, so many at most.
    #[inline(always)]
    fn whole_head<'s, 'b: 's>(
        &mut self,
        input: &'b [u8],
        parse: impl FnOnce(&StatusLine, usize) -> httparse::Result<(usize, &'s [httparse::Header<'b>])>,
        facts: &mut Facts,
    ) -> Whole<'s, 'b> {
        let Config { limits, leniency } = &self.config;
        if self.line_at > 0 {
            return Whole::No;
        }
        let Some(line) = status_line::plain(input, limits) else { return Whole::No };
        let (len, table) = match parse(&line, limits.headers) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => {
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
        let mut crlf = head.ends_with(b"\r\n\r\n");
        for header in table {
            let at = offset_in(head, header);
            // The line before each name ended in LF, or there would be no name there.
            crlf &= head.get(at.wrapping_sub(2)) == Some(&b'\r');
            facts.see_at_once(header.name.as_bytes(), header.value, at);
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
        self.on_head(input, &line, &Found { fields: table.unwrap_or(lines), deviations }, &facts)
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

    #[inline(always)] // so that a head is made where it goes
    fn on_head<'b>(
        &mut self,
        input: &'b [u8],
        line: &StatusLine,
        found: &Found<'b>,
        facts: &Facts,
    ) -> Result<Step<'b>, ParseError> {
        let mut deviations = line.deviations.union(found.deviations);
        let interim = line.code < 200 && line.code != 101;
        if line.code == 101 && !self.request.offers_upgrade() {
            return Err(self.fail(Flaw::new(Class::UnexpectedUpgrade, line.code_at), Stage::StatusLine, input));
        }
        let leniency = &self.config.leniency;
        let framing = match facts.decide(line.code, line.minor, self.request, leniency, &mut deviations) {
            Ok(framing) => framing,
            Err(flaw) => return Err(self.fail(flaw, Stage::Framing, input)),
        };
        self.first.begin(input);
        let head = Head {
            offset: self.at,
            code: line.code,
            code_at: line.code_at,
            minor: line.minor,
            reason: line.reason,
            fields: found.fields,
            content_length: facts.length(),
            deviations,
        };
        if interim {
            return self.on_interim(head);
        }
        let len = head.bytes().len();
        self.at = self.at.wrapping_add(len as u64);
        self.deviations = self.deviations.union(deviations);
        self.progress.status = Some(line.code);
        self.close = facts.close_reason(line.minor, framing, deviations);
        match framing {
            Framing::None | Framing::Tunnel => self.state = State::Done,
            Framing::Length(length) => {
                self.progress.length = Some(length);
                self.state = State::Length(length);
            }
            Framing::Chunked => {
                self.state = State::Chunked(Decoder::starting_at(&self.config.limits, &self.config.leniency, self.at));
            }
            Framing::UntilClose => self.state = State::UntilClose,
        }
        Ok(Step { consumed: len, event: Event::Head(head, framing) })
    }

    fn on_interim<'b>(&mut self, head: Head<'b>) -> Result<Step<'b>, ParseError> {
        let len = head.bytes().len();
        let limits = &self.config.limits;
        self.interim_bytes = self.interim_bytes.saturating_add(len as u64);
        if self.progress.interim >= limits.interim || self.interim_bytes > limits.interim_bytes {
            return Err(self.fail(Flaw::new(Class::TooLargeInterim, 0), Stage::Fields, head.bytes()));
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
            match sniff::sniff_at_end(input) {
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
}

/// With a little room that is filled, without the status line.
#[inline(always)]
fn parse_fields<'s, 'b>(
    input: &'b [u8],
    line: &StatusLine,
    room: &'s mut [httparse::Header<'b>],
    max: usize,
) -> httparse::Result<(usize, &'s [httparse::Header<'b>])> {
    let room = room.get_mut(..max.min(room.len())).unwrap_or_default();
    let fields = input.get(line.end..).unwrap_or_default();
    Ok(match httparse::parse_headers(fields, room)? {
        Status::Complete((len, table)) => Status::Complete((line.end.wrapping_add(len), table)),
        Status::Partial => Status::Partial,
    })
}

/// With room that is not filled yet, which httparse takes for whole responses only.
#[inline(always)]
fn parse<'s, 'b>(
    input: &'b [u8],
    room: &'s mut Room<'b>,
    max: usize,
) -> httparse::Result<(usize, &'s [httparse::Header<'b>])> {
    let room = room.get_mut(..max.min(room.len())).unwrap_or_default();
    let mut response = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, input, room)?;
    let table: &'s [httparse::Header<'b>] = response.headers;
    Ok(match status {
        Status::Complete(len) => Status::Complete((len, table)),
        Status::Partial => Status::Partial,
    })
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
