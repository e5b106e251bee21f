//! What must hold for every page, whatever the fault and whatever a peer put into its names.

use std::time::Duration;

use badgateway::diagnose::{Context, Deployment};
use badgateway::exchange::RequestBody;
use badgateway::fault::{Class, Code, Evidence};
use badgateway::reply::Disclosure;
use badgateway::{Exchange, Fault, FaultKind};
use http::Method;
use proptest::prelude::*;

use super::cases::{body, gateway, get};
use super::html;

const DISCLOSURES: [Disclosure; 3] = [Disclosure::Token, Disclosure::Details, Disclosure::Trusted];
/// The limit of the built-in page.
const WHOLE: usize = 8 << 10;

#[track_caller]
fn check(page: &str) {
    assert!(page.len() < WHOLE, "{} bytes", page.len());
    let tags = html::tags(page).unwrap_or_else(|wrong| panic!("{wrong} in {page}"));
    let levels = html::headings(&tags);
    assert_eq!(levels.iter().filter(|&&level| level == 1).count(), 1);
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert_eq!(tags.iter().filter(|tag| *tag == "main").count(), 1);
    // Nothing that would be fetched.
    for outside in ["src=", "url(", "@import", "style=\"", "http-equiv"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("href").count(), page.matches("href=\"\"").count());
}

#[test]
fn every_kind_and_class_at_every_disclosure() {
    let faults = FaultKind::ALL.iter().map(|&kind| Fault::new(kind).with_received(7).with_offset(3));
    for fault in faults.chain(Class::ALL.iter().map(|&class| Fault::of_class(class))) {
        for disclosure in DISCLOSURES {
            let page = body(&gateway(disclosure).answer_fault(&fault, &get()));
            check(&page);
            let told = fault.kind().as_str();
            let row = format!("<dt>Code</dt><dd><code>{told}</code></dd>");
            assert_eq!(page.contains(&row), disclosure > Disclosure::Token, "{told}");
            assert_eq!(page.contains("<ol class=\"causes\""), disclosure > Disclosure::Token, "{told}");
            assert_eq!(page.contains("<ol class=\"steps\""), disclosure == Disclosure::Trusted, "{told}");
        }
    }
}

/// Whatever a peer, or the network, may have put into an exchange.
const SECRET: &str = "sekrit-7";

fn secretive() -> (Fault, Exchange, Evidence, Context<'static>) {
    let mut exchange = get();
    exchange.next_hop = Some("sekrit-7.internal:31337".into());
    exchange.next_protocol = Some("sekrit-7".into());
    exchange.path = Some("/sekrit-7?a".parse().unwrap());
    let mut context = Context::default();
    (context.host, context.port, context.server_name) = (Some("sekrit-7.host"), Some(31337), Some("sekrit-7.sni"));
    (context.deployment, context.unit, context.path) = (Deployment::Systemd, Some("sekrit-7"), Some("/sekrit-7"));
    let evidence = Evidence::new().with_text("certificate", "sekrit-7.example").with_first_bytes(b"sekrit-7");
    let fault = Fault::new(FaultKind::CertNameMismatch).with_code(Code::Errno(31337));
    (fault, exchange, evidence, context)
}

#[test]
fn no_name_is_told_below_full_disclosure() {
    let (fault, exchange, evidence, context) = secretive();
    for disclosure in DISCLOSURES {
        let page = body(&gateway(disclosure).answer_diagnosed(&fault, &exchange, &evidence, &context));
        check(&page);
        let trusted = disclosure == Disclosure::Trusted;
        for secret in ["sekrit-7.internal", "sekrit-7.example", "31337", SECRET] {
            assert_eq!(page.contains(secret), trusted, "{secret} at {disclosure:?} in {page}");
        }
    }
}

/// Which causes fit depends on where the next hop is. It must not show.
#[test]
fn with_details_a_page_is_the_same_wherever_the_next_hop_is() {
    for &kind in FaultKind::ALL {
        let page = |next_hop: Option<&'static str>, deployment| {
            let mut exchange = get();
            exchange.next_hop = next_hop.map(Into::into);
            let mut context = Context::default();
            context.deployment = deployment;
            let gateway = gateway(Disclosure::Details);
            body(&gateway.answer_diagnosed(&Fault::new(kind), &exchange, &Evidence::new(), &context))
        };
        let nowhere = page(None, Deployment::Unknown);
        for next_hop in ["localhost:80", "127.0.0.1:443", "10.0.0.7", "app.internal:6379", "unix:/run/app.sock"] {
            for deployment in [Deployment::Unknown, Deployment::Docker, Deployment::Kubernetes] {
                assert_eq!(page(Some(next_hop), deployment), nowhere, "{kind:?} at {next_hop}");
            }
        }
    }
}

#[test]
fn an_error_value_is_evidence_for_a_trusted_page_alone() {
    let error = std::io::Error::other("sekrit-7 <b>");
    for disclosure in DISCLOSURES {
        let page = body(&gateway(disclosure).answer(&error, &get()));
        check(&page);
        assert_eq!(page.contains("sekrit-7 &lt;b&gt;"), disclosure == Disclosure::Trusted, "{page}");
    }
}

#[test]
fn a_link_to_try_again_is_there_where_it_would_do_that() {
    let link = |kind, method: Method, wait: Option<u64>| {
        let mut exchange = get();
        (exchange.method, exchange.retry_after) = (method, wait.map(Duration::from_secs));
        body(&gateway(Disclosure::Token).answer_fault(&Fault::new(kind), &exchange)).contains("href=\"\"")
    };
    assert!(link(FaultKind::ConnectionRefused, Method::GET, None));
    // A link makes a GET, and sooner than asked is in vain; some faults do not pass.
    assert!(!link(FaultKind::ConnectionRefused, Method::POST, None));
    assert!(!link(FaultKind::ConnectionRefused, Method::PUT, None));
    assert!(!link(FaultKind::ConnectionRefused, Method::GET, Some(1)));
    assert!(!link(FaultKind::CertExpired, Method::GET, None));
}

#[test]
fn long_values_are_cut_and_say_so() {
    let mut exchange = get();
    exchange.next_hop = Some("a".repeat(10_000).into());
    exchange.reference = Some("<".repeat(10_000).into());
    let page = body(&gateway(Disclosure::Trusted).answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange));
    check(&page);
    assert!(page.contains(&format!("<code>{}\u{2026}</code>", "a".repeat(256))));
    // 256 bytes after the escape are 64 of these.
    assert!(page.contains(&format!("<code>{}\u{2026}</code>", "&lt;".repeat(64))));
}

/// The longest that there can be of everything, in characters that are long when they are escaped.
#[test]
fn the_longest_page_is_short() {
    let long = "\"".repeat(10_000);
    let mut exchange = get();
    exchange.next_hop = Some(long.clone().into());
    exchange.reference = Some(long.clone().into());
    exchange.next_protocol = Some(long.clone().into());
    exchange.method = Method::POST;
    (exchange.attempts, exchange.reused, exchange.elapsed) = (u32::MAX, Some(true), Some(Duration::from_secs(60)));
    (exchange.sent, exchange.received) = (Some(u64::MAX), Some(u64::MAX));
    let evidence = (0..20).fold(Evidence::new(), |evidence, _| evidence.with_text("certificate", &long));
    let name = "\"".repeat(256);
    let gateway = badgateway::Gateway::new(&name).unwrap().with_disclosure(Disclosure::Trusted);
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind).with_received(u64::MAX).with_expected(u64::MAX);
        check(&body(&gateway.answer_diagnosed(&fault, &exchange, &evidence, &Context::default())));
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "\"",
        "'",
        "<",
        ">",
        "&",
        "&lt;",
        "</code>",
        "</style>",
        "{{reference}}",
        "{{#time}}",
        "\r\n",
        "\0",
        "\u{202e}",
        "\u{2028}",
        "é",
        "😀",
        "a",
        ".",
        ":",
        "8080",
        "-->",
        "javascript:",
        "$(id)",
        "'; reboot; '",
        "/",
        "[::1]",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_from_a_peer_is_markup(
        (next_hop, reference, certificate, unit, path) in (hostile(), hostile(), hostile(), hostile(), hostile()),
        name in "[ -~]{1,256}",
        (kind, disclosure) in (prop::sample::select(FaultKind::ALL), prop::sample::select(&DISCLOSURES[..])),
        (waited, wait) in (0u64..100_000, prop::option::of(any::<u64>())),
    ) {
        let mut exchange = get();
        exchange.next_hop = Some(next_hop.clone().into());
        exchange.reference = Some(reference.clone().into());
        exchange.elapsed = Some(Duration::from_millis(waited));
        exchange.retry_after = wait.map(Duration::from_secs);
        exchange.request_body = RequestBody::Whole;
        let mut context = Context::default();
        (context.host, context.unit, context.path) = (Some(&*next_hop), Some(&*unit), Some(&*path));
        (context.server_name, context.deployment) = (Some(&*certificate), Deployment::Docker);
        let evidence = Evidence::new().with_text("certificate", &certificate).with_first_bytes(reference.as_bytes());
        let gateway = badgateway::Gateway::new(&name).unwrap().with_disclosure(disclosure);
        let fault = Fault::new(kind);
        let page = body(&gateway.answer_diagnosed(&fault, &exchange, &evidence, &context));
        check(&page);
        let mut wire = Vec::new();
        gateway.answer_wire_diagnosed(&fault, &exchange, &evidence, &context, &mut wire);
        prop_assert!(String::from_utf8(wire).unwrap().ends_with(&format!("\r\n\r\n{page}")), "the same on the wire");
    }
}
