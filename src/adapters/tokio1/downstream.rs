//! `Downstream`: the client's socket, which an [`AbortHandle`] can have reset.
//!
//! Its one rule: once the handle is set no FIN goes out, by whatever way the connection ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::body::AbortHandle;

/// A client's connection that ends with a reset if its [`AbortHandle`] is set, and in good order else.
///
/// It goes where the socket would: under `TokioIo` for hyper's server. `Guard::aborting` takes the handle, for responses that only
/// the end of the connection delimits.
///
/// ```
/// # #[cfg(feature = "hyper1")] mod server {
/// use badgateway::adapters::tokio1::Downstream;
/// use badgateway::body::AbortHandle;
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use hyper::body::{Bytes, Incoming};
/// use hyper::service::service_fn;
/// use hyper_util::rt::TokioIo;
/// use tokio::net::TcpListener;
///
/// async fn serve(listener: TcpListener) -> std::io::Result<()> {
///     loop {
///         let (stream, _) = listener.accept().await?;
///         let (io, socket) = Downstream::new(stream);
///         let service = service_fn(move |request| pass(request, socket.clone()));
///         tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service));
///     }
/// }
///
/// /// `body::Guard` shows the rest of it, with this handle for `aborting`.
/// async fn pass(_: Request<Incoming>, _socket: AbortHandle) -> Result<Response<Empty<Bytes>>, std::convert::Infallible> {
///     Ok(Response::new(Empty::new()))
/// }
/// # }
/// ```
///
/// With axum, a `Listener` of your own returns it from `accept`: its `Io` is a `Downstream` then, and its `Addr` a type that
/// has the handle beside the address, which `ConnectInfo` brings to the service.
///
/// # Over TLS
///
/// It goes under TLS, around the socket that the acceptor is given. A client there can tell a cut by the missing `close_notify`
/// alone (RFC 9112 section 9.8), which hyper's server never sends behind a body that failed, because it drops the
/// stream without shutting it down. Whoever shuts a TLS stream down sends a `close_notify`, and no reset behind it makes the
/// body look cut: ask [`AbortHandle::is_set`] first.
#[derive(Debug)]
pub struct Downstream {
    stream: TcpStream,
    abort: AbortHandle,
}

impl Downstream {
    /// Around this socket. The handle is for the bodies that go out on it.
    #[must_use]
    pub fn new(stream: TcpStream) -> (Self, AbortHandle) {
        let abort = AbortHandle::new();
        (Self { stream, abort: abort.clone() }, abort)
    }

    /// The socket itself.
    #[must_use]
    pub const fn get_ref(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Downstream {
    fn drop(&mut self) {
        if self.abort.is_set() {
            // With zero seconds close(2) does not wait: it is a reset, and what was not sent yet is lost.
            #[allow(deprecated)] // its successor is younger than the oldest tokio we build with
            let _ = self.stream.set_linger(Some(Duration::ZERO));
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

    /// A FIN would end the body well, whatever comes behind it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.abort.is_set() { Poll::Ready(Ok(())) } else { Pin::new(&mut self.stream).poll_shutdown(cx) }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
