//! The phrases of nginx and Go, which the readers of lines and the tables of words both have: they say the same.
//!
//! A line is finer than its phrase. Whatever a reader makes of a phrase, with any number and at any
//! moment, is in the word's reading; and a word with one reading is never read as something else.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use crate::dialect::words::{self, Row, nginx};
use crate::fault::FaultKind;

use super::entry::Verdict;
use super::{golang, nginx as reader, nginx_words};

/// Kinds that the reader gets out of each row, and the rows whose exact reading it never gives.
fn compare(rows: &[Row], lines: impl Fn(&Row) -> Vec<Verdict>) -> (Vec<String>, Vec<&'static str>) {
    let (mut outside, mut unread) = (Vec::new(), Vec::new());
    for row in rows {
        let said = lines(row);
        let kinds: HashSet<FaultKind> = said
            .iter()
            .filter_map(Verdict::fault)
            .flat_map(|(_, reading)| reading.kinds().collect::<Vec<_>>())
            .collect();
        let Some(wide) = row.reading else {
            if !kinds.is_empty() {
                outside.push(format!("{:?} is no fault, and read as {kinds:?}", row.word));
            }
            continue;
        };
        for kind in kinds.iter().filter(|kind| !wide.may_be(**kind)) {
            outside.push(format!("{:?} is read as {kind}, and means {wide}", row.word));
        }
        if wide.is_exact() && kinds != HashSet::from([wide.kind()]) {
            unread.push(row.word);
        }
    }
    (outside, unread)
}

/// Whatever nginx can say with a phrase: each moment that it can say it at, with what a call or TLS may answer.
fn nginx_lines(row: &Row) -> Vec<Verdict> {
    const CONNECT: &[&str] = &[
        " (111: Connection refused)",
        " (104: Connection reset by peer)",
        " (113: No route to host)",
        " (13: Permission denied)",
        " (99: Cannot assign requested address)",
        " (110: Connection timed out)",
    ];
    const TLS: &[&str] = &[
        " (104: Connection reset by peer)",
        " (SSL: error:0A00010B:SSL routines::wrong version number)",
        " (SSL: error:0A000126:SSL routines::unexpected eof while reading)",
        " (SSL: error:0A000410:SSL routines::ssl/tls alert handshake failure:SSL alert number 40)",
        " (SSL: error:0A000460:SSL routines::tlsv1 alert no application protocol)",
    ];
    const CALL: &[&str] = &[" (104: Connection reset by peer)", " (32: Broken pipe)", " (110: Connection timed out)"];
    // What goes on behind a phrase, and stands before one that does not begin the message.
    const FULL: [(&str, &str, &str); 9] = [
        ("could not be resolved", "a ", " (3: Host not found)"),
        ("upstream SSL certificate verify error", "", ": (10:certificate has expired)"),
        ("upstream SSL certificate verify error", "", ": (18:self-signed certificate)"),
        ("upstream SSL certificate does not match", "", " \"a\""),
        ("upstream rejected request with error", "", " 7"),
        ("upstream rejected request with error", "", " 8"),
        ("upstream rejected request with error", "", " 11"),
        ("upstream rejected request with error", "", " 13"),
        ("upstream sent goaway with error", "", " 0"),
    ];
    let full: Vec<(&str, &str)> =
        FULL.iter().filter(|(word, ..)| *word == row.word).map(|(_, before, behind)| (*before, *behind)).collect();
    let numbers = match row.word {
        "connect() failed" => CONNECT,
        "socket() failed" => &[" (24: Too many open files)"],
        "SSL_do_handshake() failed" => TLS,
        "peer closed connection in SSL handshake" => &["", " (104: Connection reset by peer)"],
        word if word.ends_with("() failed") => CALL,
        _ => &[""],
    };
    let forms = if full.is_empty() { numbers.iter().map(|behind| ("", *behind)).collect() } else { full };
    let moments = moments(row.word);
    let mut said = Vec::new();
    for scheme in ["http", "https"] {
        for (before, behind) in &forms {
            for moment in &moments {
                let line = format!(
                    "2026/11/20 18:53:56 [error] 1#1: *3 {before}{}{behind} while {moment}, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\", upstream: \"{scheme}://10.0.0.1:80/\", host: \"a\"",
                    row.word
                );
                said.push(reader::read(line.as_bytes()).unwrap().said);
            }
        }
    }
    said
}

/// When nginx says it: a call has its time.
fn moments(word: &str) -> Vec<String> {
    const WHEN: [(&str, &[&str]); 11] = [
        ("connect() failed", &["connecting to upstream"]),
        ("socket() failed", &["connecting to upstream"]),
        ("SSL_do_handshake() failed", &["SSL handshaking to upstream"]),
        ("peer closed connection in SSL handshake", &["SSL handshaking to upstream"]),
        ("writev() failed", &["sending request to upstream"]),
        ("send() failed", &["sending request to upstream"]),
        ("recv() failed", &["reading response header from upstream", "reading upstream"]),
        ("readv() failed", &["reading upstream"]),
        ("upstream prematurely closed connection", &["reading response header from upstream", "reading upstream"]),
        ("upstream prematurely sent response", &["SSL handshaking to upstream"]),
        ("could not be resolved", &["resolving"]),
    ];
    let own =
        WHEN.iter().find(|(known, _)| *known == word).map(|(_, when)| when.iter().map(|w| (*w).to_owned()).collect());
    own.unwrap_or_else(|| {
        let all = nginx_words::ACTIONS.iter().filter(|(words, _)| *words != b"resolving");
        all.map(|(words, _)| String::from_utf8_lossy(words).into_owned()).collect()
    })
}

#[test]
fn nginx_says_the_same_in_a_line_as_in_a_phrase() {
    let (outside, unread) = compare(nginx::ROWS, nginx_lines);
    assert_eq!(outside, Vec::<String>::new(), "{}", outside.join("\n"));
    assert_eq!(
        unread,
        [
            // Said of responses that went out whole, of clients, and of a server that failed before: no failure of
            // this exchange.
            "upstream sent more data than specified in \"Content-Length\" header",
            "client sent invalid chunked body",
            "upstream server temporarily disabled",
            "client intended to send too large body",
            "upstream sent data after final chunk",
            "upstream sent more data than specified",
        ]
    );
}

/// A word of Go is the end of a text, or the beginning of its last part.
fn go_lines(row: &Row) -> Vec<Verdict> {
    const BEFORE: [&str; 10] = [
        "",
        "dial tcp 10.0.0.1:80: connect: ",
        "dial tcp: lookup a on 10.0.0.53:53: ",
        "read tcp 10.0.0.9:1->10.0.0.1:80: read: ",
        "write tcp 10.0.0.9:1->10.0.0.1:80: write: ",
        "net/http: HTTP/1.x transport connection broken: ",
        "net/http: ",
        "http: ",
        "tls: ",
        "tls: failed to verify certificate: x509: ",
    ];
    let text = row.word;
    let behind = if text == "remote error: tls" { ": handshake failure" } else { "" };
    let lines =
        BEFORE.iter().filter(|before| stands_behind(before, text)).map(|before| format!("{before}{text}{behind}"));
    let lines: Vec<String> = lines.collect();
    let mut said: Vec<Verdict> = lines.iter().map(|line| golang::error(line.as_bytes())).collect();
    // A kept connection that had ended is known before there is a body.
    if text != "server closed idle connection" {
        said.extend(lines.iter().map(|line| golang::body_error(line.as_bytes())));
    }
    said
}

/// Whether Go writes that word behind that beginning: names are resolved by a lookup and connected to by a call.
fn stands_behind(before: &str, word: &str) -> bool {
    let is_lookup = ["no such host", "server misbehaving", "i/o timeout"].contains(&word);
    let is_dial = ["connection refused", "no route to host", "permission denied", "network is unreachable"]
        .contains(&word)
        || ["too many open files", "cannot assign requested address"].contains(&word);
    let is_io = ["i/o timeout", "connection reset by peer", "broken pipe", "connection timed out"].contains(&word);
    let is_certificate = word.starts_with("certificate ");
    match before.split(' ').next().unwrap_or("") {
        "dial" if before.contains("lookup") => is_lookup,
        "dial" => is_dial || matches!(word, "i/o timeout" | "connection reset by peer" | "connection timed out"),
        "read" => is_io && word != "broken pipe",
        "write" => is_io,
        "tls:" if before.len() > 5 => is_certificate,
        "tls:" => word.starts_with("first record"),
        _ => !is_lookup && !is_dial && !is_io && !is_certificate,
    }
}

#[test]
fn go_says_the_same_in_a_line_as_in_a_phrase() {
    let (outside, unread) = compare(words::libraries::go::ROWS, go_lines);
    assert_eq!(outside, Vec::<String>::new(), "{}", outside.join("\n"));
    assert_eq!(unread, Vec::<&str>::new());
}
