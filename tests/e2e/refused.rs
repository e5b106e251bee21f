//! Requests that must not reach a next hop, to each program: the answer, the end of the connection, one record.
//!
//! What hyper refuses by itself, before anybody sees the request, has no record, and its rows say so. Of both lengths in one
//! head it hides the `Content-Length`, goes by the chunks and ends the connection behind the answer, as RFC 9112 section 6.3
//! has it for who does not refuse; `heads_that_could_smuggle_are_refused` has that for the other engine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use badgateway::lab::Lab;

use crate::PATIENCE;
use crate::front::{Front, Program};
use crate::harness::in_parallel;

/// What becomes of a request: status, fault, class.
type Refusal = (u16, &'static str, &'static str);

const BAD: &str = "bad_request";

/// A head, what becomes of it, and whether the gateway says so to every engine: or hyper has, without a record.
const HEADS: &[(&str, Refusal, bool)] = &[
    ("GET / HTTP/1.1", (400, BAD, "request.host_missing"), true),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y", (400, BAD, "request.host_repeated"), true),
    ("GET / HTTP/1.0\r\nHost: x\r\nHost: x", (400, BAD, "request.host_repeated"), true),
    ("GET / HTTP/1.1\r\nHost: user@x", (400, BAD, "request.host_invalid"), true),
    ("GET / HTTP/1.1\r\nHost: x/admin", (400, BAD, "request.host_invalid"), true),
    ("GET / HTTP/1.1\r\nHost: x\u{e9}", (400, BAD, "request.host_invalid"), true),
    ("GET x:80 HTTP/1.1\r\nHost: x", (400, BAD, "request.target_form"), true),
    ("GET * HTTP/1.1\r\nHost: x", (400, BAD, "request.target_form"), true),
    ("CONNECT /x HTTP/1.1\r\nHost: x", (400, BAD, "request.target_form"), true),
    ("GET ftp://x/y HTTP/1.1\r\nHost: x", (400, BAD, "request.target_scheme"), true),
    ("GET http://user@x/y HTTP/1.1\r\nHost: x", (400, BAD, "request.target_invalid"), true),
    ("GET /stra\u{c3}\u{9f}e HTTP/1.1\r\nHost: x", (400, BAD, "request.target_invalid"), true),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: \"close\"", (400, BAD, "request.connection_invalid"), true),
    (
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: \"h2c\"",
        (400, BAD, "request.upgrade_invalid"),
        true,
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: magic", (417, BAD, "request.expectation"), true),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked", (501, BAD, "framing.te_compressed"), true),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked", (501, BAD, "framing.te_identity"), true),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked",
        (400, BAD, "framing.te_chunked_repeated"),
        true,
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,chunked", (400, BAD, "framing.te_invalid"), true),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        (501, BAD, "framing.te_compressed"),
        true,
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip", (400, BAD, "framing.te_compressed"), false),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", (400, BAD, "framing.te_in_http10"), false),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4", (400, BAD, "framing.cl_conflict"), false),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3", (400, BAD, "framing.cl_plus"), false),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808", (400, BAD, "framing.cl_overflow"), true),
    ("GET / HTTP/1.1\r\nHost: x\r\nVia: 1.1 a, 1.1 EDGE-1.example", (502, "loop_detected", ""), true),
    ("OPTIONS / HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0", (502, "loop_detected", ""), true),
];

fn talk(front: &Front, sent: &[u8]) -> String {
    let mut client = TcpStream::connect(front.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(sent).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn what_breaks_a_rule_reaches_no_next_hop() {
    let cases: Vec<_> = Program::ALL.iter().flat_map(|program| HEADS.iter().map(|head| (*program, head))).collect();
    in_parallel(&cases, 16, |(program, (head, refusal, is_ours))| {
        let (status, fault, class) = *refusal;
        let lab = Lab::builder().only(&["ok_200"]).start().unwrap();
        let front = Front::start(*program, lab.upstream("ok_200").unwrap().url());
        // The body of any of these, and behind it the request that somebody would smuggle.
        let sent = format!("{head}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        // One byte a character: raw bytes above 0x7f.
        let sent: Vec<u8> = sent.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let answer = talk(&front, &sent);
        let what = format!("{program:?}: {head:?}: {answer:?}");
        assert!(answer.get(8..).is_some_and(|rest| rest.starts_with(&format!(" {status} "))), "{what}");
        if fault == BAD {
            assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{what}");
            assert_eq!(answer.matches("HTTP/1.").count(), 1, "{what}");
            assert_eq!(lab.upstream("ok_200").unwrap().counts().connections, 0, "{what}");
        }
        if *is_ours || *program == Program::ProxyH1 {
            let faults = front.faults(1);
            let [record] = faults.as_slice() else { panic!("{what}: {} records", faults.len()) };
            let seen = (record.text("fault").unwrap(), record.text("class").unwrap_or_default());
            assert_eq!((seen.0.as_str(), seen.1.as_str()), (fault, class), "{what}");
        }
    });
}

/// A route to itself took every descriptor that there is, one request after the other.
#[test]
fn a_gateway_before_itself_answers_at_once() {
    for program in [Program::Proxy, Program::ProxyH1] {
        // A port that is free: it was taken just now.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{port}");
        let front = Front::start_with(program, &url, &["--listen", &port.to_string()]);
        let answer = talk(&front, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 502 "), "{program:?}: {answer}");
        let faults = front.faults(1);
        assert_eq!(faults[0].text("fault").as_deref(), Some("loop_detected"), "{program:?}");
    }
}

/// Where the path of a route's URL ends, its next hop is asked for nothing else, and what one route is for no other gives away.
#[test]
fn a_path_does_not_leave_its_route() {
    for program in [Program::Proxy, Program::ProxyH1] {
        let (url, asked) = next_hop();
        let routes = ["--route", &format!("/base={url}/a/b"), "--route", &format!("/admin={url}/secret")];
        let front = Front::start_with(program, &format!("{url}/open"), &routes);
        for (path, expected) in [
            ("/base/x", Ok("/a/b/x")),
            ("/base/x/../y?q", Ok("/a/b/y?q")),
            ("/%61dmin/x", Ok("/secret/x")),
            ("/base/../admin", Ok("/secret/")),
            ("http://x/base/%2e%2e/y", Ok("/open/y")),
            ("/base/../../etc", Err(())),
            ("/base/..%2f..%2fetc", Err(())),
            ("//admin", Err(())),
            ("/x/..;/admin", Err(())),
        ] {
            let answer =
                talk(&front, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
            let status = if expected.is_ok() { "HTTP/1.1 200 " } else { "HTTP/1.1 400 " };
            assert!(answer.starts_with(status), "{program:?} {path}: {answer}");
            assert_eq!(asked.try_recv().ok().as_deref().ok_or(()), expected, "{program:?} {path}");
        }
        assert_eq!(front.faults(4).len(), 4);
    }
}

/// A next hop that says 200 to everything, and which paths it was asked for.
fn next_hop() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, paths) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            if asked.send(head.split(' ').nth(1).unwrap_or_default().to_owned()).is_err() {
                return;
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).unwrap();
        }
    });
    (url, paths)
}
