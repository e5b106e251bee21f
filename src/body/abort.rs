//! `AbortHandle`: the word from a body to the socket under it.
//!
//! Set once, never unset. A connection that was to be reset serves nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between a guarded body and the caller's own wrapper around the client's socket.
///
/// An HTTP/1.0 client, or any client of a close-delimited response, cannot tell a cut body from a
/// whole one if the connection ends with an orderly FIN; it takes a reset (or, over TLS, a close
/// without `close_notify`: [RFC 9112, section 9.8](https://www.rfc-editor.org/rfc/rfc9112#section-9.8)).
/// Servers such as hyper give a service no way to ask for one. So the body sets this handle right
/// before it returns its error, and whoever owns the socket looks at it when the connection is shut
/// down or dropped, and lingers zero seconds if it is set.
///
/// `adapters::tokio1::ClientStream` is such a socket, ready-made for tokio. Of another runtime's it is this:
///
/// ```
/// # #[cfg(feature = "lab")] mod socket {
/// use badgateway::body::AbortHandle;
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// /// What is served in place of the socket. Reads and writes are passed on, and so is a shutdown unless the handle is set.
/// struct Downstream {
///     stream: TcpStream,
///     abort: AbortHandle,
/// }
///
/// impl Drop for Downstream {
///     fn drop(&mut self) {
///         if self.abort.is_set() {
///             // What the kernel has not sent yet is lost with it.
///             let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
///         }
///     }
/// }
/// # }
/// ```
///
/// `Guard::aborting` takes the other clone. One connection serves one client at a time, so one handle for each
/// connection will do. A [`ClientHandle`](super::ClientHandle) has one in it, and asks for more than that.
///
/// Use one only where the response is close-delimited. A reset throws away what the kernel has not
/// sent yet, and elsewhere a missing last chunk or a short body says it as well.
///
/// ```
/// use badgateway::body::AbortHandle;
/// let for_the_body = AbortHandle::new();
/// let for_the_socket = for_the_body.clone();
/// assert!(!for_the_socket.is_set());
/// for_the_body.set();
/// assert!(for_the_socket.is_set());
/// ```
#[derive(Clone, Debug, Default)]
pub struct AbortHandle(Arc<AtomicBool>);

impl AbortHandle {
    /// A handle that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the connection to be reset.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the connection is to be reset.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
