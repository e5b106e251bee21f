//! What the next hop is asked by each program, and what of its first words reaches the client: no field of one connection's
//! alone, upgrades joined or refused, interim responses as far as the client's version has them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use badgateway::lab::probe::End;
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body_util::{BodyExt, Full};
use socket2::SockRef;

use crate::PATIENCE;
use crate::client::{Reply, exchange};
use crate::front::{Front, Program};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What must not go on, with a reason each.
const FORBIDDEN: &[(&str, &str)] = &[
    ("x-hop", "Connection names it: RFC 9110 section 7.6.1"),
    ("keep-alive", "RFC 9110 section 7.6.1"),
    ("proxy-connection", "RFC 9110 section 7.6.1"),
    ("te", "RFC 9110 section 10.1.4: of this connection"),
    ("upgrade", "RFC 9110 section 7.8: of this connection, and nobody here speaks h2c"),
    ("http2-settings", "RFC 7540 section 3.2.1: of this connection"),
    ("proxy-authorization", "RFC 9110 section 11.7.2: for the proxy that asked for it"),
    ("expect", "answered here: a second 100 would be nobody's"),
    ("proxy", "CGI programs take it for HTTP_PROXY: CVE-2016-5385"),
];

/// What must not be a trailer, or go on as one: RFC 9110 section 6.5.1, and what `Connection` names.
const FORBIDDEN_TRAILERS: &[&str] =
    &["content-length", "transfer-encoding", "host", "authorization", "proxy-authorization", "x-hop"];

/// All of [`FORBIDDEN`], and what must go on although `Connection` names it.
const FIELDS: &str = "Host: client.example\r\n\
    Connection: close, x-hop, keep-alive, te, upgrade, http2-settings, x-forwarded-for, cookie\r\n\
    X-Hop: 1\r\n\
    Keep-Alive: timeout=5\r\n\
    Proxy-Connection: keep-alive\r\n\
    TE: trailers, gzip\r\n\
    Upgrade: h2c\r\n\
    HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\
    Proxy-Authorization: Basic c2VjcmV0\r\n\
    Expect: 100-continue\r\n\
    Proxy: http://evil.test/\r\n\
    Via: 1.0 first\r\n\
    X-Forwarded-For: 203.0.113.9\r\n\
    Cookie: a=1\r\n\
    X-Kept: 1\r\n";

/// In two pieces, with an extension, and with trailers of every kind.
const CHUNKED: &str = "Trailer: X-Checksum, Content-Length, Host, Authorization, X-Hop\r\nTransfer-Encoding: chunked\r\n\r\n\
    3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\n\
    X-Checksum: 42\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil.test\r\n\
    Authorization: Basic c2VjcmV0\r\nProxy-Authorization: Basic c2VjcmV0\r\nX-Hop: 2\r\n\r\n";

/// The fields of an HTTP/2 request: those of [`FIELDS`] that can be there (RFC 9113 section 8.2.2).
const FIELDS_2: &[(&str, &str)] = &[
    ("te", "trailers"),
    ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA"),
    ("proxy-authorization", "Basic c2VjcmV0"),
    ("expect", "100-continue"),
    ("proxy", "http://evil.test/"),
    ("via", "1.0 first"),
    ("x-forwarded-for", "203.0.113.9"),
    ("cookie", "a=1"),
    ("cookie", "b=2"),
    ("x-kept", "1"),
];

/// A next hop that hands each request to the test and answers with that, and with what is said to it then.
pub(crate) fn next_hop(answer: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, seen) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let requests = requests.clone();
            thread::spawn(move || {
                while let Some(request) = read_message(&mut stream) {
                    let _ = requests.send(request);
                    let _ = stream.write_all(answer.as_bytes());
                    if answer.starts_with("HTTP/1.1 101 ") {
                        let _ = std::io::copy(&mut stream.try_clone().unwrap(), &mut stream);
                        return;
                    }
                }
            });
        }
    });
    (url, seen)
}

/// A whole message, its framing as it came. Without a length or chunks there is no body.
pub(crate) fn read_message(stream: &mut TcpStream) -> Option<String> {
    let mut message = String::new();
    let mut read = |message: &mut String, end: &str| {
        let mut byte = [0];
        while !message.ends_with(end) {
            stream.read_exact(&mut byte).ok()?;
            message.push(char::from(byte[0]));
        }
        Some(())
    };
    read(&mut message, "\r\n\r\n")?;
    let head = message.to_ascii_lowercase();
    if head.contains("\r\ntransfer-encoding:") {
        read(&mut message, "\r\n0\r\n")?;
        // The trailers, and the empty line.
        let mut section = String::from("\r\n");
        read(&mut section, "\r\n\r\n")?;
        message.push_str(&section[2..]);
    } else if let Some((_, rest)) = head.split_once("\r\ncontent-length: ") {
        let length: usize = rest.split("\r\n").next()?.parse().ok()?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        message.push_str(&String::from_utf8(body).unwrap());
    }
    Some(message)
}

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Get,
    Upload,
}

/// Sends it to a program, and gives back what its next hop was asked, with `HOP` in place of its address.
fn asked(program: Program, version: Version, asks: Asks) -> String {
    let (url, seen) = next_hop(OK);
    let front = Front::start(program, &url);
    let what = format!("{} {version:?} {asks:?}", program.name());
    if version == Version::HTTP_2 {
        let mut request = http::Request::builder().uri("http://client.example/a%20b?q=1");
        request = request.method(if asks == Asks::Get { "GET" } else { "POST" });
        request = FIELDS_2.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let reply = match asks {
            Asks::Get => exchange(front.address, request.body(Full::<Bytes>::default()).unwrap()),
            Asks::Upload => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-checksum", "42".parse().unwrap());
                for name in FORBIDDEN_TRAILERS.iter().filter(|name| **name != "transfer-encoding") {
                    trailers.insert(*name, "3".parse().unwrap());
                }
                let body = Full::<Bytes>::from("hello").with_trailers(async { Some(Ok(trailers)) });
                let request = request.header("trailer", "x-checksum, content-length, host, authorization, x-hop");
                exchange(front.address, request.body(body.boxed()).unwrap())
            }
        };
        assert!(
            matches!(&reply, Reply::Head { status: 200, end: End::Complete, body, .. } if body == b"ok"),
            "{what}: {reply:?}"
        );
    } else {
        let method = if asks == Asks::Get { "GET" } else { "POST" };
        let body = match (asks, version) {
            (Asks::Get, _) => "\r\n",
            (Asks::Upload, Version::HTTP_10) => "Content-Length: 5\r\n\r\nhello",
            (Asks::Upload, _) => CHUNKED,
        };
        let mut client = TcpStream::connect(front.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(format!("{method} /a%20b?q=1 {version:?}\r\n{FIELDS}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        // HTTP/1.0 has no 100 (RFC 9110 section 10.1.1), and who sends no body waits for none.
        let last = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").filter(|_| body == CHUNKED).unwrap_or(&answer);
        assert!(last.contains(" 200 OK\r\n") && last.ends_with("\r\n\r\nok"), "{what}: {answer}");
    }
    let request = seen.recv_timeout(PATIENCE).unwrap();
    assert!(seen.try_recv().is_err(), "{what}: asked twice");
    assert_eq!(front.faults(0).len(), 0, "{what}: {:?}", front.faults(0));
    request.replace(url.strip_prefix("http://").unwrap(), "HOP")
}

/// What the next hop is asked: fields in alphabetical order, because that of different names means nothing (RFC 9110 section
/// 5.3), and `HOP` for its address.
type Snapshot = (&'static [Program], Version, Asks, &'static str);

const PROXIES: &[Program] = &[Program::Proxy, Program::ProxyH1];

const SNAPSHOTS: &[Snapshot] = &[
    (
        &[Program::Minimal],
        Version::HTTP_10,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.0 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        &[Program::Minimal],
        Version::HTTP_10,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        content-length: 5\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.0 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\nhello",
    ),
    (
        &[Program::Minimal],
        Version::HTTP_11,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.1 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        &[Program::Minimal],
        Version::HTTP_11,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        trailer: X-Checksum, Content-Length, Host, Authorization, X-Hop\r\n\
        transfer-encoding: chunked\r\n\
        via: 1.0 first, 1.1 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx-checksum: 42\r\n\r\n",
    ),
    (
        &[Program::Minimal],
        Version::HTTP_2,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1; b=2\r\n\
        host: HOP\r\n\
        via: 1.0 first, 2 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        // Its client gave the length, and a body of known length has no trailers in HTTP/1.
        &[Program::Minimal],
        Version::HTTP_2,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        content-length: 5\r\n\
        cookie: a=1; b=2\r\n\
        host: HOP\r\n\
        trailer: x-checksum, content-length, host, authorization, x-hop\r\n\
        via: 1.0 first, 2 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9\r\n\
        x-kept: 1\r\n\r\nhello",
    ),
    (
        &[Program::Proxy],
        Version::HTTP_2,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1; b=2\r\n\
        host: HOP\r\n\
        via: 1.0 first, 2 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        &[Program::Proxy],
        Version::HTTP_2,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        content-length: 5\r\n\
        cookie: a=1; b=2\r\n\
        host: HOP\r\n\
        trailer: x-checksum, content-length, host, authorization, x-hop\r\n\
        via: 1.0 first, 2 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\nhello",
    ),
    (
        PROXIES,
        Version::HTTP_10,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.0 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        PROXIES,
        Version::HTTP_10,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        content-length: 5\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.0 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\nhello",
    ),
    (
        PROXIES,
        Version::HTTP_11,
        Asks::Get,
        "GET /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        via: 1.0 first, 1.1 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\n",
    ),
    (
        &[Program::Proxy],
        Version::HTTP_11,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        trailer: X-Checksum, Content-Length, Host, Authorization, X-Hop\r\n\
        transfer-encoding: chunked\r\n\
        via: 1.0 first, 1.1 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx-checksum: 42\r\n\r\n",
    ),
    (
        // It drops trailers, and so does not announce them.
        &[Program::ProxyH1],
        Version::HTTP_11,
        Asks::Upload,
        "POST /a%20b?q=1 HTTP/1.1\r\n\
        cookie: a=1\r\n\
        host: HOP\r\n\
        transfer-encoding: chunked\r\n\
        via: 1.0 first, 1.1 edge-1.example\r\n\
        x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n\
        x-forwarded-host: client.example\r\n\
        x-forwarded-proto: http\r\n\
        x-kept: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ),
];

/// With the fields of the head in alphabetical order.
fn sorted(request: &str) -> String {
    let (head, rest) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap();
    let mut fields: Vec<&str> = lines.collect();
    fields.sort_unstable();
    format!("{first}\r\n{}\r\n\r\n{rest}", fields.join("\r\n"))
}

#[test]
fn the_next_hop_is_asked_with_clean_fields() {
    for program in Program::ALL {
        for version in program.versions() {
            for asks in [Asks::Get, Asks::Upload] {
                let what = format!("{} {version:?} {asks:?}", program.name());
                let request = asked(program, *version, asks);
                println!("{what}:\n{request}\n");
                let names = |section: &str| -> Vec<String> {
                    section.lines().filter_map(|line| Some(line.split_once(": ")?.0.to_ascii_lowercase())).collect()
                };
                let (head, content) = request.split_once("\r\n\r\n").unwrap();
                for (name, why) in FORBIDDEN {
                    assert!(!names(head).iter().any(|known| known == name), "{what}: {name}: {why}");
                }
                // No line of the content but the last chunk's is followed by a field.
                let (_, trailers) = content.split_once("\r\n0\r\n").unwrap_or_default();
                for name in FORBIDDEN_TRAILERS {
                    assert!(!names(trailers).iter().any(|known| known == name), "{what}: trailer {name}");
                }
                let due = |snapshot: &&Snapshot| {
                    snapshot.0.contains(&program) && (snapshot.1, snapshot.2) == (*version, asks)
                };
                let [snapshot] = SNAPSHOTS.iter().filter(due).collect::<Vec<_>>()[..] else { panic!("{what}") };
                assert_eq!(sorted(&request), snapshot.3, "{what}");
            }
        }
    }
}

/// Sends that, and reads as much as comes until the connection ends.
fn talk(front: &Front, bytes: &str) -> String {
    let mut client = TcpStream::connect(front.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(bytes.as_bytes()).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// What a client hears of trailers: what is not of one connection, if it asked for them.
#[test]
fn no_trailer_of_one_connection_reaches_the_client() {
    const TRAILED: &str = "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nTrailer: X-Checksum, X-Hop\r\n\
        Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Checksum: 42\r\nX-Hop: 1\r\nContent-Length: 3\r\n\r\n";
    for program in Program::ALL {
        let (url, _seen) = next_hop(TRAILED);
        let front = Front::start(program, &url);
        let ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, te\r\nTE: trailers\r\n\r\n";
        let answer = talk(&front, ask).to_ascii_lowercase();
        let (_, trailers) = answer.split_once("\r\n0\r\n").unwrap_or_else(|| panic!("{}: {answer}", program.name()));
        assert_eq!(trailers, "x-checksum: 42\r\n\r\n", "{}", program.name());
        if program.versions().contains(&Version::HTTP_2) {
            let request = http::Request::get("http://client.example/").header("te", "trailers");
            let reply = exchange(front.address, request.body(Full::<Bytes>::default()).unwrap());
            let Reply::Head { trailers: Some(trailers), end: End::Complete, .. } = reply else { panic!("{reply:?}") };
            assert_eq!((trailers.len(), &trailers["x-checksum"]), (1, &"42".parse().unwrap()));
        }
        assert_eq!(front.faults(0).len(), 0, "{}", program.name());
    }
}

/// Nobody but the gateway speaks in its name, in a head or behind one, and what does not parse would silence all others.
#[test]
fn no_member_of_proxy_status_is_ours_but_ours() {
    let member = "cache; error=dns_timeout";
    for program in Program::ALL {
        for (sent, expected) in [
            (member, vec![member]),
            ("edge-1.example; error=dns_timeout", vec![]),
            ("\"Edge-1.example\"", vec![]),
            ("cache; error=dns_timeout, edge-1.example; error=dns_timeout", vec![member]),
            ("cache; error=dns_timeout,", vec![]),
            ("cache; error=\"open", vec![]),
        ] {
            let head = format!("Proxy-Status: {sent}\r\nTransfer-Encoding: chunked\r\nTrailer: Proxy-Status");
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n2\r\nok\r\n0\r\nProxy-Status: {sent}\r\n\r\n");
            let (url, _seen) = next_hop(answer.leak());
            let front = Front::start(program, &url);
            let answer = talk(&front, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, te\r\nTE: trailers\r\n\r\n");
            let (head, trailers) = answer.split_once("\r\n0\r\n").unwrap_or_else(|| panic!("{program:?}: {answer}"));
            for part in [head, trailers] {
                let lines = part.lines().filter_map(|line| line.split_once(": "));
                let seen: Vec<_> = lines
                    .filter(|(name, _)| name.eq_ignore_ascii_case("proxy-status"))
                    .map(|(_, value)| value)
                    .collect();
                assert_eq!(seen, expected, "{program:?} {sent}: {answer}");
            }
        }
    }
}

/// Longer than any timer, and never as long without a byte.
#[test]
fn a_slow_upload_may_take_its_time() {
    thread::scope(|scope| {
        for program in Program::ALL {
            scope.spawn(move || {
                let (url, seen) = next_hop(OK);
                let front = Front::start(program, &url);
                let mut client = TcpStream::connect(front.address).unwrap();
                client.set_read_timeout(Some(PATIENCE)).unwrap();
                client
                    .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8\r\n\r\n")
                    .unwrap();
                for _ in 0..8 {
                    thread::sleep(Duration::from_millis(900));
                    client.write_all(b"x").unwrap();
                }
                let mut answer = String::new();
                client.read_to_string(&mut answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{}: {answer}", program.name());
                assert!(seen.recv_timeout(PATIENCE).unwrap().ends_with("xxxxxxxx"), "{}", program.name());
                assert_eq!(front.faults(0).len(), 0, "{}", program.name());
            });
        }
    });
}

const WEBSOCKET: &str = "GET /chat HTTP/1.1\r\nHost: client.example\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// With the next hop's first word right behind the head.
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello";

#[test]
fn an_upgrade_is_joined_from_the_first_byte_to_the_last() {
    for program in Program::ALL {
        let (url, seen) = next_hop(SWITCH);
        let front = Front::start(program, &url);
        let mut client = TcpStream::connect(front.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(WEBSOCKET.as_bytes()).unwrap();
        let mut answer = String::new();
        let mut byte = [0];
        while !answer.ends_with("\r\n\r\nhello") {
            client.read_exact(&mut byte).unwrap_or_else(|e| panic!("{}: {e} after {answer:?}", program.name()));
            answer.push(char::from(byte[0]));
        }
        let head = answer.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{}: {head}", program.name());
        for field in ["upgrade: websocket", "connection: upgrade", "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="]
        {
            assert!(head.contains(&format!("\r\n{field}\r\n")), "{}: no {field} in {head}", program.name());
        }
        let asked = seen.recv_timeout(PATIENCE).unwrap().to_ascii_lowercase();
        for field in ["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"] {
            assert!(asked.contains(&format!("\r\n{field}\r\n")), "{}: no {field} in {asked}", program.name());
        }
        // The next hop gives back what it gets.
        let large: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        for message in [&b"\x81\x84abcd"[..], b"HTTP/1.1 200 OK\r\n\r\n", &large] {
            let (mut writing, sent) = (client.try_clone().unwrap(), message.to_vec());
            let writer = thread::spawn(move || writing.write_all(&sent).unwrap());
            let mut echo = vec![0; message.len()];
            client.read_exact(&mut echo).unwrap();
            assert!(echo == message, "{}", program.name());
            writer.join().unwrap();
        }
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut byte).unwrap(), 0, "{}: one end is the other's", program.name());
        assert_eq!(front.faults(0).len(), 0, "{}", program.name());
    }
}

/// What the next hop does behind its 101 and "hello", when the client has said a word, or what the client does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Breaks {
    /// Resets the connection.
    NextHop,
    Client,
    /// Nobody says anything.
    Idle,
}

/// "Each fault leaves exactly one record", and no half of a conversation looks like the whole of it.
#[test]
fn a_tunnel_that_breaks_leaves_one_record() {
    for program in Program::ALL {
        for (breaks, fault, how) in [
            (Breaks::NextHop, "body_reset", Some("reset")),
            (Breaks::Client, "client_aborted", None),
            (Breaks::Idle, "body_stalled", Some("reset")),
        ] {
            let what = format!("{}, {breaks:?}", program.name());
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let (breaking, until) = mpsc::channel::<()>();
            thread::spawn(move || {
                let mut stream = listener.accept().unwrap().0;
                read_message(&mut stream);
                stream.write_all(SWITCH.as_bytes()).unwrap();
                // Until the test is done with it, and then with the client's word unread: by a reset.
                let _ = stream.peek(&mut [0]);
                let _ = until.recv();
            });
            let front = Front::start_with(program, &url, &["--tunnel-timeout", "1s"]);
            let mut client = TcpStream::connect(front.address).unwrap();
            client.set_read_timeout(Some(PATIENCE * 2)).unwrap();
            client.write_all(WEBSOCKET.as_bytes()).unwrap();
            let (mut answer, mut byte) = (String::new(), [0]);
            while !answer.ends_with("\r\n\r\nhello") {
                client.read_exact(&mut byte).unwrap_or_else(|e| panic!("{what}: {e} after {answer:?}"));
                answer.push(char::from(byte[0]));
            }
            client.write_all(b"and you?").unwrap();
            if breaks == Breaks::NextHop {
                drop(breaking);
            }
            if breaks == Breaks::Client {
                SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
                drop(client);
            } else {
                let read = client.read(&mut byte).map_err(|error| error.kind());
                assert_eq!(read, Err(ErrorKind::ConnectionReset), "{what}");
            }
            let faults = front.faults(1);
            let [record] = faults.as_slice() else { panic!("{what}: {faults:?}") };
            assert_eq!(record.text("fault").as_deref(), Some(fault), "{what}: {}", record.0);
            assert_eq!(record.text("how").as_deref(), how, "{what}: {}", record.0);
            assert_eq!(record.number("forwarded_status"), Some(101), "{what}: {}", record.0);
        }
    }
}

/// Each asks for less than an upgrade; the next hop switches all the same.
const NO_OFFERS: &[(&str, &str)] = &[
    ("nobody asked", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("Connection does not name it", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
    ("nor does this one", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n"),
    ("to nothing", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"),
    ("HTTP/1.0 has none", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ("h2c is not for proxies", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    (
        "a body comes first",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nfive!",
    ),
    (
        "one of unknown length, too",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n\
        5\r\nfive!\r\n0\r\n\r\n",
    ),
];

#[test]
fn an_upgrade_that_was_not_offered_is_refused_with_a_record() {
    for program in Program::ALL {
        for (why, request) in NO_OFFERS {
            let what = format!("{}, {why}", program.name());
            let (url, seen) = next_hop(SWITCH);
            let front = Front::start(program, &url);
            let mut client = TcpStream::connect(front.address).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            let answer = read_message(&mut client).unwrap();
            assert!(answer.get(8..13) == Some(" 502 ") && !answer.contains("hello"), "{what}: {answer}");
            refused(&what, &seen, &front);
        }
        // What asks for a WebSocket over HTTP/2 (RFC 8441) needs a setting that no server here sends.
        if program.versions().contains(&Version::HTTP_2) {
            let (url, seen) = next_hop(SWITCH);
            let front = Front::start(program, &url);
            let request = http::Request::get("http://client.example/").body(Full::<Bytes>::default()).unwrap();
            let reply = exchange(front.address, request);
            assert!(matches!(reply, Reply::Head { status: 502, end: End::Complete, .. }), "{reply:?}");
            refused(&format!("{}, HTTP/2", program.name()), &seen, &front);
        }
    }
}

/// The next hop heard of no upgrade, and the one record says why the client got a 502.
fn refused(what: &str, seen: &mpsc::Receiver<String>, front: &Front) {
    let asked = seen.recv_timeout(PATIENCE).unwrap().to_ascii_lowercase();
    assert!(!asked.contains("upgrade"), "{what}: {asked}");
    let faults = front.faults(1);
    let [fault] = faults.as_slice() else { panic!("{what}: {faults:?}") };
    assert_eq!(fault.text("fault").as_deref(), Some("unexpected_upgrade"), "{what}: {}", fault.0);
    assert_eq!((fault.text("decision"), fault.number("status")), (Some("respond".into()), Some(502)), "{what}");
}

/// With fields of its connection, and one that it names. The 100 is nobody's.
const INTERIMS: &str = "HTTP/1.1 100 Continue\r\n\r\n\
    HTTP/1.1 103 Early Hints\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nLink: </a.css>; rel=preload\r\n\r\n\
    HTTP/1.1 102 Processing\r\n\r\n\
    HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// "A proxy MUST forward 1xx responses", and "MUST NOT" to HTTP/1.0 (RFC 9110 section 15.2). To HTTP/2 it must as well, and
/// hyper's server has no way to: there they are dropped, which a client that waits for the final response does not notice.
#[test]
fn interim_responses_go_on_to_who_can_have_them() {
    for program in Program::ALL {
        let (url, _seen) = next_hop(INTERIMS);
        let front = Front::start(program, &url);
        let answer = talk(&front, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").to_ascii_lowercase();
        let due = "http/1.1 103 early hints\r\nlink: </a.css>; rel=preload\r\n\r\nhttp/1.1 102 processing\r\n\r\nhttp/1.1 200 ok\r\n";
        assert!(answer.starts_with(due) && answer.ends_with("\r\n\r\nok"), "{}: {answer}", program.name());
        // The next request on the same connection has its own.
        let twice = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answers = talk(&front, twice).to_ascii_lowercase();
        let statuses: Vec<&str> = answers.split("http/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
        assert_eq!(statuses, ["103", "102", "200", "103", "102", "200"], "{}: {answers}", program.name());

        let old = talk(&front, "GET / HTTP/1.0\r\n\r\n");
        assert!(old.get(8..13) == Some(" 200 ") && !old.contains("Early"), "{}: {old}", program.name());
        if program.versions().contains(&Version::HTTP_2) {
            let request = http::Request::get("http://client.example/").body(Full::<Bytes>::default()).unwrap();
            let reply = exchange(front.address, request);
            assert!(matches!(reply, Reply::Head { status: 200, end: End::Complete, .. }), "{reply:?}");
        }
        assert_eq!(front.faults(0).len(), 0, "{}", program.name());
    }
}

/// The fault behind an interim response is answered as any other, and its record says that something had gone out.
#[test]
fn a_fault_behind_an_interim_response_is_answered() {
    const HINT_AND_END: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 2";
    for program in Program::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                read_message(&mut stream);
                let _ = stream.write_all(HINT_AND_END.as_bytes());
            }
        });
        for (version, interims) in [("1.1", 1), ("1.0", 0)] {
            let front = Front::start(program, &url);
            let answer = talk(&front, &format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n"));
            assert_eq!(answer.matches("HTTP/1.1 103 ").count(), interims, "{}: {answer}", program.name());
            assert!(answer.contains(" 502 Bad Gateway\r\n"), "{}: {answer}", program.name());
            let faults = front.faults(1);
            let [fault] = faults.as_slice() else { panic!("{}: {faults:?}", program.name()) };
            assert_eq!(fault.text("fault").as_deref(), Some("head_truncated"), "{}", fault.0);
            println!("{} {version}: {}", program.name(), fault.0);
        }
    }
}
