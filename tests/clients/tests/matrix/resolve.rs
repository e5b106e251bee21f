//! Names by the lab's own name server, for whatever client: a resolver of the caller's own, whose failures are faults.

use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec::IntoIter;

use badgateway::fault::{Fault, FaultKind};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use simple_dns::TYPE;
use tokio::task::spawn_blocking;
use tower::Service;

use crate::dns::{DATAGRAM, Decoded, Query, question_id};

/// Shorter than a client's time for connecting.
const PATIENCE: Duration = Duration::from_millis(300);

/// The addresses of a name, or of an address; at least one.
pub(crate) fn resolve(server: SocketAddr, host: &str) -> Result<Vec<IpAddr>, Fault> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let query = Query { id: question_id(socket.local_addr().ok()), host, record: TYPE::A };
    socket.send(&query.encode().unwrap()).unwrap();
    let mut answer = [0; DATAGRAM];
    loop {
        let length = match socket.recv(&mut answer) {
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(FaultKind::DnsTimeout.into());
            }
            Err(error) => panic!("{error}"),
        };
        match query.decode(&answer[..length]) {
            Decoded::Answer(Ok(found)) if found.is_empty() => return Err(FaultKind::DnsNotFound.into()),
            Decoded::Answer(answer) => return answer,
            Decoded::Truncated | Decoded::Foreign => {}
        }
    }
}

/// The same, as the clients want it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver(pub(crate) SocketAddr);

impl Resolver {
    async fn look_up(self, host: String, port: u16) -> Result<IntoIter<SocketAddr>, Fault> {
        let found = spawn_blocking(move || resolve(self.0, &host)).await.unwrap()?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect::<Vec<_>>().into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<IntoIter<SocketAddr>, Fault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.look_up(name.as_str().to_owned(), 0))
    }
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let found = self.look_up(name.as_str().to_owned(), 0);
        Box::pin(async { Ok(Box::new(found.await?) as reqwest::dns::Addrs) })
    }
}

impl ureq::unversioned::resolver::Resolver for Resolver {
    fn resolve(
        &self,
        uri: &http::Uri,
        _: &ureq::config::Config,
        _: ureq::unversioned::transport::NextTimeout,
    ) -> Result<ureq::unversioned::resolver::ResolvedSocketAddrs, ureq::Error> {
        let found = resolve(self.0, uri.host().unwrap()).map_err(|fault| ureq::Error::Other(Box::new(fault)))?;
        let mut addresses = self.empty();
        addresses.push(SocketAddr::new(found[0], uri.port_u16().unwrap()));
        Ok(addresses)
    }
}

impl actix_tls::connect::Resolve for Resolver {
    fn lookup<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> LocalBoxFuture<'a, Result<Vec<SocketAddr>, Box<dyn std::error::Error>>> {
        let found = self.look_up(host.to_owned(), port);
        found.map(|found| Ok(found?.collect())).boxed_local()
    }
}
