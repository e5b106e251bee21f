//! Accepts clients: one thread for each, and no more of them than there are seats.
//!
//! Who comes when all threads are busy waits in the kernel's queue and not in our memory.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use badgateway::Gateway;
use tokio::runtime::Builder;

use crate::client::Client;
use crate::connect::Connector;
use crate::eject::Eject;
use crate::flags::{Flags, Timeouts};
use crate::log::Log;
use crate::pool::Pool;
use crate::route::{Routes, Target};
use crate::seats::{Seat, Seats};
use crate::stop::{self, DRAIN};

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

    /// Accepts clients until it is asked to stop, and sees that all is ended then.
    pub(crate) fn serve(self: &Arc<Self>, listener: TcpListener) {
        self.listen_for_the_end(&listener);
        while let Some(seat) = self.seats.take() {
            match listener.accept() {
                // One that has come before the end is still served, and told that it is the end.
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
        self.drain(listener);
    }

    /// The standard library hears no signals. On a thread that does nothing else, tokio does.
    fn listen_for_the_end(self: &Arc<Self>, listener: &TcpListener) {
        let (Ok(mut address), Ok(runtime)) = (listener.local_addr(), Builder::new_current_thread().enable_io().build())
        else {
            return;
        };
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        let proxy = Arc::clone(self);
        thread::spawn(move || {
            runtime.block_on(stop::asked());
            proxy.seats.close();
            // Who accepts is waiting for somebody.
            let _ = TcpStream::connect_timeout(&address, DRAIN);
        });
    }

    /// Accepts nobody new, and waits for who had come.
    fn drain(self: &Arc<Self>, listener: TcpListener) {
        // Who waits in the kernel's queue has been told that it is connected.
        if listener.set_nonblocking(true).is_ok() {
            while let Some(seat) = self.seats.take_late() {
                let Ok((stream, _)) = listener.accept() else { break };
                if stream.set_nonblocking(false).is_ok() {
                    self.client(stream, seat);
                }
            }
        }
        drop(listener);
        self.seats.wait_for_all(DRAIN);
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
