//! `ClientListener`: accepts clients, and outlives the errors of doing so.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::time::sleep;

use super::ClientStream;
use crate::body::ClientHandle;

/// How long to wait for what there is too little of.
const PAUSE: Duration = Duration::from_millis(20);

type OnError = Arc<dyn Fn(&io::Error) + Send + Sync>;

/// A listening socket whose connections are [`ClientStream`]s, with `TCP_NODELAY` set.
///
/// ```no_run
/// use badgateway::adapters::tokio1::ClientListener;
///
/// # async fn serve() -> std::io::Result<()> {
/// let listener = ClientListener::bind("127.0.0.1:8080").await?;
/// println!("listening on {}", listener.local_addr()?);
/// loop {
///     let (io, client, address) = listener.accept().await;
///     // `io` goes into hyper's server, a clone of `client` into each exchange.
/// #   let _ = (io, client, address);
/// }
/// # }
/// ```
///
/// With feature `axum08` it is a listener for `axum::serve`: see `adapters::axum08`.
pub struct ClientListener {
    listener: TcpListener,
    write_timeout: Option<Option<Duration>>,
    on_error: Option<OnError>,
}

impl ClientListener {
    /// Listens on this address.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::bind`].
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::from)
    }

    /// The write timeout of its connections: see [`ClientStream::set_write_timeout`].
    #[must_use]
    pub fn with_write_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.write_timeout = Some(timeout);
        self
    }

    /// Told of every error that is not one connection's alone, before it is waited out: no descriptors are left, most
    /// likely, and those of idle connections to next hops are the cheapest to come by.
    #[must_use]
    pub fn on_error(mut self, told: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(told));
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The next client: its connection, the handle for its exchanges, and where it is.
    ///
    /// An error of one connection, such as a client that left before it was accepted, is skipped. Any other is tried again in 20 ms:
    /// at once would only burn the processor (accept(2) fails with `EMFILE` until somebody closes something).
    pub async fn accept(&self) -> (ClientStream, ClientHandle, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // A head that waits for its body costs 40 ms (Nagle, and delayed ACKs).
                    let _ = stream.set_nodelay(true);
                    let (mut io, client) = ClientStream::accepted(stream, address);
                    if let Some(timeout) = self.write_timeout {
                        io.set_write_timeout(timeout);
                    }
                    return (io, client, address);
                }
                Err(error) if is_of_one_connection(error.kind()) => {}
                Err(error) => {
                    if let Some(told) = &self.on_error {
                        told(&error);
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

impl From<TcpListener> for ClientListener {
    fn from(listener: TcpListener) -> Self {
        Self { listener, write_timeout: None, on_error: None }
    }
}

impl fmt::Debug for ClientListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientListener").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Linux passes errors that wait on the new connection through accept(2), and says to try again.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    use ErrorKind::{HostUnreachable, NetworkUnreachable};
    matches!(
        kind,
        ConnectionAborted | ConnectionReset | ConnectionRefused | HostUnreachable | NetworkUnreachable | Interrupted
    )
}
