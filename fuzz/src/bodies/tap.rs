//! The tap sees the same in any split, whatever passes, and whatever its owner says in between.

use std::time::{Duration, Instant};

use badgateway::exchange::Exchange;
use badgateway::fault::{Fault, FaultKind};
use badgateway::tap::{Ended, Observation, Observer};
use http::Method;

use super::{Choices, Rng, seed, show};

/// What happens on a connection.
#[derive(Debug)]
enum Act<'a> {
    Read(Vec<u8>),
    Wrote(usize),
    Begin(&'a Method),
    Whole,
    Ended(Ended),
}

const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::CONNECT, Method::POST];

/// Acts, each a byte and what belongs to it; `0` begins with a GET, and what is no act comes as bytes, so
/// that any response is an input.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let acts = acts(data);
    let start = Instant::now();
    let whole = watch(&acts, start, None);
    for longest in [1, 9, 300] {
        let rng = Rng::new(seed(data).wrapping_add(longest as u64));
        let pieces = watch(&acts, start, Some((longest, rng)));
        assert_eq!(pieces, whole, "in pieces of {longest}: {}", show(data));
    }
}

fn acts(data: &[u8]) -> Vec<Act<'static>> {
    let mut choices = Choices(data);
    let mut acts = Vec::new();
    while !choices.0.is_empty() && acts.len() < 200 {
        acts.push(match choices.byte() {
            b @ b'0'..=b'3' => Act::Begin(&METHODS[usize::from(b - b'0')]),
            b'4' => Act::Whole,
            b'5' => Act::Wrote(usize::from(choices.byte())),
            b'6' => match choices.byte() & 3 {
                0 => Act::Ended(Ended::Clean),
                1 => Act::Ended(Ended::Reset(Some(104))),
                2 => Act::Ended(Ended::TlsTruncated),
                _ => Act::Ended(Ended::Failed(None)),
            },
            // Up to the next line end of its own.
            b'7' => {
                let n = choices.0.iter().position(|&b| b == 0x1e).unwrap_or(choices.0.len());
                let bytes = choices.take(n).to_vec();
                choices.byte();
                Act::Read(bytes)
            }
            // Many of the same, beyond what is kept.
            b'8' => Act::Read(vec![choices.byte(); usize::from(choices.byte()) * 16]),
            _ => Act::Read(choices.take(40).to_vec()),
        });
    }
    acts
}

/// Everything that is observed on the way: after every act, because a later one may hide what came before.
fn watch(acts: &[Act<'_>], start: Instant, mut pieces: Option<(usize, Rng)>) -> Vec<String> {
    let mut tap = Observer::new();
    let mut seen = Vec::new();
    // All that came, as long as no second exchange has begun.
    let (mut came, mut begun) = (Vec::new(), 0);
    for (n, act) in acts.iter().enumerate() {
        let now = start + Duration::from_millis(n as u64);
        match act {
            Act::Begin(method) => {
                tap.begin(method);
                begun += 1;
            }
            Act::Whole => tap.whole(),
            Act::Wrote(bytes) => tap.wrote(*bytes, now),
            Act::Ended(how) => tap.ended(*how),
            Act::Read(bytes) => match &mut pieces {
                None => tap.read(bytes, now),
                Some((longest, rng)) => {
                    let mut rest = &bytes[..];
                    while !rest.is_empty() {
                        let (piece, after) = rest.split_at((rng.below(*longest) + 1).min(rest.len()));
                        tap.read(piece, now);
                        // Looking changes nothing.
                        if rng.below(8) == 0 {
                            let _ = (tap.observation(), tap.is_idle_clean());
                        }
                        rest = after;
                    }
                }
            },
        }
        if let Act::Read(bytes) = act {
            came.extend_from_slice(bytes);
        }
        if begun < 2 {
            let seen = tap.observation();
            assert_eq!(seen.received(), came.len() as u64);
            assert!(seen.first_bytes() == &came[..came.len().min(2048)]);
            assert!(seen.last_bytes() == &came[came.len().saturating_sub(64)..]);
        }
        if n % 4 == 0 || n + 1 == acts.len() {
            seen.push(facts(&tap, start));
        }
    }
    seen
}

fn facts(tap: &Observer, start: Instant) -> String {
    let o: Observation = tap.observation();
    assert!(o.first_bytes().len() <= 2048 && o.last_bytes().len() <= 64);
    assert!(o.first_bytes().len() as u64 <= o.received());
    assert!(o.body_received() + o.leftover() <= o.received(), "{o:?}");
    if o.received() <= 2048 && o.first_bytes().len() as u64 == o.received() {
        assert!(o.first_bytes().ends_with(o.last_bytes()));
    }
    if let Some(expected) = o.expected() {
        assert!(o.body_received() <= expected);
        assert!(!o.complete() || o.body_received() == expected, "{o:?}");
    }
    if let Some((class, at)) = o.class() {
        assert!(at <= o.received(), "{class} at {at} of {}", o.received());
    }
    if tap.is_idle_clean() {
        assert_eq!(o.ended(), None);
    }
    let mut exchange = Exchange::default();
    o.fill(&mut exchange);
    assert_eq!((exchange.sent, exchange.received), (Some(o.sent()), Some(o.received())));
    assert_eq!(exchange.received_status.map(|s| s.as_u16()), o.status().filter(|&s| (100..1000).contains(&s)));
    let faults: Vec<Fault> = FaultKind::ALL.iter().map(|&kind| refined(&o, Fault::new(kind))).collect();
    let time = |at: Option<Instant>| at.map(|at| at - start);
    let numbers =
        (o.sent(), o.received(), o.head_bytes(), o.head_complete(), o.status(), o.interim(), o.header_lines());
    let body = (o.expected(), o.body_received(), o.complete(), o.leftover(), o.ended(), o.phase(), o.class());
    let times = (time(o.first_write()), time(o.last_write()), time(o.first_read()), time(o.last_read()), o.waited());
    format!(
        "{numbers:?} {body:?} {times:?} {} {} {} {faults:?}",
        tap.is_idle_clean(),
        show(o.first_bytes()),
        show(o.last_bytes())
    )
}

/// A sharper fault has a class of its own kind, and stays as it is when refined again.
fn refined(seen: &Observation, fault: Fault) -> Fault {
    let sharper = seen.refine(fault);
    assert_eq!(seen.refine(sharper), sharper, "of {fault:?}");
    sharper
}
