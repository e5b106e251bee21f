//! The client's connection, with the things a server of HTTP/1 must be able to do to it and hyper has
//! no way to ask for.
//!
//! - **Reset**: a body that only the end of the connection delimits looks whole when it ends with an
//!   orderly FIN, so a cut one must end with a reset (RFC 9112 section 8).
//! - **Lingering close**: an answer given before the request body was read is lost when the kernel
//!   resets the connection for the unread bytes; so read and drop them for a while (RFC 9112 section 9.6).
//! - **Interim responses**: hyper's server has no way to send any (see [`Outbox`]).
//! - **Notice a reset** while nothing is being read or written. A client that only stops sending still
//!   wants its answer (`half_close`); one that reset the connection does not.

use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use badgateway::body::AbortHandle;
use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep};

/// How long, and for how many bytes, unread request bytes are dropped after the last answer.
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of interim responses that wait for a client that does not take them.
const ROOM: usize = 16 * 1024;

/// What the exchanges on a connection ask of it.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// End with a reset.
    pub(crate) abort: AbortHandle,
    /// Some of a request body was left unread.
    pub(crate) linger: AtomicBool,
    /// Write this in between.
    pub(crate) outbox: Outbox,
}

/// Interim responses on their way to the client.
///
/// Its one rule: they go out when hyper asks for a flush of what it has written, and at no other time. Its own
/// buffer is empty then, so that they stand between two messages and not within one. An exchange calls
/// [`close`](Self::close) before it hands out its final head, after which an interim response would be the
/// next request's.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Vec<u8>>,
    /// Nearly always there is nothing, and this is cheaper to ask.
    used: AtomicBool,
}

impl Outbox {
    /// Has these bytes written as soon as may be; drops them while there is no room.
    pub(crate) fn put(&self, bytes: &[u8]) {
        let mut waiting = self.lock();
        if waiting.len() + bytes.len() <= ROOM {
            waiting.extend_from_slice(bytes);
            self.used.store(true, Ordering::Release);
        }
    }

    /// The final head is next: lets what is waiting go first, if the client takes it, and drops the rest.
    pub(crate) async fn close(&self) {
        if self.used.load(Ordering::Acquire) && !self.lock().is_empty() {
            // hyper flushes whenever the exchange is pending.
            yield_now().await;
            self.lock().clear();
        }
    }

    fn take(&self) -> Vec<u8> {
        if self.used.load(Ordering::Acquire) { std::mem::take(&mut self.lock()) } else { Vec::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client's connection.
#[derive(Debug)]
pub(crate) struct Downstream {
    /// Shared with who waits for its reset.
    stream: Arc<TcpStream>,
    wishes: Arc<Wishes>,
    /// What is left of the interim responses that are going out.
    interim: Bytes,
    lingering: Option<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    until: Pin<Box<Sleep>>,
    dropped: usize,
}

impl Downstream {
    pub(crate) fn new(stream: Arc<TcpStream>, wishes: Arc<Wishes>) -> Self {
        Self { stream, wishes, interim: Bytes::new(), lingering: None }
    }
}

/// Waits until the client has reset its connection.
pub(crate) async fn reset(stream: &TcpStream) {
    loop {
        match stream.ready(Interest::ERROR).await {
            Ok(ready) if !ready.is_error() => yield_now().await,
            Ok(_) | Err(_) => return,
        }
    }
}

impl Drop for Downstream {
    fn drop(&mut self) {
        if self.wishes.abort.is_set() {
            // Unsent data is lost with it; hyper has had its chance to flush (see `body::Guarded`).
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Downstream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let mut read = false;
            let done = self.stream.try_io(Interest::READABLE, || {
                // Into the room as it is. To zero it first, hyper's whole buffer for a request of a hundred bytes,
                // would cost as much as to parse it.
                let bytes = self.stream.try_read_buf(buf)?;
                read = true;
                // Less than there was room for is all there was (epoll(7)): the next read waits for news, as tokio's
                // own does, and not for the system to say that there are none. Windows gives no news unless asked.
                if cfg!(unix) && bytes > 0 && buf.remaining() > 0 {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    Ok(())
                }
            });
            match done {
                _ if read => return Poll::Ready(Ok(())),
                Ok(()) => {}
                // The readiness was out of date; asking again waits for the next.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Downstream {
    /// Writes what is left of the interim responses that are going out.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let written = ready!(self.poll_try_write(cx, |stream| stream.try_write(&self.interim)))?;
            self.interim.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_try_write(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        self.poll_try_write(cx, |stream| stream.try_write(buf))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        self.poll_try_write(cx, |stream| stream.try_write_vectored(bufs))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_interim(cx))?;
        let more = self.wishes.outbox.take();
        if more.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.interim = more.into();
        self.poll_interim(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            if self.wishes.abort.is_set() {
                return Poll::Ready(Ok(()));
            }
            SockRef::from(&*self.stream).shutdown(Shutdown::Write)?;
            if !self.wishes.linger.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
            self.lingering = Some(Lingering { until: Box::pin(sleep(LINGER_FOR)), dropped: 0 });
        }
        let mut scratch = [0u8; 8192];
        loop {
            let Some(lingering) = &mut self.lingering else { return Poll::Ready(Ok(())) };
            if lingering.until.as_mut().poll(cx).is_ready() || lingering.dropped >= LINGER_BYTES {
                return Poll::Ready(Ok(()));
            }
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(self.as_mut().poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {
                    let read = buf.filled().len();
                    if let Some(lingering) = &mut self.lingering {
                        lingering.dropped = lingering.dropped.saturating_add(read);
                    }
                }
                // The client has closed, or is gone: nothing is left that could be lost.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}
