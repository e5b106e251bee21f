//! Passive ejection as both example proxies do it, on a clock of the test's own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may fail, and its numbers are small"
)]

#[path = "../examples/shared/eject.rs"]
mod eject;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use badgateway::Exchange;
use badgateway::body::End;
use badgateway::fault::{Fault, FaultKind};
use proptest::prelude::*;

use crate::eject::{Admit, Eject, HOPS};

const SPAN: Duration = Duration::from_secs(5);

fn after(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn no(seconds: u64) -> Admit {
    Admit::No { retry_after: after(seconds) }
}

/// Fails so often that it is ejected.
fn ejected(now: Instant) -> Eject<&'static str> {
    let eject = Eject::new(3, SPAN);
    for _ in 0..3 {
        assert_eq!(eject.admit(&"a", now), Admit::Yes);
        eject.report(&"a", true, now);
    }
    eject
}

#[test]
fn it_takes_that_many_failures_in_a_row() {
    let now = Instant::now();
    let eject = Eject::new(3, SPAN);
    for _ in 0..4 {
        for outcome in [true, true, false] {
            assert_eq!(eject.admit(&"a", now), Admit::Yes);
            eject.report(&"a", outcome, now);
        }
    }
    let eject = ejected(now);
    assert_eq!(eject.admit(&"a", now), no(5));
    assert_eq!(eject.admit(&"b", now), Admit::Yes, "nobody else is");
    assert_eq!(eject.admit(&"a", now + after(4)), no(1));
}

#[test]
fn one_request_at_a_time_finds_out() {
    let now = Instant::now();
    let eject = ejected(now);
    let later = now + after(5);
    assert_eq!(eject.admit(&"a", later), Admit::Probe);
    assert_eq!(eject.admit(&"a", later), no(5));
    assert_eq!(eject.admit(&"a", later + after(1)), no(4));
    // It fails: one is enough now.
    eject.report(&"a", true, later + after(1));
    assert_eq!(eject.admit(&"a", later + after(5)), no(1));
    let later = later + after(6);
    assert_eq!(eject.admit(&"a", later), Admit::Probe);
    // It goes well: all is forgotten.
    eject.report(&"a", false, later);
    for _ in 0..2 {
        assert_eq!(eject.admit(&"a", later), Admit::Yes);
        eject.report(&"a", true, later);
    }
    assert_eq!(eject.admit(&"a", later), Admit::Yes);
}

#[test]
fn a_probe_that_was_lost_does_not_keep_it_out_for_ever() {
    let now = Instant::now();
    let eject = ejected(now);
    assert_eq!(eject.admit(&"a", now + after(5)), Admit::Probe);
    assert_eq!(eject.admit(&"a", now + after(9)), no(1));
    assert_eq!(eject.admit(&"a", now + after(10)), Admit::Probe);
    assert_eq!(eject.admit(&"a", now + after(10)), no(5));
}

#[test]
fn outcomes_from_before_the_ejection_do_not_touch_it() {
    let now = Instant::now();
    for late in [true, false] {
        let eject = ejected(now);
        eject.report(&"a", late, now + after(1));
        assert_eq!(eject.admit(&"a", now + after(2)), no(3), "{late}");
    }
}

#[test]
fn an_exchange_that_may_not_ask_is_told_when_it_may() {
    let now = Instant::now();
    let eject = Eject::new(1, SPAN);
    let mut exchange = Exchange::default();
    assert_eq!(eject.ask(&"a", &mut exchange, now), Ok(false));
    assert_eq!((exchange.sent, exchange.retry_after), (None, None));
    eject.settle(&"a", &End::Failed(Fault::new(FaultKind::ConnectionRefused)), &exchange, now);
    let spared = eject.ask(&"a", &mut exchange, now + after(1));
    assert_eq!(spared.map_err(|fault| fault.kind()), Err(FaultKind::NoHealthyUpstream));
    assert_eq!((exchange.sent, exchange.retry_after), (Some(0), Some(after(4))));
    assert_eq!(eject.ask(&"a", &mut exchange, now + after(5)), Ok(true), "its answer decides");
    assert_eq!(Eject::new(0, SPAN).ask(&"a", &mut exchange, now), Ok(false));
}

#[test]
fn a_client_that_leaves_tells_of_the_next_hop_only_what_it_has_got() {
    let now = Instant::now();
    for (has_head, then) in [(false, no(5)), (true, Admit::Yes)] {
        let eject = Eject::new(1, SPAN);
        let mut exchange = Exchange::default();
        eject.report(&"a", true, now);
        assert_eq!(eject.admit(&"a", now + after(5)), Admit::Probe);
        if has_head {
            exchange.forwarding(http::StatusCode::OK, &http::HeaderMap::new());
        }
        eject.settle(&"a", &End::Dropped, &exchange, now + after(5));
        if !has_head {
            assert_eq!(eject.admit(&"a", now + after(5)), Admit::Probe, "the next one is");
        }
        assert_eq!(eject.admit(&"a", now + after(5)), then, "{has_head}");
    }
}

#[test]
fn what_says_nothing_of_the_next_hop_changes_nothing() {
    let now = Instant::now();
    let client = Fault::new(FaultKind::ClientAborted);
    let ours = Fault::new(FaultKind::LocalExhausted);
    let refused = Fault::new(FaultKind::ConnectionRefused);
    let eject = Eject::new(3, SPAN);
    for fault in [refused, client, refused, ours, client, refused] {
        assert_eq!(eject.admit(&"a", now), Admit::Yes);
        eject.settle(&"a", &End::Failed(fault), &Exchange::default(), now);
    }
    assert_eq!(eject.admit(&"a", now), no(5), "three in a row, whatever came between");
    // A probe whose client left is no probe: the next request is.
    assert_eq!(eject.admit(&"a", now + after(5)), Admit::Probe);
    eject.settle(&"a", &End::Failed(client), &Exchange::default(), now + after(6));
    assert_eq!(eject.admit(&"a", now + after(6)), Admit::Probe);
    assert_eq!(eject.admit(&"a", now + after(6)), no(5));
    eject.settle(&"a", &End::Whole, &Exchange::default(), now + after(7));
    assert_eq!(eject.admit(&"a", now + after(7)), Admit::Yes);
}

#[test]
fn zero_ejects_nobody() {
    let now = Instant::now();
    let eject = Eject::new(0, SPAN);
    for _ in 0..100 {
        eject.report(&"a", true, now);
        assert_eq!(eject.admit(&"a", now), Admit::Yes);
    }
}

#[test]
fn it_forgets_the_oldest_and_stays_small() {
    let now = Instant::now();
    let eject = Eject::new(1, SPAN);
    for hop in 0..=HOPS {
        eject.report(&hop, true, now + Duration::from_nanos(hop as u64));
    }
    assert_eq!(eject.admit(&0, now), Admit::Yes, "forgotten");
    for hop in 1..=HOPS {
        assert!(matches!(eject.admit(&hop, now), Admit::No { .. }), "{hop}");
    }
}

#[test]
fn of_many_at_once_one_is_the_probe() {
    let now = Instant::now();
    let eject = Arc::new(ejected(now));
    let admitted: Vec<Admit> = (0..16)
        .map(|_| Arc::clone(&eject))
        .map(|eject| thread::spawn(move || eject.admit(&"a", now + after(5))))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(admitted.iter().filter(|admit| **admit == Admit::Probe).count(), 1, "{admitted:?}");
    assert_eq!(admitted.iter().filter(|admit| **admit == no(5)).count(), 15, "{admitted:?}");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask,
    Report(bool),
    Withdraw,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let step = prop_oneof![
        3 => Just(Step::Ask),
        3 => Just(Step::Report(true)),
        1 => Just(Step::Report(false)),
        1 => Just(Step::Withdraw),
    ];
    (0..4_u64, step)
}

proptest! {
    /// Whatever happened: nobody is out without having failed that often, nobody is out for longer than the span
    /// after the last that was heard, and no two probes are on their way.
    #[test]
    fn nobody_is_out_without_cause_or_end(steps in prop::collection::vec(step(), 0..40)) {
        let mut now = Instant::now();
        let eject = Eject::new(3, SPAN);
        let mut failures = 0;
        let mut probe: Option<Instant> = None;
        for (wait, step) in steps {
            now += after(wait);
            match step {
                Step::Ask => match eject.admit(&"a", now) {
                    Admit::Yes => prop_assert!(probe.is_none_or(|at| at + SPAN <= now)),
                    Admit::Probe => {
                        prop_assert!(failures >= 3);
                        prop_assert!(probe.is_none_or(|at| at + SPAN <= now), "two at a time");
                        probe = Some(now);
                    }
                    Admit::No { retry_after } => {
                        prop_assert!(failures >= 3);
                        prop_assert!(!retry_after.is_zero() && retry_after <= SPAN);
                    }
                },
                Step::Report(counts_against) => {
                    failures += u32::from(counts_against);
                    probe = None;
                    eject.report(&"a", counts_against, now);
                }
                Step::Withdraw => {
                    probe = None;
                    eject.withdraw(&"a", now);
                }
            }
        }
        let out = matches!(eject.admit(&"a", now + SPAN), Admit::No { .. });
        prop_assert!(!out);
    }
}
