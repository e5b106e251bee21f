//! Requests that must not be forwarded, and those that must.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use badgateway::audit::{audit_request, tidy_request};
use badgateway::fault::{Class, Code, Fault};
use badgateway::{Exchange, FaultKind, Gateway};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};

const H10: Version = Version::HTTP_10;
const H11: Version = Version::HTTP_11;
const H2: Version = Version::HTTP_2;
const H3: Version = Version::HTTP_3;

fn fields(lines: &[(&str, &[u8])]) -> HeaderMap {
    let line = |(name, value): &(&str, &[u8])| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap())
    };
    lines.iter().map(line).fold(HeaderMap::new(), |mut map, (name, value)| {
        map.append(name, value);
        map
    })
}

fn audit(method: &str, target: &[u8], version: Version, lines: &[(&str, &[u8])]) -> Result<(), Fault> {
    let uri = Uri::from_maybe_shared(Bytes::copy_from_slice(target)).unwrap();
    audit_request(&method.parse().unwrap(), version, &uri, &fields(lines))
}

/// The class and the status of a refusal.
fn seen(audited: Result<(), Fault>) -> Option<(&'static str, u16)> {
    let fault = audited.err()?;
    assert_eq!(fault.kind(), FaultKind::BadRequest);
    let status = Gateway::new("gw").unwrap().answer_fault(&fault, &Exchange::default()).status().as_u16();
    assert_eq!(matches!(fault.code(), Some(Code::Status(_))), status != 400);
    Some((fault.class().unwrap().as_str(), status))
}

#[test]
fn the_end_of_a_request_leaves_no_choice() {
    type Case = (Version, &'static [(&'static str, &'static str)], Option<(&'static str, u16)>);
    const TE: &str = "transfer-encoding";
    const CL: &str = "content-length";
    const UNSUPPORTED: Option<(&str, u16)> = Some(("framing.te_compressed", 501));
    const INVALID: Option<(&str, u16)> = Some(("framing.te_invalid", 400));
    const REPEATED: Option<(&str, u16)> = Some(("framing.te_chunked_repeated", 400));
    const CONFLICT: Option<(&str, u16)> = Some(("framing.cl_conflict", 400));
    const OVERFLOW: Option<(&str, u16)> = Some(("framing.cl_overflow", 400));
    const SPECIFIC: Option<(&str, u16)> = Some(("request.connection_specific", 400));
    let cases: &[Case] = &[
        (H11, &[], None),
        (H11, &[(TE, "chunked")], None),
        (H11, &[(TE, "Chunked")], None),
        // Not understood, but whole: 501. Not delimited: 400 (RFC 9112 sections 6.1 and 6.3).
        (H11, &[(TE, "gzip, chunked")], UNSUPPORTED),
        (H11, &[(TE, "gzip"), (TE, "chunked")], UNSUPPORTED),
        (H11, &[(TE, "identity, chunked")], Some(("framing.te_identity", 501))),
        (H11, &[(TE, "exotic, chunked")], Some(("framing.te_unsupported", 501))),
        (H11, &[(TE, "gzip")], Some(("framing.te_compressed", 400))),
        (H11, &[(TE, "identity")], Some(("framing.te_identity", 400))),
        (H11, &[(TE, "exotic")], Some(("framing.te_unsupported", 400))),
        (H11, &[(TE, "chunked, gzip")], Some(("framing.te_chunked_not_final", 400))),
        (H11, &[(TE, "chunked, chunked")], REPEATED),
        (H11, &[(TE, "chunked"), (TE, "chunked")], REPEATED),
        // They read as `chunked`, and are not written so.
        (H11, &[(TE, ",chunked")], INVALID),
        (H11, &[(TE, "chunked,")], INVALID),
        (H11, &[(TE, ""), (TE, "chunked")], INVALID),
        (H11, &[(TE, "chunked"), (TE, "")], INVALID),
        (H11, &[(TE, "")], INVALID),
        (H11, &[(TE, "chunked;a=1")], INVALID),
        (H11, &[(TE, "\"chunked\"")], INVALID),
        (H11, &[(TE, "chun ked")], INVALID),
        (H10, &[(TE, "chunked")], Some(("framing.te_in_http10", 400))),
        (H2, &[(TE, "chunked")], SPECIFIC),
        (H3, &[(TE, "chunked")], SPECIFIC),
        (H11, &[(CL, "5"), (TE, "chunked")], Some(("framing.cl_and_te", 400))),
        (H11, &[(TE, "chunked"), (CL, "0")], Some(("framing.cl_and_te", 400))),
        (H11, &[(CL, "5")], None),
        (H2, &[(CL, "5")], None),
        // "All values in the list are the same" (RFC 9112 section 6.3): they are one number then.
        (H11, &[(CL, "5, 5")], None),
        (H11, &[(CL, "5"), (CL, "5")], None),
        (H11, &[(CL, "5, 6")], CONFLICT),
        (H11, &[(CL, "5"), (CL, "6")], CONFLICT),
        (H2, &[(CL, "5"), (CL, "6")], CONFLICT),
        (H11, &[(CL, "")], Some(("framing.cl_empty", 400))),
        (H11, &[(CL, "+5")], Some(("framing.cl_plus", 400))),
        (H11, &[(CL, "-5")], Some(("framing.cl_negative", 400))),
        (H11, &[(CL, "0x5")], Some(("framing.cl_invalid", 400))),
        (H11, &[(CL, "9223372036854775807")], None),
        (H11, &[(CL, "9223372036854775808")], OVERFLOW),
        (H11, &[(CL, "18446744073709551615")], OVERFLOW),
        (H11, &[(CL, "99999999999999999999999")], OVERFLOW),
        (H2, &[(CL, "9223372036854775808")], OVERFLOW),
    ];
    for (version, lines, expected) in cases {
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let lines = [&[("host", &b"h.test"[..])], lines.as_slice()].concat();
        let target: &[u8] = if *version >= H2 { b"https://h.test/x" } else { b"/x" };
        assert_eq!(seen(audit("POST", target, *version, &lines)), *expected, "{version:?} {lines:?}");
    }
}

#[test]
fn a_target_has_the_form_that_its_method_has() {
    const FORM: Option<&str> = Some("request.target_form");
    const SCHEME: Option<&str> = Some("request.target_scheme");
    const INVALID: Option<&str> = Some("request.target_invalid");
    for (method, target, version, expected) in [
        ("GET", &b"/"[..], H11, None),
        ("GET", b"/a?b=/c%20d&e", H11, None),
        ("GET", b"//twice", H11, None),
        ("GET", b"http://h.test/x", H11, None),
        ("GET", b"HTTPS://h.test:8443", H11, None),
        ("GET", b"http://[2001:db8::1]:81/x?y", H11, None),
        ("OPTIONS", b"*", H11, None),
        ("CONNECT", b"h.test:443", H11, None),
        ("CONNECT", b"[::1]:443", H11, None),
        ("CONNECT", b"h.test:443", H2, None),
        // Extended: RFC 8441.
        ("CONNECT", b"https://h.test/chat", H2, None),
        ("GET", b"*", H11, FORM),
        ("OPTIONS", b"h.test:443", H11, FORM),
        ("GET", b"h.test:443", H11, FORM),
        ("GET", b"h.test", H11, FORM),
        ("POST", b"admin", H10, FORM),
        ("CONNECT", b"/x", H11, FORM),
        ("CONNECT", b"*", H11, FORM),
        ("CONNECT", b"h.test", H11, FORM),
        ("CONNECT", b"http://h.test/", H11, FORM),
        // Methods are case-sensitive.
        ("options", b"*", H11, FORM),
        ("connect", b"h.test:443", H11, FORM),
        ("GET", b"ftp://h.test/x", H11, SCHEME),
        ("GET", b"gopher://h.test/x", H11, SCHEME),
        ("GET", b"ftp://h.test/x", H2, SCHEME),
        ("GET", b"http://user:pass@h.test/x", H11, INVALID),
        ("GET", b"http://user@h.test/x", H2, INVALID),
        ("CONNECT", b"user@h.test:443", H11, INVALID),
        ("GET", "/straße".as_bytes(), H11, INVALID),
        ("GET", "/?q=straße".as_bytes(), H11, INVALID),
        ("GET", "http://h.test/straße".as_bytes(), H11, INVALID),
    ] {
        let host: &[u8] = if version == H2 { b"" } else { b"h.test" };
        let lines: &[(&str, &[u8])] = if version == H2 { &[] } else { &[("host", host)] };
        let what = String::from_utf8_lossy(target);
        let status = expected.map(|class| (class, 400));
        assert_eq!(seen(audit(method, target, version, lines)), status, "{method} {what} {version:?}");
    }
}

#[test]
fn a_request_names_one_host() {
    const MISSING: Option<&str> = Some("request.host_missing");
    const REPEATED: Option<&str> = Some("request.host_repeated");
    const INVALID: Option<&str> = Some("request.host_invalid");
    const CONFLICT: Option<&str> = Some("request.host_conflict");
    let check = |target: &[u8], version, hosts: &[&[u8]], expected: Option<&'static str>| {
        let lines: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let what = (String::from_utf8_lossy(target).into_owned(), version, &lines);
        assert_eq!(seen(audit("GET", target, version, &lines)), expected.map(|class| (class, 400)), "{what:?}");
    };
    check(b"/", H11, &[], MISSING);
    check(b"/", H10, &[], None);
    check(b"http://h.test/", H11, &[], MISSING);
    check(b"http://h.test/", H10, &[], None);
    check(b"/", H2, &[], MISSING);
    check(b"/", H3, &[], MISSING);
    check(b"/", H2, &[b"h.test"], None);
    check(b"https://h.test/", H2, &[], None);
    for version in [H10, H11, H2, H3] {
        let target: &[u8] = if version >= H2 { b"https://h.test/" } else { b"/" };
        check(target, version, &[b"h.test", b"h.test"], REPEATED);
        check(target, version, &[b"h.test", b"other.test"], REPEATED);
        check(target, version, &[b"h.test", b""], REPEATED);
    }
    // The target counts, whatever the field says (RFC 9112 section 3.2.2); the field is one all the same.
    check(b"http://h.test/", H11, &[b"other.test"], None);
    check(b"http://h.test/", H11, &[b"a b"], INVALID);
    for host in [&b"h.test"[..], b"H.test", b"h.test:443", b"h.test:", b"H.TEST:443"] {
        check(b"https://h.test/", H2, &[host], None);
        check(b"https://h.test:443/", H2, &[host], None);
    }
    for host in [&b"other.test"[..], b"h.test:80", b"h.test.", b"", b"443", b"h.test443"] {
        check(b"https://h.test/", H2, &[host], CONFLICT);
    }
    check(b"http://h.test/", H2, &[b"h.test:80"], None);
    for host in [
        &b""[..],
        b"h",
        b"h.test.",
        b"a_b-c.test:1",
        b"h.test:",
        b"h.test:65535",
        b"192.0.2.1:80",
        b"[2001:db8::1]",
        b"[::ffff:192.0.2.1]:443",
        b"[v1.a:b]",
        b"xn--strae-oqa.test",
        b"%e4%f6.test",
    ] {
        check(b"/", H11, &[host], None);
    }
    for host in [
        &b"user@h.test"[..],
        b"user:pass@h.test",
        b"h.test/path",
        b"h.test?query",
        b"h.test#f",
        b"h.test, other.test",
        b"h.test other.test",
        b"http://h.test",
        b":80",
        b"h.test:8a",
        b"h.test:65536",
        b"h.test:+80",
        b"h.test:80:80",
        b"h.test\\other",
        b"\"h.test\"",
        b"<script>",
        b"h\xe9.test",
        b"%zz.test",
        b"%e",
        b"[::1",
        b"::1",
        b"[]",
        b"[::1]80",
        b"[::1]x:80",
        b"[1.2.3.4]",
        b"[fe80::1%25eth0]",
        b"[v.a]",
        b"[v1.]",
        b"[h.test]",
    ] {
        check(b"/", H11, &[host], INVALID);
        check(b"/", H10, &[host], INVALID);
        check(b"/", H2, &[host], INVALID);
    }
}

#[test]
fn what_is_meant_for_one_connection_is_well_formed() {
    for (version, name, value, expected) in [
        (H11, "connection", "keep-alive, Upgrade,, x-hop", None),
        (H11, "connection", "", None),
        (H11, "connection", "close;", Some("request.connection_invalid")),
        (H11, "connection", "\"close\"", Some("request.connection_invalid")),
        (H11, "connection", "x hop", Some("request.connection_invalid")),
        (H10, "connection", "keep alive", Some("request.connection_invalid")),
        (H11, "upgrade", "websocket", None),
        (H11, "upgrade", "h2c/1, IRC/6.9", None),
        (H11, "upgrade", "\"h2c\"", Some("request.upgrade_invalid")),
        (H11, "upgrade", "websocket/", Some("request.upgrade_invalid")),
        (H11, "upgrade", "/1", Some("request.upgrade_invalid")),
        (H11, "upgrade", "a/1/2", Some("request.upgrade_invalid")),
        (H11, "upgrade", "a b", Some("request.upgrade_invalid")),
        // "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request".
        (H10, "upgrade", "\"h2c\"", None),
        (H2, "connection", "close", Some("request.connection_specific")),
        (H2, "upgrade", "websocket", Some("request.connection_specific")),
        (H2, "keep-alive", "timeout=5", Some("request.connection_specific")),
        (H3, "proxy-connection", "keep-alive", Some("request.connection_specific")),
        (H2, "te", "trailers", None),
        (H2, "te", "gzip", Some("request.connection_specific")),
        (H11, "te", "gzip;q=0.5", None),
    ] {
        let lines = [("host", &b"h.test"[..]), (name, value.as_bytes())];
        let status = expected.map(|class| (class, 400));
        assert_eq!(seen(audit("GET", b"/", version, &lines)), status, "{version:?} {name}: {value}");
    }
    for (value, expected) in [
        ("100-continue", None),
        ("100-Continue", None),
        ("", None),
        ("100-continue, 100-continue", None),
        ("200-ok", Some(("request.expectation", 417))),
        ("100-continue, magic", Some(("request.expectation", 417))),
        ("100-continue;a=1", Some(("request.expectation", 417))),
    ] {
        let lines = [("host", &b"h.test"[..]), ("expect", value.as_bytes())];
        assert_eq!(seen(audit("POST", b"/", H11, &lines)), expected, "expect: {value}");
    }
}

/// RFC 9113 section 3.1: `h2c` is offered to nobody, however it is written.
#[test]
fn no_upgrade_to_h2c_is_offered() {
    for (upgrade, left) in [
        ("h2c", None),
        ("H2C", None),
        ("h2c/1", None),
        ("\"h2c\"", None),
        ("h2c /1", None),
        ("websocket, h2c/1", Some("websocket")),
        ("\"h2c\", IRC/6.9", Some("IRC/6.9")),
        ("h2cc", Some("h2cc")),
    ] {
        let mut request =
            Request::get("/").header("connection", "upgrade").header("upgrade", upgrade).body(()).unwrap();
        let exchange = Exchange::of(&request);
        assert_eq!(tidy_request(request.headers_mut(), &exchange), left.is_some(), "{upgrade}");
        assert_eq!(request.headers().get("upgrade").map(|value| value.to_str().unwrap()), left, "{upgrade}");
    }
}

fn refusal(method: Method, lines: &[(&str, &[u8])]) -> (Option<FaultKind>, HeaderMap) {
    let mut request = Request::builder().method(method).uri("/").body(()).unwrap();
    *request.headers_mut() = fields(lines);
    request.headers_mut().insert("host", HeaderValue::from_static("h.test"));
    let exchange = Gateway::new("Edge 1.example").unwrap().begin_head(&mut request);
    let fault = exchange.refusal();
    exchange.finish();
    (fault.map(|fault| fault.kind()), request.into_parts().0.headers)
}

#[test]
fn a_request_that_comes_back_is_a_loop() {
    let many = |hops: usize| vec!["1.1 other"; hops].join(", ").into_bytes();
    for (via, is_loop) in [
        (&[&b"1.1 other"[..]][..], false),
        (&[b"1.1 edge-1.example"], true),
        (&[b"1.1 EDGE-1.example"], true),
        (&[b"HTTP/1.1  Edge-1.example (comment)"], true),
        (&[b"1.1 a, 2 Edge-1.example, 1.1 b"], true),
        (&[b"1.1 a", b"1.0 Edge-1.example"], true),
        (&[b"1.1 Edge-1.example.org"], false),
        (&[b"1.1 a (Edge-1.example)"], false),
        (&[b"Edge-1.example"], false),
        (&[b""], false),
        (&[&many(32)], false),
        (&[&many(33)], true),
    ] {
        let lines: Vec<_> = via.iter().map(|line| ("via", *line)).collect();
        let expected = is_loop.then_some(FaultKind::LoopDetected);
        assert_eq!(refusal(Method::GET, &lines).0, expected, "{lines:?}");
    }
    // What one gateway writes, it reads.
    let (_, sent) = refusal(Method::GET, &[]);
    assert_eq!(refusal(Method::GET, &[("via", sent["via"].as_bytes())]).0, Some(FaultKind::LoopDetected));
}

/// RFC 9110 section 7.6.2.
#[test]
fn the_hops_of_a_trace_are_counted() {
    for (method, value, expected) in [
        (Method::TRACE, "0", Err(FaultKind::LoopDetected)),
        (Method::OPTIONS, "0", Err(FaultKind::LoopDetected)),
        (Method::OPTIONS, "10", Ok("9")),
        (Method::TRACE, "1", Ok("0")),
        (Method::TRACE, "many", Ok("many")),
        (Method::GET, "0", Ok("0")),
    ] {
        let (fault, sent) = refusal(method.clone(), &[("max-forwards", value.as_bytes())]);
        assert_eq!(fault.map_or_else(|| Ok(sent["max-forwards"].to_str().unwrap()), Err), expected, "{method} {value}");
    }
}

/// What a refused request comes to: the answer, the record, and nothing sent.
#[cfg(feature = "http_body1")]
mod refused {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use badgateway::deadline::Never;
    use badgateway::{InFlight, ResponseBody, Upload};
    use http::{Response, header::CONNECTION};
    use http_body_util::Full;

    use super::*;

    type Body = Full<Bytes>;
    type Answer = Response<ResponseBody<Body>>;

    fn gateway() -> (Gateway, Arc<Mutex<Vec<String>>>) {
        let records = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&records);
        let gateway = Gateway::new("gw").unwrap();
        (gateway.with_log(move |report| log.lock().unwrap().push(report.to_string())), records)
    }

    fn smuggled(version: Version) -> Request<Body> {
        let request = Request::post("http://h.test/").version(version).header("host", "h.test");
        let request = request.header("content-length", "1").header("content-length", "2");
        request.body(Body::from("x")).unwrap()
    }

    #[tokio::test]
    async fn by_handle_which_does_not_call_the_handler() {
        async fn handler(_: InFlight, _: Request<Upload<Body>>) -> Result<Answer, std::io::Error> {
            panic!("it was called")
        }
        for version in [H11, H2] {
            let (gateway, records) = gateway();
            let answer = gateway.handle(smuggled(version), handler).await.unwrap();
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            let closes = answer.headers().get(CONNECTION).map(HeaderValue::as_bytes);
            assert_eq!(closes, (version < H2).then_some(&b"close"[..]));
            let records = records.lock().unwrap();
            let [record] = records.as_slice() else { panic!("{records:?}") };
            assert!(
                record.starts_with(
                    r#"{"fault":"bad_request","class":"framing.cl_conflict","phase":"select","status":400"#
                )
            );
            assert!(record.contains(r#""applied":"no","retry":"never""#), "{record}");
        }
    }

    #[tokio::test]
    async fn by_a_step_and_by_a_response() {
        let (gateway, records) = gateway();
        let (exchange, _request) = gateway.begin(smuggled(H11));
        let step = async { panic!("it was begun") };
        let fault = exchange.within(Never, Duration::from_secs(1), step).await.unwrap_err();
        assert_eq!((fault.class(), Some(fault)), (Some(Class::FramingClConflict), exchange.refusal()));
        let answer: Answer = exchange.pass_on(Response::new(Body::default()));
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(records.lock().unwrap().len(), 1);
    }
}
