//! Clients that flood their connection: it ends, or stands still; the others are served.

use std::thread;
use std::time::{Duration, Instant};

use super::frames::{CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, block};
use crate::upstream::{OK, Peer, Upstream, status};

/// A request for a path without an answer.
fn request() -> Vec<u8> {
    block(&[(":method", "POST"), (":scheme", "http"), (":path", "/up/slow"), (":authority", "a")])
}

#[test]
fn who_floods_ends_its_own_connection_and_no_other() {
    for (name, ends) in [
        ("rapid reset", true),
        ("continuation", true),
        ("empty data", true),
        // Nobody reads the answers: they stop what is read as well.
        ("ping", false),
        ("settings", false),
    ] {
        let up = Upstream::start(|peer| {
            while let Some(request) = peer.request() {
                if request.contains("/slow") {
                    thread::sleep(Duration::from_secs(2));
                }
                peer.say(OK);
            }
        });
        let front = up.behind(&["--eject-after", "1", "--eject-for", "60s"]);
        let stream = front.connect();
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut client = Peer::of(stream);
        client.begin_as_client();
        let begun = Instant::now();
        if name != "rapid reset" {
            let flags = if name == "continuation" { 0 } else { END_HEADERS };
            client.frame(HEADERS, flags, 1, &request());
        }
        let mut id = 1;
        while begun.elapsed() < Duration::from_millis(1500) {
            for _ in 0..50 {
                match name {
                    "rapid reset" => {
                        client.frame(HEADERS, END_HEADERS | END_STREAM, id, &request());
                        client.frame(RST_STREAM, 0, id, &8u32.to_be_bytes());
                        id += 2;
                    }
                    "continuation" => client.frame(CONTINUATION, 0, 1, &block(&[("x", "y")])),
                    "empty data" => client.frame(DATA, 0, 1, &[]),
                    "ping" => client.frame(PING, 0, 0, &[0; 8]),
                    _ => client.frame(SETTINGS, 0, 0, &[]),
                }
            }
            // In the middle of it.
            assert_eq!(status(&front.ask("GET", "")), "200", "{name}");
        }
        let mut seen = Vec::new();
        if ends {
            while let Some(frame) = client.any() {
                seen.push(frame.kind);
            }
            println!("{name}: it ended behind frames of the kinds {seen:?}");
            assert!(seen.is_empty() || seen.contains(&GOAWAY), "{name}: {seen:?}");
        }
        drop(client);
        assert_eq!(status(&front.ask("GET", "")), "200", "{name}: the next hop was ejected");
    }
}
