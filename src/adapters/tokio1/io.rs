//! The tap on tokio's `AsyncRead + AsyncWrite`: above TLS, below `TokioIo`.
//!
//! It forwards every call as it is, copies no byte of it, and only then tells the observer. As a wrapper of
//! hyper's own traits it would have to copy, because their read cursor shows nobody what was filled.
//!
//! One thing it holds back: the error of a write, while what had come before it is still to be read. A server that
//! answers before it has read the request (413, 401) and closes resets whoever still writes, and the HTTP library that
//! hears of that first gives up, with the answer unread in the socket. Who sends a body is to look out for such an answer
//! meanwhile (RFC 9112 section 9.5): so the reads say first what there is.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use http::Method;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::body::End;
use crate::exchange::Exchange;
use crate::link::Link;
use crate::tap::{Ended, Observation, Observer};

pin_project! {
    /// A connection to the next hop with a [tap](crate::tap) on it.
    ///
    /// Put it around the stream that carries HTTP in the clear (the TCP stream, or the TLS stream on
    /// it), and under the HTTP library. The proxy keeps the [`TapHandle`] and makes three calls:
    ///
    /// ```
    /// use badgateway::adapters::tokio1::Tap;
    /// use badgateway::{Exchange, Fault, FaultKind};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let (stream, mut server) = tokio::io::duplex(1024);
    /// // 1. around a new connection
    /// let (mut io, tap) = Tap::new(stream);
    /// // 2. before each exchange on it
    /// tap.begin(&http::Method::GET);
    /// // ... the HTTP library does its work over `io` ...
    /// io.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    /// server.write_all(b"HTTP/1.1 20X Huh\r\n\r\n").await?;
    /// io.read(&mut [0; 100]).await?;
    /// // 3. and when it failed, with a fault that was made of its error
    /// let seen = tap.observation();
    /// let fault = seen.refine(Fault::new(FaultKind::BadStatusLine));
    /// let mut exchange = Exchange::default();
    /// seen.fill(&mut exchange);
    ///
    /// assert_eq!(fault.class().unwrap().as_str(), "status_line.code");
    /// assert_eq!((fault.offset(), exchange.sent), (Some(11), Some(27)));
    /// # Ok::<_, std::io::Error>(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    #[project = TapProjection]
    pub struct Tap<T> {
        #[pin]
        io: T,
        handle: TapHandle,
        // The error of a write, until the reads have come to their end.
        held: Option<Box<Held>>,
        reads: Reads,
    }
}

/// Who reads while the request is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    /// Nobody, since the last write.
    No,
    Yes,
    /// There is nothing more to read.
    Ended,
}

impl Reads {
    fn asked(&mut self) {
        if *self == Self::No {
            *self = Self::Yes;
        }
    }

    fn wrote(&mut self) {
        if *self == Self::Yes {
            *self = Self::No;
        }
    }
}

/// An error of a write that waits for the reads.
#[derive(Debug)]
struct Held {
    error: io::Error,
    writer: Waker,
    // How often somebody wrote since, and nobody read.
    unread: u8,
}

/// A library that reads as well may write, and flush, and flush again, before it does: hyper flushes what it has written.
/// One that has not read by then writes first and reads afterwards. It would wait for ever.
const UNREAD: u8 = 4;

/// The other end of a [`Tap`]: what the owner of the connection keeps. Clones show the same tap.
#[derive(Clone, Debug)]
pub struct TapHandle {
    observer: Arc<Mutex<Observer>>,
}

impl<T> Tap<T> {
    /// A tap on this connection, on which nothing has passed yet.
    #[must_use]
    pub fn new(io: T) -> (Self, TapHandle) {
        let handle = TapHandle { observer: Arc::new(Mutex::new(Observer::new())) };
        (Self::over(io, handle.clone()), handle)
    }

    const fn over(io: T, handle: TapHandle) -> Self {
        Self { io, handle, held: None, reads: Reads::No }
    }

    /// The same where nobody can say when an exchange begins, and with what method: the tap reads the requests.
    /// What is seen is asked for by the number of the exchange, from 1.
    #[cfg(feature = "hyper_util01")]
    pub(crate) fn following(io: T) -> (Self, TapHandle) {
        let handle = TapHandle { observer: Arc::new(Mutex::new(Observer::following())) };
        (Self::over(io, handle.clone()), handle)
    }

    /// The connection itself.
    #[must_use]
    pub const fn get_ref(&self) -> &T {
        &self.io
    }

    /// The connection without its tap. The handle keeps what was seen.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.io
    }
}

impl TapHandle {
    /// An exchange begins on this connection: call it before the request is handed to the HTTP
    /// library. See [`Observer::begin`].
    pub fn begin(&self, method: &Method) {
        self.lock().begin(method);
    }

    /// What has been seen of the current exchange.
    #[must_use]
    pub fn observation(&self) -> Observation {
        self.lock().observation()
    }

    /// Whether there is nothing to say about a good response. See [`Observer::is_flawless`].
    #[must_use]
    pub fn is_flawless(&self) -> bool {
        self.lock().is_flawless()
    }

    /// The response was handed on to its end. See [`Observer::whole`].
    pub fn whole(&self) {
        self.lock().whole();
    }

    /// When the last request byte so far was taken.
    #[must_use]
    pub fn last_write(&self) -> Option<Instant> {
        self.lock().last_write()
    }

    /// Whether this idle connection may be used again. See [`Observer::is_idle_clean`].
    #[must_use]
    pub fn is_idle_clean(&self) -> bool {
        self.lock().is_idle_clean()
    }

    /// How many exchanges have begun.
    #[cfg(feature = "hyper_util01")]
    pub(crate) fn exchanges(&self) -> u64 {
        self.lock().exchanges()
    }

    /// What one exchange's turn shows. `None` where the connection has gone on to another, or nobody knows.
    #[cfg(feature = "hyper_util01")]
    pub(crate) fn turn<R>(&self, number: u64, show: impl FnOnce(&mut Observer) -> R) -> Option<R> {
        let mut observer = self.lock();
        match number.checked_sub(observer.exchanges()) {
            Some(0) => Some(show(&mut observer)),
            // No byte of its request was written. What came unasked behind the last response is its.
            Some(1) if observer.is_following() => {
                let mut next = observer.clone();
                next.begin(&Method::GET);
                Some(show(&mut next))
            }
            Some(_) | None => None,
        }
    }

    /// Never panics: counts that a panic left half-written are better than none.
    fn lock(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, n: usize, bufs: &[IoSlice<'_>]) {
        let now = Instant::now();
        let mut observer = self.lock();
        if !observer.is_following() {
            return observer.wrote(n, now);
        }
        for bytes in taken(n, bufs) {
            observer.wrote_bytes(bytes, now);
        }
    }

    #[cold]
    fn failed(&self, error: &io::Error) {
        if let Some(how) = end_of(error) {
            self.lock().ended(how);
        }
    }
}

impl Link for TapHandle {
    fn observation(&self) -> Option<Observation> {
        Some(self.observation())
    }

    fn is_flawless(&self) -> bool {
        self.is_flawless()
    }

    fn ended(self: Box<Self>, end: End, _: &Exchange) {
        if end == End::Whole {
            self.whole();
        }
    }
}

impl<T> TapProjection<'_, T> {
    /// What a write of these came to.
    #[inline]
    fn wrote(self, cx: &Context<'_>, bufs: &[IoSlice<'_>], result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(n)) = result {
            self.handle.wrote(n, bufs);
            self.reads.wrote();
        }
        self.done(cx, result)
    }

    /// What a write or a flush came to.
    #[inline]
    fn done<R>(self, cx: &Context<'_>, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        match result {
            Poll::Ready(Err(error)) => self.hold(cx, error),
            Poll::Ready(Ok(_)) | Poll::Pending => result,
        }
    }

    #[cold]
    fn hold<R>(self, cx: &Context<'_>, error: io::Error) -> Poll<io::Result<R>> {
        if *self.reads == Reads::Ended || !is_end_of_writes(&error) {
            self.handle.failed(&error);
            return Poll::Ready(Err(error));
        }
        *self.held = Some(Box::new(Held { error, writer: cx.waker().clone(), unread: 0 }));
        // What there is to read may have come with the error, and nobody else may say so.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The next write or flush after one that failed. `None` where none has.
    #[inline]
    fn held<R>(&mut self, cx: &Context<'_>) -> Option<Poll<io::Result<R>>> {
        if self.held.is_some() { Some(self.still_held(cx)) } else { None }
    }

    #[cold]
    fn still_held<R>(&mut self, cx: &Context<'_>) -> Poll<io::Result<R>> {
        match self.held.take() {
            Some(held) if *self.reads == Reads::No && held.unread >= UNREAD => {
                self.handle.failed(&held.error);
                Poll::Ready(Err(held.error))
            }
            Some(mut held) => {
                if *self.reads == Reads::No {
                    held.unread = held.unread.saturating_add(1);
                    cx.waker().wake_by_ref();
                }
                held.writer.clone_from(cx.waker());
                *self.held = Some(held);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    /// The reads have ended like that: what a held error makes of it.
    fn read_to_end(&mut self, result: io::Result<()>) -> io::Result<()> {
        let Some(held) = self.held.take() else { return result };
        held.writer.wake();
        match result {
            // The kernel gives an error to one caller only, and to the next the end of file. `EPIPE` comes first where a
            // FIN had: then the end of file is one.
            Ok(()) if held.error.kind() != ErrorKind::BrokenPipe => Err(held.error),
            // A stream that was cut has no `close_notify`. Why it was cut is the better word.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && held.error.kind() != ErrorKind::BrokenPipe => {
                Err(held.error)
            }
            Ok(()) | Err(_) => result,
        }
    }
}

impl<T: AsyncRead> AsyncRead for Tap<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let before = buf.filled().len();
        let room = buf.remaining() > 0;
        this.reads.asked();
        let result = ready!(this.io.as_mut().poll_read(cx, buf));
        let new = buf.filled().get(before..).unwrap_or_default();
        if result.is_ok() && !new.is_empty() {
            let now = Instant::now();
            this.handle.lock().read(new, now);
            return Poll::Ready(result);
        }
        // Nothing read into a full buffer is not the end.
        if result.is_ok() && !room {
            return Poll::Ready(result);
        }
        *this.reads = Reads::Ended;
        let result = this.read_to_end(result);
        match &result {
            Ok(()) => this.handle.lock().ended(Ended::Clean),
            Err(error) => this.handle.failed(error),
        }
        Poll::Ready(result)
    }
}

impl<T: AsyncWrite> AsyncWrite for Tap<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        if let Some(held) = this.held(cx) {
            return held;
        }
        let result = this.io.as_mut().poll_write(cx, buf);
        this.wrote(cx, &[IoSlice::new(buf)], result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if let Some(held) = this.held(cx) {
            return held;
        }
        let result = this.io.as_mut().poll_flush(cx);
        this.done(cx, result)
    }

    /// An error here is not recorded: the exchange is over, and a peer that closed first makes one.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        if let Some(held) = this.held(cx) {
            return held;
        }
        let result = this.io.as_mut().poll_write_vectored(cx, bufs);
        this.wrote(cx, bufs, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// What a write that took so many bytes took of each of these.
pub(super) fn taken<'a>(n: usize, bufs: &'a [IoSlice<'a>]) -> impl Iterator<Item = &'a [u8]> {
    bufs.iter().scan(n, |left, buf| {
        let taken = buf.get(..*left).unwrap_or(buf);
        *left = left.saturating_sub(taken.len());
        Some(taken)
    })
}

/// Whether after this error of a write no other comes through, while what the peer had sent may still be read.
fn is_end_of_writes(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}

/// What an error of the connection says about its end; `None` for the two that are no end.
#[allow(clippy::wildcard_enum_match_arm)] // the standard library's list, and growing
pub(super) fn end_of(error: &io::Error) -> Option<Ended> {
    let errno = error.raw_os_error();
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock => None,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Some(Ended::Reset(errno)),
        ErrorKind::UnexpectedEof if names_close_notify(error) => Some(Ended::TlsTruncated),
        _ => Some(Ended::Failed(errno)),
    }
}

/// rustls gives a missing `close_notify` no type, only the text "peer closed connection without
/// sending TLS close_notify". The text is its own, no peer writes it.
fn names_close_notify(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.to_string().contains("close_notify"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_poisoned_lock_still_serves() {
        let (_, tap) = Tap::new(());
        let other = tap.clone();
        std::thread::spawn(move || {
            let _guard = other.lock();
            panic!("while the lock is held");
        })
        .join()
        .unwrap_err();
        assert!(tap.observer.is_poisoned());
        tap.begin(&Method::GET);
        assert!(tap.is_idle_clean());
        assert_eq!(tap.observation().received(), 0);
    }

    /// A request of which no byte was written has what came unasked, and nothing of the exchange before.
    #[cfg(feature = "hyper_util01")]
    #[test]
    fn every_turn_shows_its_own_exchange() {
        let (_, tap) = Tap::following(());
        let received = |number| tap.turn(number, |observer| observer.observation().received());
        let wrote = |bytes: &[u8]| tap.lock().wrote_bytes(bytes, Instant::now());
        let read = |bytes: &[u8]| tap.lock().read(bytes, Instant::now());

        assert_eq!((received(1), received(2)), (Some(0), None));
        wrote(b"GET / HTTP/1.1\r\n\r\n");
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!((received(1), received(2), received(3)), (Some(40), Some(0), None));
        read(b"HTTP/1.1 408 ");
        assert_eq!((received(1), received(2)), (Some(53), Some(13)));
        assert_eq!(received(1), Some(53), "to look at the next changes nothing");
        wrote(b"GET");
        assert_eq!((received(1), received(2), received(3)), (None, Some(13), Some(0)));
        // Where this request ends, nobody knows.
        wrote(b" / HTTP/1.1\r\nContent-Length: x\r\n\r\n");
        assert_eq!((received(2), received(3)), (Some(13), None));
    }
}
