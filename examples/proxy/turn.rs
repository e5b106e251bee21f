//! Who speaks first on a connection to a next hop: we do, in every exchange.
//!
//! "If a client receives data on a connection that doesn't have outstanding requests, the client MUST NOT consider that data
//! to be a response to a not-yet-issued request" (RFC 9112 section 9.2). hyper looks for such data, but it asks the
//! runtime, which may not have heard of it yet. So the kernel is asked, right before the first byte of a request is
//! written: nothing may lie there unread, nor half a TLS record with who decrypts.

use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::task::{Context, Poll, ready};

use badgateway::adapters::tokio1::Tap;
use badgateway::fault::{Fault, FaultKind};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::records::Records;

/// What the owner of a connection shares with its stream.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Nothing of the next request has been written.
    ours: AtomicBool,
    /// A TLS record has come in part.
    within: AtomicBool,
}

impl Turn {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { ours: AtomicBool::new(true), within: AtomicBool::new(false) })
    }

    /// A request is about to be sent.
    pub(crate) fn begin(&self) {
        self.ours.store(true, Ordering::Release);
    }

    /// Whether the next hop has begun to say something that nobody can read yet.
    pub(crate) fn is_within_record(&self) -> bool {
        self.within.load(Ordering::Acquire)
    }

    fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Acquire)
    }
}

/// The socket itself, under TLS where there is some.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    records: Option<Records>,
    turn: Arc<Turn>,
    /// The error that a look at it met, which the kernel tells once. 0: none.
    failed: AtomicI32,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, tls: bool, turn: &Arc<Turn>) -> Self {
        let (records, turn) = (tls.then(Records::default), Arc::clone(turn));
        Self { stream, records, turn, failed: AtomicI32::new(0) }
    }

    /// Whether bytes lie in the kernel. The end of the connection is none, nor is its failure: who reads or writes next will
    /// hear of it.
    fn has_unread(&self) -> bool {
        match SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]) {
            Ok(n) => n > 0,
            Err(error) => {
                let is_real = !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
                if let Some(errno) = error.raw_os_error().filter(|_| is_real) {
                    self.failed.store(errno, Ordering::Relaxed);
                }
                false
            }
        }
    }

    /// The failure that a look at it met.
    fn failure(&self) -> io::Result<()> {
        if self.failed.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        Err(io::Error::from_raw_os_error(self.failed.swap(0, Ordering::Relaxed)))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.failure()?;
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut this.stream).poll_read(cx, buf));
        if let Some(records) = &mut this.records {
            records.read(buf.filled().get(before..).unwrap_or_default());
            this.turn.within.store(records.is_within(), Ordering::Release);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.failure()?;
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.failure()?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// A stream that knows its socket.
pub(crate) trait Above {
    fn socket(&self) -> &Socket;
}

impl Above for Socket {
    fn socket(&self) -> &Socket {
        self
    }
}

impl Above for TlsStream<Socket> {
    fn socket(&self) -> &Socket {
        self.get_ref().0
    }
}

/// A connection that is ours to begin: directly under hyper, above the tap, which is to see what comes too early.
#[derive(Debug)]
pub(crate) struct Turns<S> {
    io: Tap<S>,
    turn: Arc<Turn>,
    /// The next hop spoke before we had. No request goes out any more.
    spoken: bool,
}

impl<S> Turns<S> {
    pub(crate) const fn new(io: Tap<S>, turn: Arc<Turn>) -> Self {
        Self { io, turn, spoken: false }
    }
}

impl<S: Above> Turns<S> {
    /// Whether a request may be written. Who reads as well, as hyper does, is woken when what keeps it back has been read.
    fn may_write(&self) -> Poll<io::Result<()>> {
        if self.spoken {
            return Poll::Ready(Err(unsolicited()));
        }
        if self.turn.is_ours() {
            if self.turn.is_within_record() || self.io.get_ref().socket().has_unread() {
                // It may be a ticket or a key update of TLS, which are no answers. Then the next look finds nothing.
                return Poll::Pending;
            }
            self.turn.ours.store(false, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }
}

fn unsolicited() -> io::Error {
    io::Error::other(Fault::new(FaultKind::UnsolicitedResponse))
}

impl<S: AsyncRead + Unpin> AsyncRead for Turns<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.spoken {
            return Poll::Ready(Err(unsolicited()));
        }
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut this.io).poll_read(cx, buf));
        if this.turn.is_ours() && buf.filled().len() > before {
            buf.set_filled(before);
            this.spoken = true;
            return Poll::Ready(Err(unsolicited()));
        }
        Poll::Ready(result)
    }
}

impl<S: Above + AsyncRead + AsyncWrite + Unpin> AsyncWrite for Turns<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.may_write())?;
        Pin::new(&mut this.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.may_write())?;
        Pin::new(&mut this.io).poll_write_vectored(cx, bufs)
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
