//! `PassOnHeld`: the head waits a moment for the first frame of its body.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::deadline::{Never, Timer};
use crate::exchange::BodyFraming;

use super::body::ResponseBody;
use super::state::Shared;

pin_project! {
    /// A response on its way, whose head waits a moment. Made by [`InFlight::pass_on_held`](super::InFlight::pass_on_held).
    #[must_use = "futures do nothing unless polled"]
    pub struct PassOnHeld<B, T = Never>
    where
        B: Body,
        T: Timer,
    {
        response: Option<Response<ResponseBody<B, T>>>,
        framing: BodyFraming,
        at_most: Duration,
        // Once there is something to wait for.
        #[pin]
        sleep: Option<T::Sleep>,
        held: Held,
    }
}

/// The exchange, while the head waits. Dropped, the client has left.
struct Held(Option<Arc<Shared>>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(exchange) = self.0.take() {
            exchange.given_up();
        }
    }
}

impl<B: Body, T: Timer> PassOnHeld<B, T> {
    /// Nothing to wait for.
    pub(super) const fn ready(response: Response<ResponseBody<B, T>>) -> Self {
        Self {
            response: Some(response),
            framing: BodyFraming::None,
            at_most: Duration::ZERO,
            sleep: None,
            held: Held(None),
        }
    }

    pub(super) fn waiting(
        response: Response<ResponseBody<B, T>>,
        framing: BodyFraming,
        at_most: Duration,
        exchange: Arc<Shared>,
    ) -> Self {
        exchange.lock().attend();
        Self { response: Some(response), framing, at_most, sleep: None, held: Held(Some(exchange)) }
    }
}

impl<B, T> Future for PassOnHeld<B, T>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
{
    type Output = Response<ResponseBody<B, T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let (Some(exchange), Some(response)) = (&this.held.0, &mut *this.response) {
            let broken = match Pin::new(response.body_mut()).poll_hold(cx) {
                Poll::Ready(Ok(())) => None,
                Poll::Ready(Err(fault)) => Some(fault),
                Poll::Pending => {
                    if this.sleep.is_none() {
                        this.sleep.set(response.body().sleep(*this.at_most));
                    }
                    if this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_pending()) {
                        return Poll::Pending;
                    }
                    None
                }
            };
            match broken {
                None => {
                    exchange.lock().goes_on(response.status(), *this.framing, response.headers_mut());
                    Pin::new(response.body_mut()).release();
                }
                Some(fault) => *this.response = Some(exchange.answer_fault(fault).map(ResponseBody::made)),
            }
            exchange.leave();
            this.held.0 = None;
        }
        match this.response.take() {
            Some(response) => Poll::Ready(response),
            // Polled after it was ready, which no executor does.
            None => Poll::Pending,
        }
    }
}

impl<B: Body, T: Timer> fmt::Debug for PassOnHeld<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassOnHeld").field("response", &self.response).finish_non_exhaustive()
    }
}
