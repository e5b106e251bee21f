//! `Frames`: what passed on a connection that speaks HTTP/2, frame by frame.
//!
//! One connection carries many exchanges, so that nothing here is of one of them: how the next hop began, which rule it
//! broke first, what its `GOAWAY` said. HTTP libraries call most of that a "protocol error", or the end of a connection.
//! The headers of frames are read, and the first bytes of what is in them; header blocks are not.

use crate::fault::{Class, Code, Confidence, Fault, FaultKind, Phase, ToldBy, of_goaway};
use crate::h1::sniff::{Sniffed, sniff_at_end};

use super::observer::Ended;

/// The header of a frame (RFC 9113 section 4.1).
const HEADER: usize = 9;
/// How many of the first bytes are kept: enough to say what begins so, if HTTP/2 does not.
const FIRST: usize = 64;
/// How much is kept of what is in a frame.
const BEGINNING: usize = 8;
/// What a client says before its first frame (section 3.4).
const PREFACE: usize = 24;
/// The largest frame, unless we said otherwise (section 6.5.2), and a window that nobody changed.
const LARGEST: u32 = 16_384;
const WINDOW: u32 = 65_535;
/// "A flow-control window MUST NOT exceed 2^31-1" (section 6.9.1).
const MOST: u64 = 0x7fff_ffff;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// A parameter of `SETTINGS`.
const MAX_HEADER_LIST_SIZE: u16 = 6;

const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const HAS_PRIORITY: u8 = 0x20;

/// What passed on one connection that speaks HTTP/2: counts, the first bytes, the first rule that was broken, the last
/// `GOAWAY`, and how it ended. Less than 300 bytes, whatever passes.
///
/// It has no IO: tokio's adapter feeds one, and so can any other.
///
/// ```
/// use badgateway::fault::{Class, Fault, FaultKind};
/// use badgateway::tap::Frames;
///
/// let mut frames = Frames::new();
/// frames.wrote(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/// frames.read(b"HTTP/1.1 400 Bad Request\r\n\r\n");
/// // The HTTP library says "frame with invalid size".
/// let fault = frames.refine(Fault::new(FaultKind::H2ProtocolError));
/// assert_eq!(fault.class(), Some(Class::Http2Http1));
/// ```
#[derive(Clone, Debug)]
pub struct Frames {
    incoming: Follower,
    outgoing: Follower,
    /// Of the preface, not yet written.
    preface: usize,
    first: [u8; FIRST],
    received: u64,
    sent: u64,
    /// The next hop's first frame has come.
    is_begun: bool,
    /// The stream of a header block that is not over.
    block: Option<u32>,
    /// The length of the last header block, as far as it came, and the largest that we said we take.
    block_length: u32,
    block_limit: u32,
    /// The highest stream that was opened.
    opened: u32,
    /// Of the connection, as the next hop has it, and what was written of it.
    window: u64,
    taken: u64,
    /// The smallest that a stream began with.
    initial: u32,
    goaway: Option<Goaway>,
    /// The first rule whose breach is an error of the connection, and the last whose breach is one of a stream.
    broken: Option<(Class, u64)>,
    of_a_stream: Option<(Class, u64)>,
    is_overlooked: bool,
    ended: Option<Ended>,
}

/// A rule that was broken, and whose error that is (section 5.4).
enum Broken {
    Connection(Class),
    /// The same, and h2 does not see it.
    Overlooked(Class),
    Stream(Class),
}

/// What a `GOAWAY` said ([RFC 9113, section 6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)] // the frame has these two
pub struct Goaway {
    /// Streams above this one were not processed.
    pub last_stream: u32,
    /// Why.
    pub code: u32,
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

impl Frames {
    /// For a connection on which nothing has passed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            incoming: Follower::new(),
            outgoing: Follower::new(),
            preface: PREFACE,
            first: [0; FIRST],
            received: 0,
            sent: 0,
            is_begun: false,
            block: None,
            block_length: 0,
            block_limit: u32::MAX,
            opened: 0,
            window: WINDOW as u64,
            taken: 0,
            initial: WINDOW,
            goaway: None,
            broken: None,
            of_a_stream: None,
            is_overlooked: false,
            ended: None,
        }
    }

    /// These bytes were taken by the connection.
    pub fn wrote(&mut self, mut bytes: &[u8]) {
        self.sent = self.sent.saturating_add(bytes.len() as u64);
        let (preface, rest) = bytes.split_at_checked(self.preface).unwrap_or((bytes, &[]));
        self.preface = self.preface.saturating_sub(preface.len());
        bytes = rest;
        while let Some(event) = self.outgoing.next(&mut bytes) {
            match event {
                // Streams are opened in order (section 5.1.1).
                Event::Head(Head { kind: HEADERS, stream, .. }) => self.opened = self.opened.max(stream),
                Event::Head(Head { kind: DATA, length, .. }) => {
                    self.taken = self.taken.saturating_add(u64::from(length))
                }
                Event::Parameter(MAX_HEADER_LIST_SIZE, limit) => self.block_limit = limit,
                Event::Head(_) | Event::Parameter(..) | Event::Beginning(..) => {}
            }
        }
    }

    /// These bytes came. None at all is not an end: that is [`ended`](Self::ended).
    pub fn read(&mut self, mut bytes: &[u8]) {
        let at = usize::try_from(self.received).unwrap_or(FIRST).min(FIRST);
        if let Some(room) = self.first.get_mut(at..) {
            let n = room.len().min(bytes.len());
            if let (Some(to), Some(from)) = (room.get_mut(..n), bytes.get(..n)) {
                to.copy_from_slice(from);
            }
        }
        let end = self.received.saturating_add(bytes.len() as u64);
        self.received = end;
        while self.broken.is_none() {
            let Some(event) = self.incoming.next(&mut bytes) else { break };
            let Some(broken) = self.look(event) else { continue };
            let offset = end.saturating_sub(bytes.len().saturating_add(self.incoming.used) as u64);
            match broken {
                Broken::Connection(class) => self.broken = Some((class, offset)),
                Broken::Overlooked(class) => (self.broken, self.is_overlooked) = (Some((class, offset)), true),
                Broken::Stream(class) => self.of_a_stream = Some((class, offset)),
            }
        }
    }

    /// The connection ended. The first end counts, except that a mere failure (of a write, say) gives way to what the
    /// reads then say.
    pub fn ended(&mut self, how: Ended) {
        if matches!(self.ended, None | Some(Ended::Failed(_))) {
            self.ended = Some(how);
        }
    }

    /// Bytes that the connection took, of all exchanges.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes that came, of all exchanges.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The first bytes that came: at most 64.
    #[must_use]
    pub fn first_bytes(&self) -> &[u8] {
        self.first.get(..usize::try_from(self.received).unwrap_or(FIRST).min(FIRST)).unwrap_or_default()
    }

    /// The last `GOAWAY`.
    #[must_use]
    pub const fn goaway(&self) -> Option<Goaway> {
        self.goaway
    }

    /// How the connection ended, if it has.
    #[must_use]
    pub const fn how_it_ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Whether no new stream may be opened: the next hop has said so, has broken a rule, or the connection has ended.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.goaway.is_some() || self.broken.is_some() || self.ended.is_some()
    }

    /// The first rule of RFC 9113 that the next hop broke, as far as frames tell, and whose breach is an error of the
    /// connection (section 5.4.1); and the offset of the frame from the first byte of the connection. Nothing that came behind
    /// it is looked at any more.
    #[must_use]
    pub const fn broken(&self) -> Option<(Class, u64)> {
        self.broken
    }

    /// Whether that has to be acted upon here, because h2 0.4 does not see it: another first frame than `SETTINGS`, a
    /// `SETTINGS_ENABLE_PUSH` of 1, a stream's window above 2^31-1.
    #[must_use]
    pub const fn is_overlooked(&self) -> bool {
        self.is_overlooked
    }

    /// The same fault, as precise as the frames allow; a fault that is precise already comes back as it is.
    ///
    /// - What the library calls a protocol error, or could not tell from the end of the connection, is the rule that was
    ///   broken.
    /// - [`GoawayUnprocessed`](FaultKind::GoawayUnprocessed) is [`Goaway`](FaultKind::Goaway) where the `GOAWAY` spares every
    ///   stream that was opened: then it proves nothing.
    /// - A connection that ended behind a `GOAWAY` ended by it: with its code, and, where there was none, as
    ///   [`Goaway`](FaultKind::Goaway). Of a stream that is below its last stream nobody knows whether it was processed.
    #[must_use]
    pub fn refine(&self, fault: Fault) -> Fault {
        if fault.class().is_some() {
            return fault;
        }
        if fault.kind() == FaultKind::GoawayUnprocessed {
            return self.proven(fault);
        }
        let fault = self.ended_first(fault);
        let is_end = matches!(fault.kind().told_by(), ToldBy::End | ToldBy::All);
        let is_broken = fault.kind() == FaultKind::H2ProtocolError;
        let broken = self.look_back().filter(|_| is_end || is_broken);
        if let Some((class, offset)) = broken.or_else(|| self.of_a_stream.filter(|_| is_broken)) {
            let is_of_trailers = class == Class::TooLargeHeaderBytes && fault.phase() >= Phase::Body;
            let class = if is_of_trailers { Class::TooLargeTrailers } else { class };
            return as_kind(class.kind(), fault).with_class(class).with_offset(offset);
        }
        match self.goaway {
            Some(Goaway { code, .. }) if is_end && (code != 0 || fault.phase() < Phase::Body) => {
                as_kind(of_goaway(code), fault).with_code(Code::H2(code))
            }
            Some(_) | None => fault,
        }
    }

    /// h2 fails a stream with a `GOAWAY` only where that does not spare it. hyper looks at the connection once more when it has
    /// sent a request, and fails that with what it finds there: with a `GOAWAY` that came meanwhile, though the request may have
    /// been taken. Then it is the last stream that was opened.
    fn proven(&self, fault: Fault) -> Fault {
        match self.goaway {
            // Where no stream was opened, none was sent.
            Some(goaway) if self.opened > 0 && goaway.last_stream >= self.opened => {
                as_kind(FaultKind::Goaway, fault).with_code(Code::H2(goaway.code))
            }
            Some(_) | None => fault,
        }
    }

    /// Of a request that waits for its turn when the connection ends, hyper says "dispatch task is gone", as of a task that
    /// was dropped here. It was not: this saw the connection end, or what ends it.
    fn ended_first(&self, fault: Fault) -> Fault {
        let is_gone = fault.kind() == FaultKind::ProxyInternal && fault.confidence() == Confidence::Text;
        match self.ended {
            _ if !is_gone || !self.is_closing() => fault,
            Some(Ended::Reset(_)) => as_kind(FaultKind::ResetBeforeResponse, fault),
            Some(_) | None => as_kind(FaultKind::ClosedBeforeResponse, fault),
        }
    }

    /// Whether the next hop began with anything but HTTP/2.
    #[cfg_attr(not(feature = "tokio1"), allow(dead_code))]
    pub(crate) fn began_otherwise(&self) -> bool {
        !self.is_begun && self.look_back().is_some()
    }

    /// What was broken. Of a connection that ended before its first frame, what came is no HTTP/2.
    fn look_back(&self) -> Option<(Class, u64)> {
        let is_cut = !self.is_begun && self.ended.is_some() && self.received > 0;
        self.broken.or_else(|| is_cut.then(|| (self.beginning(), 0)))
    }

    /// What it is that begins otherwise than HTTP/2.
    fn beginning(&self) -> Class {
        // Of as many bytes as there always are when it is asked, so that their pieces do not matter.
        let first = self.first_bytes();
        match sniff_at_end(first.get(..HEADER).unwrap_or(first)) {
            Sniffed::Http1 => Class::Http2Http1,
            Sniffed::NotHttp(class) if class.general() == Class::NotHttpHttp2Frame => Class::Http2FirstFrame,
            Sniffed::NotHttp(Class::NotHttpOther) if self.incoming.is_plausible() => Class::Http2FirstFrame,
            Sniffed::NotHttp(class) => class,
            Sniffed::Undecided => Class::Http2FirstFrame,
        }
    }

    /// Which rule this breaks.
    fn look(&mut self, event: Event) -> Option<Broken> {
        match event {
            Event::Head(head) if !self.is_begun => {
                // "The server connection preface consists of a potentially empty SETTINGS frame that MUST be the first
                // frame the server sends in the HTTP/2 connection" (section 3.4).
                if (head.kind, head.flags & ACK, head.stream) != (SETTINGS, 0, 0) || head.length > LARGEST {
                    return Some(Broken::Overlooked(self.beginning()));
                }
                self.is_begun = true;
                self.frame(head)
            }
            Event::Head(head) => self.frame(head),
            Event::Parameter(number, value) => self.setting(number, value),
            Event::Beginning(head, bytes) => self.content(head, bytes),
        }
    }

    /// By the header of the frame alone (sections 4.2, 5.1, 6.1 to 6.10).
    fn frame(&mut self, head: Head) -> Option<Broken> {
        let Head { length, kind, flags, stream } = head;
        if length > LARGEST {
            return Some(Broken::Connection(Class::Http2FrameSize));
        }
        let is_awaited = self.block.map_or(kind != CONTINUATION, |open| kind == CONTINUATION && stream == open);
        if !is_awaited {
            return Some(Broken::Connection(Class::Http2Continuation));
        }
        let is_of_a_stream = match kind {
            DATA | HEADERS | PRIORITY | RST_STREAM | PUSH_PROMISE | CONTINUATION => true,
            SETTINGS | PING | GOAWAY => false,
            // Of either, or of nobody knows what.
            _ => stream != 0,
        };
        if is_of_a_stream != (stream != 0) {
            return Some(Broken::Connection(Class::Http2Stream));
        }
        let is_sized = match kind {
            PRIORITY if length != 5 => return Some(Broken::Stream(Class::Http2FrameSize)),
            RST_STREAM | WINDOW_UPDATE => length == 4,
            SETTINGS if flags & ACK != 0 => length == 0,
            SETTINGS => length % 6 == 0,
            PING => length == 8,
            GOAWAY => length >= 8,
            _ => true,
        };
        if !is_sized {
            return Some(Broken::Connection(Class::Http2FrameSize));
        }
        if kind == PUSH_PROMISE {
            return Some(Broken::Connection(Class::Http2Push));
        }
        let needs_one = matches!(kind, DATA | HEADERS | RST_STREAM | WINDOW_UPDATE);
        if needs_one && stream != 0 && (stream % 2 == 0 || stream > self.opened) {
            return Some(Broken::Connection(Class::Http2IdleStream));
        }
        if matches!(kind, HEADERS | CONTINUATION) {
            self.block = (flags & END_HEADERS == 0).then_some(stream);
            let before = if kind == HEADERS { 0 } else { self.block_length };
            self.block_length = before.saturating_add(length);
            // The limit is for "the uncompressed size of field lines, [...] plus an overhead of 32 octets for each field line"
            // (section 6.5.2), which is more than their block is long.
            if self.block_length > self.block_limit {
                return Some(Broken::Stream(Class::TooLargeHeaderBytes));
            }
        }
        None
    }

    /// Section 6.5.2. What is not known there is ignored.
    fn setting(&mut self, number: u16, value: u32) -> Option<Broken> {
        let is_right = match number {
            // "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1 as a connection error."
            2 if value == 1 => return Some(Broken::Overlooked(Class::Http2Settings)),
            2 => value == 0,
            4 => {
                self.initial = self.initial.min(value);
                u64::from(value) <= MOST
            }
            5 => (LARGEST..=0x00ff_ffff).contains(&value),
            _ => true,
        };
        (!is_right).then_some(Broken::Connection(Class::Http2Settings))
    }

    fn content(&mut self, head: Head, bytes: [u8; BEGINNING]) -> Option<Broken> {
        let [first, second, third, fourth, rest @ ..] = bytes;
        let number = u32::from_be_bytes([first, second, third, fourth]) & 0x7fff_ffff;
        match head.kind {
            DATA | HEADERS if head.flags & PADDED != 0 => {
                let priority = if head.kind == HEADERS && head.flags & HAS_PRIORITY != 0 { 5 } else { 0 };
                let room = head.length.saturating_sub(1).saturating_sub(priority);
                (u32::from(first) > room).then_some(Broken::Connection(Class::Http2Padding))
            }
            GOAWAY => {
                // "Endpoints MUST NOT increase the value they send in the last stream identifier."
                let last_stream = self.goaway.map_or(number, |before| before.last_stream.min(number));
                self.goaway = Some(Goaway { last_stream, code: u32::from_be_bytes(rest) });
                None
            }
            WINDOW_UPDATE if number == 0 && head.stream != 0 => Some(Broken::Stream(Class::Http2Window)),
            WINDOW_UPDATE if number == 0 => Some(Broken::Connection(Class::Http2Window)),
            WINDOW_UPDATE if head.stream == 0 => {
                self.window = self.window.saturating_add(u64::from(number));
                (self.window.saturating_sub(self.taken) > MOST).then_some(Broken::Connection(Class::Http2Window))
            }
            // No stream has taken more than all have.
            WINDOW_UPDATE => {
                let least = u64::from(self.initial).saturating_add(u64::from(number)).saturating_sub(self.taken);
                (least > MOST).then_some(Broken::Overlooked(Class::Http2Window))
            }
            _ => None,
        }
    }
}

/// The fault as that kind, in its phase; found by bytes and not by text.
fn as_kind(kind: FaultKind, fault: Fault) -> Fault {
    let sharper = if fault.kind() == kind { fault } else { Fault::new(kind).at(fault.phase()) };
    sharper.with_confidence(Confidence::Typed)
}

/// The header of a frame.
#[derive(Clone, Copy, Debug)]
struct Head {
    length: u32,
    kind: u8,
    flags: u8,
    stream: u32,
}

/// What the next byte belongs to.
#[derive(Clone, Debug)]
struct Follower {
    header: [u8; HEADER],
    /// Bytes of the header, and then of the frame, so far.
    used: usize,
    head: Head,
    /// Bytes in the frame that have not come.
    left: u32,
    small: [u8; BEGINNING],
    kept: usize,
}

enum Event {
    Head(Head),
    /// One of `SETTINGS`.
    Parameter(u16, u32),
    /// The first bytes of what is in a frame.
    Beginning(Head, [u8; BEGINNING]),
}

impl Follower {
    const fn new() -> Self {
        Self {
            header: [0; HEADER],
            used: 0,
            head: Head { length: 0, kind: 0, flags: 0, stream: 0 },
            left: 0,
            small: [0; BEGINNING],
            kept: 0,
        }
    }

    /// Whether what was taken for a header could be one.
    const fn is_plausible(&self) -> bool {
        self.used >= HEADER && self.head.kind <= CONTINUATION && self.head.length <= LARGEST
    }

    /// Takes as much as it needs to say the next thing. `None`: it needs more.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Event> {
        loop {
            if self.used >= HEADER && self.left == 0 {
                self.used = 0;
            }
            if self.used < HEADER {
                let room = self.header.get_mut(self.used..)?;
                let n = take(room, bytes);
                self.used = self.used.saturating_add(n);
                if self.used < HEADER {
                    return None;
                }
                let [l1, l2, l3, kind, flags, s1, s2, s3, s4] = self.header;
                let length = u32::from_be_bytes([0, l1, l2, l3]);
                let stream = u32::from_be_bytes([s1, s2, s3, s4]) & 0x7fff_ffff;
                self.head = Head { length, kind, flags, stream };
                (self.left, self.kept, self.small) = (length, 0, [0; BEGINNING]);
                return Some(Event::Head(self.head));
            }
            if bytes.is_empty() {
                return None;
            }
            let size = if self.head.kind == SETTINGS { 6 } else { BEGINNING };
            let wanted = usize::try_from(self.head.length).unwrap_or(size).min(size);
            let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(wanted.saturating_sub(self.kept));
            if room > 0 {
                let n = take(self.small.get_mut(self.kept..self.kept.saturating_add(room))?, bytes);
                self.kept = self.kept.saturating_add(n);
                self.passed(n);
                if self.kept < wanted {
                    return None;
                }
                if self.head.kind != SETTINGS {
                    return Some(Event::Beginning(self.head, self.small));
                }
                self.kept = 0;
                let [n1, n2, v1, v2, v3, v4, ..] = self.small;
                return Some(Event::Parameter(u16::from_be_bytes([n1, n2]), u32::from_be_bytes([v1, v2, v3, v4])));
            }
            let n = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            *bytes = bytes.get(n..).unwrap_or_default();
            self.passed(n);
        }
    }

    fn passed(&mut self, n: usize) {
        self.used = self.used.saturating_add(n);
        self.left = self.left.saturating_sub(u32::try_from(n).unwrap_or(u32::MAX));
    }
}

/// Fills the room as far as there are bytes. How many.
fn take(room: &mut [u8], bytes: &mut &[u8]) -> usize {
    let n = room.len().min(bytes.len());
    if let (Some(to), Some((from, rest))) = (room.get_mut(..n), bytes.split_at_checked(n)) {
        to.copy_from_slice(from);
        *bytes = rest;
    }
    n
}
