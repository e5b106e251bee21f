//! A client that shuts the window of one stream does not hold the next hop for ever.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use http::{Request, Response};
use hyper::body::{Body, Frame};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::client::Client;
use super::patience::{Patience, Turns};

/// 16 KiB at a time, without an end; and behind the first, where it is slow, only after a pause.
struct Endless(Option<Pin<Box<tokio::time::Sleep>>>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.0 {
            std::task::ready!(pause.as_mut().poll(cx));
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 16384])))))
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_of_the_client_ends_and_one_of_the_next_hop_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&ended);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let pause = Duration::from_millis(900);
            let is_slow = request.uri().path() == "/slow";
            let body = Endless(is_slow.then(|| Box::pin(tokio::time::sleep(pause))));
            let body = Turns::new(body, Counted(Arc::clone(&noted)));
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let patience = Patience(Duration::from_millis(300));
        http2::Builder::new(patience).serve_connection(TokioIo::new(stream), service).await
    });
    let (send, connection) = h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
    let client = Client::of(send, connection);
    let begun = Instant::now();
    let mut send = client.send.clone().ready().await.unwrap();
    let (stuck, _) = send.send_request(Request::get("http://a/stuck").body(()).unwrap(), true).unwrap();
    let slow = client.get("/slow").await.unwrap();
    assert_eq!((slow.status.as_u16(), slow.reset), (200, None), "the next hop may take its time");
    assert!(begun.elapsed() > Duration::from_millis(800));
    // Nobody has read from it.
    let mut body = stuck.await.unwrap().into_body();
    assert_eq!(ended.load(Ordering::SeqCst), 2, "both are over");
    let reset = loop {
        match body.data().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.reason(),
            None => panic!("it looks whole"),
        }
    };
    assert_eq!(reset, Some(Reason::CANCEL));
}
