//! The client's connection, with the two things a server of HTTP/1 must be able to do to it and
//! hyper has no way to ask for.
//!
//! - **Reset**: a body that only the end of the connection delimits looks whole when it ends with an
//!   orderly FIN, so a cut one must end with a reset (RFC 9112 section 8).
//! - **Lingering close**: an answer given before the request body was read is lost when the kernel
//!   resets the connection for the unread bytes; so read and drop them for a while (RFC 9112 section 9.6).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use badgateway::body::AbortHandle;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How long, and for how many bytes, unread request bytes are dropped after the last answer.
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// What the exchanges on a connection ask of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// End with a reset.
    pub(crate) abort: AbortHandle,
    /// Some of a request body was left unread.
    pub(crate) linger: Arc<AtomicBool>,
}

/// The client's connection.
#[derive(Debug)]
pub(crate) struct Downstream {
    stream: TcpStream,
    wishes: Wishes,
    lingering: Option<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    until: Pin<Box<Sleep>>,
    dropped: usize,
}

impl Downstream {
    pub(crate) fn new(stream: TcpStream, wishes: Wishes) -> Self {
        Self { stream, wishes, lingering: None }
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
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingering.is_none() {
            if this.wishes.abort.is_set() {
                return Poll::Ready(Ok(()));
            }
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if !this.wishes.linger.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
        }
        let lingering =
            this.lingering.get_or_insert_with(|| Lingering { until: Box::pin(sleep(LINGER_FOR)), dropped: 0 });
        let mut scratch = [0u8; 8192];
        while lingering.until.as_mut().poll(cx).is_pending() && lingering.dropped < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => lingering.dropped += buf.filled().len(),
                // The client has closed, or is gone: nothing is left that could be lost.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
