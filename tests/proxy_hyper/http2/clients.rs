//! Clients of HTTP/2: what they are shown of what happens behind the proxy, and that none pays for another.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::{Method, Request, StatusCode};

use super::client::{Client, a_moment};
use super::frames::{
    CANCEL, END_HEADERS, END_STREAM, HEADERS, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM,
    block,
};
use crate::upstream::{OK, Peer, Upstream};

/// Whatever ends the response in the middle, the client's stream is reset, with the proxy's own code, and no other one is.
#[tokio::test(flavor = "multi_thread")]
async fn a_cut_is_a_reset_of_its_stream_with_a_code_of_ours() {
    for code in [NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, 11, 13, 0xdead] {
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            let mut cut = None;
            while let Some(stream) = peer.opened() {
                if let Some(cut) = cut.take() {
                    // The other one is answered first.
                    peer.ok(stream);
                    thread::sleep(Duration::from_millis(50));
                    peer.reset(cut, code);
                } else {
                    peer.head(stream, 0, &[(":status", "200")]);
                    peer.data(stream, 0, b"half");
                    cut = Some(stream);
                }
            }
        });
        let front = up.behind(&["--http2", "--idle-timeout", "9s"]);
        let client = Client::connect(front.proxy.address).await;
        let (cut, whole) = tokio::join!(client.get("/up/cut"), async {
            a_moment().await;
            client.get("/up/whole").await
        });
        let (cut, whole) = (cut.unwrap(), whole.unwrap());
        assert_eq!(
            (cut.status, &cut.body[..], cut.reset),
            (StatusCode::OK, &b"half"[..], Some(Reason::INTERNAL_ERROR))
        );
        assert_eq!((whole.status, &whole.body[..], whole.reset), (StatusCode::OK, &b"ok"[..], None));
        let record = front.proxy.record("/up/cut").unwrap();
        assert_eq!(record.text("how").as_deref(), Some("stream_reset"), "{}", record.0);
        // It serves on.
        assert_eq!(client.get("/nowhere").await.unwrap().status, 500);
    }
}

/// Next hops of HTTP/1 behind a client of HTTP/2.
#[tokio::test(flavor = "multi_thread")]
async fn next_hops_of_http_1_are_shown_as_they_are() {
    let up = Upstream::start(|peer| {
        while let Some(request) = peer.request() {
            if request.contains("/cut") {
                peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
                thread::sleep(Duration::from_millis(50));
                return peer.say("half");
            }
            peer.say(OK);
        }
    });
    let front = up.behind(&[]);
    let client = Client::connect(front.proxy.address).await;
    let paths: Vec<String> = (0..50).map(|n| format!("/up/{}", if n % 5 == 0 { "cut" } else { "whole" })).collect();
    let mut answers = Vec::new();
    for path in &paths {
        answers.push(client.get(path).await.unwrap());
    }
    for (path, answer) in paths.iter().zip(&answers) {
        let seen = (answer.status.as_u16(), &answer.body[..], answer.reset);
        match path.as_str() {
            "/up/cut" => assert_eq!(seen, (200, &b"half"[..], Some(Reason::INTERNAL_ERROR))),
            _ => assert_eq!(seen, (200, &b"ok"[..], None)),
        }
    }
    assert_eq!(front.proxy.records()["/up/cut"].len(), 10);
}

/// There is no tunnel here.
#[tokio::test(flavor = "multi_thread")]
async fn connect_is_refused_in_either_form() {
    let up = Upstream::start(|_| {});
    let front = up.behind(&["--http2"]);
    let client = Client::connect(front.proxy.address).await;
    let request = Request::builder().method(Method::CONNECT).uri("a:443").body(()).unwrap();
    let answer = client.ask(request, b"").await.unwrap();
    assert_eq!((answer.status, answer.reset), (StatusCode::NOT_IMPLEMENTED, None));
    assert!(!client.send.is_extended_connect_protocol_enabled(), "nobody was invited");
    // By HTTP/1.
    let answer = front.talk("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\n\r\n");
    assert_eq!(crate::upstream::status(&answer), "501", "{answer}");
    assert_eq!(client.get("/nowhere").await.unwrap().status, 500);
    assert_eq!(up.connections(), 0);
}

/// Nobody was invited to send `:protocol` (RFC 8441 section 3): such a request is malformed, and takes no other along.
#[test]
fn extended_connect_is_an_error_of_its_stream() {
    let up =
        Upstream::start(|peer| while peer.request().is_some_and(|_| peer.stream.write_all(OK.as_bytes()).is_ok()) {});
    let front = up.behind(&[]);
    let mut client = Peer::of(front.connect());
    client.begin_as_client();
    let target = [(":scheme", "http"), (":path", "/up/chat"), (":authority", "a")];
    let connect = [&[(":method", "CONNECT"), (":protocol", "websocket")][..], &target].concat();
    client.frame(HEADERS, END_HEADERS, 1, &block(&connect));
    let get = [&[(":method", "GET")][..], &target].concat();
    client.frame(HEADERS, END_HEADERS | END_STREAM, 3, &block(&get));
    let (mut refused, mut answered) = (None, false);
    while refused.is_none() || !answered {
        let frame = client.next().expect("the connection ended");
        match (frame.kind, frame.stream) {
            (RST_STREAM, 1) => refused = Some(frame.code()),
            (RST_STREAM, _) => panic!("{frame:?}"),
            (_, 3) => answered |= frame.flags & END_STREAM != 0,
            _ => {}
        }
    }
    assert_eq!(refused, Some(PROTOCOL_ERROR));
    assert_eq!(up.requests("GET"), 1);
}

/// A client that resets a stream, or leaves its upload, is nobody else's trouble.
#[tokio::test(flavor = "multi_thread")]
async fn one_stream_that_the_client_resets_is_its_own_affair() {
    let up = Upstream::start(|peer| {
        if !peer.begin(&[]) {
            return;
        }
        while let Some(stream) = peer.opened() {
            // The first two get nothing.
            if stream > 3 {
                peer.ok(stream);
            }
        }
    });
    let front = up.behind(&["--http2", "--eject-after", "1", "--eject-for", "60s", "--response-timeout", "9s"]);
    let client = Client::connect(front.proxy.address).await;
    let mut send = client.send.clone().ready().await.unwrap();
    let get = Request::get("http://a/up/left").body(()).unwrap();
    let (response, _) = send.send_request(get, true).unwrap();
    let mut send = client.send.clone().ready().await.unwrap();
    let post = Request::post("http://a/up/aborted").body(()).unwrap();
    let (aborted, mut upload) = send.send_request(post, false).unwrap();
    upload.send_data(Bytes::from_static(b"some"), false).unwrap();
    a_moment().await;
    drop(response);
    upload.send_reset(Reason::CANCEL);
    drop(aborted);
    for path in ["/up/left", "/up/aborted"] {
        let record = front.proxy.record(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(record.text("blame").as_deref(), Some("client"), "{}", record.0);
    }
    let answer = client.get("/up/x").await.unwrap();
    assert_eq!((answer.status, answer.reset), (StatusCode::OK, None), "it was ejected");
    assert_eq!((up.connections(), client.driver.is_finished()), (1, false));
}

/// Who is gone with its whole connection is noticed at once, however it went, and the next hop is told.
#[test]
fn a_client_that_is_gone_is_noticed_for_each_of_its_streams() {
    for resets in [true, false] {
        let seen = Arc::new(AtomicUsize::new(0));
        let cancelled = Arc::clone(&seen);
        let up = Upstream::start(move |peer| {
            if !peer.begin(&[]) {
                return;
            }
            while let Some(frame) = peer.next() {
                cancelled.fetch_add(usize::from(frame.kind == RST_STREAM && frame.code() == CANCEL), Ordering::SeqCst);
            }
        });
        let front = up.behind(&["--http2", "--eject-after", "1", "--eject-for", "60s", "--response-timeout", "9s"]);
        let mut client = Peer::of(front.connect());
        client.begin_as_client();
        let get = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/up/gone"), (":authority", "a")]);
        for stream in [1, 3, 5] {
            client.frame(HEADERS, END_HEADERS | END_STREAM, stream, &get);
        }
        thread::sleep(Duration::from_millis(200));
        if resets {
            socket2::SockRef::from(&client.stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(client);
        thread::sleep(Duration::from_millis(300));
        let records = front.proxy.records().remove("/up/gone").unwrap_or_default();
        let left = records.iter().filter(|r| r.text("fault").as_deref() == Some("client_aborted")).count();
        assert_eq!((records.len(), left), (3, 3), "{records:?}");
        assert_eq!(seen.load(Ordering::SeqCst), 3);
    }
}
