//! The code that an upstream resets its stream with is its own affair.
//!
//! hyper's server looks for an `h2::Error` behind a body's error and gives its client the same code. A proxy that hands
//! on what its upstream says tells the client "your request was not processed" of a response that it is reading.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use badgateway::body::{Guard, Ledger};
use badgateway::classify;
use badgateway::decide::{AbortMethod, Decision, Profile, decide};
use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
use badgateway::fault::{Code, Fault};
use bytes::Bytes;
use h2::Reason;
use http::{Request, Response, StatusCode, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

/// Sends a head and some content, and resets the stream with that code.
async fn upstream(code: Reason) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_, mut respond) = connection.accept().await.unwrap().unwrap();
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
        tokio::spawn(async move {
            // A reset throws away what has not gone out; the connection's task runs on this thread, and before this one.
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.send_reset(code);
        });
        while connection.accept().await.is_some() {}
    });
    address
}

type Boxed = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

async fn fetch(from: SocketAddr) -> Incoming {
    let stream = TokioIo::new(TcpStream::connect(from).await.unwrap());
    let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://upstream.example/").body(Empty::<Bytes>::new()).unwrap();
    let body = send.send_request(request).await.unwrap().into_body();
    // The connection lives as long as its sender.
    tokio::spawn(async move {
        let _keep = send;
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    body
}

/// Passes that response on, and returns the code that the client gets.
async fn passed_on(from: SocketAddr, guarded: bool) -> (u32, Option<Fault>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (faults, mut fault) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(move |_| {
            let faults = faults.clone();
            async move {
                let inner = fetch(from).await;
                let body: Boxed = if guarded {
                    let judge = move |error: &(dyn Error + 'static), _: &Ledger| {
                        let fault = classify(error);
                        let _ = faults.send(fault);
                        fault
                    };
                    Guard::new(judge).around(inner).map_err(Into::into).boxed_unsync()
                } else {
                    inner.map_err(Into::into).boxed_unsync()
                };
                Ok::<_, Infallible>(Response::new(body))
            }
        });
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
    });
    let (mut send, connection) = h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://localhost/").body(()).unwrap();
    let mut body = send.send_request(request, true).unwrap().0.await.unwrap().into_body();
    loop {
        match body.data().await.expect("a cut") {
            Ok(data) => assert_eq!(data, "hello"),
            Err(error) => {
                assert!(error.is_reset() && error.is_remote(), "{error:?}");
                return (error.reason().unwrap().into(), fault.try_recv().ok());
            }
        }
    }
}

#[tokio::test]
async fn the_upstreams_code_stays_here() {
    let mut exchange = Exchange::default();
    exchange.version = Version::HTTP_2;
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Chunked };
    for code in [Reason::REFUSED_STREAM, Reason::CANCEL, Reason::ENHANCE_YOUR_CALM, Reason::HTTP_1_1_REQUIRED] {
        let (leaked, _) = passed_on(upstream(code).await, false).await;
        assert_eq!(leaked, u32::from(code), "the trap is where it was");

        let (given, fault) = passed_on(upstream(code).await, true).await;
        let fault = fault.unwrap();
        assert_eq!(fault.code(), Some(Code::H2(code.into())), "the log has it");
        let decision = decide(&fault, &exchange, &Profile::default());
        assert_eq!(decision, Decision::Abort(AbortMethod::StreamReset(given)), "the client has ours");
    }
}

/// There is no HTTP/3 server here to send it.
#[test]
fn http3_is_data() {
    let mut exchange = Exchange::default();
    exchange.version = Version::HTTP_3;
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Chunked };
    let fault = Fault::new(badgateway::FaultKind::BodyReset);
    // H3_REQUEST_CANCELLED, RFC 9114 section 8.1.
    assert_eq!(decide(&fault, &exchange, &Profile::default()), Decision::Abort(AbortMethod::H3StreamReset(0x10c)));
}
