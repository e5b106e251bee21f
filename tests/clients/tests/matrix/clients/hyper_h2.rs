//! hyper's own connections of HTTP/2, as in `tests/http2/gateway.rs`: with the frames watched below, and without.

use badgateway::adapters::h2_04::STREAM_PROBE;
use badgateway::adapters::tokio1::{Http2Tap, TokioTimer};
use badgateway::{Gateway, InFlight};
use http::header::HOST;
use http::{Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use super::hyper::{Connected, connect};
use super::{Answer, Outgoing, PATIENCE, run, run_with};
use crate::cell::Seen;
use crate::target::Target;

pub(super) fn bare(target: &Target) -> Seen {
    run(target, |target, exchange, request| forward(target, exchange, request, false))
}

pub(super) fn tapped(target: &Target) -> Seen {
    let settings = |gateway: Gateway| gateway.with_probe(STREAM_PROBE);
    run_with(target, settings, |target, exchange, request| forward(target, exchange, request, true))
}

/// What HTTP/2 has for a target: scheme, authority and path.
pub(super) fn addressed(target: &Target, mut request: Outgoing) -> Outgoing {
    *request.uri_mut() = Uri::try_from(format!("http://{}/", target.authority())).unwrap();
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(HOST);
    request
}

async fn forward(target: &Target, exchange: InFlight, request: Outgoing, is_tapped: bool) -> Answer<Incoming> {
    let request = addressed(target, request);
    match connect(target, &exchange, &["h2"]).await? {
        Connected::Plain(stream) => over(stream, exchange, request, is_tapped).await,
        Connected::Tls(stream) => over(stream, exchange, request, is_tapped).await,
    }
}

async fn over<S>(stream: S, exchange: InFlight, request: Outgoing, is_tapped: bool) -> Answer<Incoming>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let executor = TokioExecutor::new();
    let mut sender = if is_tapped {
        let (io, tap) = Http2Tap::new(stream);
        exchange.over(tap);
        let (sender, connection) = http2::handshake(executor, TokioIo::new(io)).await?;
        tokio::spawn(connection);
        sender
    } else {
        let (sender, connection) = http2::handshake(executor, TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        sender
    };
    let response = exchange.within(TokioTimer, PATIENCE, sender.send_request(request)).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}
