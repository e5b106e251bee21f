//! What is passed on although it is not right leaves a line as well, and what is right leaves none.

use std::fs;
use std::time::Duration;

use crate::upstream::{OK, Upstream, status};

#[test]
fn a_response_that_was_not_right_and_good_enough_leaves_a_line() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = format!("HTTP/1.1 200 OK\nContent-Length: 5000\r\n\r\n{}", "x".repeat(5000));
    for (answer, told) in [
        (OK.to_owned(), None),
        (format!("{CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"), None),
        (format!("{CHUNKED}2\r\nok\r\n0\r\nHost: evil\r\n\r\n"), Some("[\"forbidden_trailers\"]")),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok".into(), Some("[\"bare_lf\"]")),
        (long, Some("[\"bare_lf\"]")),
        (
            "HTTP/1.1 200\r\nContent-Length: 2, 2\r\n\r\nok".into(),
            Some("[\"missing_reason_space\",\"repeated_content_length\"]"),
        ),
        (format!("{CHUNKED}2 \r\nok\r\n0\r\n\r\n"), Some("[\"chunk_size_space\"]")),
        (format!("{OK}HTTP/1.1 200 OK\r\n\r\n"), Some("[\"leftover\"]")),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok".into(),
            Some("[\"length_in_no_content\",\"leftover\"]"),
        ),
    ] {
        let script = answer.clone();
        let up = Upstream::start(move |peer| {
            while peer.request().is_some() {
                peer.say(&script);
            }
        });
        let front = up.behind(&[]);
        let got = front.talk("GET /up/\"x\\ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(["200", "204"].contains(&status(&got)), "{got}");
        // It is written when the response is over, which may be after the client has it.
        let mut log = String::new();
        for _ in 0..if told.is_some() { 100 } else { 10 } {
            std::thread::sleep(Duration::from_millis(10));
            log = fs::read_to_string(front.proxy.log()).unwrap();
            if log.ends_with('\n') {
                break;
            }
        }
        let expected = told.map_or(String::new(), |told| {
            let hop = up.address;
            format!("{{\"fault\":null,\"deviations\":{told},\"forwarded_status\":{},\"next_hop\":\"{hop}\",\"method\":\"GET\",\"path\":\"/up/\\\"x\\\\\"}}\n", status(&got))
        });
        assert_eq!(log, expected, "{answer:?}");
        assert!(front.proxy.records().is_empty());
    }
}
