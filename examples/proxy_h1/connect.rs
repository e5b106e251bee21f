//! From a route to an open connection: resolve, connect, TLS.
//!
//! Its one rule: each step has its own timer and its own phase, so that every failure here is exact
//! and provably before the request. Nobody waits for it who has lost the reason to.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::Gateway;
use badgateway::exchange::Exchange;
use badgateway::fault::{Failure, Fault, FaultKind, Phase};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::answer::Trouble;
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

/// How often who waits for a connection looks whether there is still a reason to.
const TICK: Duration = Duration::from_millis(50);
/// Connections in the making at the same time, those included that nobody waits for any more.
const THREADS: usize = 1024;
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// Opens connections.
pub(crate) struct Connector {
    gateway: Gateway,
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
    pub(crate) fn new(
        gateway: Gateway,
        resolver: Resolver,
        ca: Option<&Path>,
        timeouts: Timeouts,
    ) -> Result<Self, String> {
        Ok(Self { gateway, resolver, tls: Arc::new(trust::client_config(ca)?), timeouts })
    }

    /// Opens a connection to the target, on a thread that can be left behind: `connect` cannot be cancelled. It ends
    /// by its own timers.
    ///
    /// # Errors
    ///
    /// What failed, with its phase, or why `wanted` says that it is not. No byte of a request has been written then.
    pub(crate) fn connect(
        self: &Arc<Self>,
        target: &Target,
        wanted: impl Fn() -> Result<(), Fault>,
    ) -> Result<Link, Trouble> {
        let seat = Seat::take().ok_or_else(|| Fault::new(FaultKind::LocalExhausted))?;
        let (tell, told) = mpsc::sync_channel(1);
        let (connector, to) = (Arc::clone(self), target.clone());
        let opening = thread::Builder::new().spawn(move || {
            let _seat = seat;
            // Nobody listens any more if the client has left. The connection is closed then.
            let _ = tell.send(connector.open(&to));
        });
        opening.map_err(|error| Failure::new(Fault::new(FaultKind::LocalExhausted), error))?;
        loop {
            match told.recv_timeout(TICK) {
                Ok(opened) => {
                    // What the client did comes before what the next hop did.
                    wanted()?;
                    return Ok(opened?);
                }
                Err(RecvTimeoutError::Timeout) => wanted()?,
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::new(FaultKind::ProxyInternal).into()),
            }
        }
    }

    fn open(&self, target: &Target) -> Result<Link, Failure> {
        let gateway = &self.gateway;
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

/// Leave to make one connection.
struct Seat;

impl Seat {
    fn take() -> Option<Self> {
        if BUSY.fetch_add(1, Ordering::Relaxed) < THREADS {
            return Some(Self);
        }
        BUSY.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        BUSY.fetch_sub(1, Ordering::Relaxed);
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
