//! Next hops of HTTP/2: who shares a connection, and what each makes of what happens to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::frames::{
    CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INTERNAL_ERROR, MAX_STREAMS, NO_ERROR, PING,
    PROTOCOL_ERROR, RST_STREAM, SETTINGS, WINDOW_UPDATE, block,
};
use crate::parallel::in_parallel;
use crate::upstream::{Upstream, status};

const H2: &[&str] = &["--http2"];

#[test]
fn many_exchanges_share_a_connection_that_is_opened_once() {
    let up = Upstream::start(|peer| {
        if !peer.begin(&[]) {
            return;
        }
        // All of them are there before the first is answered.
        let streams: Vec<u32> = (0..20).map_while(|_| peer.opened()).collect();
        for stream in streams {
            peer.ok(stream);
        }
        peer.answer_all();
    });
    let front = up.behind(H2);
    let answers = in_parallel(&[(); 20], 20, |()| front.ask("GET", ""));
    for answer in answers {
        assert_eq!(status(&answer), "200", "{answer}");
        assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    }
    assert_eq!(status(&front.ask("GET", "")), "200");
    assert_eq!(up.connections(), 1);
    assert_eq!(up.requests("GET"), 21);
    assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
}

/// One connection that cannot be opened is one failure of the next hop, and each that waited for it has a fault of its own.
#[test]
fn what_cannot_be_opened_is_the_fault_of_each() {
    let up = Upstream::start(|peer| {
        let _ = std::io::Read::read(&mut peer.stream, &mut [0; 4000]);
        thread::sleep(Duration::from_millis(300));
    });
    let route = format!("/tls=https://127.0.0.1:{}", up.address.port());
    let front = up.behind(&["--http2", "--route", &route, "--eject-after", "2", "--eject-for", "60s"]);
    let ask = || front.talk("GET /tls/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answers = in_parallel(&[(); 20], 20, |()| ask());
    assert!(answers.iter().all(|answer| status(answer) == "502"), "{answers:?}");
    let records = front.proxy.records().remove("/tls/x").unwrap();
    let closed = records.iter().filter(|r| r.text("fault").as_deref() == Some("tls_closed")).count();
    assert_eq!((records.len(), closed), (20, 20), "{records:?}");
    assert_eq!(up.connections(), 1);
    assert_eq!(status(&ask()), "502", "one failure ejected it");
    assert_eq!(status(&ask()), "503", "two did not");
}

/// Twenty exchanges end with one connection: twenty records, one failure.
#[test]
fn a_connection_that_dies_is_one_failure_and_each_of_its_exchanges_has_a_record() {
    for resets in [false, true] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            if peer.number > 1 {
                return peer.answer_all();
            }
            // Read whole, so that the end is what it says, and no reset for what was unread.
            let (mut heads, mut bodies) = (0, 0);
            while (heads, bodies) != (20, 20) {
                let frame = peer.next().unwrap();
                heads += usize::from(frame.kind == HEADERS);
                bodies += usize::from(frame.kind == DATA && frame.flags & END_STREAM != 0);
            }
            if resets {
                socket2::SockRef::from(&peer.stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
        });
        let front = up.behind(&["--http2", "--eject-after", "2", "--eject-for", "60s"]);
        // POST, so that none is sent again.
        let answers = in_parallel(&[(); 20], 20, |()| front.ask("POST", "pay 5"));
        assert!(answers.iter().all(|answer| status(answer) == "502"), "{answers:?}");
        let records = front.proxy.records().remove("/up/x").unwrap();
        let fault = if resets { "reset_before_response" } else { "closed_before_response" };
        let same = records.iter().filter(|r| r.text("fault").as_deref() == Some(fault)).count();
        assert_eq!((records.len(), same), (20, 20), "{records:?}");
        assert_eq!(status(&front.ask("GET", "")), "200", "it was ejected");
    }
}

/// What the next hop does to each stream by itself counts each time.
#[test]
fn streams_that_are_reset_one_by_one_count() {
    let up = Upstream::start(|peer| {
        if peer.begin(&[]) {
            while let Some(stream) = peer.opened() {
                peer.reset(stream, INTERNAL_ERROR);
            }
        }
    });
    let front = up.behind(&["--http2", "--eject-after", "3", "--eject-for", "60s"]);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(status(&front.ask("GET", "")).to_owned());
        thread::sleep(Duration::from_millis(120));
    }
    assert_eq!(seen, ["502", "502", "502", "503"]);
    assert_eq!((up.requests("GET"), up.connections()), (3, 1));
    let record = &front.proxy.records()["/up/x"][0];
    assert_eq!(record.text("fault").as_deref(), Some("stream_reset"), "{}", record.0);
}

/// A stream that ends badly takes no other along, whoever ended it.
#[test]
fn a_client_that_leaves_resets_its_stream_alone() {
    let seen = Arc::new(AtomicUsize::new(0));
    let cancelled = Arc::clone(&seen);
    let up = Upstream::start(move |peer| {
        if !peer.begin(&[]) {
            return;
        }
        let first = peer.opened().unwrap();
        loop {
            let Some(frame) = peer.next() else { return };
            match frame.kind {
                RST_STREAM if frame.stream == first => {
                    assert_eq!(frame.code(), CANCEL);
                    cancelled.fetch_add(1, Ordering::SeqCst);
                }
                HEADERS => peer.ok(frame.stream),
                _ => {}
            }
        }
    });
    let front = up.behind(&["--http2", "--eject-after", "1", "--eject-for", "60s", "--response-timeout", "9s"]);
    let mut client = front.connect();
    std::io::Write::write_all(&mut client, b"GET /up/left HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    thread::sleep(Duration::from_millis(150));
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    let record = front.proxy.record("/up/left").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("client_aborted"), "{}", record.0);
    assert_eq!(status(&front.ask("GET", "")), "200");
    assert_eq!((seen.load(Ordering::SeqCst), up.connections()), (1, 1));
}

/// Nothing that is no response keeps the timer from firing, and then the stream is given up, not the connection.
#[test]
fn frames_that_are_no_response_move_no_timer() {
    for kind in [PING, WINDOW_UPDATE, SETTINGS, HEADERS] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            let Some(stream) = peer.opened() else { return };
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(3) {
                match kind {
                    PING => peer.frame(PING, 0, 0, &[0; 8]),
                    WINDOW_UPDATE => peer.frame(WINDOW_UPDATE, 0, stream, &1u32.to_be_bytes()),
                    HEADERS => peer.head(stream, 0, &[(":status", "103")]),
                    _ => peer.frame(SETTINGS, 0, 0, &[]),
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
        let front = up.behind(&["--http2", "--response-timeout", "500ms"]);
        let begun = Instant::now();
        assert_eq!(status(&front.ask("GET", "")), "504", "{kind}");
        assert!(begun.elapsed() < Duration::from_millis(1500), "{kind}: {:?}", begun.elapsed());
        let record = front.proxy.record("/up/x").unwrap();
        assert_eq!(record.text("fault").as_deref(), Some("response_timeout"), "{}", record.0);
    }
}

/// What floods a connection ends in a fault, and soon.
#[test]
fn floods_end_in_a_fault() {
    for (name, faults) in [
        ("continuation", &["h2_protocol_error", "enhance_your_calm"][..]),
        ("empty data", &["body_stalled", "h2_protocol_error"]),
        ("resets of nothing", &["h2_protocol_error", "response_timeout"]),
    ] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            let Some(stream) = peer.opened() else { return };
            let begun = Instant::now();
            let head = block(&[(":status", "200")]);
            match name {
                "continuation" => peer.frame(HEADERS, 0, stream, &head),
                "empty data" => peer.frame(HEADERS, END_HEADERS, stream, &head),
                _ => {}
            }
            while begun.elapsed() < Duration::from_secs(3) {
                for _ in 0..100 {
                    match name {
                        "continuation" => peer.frame(CONTINUATION, 0, stream, &block(&[("x", "y")])),
                        "empty data" => peer.frame(DATA, 0, stream, &[]),
                        _ => peer.reset(stream + 2, PROTOCOL_ERROR),
                    }
                }
            }
        });
        let front = up.behind(&["--http2", "--idle-timeout", "500ms", "--response-timeout", "500ms"]);
        let begun = Instant::now();
        let answer = front.ask("GET", "");
        assert!(begun.elapsed() < Duration::from_millis(1800), "{name}: {:?}", begun.elapsed());
        let record = front.proxy.record("/up/x").unwrap_or_else(|| panic!("{name}: {answer}"));
        assert!(faults.contains(&record.text("fault").unwrap().as_str()), "{name}: {}", record.0);
    }
}

/// Who says how many streams it takes is never asked for more, and who waits for one in vain was never sent.
#[test]
fn no_more_streams_are_opened_than_the_next_hop_takes() {
    let most = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&most);
    let up = Upstream::start(move |peer| {
        if !peer.begin(&[(MAX_STREAMS, 2)]) {
            return;
        }
        let mut open = 0;
        while let Some(frame) = peer.next() {
            match frame.kind {
                HEADERS => {
                    open += 1;
                    noted.fetch_max(open, Ordering::SeqCst);
                }
                RST_STREAM => open -= 1,
                _ => {}
            }
        }
    });
    let front = up.behind(&["--http2", "--connect-timeout", "400ms", "--response-timeout", "1500ms"]);
    let answers = in_parallel(&[(); 12], 12, |()| front.ask("POST", ""));
    let count = |wanted: &str| answers.iter().filter(|answer| status(answer) == wanted).count();
    // Four connections take two each.
    assert_eq!((count("504"), count("503")), (8, 4), "{answers:?}");
    assert_eq!((most.load(Ordering::SeqCst), up.connections()), (2, 4));
    let records = front.proxy.records().remove("/up/x").unwrap();
    for record in records.iter().filter(|r| r.number("status") == Some(503)) {
        assert_eq!(record.text("fault").as_deref(), Some("connection_limit"), "{}", record.0);
        assert_eq!(record.text("applied").as_deref(), Some("no"), "{}", record.0);
    }
}

/// One that waits gets the stream that another gives back.
#[test]
fn a_stream_that_becomes_free_is_used() {
    let up = Upstream::start(|peer| {
        if !peer.begin(&[(MAX_STREAMS, 1)]) {
            return;
        }
        while let Some(stream) = peer.opened() {
            thread::sleep(Duration::from_millis(20));
            peer.ok(stream);
        }
    });
    let front = up.behind(H2);
    let answers = in_parallel(&[(); 40], 40, |()| front.ask("GET", ""));
    assert!(answers.iter().all(|answer| status(answer) == "200"), "{answers:?}");
    assert!(up.connections() <= 4, "{}", up.connections());
    assert_eq!(up.requests("GET"), 40);
}

#[test]
fn who_speaks_something_else_is_named() {
    for (says, fault) in [
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "http11_required"),
        ("SSH-2.0-OpenSSH_9.6\r\n", "not_http"),
        ("\0\0\x08\x06\0\0\0\0\0abcdefgh", "h2_protocol_error"),
    ] {
        let up = Upstream::start(move |peer| {
            peer.say(says);
            let _ = std::io::Read::read(&mut peer.stream, &mut [0; 1000]);
            thread::sleep(Duration::from_millis(100));
        });
        let front = up.behind(H2);
        assert_eq!(status(&front.ask("GET", "")), "502", "{says:?}");
        let record = front.proxy.record("/up/x").unwrap();
        assert_eq!(record.text("fault").as_deref(), Some(fault), "{}", record.0);
    }
}

/// A body that does not end in END_STREAM is cut, however its connection ends.
#[test]
fn a_cut_body_is_cut_for_clients_of_http_1() {
    for (name, fault) in [
        ("reset", "stream_reset"),
        ("reset without an error", "body_truncated"),
        ("end", "body_truncated"),
        ("stall", "body_stalled"),
    ] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            let stream = peer.opened().unwrap();
            peer.head(stream, 0, &[(":status", "200")]);
            peer.data(stream, 0, b"half");
            thread::sleep(Duration::from_millis(100));
            match name {
                "reset" => peer.reset(stream, INTERNAL_ERROR),
                "reset without an error" => peer.reset(stream, NO_ERROR),
                // A FIN before anything else: who closes with bytes unread says RST.
                "end" => peer.stream.shutdown(std::net::Shutdown::Write).unwrap(),
                _ => {}
            }
            while peer.any().is_some() {}
        });
        let front = up.behind(&["--http2", "--idle-timeout", "400ms"]);
        let answer = front.ask("GET", "");
        assert_eq!(status(&answer), "200", "{name}: {answer}");
        assert!(answer.contains("half") && !answer.ends_with("0\r\n\r\n"), "{name}: {answer}");
        let record = front.proxy.record("/up/x").unwrap_or_else(|| panic!("{name}: {answer}"));
        assert_eq!(record.text("fault").as_deref(), Some(fault), "{name}: {}", record.0);
    }
}
