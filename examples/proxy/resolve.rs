//! Names to addresses: the system's resolver, or one name server asked directly.
//!
//! Every way a lookup can end has a fault of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use badgateway::Gateway;
use badgateway::fault::{Failure, Fault, FaultKind};
use simple_dns::TYPE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::dns::{self, Decoded, Query};

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
    /// The addresses of a name, at least one. What is no name has [its own](crate::route::Target::address).
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

async fn system(host: &str, port: u16, gateway: &Gateway) -> Result<Vec<SocketAddr>, Failure> {
    lookup_host((host, port)).await.map(Iterator::collect).map_err(|e| dns::local(e, gateway))
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
    let socket = UdpSocket::bind((bind, 0)).await.map_err(|e| dns::local(e, gateway))?;
    // A connected socket takes datagrams from that server only, and hears when its port is closed.
    socket.connect(server).await.map_err(|e| dns::local(e, gateway))?;
    let query = Query { id: dns::question_id(socket.local_addr().ok()), host, record };
    let question = query.encode().ok_or_else(|| Failure::from(Fault::new(FaultKind::DnsNotFound)))?;
    let mut buffer = [0u8; dns::DATAGRAM];
    loop {
        socket.send(&question).await.map_err(|e| dns::unreachable_server(e, gateway))?;
        // Datagrams get lost: ask again after a third of the time, and for no other reason. The caller bounds the whole.
        let again = Instant::now() + limit / 3;
        while let Ok(received) = timeout_at(again, socket.recv(&mut buffer)).await {
            let length = received.map_err(|e| dns::unreachable_server(e, gateway))?;
            match query.decode(buffer.get(..length).unwrap_or_default()) {
                Decoded::Answer(answer) => return answer.map_err(Failure::from),
                Decoded::Truncated => return over_tcp(server, query, &question, gateway).await,
                Decoded::Foreign => {}
            }
        }
    }
}

async fn over_tcp(
    server: SocketAddr,
    query: Query<'_>,
    question: &[u8],
    gateway: &Gateway,
) -> Result<Vec<IpAddr>, Failure> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(question).await?;
        let mut answer = vec![0u8; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    let answer = exchange.await.map_err(|e| dns::unreachable_server(e, gateway))?;
    match query.decode(&answer) {
        Decoded::Answer(answer) => answer.map_err(Failure::from),
        Decoded::Truncated | Decoded::Foreign => Err(Fault::new(FaultKind::DnsFailure).into()),
    }
}
