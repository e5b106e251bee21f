//! Texts of clients, libraries and pages, whoever logged them: what each says, of which next hop, and whose it is.
//!
//! A row is what is pasted and what is claimed of it, `format: kinds @ next hop` for each failure; nothing for a text
//! that tells of none.
#![allow(clippy::unwrap_used)]

use badgateway::dialect::logs::Reader;

/// Every failure that is claimed in these lines.
fn claims(text: &str) -> String {
    let mut reader = Reader::new();
    let mut claims = Vec::new();
    for line in text.lines() {
        let Some(entry) = reader.read(line.as_bytes()) else { continue };
        let Some((fault, reading)) = entry.said.fault() else { continue };
        let code = fault.code().map_or(String::new(), |code| format!(" {code:?}"));
        let hop = entry.upstream.map_or(String::new(), |hop| format!(" @ {}", hop.escape_ascii()));
        claims.push(format!("{}: {reading}{code}{hop}", entry.format));
    }
    claims.join("; ")
}

fn table(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(text, want)| claims(text) != *want)
        .map(|(text, want)| format!("{text}\n  read: {}\n  want: {want}", claims(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn curl() {
    table(&[
        (
            "curl: (7) Failed to connect to app port 8080 after 2 ms: Connection refused",
            "curl: connection_refused @ app:8080",
        ),
        (
            "curl: (7) Failed to connect to 2001:db8::7 port 80: No route to host",
            "curl: unreachable @ [2001:db8::7]:80",
        ),
        (
            "curl: (7) Failed to connect to app port 8080 after 2 ms: Couldn't connect to server",
            "curl: connection_refused, unreachable, connect_reset, connection_timeout or local_exhausted @ app:8080",
        ),
        (
            "curl: (28) Operation timed out after 5000 milliseconds with 0 bytes received",
            "curl: response_timeout, head_stalled or tls_timeout",
        ),
        (
            "curl: (28) Operation timed out after 5000 milliseconds with 512 out of 4096 bytes received",
            "curl: body_stalled, deadline_exceeded or head_stalled",
        ),
        ("curl: (16) HTTP/2 stream 3 was not closed cleanly: error_code = 7", "curl: stream_refused H2(7)"),
        (
            "curl: (35) LibreSSL/3.3.6: error:1404B410:SSL routines:ST_CONNECT:sslv3 alert handshake failure",
            "curl: tls_alert TlsAlert(40)",
        ),
        // An IPv6 address without brackets, and one without a port.
        (
            "*   Trying ::1:8080...\n* Connected to localhost (::1) port 8080 (#0)\n> GET / HTTP/1.1\n> \n* Empty reply from server",
            "curl: closed_before_response or head_truncated @ [::1]:8080",
        ),
        (
            "*   Trying 10.0.0.1...\n* connect to 10.0.0.1 port 81 failed: Connection refused\n* Failed to connect to app port 81: Connection refused\ncurl: (7) Failed to connect to app port 81: Connection refused",
            "curl: connection_refused @ 10.0.0.1:81",
        ),
        (
            "*   Trying 10.0.0.1...\n* Connected to app (10.0.0.1) port 81 (#0)\n* Recv failure: Connection reset by peer",
            "curl: reset_before_response or head_reset @ 10.0.0.1:81",
        ),
        // The next one's next hop is not that of the one before.
        (
            "curl: (7) Failed to connect to a port 1: Connection refused\ncurl: (52) Empty reply from server",
            "curl: connection_refused @ a:1; curl: closed_before_response or head_truncated",
        ),
        ("curl: (56) CONNECT tunnel failed, response 502", ""),
        // Quotations and lists are not curl's.
        ("> I see connection refused, any idea?", ""),
    ]);
}
