//! What a proxy passes on.

use badgateway::Exchange;
use badgateway::audit::audit;
use badgateway::fault::Class;
use badgateway::h1::forward::{self, HopByHop, Outgoing};
use badgateway::h1::{
    CloseReason, Config, Deviation, End, Eof, Event, Framing, Head, Leniency, Parser, Request, Slots,
};
use http::{Method, StatusCode, Version};

fn with_head<T>(bytes: &[u8], method: &Method, then: impl FnOnce(Head<'_>, Framing) -> T) -> T {
    let mut config = Config::default();
    config.leniency.space_before_colon = true;
    config.leniency.status_line_spaces = true;
    config.leniency.leading_crlf = true;
    let mut parser = Parser::new(&config, Request::new(method).offering_upgrade(true));
    let mut rest = bytes;
    loop {
        let step = parser.next(rest, Eof::Open).unwrap();
        match step.event {
            Event::Head(head, framing) => return then(head, framing),
            Event::Interim(_) => rest = &rest[step.consumed..],
            _ => panic!(),
        }
    }
}

fn written(bytes: &str, method: Method, client: Version) -> String {
    with_head(bytes.as_bytes(), &method, |head, framing| {
        let mut out = Vec::new();
        forward::write_head(&mut out, &head, framing, client).unwrap();
        out.iter().map(|&b| char::from(b)).collect()
    })
}

#[test]
fn heads_for_clients() {
    use Version as V;
    for (bytes, method, client, expected) in [
        (
            "HTTP/1.0 200 Fine\r\nA: 1\r\nA: 2\r\nB: 3\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 200 Fine\r\nA: 1\r\nA: 2\r\nB: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Method::GET,
            V::HTTP_10,
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::HEAD, V::HTTP_11, "HTTP/1.1 200 OK\r\n\r\n"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 007, 7\r\nContent-Length: 7\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
            Method::HEAD,
            V::HTTP_11,
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", Method::CONNECT, V::HTTP_11, "HTTP/1.1 200 OK\r\n\r\n"),
        (
            "HTTP/1.1 101 Up\r\nConnection: Upgrade, X\r\nX: y\r\nUpgrade: websocket\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 101 Up\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nTE: x\r\nTrailer: X\r\nContent-Length: 0\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 200 OK\r\nTrailer: X\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nx-a: 1\r\nConnection: close , X-A,,x-b\r\nX-B: 2\r\nConnection: Content-Length\r\nX-C: 3\r\nContent-Length: 1\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 200 OK\r\nX-C: 3\r\nContent-Length: 1\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 O\u{e9}K\nA:  b\r\n\t c\r\nD : e\r\nContent-Length: 0\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 200 OK\r\nA: b c\r\nD: e\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "HTTP/1.2 404\r\nContent-Length: 0\r\n\r\n",
            Method::GET,
            V::HTTP_11,
            "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        let bytes: Vec<u8> = bytes.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let text = with_head(&bytes, &method, |head, framing| {
            let mut out = Vec::new();
            forward::write_head(&mut out, &head, framing, client).unwrap();
            String::from_utf8(out).unwrap()
        });
        assert_eq!(text, expected, "{}", bytes.escape_ascii());
    }
    assert!(written("HTTP/1.1 200 \r\n\r\n", Method::GET, V::HTTP_11).starts_with("HTTP/1.1 200 \r\n"));
}

#[test]
fn framing_for_clients() {
    for (bytes, h10, h11, h2) in [
        ("HTTP/1.1 204 A\r\n\r\n", Outgoing::None, Outgoing::None, Outgoing::None),
        ("HTTP/1.1 200 A\r\nContent-Length: 7\r\n\r\n", Outgoing::Length(7), Outgoing::Length(7), Outgoing::Length(7)),
        (
            "HTTP/1.1 200 A\r\nTransfer-Encoding: chunked\r\n\r\n",
            Outgoing::UntilClose,
            Outgoing::Chunked,
            Outgoing::None,
        ),
        ("HTTP/1.1 200 A\r\n\r\n", Outgoing::UntilClose, Outgoing::Chunked, Outgoing::None),
        ("HTTP/1.1 101 A\r\nUpgrade: a\r\n\r\n", Outgoing::Tunnel, Outgoing::Tunnel, Outgoing::Tunnel),
    ] {
        with_head(bytes.as_bytes(), &Method::GET, |head, framing| {
            for (client, expected) in
                [(Version::HTTP_10, h10), (Version::HTTP_11, h11), (Version::HTTP_2, h2), (Version::HTTP_3, h2)]
            {
                assert_eq!(forward::outgoing(&head, framing, client), Ok(expected), "{bytes:?} {client:?}");
            }
        });
    }
}

/// The parser reads them without doubt, and no client could: by no helper do they go out, to a client of any version.
#[test]
fn what_must_not_go_out_is_framed_for_nobody() {
    let (te, gzip) = (Some(Class::FramingTeUnsupported), Some(Class::FramingTeCompressed));
    let code = Some(Class::StatusLineCodeAbove599);
    for (method, bytes, class, offset) in [
        (Method::GET, "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", gzip, 23),
        (Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: GZIP\r\nTransfer-Encoding: Chunked\r\n\r\n", gzip, 17),
        (Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, x\r\nTransfer-Encoding: chunked\r\n\r\n", te, 17),
        (Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, x, chunked\r\n\r\n", te, 17),
        (Method::GET, "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", code, 9),
        (Method::GET, "HTTP/1.1 999 Odd\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", code, 9),
        (Method::HEAD, "HTTP/1.1 600 Odd\r\n\r\n", code, 9),
        // Where it is, whatever stands before it.
        (Method::GET, "HTTP/1.1   600 Odd\r\n\r\n", code, 11),
        (Method::GET, "HTTP/1.1 600\r\n\r\n", code, 9),
        (Method::GET, "\r\n\nHTTP/1.1 600 Odd\r\n\r\n", code, 12),
        (Method::GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 600 Odd\r\n\r\n", code, 34),
        (Method::GET, "HTTP/1.1 103 A\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", gzip, 35),
        // The first that changes more than the framing.
        (
            Method::GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n",
            te,
            17,
        ),
        (
            Method::GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: x, chunked\r\n\r\n",
            te,
            46,
        ),
        // Nothing coded goes out here.
        (Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: , identity,, Chunked\r\n\r\n", None, 0),
        (Method::HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", None, 0),
        (Method::GET, "HTTP/1.1 304 A\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", None, 0),
        (Method::GET, "HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", None, 0),
    ] {
        with_head(bytes.as_bytes(), &method, |head, framing| {
            let checked = forward::check(&head, framing);
            assert_eq!(checked.err().and_then(|fault| fault.class()), class, "{method} {bytes:?}");
            assert_eq!(checked.err().and_then(|fault| fault.offset()), class.map(|_| offset), "{method} {bytes:?}");
            for client in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
                let mut out = Vec::new();
                let written = forward::write_head(&mut out, &head, framing, client);
                assert_eq!(written, forward::outgoing(&head, framing, client));
                assert_eq!(written.err(), checked.err(), "{method} {bytes:?}");
                assert_eq!(out.is_empty(), class.is_some(), "{method} {bytes:?}");
            }
            // Nor by way of `http`'s types.
            let mut exchange = Exchange::default();
            exchange.method = method.clone();
            let audited = audit(&head.to_parts().unwrap(), &exchange);
            assert!(class.is_none() || audited.err().and_then(|fault| fault.class()) == class, "{method} {bytes:?}");
        });
    }
}

#[test]
fn interim_responses_for_clients() {
    for (status, version, expects, forwarded) in [
        (103, Version::HTTP_11, false, true),
        (103, Version::HTTP_2, false, true),
        (103, Version::HTTP_10, false, false),
        (100, Version::HTTP_11, false, false),
        (100, Version::HTTP_11, true, true),
        (100, Version::HTTP_10, true, false),
        (101, Version::HTTP_11, true, false),
        (200, Version::HTTP_11, true, false),
    ] {
        assert_eq!(
            forward::forwards_interim(StatusCode::from_u16(status).unwrap(), version, expects),
            forwarded,
            "{status} {version:?}"
        );
    }
}

#[test]
fn trailers_for_clients() {
    let bytes = b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\
        Grpc-Status: 0\r\nContent-Length: 5\r\nset-cookie: a\r\nX-Hop: 1\r\nETag: x\r\n\r\n";
    let mut parser = Parser::new(&Config::default(), Request::get());
    let step = parser.next(bytes, Eof::Open).unwrap();
    let Event::Head(head, _) = step.event else { panic!() };
    let hop = HopByHop::of(&head);
    let Event::Trailers(trailers) = parser.next(&bytes[step.consumed..], Eof::Open).unwrap().event else { panic!() };
    assert_eq!(trailers.fields().count(), 5);
    let names: Vec<_> = forward::trailers(&trailers, &hop).map(|field| field.name()).collect();
    assert_eq!(names, ["Grpc-Status", "ETag"]);
    let map = trailers.to_map().unwrap();
    assert_eq!(map.len(), 3);
    assert_eq!(map["grpc-status"], "0");
    assert_eq!(usize::try_from(trailers.offset()).unwrap(), bytes.windows(4).position(|w| w == b"Grpc").unwrap());
}

#[test]
fn hop_by_hop_fields_of_a_map() {
    let mut map = http::HeaderMap::new();
    for (name, value) in [
        ("connection", "x-a, close"),
        ("connection", "X-B"),
        ("x-a", "1"),
        ("x-b", "1"),
        ("x-b", "2"),
        ("x-c", "3"),
        ("keep-alive", "x"),
    ] {
        map.append(http::HeaderName::from_static(name), http::HeaderValue::from_static(value));
    }
    HopByHop::of_map(&map).remove_from(&mut map);
    assert_eq!(map.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["x-c"]);
}

/// A hop that names a field of the recipient's would have it taken out on the way.
#[test]
fn what_is_for_everybody_goes_on_whatever_connection_names() {
    let written = written(
        "HTTP/1.1 200 OK\r\nConnection: Cache-Control, SET-COOKIE, content-length, x-hop, proxy-status, age, =\r\n\
         Cache-Control: private\r\nSet-Cookie: a\r\nX-Hop: 1\r\nProxy-Status: up\r\nAge: 1\r\n\
         Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        Method::GET,
        Version::HTTP_11,
    );
    assert_eq!(
        written,
        "HTTP/1.1 200 OK\r\nCache-Control: private\r\nSet-Cookie: a\r\nProxy-Status: up\r\nAge: 1\r\n\
         Content-Length: 0\r\n\r\n"
    );
}

/// RFC 9112 section 6.3 has no content after HEAD, 204 and 304 before it looks at the lengths, so that unsound
/// ones endanger nobody, once they are gone: "MUST NOT forward a message with a Content-Length header field value
/// that is known to be incorrect" (RFC 9110 section 8.6). The connection they came on is done with.
#[test]
fn unsound_lengths_without_content_go_no_further() {
    for (lengths, method, status) in [
        ("Content-Length: 5\r\nContent-Length: 6\r\n", Method::HEAD, 200),
        ("Content-Length: 5, 6\r\n", Method::GET, 304),
        ("Content-Length: -5\r\n", Method::HEAD, 200),
        ("Content-Length: 99999999999999999999\r\n", Method::HEAD, 200),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Method::HEAD, 200),
        ("Transfer-Encoding: chunked, gzip\r\n", Method::HEAD, 200),
        ("Content-Length: x\r\n", Method::GET, 204),
    ] {
        let bytes = format!("HTTP/1.1 {status} \r\n{lengths}\r\n");
        assert_eq!(
            written(&bytes, method.clone(), Version::HTTP_11).to_lowercase().find("length"),
            None,
            "{method} {lengths:?}"
        );
        assert_eq!(end(bytes.as_bytes(), &method, Eof::Open).reusable, Err(CloseReason::LengthInNoContent));
        // Where content follows, they are what they were.
        let mut parser = Parser::new(&Config::compatible(), Request::get());
        assert!(parser.next(bytes.replace(&status.to_string(), "200").as_bytes(), Eof::Open).is_err(), "{lengths:?}");
        // And who is strict has none of it.
        let mut parser = Parser::new(&Config::strict(), Request::new(&method));
        assert!(parser.next(bytes.as_bytes(), Eof::Open).is_err(), "{lengths:?}");
    }
}

/// "A recipient MUST parse and ignore a reasonable number of empty list elements" (RFC 9110 section 5.6.1.2). What
/// is reasonable says the limit of a line. It moves no boundary: there is one coding, and it is the last.
#[test]
fn empty_elements_in_a_list_of_codings_say_nothing() {
    let many = ",".repeat(1000);
    for coding in [", chunked ,", "chunked,", ",\t, chunked", &format!("{many}chunked{many}")] {
        let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
        let done = end(bytes.as_bytes(), &Method::GET, Eof::Open);
        assert_eq!((done.reusable, done.body), (Ok(()), 2), "{coding:.20}");
    }
    for nothing in ["", ",", " , "] {
        let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {nothing}\r\n\r\n");
        let error = Parser::new(&Config::compatible(), Request::get()).next(bytes.as_bytes(), Eof::Open).unwrap_err();
        assert_eq!(error.class().as_str(), "framing.te_invalid", "{nothing:?}");
    }
}

#[test]
fn shared_values_lie_in_the_source() {
    let source = bytes::Bytes::from_static(b"HTTP/1.1 200 OK\r\nX-A: bcd\r\nFolded: e\r\n f\r\nx-a: g\r\n\r\n");
    let mut parser = Parser::new(&Config::default(), Request::get());
    let mut slots = Slots::<4>::new();
    let Event::Head(head, _) = parser.next_in(&source, Eof::Open, &mut slots).unwrap().event else { panic!() };
    let shared = head.to_parts_shared(&source).unwrap();
    let copied = head.to_parts().unwrap();
    let elsewhere = head.to_parts_shared(&bytes::Bytes::from_static(b"other")).unwrap();
    assert_eq!(shared.headers, copied.headers);
    assert_eq!(elsewhere.headers, copied.headers);
    assert_eq!(shared.headers["folded"], "e f");
    assert_eq!(shared.headers.get_all("x-a").iter().collect::<Vec<_>>(), ["bcd", "g"]);
    assert_eq!(shared.headers["x-a"].as_bytes().as_ptr(), source[22..].as_ptr());
    assert_ne!(copied.headers["x-a"].as_bytes().as_ptr(), source[22..].as_ptr());
    assert_eq!((shared.status, shared.version), (StatusCode::OK, Version::HTTP_11));
}

/// Drives to the end of a response that is all there.
fn end(bytes: &[u8], method: &Method, eof: Eof) -> End {
    let mut parser = Parser::new(&Config::default(), Request::new(method).offering_upgrade(true));
    let mut rest = bytes;
    loop {
        let step = parser.next(rest, eof).unwrap();
        rest = &rest[step.consumed..];
        if let Event::End(end) = step.event {
            let again = parser.next(rest, eof).unwrap();
            assert_eq!(again.consumed, 0);
            assert!(matches!(again.event, Event::End(same) if same == end));
            return end;
        }
    }
}

#[test]
fn whether_the_connection_can_be_used_again() {
    use CloseReason as R;
    for (bytes, method, eof, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Method::GET, Eof::Open, Ok(())),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Method::GET, Eof::Open, Ok(())),
        ("HTTP/1.1 204 No\r\n\r\n", Method::GET, Eof::Open, Ok(())),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", Method::HEAD, Eof::Open, Ok(())),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: x, Keep-Alive\r\n\r\nx", Method::GET, Eof::Open, Ok(())),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", Method::GET, Eof::Open, Err(R::Http10)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\nConnection: x,\tCLOSE\r\n\r\nx",
            Method::GET,
            Eof::Open,
            Err(R::Close),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x,\r\n close\r\n\r\nx",
            Method::GET,
            Eof::Open,
            Err(R::Close),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: closed\r\n\r\nx", Method::GET, Eof::Open, Ok(())),
        ("HTTP/1.1 200 OK\r\n\r\nx", Method::GET, Eof::Clean, Err(R::UntilClose)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Method::GET, Eof::Clean, Err(R::Ended)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Method::GET, Eof::Unclean, Err(R::Ended)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz", Method::GET, Eof::Open, Err(R::Leftover)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n ", Method::HEAD, Eof::Open, Err(R::Leftover)),
        ("HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\n", Method::GET, Eof::Open, Err(R::LengthInNoContent)),
        ("HTTP/1.1 101 Up\r\n\r\nxyz", Method::GET, Eof::Open, Err(R::Tunnel)),
        ("HTTP/1.1 200 OK\r\n\r\nxyz", Method::CONNECT, Eof::Open, Err(R::Tunnel)),
    ] {
        assert_eq!(end(bytes.as_bytes(), &method, eof).reusable, expected, "{bytes:?} {method} {eof:?}");
    }
    let end = end(b"HTTP/1.1 200\nContent-Length: 1\n\nxyz", &Method::GET, Eof::Open);
    assert_eq!((end.leftover, end.body, end.bytes), (2, 1, 33));
    assert!(end.deviations.contains(Deviation::BareLf) && end.deviations.contains(Deviation::MissingReasonSpace));
}

/// RFC 9112 section 8: what ends with the connection is whole only if that ended in good order.
#[test]
fn an_unclean_end_cuts_what_ends_with_the_connection() {
    let mut parser = Parser::new(&Config::default(), Request::get());
    let bytes = b"HTTP/1.1 200 OK\r\n\r\nx";
    let used = parser.next(bytes, Eof::Unclean).unwrap().consumed;
    assert!(matches!(parser.next(&bytes[used..], Eof::Unclean).unwrap().event, Event::Data(b"x")));
    let error = parser.next(b"", Eof::Unclean).unwrap_err();
    assert_eq!(error.to_string(), "premature_eof.close_delimited_body at byte 20");
    assert_eq!(error.fault().received(), Some(1));
    assert_eq!(error.progress().status, Some(200));
    assert_eq!(error.first_bytes(), bytes);
}

#[test]
fn errors_say_how_far_it_got() {
    let mut parser = Parser::new(&Config::default(), Request::get());
    let bytes = b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let mut rest = &bytes[..];
    let error = loop {
        match parser.next(rest, Eof::Clean) {
            Ok(step) => rest = &rest[step.consumed..],
            Err(error) => break error,
        }
    };
    let progress = error.progress();
    assert_eq!((progress.interim, progress.status, progress.body, progress.length), (1, Some(200), 5, Some(10)));
    assert_eq!(error.first_bytes(), &bytes[..32]);
    let fault = error.fault();
    assert_eq!((fault.received(), fault.expected(), fault.offset()), (Some(5), Some(10), Some(bytes.len() as u64)));
    assert_eq!(fault.kind(), badgateway::FaultKind::BodyTruncated);
}

/// Switches that neither preset has on.
#[test]
fn the_other_switches() {
    let mut config = Config::strict();
    config.leniency.leading_crlf = true;
    config.leniency.status_line_spaces = true;
    config.leniency.space_before_colon = true;
    for (bytes, expected) in [
        (
            "\r\n\nHTTP/1.1   200  OK\r\nA \t: b\r\nContent-Length: 0\r\n\r\n",
            "200 content-length \"\" /52 [leading_crlf, status_line_spaces, space_before_colon]",
        ),
        ("\r\n\r\n\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "status_line.leading_crlf @8"),
        ("\rX", "status_line.leading_crlf @0"),
        ("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx", "header.space_before_colon @31"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\nx", "header.space_before_colon @34"),
        ("HTTP/1.1 200 OK\r\n : b\r\n", "header.leading_whitespace @17"),
    ] {
        let got = crate::util::all_ways(bytes.as_bytes(), Eof::Open, Request::get(), &config);
        assert_eq!(got.render(), expected);
    }
    let got = crate::util::all_ways(
        b"HTTP/1.1 200 OK\r\nA \t: b\r\nContent-Length: 0\r\n\r\n",
        Eof::Open,
        Request::get(),
        &config,
    );
    assert_eq!(got.head.unwrap().fields[0], ("A".to_owned(), b"b".to_vec()));
    assert_eq!(Leniency::default(), Leniency::compatible());
}
