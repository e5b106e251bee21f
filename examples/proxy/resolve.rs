//! Names to addresses: the system's resolver, or one name server asked directly.
//!
//! Its one rule: every way a lookup can end has a fault of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use badgateway::Gateway;
use badgateway::exchange::Exchange;
use badgateway::fault::{Code, Failure, Fault, FaultKind, Phase};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

/// Larger than any answer over UDP without EDNS (RFC 1035 section 4.2.1: 512), with some room.
const DATAGRAM: usize = 1232;

/// Turns names into addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resolver {
    /// `getaddrinfo` on a blocking thread: what every other program on this host would see. A hung
    /// lookup cannot be cancelled, so the runtime bounds the threads.
    System,
    /// This name server, over UDP, and over TCP where the answer did not fit.
    Server(SocketAddr),
}

impl Resolver {
    /// The addresses of a name, at least one.
    ///
    /// # Errors
    ///
    /// `dns_not_found`, `dns_failure` or `dns_timeout`, or what kept us from asking.
    pub(crate) async fn resolve(
        self,
        host: &str,
        port: u16,
        limit: Duration,
        gateway: &Gateway,
    ) -> Result<Vec<SocketAddr>, Failure> {
        // `[::1]` in a URL is an address without its brackets.
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let found = match self {
            Self::System => timeout(limit, system(host, port, gateway)).await,
            Self::Server(server) => timeout(limit, ask(server, host, port, limit, gateway)).await,
        };
        match found {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(Fault::new(FaultKind::DnsNotFound).into()),
            Ok(result) => result,
            Err(elapsed) => Err(Failure::new(Fault::new(FaultKind::DnsTimeout), elapsed)),
        }
    }
}

fn local(error: io::Error, gateway: &Gateway) -> Failure {
    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Resolve);
    Failure::new(gateway.classify(&error, &exchange), error)
}

async fn system(host: &str, port: u16, gateway: &Gateway) -> Result<Vec<SocketAddr>, Failure> {
    lookup_host((host, port)).await.map(Iterator::collect).map_err(|e| local(e, gateway))
}

async fn ask(
    server: SocketAddr,
    host: &str,
    port: u16,
    limit: Duration,
    gateway: &Gateway,
) -> Result<Vec<SocketAddr>, Failure> {
    let (v4, v6) =
        tokio::join!(query(server, host, TYPE::A, limit, gateway), query(server, host, TYPE::AAAA, limit, gateway));
    let mut addresses: Vec<SocketAddr> = Vec::new();
    let mut failure = None;
    for answer in [v4, v6] {
        match answer {
            Ok(found) => addresses.extend(found.into_iter().map(|ip| SocketAddr::new(ip, port))),
            Err(e) => failure = failure.or(Some(e)),
        }
    }
    match failure {
        // One family answered with addresses: that will do.
        Some(failure) if addresses.is_empty() => Err(failure),
        _ => Ok(addresses),
    }
}

async fn query(
    server: SocketAddr,
    host: &str,
    record: TYPE,
    limit: Duration,
    gateway: &Gateway,
) -> Result<Vec<IpAddr>, Failure> {
    let bind: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((bind, 0)).await.map_err(|e| local(e, gateway))?;
    // A connected socket takes datagrams from that server only, and hears when its port is closed.
    socket.connect(server).await.map_err(|e| local(e, gateway))?;
    let id = question_id(&socket);
    let question = encode(id, host, record).ok_or_else(|| Failure::from(Fault::new(FaultKind::DnsNotFound)))?;
    let mut buffer = [0u8; DATAGRAM];
    loop {
        socket.send(&question).await.map_err(|e| unreachable_server(e, gateway))?;
        // Datagrams get lost: ask again after a third of the time. The caller bounds the whole.
        let Ok(received) = timeout(limit / 3, socket.recv(&mut buffer)).await else { continue };
        let length = received.map_err(|e| unreachable_server(e, gateway))?;
        let Some(bytes) = buffer.get(..length) else { continue };
        match decode(id, bytes) {
            Decoded::Answer(answer) => return answer.map_err(Failure::from),
            Decoded::Truncated => return over_tcp(server, id, &question, gateway).await,
            Decoded::Foreign => {}
        }
    }
}

/// The name server itself cannot be reached, which is not the next hop's fault.
fn unreachable_server(error: io::Error, gateway: &Gateway) -> Failure {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        let fault = Fault::new(FaultKind::DnsFailure);
        let fault = match error.raw_os_error() {
            Some(errno) => fault.with_code(Code::Errno(errno)),
            None => fault,
        };
        return Failure::new(fault, error);
    }
    local(error, gateway)
}

async fn over_tcp(server: SocketAddr, id: u16, question: &[u8], gateway: &Gateway) -> Result<Vec<IpAddr>, Failure> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(question).await?;
        let mut answer = vec![0u8; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    let answer = exchange.await.map_err(|e| unreachable_server(e, gateway))?;
    match decode(id, &answer) {
        Decoded::Answer(answer) => answer.map_err(Failure::from),
        Decoded::Truncated | Decoded::Foreign => Err(Fault::new(FaultKind::DnsFailure).into()),
    }
}

/// The kernel's choice of port is the entropy at hand; it makes a blind forger guess both.
fn question_id(socket: &UdpSocket) -> u16 {
    use std::hash::{BuildHasher, RandomState};
    let port = socket.local_addr().map(|a| a.port()).unwrap_or_default();
    let [a, b, ..] = RandomState::new().hash_one(port).to_ne_bytes();
    u16::from_ne_bytes([a, b])
}

/// `None` where the name cannot be a DNS name at all.
fn encode(id: u16, host: &str, record: TYPE) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(host.trim_end_matches('.')).ok()?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(record), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().ok()
}

enum Decoded {
    Answer(Result<Vec<IpAddr>, Fault>),
    Truncated,
    /// Not an answer to this question: a stray or forged datagram.
    Foreign,
}

#[allow(clippy::wildcard_enum_match_arm)] // of the many record types two are addresses
fn decode(id: u16, bytes: &[u8]) -> Decoded {
    let Ok(packet) = Packet::parse(bytes) else { return Decoded::Foreign };
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return Decoded::Foreign;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Decoded::Truncated;
    }
    let rcode = packet.rcode();
    if rcode != RCODE::NoError {
        let kind = if rcode == RCODE::NameError { FaultKind::DnsNotFound } else { FaultKind::DnsFailure };
        return Decoded::Answer(Err(Fault::new(kind).with_code(Code::DnsRcode(rcode as u16))));
    }
    let addresses = packet.answers.iter().filter_map(|record| match &record.rdata {
        RData::A(a) => Some(IpAddr::from(Ipv4Addr::from(a.address))),
        RData::AAAA(a) => Some(IpAddr::from(Ipv6Addr::from(a.address))),
        _ => None,
    });
    Decoded::Answer(Ok(addresses.collect()))
}
