//! The proxy on our own parser, where the lab's upstreams are not enough: who ends what, and when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod harness;
mod idle;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::harness::{PATIENCE, Proxy, Upstream, read_all, read_body, read_head};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

/// Leaves in the way that is noticed at once. After a FIN the client may still want its answer.
fn reset(client: TcpStream) {
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
}

// ---- ejection ----------------------------------------------------------------------------------------

#[test]
fn who_fails_in_a_row_is_left_alone_for_a_while() {
    let upstream = Upstream::new(|mut stream, number| {
        read_head(&stream);
        if number > 4 {
            stream.write_all(OK).unwrap();
        }
    });
    let proxy = Proxy::start(&[&upstream.route(), "--eject-after", "3", "--eject-for", "700ms"]);
    for _ in 0..3 {
        assert_eq!(status(&proxy.get("/failed")), "502");
    }
    let answer = proxy.get("/spared");
    assert_eq!(status(&answer), "503", "{answer}");
    let head = answer.to_lowercase();
    assert!(head.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(head.contains("\r\nproxy-status: badgateway; error=destination_unavailable\r\n"), "{answer}");
    assert_eq!(upstream.connections(), 3, "it was not touched");
    let record = &proxy.records("/spared", 1)[0];
    assert!(record.contains("\"fault\":\"no_healthy_upstream\"") && record.contains("\"applied\":\"no\""), "{record}");
    // One finds out, and it fails: one is enough.
    thread::sleep(Duration::from_millis(750));
    assert_eq!(status(&proxy.get("/failed")), "502");
    assert_eq!(status(&proxy.get("/spared")), "503");
    assert_eq!(upstream.connections(), 4);
    // The next one finds it well.
    thread::sleep(Duration::from_millis(750));
    for _ in 0..3 {
        assert_eq!(status(&proxy.get("/fine")), "200");
    }
}

#[test]
fn what_an_upstream_answers_is_no_failure_and_a_client_that_leaves_is_none_of_its() {
    let upstream = Upstream::new(|mut stream, _| {
        if read_head(&stream).starts_with("GET /busy") {
            stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
        read_all(&stream);
    });
    let proxy = Proxy::start(&[&upstream.route(), "--eject-after", "1", "--eject-for", "1000s"]);
    for _ in 0..3 {
        assert_eq!(status(&proxy.get("/busy")), "503");
        let mut client = proxy.connect();
        client.write_all(b"GET /left HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        thread::sleep(Duration::from_millis(100));
        reset(client);
    }
    let records = proxy.records("/left", 3);
    assert!(records.iter().all(|record| record.contains("\"fault\":\"client_aborted\"")), "{records:?}");
    assert!(!proxy.get("/busy").contains("proxy-status"));
}

// ---- second tries ------------------------------------------------------------------------------------

/// What an upstream read on each connection: heads, and bodies.
type Seen = Arc<Mutex<Vec<(usize, String, usize)>>>;

/// Keeps its first connection, and closes it after it has read the second request on it. `length` of a body that it
/// reads whole, in chunks or not.
fn dying(seen: &Seen) -> Upstream {
    let seen = Arc::clone(seen);
    Upstream::new(move |mut stream, number| {
        loop {
            let head = read_head(&stream);
            if head.is_empty() {
                return;
            }
            let length = head.split_once("content-length: ").map(|(_, rest)| rest.split_once("\r\n").unwrap().0);
            let body = match length {
                Some(length) => read_body(&stream, length.parse().unwrap()).len(),
                None if head.contains("transfer-encoding") => {
                    let mut chunks = Vec::new();
                    while !chunks.ends_with(b"0\r\n\r\n") {
                        chunks.extend(read_body(&stream, 1));
                    }
                    chunks.iter().filter(|&&b| b == b'x').count()
                }
                None => 0,
            };
            let method = head.split(' ').next().unwrap().to_owned();
            let dies = number == 1 && method != "GET";
            seen.lock().unwrap().push((number, method, body));
            if dies {
                return;
            }
            stream.write_all(OK).unwrap();
        }
    })
}

/// Sends a request whose body comes behind its head, when that is on its way already.
fn upload(proxy: &Proxy, method: &str, path: &str, length: usize, chunked: bool) -> String {
    let mut client = proxy.connect();
    let framing = if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {length}") };
    write!(client, "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{framing}\r\n\r\n").unwrap();
    let body = vec![b'x'; length];
    for half in body.chunks(length.div_ceil(2)) {
        thread::sleep(Duration::from_millis(30));
        if chunked {
            write!(client, "{:x}\r\n", half.len()).unwrap();
        }
        client.write_all(half).unwrap();
        if chunked {
            client.write_all(b"\r\n").unwrap();
        }
    }
    if chunked {
        client.write_all(b"0\r\n\r\n").unwrap();
    }
    read_all(&client)
}

#[test]
fn a_request_that_met_a_dying_connection_is_sent_again_only_if_that_is_safe() {
    for (method, length, chunked, want, tries, reason) in [
        ("PUT", 10, false, "200", 2, ""),
        ("PUT", 10, true, "200", 2, ""),
        ("PUT", 60_000, false, "200", 2, ""),
        ("PUT", 60_000, true, "200", 2, ""),
        ("PUT", 70_000, false, "502", 1, "not_replayable"),
        ("PUT", 70_000, true, "502", 1, "not_replayable"),
        // Its body is not even kept.
        ("POST", 10, false, "502", 1, "not_replayable"),
        ("POST", 10, true, "502", 1, "not_replayable"),
        ("POST", 0, false, "502", 1, "not_idempotent"),
        ("DELETE", 0, false, "200", 2, ""),
        ("PATCH", 0, false, "502", 1, "not_idempotent"),
    ] {
        let what = format!("{method} {length} {chunked}");
        let seen = Seen::default();
        let upstream = dying(&seen);
        let proxy = Proxy::start(&[&upstream.route()]);
        assert_eq!(status(&proxy.get("/")), "200");
        let answer = if length == 0 {
            proxy.talk(&format!("{method} /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        } else {
            upload(&proxy, method, "/x", length, chunked)
        };
        assert_eq!(status(&answer), want, "{what}: {answer}");
        let seen: Vec<_> = seen.lock().unwrap().iter().filter(|(_, m, _)| m == method).cloned().collect();
        let all: Vec<_> = (1..=tries).map(|number| (number, method.to_owned(), length)).collect();
        assert_eq!(seen, all, "{what}: whole each time, on a new connection");
        if !reason.is_empty() {
            let record = &proxy.records("/x", 1)[0];
            assert!(record.contains(&format!("\"retry_reason\":\"{reason}\"")), "{what}: {record}");
        }
    }
}

#[test]
fn a_second_try_is_the_last() {
    let upstream = Upstream::new(|mut stream, number| {
        read_head(&stream);
        if number == 1 {
            stream.write_all(OK).unwrap();
            read_head(&stream);
        }
    });
    let proxy = Proxy::start(&[&upstream.route()]);
    assert_eq!(status(&proxy.get("/")), "200");
    assert_eq!(status(&proxy.get("/x")), "502");
    assert_eq!(upstream.connections(), 2);
    let record = &proxy.records("/x", 1)[0];
    assert!(record.contains("\"retry_reason\":\"already_retried\""), "{record}");
    assert!(record.contains("\"applied\":\"perhaps\""), "the first try was: {record}");
}

// ---- clients that leave ------------------------------------------------------------------------------

#[test]
fn a_client_that_leaves_in_any_phase_is_logged_and_nobody_else_is_blamed() {
    // Takes the head and nothing more.
    let deaf = Upstream::new(|stream, _| {
        read_head(&stream);
        thread::sleep(PATIENCE);
    });
    // Says a head, or more than any buffer takes.
    let chatty = Upstream::new(|mut stream, _| {
        read_head(&stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").unwrap();
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    // Accepts, and says nothing in the handshake.
    let silent = Upstream::new(|stream, _| drop(read_all(&stream)));
    let proxy = Proxy::start(&[
        &format!("--route=/deaf=http://{}", deaf.address),
        &format!("--route=/chatty=http://{}", chatty.address),
        &format!("--route=/silent=https://{}", silent.address),
        "--tls-timeout=20s",
        "--idle-timeout=20s",
        "--send-timeout=20s",
        "--response-timeout=20s",
        "--eject-after=1",
    ]);
    let big = "x".repeat(8 << 20);
    for (path, body, phase, acted, forwarded) in [
        // While connecting, before the head, in the middle of the upload: waiting for the client, and for the upstream.
        ("/silent/handshake", String::new(), "tls", "no", "null"),
        ("/deaf/head", String::new(), "head", "perhaps", "null"),
        ("/deaf/upload", "Content-Length: 100\r\n\r\nabc".to_owned(), "send", "perhaps", "null"),
        ("/deaf/stuck", format!("Content-Length: {}\r\n\r\n{big}", 16 << 20), "send", "perhaps", "null"),
        // In the middle of the body.
        ("/chatty/body", String::new(), "body", "yes", "200"),
    ] {
        let mut client = proxy.connect();
        client.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let body = if body.is_empty() { "\r\n" } else { &body };
        let _ = client.write_all(format!("POST {path} HTTP/1.1\r\nHost: h\r\n{body}").as_bytes());
        thread::sleep(Duration::from_millis(200));
        reset(client);
        let record = &proxy.records(path, 1)[0];
        for field in [
            "\"fault\":\"client_aborted\"",
            &format!("\"phase\":\"{phase}\""),
            &format!("\"applied\":\"{acted}\""),
            "\"decision\":\"silence\"",
            "\"blame\":\"client\"",
            "\"status\":null",
            &format!("\"forwarded_status\":{forwarded}"),
        ] {
            assert!(record.contains(field), "{path}: no {field} in {record}");
        }
    }
}

// ---- upgrades ----------------------------------------------------------------------------------------

const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

/// A masked text frame "Hello" and its echo, as in RFC 6455 section 5.7.
const FROM_CLIENT: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const FROM_SERVER: &[u8] = &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

#[test]
fn either_side_of_a_tunnel_may_end_first() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let upstream = Upstream::new(move |mut stream, number| {
        read_head(&stream);
        // The first frame comes in one segment with the head.
        stream.write_all(&[SWITCH, FROM_SERVER].concat()).unwrap();
        if number == 2 {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        if number == 1 {
            stream.write_all(b"after your end").unwrap();
        }
        tell.lock().unwrap().send(all).unwrap();
    });
    let proxy = Proxy::start(&[&upstream.route()]);
    for ending_first in ["client", "upstream"] {
        let mut client = proxy.connect();
        // And so does the client's.
        client.write_all(&[UPGRADE.as_bytes(), FROM_CLIENT].concat()).unwrap();
        let head = read_head(&client);
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("Upgrade: websocket\r\n"), "{head}");
        assert_eq!(read_body(&client, FROM_SERVER.len()), FROM_SERVER);
        if ending_first == "client" {
            client.write_all(b"last words").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read_all(&client), "after your end");
        } else {
            assert_eq!(read_all(&client), "", "the end of one direction is passed on");
            client.write_all(b"last words").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
        }
        let seen = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(seen, [FROM_CLIENT, b"last words"].concat(), "{ending_first}");
    }
}

#[test]
fn an_upgrade_to_something_else_is_refused() {
    let upstream = Upstream::new(|mut stream, _| {
        let head = read_head(&stream);
        let answer = match head.split('/').nth(1).and_then(|path| path.split(' ').next()) {
            Some("other") => "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: irc\r\n\r\n",
            Some("none") => "HTTP/1.1 101 x\r\nConnection: upgrade\r\n\r\n",
            _ => "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        };
        stream.write_all(answer.as_bytes()).unwrap();
        read_all(&stream);
    });
    let proxy = Proxy::start(&[&upstream.route()]);
    let upgrade = "Connection: upgrade, close\r\nUpgrade: websocket\r\n";
    for (path, fields) in [
        ("/other", upgrade),
        ("/none", upgrade),
        // Nobody asked.
        ("/unasked", "Connection: close\r\n"),
        // In the middle of the request's body: whose are the bytes that follow?
        ("/early", "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 100\r\n"),
    ] {
        let answer = proxy.talk(&format!("POST {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        assert_eq!(status(&answer), "502", "{path}: {answer}");
        let record = &proxy.records(path, 1)[0];
        assert!(record.contains("\"fault\":\"unexpected_upgrade\""), "{record}");
    }
}

// ---- what is passed on -------------------------------------------------------------------------------

#[test]
fn interim_responses_go_on_without_what_is_not_the_clients() {
    let upstream = Upstream::new(|mut stream, _| {
        read_head(&stream);
        stream
            .write_all(
                b"HTTP/1.1 100 Continue\r\n\r\n\
                  HTTP/1.1 103 Early Hints\r\nConnection: x-hop, link\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nLink: </a>\r\n\
                  Content-Length: 3\r\nProxy-Authenticate: Basic\r\n\r\n\
                  HTTP/1.1 102 Caf\xc3\xa9\r\n\r\n\
                  HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            )
            .unwrap();
        read_all(&stream);
    });
    let proxy = Proxy::start(&[&upstream.route()]);
    let last = "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    // `link` is named by `Connection`, and is no field that everybody needs.
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    assert_eq!(proxy.get("/"), format!("{interim}{last}"));
    assert_eq!(proxy.talk("GET / HTTP/1.0\r\n\r\n"), last);
}

#[test]
fn what_others_said_of_the_client_before_us_is_kept() {
    let upstream = Upstream::new(|mut stream, _| {
        let head = read_head(&stream);
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len()).unwrap();
        read_all(&stream);
    });
    let proxy = Proxy::start(&[&upstream.route(), "--name", "edge"]);
    let answer = proxy.talk(
        "GET /a?b HTTP/1.1\r\nHost: front.example\r\nConnection: close, x-forwarded-for, x-mine\r\nX-Mine: 1\r\n\
         X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\nVia: 1.0 one\r\nVia: 1.1 two\r\n\
         Trailer: X-Sum\r\n\r\n",
    );
    let (_, head) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().filter(|line| !line.is_empty()).collect();
    lines[2..].sort_unstable();
    let host = format!("host: {}", upstream.address);
    assert_eq!(
        lines,
        [
            "GET /a?b HTTP/1.1",
            &host,
            "via: 1.0 one, 1.1 two, 1.1 edge",
            "x-forwarded-for: 192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1",
            "x-forwarded-host: front.example",
            "x-forwarded-proto: http",
        ]
    );
}

/// The client has what it wanted. Whose next hop it is should know.
#[test]
fn what_was_tolerated_is_one_line_in_the_log() {
    let upstream = Upstream::new(|mut stream, _| {
        // Closed behind each answer and said so, or a second try would stand in the line as well.
        let head = read_head(&stream);
        let answer = match head.split('/').nth(1).and_then(|path| path.split(' ').next()) {
            Some("lf") => "HTTP/1.1 200 OK\nConnection: close\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            Some("left") => "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nok",
            Some("trailers") => {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\nX-Sum: 1\r\n\r\n"
            }
            Some("gzip") => "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            Some("identity") => {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"
            }
            _ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let proxy = Proxy::start(&[&upstream.route()]);
    for (path, status_is, line) in [
        ("/lf", 200, "[\"bare_lf\",\"repeated_content_length\"]"),
        ("/left", 204, "[\"leftover\"]"),
        ("/trailers", 200, "[\"forbidden_trailers\"]"),
        ("/identity", 200, "[\"other_codings\"]"),
    ] {
        assert_eq!(status(&proxy.get(path)), status_is.to_string(), "{path}");
        assert_eq!(
            proxy.records(path, 1),
            [format!(
                "{{\"fault\":null,\"deviations\":{line},\"forwarded_status\":{status_is},\"next_hop\":\"{}\",\
                 \"method\":\"GET\",\"path\":\"{path}\"}}",
                upstream.address
            )]
        );
    }
    assert_eq!(status(&proxy.get("/fine")), "200");
    // What is coded and cannot be decoded is no answer.
    assert_eq!(status(&proxy.get("/gzip")), "502");
    let record = &proxy.records("/gzip", 1)[0];
    assert!(record.contains("\"class\":\"framing.te_compressed\""), "{record}");
    assert!(record.contains("\"applied\":\"yes\""), "it has answered: {record}");
    assert!(proxy.records("/fine", 0).is_empty());
}

// ---- our own limits ----------------------------------------------------------------------------------

/// Without a descriptor nobody can be let in, and nobody connected to. Neither is the next hop's fault, nor a
/// reason to turn in circles.
#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_it_says_so_and_waits() {
    let (done, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let upstream = Upstream::new(move |mut stream, _| {
        read_head(&stream);
        // Until the test is done with it.
        let _ = wait.lock().unwrap().recv();
        stream.write_all(OK).unwrap();
    });
    let proxy =
        Proxy::start_with_descriptors(16, &[&upstream.route(), "--eject-after", "1", "--response-timeout", "9s"]);
    // More than there are descriptors for, and all of them busy: who is idle would have one to spare.
    let clients: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut client = proxy.connect();
            client.write_all(b"GET /full HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
            thread::sleep(Duration::from_millis(5));
            client
        })
        .collect();
    let record = &proxy.records("/full", 1)[0];
    assert!(record.contains("\"fault\":\"local_exhausted\"") && record.contains("\"blame\":\"proxy\""), "{record}");
    let answers = clients.iter().filter_map(|client| {
        client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let answer = read_all(client);
        (!answer.is_empty()).then_some(answer)
    });
    for answer in answers {
        assert_eq!(status(&answer), "503", "{answer}");
        assert!(answer.contains("error=proxy_internal_error"), "{answer}");
    }
    // It waits, and does not turn in circles: a second of that would be a hundred ticks on an idle machine, and
    // still many on a busy one. Fifty looks at a queue take less than one.
    let before = proxy.ticks().unwrap();
    thread::sleep(Duration::from_secs(1));
    let used = proxy.ticks().unwrap() - before;
    assert!(used <= 10, "{used} ticks of 10 ms in a second");
    // With descriptors at hand all is well, and nobody was ejected.
    drop((clients, done));
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = proxy.get("/fine");
        if status(&answer) == "200" {
            break;
        }
        // The proxy has yet to see that the others have gone.
        assert!(answer.contains("error=proxy_internal_error") && Instant::now() < until, "{answer}");
    }
}
