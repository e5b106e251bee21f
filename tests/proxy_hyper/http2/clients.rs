//! Clients of HTTP/2: what they are shown of what happens behind the proxy, and that none pays for another.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::ext::Protocol;
use http::{Method, Request, StatusCode};

use super::client::{Client, a_moment};
use super::frames::{CANCEL, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM};
use crate::upstream::{OK, Upstream};

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
    // "Using a SETTINGS parameter to opt into an otherwise incompatible protocol change" (RFC 8441 section 3): who was not
    // invited has sent a malformed request, or one that nobody implements.
    let mut request = Request::builder().method(Method::CONNECT).uri("http://a/chat").body(()).unwrap();
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let mut send = client.send.clone().ready().await.unwrap();
    match send.send_request(request, false) {
        // h2's own client does not even send it.
        Err(error) => println!("not sent: {error}"),
        Ok((response, _)) => match response.await {
            Ok(response) => assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED),
            Err(error) => assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR)),
        },
    }
    // By HTTP/1.
    let answer = front.talk("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\n\r\n");
    assert_eq!(crate::upstream::status(&answer), "501", "{answer}");
    assert_eq!(client.get("/nowhere").await.unwrap().status, 500);
    assert_eq!(up.connections(), 0);
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
