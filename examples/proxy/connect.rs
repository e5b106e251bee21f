//! From a route to an open connection: resolve, connect, TLS, and hyper, with a tap under it for HTTP/1.
//!
//! Each step has its own timer and its own phase, so that every failure here is exact
//! and provably before the request.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::slice;
use std::sync::Arc;

use badgateway::Gateway;
use badgateway::adapters::tokio1::{Tap, TapHandle};
use badgateway::exchange::Exchange;
use badgateway::fault::{Failure, Fault, FaultKind, Phase};
use http::Method;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::flags::Timeouts;
use crate::multiplexed::Multiplexed;
use crate::resolve::Resolver;
use crate::route::Target;
use crate::trust;
use crate::turn::{Above, Socket, Turn, Turns};

/// The client's request body on its way to the next hop.
pub(crate) type Upload = badgateway::Upload<Incoming>;

/// The largest response head taken. Cloudflare's limit is the same; nginx's default is a 4 or 8 KiB
/// buffer, hyper's own about 400 KiB.
pub(crate) const HEAD_LIMIT: usize = 128 * 1024;

/// What was opened.
pub(crate) enum Opened {
    /// For one exchange at a time, by HTTP/1.1.
    Link(Link),
    /// For many, by HTTP/2.
    Multiplexed(Arc<Multiplexed>),
}

/// An open connection to a next hop. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) sender: SendRequest<Upload>,
    pub(crate) tap: TapHandle,
    turn: Arc<Turn>,
    driver: JoinHandle<()>,
}

impl Link {
    /// An exchange begins: call it before its request is sent.
    pub(crate) fn begin(&self, method: &Method) {
        self.turn.begin();
        self.tap.begin(method);
    }

    /// Whether nothing has come since the last response, as far as the tap has seen and TLS has read.
    pub(crate) fn is_quiet(&self) -> bool {
        self.tap.is_idle_clean() && !self.turn.is_within_record()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // An upgraded connection has none any more, and lives on.
        self.driver.abort();
    }
}

/// Opens connections.
pub(crate) struct Connector {
    gateway: Gateway,
    resolver: Resolver,
    tls: TlsConnector,
    timeouts: Timeouts,
}

impl Connector {
    /// A connector that trusts the public roots and those in `ca`, and that offers HTTP/2 in TLS or not.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong with the file.
    pub(crate) fn new(
        gateway: Gateway,
        resolver: Resolver,
        ca: Option<&Path>,
        timeouts: Timeouts,
        http2: bool,
    ) -> Result<Self, String> {
        let speaks: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        let config = trust::client_config(ca, speaks)?;
        Ok(Self { gateway, resolver, tls: TlsConnector::from(Arc::new(config)), timeouts })
    }

    /// Opens a connection to the target, and notes the phase on the way. It is of HTTP/2, or in TLS may be, where there is
    /// somebody to tell of streams that become free.
    ///
    /// # Errors
    ///
    /// What failed, with its phase. No byte of a request has been written then.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        changed: Option<&Arc<Notify>>,
        note: &(dyn Fn(Phase) + Sync),
    ) -> Result<Opened, Failure> {
        let resolved;
        let addresses = match &target.address {
            Some(address) => slice::from_ref(address),
            None => {
                note(Phase::Resolve);
                let found = self.resolver.resolve(&target.host, target.port, self.timeouts.connect, &self.gateway);
                resolved = found.await?;
                resolved.as_slice()
            }
        };
        note(Phase::Connect);
        let stream = self.connect_any(addresses).await?;
        // Small requests must not wait for the acknowledgement of the last ones.
        let _ = stream.set_nodelay(true);
        let turn = Turn::new();
        let socket = Socket::new(stream, target.tls, &turn);
        if target.tls {
            note(Phase::Tls);
            let stream = self.secure(target, socket).await?;
            let chose_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            return self.speak(stream, turn, changed.filter(|_| chose_http2)).await;
        }
        self.speak(socket, turn, changed).await
    }

    /// Begins HTTP of the version that was agreed upon.
    async fn speak<T>(&self, stream: T, turn: Arc<Turn>, changed: Option<&Arc<Notify>>) -> Result<Opened, Failure>
    where
        T: Above + AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Some(changed) = changed else {
            return self.handshake(stream, turn).await.map(Opened::Link);
        };
        let begun = Multiplexed::handshake(stream, Arc::clone(changed)).await;
        begun.map(Opened::Multiplexed).map_err(|e| Failure::new(self.gateway.classify(&e, &at(Phase::Connect)), e))
    }

    async fn secure(&self, target: &Target, socket: Socket) -> Result<TlsStream<Socket>, Failure> {
        let bare = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name =
            ServerName::try_from(bare).map_err(|e| Failure::new(Fault::new(FaultKind::ProxyMisconfigured), e))?;
        match timeout(self.timeouts.tls, self.tls.connect(name, socket)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.failure(error, Phase::Tls)),
            Err(elapsed) => Err(Failure::new(Fault::new(FaultKind::TlsTimeout), elapsed)),
        }
    }

    /// Tries each address in turn within one total time, so that a list of dead addresses takes no
    /// longer than one. The first failure is told: it is the one of the preferred address.
    async fn connect_any(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let deadline = Instant::now() + self.timeouts.connect;
        let mut first = None;
        for &address in addresses {
            match timeout_at(deadline, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => first = first.or_else(|| Some(self.failure(error, Phase::Connect))),
                Err(elapsed) => {
                    let late = || Failure::new(Fault::new(FaultKind::ConnectionTimeout), elapsed);
                    return Err(first.unwrap_or_else(late));
                }
            }
        }
        Err(first.unwrap_or_else(|| Fault::new(FaultKind::DnsNotFound).into()))
    }

    async fn handshake<T>(&self, stream: T, turn: Arc<Turn>) -> Result<Link, Failure>
    where
        T: Above + AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // Above TLS, below hyper's buffers: what is counted here is HTTP.
        let (stream, tap) = Tap::new(stream);
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_LIMIT)
            .handshake(TokioIo::new(Turns::new(stream, Arc::clone(&turn))))
            .await
            .map_err(|e| Failure::new(self.gateway.classify(&e, &at(Phase::Connect)), e))?;
        // What the connection ends with is told by the tap, which sees it first.
        let driver = tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        });
        Ok(Link { sender, tap, turn, driver })
    }

    fn failure(&self, error: io::Error, phase: Phase) -> Failure {
        Failure::new(self.gateway.classify(&error, &at(phase)), error)
    }
}

fn at(phase: Phase) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.phase = Some(phase);
    exchange
}
