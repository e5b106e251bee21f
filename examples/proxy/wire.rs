//! What is seen of an HTTP/2 connection that h2 does not tell: whether the next hop speaks HTTP/2 at all, that it is
//! closing, when it was heard last, and that it ended.
//!
//! Only the headers of its frames are looked at (RFC 9113 section 4.1). The tap, which reads HTTP/1, would see nonsense.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use badgateway::fault::{Evidence, Fault, FaultKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Length, type, flags and stream.
const HEADER: usize = 9;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// What the owner of a connection shares with its stream.
#[derive(Debug)]
pub(crate) struct Seen {
    since: Instant,
    /// Milliseconds from then to the last byte that came, and one more. 0: none came.
    heard: AtomicU64,
    is_closing: AtomicBool,
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

/// Follows the frames that come.
#[derive(Debug, Default)]
struct Frames {
    header: [u8; HEADER],
    /// So many bytes of a header have come.
    filled: usize,
    /// So many bytes of the frame behind it are still to come.
    left: usize,
    has_begun: bool,
}

impl Frames {
    /// These bytes came. False where they are no HTTP/2: "the server connection preface consists of a potentially empty
    /// SETTINGS frame that MUST be the first frame" (RFC 9113 section 3.4).
    fn read(&mut self, mut bytes: &[u8], seen: &Seen) -> bool {
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((first, rest)) = bytes.split_first() else { return true };
            if let Some(place) = self.header.get_mut(self.filled) {
                *place = *first;
            }
            self.filled += 1;
            bytes = rest;
            let [long, middle, short, kind, ..] = self.header;
            if self.filled == 4 {
                if !self.has_begun && kind != SETTINGS {
                    return false;
                }
                if kind == GOAWAY {
                    seen.close();
                }
            }
            if self.filled == HEADER {
                self.left = usize::from(long) << 16 | usize::from(middle) << 8 | usize::from(short);
                (self.filled, self.has_begun) = (0, true);
            }
        }
    }
}

/// A connection that carries HTTP/2: directly under hyper.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    io: S,
    seen: Arc<Seen>,
    frames: Frames,
    /// What came has been handed on, and not been asked for more since.
    is_news: bool,
}

impl<S> Wire<S> {
    pub(crate) fn new(io: S, seen: Arc<Seen>) -> Self {
        Self { io, seen, frames: Frames::default(), is_news: false }
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
        if !this.frames.read(came, &this.seen) {
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
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
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
