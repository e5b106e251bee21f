//! End to end: a client, each of the two example proxies as a process, and every upstream of the lab, on real sockets.
//!
//! Expectations are exact: status, how the message ends, fault, class, phase, and the status of each
//! profile. Where the network may show a fault in more than one shape, the row has a set and a reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

/// Each test for each engine.
macro_rules! both {
    ($($test:ident,)+) => {
        mod proxy {
            $(#[test] fn $test() { super::$test($crate::harness::Engine::Hyper); })+
        }
        mod proxy_h1 {
            $(#[test] fn $test() { super::$test($crate::harness::Engine::H1); })+
        }
    };
}

use both;

mod asked;
#[path = "../../examples/stacks/tests/lab/client.rs"]
mod client;
mod clients;
mod drain;
mod expect;
mod front;
mod halves;
mod harness;
mod health;
mod http2;
#[path = "../../examples/shared/judge.rs"]
mod judge;
mod judge_command;
mod matrix;
mod names;
mod next_hop;
mod once;
#[path = "../../examples/stacks/tests/lab/parallel.rs"]
mod parallel;
#[path = "../../examples/stacks/tests/lab/process.rs"]
mod process;
#[path = "../../examples/stacks/tests/lab/record.rs"]
mod record;
mod refused;
#[path = "../../examples/shared/signal.rs"]
mod signal;
mod tolerated;
mod tour;
mod unasked;
mod versions;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use badgateway::FaultKind;
use badgateway::lab::probe::{self, Answer, End, Request};
use badgateway::lab::{BEHAVIOURS, Group, HTTP2_BEHAVIOURS, Lab, Rule};

use crate::expect::{EXPECTED, Expected, H1, expected};
use crate::harness::{Engine, Proxy, Record, in_parallel};

/// How many exchanges run at a time. Most wait for a timer, so more than there are processors.
const THREADS: usize = 16;
/// For tests that are not about the time it takes.
const HASTE: [&str; 8] =
    ["--connect-timeout", "500ms", "--tls-timeout", "500ms", "--response-timeout", "700ms", "--idle-timeout", "700ms"];
/// Longer than any chain of 2 s timers here: whoever takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(12);

fn get(proxy: &Proxy, path: &str) -> Answer {
    probe::send(proxy.address, &Request::new().path(path).timeout(PATIENCE)).unwrap()
}

/// `502`, or `200/cut`.
fn shape(answer: &Answer) -> String {
    let status = answer.status.map_or("-".to_owned(), |s| s.to_string());
    if answer.end == End::Complete {
        return status;
    }
    format!("{status}/{}", format!("{:?}", answer.end).to_lowercase())
}

/// What is wrong with the answer to a plain GET, and with its record: by the lab's rule and by the row.
fn judge(row: &Expected, answer: &Answer, record: Option<&Record>) -> Vec<String> {
    let behaviour = BEHAVIOURS.iter().find(|b| b.name == row.name).unwrap();
    let mut wrong = judge_row(row, answer, record);
    wrong.extend(answer.satisfies(&behaviour.rule).err());
    wrong
}

/// What is wrong with an answer and its record, by the row alone.
fn judge_row(row: &Expected, answer: &Answer, record: Option<&Record>) -> Vec<String> {
    let mut wrong = Vec::new();
    let got = shape(answer);
    if !row.shapes.contains(&got.as_str()) {
        wrong.push(format!("answered {got}, expected {:?}", row.shapes));
    }
    let Some(record) = record else {
        if row.is_failure(&got) {
            wrong.push(format!("no record, expected one of {:?}", row.faults));
        }
        return wrong;
    };
    let fault = record.text("fault").unwrap();
    if !row.faults.contains(&fault.as_str()) {
        wrong.push(format!("logged {fault}, expected {:?}: {}", row.faults, record.0));
        return wrong;
    }
    let class = record.text("class").unwrap_or_else(|| "-".into());
    if !row.classes.is_empty() && !row.classes.contains(&class.as_str()) {
        wrong.push(format!("class {class}, expected {:?}: {}", row.classes, record.0));
    }
    let phase = record.text("phase").unwrap();
    if !row.phases.is_empty() && !row.phases.contains(&phase.as_str()) {
        wrong.push(format!("phase {phase}, expected {:?}: {}", row.phases, record.0));
    }
    let kind = fault.parse::<FaultKind>().unwrap();
    let responded = record.text("decision").as_deref() == Some("respond");
    if responded {
        if record.number("status").map(|n| n as u16) != answer.status {
            wrong.push(format!("the log says another status than the client got: {}", record.0));
        }
        let expected = format!("badgateway; error={}", kind.error_type().unwrap());
        if answer.header("proxy-status") != Some(&expected) {
            wrong.push(format!("Proxy-Status {:?}, expected {expected:?}", answer.header("proxy-status")));
        }
        if answer.header("cache-control").is_none_or(|v| !v.contains("no-store")) {
            wrong.push("a generated answer may be cached".into());
        }
    } else if record.number("forwarded_status").map(|n| n as u16) != answer.status {
        wrong.push(format!("the log says another forwarded status than the client saw: {}", record.0));
    }
    wrong
}

both! {
    every_behaviour_becomes_what_it_should,
    cloudflares_codes_for_cloudflares_profile,
    a_client_of_http_1_0_sees_every_cut,
    head_gets_the_same_head_and_no_body,
    hostile_text_reaches_nobody,
    a_reference_of_a_path_and_a_host_are_not_trusted_either,
    a_connection_with_leftovers_is_not_used_again,
    a_connection_that_was_closed_while_idle_is_not_used,
    an_early_answer_to_an_upload_is_not_lost,
    an_upload_that_is_not_taken_ends_in_time,
    a_client_that_leaves_is_logged_as_such,
    a_client_whose_body_breaks_off_is_blamed_itself,
    a_body_in_chunks_arrives_as_it_was,
    who_expects_a_100_gets_it_before_the_body,
    interim_responses_are_for_clients_of_http_1_1,
    trailers_are_for_who_asked,
    a_connection_carries_one_request_after_the_other,
    a_client_that_only_stops_sending_gets_its_answer,
    an_upgrade_that_was_asked_for_is_tunnelled,
    an_event_stream_is_not_held_back,
    what_the_upstream_answers_itself_is_passed_on,
    bad_flags_are_refused_in_one_line,
    the_log_is_not_for_everybody,
}

fn every_behaviour_becomes_what_it_should(engine: Engine) {
    let lab = Lab::start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let rows = expected(engine);
    let wrong: Vec<String> = in_parallel(&rows, THREADS, |row| {
        let path = format!("/{}", row.name);
        let answer = get(&proxy, &path);
        let record = if row.is_failure(&shape(&answer)) { proxy.record(&path) } else { None };
        judge(row, &answer, record.as_ref()).into_iter().map(|w| format!("{}: {w}", row.name)).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // What nobody expected to fail has left no record.
    let records = proxy.records();
    for row in rows.iter().filter(|row| row.faults.is_empty()) {
        assert!(!records.contains_key(&format!("/{}", row.name)), "{}: {:?}", row.name, records);
    }
}

#[test]
fn the_table_covers_the_lab() {
    for behaviour in BEHAVIOURS {
        let rows = EXPECTED.iter().filter(|row| row.name == behaviour.name).count();
        assert_eq!(rows, 1, "{}", behaviour.name);
    }
    assert_eq!(EXPECTED.len(), BEHAVIOURS.len());
    for group in Group::ALL {
        // Those of HTTP/2 are covered by `http2`.
        let mut behaviours = BEHAVIOURS.iter().chain(HTTP2_BEHAVIOURS);
        assert!(behaviours.any(|b| b.group == *group), "{group}");
    }
    for (row, why) in H1 {
        let common = EXPECTED.iter().find(|common| common.name == row.name);
        assert!(common.is_some_and(|common| common != row), "{} does not differ", row.name);
        assert!(!why.is_empty(), "{} differs without a reason", row.name);
    }
    for row in EXPECTED.iter().chain(H1.iter().map(|(row, _)| row)) {
        for fault in row.faults {
            assert!(fault.parse::<FaultKind>().is_ok(), "{fault}");
        }
        let raced = row.shapes.len() > 1 || row.faults.len() > 1;
        assert!(!raced || !row.why.is_empty(), "{} has a set without a reason", row.name);
    }
}

fn cloudflares_codes_for_cloudflares_profile(engine: Engine) {
    let lab = Lab::start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[&HASTE[..], &["--profile", "cloudflare"]].concat());
    // What answers at once; the clock is covered by one of each.
    let slow = ["stall_mid_head", "slow_drip_head", "endless_head", "many_1xx", "never_reads", "slow_drip_body"];
    let rows = expected(engine);
    let rows: Vec<&Expected> = rows.into_iter().filter(|r| r.always_fails() && !slow.contains(&r.name)).collect();
    in_parallel(&rows, THREADS, |row| {
        let path = format!("/{}", row.name);
        let answer = get(&proxy, &path);
        if !row.always_fails() && answer.header("proxy-status").is_none() {
            return;
        }
        let record = proxy.record(&path).unwrap_or_else(|| panic!("{path} left no record"));
        if record.text("decision").as_deref() != Some("respond") {
            return;
        }
        let kind = record.text("fault").unwrap().parse::<FaultKind>().unwrap();
        assert_eq!(answer.status, Some(kind.cloudflare()), "{path}: {}", record.0);
        // hyper would print `<none>` where no phrase is registered.
        assert!(!answer.reason.is_empty() && !answer.reason.contains('<'), "{path}: {:?}", answer.reason);
    });
}

fn a_client_of_http_1_0_sees_every_cut(engine: Engine) {
    let lab = Lab::start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[&HASTE[..], &["--first-byte-hold", "0"]].concat());
    let cut: Vec<_> = BEHAVIOURS.iter().filter(|b| matches!(b.rule, Rule::StatusOrCut(_) | Rule::Cut)).collect();
    assert!(cut.len() >= 12);
    let cut: Vec<_> =
        cut.iter().flat_map(|b| [http::Version::HTTP_10, http::Version::HTTP_11].map(|v| (b, v))).collect();
    in_parallel(&cut, THREADS, |(behaviour, version)| {
        let path = format!("/{}", behaviour.name);
        let request = Request::new().path(&path).version(*version).timeout(PATIENCE);
        let answer = probe::send(proxy.address, &request).unwrap();
        if let Err(why) = answer.satisfies(&behaviour.rule) {
            panic!("{path} to {version:?}: {why}: {}", String::from_utf8_lossy(&answer.raw));
        }
        assert!(answer.status.is_some(), "{path} to {version:?}: no status");
    });
}

fn head_gets_the_same_head_and_no_body(engine: Engine) {
    let lab = Lab::start().unwrap();
    let proxy = Proxy::start(engine, &lab, &HASTE);
    for name in ["refused", "close_after_request", "status_000", "ssh_banner", "no_response_timeout", "ok_200"] {
        let path = format!("/{name}");
        let with = get(&proxy, &path);
        let without = probe::send(proxy.address, &Request::new().method("HEAD").path(&path).timeout(PATIENCE)).unwrap();
        assert_eq!(shape(&without), shape(&with), "{name}");
        assert!(without.body.is_empty());
        for field in ["content-length", "content-type", "proxy-status", "cache-control"] {
            assert_eq!(without.header(field), with.header(field), "{name}: {field}");
        }
    }
    // A response to HEAD has no content whatever its fields say (RFC 9112 section 6.3), so lengths that
    // disagree do not make it ambiguous. But neither may be forwarded (RFC 9110 section 8.6).
    let conflict = probe::send(proxy.address, &Request::new().method("HEAD").path("/cl_conflict")).unwrap();
    assert_eq!(shape(&conflict), "200");
    assert_eq!(conflict.header("content-length"), None);
}

fn hostile_text_reaches_nobody(engine: Engine) {
    let lab = Lab::start().unwrap();
    // What the hostile upstreams say; nothing of it may come through by default.
    let marks = [
        "<script",
        "alert(1)",
        "Set-Cookie",
        "stolen",
        "\u{1b}",
        "evil",
        "$(id)",
        "lab.invalid",
        "OpenSSH",
        "Postfix",
        "ERR wrong",
    ];
    let proxies = ["token", "details"]
        .map(|level| (level, Proxy::start(engine, &lab, &[&HASTE[..], &["--disclosure", level]].concat())));
    let rows = expected(engine).into_iter().filter(|r| r.always_fails());
    let rows = rows.filter(|r| BEHAVIOURS.iter().any(|b| b.name == r.name && b.group != Group::Time));
    let cases: Vec<_> = rows
        .flat_map(|row| proxies.iter().map(move |proxy| (row, proxy)))
        .flat_map(|case| ["text/html", "application/problem+json", "text/plain"].map(|accept| (case, accept)))
        .collect();
    in_parallel(&cases, THREADS, |((row, (disclosure, proxy)), accept)| {
        let path = format!("/{}", row.name);
        let request = Request::new().path(&path).header("Accept", accept).timeout(PATIENCE);
        let answer = probe::send(proxy.address, &request).unwrap();
        if answer.header("proxy-status").is_none() {
            return; // the upstream's own head was forwarded
        }
        let raw = String::from_utf8_lossy(&answer.raw);
        assert!(answer.raw.len() <= 8192, "{path}: {} bytes", answer.raw.len());
        for mark in marks {
            assert!(!raw.contains(mark), "{path} as {accept} at {disclosure} shows {mark:?}:\n{raw}");
        }
    });
}

fn a_reference_of_a_path_and_a_host_are_not_trusted_either(engine: Engine) {
    let lab = Lab::builder().only(&["refused"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &["--disclosure", "trusted"]);
    let request = Request::new()
        .path("/refused?<script>alert(1)</script>")
        .header("Host", "\"><script>x")
        .header("Accept", "text/html");
    let answer = probe::send(proxy.address, &request).unwrap();
    assert!(!String::from_utf8_lossy(&answer.body).contains("<script"), "{}", String::from_utf8_lossy(&answer.body));
}

fn a_connection_with_leftovers_is_not_used_again(engine: Engine) {
    let lab = Lab::builder().only(&["extra_bytes_after_response", "ok_200"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    for _ in 0..5 {
        let answer = get(&proxy, "/extra_bytes_after_response");
        assert_eq!((shape(&answer).as_str(), answer.body.as_slice()), ("200", b"hello\n".as_slice()));
    }
    assert_eq!(lab.upstream("extra_bytes_after_response").unwrap().counts().connections, 5);
    // A connection without leftovers is.
    for _ in 0..5 {
        assert_eq!(shape(&get(&proxy, "/ok_200")), "200");
    }
    assert_eq!(lab.upstream("ok_200").unwrap().counts().connections, 1);
}

fn a_connection_that_was_closed_while_idle_is_not_used(engine: Engine) {
    let lab = Lab::builder().only(&["silent_close"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    for _ in 0..4 {
        // Nobody would try a POST again.
        let post = Request::new().method("POST").path("/silent_close").body("pay 5");
        assert_eq!(shape(&probe::send(proxy.address, &post).unwrap()), "200");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(lab.upstream("silent_close").unwrap().counts().connections, 4);
}

fn an_early_answer_to_an_upload_is_not_lost(engine: Engine) {
    let lab = Lab::builder().only(&["early_413", "refused", "reset_after_request", "echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let body = vec![b'x'; 8 << 20];
    for (path, status) in [("/early_413", 413), ("/refused", 502), ("/echo", 200)] {
        let request = Request::new().method("POST").path(path).body(body.clone()).timeout(PATIENCE);
        let answer = probe::send(proxy.address, &request).unwrap();
        assert_eq!(answer.status, Some(status), "{path}: {:?}", answer.end);
        if path == "/echo" {
            assert_eq!(answer.header("x-lab-length"), Some((8 << 20).to_string().as_str()));
        }
    }
}

fn an_upload_that_is_not_taken_ends_in_time(engine: Engine) {
    let lab = Lab::builder().only(&["never_reads"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &["--send-timeout", "500ms"]);
    // Larger than what kernel and hyper buffer together.
    let request = Request::new().method("POST").path("/never_reads").body(vec![b'x'; 32 << 20]).timeout(PATIENCE);
    let answer = probe::send(proxy.address, &request).unwrap();
    assert_eq!(answer.status, Some(504), "{:?}", answer.end);
    let record = proxy.record("/never_reads").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("send_timeout"), "{}", record.0);
    assert_eq!(record.text("phase").as_deref(), Some("send"));
}

fn a_client_that_leaves_is_logged_as_such(engine: Engine) {
    let lab = Lab::builder().only(&["no_response_timeout", "stall_mid_chunked"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &["--idle-timeout", "20s", "--response-timeout", "20s"]);
    for (path, forwarded) in [("/no_response_timeout", None), ("/stall_mid_chunked", Some(200))] {
        let mut client = TcpStream::connect(proxy.address).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: lab.test\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        // A reset, so that it is noticed before something is written: a FIN alone may come from a client that
        // still wants its answer.
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        let record = proxy.record(path).unwrap_or_else(|| panic!("{path} left no record"));
        assert_eq!(record.text("fault").as_deref(), Some("client_aborted"), "{}", record.0);
        assert_eq!(record.text("decision").as_deref(), Some("silence"), "{}", record.0);
        assert_eq!(record.number("status"), None, "{}", record.0);
        assert_eq!(record.number("forwarded_status"), forwarded, "{}", record.0);
        assert_eq!(record.text("blame").as_deref(), Some("client"));
    }
}

fn a_client_whose_body_breaks_off_is_blamed_itself(engine: Engine) {
    let lab = Lab::builder().only(&["echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 100\r\n\r\nonly some").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = client.read_to_string(&mut answer);
    let record = proxy.record("/echo").expect("a record");
    assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

fn a_client_that_only_stops_sending_gets_its_answer(engine: Engine) {
    let lab = Lab::builder().only(&["slow_ok"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.write_all(b"GET /slow_ok HTTP/1.1\r\nHost: lab.test\r\nConnection: close\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello\n"), "{answer}");
}

fn an_upgrade_that_was_asked_for_is_tunnelled(engine: Engine) {
    let lab = Lab::builder().only(&["upgrade_echo", "unexpected_101"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
        .write_all(b"GET /upgrade_echo HTTP/1.1\r\nHost: lab.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    for message in [b"ping".as_slice(), b"\x00\xff\r\n\r\n"] {
        client.write_all(message).unwrap();
        let mut echo = vec![0; message.len()];
        client.read_exact(&mut echo).unwrap();
        assert_eq!(echo, message);
    }
}

fn an_event_stream_is_not_held_back(engine: Engine) {
    let lab = Lab::builder().only(&["ok_sse"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &["--first-byte-hold", "5s"]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.write_all(b"GET /ok_sse HTTP/1.1\r\nHost: lab.test\r\nConnection: close\r\n\r\n").unwrap();
    let mut pieces = 0;
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match client.read(&mut buffer).unwrap() {
            0 => break,
            n => all.extend_from_slice(&buffer[..n]),
        }
        pieces += 1;
    }
    let text = String::from_utf8_lossy(&all);
    assert!(text.contains("data: 1") && text.contains("data: 3"), "{text}");
    assert!(pieces >= 3, "the events came in {pieces} pieces");
}

fn what_the_upstream_answers_itself_is_passed_on(engine: Engine) {
    let lab =
        Lab::builder().only(&["upstream_502", "upstream_503_retry", "upstream_504", "echo_head"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    for (path, status) in [("/upstream_502", 502), ("/upstream_503_retry", 503), ("/upstream_504", 504)] {
        let answer = get(&proxy, path);
        assert_eq!((answer.status, answer.body.as_slice()), (Some(status), b"mine\n".as_slice()), "{path}");
        assert!(answer.header("proxy-status").is_none_or(|v| !v.contains("error=")), "no fault of ours");
    }
    assert_eq!(get(&proxy, "/upstream_503_retry").header("retry-after"), Some("7"));
    // Hop-by-hop fields stay on their hop, and so does what `Connection` names.
    let request = Request::new()
        .path("/echo_head/deep?q=1")
        .header("Connection", "close, X-Secret")
        .header("X-Secret", "1")
        .header("TE", "trailers")
        .header("Proxy-Connection", "keep-alive")
        .header("X-Kept", "2");
    let answer = probe::send(proxy.address, &request).unwrap();
    let head = String::from_utf8_lossy(&answer.body).to_lowercase();
    assert!(head.starts_with("get /deep?q=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("x-kept: 2") && head.contains("via:"), "{head}");
    for gone in ["x-secret", "proxy-connection", "\r\nte:", "connection: close"] {
        assert!(!head.contains(gone), "{gone} was forwarded:\n{head}");
    }
}

/// Sends bytes as they stand, and reads until the connection ends.
fn talk(proxy: &Proxy, bytes: &[u8]) -> String {
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn a_body_in_chunks_arrives_as_it_was(engine: Engine) {
    let lab = Lab::builder().only(&["echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = talk(&proxy, format!("{head}3\r\nhel\r\n2;ext\r\nlo\r\n0\r\nX-Trailer: 1\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    // Where the body ends is the client's word, so a malformed one is not guessed at.
    for bad in ["x\r\n", "5\r\nhelloXX\r\n0\r\n\r\n", "3\r\nhel\r\n\r\n\r\n"] {
        let answer = talk(&proxy, format!("{head}{bad}").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bad:?}: {answer}");
    }
}

fn who_expects_a_100_gets_it_before_the_body(engine: Engine) {
    let lab = Lab::builder().only(&["echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let head =
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    client.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hello").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
}

fn interim_responses_are_for_clients_of_http_1_1(engine: Engine) {
    let lab = Lab::builder().only(&["early_hints"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    for (version, interim) in [(http::Version::HTTP_11, &[103][..]), (http::Version::HTTP_10, &[])] {
        let answer = probe::send(proxy.address, &Request::new().path("/early_hints").version(version)).unwrap();
        assert_eq!((answer.status, answer.interim.as_slice()), (Some(200), interim), "{version:?}");
    }
}

fn trailers_are_for_who_asked(engine: Engine) {
    let lab = Lab::builder().only(&["ok_chunked_trailers"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let request = Request::new().path("/ok_chunked_trailers");
    let answer = probe::send(proxy.address, &request).unwrap();
    assert_eq!((answer.body.as_slice(), answer.trailers.len()), (b"hello\n".as_slice(), 0));
    assert_eq!(answer.header("trailer"), None, "announced, and not sent");
    let answer = probe::send(proxy.address, &request.header("TE", "trailers")).unwrap();
    let [(name, value)] = answer.trailers.as_slice() else { panic!("{:?}", answer.trailers) };
    assert_eq!((name.to_lowercase().as_str(), value.as_str()), ("x-checksum", "42"));
}

fn a_connection_carries_one_request_after_the_other(engine: Engine) {
    let lab = Lab::builder().only(&["ok_200", "refused", "echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    // All at once, an answer of the proxy's own among them.
    let answers = talk(
        &proxy,
        b"GET /ok_200 HTTP/1.1\r\nHost: x\r\n\r\nGET /refused HTTP/1.1\r\nHost: x\r\n\r\n\
          POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
          HEAD /ok_200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).filter_map(|a| a.get(..3)).collect();
    assert_eq!(statuses, ["200", "502", "200", "200"], "{answers}");
    assert!(answers.contains("hello\n") && answers.contains("abc"), "{answers}");
}

#[test]
fn heads_that_could_smuggle_are_refused() {
    let lab = Lab::builder().only(&["ok_200"]).start().unwrap();
    let proxy = Proxy::start(Engine::H1, &lab, &[]);
    let long = format!("GET /ok_200 HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let many = format!("GET /ok_200 HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(120));
    for (head, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET /ok_200 HTTP/1.1\r\n\r\n", 400),
        ("GET /ok_200 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        ("GET /ok_200 HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        ("GET /ok_200 HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc", 400),
        ("POST /ok_200 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /ok_200 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("POST /ok_200 HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST /ok_200 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /ok_200 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("GET /ok_200 HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        (long.as_str(), 431),
        (many.as_str(), 431),
    ] {
        let answer = talk(&proxy, head.as_bytes());
        let shown = head.get(..80).unwrap_or(head);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{shown:?}: {answer}");
    }
    assert_eq!(lab.upstream("ok_200").unwrap().counts().connections, 0);
}

#[test]
fn a_get_on_a_connection_that_was_closed_meanwhile_is_tried_again() {
    let lab = Lab::builder().only(&["stale_keepalive", "stale_keepalive_reset"]).start().unwrap();
    let proxy = Proxy::start(Engine::H1, &lab, &[]);
    for path in ["/stale_keepalive", "/stale_keepalive_reset"] {
        let upstream = lab.upstream(&path[1..]).unwrap();
        assert_eq!(shape(&get(&proxy, path)), "200");
        // Read by the upstream, and never answered: then asked again on a new connection, which is safe.
        assert_eq!(shape(&get(&proxy, path)), "200");
        assert_eq!((upstream.counts().connections, upstream.counts().method("GET")), (2, 3), "{path}");
        // For a POST it is not.
        let post = Request::new().method("POST").path(path).body("pay 5");
        assert_eq!(shape(&probe::send(proxy.address, &post).unwrap()), "502");
        assert_eq!(upstream.counts().method("POST"), 1, "{path}");
        let record = proxy.record(path).unwrap();
        assert_eq!(record.text("retry_reason").as_deref(), Some("not_idempotent"), "{}", record.0);
    }
}

#[test]
fn a_head_waits_for_the_first_of_the_body_and_no_longer() {
    let lab = Lab::builder().only(&["stall_mid_body"]).start().unwrap();
    let proxy = Proxy::start(Engine::H1, &lab, &["--first-byte-hold", "5s"]);
    let answer = get(&proxy, "/stall_mid_body");
    assert_eq!((shape(&answer).as_str(), answer.body.as_slice()), ("200/cut", b"hello".as_slice()));
}

fn the_log_is_not_for_everybody(engine: Engine) {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::builder().only(&["refused"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    get(&proxy, "/refused");
    let mode = std::fs::metadata(proxy.log()).unwrap().permissions().mode();
    assert_eq!(mode & 0o137, 0, "{mode:o}");
}

fn bad_flags_are_refused_in_one_line(engine: Engine) {
    for flags in [
        &["--no-such-flag"][..],
        &["--route"],
        &["--route", "nonsense"],
        &["--route", "/a=ftp://x"],
        &["--route", "a=http://x"],
        &["--route", "/a=http://"],
        &["--connect-timeout", "5"],
        &["--connect-timeout", "-5s"],
        &["--response-timeout", "0s"],
        &["--response-timeout", "1e30s"],
        &["--idle-timeout", "25000000000s"],
        &["--profile", "apache"],
        &["--disclosure", "all"],
        &["--listen", "here"],
        &["--only", "nonsense"],
        &["--only", "close", "--route", "/=http://127.0.0.1:9"],
        &["--resolver", "dns.example"],
        &["--route", "/=http://127.0.0.1:9", "--ca", "/no/such/file"],
        &["--route", "/=http://127.0.0.1:9", "--name", ""],
        &["--route", "/=http://127.0.0.1:9", "--log", "/no/such/folder/log"],
        &["--route", "/=http://127.0.0.1:9", "--listen", "192.0.2.1:1"],
        &["--route", "/=http://127.0.0.1:9", "--http2=yes"],
        &["--route", "/=http://127.0.0.1:9", "--tls-key", "/no/such/file"],
        &["--route", "/=http://127.0.0.1:9", "--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"],
        // Files that are there, and hold neither.
        &["--route", "/=http://127.0.0.1:9", "--tls-cert", "Cargo.toml", "--tls-key", "Cargo.toml"],
    ] {
        let output = Command::new(engine.program()).args(flags).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(said.starts_with(&format!("{}: ", engine.name())) && output.stdout.is_empty(), "{flags:?}: {said}");
    }
    let help = Command::new(engine.program()).arg("--help").output().unwrap();
    let said = String::from_utf8_lossy(&help.stdout);
    assert!(help.status.success() && said.contains("--route"));
    // What one of them cannot do it does not offer, and says why.
    assert_eq!(said.contains("--http2"), engine == Engine::Hyper, "{said}");
    if engine == Engine::H1 {
        let output = Command::new(engine.program()).arg("--http2").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("speaks HTTP/1") && output.status.code() == Some(2), "{said}");
    }
}
