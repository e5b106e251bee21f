//! Other proxies' words for our faults, and back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use badgateway::decide::{Profile, grpc_status};
use badgateway::dialect::{Dialect, ErrorCode, Payload};
use badgateway::fault::Code;
use badgateway::{Exchange, Fault, FaultKind};

#[test]
fn what_is_said_is_read_as_what_was_meant() {
    for &dialect in Dialect::ALL {
        for &kind in FaultKind::ALL {
            let Some(word) = dialect.word(kind) else { continue };
            let reading = dialect.read(word).unwrap().reading.unwrap();
            assert!(reading.may_be(kind), "{}: {word} does not read as {kind}", dialect.as_str());
        }
    }
}

#[test]
fn no_dialect_has_a_word_twice_nor_a_kind_twice_in_one_word() {
    for &dialect in Dialect::ALL {
        let mut words = BTreeSet::new();
        for word in dialect.words() {
            assert!(words.insert(word.word), "{}: {} stands twice", dialect.as_str(), word.word);
            assert!(!word.meaning.is_empty() && !word.meaning.ends_with('.'), "{}: {}", dialect.as_str(), word.word);
            let kinds: Vec<_> =
                word.reading.into_iter().flat_map(|reading| reading.kinds().collect::<Vec<_>>()).collect();
            let once: HashSet<_> = kinds.iter().collect();
            assert_eq!(kinds.len(), once.len(), "{}: {} names a kind twice", dialect.as_str(), word.word);
        }
        assert_eq!(dialect.as_str().parse(), Ok(dialect));
    }
    assert!("esperanto".parse::<Dialect>().is_err());
}

#[test]
fn an_unknown_word_is_not_guessed() {
    for &dialect in Dialect::ALL {
        for word in ["", " ", "xyzzy", "UF ", "uf"] {
            assert!(dialect.read(word).is_none(), "{}: {word:?}", dialect.as_str());
        }
    }
}

#[test]
fn the_words_of_grpc_and_cloudflare_are_those_that_are_sent() {
    #[rustfmt::skip]
    const GRPC: &[&str] = &[
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind);
        let status = Profile::Cloudflare.status(&fault, &Exchange::default());
        assert_eq!(Dialect::Cloudflare.word(kind), Some(status.as_str()), "{kind}");
        let grpc = GRPC.get(usize::from(grpc_status(&fault))).copied();
        assert_eq!(Dialect::Grpc.word(kind), grpc, "{kind}");
    }
}

/// Every case of `error-code` in `types.wit`, by the payload that it declares.
#[test]
fn every_case_of_wasi_http_has_its_payload() {
    let dns = || Payload::Dns { rcode: Some("SERVFAIL".into()), info_code: Some(22) };
    let alert = || Payload::TlsAlert { alert_id: Some(40), alert_message: Some("handshake_failure".into()) };
    let field = || Payload::FieldSize { field_name: Some("x".into()), field_size: Some(9) };
    let (section, body) = (|| Payload::SectionSize(Some(9)), || Payload::BodySize(Some(9)));
    let text = || Payload::Text(Some("gzip".into()));
    #[rustfmt::skip]
    let cases: Vec<(&str, Payload<'_>)> = vec![
        ("DNS-timeout", Payload::None), ("DNS-error", dns()), ("destination-not-found", Payload::None),
        ("destination-unavailable", Payload::None), ("destination-IP-prohibited", Payload::None),
        ("destination-IP-unroutable", Payload::None), ("connection-refused", Payload::None),
        ("connection-terminated", Payload::None), ("connection-timeout", Payload::None),
        ("connection-read-timeout", Payload::None), ("connection-write-timeout", Payload::None),
        ("connection-limit-reached", Payload::None), ("TLS-protocol-error", Payload::None),
        ("TLS-certificate-error", Payload::None), ("TLS-alert-received", alert()), ("HTTP-request-denied", Payload::None),
        ("HTTP-request-length-required", Payload::None), ("HTTP-request-body-size", body()),
        ("HTTP-request-method-invalid", Payload::None), ("HTTP-request-URI-invalid", Payload::None),
        ("HTTP-request-URI-too-long", Payload::None), ("HTTP-request-header-section-size", section()),
        ("HTTP-request-header-size", field()), ("HTTP-request-trailer-section-size", section()),
        ("HTTP-request-trailer-size", field()), ("HTTP-response-incomplete", Payload::None),
        ("HTTP-response-header-section-size", section()), ("HTTP-response-header-size", field()),
        ("HTTP-response-body-size", body()), ("HTTP-response-trailer-section-size", section()),
        ("HTTP-response-trailer-size", field()), ("HTTP-response-transfer-coding", text()),
        ("HTTP-response-content-coding", text()), ("HTTP-response-timeout", Payload::None),
        ("HTTP-upgrade-failed", Payload::None), ("HTTP-protocol-error", Payload::None), ("loop-detected", Payload::None),
        ("configuration-error", Payload::None), ("internal-error", text()),
    ];
    let words: BTreeSet<_> = Dialect::WasiHttp.words().map(|word| word.word).collect();
    assert_eq!(words, cases.iter().map(|(case, _)| *case).collect());
    for (case, payload) in &cases {
        let error = ErrorCode::new(case, payload.clone()).unwrap_or_else(|| panic!("{case}"));
        assert_eq!((error.case(), error.payload(), error.to_string().as_str()), (*case, payload, *case));
        assert_eq!(error.fault().is_some(), error.reading().is_some(), "{case}");
        assert_eq!(error.reading().is_none(), case.starts_with("HTTP-request-"), "{case}");
        if let (Some(fault), Some(reading)) = (error.fault(), error.reading()) {
            assert!(reading.may_be(fault.kind()), "{case}");
        }
        // Another's payload is none of it.
        for (_, other) in &cases {
            let fits = std::mem::discriminant(other) == std::mem::discriminant(payload);
            assert_eq!(ErrorCode::new(case, other.clone()).is_some(), fits, "{case}: {other:?}");
        }
    }
    assert!(ErrorCode::new("dns-timeout", Payload::None).is_none());
    let fault = |case, payload| ErrorCode::new(case, payload).unwrap().fault().unwrap();
    assert_eq!(fault("DNS-error", dns()), Fault::new(FaultKind::DnsFailure).with_code(Code::DnsRcode(2)));
    let gone = Payload::Dns { rcode: Some("nxdomain".into()), info_code: None };
    assert_eq!(fault("DNS-error", gone), Fault::new(FaultKind::DnsNotFound).with_code(Code::DnsRcode(3)));
    let other = Payload::Dns { rcode: Some("<script>".into()), info_code: None };
    assert_eq!(fault("DNS-error", other).kind(), FaultKind::DnsFailure);
    assert_eq!(fault("HTTP-response-body-size", body()).received(), Some(9));
    // A text is no word unless the case may mean it.
    let claim = Payload::Text(Some("connection_refused".into()));
    assert_ne!(fault("internal-error", claim).kind(), FaultKind::ConnectionRefused);
}

#[test]
fn every_fault_as_an_error_code_and_back() {
    let codes = [
        None,
        Some(Code::Errno(111)),
        Some(Code::TlsAlert(40)),
        Some(Code::TlsAlert(255)),
        Some(Code::DnsRcode(2)),
        Some(Code::DnsRcode(3)),
        Some(Code::DnsRcode(999)),
        Some(Code::H2(7)),
    ];
    for &kind in FaultKind::ALL {
        for code in codes {
            for received in [None, Some(0), Some(70_000), Some(u64::MAX - 1)] {
                let mut fault = Fault::new(kind);
                fault = code.map_or(fault, |code| fault.with_code(code));
                fault = received.map_or(fault, |bytes| fault.with_received(bytes));
                let error = ErrorCode::of(&fault);
                assert_eq!(ErrorCode::new(error.case(), error.payload().clone()).as_ref(), Some(&error), "{kind}");
                let (back, reading) = (error.fault().unwrap(), error.reading().unwrap());
                assert!(reading.may_be(kind), "{kind}");
                if reading.is_exact() || error.case() == "internal-error" {
                    assert_eq!(back.kind(), kind);
                }
                match error.payload() {
                    Payload::TlsAlert { .. } if matches!(code, Some(Code::TlsAlert(_))) => {
                        assert_eq!(back.code(), code)
                    }
                    Payload::Dns { rcode: Some(_), .. } if matches!(code, Some(Code::DnsRcode(_))) => {
                        assert_eq!(back.code(), code);
                    }
                    Payload::BodySize(_) => assert_eq!(back.received(), received),
                    Payload::SectionSize(_) | Payload::FieldSize { .. } => {
                        assert_eq!(back.received(), received.map(|bytes| bytes.min(u64::from(u32::MAX))));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// What upstreams did, and which kinds say so. Two where a race or the proxy's own reading decides.
const TRUTH: &[(&str, &[FaultKind])] = {
    use FaultKind::*;
    &[
        ("refused", &[ConnectionRefused]),
        ("dns_servfail", &[DnsFailure]),
        ("reset_on_accept", &[ResetBeforeResponse, ConnectReset]),
        ("close_on_accept", &[ClosedBeforeResponse]),
        ("reset_mid_body", &[BodyReset]),
        ("close_mid_status_line", &[HeadTruncated]),
        ("close_mid_head", &[HeadTruncated]),
        ("close_mid_cl_body", &[BodyTruncated]),
        ("close_mid_chunked", &[BodyTruncated]),
        ("garbage_status_line", &[BadStatusLine, NotHttp]),
        ("ssh_banner", &[NotHttp]),
        ("redis_err", &[NotHttp]),
        ("h2_settings_on_h1", &[NotHttp]),
        ("plain_on_tls", &[TlsNotTls]),
        ("tls_expired", &[CertExpired]),
        ("tls_wrong_host", &[CertNameMismatch]),
        ("tls_client_cert", &[TlsAlert]),
        ("tls_close_hello", &[TlsClosed]),
        ("tls_reset_hello", &[TlsReset]),
        ("bad_header_nul", &[BadHeader]),
        ("bad_header_space_before_colon", &[BadHeader]),
        ("huge_head_1mb", &[HeadTooLarge, HeaderTooLarge]),
        ("many_headers_5000", &[TooManyHeaders, HeadTooLarge]),
        ("cl_negative", &[AmbiguousFraming]),
        ("te_unknown", &[UnsupportedCoding]),
        ("chunk_size_overflow", &[BadChunk]),
        ("bad_chunk_crlf", &[BadChunk]),
        ("trailer_forbidden", &[BadTrailer]),
        ("status_000", &[BadStatusLine]),
        ("status_99", &[BadStatusLine]),
        ("unexpected_101", &[UnexpectedUpgrade]),
        ("only_100_then_close", &[ClosedBeforeResponse]),
        ("many_1xx", &[TooManyInterim]),
        ("endless_head", &[HeadStalled, HeadTooLarge]),
        ("no_response_timeout", &[ResponseTimeout]),
        ("stall_mid_head", &[HeadStalled]),
        ("stall_mid_body", &[BodyStalled]),
    ]
};

/// The words that proxies really logged for what their upstreams really did (51 misbehaviours; those are left out that a
/// proxy did not notice).
#[rustfmt::skip]
const MEASURED: &[(Dialect, &str, &[&str])] = &[
    (Dialect::EnvoyFlags, "UF", &["refused", "plain_on_tls", "tls_expired", "tls_wrong_host", "tls_client_cert", "tls_close_hello", "tls_reset_hello"]),
    (Dialect::EnvoyFlags, "UH", &["dns_servfail"]),
    (Dialect::EnvoyFlags, "UC", &["reset_on_accept", "close_on_accept", "only_100_then_close"]),
    (
        Dialect::EnvoyFlags,
        "UPE",
        &[
            "reset_mid_body", "close_mid_cl_body", "close_mid_chunked", "chunk_size_overflow", "bad_chunk_crlf", "close_mid_status_line",
            "close_mid_head", "garbage_status_line", "ssh_banner", "redis_err", "h2_settings_on_h1", "bad_header_nul",
            "bad_header_space_before_colon", "huge_head_1mb", "many_headers_5000", "cl_negative", "te_unknown", "status_000", "status_99",
        ],
    ),
    (Dialect::EnvoyFlags, "UT", &["endless_head", "no_response_timeout", "stall_mid_head", "stall_mid_body"]),
    (
        Dialect::EnvoyDetails,
        "upstream_reset_before_response_started{remote_connection_failure}",
        &["refused", "plain_on_tls", "tls_expired", "tls_wrong_host", "tls_client_cert", "tls_close_hello", "tls_reset_hello"],
    ),
    (Dialect::EnvoyDetails, "upstream_reset_before_response_started{connection_termination}", &["reset_on_accept", "close_on_accept"]),
    (Dialect::EnvoyDetails, "upstream_reset_after_response_started{connection_termination}", &["only_100_then_close"]),
    (
        Dialect::EnvoyDetails,
        "upstream_reset_after_response_started{protocol_error}",
        &["reset_mid_body", "close_mid_cl_body", "close_mid_chunked", "chunk_size_overflow", "bad_chunk_crlf"],
    ),
    (
        Dialect::EnvoyDetails,
        "upstream_reset_before_response_started{protocol_error}",
        &[
            "close_mid_status_line", "close_mid_head", "garbage_status_line", "ssh_banner", "redis_err", "h2_settings_on_h1", "bad_header_nul",
            "bad_header_space_before_colon", "huge_head_1mb", "many_headers_5000", "cl_negative", "te_unknown", "status_000", "status_99",
        ],
    ),
    (Dialect::EnvoyDetails, "response_timeout", &["endless_head", "no_response_timeout", "stall_mid_head", "stall_mid_body"]),
    (Dialect::EnvoyDetails, "no_healthy_upstream", &["dns_servfail"]),
    (
        Dialect::HaProxy,
        "SC",
        &["refused", "dns_servfail", "plain_on_tls", "tls_expired", "tls_wrong_host", "tls_client_cert", "tls_close_hello", "tls_reset_hello"],
    ),
    (Dialect::HaProxy, "SH", &["reset_on_accept", "close_on_accept", "close_mid_status_line", "close_mid_head", "only_100_then_close"]),
    (Dialect::HaProxy, "SD", &["reset_mid_body", "close_mid_cl_body", "close_mid_chunked"]),
    (
        Dialect::HaProxy,
        "PH",
        &[
            "garbage_status_line", "ssh_banner", "redis_err", "h2_settings_on_h1", "bad_header_space_before_colon", "huge_head_1mb",
            "many_headers_5000", "cl_negative", "te_unknown", "chunk_size_overflow", "bad_chunk_crlf", "trailer_forbidden", "unexpected_101",
        ],
    ),
    (Dialect::HaProxy, "sH", &["endless_head", "many_1xx", "no_response_timeout", "stall_mid_head"]),
    (Dialect::HaProxy, "sD", &["stall_mid_body"]),
    (
        Dialect::TrafficServer,
        "ERR_CONNECT_FAIL",
        &[
            "refused", "reset_on_accept", "close_on_accept", "close_mid_status_line", "close_mid_head", "garbage_status_line", "ssh_banner",
            "redis_err", "h2_settings_on_h1", "plain_on_tls", "tls_expired", "tls_wrong_host", "tls_client_cert", "tls_close_hello",
            "tls_reset_hello", "bad_header_nul", "huge_head_1mb", "cl_negative", "status_000", "only_100_then_close",
        ],
    ),
    (Dialect::TrafficServer, "ERR_UNKNOWN", &["dns_servfail"]),
    (
        Dialect::TrafficServer,
        "ERR_READ_ERROR",
        &["reset_mid_body", "close_mid_cl_body", "close_mid_chunked", "chunk_size_overflow", "bad_chunk_crlf"],
    ),
    (Dialect::TrafficServer, "ERR_INVALID_REQ", &["te_unknown"]),
    (Dialect::TrafficServer, "ERR_READ_TIMEOUT", &["no_response_timeout", "stall_mid_head", "stall_mid_body"]),
    (Dialect::Squid, "ERR_CONNECT_FAIL", &["refused", "reset_on_accept"]),
    (Dialect::Squid, "ERR_READ_ERROR", &["dns_servfail", "reset_mid_body"]),
    (Dialect::Squid, "ERR_ZERO_SIZE_OBJECT", &["close_on_accept", "tls_client_cert", "only_100_then_close"]),
    (
        Dialect::Squid,
        "ERR_INVALID_RESP",
        &["close_mid_status_line", "bad_header_nul", "cl_negative", "te_unknown", "status_000", "status_99", "unexpected_101"],
    ),
    (Dialect::Squid, "ERR_SECURE_CONNECT_FAIL", &["plain_on_tls", "tls_expired", "tls_wrong_host", "tls_close_hello", "tls_reset_hello"]),
    (Dialect::Squid, "ERR_TOO_BIG", &["huge_head_1mb", "many_headers_5000"]),
    (Dialect::Squid, "ERR_READ_TIMEOUT", &["endless_head", "no_response_timeout", "stall_mid_head", "stall_mid_body"]),
];

#[test]
fn words_that_proxies_really_logged_may_mean_what_really_happened() {
    let mut held = 0;
    for (dialect, word, faults) in MEASURED {
        let reading = dialect.read(word).unwrap().reading.unwrap();
        for fault in *faults {
            let (_, kinds) =
                TRUTH.iter().find(|(name, _)| name == fault).unwrap_or_else(|| panic!("{fault} is not in TRUTH"));
            assert!(
                kinds.iter().any(|&kind| reading.may_be(kind)),
                "{}: {word} was logged for {fault}",
                dialect.as_str()
            );
            held += 1;
        }
    }
    assert_eq!(held, 157);
}

/// The table for people: a row a kind, a column a dialect; then every word.
fn document() -> String {
    let mut out = String::from(
        "# Dialects\n\nOur faults in other software's words, made from `src/dialect/words`. An empty cell: it has no word, most often because \
         it does not notice.\n\n| fault |",
    );
    for dialect in Dialect::ALL {
        write!(out, " {} |", dialect.as_str()).unwrap();
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(Dialect::ALL.len()));
    for &kind in FaultKind::ALL {
        write!(out, "\n| {kind} |").unwrap();
        for dialect in Dialect::ALL {
            write!(out, " {} |", dialect.word(kind).map_or(String::new(), |word| format!("`{word}`"))).unwrap();
        }
    }
    out.push('\n');
    for dialect in Dialect::ALL {
        write!(
            out,
            "\n## {}: {}\n\n| word | what it says | what it may be |\n|---|---|---|\n",
            dialect.name(),
            dialect.place()
        )
        .unwrap();
        for word in dialect.words() {
            let reading = word.reading.map_or("no fault of an upstream".to_owned(), |reading| reading.to_string());
            writeln!(out, "| `{}` | {} | {reading} |", word.word, word.meaning).unwrap();
        }
    }
    out
}

#[test]
fn the_table_for_people_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dialects.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document(), "run: UPDATE=1 cargo test --test dialect");
}
