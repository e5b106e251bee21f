//! `Proxy-Status` as another implementation reads it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::wildcard_enum_match_arm)]

use badgateway::fault::{Class, Code};
use badgateway::reply::Disclosure;
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use http::{HeaderValue, StatusCode};
use proptest::prelude::*;
use sfv::{BareItem, Item, List, ListEntry, Parser};

fn status(disclosure: Disclosure, fault: &Fault, exchange: &Exchange) -> String {
    let gateway = Gateway::new("gw").unwrap().with_disclosure(disclosure);
    gateway.proxy_status(fault, exchange).to_str().unwrap().to_owned()
}

fn details(fault: Fault) -> String {
    status(Disclosure::Details, &fault, &Exchange::default())
}

#[test]
fn the_token_and_no_more_by_default() {
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind).with_received(9).with_code(Code::TlsAlert(40));
        let expected = kind.error_type().map_or("gw".to_owned(), |e| format!("gw; error={}", e.token()));
        assert_eq!(status(Disclosure::Token, &fault, &Exchange::default()), expected);
    }
}

#[test]
fn the_extra_parameters_of_each_type() {
    let new = Fault::new;
    for (fault, expected) in [
        (new(FaultKind::DnsNotFound), r#"gw; error=dns_error; details="dns_not_found""#),
        (
            new(FaultKind::DnsFailure).with_code(Code::DnsRcode(2)),
            r#"gw; error=dns_error; rcode="SERVFAIL"; details="dns_failure, rcode 2""#,
        ),
        (
            new(FaultKind::DnsFailure).with_code(Code::DnsRcode(999)),
            r#"gw; error=dns_error; details="dns_failure, rcode 999""#,
        ),
        (
            new(FaultKind::TlsAlert).with_code(Code::TlsAlert(40)),
            r#"gw; error=tls_alert_received; alert-id=40; alert-message=handshake_failure; details="tls_alert, alert 40""#,
        ),
        (
            new(FaultKind::TlsAlert).with_code(Code::TlsAlert(200)),
            r#"gw; error=tls_alert_received; alert-id=200; details="tls_alert, alert 200""#,
        ),
        (
            new(FaultKind::ClientTimeout),
            r#"gw; error=http_request_error; status-code=408; status-phrase="Request Timeout"; details="client_timeout""#,
        ),
        (
            new(FaultKind::ClientBodyFailed).with_code(Code::Status(413)),
            r#"gw; error=http_request_error; status-code=413; status-phrase="Payload Too Large"; details="client_body_failed""#,
        ),
        (
            new(FaultKind::HeadTooLarge).with_received(65_536),
            r#"gw; error=http_response_header_section_size; header-section-size=65536; details="head_too_large, after 65536 bytes""#,
        ),
        (
            new(FaultKind::HeaderTooLarge).with_received(8193),
            r#"gw; error=http_response_header_size; header-size=8193; details="header_too_large, after 8193 bytes""#,
        ),
        (
            new(FaultKind::BodyTooLarge).with_received(10).with_expected(20),
            r#"gw; error=http_response_body_size; body-size=10; details="body_too_large, 10 of 20 bytes""#,
        ),
        (
            new(FaultKind::TrailersTooLarge).with_received(10),
            r#"gw; error=http_response_trailer_section_size; trailer-section-size=10; details="trailers_too_large, after 10 bytes""#,
        ),
        (
            Fault::of_class(Class::ChunkSizeEmpty).with_offset(120),
            r#"gw; error=http_response_transfer_coding; coding=chunked; details="bad_chunk: chunk.size_empty at 120""#,
        ),
        (
            Fault::of_class(Class::HeaderValueNul).with_offset(53),
            r#"gw; error=http_protocol_error; details="bad_header: header.value_nul at 53""#,
        ),
        // Sixteen digits are no Integer, and a bent number would be a lie.
        (
            new(FaultKind::BodyTooLarge).with_received(1_000_000_000_000_000),
            r#"gw; error=http_response_body_size; details="body_too_large, after 1000000000000000 bytes""#,
        ),
        (
            new(FaultKind::ConnectionRefused).with_code(Code::Errno(111)),
            r#"gw; error=connection_refused; details="connection_refused""#,
        ),
        (
            new(FaultKind::StreamReset).with_code(Code::H2(11)),
            r#"gw; error=connection_terminated; details="stream_reset, h2 code 11""#,
        ),
    ] {
        assert_eq!(details(fault), expected);
    }
}

#[test]
fn the_trusted_know_the_next_hop() {
    let mut exchange = Exchange::default();
    exchange.next_hop = Some("backend.example.org:8001".into());
    exchange.next_protocol = Some("h2".into());
    exchange.received_status = Some(StatusCode::SERVICE_UNAVAILABLE);
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    assert_eq!(
        status(Disclosure::Trusted, &fault, &exchange),
        r#"gw; error=connection_refused; details="connection_refused, errno 111"; next-hop=backend.example.org:8001; next-protocol=h2; received-status=503"#
    );
    exchange.next_hop = Some("[::1]:80".into());
    exchange.next_protocol = Some("http/1.1\n".into());
    exchange.received_status = None;
    assert_eq!(
        status(Disclosure::Trusted, &fault, &exchange),
        r#"gw; error=connection_refused; details="connection_refused, errno 111"; next-hop="[::1]:80"; next-protocol=:aHR0cC8xLjEK:"#
    );
}

#[test]
fn ours_comes_last_and_a_broken_value_is_not_kept() {
    for (theirs, kept) in [
        ("origin-lb; error=dns_timeout", true),
        ("a, \"b c\";x=?1", true),
        ("a; details=\"open", false),
        ("a,", false),
        ("", false),
        ("a\tb", false),
        ("a; details=\"\u{e9}\"", false),
        (&"a".repeat(1024), true),
        (&"a".repeat(1025), false),
    ] {
        let mut exchange = Exchange::default();
        exchange.proxy_status = Some(HeaderValue::from_bytes(theirs.as_bytes()).unwrap());
        let expected = if kept { format!("{theirs}, gw; error=dns_timeout") } else { "gw; error=dns_timeout".into() };
        assert_eq!(status(Disclosure::Token, &Fault::new(FaultKind::DnsTimeout), &exchange), expected);
    }
}

#[test]
fn a_name_that_is_no_token_is_a_string() {
    let gateway = Gateway::new("Edge \"1\"").unwrap();
    let value = gateway.proxy_status(&Fault::new(FaultKind::DnsTimeout), &Exchange::default());
    assert_eq!(value, r#""Edge \"1\""; error=dns_timeout"#);
    assert!(Gateway::new("").is_err());
    assert!(Gateway::new("a\r\nb").is_err());
}

fn last(list: &List) -> &Item {
    match list.last().unwrap() {
        ListEntry::Item(item) => item,
        ListEntry::InnerList(_) => panic!("an inner list"),
    }
}

fn text(item: &BareItem) -> String {
    match item {
        BareItem::Token(token) => token.to_string(),
        BareItem::String(string) => string.to_string(),
        other => panic!("{other:?}"),
    }
}

prop_compose! {
    fn numbered()(
        kind in prop::sample::select(FaultKind::ALL),
        class in prop::option::of(prop::sample::select(Class::ALL)),
        numbers in any::<(u64, u64, u64)>(),
        code in prop_oneof![
            any::<i32>().prop_map(Code::Errno),
            any::<u8>().prop_map(Code::TlsAlert),
            (0..30u16).prop_map(Code::DnsRcode),
            any::<u16>().prop_map(Code::Status),
            any::<u32>().prop_map(Code::H3),
        ],
    ) -> Fault {
        let fault = Fault::new(kind).with_offset(numbers.0).with_expected(numbers.1).with_received(numbers.2).with_code(code);
        class.map_or(fault, |class| fault.with_class(class))
    }
}

proptest! {
    /// Whatever goes in, the value is a List whose last member is ours, with the token of the fault.
    #[test]
    fn any_value_parses_and_ends_with_ours(
        name in "[ -~]{1,40}",
        fault in numbered(),
        next_hop in any::<Option<String>>(),
        next_protocol in any::<Option<String>>(),
        theirs in prop_oneof![
            Just(None),
            any::<Vec<u8>>().prop_map(Some),
            "[a\"\\\\;,= ]{0,12}".prop_map(|s| Some(s.into_bytes())),
            "[a-z]{1,4}(; ?[a-z]{1,3}=(\"[a-z ]{0,4}\"|[0-9]{1,16}|:[A-Za-z]{0,4}:|\\?[0-3]|[0-9]\\.[0-9]{0,4}))?".prop_map(|s| Some(s.into_bytes())),
        ],
        disclosure in prop::sample::select(vec![Disclosure::Token, Disclosure::Details, Disclosure::Trusted]),
        received in prop::option::of(100u16..1000),
    ) {
        let mut exchange = Exchange::default();
        exchange.next_hop = next_hop.map(Into::into);
        exchange.next_protocol = next_protocol.map(Into::into);
        exchange.proxy_status = theirs.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        exchange.received_status = received.map(|n| StatusCode::from_u16(n).unwrap());
        let gateway = Gateway::new(&name).unwrap().with_disclosure(disclosure);
        let value = gateway.proxy_status(&fault, &exchange);
        let list = Parser::new(value.as_bytes()).parse::<List>().unwrap();
        let ours = last(&list);
        prop_assert_eq!(text(&ours.bare_item), name);
        let token = ours.params.get("error").map(text);
        prop_assert_eq!(token.as_deref(), fault.error_type().map(|e| e.token()));
        let told = token.is_some() && disclosure == Disclosure::Trusted;
        prop_assert_eq!(ours.params.contains_key("next-hop"), told && exchange.next_hop.is_some());
        prop_assert_eq!(ours.params.contains_key("received-status"), told && received.is_some());
        if disclosure == Disclosure::Token {
            prop_assert!(ours.params.len() <= 1);
        }
    }
}
