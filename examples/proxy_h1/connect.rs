//! From a route to an open connection: resolve, connect, TLS.
//!
//! Its one rule: each step has its own timer and its own phase, so that every failure here is exact
//! and provably before the request.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use badgateway::Gateway;
use badgateway::exchange::Exchange;
use badgateway::fault::{Failure, Fault, FaultKind, Phase};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::buffer::Buffer;
use crate::flags::Timeouts;
use crate::resolve::Resolver;
use crate::route::Target;
use crate::trust;
use crate::wire::{Wire, would_block};

/// An open connection to a next hop. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) wire: Wire,
    pub(crate) buffer: Buffer,
}

/// Opens connections.
pub(crate) struct Connector {
    resolver: Resolver,
    tls: Arc<ClientConfig>,
    timeouts: Timeouts,
}

impl Connector {
    /// A connector that trusts the public roots and those in `ca`.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong with the file.
    pub(crate) fn new(resolver: Resolver, ca: Option<&Path>, timeouts: Timeouts) -> Result<Self, String> {
        Ok(Self { resolver, tls: Arc::new(trust::client_config(ca)?), timeouts })
    }

    /// Opens a connection to the target.
    ///
    /// # Errors
    ///
    /// What failed, with its phase. No byte of a request has been written then.
    pub(crate) fn connect(&self, target: &Target, gateway: &Gateway) -> Result<Link, Failure> {
        let addresses = self.resolver.resolve(&target.host, target.port, self.timeouts.connect, gateway)?;
        let socket = self.connect_any(&addresses, gateway)?;
        // Small requests must not wait for the acknowledgement of the last ones.
        let _ = socket.set_nodelay(true);
        let session = if target.tls { Some(self.handshake(target, &socket, gateway)?) } else { None };
        let wire = Wire::new(socket, session).map_err(|e| failure(e, Phase::Connect, gateway))?;
        Ok(Link { wire, buffer: Buffer::default() })
    }

    /// Tries each address in turn within one total time, so that a list of dead addresses takes no
    /// longer than one. The first failure is told: it is the one of the preferred address.
    fn connect_any(&self, addresses: &[SocketAddr], gateway: &Gateway) -> Result<TcpStream, Failure> {
        let deadline = Instant::now() + self.timeouts.connect;
        let mut first = None;
        for address in addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(address, left) {
                Ok(socket) => return Ok(socket),
                Err(error) => first = first.or_else(|| Some(failure(error, Phase::Connect, gateway))),
            }
        }
        Err(first.unwrap_or_else(|| Fault::new(FaultKind::DnsNotFound).into()))
    }

    /// The TLS handshake, in one total time: a drip of bytes does not extend it.
    fn handshake(&self, target: &Target, socket: &TcpStream, gateway: &Gateway) -> Result<ClientConnection, Failure> {
        let misconfigured =
            |e: Box<dyn Error + Send + Sync>| Failure::new(Fault::new(FaultKind::ProxyMisconfigured), e);
        let bare = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|e| misconfigured(e.into()))?;
        let mut session = ClientConnection::new(Arc::clone(&self.tls), name).map_err(|e| misconfigured(e.into()))?;
        match shake(&mut session, socket, Instant::now() + self.timeouts.tls) {
            Ok(()) => Ok(session),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Err(Failure::new(Fault::new(FaultKind::TlsTimeout), error))
            }
            Err(error) => Err(failure(error, Phase::Tls, gateway)),
        }
    }
}

/// `WouldBlock` is the end of the time.
fn shake(session: &mut ClientConnection, mut socket: &TcpStream, until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let left = Some(left.max(Duration::from_millis(1)));
        if session.wants_write() {
            socket.set_write_timeout(left)?;
            would_block(session.write_tls(&mut socket))?;
        } else if session.is_handshaking() {
            socket.set_read_timeout(left)?;
            if would_block(session.read_tls(&mut socket))? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Err(error) = session.process_new_packets() {
                // The alert that says why; who cannot take it has gone already.
                let _ = session.write_tls(&mut socket);
                return Err(io::Error::new(ErrorKind::InvalidData, error));
            }
        } else {
            return Ok(());
        }
    }
}

fn failure(error: io::Error, phase: Phase, gateway: &Gateway) -> Failure {
    let mut exchange = Exchange::default();
    exchange.phase = Some(phase);
    Failure::new(gateway.classify(&error, &exchange), error)
}
