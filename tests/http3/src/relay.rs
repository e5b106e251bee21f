//! A relay of datagrams, which can lose them all or lead them to another server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

/// Where datagrams of the client go; `None`: nowhere.
#[derive(Clone)]
pub struct Relay {
    pub address: SocketAddr,
    to: Arc<Mutex<Option<SocketAddr>>>,
}

impl Relay {
    pub async fn start(to: SocketAddr) -> Self {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let back = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let relay = Self { address: front.local_addr().unwrap(), to: Arc::new(Mutex::new(Some(to))) };
        let client = Arc::new(Mutex::new(None));
        let (from, onward, known, lead) = (Arc::clone(&front), Arc::clone(&back), Arc::clone(&client), relay.clone());
        tokio::spawn(async move {
            let mut datagram = [0; 65_536];
            while let Ok((n, client)) = from.recv_from(&mut datagram).await {
                *known.lock().unwrap() = Some(client);
                if let Some(to) = lead.to() {
                    let _ = onward.send_to(&datagram[..n], to).await;
                }
            }
        });
        let lead = relay.clone();
        tokio::spawn(async move {
            let mut datagram = [0; 65_536];
            while let Ok((n, server)) = back.recv_from(&mut datagram).await {
                let client = *client.lock().unwrap();
                // What the server before still says does not arrive either.
                if let Some(client) = client.filter(|_| lead.to() == Some(server)) {
                    let _ = front.send_to(&datagram[..n], client).await;
                }
            }
        });
        relay
    }

    fn to(&self) -> Option<SocketAddr> {
        *self.to.lock().unwrap()
    }

    pub fn lead(&self, to: Option<SocketAddr>) {
        *self.to.lock().unwrap() = to;
    }
}
