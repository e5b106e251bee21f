//! From a fault to its line in the log.
//!
//! Every contestant makes the same line, but for escapes that JSON leaves open; that is asserted first.

use std::hint::black_box;

use badgateway::exchange::RequestBody;
use badgateway::fault::Code;
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::harness::{Budget, Contestant, Group, Topic, each};

const SERDE: &str = "serde_json::to_writer, derived";
const VALUE: &str = "serde_json::Value";
const DISPLAY: &str = "badgateway, Display";

pub fn topic() -> Topic {
    Topic {
        name: "record",
        about: "A refused connection becomes one line of JSON with 23 keys, appended to a buffer that is kept. The \
                peers' values are all made already, as strings and numbers.",
        groups: vec![group("refused", "/shop/cart?id=7"), group("refused, a path with marks", "/shop?a=b&c='d'&e=f")],
    }
}

fn group(input: &str, path: &'static str) -> Group {
    let serde = Contestant::new(SERDE, move || {
        let (line, mut out) = (line(path), Vec::new());
        let keys: Keys = serde_json::from_str(&line).expect("JSON");
        // The escapes of markup are ours, and no less valid.
        serde_json::to_writer(&mut out, &keys).expect("JSON");
        let values = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
        assert_eq!(values(&out), values(line.as_bytes()));
        each(move || {
            out.clear();
            serde_json::to_writer(black_box(&mut out), black_box(&keys)).expect("JSON");
        })
    });
    let value = Contestant::new(VALUE, move || {
        let value: Value = serde_json::from_str(&line(path)).expect("JSON");
        let mut out = Vec::new();
        each(move || {
            out.clear();
            serde_json::to_writer(black_box(&mut out), black_box(&value)).expect("JSON");
        })
    });
    let display = Contestant::new(DISPLAY, move || {
        let (gateway, fault, exchange, mut out) = (gateway(), fault(), exchange(path), String::new());
        each(move || {
            use std::fmt::Write;
            out.clear();
            write!(black_box(&mut out), "{}", black_box(&gateway).record(black_box(&fault), black_box(&exchange)))
                .expect("room");
        })
    });
    let ours = Contestant::new("badgateway", move || {
        let (gateway, fault, exchange, mut out) = (gateway(), fault(), exchange(path), Vec::new());
        gateway.record(&fault, &exchange).append_to(&mut out);
        assert_eq!(out, line(path).as_bytes());
        each(move || {
            out.clear();
            black_box(&gateway).record(black_box(&fault), black_box(&exchange)).append_to(black_box(&mut out));
        })
    });
    let none = Budget::Allocations(0.0);
    Group::new(input)
        .with(serde)
        .with(value)
        .with(display.budget(Budget::Allocations(0.0)))
        .with(ours.budget(none).budget(Budget::InstructionsOf(SERDE.into(), 0.5, 0.0)))
}

fn gateway() -> Gateway {
    Gateway::new("gw.example.net").expect("a name")
}

fn fault() -> Fault {
    Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111))
}

fn exchange(path: &'static str) -> Exchange {
    let mut exchange = Exchange::of(&Request::get(path).body(()).expect("a request"));
    exchange.request_body = RequestBody::None;
    exchange.next_hop = Some("10.1.2.3:8080".into());
    exchange.elapsed = Some(std::time::Duration::from_millis(3));
    exchange.reference = Some("01J9Z3N5Q8R7T6V4W2X1Y0ABCD".into());
    exchange
}

fn line(path: &'static str) -> String {
    gateway().record(&fault(), &exchange(path)).to_string()
}

/// The keys in their order.
#[derive(Serialize, Deserialize)]
struct Keys {
    fault: String,
    class: Option<String>,
    phase: String,
    status: Option<u16>,
    forwarded_status: Option<u16>,
    proxy_status: Option<String>,
    applied: String,
    retry: String,
    retry_reason: String,
    blame: String,
    category: String,
    elapsed_ms: Option<u64>,
    next_hop: Option<String>,
    method: String,
    path: Option<String>,
    offset: Option<u64>,
    expected: Option<u64>,
    received: Option<u64>,
    confidence: String,
    decision: String,
    how: Option<String>,
    errno: i32,
    reference: String,
}
