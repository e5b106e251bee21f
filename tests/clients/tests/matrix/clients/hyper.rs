//! hyper's own connections, as in `examples/minimal.rs`: with the tap below, and without.

use std::net::SocketAddr;
use std::sync::Arc;

use badgateway::InFlight;
use badgateway::adapters::tokio1::{Tap, TokioTimer};
use badgateway::fault::Phase;
use http::Uri;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Answer, AnyError, Outgoing, PATIENCE, run};
use crate::cell::Seen;
use crate::resolve::resolve;
use crate::target::Target;

pub(super) fn bare(target: &Target) -> Seen {
    run(target, |target, exchange, request| forward(target, exchange, request, false))
}

pub(super) fn tapped(target: &Target) -> Seen {
    run(target, |target, exchange, request| forward(target, exchange, request, true))
}

/// What a client of its own connections goes through, whatever it speaks on them.
pub(super) enum Connected {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

pub(super) async fn connect(target: &Target, exchange: &InFlight, alpn: &[&str]) -> Result<Connected, AnyError> {
    exchange.next_hop(target.authority().to_owned());
    exchange.phase(Phase::Resolve);
    let address = resolve(target.resolver, target.host())?[0];
    exchange.phase(Phase::Connect);
    let address = SocketAddr::new(address, target.port());
    let stream = exchange.within(TokioTimer, PATIENCE, TcpStream::connect(address)).await??;
    if !target.is_tls() {
        exchange.phase(Phase::Head);
        return Ok(Connected::Plain(stream));
    }
    exchange.phase(Phase::Tls);
    let tls = TlsConnector::from(Arc::new(target.tls(alpn)));
    let name = ServerName::try_from(target.host().to_owned())?;
    let stream = exchange.within(TokioTimer, PATIENCE, tls.connect(name, stream)).await??;
    exchange.phase(Phase::Head);
    Ok(Connected::Tls(Box::new(stream)))
}

async fn forward(target: &Target, exchange: InFlight, request: Outgoing, is_tapped: bool) -> Answer<Incoming> {
    match connect(target, &exchange, &[]).await? {
        Connected::Plain(stream) => over(stream, exchange, request, is_tapped).await,
        Connected::Tls(stream) => over(stream, exchange, request, is_tapped).await,
    }
}

async fn over<S>(stream: S, exchange: InFlight, mut request: Outgoing, is_tapped: bool) -> Answer<Incoming>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    *request.uri_mut() = Uri::from_static("/");
    let mut sender = if is_tapped {
        let (io, tap) = Tap::new(stream);
        tap.begin(request.method());
        exchange.over(tap);
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await?;
        tokio::spawn(connection);
        sender
    } else {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        sender
    };
    let response = exchange.within(TokioTimer, PATIENCE, sender.send_request(request)).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}
