//! One accepted connection, and the streams on it: each is a place in the script, and none waits for another.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use loona_hpack::Decoder;

use super::frame::{Frame, Kind, PREFACE, block, flags};
use super::script::{Fields, Last, On, Script, Step};
use crate::lab::peer::Peer;
use crate::lab::then::Then;

/// How long nothing may come before it is looked whether the lab has stopped.
const TICK: Duration = Duration::from_millis(50);
/// The payload that every peer takes (RFC 9113 section 4.2).
const FRAME: usize = 16_384;
/// A window before anybody says otherwise (section 6.9.2).
const WINDOW: i64 = 65_535;
/// So many bytes of what is said again and again go out at once.
const BATCH: usize = 1 << 16;
/// The largest input that is kept, where somebody sends a frame of another size than everybody does.
const MAX_INPUT: usize = 1 << 25;

/// Plays the script to the end of the connection.
pub(in crate::lab) fn play(peer: &mut Peer, script: &Script) -> io::Result<()> {
    let mut connection = Connection::new(script);
    for step in script.open {
        if connection.begin(peer, step)? {
            return Ok(());
        }
    }
    loop {
        if connection.run(peer)? {
            return Ok(());
        }
        if peer.wait(connection.patience())? == Some(0) {
            // It has said all, and still wants to hear; most have left.
            return peer.end(Then::Fin);
        }
        connection.read(peer)?;
    }
}

struct Connection<'a> {
    script: &'a Script,
    decoder: Decoder<'static>,
    /// The preface has been read.
    is_begun: bool,
    acknowledges: bool,
    streams: Vec<Stream>,
    /// A header block of which the end has not come.
    head: Option<(u32, Vec<u8>, bool)>,
    window: i64,
    /// Of new streams.
    initial: i64,
}

/// A request, and how far its answer is.
struct Stream {
    number: u32,
    is_head: bool,
    /// Nobody has asked for this path before.
    is_first: bool,
    has_ended: bool,
    has_content: bool,
    steps: Vec<&'static [Step]>,
    due: Instant,
    window: i64,
    /// Of [`Step::Flow`], yet to be sent.
    left: usize,
    /// Of [`Step::Times`]: how often yet.
    turns: u32,
}

/// What became of a step.
enum Done {
    Next,
    /// Not yet: it is tried again when something has come.
    Waits,
    /// Nothing more on this stream.
    Stream,
    /// Nothing more at all.
    Connection,
}

impl<'a> Connection<'a> {
    fn new(script: &'a Script) -> Self {
        Self {
            script,
            decoder: Decoder::new(),
            is_begun: false,
            acknowledges: true,
            streams: Vec::new(),
            head: None,
            window: WINDOW,
            initial: WINDOW,
        }
    }

    /// One step before there is a request. Whether it was the last.
    #[allow(clippy::wildcard_enum_match_arm)] // what waits for a request has none here
    fn begin(&mut self, peer: &mut Peer, step: &'static Step) -> io::Result<bool> {
        if let Some(bytes) = bytes(step, 0, false) {
            peer.say(&bytes)?;
            return Ok(false);
        }
        match step {
            Step::NoAck => self.acknowledges = false,
            Step::Pause(ms) => thread::sleep(Duration::from_millis(*ms)),
            Step::Then(then) => return peer.end(*then).map(|()| true),
            Step::Cut => return peer.fin_untidily().map(|()| true),
            _ => {}
        }
        Ok(false)
    }

    /// How long until something is due.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let next = self.streams.iter().map(|stream| stream.due.saturating_duration_since(now)).min();
        next.unwrap_or(TICK).clamp(Duration::from_millis(1), TICK)
    }

    /// Goes on with every stream that is due. Whether the connection is over.
    fn run(&mut self, peer: &mut Peer) -> io::Result<bool> {
        let mut streams = std::mem::take(&mut self.streams);
        let mut is_over = false;
        for stream in &mut streams {
            while !is_over && !stream.steps.is_empty() && stream.due <= Instant::now() {
                match self.step(peer, stream)? {
                    Done::Next => {}
                    Done::Waits => break,
                    Done::Stream => stream.steps.clear(),
                    Done::Connection => is_over = true,
                }
            }
        }
        streams.retain(|stream| !stream.steps.is_empty() || !stream.has_ended);
        self.streams = streams;
        Ok(is_over)
    }

    #[allow(clippy::wildcard_enum_match_arm)] // all others are bytes
    fn step(&mut self, peer: &mut Peer, stream: &mut Stream) -> io::Result<Done> {
        let Some((first, rest)) = stream.steps.last().and_then(|steps| steps.split_first()) else {
            stream.steps.pop();
            return Ok(Done::Next);
        };
        let done = match first {
            Step::Flow(length) => self.flow(peer, stream, *length)?,
            Step::Pause(ms) => {
                let now = Instant::now();
                stream.due = now.checked_add(Duration::from_millis(*ms)).unwrap_or(now);
                Done::Next
            }
            Step::Upload if stream.has_ended => Done::Next,
            Step::Upload => Done::Waits,
            Step::Once(steps) => {
                // The first time, what follows is left out.
                if stream.is_first {
                    stream.steps.pop();
                    stream.steps.push(steps);
                    return Ok(Done::Next);
                }
                Done::Next
            }
            Step::Times(times, steps) if steps.iter().all(|step| bytes(step, 0, false).is_some()) => {
                // As fast as it goes.
                let once = steps.iter().filter_map(|step| bytes(step, stream.number, stream.is_head));
                let once: Vec<u8> = once.flatten().collect();
                let at_once = BATCH.checked_div(once.len()).unwrap_or(1).max(1);
                let mut left = usize::try_from(*times).unwrap_or(usize::MAX);
                while left > 0 && !once.is_empty() {
                    let turns = left.min(at_once);
                    peer.say(&once.repeat(turns))?;
                    left = left.saturating_sub(turns);
                }
                Done::Next
            }
            Step::Times(times, steps) => {
                stream.turns = stream.turns.saturating_add(1);
                if stream.turns <= *times {
                    stream.steps.push(steps);
                    return Ok(Done::Next);
                }
                stream.turns = 0;
                Done::Next
            }
            Step::Then(Then::Hold | Then::Keep) => Done::Stream,
            Step::Then(then) => {
                peer.end(*then)?;
                Done::Connection
            }
            Step::Cut => {
                peer.fin_untidily()?;
                Done::Connection
            }
            Step::NoAck => {
                self.acknowledges = false;
                Done::Next
            }
            wire => {
                peer.say(&bytes(wire, stream.number, stream.is_head).unwrap_or_default())?;
                Done::Next
            }
        };
        if matches!(done, Done::Next) {
            if let Some(steps) = stream.steps.last_mut() {
                *steps = rest;
            }
        }
        Ok(done)
    }

    /// As much as both windows allow.
    fn flow(&mut self, peer: &mut Peer, stream: &mut Stream, length: usize) -> io::Result<Done> {
        if stream.left == 0 {
            stream.left = if stream.is_head { 0 } else { length };
        }
        while stream.left > 0 {
            let room = usize::try_from(self.window.min(stream.window)).unwrap_or(0);
            let size = stream.left.min(FRAME).min(room);
            if size == 0 {
                return Ok(Done::Waits);
            }
            peer.say(&Frame::bytes(Kind::DATA, 0, stream.number, &vec![b'x'; size]))?;
            stream.left = stream.left.saturating_sub(size);
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            (self.window, stream.window) = (self.window.saturating_sub(size), stream.window.saturating_sub(size));
        }
        Ok(Done::Next)
    }

    /// What has come.
    fn read(&mut self, peer: &mut Peer) -> io::Result<()> {
        if !self.is_begun {
            let Some(preface) = peer.input().get(..PREFACE.len()) else { return Ok(()) };
            if preface != PREFACE {
                return Err(io::ErrorKind::InvalidData.into());
            }
            peer.input().drain(..PREFACE.len());
            self.is_begun = true;
        }
        while let Some(frame) = Frame::take(peer.input()) {
            self.frame(peer, &frame)?;
        }
        if peer.input().len() > MAX_INPUT { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }

    fn frame(&mut self, peer: &mut Peer, frame: &Frame) -> io::Result<()> {
        match frame.kind {
            Kind::SETTINGS if !frame.has(flags::ACK) => {
                self.settings(&frame.payload);
                if self.acknowledges {
                    peer.say(&Frame::bytes(Kind::SETTINGS, flags::ACK, 0, b""))?;
                }
            }
            Kind::PING if !frame.has(flags::ACK) => {
                peer.say(&Frame::bytes(Kind::PING, flags::ACK, 0, &frame.payload))?;
            }
            Kind::WINDOW_UPDATE => {
                let more = i64::from(frame.number(0).unwrap_or(0));
                match self.streams.iter_mut().find(|stream| stream.number == frame.stream) {
                    Some(stream) => stream.window = stream.window.saturating_add(more),
                    None if frame.stream == 0 => self.window = self.window.saturating_add(more),
                    None => {}
                }
            }
            Kind::RST_STREAM => self.streams.retain(|stream| stream.number != frame.stream),
            Kind::HEADERS => {
                self.head = Some((frame.stream, frame.content().to_vec(), frame.has(flags::END_STREAM)));
                self.head_ended(peer, frame)?;
            }
            Kind::CONTINUATION => {
                if let Some((_, head, _)) = &mut self.head {
                    head.extend_from_slice(&frame.payload);
                }
                self.head_ended(peer, frame)?;
            }
            Kind::DATA => self.content(peer, frame)?,
            _ => {}
        }
        Ok(())
    }

    fn settings(&mut self, parameters: &[u8]) {
        for parameter in parameters.chunks_exact(6) {
            if let [0, 4, value @ ..] = parameter {
                let value = value.first_chunk().map_or(0, |four| i64::from(u32::from_be_bytes(*four)));
                let more = value.saturating_sub(self.initial);
                self.initial = value;
                for stream in &mut self.streams {
                    stream.window = stream.window.saturating_add(more);
                }
            }
        }
    }

    /// A request, or its trailers.
    fn head_ended(&mut self, peer: &mut Peer, frame: &Frame) -> io::Result<()> {
        if !frame.has(flags::END_HEADERS) {
            return Ok(());
        }
        let Some((number, head, has_ended)) = self.head.take() else { return Ok(()) };
        let fields = self.decoder.decode(&head).map_err(|_| io::ErrorKind::InvalidData)?;
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.number == number) {
            stream.has_ended |= has_ended;
            if has_ended && stream.has_content {
                peer.count_body();
            }
            return Ok(());
        }
        let field = |wanted: &[u8]| {
            let found = fields.iter().find(|(name, _)| name.as_slice() == wanted);
            found.map_or_else(String::new, |(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let method = field(b":method");
        let is_first = peer.count(&method, &field(b":path"));
        self.streams.push(Stream {
            number,
            is_head: method == "HEAD",
            is_first,
            has_ended,
            has_content: false,
            steps: vec![self.script.answer],
            due: Instant::now(),
            window: self.initial,
            left: 0,
            turns: 0,
        });
        Ok(())
    }

    fn content(&mut self, peer: &mut Peer, frame: &Frame) -> io::Result<()> {
        let size = u32::try_from(frame.payload.len()).unwrap_or(0);
        let stream = self.streams.iter_mut().find(|stream| stream.number == frame.stream);
        let ended = frame.has(flags::END_STREAM);
        if size > 0 {
            peer.say(&Frame::bytes(Kind::WINDOW_UPDATE, 0, 0, &size.to_be_bytes()))?;
        }
        let Some(stream) = stream else { return Ok(()) };
        stream.has_content |= size > 0;
        stream.has_ended |= ended;
        if size > 0 && !ended {
            peer.say(&Frame::bytes(Kind::WINDOW_UPDATE, 0, frame.stream, &size.to_be_bytes()))?;
        }
        if ended && stream.has_content {
            peer.count_body();
        }
        Ok(())
    }
}

/// The bytes of a step on that stream, if it is nothing but bytes. The answer to a HEAD has no content (RFC 9110 section 9.3.2).
fn bytes(step: &Step, stream: u32, is_head: bool) -> Option<Vec<u8>> {
    let whole = |fields: Fields, end| {
        Frame::bytes(Kind::HEADERS, flags::END_HEADERS | end, stream, &block(fields.iter().copied()))
    };
    Some(match step {
        Step::Settings(parameters) => Frame::bytes(Kind::SETTINGS, 0, 0, parameters),
        Step::Head(fields) => whole(fields, 0),
        Step::Last(fields) => whole(fields, flags::END_STREAM),
        Step::Data(_) | Step::Flood(_) if is_head => Vec::new(),
        Step::Data(data) => Frame::bytes(Kind::DATA, 0, stream, data),
        Step::End(_) if is_head => Frame::bytes(Kind::DATA, flags::END_STREAM, stream, b""),
        Step::End(data) => Frame::bytes(Kind::DATA, flags::END_STREAM, stream, data),
        Step::Flood(length) => {
            let frame = Frame::bytes(Kind::DATA, 0, stream, &[b'x'; FRAME]);
            frame.repeat(length.div_ceil(FRAME))
        }
        Step::Reset(code) => Frame::bytes(Kind::RST_STREAM, 0, stream, &code.to_be_bytes()),
        Step::Goaway(last, code) => {
            let last = match last {
                Last::This => stream,
                Last::Below => stream.saturating_sub(2),
                Last::Max => 0x7fff_ffff,
            };
            Frame::bytes(Kind::GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
        }
        Step::Frame(kind, flags, on, payload) => {
            let on = match on {
                On::This => stream,
                On::Number(number) => *number,
            };
            Frame::bytes(*kind, *flags, on, payload)
        }
        Step::Huge(length) => huge(stream, *length),
        Step::Bytes(bytes) => bytes.to_vec(),
        Step::NoAck
        | Step::Flow(_)
        | Step::Pause(_)
        | Step::Times(..)
        | Step::Upload
        | Step::Once(_)
        | Step::Then(_)
        | Step::Cut => return None,
    })
}

/// A good head but for its size: fields of 8 KiB.
fn huge(stream: u32, length: usize) -> Vec<u8> {
    let value = "x".repeat(8192);
    let fields = std::iter::repeat_n(("x-large", value.as_str()), length.div_ceil(8192));
    let whole = block([(":status", "200")].into_iter().chain(fields));
    let mut pieces = whole.chunks(FRAME).peekable();
    let (mut bytes, mut kind) = (Vec::new(), Kind::HEADERS);
    while let Some(piece) = pieces.next() {
        let end = if pieces.peek().is_none() { flags::END_HEADERS } else { 0 };
        bytes.extend(Frame::bytes(kind, end, stream, piece));
        kind = Kind::CONTINUATION;
    }
    bytes
}
