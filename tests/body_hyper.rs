//! The guarded body under a real hyper server: whatever breaks, the client sees the head, the data
//! and the cut.
#![cfg(feature = "hyper1")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::body::{AbortHandle, End, Guard, Ledger, hold_first};
use badgateway::deadline::Never;
use badgateway::fault::{Fault, FaultKind};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy)]
enum Inner {
    Data(&'static str),
    Trailer,
    Fail,
}
use Inner::{Data, Fail, Trailer};

/// Always ready, as a body is whose faulty bytes came in one segment.
struct Script(VecDeque<Inner>);

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.pop_front().map(|step| match step {
            Data(text) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
            Trailer => {
                let mut map = HeaderMap::new();
                map.insert("x-sum", HeaderValue::from_static("1"));
                map.insert("x-trace", HeaderValue::from_static("1"));
                Ok(Frame::trailers(map))
            }
            Fail => Err(io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

/// The client's socket as a proxy has to wrap it: looks at the handle when it is dropped.
struct Downstream(TcpStream, AbortHandle);

impl Drop for Downstream {
    fn drop(&mut self) {
        if self.1.is_set() {
            #[allow(deprecated)] // its successor is younger than the oldest tokio we build with
            self.0.set_linger(Some(Duration::ZERO)).unwrap();
        }
    }
}

impl AsyncRead for Downstream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

struct Seen {
    text: String,
    reset: bool,
    /// The server's own opinion of the connection.
    served: bool,
    ends: Vec<End>,
}

/// One request, one response with this script for a body, and what the client sees of it.
async fn exchange(version: &str, length: Option<u64>, abort: bool, held: bool, steps: &'static [Inner]) -> Seen {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handle = AbortHandle::new();
    let ends = Arc::new(Mutex::new(Vec::new()));

    let (for_body, noted) = (handle.clone(), Arc::clone(&ends));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(move |_request| {
            let (for_body, noted) = (for_body.clone(), Arc::clone(&noted));
            async move {
                let classify = |_: &(dyn Error + 'static), _: &Ledger| Fault::new(FaultKind::BodyReset);
                let mut guard = Guard::new(classify).expecting(length);
                if abort {
                    guard = guard.aborting(for_body);
                }
                let mut body = guard
                    .on_end(move |end, _| noted.lock().unwrap().push(end))
                    .around(Script(steps.iter().copied().collect()));
                if held {
                    body = hold_first(body, &Never, Duration::from_secs(9)).await.unwrap();
                }
                let mut response = Response::builder().header("date", "yesterday").header("trailer", "x-sum");
                if let Some(length) = length {
                    response = response.header("content-length", length);
                }
                Ok::<_, Infallible>(response.body(body).unwrap())
            }
        });
        let io = TokioIo::new(Downstream(stream, handle));
        hyper::server::conn::http1::Builder::new().serve_connection(io, service).await.is_ok()
    });

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!("GET / {version}\r\nhost: h\r\nte: trailers\r\nconnection: te, close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut bytes, mut reset) = (Vec::new(), false);
    if let Err(error) = client.read_to_end(&mut bytes).await {
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        reset = true;
    }
    let served = server.await.unwrap();
    let ends = ends.lock().unwrap().clone();
    Seen { text: String::from_utf8(bytes).unwrap(), reset, served, ends }
}

#[tokio::test]
async fn the_client_sees_the_head_the_data_and_the_cut() {
    let failed = |kind: FaultKind, ends: &[End]| matches!(ends, [End::Failed(fault)] if fault.kind() == kind);
    for held in [false, true] {
        for (steps, data, kind) in [
            (&[Data("hello"), Fail][..], "hello", FaultKind::BodyReset),
            (&[Data("hel"), Data("lo"), Fail][..], "hello", FaultKind::BodyReset),
        ] {
            let seen = exchange("HTTP/1.1", None, false, held, steps).await;
            assert!(seen.text.starts_with("HTTP/1.1 200 OK\r\n"), "chunked, held {held}: {:?}", seen.text);
            assert!(seen.text.ends_with("lo\r\n"), "no last chunk: {:?}", seen.text);
            assert!(!seen.served && failed(kind, &seen.ends));

            let seen = exchange("HTTP/1.1", Some(10), false, held, steps).await;
            assert!(seen.text.starts_with("HTTP/1.1 200 OK\r\n"), "length, held {held}: {:?}", seen.text);
            assert!(seen.text.contains("content-length: 10\r\n") && seen.text.ends_with(&format!("\r\n\r\n{data}")));
            assert!(!seen.served && failed(kind, &seen.ends));

            let seen = exchange("HTTP/1.0", None, true, held, steps).await;
            assert!(seen.text.starts_with("HTTP/1.0 200 OK\r\n"), "1.0, held {held}: {:?}", seen.text);
            assert!(seen.text.ends_with(&format!("\r\n\r\n{data}")) && seen.reset);
            assert!(failed(kind, &seen.ends));
        }
        // A clean end that comes too early.
        let seen = exchange("HTTP/1.1", Some(10), false, held, &[Data("hello")]).await;
        assert!(
            seen.text.starts_with("HTTP/1.1 200 OK\r\n") && seen.text.ends_with("\r\n\r\nhello"),
            "{:?}",
            seen.text
        );
        assert!(!seen.served && failed(FaultKind::BodyTruncated, &seen.ends));
        // More than announced: the frame that goes too far stays here.
        let seen = exchange("HTTP/1.1", Some(10), false, held, &[Data("hello"), Data("beautiful world")]).await;
        assert!(
            seen.text.starts_with("HTTP/1.1 200 OK\r\n") && seen.text.ends_with("\r\n\r\nhello"),
            "{:?}",
            seen.text
        );
        assert!(!seen.served && failed(FaultKind::AmbiguousFraming, &seen.ends));
    }
}

#[tokio::test]
async fn an_error_before_any_data_still_shows_the_head() {
    for version in ["HTTP/1.1", "HTTP/1.0"] {
        for length in [None, Some(10)] {
            let seen = exchange(version, length, true, false, &[Fail]).await;
            assert!(seen.text.starts_with(&format!("{version} 200 OK\r\n")), "{version} {length:?}: {:?}", seen.text);
            assert!(seen.text.ends_with("\r\n\r\n") && seen.reset);
        }
    }
}

#[tokio::test]
async fn a_whole_body_is_whole() {
    for held in [false, true] {
        let seen = exchange("HTTP/1.1", Some(10), true, held, &[Data("hello"), Data("world")]).await;
        assert!(
            seen.text.contains("content-length: 10\r\n") && seen.text.ends_with("\r\n\r\nhelloworld"),
            "{:?}",
            seen.text
        );
        assert_eq!((seen.reset, seen.served, &seen.ends[..]), (false, true, &[End::Whole][..]));

        let seen = exchange("HTTP/1.0", None, true, held, &[Data("hello")]).await;
        assert!(seen.text.ends_with("\r\n\r\nhello"));
        assert_eq!((seen.reset, seen.served, &seen.ends[..]), (false, true, &[End::Whole][..]));

        let seen = exchange("HTTP/1.1", None, true, held, &[Data("hello"), Trailer]).await;
        assert!(seen.text.ends_with("5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"), "only announced ones: {:?}", seen.text);
        assert_eq!((seen.reset, seen.served, &seen.ends[..]), (false, true, &[End::Whole][..]));
        // The upstream's date is end-to-end, and hyper adds none beside it.
        assert_eq!(seen.text.matches("date:").count(), 1);
    }
}
