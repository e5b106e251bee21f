//! What an exchange knows of its request, and of the response that goes out.
#![allow(clippy::unwrap_used)]

use badgateway::{Exchange, Fault, FaultKind, Gateway};
// The crate's own: whoever has another version of these depends on ours by that name.
use badgateway::{bytes, http};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};

type Fields<'a> = &'a [(&'a str, &'a str)];

fn lines(lines: Fields<'_>) -> HeaderMap {
    let line =
        |&(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().map(line) {
        headers.append(name, value);
    }
    headers
}

fn of(method: Method, version: Version, fields: Fields<'_>) -> Exchange {
    Exchange::of_head(&method, version, &"/a?b=1".parse().unwrap(), &lines(fields))
}

#[test]
fn a_request_its_parts_and_its_pieces_begin_the_same_exchange() {
    let cases: &[(Method, Version, &str, Fields<'_>)] = &[
        (Method::GET, Version::HTTP_11, "/a?b=1", &[("accept", "text/html"), ("te", "trailers")]),
        (Method::GET, Version::HTTP_11, "/chat", &[("connection", "upgrade"), ("upgrade", "websocket")]),
        (Method::POST, Version::HTTP_10, "/", &[("content-length", "5")]),
        (Method::POST, Version::HTTP_2, "https://a.example/p.S/M", &[("content-type", "application/grpc+proto")]),
        (Method::CONNECT, Version::HTTP_11, "a.example:443", &[]),
        (Method::OPTIONS, Version::HTTP_3, "*", &[]),
    ];
    for (method, version, uri, fields) in cases {
        let mut request =
            Request::builder().method(method).version(*version).uri(*uri).body(bytes::Bytes::new()).unwrap();
        *request.headers_mut() = lines(fields);
        let whole = format!("{:?}", Exchange::of(&request));
        let pieces = Exchange::of_head(request.method(), request.version(), request.uri(), request.headers());
        assert_eq!(format!("{pieces:?}"), whole);
        let (parts, _) = request.into_parts();
        assert_eq!(format!("{:?}", Exchange::of_parts(&parts)), whole);
        assert_eq!((&pieces.method, pieces.version), (method, *version));
        assert_eq!(
            pieces.path.as_ref().map(|path| path.as_str()),
            parts.uri.path_and_query().map(|path| path.as_str())
        );
    }
    assert_eq!(of(Method::PUT, Version::HTTP_11, &[]).path.unwrap(), "/a?b=1");
}

/// "A recipient MAY combine multiple field lines within a field section that have the same field name into one field line"
/// (RFC 9110 section 5.3), and for a list it is the same.
#[test]
fn several_lines_of_accept_are_one_list() {
    let cases: &[(&[&str], Option<&str>, &str)] = &[
        (&[], None, "application/problem+json"),
        (&["text/html"], Some("text/html"), "text/html; charset=utf-8"),
        (&["image/png", "text/html"], Some("image/png, text/html"), "text/html; charset=utf-8"),
        (&["text/html;q=0.2", "text/plain"], Some("text/html;q=0.2, text/plain"), "text/plain; charset=utf-8"),
        (
            &["text/plain;q=0.1", "text/html;q=0.2", "application/json"],
            Some("text/plain;q=0.1, text/html;q=0.2, application/json"),
            "application/json",
        ),
        (&["text/plain;q=0.1, text/html", ""], Some("text/plain;q=0.1, text/html, "), "text/html; charset=utf-8"),
        (&["", "text/html"], Some(", text/html"), "text/html; charset=utf-8"),
    ];
    let gateway = Gateway::new("gw").unwrap();
    for (accepts, joined, picked) in cases {
        let fields: Vec<_> = accepts.iter().map(|line| ("accept", *line)).collect();
        let exchange = of(Method::GET, Version::HTTP_11, &fields);
        assert_eq!(exchange.accept.as_ref().map(|accept| accept.to_str().unwrap()), *joined);
        let answer = gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange);
        assert_eq!(answer.headers()["content-type"], picked, "{accepts:?}");
    }
    // Bytes above ASCII are no reason to lose the rest.
    let mut headers = lines(&[("accept", "text/html")]);
    headers.append("accept", HeaderValue::from_bytes(b"\xff").unwrap());
    let exchange = Exchange::of_head(&Method::GET, Version::HTTP_11, &"/".parse().unwrap(), &headers);
    assert_eq!(exchange.accept.unwrap(), &b"text/html, \xff"[..]);
}

/// RFC 9110 section 7.8: `Upgrade` and the option in `Connection`, in HTTP/1.1, and the request is whole before the switch.
#[test]
fn what_offers_an_upgrade() {
    let asked = [("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
    let cases: &[(Method, Version, Fields<'_>, bool)] = &[
        (Method::GET, Version::HTTP_11, &asked, true),
        (Method::POST, Version::HTTP_11, &asked, true),
        (Method::GET, Version::HTTP_11, &[("connection", "x"), ("connection", "UPGRADE"), ("upgrade", "a/1, b")], true),
        (Method::GET, Version::HTTP_11, &[asked[0], asked[1], ("content-length", "0")], true),
        (Method::GET, Version::HTTP_10, &asked, false),
        (Method::GET, Version::HTTP_09, &asked, false),
        (Method::GET, Version::HTTP_2, &asked, false),
        (Method::GET, Version::HTTP_3, &asked, false),
        (Method::GET, Version::HTTP_11, &[], false),
        (Method::GET, Version::HTTP_11, &[asked[0]], false),
        (Method::GET, Version::HTTP_11, &[asked[1]], false),
        (Method::GET, Version::HTTP_11, &[("connection", "close"), asked[1]], false),
        (Method::GET, Version::HTTP_11, &[("connection", "upgrade-insecure-requests"), asked[1]], false),
        (Method::POST, Version::HTTP_11, &[asked[0], asked[1], ("content-length", "5")], false),
        (Method::GET, Version::HTTP_11, &[asked[0], asked[1], ("content-length", "5")], false),
        (Method::POST, Version::HTTP_11, &[asked[0], asked[1], ("transfer-encoding", "chunked")], false),
    ];
    for (method, version, fields, offered) in cases {
        let exchange = of(method.clone(), *version, fields);
        assert_eq!(exchange.upgrade_offered, *offered, "{method} {version:?} {fields:?}");
    }
}
