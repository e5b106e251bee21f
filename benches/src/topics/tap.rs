//! What the tap adds to a whole exchange.
//!
//! Client and server are hyper's own, on one connection and one thread, with as little
//! around them as goes; whatever else a proxy does would only make the tap's part smaller.

use badgateway::adapters::tokio1::{Tap, TapHandle};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::runtime::Runtime;

use crate::harness::{Budget, Contestant, Group, Run, Topic};

const PLAIN: &str = "hyper";
const TAPPED: &str = "hyper + badgateway's tap";

pub fn topic() -> Topic {
    Topic {
        name: "tap",
        about: "One keep-alive exchange (GET, a response of 12 fields and 1 KiB or 64 KiB) between hyper's client and \
                hyper's server over `tokio::io::duplex` on a current-thread runtime. The tap is on the client's side, and \
                `begin` and `whole` are called for each exchange, as a pool would.",
        groups: vec![group("1 KiB", 1024), group("64 KiB", 65536)],
    }
}

fn group(input: &str, size: usize) -> Group {
    let plain = Contestant::new(PLAIN, move || {
        let (client, server) = tokio::io::duplex(128 * 1024);
        exchanges(client, server, size, None)
    });
    let tapped = Contestant::new(TAPPED, move || {
        let (client, server) = tokio::io::duplex(128 * 1024);
        let (client, tap) = Tap::new(client);
        exchanges(client, server, size, Some(tap))
    });
    Group::new(input).with(plain).with(tapped.budget(Budget::InstructionsOf(PLAIN.into(), 1.03, 0.0)))
}

fn exchanges<T>(client: T, server: DuplexStream, size: usize, tap: Option<TapHandle>) -> Run
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut sender = connect(&runtime, client, server, size);
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                sender.ready().await.expect("a connection");
                if let Some(tap) = &tap {
                    tap.begin(&Method::GET);
                }
                let request = Request::get("/index").header("host", "a").body(Empty::new()).expect("a request");
                let response = sender.send_request(request).await.expect("a response");
                let body = response.into_body().collect().await.expect("a body");
                if let Some(tap) = &tap {
                    tap.whole();
                }
                assert_eq!(body.to_bytes().len(), size);
            }
        });
    })
}

fn connect<T>(runtime: &Runtime, client: T, server: DuplexStream, size: usize) -> SendRequest<Empty<Bytes>>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let body = Bytes::from(vec![b'x'; size]);
    let service = service_fn(move |_| {
        let response = answer(body.clone());
        async move { Ok::<_, Infallible>(response) }
    });
    runtime.spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service));
    runtime.block_on(async {
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(client)).await.expect("a connection");
        tokio::spawn(connection);
        sender
    })
}

/// With `Date` and `Content-Length`, which hyper adds, 12 fields.
fn answer(body: Bytes) -> Response<Full<Bytes>> {
    Response::builder()
        .header("server", "nginx/1.22.1")
        .header("content-type", "text/html; charset=utf-8")
        .header("last-modified", "Tue, 04 Aug 2026 10:12:13 GMT")
        .header("etag", "\"66af5a1d-3f1\"")
        .header("cache-control", "public, max-age=600")
        .header("vary", "Accept-Encoding")
        .header("x-request-id", "0b5d5a5e-5f3b-4c9b-8a57-0f6f1f0d2c11")
        .header("x-frame-options", "SAMEORIGIN")
        .header("x-content-type-options", "nosniff")
        .header("strict-transport-security", "max-age=31536000")
        .body(Full::new(body))
        .expect("a response")
}
