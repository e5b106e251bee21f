//! How often a request reaches an upstream, whatever that does: counted by the lab, not by the proxy.
//!
//! RFC 9110 section 9.2.2: a proxy must not automatically retry a request with a non-idempotent method.
//! One with an idempotent method it may, and then once is enough.

use std::time::Duration;

use badgateway::lab::probe::{self, Request};
use badgateway::lab::{BEHAVIOURS, Group, Lab};

use crate::HASTE;
use crate::harness::{Engine, Proxy, in_parallel};

/// Each method, and how often one request with it may be read by an upstream.
const METHODS: [(&str, u64); 3] = [("POST", 1), ("PATCH", 1), ("PUT", 2)];
/// Most of the time is waited for timers.
const THREADS: usize = 32;

#[test]
fn by_proxy() {
    no_request_is_repeated_that_must_not_be(Engine::Hyper);
}

#[test]
fn by_proxy_h1() {
    no_request_is_repeated_that_must_not_be(Engine::H1);
}

fn no_request_is_repeated_that_must_not_be(engine: Engine) {
    let lab = Lab::start().unwrap();
    let proxy = Proxy::start(engine, &lab, &HASTE);
    let wrong: Vec<String> = in_parallel(&BEHAVIOURS.iter().collect::<Vec<_>>(), THREADS, |behaviour| {
        let mut wrong = Vec::new();
        // A client may well leave before slow answers are over, and the count is the same.
        let patience = Duration::from_millis(if behaviour.group == Group::Time { 700 } else { 12_000 });
        let path = format!("/{}", behaviour.name);
        let send = |method: &str| {
            let body = if method == "GET" { "" } else { "pay 5" };
            let request = Request::new().method(method).path(&path).body(body).timeout(patience);
            probe::send(proxy.address, &request).unwrap();
        };
        let read = |method: &str| lab.upstream(behaviour.name).unwrap().counts().method(method);
        let mut gets = 0;
        for (method, most) in METHODS {
            // On a fresh connection, or on one that the method before has left; then on one that a GET has
            // left, if the upstream leaves any.
            for sent in 1..=2 {
                send(method);
                if read(method) > sent * most {
                    wrong.push(format!("{path}: {} times {method} read, {sent} sent", read(method)));
                }
                if sent == 1 {
                    send("GET");
                    gets += 1;
                }
            }
        }
        if read("GET") > gets * 2 {
            wrong.push(format!("{path}: {} times GET read, {gets} sent", read("GET")));
        }
        wrong
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));

    // It was about kept connections too: nine requests shared one.
    let seen = lab.upstream("ok_200").unwrap().counts();
    assert_eq!((seen.connections, seen.requests, seen.bodies), (1, 9, 6));
    // And about retries: a GET was read again on a new connection, where the first had ended under it.
    for name in ["stale_keepalive", "stale_keepalive_reset"] {
        let seen = lab.upstream(name).unwrap().counts();
        assert!(seen.method("GET") > 3 || seen.method("PUT") > 2, "{name}: {seen:?}");
        assert!(seen.connections >= 3, "{name}: {seen:?}");
    }
}
