//! axum's server on our listener: its handlers get the handle of their connection, and it does what they ask.
#![allow(clippy::unwrap_used)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use badgateway::adapters::client_of;
use badgateway::adapters::tokio1::ClientListener;
use badgateway::body::{ClientHandle, Guard};
use badgateway::fault::{Fault, FaultKind};
use bytes::Bytes;
use http_body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says "hello" and breaks off.
struct Cut(bool);

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let first = !std::mem::replace(&mut self.0, true);
        let frame = if first { Ok(Frame::data("hello".into())) } else { Err(ErrorKind::ConnectionReset.into()) };
        std::task::Poll::Ready(Some(frame))
    }
}

fn app() -> Router {
    let guard = || Guard::new(|_: &(dyn std::error::Error + 'static), _: &_| Fault::new(FaultKind::BodyReset));
    Router::new()
        .route("/peer", get(async |ConnectInfo(client): ConnectInfo<ClientHandle>| format!("{:?}", client.peer())))
        .route(
            "/cut",
            get(async move |request: Request| {
                let client = client_of(request.extensions()).unwrap();
                let body = guard().aborting(client.abort_handle().clone()).around(Cut(false));
                Response::new(Body::new(body))
            }),
        )
        .route(
            "/early",
            post(async |request: Request| {
                client_of(request.extensions()).unwrap().linger();
                vec![b'a'; 300_000]
            }),
        )
        .route(
            "/hint",
            get(async |ConnectInfo(client): ConnectInfo<ClientHandle>| {
                let interims = client.interims();
                tokio::time::sleep(Duration::from_millis(10)).await;
                assert!(interims.send(b"HTTP/1.1 103 Early Hints\r\n\r\n"));
                "hinted"
            }),
        )
}

async fn serve() -> SocketAddr {
    let listener = ClientListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_eq!(axum::serve::Listener::local_addr(&listener).unwrap().peer(), Some(address));
    // Its `Addr` goes through axum's own wrappers too.
    let listener = listener.tap_io(|io| io.set_write_timeout(None));
    let service = app().into_make_service_with_connect_info::<ClientHandle>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn serve_bare() -> SocketAddr {
    let listener = ClientListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app().into_make_service_with_connect_info::<ClientHandle>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// What the client reads, and how it ends.
async fn ask(address: SocketAddr, request: &str) -> (String, String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let here = stream.local_addr().unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let end = stream.read_to_end(&mut all).await.err().map(|error| error.kind());
    (String::from_utf8(all).unwrap(), format!("{:?}", Some(here)), end)
}

#[tokio::test]
async fn handlers_get_the_handle_of_their_connection() {
    for address in [serve().await, serve_bare().await] {
        let (answer, peer, end) = ask(address, "GET /peer HTTP/1.0\r\n\r\n").await;
        assert!(answer.ends_with(&peer) && end.is_none(), "{answer:?} to {peer}");

        let (answer, _, end) = ask(address, "GET /hint HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"), "{answer:?}");
        assert!(answer.ends_with("\r\n\r\nhinted") && end.is_none(), "{answer:?}");

        // Only the end of the connection tells HTTP/1.0 where the body ends.
        let (_, _, end) = ask(address, "GET /cut HTTP/1.0\r\n\r\n").await;
        assert_eq!(end, Some(ErrorKind::ConnectionReset));
    }
}

/// The answer is whole for a client that is still sending when it comes.
#[tokio::test]
async fn an_early_answer_arrives() {
    let address = serve().await;
    for _ in 0..8 {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let uploading = tokio::spawn(async move {
            let head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n";
            write.write_all(head).await.unwrap();
            for _ in 0..900 {
                if write.write_all(&[b'x'; 10_000]).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut all = Vec::new();
        read.read_to_end(&mut all).await.unwrap();
        uploading.abort();
        assert!(all.len() > 300_000 && all.ends_with(b"aaa"), "{}", all.len());
    }
}

/// What is in the extensions under its own type comes first.
#[test]
fn the_handle_is_found_as_itself_and_as_connect_info() {
    let (own, of_axum) = (ClientHandle::new(), ClientHandle::new());
    let mut extensions = http::Extensions::new();
    assert!(client_of(&extensions).is_none());
    extensions.insert(ConnectInfo(of_axum.clone()));
    client_of(&extensions).unwrap().linger();
    assert!(of_axum.lingers());
    extensions.insert(own.clone());
    client_of(&extensions).unwrap().abort();
    assert!(own.abort_handle().is_set() && !of_axum.abort_handle().is_set());
}
