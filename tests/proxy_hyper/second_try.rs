//! The second try: made where it is safe, once, and never for what may have been applied.

use std::io::Write;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use crate::upstream::{OK, Peer, Upstream, status};

/// How a connection ends under its second request.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Fin,
    Rst,
    /// After these bytes.
    Verdict(&'static str),
}

/// Serves one request on each connection and reads a second, under which it ends. After that many connections all is well.
fn stale(ending: Ending, ill: usize) -> Upstream {
    Upstream::start(move |peer: &mut Peer| {
        if peer.number > ill {
            while peer.request().is_some() {
                peer.say(OK);
            }
            return;
        }
        if peer.request().is_none() {
            return;
        }
        peer.say(OK);
        // It is read whole, so that the end is what the script says and no reset for unread bytes.
        if peer.request().is_none() {
            return;
        }
        match ending {
            Ending::Fin => {}
            Ending::Rst => SockRef::from(&peer.stream).set_linger(Some(Duration::ZERO)).unwrap(),
            Ending::Verdict(bytes) => peer.say(bytes),
        }
    })
}

#[test]
fn an_idempotent_request_survives_the_death_of_an_idle_connection() {
    let small = "x".repeat(60_000);
    let large = "x".repeat(70_000);
    for (method, content, expected) in [
        ("GET", "", "200"),
        ("HEAD", "", "200"),
        ("DELETE", "", "200"),
        ("PUT", "small", "200"),
        ("PUT", small.as_str(), "200"),
        // Too large to be kept.
        ("PUT", large.as_str(), "502"),
        // May have been applied.
        ("POST", "", "502"),
        ("POST", "pay 5", "502"),
        ("PATCH", "pay 5", "502"),
        ("UNKNOWN", "", "502"),
    ] {
        for ending in [Ending::Fin, Ending::Rst] {
            let up = stale(ending, 1);
            let front = up.behind(&[]);
            assert_eq!(status(&front.ask("OPTIONS", "")), "200");
            let answer = front.ask(method, content);
            assert_eq!(status(&answer), expected, "{method} of {} bytes, {ending:?}: {answer}", content.len());
            let tries = if expected == "200" { 2 } else { 1 };
            assert_eq!(up.requests(method), tries, "{method} of {} bytes, {ending:?}", content.len());
            let record = front.proxy.records().remove("/up/x").and_then(|mut r| r.pop());
            assert_eq!(record.is_some(), expected == "502", "{method}, {ending:?}");
            if let Some(record) = record {
                // A body is kept only for who may use it; without one it is the method alone.
                let why = if content.is_empty() { "not_idempotent" } else { "not_replayable" };
                assert_eq!(record.text("retry_reason").as_deref(), Some(why), "{}", record.0);
            }
        }
    }
}

#[test]
fn a_body_in_chunks_is_kept_too() {
    let up = stale(Ending::Fin, 1);
    let front = up.behind(&[]);
    assert_eq!(status(&front.ask("GET", "")), "200");
    let answer = front.talk(
        "PUT /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(up.requests("PUT"), 2);
}

#[test]
fn there_is_one_second_try_and_the_record_tells_of_it() {
    // The second try meets a fresh connection; that one ends under its first request.
    let up = Upstream::start(|peer| {
        if peer.number == 1 && peer.request().is_some() {
            peer.say(OK);
        }
        peer.request();
    });
    let front = up.behind(&[]);
    assert_eq!(status(&front.ask("GET", "")), "200");
    assert_eq!(status(&front.ask("GET", "")), "502");
    assert_eq!(up.requests("GET"), 3);
    let record = front.proxy.record("/up/x").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("closed_before_response"), "{}", record.0);
    assert_eq!(record.text("retry_reason").as_deref(), Some("already_retried"), "{}", record.0);
    assert_eq!(record.number("attempts"), Some(2), "{}", record.0);
    assert_eq!(record.text("first_try").as_deref(), Some("closed_before_response"), "{}", record.0);
}

#[test]
fn a_fresh_connection_that_ends_is_no_race() {
    let up = Upstream::start(|peer| {
        peer.request();
    });
    let front = up.behind(&[]);
    assert_eq!(status(&front.ask("GET", "")), "502");
    assert_eq!(up.requests("GET"), 1);
    let record = front.proxy.record("/up/x").unwrap();
    // It would have been safe; there is no reason to expect another end of it.
    assert_eq!(record.text("retry_reason").as_deref(), Some("idempotent"), "{}", record.0);
}

#[test]
fn a_byte_of_response_ends_all_doubt() {
    for said in ["H", "HTTP/1.1 20", "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-"] {
        let up = stale(Ending::Verdict(said), 1);
        let front = up.behind(&[]);
        assert_eq!(status(&front.ask("OPTIONS", "")), "200");
        let answer = front.ask("GET", "");
        assert!(answer.contains("HTTP/1.1 502 "), "{said:?}: {answer}");
        assert_eq!(up.requests("GET"), 1, "{said:?}");
    }
}

#[test]
fn what_was_handed_back_unsent_is_sent_whatever_the_method() {
    // The first connection ends before a request can be written. A write that was quicker is answered by a reset, and
    // then nobody can tell: 502. So it is one of two, and never two requests.
    let (mut healed, rounds) = (0, 20);
    for _ in 0..rounds {
        let up = Upstream::start(|peer| {
            if peer.number > 1 {
                while peer.request().is_some() {
                    peer.say(OK);
                }
            }
        });
        let front = up.behind(&[]);
        let answer = front.ask("POST", "pay 5");
        match status(&answer) {
            "200" => healed += 1,
            "502" => assert_eq!(up.requests("POST"), 0, "{answer}"),
            other => panic!("{other}: {answer}"),
        }
        assert!(up.requests("POST") <= 1);
    }
    println!("{healed} of {rounds} were handed back");
}

#[test]
fn a_slow_answer_on_an_idle_connection_is_not_asked_for_twice() {
    let up = Upstream::start(|peer| {
        while peer.request().is_some() {
            if peer.number == 1 {
                peer.say(OK);
                peer.request();
                thread::sleep(Duration::from_secs(3));
                let _ = peer.stream.write_all(b"");
            }
        }
    });
    let front = up.behind(&["--response-timeout", "300ms"]);
    assert_eq!(status(&front.ask("OPTIONS", "")), "200");
    assert_eq!(status(&front.ask("GET", "")), "504");
    assert_eq!(up.requests("GET"), 1);
}
