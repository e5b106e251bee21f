//! `Guarded`: any `http_body::Body`, counted, with faults for errors and every cut visible.
//!
//! **it never errs in the poll after a frame.** A server such as hyper polls a body
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
use crate::body::end::End;
use crate::body::guard::Guard;
use crate::body::ledger::{Ledger, LedgerState};
use crate::body::owner::{Closures, Owner};
use crate::body::trailers;
use crate::deadline::{Never, Timer, phase_timeout};
use crate::fault::{Fault, FaultKind, Phase};

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
    pub struct Guarded<B, O, T = Never>
    where
        B: Body,
        O: Owner,
        T: Timer,
    {
        #[pin]
        inner: B,
        // Until it has been told how the body ended.
        owner: Option<O>,
        ledger: Ledger,
        stage: Stage,
        // The last poll was `Pending`, so whatever the server had buffered it could flush.
        settled: bool,
        held: Option<Frame<B::Data>>,
        // The inner body has to say that it is over.
        end_stream: bool,
        linger: Option<Duration>,
        abort: Option<AbortHandle>,
        timer: T,
        idle: Option<Duration>,
        // The idle sleep counts. It is boxed, as timers tend not to be `Unpin`, when the body
        // first makes us wait, and the box is used again.
        waiting: bool,
        nap: Option<Pin<Box<T::Sleep>>>,
        total: Option<Pin<Box<T::Sleep>>>,
    }

    impl<B, O, T> PinnedDrop for Guarded<B, O, T>
    where
        B: Body,
        O: Owner,
        T: Timer,
    {
        fn drop(this: Pin<&mut Self>) {
            let end = this.end_if_dropped();
            let this = this.project();
            if let Some(owner) = this.owner.take() {
                owner.ended(end, this.ledger);
            }
        }
    }
}

impl<B, F> Guarded<B, Closures<F>>
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

impl<B, O, T> Guarded<B, O, T>
where
    B: Body,
    O: Owner,
    T: Timer,
{
    /// What was counted: as the inner body gave it, a held frame included.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A sleep of its timer.
    pub(crate) fn sleep(&self, duration: Duration) -> T::Sleep {
        self.timer.sleep(duration)
    }

    /// Who hears of the end, until then.
    pub(crate) fn owner(self: Pin<&mut Self>) -> Option<&mut O> {
        self.project().owner.as_mut()
    }

    pub(super) fn build(guard: Guard<O, T>, inner: B) -> Self {
        let Guard { owner, expected, end_stream, linger, abort, timer, idle, total } = guard;
        let ledger = Ledger::new(expected.or_else(|| inner.size_hint().exact()));
        let total = total.map(|left| Box::pin(timer.sleep(left)));
        Self {
            inner,
            owner: Some(owner),
            ledger,
            stage: Stage::Open,
            settled: false,
            held: None,
            end_stream,
            linger,
            abort,
            timer,
            idle,
            waiting: false,
            nap: None,
            total,
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

    fn checks_end(&self) -> bool {
        self.owner.as_ref().is_some_and(Owner::checks_end)
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
                    || (self.inner.is_end_stream() && !self.checks_end());
                if self.is_whole() && complete { End::Whole } else { End::Dropped }
            }
        }
    }
}

impl<B, O, T> Guarded<B, O, T>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    O: Owner,
    T: Timer,
{
    /// Polls for the first frame and keeps it. `Ready(Ok)` when there is one, or the end.
    pub(crate) fn poll_hold(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
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
                // Behind trailers it has been asked.
                let is_checked = this.ledger.state() != LedgerState::Open || this.ledger.remaining() > Some(0);
                if let (false, Err(fault)) = (is_checked, asking(this.owner, this.stage, this.ledger).check_end(None)) {
                    return Step::Fail(this.ledger.fail(fault));
                }
                return match this.ledger.end() {
                    Ok(()) => Step::End,
                    Err(fault) => Step::Fail(fault),
                };
            }
            Poll::Ready(Some(Err(error))) => {
                let fault = asking(this.owner, this.stage, this.ledger).classify(&*error.into());
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
            return match account(asking(this.owner, this.stage, this.ledger), frame) {
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
        if let Some(fields) = self.as_mut().told_in_trailers(&fault) {
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
    fn told_in_trailers(self: Pin<&mut Self>, fault: &Fault) -> Option<HeaderMap> {
        let this = self.project();
        // Where a length was announced it would be wrong, and behind trailers there are no others.
        let is_fit = this.ledger.expected().is_none() && this.ledger.state() != LedgerState::Ended;
        match this.stage {
            Stage::Open if is_fit => asking(this.owner, this.stage, this.ledger).tell(fault),
            // Asked already, and the answer was no.
            Stage::Open | Stage::Lingering(_) | Stage::Failing(_) | Stage::Over => None,
        }
    }

    fn finish(self: Pin<&mut Self>, end: End) {
        let this = self.project();
        *this.stage = Stage::Over;
        if let Some(owner) = this.owner.take() {
            owner.ended(end, this.ledger);
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
fn account<D: Buf, O: Owner>(mut asking: Asking<'_, O>, mut frame: Frame<D>) -> Result<Frame<D>, Fault> {
    if let Some(data) = frame.data_ref() {
        asking.ledger.data(data.remaining())?;
    }
    if let Some(fields) = frame.trailers_mut() {
        trailers::retain_permitted(fields);
        if let Err(fault) = asking.check_end(Some(fields)) {
            return Err(asking.ledger.fail(fault));
        }
        // No content comes after trailers (RFC 9110 section 6.5).
        asking.ledger.end()?;
    }
    Ok(frame)
}

/// The owner, about to be asked.
fn asking<'a, O: Owner>(owner: &'a mut Option<O>, stage: &'a mut Stage, ledger: &'a mut Ledger) -> Asking<'a, O> {
    Asking { owner, stage, ledger }
}

/// Calls the owner, whose code is not ours and may panic. The state for that case is set before the call, so that the body
/// has failed then: its next poll says so, the inner body is left alone, and the owner hears of it at once.
struct Asking<'a, O: Owner> {
    owner: &'a mut Option<O>,
    stage: &'a mut Stage,
    ledger: &'a mut Ledger,
}

impl<O: Owner> Asking<'_, O> {
    fn classify(&mut self, error: &(dyn Error + 'static)) -> Fault {
        self.ask(|owner, ledger| owner.classify(error, ledger)).unwrap_or(OWN_FAULT)
    }

    fn check_end(&mut self, fields: Option<&HeaderMap>) -> Result<(), Fault> {
        if !self.owner.as_ref().is_some_and(Owner::checks_end) {
            return Ok(());
        }
        self.ask(|owner, _| owner.check_end(fields)).unwrap_or(Ok(()))
    }

    fn tell(&mut self, fault: &Fault) -> Option<HeaderMap> {
        self.ask(|owner, _| owner.tell(fault)).flatten()
    }

    fn ask<R>(&mut self, call: impl FnOnce(&mut O, &Ledger) -> R) -> Option<R> {
        /// Tells the owner that it has panicked, unless it was put back.
        struct Call<'l, O: Owner>(Option<O>, &'l Ledger);

        impl<O: Owner> Drop for Call<'_, O> {
            fn drop(&mut self) {
                if let Some(owner) = self.0.take() {
                    owner.ended(End::Failed(OWN_FAULT), self.1);
                }
            }
        }

        let before = core::mem::replace(self.stage, Stage::Failing(OWN_FAULT));
        let mut called = Call(self.owner.take(), self.ledger);
        let result = called.0.as_mut().map(|owner| call(owner, called.1));
        *self.owner = called.0.take();
        drop(called);
        *self.stage = before;
        result
    }
}

/// The gateway's own code has failed.
const OWN_FAULT: Fault = Fault::new(FaultKind::ProxyInternal).at(Phase::Body);

impl<B, O, T> Body for Guarded<B, O, T>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    O: Owner,
    T: Timer,
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
            Stage::Open => self.is_whole() && self.inner.is_end_stream() && !self.checks_end(),
            Stage::Lingering(_) | Stage::Failing(_) => false,
            Stage::Over => self.held.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.remaining() as u64);
        match (self.stage, self.ledger.remaining()) {
            // Whatever is missing, it does not come any more.
            (Stage::Over, _) => return SizeHint::with_exact(held),
            (_, Some(missing)) => return SizeHint::with_exact(missing.saturating_add(held)),
            (Stage::Lingering(_) | Stage::Failing(_), None) => return SizeHint::new(),
            (Stage::Open, None) => {}
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

impl<B, O, T> fmt::Debug for Guarded<B, O, T>
where
    B: Body,
    O: Owner,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("ledger", &self.ledger).field("stage", &self.stage).finish_non_exhaustive()
    }
}
