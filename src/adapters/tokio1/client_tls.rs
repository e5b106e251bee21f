//! `ClientTls`: interim responses to a client behind TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::body::{ClientHandle, Outlet};

/// A client's TLS stream that writes the interim responses of its exchanges. All else that a [`ClientHandle`] is asked for is
/// done by the [`ClientStream`](super::ClientStream) under it.
///
/// ```
/// # #[cfg(feature = "lab")] mod server {
/// use badgateway::adapters::tokio1::{ClientStream, ClientTls};
/// use badgateway::body::ClientHandle;
/// use tokio::net::TcpStream;
/// use tokio_rustls::{TlsAcceptor, server::TlsStream};
///
/// type Io = ClientTls<TlsStream<ClientStream>>;
///
/// async fn handshake(acceptor: &TlsAcceptor, stream: TcpStream) -> std::io::Result<(Io, ClientHandle)> {
///     let (io, client) = ClientStream::new(stream);
///     Ok((ClientTls::new(acceptor.accept(io).await?, client.clone()), client))
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct ClientTls<T> {
    io: T,
    outlet: Outlet,
}

impl<T> ClientTls<T> {
    /// Around this TLS stream, with the handle that its socket came with.
    #[must_use]
    pub fn new(io: T, client: ClientHandle) -> Self {
        Self { io, outlet: Outlet::new(client) }
    }

    /// The TLS stream itself.
    #[must_use]
    pub const fn get_ref(&self) -> &T {
        &self.io
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ClientTls<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> ClientTls<T> {
    fn poll_before(&mut self, cx: &mut Context<'_>, next: &[u8]) -> Poll<io::Result<()>> {
        let io = &mut self.io;
        self.outlet.poll_before(cx, next, |cx, bytes| Pin::new(&mut *io).poll_write(cx, bytes))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ClientTls<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_before(cx, buf))?;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_before(cx, bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| buf)))?;
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let io = &mut this.io;
        ready!(this.outlet.poll_flush(cx, |cx, bytes| Pin::new(&mut *io).poll_write(cx, bytes)))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
