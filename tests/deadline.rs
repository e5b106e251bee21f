//! Deadlines, polled by hand with a timer that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::cell::Cell;
use std::future::{Future, pending, poll_fn, ready};
use std::marker::PhantomPinned;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use badgateway::deadline::{Never, Timer, deadline, phase_timeout};
use badgateway::fault::{Category, Fault, FaultKind, Phase};

#[derive(Clone, Default)]
struct Clock(Rc<Cell<u64>>);

struct Sleep(Clock, u64, PhantomPinned);

impl Timer for Clock {
    type Sleep = Sleep;
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep(self.clone(), self.0.get() + duration.as_secs(), PhantomPinned)
    }
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.0.get() >= self.1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Ready from that time on.
fn work(clock: &Clock, at: u64) -> impl Future<Output = &'static str> {
    let clock = clock.clone();
    poll_fn(move |_| if clock.0.get() >= at { Poll::Ready("done") } else { Poll::Pending })
}

#[test]
fn the_first_one_wins_and_work_wins_a_tie() {
    let timeout = Fault::new(FaultKind::ConnectionTimeout);
    for (work_at, sleep_for, want) in
        [(3, 5, Ok("done")), (5, 3, Err(timeout)), (4, 4, Ok("done")), (0, 0, Ok("done")), (1, 0, Err(timeout))]
    {
        let clock = Clock::default();
        let sleep = clock.sleep(Duration::from_secs(sleep_for));
        let mut future = pin!(deadline(work(&clock, work_at), sleep, FaultKind::ConnectionTimeout));
        loop {
            match poll(future.as_mut()) {
                Poll::Ready(got) => {
                    assert_eq!(got, want, "{work_at} against {sleep_for}");
                    break;
                }
                Poll::Pending => clock.0.set(clock.0.get() + 1),
            }
            assert!(clock.0.get() < 10, "never ready");
        }
        assert_eq!(clock.0.get(), work_at.min(sleep_for));
    }
}

#[test]
fn never_is_never_and_a_timer_by_reference_is_a_timer() {
    let mut future = pin!(deadline(pending::<()>(), Never.sleep(Duration::ZERO), FaultKind::DnsTimeout));
    assert!(poll(future.as_mut()).is_pending());
    let clock = Clock::default();
    let sleep = Timer::sleep(&&clock, Duration::ZERO);
    let mut future = pin!(deadline(pending::<()>(), sleep, Fault::new(FaultKind::BodyStalled).at(Phase::Trailers)));
    let Poll::Ready(Err(fault)) = poll(future.as_mut()) else { panic!("the sleep is over") };
    assert_eq!((fault.kind(), fault.phase()), (FaultKind::BodyStalled, Phase::Trailers));
    let mut future = pin!(deadline(ready(1), pending(), FaultKind::DnsTimeout));
    assert_eq!(poll(future.as_mut()), Poll::Ready(Ok(1)));
}

#[test]
fn each_phase_has_its_own_timeout() {
    use FaultKind as K;
    let rows = [
        (Phase::Select, K::ConnectionLimit),
        (Phase::Resolve, K::DnsTimeout),
        (Phase::Connect, K::ConnectionTimeout),
        (Phase::Tls, K::TlsTimeout),
        (Phase::Send, K::SendTimeout),
        (Phase::Head, K::ResponseTimeout),
        (Phase::Body, K::BodyStalled),
        (Phase::Trailers, K::BodyStalled),
    ];
    assert_eq!(rows.map(|(phase, _)| phase), *Phase::ALL);
    for (phase, kind) in rows {
        assert_eq!(phase_timeout(phase, None), kind);
        assert_eq!(phase_timeout(phase, Some(0)), kind);
        assert_eq!(phase_timeout(phase, Some(1)), if phase == Phase::Head { K::HeadStalled } else { kind });
        if phase > Phase::Select {
            assert_eq!((kind.category(), kind.status()), (Category::Timeout, 504), "{phase}");
        }
    }
}

#[cfg(feature = "tokio1")]
#[tokio::test]
async fn tokio_sleeps() {
    use badgateway::adapters::tokio1::TokioTimer;
    let fault = deadline(pending::<()>(), TokioTimer.sleep(Duration::ZERO), FaultKind::SendTimeout).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::SendTimeout);
    let long = TokioTimer.sleep(Duration::from_secs(3600));
    assert_eq!(deadline(ready(7), long, FaultKind::SendTimeout).await, Ok(7));
}
