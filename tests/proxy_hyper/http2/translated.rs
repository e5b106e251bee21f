//! What a next hop of HTTP/2 is asked for, and what of its answer gets through: fields, bodies and trailers, both ways.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, request};
use tokio::net::TcpListener;

use super::client::Client;
use crate::upstream::{Front, Upstream, status};

/// What came: the head, the body, and the trailers.
type Came = Arc<Mutex<Vec<(request::Parts, Vec<u8>, HeaderMap)>>>;

/// h2's own server, which answers with the body it was sent, and its trailers.
async fn echo() -> (SocketAddr, Came) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let came = Came::default();
    let noted = Arc::clone(&came);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let noted = Arc::clone(&noted);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let noted = Arc::clone(&noted);
                    tokio::spawn(async move {
                        let (head, mut inner) = request.into_parts();
                        let mut body = Vec::new();
                        while let Some(Ok(bytes)) = inner.data().await {
                            let _ = inner.flow_control().release_capacity(bytes.len());
                            body.extend(bytes);
                        }
                        let trailers = inner.trailers().await.ok().flatten().unwrap_or_default();
                        noted.lock().unwrap().push((head, body.clone(), trailers.clone()));
                        let response = Response::builder().header("x-from", "echo").body(()).unwrap();
                        let mut send = respond.send_response(response, false).unwrap();
                        let is_last = trailers.is_empty();
                        send.send_data(Bytes::from(body), is_last).unwrap();
                        if !is_last {
                            send.send_trailers(trailers).unwrap();
                        }
                    });
                }
            });
        }
    });
    (address, came)
}

fn before(address: SocketAddr) -> Front {
    let route = format!("/h2=http://{address}/base");
    Upstream::start(|_| {}).behind(&["--http2", "--route", &route])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_http_1_is_one_of_http_2() {
    let (address, came) = echo().await;
    let front = before(address);
    let answer = tokio::task::block_in_place(|| {
        front.talk(
            "PUT /h2/x?y=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n\
             Upgrade: websocket\r\nTE: trailers, gzip\r\nTransfer-Encoding: chunked\r\nCookie: a=1\r\n\r\n\
             3\r\nabc\r\n0\r\nX-Sum: 7\r\nContent-Length: 3\r\n\r\n",
        )
    });
    assert_eq!(status(&answer), "200", "{answer}");
    let came = came.lock().unwrap();
    let (head, body, trailers) = came.first().unwrap();
    assert_eq!(head.uri.to_string(), format!("http://{address}/base/x?y=1"));
    assert_eq!((head.method.as_str(), &body[..]), ("PUT", &b"abc"[..]));
    for gone in ["host", "connection", "x-hop", "keep-alive", "upgrade", "te", "transfer-encoding"] {
        assert!(!head.headers.contains_key(gone), "{gone}: {head:?}");
    }
    assert_eq!(head.headers["x-forwarded-host"], "shop.example");
    assert_eq!(head.headers["cookie"], "a=1");
    assert_eq!(head.headers["via"], "1.1 badgateway");
    assert_eq!((trailers.len(), &trailers["x-sum"]), (1, &http::HeaderValue::from_static("7")));
    assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_go_both_ways_between_two_of_http_2() {
    let (address, came) = echo().await;
    let front = before(address);
    let client = Client::connect(front.proxy.address).await;
    let request = Request::post("https://shop.example/h2/x").header("te", "trailers").body(()).unwrap();
    let mut send = client.send.clone().ready().await.unwrap();
    let (response, mut upload) = send.send_request(request, false).unwrap();
    upload.send_data(Bytes::from_static(b"hello"), false).unwrap();
    let mut fields = HeaderMap::new();
    fields.insert("x-sum", "7".parse().unwrap());
    upload.send_trailers(fields.clone()).unwrap();
    let answer = super::client::read(response).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..], answer.reset), (200, &b"hello"[..], None));
    assert_eq!(answer.fields["x-from"], "echo");
    assert_eq!(answer.trailers, fields);
    let came = came.lock().unwrap();
    let (head, _, trailers) = came.first().unwrap();
    assert_eq!(trailers, &fields);
    assert_eq!(head.headers["x-forwarded-host"], "shop.example");
    assert_eq!(head.headers["via"], "2 badgateway");
}

/// A target that is about the server as a whole (RFC 9110 section 9.3.7).
#[tokio::test(flavor = "multi_thread")]
async fn a_star_stays_a_star() {
    let (address, came) = echo().await;
    let route = format!("/=http://{address}");
    let front = Upstream::start(|_| {}).behind(&["--http2", "--route", &route]);
    let answer =
        tokio::task::block_in_place(|| front.talk("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(came.lock().unwrap()[0].0.uri.path(), "*");
}
