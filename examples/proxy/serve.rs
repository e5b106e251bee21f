//! Accepts clients and finds the route for each request.
//!
//! A request that cannot be served still gets a response that says why.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use badgateway::adapters::tokio1::{self, ClientListener, ClientStream};
use badgateway::body::ClientHandle;
use badgateway::fault::FaultKind;
use badgateway::{Exchange, Gateway, ResponseBody};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::connect::Connector;
use crate::eject::Eject;
use crate::exchange::Client;
use crate::flags::{Flags, Timeouts};
use crate::forwarded;
use crate::log::Log;
use crate::pool::Pool;
use crate::route::{Routes, Target};
use crate::stop::{self, DRAIN};

/// How long a client may take for a request head.
const CLIENT_HEAD: Duration = Duration::from_secs(30);
/// How long those are accepted who had connected when it was over.
const QUEUE: Duration = Duration::from_millis(50);

/// The body of every response: a reply of our own, or the next hop's behind its guard.
pub(crate) type ReplyBody = ResponseBody<Incoming, tokio1::TokioTimer>;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) gateway: Gateway,
    pub(crate) connector: Connector,
    pub(crate) pool: Pool,
    pub(crate) eject: Eject<Target>,
    pub(crate) timeouts: Timeouts,
    pub(crate) log: Arc<Log>,
    pub(crate) routes: Routes,
    /// Who is told of the end, and has it wait: each client, and each tunnel.
    pub(crate) stopping: watch::Sender<()>,
    /// The tour's index page.
    pub(crate) index: OnceLock<Bytes>,
}

impl Proxy {
    pub(crate) fn new(
        flags: &Flags,
        gateway: Gateway,
        connector: Connector,
        log: Arc<Log>,
        stopping: watch::Sender<()>,
    ) -> Self {
        Self {
            gateway,
            connector,
            pool: Pool::default(),
            eject: Eject::new(flags.eject.after, flags.eject.span),
            timeouts: flags.timeouts,
            log,
            routes: Routes::new(&flags.routes),
            stopping,
            index: OnceLock::new(),
        }
    }

    /// Serves this page at `/` where no route does.
    pub(crate) fn set_index(&self, page: String) {
        // It is set once, before anybody has the address.
        let _ = self.index.set(page.into());
    }

    /// Accepts clients until it is asked to stop, and sees that all is ended then.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let proxy = Arc::clone(&self);
        let listener = ClientListener::from(listener).on_error(move |error| {
            // Those of idle connections are the cheapest descriptors to come by.
            if proxy.gateway.classify(error, &Exchange::default()).kind() == FaultKind::LocalExhausted {
                proxy.pool.clear();
            }
        });
        let accept = async |is_late| loop {
            let (io, client, _) = listener.accept().await;
            tokio::spawn(Arc::clone(&self).client(io, client, is_late));
        };
        tokio::select! {
            biased;
            () = stop::asked() => {}
            never = accept(false) => never,
        }
        let _ = self.stopping.send(());
        // Who waits in the kernel's queue has been told that it is connected.
        let _ = timeout(QUEUE, accept(true)).await;
        drop(listener);
        let _ = timeout(DRAIN, self.stopping.closed()).await;
    }

    /// Serves a client. One that came late gets an answer, and no more.
    async fn client(self: Arc<Self>, io: ClientStream, client: ClientHandle, is_late: bool) {
        let mut stopping = self.stopping.subscribe();
        let address = client.peer().and_then(|address| forwarded::client(address.ip()));
        let client = Client { handle: client, address };
        let reset = io.until_reset();
        let service = service_fn(|request| {
            let (proxy, client) = (Arc::clone(&self), client.clone());
            self.gateway.handle(request, |exchange, request| proxy.exchange(exchange, request, client))
        });
        // A client that shuts down its sending side still gets its answer. The price: one that left
        // altogether by an orderly close is only noticed when something is written to it.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CLIENT_HEAD)
            .half_close(true)
            .keep_alive(!is_late)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let (mut connection, mut reset) = (pin!(connection), pin!(reset));
        loop {
            tokio::select! {
                biased;
                // It fails where an exchange was aborted or the client broke off; both are in the log.
                _ = &mut connection => return,
                // Dropping the connection drops the exchange, which says so in the log.
                () = &mut reset => return,
                Ok(()) = stopping.changed() => connection.as_mut().graceful_shutdown(),
            }
        }
    }
}
