//! Deadlines: a future, a timer, and the fault it is if the timer wins.
//!
//! No clock and no runtime here. The caller brings the timer, and work that is done
//! beats a timer that fires in the same poll.

use core::future::{Future, Pending, pending};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use crate::fault::{Fault, FaultKind, Phase};

/// Somebody's timer. One line for each runtime; feature `tokio1` has one for tokio.
///
/// ```
/// use badgateway::deadline::Timer;
/// use std::future::{Ready, ready};
/// use std::time::Duration;
///
/// /// Time flies.
/// struct Impatient;
///
/// impl Timer for Impatient {
///     type Sleep = Ready<()>;
///     fn sleep(&self, _duration: Duration) -> Ready<()> {
///         ready(())
///     }
/// }
/// ```
pub trait Timer {
    /// A future that is ready when the time is over. It need not be `Unpin`.
    type Sleep: Future<Output = ()>;

    /// Starts to wait.
    fn sleep(&self, duration: Duration) -> Self::Sleep;

    /// Whether it is ever ready: [`Never`] is not, and nobody should wait for it alone.
    fn fires(&self) -> bool {
        true
    }
}

impl<T: Timer + ?Sized> Timer for &T {
    type Sleep = T::Sleep;

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        (**self).sleep(duration)
    }

    fn fires(&self) -> bool {
        (**self).fires()
    }
}

/// The timer that never fires, for who wants none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)] // there is nothing in it
pub struct Never;

impl Timer for Never {
    type Sleep = Pending<()>;

    fn sleep(&self, _duration: Duration) -> Self::Sleep {
        pending()
    }

    fn fires(&self) -> bool {
        false
    }
}

pin_project! {
    /// A future that fails with a fault if it takes too long. Made by [`deadline`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Deadline<F, S> {
        #[pin]
        future: F,
        #[pin]
        sleep: S,
        fault: Fault,
    }
}

/// The future's output, or that fault if the sleep is over first.
///
/// The sleep may have begun before, so that one timer can cover several steps. Then the fault can be that of the wrong
/// one: around the call of a client that connects by itself, a stalled handshake looks like a slow response, and a
/// response timeout says that the request may have been applied. Give such a client's connector a timeout of its own, which
/// covers TLS.
///
/// ```
/// use badgateway::deadline::{deadline, phase_timeout};
/// use badgateway::fault::{FaultKind, Phase};
/// use std::future::{Future, pending, ready};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let kind = phase_timeout(Phase::Connect, None);
/// let mut slow = pin!(deadline(pending::<()>(), ready(()), kind));
/// let Poll::Ready(Err(fault)) = slow.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// assert_eq!(fault.kind(), FaultKind::ConnectionTimeout);
/// ```
///
/// # Errors
///
/// The future's output is `Err(fault)` when the sleep was over and the future was still not ready.
pub fn deadline<F, S>(future: F, sleep: S, fault: impl Into<Fault>) -> Deadline<F, S>
where
    F: Future,
    S: Future<Output = ()>,
{
    Deadline { future, sleep, fault: fault.into() }
}

impl<F: Future, S: Future<Output = ()>> Future for Deadline<F, S> {
    type Output = Result<F::Output, Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        this.sleep.poll(cx).map(|()| Err(*this.fault))
    }
}

/// What it is called when a timer fires in that phase.
///
/// `received` is the number of response bytes that came, where the caller knows: a head that began
/// and stalled needs another repair than a next hop that is silent. Interim (1xx) responses count as
/// a beginning only if the caller counts them.
///
/// Waiting in a queue for a connection ([`Phase::Select`]) is the pool's limit and not the next hop's
/// silence, hence 503, as HAProxy answers when `timeout queue` fires (termination state `sQ`).
#[must_use]
pub const fn phase_timeout(phase: Phase, received: Option<u64>) -> FaultKind {
    match phase {
        Phase::Select => FaultKind::ConnectionLimit,
        Phase::Resolve => FaultKind::DnsTimeout,
        Phase::Connect => FaultKind::ConnectionTimeout,
        Phase::Tls => FaultKind::TlsTimeout,
        Phase::Send => FaultKind::SendTimeout,
        Phase::Head => match received {
            None | Some(0) => FaultKind::ResponseTimeout,
            Some(_) => FaultKind::HeadStalled,
        },
        Phase::Body | Phase::Trailers => FaultKind::BodyStalled,
    }
}
