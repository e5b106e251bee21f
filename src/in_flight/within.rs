//! `Within`: a step of an exchange that may not take too long.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::deadline::{Timer, phase_timeout};
use crate::fault::{Fault, Phase};

use super::InFlight;
use super::state::{Shared, State};

impl<T> InFlight<T> {
    /// A step of this exchange, which fails with the right fault if it takes longer than `patience`: connecting, the request
    /// and its response head, or both in one call.
    ///
    /// While the request's body goes out, the time counts from its last frame on, so that a large upload may take as long as
    /// it moves. Who stops it gets the blame: 408 for a client that sends no more, 504 for a next hop that takes no more, or
    /// that has it all and does not answer. For that the body has to be watched, as [`Gateway::begin`](crate::Gateway::begin)
    /// does it.
    ///
    /// In a [phase](Self::phase) before the request is sent it is that phase's timeout. A client that connects inside of the
    /// step needs a timeout of its own for that, a shorter one, unless it has a tap: nobody else knows how far it got.
    ///
    /// ```
    /// # #[cfg(feature = "tokio1")] mod proxy {
    /// use badgateway::adapters::tokio1::TokioTimer;
    /// use badgateway::{InFlight, fault::Phase};
    /// use std::time::Duration;
    /// use tokio::net::TcpStream;
    ///
    /// async fn connect(exchange: &InFlight) -> Result<TcpStream, Box<dyn std::error::Error>> {
    ///     exchange.phase(Phase::Connect);
    ///     let stream = exchange.within(TokioTimer, Duration::from_secs(5), TcpStream::connect("10.0.0.7:8080")).await??;
    ///     exchange.phase(Phase::Head);
    ///     Ok(stream)
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The step's output is `Err(fault)` when the time was over first, or where the request has a [refusal](Self::refusal),
    /// and the step is not begun then.
    pub fn within<F: Future, U: Timer>(&self, timer: U, patience: Duration, step: F) -> Within<F, U> {
        let sleep = timer.sleep(patience);
        let exchange = Arc::clone(&self.handle.0);
        let state = exchange.lock();
        let (moves, refusal) = (state.upload.moves(), state.refusal);
        drop(state);
        Within { step, sleep, timer, patience, moves, refusal, exchange }
    }
}

pin_project! {
    /// A step of an exchange, and its time. Made by [`InFlight::within`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<F, T: Timer> {
        #[pin]
        step: F,
        #[pin]
        sleep: T::Sleep,
        timer: T,
        patience: Duration,
        // How often the upload had moved on when the sleep began.
        moves: u64,
        // Why the step must not begin.
        refusal: Option<Fault>,
        exchange: Arc<Shared>,
    }
}

impl<F: Future, T: Timer> Future for Within<F, T> {
    type Output = Result<F::Output, Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(fault) = this.refusal.take() {
            return Poll::Ready(Err(fault));
        }
        if let Poll::Ready(output) = this.step.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        while this.sleep.as_mut().poll(cx).is_ready() {
            let mut state = this.exchange.lock();
            let moves = state.upload.moves();
            if moves == *this.moves {
                return Poll::Ready(Err(state.overdue()));
            }
            // It has moved on meanwhile: the time counts from then, where somebody has a clock, and else anew.
            let since = state.since_upload().unwrap_or_default();
            drop(state);
            *this.moves = moves;
            this.sleep.set(this.timer.sleep(this.patience.saturating_sub(since)));
        }
        Poll::Pending
    }
}

impl State {
    /// Nothing has moved for too long: whose fault that is.
    fn overdue(&mut self) -> Fault {
        // A client that connects inside of the step may have a tap that tells so.
        self.ask_link();
        let kind = match self.exchange.phase {
            Some(phase) if phase < Phase::Send => phase_timeout(phase, None),
            Some(_) | None => self.upload.progress().timeout(),
        };
        kind.into()
    }

    /// How long ago the upload moved on last.
    fn since_upload(&self) -> Option<Duration> {
        Some(self.gateway.now()?.saturating_duration_since(self.upload.progress().moved()?))
    }
}

impl<F, T: Timer> fmt::Debug for Within<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").field("patience", &self.patience).finish_non_exhaustive()
    }
}
