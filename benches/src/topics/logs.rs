//! One line of a log, read.
//!
//! Lines of the size that they have in production, so that a figure times lines is a file. What a
//! whole file takes, beside `grep`, `benches/explain-log` measures.

use std::hint::black_box;

use badgateway::FaultKind;
use badgateway::dialect::logs::Reader;

use crate::harness::{Budget, Contestant, Group, Topic, each};

const OURS: &str = "badgateway";
const STRINGS: &str = "contains, no fields";

/// Name, line, and what it says.
const LINES: &[(&str, &str, Option<FaultKind>)] = &[
    (
        "nginx, noise",
        r#"2026/11/20 18:53:56 [error] 3812#3812: *47 open() "/srv/www/static/9213.png" failed (2: No such file or directory), client: 203.0.113.9, server: shop.example, request: "GET /static/9213.png HTTP/1.1", host: "shop.example""#,
        None,
    ),
    (
        "nginx, fault",
        r#"2026/11/20 18:53:56 [error] 3812#3812: *47 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop.example, request: "GET /api/v2/orders/88213?page=4 HTTP/1.1", upstream: "http://10.0.1.7:8080/api/v2/orders/88213?page=4", host: "shop.example", referrer: "https://shop.example/""#,
        Some(FaultKind::ConnectionRefused),
    ),
    (
        "haproxy, syslog",
        r#"<134>Nov 20 18:54:29 lb1 haproxy[9]: 203.0.113.9:40000 [20/Nov/2026:18:54:29.100] https-in~ orders/s1 0/0/1/-1/60003 504 198 - - sH-- 112/110/3/1/0 0/0 "GET /api/v2/orders/88213?page=4 HTTP/1.1""#,
        Some(FaultKind::ResponseTimeout),
    ),
    (
        "envoy",
        r#"[2026-11-20T18:57:21.000Z] "GET /api/v2/orders/88213?page=4 HTTP/1.1" 503 UC 0 95 3 - "203.0.113.9" "Mozilla/5.0 (X11; Linux x86_64)" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "shop.example" "10.0.1.7:8080""#,
        Some(FaultKind::ClosedBeforeResponse),
    ),
    (
        "caddy",
        r#"{"level":"error","ts":1795200890.00013,"logger":"http.log.error.log0","msg":"dial tcp 10.0.1.7:8080: connect: connection refused","request":{"remote_ip":"203.0.113.9","remote_port":"39634","proto":"HTTP/1.1","method":"GET","host":"shop.example","uri":"/api/v2/orders/88213?page=4","headers":{"Connection":["close"],"User-Agent":["curl/8"],"Accept":["*/*"]}},"duration":0.000725015,"status":502,"err_id":"bt1umbgfy","err_trace":"reverseproxy.statusError (reverseproxy.go:1272)"}"#,
        Some(FaultKind::ConnectionRefused),
    ),
    (
        "unknown",
        "Nov 20 18:54:29 host systemd[1]: Started Daily apt download activities, and this is of no proxy's log.",
        None,
    ),
];

pub fn topic() -> Topic {
    Topic {
        name: "logs",
        about: "One line becomes an entry: format, time, fields, fault. The peer looks for twenty phrases and takes no line apart.",
        groups: LINES.iter().map(|(name, line, kind)| group(name, line, *kind)).collect(),
    }
}

fn group(name: &str, line: &'static str, kind: Option<FaultKind>) -> Group {
    let strings = Contestant::new(STRINGS, move || each(move || by_text(black_box(line))));
    let ours = Contestant::new(OURS, move || {
        let mut reader = Reader::new();
        let read = reader.read(line.as_bytes()).and_then(|entry| entry.said.fault());
        assert_eq!(read.map(|(fault, _)| fault.kind()), kind, "{line}");
        each(move || reader.read(black_box(line.as_bytes())).map(|entry| entry.said))
    });
    // 300 MB/s are 3.3 ns a byte.
    let ours = ours.budget(Budget::Allocations(0.0)).budget(Budget::Wall((line.len() as f64 * 3.3).round()));
    Group::new(name).with(strings).with(ours)
}

/// What scripts do.
fn by_text(line: &str) -> Option<u16> {
    const WORDS: [(&str, u16); 20] = [
        ("Connection refused", 502),
        ("connection refused", 502),
        ("Connection reset by peer", 502),
        ("connection reset by peer", 502),
        ("prematurely closed", 502),
        ("upstream timed out", 504),
        ("No route to host", 502),
        ("no live upstreams", 502),
        ("could not be resolved", 502),
        ("too big header", 502),
        ("invalid header", 502),
        ("no valid HTTP/1.0 header", 502),
        ("SSL_do_handshake() failed", 502),
        ("certificate verify", 502),
        (" SC--", 503),
        (" sH--", 504),
        (" SH--", 502),
        (" UC ", 503),
        (" UF ", 503),
        (" UT ", 504),
    ];
    WORDS.iter().find(|(words, _)| line.contains(words)).map(|(_, status)| *status)
}
