//! The proxy before next hops that speak HTTP/2, for clients of every version: the whole table, by the rules, each record by
//! what its client saw; and calls of gRPC.

use std::time::Duration;

use badgateway::lab::probe::{self, Answer, End, Request};
use badgateway::lab::{Behaviour, HTTP2_BEHAVIOURS, Lab, Rule};
use http::Version;

use crate::harness::{Engine, Proxy, in_parallel};

/// Most of the time is waited for timers.
const THREADS: usize = 24;
const PATIENCE: Duration = Duration::from_secs(20);

/// What hyper and h2 do not let anybody see, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("h2_request_pseudo", "h2 drops the field and takes the rest"),
    ("h2_trailers_pseudo", "h2 drops the field and takes the rest"),
    ("h2_101", "hyper hands on no interim response of HTTP/2, and waits for the one behind it"),
];

fn show(answer: &Answer) -> String {
    let status = answer.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let reset = answer.reset.map_or_else(String::new, |code| format!(" RST_STREAM({code:#x})"));
    format!("{status} {:?}{reset}", answer.end)
}

fn start(lab: &Lab) -> Proxy {
    Proxy::start(Engine::Hyper, lab, &["--http2", "--first-byte-hold", "30ms"])
}

#[test]
fn next_hops_of_http_2_to_clients_of_every_version() {
    let lab = Lab::builder().http2().start().unwrap();
    let proxy = start(&lab);
    let versions = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2];
    let behaviours: Vec<_> = HTTP2_BEHAVIOURS.iter().collect();
    // One after the other: where a connection ends, all that is on it does.
    let answers = in_parallel(&behaviours, THREADS, |behaviour| {
        versions.map(|version| {
            let request = Request::new().path(&path(behaviour, version)).version(version).timeout(PATIENCE);
            let request = request.header("TE", "trailers").header("Connection", "close, TE");
            probe::send(proxy.address, &request).unwrap()
        })
    });
    let cases: Vec<_> = HTTP2_BEHAVIOURS.iter().flat_map(|b| versions.map(|version| (b, version))).collect();
    std::thread::sleep(Duration::from_millis(300));
    let records = proxy.records();
    let mut wrong = Vec::new();
    for ((behaviour, version), answer) in cases.iter().zip(answers.iter().flatten()) {
        let faults = records.get(&path(behaviour, *version)).map_or(&[][..], |records| records.as_slice());
        let is_own = answer.header("proxy-status").is_some_and(|value| value.contains("; error="));
        let is_cut = !matches!(answer.end, End::Complete | End::Eof);
        let mut why: Vec<String> = answer.satisfies(&behaviour.rule).err().into_iter().collect();
        if faults.len() != usize::from(is_own || is_cut) {
            why.push(format!("{} records", faults.len()));
        }
        if let [record] = faults {
            let told = if is_own { record.number("status") } else { record.number("forwarded_status") };
            if told != answer.status.map(u64::from) {
                why.push("the record has another status".to_owned());
            }
        }
        // Never the next hop's own code by accident.
        if answer.reset.is_some_and(|code| code != 2) {
            why.push("reset with another code than INTERNAL_ERROR".to_owned());
        }
        let is_known = KNOWN.iter().any(|(name, _)| *name == behaviour.name);
        if why.is_empty() == is_known {
            wrong.push(format!("{} {version:?}: {}: {why:?} {faults:?}", behaviour.name, show(answer)));
        }
    }
    println!(
        "{} behaviours, {} cases, {} wrong, {} known",
        HTTP2_BEHAVIOURS.len(),
        cases.len(),
        wrong.len(),
        KNOWN.len()
    );
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn path(behaviour: &Behaviour, version: Version) -> String {
    format!("/{}/{version:?}", behaviour.name)
}

/// What gRPC's documents want a client to be told of what is the next hop's own word.
const TOLD: &[(&str, &str)] = &[("grpc_ok", "0"), ("grpc_trailers_only", "5"), ("grpc_unavailable", "14")];

#[test]
fn a_call_ends_in_one_status_whatever_the_next_hop_does() {
    let lab = Lab::builder().http2().start().unwrap();
    let proxy = start(&lab);
    let behaviours: Vec<_> = HTTP2_BEHAVIOURS.iter().collect();
    let wrong = in_parallel(&behaviours, THREADS, |behaviour| {
        let request = Request::new().method("POST").path(&format!("/{}/call", behaviour.name)).version(Version::HTTP_2);
        let request = request.header("TE", "trailers").header("Content-Type", "application/grpc");
        let answer = probe::send(proxy.address, &request.body(&b"\0\0\0\0\x02hi"[..]).timeout(PATIENCE)).unwrap();
        let statuses: Vec<&str> = [&answer.headers, &answer.trailers]
            .into_iter()
            .flatten()
            .filter(|(name, _)| name == "grpc-status")
            .map(|(_, value)| value.as_str())
            .collect();
        let due = TOLD.iter().find(|(name, _)| *name == behaviour.name).map(|(_, status)| *status);
        let is_right = match statuses.as_slice() {
            [status] => due.map_or(*status != "0", |due| due == *status),
            _ => false,
        };
        let flaw = answer.satisfies(&Rule::Whole(&[200])).err();
        let line = format!("{}: {} {statuses:?} {flaw:?}", behaviour.name, show(&answer));
        (flaw.is_some() || !is_right).then_some(line)
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), behaviours.len(), wrong.join("\n"));
}

/// A POST is sent once, but where the next hop itself says that it did nothing (RFC 9113 section 8.7), and never for ever.
#[test]
fn nothing_unsafe_is_sent_twice_and_nothing_endlessly() {
    let lab = Lab::builder().http2().start().unwrap();
    let proxy = start(&lab);
    let proven = [
        "h2_rst_refused",
        "h2_rst_refused_once",
        "h2_goaway_below",
        "h2_goaway_below_once",
        "h2_goaway_grows",
        "grpc_refused",
    ];
    let upstreams: Vec<_> = lab.upstreams().iter().collect();
    let wrong = in_parallel(&upstreams, THREADS, |upstream| {
        let request =
            Request::new().method("POST").path(&format!("/{}/post", upstream.name())).version(Version::HTTP_11);
        let _ = probe::send(proxy.address, &request.body(&b"once"[..]).timeout(PATIENCE));
        let counts = upstream.counts();
        let most = if proven.contains(&upstream.name()) { 3 } else { 1 };
        (counts.unsafe_requests > most || counts.connections > 4).then(|| {
            format!("{}: {} requests on {} connections", upstream.name(), counts.unsafe_requests, counts.connections)
        })
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whoever gave a port the wrong protocol sees in the record what answers there.
#[test]
fn what_is_no_http_2_is_shown_as_it_came() {
    let cases = [
        ("h2_http1_400", "http11_required", "http2.http1", "first bytes: HTTP/1.1 400 Bad Request"),
        ("h2_ssh_banner", "not_http", "not_http.ssh", "first bytes: SSH-2.0-OpenSSH_9.6"),
    ];
    let lab = Lab::builder().http2().only(&cases.map(|case| case.0)).start().unwrap();
    let proxy = start(&lab);
    for (name, fault, class, bytes) in cases {
        for turn in 0..5 {
            let path = format!("/{name}/{turn}");
            let answer = probe::send(proxy.address, &Request::new().path(&path)).unwrap();
            assert_eq!(answer.status, Some(502), "{name}");
            let record = proxy.record(&path).unwrap();
            assert_eq!(record.text("fault").as_deref(), Some(fault), "{}", record.0);
            assert_eq!(record.text("class").as_deref(), Some(class), "{}", record.0);
            let label = bytes.replace("first bytes: ", "\"label\":\"first bytes\",\"text\":\"");
            assert_eq!(record.0.matches(&label).count(), 1, "{}", record.0);
        }
    }
}
