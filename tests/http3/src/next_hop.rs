//! Next hops that misbehave: QUIC by quinn, HTTP/3 by bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Connection, Endpoint, EndpointConfig, Incoming, TokioRuntime, VarInt};
use quinn_proto::RandomConnectionIdGenerator;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::cert::{Authority, Tls};
use crate::frames;
use crate::relay::Relay;

/// What it does to one exchange, one after the other. At the end it waits, with everything open.
#[derive(Clone, Debug)]
pub enum Act {
    /// Reads the request up to its end.
    Read,
    Send(Vec<u8>),
    /// Ends its half of the stream.
    Fin,
    /// Waits so many milliseconds.
    Nap(u64),
    /// Waits until the gateway's client has some of the body: what comes then overtakes nothing.
    Seen,
    /// `RESET_STREAM`.
    Reset(u64),
    /// `STOP_SENDING`.
    Stop(u64),
    /// `CONNECTION_CLOSE` of the application.
    Close(u64),
    /// Sends this on its control stream.
    Control(Vec<u8>),
    EndControl,
    /// A stream of its own in one direction, with this.
    Uni(Vec<u8>),
    /// A stream of its own in both directions, with this.
    Bidi(Vec<u8>),
    /// From now on no datagram arrives.
    Vanish,
    /// Dies, and another process answers, which does not know the connection.
    Restart,
}

/// A next hop.
#[derive(Clone, Debug)]
pub enum Hop {
    /// Nothing listens there.
    Nobody,
    /// Nothing answers there.
    Blackhole,
    /// An address that no datagram can be sent to.
    Address(SocketAddr),
    /// It speaks QUIC version 1 alone.
    Version1,
    /// It refuses the connection.
    Refuses,
    Tls(Tls),
    /// It has these bytes on its control stream, before any request, and then does that.
    Http3(Vec<u8>, Vec<Act>),
    /// It remembers the gateway, and takes its early data or does not. The first connection is to get to know it.
    Early {
        taken: bool,
        acts: Vec<Act>,
    },
}

/// An ordinary one, that does that.
pub fn acts(acts: impl IntoIterator<Item = Act>) -> Hop {
    Hop::Http3(frames::control(&[]), acts.into_iter().collect())
}

impl Hop {
    /// Starts it. `seen` is told by whoever reads the gateway's answer.
    pub async fn start(&self, authority: &Authority, seen: Arc<Notify>) -> SocketAddr {
        match self {
            Self::Address(address) => *address,
            Self::Nobody => UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap(),
            Self::Blackhole => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let address = socket.local_addr().unwrap();
                tokio::spawn(async move { while socket.recv(&mut [0]).await.is_ok() {} });
                address
            }
            Self::Version1 => {
                let mut config = endpoint_config();
                config.supported_versions(vec![1]);
                let endpoint = endpoint(config, authority.quic_server(Tls::Good));
                let address = endpoint.local_addr().unwrap();
                tokio::spawn(async move { while endpoint.accept().await.is_some() {} });
                address
            }
            Self::Refuses => {
                let endpoint = endpoint(endpoint_config(), authority.quic_server(Tls::Good));
                let address = endpoint.local_addr().unwrap();
                tokio::spawn(async move { endpoint.accept().await.map(Incoming::refuse) });
                address
            }
            Self::Tls(tls) => {
                let endpoint = endpoint(endpoint_config(), authority.quic_server(*tls));
                serve(endpoint, authority.quic_server(Tls::Good), frames::control(&[]), Vec::new(), seen).await
            }
            Self::Early { taken, acts } => {
                let endpoint = endpoint(endpoint_config(), authority.early_server());
                let address = endpoint.local_addr().unwrap();
                let (forgetful, acts) = (authority.quic_server(Tls::Good), acts.clone());
                let (taken, again) = (*taken, forgetful.clone());
                tokio::spawn(async move {
                    let first = endpoint.accept().await?.await.ok()?;
                    if !taken {
                        endpoint.set_server_config(Some(forgetful));
                    }
                    first.closed().await;
                    let second = endpoint.accept().await?;
                    // The handshake is answered when the request is on its way; else it would not go in early data.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    let connection = second.await.ok()?;
                    play(&connection, frames::control(&[]), acts, None, again, seen).await
                });
                address
            }
            Self::Http3(control, acts) => {
                let endpoint = endpoint(endpoint_config(), authority.quic_server(Tls::Good));
                serve(endpoint, authority.quic_server(Tls::Good), control.clone(), acts.clone(), seen).await
            }
        }
    }
}

/// Every endpoint makes the same tokens for stateless resets, as a process does that was started again.
fn endpoint_config() -> EndpointConfig {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let mut config = EndpointConfig::new(Arc::new(key));
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(8)));
    config
}

fn endpoint(config: EndpointConfig, server: quinn::ServerConfig) -> Endpoint {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    Endpoint::new(config, Some(server), socket, Arc::new(TokioRuntime)).unwrap()
}

async fn serve(
    endpoint: Endpoint,
    again: quinn::ServerConfig,
    control: Vec<u8>,
    acts: Vec<Act>,
    seen: Arc<Notify>,
) -> SocketAddr {
    let server = endpoint.local_addr().unwrap();
    let relayed = acts.iter().any(|act| matches!(act, Act::Vanish | Act::Restart));
    let relay = if relayed { Some(Relay::start(server).await) } else { None };
    let address = relay.as_ref().map_or(server, |relay| relay.address);
    tokio::spawn(async move {
        let Ok(connection) = endpoint.accept().await.unwrap().await else { return };
        play(&connection, control, acts, relay, again, seen).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    address
}

/// Plays the acts. Whatever the gateway does meanwhile, it goes on.
async fn play(
    connection: &Connection,
    control: Vec<u8>,
    acts: Vec<Act>,
    relay: Option<Relay>,
    again: quinn::ServerConfig,
    seen: Arc<Notify>,
) -> Option<()> {
    let mut on_control = connection.open_uni().await.ok()?;
    on_control.write_all(&control).await.ok()?;
    let (mut send, mut receive) = connection.accept_bi().await.ok()?;
    let mut kept = Vec::new();
    for act in acts {
        match act {
            Act::Read => drop(receive.read_to_end(usize::MAX).await),
            Act::Send(bytes) => drop(send.write_all(&bytes).await),
            Act::Fin => drop(send.finish()),
            Act::Nap(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Act::Seen => seen.notified().await,
            Act::Reset(code) => drop(send.reset(VarInt::from_u64(code).unwrap())),
            Act::Stop(code) => drop(receive.stop(VarInt::from_u64(code).unwrap())),
            Act::Close(code) => connection.close(VarInt::from_u64(code).unwrap(), b""),
            Act::Control(bytes) => drop(on_control.write_all(&bytes).await),
            Act::EndControl => drop(on_control.finish()),
            Act::Uni(bytes) => {
                let mut stream = connection.open_uni().await.ok()?;
                let _ = stream.write_all(&bytes).await;
                kept.push(stream);
            }
            Act::Bidi(bytes) => {
                let (mut stream, _) = connection.open_bi().await.ok()?;
                let _ = stream.write_all(&bytes).await;
                kept.push(stream);
            }
            Act::Vanish => relay.as_ref()?.lead(None),
            Act::Restart => {
                let endpoint = endpoint(endpoint_config(), again.clone());
                relay.as_ref()?.lead(Some(endpoint.local_addr().unwrap()));
                tokio::spawn(async move { while endpoint.accept().await.is_some() {} });
            }
        }
    }
    // Dropping them would end them.
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(kept);
    Some(())
}
