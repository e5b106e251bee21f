//! `Untidy`: a socket under TLS whose end is an error.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};

#[cfg(feature = "tokio1")]
use std::pin::Pin;
#[cfg(feature = "tokio1")]
use std::task::{Context, Poll, ready};

#[cfg(feature = "tokio1")]
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket under OpenSSL or native-tls, so that the end of the connection is an error where `close_notify` is due before it.
///
/// Both give such an end as the end of the data, so that a body which only the end of the connection delimits looks whole
/// when it was cut (RFC 9112 section 9.8: "incomplete"). Behind `close_notify` neither reads on. So whatever reads the end of
/// the socket lacks `close_notify`, and this gives it an [`UnexpectedEof`](io::ErrorKind::UnexpectedEof), which a
/// [`Gateway`](crate::Gateway) knows: [`FaultKind::TlsTruncated`](crate::FaultKind::TlsTruncated) in such a body, and what an end
/// is elsewhere.
///
/// It is `Read` and `Write`, with the feature `tokio1` `AsyncRead` and `AsyncWrite` as well, and adds nothing to what passes.
///
/// ```
/// use badgateway::adapters::openssl010::Untidy;
/// use std::io::{self, Read};
///
/// let mut socket = Untidy::new(&b"data"[..]);
/// let mut data = [0; 4];
/// socket.read_exact(&mut data).unwrap();
/// assert_eq!(socket.read(&mut data).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
/// ```
#[derive(Debug)]
pub struct Untidy<S>(S);

impl<S> Untidy<S> {
    /// Around a socket, below TLS.
    pub const fn new(socket: S) -> Self {
        Self(socket)
    }

    /// The socket.
    pub const fn get_ref(&self) -> &S {
        &self.0
    }

    /// The socket. What is read from it past this may be its end.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.0
    }

    /// The socket again.
    pub fn into_inner(self) -> S {
        self.0
    }
}

/// The error of such an end.
#[derive(Debug)]
pub(super) struct NoCloseNotify;

impl fmt::Display for NoCloseNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection closed without TLS close_notify")
    }
}

impl Error for NoCloseNotify {}

fn untidy() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, NoCloseNotify)
}

impl<S: Read> Read for Untidy<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 if !buf.is_empty() => Err(untidy()),
            n => Ok(n),
        }
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self.0.read_vectored(bufs)? {
            0 if bufs.iter().any(|buf| !buf.is_empty()) => Err(untidy()),
            n => Ok(n),
        }
    }
}

impl<S: Write> Write for Untidy<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(feature = "tokio1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tokio1")))]
impl<S: AsyncRead + Unpin> AsyncRead for Untidy<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        ready!(Pin::new(&mut self.0).poll_read(cx, buf))?;
        Poll::Ready(if room > 0 && buf.remaining() == room { Err(untidy()) } else { Ok(()) })
    }
}

#[cfg(feature = "tokio1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tokio1")))]
impl<S: AsyncWrite + Unpin> AsyncWrite for Untidy<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
