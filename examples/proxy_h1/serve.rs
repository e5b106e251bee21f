//! Accepts clients: one thread for each, and no more of them than the limit.
//!
//! Who comes when all threads are busy waits in the kernel's queue and not in our memory.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use badgateway::Gateway;

use crate::client::Client;
use crate::connect::Connector;
use crate::eject::Eject;
use crate::flags::{Flags, Timeouts};
use crate::log::Log;
use crate::pool::Pool;
use crate::route::{Routes, Target};

/// Clients at the same time.
const CLIENTS: usize = 1024;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) gateway: Gateway,
    pub(crate) connector: Arc<Connector>,
    pub(crate) pool: Pool,
    pub(crate) eject: Eject<Target>,
    pub(crate) timeouts: Timeouts,
    pub(crate) log: Arc<Log>,
    pub(crate) routes: Routes,
    /// The tour's index page.
    pub(crate) index: OnceLock<String>,
    seats: Mutex<usize>,
    freed: Condvar,
}

impl Proxy {
    pub(crate) fn new(flags: &Flags, gateway: Gateway, connector: Connector, log: Arc<Log>) -> Self {
        Self {
            gateway,
            connector: Arc::new(connector),
            pool: Pool::default(),
            eject: Eject::new(flags.eject.after, flags.eject.span),
            timeouts: flags.timeouts,
            log,
            routes: Routes::new(&flags.routes),
            index: OnceLock::new(),
            seats: Mutex::new(CLIENTS),
            freed: Condvar::new(),
        }
    }

    /// Serves this page at `/` where no route does.
    pub(crate) fn set_index(&self, page: String) {
        // It is set once, before anybody has the address.
        let _ = self.index.set(page);
    }

    /// Accepts clients for ever.
    pub(crate) fn serve(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let seat = Seat::take(self);
            match listener.accept() {
                Ok((stream, _)) => seat.serve(stream),
                // Out of descriptors, most likely. Trying again at once would only burn the processor.
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

/// Leave to serve one client.
struct Seat(Arc<Proxy>);

impl Seat {
    fn take(proxy: &Arc<Proxy>) -> Self {
        let mut free = proxy.seats.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = proxy.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Self(Arc::clone(proxy))
    }

    fn serve(self, stream: TcpStream) {
        // Without a thread the client is let go, as it would be without a descriptor.
        let _ = thread::Builder::new().spawn(move || Client::new(stream).serve(&self.0));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        *self.0.seats.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
