//! The table of kinds, walked row by row: what every row must satisfy, and the page made of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::collections::HashSet;
use std::fmt::Write as _;

use badgateway::Exchange;
use badgateway::decide::health::prunes;
use badgateway::decide::{Decision, Profile, decide, grpc_status};
use badgateway::diagnose::attribution::Software;
use badgateway::dialect::Dialect;
use badgateway::dialect::logs::Format;
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Applied, Blame, Category, Class, Code, ErrorType, Fault, FaultKind, Phase, Prune, ReportedBy};
use http::StatusCode;

/// Rows whose status differs from what RFC 9209 recommends for their type, each with its reason there.
const OTHER_STATUS: &[FaultKind] = &[
    // A 503 passes by itself; the registry's 500 for `proxy_internal_error` speaks of defects.
    FaultKind::LocalExhausted,
    // `http_request_error` recommends "the applicable 4xx".
    FaultKind::ClientTimeout,
];

#[test]
fn every_row_is_sound() {
    let mut codes = HashSet::new();
    for &kind in FaultKind::ALL {
        assert!(codes.insert(kind.as_str()), "{kind} stands twice");
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert!(kind.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{kind}");
        let phrase = kind.phrase();
        assert!(phrase.starts_with(|c: char| c.is_lowercase() || phrase.starts_with("TLS")), "{phrase}");
        assert!(!phrase.ends_with('.') && phrase.is_ascii(), "{phrase}");
        assert!(kind.source().contains("RFC") || kind.source().contains("nginx"), "{kind} has no source");
        assert_eq!(Fault::new(kind).phase(), kind.phase());
        match kind.error_type() {
            Some(error) if OTHER_STATUS.contains(&kind) => assert_ne!(kind.status(), error.recommended_status()),
            Some(error) => assert_eq!(kind.status(), error.recommended_status(), "{kind}"),
            None => assert_eq!(kind, FaultKind::ClientAborted),
        }
    }
    assert!("no_such_kind".parse::<FaultKind>().is_err());
}

/// `as_str` and `FromStr` are each other's inverse, for whatever has a stable name.
#[test]
fn stable_names_are_read_back() {
    macro_rules! read_back {
        ($($name:ty),+) => {$(
            let mut words = HashSet::new();
            for value in <$name>::ALL {
                assert!(words.insert(value.as_str()), "{value} stands twice");
                assert_eq!(value.as_str().parse(), Ok(*value));
                assert_eq!(value.to_string(), value.as_str());
            }
            for word in ["", "teapot", "DNS_ERROR", " head"] {
                let error = word.parse::<$name>().unwrap_err();
                assert_eq!(error.accepted().len(), <$name>::ALL.len());
                assert!(error.to_string().starts_with("not one of "), "{error}");
            }
        )+};
    }
    read_back!(
        FaultKind, Phase, Category, Applied, Blame, Prune, ReportedBy, Class, ErrorType, Dialect, Format, Software
    );
}

#[test]
fn columns_agree_with_each_other() {
    for &kind in FaultKind::ALL {
        // Nothing was sent in these phases, so nothing was applied.
        if !kind.phase().may_have_sent() && kind != FaultKind::ProxyInternal {
            assert_eq!(kind.applied(), Applied::No, "{kind}");
        }
        // Every timeout is a 504 and every 504 a timeout.
        if kind.category() != Category::Client {
            assert_eq!(kind.category() == Category::Timeout, kind.status() == 504, "{kind}");
        }
        // 500 is for the gateway's own failures, never for an upstream's.
        if kind.status() == 500 {
            assert!(matches!(kind.blame(), Blame::Proxy | Blame::Configuration), "{kind}");
        }
        if kind.category() == Category::Client {
            assert_eq!(kind.blame(), Blame::Client, "{kind}");
        }
        assert_eq!(kind.blame() == Blame::Unknown, kind == FaultKind::Unclassified, "{kind}");
        // Cloudflare's codes, where it documents one.
        match kind.error_type() {
            Some(ErrorType::TlsCertificateError) => assert_eq!(kind.cloudflare(), 526, "{kind}"),
            Some(ErrorType::DnsError | ErrorType::DnsTimeout) => assert_eq!(kind.cloudflare(), 530, "{kind}"),
            _ => {}
        }
    }
}

/// What a resolver, a client or a limit of the gateway's own is to blame for ejects nobody.
#[test]
fn health_counts_what_went_wrong_with_the_next_hop_itself() {
    for &kind in FaultKind::ALL {
        let exempt = match kind.category() {
            Category::Client | Category::Local | Category::Dns | Category::TooLarge => true,
            _ if kind.phase() == Phase::Resolve => true,
            // Nobody was asked, or the next hop said in good order that it did not take the request.
            Category::Limit => !matches!(kind, FaultKind::StreamRefused | FaultKind::EnhanceYourCalm),
            // Nobody was asked; and a client can ask any healthy server for an upgrade that it does not have.
            Category::Unreachable | Category::Protocol => {
                // And of what nobody knows, nobody is to blame.
                matches!(kind, FaultKind::NoHealthyUpstream | FaultKind::UpgradeRefused | FaultKind::Unclassified)
            }
            Category::Refused | Category::Reset | Category::PrematureEof => false,
            Category::Malformed | Category::Timeout | Category::Tls => false,
        };
        assert_eq!(kind.counts_against_health(), !exempt, "{kind}");
    }
}

/// What makes an endpoint one to be dropped is found out before a request is sent, does not lie in a client's hand, and asks for
/// a repair or a new name. Of all else it is the counter that decides.
#[test]
fn an_endpoint_is_dropped_for_what_time_does_not_mend() {
    let dropped: Vec<_> = FaultKind::ALL.iter().filter_map(|kind| Some((*kind, kind.prune()?))).collect();
    assert_eq!(
        dropped,
        [
            (FaultKind::DnsNotFound, Prune::NameGone),
            (FaultKind::AddressProhibited, Prune::Prohibited),
            (FaultKind::CertNameMismatch, Prune::Stranger),
            (FaultKind::CertRevoked, Prune::Revoked),
        ]
    );
    let mut late = Exchange::default();
    late.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Length };
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind);
        assert_eq!(prunes(&fault, &Exchange::default()), kind.prune(), "{kind}");
        assert_eq!(prunes(&fault, &late), None, "{kind}");
        for &phase in Phase::ALL {
            let prunes = prunes(&fault.at(phase), &Exchange::default());
            assert!(prunes.is_none() || !phase.may_have_sent(), "{kind} in {phase}");
        }
        if kind.prune().is_some() {
            assert_eq!(kind.applied(), Applied::No, "{kind}");
            assert!(!kind.phase().may_have_sent(), "{kind}");
            assert!(!matches!(kind.blame(), Blame::Client | Blame::Unknown | Blame::Proxy), "{kind}");
            assert!(!matches!(kind.category(), Category::Timeout | Category::Reset | Category::PrematureEof), "{kind}");
        }
    }
    // Each reason is one for some kind.
    assert!(Prune::ALL.iter().all(|reason| dropped.iter().any(|(_, of)| of == reason)));
}

fn health(kind: FaultKind) -> String {
    let counts = if kind.counts_against_health() { "counts" } else { "exempt" };
    kind.prune().map_or(counts.to_owned(), |reason| format!("{counts}, drop: {reason}"))
}

/// Who waits must not be told to wait for what somebody has to repair, nor the other way round.
#[test]
fn what_passes_by_itself_is_told_from_what_needs_a_repair() {
    for &kind in FaultKind::ALL {
        let transient = match kind.category() {
            Category::Timeout
            | Category::Reset
            | Category::PrematureEof
            | Category::Refused
            | Category::Unreachable => true,
            // The same bytes will break the same rule.
            Category::Dns | Category::Client => kind != FaultKind::BadRequest,
            Category::Malformed | Category::TooLarge => false,
            Category::Limit => kind != FaultKind::TooManyInterim,
            Category::Local => kind == FaultKind::LocalExhausted,
            // A peer that breaks off may be restarting.
            Category::Tls => matches!(kind, FaultKind::TlsClosed | FaultKind::TlsReset),
            Category::Protocol => {
                // Too early is a matter of one connection; a page may be that of a 503; and of what nobody knows, hope.
                matches!(kind, FaultKind::UnsolicitedResponse | FaultKind::NotGrpc | FaultKind::Unclassified)
            }
        };
        assert_eq!(kind.is_transient(), transient, "{kind}");
    }
}

#[test]
fn every_kind_gets_a_response_unless_the_client_has_gone() {
    for &kind in FaultKind::ALL {
        for profile in [Profile::Rfc9209, Profile::Cloudflare, Profile::Nginx, Profile::Envoy, Profile::HaProxy] {
            match decide(&Fault::new(kind), &Exchange::default(), &profile) {
                Decision::Respond(status) => assert!(status.is_client_error() || status.is_server_error(), "{kind}"),
                Decision::Silence => assert_eq!(kind, FaultKind::ClientAborted),
                Decision::Abort(_) => panic!("{kind}: nothing was forwarded"),
            }
        }
    }
}

#[test]
fn classes_belong_to_kinds_that_the_library_reports() {
    let mut names = HashSet::new();
    for &class in Class::ALL {
        assert!(names.insert(class.as_str()), "{class} stands twice");
        assert_eq!(class.as_str().parse(), Ok(class));
        assert_eq!(class.kind().reported_by(), ReportedBy::Library, "{class}");
        let (stage, cause) = class.as_str().split_once('.').unwrap();
        assert!(!stage.is_empty() && !cause.is_empty());
        // A case is of the same stage and kind as its class, and there are no cases of cases.
        let general = class.general();
        assert_eq!((general.general(), general.kind()), (general, class.kind()), "{class}");
        assert!(general.as_str().starts_with(&format!("{stage}.")), "{class}");
        assert_eq!(Fault::of_class(class).class(), Some(class));
    }
}

/// The registry of RFC 9209, section 2.3, once more: the type, its recommended status, and whether a response with it is
/// "only generated by intermediaries". Two statuses are left to the sender; [`ErrorType::recommended_status`] says which
/// stand for them.
#[rustfmt::skip]
const REGISTRY: [(&str, u16, bool); 32] = [
    ("dns_timeout", 504, true),
    ("dns_error", 502, true),
    ("destination_not_found", 500, true),
    ("destination_unavailable", 503, true),
    ("destination_ip_prohibited", 502, true),
    ("destination_ip_unroutable", 502, true),
    ("connection_refused", 502, true),
    ("connection_terminated", 502, false),
    ("connection_timeout", 504, true),
    ("connection_read_timeout", 504, false),
    ("connection_write_timeout", 504, false),
    ("connection_limit_reached", 503, true),
    ("tls_protocol_error", 502, false),
    ("tls_certificate_error", 502, true),
    ("tls_alert_received", 502, false),
    ("http_request_error", 400, true), // "The applicable 4xx status code"
    ("http_request_denied", 403, true),
    ("http_response_incomplete", 502, false),
    ("http_response_header_section_size", 502, false),
    ("http_response_header_size", 502, false),
    ("http_response_body_size", 502, false),
    ("http_response_trailer_section_size", 502, false),
    ("http_response_trailer_size", 502, false),
    ("http_response_transfer_coding", 502, false),
    ("http_response_content_coding", 502, false),
    ("http_response_timeout", 504, false),
    ("http_upgrade_failed", 502, true),
    ("http_protocol_error", 502, false),
    ("proxy_internal_response", 500, true), // "The most appropriate status code for the response"
    ("proxy_internal_error", 500, true),
    ("proxy_configuration_error", 500, true),
    ("proxy_loop_detected", 502, true),
];

#[test]
fn error_types_are_those_of_the_rfc() {
    assert_eq!(ErrorType::ALL.len(), REGISTRY.len());
    for (n, (error, row)) in ErrorType::ALL.iter().zip(REGISTRY).enumerate() {
        assert_eq!((error.as_str(), error.recommended_status(), error.only_by_intermediaries()), row);
        assert_eq!((error.section(), error.to_string()), (&*format!("2.3.{}", n + 1), row.0.to_owned()));
    }
}

#[test]
fn a_fault_is_small_plain_data() {
    assert!(size_of::<Fault>() <= 32, "{}", size_of::<Fault>());
    assert_eq!(size_of::<Option<Fault>>(), size_of::<Fault>(), "results of it stay as small");
    let codes = [
        Code::Errno(-7),
        Code::Errno(111),
        Code::TlsAlert(255),
        Code::H2(u32::MAX),
        Code::H3(0x10c),
        Code::Quic(u32::MAX),
        Code::DnsRcode(u16::MAX),
        Code::Status(408),
    ];
    for code in codes {
        let fault = Fault::new(FaultKind::BadChunk)
            .with_confidence(badgateway::fault::Confidence::Text)
            .with_code(code)
            .with_offset(0)
            .with_expected(u64::MAX - 1)
            .with_received(7);
        assert_eq!(fault.code(), Some(code));
        assert_eq!((fault.offset(), fault.expected(), fault.received()), (Some(0), Some(u64::MAX - 1), Some(7)));
        assert_eq!(fault.confidence(), badgateway::fault::Confidence::Text);
    }
    assert_eq!(Fault::new(FaultKind::BadChunk).with_offset(u64::MAX).offset(), None, "as documented");
}

#[test]
fn a_tls_alert_after_the_request_may_have_been_applied() {
    let alert = Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(116));
    assert_eq!(alert.applied(), Applied::No);
    assert_eq!(alert.at(Phase::Head).applied(), Applied::Perhaps);
}

/// Whoever has begun to answer has acted, whatever it promises afterwards.
#[test]
fn what_shows_in_the_body_or_behind_it_was_applied_perhaps() {
    for (kind, phase) in
        FaultKind::ALL.iter().flat_map(|kind| [Phase::Body, Phase::Trailers].map(|phase| (kind, phase)))
    {
        let expected = if kind.applied() == Applied::Yes { Applied::Yes } else { Applied::Perhaps };
        assert_eq!(Fault::new(*kind).at(phase).applied(), expected, "{kind} in {phase}");
    }
    // Before, the promise holds.
    for phase in [Phase::Send, Phase::Head] {
        assert_eq!(Fault::new(FaultKind::StreamRefused).at(phase).applied(), Applied::No, "{phase}");
    }
}

/// The page `docs/kinds.md`, which the crate's documentation shows. Set `UPDATE=1` to write it anew.
#[test]
fn the_page_of_kinds_is_up_to_date() {
    let mut page = String::from(
        "| kind | phase | category | RFC 9209 error | status | Cloudflare | nginx | Envoy | HAProxy | gRPC | applied | blame | passes | health | source |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for &kind in FaultKind::ALL {
        let caller = if kind.reported_by() == ReportedBy::Caller { " †" } else { "" };
        let error = kind.error_type().map_or_else(|| "none".to_owned(), |e| format!("`{e}`"));
        let fault = Fault::new(kind);
        let [nginx, envoy, haproxy] = [Profile::Nginx, Profile::Envoy, Profile::HaProxy]
            .map(|profile| profile.status(&fault, &Exchange::default()).as_u16());
        writeln!(
            page,
            "| `{kind}`{caller} | {} | {} | {error} | {} | {} | {nginx} | {envoy} | {haproxy} | {} | {} | {} | {} | {} | {} |",
            kind.phase(),
            kind.category(),
            kind.status(),
            kind.cloudflare(),
            grpc_status(&fault),
            kind.applied(),
            kind.blame(),
            if kind.is_transient() { "perhaps" } else { "no" },
            health(kind),
            kind.source(),
        )
        .unwrap();
    }
    page.push_str(
        "\n† no error value says it: only the caller can report it.\n\
         Passes: whether another try at the same next hop may meet something else. Health: whether passive health checks count it, and why\n\
         the endpoint should be dropped, if it should.\n\
         The columns of nginx, Envoy and HAProxy have the RFC's status where these have no answer of their own.\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/kinds.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run the tests with UPDATE=1");
}

#[test]
fn public_types_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<Fault>();
    travels::<badgateway::fault::Failure>();
    travels::<badgateway::fault::Evidence>();
    travels::<Exchange>();
    travels::<Profile>();
    travels::<Decision>();
    travels::<badgateway::Gateway>();
}
