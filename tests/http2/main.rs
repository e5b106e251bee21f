//! Next hops that speak HTTP/2: the lab's, as a raw client sees them, and through a gateway for clients of every version.
#![cfg(all(feature = "lab", feature = "h2_04", feature = "hyper1", feature = "tokio1"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod faults;
mod gateway;
#[path = "../../examples/stacks/tests/lab/parallel.rs"]
mod parallel;

use std::collections::BTreeSet;
use std::time::Duration;

use badgateway::lab::probe::{self, Answer, End, Request};
use badgateway::lab::{BEHAVIOURS, Behaviour, Group, HTTP2_BEHAVIOURS, Lab, Rule};
use http::Version;

use crate::faults::FAULTS;
use crate::gateway::Running;
use crate::parallel::in_parallel;

/// Most of the time is waited for timers.
const THREADS: usize = 32;

#[test]
fn the_table_is_whole() {
    let names: BTreeSet<_> = HTTP2_BEHAVIOURS.iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(names.len(), HTTP2_BEHAVIOURS.len(), "names are unique");
    assert!(BEHAVIOURS.iter().all(|behaviour| !names.contains(behaviour.name)), "in both tables");
    assert!(HTTP2_BEHAVIOURS.is_sorted_by_key(|behaviour| behaviour.group), "rows stand by group");
    for group in [Group::Frame, Group::Reset, Group::Goaway, Group::Grpc] {
        assert!(HTTP2_BEHAVIOURS.iter().any(|behaviour| behaviour.group == group), "{group}");
    }
    assert!(HTTP2_BEHAVIOURS.len() >= 90);
}

/// Without a gateway: what is to pass does, and what needs an answer of a gateway's own has none.
#[test]
fn upstreams_show_what_they_promise() {
    let lab = Lab::builder().http2().start().unwrap();
    let plain: Vec<_> = lab.upstreams().iter().filter(|upstream| !upstream.behaviour().tls).collect();
    let wrong = in_parallel(&plain, THREADS, |upstream| {
        let request = Request::new().version(Version::HTTP_2).timeout(Duration::from_millis(1500));
        let ask = || probe::send(upstream.address().unwrap(), &request).unwrap();
        let behaviour = upstream.behaviour();
        let mut answer = ask();
        if behaviour.name.ends_with("_once") {
            answer = ask();
        }
        let is_right = answer.satisfies(&behaviour.rule).is_ok();
        let due = match behaviour.rule {
            Rule::Whole(_) => true,
            Rule::Status(_) => false,
            _ => return None,
        };
        (is_right != due)
            .then(|| format!("{}: {} {:?}", behaviour.name, show(&answer), answer.satisfies(&behaviour.rule)))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn show(answer: &Answer) -> String {
    let status = answer.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let reset = answer.reset.map_or_else(String::new, |code| format!(" rst {code:#x}"));
    let goaway = answer.goaway.map_or_else(String::new, |code| format!(" goaway {code:#x}"));
    format!("{status} {:?}{reset}{goaway}", answer.end)
}

/// The kind, and the class if it has one.
fn fault(record: &str) -> String {
    let text = |key: &str| record.split_once(&format!("\"{key}\":\"")).and_then(|(_, rest)| rest.split('"').next());
    match (text("fault"), text("class")) {
        (Some(kind), Some(class)) => format!("{kind}/{class}"),
        (kind, _) => kind.unwrap_or_default().to_owned(),
    }
}

/// What a client of gRPC sends.
const CALL: &[u8] = b"\0\0\0\0\x02hi";

/// A unary call by gRPC.
fn call(behaviour: &Behaviour) -> Request {
    let request = request(behaviour, Version::HTTP_2).method("POST").body(CALL);
    request.path(&format!("/{}/call", behaviour.name)).header("Content-Type", "application/grpc")
}

fn request(behaviour: &Behaviour, version: Version) -> Request {
    let path = format!("/{}/{version:?}", behaviour.name);
    Request::new().path(&path).version(version).timeout(Duration::from_secs(20)).header("TE", "trailers")
}

/// What hyper's client makes of these, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("h2_request_pseudo", "h2 drops the field and takes the rest"),
    ("h2_trailers_pseudo", "h2 drops the field and takes the rest"),
    ("h2_101", "hyper hands on no interim response of HTTP/2, and waits for the one behind it"),
];

#[test]
fn a_gateway_is_right_to_clients_of_every_version() {
    let lab = Lab::builder().http2().start().unwrap();
    let next_hops = lab.upstreams().iter().map(|u| (u.name().to_owned(), u.url().to_owned())).collect();
    let gateway = Running::start(lab.ca_pem(), next_hops);
    let versions = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2];
    let cases: Vec<_> = HTTP2_BEHAVIOURS.iter().flat_map(|b| versions.map(|version| (b, version))).collect();
    let wrong = in_parallel(&cases, THREADS, |(behaviour, version)| {
        let request = request(behaviour, *version);
        let answer = probe::send(gateway.address, &request).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let faults = gateway.faults(&request.path);
        let is_own = answer.header("proxy-status").is_some_and(|value| value.contains("edge-1.example; error="));
        let is_cut = answer.end != End::Complete && answer.end != End::Eof;
        let mut wrong = Vec::new();
        wrong.extend(answer.satisfies(&behaviour.rule).err());
        if faults.len() != usize::from(is_own || is_cut) {
            wrong.push(format!("{} records", faults.len()));
        }
        let told = faults.first().map_or_else(|| "-".to_owned(), |record| fault(record));
        let expected = FAULTS.iter().find(|(name, _)| *name == behaviour.name).map_or(&["-"][..], |(_, faults)| faults);
        if !expected.contains(&told.as_str()) {
            wrong.push(format!("{told} is none of {expected:?}"));
        }
        println!("{:<32} {version:?} {:<28} {}", behaviour.name, show(&answer), faults.join(" "));
        let is_known = KNOWN.iter().any(|(name, _)| *name == behaviour.name);
        let line = format!("{} {version:?}: {}: {wrong:?} {}", behaviour.name, show(&answer), faults.join(" "));
        (wrong.is_empty() == is_known).then_some(line)
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What gRPC's documents want a client to be told (http-grpc-status-mapping.md, PROTOCOL-HTTP2.md, statuscodes.md).
const STATUSES: &[(&str, &str)] = &[
    ("grpc_ok", "0"),
    ("grpc_trailers_only", "5"),
    ("grpc_unavailable", "14"),
    ("grpc_no_status", "2"),
    ("grpc_no_trailers", "2"),
    ("grpc_nothing", "2"),
    ("grpc_status_99", "2"),
    ("grpc_status_text", "2"),
    ("grpc_status_head", "2"),
    ("grpc_502_page", "14"),
    ("grpc_503_page", "14"),
    ("grpc_200_page", "2"),
    ("grpc_401", "16"),
    ("grpc_404", "12"),
    ("grpc_429", "14"),
    ("grpc_message_cut", "13"),
    ("grpc_message_close", "14"),
    ("grpc_cancel", "1"),
    ("grpc_refused", "14"),
    ("grpc_silence", "4"),
    ("grpc_stall", "4"),
];

/// Whatever becomes of it, a call ends in a status, and never in OK where something is missing.
#[test]
fn a_call_ends_in_a_status() {
    let lab = Lab::builder().http2().start().unwrap();
    let next_hops = lab.upstreams().iter().map(|u| (u.name().to_owned(), u.url().to_owned())).collect();
    let gateway = Running::start(lab.ca_pem(), next_hops);
    let behaviours: Vec<_> = HTTP2_BEHAVIOURS.iter().collect();
    let wrong = in_parallel(&behaviours, THREADS, |behaviour| {
        let request = call(behaviour);
        let answer = probe::send(gateway.address, &request).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let faults = gateway.faults(&request.path);
        let status = |fields: &[(String, String)]| {
            fields.iter().filter(|(name, _)| name == "grpc-status").map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let statuses = [status(&answer.headers), status(&answer.trailers)].concat();
        println!("{:<32} {:<28} {statuses:?} {:?} {}", behaviour.name, show(&answer), answer.headers, faults.join(" "));
        let due = STATUSES.iter().find(|(name, _)| *name == behaviour.name).map(|(_, status)| *status);
        let is_right = match statuses.as_slice() {
            // What the next hop said is its own: zero where it was whole and well.
            [status] => due.map_or(status != "0" && !faults.is_empty(), |due| due == status),
            _ => false,
        };
        let flaw = answer.satisfies(&Rule::Whole(&[200])).err();
        let line = format!("{}: {} {statuses:?} {flaw:?} {}", behaviour.name, show(&answer), faults.join(" "));
        (answer.end != End::Complete || flaw.is_some() || !is_right).then_some(line)
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), behaviours.len(), wrong.join("\n"));
}
