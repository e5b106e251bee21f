//! `Gateway::handle`: a handler whose errors are answered, and whose client may leave.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::deadline::Timer;
use crate::fault::{Fault, FaultKind};
use crate::gateway::Gateway;

use super::InFlight;
use super::begin::Target;
use super::body::ResponseBody;
use super::state::Shared;
use super::upload::Upload;

impl Gateway {
    /// Begins an exchange and runs its handler. Its result is the response for the client, whatever the handler's is: so it
    /// fits a `service_fn`, and the handler may use `?` on everything.
    ///
    /// - `Ok`: the response that [`pass_on`](InFlight::pass_on) and the like gave, or one that the handler made by itself.
    /// - `Err`: the error is classified, recorded and answered.
    /// - A request that must not be forwarded is answered by [what speaks against it](InFlight::refusal), and the handler is
    ///   not called.
    /// - Dropped, this future is a client that left; and a handler that panics is a fault of the gateway's own.
    ///
    /// ```
    /// # #[cfg(all(feature = "hyper1", feature = "tokio1"))] mod proxy {
    /// use badgateway::adapters::tokio1::TokioTimer;
    /// use badgateway::{Gateway, ResponseBody, Upload};
    /// use http::{Request, Response};
    /// use hyper::body::Incoming;
    /// use hyper::client::conn::http1;
    /// use hyper_util::rt::TokioIo;
    /// use std::convert::Infallible;
    /// use tokio::net::TcpStream;
    ///
    /// async fn exchange(
    ///     gateway: Gateway,
    ///     request: Request<Incoming>,
    /// ) -> Result<Response<ResponseBody<Incoming, TokioTimer>>, Infallible> {
    ///     let handler = async |exchange: badgateway::InFlight, request: Request<Upload<Incoming>>| {
    ///         exchange.next_hop("10.0.0.7:8080");
    ///         let stream = TcpStream::connect("10.0.0.7:8080").await?;
    ///         let (mut upstream, connection) = http1::handshake(TokioIo::new(stream)).await?;
    ///         tokio::spawn(connection);
    ///         let response = upstream.send_request(request).await?;
    ///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(exchange.timed(TokioTimer, None, None).pass_on(response))
    ///     };
    ///     gateway.handle(request, handler).await
    /// }
    /// # }
    /// ```
    pub fn handle<B, H, F>(&self, request: Request<B>, handler: H) -> Handled<F>
    where
        B: Body<Data = Bytes>,
        H: FnOnce(InFlight, Request<Upload<B>>) -> F,
    {
        self.handle_from(request, Target::Client, handler)
    }

    pub(crate) fn handle_from<B, H, F>(&self, request: Request<B>, target: Target, handler: H) -> Handled<F>
    where
        B: Body<Data = Bytes>,
        H: FnOnce(InFlight, Request<Upload<B>>) -> F,
    {
        let (exchange, request) = self.begin_with(request, target);
        let shared = Arc::clone(&exchange.handle.0);
        let mut state = shared.lock();
        state.attend();
        let refusal = state.refusal;
        drop(state);
        // A handler may panic before it is a future.
        let mut attendant = Attendant { exchange: Some(shared), is_in_poll: true };
        let future = if refusal.is_none() { Some(handler(exchange, request)) } else { None };
        attendant.is_in_poll = false;
        Handled { future, refusal, attendant }
    }
}

pin_project! {
    /// An exchange and its handler. Made by [`Gateway::handle`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Handled<F> {
        #[pin]
        future: Option<F>,
        // Why there is no handler.
        refusal: Option<Fault>,
        // After the future, which drops its part of the exchange first.
        attendant: Attendant,
    }
}

/// Says how an exchange ended whose handler did not.
struct Attendant {
    exchange: Option<Arc<Shared>>,
    is_in_poll: bool,
}

impl Drop for Attendant {
    fn drop(&mut self) {
        let Some(exchange) = self.exchange.take() else { return };
        if self.is_in_poll {
            exchange.failed(Fault::new(FaultKind::ProxyInternal));
        } else {
            exchange.left();
        }
    }
}

impl<F, R, T, E> Future for Handled<F>
where
    F: Future<Output = Result<Response<ResponseBody<R, T>>, E>>,
    R: Body,
    T: Timer,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Response<ResponseBody<R, T>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(fault) = this.refusal.take() {
            return match mem::take(&mut this.attendant.exchange) {
                Some(exchange) => Poll::Ready(Ok(exchange.answer_fault(fault).map(ResponseBody::made))),
                None => Poll::Pending,
            };
        }
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        this.attendant.is_in_poll = true;
        let polled = future.poll(cx);
        this.attendant.is_in_poll = false;
        let Poll::Ready(result) = polled else { return Poll::Pending };
        let Some(exchange) = mem::take(&mut this.attendant.exchange) else { return Poll::Pending };
        Poll::Ready(Ok(match result {
            Ok(response) => {
                exchange.handled();
                exchange.leave();
                response
            }
            Err(error) => exchange.answer_instead(&*error.into()).map(ResponseBody::made),
        }))
    }
}

impl<F> fmt::Debug for Handled<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handled").finish_non_exhaustive()
    }
}
