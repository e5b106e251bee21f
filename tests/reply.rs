//! Whole rendered responses, readable as HTTP, and what must hold for all of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::time::Duration;

use badgateway::decide::{AbortMethod, Decision, Profile};
use badgateway::exchange::{BodyFraming, Forwarded, RequestBody};
use badgateway::fault::{Class, Code, Confidence, Evidence, Phase};
use badgateway::reply::{Disclosure, reason};
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, Version};
use proptest::prelude::*;

fn gateway() -> Gateway {
    Gateway::new("gw").unwrap()
}

/// A GET without a body, so that nothing is to be closed.
fn get(accept: &'static str) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.request_body = RequestBody::None;
    exchange.accept = Some(HeaderValue::from_static(accept));
    exchange
}

fn text(response: &Response<Bytes>) -> String {
    let mut out = format!("{} {}\n", response.status().as_u16(), reason(response.status()));
    for (name, value) in response.headers() {
        out += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    out + "\n" + std::str::from_utf8(response.body()).unwrap()
}

#[track_caller]
fn assert_text(response: &Response<Bytes>, expected: &str) {
    let text = text(response);
    assert_eq!(text, expected, "\n--- got:\n{text}\n--- expected:\n{expected}");
}

#[test]
fn a_problem_in_json() {
    let mut exchange = get("*/*");
    exchange.reference = Some("req-7".into());
    assert_text(
        &gateway().answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange),
        r#"502 Bad Gateway
proxy-status: gw; error=connection_refused
cache-control: no-store
vary: accept
x-content-type-options: nosniff
content-type: application/problem+json
content-length: 270

{"type":"https://www.rfc-editor.org/rfc/rfc9209#section-2.3.7","title":"The service could not be reached","status":502,"detail":"The service did not accept the connection. You can try again in a moment.","error":"connection_refused","retryable":true,"reference":"req-7"}"#,
    );
}

#[test]
fn a_plain_text_for_a_post_that_may_have_been_applied() {
    let mut exchange = get("text/plain");
    exchange.method = Method::POST;
    exchange.request_body = RequestBody::Whole;
    exchange.reference = Some("req-7".into());
    assert_text(
        &gateway().answer_fault(&Fault::new(FaultKind::ResponseTimeout), &exchange),
        "504 Gateway Timeout
proxy-status: gw; error=http_response_timeout
cache-control: no-store
vary: accept
x-content-type-options: nosniff
content-type: text/plain; charset=utf-8
content-length: 276

504 Gateway Timeout

The service took too long
The gateway stopped waiting for an answer.
It is not certain whether the request took effect: please check before you send it again.

you ----- gateway ----- [service X]

gateway: gw
error: http_response_timeout
reference: req-7
",
    );
}

#[test]
fn markdown_for_a_program_that_reads_along() {
    let mut exchange = get("text/markdown, text/html, */*");
    exchange.reference = Some("`7`\n# <b>".into());
    exchange.next_hop = Some("[::1]:80".into());
    let gateway = gateway().with_disclosure(Disclosure::Trusted);
    assert_text(
        &gateway.answer_fault(&Fault::of_class(Class::FramingClAndTe), &exchange),
        "502 Bad Gateway
proxy-status: gw; error=http_protocol_error; details=\"ambiguous_framing: framing.cl_and_te\"; next-hop=\"[::1]:80\"
cache-control: no-store
vary: accept
x-content-type-options: nosniff
content-type: text/markdown; charset=utf-8
content-length: 382

# 502 Bad Gateway

**The answer could not be read.** The service sent an answer that is not valid HTTP.
Trying again will probably not help until this has been repaired.

```text
you ----- gateway ----- [service X]
```

- gateway: `gw`
- error: `http_protocol_error`
- code: `ambiguous_framing`
- class: `framing.cl_and_te`
- next hop: `[::1]:80`
- reference: `\u{fffd}7\u{fffd}\u{fffd}# \u{fffd}b\u{fffd}`
",
    );
}

fn call(content_type: &'static str) -> Exchange {
    let request = http::Request::post("/shop.Cart/Add").version(Version::HTTP_2).header("content-type", content_type);
    Exchange::of(&request.header("te", "trailers").body(()).unwrap())
}

#[test]
fn trailers_only_for_a_grpc_call() {
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    let mut exchange = call("application/grpc+proto");
    assert_text(
        &gateway().answer_fault(&fault, &exchange),
        "200 OK
proxy-status: gw; error=connection_refused
content-type: application/grpc+proto
grpc-status: 14
grpc-message: gw: The service did not accept the connection. error=connection_refused
content-length: 0

",
    );
    exchange.next_hop = Some("d\u{fc}se:80".into());
    exchange.reference = Some(" 100%\r\n!  ".into());
    exchange.retry_after = Some(Duration::from_millis(1500));
    let gateway = gateway().with_profile(Profile::Cloudflare).with_disclosure(Disclosure::Trusted);
    assert_text(
        &gateway.answer_fault(&fault, &exchange),
        "200 OK
proxy-status: gw; error=connection_refused; details=\"connection_refused, errno 111\"; next-hop=\"d%C3%BCse:80\"
content-type: application/grpc+proto
grpc-status: 14
grpc-message: gw: The service did not accept the connection. error=connection_refused; connection_refused, errno 111; next hop d%C3%BCse:80; reference 100%25%EF%BF%BD%EF%BF%BD!
grpc-retry-pushback-ms: 1500
content-length: 0

",
    );
    let line = gateway.record(&fault, &exchange).to_string();
    assert!(line.contains(r#""status":200,"#) && line.contains(r#""how":null,"grpc_status":14,"errno":111"#), "{line}");
}

/// The status of a page decides what a gRPC client is told, and nothing else: what stood on the page stays here.
#[test]
fn a_page_becomes_a_grpc_status() {
    let page = Fault::of_class(Class::GrpcContentType).with_code(Code::Status(502));
    let mut exchange = call("application/grpc+proto");
    exchange.next_hop = Some("10.0.0.7:8080".into());
    assert_text(
        &gateway().answer_fault(&page, &exchange),
        "200 OK
proxy-status: gw; error=http_protocol_error
content-type: application/grpc+proto
grpc-status: 14
grpc-message: gw: The service sent an answer that is not valid gRPC. error=http_protocol_error
content-length: 0

",
    );
    assert_text(
        &gateway().with_disclosure(Disclosure::Trusted).answer_fault(&page, &exchange),
        "200 OK
proxy-status: gw; error=http_protocol_error; details=\"not_grpc: grpc.content_type\"; next-hop=\"10.0.0.7:8080\"; received-status=502
content-type: application/grpc+proto
grpc-status: 14
grpc-message: gw: The service sent an answer that is not valid gRPC. error=http_protocol_error; not_grpc: grpc.content_type; next hop 10.0.0.7:8080
content-length: 0

",
    );
    let line = gateway().record(&page, &exchange).to_string();
    for member in [r#""fault":"not_grpc","class":"grpc.content_type""#, r#""grpc_status":14,"received_status":502"#] {
        assert!(line.contains(member), "{line}");
    }
    for (status, grpc) in [(200, "2"), (401, "16"), (404, "12"), (500, "2"), (503, "14")] {
        let page = page.with_code(Code::Status(status));
        assert_eq!(gateway().answer_fault(&page, &exchange).headers()["grpc-status"], grpc, "{status}");
        // Whoever only says application/grpc and speaks HTTP/1.1 gets our own status, not the page's.
        let mut old = exchange.clone();
        old.version = Version::HTTP_11;
        assert_eq!(gateway().answer_fault(&page, &old).status(), 502, "{status}");
    }
    let silent = Fault::of_class(Class::GrpcStatusMissing);
    assert_eq!(gateway().answer_fault(&silent, &exchange).headers()["grpc-status"], "2");
    // Its messages have gone out: the same words in the trailers.
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Chunked };
    let trailers = gateway().trailers(&silent, &exchange, &http::HeaderMap::new()).unwrap();
    assert_eq!(trailers["grpc-status"], "2");
    assert_eq!(
        trailers["grpc-message"],
        "gw: The service sent an answer that is not valid gRPC. error=http_protocol_error"
    );
}

/// RFC 9113 section 8.2.1: "A field value MUST NOT start or end with" white space, and over HTTP/1 it would be lost.
#[test]
fn no_value_begins_or_ends_in_a_space() {
    let mut exchange = call("application/grpc");
    exchange.next_hop = Some(" a\u{a0} ".into());
    exchange.reference = Some("\u{2003} ".into());
    exchange.proxy_status = Some(HeaderValue::from_static(" \tcdn \t,\tother\t "));
    for name in [" gw", "gw ", "  ", " "] {
        for disclosure in [Disclosure::Token, Disclosure::Details, Disclosure::Trusted] {
            let gateway = Gateway::new(name).unwrap().with_disclosure(disclosure);
            let response = gateway.answer_fault(&Fault::new(FaultKind::ResponseTimeout), &exchange);
            for (field, value) in response.headers() {
                assert_eq!(value.as_bytes(), value.as_bytes().trim_ascii(), "{field} of {name:?}");
            }
        }
    }
}

#[test]
fn grpc_is_answered_in_its_own_type_and_only_where_it_is_spoken() {
    let fault = Fault::new(FaultKind::ResponseTimeout);
    for (asked, answered) in [
        ("application/grpc", "application/grpc"),
        ("application/grpc+json", "application/grpc+json"),
        ("application/grpc+proto; x=y", "application/grpc+proto"),
        ("application/grpc;x=y", "application/grpc"),
        ("application/grpc+", "application/grpc"),
        ("application/grpc+a\"b", "application/grpc"),
        ("application/grpc+a,b", "application/grpc"),
        ("application/grpc+0123456789012345678901234567890123", "application/grpc"),
        // Its status stands in the body: another protocol.
        ("application/grpc-web", "application/problem+json"),
    ] {
        let response = gateway().answer_fault(&fault, &call(asked));
        assert_eq!(response.headers()["content-type"], answered, "{asked}");
        let grpc = answered.starts_with("application/grpc");
        assert_eq!(response.headers().get("grpc-status").is_some(), grpc);
        assert_eq!(response.status(), if grpc { 200 } else { 504 });
    }
    let mut old = call("application/grpc");
    old.version = Version::HTTP_11;
    assert_eq!(gateway().answer_fault(&fault, &old).status(), 504, "HTTP/1.1 has no gRPC");
}

/// Its token is that of a malformed answer, for want of another. That there was an answer is not known.
#[test]
fn of_an_unclassified_fault_nothing_is_claimed() {
    let (fault, exchange) = (Fault::new(FaultKind::Unclassified), get("text/plain, text/markdown;q=0.5"));
    let response = gateway().answer_fault(&fault, &exchange);
    assert_eq!(response.headers()["proxy-status"], "gw; error=http_protocol_error");
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(
        text.contains("The service could not be used") && text.contains("no answer that it could pass on"),
        "{text}"
    );
    assert!(!text.contains("not valid HTTP"), "{text}");
    let confidence = |fault| {
        let line = gateway().record(&fault, &exchange).to_string();
        line.split(r#""confidence":"#).nth(1).unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!(confidence(fault), "null");
    assert_eq!(confidence(fault.with_confidence(Confidence::Text)), "null");
    assert_eq!(confidence(Fault::new(FaultKind::BadHeader)), r#""typed""#);
    assert_eq!(confidence(Fault::new(FaultKind::BadHeader).with_confidence(Confidence::Text)), r#""text""#);
}

#[test]
fn cloudflares_status_with_its_reason_on_the_wire() {
    let gateway = gateway().with_profile(Profile::Cloudflare);
    let mut out = b"before".to_vec();
    gateway.answer_wire(&Fault::new(FaultKind::ConnectionTimeout), &get("application/json"), &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "beforeHTTP/1.1 522 Connection Timed Out\r\n\
         proxy-status: gw; error=connection_timeout\r\n\
         cache-control: no-store\r\n\
         vary: accept\r\n\
         x-content-type-options: nosniff\r\n\
         content-type: application/json\r\n\
         content-length: 248\r\n\
         \r\n\
         {\"type\":\"https://www.rfc-editor.org/rfc/rfc9209#section-2.3.9\",\"title\":\"The service could not be reached\",\"status\":522,\
         \"detail\":\"Connecting to the service took too long. You can try again in a moment.\",\"error\":\"connection_timeout\",\"retryable\":true}"
    );
}

#[test]
fn head_has_the_same_head_and_no_body() {
    for accept in ["*/*", "text/html", "text/plain"] {
        let fault = Fault::new(FaultKind::DnsTimeout);
        let mut exchange = get(accept);
        let full = gateway().answer_fault(&fault, &exchange);
        exchange.method = Method::HEAD;
        let head = gateway().answer_fault(&fault, &exchange);
        assert_eq!(head.headers(), full.headers());
        assert!(head.body().is_empty() && !full.body().is_empty());
    }
}

#[test]
fn the_connection_closes_where_a_request_body_was_left_and_a_version_has_such_a_field() {
    let closes = |body, version| {
        let mut exchange = get("*/*");
        exchange.request_body = body;
        exchange.version = version;
        let response = gateway().answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange);
        response.headers().get("connection").map(|v| v.to_str().unwrap().to_owned()) == Some("close".into())
    };
    for version in [Version::HTTP_10, Version::HTTP_11] {
        assert!(closes(RequestBody::Unread, version));
        assert!(closes(RequestBody::Partial, version));
        assert!(closes(RequestBody::Failed, version));
        assert!(!closes(RequestBody::None, version));
        assert!(!closes(RequestBody::Whole, version));
    }
    for version in [Version::HTTP_2, Version::HTTP_3] {
        assert!(!closes(RequestBody::Unread, version));
    }
}

#[test]
fn retry_after_is_rounded_up_and_only_where_it_means_something() {
    let retry_after = |kind, millis| {
        let mut exchange = get("*/*");
        exchange.retry_after = Some(Duration::from_millis(millis));
        let response = gateway().answer_fault(&Fault::new(kind), &exchange);
        response.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(retry_after(FaultKind::CircuitOpen, 30_000).as_deref(), Some("30"));
    assert_eq!(retry_after(FaultKind::CircuitOpen, 1_001).as_deref(), Some("2"));
    assert_eq!(retry_after(FaultKind::CircuitOpen, 0).as_deref(), Some("0"));
    // A 502 may pass as well (Cloudflare: "500, 502, 504, 520-524").
    assert_eq!(retry_after(FaultKind::ConnectionRefused, 1_000).as_deref(), Some("1"));
    // But not where the advice is that it will not (Cloudflare: not with 525 and 526), nor with a 4xx.
    assert_eq!(retry_after(FaultKind::CertExpired, 1_000), None);
    assert_eq!(retry_after(FaultKind::ClientTimeout, 1_000), None);
    let mut exchange = get("*/*");
    let problem = |exchange: &Exchange, code| {
        let fault = Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(code));
        let response = gateway().answer_fault(&fault, exchange);
        (response.headers().contains_key("retry-after"), text(&response).contains("\"retry_after\":30"))
    };
    assert_eq!(problem(&exchange, 429), (false, false), "nothing is made up");
    exchange.retry_after = Some(Duration::from_secs(30));
    assert_eq!(problem(&exchange, 429), (true, true));
    assert_eq!(problem(&exchange, 413), (false, false));
}

#[test]
fn each_level_tells_more() {
    let fault = Fault::of_class(Class::HeaderValueNul).with_offset(53);
    let mut exchange = get("*/*");
    exchange.next_hop = Some("10.0.0.7:8080".into());
    let body = |disclosure| {
        let response = gateway().with_disclosure(disclosure).answer_fault(&fault, &exchange);
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        body.split_once("\"retryable\":false").unwrap().1.to_owned()
    };
    assert_eq!(body(Disclosure::Token), "}");
    assert_eq!(
        body(Disclosure::Details),
        r#","code":"bad_header","class":"header.value_nul","phase":"head","offset":53}"#
    );
    assert_eq!(
        body(Disclosure::Trusted),
        r#","code":"bad_header","class":"header.value_nul","phase":"head","offset":53,"next_hop":"10.0.0.7:8080"}"#
    );
}

#[test]
fn a_status_after_an_abort_or_for_nobody_is_still_an_answer() {
    let mut exchange = get("*/*");
    let fault = Fault::new(FaultKind::BodyTruncated);
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Length };
    assert_eq!(gateway().decide(&fault, &exchange), Decision::Abort(AbortMethod::CloseShort));
    assert_eq!(gateway().answer_fault(&fault, &exchange).status(), 502);
    let gone = gateway().answer_fault(&Fault::new(FaultKind::ClientAborted), &exchange);
    assert_eq!((gone.status().as_u16(), &gone.headers()["proxy-status"]), (499, &HeaderValue::from_static("gw")));
    check_json(gone.body());
    assert_eq!(gateway().answer(&fault, &exchange).status(), 502);
}

#[test]
fn reasons_of_the_unregistered() {
    for (status, expected) in [
        (499, "Client Closed Request"),
        (502, "Bad Gateway"),
        (520, "Web Server Returned an Unknown Error"),
        (521, "Web Server Is Down"),
        (522, "Connection Timed Out"),
        (523, "Origin Is Unreachable"),
        (524, "A Timeout Occurred"),
        (525, "SSL Handshake Failed"),
        (526, "Invalid SSL Certificate"),
        (530, "Origin DNS Error"),
        (599, "Server Error"),
        (999, ""),
    ] {
        assert_eq!(reason(StatusCode::from_u16(status).unwrap()), expected);
    }
}

#[test]
fn head_on_the_wire_ends_with_its_head() {
    let mut exchange = get("text/html");
    exchange.method = Method::HEAD;
    let mut out = Vec::new();
    gateway().answer_wire(&Fault::new(FaultKind::DnsTimeout), &exchange, &mut out);
    let length =
        gateway().answer_fault(&Fault::new(FaultKind::DnsTimeout), &exchange).headers()["content-length"].clone();
    assert!(out.ends_with(format!("content-length: {}\r\n\r\n", length.to_str().unwrap()).as_bytes()));
}

#[test]
fn a_gateway_can_be_shared() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>(_: &T) {}
    shared(&gateway());
    let debug = format!("{:?}", gateway());
    assert!(
        debug.starts_with(
            r#"Gateway { name: "gw", profile: Rfc9209, disclosure: Token, mark: ServerErrors, page: Page { bytes: "#
        ),
        "{debug}"
    );
}

// ---- the record ------------------------------------------------------------------------------------

#[test]
fn a_record_of_a_response() {
    let mut exchange = get("*/*");
    exchange.path = Some("/a\"b?c=1".parse().unwrap());
    exchange.next_hop = Some("10.0.0.7:8080".into());
    exchange.elapsed = Some(Duration::from_micros(12_900));
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    assert_eq!(
        gateway().record(&fault, &exchange).to_string(),
        r#"{"fault":"connection_refused","class":null,"phase":"connect","status":502,"forwarded_status":null,"proxy_status":"gw; error=connection_refused","applied":"no","retry":"safe","retry_reason":"not_applied","blame":"next_hop","category":"refused","elapsed_ms":12,"next_hop":"10.0.0.7:8080","method":"GET","path":"/a\"b?c=1","offset":null,"expected":null,"received":null,"confidence":"typed","decision":"respond","how":null,"errno":111}"#
    );
}

#[test]
fn a_record_of_an_abort_with_evidence_and_fields() {
    let mut exchange = get("*/*");
    exchange.method = Method::POST;
    exchange.version = Version::HTTP_2;
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Length };
    let fault = Fault::new(FaultKind::BodyTruncated).with_expected(100).with_received(60);
    let evidence = Evidence::new().with_text("last bytes", "a\"b").with_error(&std::io::Error::other("x\ny"));
    let gateway = gateway().with_disclosure(Disclosure::Trusted);
    let line =
        gateway.record(&fault, &exchange).with_evidence(&evidence).with_fields(&[("k\n", "v\u{2028}")]).to_string();
    assert_eq!(
        line,
        r#"{"fault":"body_truncated","class":null,"phase":"body","status":null,"forwarded_status":200,"proxy_status":null,"applied":"yes","retry":"never","retry_reason":"forwarded","blame":"next_hop","category":"premature_eof","elapsed_ms":null,"next_hop":null,"method":"POST","path":null,"offset":null,"expected":100,"received":60,"confidence":"typed","decision":"abort","how":"stream_reset","how_code":2,"evidence":[{"label":"last bytes","text":"a\"b"},{"label":"error","text":"x\\ny"}],"extra":{"k\n":"v\u2028"}}"#
    );
    check_json(line.as_bytes());
}

/// What others write cannot make a line grow: so many bytes of each text, so many of them.
#[test]
fn a_record_is_bounded() {
    let count = |line: &str, what: char| line.matches(what).count();
    for (given, path, other) in [(512, 512, 512), (513, 513, 512), (2048, 2048, 512), (2049, 2048, 512)] {
        let mut exchange = get("*/*");
        exchange.path = Some(format!("/{}", "%".repeat(given - 1)).parse().unwrap());
        exchange.next_hop = Some("#".repeat(given).into());
        exchange.reference = Some("^".repeat(given).into());
        let own = "|".repeat(given);
        let (gateway, fault) = (gateway(), Fault::new(FaultKind::ConnectionRefused));
        let line = gateway.record(&fault, &exchange).with_fields(&[("k", &own)]).to_string();
        check_json(line.as_bytes());
        assert_eq!(count(&line, '%') + 1, path, "the path of {given}");
        assert_eq!(count(&line, '|'), path, "a field of the caller's own of {given}");
        assert_eq!(count(&line, '#'), other, "the next hop of {given}");
        assert_eq!(count(&line, '^'), other, "the reference of {given}");
    }
    let own = vec![("k", "|"); 33];
    let line = gateway().record(&Fault::new(FaultKind::NoRoute), &get("*/*")).with_fields(&own).to_string();
    assert_eq!(count(&line, '|'), 32);
}

#[test]
fn records_name_codes_and_silence() {
    let line = |fault: Fault| gateway().record(&fault, &Exchange::default()).to_string();
    let alert = Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(40));
    assert!(line(alert).ends_with(r#","alert":40,"alert_name":"handshake_failure"}"#));
    let rcode = Fault::new(FaultKind::DnsNotFound).with_code(Code::DnsRcode(3));
    assert!(line(rcode).ends_with(r#","rcode":3,"rcode_name":"NXDOMAIN"}"#));
    assert!(line(Fault::new(FaultKind::StreamReset).with_code(Code::H2(8))).ends_with(r#","h2_code":8}"#));
    let gone = line(Fault::new(FaultKind::ClientAborted));
    assert!(gone.contains(r#""status":null,"forwarded_status":null,"proxy_status":null"#));
    assert!(gone.ends_with(r#""decision":"silence","how":null}"#));
}

/// What the next hop answered, where that did not go on; what went on has a key of its own.
#[test]
fn a_record_has_the_status_that_was_received() {
    let line = |fault: Fault, status: Option<StatusCode>, forwarded: Forwarded| {
        let mut exchange = get("*/*");
        (exchange.received_status, exchange.forwarded) = (status, forwarded);
        gateway().record(&fault, &exchange).to_string()
    };
    let timeout = StatusCode::REQUEST_TIMEOUT;
    let early = Fault::new(FaultKind::UnsolicitedResponse);
    assert!(line(early, Some(timeout), Forwarded::Nothing).ends_with(r#","received_status":408}"#));
    assert!(line(early, Some(timeout), Forwarded::Interim).ends_with(r#","received_status":408}"#));
    assert!(!line(early, None, Forwarded::Nothing).contains("received_status"));
    let head = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Length };
    let cut = line(Fault::new(FaultKind::BodyReset), Some(StatusCode::OK), head);
    assert!(cut.contains(r#""forwarded_status":200"#) && !cut.contains("received_status"), "{cut}");
    // Once, where the fault has it too.
    let page = Fault::new(FaultKind::NotGrpc).with_code(Code::Status(404));
    for status in [None, Some(StatusCode::NOT_FOUND)] {
        assert_eq!(line(page, status, Forwarded::Nothing).matches(r#""received_status":404"#).count(), 1);
    }
}

// ---- what must hold for all ------------------------------------------------------------------------

const ACCEPTS: [&str; 5] = ["application/problem+json", "application/json", "text/html", "text/plain", "text/markdown"];

fn unkind(_: &Fault, _: &Exchange) -> StatusCode {
    StatusCode::OK
}

fn profiles() -> [Profile; 6] {
    use Profile as P;
    [P::Rfc9209, P::Cloudflare, P::Nginx, P::Envoy, P::HaProxy, P::custom(unkind)]
}

#[test]
fn every_kind_in_every_profile_and_format_is_whole_and_the_same_on_the_wire() {
    for &kind in FaultKind::ALL {
        for profile in profiles() {
            for disclosure in [Disclosure::Token, Disclosure::Details, Disclosure::Trusted] {
                for accept in ACCEPTS {
                    let mut exchange = get(accept);
                    exchange.next_hop = Some("[::1]:80".into());
                    let fault = Fault::new(kind).with_received(7).with_offset(3);
                    let gateway = gateway().with_profile(profile.clone()).with_disclosure(disclosure);
                    check(&gateway, &fault, &exchange);
                    exchange.version = Version::HTTP_2;
                    exchange.grpc = true;
                    check(&gateway, &fault, &exchange);
                }
            }
        }
    }
}

/// Everything that must hold for a response, whatever went into it.
#[track_caller]
fn check(gateway: &Gateway, fault: &Fault, exchange: &Exchange) {
    let response = gateway.answer_fault(fault, exchange);
    let headers = response.headers();
    assert!(!reason(response.status()).is_empty());
    let grpc = exchange.grpc && exchange.version >= Version::HTTP_2;
    if grpc {
        check_grpc(&response);
    } else {
        assert!((400..600).contains(&response.status().as_u16()));
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["vary"], "accept");
        assert!(!headers.contains_key("grpc-status"));
    }
    assert_eq!(headers["proxy-status"], gateway.proxy_status(fault, exchange));
    assert!(!headers.contains_key("date"));
    let head = exchange.method == Method::HEAD;
    let length: usize = headers["content-length"].to_str().unwrap().parse().unwrap();
    assert_eq!(response.body().len(), if head { 0 } else { length });
    assert!(length < 8192);
    if !head && !grpc {
        match headers["content-type"].to_str().unwrap() {
            "application/problem+json" | "application/json" => check_json(response.body()),
            "text/html; charset=utf-8" => check_html(response.body()),
            "text/plain; charset=utf-8" => check_text(response.body()),
            "text/markdown; charset=utf-8" => check_markdown(response.body()),
            other => panic!("{other}"),
        }
    }
    check_wire(gateway, fault, exchange, &response);
    let record = gateway.record(fault, exchange);
    let line = record.to_string();
    check_json(line.as_bytes());
    assert!(!line.chars().any(char::is_control));
    let mut appended = b"before".to_vec();
    record.append_to(&mut appended);
    assert_eq!(&appended[6..], line.as_bytes(), "behind what was there, and the same as displayed");
}

#[track_caller]
fn check_wire(gateway: &Gateway, fault: &Fault, exchange: &Exchange, response: &Response<Bytes>) {
    let mut wire = Vec::new();
    gateway.answer_wire(fault, exchange, &mut wire);
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut headers);
    let end = parsed.parse(&wire).unwrap().unwrap();
    assert_eq!((parsed.version, parsed.code), (Some(1), Some(response.status().as_u16())));
    assert_eq!(parsed.reason, Some(reason(response.status())));
    let on_the_wire: Vec<(String, Vec<u8>)> =
        parsed.headers.iter().map(|h| (h.name.to_owned(), h.value.to_vec())).collect();
    let in_the_map: Vec<(String, Vec<u8>)> =
        response.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    assert_eq!(on_the_wire, in_the_map);
    assert_eq!(&wire[end..], &response.body()[..]);
}

/// A document; tests/page holds the rest.
#[track_caller]
fn check_html(body: &[u8]) {
    let page = std::str::from_utf8(body).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\"") && page.ends_with("</html>\n"));
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
}

#[track_caller]
fn check_text(body: &[u8]) {
    let text = std::str::from_utf8(body).unwrap();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    // What the caller gave cannot add lines.
    assert!(text.lines().count() <= 14, "{text}");
}

/// Nothing active: what was given to us stands in code spans of one line each, and nothing closes one early.
#[track_caller]
fn check_markdown(body: &[u8]) {
    let text = std::str::from_utf8(body).unwrap();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("# "));
    // Our own words have no mark but the bold title and the fence.
    let words: Vec<&str> = lines.by_ref().take(8).collect();
    for (n, line) in words.iter().enumerate() {
        let line = if n == 1 { line.replacen("**", "", 2) } else { (*line).to_owned() };
        let fence = line == "```text" || line == "```";
        // Square brackets of the drawing are inside of the fence.
        assert!(fence || n == 5 || !line.contains(['`', '*', '_', '[', '!', '<', '&', '#', '~']), "{line}");
    }
    assert_eq!((words[4], words[6], words[7]), ("```text", "```", ""), "{text}");
    let mut facts = 0;
    for line in lines {
        let (name, value) =
            line.strip_prefix("- ").and_then(|l| l.split_once(": `")).unwrap_or_else(|| panic!("{line}"));
        assert!(["gateway", "error", "code", "class", "next hop", "reference"].contains(&name), "{line}");
        let value = value.strip_suffix('`').unwrap_or_else(|| panic!("{line}"));
        assert!(!value.is_empty() && !value.contains(['`', '<', '>']), "{line}");
        facts += 1;
    }
    assert!((1..=6).contains(&facts), "{text}");
}

/// Trailers-Only (gRPC, PROTOCOL-HTTP2.md): every field of it, and no content.
#[track_caller]
fn check_grpc(response: &Response<Bytes>) {
    let headers = response.headers();
    assert_eq!(response.status(), 200);
    assert!(response.body().is_empty());
    let kind = headers["content-type"].to_str().unwrap();
    let format = kind.strip_prefix("application/grpc").unwrap();
    assert!(format.is_empty() || (format.starts_with('+') && format.len() <= 33), "{kind}");
    assert!(format.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b)), "{kind}");
    let status: u8 = headers["grpc-status"].to_str().unwrap().parse().unwrap();
    assert!((1..=16).contains(&status), "{status}");
    let message = headers["grpc-message"].as_bytes();
    assert!(message.starts_with(b"gw: ") && message.len() < 2048, "{message:?}");
    let decoded = decode(message);
    let decoded = std::str::from_utf8(&decoded).unwrap();
    assert!(!decoded.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}')), "{decoded:?}");
    let known =
        ["proxy-status", "content-type", "grpc-status", "grpc-message", "grpc-retry-pushback-ms", "content-length"];
    assert!(headers.keys().all(|name| known.contains(&name.as_str())), "{headers:?}");
    if let Some(wait) = headers.get("grpc-retry-pushback-ms") {
        assert!(wait.to_str().unwrap().parse::<i32>().unwrap() >= 0);
    }
}

/// The way back: `%` is followed by two digits of hexadecimal, and all else is visible ASCII or a space.
#[track_caller]
fn decode(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        match text {
            [] => return out,
            [b'%', high, low, rest @ ..] => {
                let digits = [*high, *low];
                assert!(digits.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b)), "{digits:?}");
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                text = rest;
            }
            [byte @ (b' '..=b'$' | b'&'..=b'~'), rest @ ..] => {
                out.push(*byte);
                text = rest;
            }
            [byte, ..] => panic!("{byte:#x} is not encoded"),
        }
    }
}

/// A strict little reader of RFC 8259, which knows yes and no.
#[track_caller]
fn check_json(body: &[u8]) {
    fn spaces(s: &mut &[u8]) {
        *s = s.trim_ascii_start();
    }
    fn take(s: &mut &[u8], word: &str) -> bool {
        let found = s.starts_with(word.as_bytes());
        if found {
            *s = &s[word.len()..];
        }
        found
    }
    fn string(s: &mut &[u8]) -> bool {
        if !take(s, "\"") {
            return false;
        }
        loop {
            match s {
                [b'"', rest @ ..] => {
                    *s = rest;
                    return true;
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => *s = rest,
                [b'\\', b'u', a, b, c, d, rest @ ..] if [a, b, c, d].iter().all(|x| x.is_ascii_hexdigit()) => *s = rest,
                [c, rest @ ..] if *c >= 0x20 && *c != b'\\' => *s = rest,
                _ => return false,
            }
        }
    }
    fn list(s: &mut &[u8], close: &str, item: fn(&mut &[u8]) -> bool) -> bool {
        spaces(s);
        if take(s, close) {
            return true;
        }
        loop {
            if !item(s) {
                return false;
            }
            spaces(s);
            if take(s, close) {
                return true;
            }
            if !take(s, ",") {
                return false;
            }
        }
    }
    fn value(s: &mut &[u8]) -> bool {
        spaces(s);
        match s.first() {
            Some(b'{') => {
                *s = &s[1..];
                list(s, "}", |s| {
                    spaces(s);
                    string(s) && {
                        spaces(s);
                        take(s, ":") && value(s)
                    }
                })
            }
            Some(b'[') => {
                *s = &s[1..];
                list(s, "]", value)
            }
            Some(b'"') => string(s),
            Some(b'-' | b'0'..=b'9') => {
                take(s, "-");
                let digits = s.iter().take_while(|b| b.is_ascii_digit()).count();
                let fine = digits == 1 || (digits > 1 && s[0] != b'0');
                *s = &s[digits..];
                fine
            }
            _ => take(s, "true") || take(s, "false") || take(s, "null"),
        }
    }
    assert!(std::str::from_utf8(body).is_ok());
    let mut rest = body;
    assert!(value(&mut rest) && rest.is_empty() && body.starts_with(b"{"), "{}", String::from_utf8_lossy(body));
}

/// Text that wants to get out of every context there is.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::collection::vec(
            prop::sample::select(vec![
                "<script>alert(1)</script>",
                "\r\nSet-Cookie: a=b",
                "\u{0}",
                "\"",
                "\\",
                "'",
                "&",
                "</dd>",
                "]]>",
                "{}",
                "\u{2028}",
                "\u{202e}",
                "é",
                "; error=ok",
                ", evil",
                "CN=*.example.org",
                "`",
                "``` ",
                "![x](http://evil/i.png)",
                "[x](javascript:alert(1))",
                "<http://evil/>",
                "\n\n# Heading\n",
                "**b**",
                "%00%0a",
                "% ",
                "|",
                "\u{7f}",
                "\u{85}",
                "\u{1f600}",
            ]),
            0..8
        )
        .prop_map(|pieces| pieces.concat()),
        "[a-z.]{1,8}".prop_map(|s| s.repeat(1 + (1 << 16) / s.len())),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let number = || prop_oneof![Just(None), any::<u64>().prop_map(Some), (0..4096u64).prop_map(Some)];
    let code = prop_oneof![
        Just(None),
        any::<i32>().prop_map(|n| Some(Code::Errno(n))),
        any::<u8>().prop_map(|n| Some(Code::TlsAlert(n))),
        any::<u32>().prop_map(|n| Some(Code::H2(n))),
        any::<u32>().prop_map(|n| Some(Code::H3(n))),
        any::<u32>().prop_map(|n| Some(Code::Quic(n))),
        any::<u16>().prop_map(|n| Some(Code::DnsRcode(n))),
        any::<u16>().prop_map(|n| Some(Code::Status(n))),
    ];
    (
        prop::sample::select(FaultKind::ALL),
        prop::sample::select(Phase::ALL),
        prop::option::of(prop::sample::select(Class::ALL)),
        code,
        number(),
        number(),
        number(),
    )
        .prop_map(|(kind, phase, class, code, offset, expected, received)| {
            let mut fault = Fault::new(kind).at(phase);
            if let Some(class) = class {
                fault = fault.with_class(class);
            }
            if let Some(code) = code {
                fault = fault.with_code(code);
            }
            if let Some(n) = offset {
                fault = fault.with_offset(n);
            }
            if let Some(n) = expected {
                fault = fault.with_expected(n);
            }
            if let Some(n) = received {
                fault = fault.with_received(n);
            }
            fault
        })
}

prop_compose! {
    fn exchange()(
        (next_hop, next_protocol, reference) in (prop::option::of(hostile()), prop::option::of(hostile()), prop::option::of(hostile())),
        accept in prop_oneof![prop::sample::select(&ACCEPTS[..]).prop_map(str::to_owned), hostile()],
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "CONNECT", "WHATEVER-LONG"]),
        head in prop::option::of(200u16..600),
        body in prop::sample::select(vec![RequestBody::None, RequestBody::Unread, RequestBody::Whole]),
        version in prop::sample::select(vec![Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3]),
        retry_after in prop::option::of(any::<Duration>()),
        received_status in prop::option::of(100u16..1000),
        (grpc, grpc_type) in (prop::bool::weighted(0.3), hostile()),
    ) -> Exchange {
        let mut exchange = Exchange::default();
        exchange.grpc = grpc;
        exchange.grpc_type = HeaderValue::from_str(&format!("application/grpc+{grpc_type}")).ok();
        exchange.next_hop = next_hop.map(Into::into);
        exchange.next_protocol = next_protocol.map(Into::into);
        exchange.reference = reference.map(Into::into);
        exchange.accept = HeaderValue::from_str(&accept).ok();
        exchange.path = format!("/{accept}").parse().ok();
        exchange.method = method.parse().unwrap();
        exchange.request_body = body;
        exchange.version = version;
        exchange.retry_after = retry_after;
        exchange.received_status = received_status.map(|n| StatusCode::from_u16(n).unwrap());
        if let Some(status) = head {
            exchange.forwarded = Forwarded::Head { status: StatusCode::from_u16(status).unwrap(), framing: BodyFraming::UntilClose };
        }
        exchange
    }
}

proptest! {
    #[test]
    fn any_answer_is_whole_and_inert(
        fault in fault(),
        exchange in exchange(),
        profile in prop::sample::select(profiles().to_vec()),
        disclosure in prop::sample::select(vec![Disclosure::Token, Disclosure::Details, Disclosure::Trusted]),
    ) {
        check(&gateway().with_profile(profile.clone()).with_disclosure(disclosure), &fault, &exchange);
    }
}

#[test]
fn a_megabyte_from_anywhere_is_bounded() {
    let long = format!("<script>{}", "\u{2028}x".repeat(250_000));
    for accept in ACCEPTS {
        let mut exchange = get(accept);
        exchange.next_hop = Some(long.clone().into());
        exchange.next_protocol = Some(long.clone().into());
        exchange.reference = Some(long.clone().into());
        exchange.path = Some(format!("/{}", "p".repeat(60_000)).parse().unwrap());
        exchange.proxy_status = Some(HeaderValue::from_str(&"a".repeat(1_000_000)).unwrap());
        let fault = Fault::new(FaultKind::CertNameMismatch);
        let gateway = gateway().with_disclosure(Disclosure::Trusted);
        check(&gateway, &fault, &exchange);
        let mut call = exchange.clone();
        call.version = Version::HTTP_3;
        call.grpc = true;
        call.grpc_type = Some(HeaderValue::from_str(&format!("application/grpc+{}", "p".repeat(60_000))).unwrap());
        check(&gateway, &fault, &call);
        assert!(gateway.proxy_status(&fault, &exchange).len() < 4096);
        assert!(gateway.record(&fault, &exchange).to_string().len() < 12_000);
    }
}

#[test]
fn a_peers_text_is_not_told_by_default() {
    const SECRET: &str = "cn-of-the-certificate";
    for accept in ACCEPTS {
        for disclosure in [Disclosure::Token, Disclosure::Details] {
            let mut exchange = get(accept);
            exchange.next_hop = Some(SECRET.into());
            exchange.next_protocol = Some(SECRET.into());
            exchange.path = Some(format!("/{SECRET}").parse().unwrap());
            let fault = Fault::new(FaultKind::CertNameMismatch).with_code(Code::Errno(31_337));
            let mut call = exchange.clone();
            call.version = Version::HTTP_2;
            call.grpc = true;
            for exchange in [exchange, call] {
                let told = text(&gateway().with_disclosure(disclosure).answer_fault(&fault, &exchange));
                assert!(!told.contains(SECRET) && !told.contains("31337"), "{told}");
                assert_eq!(told.contains("cert_name_mismatch"), disclosure == Disclosure::Details);
            }
        }
    }
}
