//! `Proxy-Status` as another implementation reads it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::wildcard_enum_match_arm)]

use badgateway::decide::{AbortMethod, Decision};
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Class, Code};
use badgateway::reply::{Disclosure, Mark};
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
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
        let expected = kind.error_type().map_or("gw".to_owned(), |e| format!("gw; error={}", e.as_str()));
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
    // An answer that is not gRPC holds its status itself.
    let page = Fault::of_class(Class::GrpcContentType).with_code(Code::Status(404));
    let of_page = |exchange: &Exchange| status(Disclosure::Trusted, &page, exchange);
    assert!(of_page(&Exchange::default()).ends_with("; received-status=404"));
    assert!(of_page(&exchange).ends_with("; received-status=503"), "the caller's word first");
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

// ---- on responses that are passed on ---------------------------------------------------------------

/// The lines of the field after `forward`.
fn forwarded(gateway: &Gateway, status: u16, theirs: &[&[u8]], exchange: &Exchange) -> Vec<String> {
    let mut response = http::Response::builder().status(status);
    for line in theirs {
        response = response.header("Proxy-Status", HeaderValue::from_bytes(line).unwrap());
    }
    let response = gateway.forward(response.body(()).unwrap(), exchange).unwrap();
    response
        .headers()
        .get_all("proxy-status")
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into())
        .collect()
}

#[test]
fn what_the_next_hop_answered_itself_is_signed_and_is_no_error_of_ours() {
    let gateway = Gateway::new("gw").unwrap();
    let exchange = Exchange::default();
    let theirs: &[u8] = b"origin-lb; error=dns_timeout; next-hop=\"10.0.0.7\"";
    for (mark, status, lines, expected) in [
        (Mark::ServerErrors, 502, &[][..], vec!["gw; received-status=502"]),
        (Mark::ServerErrors, 599, &[], vec!["gw; received-status=599"]),
        (Mark::ServerErrors, 503, &[theirs], vec![std::str::from_utf8(theirs).unwrap(), "gw; received-status=503"]),
        (Mark::ServerErrors, 200, &[], vec![]),
        (Mark::ServerErrors, 404, &[theirs], vec![std::str::from_utf8(theirs).unwrap()]),
        (Mark::Never, 502, &[], vec![]),
        (Mark::Never, 502, &[b"open; details=\"".as_slice()], vec![]),
        (Mark::Always, 200, &[b"a, b".as_slice(), b"c"], vec!["a, b", "c", "gw; received-status=200"]),
        (Mark::Always, 404, &[], vec!["gw; received-status=404"]),
        (Mark::Always, 103, &[], vec![]),
        // Behind a value that does not parse nobody would read ours.
        (Mark::ServerErrors, 500, &[b"open; details=\"".as_slice()], vec!["gw; received-status=500"]),
        (Mark::ServerErrors, 500, &[theirs, b"\xff"], vec!["gw; received-status=500"]),
        (Mark::ServerErrors, 500, &[b"".as_slice()], vec!["gw; received-status=500"]),
        (Mark::ServerErrors, 200, &[b"a; error=".as_slice()], vec![]),
        (Mark::ServerErrors, 200, &[b"a", b"b,"], vec![]),
        // Nobody but us speaks in our name.
        (Mark::ServerErrors, 500, &[b"gw; error=dns_timeout".as_slice()], vec!["gw; received-status=500"]),
        (Mark::ServerErrors, 200, &[b"\"gw\"; error=dns_timeout".as_slice()], vec![]),
        (Mark::ServerErrors, 200, &[b"GW".as_slice()], vec![]),
        (Mark::Never, 200, &[b"a; x=\"1, gw\" , gw;a;b=?0,b;c".as_slice()], vec!["a; x=\"1, gw\", b;c"]),
        (Mark::Never, 200, &[b"gw", b"a", b"gw, gw"], vec!["a"]),
        (Mark::Never, 200, &[b"gw2, a.gw".as_slice()], vec!["gw2, a.gw"]),
    ] {
        let got = forwarded(&gateway.clone().with_mark(mark), status, lines, &exchange);
        assert_eq!(got, expected, "{mark:?} {status}");
    }
    // Appending keeps a value that is longer than what is repeated in an answer of our own.
    let long = format!("a; details=\"{}\"", "x".repeat(4096));
    assert_eq!(forwarded(&gateway, 500, &[long.as_bytes()], &exchange).len(), 2);
}

#[test]
fn the_trusted_know_whose_answer_it_was() {
    let mut exchange = Exchange::default();
    exchange.next_hop = Some("[::1]:80".into());
    exchange.next_protocol = Some("h2".into());
    for (disclosure, expected) in [
        (Disclosure::Token, "gw; received-status=503"),
        (Disclosure::Details, "gw; received-status=503"),
        (Disclosure::Trusted, "gw; received-status=503; next-hop=\"[::1]:80\"; next-protocol=h2"),
    ] {
        let gateway = Gateway::new("gw").unwrap().with_disclosure(disclosure);
        assert_eq!(forwarded(&gateway, 503, &[], &exchange), [expected]);
    }
}

// ---- in trailers -----------------------------------------------------------------------------------

fn exchange(version: Version, grpc: bool, framing: Option<BodyFraming>, wanted: bool) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.version = version;
    exchange.grpc = grpc;
    exchange.trailers_wanted = wanted;
    if let Some(framing) = framing {
        exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing };
    }
    exchange
}

fn head(lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (http::HeaderName::from_static("proxy-status"), line.parse().unwrap())).collect()
}

/// "MUST NOT send Proxy-Status as a trailer field unless it has also generated a Proxy-Status header field with
/// the same member" (RFC 9209 section 2).
#[test]
fn a_trailer_takes_an_announcement() {
    let fault = Fault::new(FaultKind::BadTrailer);
    let open = exchange(Version::HTTP_2, false, Some(BodyFraming::UntilClose), true);
    for (name, lines, announced) in [
        ("gw", &[][..], false),
        ("gw", &["gw"], true),
        ("gw", &["other, gw; received-status=200"], true),
        ("gw", &["other", "gw;a=1"], true),
        ("gw", &["gw2, other; gw"], false),
        ("gw", &["other; details=\"gw, gw\""], false),
        ("gw", &["\"gw\""], false),
        ("gw", &["GW"], false),
        ("a b", &["\"a b\"; x"], true),
        // The whole field is ignored then.
        ("gw", &["gw", "open; details=\""], false),
    ] {
        let gateway = Gateway::new(name).unwrap();
        let trailer = gateway.proxy_status_trailer(&fault, &open, &head(lines));
        assert_eq!(trailer.is_some(), announced, "{name} in {lines:?}");
        let mut sent = head(lines);
        gateway.announce(&mut sent);
        gateway.announce(&mut sent);
        assert!(gateway.proxy_status_trailer(&fault, &open, &sent).is_some());
        let broken = lines.last().is_some_and(|line| line.ends_with("=\""));
        let lines_now = if broken { 1 } else { lines.len() + usize::from(!announced) };
        assert_eq!(sent.len(), lines_now, "once, and nothing else is lost: {sent:?}");
    }
}

#[test]
fn a_trailer_goes_only_where_the_client_can_have_it() {
    use BodyFraming::{Chunked, Length, None as Bodyless, UntilClose};
    let gateway = Gateway::new("gw").unwrap();
    let fault = Fault::new(FaultKind::BadTrailer);
    for (version, framing, wanted, sent) in [
        (Version::HTTP_11, Some(Chunked), true, true),
        (Version::HTTP_11, Some(Chunked), false, false),
        (Version::HTTP_11, Some(Length), true, false),
        (Version::HTTP_11, Some(UntilClose), true, false),
        (Version::HTTP_11, None, true, false),
        (Version::HTTP_10, Some(Chunked), true, false),
        (Version::HTTP_2, Some(Length), false, true),
        (Version::HTTP_2, Some(UntilClose), false, true),
        (Version::HTTP_2, Some(Bodyless), true, false),
        (Version::HTTP_3, Some(Chunked), false, true),
        (Version::HTTP_3, None, true, false),
    ] {
        let mut exchange = exchange(version, false, framing, wanted);
        exchange.proxy_status = Some(HeaderValue::from_static("theirs"));
        let value = gateway.proxy_status_trailer(&fault, &exchange, &head(&["gw"]));
        // Ours alone: what came before is in the head.
        let expected = sent.then(|| HeaderValue::from_static("gw; error=http_protocol_error"));
        assert_eq!(value, expected, "{version:?} {framing:?}, wanted: {wanted}");
    }
}

/// For every kind and downstream: trailers are made if the end is told in-band, and never for a cut.
#[test]
fn trailers_and_a_cut_exclude_each_other() {
    let gateway = Gateway::new("gw").unwrap().with_disclosure(Disclosure::Trusted);
    let framings = [
        None,
        Some(BodyFraming::None),
        Some(BodyFraming::Length),
        Some(BodyFraming::Chunked),
        Some(BodyFraming::UntilClose),
    ];
    for &kind in FaultKind::ALL {
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
            for (grpc, framing) in framings.into_iter().flat_map(|f| [(false, f), (true, f)]) {
                let exchange = exchange(version, grpc, framing, true);
                let fault = Fault::new(kind);
                for announced in [true, false] {
                    let head = if announced { head(&["gw"]) } else { HeaderMap::new() };
                    let trailers = gateway.trailers(&fault, &exchange, &head);
                    let how = gateway.decide(&fault, &exchange);
                    let Decision::Abort(AbortMethod::GrpcStatus(status)) = how else {
                        assert_eq!(trailers, None, "{kind} {version:?} {framing:?}: {how:?}");
                        continue;
                    };
                    let trailers = trailers.unwrap();
                    assert_eq!(trailers["grpc-status"], status.to_string().as_str());
                    assert!(trailers["grpc-message"].as_bytes().starts_with(b"gw: "), "{trailers:?}");
                    assert_eq!(trailers.contains_key("proxy-status"), announced);
                    assert_eq!(trailers.len(), if announced { 3 } else { 2 });
                }
            }
        }
    }
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
            any::<u32>().prop_map(Code::Quic),
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
        prop_assert_eq!(text(&ours.bare_item), name.as_str());
        let token = ours.params.get("error").map(text);
        prop_assert_eq!(token.as_deref(), fault.error_type().map(|e| e.as_str()));
        let told = token.is_some() && disclosure == Disclosure::Trusted;
        prop_assert_eq!(ours.params.contains_key("next-hop"), told && exchange.next_hop.is_some());
        // An answer that is not gRPC holds its status itself.
        let answered = received.is_some() || matches!((fault.kind(), fault.code()), (FaultKind::NotGrpc, Some(Code::Status(_))));
        prop_assert_eq!(ours.params.contains_key("received-status"), told && answered);
        if disclosure == Disclosure::Token {
            prop_assert!(ours.params.len() <= 1);
        }

        // The same names on a response that is passed on.
        let mut passed = http::Response::builder().status(502);
        if let Some(theirs) = &exchange.proxy_status {
            passed = passed.header("proxy-status", theirs);
        }
        let passed = gateway.forward(passed.body(()).unwrap(), &exchange).unwrap();
        let lines: Vec<&[u8]> = passed.headers().get_all("proxy-status").iter().map(|line| line.as_bytes()).collect();
        let field = lines.join(&b", "[..]);
        let list = Parser::new(&field).parse::<List>().unwrap();
        let ours = last(&list);
        prop_assert_eq!(text(&ours.bare_item), name.as_str());
        prop_assert!(!ours.params.contains_key("error"));
        prop_assert_eq!(ours.params.get("received-status"), Some(&BareItem::Integer(502.into())));
    }
}
