//! `Guarded`: any `http_body::Body`, counted, with faults for errors and every cut visible.
//!
//! Its one rule: **it never errs in the poll after a frame.** A server such as hyper polls a body
//! for frame after frame and flushes only when it is `Pending`; an error in between makes it drop
//! what it had buffered, the status line included, and the client sees a connection that closed for
//! no reason. So before an error, a short end included, the guarded body is `Pending` once and wakes
//! its task; the server flushes, polls again, and then gets the error. The first poll counts as one
//! after a frame, because the head is in the same buffer. One `Pending` is the server's chance to
//! flush and no proof that it could: what a slow client has not taken may still be lost, and so may what
//! another task was to write. [`Guard::lingering`] makes the chance a better one.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use bytes::Buf;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::body::abort::AbortHandle;
use crate::body::guard::{Call, Guard, InTrailers};
use crate::body::ledger::{Ledger, LedgerState};
use crate::body::trailers;
use crate::deadline::{Never, Timer, phase_timeout};
use crate::fault::{Fault, FaultKind, Phase};

/// How a body ended, for whoever owns the connection it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // whole, broken, or neither
pub enum End {
    /// It was handed on to its end. The connection may serve another exchange, as far as the body goes.
    Whole,
    /// It broke. The connection must not be used again.
    Failed(Fault),
    /// Nobody read it to its end: the client has gone, or the server needed no more of it. What is
    /// left of it is still in the connection.
    Dropped,
}

/// Where the body stands with whoever polls it.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Frames go through.
    Open,
    /// It failed, and the nap is the server's time to send what it has.
    Lingering(Fault),
    /// It failed, and the server is getting its chance to flush.
    Failing(Fault),
    /// The end, or the error, has been handed out, and `on_end` told. Fused.
    Over,
}

/// What the inner body and the timers have to say in one poll.
enum Step<D> {
    Frame(Frame<D>),
    End,
    Fail(Fault),
    Wait,
}

pin_project! {
    /// A body under guard. Made by [`Guard::around`], or in short by [`Guarded::new`].
    ///
    /// - Its errors are [`Fault`]s, which have no source: a server that searches the chain for an
    ///   HTTP/2 code to copy finds none of the upstream's.
    /// - It is `Pending` once before an error that would follow a frame (see the module's rule).
    /// - A body short of its announced length, or longer, is an error and never an end. Of a frame
    ///   that goes too far nothing is handed on.
    /// - Its [`SizeHint`] is exact as soon as a length is announced, comes from the announcement and not
    ///   from the inner body, and counts a held frame. `is_end_stream` is true only if all of it came.
    /// - Trailers that [RFC 9110, section 6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)
    ///   forbids are left out.
    /// - It is fused: after the end, or the error, it is at its end and never polls the inner body again.
    ///
    /// `Unpin` if the inner body is.
    pub struct Guarded<B, F, T = Never, E = fn(End, &Ledger)>
    where
        B: Body,
        T: Timer,
        E: FnOnce(End, &Ledger),
    {
        #[pin]
        inner: B,
        classify: F,
        call: Call<F>,
        ledger: Ledger,
        stage: Stage,
        // The last poll was `Pending`, so whatever the server had buffered it could flush.
        settled: bool,
        held: Option<Frame<B::Data>>,
        // The inner body has to say that it is over.
        end_stream: bool,
        linger: Option<Duration>,
        abort: Option<AbortHandle>,
        in_trailers: Option<InTrailers>,
        timer: T,
        idle: Option<Duration>,
        // The idle sleep counts. It is boxed, as timers tend not to be `Unpin`, when the body
        // first makes us wait, and the box is used again.
        waiting: bool,
        nap: Option<Pin<Box<T::Sleep>>>,
        total: Option<Pin<Box<T::Sleep>>>,
        on_end: Option<E>,
    }

    impl<B, F, T, E> PinnedDrop for Guarded<B, F, T, E>
    where
        B: Body,
        T: Timer,
        E: FnOnce(End, &Ledger),
    {
        fn drop(this: Pin<&mut Self>) {
            let end = this.end_if_dropped();
            let this = this.project();
            if let Some(on_end) = this.on_end.take() {
                on_end(end, this.ledger);
            }
        }
    }
}

impl<B, F> Guarded<B, F>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    F: FnMut(&(dyn Error + 'static), &Ledger) -> Fault,
{
    /// A guard around `inner` with nothing optional: short for
    /// `Guard::new(classify).expecting(expected).around(inner)`.
    pub fn new(inner: B, expected: Option<u64>, classify: F) -> Self {
        Guard::new(classify).expecting(expected).around(inner)
    }
}

impl<B, F, T, E> Guarded<B, F, T, E>
where
    B: Body,
    T: Timer,
    E: FnOnce(End, &Ledger),
{
    /// What was counted: as the inner body gave it, a held frame included.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn build(guard: Guard<F, T, E>, inner: B) -> Self {
        let Guard { classify, call, expected, end_stream, linger, abort, in_trailers, timer, idle, total, on_end } =
            guard;
        let ledger = Ledger::new(expected.or_else(|| inner.size_hint().exact()));
        let total = total.map(|left| Box::pin(timer.sleep(left)));
        Self {
            inner,
            classify,
            call,
            ledger,
            stage: Stage::Open,
            settled: false,
            held: None,
            end_stream,
            linger,
            abort,
            in_trailers,
            timer,
            idle,
            waiting: false,
            nap: None,
            total,
            on_end,
        }
    }

    /// All of it came, as far as the ledger and the inner body know without another poll.
    fn is_whole(&self) -> bool {
        let counted = match self.ledger.state() {
            LedgerState::Open => self.ledger.remaining().is_none_or(|missing| missing == 0),
            LedgerState::Ended => true,
            LedgerState::Failed(_) => false,
        };
        counted && self.held.is_none()
    }

    fn end_if_dropped(&self) -> End {
        match self.stage {
            Stage::Lingering(fault) | Stage::Failing(fault) => End::Failed(fault),
            // A server does not poll again once it has all that `Content-Length` promised, or the
            // trailers, so the end is known without having been seen. (Where `Over` is, `on_end` has
            // been called.)
            Stage::Open | Stage::Over => {
                let complete = self.ledger.state() == LedgerState::Ended
                    || self.ledger.expected().is_some()
                    || self.inner.is_end_stream();
                if self.is_whole() && complete { End::Whole } else { End::Dropped }
            }
        }
    }
}

impl<B, F, T, E> Guarded<B, F, T, E>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
    E: FnOnce(End, &Ledger),
{
    /// Polls for the first frame and keeps it. `Ready(Ok)` when there is one, or the end.
    pub(super) fn poll_hold(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        if self.held.is_some() || !matches!(self.stage, Stage::Open) {
            return Poll::Ready(Ok(()));
        }
        match self.as_mut().step(cx) {
            Step::Wait => Poll::Pending,
            Step::Frame(frame) => {
                *self.project().held = Some(frame);
                Poll::Ready(Ok(()))
            }
            Step::End => {
                self.finish(End::Whole);
                Poll::Ready(Ok(()))
            }
            // Nothing has been forwarded, so there is nothing to flush and no connection to reset.
            Step::Fail(fault) => {
                self.finish(End::Failed(fault));
                Poll::Ready(Err(fault))
            }
        }
    }

    /// One poll of the inner body, and of the timers where it has nothing.
    fn step(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<B::Data> {
        let mut this = self.project();
        let frame = match this.inner.as_mut().poll_frame(cx) {
            Poll::Ready(None) => {
                if *this.end_stream && this.ledger.expected().is_none() && !this.inner.is_end_stream() {
                    return Step::Fail(this.ledger.fail(Fault::new(FaultKind::BodyTruncated)));
                }
                return match this.ledger.end() {
                    Ok(()) => Step::End,
                    Err(fault) => Step::Fail(fault),
                };
            }
            Poll::Ready(Some(Err(error))) => {
                let error = error.into();
                let fault = (this.call)(this.classify, &*error, this.ledger);
                return Step::Fail(this.ledger.fail(fault));
            }
            Poll::Ready(Some(Ok(frame))) => Some(frame),
            Poll::Pending => None,
        };
        // The end of the body beats the deadline; a frame does not, or a drip would outlive it.
        if this.total.as_mut().is_some_and(|total| total.as_mut().poll(cx).is_ready()) {
            let fault = Fault::new(FaultKind::DeadlineExceeded).at(Phase::Body);
            return Step::Fail(this.ledger.fail(fault));
        }
        if let Some(frame) = frame {
            *this.waiting = false;
            return match account(this.ledger, frame) {
                Ok(frame) => Step::Frame(frame),
                Err(fault) => Step::Fail(fault),
            };
        }
        let Some(idle) = *this.idle else { return Step::Wait };
        if !*this.waiting {
            *this.waiting = true;
            lie_down(this.nap, this.timer.sleep(idle));
        }
        if this.nap.as_mut().is_some_and(|nap| nap.as_mut().poll(cx).is_ready()) {
            let fault = Fault::new(phase_timeout(Phase::Body, Some(this.ledger.received())));
            return Step::Fail(this.ledger.fail(fault));
        }
        Step::Wait
    }

    /// Hands the fault out, in trailers or as an error, or lets the server flush first.
    fn fail(
        mut self: Pin<&mut Self>,
        fault: Fault,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Fault>>> {
        if let Some(fields) = self.told_in_trailers(&fault) {
            self.finish(End::Failed(fault));
            return Poll::Ready(Some(Ok(Frame::trailers(fields))));
        }
        let this = self.as_mut().project();
        if matches!(this.stage, Stage::Open) {
            *this.stage = Stage::Failing(fault);
            if let Some(linger) = this.linger.filter(|_| this.timer.fires()) {
                *this.stage = Stage::Lingering(fault);
                lie_down(this.nap, this.timer.sleep(linger));
            }
        }
        if matches!(this.stage, Stage::Lingering(_)) {
            if this.nap.as_mut().is_some_and(|nap| nap.as_mut().poll(cx).is_pending()) {
                *this.settled = true;
                return Poll::Pending;
            }
            *this.stage = Stage::Failing(fault);
        }
        if !*this.settled {
            *this.settled = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(abort) = &self.abort {
            abort.set();
        }
        self.finish(End::Failed(fault));
        Poll::Ready(Some(Err(fault)))
    }

    /// The trailers that tell the fault, if the client looks for it there.
    fn told_in_trailers(&self, fault: &Fault) -> Option<HeaderMap> {
        // Where a length was announced it would be wrong, and behind trailers there are no others.
        let is_fit = self.ledger.expected().is_none() && self.ledger.state() != LedgerState::Ended;
        match self.stage {
            Stage::Open if is_fit => self.in_trailers.as_ref()?.tell(fault),
            // Asked already, and the answer was no.
            Stage::Open | Stage::Lingering(_) | Stage::Failing(_) | Stage::Over => None,
        }
    }

    fn finish(self: Pin<&mut Self>, end: End) {
        let this = self.project();
        *this.stage = Stage::Over;
        if let Some(on_end) = this.on_end.take() {
            on_end(end, this.ledger);
        }
    }
}

/// Starts a nap, in the box of the last one if there was one.
fn lie_down<S>(nap: &mut Option<Pin<Box<S>>>, sleep: S) {
    match nap {
        Some(nap) => nap.as_mut().set(sleep),
        None => *nap = Some(Box::pin(sleep)),
    }
}

/// Enters a frame into the ledger.
fn account<D: Buf>(ledger: &mut Ledger, mut frame: Frame<D>) -> Result<Frame<D>, Fault> {
    if let Some(data) = frame.data_ref() {
        ledger.data(data.remaining())?;
    }
    if let Some(fields) = frame.trailers_mut() {
        // No content comes after trailers (RFC 9110 section 6.5).
        ledger.end()?;
        trailers::retain_permitted(fields);
    }
    Ok(frame)
}

impl<B, F, T, E> Body for Guarded<B, F, T, E>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
    E: FnOnce(End, &Ledger),
{
    type Data = B::Data;
    type Error = Fault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, Fault>>> {
        if let Some(frame) = self.as_mut().project().held.take() {
            *self.project().settled = false;
            return Poll::Ready(Some(Ok(frame)));
        }
        match self.stage {
            Stage::Open => {}
            Stage::Lingering(fault) | Stage::Failing(fault) => return self.fail(fault, cx),
            Stage::Over => return Poll::Ready(None),
        }
        match self.as_mut().step(cx) {
            Step::Frame(frame) => {
                *self.project().settled = false;
                Poll::Ready(Some(Ok(frame)))
            }
            Step::End => {
                self.finish(End::Whole);
                Poll::Ready(None)
            }
            Step::Fail(fault) => self.fail(fault, cx),
            Step::Wait => {
                *self.project().settled = true;
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.stage {
            Stage::Open => self.is_whole() && self.inner.is_end_stream(),
            Stage::Lingering(_) | Stage::Failing(_) => false,
            Stage::Over => self.held.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.remaining() as u64);
        if let Some(missing) = self.ledger.remaining() {
            return SizeHint::with_exact(missing.saturating_add(held));
        }
        match self.stage {
            Stage::Open => {}
            Stage::Lingering(_) | Stage::Failing(_) => return SizeHint::new(),
            Stage::Over => return SizeHint::with_exact(held),
        }
        let rest = self.inner.size_hint();
        let mut hint = SizeHint::new();
        // The upper bound first: `SizeHint` panics on one below the lower.
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint.set_lower(rest.lower().saturating_add(held));
        hint
    }
}

impl<B, F, T, E> fmt::Debug for Guarded<B, F, T, E>
where
    B: Body,
    T: Timer,
    E: FnOnce(End, &Ledger),
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("ledger", &self.ledger).field("stage", &self.stage).finish_non_exhaustive()
    }
}
