//! A step of an exchange and its time: who is waited for, second by second.
#![cfg(feature = "http_body1")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use badgateway::deadline::Timer;
use badgateway::fault::{FaultKind, Phase};
use badgateway::{Gateway, InFlight, Upload};
use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};

const PATIENCE: u64 = 5;

thread_local! {
    static SECONDS: Cell<u64> = const { Cell::new(0) };
    static BEGUN: Instant = Instant::now();
}

fn now() -> Instant {
    BEGUN.with(|begun| *begun) + Duration::from_secs(SECONDS.get())
}

/// Seconds, which pass when the test says so.
#[derive(Clone, Copy)]
struct Clock;

impl Clock {
    fn now(self) -> u64 {
        SECONDS.get()
    }
}

struct Sleep {
    until: u64,
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Clock.now() >= self.until { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Timer for Clock {
    type Sleep = Sleep;
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep { until: self.now() + duration.as_secs() }
    }
}

/// A client that sends a frame at each of these seconds, and ends its body with the last unless it stalls.
struct Client {
    frames: &'static [u64],
    stalls: bool,
}

impl Body for Client {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.frames {
            [at, ..] if *at > Clock.now() => Poll::Pending,
            [_, rest @ ..] => {
                self.frames = rest;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
            }
            [] if self.stalls => Poll::Pending,
            [] => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && !self.stalls
    }
}

/// A next hop: takes so many frames, and answers at that second.
#[derive(Clone, Copy)]
struct Hop {
    takes: usize,
    answers_at: u64,
}

const NEVER: u64 = u64::MAX;

async fn send(mut request: Request<Upload<Client>>, hop: Hop) {
    let mut room = hop.takes;
    poll_fn(|cx| {
        while room > 0 {
            let Poll::Ready(Some(_)) = Pin::new(request.body_mut()).poll_frame(cx) else { break };
            room -= 1;
        }
        if Clock.now() >= hop.answers_at { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// When the step ended, and as what.
fn run(gateway: &Gateway, client: Client, hop: Hop, phase: Option<Phase>) -> (u64, Option<FaultKind>) {
    let (exchange, request): (InFlight, _) =
        gateway.begin(Request::post("/").header("host", "gw.test").body(client).unwrap());
    exchange.facts().phase = phase;
    let mut step = pin!(exchange.within(Clock, Duration::from_secs(PATIENCE), send(request, hop)));
    for second in 0..100 {
        SECONDS.set(second);
        if let Poll::Ready(ended) = step.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            exchange.finish();
            return (second, ended.err().map(|fault| fault.kind()));
        }
    }
    panic!("it hangs")
}

/// What happens, the client's frames, whether it stalls, the next hop, the phase; when the step ends, and as what.
type Case = (&'static str, &'static [u64], bool, Hop, Option<Phase>, u64, Option<FaultKind>);

#[test]
fn who_stops_it_gets_the_blame_and_who_moves_gets_the_time() {
    use FaultKind as K;
    let reads = |answers_at| Hop { takes: usize::MAX, answers_at };
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("no body, no answer", &[], false, reads(NEVER), Some(Phase::Head), 5, Some(K::ResponseTimeout)),
        ("an answer in time", &[], false, reads(4), Some(Phase::Head), 4, None),
        ("work that is done beats the timer", &[], false, reads(5), None, 5, None),
        ("resolving", &[], false, reads(NEVER), Some(Phase::Resolve), 5, Some(K::DnsTimeout)),
        ("connecting", &[], false, reads(NEVER), Some(Phase::Connect), 5, Some(K::ConnectionTimeout)),
        ("shaking hands", &[], false, reads(NEVER), Some(Phase::Tls), 5, Some(K::TlsTimeout)),
        ("a slow upload that moves", &[0, 4, 8, 12, 16, 20], false, reads(24), Some(Phase::Head), 24, None),
        ("and no answer to it", &[0, 4, 8, 12], false, reads(NEVER), None, 17, Some(K::ResponseTimeout)),
        ("a client that stops", &[0, 4], true, reads(NEVER), Some(Phase::Head), 9, Some(K::ClientTimeout)),
        ("a client that never begins", &[], true, reads(NEVER), None, 5, Some(K::ClientTimeout)),
        ("an early answer to it", &[0, 4], true, reads(7), None, 7, None),
        ("a next hop that stops reading", &[0, 1, 2, 3, 4, 5, 6], false, Hop { takes: 3, answers_at: NEVER }, None, 7, Some(K::SendTimeout)),
        // Whether it connects in there, or does not read: who counts on it to read gets no word.
        ("nobody touches the body", &[0], false, Hop { takes: 0, answers_at: NEVER }, None, 5, Some(K::ResponseTimeout)),
    ];
    for &(what, frames, stalls, hop, phase, at, fault) in cases {
        for has_clock in [true, false] {
            let mut gateway = Gateway::new("gw").unwrap();
            if has_clock {
                gateway = gateway.with_clock(now, SystemTime::now);
            }
            SECONDS.set(0);
            let (ended, kind) = run(&gateway, Client { frames, stalls }, hop, phase);
            assert_eq!(kind, fault, "{what}");
            // Without a clock a sleep is only begun anew when it is over.
            let at_most = if has_clock || fault.is_none() { at } else { at + PATIENCE - 1 };
            assert!((at..=at_most).contains(&ended), "{what}: at {ended}");
        }
    }
}
