//! Reads a response byte by byte and knows how far it got.
//!
//! One rule: the same bytes in any pieces give the same result. What a strict recipient could not
//! make out is [`State::Broken`]; what it should not have been sent is a flaw, noted and read on.

use std::time::Duration;

use super::answer::{Answer, End, Stop};

/// How much is kept of the bytes as they came.
const RAW: usize = 4096;
/// The largest head, or line of chunked framing, that is read.
const MAX_LINE: usize = 8 << 20;
/// The white space of RFC 9110 section 5.6.3, and no other: `\x0bchunked` is not `chunked`.
const OWS: [char; 2] = [' ', '\t'];

pub(super) struct Reader {
    state: State,
    /// The line that is being read.
    line: Vec<u8>,
    to_head: bool,
    total: usize,
    extra: bool,
    /// Whether a status line said HTTP/1.0.
    old: bool,
    answer: Answer,
}

/// What is read next.
enum State {
    StatusLine,
    Field,
    Bytes(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Complete,
    /// No response, or none whose end can be told.
    Broken,
}

impl Reader {
    pub(super) fn new(to_head: bool) -> Self {
        let (line, answer) = (Vec::new(), Answer::default());
        Self { state: State::StatusLine, line, to_head, total: 0, extra: false, old: false, answer }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    pub(super) fn is_extra(&self) -> bool {
        self.extra
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        let room = RAW.saturating_sub(self.answer.raw.len()).min(bytes.len());
        self.answer.raw.extend_from_slice(bytes.get(..room).unwrap_or_default());
        while !bytes.is_empty() {
            bytes = self.step(bytes);
        }
    }

    /// Takes as much as belongs together, and gives back the rest.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        match self.state {
            State::Bytes(left) => self.take(bytes, left, State::Bytes, State::Complete),
            State::Chunk(left) => self.take(bytes, left, State::Chunk, State::ChunkEnd),
            State::UntilClose | State::Broken => {
                self.answer.body.extend_from_slice(bytes);
                &[]
            }
            State::Complete => {
                self.extra = true;
                &[]
            }
            State::StatusLine | State::Field | State::ChunkSize | State::ChunkEnd | State::Trailer => {
                self.take_line(bytes)
            }
        }
    }

    fn take<'a>(&mut self, bytes: &'a [u8], left: u64, more: fn(u64) -> State, then: State) -> &'a [u8] {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
        self.answer.body.extend_from_slice(taken);
        let left = left.saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
        self.state = if left == 0 { then } else { more(left) };
        rest
    }

    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            // "SSH-2.0" has no LF to wait for before it is clear that it is not HTTP.
            if self.line.len() > MAX_LINE || self.is_not_http() {
                self.give_up();
            }
            return &[];
        };
        let (line, rest) = bytes.split_at_checked(at.saturating_add(1)).unwrap_or((bytes, &[]));
        self.line.extend_from_slice(line);
        let whole = std::mem::take(&mut self.line);
        let line = whole.strip_suffix(b"\n").unwrap_or(&whole);
        let (line, bare) = match line.strip_suffix(b"\r") {
            Some(line) => (line, false),
            None => (line, true),
        };
        let next = match self.state {
            State::StatusLine => self.status_line(line),
            State::Field => self.field(line),
            State::Trailer => self.trailer(line),
            State::ChunkEnd if line.is_empty() => Some(State::ChunkSize),
            State::ChunkSize => chunk_size(line),
            State::ChunkEnd
            | State::Bytes(_)
            | State::Chunk(_)
            | State::UntilClose
            | State::Complete
            | State::Broken => None,
        };
        match next {
            Some(next) => {
                self.state = next;
                if bare {
                    self.flaw("a line that ends in a bare LF");
                }
            }
            None => {
                self.state = State::Broken;
                self.answer.body.extend_from_slice(&whole);
            }
        }
        rest
    }

    fn is_not_http(&self) -> bool {
        let known = self.line.len().min(5);
        matches!(self.state, State::StatusLine) && self.line.get(..known) != b"HTTP/".get(..known)
    }

    fn give_up(&mut self) {
        self.state = State::Broken;
        let line = std::mem::take(&mut self.line);
        self.answer.body.extend_from_slice(&line);
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]`, RFC 9112 section 4. The space before an
    /// absent reason is asked of senders only.
    fn status_line(&mut self, line: &[u8]) -> Option<State> {
        let rest = line.strip_prefix(b"HTTP/")?;
        let (&[major, b'.', minor, b' ', a, b, c], reason) = rest.split_first_chunk::<7>()? else {
            return None;
        };
        if ![major, minor, a, b, c].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let reason = match reason.split_first() {
            None => {
                self.flaw("no space after the status");
                &[][..]
            }
            Some((b' ', reason)) => reason,
            Some(_) => return None,
        };
        self.clean(reason);
        if major != b'1' {
            self.flaw("a version that is not HTTP/1");
        }
        self.old |= (major, minor) == (b'1', b'0');
        self.answer.status = std::str::from_utf8(&[a, b, c]).ok()?.parse().ok();
        self.answer.reason = latin1(reason);
        self.answer.headers.clear();
        Some(State::Field)
    }

    fn field(&mut self, line: &[u8]) -> Option<State> {
        if line.is_empty() {
            return self.head_ends();
        }
        self.clean(line);
        if let [b' ' | b'\t', ..] = line {
            self.flaw("a folded field");
            if let Some((_, value)) = self.answer.headers.last_mut() {
                value.push_str(&latin1(line));
                return Some(State::Field);
            }
        }
        let field = self.split(line);
        self.answer.headers.push(field);
        Some(State::Field)
    }

    fn trailer(&mut self, line: &[u8]) -> Option<State> {
        if line.is_empty() {
            return Some(State::Complete);
        }
        self.clean(line);
        let field = self.split(line);
        // RFC 9110 section 6.5.1: no framing, no routing.
        if ["content-length", "transfer-encoding", "host"].iter().any(|name| field.0.eq_ignore_ascii_case(name)) {
            self.flaw("a trailer that no trailer may be");
        }
        self.answer.trailers.push(field);
        Some(State::Trailer)
    }

    fn split(&mut self, line: &[u8]) -> (String, String) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            self.flaw("a field without a colon");
            return (latin1(line), String::new());
        };
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, b":"));
        if name.is_empty() || name.last().is_some_and(u8::is_ascii_whitespace) {
            self.flaw("white space, or nothing, before a colon");
        }
        let value = value.get(1..).unwrap_or_default();
        (latin1(name), latin1(value).trim_matches(OWS).to_owned())
    }

    /// The empty line: an interim head, or how long the body is (RFC 9112 section 6.3).
    fn head_ends(&mut self) -> Option<State> {
        let status = self.answer.status?;
        if (100..200).contains(&status) && status != 101 {
            self.answer.interim.push(status);
            // RFC 9110 section 8.6, RFC 9112 section 6.1.
            if !(self.values("transfer-encoding").is_empty() && self.values("content-length").is_empty()) {
                self.flaw("a length where there can be no body");
            }
            self.answer.status = None;
            self.answer.reason.clear();
            self.answer.headers.clear();
            return Some(State::StatusLine);
        }
        self.answer.headed = true;
        let coding = self.values("transfer-encoding");
        let mut lengths = self.values("content-length");
        if matches!(status, 101 | 204) && !(coding.is_empty() && lengths.is_empty()) {
            self.flaw("a length where there can be no body");
        }
        if self.to_head || matches!(status, 101 | 204 | 304) {
            return Some(State::Complete);
        }
        if !coding.is_empty() && !lengths.is_empty() {
            self.flaw("both Content-Length and Transfer-Encoding");
        }
        match coding.last().map(|last| last.eq_ignore_ascii_case("chunked")) {
            Some(true) if coding.len() == 1 => return Some(State::ChunkSize),
            Some(_) => {
                self.flaw("a transfer coding other than chunked");
                return Some(State::UntilClose);
            }
            None => {}
        }
        lengths.dedup();
        match lengths.as_slice() {
            [] => Some(State::UntilClose),
            [length] if length.bytes().all(|byte| byte.is_ascii_digit()) => match length.parse().ok()? {
                0 => Some(State::Complete),
                length => Some(State::Bytes(length)),
            },
            _ => None,
        }
    }

    /// The members of a list field, over all its lines.
    fn values(&self, name: &str) -> Vec<String> {
        let lines = self.answer.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        lines.flat_map(|(_, value)| value.split(',')).map(|value| value.trim_matches(OWS).to_owned()).collect()
    }

    /// RFC 9110 section 5.5 and RFC 9112 section 2.2.
    fn clean(&mut self, line: &[u8]) {
        if line.contains(&0) {
            self.flaw("a NUL in the head");
        }
        if line.contains(&b'\r') {
            self.flaw("a bare CR in the head");
        }
    }

    fn flaw(&mut self, flaw: &'static str) {
        if !self.answer.flaws.contains(&flaw) {
            self.answer.flaws.push(flaw);
        }
    }

    pub(super) fn finish(mut self, stop: Stop, elapsed: Duration, http10: bool) -> Answer {
        self.answer.end = match (&self.state, stop) {
            (_, Stop::Timeout) if self.total == 0 => End::Hang,
            (_, Stop::Fin) if self.total == 0 => End::Closed,
            (_, Stop::Reset) if self.total == 0 => End::Reset,
            _ if self.extra => End::Extra,
            (State::Complete, _) => End::Complete,
            (State::Broken, _) => End::Raw,
            (State::UntilClose, Stop::Fin) => End::Eof,
            (_, Stop::Reset) => End::Reset,
            (_, Stop::Fin) => End::Cut,
            (_, Stop::Timeout) => End::Stuck,
        };
        // RFC 9110 section 2.5: an intermediary's version is its own, and the next hop's is not.
        if self.old && !http10 {
            self.flaw("a status line in HTTP/1.0 for a request in HTTP/1.1");
        }
        self.answer.elapsed = elapsed;
        self.answer.http10 = http10;
        self.answer
    }
}

/// `chunk-size [ chunk-ext ]`, RFC 9112 section 7.1.
fn chunk_size(line: &[u8]) -> Option<State> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    // `from_str_radix` would take a plus sign.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    match u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? {
        0 => Some(State::Trailer),
        size => Some(State::Chunk(size)),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
