//! What is put up with, and told to the operator: the same line by either engine, word for word.

use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;

use crate::get;
use crate::harness::{Engine, Proxy};

/// Behaviours that both engines pass on, and what the line names; nothing of a response that is as it should be.
const TOLERATED: &[(&str, Option<&str>)] = &[
    ("ok_200", None),
    ("bare_lf", Some("bare_lf")),
    ("cl_duplicate_same", Some("repeated_content_length")),
    ("cl_list_same", Some("repeated_content_length")),
    ("extra_bytes_after_response", Some("leftover")),
    ("no_reason_space", Some("missing_reason_space")),
    ("status_204_body", Some("leftover")),
    ("trailer_forbidden", Some("forbidden_trailers")),
];

#[test]
fn both_engines_tell_it_in_the_same_line() {
    let names: Vec<&str> = TOLERATED.iter().map(|(name, _)| *name).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    let [by_hyper, by_h1] = [Engine::Hyper, Engine::H1].map(|engine| lines(engine, &lab));
    assert_eq!(by_hyper, by_h1);
    for ((name, told), line) in TOLERATED.iter().zip(by_h1) {
        match told {
            Some(told) => assert!(line.contains("{\"fault\":null,") && line.contains(told), "{name}: {line}"),
            None => assert_eq!(line, "", "{name}"),
        }
    }
}

/// The log's line of each behaviour, or nothing.
fn lines(engine: Engine, lab: &Lab) -> Vec<String> {
    let proxy = Proxy::start(engine, lab, &[]);
    for (name, _) in TOLERATED {
        let status = get(&proxy, &format!("/{name}")).status.unwrap();
        assert!((200..300).contains(&status), "{engine:?} {name}: {status}");
    }
    let wanted = TOLERATED.iter().filter(|(_, told)| told.is_some()).count();
    let until = Instant::now() + Duration::from_secs(3);
    // A line is written when the exchange ends, which may be after the client has its answer.
    while proxy.lines().len() < wanted && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
    let lines = proxy.lines();
    let line =
        |name: &str| lines.get(&format!("/{name}")).map(|of_path| of_path.iter().map(|line| line.0.as_str()).collect());
    TOLERATED.iter().map(|(name, _)| line(name).unwrap_or_default()).collect()
}
