//! The client's side: who leaves, when, and who answers before it has said all.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;
use socket2::SockRef;

use crate::harness::{Engine, Proxy, in_parallel};
use crate::upstream::{PATIENCE, Upstream};

#[test]
fn who_leaves_is_logged_with_the_phase_it_left_in() {
    let lab = Lab::builder()
        .only(&[
            "blackhole",
            "dns_timeout",
            "tls_handshake_stall",
            "no_response_timeout",
            "never_reads",
            "stall_mid_body",
        ])
        .start()
        .unwrap();
    let mut flags = Vec::new();
    for flag in ["--connect-timeout", "--tls-timeout", "--send-timeout", "--response-timeout", "--idle-timeout"] {
        flags.extend([flag, "30s"]);
    }
    let proxy = Proxy::start(Engine::Hyper, &lab, &flags);
    let upload = 64 << 20;
    let cases = [
        ("/dns_timeout", 0, "resolve", None),
        ("/blackhole", 0, "connect", None),
        ("/tls_handshake_stall", 0, "tls", None),
        ("/never_reads", upload, "send", None),
        ("/no_response_timeout", 0, "head", None),
        ("/stall_mid_body", 0, "body", Some(200)),
    ];
    in_parallel(&cases, cases.len(), |&(path, content, phase, forwarded)| {
        let mut client = TcpStream::connect(proxy.address).unwrap();
        let method = if content > 0 { "POST" } else { "GET" };
        write!(client, "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {content}\r\n\r\n").unwrap();
        client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        // As much as goes: the rest is stuck.
        let _ = client.write_all(&vec![b'x'; content]);
        thread::sleep(Duration::from_millis(500));
        // A reset: a FIN alone may come from a client that still wants its answer.
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        let left = Instant::now();
        drop(client);
        let record = proxy.record(path).unwrap_or_else(|| panic!("{path} left no record"));
        assert!(left.elapsed() < Duration::from_secs(2), "{path} took {:?}", left.elapsed());
        assert_eq!(record.text("fault").as_deref(), Some("client_aborted"), "{}", record.0);
        assert_eq!(record.text("phase").as_deref(), Some(phase), "{}", record.0);
        let acted = if forwarded.is_some() {
            "yes"
        } else if ["resolve", "connect", "tls"].contains(&phase) {
            "no"
        } else {
            "perhaps"
        };
        assert_eq!(record.text("applied").as_deref(), Some(acted), "{}", record.0);
        assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
        assert_eq!(record.text("decision").as_deref(), Some("silence"), "{}", record.0);
        assert_eq!(record.number("status"), None, "{}", record.0);
        assert_eq!(record.number("forwarded_status"), forwarded, "{}", record.0);
    });
    thread::sleep(Duration::from_millis(200));
    for (path, records) in proxy.records() {
        assert_eq!(records.len(), 1, "{path}: {records:?}");
    }
}

/// Ten megabytes, written to their end before anything is read, as most clients do.
#[test]
fn an_answer_that_did_not_wait_for_the_upload_is_read_by_who_reads_afterwards() {
    // 413 after the head, and never a byte of the body read: the kernel resets when it is closed.
    let up = Upstream::start(|peer| {
        crate::upstream::read_head(&mut peer.stream);
        peer.say("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large");
        thread::sleep(Duration::from_millis(100));
    });
    let front = up.behind(&["--route", "/gone=http://127.0.0.1:1", "--eject-after", "0"]);
    let body = vec![b'x'; 10 << 20];
    let cases: Vec<(&str, &[&str])> = [
        // A reset may reach the proxy before it has seen the answer: then it is a 502, and told as well.
        ("/up/x", &["413", "502"][..]),
        ("/gone", &["502"]),
        ("/nowhere", &["500"]),
    ]
    .into_iter()
    .flat_map(|case| [case; 8])
    .collect();
    in_parallel(&cases, 4, |&(path, statuses)| {
        let mut client = front.connect();
        client.set_write_timeout(Some(PATIENCE)).unwrap();
        write!(client, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        client.write_all(&body).unwrap_or_else(|e| panic!("{path}: the upload was not taken: {e}"));
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap_or_else(|e| panic!("{path}: the answer was lost: {e}"));
        assert!(statuses.contains(&crate::upstream::status(&answer)), "{path}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{path}: {answer}");
    });
}

/// Nobody is listened to for ever.
#[test]
fn what_comes_after_the_last_answer_is_taken_for_two_seconds() {
    let up = Upstream::start(|_| {});
    let front = up.behind(&[]);
    let mut client = front.connect();
    client.write_all(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n").unwrap();
    let begun = Instant::now();
    // A drop every 10 ms, until somebody says that this is enough.
    while client.write_all(b"drop").is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(6), "still taken");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(begun.elapsed() > Duration::from_millis(1500), "cut after {:?}", begun.elapsed());
}

/// The upstream answers nothing because the client did not say all: that is the client's doing.
#[test]
fn a_client_that_stalls_its_upload_is_not_the_upstreams_fault() {
    let up = Upstream::start(|peer| {
        peer.request();
    });
    for (send, path, breaks_off, status, fault) in [
        ("200ms", "/up/1", true, "400", "client_body_failed"),
        ("200ms", "/up/2", false, "408", "client_timeout"),
        // Both timers at once: it is the client that is waited for.
        ("1s", "/up/3", false, "408", "client_timeout"),
    ] {
        let front = up.behind(&["--send-timeout", send, "--response-timeout", "200ms", "--idle-timeout", "1s"]);
        let mut client = front.connect();
        write!(client, "PUT {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nonly").unwrap();
        // Three times as long as any timer of the upstream's.
        thread::sleep(Duration::from_millis(600));
        assert!(!front.proxy.records().contains_key(path), "{:?}", front.proxy.records());
        if breaks_off {
            // By an orderly end of its side.
            client.shutdown(std::net::Shutdown::Write).unwrap();
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(crate::upstream::status(&answer), status, "{answer}");
        let record = front.proxy.record(path).unwrap();
        assert_eq!(record.text("fault").as_deref(), Some(fault), "{}", record.0);
        assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
    }
}
