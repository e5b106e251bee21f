//! What the owner of an HTTP/2 connection wants to hear at once: that the next hop is closing it or that it ended, and when it
//! was heard last. What it says is the tap's to read, which is below.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use badgateway::adapters::tokio1::{Http2Tap, Http2TapHandle};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// What the owner of a connection shares with its stream.
#[derive(Debug)]
pub(crate) struct Seen {
    since: Instant,
    /// Milliseconds from then to the last byte that came, and one more. 0: none came.
    heard: AtomicU64,
    /// Told when h2 has read what came: the number of streams that it may open can be another then.
    changed: Arc<Notify>,
}

impl Seen {
    pub(crate) fn new(changed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), heard: AtomicU64::new(0), changed })
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

    fn hear(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now.saturating_add(1), Ordering::Release);
    }
}

/// A connection that carries HTTP/2: directly under hyper.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    io: Http2Tap<S>,
    tap: Http2TapHandle,
    seen: Arc<Seen>,
    /// What came has been handed on, and not been asked for more since.
    is_news: bool,
    /// The owner was told that it is closing.
    is_closing: bool,
}

impl<S> Wire<S> {
    pub(crate) fn new(io: S, seen: Arc<Seen>) -> (Self, Http2TapHandle) {
        let (io, tap) = Http2Tap::new(io);
        (Self { io, tap: tap.clone(), seen, is_news: false, is_closing: false }, tap)
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
        if !this.is_closing && this.tap.is_closing() {
            this.is_closing = true;
            this.seen.changed.notify_waiters();
        }
        if came.is_empty() {
            // Of an end h2 makes a broken pipe, and then it cannot be told from one. A reset it names.
            return Poll::Ready(result.and_then(|()| match buf.remaining() {
                0 => Ok(()),
                _ => Err(ErrorKind::UnexpectedEof.into()),
            }));
        }
        this.seen.hear();
        this.is_news = true;
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
