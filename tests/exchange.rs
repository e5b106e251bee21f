//! What an exchange knows of its request, and of the response that goes out.
#![allow(clippy::unwrap_used)]

use badgateway::Exchange;
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
