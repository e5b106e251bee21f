//! Each program before every upstream that it can reach, for clients of every version that it speaks: each answer by its
//! rule, and each record by what the client saw.

use std::io::{Read, Write};
use std::net::TcpStream;

use badgateway::lab::probe::End;
use badgateway::lab::{BEHAVIOURS, Lab};
use http::Version;

use crate::client::ask;
use crate::front::{Front, Program};
use crate::harness::in_parallel;

/// Most of the time is waited for timers.
const THREADS: usize = 64;

#[test]
fn minimal_is_right_to_clients_of_1_0_and_1_1_and_2_and_says_what_they_saw() {
    check(Program::Minimal);
}

#[test]
fn proxy_is_right_to_clients_of_1_0_and_1_1_and_2_and_says_what_they_saw() {
    check(Program::Proxy);
}

#[test]
fn proxy_h1_is_right_to_clients_of_1_0_and_1_1_and_says_what_they_saw() {
    check(Program::ProxyH1);
}

fn check(program: Program) {
    let lab = Lab::start().unwrap();
    let mut upstreams: Vec<_> = lab.upstreams().iter().collect();
    if program == Program::Minimal {
        // Its next hops speak HTTP/1 in the clear, and have an address.
        upstreams.retain(|upstream| upstream.url().starts_with("http://127."));
        assert!(upstreams.len() > 150, "{}", upstreams.len());
    } else {
        assert_eq!(upstreams.len(), BEHAVIOURS.len());
    }
    let cases: Vec<_> = upstreams.iter().flat_map(|u| program.versions().iter().map(|v| (*u, *v))).collect();
    let judged = in_parallel(&cases, THREADS, |(upstream, version)| {
        let front = Front::start_in(&lab, program, upstream.url());
        let rule = &upstream.behaviour().rule;
        let seen = ask(front.address, *version, rule);
        let is_due = seen.is_own || !matches!(seen.end, End::Complete | End::Eof);
        let faults = front.faults(usize::from(is_due));
        let elsewhere = faults
            .iter()
            .find(|fault| fault.text("next_hop").is_none_or(|hop| !upstream.url().ends_with(&format!("//{hop}"))))
            .map(|fault| format!("the next hop is another than {}: {}", upstream.url(), fault.0));
        let wrong = [seen.broken.clone(), seen.mismatch(*version, &faults), elsewhere];
        let wrong = wrong.into_iter().flatten().map(|why| format!("{} to {version:?}: {why}", upstream.name()));
        (wrong.collect::<Vec<_>>(), seen.is_cut())
    });
    let wrong: Vec<&str> = judged.iter().flat_map(|(wrong, _)| wrong).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // It was about cuts, to every version alike.
    for version in program.versions() {
        let of_it = cases.iter().zip(&judged).filter(|((_, v), _)| v == version);
        let cuts = of_it.filter(|(_, (_, cut))| *cut).count();
        println!("{} to {version:?}: {cuts} cuts", program.name());
        assert!(cuts >= 16, "{version:?}: {cuts}");
    }
}

/// Whoever knows no HTTP/2 must not take its preface for a request.
#[test]
fn a_client_of_http_2_is_not_kept_waiting_by_who_speaks_1_alone() {
    let lab = Lab::builder().only(&["ok_200"]).start().unwrap();
    let next_hop = lab.upstream("ok_200").unwrap();
    for program in Program::ALL {
        if program.versions().contains(&Version::HTTP_2) {
            continue;
        }
        let front = Front::start(program, next_hop.url());
        let mut client = TcpStream::connect(front.address).unwrap();
        client.set_read_timeout(Some(crate::PATIENCE)).unwrap();
        // The preface, and empty SETTINGS (RFC 9113 section 3.4).
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
        let mut answer = Vec::new();
        let ended = client.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(ended.is_ok() || answer.is_empty(), "{}: {ended:?} behind {answer}", program.name());
        println!("{}: {:?}", program.name(), answer.lines().next());
        let is_refused = ["HTTP/1.1 400 ", "HTTP/1.1 505 "].iter().any(|head| answer.starts_with(head));
        assert!(answer.is_empty() || is_refused, "{}: {answer}", program.name());
    }
    assert_eq!(next_hop.counts().connections, 0);
}
