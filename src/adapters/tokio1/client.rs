//! `ClientStream`: the client's socket, with what a server of HTTP/1 must be able to do to it and hyper has no way to ask for.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::body::{ClientHandle, Outlet};

/// How long, and for how many bytes, unread request bytes are dropped behind the last answer.
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// As nginx's `send_timeout`.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// A client's connection that does what its [`ClientHandle`] is asked for. It goes where the socket would: under `TokioIo` for
/// hyper's server.
///
/// - **Reset** ([`ClientHandle::abort`]): no FIN goes out, by whatever way the connection ends.
/// - **Lingering close** ([`ClientHandle::linger`]): behind the FIN it reads and drops what the client still sends, until the
///   client closes too, for 2 seconds and 64 MiB at most (RFC 9112 section 9.6).
/// - **Interim responses** ([`ClientHandle::interims`]): written between two messages, as [`Outlet`] says.
/// - **Write timeout**: a client that takes nothing for 60 seconds, while there is something to write, does not hold the next
///   hop's connection for ever. The write fails with [`ErrorKind::TimedOut`], and the connection is reset.
///   [`set_write_timeout`](Self::set_write_timeout) changes it. Over HTTP/2 a client can also shut the window of one stream, which
///   no socket sees.
/// - **Notice of a reset**: [`until_reset`](Self::until_reset).
///
/// ```
/// # #[cfg(feature = "hyper1")] mod server {
/// use badgateway::adapters::tokio1::ClientStream;
/// use badgateway::body::ClientHandle;
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use hyper::body::{Bytes, Incoming};
/// use hyper::service::service_fn;
/// use hyper_util::rt::TokioIo;
/// use tokio::net::TcpListener;
///
/// async fn serve(listener: TcpListener) -> std::io::Result<()> {
///     loop {
///         let (stream, _) = listener.accept().await?; // `ClientListener` knows what to do about the errors
///         let (io, client) = ClientStream::new(stream);
///         let service = service_fn(move |request| pass(request, client.clone()));
///         tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service));
///     }
/// }
///
/// /// `body::Guard` shows the rest of it, with `client.abort_handle()` for `aborting`.
/// async fn pass(_: Request<Incoming>, _client: ClientHandle) -> Result<Response<Empty<Bytes>>, std::convert::Infallible> {
///     Ok(Response::new(Empty::new()))
/// }
/// # }
/// ```
///
/// # Over TLS
///
/// It goes under TLS, around the socket that the acceptor is given. Interim responses are none of its business then, which it
/// tells by the client's first byte: [`ClientTls`](super::ClientTls) above TLS writes them. Where something else than TLS comes
/// first, such as the line of the PROXY protocol, say so by [`under_tls`](Self::under_tls).
///
/// A client there can tell a cut by the missing `close_notify` alone (RFC 9112 section 9.8), which hyper's server never sends
/// behind a body that failed, because it drops the stream without shutting it down. Whoever shuts a TLS stream down sends a
/// `close_notify`, and no reset behind it makes the body look cut: ask
/// [`AbortHandle::is_set`](crate::body::AbortHandle::is_set) first.
///
/// # Panics
///
/// Where a client has to be waited for, outside a tokio runtime that has its time driver on.
#[derive(Debug)]
pub struct ClientStream {
    socket: Socket,
    outlet: Outlet,
    speaks: Speaks,
    lingering: Option<Lingering>,
}

/// The socket and the patience with who does not read from it.
#[derive(Debug)]
struct Socket {
    /// Shared with who waits for its reset.
    stream: Arc<TcpStream>,
    client: ClientHandle,
    write_timeout: Option<Duration>,
    /// Made at the first stall, and kept for the next.
    timer: Option<Pin<Box<Sleep>>>,
    stalled: bool,
}

/// What the client speaks on this socket, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Unknown,
    Http,
    /// TLS, or whatever else nothing may be put into.
    Other,
}

#[derive(Debug)]
struct Lingering {
    until: Pin<Box<Sleep>>,
    dropped: usize,
}

impl ClientStream {
    /// Around this socket. The handle is for the exchanges on it.
    #[must_use]
    pub fn new(stream: TcpStream) -> (Self, ClientHandle) {
        let client = stream.peer_addr().map_or_else(|_| ClientHandle::new(), ClientHandle::at);
        Self::of(stream, client)
    }

    /// Around a socket that was accepted from this address.
    pub(super) fn accepted(stream: TcpStream, peer: SocketAddr) -> (Self, ClientHandle) {
        Self::of(stream, ClientHandle::at(peer))
    }

    fn of(stream: TcpStream, client: ClientHandle) -> (Self, ClientHandle) {
        let socket = Socket {
            stream: Arc::new(stream),
            client: client.clone(),
            write_timeout: Some(WRITE_TIMEOUT),
            timer: None,
            stalled: false,
        };
        let outlet = Outlet::new(client.clone());
        (Self { socket, outlet, speaks: Speaks::Unknown, lingering: None }, client)
    }

    /// How long a client may take nothing while there is something to write; `None` is for ever. Counted anew from each write.
    pub fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.socket.write_timeout = timeout;
    }

    /// TLS is spoken on it from here on. Only for what does not begin with TLS.
    pub fn under_tls(&mut self) {
        self.speaks = Speaks::Other;
    }

    /// Waits until the client has reset the connection. For a server that is told to go on behind the client's FIN
    /// (`half_close(true)`), and so does not notice while it awaits its next hop.
    ///
    /// Drop it together with the connection: until then the socket is not closed.
    ///
    /// ```
    /// # use badgateway::adapters::tokio1::ClientStream;
    /// # async fn serve_connection(_: ClientStream) {}
    /// # async fn client(io: ClientStream) {
    /// let reset = io.until_reset();
    /// tokio::select! {
    ///     biased;
    ///     () = serve_connection(io) => {}
    ///     () = reset => {} // what was being served is dropped
    /// }
    /// # }
    /// ```
    pub fn until_reset(&self) -> impl Future<Output = ()> + Send + use<> {
        let stream = Arc::clone(&self.socket.stream);
        async move {
            loop {
                match stream.ready(Interest::ERROR).await {
                    Ok(ready) if !ready.is_error() => yield_now().await,
                    Ok(_) | Err(_) => return,
                }
            }
        }
    }

    /// The socket itself.
    #[must_use]
    pub fn get_ref(&self) -> &TcpStream {
        &self.socket.stream
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        if self.socket.client.abort_handle().is_set() {
            // With zero seconds close(2) does not wait: it is a reset, and what was not sent yet is lost.
            let _ = SockRef::from(self.get_ref()).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Socket {
    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
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
                if cfg!(unix) && bytes > 0 && buf.remaining() > 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match done {
                _ if read => return Poll::Ready(Ok(())),
                Ok(()) => {}
                // The readiness was out of date; asking again waits for the next.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.stream.poll_write_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return self.poll_stalled(cx),
            }
            match write(&self.stream) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => {
                    self.stalled = false;
                    return Poll::Ready(done);
                }
            }
        }
    }

    /// The client takes nothing now.
    #[cold]
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(patience) = self.write_timeout else { return Poll::Pending };
        // Too far away to be named is never.
        let Some(until) = Instant::now().checked_add(patience) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if !std::mem::replace(&mut self.stalled, true) {
            timer.as_mut().reset(until);
        }
        ready!(timer.as_mut().poll(cx));
        self.client.abort();
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client does not read")))
    }

    fn shutdown_write(&self) -> io::Result<()> {
        match SockRef::from(&*self.stream).shutdown(Shutdown::Write) {
            // The client was faster.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.speaks != Speaks::Unknown {
            return this.socket.poll_read(cx, buf);
        }
        let before = buf.filled().len();
        ready!(this.socket.poll_read(cx, buf))?;
        if let Some(first) = buf.filled().get(before) {
            // A method is a token, and empty lines may come before it (RFC 9112 sections 2.2 and 3.1). TLS begins with 22 (RFC 8446
            // section 5.1).
            let http = first.is_ascii_graphic() || matches!(*first, b'\r' | b'\n');
            this.speaks = if http { Speaks::Http } else { Speaks::Other };
        }
        Poll::Ready(Ok(()))
    }
}

impl ClientStream {
    /// Writes what must stand before these bytes.
    fn poll_before(&mut self, cx: &mut Context<'_>, next: &[u8]) -> Poll<io::Result<()>> {
        // Before it has said anything, there is no exchange either.
        if self.speaks != Speaks::Http {
            return Poll::Ready(Ok(()));
        }
        let socket = &mut self.socket;
        self.outlet.poll_before(cx, next, |cx, bytes| socket.poll_write(cx, |stream| stream.try_write(bytes)))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_before(cx, buf))?;
        this.socket.poll_write(cx, |stream| stream.try_write(buf))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_before(cx, bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| buf)))?;
        this.socket.poll_write(cx, |stream| stream.try_write_vectored(bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.speaks != Speaks::Http {
            return Poll::Ready(Ok(()));
        }
        let socket = &mut this.socket;
        this.outlet.poll_flush(cx, |cx, bytes| socket.poll_write(cx, |stream| stream.try_write(bytes)))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            // A FIN would end the body well, whatever comes behind it.
            if this.socket.client.abort_handle().is_set() {
                return Poll::Ready(Ok(()));
            }
            this.socket.shutdown_write()?;
            if !this.socket.client.lingers() {
                return Poll::Ready(Ok(()));
            }
        }
        let lingering =
            this.lingering.get_or_insert_with(|| Lingering { until: Box::pin(sleep(LINGER_FOR)), dropped: 0 });
        let mut scratch = [0u8; 8192];
        while lingering.dropped < LINGER_BYTES && lingering.until.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(this.socket.poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {
                    lingering.dropped = lingering.dropped.saturating_add(buf.filled().len());
                }
                // The client has closed, or is gone: nothing is left that could be lost.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
