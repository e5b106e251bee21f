//! The profiles against what the proxies of their names really answered, and against each other.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use badgateway::Exchange;
use badgateway::decide::Profile;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Class, Code, Fault, FaultKind};

const ANSWERS: &str = include_str!("data/answers.tsv");

/// The columns of the fixture, and the profile that stands for each.
const COLUMNS: [(&str, Profile); 5] = [
    ("nginx-1.22", Profile::Nginx),
    ("nginx-1.28", Profile::Nginx),
    ("envoy", Profile::Envoy),
    ("envoy+rec", Profile::Rfc9209),
    ("haproxy", Profile::HaProxy),
];

/// Where a proxy answered with an error status and the profile deliberately gives another.
const OTHERWISE: &[(&str, &str, u16, u16, &str)] = &[
    (
        "envoy+rec",
        "dns_nxdomain",
        503,
        502,
        "its cluster stays empty, and it says destination_unavailable for dns_error",
    ),
    ("envoy+rec", "dns_servfail", 503, 502, "the same"),
    ("envoy+rec", "dns_timeout", 503, 504, "the same, for dns_timeout"),
    (
        "envoy+rec",
        "tls_handshake_stall",
        502,
        504,
        "it says connection_refused for every failed connection, a timeout too",
    ),
    ("haproxy", "many_1xx", 504, 502, "it counts no interim responses; its timer for the head ended them"),
];

/// Where a proxy gave no error status for the fault: the shapes, the faults, and why. A profile has a status for
/// them, because here the fault was found.
const NOT_ANSWERED: &[(&str, &[&str], &[&str])] = &[
    (
        "the head had gone out, and the cut was made visible",
        &["200/cut"],
        &[
            "reset_mid_body",
            "reset_mid_close_delim",
            "close_mid_cl_body",
            "close_mid_chunked",
            "close_mid_chunk",
            "stall_mid_body",
            "bad_chunk_size",
            "chunk_size_overflow",
            "bad_chunk_crlf",
        ],
    ),
    ("a bug: the cut body looks whole", &["200", "200/eof"], &["reset_mid_close_delim", "tls_no_close_notify"]),
    (
        "a bug of nginx: what is no HTTP/1 response is passed on as one of HTTP/0.9",
        &["RAW"],
        &[
            "garbage_status_line",
            "http09_html",
            "ssh_banner",
            "smtp_banner",
            "redis_err",
            "h2_settings_on_h1",
            "tls_record_on_plain",
            "many_1xx",
        ],
    ),
    (
        "a bug of nginx: closed without an answer, although nothing final had gone out",
        &["CLOSED", "1xx,CLOSED"],
        &["bad_chunk_size", "chunk_size_overflow", "bad_chunk_crlf", "status_99", "status_1000", "only_100_then_close"],
    ),
    (
        "a bug: a status that is none, or an upgrade that nobody asked for, is passed on",
        &["0", "0/eof", "99/eof", "600", "1000", "101/?"],
        &["status_000", "status_99", "status_600", "status_1000", "unexpected_101"],
    ),
    ("harmless: a 204 has no content, whatever its fields say", &["204"], &["status_204_body"]),
    (
        "taken for a good response: more lenient than this crate",
        &["200"],
        &[
            "bad_header_nul",
            "bad_header_no_colon",
            "obs_fold",
            "bare_cr",
            "cl_conflict",
            "cl_duplicate_same",
            "cl_negative",
            "cl_plus",
            "cl_te_both",
            "te_unknown",
            "te_chunked_twice",
            "te_http10",
            "chunk_ext_long",
            "trailer_forbidden",
            "http12",
            "http2_0_status_line",
            "many_1xx",
            "response_before_request_read",
        ],
    ),
];

struct Answer {
    proxy: &'static str,
    profile: Profile,
    name: &'static str,
    fault: Fault,
    shape: &'static str,
}

fn answers() -> Vec<Answer> {
    let mut lines = ANSWERS.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert_eq!(head[2..], COLUMNS.map(|(proxy, _)| proxy));
    let mut answers = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let fault = match cells[1].split_once(':') {
            Some((kind, class)) => {
                let fault = Fault::of_class(class.parse().unwrap());
                assert_eq!(fault.kind().as_str(), kind);
                fault
            }
            None => Fault::new(cells[1].parse::<FaultKind>().unwrap_or_else(|_| panic!("no kind {}", cells[1]))),
        };
        for ((proxy, profile), shape) in COLUMNS.into_iter().zip(&cells[2..]) {
            answers.push(Answer { proxy, profile, name: cells[0], fault, shape });
        }
    }
    answers
}

#[test]
fn a_profile_answers_what_its_proxy_answered() {
    let answers = answers();
    assert_eq!(answers.len(), 360);
    let mut used = BTreeSet::new();
    let (mut same, mut wrong) = (0, Vec::new());
    for Answer { proxy, profile, name, fault, shape } in &answers {
        let ours = profile.status(fault, &Exchange::default()).as_u16();
        match shape.parse().ok().filter(|status| (400..=599).contains(status)) {
            Some(theirs) if theirs == ours => same += 1,
            Some(theirs) => match OTHERWISE.iter().position(|row| (row.0, row.1) == (*proxy, *name)) {
                Some(n) => {
                    assert_eq!((theirs, ours), (OTHERWISE[n].2, OTHERWISE[n].3), "{proxy} {name}");
                    assert!(used.insert(format!("{proxy} {name}")));
                }
                None => wrong.push(format!("{proxy} {name}: {theirs}, but {profile:?} {ours} for {}", fault.kind())),
            },
            None => {
                let mut rows = NOT_ANSWERED.iter();
                match rows.find(|(_, shapes, faults)| shapes.contains(shape) && faults.contains(name)) {
                    Some((why, _, _)) => drop(used.insert(format!("{why} {name}"))),
                    None => wrong.push(format!("{proxy} {name}: {shape} has no reason")),
                }
                assert!((400..=599).contains(&ours), "{name}: found here, so answered");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nothing is excused that does not happen.
    let excused = OTHERWISE.len() + NOT_ANSWERED.iter().map(|(_, _, faults)| faults.len()).sum::<usize>();
    assert_eq!(used.len(), excused, "{used:#?}");
    assert_eq!(same, 220, "answers that are the same");
}

const NAMED: [Profile; 5] = [Profile::Rfc9209, Profile::Cloudflare, Profile::Nginx, Profile::Envoy, Profile::HaProxy];

/// The kinds in each profile, by the rows on which the proxies are known to disagree.
#[test]
fn where_they_disagree() {
    use FaultKind as K;
    let cases: &[(K, [u16; 5])] = &[
        (K::ConnectionRefused, [502, 521, 502, 503, 503]),
        (K::ConnectionTimeout, [504, 522, 504, 503, 503]),
        (K::Unreachable, [502, 523, 502, 503, 503]),
        (K::DnsTimeout, [504, 530, 502, 503, 503]),
        (K::CertExpired, [502, 526, 502, 503, 503]),
        (K::TlsTimeout, [504, 525, 504, 503, 503]),
        (K::ClosedBeforeResponse, [502, 520, 502, 503, 502]),
        (K::HeadTruncated, [502, 520, 502, 502, 502]),
        (K::ResponseTimeout, [504, 524, 504, 504, 504]),
        (K::BadHeader, [502, 520, 502, 502, 502]),
        (K::NoHealthyUpstream, [503, 503, 502, 503, 503]),
        (K::NoRoute, [500, 500, 404, 404, 503]),
        (K::LocalExhausted, [503, 503, 500, 503, 503]),
        (K::StreamRefused, [503, 520, 502, 503, 502]),
        (K::BodyTooLarge, [502, 520, 502, 500, 502]),
        // No answer of their own: the RFC's.
        (K::LoopDetected, [502, 502, 502, 502, 502]),
        (K::ClientAborted, [499, 499, 499, 499, 499]),
    ];
    for (kind, statuses) in cases {
        let got = NAMED.map(|profile| profile.status(&Fault::new(*kind), &Exchange::default()).as_u16());
        assert_eq!(got, *statuses, "{kind}");
    }
}

#[test]
fn every_profile_keeps_to_the_statuses_that_its_proxy_has() {
    for &kind in FaultKind::ALL {
        for profile in NAMED {
            let status = profile.status(&Fault::new(kind), &Exchange::default()).as_u16();
            let registered = [400, 404, 408, 499, 500, 502, 503, 504].contains(&status);
            let cloudflares = matches!(profile, Profile::Cloudflare) && matches!(status, 520..=526 | 530);
            assert!(registered || cloudflares, "{profile:?} {kind}: {status}");
        }
    }
}

#[test]
fn a_status_that_the_fault_carries_wins() {
    let fault = Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(413));
    let nonsense = Fault::new(FaultKind::NoRoute).with_code(Code::Status(200));
    for profile in NAMED {
        assert_eq!(profile.status(&fault, &Exchange::default()), 413, "{profile:?}");
        assert_eq!(profile.status(&nonsense, &Exchange::default()), 500, "{profile:?}: the RFC's stands");
    }
    let unfit = Profile::custom(|_, _| http::StatusCode::OK);
    assert_eq!(unfit.status(&fault, &Exchange::default()), 413);
}

#[test]
fn envoy_looks_at_the_request_and_at_what_came_before() {
    let late = Fault::new(FaultKind::DeadlineExceeded);
    for (body, status) in [
        (RequestBody::Partial, 408),
        (RequestBody::Whole, 504),
        (RequestBody::None, 504),
        // Not known to be unfinished.
        (RequestBody::Unread, 504),
    ] {
        let mut exchange = Exchange::default();
        exchange.request_body = body;
        assert_eq!(Profile::Envoy.status(&late, &exchange), status, "{body:?}");
        assert_eq!(Profile::Rfc9209.status(&late, &exchange), 504);
    }
    let after_interim = Fault::of_class(Class::PrematureEofAfterInterim);
    assert_eq!(Profile::Envoy.status(&after_interim, &Exchange::default()), 503);
    assert_eq!(Profile::HaProxy.status(&after_interim, &Exchange::default()), 502);
}
