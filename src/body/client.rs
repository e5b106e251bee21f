//! `ClientHandle`: what the exchanges on a client's connection ask of it, and servers have no call for.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::AbortHandle;

/// Bytes of interim responses that wait for a client that does not take them.
const ROOM: usize = 16 * 1024;

/// One connection of a client, as the exchanges on it see it: they ask, and the owner of the socket does it.
///
/// - [`abort`](Self::abort): end with a reset. A body that only the end of the connection delimits looks whole behind an
///   orderly FIN ([RFC 9112, section 8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
/// - [`linger`](Self::linger): some of a request was left unread. Close at once, and the kernel resets the connection for
///   the unread bytes, and the client loses the answer
///   ([RFC 9112, section 9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
/// - [`interims`](Self::interims): write these 1xx responses before the final one, because "a proxy MUST forward 1xx
///   responses" ([RFC 9110, section 15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
/// - [`tunnel`](Self::tunnel): what follows is no longer HTTP.
///
/// `adapters::tokio1::ClientStream` is a socket that does all of it; [`Outlet`](super::Outlet) helps to write another. Clones
/// are the same connection. An exchange that asks for nothing takes no lock and allocates nothing.
///
/// ```
/// use badgateway::body::ClientHandle;
/// let for_the_exchange = ClientHandle::at("192.0.2.7:51000".parse().unwrap());
/// let for_the_socket = for_the_exchange.clone();
/// for_the_exchange.abort();
/// assert!(for_the_socket.abort_handle().is_set() && !for_the_socket.lingers());
/// assert_eq!(for_the_socket.peer().unwrap().port(), 51000);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientHandle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    peer: Option<SocketAddr>,
    abort: AbortHandle,
    linger: AtomicBool,
    tunnel: AtomicBool,
    /// Odd while an exchange may send interim responses. It only grows, so that a late one is known to be late.
    turn: AtomicU64,
    /// Whether `outbox` holds any. Nearly always it does not, and this is cheaper to ask.
    waiting: AtomicBool,
    outbox: Mutex<Outbox>,
}

#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// Whose they are.
    turn: u64,
    /// The task that serves the connection.
    server: Option<Waker>,
}

impl ClientHandle {
    /// A connection of which nothing has been asked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, of a client at this address.
    #[must_use]
    pub fn at(peer: SocketAddr) -> Self {
        Self(Arc::new(Shared { peer: Some(peer), ..Shared::default() }))
    }

    /// Where the client is, if that was said.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.0.peer
    }

    /// Asks for the connection to be reset instead of closed. There is no way back.
    pub fn abort(&self) {
        self.0.abort.set();
    }

    /// What [`abort`](Self::abort) sets, for `Guard::aborting`.
    #[must_use]
    pub fn abort_handle(&self) -> &AbortHandle {
        &self.0.abort
    }

    /// Some of a request was left unread: close the connection, but go on reading for a while.
    pub fn linger(&self) {
        self.0.linger.store(true, Ordering::Release);
    }

    /// Whether that was asked, and the connection is no tunnel since.
    #[must_use]
    pub fn lingers(&self) -> bool {
        self.0.linger.load(Ordering::Acquire) && !self.0.tunnel.load(Ordering::Acquire)
    }

    /// From here on the connection carries another protocol, behind a 101 or a CONNECT. Bytes that arrive when our side has
    /// ended are part of it, and there are no interim responses.
    pub fn tunnel(&self) {
        self.0.tunnel.store(true, Ordering::Release);
        self.final_head();
    }

    /// An exchange begins that may send interim responses. One that began before it may no longer.
    ///
    /// Only for a client that speaks HTTP/1.1: HTTP/1.0 knows none, and over HTTP/2 and 3 they are frames.
    #[must_use]
    pub fn interims(&self) -> InterimSender {
        let turn = self.0.turn.load(Ordering::SeqCst).wrapping_add(1) | 1;
        self.0.turn.store(turn, Ordering::SeqCst);
        InterimSender { client: self.clone(), turn }
    }

    /// The final head is next. Interim responses that are waiting may still go before it, and no more are taken: they would
    /// be the next request's.
    pub fn final_head(&self) {
        let turn = self.0.turn.load(Ordering::SeqCst);
        // It may have been said before, by the exchange and by the socket.
        if turn % 2 == 1 {
            let _ = self.0.turn.compare_exchange(turn, turn.wrapping_add(1), Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// The exchange that may send interim responses now.
    pub(super) fn open_turn(&self) -> Option<u64> {
        Some(self.0.turn.load(Ordering::SeqCst)).filter(|turn| turn % 2 == 1)
    }

    /// Whether there is anything to [`take`](Self::take).
    pub(super) fn has_interims(&self) -> bool {
        self.0.waiting.load(Ordering::SeqCst)
    }

    /// The interim responses of this exchange. Those of another come too late, and are dropped.
    pub(super) fn take(&self, turn: Option<u64>) -> Vec<u8> {
        let mut outbox = self.lock();
        self.0.waiting.store(false, Ordering::SeqCst);
        let bytes = std::mem::take(&mut outbox.bytes);
        if turn == Some(outbox.turn) { bytes } else { Vec::new() }
    }

    /// Whom to wake when there is one to write.
    pub(super) fn serve_by(&self, server: &Waker) {
        self.lock().server = Some(server.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way of one exchange's interim responses to the client: see [`ClientHandle::interims`].
#[derive(Clone, Debug)]
pub struct InterimSender {
    client: ClientHandle,
    turn: u64,
}

impl InterimSender {
    /// Has an interim response written as soon as may be: its whole head, as bytes of HTTP/1.1.
    ///
    /// False, and nothing is written, where it is none, where the exchange has handed out its final head, or where the client
    /// takes so little that 16 KiB are waiting.
    ///
    /// ```
    /// use badgateway::body::ClientHandle;
    /// let client = ClientHandle::new();
    /// let exchange = client.interims();
    /// assert!(exchange.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n"));
    /// client.final_head();
    /// assert!(!exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    /// ```
    #[must_use]
    pub fn send(&self, head: &[u8]) -> bool {
        if !head.starts_with(b"HTTP/1.1 1") || !head.ends_with(b"\r\n\r\n") {
            return false;
        }
        let server = {
            let mut outbox = self.client.lock();
            if self.client.open_turn() != Some(self.turn) {
                return false;
            }
            if outbox.turn != self.turn {
                outbox.turn = self.turn;
                outbox.bytes.clear();
            }
            if outbox.bytes.len().saturating_add(head.len()) > ROOM {
                return false;
            }
            outbox.bytes.extend_from_slice(head);
            self.client.0.waiting.store(true, Ordering::SeqCst);
            outbox.server.clone()
        };
        if let Some(server) = server {
            server.wake();
        }
        true
    }
}
