//! `Proxy-Status` read back, beside another implementation of RFC 9651.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::wildcard_enum_match_arm)]

use badgateway::exchange::Exchange;
use badgateway::fault::{Code, ErrorType};
use badgateway::proxy_status::{self, Value};
use badgateway::reply::Disclosure;
use badgateway::{Fault, FaultKind, Gateway};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use sfv::{BareItem, List, ListEntry, Parser};

/// A member as both implementations can say it: name, then parameters.
type Plain = (String, Vec<(String, String)>);

fn ours(value: &[u8]) -> Option<Vec<Plain>> {
    let members = proxy_status::read(value).ok()?;
    let plain = |member: &proxy_status::Member<'_>| {
        let parameters = member.parameters().map(|(key, value)| (key.to_owned(), said(value))).collect();
        (member.name().to_owned(), parameters)
    };
    Some(members.iter().map(plain).collect())
}

fn said(value: &Value<'_>) -> String {
    match value {
        Value::Integer(n) => format!("integer {n}"),
        Value::Decimal(n) => format!("decimal {n}"),
        Value::String(text) => format!("string {text}"),
        Value::Token(text) => format!("token {text}"),
        Value::Bytes(bytes) => format!("bytes {bytes:?}"),
        Value::Boolean(yes) => format!("boolean {yes}"),
        Value::Date(n) => format!("date {n}"),
        Value::Display(text) => format!("display {text}"),
        _ => panic!("an item that RFC 9651 does not have"),
    }
}

/// What the other implementation reads, where RFC 9209 has a use for it: members are Strings or Tokens.
fn theirs(value: &[u8]) -> Option<Vec<Plain>> {
    let list: List = Parser::new(value).parse().ok()?;
    list.iter()
        .map(|entry| match entry {
            ListEntry::Item(item) => {
                let name = match &item.bare_item {
                    BareItem::Token(token) => token.as_str().to_owned(),
                    BareItem::String(text) => text.as_str().to_owned(),
                    _ => return None,
                };
                Some((name, item.params.iter().map(|(key, value)| (key.as_str().to_owned(), says(value))).collect()))
            }
            ListEntry::InnerList(_) => None,
        })
        .collect()
}

fn says(value: &BareItem) -> String {
    match value {
        BareItem::Integer(n) => format!("integer {}", i64::from(*n)),
        BareItem::Decimal(n) => format!("decimal {}", n.as_integer_scaled_1000()),
        BareItem::String(text) => format!("string {}", text.as_str()),
        BareItem::Token(text) => format!("token {}", text.as_str()),
        BareItem::ByteSequence(bytes) => format!("bytes {bytes:?}"),
        BareItem::Boolean(yes) => format!("boolean {yes}"),
        BareItem::Date(date) => format!("date {}", i64::from(date.unix_seconds())),
        BareItem::DisplayString(text) => format!("display {text}"),
    }
}

const READABLE: &[&str] = &[
    "",
    "   ",
    "a",
    "  a  ",
    "\"a b\"",
    "\"\\\"quoted\\\\\"",
    "a,b",
    "a , \t b",
    "a;b",
    "a; b",
    "a;  b=1;c=-2",
    "a;b=1;b=2",
    "a;b=?0;c=?1",
    "a;b=1.5;c=-0.125;d=999999999999.999",
    "a;b=999999999999999",
    "a;b=:aGVsbG8=:;c=::;d=:aGVsbG8:",
    "a;b=@1659578233;c=@-1",
    "a;b=%\"f%c3%bc\"",
    "*a:b/c!#$;*=x",
    "cache.example; error=http_protocol_error; details=\"TLS, twice\", \"edge 7\"; received-status=502",
    "gw; error=\"http_protocol_error\"; next-hop=\"10.0.0.7:80\"; next-protocol=h2",
];

const UNREADABLE: &[(&str, usize)] = &[
    ("1", 0),
    ("?1", 0),
    ("(a b)", 0),
    (":aGk=:", 0),
    ("a,", 2),
    ("a,,b", 2),
    (",a", 0),
    ("a b", 2),
    ("a;", 2),
    ("a;B=1", 2),
    ("a ;b", 2),
    ("a;b=", 4),
    ("a;b =1", 4),
    ("a;b=-", 5),
    ("a;b=1.", 6),
    ("a;b=1234567890123456", 4),
    ("a;b=1.2345", 4),
    ("a;b=1234567890123.1", 4),
    ("a;b=?2", 5),
    ("a;b=:a:", 5),
    ("a;b=:a=b=:", 5),
    ("a;b=:aGVsbG8", 12),
    ("a;b=@1.5", 5),
    ("a;b=%\"%C3\"", 7),
    ("a;b=%\"%c3\"", 5),
    ("a;b=%c", 5),
    ("\"a", 2),
    ("\"\\a\"", 2),
    ("\"\u{e4}\"", 1),
    ("\"a\tb\"", 2),
    ("a\u{0}", 1),
];

#[test]
fn what_is_readable_reads_as_another_implementation_has_it() {
    for value in READABLE {
        let read = ours(value.as_bytes());
        assert!(read.is_some(), "{value:?}");
        assert_eq!(read, theirs(value.as_bytes()), "{value:?}");
    }
}

#[test]
fn what_is_not_readable_is_refused_where_the_grammar_ends() {
    for (value, offset) in UNREADABLE {
        assert_eq!(proxy_status::read(value.as_bytes()).map_err(|e| e.offset), Err(*offset), "{value:?}");
        assert_eq!(theirs(value.as_bytes()), None, "{value:?}");
        assert!(!proxy_status::can_be_appended_to(value.as_bytes()));
    }
}

#[test]
fn every_prefix_agrees_with_another_implementation() {
    for value in READABLE.iter().chain(UNREADABLE.iter().map(|(value, _)| value)) {
        for end in 0..value.len() {
            let prefix = &value.as_bytes()[..end];
            assert_eq!(ours(prefix), theirs(prefix), "{:?}", String::from_utf8_lossy(prefix));
        }
    }
}

#[test]
fn every_member_that_this_crate_writes_is_read_back() {
    let mut exchange = Exchange::default();
    exchange.next_hop = Some("10.0.0.7:8080".into());
    exchange.next_protocol = Some("http/1.1".into());
    for name in ["edge-1.example", "the edge, \"one\""] {
        let gateway = Gateway::new(name).unwrap().with_disclosure(Disclosure::Trusted);
        for &kind in FaultKind::ALL {
            let fault = Fault::new(kind).with_received(70_000).with_code(Code::Errno(111));
            let value = gateway.proxy_status(&fault, &exchange);
            let members = proxy_status::read(value.as_bytes()).unwrap();
            assert_eq!(members.len(), 1, "{value:?}");
            assert_eq!(members[0].name(), name);
            assert_eq!(members[0].error_type(), kind.error_type());
            // A fault before a next hop was chosen has none.
            let chosen = value.to_str().unwrap().contains("next-hop=");
            assert_eq!(members[0].next_hop(), chosen.then_some("10.0.0.7:8080"));
            if kind.error_type().is_some() {
                assert!(members[0].kinds().any(|coarse| coarse == kind), "{kind}");
            }
        }
    }
}

#[test]
fn ill_typed_and_unknown_parameters_are_passed_over() {
    let members =
        proxy_status::read(b"gw; error=newest_error; received-status=\"502\"; next-hop=7; details=?1; x").unwrap();
    let member = &members[0];
    assert_eq!((member.error(), member.error_type()), (Some("newest_error"), None));
    assert_eq!(member.kinds().count(), 0);
    assert_eq!((member.received_status(), member.next_hop(), member.details()), (None, None, None));
    assert_eq!(member.get("x"), Some(&Value::Boolean(true)));
    assert_eq!(proxy_status::read(b"gw; received-status=70000").unwrap()[0].received_status(), None);
    assert_eq!(proxy_status::read(b"gw; error=dns_timeout").unwrap()[0].error_type(), Some(ErrorType::DnsTimeout));
}

#[test]
fn lines_are_read_one_after_another_and_one_bad_line_spoils_all() {
    let mut headers = HeaderMap::new();
    assert_eq!(proxy_status::read_headers(&headers).unwrap(), []);
    headers.append("proxy-status", HeaderValue::from_static("a, b"));
    headers.append("proxy-status", HeaderValue::from_static("c"));
    let names: Vec<_> = proxy_status::read_headers(&headers).unwrap().iter().map(|m| m.name().to_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    headers.append("proxy-status", HeaderValue::from_static("d,"));
    assert_eq!(proxy_status::read_headers(&headers).unwrap_err().offset, 2);

    // An empty value has no members, and beside another one a comma with nothing on one side.
    let mut headers = HeaderMap::new();
    headers.append("proxy-status", HeaderValue::from_static(""));
    assert_eq!(proxy_status::read_headers(&headers).unwrap(), []);
    assert!(!proxy_status::can_be_appended_to(b""));
    headers.append("proxy-status", HeaderValue::from_static("a"));
    assert!(proxy_status::read_headers(&headers).is_err());
}

#[test]
fn what_is_endless_is_refused() {
    let many = |n: usize| format!("a{}", (0..n).map(|i| format!(";k{i}")).collect::<String>());
    assert_eq!(proxy_status::read(many(256).as_bytes()).unwrap()[0].parameters().count(), 256);
    assert!(proxy_status::read(many(257).as_bytes()).is_err());
    let long = |n: usize| "a".repeat(n);
    assert!(proxy_status::read(long(16 * 1024).as_bytes()).is_ok());
    assert!(proxy_status::read(long(16 * 1024 + 1).as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    /// Texts that look like the field: pieces of the grammar in any order.
    #[test]
    fn any_text_of_the_grammars_pieces_agrees_with_another_implementation(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", "*", "\"", "\\", ";", "=", ",", " ", "\t", "?1", "?0", "@", "-", "1", ".", "12345678901234",
                ":", "aGk=", "%\"", "%c3%bc", "(", ")", "error=dns_timeout", "; details=\"x\"", "\u{e4}", "\u{0}",
            ]),
            0..14,
        )
    ) {
        let value = pieces.concat();
        prop_assert_eq!(ours(value.as_bytes()), theirs(value.as_bytes()), "{:?}", value);
    }

    #[test]
    fn any_bytes_agree_with_another_implementation(value in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(ours(&value), theirs(&value));
    }
}

/// Types of Cloudflare's that no registry has.
#[test]
fn words_of_cloudflares_own() {
    for (word, kinds) in [
        ("source_addr_in_use", &[FaultKind::LocalExhausted][..]),
        ("source_addr_not_available", &[FaultKind::LocalExhausted, FaultKind::ProxyMisconfigured]),
        ("rate_limited", &[FaultKind::ConnectionLimit]),
        ("source_addr", &[]),
        ("Rate_Limited", &[]),
    ] {
        for value in [format!("edge; error={word}"), format!("edge; error=\"{word}\"")] {
            let members = proxy_status::read(value.as_bytes()).unwrap();
            let member = members.first().unwrap();
            assert_eq!(member.error(), Some(word));
            assert_eq!(member.error_type(), None, "{word} is not registered");
            assert_eq!(member.kinds().collect::<Vec<_>>(), kinds, "{word}");
        }
    }
}
