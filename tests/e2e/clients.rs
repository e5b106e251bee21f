//! Clients that misbehave, and clients of another kind: what they get, and who is blamed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use badgateway::lab::Lab;
use badgateway::lab::probe::{self, End, Request};

use crate::PATIENCE;
use crate::harness::{Engine, Proxy, Record};

crate::both! {
    a_client_that_leaves_in_any_phase_is_to_blame_itself,
    an_upstream_is_not_ejected_for_what_clients_do,
    a_client_that_stalls_its_upload_is_to_blame_itself,
    a_client_of_http_1_0_gets_no_chunks,
    a_client_that_pipelines_gets_its_answers_in_order,
}

/// How a client goes away.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    /// RST, at once.
    Reset,
    /// FIN: both directions closed, whatever was unread thrown away.
    Close,
}

/// Sends that, waits until the exchange is under way, and leaves.
fn leave(proxy: &Proxy, bytes: &[u8], how: Leaves) {
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.write_all(bytes).unwrap();
    std::thread::sleep(Duration::from_millis(150));
    match how {
        Leaves::Reset => socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap(),
        Leaves::Close => {}
    }
}

fn blamed_on_the_client(record: &Record) {
    assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
    assert_eq!(record.text("decision").as_deref(), Some("silence"), "{}", record.0);
    assert_eq!(record.number("status"), None, "{}", record.0);
}

fn a_client_that_leaves_in_any_phase_is_to_blame_itself(engine: Engine) {
    let get = |name: &str| format!("GET /{name} HTTP/1.1\r\nHost: lab.test\r\n\r\n");
    let post =
        |name: &str| format!("POST /{name} HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 1000\r\n\r\nonly some of it");
    // What it was waiting for, what it had sent, and what of the answer it may have had.
    let cases = [
        ("blackhole", get("blackhole"), None),
        ("tls_handshake_stall", get("tls_handshake_stall"), None),
        ("no_response_timeout", get("no_response_timeout"), None),
        ("stall_after_1xx", get("stall_after_1xx"), None),
        ("stall_mid_head", get("stall_mid_head"), None),
        ("stall_mid_chunked", get("stall_mid_chunked"), Some(200)),
        ("stall_mid_body", get("stall_mid_body"), Some(200)),
        ("echo", post("echo"), None),
    ];
    let lab = Lab::builder().only(&cases.each_ref().map(|case| case.0)).start().unwrap();
    // Who blocks in a connect may notice when that is over, but must look before it blames anybody.
    let flags = ["--connect-timeout", "1s", "--tls-timeout", "1s", "--response-timeout", "9s", "--idle-timeout", "9s"];
    let proxy = Proxy::start(engine, &lab, &flags);
    for (name, bytes, forwarded) in &cases {
        leave(&proxy, bytes.as_bytes(), Leaves::Reset);
        let record = proxy.record(&format!("/{name}")).unwrap_or_else(|| panic!("/{name} left no record"));
        blamed_on_the_client(&record);
        let fault = record.text("fault").unwrap();
        assert!(matches!(fault.as_str(), "client_aborted" | "client_body_failed"), "{}", record.0);
        assert_eq!(record.number("forwarded_status"), *forwarded, "{}", record.0);
    }
    // A FIN while its body is not complete: nobody sends the rest.
    let before = proxy.records().get("/echo").map_or(0, Vec::len);
    leave(&proxy, post("echo").as_bytes(), Leaves::Close);
    let until = std::time::Instant::now() + PATIENCE;
    while proxy.records().get("/echo").map_or(0, Vec::len) == before {
        assert!(std::time::Instant::now() < until, "no record");
        std::thread::sleep(Duration::from_millis(10));
    }
    let record = proxy.record("/echo").unwrap();
    assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
}

fn an_upstream_is_not_ejected_for_what_clients_do(engine: Engine) {
    let lab = Lab::builder().only(&["slow_ok", "echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &["--eject-after", "2", "--eject-for", "60s"]);
    for _ in 0..4 {
        leave(&proxy, b"GET /slow_ok HTTP/1.1\r\nHost: lab.test\r\n\r\n", Leaves::Reset);
        leave(&proxy, b"POST /echo HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 9\r\n\r\nabc", Leaves::Reset);
    }
    assert!(proxy.record("/slow_ok").is_some() && proxy.record("/echo").is_some(), "they were noticed");
    for path in ["/slow_ok", "/echo"] {
        assert_eq!(probe::send(proxy.address, &Request::new().path(path)).unwrap().status, Some(200), "{path}");
    }
}

fn a_client_that_stalls_its_upload_is_to_blame_itself(engine: Engine) {
    let lab = Lab::builder().only(&["echo"]).start().unwrap();
    // Whatever the next hop may take: it is the client that everybody waits for.
    let flags = ["--response-timeout", "60s", "--send-timeout", "60s", "--idle-timeout", "1s"];
    let proxy = Proxy::start(engine, &lab, &flags);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 100\r\n\r\nonly some").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let record = proxy.record("/echo").unwrap();
    assert_eq!(record.text("fault").as_deref(), Some("client_timeout"), "{}", record.0);
    assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
    assert_eq!(lab.upstream("echo").unwrap().counts().bodies, 0);
}

fn a_client_of_http_1_0_gets_no_chunks(engine: Engine) {
    let cases = [("ok_chunked_trailers", 6), ("ok_many_chunks", 10_000), ("ok_one_byte_segments", 6), ("ok_http10", 6)];
    let lab = Lab::builder().only(&cases.map(|case| case.0)).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    for (name, length) in cases {
        let request = Request::new().path(&format!("/{name}")).version(http::Version::HTTP_10);
        let answer = probe::send(proxy.address, &request.header("Connection", "keep-alive")).unwrap();
        assert_eq!((answer.status, answer.body.len()), (Some(200), length), "{name}: {:?}", answer.end);
        assert!(matches!(answer.end, End::Eof | End::Complete), "{name}: {:?}", answer.end);
        assert_eq!(answer.header("transfer-encoding"), None, "{name}");
    }
}

fn a_client_that_pipelines_gets_its_answers_in_order(engine: Engine) {
    let lab = Lab::builder().only(&["echo_head", "slow_ok", "close_after_request"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let paths = ["echo_head/1", "slow_ok", "close_after_request", "echo_head/2", "echo_head/3"];
    for (n, path) in paths.iter().enumerate() {
        let last = if n + 1 == paths.len() { "Connection: close\r\n" } else { "" };
        client.write_all(format!("GET /{path} HTTP/1.1\r\nHost: lab.test\r\n{last}\r\n").as_bytes()).unwrap();
    }
    // It asks for nothing more, and still wants to know.
    client.shutdown(Shutdown::Write).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    let order = ["GET /1 ", "hello\n", "502 Bad Gateway", "GET /2 ", "GET /3 "];
    let found: Vec<usize> = order.map(|mark| answers.find(mark).unwrap_or_else(|| panic!("{mark}: {answers}"))).into();
    assert!(found.is_sorted(), "{answers}");
}
