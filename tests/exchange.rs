//! What an exchange knows of its request, and of the response that goes out.
#![allow(clippy::unwrap_used)]

use badgateway::decide::{AbortMethod, Decision, Profile, decide, retry};
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::Phase;
use badgateway::reply::Mark;
use badgateway::{Exchange, Fault, FaultKind, Gateway};
// The crate's own: whoever has another version of these depends on ours by that name.
use badgateway::{bytes, http};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version};

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

/// RFC 9110 section 15.2: a 1xx is interim, but for 101, behind which there is no HTTP any more.
#[test]
fn an_interim_head_leaves_the_final_one_open() {
    let framing_fields = [&[][..], &[("content-length", "5")], &[("transfer-encoding", "chunked")]];
    for (version, fields) in
        [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2].into_iter().flat_map(|v| framing_fields.map(|f| (v, f)))
    {
        for status in [100, 102, 103, 104, 199].map(|status| StatusCode::from_u16(status).unwrap()) {
            let mut exchange = of(Method::GET, version, &[]);
            exchange.phase = Some(Phase::Head);
            assert_eq!(exchange.body_framing(status, &lines(fields)), BodyFraming::None, "{status} {fields:?}");
            assert_eq!(exchange.forwarding(status, &lines(fields)), BodyFraming::None);
            assert_eq!((exchange.forwarded, exchange.phase), (Forwarded::Interim, Some(Phase::Head)), "{status}");
            let fault = Fault::new(FaultKind::HeadTruncated);
            assert!(matches!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Respond(_)), "{status}");

            // The final head goes out once, whatever is said of it afterwards.
            exchange.forwarding(StatusCode::OK, &HeaderMap::new());
            let sent = exchange.forwarded;
            assert!(matches!(sent, Forwarded::Head { status: StatusCode::OK, .. }));
            exchange.forwarding(status, &HeaderMap::new());
            assert_eq!((exchange.forwarded, exchange.phase), (sent, Some(Phase::Body)));
        }
    }
}

#[test]
fn a_tunnel_that_breaks_is_reset() {
    for fields in [&[][..], &[("content-length", "5")]] {
        let mut exchange = of(Method::GET, Version::HTTP_11, &[("connection", "upgrade"), ("upgrade", "websocket")]);
        assert_eq!(exchange.forwarding(StatusCode::SWITCHING_PROTOCOLS, &lines(fields)), BodyFraming::UntilClose);
        let status = StatusCode::SWITCHING_PROTOCOLS;
        assert_eq!(exchange.forwarded, Forwarded::Head { status, framing: BodyFraming::UntilClose });
        assert_eq!(exchange.phase, Some(Phase::Body));
        let decision = decide(&Fault::new(FaultKind::BodyReset), &exchange, &Profile::Rfc9209);
        assert_eq!(decision, Decision::Abort(AbortMethod::Reset));
    }
}

/// An interim response goes on without what is not the client's, and says nothing of ours: the final one will.
#[test]
fn an_interim_response_is_tidied_and_not_signed() {
    for mark in [Mark::Never, Mark::ServerErrors, Mark::Always] {
        let gateway = Gateway::new("gw").unwrap().with_mark(mark);
        for status in [100, 102, 103, 199] {
            let mut response = http::Response::builder().status(status).body(()).unwrap();
            *response.headers_mut() = lines(&[
                ("link", "</a.css>; rel=preload"),
                ("connection", "x-hop"),
                ("x-hop", "1"),
                ("content-length", "5"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "websocket"),
            ]);
            let exchange = Exchange::default();
            let forwarded = gateway.forward(response, &exchange).unwrap();
            let names: Vec<_> = forwarded.headers().keys().map(HeaderName::as_str).collect();
            assert_eq!((forwarded.status().as_u16(), names), (status, vec!["link"]), "{mark}");
        }
        // Nobody asked for the one that is no interim response.
        let switch = http::Response::builder().status(101).header("upgrade", "websocket").body(()).unwrap();
        assert_eq!(gateway.forward(switch, &Exchange::default()).unwrap_err().kind(), FaultKind::UnexpectedUpgrade);
    }
}

/// As the IANA's registry of methods has them; what is not safe and stands in WebDAV only is left to the client.
#[test]
fn what_may_be_repeated() {
    let cases = [
        ("GET HEAD OPTIONS TRACE PUT DELETE QUERY PROPFIND REPORT SEARCH", true),
        ("POST PATCH CONNECT LOCK MKCOL query Search GETS REPOR", false),
    ];
    for (methods, idempotent) in cases {
        for method in methods.split(' ') {
            let mut exchange = of(method.parse().unwrap(), Version::HTTP_11, &[]);
            assert_eq!(exchange.is_idempotent(), idempotent, "{method}");
            exchange.phase = Some(Phase::Head);
            let advice = retry::advise(&Fault::new(FaultKind::ClosedBeforeResponse), &exchange);
            assert_eq!(advice.is_safe(), idempotent, "{method}");

            // Whatever the method: a body that is not at hand cannot be sent again.
            let with_body = of(method.parse().unwrap(), Version::HTTP_11, &[("content-length", "5")]);
            let advice = retry::advise(&Fault::new(FaultKind::ClosedBeforeResponse), &with_body);
            assert!(!advice.is_safe(), "{method}");
        }
    }
}
