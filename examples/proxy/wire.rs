//! What is seen of an HTTP/2 connection that h2 does not tell: whether the next hop speaks HTTP/2 at all, that it is
//! closing and what it has taken, when it was heard last, and that it ended.
//!
//! Only the headers of its frames are looked at (RFC 9113 section 4.1). The tap, which reads HTTP/1, would see nonsense.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use badgateway::fault::{Evidence, Fault, FaultKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Length, type, flags and stream.
const HEADER: usize = 9;
/// The same with the last stream behind it, of a `GOAWAY`.
const LONG: usize = HEADER + 4;
/// What a client begins with, before its first frame (RFC 9113 section 3.4).
const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// What the owner of a connection shares with its stream.
#[derive(Debug)]
pub(crate) struct Seen {
    since: Instant,
    /// Milliseconds from then to the last byte that came, and one more. 0: none came.
    heard: AtomicU64,
    is_closing: AtomicBool,
    /// The last stream that was opened, as far as it was written.
    opened: AtomicU32,
    /// The last stream that a `GOAWAY` spares.
    spared: AtomicU32,
    /// What the next hop began with, where that is no HTTP/2.
    foreign: OnceLock<Vec<u8>>,
    /// Told when h2 has read what came: the number of streams that it may open can be another then.
    changed: Arc<Notify>,
}

impl Seen {
    pub(crate) fn new(changed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            since: Instant::now(),
            heard: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            opened: AtomicU32::new(0),
            spared: AtomicU32::new(u32::MAX),
            foreign: OnceLock::new(),
            changed,
        })
    }

    /// Whether anything came: its `SETTINGS` first of all.
    pub(crate) fn has_spoken(&self) -> bool {
        self.heard.load(Ordering::Acquire) > 0
    }

    /// How long nothing has come.
    pub(crate) fn silent_for(&self) -> Duration {
        let heard = Duration::from_millis(self.heard.load(Ordering::Acquire).saturating_sub(1));
        self.since.elapsed().saturating_sub(heard)
    }

    /// Whether the next hop takes no new streams on it (RFC 9113 section 6.8), or it has ended.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Whether its `GOAWAY` spares all streams that were opened.
    ///
    /// h2 fails a stream with a `GOAWAY` only where it does not spare it, which is proof that it was not processed. But hyper
    /// looks at the connection once more when it has sent a request, and fails that with what it finds there: with a
    /// `GOAWAY` that came meanwhile, though the request was taken. Then it is the last stream, and nothing is proved.
    pub(crate) fn spares_all(&self) -> bool {
        self.spared.load(Ordering::Acquire) >= self.opened.load(Ordering::Acquire)
    }

    /// What is wrong where the next hop speaks something else, and what it said.
    pub(crate) fn foreign(&self) -> Option<(Fault, Evidence)> {
        let said = self.foreign.get()?;
        let kind = if said.starts_with(b"HTTP/") { FaultKind::Http11Required } else { FaultKind::H2ProtocolError };
        Some((Fault::new(kind), Evidence::new().with_first_bytes(said)))
    }

    fn hear(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now.saturating_add(1), Ordering::Release);
    }

    fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }
}

/// Follows the frames that go one way.
#[derive(Debug)]
struct Frames {
    header: [u8; LONG],
    /// So many bytes of a header have come.
    filled: usize,
    /// So many bytes of the frame behind it, or of the preface, are still to come.
    left: usize,
}

/// A frame, as far as it is looked at.
struct Frame {
    kind: u8,
    stream: u32,
    /// Of a `GOAWAY`.
    last: u32,
}

impl Frames {
    const fn behind(preface: usize) -> Self {
        Self { header: [0; LONG], filled: 0, left: preface }
    }

    /// The next frame whose header ends in these bytes, and the bytes behind it.
    fn next<'a>(&mut self, mut bytes: &'a [u8]) -> Option<(Frame, &'a [u8])> {
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let (first, rest) = bytes.split_first()?;
            if let Some(place) = self.header.get_mut(self.filled) {
                *place = *first;
            }
            (self.filled, bytes) = (self.filled + 1, rest);
            let [a, b, c, kind, _, stream1, stream2, stream3, stream4, last @ ..] = self.header;
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let whole = if kind == GOAWAY && length >= LONG - HEADER { LONG } else { HEADER };
            if self.filled >= whole.max(HEADER) {
                self.left = (HEADER + length).saturating_sub(self.filled);
                self.filled = 0;
                // The first bit is reserved (RFC 9113 sections 4.1 and 6.8).
                let number = |bytes| u32::from_be_bytes(bytes) & (u32::MAX >> 1);
                let stream = number([stream1, stream2, stream3, stream4]);
                return Some((Frame { kind, stream, last: number(last) }, bytes));
            }
        }
    }
}

/// A connection that carries HTTP/2: directly under hyper.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    io: S,
    seen: Arc<Seen>,
    came: Frames,
    went: Frames,
    /// The next hop has said its first frame.
    has_begun: bool,
    /// What came has been handed on, and not been asked for more since.
    is_news: bool,
}

impl<S> Wire<S> {
    pub(crate) fn new(io: S, seen: Arc<Seen>) -> Self {
        let (came, went) = (Frames::behind(0), Frames::behind(PREFACE));
        Self { io, seen, came, went, has_begun: false, is_news: false }
    }

    /// Looks at what came. False where it is no HTTP/2: "the server connection preface consists of a potentially empty SETTINGS
    /// frame that MUST be the first frame" (RFC 9113 section 3.4).
    fn look(&mut self, mut bytes: &[u8]) -> bool {
        // Whoever speaks something else may not say as much as a header.
        if !self.has_begun && bytes.get(3).is_some_and(|kind| *kind != SETTINGS) {
            return false;
        }
        while let Some((frame, rest)) = self.came.next(bytes) {
            if !std::mem::replace(&mut self.has_begun, true) && frame.kind != SETTINGS {
                return false;
            }
            if frame.kind == GOAWAY {
                self.seen.spared.store(frame.last, Ordering::Release);
                self.seen.close();
            }
            bytes = rest;
        }
        true
    }

    /// Looks at what went.
    fn wrote(&mut self, mut bytes: &[u8]) {
        while let Some((frame, rest)) = self.went.next(bytes) {
            if frame.kind == HEADERS {
                self.seen.opened.fetch_max(frame.stream, Ordering::AcqRel);
            }
            bytes = rest;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.is_news) {
            this.seen.changed.notify_waiters();
        }
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut this.io).poll_read(cx, buf));
        let came = buf.filled().get(before..).unwrap_or_default();
        if came.is_empty() {
            this.seen.close();
            // Of an end h2 makes a broken pipe, and then it cannot be told from one. A reset it names.
            return Poll::Ready(result.and_then(|()| match buf.remaining() {
                0 => Ok(()),
                _ => Err(ErrorKind::UnexpectedEof.into()),
            }));
        }
        this.seen.hear();
        this.is_news = true;
        if !this.look(came) {
            // Of the rest nobody could make anything.
            let _ = this.seen.foreign.set(came.to_vec());
            this.seen.close();
            return Poll::Ready(Err(ErrorKind::InvalidData.into()));
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write(cx, buf))?;
        this.wrote(buf.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let taken = left.min(buf.len());
            this.wrote(buf.get(..taken).unwrap_or_default());
            left -= taken;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
