//! `TapConnector`: a connector whose connections have a tap on them.
//!
//! The tap is the one for tokio's traits. Between two `TokioIo` it copies no byte, which under hyper's own
//! traits it would have to.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::scope::{Attempt, Ticket};
use crate::adapters::tokio1::{Tap, TapHandle};

/// Around the connector of a pooled client: every connection that it makes has a tap on it, which a
/// [`TapScope`](super::TapScope) looks at. See the [module](super) for an example.
///
/// Goes outside of TLS: around `hyper_rustls::HttpsConnector`, not inside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct TapConnector<C> {
    inner: C,
}

impl<C> TapConnector<C> {
    /// Around this connector.
    #[must_use]
    pub const fn new(inner: C) -> Self {
        Self { inner }
    }

    /// The connector itself.
    #[must_use]
    pub const fn get_ref(&self) -> &C {
        &self.inner
    }
}

impl<C> Service<Uri> for TapConnector<C>
where
    C: Service<Uri>,
    C::Response: Connection,
{
    type Response = TapStream<C::Response>;
    type Error = C::Error;
    type Future = TapConnecting<C::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Before the inner call: whatever fails from here on is this attempt's.
        let attempt = Attempt::of_this_scope();
        TapConnecting { inner: self.inner.call(uri), attempt }
    }
}

pin_project! {
    /// A connection with a tap, being made. What [`TapConnector`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TapConnecting<F> {
        #[pin]
        inner: F,
        attempt: Option<Attempt>,
    }
}

impl<F, T, E> Future for TapConnecting<F>
where
    F: Future<Output = Result<T, E>>,
    T: Connection,
{
    type Output = Result<TapStream<T>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let stream = TapStream::new(ready!(this.inner.poll(cx))?);
        if let Some(attempt) = this.attempt.take() {
            attempt.made(stream.tap.as_ref());
        }
        Poll::Ready(Ok(stream))
    }
}

pin_project! {
    /// A connection with a tap on it. What [`TapConnector`] makes.
    #[derive(Debug)]
    pub struct TapStream<T> {
        #[pin]
        io: TokioIo<Tap<TokioIo<T>>>,
        // None on HTTP/2, where many exchanges have one connection.
        tap: Option<TapHandle>,
    }
}

impl<T: Connection> TapStream<T> {
    fn new(io: T) -> Self {
        let is_h2 = io.connected().is_negotiated_h2();
        let (io, tap) = Tap::following(TokioIo::new(io));
        Self { io: TokioIo::new(io), tap: (!is_h2).then_some(tap) }
    }
}

impl<T> TapStream<T> {
    /// The connection itself.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        self.io.inner().get_ref().inner()
    }
}

impl<T: Connection> Connection for TapStream<T> {
    fn connected(&self) -> Connected {
        let connected = self.get_ref().connected();
        match &self.tap {
            Some(tap) => connected.extra(Ticket::of(tap)),
            None => connected,
        }
    }
}

impl<T: Read> Read for TapStream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_read(cx, buf)
    }
}

impl<T: Write> Write for TapStream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().io.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write_vectored(cx, bufs)
    }
}
