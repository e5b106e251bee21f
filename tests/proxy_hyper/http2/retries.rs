//! What is sent again over HTTP/2: once, where the next hop has not taken it, or where it may be taken twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::frames::{INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use crate::upstream::{Peer, Upstream, status};

/// What an ill connection does to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Refuse,
    /// It went away and had not taken it.
    Goaway,
    /// It went away, and had taken it.
    GoawayBehind,
    Reset,
    Close,
}

fn ill(peer: &mut Peer, does: Does) {
    let Some(stream) = peer.opened() else { return };
    // Its body is read first, where it has one.
    thread::sleep(Duration::from_millis(100));
    match does {
        Does::Refuse => {
            peer.reset(stream, REFUSED_STREAM);
            return ill(peer, does);
        }
        Does::Goaway => peer.goaway(stream.saturating_sub(2), NO_ERROR),
        Does::GoawayBehind => return peer.goaway(stream, NO_ERROR),
        Does::Reset => peer.reset(stream, INTERNAL_ERROR),
        Does::Close => return,
    }
    while peer.any().is_some() {}
}

#[test]
fn what_the_next_hop_did_not_take_is_sent_again_whatever_the_method() {
    for (does, used, method, content, expected, tries) in [
        (Does::Refuse, false, "GET", "", "200", 2),
        (Does::Refuse, false, "POST", "pay 5", "200", 2),
        (Does::Goaway, false, "GET", "", "200", 2),
        (Does::Goaway, true, "POST", "pay 5", "200", 2),
        // What may have been taken is sent again only where it may be taken twice, and met the race of every pool.
        (Does::GoawayBehind, true, "GET", "", "200", 2),
        (Does::GoawayBehind, true, "POST", "pay 5", "502", 1),
        (Does::Close, true, "GET", "", "200", 2),
        (Does::Close, true, "POST", "", "502", 1),
        (Does::Close, true, "POST", "pay 5", "502", 1),
        (Does::Close, false, "GET", "", "502", 1),
        (Does::Reset, true, "GET", "", "502", 1),
        (Does::Reset, true, "POST", "pay 5", "502", 1),
    ] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            if peer.number > 1 {
                return peer.answer_all();
            }
            if used {
                let stream = peer.opened().unwrap();
                peer.ok(stream);
            }
            ill(peer, does);
        });
        let front = up.behind(&["--http2"]);
        if used {
            assert_eq!(status(&front.ask("OPTIONS", "")), "200");
        }
        let answer = front.ask(method, content);
        let case = format!("{does:?} of {method} {content:?}, used: {used}");
        assert_eq!(status(&answer), expected, "{case}: {answer}");
        assert_eq!(up.requests(method), tries, "{case}");
        let record = front.proxy.records().remove("/up/x").and_then(|mut r| r.pop());
        assert_eq!(record.is_some(), expected != "200", "{case}: {record:?}");
        if let Some(record) = record {
            assert!(!record.0.contains("\"attempts\""), "{case}: {}", record.0);
        }
    }
}

#[test]
fn there_is_one_second_try_and_no_third() {
    for does in [Does::Refuse, Does::Goaway] {
        let up = Upstream::start(move |peer| {
            if peer.begin(&[]) {
                ill(peer, does);
            }
        });
        let front = up.behind(&["--http2"]);
        for method in ["GET", "POST"] {
            let answer = front.ask(method, "");
            assert_eq!(status(&answer), "503", "{does:?}: {answer}");
            assert_eq!(up.requests(method), 2, "{does:?}");
            let record = front.proxy.records().remove("/up/x").unwrap().pop().unwrap();
            assert_eq!(record.number("attempts"), Some(2), "{}", record.0);
            assert_eq!(record.text("applied").as_deref(), Some("no"), "{}", record.0);
        }
    }
}

/// Who goes away ends what it has taken, and what comes then goes elsewhere.
#[test]
fn a_goaway_that_spares_a_stream_ends_no_exchange() {
    let is_over = Arc::new(AtomicBool::new(false));
    let may_answer = Arc::clone(&is_over);
    let up = Upstream::start(move |peer| {
        if !peer.begin(&[]) {
            return;
        }
        if peer.number > 1 {
            return peer.answer_all();
        }
        let stream = peer.opened().unwrap();
        // hyper fails a request with a GOAWAY that comes while it is still at sending it, taken or not.
        thread::sleep(Duration::from_millis(100));
        peer.goaway(stream, NO_ERROR);
        while !may_answer.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        peer.ok(stream);
        while peer.any().is_some() {}
    });
    let front = up.behind(&["--http2", "--response-timeout", "9s"]);
    thread::scope(|scope| {
        let spared = scope.spawn(|| front.ask("POST", "pay 5"));
        while up.requests("POST") == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(200));
        let next = front.ask("POST", "");
        assert_eq!(status(&next), "200", "{next}: {:?}", front.proxy.records());
        assert_eq!(up.connections(), 2);
        is_over.store(true, Ordering::SeqCst);
        let spared = spared.join().unwrap();
        assert_eq!(status(&spared), "200", "{spared}: {:?}", front.proxy.records());
    });
    assert_eq!(up.requests("POST"), 2);
    assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
}

/// A connection that says nothing any more serves nobody else.
#[test]
fn a_connection_that_fell_silent_is_left() {
    let up = Upstream::start(|peer| {
        if !peer.begin(&[]) {
            return;
        }
        if peer.number > 1 {
            return peer.answer_all();
        }
        let stream = peer.opened().unwrap();
        peer.ok(stream);
        // As if the network were gone.
        thread::sleep(Duration::from_secs(5));
    });
    let front = up.behind(&["--http2", "--response-timeout", "300ms"]);
    for wanted in ["200", "504", "200"] {
        assert_eq!(status(&front.ask("GET", "")), wanted);
    }
    assert_eq!(up.connections(), 2);
}
