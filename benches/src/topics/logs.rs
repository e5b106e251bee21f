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

macro_rules! files {
    ($($name:literal: $alone:literal $dressed:literal;)+) => {
        /// Healthy logs of real programs, and how many instructions a byte of them may cost, alone and behind what the CRI
        /// puts before a line. Most programs' syslog and Docker are shorter.
        const FILES: &[(&str, &str, f64, f64)] = &[
            $(($name, include_str!(concat!("../../../tests/data/healthy/", $name, ".log")), $alone, $dressed)),+
        ];
    };
}

// HAProxy's come by syslog, and have its dress already.
files! {
    "nginx-error": 33.0 48.0;
    "nginx-combined": 25.0 38.0;
    "nginx-ingress": 25.0 33.0;
    "nginx-timed": 30.0 38.0;
    "nginx-json": 33.0 38.0;
    "haproxy-httplog": 48.0 54.0;
    "haproxy-clf": 48.0 54.0;
    "haproxy-tcplog": 60.0 66.0;
    "apache-error": 48.0 58.0;
    "apache-combined": 25.0 38.0;
    "apache-common": 33.0 50.0;
    "apache-vhost": 30.0 42.0;
    "caddy": 28.0 33.0;
    "caddy-access": 25.0 30.0;
    "caddy-console": 25.0 30.0;
    "traefik": 28.0 38.0;
    "traefik-json": 20.0 33.0;
    "traefik-access": 30.0 42.0;
    "traefik-access-json": 20.0 25.0;
    "envoy": 28.0 38.0;
    "envoy-istio": 22.0 30.0;
    "envoy-json": 28.0 38.0;
    "squid": 33.0 46.0;
    "squid-combined": 22.0 33.0;
    "varnishncsa": 25.0 38.0;
}

/// What the CRI puts before a line, and `kubectl logs --timestamps`, but for its last two words.
const DRESS: &str = "2026-11-20T18:54:29.003123456Z stdout F ";

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

/// The same of whole files, by the byte.
pub fn files() -> Topic {
    Topic {
        name: "log files",
        about: "A byte of a healthy log, alone and dressed.",
        groups: FILES.iter().map(|(name, log, alone, dressed)| file(name, log, *alone, *dressed)).collect(),
    }
}

fn file(name: &str, log: &'static str, alone: f64, dressed: f64) -> Group {
    let contestant = |name: &str, dress: &'static str, budget: f64| {
        let lines: Vec<String> = log.lines().map(|line| format!("{dress}{line}")).collect();
        let bytes = lines.iter().map(|line| line.len() + 1).sum();
        let make = move || {
            let (lines, mut reader) = (lines.clone(), Reader::new());
            each(move || lines.iter().filter(|line| reader.read(black_box(line.as_bytes())).is_some()).count())
        };
        Contestant::new(name, make).per(bytes).budget(Budget::Allocations(0.0)).budget(Budget::Instructions(budget))
    };
    Group::new(name).with(contestant("alone", "", alone)).with(contestant("dressed", DRESS, dressed))
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
