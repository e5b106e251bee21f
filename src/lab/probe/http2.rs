//! The exchange in HTTP/2, by frames: what came, as it came, with no library in between that would mend or hide it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use loona_hpack::Decoder;

use super::answer::{Answer, End};
use super::request::Request;
use crate::lab::http2::{Frame, Kind, PREFACE, block, flags};

/// The only stream.
const STREAM: u32 = 1;
/// How much is kept of the bytes as they came.
const RAW: usize = 4096;
/// What the proxy may send before it hears of us again: all that is read of an answer.
const WINDOW: u32 = 64 << 20;
/// The payload that every peer takes (RFC 9113 section 4.2), and a window before anybody says otherwise (6.9.2).
const FRAME: usize = 16_384;
const FIRST_WINDOW: i64 = 65_535;
/// An answer is read no further than this.
const MAX_ANSWER: usize = 64 << 20;
/// "All such fields MUST NOT appear in HTTP/2" (RFC 9113 section 8.2.2), and what has another place there.
const OF_A_CONNECTION: &[&str] =
    &["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length"];

/// See [`send`](super::send).
pub(super) fn send(addr: SocketAddr, request: &Request) -> io::Result<Answer> {
    let start = Instant::now();
    let mut socket = TcpStream::connect_timeout(&addr, request.timeout)?;
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(request.timeout))?;
    let mut reader = Reader::new(request);
    // A failed write is no verdict: the answer may be on its way all the same.
    let _ = socket.write_all(&opening(request));
    let mut chunk = [0; 16 << 10];
    let end = loop {
        if let Some(end) = reader.end {
            break end;
        }
        let _ = socket.write_all(&reader.upload());
        let left = request.timeout.saturating_sub(start.elapsed());
        if left.is_zero() || reader.total > MAX_ANSWER {
            break if reader.has_answered { End::Stuck } else { End::Hang };
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut chunk) {
            Ok(0) => break if reader.has_answered { End::Cut } else { End::Closed },
            Ok(n) => {
                let said = reader.feed(chunk.get(..n).unwrap_or_default());
                let _ = socket.write_all(&said);
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break End::Reset,
        }
    };
    let mut answer = reader.answer;
    answer.end = end;
    answer.elapsed = start.elapsed();
    Ok(answer)
}

/// Preface, `SETTINGS`, the connection's window, and the head of the request.
fn opening(request: &Request) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    let parameters = [&[0, 2, 0, 0, 0, 0, 0, 4][..], &WINDOW.to_be_bytes()].concat();
    bytes.extend(Frame::bytes(Kind::SETTINGS, 0, 0, &parameters));
    bytes.extend(Frame::bytes(Kind::WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes()));
    let value = |wanted: &str| request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let authority = value("host").map_or("", |(_, value)| value.as_str());
    let length = request.body.len().to_string();
    let pseudo = [
        (":method", request.method.as_str()),
        (":scheme", "http"),
        (":authority", authority),
        (":path", &request.path),
    ];
    let fields: Vec<(String, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .filter(|(name, _)| !OF_A_CONNECTION.contains(&name.as_str()))
        .collect();
    let framed = (!request.body.is_empty()).then_some(("content-length", length.as_str()));
    let fields = fields.iter().map(|(name, value)| (name.as_str(), *value));
    let head = block(pseudo.into_iter().chain(fields).chain(framed));
    let end = if request.body.is_empty() { flags::END_STREAM } else { 0 };
    bytes.extend(Frame::bytes(Kind::HEADERS, flags::END_HEADERS | end, STREAM, &head));
    bytes
}

struct Reader<'a> {
    input: Vec<u8>,
    decoder: Decoder<'static>,
    /// A header block of which the end has not come, and whether it ends the stream.
    head: Option<(Vec<u8>, bool)>,
    to_head: bool,
    total: usize,
    has_answered: bool,
    end: Option<End>,
    /// Of the request's body, not yet sent.
    body: &'a [u8],
    window: i64,
    stream_window: i64,
    initial: i64,
    answer: Answer,
}

impl<'a> Reader<'a> {
    fn new(request: &'a Request) -> Self {
        Self {
            input: Vec::new(),
            decoder: Decoder::new(),
            head: None,
            to_head: request.method == "HEAD",
            total: 0,
            has_answered: false,
            end: None,
            body: &request.body,
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            initial: FIRST_WINDOW,
            answer: Answer::default(),
        }
    }

    /// As much of the body as the proxy's windows allow.
    fn upload(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.body.is_empty() {
            let room = usize::try_from(self.window.min(self.stream_window)).unwrap_or(0).min(FRAME);
            let (piece, rest) = self.body.split_at_checked(room).unwrap_or((self.body, b""));
            if piece.is_empty() {
                break;
            }
            let end = if rest.is_empty() { flags::END_STREAM } else { 0 };
            bytes.extend(Frame::bytes(Kind::DATA, end, STREAM, piece));
            let size = i64::try_from(piece.len()).unwrap_or(i64::MAX);
            self.window = self.window.saturating_sub(size);
            self.stream_window = self.stream_window.saturating_sub(size);
            self.body = rest;
        }
        bytes
    }

    /// Takes what came, and gives back what is to be said to it.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.total = self.total.saturating_add(bytes.len());
        let room = RAW.saturating_sub(self.answer.raw.len()).min(bytes.len());
        self.answer.raw.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.input.extend_from_slice(bytes);
        if self.input.starts_with(b"HTTP/1.") {
            // Who knows no HTTP/2 says so in what it knows.
            self.end = Some(End::Raw);
        }
        let mut said = Vec::new();
        while self.end.is_none() {
            let Some(frame) = Frame::take(&mut self.input) else { break };
            self.frame(&frame, &mut said);
        }
        said
    }

    fn frame(&mut self, frame: &Frame, said: &mut Vec<u8>) {
        match frame.kind {
            Kind::SETTINGS if !frame.has(flags::ACK) => {
                for parameter in frame.payload.chunks_exact(6) {
                    if let [0, 4, a, b, c, d] = *parameter {
                        let initial = i64::from(u32::from_be_bytes([a, b, c, d]));
                        let more = initial.saturating_sub(self.initial);
                        self.stream_window = self.stream_window.saturating_add(more);
                        self.initial = initial;
                    }
                }
                said.extend(Frame::bytes(Kind::SETTINGS, flags::ACK, 0, b""));
            }
            Kind::PING if !frame.has(flags::ACK) => {
                said.extend(Frame::bytes(Kind::PING, flags::ACK, 0, &frame.payload));
            }
            Kind::WINDOW_UPDATE => {
                let more = i64::from(frame.number(0).unwrap_or(0));
                let window = if frame.stream == 0 { &mut self.window } else { &mut self.stream_window };
                *window = window.saturating_add(more);
            }
            Kind::GOAWAY => self.answer.goaway = frame.number(4),
            Kind::RST_STREAM if frame.stream == STREAM => {
                (self.answer.reset, self.end) = (frame.number(0), Some(End::Reset));
            }
            Kind::HEADERS if frame.stream == STREAM => {
                self.has_answered = true;
                self.head = Some((frame.content().to_vec(), frame.has(flags::END_STREAM)));
                self.block(frame);
            }
            Kind::CONTINUATION if frame.stream == STREAM => {
                if let Some((head, _)) = &mut self.head {
                    head.extend_from_slice(&frame.payload);
                }
                self.block(frame);
            }
            Kind::DATA if frame.stream == STREAM => {
                self.has_answered = true;
                if !self.answer.headed {
                    self.flaw("DATA before its head");
                }
                self.answer.body.extend_from_slice(frame.content());
                if frame.has(flags::END_STREAM) {
                    self.complete();
                }
            }
            _ => {}
        }
    }

    /// A header block, once it is whole: an interim head, the head, or the trailers.
    fn block(&mut self, frame: &Frame) {
        if !frame.has(flags::END_HEADERS) {
            return;
        }
        let Some((block, is_last)) = self.head.take() else { return };
        let Ok(fields) = self.decoder.decode(&block) else {
            self.flaw("a header block that HPACK cannot read");
            self.end = Some(End::Raw);
            return;
        };
        let latin1 = |bytes: Vec<u8>| bytes.into_iter().map(char::from).collect::<String>();
        let (pseudo, fields): (Vec<_>, Vec<_>) = fields
            .into_iter()
            .map(|(name, value)| (latin1(name), latin1(value)))
            .partition(|(name, _)| name.starts_with(':'));
        self.look(&fields);
        if self.answer.headed {
            if !pseudo.is_empty() {
                self.flaw("a pseudo-field in its trailers");
            }
            self.answer.trailers.extend(fields);
            if is_last {
                self.complete();
            } else {
                self.flaw("two heads");
            }
            return;
        }
        let status = match pseudo.as_slice() {
            [(name, value)] if name == ":status" && value.len() == 3 => value.parse().ok(),
            _ => None,
        };
        let Some(status) = status else {
            self.flaw("no :status, or another pseudo-field");
            self.end = Some(End::Raw);
            return;
        };
        if (100..200).contains(&status) {
            self.answer.interim.push(status);
            if status == 101 || is_last {
                self.flaw("101, or an interim head that ends the stream");
            }
            return;
        }
        self.answer.headed = true;
        self.answer.status = Some(status);
        self.answer.headers = fields;
        if is_last {
            self.complete();
        }
    }

    /// What no sender may send (RFC 9113 section 8.2).
    fn look(&mut self, fields: &[(String, String)]) {
        for (name, value) in fields {
            if name.is_empty() || name.contains(|c: char| c <= ' ' || c == ':' || c.is_ascii_uppercase() || c > '~') {
                self.flaw("a field name that is none");
            }
            if value.contains(['\0', '\r', '\n']) {
                self.flaw("a control character in a value");
            }
            if OF_A_CONNECTION.get(..5).is_some_and(|names| names.contains(&name.as_str())) {
                self.flaw("a field of one connection alone");
            }
        }
        if fields.iter().filter(|(name, _)| name == "content-length").count() > 1 {
            self.flaw("two Content-Lengths");
        }
    }

    fn complete(&mut self) {
        self.end = Some(End::Complete);
        let has_content = !self.to_head && self.answer.status != Some(304);
        let length = self.answer.header("content-length").and_then(|value| value.parse::<usize>().ok());
        if has_content && length.is_some_and(|length| length != self.answer.body.len()) {
            self.flaw("END_STREAM after another length than its Content-Length");
        }
        if !self.answer.body.is_empty() && (self.to_head || matches!(self.answer.status, Some(204 | 304))) {
            self.flaw("content where there can be none");
        }
    }

    fn flaw(&mut self, flaw: &'static str) {
        if !self.answer.flaws.contains(&flaw) {
            self.answer.flaws.push(flaw);
        }
    }
}
