//! Accepts clients: one thread for each, and no more of them than there are seats.
//!
//! Who comes when all threads are busy waits in the kernel's queue and not in our memory.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
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
use crate::seats::{Seat, Seats};

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
    pub(crate) seats: Arc<Seats>,
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
            seats: Arc::default(),
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
            let seat = self.seats.take();
            match listener.accept() {
                Ok((stream, _)) => self.client(stream, seat),
                // Out of descriptors, most likely. Who is idle has one to spare; trying again at once would only burn the
                // processor.
                Err(_) => {
                    drop(seat);
                    self.seats.spare();
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }

    fn client(self: &Arc<Self>, stream: TcpStream, seat: Seat) {
        let proxy = Arc::clone(self);
        // Without a thread the client is let go, as it would be without a descriptor.
        let _ = thread::Builder::new().spawn(move || {
            let _seat = seat;
            Client::new(stream).serve(&proxy);
        });
    }
}
