//! Follows the framing of the responses on one connection: where the head ends, how long the body is.
//!
//! It watches and never judges the bytes that matter only when something failed; those
//! are kept and looked at then. A line costs a search for its end and a look at its first byte.

use http::Method;

use crate::fault::Class;
use crate::h1::{Framing, FramingFields, illegible};

use super::line_ends::LineEnds;

/// As much of a line as is looked at: enough for a status line's numbers and for any sane
/// `Content-Length` or `Transfer-Encoding`.
const LINE: usize = 128;

/// What the method says about the response's body (RFC 9112 section 6.3, rules 1 and 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Head,
    Connect,
    Other,
    /// Nothing: these bytes are requests themselves.
    Itself,
}

/// Where in a response the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before or in a status line.
    StatusLine,
    /// In the header section.
    Fields,
    /// In a body with so many bytes to come.
    Length(u64),
    /// In a chunked body, which is not decoded here.
    Chunked,
    /// In a body that the end of the connection delimits.
    UntilClose,
    /// Behind a 101, or a 2xx to CONNECT.
    Tunnel,
    /// Behind a complete response.
    Complete,
    /// The bytes do not say what they are: no status line, or no framing that can be trusted.
    Lost,
}

/// Bytes in, facts out: O(1) memory, linear in the bytes however they are split.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    asked: Asked,
    pub(super) state: State,
    /// Bytes of this exchange before the current head, and before the current line.
    head_at: u64,
    pub(super) line_at: u64,
    /// The beginning of a line that is not over yet, and its length so far.
    line: [u8; LINE],
    line_len: u64,
    framing: FramingFields,
    /// One of them cannot be read to its end, or holds what none may.
    unreadable: bool,
    pub(super) head_complete: bool,
    pub(super) header_lines: u32,
    pub(super) interim: u32,
    pub(super) status: Option<u16>,
    /// Of a request: its method, as far as it decides the body of the response.
    pub(super) method: Option<Method>,
    pub(super) expected: Option<u64>,
    pub(super) body_received: u64,
    pub(super) leftover: u64,
    /// The first fold, which the parser tolerates, and most others do not.
    pub(super) fold: Option<(Class, u64)>,
}

impl Follower {
    pub(super) const fn new() -> Self {
        Self {
            asked: Asked::Other,
            state: State::StatusLine,
            head_at: 0,
            line_at: 0,
            line: [0; LINE],
            line_len: 0,
            framing: FramingFields::new(),
            unreadable: false,
            head_complete: false,
            header_lines: 0,
            interim: 0,
            status: None,
            method: None,
            expected: None,
            body_received: 0,
            leftover: 0,
            fold: None,
        }
    }

    /// For requests in place of responses. [`forget`](Self::forget) makes it one for responses.
    pub(super) fn of_requests() -> Self {
        Self { asked: Asked::Itself, ..Self::new() }
    }

    /// Tells the method of the request. Counts for heads that end afterwards.
    pub(super) fn ask(&mut self, method: &Method) {
        self.asked = match *method {
            Method::HEAD => Asked::Head,
            Method::CONNECT => Asked::Connect,
            _ => Asked::Other,
        };
    }

    /// Begins anew. The kept line is left in place: its length says how much of it counts.
    pub(super) fn forget(&mut self) {
        self.asked = Asked::Other;
        self.state = State::StatusLine;
        self.head_at = 0;
        self.line_at = 0;
        self.line_len = 0;
        self.framing = FramingFields::new();
        self.unreadable = false;
        self.head_complete = false;
        self.header_lines = 0;
        self.interim = 0;
        self.status = None;
        self.method = None;
        self.expected = None;
        self.body_received = 0;
        self.leftover = 0;
        self.fold = None;
    }

    /// Bytes of the current head, its unfinished line included.
    pub(super) const fn head_bytes(&self) -> u64 {
        self.line_at.saturating_sub(self.head_at).saturating_add(self.line_len)
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let len = bytes.len() as u64;
            match self.state {
                State::StatusLine | State::Fields => bytes = self.feed_head(bytes),
                State::Length(missing) => {
                    let taken = missing.min(len);
                    self.body_received = self.body_received.saturating_add(taken);
                    let missing = missing.saturating_sub(taken);
                    self.state = if missing == 0 { State::Complete } else { State::Length(missing) };
                    bytes = usize::try_from(taken).ok().and_then(|n| bytes.get(n..)).unwrap_or_default();
                }
                State::Chunked | State::UntilClose | State::Tunnel => {
                    self.body_received = self.body_received.saturating_add(len);
                    return;
                }
                State::Complete => {
                    self.leftover = self.leftover.saturating_add(len);
                    return;
                }
                State::Lost => {
                    if self.head_complete {
                        self.body_received = self.body_received.saturating_add(len);
                    } else {
                        self.line_at = self.line_at.saturating_add(len);
                    }
                    return;
                }
            }
        }
    }

    /// Takes the lines of a head, and the beginning of one that is not over; returns what is behind it.
    fn feed_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut start = 0_usize;
        for end in LineEnds::of(bytes) {
            let part = bytes.get(start..end).unwrap_or_default();
            if self.line_len == 0 && self.state == State::Fields && part.first().is_some_and(|&b| is_plain(b)) {
                // What most lines are: nothing to see.
                self.header_lines = self.header_lines.saturating_add(1);
                start = end.saturating_add(1);
                self.line_at = self.line_at.saturating_add(part.len() as u64).saturating_add(1);
                continue;
            }
            if self.line_len == 0 {
                self.take_line(part.get(..LINE).unwrap_or(part), part.len() as u64);
            } else {
                self.stash(part);
                let (line, len) = (self.line, self.line_len);
                let kept = usize::try_from(len).unwrap_or(LINE).min(LINE);
                self.line_len = 0;
                self.take_line(line.get(..kept).unwrap_or(&line), len);
            }
            start = end.saturating_add(1);
            if !matches!(self.state, State::StatusLine | State::Fields) {
                return bytes.get(start..).unwrap_or_default();
            }
        }
        self.stash(bytes.get(start..).unwrap_or_default());
        &[]
    }

    fn stash(&mut self, part: &[u8]) {
        let at = usize::try_from(self.line_len).unwrap_or(LINE).min(LINE);
        if let Some(room) = self.line.get_mut(at..) {
            let n = room.len().min(part.len());
            if let (Some(to), Some(from)) = (room.get_mut(..n), part.get(..n)) {
                to.copy_from_slice(from);
            }
        }
        self.line_len = self.line_len.saturating_add(part.len() as u64);
    }

    /// A whole line: its first bytes (without the LF, at most [`LINE`]) and its length.
    fn take_line(&mut self, line: &[u8], len: u64) {
        let at = self.line_at;
        self.line_at = at.saturating_add(len).saturating_add(1);
        let empty = matches!(line, [] | [b'\r']);
        if self.state == State::StatusLine {
            // An empty line before a status line is passed over, as httparse does.
            match self.asked {
                _ if empty => {}
                Asked::Itself => self.request_line(line),
                Asked::Head | Asked::Connect | Asked::Other => {
                    self.status_line(line.strip_suffix(b"\r").unwrap_or(line));
                }
            }
        } else if empty {
            self.end_of_head();
        } else if let Some(b' ' | b'\t') = line.first() {
            let class = if self.header_lines == 0 { Class::HeaderLeadingWhitespace } else { Class::HeaderObsFold };
            self.fold = self.fold.or(Some((class, at)));
        } else {
            self.header_lines = self.header_lines.saturating_add(1);
            let whole = len == line.len() as u64;
            if let Some(value) = value_of(line, b"content-length") {
                if let Some(value) = self.legible(value, whole) {
                    self.framing.content_length(value, 0);
                }
            } else if let Some(value) = value_of(line, b"transfer-encoding") {
                if let Some(value) = self.legible(value, whole) {
                    self.framing.transfer_encoding(value, 0);
                }
            }
        }
    }

    /// A value, if all of it is there. The bytes of a value come before its meaning: where there is one that none may hold
    /// (RFC 9110 section 5.5), what the field would have said without is nobody's to guess.
    fn legible<'a>(&mut self, value: &'a [u8], whole: bool) -> Option<&'a [u8]> {
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        if whole && illegible(value).is_none() {
            return Some(value.trim_ascii());
        }
        self.unreadable = true;
        None
    }

    /// `HTTP/1.x SP 3DIGIT`, and whatever follows a space.
    fn status_line(&mut self, line: &[u8]) {
        self.state = State::Lost;
        let Some([minor, b' ', a, b, c, rest @ ..]) = line.strip_prefix(b"HTTP/1.") else { return };
        if !minor.is_ascii_digit() || ![a, b, c].iter().all(|d| d.is_ascii_digit()) || !matches!(rest, [] | [b' ', ..])
        {
            return;
        }
        let digits = [a, b, c].map(|d| u16::from(d.wrapping_sub(b'0')));
        self.status = Some(digits.iter().fold(0, |n, d| n.saturating_mul(10).saturating_add(*d)));
        self.state = State::Fields;
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112 section 3). HTTP/2 begins with a method that no
    /// request has (RFC 9113 section 3.4).
    fn request_line(&mut self, line: &[u8]) {
        let method = line.split(|&b| b == b' ').next().unwrap_or_default();
        self.state = if method == b"PRI" { State::Lost } else { State::Fields };
        self.method = Some(match method {
            b"HEAD" => Method::HEAD,
            b"CONNECT" => Method::CONNECT,
            _ => Method::GET,
        });
    }

    /// RFC 9112 section 6.3, in its order.
    fn end_of_head(&mut self) {
        if self.asked == Asked::Itself {
            return self.end_of_request_head();
        }
        let status = self.status.unwrap_or_default();
        if (100..200).contains(&status) && status != 101 {
            self.interim = self.interim.saturating_add(1);
            self.status = None;
            self.head_at = self.line_at;
            self.header_lines = 0;
            self.framing = FramingFields::new();
            self.unreadable = false;
            self.state = State::StatusLine;
            return;
        }
        self.head_complete = true;
        let tunnel = status == 101 || (self.asked == Asked::Connect && (200..300).contains(&status));
        if tunnel {
            self.state = State::Tunnel;
            return;
        }
        self.state =
            if self.asked == Asked::Head || status == 204 || status == 304 { State::Complete } else { self.content() };
        if let State::Length(length) = self.state {
            self.expected = Some(length);
            if length == 0 {
                self.state = State::Complete;
            }
        }
    }

    /// As a recipient reads it that looks away: what is wrong with the fields the parser says.
    fn content(&self) -> State {
        match self.framing.lenient_framing() {
            _ if self.unreadable => State::Lost,
            Some(Framing::Length(length)) => State::Length(length),
            Some(Framing::Chunked) => State::Chunked,
            Some(Framing::UntilClose) => State::UntilClose,
            Some(Framing::None | Framing::Tunnel) | None => State::Lost,
        }
    }

    /// A request without either field has no body (RFC 9112 section 6.3, rule 7).
    fn end_of_request_head(&mut self) {
        self.head_complete = true;
        self.state = match self.content() {
            _ if self.method == Some(Method::CONNECT) => State::Tunnel,
            State::Length(0) => State::Complete,
            State::UntilClose if self.framing.have_codings() => State::Lost,
            State::UntilClose => State::Complete,
            State::Length(length) => State::Length(length),
            State::Chunked => State::Chunked,
            State::StatusLine | State::Fields | State::Tunnel | State::Complete | State::Lost => State::Lost,
        };
    }
}

/// `name` [ BWS ] `:` value. White space before the colon does not hide a field (RFC 9112 section 5.1:
/// a proxy removes it).
#[inline]
fn value_of<'a, const N: usize>(line: &'a [u8], name: &[u8; N]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_first_chunk::<N>()?;
    // Nearly every other field is told by the byte behind the name.
    if !matches!(rest.first(), Some(b':' | b' ' | b'\t')) {
        return None;
    }
    if start != name && !start.eq_ignore_ascii_case(name) {
        return None;
    }
    rest.strip_prefix(b":").or_else(|| rest.trim_ascii_start().strip_prefix(b":"))
}

/// Whether a field that begins so frames nothing, and is no fold and no end.
const fn is_plain(first: u8) -> bool {
    !matches!(first, b'c' | b'C' | b't' | b'T' | b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )]
    use super::*;

    fn follow(method: &Method, pieces: &[&[u8]]) -> Follower {
        let mut follower = Follower::new();
        follower.ask(method);
        for piece in pieces {
            follower.feed(piece);
        }
        follower
    }

    #[test]
    fn frames_by_method_status_and_fields() {
        let (get, head, connect) = (Method::GET, Method::HEAD, Method::CONNECT);
        for (method, fields, state) in [
            (&get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", State::Length(3)),
            (&get, "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhe", State::Length(3)),
            (&get, "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length:5\r\n\r\nhe", State::Length(3)),
            (&get, "HTTP/1.1 200 OK\nContent-Length: 2\n\nhe", State::Complete),
            (&get, "HTTP/1.1 200\r\n\r\nhe", State::UntilClose),
            (&get, "\r\nHTTP/1.0 200 OK\r\n\r\nhe", State::UntilClose),
            (&get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\ntransfer-encoding:\tChunked\r\n\r\n", State::Chunked),
            (&get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", State::Chunked),
            (&get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", State::UntilClose),
            (&get, "HTTP/1.1 200 OK\r\nContent-Lengthy: 5\r\nContent: 5\r\nTe: x\r\n\r\n", State::UntilClose),
            (&get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", State::Lost),
            (&get, "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", State::Complete),
            (&get, "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", State::Complete),
            (&get, "HTTP/1.1 101 Go\r\nContent-Length: 5\r\n\r\n", State::Tunnel),
            (&head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", State::Complete),
            (&connect, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", State::Tunnel),
            (&connect, "HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", State::Length(5)),
            (&get, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", State::Complete),
            (&get, "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n", State::StatusLine),
            (&get, "HTTP/1.1 200 OK\r\nContent-", State::Fields),
            (&get, "HTTP/1.1 20X\r\n", State::Lost),
            (&get, "HTTP/1.1 2000\r\n", State::Lost),
            (&get, "SSH-2.0-x\r\n", State::Lost),
        ] {
            assert_eq!(follow(method, &[fields.as_bytes()]).state, state, "{method} {fields:?}");
        }
    }

    #[test]
    fn sees_the_first_fold() {
        for (fields, expected) in [
            ("A: b\r\n", None),
            ("A: b\r\n c\r\n\td\r\n", Some((Class::HeaderObsFold, 6))),
            (" c\r\n", Some((Class::HeaderLeadingWhitespace, 0))),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
            let expected = expected.map(|(class, at)| (class, at + 17));
            assert_eq!(follow(&Method::GET, &[head.as_bytes()]).fold, expected, "{head:?}");
        }
    }

    #[test]
    fn a_field_longer_than_is_kept_is_not_guessed_at() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}5\r\n\r\n", "0".repeat(LINE));
        let whole = follow(&Method::GET, &[head.as_bytes()]);
        assert_eq!(whole.state, State::Lost);
    }
}
