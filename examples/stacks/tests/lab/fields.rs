//! What the next hop is asked: no field of one connection's alone, upgrades carried or not offered, second tries where they
//! are safe.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use badgateway::lab::probe::{self, End, Request};
use http::Version;

use crate::gateway::{Gateway, STACKS};

/// A next hop that hands each request to the test, and answers the nth with the nth of these; with nothing where that is
/// empty.
fn next_hop(answers: &'static [&'static str]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, seen) = mpsc::channel();
    thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = read_request(&mut stream) else { continue };
            let _ = requests.send(request);
            let _ = stream.write_all(answers.next().unwrap_or(&"").as_bytes());
        }
    });
    (url, seen)
}

/// A head, and a body by `Content-Length` or of one chunk.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let (mut request, mut byte) = (String::new(), [0]);
    let is_whole = |request: &str| {
        let (head, body) = request.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        Some(match length {
            Some(length) => body.len() >= length,
            None if head.contains("transfer-encoding") => body.ends_with("0\r\n\r\n"),
            None => true,
        })
    };
    while is_whole(&request) != Some(true) {
        stream.read_exact(&mut byte).ok()?;
        request.push(char::from(byte[0]));
    }
    Some(request)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// Fields that must not go on: RFC 9110 sections 7.6.1, 11.7.1 and 10.1.1, RFC 9113 section 8.2.2.
const HOP_BY_HOP: &[(&str, &str)] = &[
    ("Connection", "close, x-secret, upgrade, http2-settings"),
    ("X-Secret", "1"),
    ("Keep-Alive", "timeout=5"),
    ("Proxy-Connection", "keep-alive"),
    ("Proxy-Authorization", "Basic c2VjcmV0"),
    ("Upgrade", "h2c"),
    ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
    ("TE", "trailers, gzip"),
];

#[test]
fn the_next_hop_is_asked_with_clean_fields() {
    for stack in STACKS {
        for (version, body) in [(Version::HTTP_11, ""), (Version::HTTP_11, "hello"), (Version::HTTP_10, "hello")] {
            let (url, seen) = next_hop(&[OK]);
            let gateway = Gateway::start(stack, &url);
            let mut request = Request::new().method("POST").path("/a%20b?q=1").version(version).body(body);
            request = request.and_header("Cookie", "a=1").and_header("X-Kept", "1").and_header("Via", "1.0 first");
            request = HOP_BY_HOP.iter().fold(request, |request, (name, value)| request.header(name, value));
            let answer = probe::send(gateway.address, &request).unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (Some(200), &b"ok"[..]), "{}", stack.name);

            let request = seen.recv_timeout(Duration::from_secs(5)).unwrap();
            println!("{} {version:?}:\n{request}\n", stack.name);
            let lower = request.to_ascii_lowercase();
            let (head, sent) = lower.split_once("\r\n\r\n").unwrap();
            let mut lines = head.lines();
            assert_eq!(lines.next(), Some("post /a%20b?q=1 http/1.1"), "{}", stack.name);
            let lines: Vec<&str> = lines.collect();
            for (name, _) in HOP_BY_HOP {
                let name = format!("{}:", name.to_ascii_lowercase());
                // What a client may say of its own connection.
                let is_own = |line: &str| ["connection: keep-alive", "connection: close"].contains(&line);
                let found = lines.iter().find(|line| line.starts_with(&name) && !is_own(line));
                assert_eq!(found, None, "{}", stack.name);
            }
            let host = url.strip_prefix("http://").unwrap();
            for due in [&*format!("host: {host}"), "cookie: a=1", "x-kept: 1"] {
                assert_eq!(lines.iter().filter(|line| **line == due).count(), 1, "{due} of {}:\n{head}", stack.name);
            }
            let via: Vec<_> = lines.iter().filter(|line| line.starts_with("via:")).collect();
            let ours = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
            assert_eq!(via, [&format!("via: 1.0 first, {ours} edge-1.example")], "{}", stack.name);
            let framing =
                lines.iter().filter(|l| l.starts_with("content-length:") || l.starts_with("transfer-encoding:"));
            assert!(framing.count() <= 1, "{}:\n{head}", stack.name);
            assert!(sent.contains(body), "{}: {sent}", stack.name);
            assert!(body.is_empty() || !sent.is_empty() && gateway.faults(0).is_empty(), "{}", stack.name);
        }
    }
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: lab.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello";

/// Either the tunnel works from its first byte, or the 101 is refused, and there is a record.
#[test]
fn a_101_works_or_is_refused() {
    for stack in STACKS {
        let (url, seen) = next_hop(&[SWITCH]);
        let gateway = Gateway::start(stack, &url);
        let mut client = TcpStream::connect(gateway.address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        client.write_all(ASK.as_bytes()).unwrap();
        let asked = seen.recv_timeout(Duration::from_secs(5));
        let asked = asked.unwrap_or_else(|_| panic!("{} asks nothing", stack.name)).to_ascii_lowercase();
        assert_eq!(asked.contains("\r\nupgrade: websocket\r\n"), stack.tunnels, "{}: {asked}", stack.name);
        let wanted = if stack.tunnels { "hello" } else { "\r\n\r\n" };
        let mut answer = String::new();
        while !answer.ends_with(wanted) {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap_or_else(|error| panic!("{}: {error} after {answer:?}", stack.name));
            answer.push(char::from(byte[0]));
        }
        let status = if stack.tunnels { "HTTP/1.1 101 " } else { "HTTP/1.1 502 " };
        assert!(answer.starts_with(status), "{}: {answer}", stack.name);
        let faults = gateway.faults(usize::from(!stack.tunnels));
        assert_eq!(faults.len(), usize::from(!stack.tunnels), "{}: {faults:?}", stack.name);
    }
}

/// A connection that was closed without an answer: a GET may be sent once more, a POST may have been applied.
#[test]
fn what_is_safe_is_sent_once_more() {
    let retrying = STACKS.iter().filter(|stack| ["reqwest_retry", "tower"].contains(&stack.name));
    for stack in retrying {
        for (method, body, tries) in [("GET", "", 2), ("PUT", "hello", 2), ("POST", "hello", 1)] {
            let (url, seen) = next_hop(&["", OK]);
            let gateway = Gateway::start(stack, &url);
            let answer = probe::send(gateway.address, &Request::new().method(method).body(body)).unwrap();
            let status = if tries == 2 { 200 } else { 502 };
            assert_eq!((answer.status, answer.end), (Some(status), End::Complete), "{} {method}", stack.name);
            let faults = gateway.faults(2 - tries);
            assert_eq!(faults.len(), 2 - tries, "{} {method}: {faults:?}", stack.name);
            let requests: Vec<String> = seen.try_iter().collect();
            assert_eq!(requests.len(), tries, "{} {method}: {requests:?}", stack.name);
            assert!(requests.iter().all(|request| request.contains(body)), "{} {method}: {requests:?}", stack.name);
        }
    }
}

/// One that is behind an interim response may not be read by the gateway's client. It is nobody else's either.
#[test]
fn no_client_gets_the_answer_of_another() {
    const EARLY: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    const SECRET: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    for stack in STACKS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    while let Some(request) = read_request(&mut stream) {
                        if request.starts_with("GET /first ") {
                            let _ = stream.write_all(EARLY.as_bytes());
                            thread::sleep(Duration::from_millis(500));
                            let _ = stream.write_all(SECRET.as_bytes());
                        } else {
                            let _ = stream.write_all(OK.as_bytes());
                        }
                    }
                });
            }
        });
        let gateway = Gateway::start(stack, &url);
        // Of one connection, so that one of the gateway's threads answers both.
        let mut client = TcpStream::connect(gateway.address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut ask = |path: &str, end: &[&str]| {
            client.write_all(format!("GET {path} HTTP/1.1\r\nHost: lab.test\r\n\r\n").as_bytes()).unwrap();
            let (mut answer, mut byte) = (String::new(), [0]);
            while !end.iter().any(|end| answer.ends_with(end)) {
                client.read_exact(&mut byte).unwrap_or_else(|error| panic!("{}: {error}: {answer}", stack.name));
                answer.push(char::from(byte[0]));
            }
            answer
        };
        ask("/first", &["\r\n\r\nsecret", "}"]);
        let second = ask("/second", &["\r\n\r\nok", "secret"]);
        assert!(second.ends_with("ok"), "{}: {second}", stack.name);
    }
}
