//! The bodies of the fuzz targets as a plain test: over the seeds, over inputs made of their pieces, and over
//! everything that fuzzing has found. So fuzz code cannot rot.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

use std::path::Path;

use proptest::prelude::*;

#[path = "../fuzz/src/bodies/mod.rs"]
mod bodies;

type Body = fn(&[u8]);

/// As they are called in `fuzz/Cargo.toml`.
const TARGETS: [(&str, Body); 12] = [
    ("h1_split", bodies::h1_split::run),
    ("h1_model", bodies::h1_model::run),
    ("h1_accepts", bodies::h1_accepts::run),
    ("h1_differential", bodies::h1_differential::run),
    ("chunked", bodies::chunked::run),
    ("answer", bodies::answer::run),
    ("logs", bodies::logs::run),
    ("tap", bodies::tap::run),
    ("frames", bodies::frames::run),
    ("audit_request", bodies::audit_request::run),
    ("templates", bodies::templates::run),
    ("in_flight", in_flight_body),
];

#[cfg(feature = "http_body1")]
use bodies::in_flight::run as in_flight_body;

/// Without bodies there is nothing to drive.
#[cfg(not(feature = "http_body1"))]
fn in_flight_body(_: &[u8]) {}

/// The seeds of a target, by name. None in the published package, which has no tests either.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn seeds_and_their_prefixes() {
    for (target, body) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 5, "{target} has {} seeds", seeds.len());
        for (name, seed) in &seeds {
            eprintln!("{target}/{name}"); // shown if it fails
            body(seed);
            for n in (0..seed.len()).step_by(1 + seed.len() / 12) {
                body(&seed[..n]);
            }
        }
    }
}

/// Every target is listed, here and there.
#[test]
fn targets_are_those_of_the_package() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).unwrap();
    let bins = manifest.split("[[bin]]").skip(1);
    let names: Vec<&str> = bins.map(|bin| bin.split('"').nth(1).unwrap()).collect();
    assert_eq!(names, TARGETS.map(|(name, _)| name));
}

const SPOILERS: &[u8] = b"\r\n \t:;,\"=0159afx\0\x7f\xff";

/// What a fuzzer does, without feedback: seeds cut, joined and spoilt.
fn mutated(seeds: &[(String, Vec<u8>)], choices: &[u8]) -> Vec<u8> {
    let mut rng = bodies::Rng::new(bodies::seed(choices));
    let mut input = seeds[rng.below(seeds.len())].1.clone();
    for _ in 0..=rng.below(4) {
        let other = &seeds[rng.below(seeds.len())].1;
        let at = rng.below(input.len() + 1);
        match rng.below(6) {
            0 => input.truncate(at),
            1 => input.extend_from_slice(&other[other.len().min(4)..]),
            2 => {
                let (from, to) = (rng.below(other.len() + 1), rng.below(other.len() + 1));
                input.splice(at..at, other[from.min(to)..from.max(to)].iter().copied());
            }
            3 => input.insert(at, SPOILERS[rng.below(SPOILERS.len())]),
            4 if at < input.len() => drop(input.remove(at)),
            _ if at < input.len() => input[at] = rng.next() as u8,
            _ => {}
        }
    }
    input
}

fn many(target: usize, cases: u32) {
    let (name, body) = TARGETS[target];
    let seeds = seeds(name);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let input = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 8).prop_map(move |choices| mutated(&seeds, &choices)),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ];
    runner
        .run(&input, |bytes| {
            body(&bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn h1_split() {
    many(0, 4000);
}

#[test]
fn h1_model() {
    many(1, 8000);
}

#[test]
fn h1_accepts() {
    many(2, 4000);
}

#[test]
fn h1_differential() {
    many(3, 4000);
}

#[test]
fn chunked() {
    many(4, 4000);
}

#[test]
fn answer() {
    many(5, 3000);
}

#[test]
fn logs() {
    many(6, 3000);
}

#[test]
fn tap() {
    many(7, 600);
}

#[test]
fn frames() {
    many(8, 6000);
}

#[test]
fn audit_request() {
    many(9, 3000);
}

#[test]
fn templates() {
    many(10, 2000);
}

#[test]
fn in_flight() {
    many(11, 3000);
}

// ---- what fuzzing found -----------------------------------------------------------------------------

/// An empty list member behind the last coding (RFC 9110 section 5.6.1.2) is ignored here; hyper then reads
/// the chunks as content. Not an error, and so on the list.
#[test]
fn found_an_empty_coding_behind_chunked() {
    bodies::h1_differential::run(b"0100HTTP/1.1 200 OK\r\nTransfer-Encoding: , chunked ,\r\n\r\n0\r\n\r\n");
}

/// hyper ends the trailers at `CR LF LF`; here a line feed alone ends no line of them.
#[test]
fn found_a_line_feed_among_trailers() {
    bodies::h1_differential::run(
        b"0100HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\nC: d\r\n\r\n",
    );
}

/// As many fields as the limit has room for, and one that the proxy adds.
#[test]
fn found_a_full_head_with_framing_added() {
    let head = [&b"0100HTTP/1.1 200 OK\r\n"[..], &b"a:\r\n".repeat(256), b"\r\n"].concat();
    bodies::h1_accepts::run(&head);
}

/// White space before the next hop's `Proxy-Status` came first in ours.
#[test]
fn found_a_space_before_an_inherited_proxy_status() {
    let gateway = badgateway::Gateway::new("gw").unwrap();
    let mut exchange = badgateway::Exchange::default();
    exchange.proxy_status = Some(http::HeaderValue::from_bytes(b" \"up\" ").unwrap());
    let fault = badgateway::Fault::new(badgateway::FaultKind::ConnectionTimeout);
    let value = gateway.proxy_status(&fault, &exchange);
    assert_eq!(value, "\"up\", gw; error=connection_timeout");
}

/// A line without a colon and with a carriage return alone in it: `header.bare_cr` to the parser,
/// `header.no_colon` to `diagnose_head`. Behind an interim response, what answers instead of HTTP is
/// `not_http.*` to the one and `status_line.*` to the other. Either is true; they are on a list.
#[test]
fn found_two_names_for_one_flaw() {
    bodies::h1_differential::run(b"0010HTTP/1.1 200 OK\r\nA b\rc\r\n\r\n");
    bodies::h1_differential::run(b"0010HTTP/1.1 103 \r\n\r\nSSH-2.0-x\r\n");
    bodies::h1_differential::run(b"0010HTTP/1.1 0010 x\r\n\r\n");
}

/// A line that ends in a line feed alone may have one byte more of name and value.
#[test]
fn found_a_line_as_long_as_the_limit() {
    bodies::h1_split::run(
        b"01$0HTTP/1.1 200 OK\r\nAscCscConnectio74Content-Length:100\n4073709551616read: baguette\r\n\r\n",
    );
}

/// A frontend of HAProxy's may have any name, also one that begins as a line of another format.
#[test]
fn found_a_frontend_called_like_another_format() {
    bodies::logs::run(b"h2 2018-07-02T2in/<NOSRV> -1/-1/-1/-1/0 400 187 - - PR-- 1/1/0/0/0 0/0");
    bodies::logs::run(b"AH01079: fail/s1 0/0/1/2/3 500 99 - - ---- 1/1/0/0/0 0/0");
    bodies::logs::run(b"AH01102:86189 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157");
}

/// A control character is one byte, and nine in the query of a link: so many of them took three times the room of a value.
#[test]
fn found_a_reference_of_controls_in_a_link() {
    use badgateway::reply::{Page, Strings};
    let page = Page::template("<a href=\"?{{reference}}\">", &Strings::default()).unwrap();
    let gateway = badgateway::Gateway::new("gw").unwrap().with_page(page);
    let request = http::Request::get("/").header("accept", "text/html").body(()).unwrap();
    let mut exchange = badgateway::Exchange::of(&request);
    for (reference, shown) in [("\u{7}".repeat(85), "%EF%BF%BD".repeat(28)), ("a".repeat(200), "a".repeat(128))] {
        exchange.reference = Some(reference.into());
        let answer = gateway.answer_fault(&badgateway::Fault::new(badgateway::FaultKind::ConnectionRefused), &exchange);
        assert_eq!(std::str::from_utf8(answer.body()).unwrap(), format!("<a href=\"?{shown}\">"));
    }
}

/// A client that left before the held head of an empty body went out had no record: nothing was missing but the head.
#[test]
fn found_a_client_that_left_a_held_head() {
    for script in [&b"\x10\x01\0\0\0\0\0pppp."[..], b"\x10\x01\0\0\0\x02\0ppppppp."] {
        in_flight_body(&[b"00", script].concat());
    }
}

/// How much of it had come at once decided what a beginning was called that is no HTTP/2.
#[test]
fn found_a_beginning_that_is_known_by_more_than_a_header() {
    bodies::frames::run(b"\x02`CLIENT_ERROR `HTTP/1.1 200 OK\r\n");
}
