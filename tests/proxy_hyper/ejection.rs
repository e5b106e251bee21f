//! Passive ejection, with a next hop that really fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::in_parallel;
use crate::upstream::{OK, Upstream, status};

/// Closes every connection under its request until it is healed; then takes its time.
fn ill(healed: &Arc<AtomicBool>) -> Upstream {
    let healed = Arc::clone(healed);
    Upstream::start(move |peer| {
        while peer.request().is_some() {
            if !healed.load(Ordering::SeqCst) {
                return;
            }
            thread::sleep(Duration::from_millis(300));
            peer.say(OK);
        }
    })
}

#[test]
fn a_next_hop_that_fails_is_left_alone_and_comes_back_by_one_probe() {
    let healed = Arc::new(AtomicBool::new(false));
    let up = ill(&healed);
    let front = up.behind(&["--eject-after", "3", "--eject-for", "1s"]);
    for _ in 0..3 {
        assert_eq!(status(&front.ask("GET", "")), "502");
    }
    let ejected = Instant::now();
    assert_eq!(up.connections(), 3);
    for _ in 0..5 {
        let answer = front.ask("GET", "");
        assert_eq!(status(&answer), "503");
        let lower = answer.to_lowercase();
        assert!(lower.contains("\r\nretry-after: 1\r\n"), "{answer}");
        assert!(lower.contains("proxy-status: badgateway; error=destination_unavailable"), "{answer}");
    }
    assert!(ejected.elapsed() < Duration::from_secs(1), "too slow to say anything");
    assert_eq!(up.connections(), 3, "nothing reached it");
    let record = front.proxy.record("/up/x").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("no_healthy_upstream"), "{}", record.0);
    assert_eq!(record.text("applied").as_deref(), Some("no"));
    // Another next hop is not touched.
    let other = front.talk("GET /ok_200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&other), "200");

    // A probe that fails ejects for another while.
    thread::sleep(Duration::from_millis(1100).saturating_sub(ejected.elapsed()));
    assert_eq!(status(&front.ask("GET", "")), "502");
    assert_eq!(status(&front.ask("GET", "")), "503");
    assert_eq!(up.connections(), 4);

    // Of many at once one is the probe, and it heals.
    healed.store(true, Ordering::SeqCst);
    thread::sleep(Duration::from_millis(1100));
    let answers = in_parallel(&[(); 6], 6, |()| status(&front.ask("GET", "")).to_owned());
    assert_eq!(answers.iter().filter(|a| *a == "200").count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|a| *a == "503").count(), 5, "{answers:?}");
    for _ in 0..2 {
        assert_eq!(status(&front.ask("GET", "")), "200");
    }
}

#[test]
fn a_success_starts_the_count_anew_and_zero_is_never() {
    // Two fail, one does well, and so on.
    let up = Upstream::start(|peer| {
        if peer.request().is_some() && peer.number % 3 == 0 {
            peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let front = up.behind(&["--eject-after", "3"]);
    for round in 1..=12 {
        assert_eq!(status(&front.ask("GET", "")), if round % 3 == 0 { "200" } else { "502" });
    }
    let healed = Arc::new(AtomicBool::new(false));
    let front = ill(&healed).behind(&["--eject-after", "0"]);
    for _ in 0..12 {
        assert_eq!(status(&front.ask("GET", "")), "502");
    }
}

#[test]
fn a_body_that_breaks_counts_and_a_client_that_breaks_off_does_not() {
    let cut = Upstream::start(|peer| {
        if peer.request().is_some() {
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        }
    });
    let front = cut.behind(&["--eject-after", "3"]);
    for _ in 0..3 {
        let answer = front.ask("GET", "");
        assert!(["200", "502"].contains(&status(&answer)), "{answer}");
    }
    assert_eq!(status(&front.ask("GET", "")), "503");

    let fine = Upstream::start(|peer| {
        while peer.request().is_some() {
            peer.say(OK);
        }
    });
    let front = fine.behind(&["--eject-after", "2"]);
    for _ in 0..5 {
        // Ten bytes are announced and the sending side is closed after four.
        let mut client = front.connect();
        std::io::Write::write_all(&mut client, b"PUT /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nonly")
            .unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = std::io::Read::read_to_end(&mut client, &mut Vec::new());
    }
    assert_eq!(status(&front.ask("GET", "")), "200");
}
