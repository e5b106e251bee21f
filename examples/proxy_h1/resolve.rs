//! Names to addresses: the system's resolver, or one name server asked directly.
//!
//! A name server is given its time and no more. `getaddrinfo` cannot be held to one: who calls it keeps
//! the number of those that hang bounded.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use badgateway::Gateway;
use badgateway::fault::{Failure, Fault, FaultKind};
use simple_dns::TYPE;

use crate::dns::{self, Decoded, Query};
use crate::wire::would_block;

/// Turns names into addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resolver {
    /// `getaddrinfo`: what every other program on this host would see.
    System,
    /// This name server, over UDP, and over TCP where the answer did not fit.
    Server(SocketAddr),
}

impl Resolver {
    /// Names that may be looked up at the same time, those included that nobody waits for any more: few where a lookup
    /// may hang.
    pub(crate) const fn at_once(self) -> usize {
        match self {
            Self::System => 64,
            Self::Server(_) => 1024,
        }
    }

    /// The addresses of a name, at least one. What is no name has [its own](crate::route::Target::address). A name server is asked for so long;
    /// `getaddrinfo` takes its time, so that this belongs on a thread that can be left behind.
    ///
    /// # Errors
    ///
    /// `dns_not_found`, `dns_failure` or `dns_timeout`, or what kept us from asking.
    pub(crate) fn resolve(
        self,
        host: &str,
        port: u16,
        limit: Duration,
        gateway: &Gateway,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let found = match self {
            Self::System => system(host, port, gateway)?,
            Self::Server(server) => {
                let addresses = Lookup { server, host, until: Instant::now() + limit, limit, gateway }.ask()?;
                addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
            }
        };
        if found.is_empty() { Err(Fault::new(FaultKind::DnsNotFound).into()) } else { Ok(found) }
    }
}

/// It cannot be cancelled when it hangs.
fn system(host: &str, port: u16, gateway: &Gateway) -> Result<Vec<SocketAddr>, Failure> {
    let found = (host, port).to_socket_addrs().map_err(|e| dns::local(e, gateway))?;
    Ok(found.collect())
}

/// One name asked of one server.
struct Lookup<'a> {
    server: SocketAddr,
    host: &'a str,
    until: Instant,
    limit: Duration,
    gateway: &'a Gateway,
}

/// One of its two questions.
struct Asked<'a> {
    query: Query<'a>,
    question: Vec<u8>,
    answer: Option<Result<Vec<IpAddr>, Failure>>,
}

impl<'a> Lookup<'a> {
    fn ask(&self) -> Result<Vec<IpAddr>, Failure> {
        let bind: IpAddr =
            if self.server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((bind, 0)).map_err(|e| dns::local(e, self.gateway))?;
        // A connected socket takes datagrams from that server only, and hears when its port is closed.
        socket.connect(self.server).map_err(|e| dns::local(e, self.gateway))?;
        let id = dns::question_id(socket.local_addr().ok());
        let mut asked = [self.question(id, TYPE::A)?, self.question(id ^ 1, TYPE::AAAA)?];
        while asked.iter().any(|asked| asked.answer.is_none()) {
            for asked in asked.iter().filter(|asked| asked.answer.is_none()) {
                socket.send(&asked.question).map_err(|e| dns::unreachable_server(e, self.gateway))?;
            }
            // Datagrams get lost: ask again after a third of the time, and for no other reason.
            self.listen(&socket, &mut asked, Instant::now() + self.limit / 3)?;
        }
        let mut addresses = Vec::new();
        let mut failure = None;
        for answer in asked.into_iter().filter_map(|asked| asked.answer) {
            match answer {
                Ok(found) => addresses.extend(found),
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        match failure {
            // One family answered with addresses: that will do.
            Some(failure) if addresses.is_empty() => Err(failure),
            _ => Ok(addresses),
        }
    }

    fn question(&self, id: u16, record: TYPE) -> Result<Asked<'a>, Failure> {
        let query = Query { id, host: self.host, record };
        let question = query.encode().ok_or_else(|| Fault::new(FaultKind::DnsNotFound))?;
        Ok(Asked { query, question, answer: None })
    }

    /// Takes answers until there are no more questions, or for that long.
    fn listen(&self, socket: &UdpSocket, asked: &mut [Asked<'_>], again: Instant) -> Result<(), Failure> {
        let mut buffer = [0; dns::DATAGRAM];
        while asked.iter().any(|asked| asked.answer.is_none()) {
            let Some(left) = left(again.min(self.until)) else {
                return if again < self.until { Ok(()) } else { Err(Fault::new(FaultKind::DnsTimeout).into()) };
            };
            socket.set_read_timeout(Some(left)).map_err(|e| dns::local(e, self.gateway))?;
            let length = match would_block(socket.recv(&mut buffer)) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(dns::unreachable_server(error, self.gateway)),
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            for asked in asked.iter_mut().filter(|asked| asked.answer.is_none()) {
                match asked.query.decode(bytes) {
                    Decoded::Answer(answer) => asked.answer = Some(answer.map_err(Failure::from)),
                    Decoded::Truncated => asked.answer = Some(self.over_tcp(asked)),
                    Decoded::Foreign => {}
                }
            }
        }
        Ok(())
    }

    fn over_tcp(&self, asked: &Asked<'_>) -> Result<Vec<IpAddr>, Failure> {
        let answer = match self.exchange(&asked.question) {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(Failure::new(Fault::new(FaultKind::DnsTimeout), error));
            }
            Err(error) => return Err(dns::unreachable_server(error, self.gateway)),
        };
        match asked.query.decode(&answer) {
            Decoded::Answer(answer) => answer.map_err(Failure::from),
            Decoded::Truncated | Decoded::Foreign => Err(Fault::new(FaultKind::DnsFailure).into()),
        }
    }

    fn exchange(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        let late = || io::Error::from(ErrorKind::WouldBlock);
        let left = || left(self.until).ok_or_else(late);
        let mut stream = TcpStream::connect_timeout(&self.server, left()?)?;
        stream.set_write_timeout(Some(left()?))?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        would_block(stream.write_all(&[&length.to_be_bytes()[..], question].concat()))?;
        let mut bytes = Vec::new();
        loop {
            if let Some((length, answer)) = bytes.split_first_chunk::<2>() {
                if let Some(answer) = answer.get(..usize::from(u16::from_be_bytes(*length))) {
                    return Ok(answer.to_vec());
                }
            }
            stream.set_read_timeout(Some(left()?))?;
            let mut piece = [0; dns::DATAGRAM];
            match would_block(stream.read(&mut piece))? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
            }
        }
    }
}

fn left(until: Instant) -> Option<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    (left >= Duration::from_millis(1)).then_some(left)
}
