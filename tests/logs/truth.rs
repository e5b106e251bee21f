//! The matrix: what was wrong, and what the log was read to say.

use std::fmt::Write;

use badgateway::dialect::logs::{Format, Reader, Verdict, apache, envoy, haproxy};
use badgateway::fault::FaultKind::{self, *};

use crate::known::{Score, judge};

const FIXTURE: &str = include_str!("../data/proxy-logs.txt");

/// What each upstream did, as kinds: several where a race decides, or where the same bytes are two faults.
#[rustfmt::skip]
const TRUTH: &[(&str, &[FaultKind])] = &[
    ("refused", &[ConnectionRefused]),
    ("dns_servfail", &[DnsFailure]),
    // The RST may outrun connect(), the request, or only the answer.
    ("reset_on_accept", &[ConnectReset, ResetBeforeResponse, SendReset]),
    ("reset_mid_body", &[BodyReset]),
    ("close_on_accept", &[ClosedBeforeResponse, ResetBeforeResponse, SendReset]),
    ("close_mid_status_line", &[HeadTruncated]),
    ("close_mid_head", &[HeadTruncated]),
    ("close_mid_cl_body", &[BodyTruncated]),
    ("close_mid_chunked", &[BodyTruncated]),
    ("close_mid_chunk", &[BodyTruncated]),
    // `HTTQ/9.x abc nonsense`.
    ("garbage_status_line", &[NotHttp, BadStatusLine]),
    ("ssh_banner", &[NotHttp]),
    ("redis_err", &[NotHttp]),
    ("h2_settings_on_h1", &[NotHttp]),
    ("plain_on_tls", &[TlsNotTls]),
    ("tls_expired", &[CertExpired]),
    ("tls_wrong_host", &[CertNameMismatch]),
    ("tls_client_cert", &[TlsAlert]),
    ("tls_close_hello", &[TlsClosed]),
    ("tls_reset_hello", &[TlsReset]),
    ("tls_no_close_notify", &[TlsTruncated]),
    ("bad_header_nul", &[BadHeader]),
    ("bad_header_space_before_colon", &[BadHeader]),
    ("obs_fold", &[BadHeader]),
    ("bare_lf", &[BadHeader, BadStatusLine]),
    ("huge_head_1mb", &[HeadTooLarge, HeaderTooLarge]),
    ("many_headers_5000", &[TooManyHeaders, HeadTooLarge]),
    // Half a kilobyte in two seconds: the clock strikes before any limit.
    ("endless_head", &[HeadStalled, HeadTooLarge]),
    ("cl_negative", &[AmbiguousFraming]),
    ("te_unknown", &[UnsupportedCoding]),
    ("te_http10", &[AmbiguousFraming]),
    ("chunk_size_overflow", &[BadChunk]),
    ("chunk_ext_long", &[BadChunk]),
    ("bad_chunk_crlf", &[BadChunk]),
    ("trailer_forbidden", &[BadTrailer]),
    // A length where there is no content.
    ("status_204_body", &[AmbiguousFraming]),
    ("status_000", &[BadStatusLine]),
    ("status_99", &[BadStatusLine]),
    ("status_1000", &[BadStatusLine]),
    ("http2_0_status_line", &[BadStatusLine]),
    ("only_100_then_close", &[HeadTruncated]),
    ("many_1xx", &[TooManyInterim]),
    ("unexpected_101", &[UnexpectedUpgrade]),
    ("no_response_timeout", &[ResponseTimeout]),
    ("stall_mid_head", &[HeadStalled]),
    ("stall_mid_body", &[BodyStalled]),
    ("extra_bytes_after_response", &[UnsolicitedResponse]),
    ("ok_200", &[]),
    ("upstream_502", &[]),
    ("upstream_503_retry", &[]),
    // The request goes out again on another connection, and nobody says a word.
    ("stale_keepalive", &[ClosedBeforeResponse, ResetBeforeResponse]),
];

/// Where the proxy itself was mistaken, and its log with it: what was read is what it believed.
#[rustfmt::skip]
const MISTAKEN: &[(&str, &str, FaultKind, &str)] = &[
    ("nginx", "many_1xx", BodyStalled, "takes the first 103 for the response, and waits for its body"),
    ("nginx-1-28", "many_1xx", BodyStalled, "takes the first 103 for the response, and waits for its body"),
    ("nginx", "status_99", BodyStalled, "second line: has taken it for HTTP/0.9 by then, and waits for the end"),
    ("nginx-1-28", "status_99", BodyStalled, "second line: has taken it for HTTP/0.9 by then, and waits for the end"),
    ("nginx", "status_1000", BodyStalled, "second line: has taken it for HTTP/0.9 by then, and waits for the end"),
    ("nginx-1-28", "status_1000", BodyStalled, "second line: has taken it for HTTP/0.9 by then, and waits for the end"),
    ("apache", "status_99", BodyStalled, "takes it for HTTP/0.9, and waits for the end"),
    ("apache", "status_1000", ResponseTimeout, "reads on for a status line that it likes"),
];

struct Row<'a> {
    proxy: &'a str,
    fault: &'a str,
    status: u16,
    log: Vec<&'a str>,
}

fn rows() -> Vec<Row<'static>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for line in FIXTURE.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("= ") {
            Some(head) => {
                let [proxy, fault, status] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
                rows.push(Row { proxy, fault, status: status.parse().unwrap_or(0), log: Vec::new() });
            }
            None => rows.last_mut().expect("a head").log.push(line),
        }
    }
    assert_eq!(rows.len(), 306);
    rows
}

/// The value of ` name=` in one of the lines whose fields are named.
fn field<'a>(line: &'a str, name: &str, next: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!(" {name}=")).unwrap_or_else(|| panic!("no {name}: {line}"));
    rest.split_once(&format!(" {next}=")).map_or(rest, |(value, _)| value)
}

/// HAProxy's default format, with what was measured.
fn httplog(line: &str) -> String {
    let request = line.split_once(" status=").unwrap().0;
    let (server, state, status) =
        (field(line, "srv", "bytes"), field(line, "term", "retries"), field(line, "status", "term"));
    let (connect, response) = (field(line, "Tc", "Tr"), field(line, "Tr", "srv"));
    let bytes = field(line, "bytes", "bcerr");
    format!(
        "10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web {server} 0/0/{connect}/{response}/3 {status} {bytes} - - {state} 1/1/0/0/0 0/0 \"{request} HTTP/1.1\""
    )
}

/// Envoy's default format, and Istio's.
fn access_log(line: &str, istio: bool) -> String {
    let request = line.split_once(" status=").unwrap().0;
    let (status, flags) = (field(line, "status", "flags"), field(line, "flags", "details"));
    let (details, reason) = (field(line, "details", "ctd"), field(line, "utfr", "att").trim_matches(['[', ']']));
    let more = if istio { format!(" {details} - \"{reason}\"") } else { String::new() };
    format!(
        "[2026-11-20T18:57:21.000Z] \"{request} HTTP/1.1\" {status} {flags}{more} 0 98 1 - \"-\" \"probe\" \"id\" \"lab.test\" \"10.0.0.1:80\""
    )
}

/// Apache's default format around what was measured in another.
fn error_log(line: &str) -> String {
    let (_, rest) = line.split_once(" [").unwrap();
    let (module, rest) = rest.split_once("] ").unwrap();
    let at = rest.find("AH").unwrap();
    let (status, message) = rest.split_at(at);
    format!("[Fri Nov 20 18:54:29.123456 2026] [{module}] [pid 9:tid 7] {status}[client 10.0.0.9:40000] {message}")
}

/// Everything that was said of a row, in the words of a column.
fn column(row: &Row<'_>, column: &str) -> Vec<Verdict> {
    let lines: Vec<String> = row
        .log
        .iter()
        .map(|line| match column {
            "nginx" | "nginx-1-28" | "caddy" => (*line).to_owned(),
            "apache" => error_log(line),
            "haproxy" | "haproxy+bc_err" => httplog(line),
            "envoy" | "istio" => access_log(line, column == "istio"),
            _ => panic!("{column}"),
        })
        .collect();
    let mut reader = Reader::new();
    let mut said: Vec<Verdict> = lines
        .iter()
        .map(|line| {
            let entry = reader.read(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"));
            let format = if column == "istio" { "envoy" } else { column.split(['-', '+']).next().unwrap() };
            assert_eq!(entry.format.as_str(), format, "{line}");
            assert!(entry.time.is_some(), "{line}");
            entry.said
        })
        .collect();
    for line in &row.log {
        match column {
            // The tables beneath agree with the whole lines.
            "apache" => {
                let message = line.split_once("] ").unwrap().1;
                assert!(said.contains(&apache::message_says(message.as_bytes())), "{line}");
            }
            "envoy" | "istio" => {
                let (details, reason) = if column == "istio" {
                    (field(line, "details", "ctd"), field(line, "utfr", "att").trim_matches(['[', ']']))
                } else {
                    ("", "")
                };
                let flags = field(line, "flags", "details");
                let words = envoy::words(flags.as_bytes(), details.as_bytes(), reason.as_bytes(), row.status);
                assert_eq!(words, said[0].fault(), "{line}");
            }
            "haproxy+bc_err" => {
                let (error, ssl) = (field(line, "err", "bssl"), field(line, "bsslstr", "res"));
                // A state that is no failure has no error either.
                let state = haproxy::state(field(line, "term", "retries").as_bytes());
                if let (Some(reading), Some(_)) = (haproxy::connection_error(error.as_bytes(), ssl.as_bytes()), state) {
                    said = vec![Verdict::Fault { fault: FaultKind::into(reading.kind()), reading }];
                }
            }
            _ => {}
        }
    }
    said
}

/// What each of them may be.
pub(crate) fn kinds(said: &[Verdict]) -> Vec<Vec<FaultKind>> {
    said.iter().filter_map(Verdict::fault).map(|(_, reading)| reading.kinds().collect()).collect()
}

const COLUMNS: [&str; 8] = ["nginx", "nginx-1-28", "apache", "caddy", "haproxy", "haproxy+bc_err", "envoy", "istio"];

#[test]
fn logs_never_contradict_the_truth() {
    let rows = rows();
    let mut matrix = String::new();
    let mut scores: Vec<Score> = COLUMNS.iter().map(|_| Score::default()).collect();
    let mut wrong = Vec::new();
    writeln!(matrix, "{:30} {}", "", COLUMNS.map(|c| format!("{c:>16}")).concat()).unwrap();
    for (fault, truth) in TRUTH {
        write!(matrix, "{fault:30} ").unwrap();
        for (column_name, score) in COLUMNS.iter().zip(&mut scores) {
            let proxy = column_name.split('+').next().unwrap();
            let proxy = if proxy == "istio" { "envoy" } else { proxy };
            let row = rows.iter().find(|row| row.proxy == proxy && row.fault == *fault).unwrap();
            let readings = kinds(&column(row, column_name));
            let mistakes: Vec<FaultKind> =
                MISTAKEN.iter().filter(|m| (m.0, m.1) == (proxy, *fault)).map(|m| m.2).collect();
            let cell = judge(truth, readings, &mistakes, score).unwrap_or_else(|reading| {
                wrong.push(format!("{column_name} {fault}: {reading:?}, and it was {truth:?}"));
                "WRONG".to_owned()
            });
            write!(matrix, "{cell:>16}").unwrap();
        }
        matrix.push('\n');
    }
    for (name, score) in COLUMNS.iter().zip(&scores) {
        writeln!(matrix, "{name:16} {score:?}").unwrap();
    }
    println!("{matrix}* the likeliest is the truth");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // HAProxy and Envoy speak HTTP/2 to servers as well, which a line does not tell: their words hold those kinds, too.
    // Readings may become finer: then these figures change, for the better.
    assert_eq!(
        scores.iter().map(|score| score.figures()).collect::<Vec<_>>(),
        [
            [17, 16, 10, 34, 14, 1],
            [19, 16, 10, 34, 12, 1],
            [15, 16, 6, 106, 15, 2],
            [10, 15, 8, 40, 23, 0],
            [1, 35, 7, 512, 12, 0],
            [3, 33, 8, 412, 12, 0],
            [0, 36, 8, 568, 12, 0],
            [5, 31, 8, 389, 12, 0],
        ],
        "exact, coarse, likeliest is true, kinds in coarse ones, silent, mistaken"
    );
}

#[test]
fn the_tables_of_the_test_are_used() {
    let rows = rows();
    for row in &rows {
        assert_eq!(TRUTH.iter().filter(|(fault, _)| *fault == row.fault).count(), 1, "{}", row.fault);
    }
    for (proxy, fault, kind, why) in MISTAKEN {
        let row = rows.iter().find(|row| (row.proxy, row.fault) == (*proxy, *fault)).unwrap();
        let said = column(row, proxy);
        assert!(
            said.iter().filter_map(Verdict::fault).any(|(fault, _)| fault.kind() == *kind),
            "{proxy} {fault}: {why}"
        );
    }
}

/// A status that the upstream sent itself is told from one that the proxy made, where the log can tell.
#[test]
fn an_upstreams_own_error_is_no_fault() {
    for (fault, status) in [("upstream_502", 502), ("upstream_503_retry", 503)] {
        for name in ["haproxy", "envoy", "istio"] {
            let proxy = if name == "istio" { "envoy" } else { name };
            let rows = rows();
            let row = rows.iter().find(|row| row.proxy == proxy && row.fault == fault).unwrap();
            assert_eq!(column(row, name), [Verdict::Passed(status)], "{name}");
        }
    }
}

#[test]
fn every_line_of_the_fixture_is_known() {
    for row in rows() {
        for name in COLUMNS {
            let proxy = if name == "istio" { "envoy" } else { name.split('+').next().unwrap() };
            if proxy == row.proxy {
                assert!(!column(&row, name).contains(&Verdict::Unknown), "{name} {}", row.fault);
            }
        }
    }
    let rest = Format::ALL.iter().filter(|format| !COLUMNS.contains(&format.as_str()));
    // Those that were not measured have tables of their own, and so have texts (tests/texts.rs).
    let tables = [include_str!("lines.rs"), include_str!("pasted.rs")].concat();
    for format in rest.take_while(|format| **format != Format::Go) {
        assert!(tables.contains(&format!("\"{format} ")), "no line of {format}");
    }
}
