//! From a route to an open connection: resolve, connect, TLS.
//!
//! Each step has its own timer and its own phase, so that every failure here is exact
//! and provably before the request. Nobody waits for it who has lost the reason to.

use std::error::Error;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::fault::{Failure, Fault, FaultKind, Phase};
use badgateway::{Exchange, Gateway, InFlight};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::buffer::Buffer;
use crate::flags::Timeouts;
use crate::records::Records;
use crate::resolve::Resolver;
use crate::route::Target;
use crate::trust;
use crate::wire::{Got, Wire, would_block};

/// An open connection to a next hop. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) wire: Wire,
    pub(crate) buffer: Buffer,
}

/// What came on a connection before anything was asked on it. No response to that: "the client MUST NOT consider that data to
/// be a response to a not-yet-issued request" (RFC 9112 section 9.2).
#[derive(Debug)]
pub(crate) enum Early {
    Nothing,
    /// Bytes of HTTP, or what stands in its place.
    Bytes,
    /// Some of a TLS record: of a ticket or a key update, which are no answers, or else of one.
    Part,
    /// The end of the connection.
    End,
    Failed(io::Error),
}

impl Link {
    /// Looks for what nobody asked for: read or unread, decrypted or not. It belongs right before the first byte that is
    /// written, for what comes behind it looks like an answer.
    pub(crate) fn look(&mut self) -> Early {
        if !self.buffer.unread().is_empty() {
            return Early::Bytes;
        }
        match self.wire.read_now(self.buffer.room()) {
            Ok(Got::Nothing) if self.wire.is_within_record() => Early::Part,
            Ok(Got::Nothing) => Early::Nothing,
            Ok(Got::Bytes(n)) => {
                self.buffer.filled(n);
                Early::Bytes
            }
            Ok(Got::End | Got::Cut) => Early::End,
            Err(error) => Early::Failed(error),
        }
    }
}

/// How often who waits for a connection looks whether there is still a reason to.
const TICK: Duration = Duration::from_millis(50);
/// Names being looked up.
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// Whether there is still a reason to go on, and else why not.
type Wanted<'a> = &'a dyn Fn() -> Result<(), Fault>;

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
        Ok(Self { gateway, resolver, tls: Arc::new(trust::client_config(ca, &[b"http/1.1"])?), timeouts })
    }

    /// Opens a connection to the target, and notes the phase on the way. It is over at the next tick after `wanted` says that
    /// nobody wants it.
    ///
    /// # Errors
    ///
    /// What failed, or why it is not wanted. No byte of a request has been written then.
    pub(crate) fn connect(
        self: &Arc<Self>,
        target: &Target,
        exchange: &InFlight,
        wanted: impl Fn() -> Result<(), Fault>,
    ) -> Result<Link, Failure> {
        let opened = self.open(target, exchange, &wanted);
        // What the client did comes before what the next hop did.
        wanted()?;
        opened
    }

    fn open(self: &Arc<Self>, target: &Target, exchange: &InFlight, wanted: Wanted<'_>) -> Result<Link, Failure> {
        let resolved;
        let addresses = match &target.address {
            Some(address) => slice::from_ref(address),
            None => {
                exchange.phase(Phase::Resolve);
                resolved = self.resolve(target, wanted)?;
                resolved.as_slice()
            }
        };
        exchange.phase(Phase::Connect);
        let socket = self.connect_any(addresses, wanted)?;
        // Small requests must not wait for the acknowledgement of the last ones.
        let _ = socket.set_nodelay(true);
        let session = if target.tls {
            exchange.phase(Phase::Tls);
            Some(self.handshake(target, &socket, wanted)?)
        } else {
            None
        };
        let wire = Wire::new(socket, session).map_err(|e| failure(e, Phase::Connect, &self.gateway))?;
        Ok(Link { wire, buffer: Buffer::default() })
    }

    /// On a thread that can be left behind, for a lookup cannot be cancelled.
    fn resolve(self: &Arc<Self>, target: &Target, wanted: Wanted<'_>) -> Result<Vec<SocketAddr>, Failure> {
        let exhausted = Fault::new(FaultKind::LocalExhausted).at(Phase::Resolve);
        let seat = Seat::take(self.resolver.at_once()).ok_or(exhausted)?;
        let (tell, told) = mpsc::sync_channel(1);
        let (connector, to) = (Arc::clone(self), target.clone());
        // A lookup of our own ends by its own timers before this.
        let until = Instant::now() + self.timeouts.connect + TICK;
        let asking = thread::Builder::new().spawn(move || {
            let _seat = seat;
            let Self { resolver, timeouts, gateway, .. } = &*connector;
            // Nobody listens any more if the client has left, or it took too long.
            let _ = tell.send(resolver.resolve(&to.host, to.port, timeouts.connect, gateway));
        });
        asking.map_err(|error| Failure::new(exhausted, error))?;
        loop {
            match told.recv_timeout(TICK) {
                Ok(found) => return found,
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::new(FaultKind::ProxyInternal).into()),
                Err(elapsed) if Instant::now() >= until => {
                    return Err(Failure::new(Fault::new(FaultKind::DnsTimeout), elapsed));
                }
                Err(RecvTimeoutError::Timeout) => wanted()?,
            }
        }
    }

    /// Tries each address in turn within one total time, so that a list of dead addresses takes no
    /// longer than one. The first failure is told: it is the one of the preferred address.
    fn connect_any(&self, addresses: &[SocketAddr], wanted: Wanted<'_>) -> Result<TcpStream, Failure> {
        let deadline = Instant::now() + self.timeouts.connect;
        let mut first = None;
        for address in addresses {
            if Instant::now() >= deadline {
                break;
            }
            match knock(*address, deadline, wanted)? {
                Ok(socket) => return Ok(socket),
                Err(error) => first = first.or_else(|| Some(failure(error, Phase::Connect, &self.gateway))),
            }
        }
        Err(first.unwrap_or_else(|| Fault::new(FaultKind::DnsNotFound).into()))
    }

    /// The TLS handshake, in one total time: a drip of bytes does not extend it.
    fn handshake(
        &self,
        target: &Target,
        socket: &TcpStream,
        wanted: Wanted<'_>,
    ) -> Result<(ClientConnection, Records), Failure> {
        let misconfigured =
            |e: Box<dyn Error + Send + Sync>| Failure::new(Fault::new(FaultKind::ProxyMisconfigured), e);
        let bare = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|e| misconfigured(e.into()))?;
        let mut session = ClientConnection::new(Arc::clone(&self.tls), name).map_err(|e| misconfigured(e.into()))?;
        let mut records = Records::default();
        let until = Instant::now() + self.timeouts.tls;
        match shake(&mut session, Followed { socket, records: &mut records }, until, wanted)? {
            Ok(()) => Ok((session, records)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Err(Failure::new(Fault::new(FaultKind::TlsTimeout), error))
            }
            Err(error) => Err(failure(error, Phase::Tls, &self.gateway)),
        }
    }
}

/// Opens a socket to one address. Most verdicts of a host nearby come with the call; any other is looked for after
/// naps of a quarter of the time that it has taken so far: rarely, and never late by much.
fn knock(address: SocketAddr, until: Instant, wanted: Wanted<'_>) -> Result<io::Result<TcpStream>, Fault> {
    let begun = Instant::now();
    let socket = match begin(address) {
        Ok((socket, Begun::Connected)) => return Ok(blocking(socket)),
        Ok((socket, Begun::Connecting)) => socket,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        match socket.take_error() {
            Ok(None) if socket.peer_addr().is_ok() => return Ok(blocking(socket)),
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Ok(Err(error)),
        }
        let now = Instant::now();
        if now >= until {
            return Ok(Err(io::Error::new(ErrorKind::TimedOut, "connection timed out")));
        }
        wanted()?;
        let nap = (now - begun) / 4;
        thread::sleep(nap.clamp(Duration::from_micros(200), TICK).min(until - now));
    }
}

enum Begun {
    Connected,
    Connecting,
}

fn begin(address: SocketAddr) -> io::Result<(TcpStream, Begun)> {
    // `set_nonblocking` of `std` is one system call, socket2's is two.
    let socket = TcpStream::from(Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?);
    socket.set_nonblocking(true)?;
    match SockRef::from(&socket).connect(&address.into()) {
        Ok(()) => Ok((socket, Begun::Connected)),
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) || error.kind() == ErrorKind::WouldBlock => {
            Ok((socket, Begun::Connecting))
        }
        Err(error) => Err(error),
    }
}

/// `EINPROGRESS`, which stable `std` has no name for: of Linux, else of the BSDs and macOS. Windows says `WouldBlock`.
const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 115 } else { 36 };

fn blocking(socket: TcpStream) -> io::Result<TcpStream> {
    socket.set_nonblocking(false)?;
    Ok(socket)
}

/// Leave to look one name up.
struct Seat;

impl Seat {
    fn take(of: usize) -> Option<Self> {
        if BUSY.fetch_add(1, Ordering::Relaxed) < of {
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
fn shake(
    session: &mut ClientConnection,
    mut socket: Followed<'_>,
    until: Instant,
    wanted: Wanted<'_>,
) -> Result<io::Result<()>, Fault> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(ErrorKind::WouldBlock.into()));
        }
        match step(session, &mut socket, left.clamp(Duration::from_millis(1), TICK)) {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => wanted()?,
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// A socket, and where the records end that are read from it.
struct Followed<'a> {
    socket: &'a TcpStream,
    records: &'a mut Records,
}

impl Read for Followed<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = self.socket.read(room)?;
        self.records.read(room.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// One write or one read of the handshake. Whether it is over.
fn step(session: &mut ClientConnection, socket: &mut Followed<'_>, wait: Duration) -> io::Result<bool> {
    if session.wants_write() {
        socket.socket.set_write_timeout(Some(wait))?;
        would_block(session.write_tls(&mut socket.socket))?;
    } else if session.is_handshaking() {
        socket.socket.set_read_timeout(Some(wait))?;
        if would_block(session.read_tls(socket))? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = session.process_new_packets() {
            // The alert that says why; who cannot take it has gone already.
            let _ = session.write_tls(&mut socket.socket);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
    } else {
        return Ok(true);
    }
    Ok(false)
}

fn failure(error: io::Error, phase: Phase, gateway: &Gateway) -> Failure {
    let mut exchange = Exchange::default();
    exchange.phase = Some(phase);
    Failure::new(gateway.classify(&error, &exchange), error)
}
