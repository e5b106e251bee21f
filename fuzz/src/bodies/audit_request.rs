//! Any head of a request: what a naive reading of the RFCs finds fit is let through, and nothing else; what goes on is fit.

use std::sync::{Arc, Mutex};

use badgateway::audit::audit_request;
use badgateway::fault::{Code, Fault, FaultKind};
use badgateway::h1::forward::is_end_to_end;
use badgateway::upgrade::JoinedByCaller;
use badgateway::{Gateway, InFlight};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use super::{Choices, show};

/// The most members of `Via` that a request may have, before ours.
const HOPS: usize = 32;
/// RFC 9110 section 7.6.1, and what a client or a proxy says to the next one alone (sections 10.1.1, 11.7; RFC 9113 section 3.2.1;
/// CVE-2016-5385).
const GONE: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "expect",
    "http2-settings",
    "proxy",
];

/// The version (`0` HTTP/1.1, `1` HTTP/1.0, `2` HTTP/2), whether the gateway tunnels (`1`), then `METHOD target` and lines of fields.
/// What `http` cannot hold is left out, as no library hands it over.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let mut choices = Choices(data);
    let version = [Version::HTTP_11, Version::HTTP_10, Version::HTTP_2][usize::from(choices.byte() & 0xf) % 3];
    let tunnels = choices.byte() & 1 == 1;
    let Some(head) = read(version, choices.0) else { return };
    let flaws = Flaws::of(&head);

    let verdict = audit(&head);
    assert_eq!(verdict, audit(&head), "twice: {}", show(data));
    assert_eq!(verdict.is_ok(), flaws.0.is_empty(), "{verdict:?}, {flaws:?}: {}", show(data));

    let records = Records::default();
    let gateway = records.gateway("gw", tunnels);
    let (exchange, passed) = begin(&gateway, &head);
    let refusal = exchange.refusal();
    let expected = verdict.err().or(loops(&head, "gw").then_some(Fault::new(FaultKind::LoopDetected)));
    assert_eq!(refusal, expected, "{}", show(data));
    let offers = offers(&head, tunnels);
    assert_eq!(exchange.facts().upgrade_offered, offers, "{}", show(data));
    tidied(&head, &passed, offers, data);

    let Some(fault) = refusal else {
        let by_router = hosted(&head, &passed, data);
        exchange.finish();
        assert_eq!(records.count(), 0, "no fault, no record: {}", show(data));
        return again(&by_router, tunnels, data);
    };
    let is_grpc = exchange.facts().grpc && version >= Version::HTTP_2;
    let response = exchange.answer_fault_bytes(fault);
    assert_eq!(records.count(), 1, "{}", show(data));
    let status = response.status().as_u16();
    match (fault.kind(), fault.code()) {
        _ if is_grpc => assert_eq!(status, 200, "{}", show(data)),
        (FaultKind::LoopDetected, None) => assert_eq!(status, 502, "{}", show(data)),
        (FaultKind::BadRequest, code) => {
            assert!(fault.class().is_some(), "{}", show(data));
            let said = if let Some(Code::Status(status)) = code { status } else { 400 };
            assert_eq!(status, said, "{}", show(data));
            flaws.fit(status, data);
        }
        other => panic!("{other:?}: {}", show(data)),
    }
    let closes = response.headers().get("connection").is_some_and(|value| value == "close");
    // Nobody can say what comes behind a bad request, and nobody waits for a body that goes nowhere.
    let is_bad = fault.kind() == FaultKind::BadRequest;
    let has_body = ["transfer-encoding", "content-length"].iter().any(|name| head.headers.contains_key(*name));
    assert!(closes || !is_bad || version >= Version::HTTP_2, "{}", show(data));
    assert!(!closes || (version < Version::HTTP_2 && (is_bad || has_body)), "{}", show(data));
}

fn read(version: Version, text: &[u8]) -> Option<Parts> {
    let mut lines = text.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next()?.splitn(2, |&b| b == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let target = Uri::try_from(words.next()?).ok()?;
    let (mut parts, ()) = Request::new(()).into_parts();
    (parts.method, parts.uri, parts.version) = (method, target, version);
    for line in lines {
        let mut sides = line.splitn(2, |&b| b == b':');
        let (Some(name), Some(value)) = (sides.next(), sides.next()) else { continue };
        let (name, value) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value.trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            parts.headers.append(name, value);
        }
    }
    Some(parts)
}

fn audit(head: &Parts) -> Result<(), Fault> {
    audit_request(&head.method, head.version, &head.uri, &head.headers)
}

/// The same by whichever call.
fn begin(gateway: &Gateway, head: &Parts) -> (InFlight, Parts) {
    let mut parts = head.clone();
    let exchange = gateway.begin_parts(&mut parts);
    let mut request = Request::from_parts(head.clone(), ());
    let other = gateway.begin_head(&mut request);
    assert_eq!(other.refusal(), exchange.refusal());
    assert_eq!(format!("{:?}", *other.facts()), format!("{:?}", *exchange.facts()));
    other.finish();
    let (of_request, ()) = request.into_parts();
    assert_eq!(of_request.headers, parts.headers);
    assert_eq!((&of_request.method, &of_request.uri), (&head.method, &head.uri), "they are the router's");
    assert_eq!((of_request.version, parts.version), (Version::HTTP_11, Version::HTTP_11));
    (exchange, parts)
}

// ---- what is wrong, naively ---------------------------------------------------------------------------

/// What is wrong with a head: by the part it is in.
#[derive(Debug)]
struct Flaws(Vec<&'static str>);

impl Flaws {
    fn of(head: &Parts) -> Self {
        let flaws = [
            ("framing", !is_framed(head)),
            ("connection", !is_connected(head)),
            ("expect", items(&head.headers, "expect").iter().any(|item| !item.eq_ignore_ascii_case("100-continue"))),
            ("target", !is_target(head)),
            ("host", !is_hosted(head)),
        ];
        Self(flaws.into_iter().filter_map(|(name, is_flawed)| is_flawed.then_some(name)).collect())
    }

    /// Whether one of them is answered so.
    fn fit(&self, status: u16, data: &[u8]) {
        let first = self.0.first();
        let fits = match status {
            417 => first == Some(&"expect"),
            501 => first == Some(&"framing"),
            _ => status == 400 && first != Some(&"expect"),
        };
        assert!(fits, "{status} to {self:?}: {}", show(data));
    }
}

/// One length, or `chunked` and nothing else (RFC 9112 section 6).
fn is_framed(head: &Parts) -> bool {
    let codings = texts(&head.headers, "transfer-encoding");
    let lengths = texts(&head.headers, "content-length");
    if !codings.is_empty() {
        let is_chunked = codings.len() == 1 && codings[0].trim().eq_ignore_ascii_case("chunked");
        return head.version == Version::HTTP_11 && lengths.is_empty() && is_chunked;
    }
    lengths.is_empty() || length(&lengths).is_some()
}

fn length(lines: &[String]) -> Option<u64> {
    let numbers = lines.iter().flat_map(|line| line.split(',')).map(|number| {
        let number = number.trim_matches([' ', '\t']);
        let is_digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number = is_digits.then(|| number.trim_start_matches('0'))?;
        if number.is_empty() { Some(0) } else { number.parse::<u64>().ok().filter(|n| *n < 1 << 63) }
    });
    let numbers: Option<Vec<u64>> = numbers.collect();
    let numbers = numbers?;
    numbers.iter().all(|n| *n == numbers[0]).then_some(numbers[0])
}

/// `Connection`, `Upgrade` and their like (RFC 9110 sections 7.6.1, 7.8, 10.1.4; RFC 9113 section 8.2.2).
fn is_connected(head: &Parts) -> bool {
    let fields = &head.headers;
    if head.version >= Version::HTTP_2 {
        let of_the_connection = ["connection", "keep-alive", "proxy-connection", "upgrade"];
        return !of_the_connection.iter().any(|name| fields.contains_key(*name))
            && items(fields, "te").iter().all(|coding| coding.eq_ignore_ascii_case("trailers"));
    }
    let upgrades = if head.version == Version::HTTP_11 { items(fields, "upgrade") } else { Vec::new() };
    items(fields, "connection").iter().all(|option| is_token(option)) && upgrades.iter().all(|item| is_protocol(item))
}

fn is_protocol(item: &str) -> bool {
    match item.split_once('/') {
        Some((name, version)) => is_token(name) && is_token(version),
        None => is_token(item),
    }
}

/// The four forms (RFC 9112 section 3.2).
fn is_target(head: &Parts) -> bool {
    let (uri, is_connect) = (&head.uri, head.method == Method::CONNECT);
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let authority = uri.authority().map(|authority| authority.as_str());
    if !path.bytes().all(|b| (0x21..0x7f).contains(&b)) || !authority.is_none_or(is_authority) {
        return false;
    }
    match uri.scheme_str() {
        Some(_) if is_connect => head.version >= Version::HTTP_2,
        Some(scheme) => ["http", "https"].contains(&scheme) && authority.is_some(),
        None if authority.is_some() => is_connect && uri.port_u16().is_some(),
        None if path == "*" => head.method == Method::OPTIONS,
        None => !is_connect && path.starts_with('/'),
    }
}

/// One `Host`, which may be left out only where the authority says it, or in HTTP/1.0 (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
fn is_hosted(head: &Parts) -> bool {
    let authority = head.uri.authority().map(|authority| authority.as_str());
    match (&texts(&head.headers, "host")[..], authority) {
        ([], None) => head.version == Version::HTTP_10,
        ([], Some(_)) => head.version != Version::HTTP_11,
        ([host], authority) => {
            let is_one = host.is_empty() || is_authority(host);
            let port = if head.uri.scheme_str() == Some("http") { ":80" } else { ":443" };
            let bare = |name: &str| name.trim_end_matches(port).trim_end_matches(':').to_ascii_lowercase();
            let agrees = |authority: &str| head.version < Version::HTTP_2 || bare(host) == bare(authority);
            is_one && authority.is_none_or(agrees)
        }
        _ => false,
    }
}

/// `uri-host [":" port]`, byte by byte (RFC 3986 section 3.2.2).
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rfind(']') {
        Some(at) => text.split_at(at + 1),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port_fits = match port.as_bytes() {
        [] => true,
        [b':', digits @ ..] => {
            let value = digits.iter().fold(0_u64, |n, b| (n * 10 + u64::from(b.wrapping_sub(b'0'))).min(1 << 20));
            digits.iter().all(u8::is_ascii_digit) && value < 1 << 16
        }
        _ => false,
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b);
    let host_fits = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']').unwrap_or("")) {
        Some(literal) if literal.starts_with(['v', 'V']) => {
            literal[1..].split_once('.').is_some_and(|(version, address)| {
                !version.is_empty()
                    && version.bytes().all(|b| b.is_ascii_hexdigit())
                    && !address.is_empty()
                    && address.bytes().all(|b| is_plain(b) || b == b':')
            })
        }
        Some(literal) => literal.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let mut bytes = host.bytes();
            let mut fits = !host.is_empty();
            while let Some(b) = bytes.next() {
                let is_hex = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_hexdigit());
                fits &= is_plain(b) || (b == b'%' && is_hex(bytes.next()) && is_hex(bytes.next()));
            }
            fits
        }
    };
    host_fits && port_fits
}

fn loops(head: &Parts, name: &str) -> bool {
    let lines = texts(&head.headers, "via");
    let members: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).collect();
    let is_us = |member: &&str| member.split_ascii_whitespace().nth(1).is_some_and(|by| by.eq_ignore_ascii_case(name));
    let forwards = texts(&head.headers, "max-forwards").first().and_then(|n| n.parse::<u64>().ok());
    let is_spent = [Method::OPTIONS, Method::TRACE].contains(&head.method) && forwards == Some(0);
    members.len() > HOPS || members.iter().any(is_us) || is_spent
}

// ---- what goes on -------------------------------------------------------------------------------------

fn offers(head: &Parts, tunnels: bool) -> bool {
    let fields = &head.headers;
    let has_body = fields.contains_key("transfer-encoding")
        || texts(fields, "content-length").first().is_some_and(|length| length != "0");
    tunnels
        && head.version == Version::HTTP_11
        && !has_body
        && items(fields, "connection").iter().any(|option| option.eq_ignore_ascii_case("upgrade"))
        && !offered(fields).is_empty()
}

/// The protocols that a next hop may hear of.
fn offered(fields: &HeaderMap) -> Vec<String> {
    let is_h2c = |item: &str| item.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case("h2c"));
    items(fields, "upgrade").into_iter().filter(|item| is_protocol(item) && !is_h2c(item)).collect()
}

/// Nothing hop by hop is left, nothing else is gone.
fn tidied(head: &Parts, passed: &Parts, offers: bool, data: &[u8]) {
    let (before, after) = (&head.headers, &passed.headers);
    let named: Vec<String> = items(before, "connection").iter().map(|option| option.to_ascii_lowercase()).collect();
    let is_named = |name: &str| named.iter().any(|option| option == name) && !is_end_to_end(name) && name != "close";
    for name in after.keys().map(HeaderName::as_str) {
        let ours = match name {
            "connection" => offers && texts(after, name) == ["upgrade"],
            "upgrade" => offers,
            "te" => texts(after, name) == ["trailers"],
            _ => false,
        };
        assert!(ours || !(GONE.contains(&name) || is_named(name)), "{name} goes on: {}", show(data));
    }
    assert_eq!(after.contains_key("connection"), offers, "{}", show(data));
    if offers {
        assert_eq!(items(after, "upgrade"), offered(before), "{}", show(data));
    }
    let is_grpc = texts(before, "content-type").first().is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        let rest = kind.trim_start().strip_prefix("application/grpc").map(|rest| rest.trim_start_matches([' ', '\t']));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
    });
    if !after.contains_key("te") {
        assert!(!is_grpc || is_named("te"), "gRPC needs TE: {}", show(data));
    } else {
        assert!(is_grpc, "{}", show(data));
    }
    for name in before.keys().filter(|name| !GONE.contains(&name.as_str()) && !is_named(name.as_str())) {
        let (was, is) = (texts(before, name.as_str()), texts(after, name.as_str()));
        match name.as_str() {
            "via" | "host" | "max-forwards" => {}
            "content-length" => {
                let kept = length(&was).filter(|_| !before.contains_key("transfer-encoding"));
                assert_eq!(is, kept.map(|n| n.to_string()).as_slice(), "{}", show(data));
            }
            "cookie" if head.version >= Version::HTTP_2 => assert_eq!(is, [was.join("; ")], "{}", show(data)),
            _ => assert_eq!(was, is, "{name}: {}", show(data)),
        }
    }
    // One member of ours more, on one line, in the version that was spoken to us.
    let ours = match head.version {
        Version::HTTP_10 => "1.0 gw",
        Version::HTTP_2 => "2 gw",
        _ => "1.1 gw",
    };
    let via = texts(before, "via").into_iter().chain([ours.to_owned()]).collect::<Vec<_>>().join(", ");
    assert_eq!(texts(after, "via"), [via], "{}", show(data));
    let forwards = |fields| texts(fields, "max-forwards").first().and_then(|n: &String| n.parse::<u64>().ok());
    if let (Some(was @ 1..), true) = (forwards(before), [Method::OPTIONS, Method::TRACE].contains(&head.method)) {
        assert_eq!(texts(after, "max-forwards"), [(was - 1).to_string()], "{}", show(data));
    }
}

/// The host that goes on is the one that was audited. Gives what a router makes of it, who knows a host also for HTTP/1.0.
fn hosted(head: &Parts, passed: &Parts, data: &[u8]) -> Parts {
    let (was, is) = (texts(&head.headers, "host"), texts(&passed.headers, "host"));
    let authority = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let replaced = match head.version {
        Version::HTTP_2 => was.is_empty(),
        _ => head.uri.scheme().is_some(),
    };
    let expected = authority.filter(|_| replaced).map_or(was, |authority| vec![authority]);
    assert_eq!(is, expected, "{}", show(data));
    let mut routed = passed.clone();
    if is.is_empty() {
        routed.headers.insert("host", HeaderValue::from_static("shop.example"));
    }
    routed
}

/// A gateway behind this one lets the same through, and changes nothing but what counts gateways.
fn again(passed: &Parts, tunnels: bool, data: &[u8]) {
    // In HTTP/1.1 there is no such CONNECT: whoever forwards it speaks HTTP/2 (RFC 8441 section 4).
    if passed.method == Method::CONNECT && passed.uri.scheme().is_some() {
        return;
    }
    assert_eq!(audit(passed), Ok(()), "not fit for the next: {}", show(data));
    let records = Records::default();
    let (exchange, second) = begin(&records.gateway("behind", tunnels), passed);
    let expected = loops(passed, "behind").then_some(Fault::new(FaultKind::LoopDetected));
    assert_eq!(exchange.refusal(), expected, "{}", show(data));
    exchange.finish();
    let rest = |parts: &Parts| {
        let mut fields = parts.headers.clone();
        fields.remove("via");
        fields.remove("max-forwards");
        // To HTTP/1.1 the target's counts, however `Host` writes the same.
        if passed.uri.scheme().is_some() {
            fields.remove("host");
        }
        fields
    };
    assert_eq!(rest(&second), rest(passed), "{}", show(data));
}

// ---- small things -------------------------------------------------------------------------------------

/// How often the log of a gateway was told of a fault.
#[derive(Clone, Default)]
struct Records(Arc<Mutex<usize>>);

impl Records {
    fn gateway(&self, name: &str, tunnels: bool) -> Gateway {
        let records = self.clone();
        let gateway = Gateway::new(name).expect("a fine name").with_log(move |report| {
            assert!(report.fault().is_some(), "{report}");
            *records.0.lock().unwrap() += 1;
        });
        if tunnels { gateway.with_upgrades(JoinedByCaller) } else { gateway }
    }

    fn count(&self) -> usize {
        *self.0.lock().unwrap()
    }
}

/// Each line of a field, a character a byte.
fn texts(fields: &HeaderMap, name: &str) -> Vec<String> {
    fields.get_all(name).iter().map(|value| value.as_bytes().iter().map(|&b| char::from(b)).collect()).collect()
}

/// The members of a list, without the empty ones.
fn items(fields: &HeaderMap, name: &str) -> Vec<String> {
    let lines = texts(fields, name);
    let items = lines.iter().flat_map(|line| line.split(',')).map(|item| item.trim_matches([' ', '\t']));
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
