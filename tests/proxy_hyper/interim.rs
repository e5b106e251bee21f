//! Interim responses: which are forwarded, what is left of them, and where they stand.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use crate::upstream::{OK, Upstream, status};

const HINT: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
const HINT_FORWARDED: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";
/// What concerns the hop, or frames a message, is no part of a hint. Nor is a 100, nor what hyper would not parse.
const DIRTY: &str = "HTTP/1.1 103 Early Hints\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\
    Content-Length: 5\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nX-Kept: \x09a\u{e9}\r\n\r\n\
    HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 Whatever\r\n\r\n";
const CLEAN: &str = "HTTP/1.1 103 Early Hints\r\nx-kept: a\u{e9}\r\n\r\nHTTP/1.1 199 \r\n\r\n";

/// Says each piece after a pause, once for each request.
fn upstream(pieces: &'static [&'static str]) -> Upstream {
    Upstream::start(move |peer| {
        while peer.request().is_some() {
            for piece in pieces {
                peer.say(piece);
                thread::sleep(Duration::from_millis(30));
            }
        }
    })
}

fn split(answer: &str) -> (&str, &str) {
    answer.split_at(answer.find("HTTP/1.1 200 ").unwrap_or_else(|| panic!("no 200: {answer:?}")))
}

#[test]
fn they_come_before_the_final_head_and_clean() {
    const GLUED: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n\
        HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let cases: [(&[&str], String); 5] = [
        (&[HINT, OK], HINT_FORWARDED.into()),
        (&[HINT, HINT, OK], HINT_FORWARDED.repeat(2)),
        // All in one segment.
        (&[GLUED], HINT_FORWARDED.repeat(2)),
        (&[DIRTY, OK], CLEAN.into()),
        (&["HTTP/1.1 100 Continue\r\n\r\n", OK], String::new()),
    ];
    for (pieces, expected) in cases {
        let pieces: &'static [&'static str] = pieces.to_vec().leak();
        let front = upstream(pieces).behind(&[]);
        for round in 0..5 {
            let answer = front.ask("GET", "");
            let (interim, last) = split(&answer);
            assert_eq!(interim, expected, "{pieces:?}, round {round}");
            assert!(last.ends_with("\r\n\r\nok") && last.matches("HTTP/1.1").count() == 1, "{last:?}");
        }
        // A client of HTTP/1.0 knows none.
        let answer = front.talk("GET /up/x HTTP/1.0\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.0 200 ") && answer.matches("HTTP/1.").count() == 1, "{answer:?}");
        assert!(front.proxy.records().is_empty());
    }
}

#[test]
fn they_stand_between_messages_for_who_sends_several_requests_at_once() {
    let front = upstream(&[HINT, OK]).behind(&[]);
    let request = "GET /up/x HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = front.talk(&format!("{request}{request}{last}"));
    let heads: Vec<&str> = answers.match_indices("HTTP/1.1 ").map(|(at, _)| status(&answers[at..])).collect();
    assert_eq!(heads, ["103", "200", "103", "200", "103", "200"], "{answers:?}");
}

/// A client that does not read has its connection filled, so that an interim response is written in pieces. What there is
/// no room for is dropped, but none is torn by the next, nor by the final head, nor comes after it.
#[test]
fn they_are_whole_for_a_client_that_does_not_read() {
    const REQUESTS: usize = 8;
    const HINTS: usize = 99;
    let up = Upstream::start(|peer| {
        let hint = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "y".repeat(15_000));
        while peer.request().is_some() {
            for _ in 0..HINTS {
                peer.say(&hint);
                thread::sleep(Duration::from_millis(1));
            }
            peer.say(OK);
        }
    });
    let front = up.behind(&[]);
    let mut client = front.connect();
    let request = "GET /up/x HTTP/1.1\r\nHost: a\r\n\r\n".repeat(REQUESTS - 1);
    write!(client, "{request}GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    // Twelve megabytes would come.
    thread::sleep(Duration::from_millis(1200));
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    let hint = format!("HTTP/1.1 103 Early Hints\r\nlink: {}\r\n\r\n", "y".repeat(15_000));
    let mut rest = answers.as_str();
    let mut whole = 0;
    for n in 0..REQUESTS {
        while let Some(next) = rest.strip_prefix(hint.as_str()) {
            (rest, whole) = (next, whole + 1);
        }
        let head = rest.get(..200).unwrap_or(rest);
        assert!(rest.starts_with("HTTP/1.1 200 "), "torn before response {n}: {head:?}");
        let end = rest.find("\r\n\r\nok").unwrap() + 6;
        assert!(!rest[..end].contains("103"), "torn in response {n}: {head:?}");
        rest = &rest[end..];
    }
    assert_eq!(rest, "");
    assert!((1..REQUESTS * HINTS).contains(&whole), "{whole}: it was never full, and this tests nothing");
}

#[test]
fn more_than_a_hundred_are_a_fault_and_what_there_is_no_room_for_is_left_out() {
    let many = Upstream::start(|peer| {
        while peer.request().is_some() {
            for _ in 0..101 {
                peer.say(HINT);
            }
            peer.say(OK);
        }
    });
    let front = many.behind(&[]);
    let answer = front.ask("GET", "");
    let last = answer.find("HTTP/1.1 502 ").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(answer[..last].matches("HTTP/1.1 103 ").count() <= 100, "{answer:?}");
    let record = front.proxy.record("/up/x").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("too_many_interim"));

    // Twice 60 KiB in one of them: more than is ever kept.
    let large = Upstream::start(|peer| {
        while peer.request().is_some() {
            peer.say(&format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n{HINT}{OK}", "x".repeat(60_000)));
        }
    });
    let answer = large.behind(&[]).ask("GET", "");
    assert_eq!(split(&answer).0, HINT_FORWARDED);
}

#[test]
fn who_expects_a_100_gets_hypers_own_and_one() {
    let front = upstream(&["HTTP/1.1 100 Continue\r\n\r\n", HINT, OK]).behind(&[]);
    let mut client = front.connect();
    client
        .write_all(
            b"POST /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        )
        .unwrap();
    let mut first = [0; 25];
    client.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hi").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(split(&answer).0, HINT_FORWARDED);
}
