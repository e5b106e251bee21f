//! Every behaviour of the lab, met directly: what the wire showed, exactly.
#![cfg(feature = "lab")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failed expectation is what a test is for"
)]

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::probe::{self, Answer, End, Request};
use badgateway::lab::{BEHAVIOURS, Group, HTTP2_BEHAVIOURS, Lab, Rule};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, RootCertStore};
use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, RCODE, TYPE};

/// For what must come to an end by itself.
const LONG: Duration = Duration::from_secs(20);
/// For what must not.
const SHORT: Duration = Duration::from_secs(1);

/// Behaviours met over TCP: name, final status, end, body (its beginning, where `...`
/// follows), each byte a character.
#[rustfmt::skip]
const PLAIN: &[(&str, Option<u16>, End, &str)] = &[
    ("reset_on_accept", None, End::Reset, ""),
    ("reset_after_request", None, End::Reset, ""),
    ("reset_mid_head", Some(200), End::Reset, ""),
    ("reset_mid_body", Some(200), End::Reset, "hello"),
    ("reset_mid_close_delim", Some(200), End::Reset, "hello"),
    ("reset_mid_http10", Some(200), End::Reset, "hello"),
    ("reset_mid_large_body", Some(200), End::Reset, "xxxx..."),
    ("close_on_accept", None, End::Closed, ""),
    ("close_after_request", None, End::Closed, ""),
    ("close_mid_status_line", None, End::Cut, ""),
    ("close_mid_head", Some(200), End::Cut, ""),
    ("close_mid_head_eol", Some(200), End::Cut, ""),
    ("close_mid_cl_body", Some(200), End::Cut, "hello"),
    ("close_mid_http10_cl", Some(200), End::Cut, "hello"),
    ("close_mid_chunked", Some(200), End::Cut, "hello"),
    ("close_mid_chunk", Some(200), End::Cut, "hello"),
    ("reset_mid_chunked", Some(200), End::Reset, "hello"),
    ("close_after_ten_bytes_of_1gb", Some(200), End::Cut, "helloworld"),
    ("close_after_last_chunk", Some(200), End::Cut, "hello\n"),
    ("close_mid_trailers", Some(200), End::Cut, "hello\n"),
    ("reset_mid_upload", None, End::Reset, ""),
    ("half_close_mid_upload", None, End::Closed, ""),
    ("garbage_status_line", None, End::Raw, "THIS IS NOT HTTP\r\n\r\n"),
    ("http09_html", None, End::Raw, "<html><body>It works!</body></html>\n"),
    ("ssh_banner", None, End::Raw, "SSH-2.0-OpenSSH_9.6\r\n"),
    ("smtp_banner", None, End::Raw, "220 mail.lab.test ESMTP Postfix\r\n"),
    ("redis_err", None, End::Raw, "-ERR wrong number of arguments for 'get' command\r\n"),
    ("h2_settings_on_h1", None, End::Raw, "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"),
    ("tls_record_on_plain", None, End::Raw, "\x15\x03\x03\0\x02\x02\x0a"),
    ("hostile_status_line", None, End::Raw, "HTTP/1.1 <script>alert(1)</script>\x1b[31m..."),
    ("http_lower_case", None, End::Raw, "http/1.1 200 OK\r\n..."),
    ("icy_200", None, End::Raw, "ICY 200 OK\r\nicy-name: lab\r\n..."),
    ("rtsp_200", None, End::Raw, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n"),
    ("memcached_error", None, End::Raw, "ERROR\r\nERROR\r\nERROR\r\n"),
    ("postgres_error", None, End::Raw, "E\0\0\09SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0"),
    ("amqp_header", None, End::Raw, "AMQP\0\0\x09\x01"),
    ("h2_goaway_on_h1", None, End::Raw, "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
    ("request_echoed", None, End::Raw, "GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n"),
    ("mysql_greeting", None, End::Raw, "J\0\0\0\x0a8.0.36\0\x08\0\0\0lab-salt\0..."),
    ("ftp_greeting", None, End::Raw, "220 (vsFTPd 3.0.5)\r\n"),
    ("imap_greeting", None, End::Raw, "* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n"),
    ("bad_header_nul", Some(200), End::Complete, "hello\n"),
    ("bad_header_space_before_colon", Some(200), End::Complete, "hello\n"),
    ("bad_header_no_colon", Some(200), End::Complete, "hello\n"),
    ("bad_header_empty_name", Some(200), End::Complete, "hello\n"),
    ("obs_fold", Some(200), End::Complete, "hello\n"),
    ("obs_fold_te", Some(200), End::Complete, "hello\n"),
    ("obs_fold_cl", Some(200), End::Complete, "hello\n"),
    ("leading_whitespace", Some(200), End::Complete, "hello\n"),
    ("name_8bit", Some(200), End::Complete, "hello\n"),
    ("value_8bit", Some(200), End::Complete, "hello\n"),
    ("value_ctl", Some(200), End::Complete, "hello\n"),
    ("bare_lf", Some(200), End::Complete, "hello\n"),
    ("bare_cr", Some(200), End::Complete, "hello\n"),
    ("huge_head_1mb", Some(200), End::Complete, "hello\n"),
    ("hostile_header_1mb", Some(200), End::Complete, "hello\n"),
    ("many_headers_5000", Some(200), End::Complete, "hello\n"),
    ("endless_head", Some(200), End::Stuck, ""),
    ("cl_conflict", Some(200), End::Raw, "\r\nhelloworld"),
    ("cl_duplicate_same", Some(200), End::Complete, "hello\n"),
    ("cl_list_same", Some(200), End::Complete, "hello\n"),
    ("cl_negative", Some(200), End::Raw, "\r\nhello"),
    ("cl_plus", Some(200), End::Raw, "\r\nhello"),
    ("cl_hex", Some(200), End::Raw, "\r\nhello"),
    ("cl_overflow", Some(200), End::Raw, "\r\nhello"),
    ("cl_empty", Some(200), End::Raw, "\r\nhello"),
    ("cl_spaced", Some(200), End::Raw, "\r\nhello"),
    ("cl_list_conflict", Some(200), End::Raw, "\r\nhelloworld"),
    ("cl_2_62", Some(200), End::Cut, "hello"),
    ("cl_2_63", Some(200), End::Cut, "hello"),
    ("cl_u64_max", Some(200), End::Cut, "hello"),
    ("cl_zeros", Some(200), End::Complete, "hello\n"),
    ("cl_in_connection", Some(200), End::Extra, "hello\n"),
    ("te_in_connection", Some(200), End::Complete, "hello\n"),
    ("te_identity_chunked", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_gzip_chunked", Some(200), End::Eof, "c\r\n\x1f\u{8b}\x08\0corrupt!\r\n0\r\n\r\n"),
    ("te_prefix", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_suffix", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_not_final", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_empty_behind", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_empty_before", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_empty_line", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_parameter", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_quoted", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("te_vertical_tab", Some(200), End::Eof, "6\r\nhello\n\r\n0\r\n\r\n"),
    ("cl_te_both", Some(200), End::Complete, "hello"),
    ("te_unknown", Some(200), End::Eof, "hello"),
    ("te_chunked_twice", Some(200), End::Eof, "5\r\nhello\r\n0\r\n\r\n"),
    ("te_http10", Some(200), End::Complete, "hello"),
    ("bad_chunk_size", Some(200), End::Raw, "xyz\r\nhello\r\n0\r\n\r\n"),
    ("empty_chunk_size", Some(200), End::Raw, "hello\r\n\r\n"),
    ("chunk_size_overflow", Some(200), End::Raw, "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("chunk_size_2_31", Some(200), End::Cut, "hello"),
    ("chunk_size_2_63", Some(200), End::Cut, "hello"),
    ("chunk_size_0x", Some(200), End::Raw, "0x5\r\nhello\r\n0\r\n\r\n"),
    ("chunk_size_underscore", Some(200), End::Raw, "0_5\r\nhello\r\n0\r\n\r\n"),
    ("chunk_size_negative", Some(200), End::Raw, "-5\r\nhello\r\n0\r\n\r\n"),
    ("chunk_size_zeros", Some(200), End::Complete, "hello\n"),
    ("chunk_line_lf", Some(200), End::Complete, "hello\n"),
    ("chunk_ext_lf", Some(200), End::Raw, "b\r\nhello\n\r\n0\r\n\r\n"),
    ("chunk_ext_quoted_crlf", Some(200), End::Raw, "\"\r\nhello\n\r\n0\r\n\r\n"),
    ("endless_trailers", Some(200), End::Stuck, "hello\n"),
    ("status_204_chunked", Some(204), End::Extra, ""),
    ("status_205_body", Some(205), End::Complete, "hello\n"),
    ("status_304_body", Some(304), End::Extra, ""),
    ("cl_zero_body", Some(200), End::Extra, ""),
    ("chunk_ext_open_quote", Some(200), End::Complete, "hello\n"),
    ("chunk_ext_long", Some(200), End::Complete, "hello\n"),
    ("bad_chunk_crlf", Some(200), End::Raw, "helloXX\r\n0\r\n\r\n"),
    ("chunk_end_cr", Some(200), End::Raw, "hello\n\r0\r\n\r\n"),
    ("chunk_end_none", Some(200), End::Raw, "hello\n0\r\n\r\n"),
    ("bad_second_chunk", Some(200), End::Raw, "helloxyz\r\nhello\r\n0\r\n\r\n"),
    ("last_chunk_lf", Some(200), End::Complete, "hello\n"),
    ("trailer_lf", Some(200), End::Complete, "hello\n"),
    ("trailer_forbidden", Some(200), End::Complete, "hello"),
    ("status_204_body", Some(204), End::Extra, ""),
    ("status_000", Some(0), End::Complete, "hello\n"),
    ("status_99", None, End::Raw, "HTTP/1.1 99 Odd\r\n..."),
    ("status_600", Some(600), End::Complete, "hello\n"),
    ("status_1000", None, End::Raw, "HTTP/1.1 1000 Odd\r\n..."),
    ("http12", Some(200), End::Complete, "hello\n"),
    ("http2_0_status_line", Some(200), End::Complete, "hello\n"),
    ("no_reason_space", Some(200), End::Complete, "hello\n"),
    ("reason_cr", Some(200), End::Complete, "hello\n"),
    ("huge_reason", Some(200), End::Complete, "hello\n"),
    ("tab_in_status_line", None, End::Raw, "HTTP/1.1\t200 OK\r\n..."),
    ("leading_crlf", None, End::Raw, "\r\n\r\nHTTP/1.1 200 OK\r\n..."),
    ("two_status_lines", Some(200), End::Complete, "hello\n"),
    ("hostile_reason", Some(200), End::Complete, "hello\n"),
    ("only_100_then_close", None, End::Cut, ""),
    ("many_1xx", None, End::Stuck, ""),
    ("unexpected_101", Some(101), End::Extra, ""),
    ("unexpected_101_after_100", Some(101), End::Extra, ""),
    ("interim_with_body", None, End::Raw, "hello\nHTTP/1.1 200 OK\r\n..."),
    ("interim_with_length", Some(200), End::Complete, "hello\n"),
    ("interim_length_of_head", Some(200), End::Extra, ""),
    ("interim_chunked", Some(200), End::Complete, "hello\n"),
    ("interim_104", Some(200), End::Complete, "hello\n"),
    ("interim_nul", Some(200), End::Complete, "hello\n"),
    ("interim_hop_by_hop", Some(200), End::Complete, "hello\n"),
    ("no_response_timeout", None, End::Hang, ""),
    ("never_reads", None, End::Hang, ""),
    ("stall_mid_head", Some(200), End::Stuck, ""),
    ("stall_after_1xx", None, End::Stuck, ""),
    ("stall_mid_body", Some(200), End::Stuck, "hello"),
    ("stall_mid_chunked", Some(200), End::Stuck, "hello"),
    ("stall_mid_http10", Some(200), End::Stuck, "hello"),
    ("slow_drip_head", None, End::Stuck, ""),
    ("slow_drip_body", Some(200), End::Stuck, "a..."),
    ("stall_in_trailers", Some(200), End::Stuck, "hello\n"),
    ("stall_mid_upload", None, End::Hang, ""),
    ("extra_bytes_split", Some(200), End::Extra, "hello\n"),
    ("idle_response", Some(200), End::Complete, "hello\n"),
    ("idle_408", Some(200), End::Complete, "hello\n"),
    ("idle_garbage", Some(200), End::Complete, "hello\n"),
    ("idle_reset", Some(200), End::Complete, "hello\n"),
    ("unsolicited_408", Some(408), End::Complete, ""),
    ("extra_bytes_after_response", Some(200), End::Extra, "hello\n"),
    ("response_before_request_read", Some(200), End::Complete, "hello\n"),
    ("stale_keepalive", Some(200), End::Complete, "hello\n"),
    ("stale_keepalive_reset", Some(200), End::Complete, "hello\n"),
    ("silent_close", Some(200), End::Complete, "hello\n"),
    ("ok_200", Some(200), End::Complete, "hello\n"),
    ("close_delimited_ok", Some(200), End::Eof, "hello\n"),
    ("ok_chunked_trailers", Some(200), End::Complete, "hello\n"),
    ("upstream_502", Some(502), End::Complete, "mine\n"),
    ("upstream_503_retry", Some(503), End::Complete, "mine\n"),
    ("upstream_504", Some(504), End::Complete, "mine\n"),
    ("dns_ok_200", Some(200), End::Complete, "hello\n"),
    ("ok_sse", Some(200), End::Complete, "data: 1\n\ndata: 2\n\ndata: 3\n\n"),
    ("slow_ok", Some(200), End::Complete, "hello\n"),
    ("early_hints", Some(200), End::Complete, "hello\n"),
    ("echo", Some(200), End::Complete, ""),
    ("echo_head", Some(200), End::Complete, "GET / HTTP/1.1\r\nHost: lab.test\r\n..."),
    ("ok_large", Some(200), End::Complete, "\0\x01\x02\x03..."),
    ("early_413", Some(413), End::Complete, "too large\n"),
    ("early_413_reset", Some(413), End::Complete, "too large\n"),
    ("early_200", Some(200), End::Complete, "hello\n"),
    ("upgrade_echo", Some(426), End::Complete, "upgrade\n"),
    ("upgrade_other", Some(426), End::Complete, "upgrade\n"),
    ("upgrade_unnamed", Some(426), End::Complete, "upgrade\n"),
    ("upgrade_garbage", Some(426), End::Complete, "upgrade\n"),
    ("head_other_length", Some(200), End::Complete, "hello\n"),
    ("head_with_body", Some(200), End::Complete, "hello\n"),
    ("ok_http10", Some(200), End::Eof, "hello\n"),
    ("ok_http10_keep_alive", Some(200), End::Complete, "hello\n"),
    ("ok_empty_by_close", Some(200), End::Eof, ""),
    ("ok_one_byte_segments", Some(200), End::Complete, "hello\n"),
    ("ok_large_segments", Some(200), End::Complete, "xxxx..."),
    ("ok_many_chunks", Some(200), End::Complete, "xxxx..."),
    ("ok_set_cookies", Some(200), End::Complete, "hello\n"),
    ("ok_twice_date", Some(200), End::Complete, "hello\n"),
    ("ok_hop_by_hop", Some(200), End::Complete, "hello\n"),
    ("ok_proxy_status", Some(200), End::Complete, "hello\n"),
    ("ok_gzip_corrupt", Some(200), End::Complete, "\x1f\u{8b}\x08\0corrupt!"),
];

/// Behaviours that are no TCP server, each with a test of its own below.
const CONNECT: &[&str] = &[
    "refused",
    "blackhole",
    "unreachable",
    "dns_nxdomain",
    "dns_nodata",
    "dns_servfail",
    "dns_refused",
    "dns_timeout",
];

/// What a TLS client that trusts the lab sees first.
enum Tls {
    /// The handshake, or what follows it, fails with this error of rustls.
    Fails(fn(&rustls::Error) -> bool),
    /// The transport fails like this after these bytes.
    Ends(ErrorKind, &'static str),
    /// A tidy end after these bytes.
    Tidy(&'static str),
}

const TLS: &[(&str, Tls)] = &[
    (
        "plain_on_tls",
        Tls::Fails(|e| matches!(e, rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType))),
    ),
    ("tls_selfsigned", Tls::Fails(|e| *e == rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))),
    (
        "tls_expired",
        Tls::Fails(|e| matches!(e, rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))),
    ),
    (
        "tls_not_yet_valid",
        Tls::Fails(|e| matches!(e, rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { .. }))),
    ),
    ("tls_wrong_host", Tls::Fails(|e| presented(e) == ["DnsName(\"other.lab.invalid\")"])),
    (
        "tls_hostile_name",
        Tls::Fails(|e| {
            let names = presented(e);
            names.len() == 3
                && names[0].contains("<script>alert(1)</script>")
                && names[1].contains("Set-Cookie: stolen=1")
        }),
    ),
    ("tls_handshake_stall", Tls::Ends(ErrorKind::WouldBlock, "")),
    ("tls_alert", Tls::Fails(|e| alert(e, AlertDescription::HandshakeFailure))),
    ("tls_alert_version", Tls::Fails(|e| alert(e, AlertDescription::ProtocolVersion))),
    ("tls_alert_name", Tls::Fails(|e| alert(e, AlertDescription::UnrecognisedName))),
    ("tls_client_cert", Tls::Fails(|e| alert(e, AlertDescription::CertificateRequired))),
    ("tls_client_cert_12", Tls::Fails(|e| alert(e, AlertDescription::CertificateRequired))),
    ("tls_unknown_ca", Tls::Fails(|e| *e == rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))),
    ("tls_forged", Tls::Fails(|e| *e == rustls::Error::InvalidCertificate(CertificateError::BadSignature))),
    (
        "tls_wrong_usage",
        Tls::Fails(|e| matches!(e, rustls::Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. }))),
    ),
    (
        "tls_subject_only",
        Tls::Fails(|e| {
            matches!(e, rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))
                && presented(e).is_empty()
        }),
    ),
    ("tls_alert_revoked", Tls::Fails(|e| alert(e, AlertDescription::CertificateRevoked))),
    ("tls_11_only", Tls::Fails(|e| matches!(e, rustls::Error::PeerIncompatible(_)))),
    ("tls_close_after_request", Tls::Tidy("")),
    ("tls_cut_after_request", Tls::Ends(ErrorKind::UnexpectedEof, "")),
    ("tls_close_notify_mid_body", Tls::Tidy("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")),
    ("tls_bad_record", Tls::Fails(|e| *e == rustls::Error::DecryptError)),
    ("tls_stall_after_request", Tls::Ends(ErrorKind::WouldBlock, "")),
    ("tls_close_hello", Tls::Ends(ErrorKind::UnexpectedEof, "")),
    ("tls_reset_hello", Tls::Ends(ErrorKind::ConnectionReset, "")),
    ("tls_reset_after_request", Tls::Ends(ErrorKind::ConnectionReset, "")),
    ("tls_cut_mid_body", Tls::Ends(ErrorKind::UnexpectedEof, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")),
    ("tls_no_close_notify", Tls::Ends(ErrorKind::UnexpectedEof, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\n")),
    (
        "tls_ok_200",
        Tls::Tidy(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 6\r\n\r\nhello\n",
        ),
    ),
];

#[test]
fn the_table_is_whole() {
    let names: BTreeSet<_> = BEHAVIOURS.iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(names.len(), BEHAVIOURS.len(), "names are unique");
    let tested: BTreeSet<_> =
        PLAIN.iter().map(|row| row.0).chain(TLS.iter().map(|row| row.0)).chain(CONNECT.iter().copied()).collect();
    assert_eq!(names, tested, "every behaviour is expected to do something");
    let groups: Vec<_> = BEHAVIOURS.iter().map(|behaviour| behaviour.group).collect();
    assert!(groups.is_sorted(), "rows stand by group");
    for group in Group::ALL {
        let is_of_http2 = HTTP2_BEHAVIOURS.iter().any(|behaviour| behaviour.group == *group);
        assert!(groups.contains(group) || is_of_http2, "{group}");
    }
}

#[test]
fn plain_upstreams_show_what_they_promise() {
    let names: Vec<_> = PLAIN.iter().map(|row| row.0).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    // Not all at once: what is sent before a stall has to arrive within the time in which it is seen to be one.
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some((name, status, end, body)) = PLAIN.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let upstream = lab.upstream(name).unwrap();
                    let patient = !matches!(end, End::Stuck | End::Hang);
                    let request = Request::new().timeout(if patient { LONG } else { SHORT });
                    let address = upstream.address().unwrap();
                    let answer = match probe::send(address, &request) {
                        // The RST may outrun the end of connect().
                        Err(error) if *name == "reset_on_accept" => {
                            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                            continue;
                        }
                        sent => sent.unwrap(),
                    };
                    let seen = format!("{name}: {answer:.300?}");
                    assert_eq!((answer.status, answer.end), (*status, *end), "{seen}");
                    let text: String = answer.body.iter().copied().map(char::from).collect();
                    match body.strip_suffix("...") {
                        Some(start) => assert!(text.starts_with(start), "{seen}"),
                        None => assert_eq!(text, *body, "{seen}"),
                    }

                    let counts = upstream.counts();
                    let unread = ["reset_on_accept", "close_on_accept", "never_reads"].contains(name);
                    assert_eq!((counts.connections, counts.requests), (1, u64::from(!unread)), "{name}");
                    assert_eq!((counts.method("GET"), counts.unsafe_requests), (u64::from(!unread), 0));
                }
            });
        }
    });
}

#[test]
fn details_of_plain_upstreams() {
    let lab = Lab::start().unwrap();
    let get = |name: &str| ask(&lab, name, &Request::new());
    assert_eq!(get("upstream_503_retry").header("retry-after"), Some("7"));
    assert_eq!(get("early_hints").interim, [103]);
    assert_eq!(get("only_100_then_close").interim, [100]);
    assert_eq!(get("ok_chunked_trailers").trailers, [("X-Checksum".into(), "42".into())]);
    assert_eq!(get("trailer_forbidden").trailers.len(), 4);
    assert_eq!(get("many_headers_5000").headers.len(), 5002);
    assert_eq!(get("huge_head_1mb").header("x-huge-63").unwrap().len(), 16 << 10);
    assert!(get("hostile_header_1mb").header("x-huge").unwrap().len() > 1 << 20);
    assert_eq!(get("hostile_reason").reason, "<script>alert(1)</script> \u{e9}\u{ff}");
    assert_eq!(get("bad_header_nul").header("x-bad"), Some("a\0b"));
    assert_eq!(get("bare_cr").header("x-bad"), Some("a\rX-Injected: b"));
    assert_eq!(get("obs_fold").header("x-fold"), Some("a b"));
    assert_eq!(get("ok_large").body.len(), 2 << 20);
    assert_eq!(get("ok_sse").header("content-type"), Some("text/event-stream"));
    assert!(get("slow_ok").elapsed >= Duration::from_millis(300));
    assert!(get("ok_sse").elapsed >= Duration::from_millis(300));
    let many = ask(&lab, "many_1xx", &Request::new().timeout(SHORT));
    assert!(many.interim.len() > 3, "{}", many.interim.len());
    let head = ask(&lab, "ok_200", &Request::new().method("HEAD"));
    assert_eq!((head.status, head.end, head.body.len()), (Some(200), End::Complete, 0));
}

#[test]
fn a_body_is_read_and_given_back() {
    let lab = Lab::builder().only(&["echo", "early_413", "never_reads"]).start().unwrap();
    let post = Request::new().method("POST").path("/x");

    let answer = ask(&lab, "echo", &post.clone().body("abc"));
    assert_eq!(answer.body, b"abc");
    assert_eq!(answer.header("x-lab-length"), Some("3"));
    assert_eq!(answer.header("x-lab-fnv1a"), Some("e71fa2190541574b"));

    let chunked = post.clone().header("Transfer-Encoding", "chunked");
    let answer = ask(&lab, "echo", &chunked.body("2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: x\r\n\r\n"));
    assert_eq!((answer.body.as_slice(), answer.end), (&b"abc"[..], End::Complete));

    let continued = post.clone().header("Expect", "100-continue").body("abc");
    let answer = ask(&lab, "echo", &continued);
    assert_eq!((answer.interim.as_slice(), answer.status), (&[100][..], Some(200)));

    let large = post.clone().body(vec![b'x'; 3 << 20]);
    let answer = ask(&lab, "echo", &large);
    assert_eq!(answer.header("x-lab-length"), Some("3145728"));
    assert_eq!(ask(&lab, "early_413", &large).status, Some(413));
    let larger = post.body(vec![b'x'; 32 << 20]).timeout(SHORT);
    assert_eq!(ask(&lab, "never_reads", &larger).end, End::Hang);

    let counts = lab.upstream("echo").unwrap().counts();
    assert_eq!((counts.requests, counts.unsafe_requests, counts.method("POST"), counts.bodies), (4, 4, 4, 4));
    // Its head was read, its body not.
    let counts = lab.upstream("early_413").unwrap().counts();
    assert_eq!((counts.connections, counts.requests, counts.bodies), (1, 1, 0));
    // No request has come as far as that.
    let counts = lab.upstream("never_reads").unwrap().counts();
    assert_eq!((counts.connections, counts.requests, counts.bodies), (1, 0, 0));
}

#[test]
fn uploads_are_refused_in_different_ways() {
    let cases = [
        ("early_413", Some(413), End::Complete),
        ("early_413_reset", Some(413), End::Complete),
        ("early_200", Some(200), End::Complete),
        ("reset_mid_upload", None, End::Reset),
        ("stall_mid_upload", None, End::Hang),
    ];
    let lab = Lab::start().unwrap();
    for (name, status, end) in cases {
        let timeout = if end == End::Hang { SHORT } else { LONG };
        let post = Request::new().method("POST").body(vec![b'x'; 8 << 20]).timeout(timeout);
        let answer = ask(&lab, name, &post);
        assert_eq!((answer.status, answer.end), (status, end), "{name}");
        let counts = lab.upstream(name).unwrap().counts();
        assert_eq!((counts.connections, counts.requests, counts.bodies), (1, 1, 0), "{name}");
    }
    // Its FIN comes before the body does, and it takes the body all the same.
    let upstream = lab.upstream("half_close_mid_upload").unwrap();
    let mut socket = TcpStream::connect(upstream.address().unwrap()).unwrap();
    socket.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab").unwrap();
    assert_eq!(socket.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(upstream.counts().bodies, 0);
    socket.write_all(b"cde").unwrap();
    let until = Instant::now() + LONG;
    while upstream.counts().bodies == 0 {
        assert!(Instant::now() < until, "the body was not read");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_upgrade_is_answered_wrongly() {
    let lab = Lab::builder().only(&["upgrade_other", "upgrade_unnamed", "upgrade_garbage"]).start().unwrap();
    let request = Request::new().header("Connection", "upgrade").header("Upgrade", "websocket");
    for (name, protocol) in
        [("upgrade_other", Some("other")), ("upgrade_unnamed", None), ("upgrade_garbage", Some("websocket"))]
    {
        let answer = ask(&lab, name, &request);
        assert_eq!((answer.status, answer.header("upgrade")), (Some(101), protocol), "{name}");
        assert!(answer.raw.ends_with(b"\0garbage\xff"), "{name}");
    }
}

#[test]
fn connections_are_kept_where_they_may_be() {
    let lab = Lab::start().unwrap();
    let get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let twice = |name: &str| {
        let mut socket = TcpStream::connect(lab.upstream(name).unwrap().address().unwrap()).unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        let read = |socket: &mut TcpStream| {
            let mut bytes = vec![0; 4096];
            socket.read(&mut bytes).map(|n| String::from_utf8_lossy(&bytes[..n]).into_owned())
        };
        socket.write_all(get).unwrap();
        let first = read(&mut socket).unwrap();
        assert!(first.starts_with("HTTP/1.1 "), "{name}: {first}");
        socket.write_all(get).unwrap();
        let second = read(&mut socket).map_err(|error| error.kind());
        let counts = lab.upstream(name).unwrap().counts();
        assert_eq!((counts.connections, counts.requests), (1, 2), "{name}");
        (first, second)
    };
    for name in ["ok_200", "echo", "upstream_502", "extra_bytes_after_response", "status_204_body"] {
        let (first, second) = twice(name);
        assert_eq!(Ok(first), second, "{name}");
    }
    assert_eq!(twice("stale_keepalive").1, Ok(String::new()));
    assert_eq!(twice("stale_keepalive_reset").1, Err(ErrorKind::ConnectionReset));
}

#[test]
fn an_upgrade_becomes_a_tunnel() {
    let lab = Lab::builder().only(&["upgrade_echo"]).start().unwrap();
    let mut socket = TcpStream::connect(lab.upstreams()[0].address().unwrap()).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nab").unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\nab") {
        let mut chunk = [0; 100];
        let n = socket.read(&mut chunk).unwrap();
        assert_ne!(n, 0);
        bytes.extend_from_slice(&chunk[..n]);
    }
    assert!(bytes.starts_with(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\n"));
    socket.write_all(b"ping").unwrap();
    let mut pong = [0; 4];
    socket.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"ping");
}

#[test]
fn nothing_is_there_to_connect_to() {
    let lab = Lab::builder().only(CONNECT).start().unwrap();
    let connect = |name: &str| {
        let url = lab.upstream(name).unwrap().url();
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        probe::send(address, &Request::new().timeout(SHORT)).map_err(|error| error.kind())
    };
    assert_eq!(connect("refused").unwrap_err(), ErrorKind::ConnectionRefused);
    assert_eq!(connect("unreachable").unwrap_err(), ErrorKind::NetworkUnreachable);
    if cfg!(target_os = "linux") {
        for _ in 0..3 {
            assert_eq!(connect("blackhole").unwrap_err(), ErrorKind::TimedOut);
        }
    }
    assert!(lab.upstreams().iter().all(|upstream| upstream.counts().connections == 0));
}

#[test]
fn names_resolve_or_fail_as_they_say() {
    let lab = Lab::builder().only(CONNECT).start().unwrap();
    let code = |name: &str| resolve(&lab, name, TYPE::A);
    for name in ["localhost", "lab.test", "ok.lab.test", "a.b.lab.test", "OK.LAB.TEST"] {
        assert_eq!(code(name), Some((RCODE::NoError, 1)), "{name}");
        assert_eq!(resolve(&lab, name, TYPE::AAAA), Some((RCODE::NoError, 0)), "{name}");
    }
    let expected = [
        ("dns_nxdomain", Some((RCODE::NameError, 0))),
        ("dns_nodata", Some((RCODE::NoError, 0))),
        ("dns_servfail", Some((RCODE::ServerFailure, 0))),
        ("dns_refused", Some((RCODE::Refused, 0))),
        ("dns_timeout", None),
    ];
    for (name, answer) in expected {
        let url = lab.upstream(name).unwrap().url();
        let host = url.strip_prefix("http://").unwrap().strip_suffix(":80").unwrap();
        assert_eq!(code(host), answer, "{name}");
    }
    assert_eq!(code("example.com"), Some((RCODE::NameError, 0)));
    assert_eq!(code("notlab.test"), Some((RCODE::NameError, 0)));
}

#[test]
fn tls_upstreams_show_what_they_promise() {
    let names: Vec<_> = TLS.iter().map(|row| row.0).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    for (name, expected) in TLS {
        let upstream = lab.upstream(name).unwrap();
        assert!(upstream.behaviour().tls && upstream.url().starts_with("https://127.0.0.1:"));
        let (bytes, end) = over_tls(&lab, name);
        let text = String::from_utf8_lossy(&bytes);
        let seen = format!("{name}: {text:?}, {end:?}");
        match (expected, end) {
            (Tls::Fails(right), Err(error)) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                assert!(inner.is_some_and(right), "{seen}");
            }
            (Tls::Ends(kind, bytes), Err(error)) => {
                assert_eq!((error.kind(), &*text), (*kind, *bytes), "{seen}");
            }
            (Tls::Tidy(bytes), Ok(())) => assert_eq!(text, *bytes),
            _ => panic!("{seen}"),
        }
    }
}

#[test]
fn labs_do_not_meet() {
    let (one, two) = (Lab::start().unwrap(), Lab::start().unwrap());
    assert_ne!(one.ca_file(), two.ca_file());
    assert_ne!(one.ca_pem(), two.ca_pem());
    assert_ne!(one.resolver(), two.resolver());
    ask(&one, "ok_200", &Request::new());
    assert_eq!(one.upstream("ok_200").unwrap().counts().requests, 1);
    assert_eq!(two.upstream("ok_200").unwrap().counts().requests, 0);
}

#[test]
fn a_dropped_lab_is_gone() {
    let lab = Lab::start().unwrap();
    let file = lab.ca_file().to_owned();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), lab.ca_pem());
    let address = lab.upstream("no_response_timeout").unwrap().address().unwrap();
    let mut held = TcpStream::connect(address).unwrap();
    held.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    while lab.upstream("no_response_timeout").unwrap().counts().requests == 0 {
        thread::sleep(Duration::from_millis(1));
    }

    let start = Instant::now();
    drop(lab);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(!file.exists());
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    // What was being stalled ends as well.
    held.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(held.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn ports_follow_the_table() {
    // Any port may be taken by somebody else: try some.
    let lab = (20_000..30_000).step_by(500).find_map(|port| Some((port, Lab::builder().base_port(port).start().ok()?)));
    let (base, lab) = lab.unwrap();
    assert_eq!(lab.resolver().port(), base, "a port is one of TCP and one of UDP");
    for (n, upstream) in lab.upstreams().iter().enumerate() {
        if let Some(address) = upstream.address() {
            assert_eq!(address.port(), base + u16::try_from(n).unwrap(), "{}", upstream.name());
        }
    }
    drop(lab);
    Lab::builder().base_port(base).start().expect("the ports are free again");

    let high = Lab::builder().base_port(65_500).start().unwrap_err();
    assert!(matches!(high.kind(), ErrorKind::InvalidInput | ErrorKind::AddrInUse));
    let unknown = Lab::builder().only(&["ok_200", "nonsense"]).start().unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::InvalidInput);
}

/// What a server says, whether it ends with a FIN; how the probe judges it: the end, the status,
/// and whether `Whole(&[200])` is satisfied.
type Judged = (&'static [u8], bool, End, Option<u16>, bool);

#[rustfmt::skip]
const JUDGED: &[Judged] = &[
    (b"", true, End::Closed, None, false),
    (b"", false, End::Hang, None, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, End::Cut, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, End::Stuck, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", true, End::Extra, Some(200), false),
    (b"HTTP/1.1 200 OK\r\n\r\nab", true, End::Eof, Some(200), true),
    (b"HTTP/1.1 200 OK\r\n\r\nab", false, End::Stuck, Some(200), false),
    (b"HTTP/1.1 200 OK\r\n", true, End::Cut, Some(200), false),
    (b"HTTP/1.1 20", true, End::Cut, None, false),
    (b"HTTP/1.1 20", false, End::Stuck, None, false),
    (b"HTT", true, End::Cut, None, false),
    (b"HTX", true, End::Raw, None, false),
    (b"\x15\x03\x03", false, End::Raw, None, false),
    (b"HTTP/1.1 2000 OK\r\n\r\n", true, End::Raw, None, false),
    (b"HTTP/1.1 200OK\r\n\r\n", true, End::Raw, None, false),
    (b"HTTP/1.1 100 C\r\n\r\n", true, End::Cut, None, false),
    (b"HTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, End::Complete, Some(200), true),
    (b"HTTP/1.1 204 N\r\n\r\n", false, End::Complete, Some(204), false),
    (b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n", false, End::Complete, Some(304), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", true, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1;e=f\r\na\r\n0\r\nT: u\r\n\r\n", false, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", true, End::Cut, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", true, End::Cut, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na", true, End::Cut, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", true, End::Raw, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n", true, End::Raw, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n", true, End::Raw, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", true, End::Extra, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", true, End::Raw, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", true, End::Raw, Some(200), false),
    // Complete, but not fit to be shown to anybody.
    (b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nA\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n", true, End::Complete, Some(200), false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na", true, End::Eof, Some(200), false),
    // No white space of HTTP's: this is a coding that nobody knows.
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", true, End::Eof, Some(200), false),
    (b"HTTP/1.1 103 E\r\nContent-Length: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, End::Complete, Some(200), false),
    (b"HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\na", true, End::Complete, Some(200), false),
];

#[test]
fn the_probe_judges_by_framing_in_any_split() {
    thread::scope(|scope| {
        for (bytes, fin, end, status, whole) in JUDGED {
            scope.spawn(move || {
                let at_once = said(bytes, bytes.len().max(1), *fin);
                let seen = format!("{:?}: {at_once:?}", String::from_utf8_lossy(bytes));
                assert_eq!((at_once.end, at_once.status), (*end, *status), "{seen}");
                assert_eq!(at_once.satisfies(&Rule::Whole(&[200])).is_ok(), *whole, "{seen}");
                assert_eq!(at_once.raw, *bytes);

                let dripped = said(bytes, 1, *fin);
                let facts = |answer: &Answer| {
                    let answer = answer.clone();
                    let fields = (answer.headers, answer.trailers, answer.body, answer.interim);
                    (answer.status, answer.reason, answer.end, fields)
                };
                // After the end of a message, one stray byte is enough to know.
                if *end != End::Extra {
                    assert_eq!(facts(&dripped), facts(&at_once), "{seen}");
                }
                let verdict = |answer: &Answer| answer.satisfies(&Rule::Whole(&[200]));
                assert_eq!(verdict(&dripped), verdict(&at_once), "{seen}");
                assert_eq!(dripped.end, *end, "{seen}");
            });
        }
    });
}

#[test]
fn rules_tell_a_cut_from_an_answer() {
    let lab = Lab::start().unwrap();
    let get = |name: &str, rule: Rule| ask(&lab, name, &Request::new()).satisfies(&rule);
    for cut in ["close_mid_cl_body", "reset_mid_body", "close_mid_chunk"] {
        get(cut, Rule::Cut).unwrap();
        get(cut, Rule::StatusOrCut(&[502])).unwrap();
        get(cut, Rule::Limit(&[200])).unwrap();
        get(cut, Rule::Whole(&[200])).unwrap_err();
        get(cut, Rule::Status(&[200])).unwrap_err();
    }
    // Half a head is no head that was forwarded.
    for uncut in
        ["close_mid_head", "reset_mid_head", "ok_200", "close_delimited_ok", "close_after_request", "bad_chunk_size"]
    {
        get(uncut, Rule::Cut).unwrap_err();
    }
    get("upstream_502", Rule::Status(&[502, 504])).unwrap();
    get("upstream_502", Rule::StatusOrCut(&[502])).unwrap();
    let why = get("upstream_502", Rule::Status(&[504])).unwrap_err();
    assert_eq!(why, "expected 504, but the answer is 502 and ends Complete");
    get("close_delimited_ok", Rule::Whole(&[200])).unwrap();
    get("close_delimited_ok", Rule::Status(&[200])).unwrap_err();
    let old = Request::new().version(http::Version::HTTP_10);
    ask(&lab, "close_delimited_ok", &old).satisfies(&Rule::Status(&[200])).unwrap();
    for behaviour in BEHAVIOURS.iter().filter(|b| b.group == Group::Control && !b.tls) {
        // What these send is right between them and the proxy, and not what it may send.
        let met = if behaviour.name.starts_with("ok_http10") { &old } else { &Request::new() };
        ask(&lab, behaviour.name, met).satisfies(&behaviour.rule).unwrap();
    }
    // An intermediary's version is its own (RFC 9110 section 2.5), whatever else is right.
    for (older, rule) in [("ok_http10", Rule::Whole(&[200])), ("reset_mid_http10", Rule::Cut)] {
        ask(&lab, older, &old).satisfies(&rule).unwrap();
        let why = get(older, rule).unwrap_err();
        assert_eq!(why, "the answer has a status line in HTTP/1.0 for a request in HTTP/1.1");
    }
}

fn ask(lab: &Lab, name: &str, request: &Request) -> Answer {
    probe::send(lab.upstream(name).unwrap().address().unwrap(), request).unwrap()
}

/// What the probe makes of a server that says this in pieces, and then ends or stays.
fn said(bytes: &'static [u8], piece: usize, fin: bool) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut request = [0; 1024];
        let mut read = 0;
        while !request[..read].ends_with(b"\r\n\r\n") {
            read += socket.read(&mut request[read..]).unwrap();
        }
        for piece in bytes.chunks(piece) {
            // The probe leaves as soon as it knows.
            if socket.write_all(piece).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        if fin {
            let _ = socket.shutdown(std::net::Shutdown::Write);
        }
        let _ = socket.read(&mut request);
    });
    let timeout = if fin { LONG } else { Duration::from_secs(1) };
    let answer = probe::send(address, &Request::new().timeout(timeout)).unwrap();
    server.join().unwrap();
    answer
}

/// Sends a request over TLS, trusting the lab alone, and reads to the end.
fn over_tls(lab: &Lab, name: &str) -> (Vec<u8>, io::Result<()>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = lab.upstream(name).unwrap().address().unwrap();
    let socket = TcpStream::connect(address).unwrap();
    let stall = lab.upstream(name).unwrap().behaviour().rule == Rule::Status(&[504]);
    socket.set_read_timeout(Some(if stall { SHORT } else { LONG })).unwrap();
    let host = ServerName::from(address.ip());
    let client = ClientConnection::new(Arc::new(config), host).unwrap();
    let mut stream = rustls::StreamOwned::new(client, socket);
    let mut bytes = Vec::new();
    let get = b"GET / HTTP/1.1\r\nHost: lab.test\r\nConnection: close\r\n\r\n";
    let end = stream.write_all(get).and_then(|()| stream.read_to_end(&mut bytes)).map(drop);
    (bytes, end)
}

fn alert(error: &rustls::Error, description: AlertDescription) -> bool {
    *error == rustls::Error::AlertReceived(description)
}

fn presented(error: &rustls::Error) -> Vec<String> {
    let rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) = error else {
        return Vec::new();
    };
    presented.clone()
}

/// Asks the lab's name server: the code and the number of records, or nothing in time.
fn resolve(lab: &Lab, name: &str, kind: TYPE) -> Option<(RCODE, usize)> {
    let mut query = Packet::new_query(7);
    let name = Name::new(name).unwrap();
    query.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(SHORT)).unwrap();
    socket.send_to(&query.build_bytes_vec().unwrap(), lab.resolver()).unwrap();
    let mut bytes = [0; 512];
    let n = socket.recv(&mut bytes).ok()?;
    let reply = Packet::parse(&bytes[..n]).unwrap();
    assert_eq!(reply.id(), 7);
    Some((reply.rcode(), reply.answers.len()))
}
