//! The same with logs as they come, unchanged: of nginx, HAProxy and Apache before this crate's lab, and of
//! `curl -v` on it. `tests/data/logs/*.txt` say which versions.

use std::fmt::Write;

use badgateway::dialect::Reading;
use badgateway::dialect::logs::{Reader, Said};
use badgateway::fault::FaultKind::{self, *};

use crate::expect;
use crate::truth::{Score, judge};

const LOGS: [(&str, &str); 4] = [
    ("nginx", include_str!("../data/logs/nginx.txt")),
    ("haproxy", include_str!("../data/logs/haproxy.txt")),
    ("apache", include_str!("../data/logs/apache.txt")),
    ("curl", include_str!("../data/logs/curl.txt")),
];

/// What the table of the end-to-end tests calls otherwise, or tolerates, as a stricter proxy has it.
#[rustfmt::skip]
const STRICTER: &[(&str, &[FaultKind])] = &[
    ("bare_lf", &[BadHeader, BadStatusLine]),
    ("cl_duplicate_same", &[AmbiguousFraming]),
    ("cl_list_same", &[AmbiguousFraming]),
    ("trailer_forbidden", &[BadTrailer]),
    ("status_204_body", &[AmbiguousFraming]),
    ("no_reason_space", &[BadStatusLine]),
    ("hostile_reason", &[BadStatusLine]),
    ("extra_bytes_after_response", &[UnsolicitedResponse]),
    ("stale_keepalive", &[ClosedBeforeResponse]),
    ("stale_keepalive_reset", &[ResetBeforeResponse]),
    ("silent_close", &[ClosedBeforeResponse]),
    ("slow_drip_body", &[BodyStalled, DeadlineExceeded]),
    // One and the same head, by whichever limit.
    ("huge_head_1mb", &[HeadTooLarge, HeaderTooLarge]),
    ("hostile_header_1mb", &[HeaderTooLarge, HeadTooLarge]),
    ("many_headers_5000", &[TooManyHeaders, HeadTooLarge]),
    ("endless_head", &[HeadTooLarge, TooManyHeaders, HeaderTooLarge, HeadStalled]),
    // `HTTP/1.1 <script>`: the beginning of a status line, or no HTTP.
    ("hostile_status_line", &[BadStatusLine, NotHttp]),
    ("tls_cut_mid_body", &[BodyTruncated, TlsTruncated]),
    ("te_chunked_twice", &[UnsupportedCoding, AmbiguousFraming]),
    ("never_reads", &[ResponseTimeout, SendTimeout]),
    ("stall_after_1xx", &[ResponseTimeout, HeadStalled]),
    // They come until the client has enough.
    ("many_1xx", &[TooManyInterim, ClientAborted]),
    ("slow_drip_head", &[HeadStalled, DeadlineExceeded]),
];

/// Where the proxy, or curl, was mistaken or did something else.
#[rustfmt::skip]
const MISTAKEN: &[(&str, &str, FaultKind, &str)] = &[
    ("nginx", "stall_after_1xx", BodyStalled, "takes the 103 for the response, and waits for its body"),
];

fn truth(name: &str) -> Vec<FaultKind> {
    if let Some((_, kinds)) = STRICTER.iter().find(|(row, _)| *row == name) {
        return kinds.to_vec();
    }
    let row = expect::EXPECTED.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"));
    row.faults.iter().map(|code| FaultKind::from_code(code).unwrap()).collect()
}

/// Blocks of `= name` and lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        match line.strip_prefix("= ") {
            Some(name) => blocks.push((name, Vec::new())),
            None => blocks.last_mut().unwrap().1.push(line),
        }
    }
    blocks
}

/// Everything that is said in a block, in order.
fn said(format: &str, lines: &[&str]) -> Vec<Said> {
    let mut reader = Reader::new();
    lines
        .iter()
        .map(|line| {
            let entry = reader.read(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(entry.format.code(), format, "{line}");
            entry.said
        })
        .collect()
}

#[test]
fn real_logs_never_contradict_the_lab() {
    let (mut matrix, mut wrong) = (String::new(), Vec::new());
    let mut scores = LOGS.map(|_| Score::default());
    let logs = LOGS.map(|(name, text)| (name, blocks(text)));
    for row in expect::EXPECTED {
        let truth = truth(row.name);
        write!(matrix, "{:30} ", row.name).unwrap();
        for ((format, blocks), score) in logs.iter().zip(&mut scores) {
            let cell = match blocks.iter().find(|(name, _)| *name == row.name) {
                None => "not tried".to_owned(),
                Some((_, lines)) => {
                    let said = said(format, lines);
                    if said.contains(&Said::Unknown) {
                        wrong.push(format!("{format} {}: a line is unknown", row.name));
                    }
                    let readings: Vec<Reading> = said.iter().filter_map(Said::fault).map(|(_, r)| r).collect();
                    let mistakes: Vec<FaultKind> =
                        MISTAKEN.iter().filter(|m| (m.0, m.1) == (*format, row.name)).map(|m| m.2).collect();
                    judge(&truth, readings, &mistakes, score).unwrap_or_else(|reading| {
                        wrong.push(format!("{format} {}: {reading}, and it was {truth:?}", row.name));
                        "WRONG".to_owned()
                    })
                }
            };
            write!(matrix, "{cell:>14}").unwrap();
        }
        matrix.push('\n');
    }
    for ((format, _), score) in LOGS.iter().zip(&scores) {
        writeln!(matrix, "{format:10} {score:?}").unwrap();
    }
    println!("{matrix}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Readings may become finer: then these figures change, for the better.
    assert_eq!(
        scores.map(|score| score.figures()),
        [[41, 29, 20, 65, 30, 1], [3, 75, 15, 864, 23, 0], [30, 31, 13, 188, 33, 0], [40, 27, 21, 66, 30, 0]],
        "exact, coarse, likeliest is true, kinds in coarse ones, silent, mistaken"
    );
}
