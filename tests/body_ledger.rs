//! The ledger against a naive model, and the trailer filter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use badgateway::body::{Ledger, LedgerState, trailers};
use badgateway::fault::{Class, Fault, FaultKind, Phase};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Call {
    Data(usize),
    End,
    Fail(FaultKind),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => (0_usize..6).prop_map(Call::Data),
        1 => Just(Call::Data(usize::MAX)),
        1 => Just(Call::End),
        1 => prop_oneof![Just(FaultKind::BodyReset), Just(FaultKind::BadHeader), Just(FaultKind::BadTrailer)].prop_map(Call::Fail),
    ]
}

/// All frames in a list, added up anew each time in 128 bits.
#[derive(Default)]
struct Model {
    expected: Option<u64>,
    frames: Vec<usize>,
    ended: bool,
    failed: Option<Fault>,
}

impl Model {
    fn sum(&self, more: usize) -> u64 {
        let sum: u128 = self.frames.iter().chain([&more]).map(|n| *n as u128).sum();
        sum.min(u128::from(u64::MAX)) as u64
    }

    fn fault(&self, kind: FaultKind, received: u64, expected: Option<u64>) -> Fault {
        let fault = Fault::new(kind).at(Phase::Body).with_received(received);
        expected.map_or(fault, |n| fault.with_expected(n))
    }

    fn call(&mut self, call: &Call) -> Result<(), Fault> {
        if let Some(first) = self.failed {
            return Err(first);
        }
        let answer = match *call {
            Call::Data(0) if self.ended => Ok(()),
            Call::Data(n) if self.ended => {
                return Err(self.fault(FaultKind::AmbiguousFraming, self.sum(n), self.expected.or(Some(self.sum(0)))));
            }
            Call::Data(n) => {
                self.frames.push(n);
                match self.expected {
                    Some(e) if self.sum(0) > e => Err(self.fault(FaultKind::AmbiguousFraming, self.sum(0), Some(e))),
                    _ => Ok(()),
                }
            }
            Call::End if self.ended => Ok(()),
            Call::End => match self.expected {
                Some(e) if self.sum(0) < e => Err(self
                    .fault(FaultKind::BodyTruncated, self.sum(0), Some(e))
                    .with_class(Class::PrematureEofContentLengthBody)),
                _ => {
                    self.ended = true;
                    Ok(())
                }
            },
            Call::Fail(kind) => {
                let mut fault = Fault::new(kind);
                if kind.phase() >= Phase::Body {
                    fault = self.fault(kind, self.sum(0), self.expected).at(kind.phase());
                }
                if self.ended {
                    return Err(fault);
                }
                Err(fault)
            }
        };
        self.failed = answer.err();
        answer
    }
}

proptest! {
    #[test]
    fn does_what_the_model_does(
        expected in prop_oneof![Just(None), (0_u64..20).prop_map(Some), Just(Some(u64::MAX))],
        calls in prop::collection::vec(call(), 0..12),
    ) {
        let mut ledger = Ledger::new(expected);
        let mut model = Model { expected, ..Model::default() };
        for call in &calls {
            let got = match *call {
                Call::Data(n) => ledger.data(n),
                Call::End => ledger.end(),
                Call::Fail(kind) => Err(ledger.fail(Fault::new(kind))),
            };
            prop_assert_eq!(got, model.call(call), "{:?}", call);
            prop_assert_eq!(ledger.received(), model.sum(0));
            prop_assert_eq!(ledger.expected(), expected);
            prop_assert_eq!(ledger.remaining(), expected.map(|e| e.saturating_sub(model.sum(0))));
            let state = match (model.failed, model.ended) {
                (Some(fault), _) => LedgerState::Failed(fault),
                (None, true) => LedgerState::Ended,
                (None, false) => LedgerState::Open,
            };
            prop_assert_eq!(ledger.state(), state);
        }
    }
}

#[test]
fn the_count_saturates() {
    let mut ledger = Ledger::new(None);
    for _ in 0..4 {
        ledger.data(usize::MAX).unwrap();
    }
    assert_eq!(ledger.received(), u64::MAX);
}

#[test]
fn forbidden_trailers_go_and_others_stay() {
    let forbidden = [
        "content-length",
        "transfer-encoding",
        "trailer",
        "host",
        "te",
        "connection",
        "keep-alive",
        "upgrade",
        "max-forwards",
        "content-encoding",
        "content-type",
        "content-range",
        "set-cookie",
        "cookie",
        "cache-control",
        "expires",
        "age",
        "date",
        "location",
        "vary",
        "retry-after",
        "authorization",
        "proxy-authorization",
        "www-authenticate",
        "proxy-authenticate",
        "expect",
        "range",
        "if-match",
        "if-none-match",
        "if-range",
        "pragma",
        "x-forwarded-for",
        "forwarded",
        "strict-transport-security",
    ];
    let permitted =
        ["etag", "grpc-status", "grpc-message", "proxy-status", "server-timing", "digest", "x-checksum", "link"];
    let mut map = HeaderMap::new();
    for name in forbidden.iter().chain(&permitted) {
        let name: HeaderName = name.parse().unwrap();
        assert_eq!(trailers::is_forbidden(&name), forbidden.contains(&name.as_str()), "{name}");
        map.append(&name, HeaderValue::from_static("1"));
        map.append(name, HeaderValue::from_static("2"));
    }
    assert_eq!(trailers::retain_permitted(&mut map), forbidden.len());
    let left: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
    assert_eq!(left.len(), permitted.len());
    assert!(permitted.iter().all(|name| map.get_all(*name).iter().count() == 2));
    assert_eq!(trailers::retain_permitted(&mut map), 0);
}
