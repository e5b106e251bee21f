//! Whatever the fault, the names and the next hop's own words: the answer is one sound response, in both forms
//! the same; `Proxy-Status` is a structured field; the record is one line of JSON; nothing leaks, all is bounded.

use std::time::Duration;

use badgateway::decide::{Decision, Profile};
use badgateway::exchange::{BodyFraming, Exchange, Forwarded, RequestBody};
use badgateway::fault::{Class, Code, Confidence, Evidence, Fault, FaultKind, Phase};
use badgateway::h1::{Config, Eof};
use badgateway::reply::Disclosure;
use badgateway::{Gateway, reply};
use http::{HeaderValue, Method, StatusCode, Version};

use super::message::{Case, Pieces, drive};
use super::{Choices, show};

pub fn run(data: &[u8]) {
    let mut choices = Choices(&data[..data.len().min(super::MAX_INPUT)]);
    let fault = fault(&mut choices);
    let profile = match choices.byte() % 8 {
        0 | 1 => Profile::Rfc9209,
        2 => Profile::Cloudflare,
        3 => Profile::Nginx,
        4 => Profile::Envoy,
        5 => Profile::HaProxy,
        // Not an error: not taken.
        _ => Profile::custom(|_, exchange| exchange.received_status.unwrap_or(StatusCode::OK)),
    };
    let disclosure = [Disclosure::Token, Disclosure::Details, Disclosure::Trusted][usize::from(choices.byte() % 3)];
    let exchange = exchange(&mut choices);
    let name = String::from_utf8_lossy(choices.text()).into_owned();
    let fine = !name.is_empty() && name.len() <= 256 && name.bytes().all(|b| (b' '..=b'~').contains(&b));
    assert_eq!(Gateway::new(&name).is_ok(), fine, "{name:?}");
    let gateway =
        |name: &str| Gateway::new(name).expect("a fine name").with_profile(profile.clone()).with_disclosure(disclosure);
    let name = if fine { &name } else { "gw" };
    let gateway_of_that_name = gateway(name);

    let body = answer(&gateway_of_that_name, &fault, &exchange);
    proxy_status(&gateway_of_that_name, name, &fault, &exchange);
    record(&gateway_of_that_name, &fault, &exchange, &mut choices);
    quiet(&gateway_of_that_name, disclosure, &fault, &exchange);

    // Foreign text adds no markup. Whom a page shows commands, it shows others for another next hop.
    let mut plain = exchange.clone();
    let next_hop = Some(&mut plain.next_hop).filter(|_| disclosure < Disclosure::Trusted);
    for text in next_hop.into_iter().chain([&mut plain.reference]) {
        if text.as_ref().is_some_and(|text| !text.is_empty()) {
            *text = Some("x".into());
        }
    }
    let mut wire = Vec::new();
    gateway("x").answer_wire(&fault, &plain, &mut wire);
    if let (Some(page), Some(plain)) = (page(&body), page(&wire)) {
        for mark in *b"<>\"" {
            let count = |page: &[u8]| page.iter().filter(|&&b| b == mark).count();
            assert_eq!(count(page), count(plain), "{:?} in {}", char::from(mark), show(page));
        }
    }
}

fn page(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(9).position(|w| w.eq_ignore_ascii_case(b"<!doctype"))?;
    Some(&bytes[at..])
}

// ---- the answer -------------------------------------------------------------------------------------

/// Gives the body; to a HEAD, the one that a GET would have had.
fn answer(gateway: &Gateway, fault: &Fault, exchange: &Exchange) -> Vec<u8> {
    let response = gateway.answer_fault(fault, exchange);
    let status = response.status();
    let grpc = exchange.grpc && exchange.version >= Version::HTTP_2;
    assert!(if grpc { status == 200 } else { status.is_client_error() || status.is_server_error() }, "{status}");
    let mut wire = b"before".to_vec();
    gateway.answer_wire(fault, exchange, &mut wire);
    let wire = wire.strip_prefix(b"before").expect("appended, nothing else");
    assert!(wire.len() < 24 * 1024, "{} bytes", wire.len());

    let mut room = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut room);
    let len = parsed.parse(wire).expect("httparse reads it").unwrap();
    assert_eq!((parsed.version, parsed.code), (Some(1), Some(status.as_u16())));
    assert_eq!(parsed.reason, Some(reply::reason(status)));
    assert_eq!(parsed.headers.len(), response.headers().len());
    for field in parsed.headers.iter() {
        let values: Vec<_> = response.headers().get_all(field.name).iter().collect();
        assert_eq!(values, [field.value], "{} once, and the same in both forms", field.name);
        // White space between the members of the next hop's own Proxy-Status is theirs (RFC 9651 section 3.1: OWS).
        let fine = |b: &u8| (b' '..=b'~').contains(b) || (*b == b'\t' && field.name == "proxy-status");
        assert!(field.value.iter().all(fine), "{}", show(field.value));
    }
    assert_eq!(&wire[len..], &response.body()[..]);
    // And our own strict parser, with the method at hand.
    let case =
        Case { method: exchange.method.clone(), upgrade: false, eof: Eof::Open, config: Config::strict(), bytes: wire };
    let got = drive(&case, Pieces::whole());
    let (used, _) = got.accepted().unwrap_or_else(|| panic!("{:?}: {}", got.verdict, show(wire)));
    assert_eq!(used, wire.len());
    let announced = response.headers()[http::header::CONTENT_LENGTH].to_str().unwrap().parse::<usize>().unwrap();

    let mut asked = exchange.clone();
    if exchange.method == Method::HEAD {
        asked.method = Method::GET;
    }
    let full = gateway.answer_fault(fault, &asked);
    assert_eq!(full.headers(), response.headers(), "HEAD has the same head");
    assert_eq!(full.body().len(), announced);
    if exchange.method == Method::HEAD {
        assert!(response.body().is_empty());
    }
    let text = std::str::from_utf8(full.body()).expect("UTF-8");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    let kind = response.headers()[http::header::CONTENT_TYPE].to_str().unwrap();
    if grpc {
        assert!(text.is_empty() && kind.starts_with("application/grpc"), "{kind}");
        let grpc_status = response.headers()["grpc-status"].to_str().unwrap().parse::<u8>();
        assert!((1..=16).contains(&grpc_status.unwrap()));
        return Vec::new();
    }
    if kind.contains("json") {
        json(text);
    } else {
        assert!(kind.starts_with("text/html") == page(full.body()).is_some() && kind.starts_with("text/"), "{kind}");
    }
    full.body().to_vec()
}

/// What may not be told does not change a byte.
fn quiet(gateway: &Gateway, disclosure: Disclosure, fault: &Fault, exchange: &Exchange) {
    let told = |fault: &Fault, exchange: &Exchange| {
        let mut wire = Vec::new();
        gateway.answer_wire(fault, exchange, &mut wire);
        wire
    };
    if disclosure < Disclosure::Trusted {
        let mut other = exchange.clone();
        other.next_hop = Some("secret.internal".into());
        other.next_protocol = Some("h2".into());
        other.path = None;
        other.elapsed = None;
        assert_eq!(told(fault, exchange), told(fault, &other));
        if let Some(Code::Errno(n)) = fault.code() {
            let other = fault.with_code(Code::Errno(n.wrapping_add(1)));
            assert_eq!(told(fault, exchange), told(&other, exchange));
        }
    }
    if disclosure == Disclosure::Token {
        // Envoy's status depends on this one class.
        let class = fault.class().filter(|&class| class == Class::PrematureEofAfterInterim).unwrap_or(Class::ALL[0]);
        let other = fault.with_offset(7).with_expected(8).with_received(9).with_class(class);
        assert_eq!(told(fault, exchange), told(&other, exchange));
    }
}

// ---- Proxy-Status -----------------------------------------------------------------------------------

fn proxy_status(gateway: &Gateway, name: &str, fault: &Fault, exchange: &Exchange) {
    let value = gateway.proxy_status(fault, exchange);
    assert!(value.len() <= 1024 + 2 + 4096, "{value:?}");
    let list: sfv::List = sfv::Parser::new(value.as_bytes()).parse().unwrap_or_else(|e| panic!("{e}: {value:?}"));
    let Some(sfv::ListEntry::Item(ours)) = list.last() else { panic!("{value:?}") };
    let written = match &ours.bare_item {
        sfv::BareItem::Token(token) => token.as_str().to_owned(),
        sfv::BareItem::String(string) => string.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(written, name);
    let error = ours.params.get("error").map(|item| match item {
        sfv::BareItem::Token(token) => token.as_str().to_owned(),
        other => panic!("{other:?}"),
    });
    assert_eq!(error.as_deref(), fault.error_type().map(|e| e.as_str()));
    match &exchange.proxy_status {
        // Theirs first, as it was, or not at all.
        Some(theirs) if list.len() > 1 => {
            assert!(value.as_bytes().starts_with(theirs.as_bytes().trim_ascii()), "{value:?}")
        }
        _ => assert_eq!(list.len(), 1, "{value:?}"),
    }
}

// ---- the record -------------------------------------------------------------------------------------

fn record(gateway: &Gateway, fault: &Fault, exchange: &Exchange, choices: &mut Choices<'_>) {
    let line = gateway.record(fault, exchange).to_string();
    one_line(&line);
    assert!(line.len() < 64 * 1024, "{} bytes", line.len());
    if gateway.decide(fault, exchange) == Decision::Silence {
        assert!(line.contains("\"status\":null,") && line.contains("\"proxy_status\":null,"), "{line}");
    }
    let mut evidence = Evidence::new();
    for _ in 0..choices.byte() % 40 {
        evidence = match choices.byte() % 3 {
            0 => evidence.with_text("label", &String::from_utf8_lossy(choices.text())),
            1 => evidence.with_first_bytes(choices.text()),
            _ => evidence.with_error(&std::io::Error::other(String::from_utf8_lossy(choices.text()).into_owned())),
        };
    }
    let text = evidence.to_string();
    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b)), "{text:?}");
    let fields: Vec<(String, String)> = (0..choices.byte() % 40)
        .map(|_| {
            let mut text = || String::from_utf8_lossy(choices.text()).into_owned();
            (text(), text())
        })
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let more = gateway.record(fault, exchange).with_evidence(&evidence).with_fields(&fields).to_string();
    one_line(&more);
    // It only adds, behind.
    assert!(more.starts_with(line.strip_suffix('}').expect("an object")), "{more}");
}

fn one_line(line: &str) {
    assert!(!line.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "{line:?}");
    assert!(line.starts_with('{') && line.ends_with('}'));
    json(line);
}

// ---- JSON, as RFC 8259 has it -----------------------------------------------------------------------

fn json(text: &str) {
    let rest = value(text.trim_end_matches('\n'), 0).unwrap_or_else(|| panic!("no JSON: {text}"));
    assert!(rest.is_empty(), "behind the JSON: {rest:?}");
}

fn value(text: &str, depth: usize) -> Option<&str> {
    let text = blank(text);
    if depth > 4 {
        return None;
    }
    match text.as_bytes().first()? {
        b'{' => members(&text[1..], '}', |text| value(blank(string(blank(text))?).strip_prefix(':')?, depth + 1)),
        b'[' => members(&text[1..], ']', |text| value(text, depth + 1)),
        b'"' => string(text),
        b'-' | b'0'..=b'9' => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
            let len = digits.len() - rest.len();
            (len > 0 && (len == 1 || !digits.starts_with('0'))).then_some(rest)
        }
        _ => ["null", "true", "false"].iter().find_map(|word| text.strip_prefix(word)),
    }
}

fn members<'a>(text: &'a str, end: char, member: impl Fn(&'a str) -> Option<&'a str>) -> Option<&'a str> {
    if let Some(rest) = blank(text).strip_prefix(end) {
        return Some(rest);
    }
    let mut text = text;
    loop {
        text = blank(member(text)?);
        if let Some(rest) = text.strip_prefix(end) {
            return Some(rest);
        }
        text = text.strip_prefix(',')?;
    }
}

fn string(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('"')?;
    loop {
        let c = rest.chars().next()?;
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return Some(rest),
            '\\' => {
                let escape = rest.chars().next()?;
                rest = &rest[escape.len_utf8()..];
                match escape {
                    'u' => {
                        let digits = rest.get(..4)?;
                        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                            return None;
                        }
                        rest = &rest[4..];
                    }
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                    _ => return None,
                }
            }
            c if c < ' ' => return None,
            _ => {}
        }
    }
}

fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\n'])
}

// ---- inputs -----------------------------------------------------------------------------------------

fn pick<T: Copy>(from: &[T], choices: &mut Choices<'_>) -> T {
    from[usize::from(choices.byte()) % from.len()]
}

fn fault(choices: &mut Choices<'_>) -> Fault {
    let mut fault = Fault::new(pick(FaultKind::ALL, choices));
    let with = choices.byte();
    if with & 1 != 0 {
        fault = fault.with_class(pick(Class::ALL, choices));
    }
    if with & 2 != 0 {
        fault = fault.at(pick(Phase::ALL, choices));
    }
    if with & 4 != 0 {
        fault = fault.with_offset(choices.number());
    }
    if with & 8 != 0 {
        fault = fault.with_expected(choices.number());
    }
    if with & 16 != 0 {
        fault = fault.with_received(choices.number());
    }
    if with & 32 != 0 {
        let number = choices.number();
        fault = fault.with_code(match choices.byte() % 7 {
            0 => Code::Errno(number as i32),
            1 => Code::TlsAlert(number as u8),
            2 => Code::H2(number as u32),
            3 => Code::H3(number as u32),
            4 => Code::DnsRcode(number as u16),
            5 => Code::Quic(number as u32),
            _ => Code::Status(number as u16 % 1000),
        });
    }
    if with & 64 != 0 {
        fault = fault.with_confidence(Confidence::Text);
    }
    fault
}

fn exchange(choices: &mut Choices<'_>) -> Exchange {
    let mut exchange = Exchange::default();
    let with = choices.byte();
    exchange.method = match choices.byte() % 4 {
        0 => Method::GET,
        1 => Method::HEAD,
        2 => Method::POST,
        _ => Method::from_bytes(choices.text()).unwrap_or(Method::DELETE),
    };
    // CONNECT frames an answer as any method does: it is no 2xx.
    exchange.version = pick(&[Version::HTTP_11, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3], choices);
    exchange.request_body = pick(
        &[RequestBody::None, RequestBody::Unread, RequestBody::Partial, RequestBody::Whole, RequestBody::Failed],
        choices,
    );
    exchange.accept = HeaderValue::from_bytes(choices.text()).ok();
    exchange.proxy_status = HeaderValue::from_bytes(choices.text()).ok();
    let mut text = |wanted: bool| wanted.then(|| String::from_utf8_lossy(choices.text()).into_owned());
    exchange.next_hop = text(with & 1 != 0).map(Into::into);
    exchange.reference = text(with & 2 != 0).map(Into::into);
    exchange.next_protocol = text(with & 4 != 0).map(Into::into);
    exchange.path = text(with & 8 != 0).and_then(|path| path.parse().ok());
    if with & 16 != 0 {
        exchange.retry_after = Some(Duration::new(choices.number(), u32::from(choices.byte())));
        exchange.elapsed = Some(Duration::from_micros(choices.number()));
    }
    if with & 32 != 0 {
        let status = StatusCode::from_u16(100 + (choices.number() % 900) as u16).ok();
        exchange.received_status = status;
        exchange.sent = Some(choices.number());
        exchange.reused = Some(true);
    }
    if with & 64 != 0 {
        let framing =
            pick(&[BodyFraming::None, BodyFraming::Length, BodyFraming::Chunked, BodyFraming::UntilClose], choices);
        exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing };
    }
    exchange.client_gone = with & 128 != 0;
    exchange.grpc = with & 160 == 160;
    exchange.grpc_type = exchange.accept.clone().filter(|_| exchange.grpc);
    exchange
}
