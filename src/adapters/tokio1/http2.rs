//! The tap on a connection that speaks HTTP/2: above TLS, below `TokioIo`.
//!
//! It forwards every call as it is, copies no byte of it, and then tells [`Frames`]. What breaks a rule that the HTTP library
//! overlooks ends the connection here.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::fault::{Evidence, Fault};
use crate::link::Link;
use crate::tap::{Ended, Frames};

use super::io::{end_of, taken};

pin_project! {
    /// A connection to a next hop that speaks HTTP/2, with a [tap](crate::tap::Frames) on it.
    ///
    /// Put it around the stream that carries HTTP/2 in the clear (the TCP stream, or the TLS stream on it), and under the HTTP
    /// library, and give its handle to each exchange that goes over it:
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "hyper1", feature = "http_body1"))] mod forward {
    /// use badgateway::adapters::tokio1::{Http2Tap, Http2TapHandle};
    /// use badgateway::InFlight;
    /// use tokio::net::TcpStream;
    ///
    /// async fn connect(hop: &str) -> std::io::Result<(Http2Tap<TcpStream>, Http2TapHandle)> {
    ///     Ok(Http2Tap::new(TcpStream::connect(hop).await?))
    ///     // ... hyper::client::conn::http2::handshake(executor, TokioIo::new(tap)) ...
    /// }
    ///
    /// fn goes_over(exchange: &InFlight, tap: &Http2TapHandle) {
    ///     exchange.over(tap.clone());
    /// }
    /// # }
    /// ```
    ///
    /// Where the next hop breaks a rule of HTTP/2 (RFC 9113), as far as its [frames](Frames::broken) tell, the library says so to it,
    /// and the tap says which it was. What h2 [overlooks](Frames::is_overlooked) the library does not get: the read fails with the
    /// fault, and with it the connection.
    #[derive(Debug)]
    pub struct Http2Tap<T> {
        #[pin]
        io: T,
        handle: Http2TapHandle,
    }
}

/// The other end of an [`Http2Tap`]: what the owner of the connection keeps, and the [`Link`] of each exchange that goes over
/// it. Clones show the same tap.
#[derive(Clone, Debug)]
pub struct Http2TapHandle {
    frames: Arc<Mutex<Frames>>,
}

impl<T> Http2Tap<T> {
    /// A tap on this connection, on which nothing has passed yet.
    #[must_use]
    pub fn new(io: T) -> (Self, Http2TapHandle) {
        let handle = Http2TapHandle { frames: Arc::new(Mutex::new(Frames::new())) };
        (Self { io, handle: handle.clone() }, handle)
    }

    /// The connection itself.
    #[must_use]
    pub const fn get_ref(&self) -> &T {
        &self.io
    }
}

impl Http2TapHandle {
    /// What has passed so far. A copy: it does not change any more.
    #[must_use]
    pub fn frames(&self) -> Frames {
        self.lock().clone()
    }

    /// Whether the next hop takes no new streams: it has said so by a `GOAWAY` (RFC 9113 section 6.8), has broken a rule, or the
    /// connection has ended.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.lock().is_closing()
    }

    /// Never panics: counts that a panic left half-written are better than none.
    fn lock(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, n: usize, bufs: &[IoSlice<'_>]) {
        let mut frames = self.lock();
        for bytes in taken(n, bufs) {
            frames.wrote(bytes);
        }
    }

    #[cold]
    fn failed(&self, error: &io::Error) {
        if let Some(how) = end_of(error) {
            self.lock().ended(how);
        }
    }
}

impl Link for Http2TapHandle {
    fn refine(&self, fault: Fault, evidence: &mut Evidence) -> Fault {
        let frames = self.lock();
        let sharper = frames.refine(fault);
        // What it is that began otherwise, it says best itself.
        if frames.began_otherwise() && sharper.offset() == Some(0) && !evidence.has_first_bytes() {
            *evidence = mem::take(evidence).with_first_bytes(frames.first_bytes());
        }
        sharper
    }
}

impl<T: AsyncRead> AsyncRead for Http2Tap<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buf.filled().len();
        let room = buf.remaining() > 0;
        let result = ready!(this.io.poll_read(cx, buf));
        let new = buf.filled().get(before..).unwrap_or_default();
        match &result {
            Ok(()) if !new.is_empty() => {
                let mut frames = this.handle.lock();
                frames.read(new);
                if let Some((class, _)) = frames.broken().filter(|_| frames.is_overlooked()) {
                    buf.set_filled(before);
                    return Poll::Ready(Err(io::Error::other(Fault::of_class(class))));
                }
            }
            // Nothing read into a full buffer is not the end.
            Ok(()) if room => this.handle.lock().ended(Ended::Clean),
            Ok(()) => {}
            Err(error) => this.handle.failed(error),
        }
        Poll::Ready(result)
    }
}

impl<T: AsyncWrite> AsyncWrite for Http2Tap<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let result = ready!(this.io.poll_write(cx, buf));
        match &result {
            Ok(n) => this.handle.wrote(*n, &[IoSlice::new(buf)]),
            Err(error) => this.handle.failed(error),
        }
        Poll::Ready(result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let result = ready!(this.io.poll_flush(cx));
        if let Err(error) = &result {
            this.handle.failed(error);
        }
        Poll::Ready(result)
    }

    /// An error here is not recorded: the connection is over, and a peer that closed first makes one.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        let result = ready!(this.io.poll_write_vectored(cx, bufs));
        match &result {
            Ok(n) => this.handle.wrote(*n, bufs),
            Err(error) => this.handle.failed(error),
        }
        Poll::Ready(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
