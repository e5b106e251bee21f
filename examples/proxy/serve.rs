//! Accepts clients and finds the route for each request.
//!
//! A request that cannot be served still gets a response that says why.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use badgateway::adapters::tokio1::{self, ClientListener, ClientStream, ClientTls};
use badgateway::body::ClientHandle;
use badgateway::{Exchange, Gateway, ResponseBody};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, timeout};
use tokio_rustls::TlsAcceptor;

use crate::connect::Connector;
use crate::eject::Eject;
use crate::exchange::Client;
use crate::flags::{Flags, Timeouts};
use crate::forwarded;
use crate::log::Log;
use crate::patience::{Patience, Turns};
use crate::pool::Pool;
use crate::preface;
use crate::route::{Routes, Target};
use crate::stop::{self, DRAIN};
use crate::streams::Streams;

/// How long a client may take for a request head.
const CLIENT_HEAD: Duration = Duration::from_secs(30);
/// The most streams of a client of HTTP/2 at a time (RFC 9113 section 6.5.2 recommends no fewer), and the largest head: more
/// than hyper takes in HTTP/1 would be no use to next hops.
const STREAMS: u32 = 100;
const HEAD_LIMIT: u32 = 128 * 1024;
/// What a client may send of a body that its next hop does not take. The connection has as much for all of its streams, or
/// one next hop that stands still would stop the requests to all others.
const STREAM_WINDOW: u32 = 64 * 1024;
/// A stream's bytes that may wait for the client.
const SEND_BUFFER: usize = 64 * 1024;
/// How long a client may take nothing of a stream, as `ClientStream` has it for the whole connection.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// Streams that a client has reset before we had begun with them, and streams that we had to reset for a client's errors: more
/// of them end the connection (CVE-2023-44487, CVE-2025-8671).
const PENDING_RESETS: usize = 20;
const ERROR_RESETS: usize = 100;
/// A client that has said nothing for that long is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(10);
/// How long those are accepted who had connected when it was over.
const QUEUE: Duration = Duration::from_millis(50);

/// The body of every response: a reply of our own, or the next hop's behind its guard.
pub(crate) type ReplyBody = ResponseBody<Incoming, tokio1::TokioTimer>;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) gateway: Gateway,
    pub(crate) connector: Connector,
    /// Idle connections of HTTP/1.
    pub(crate) pool: Pool,
    /// Those of HTTP/2.
    pub(crate) streams: Streams,
    /// Next hops speak HTTP/2, or may choose to.
    pub(crate) http2: bool,
    /// Clients speak TLS.
    identity: Option<TlsAcceptor>,
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
        identity: Option<TlsAcceptor>,
        log: Arc<Log>,
        stopping: watch::Sender<()>,
    ) -> Self {
        Self {
            gateway,
            connector,
            pool: Pool::default(),
            streams: Streams::default(),
            http2: flags.http2,
            identity,
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
            proxy.make_room(&proxy.gateway.classify(error, &Exchange::default()));
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
    async fn client(self: Arc<Self>, io: ClientStream, handle: ClientHandle, is_late: bool) {
        let address = handle.peer().and_then(|address| forwarded::client(address.ip()));
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        let ends = Ends { is_late, stopping: self.stopping.subscribe() };
        let client = Client { handle, address, scheme };
        // Dropping the connection drops its exchanges, which say so in the log.
        let reset = pin!(io.until_reset());
        let served = pin!(async {
            match &self.identity {
                None => self.in_the_clear(io, client, ends).await,
                Some(identity) => self.in_tls(identity, io, client, ends).await,
            }
        });
        tokio::select! {
            biased;
            () = served => {}
            () = reset => {}
        }
    }

    async fn in_the_clear(self: &Arc<Self>, io: ClientStream, client: Client, mut ends: Ends) {
        let spoken = timeout(CLIENT_HEAD, preface::is_http2(io.get_ref()));
        let is_http2 = tokio::select! {
            biased;
            spoken = spoken => spoken,
            // It has asked for nothing.
            () = ends.come() => return,
        };
        match is_http2 {
            Ok(Ok(true)) => self.serve2(io, client, ends).await,
            Ok(Ok(false)) => self.serve1(io, client, ends).await,
            // It has left, or says nothing.
            Ok(Err(_)) | Err(_) => {}
        }
    }

    async fn in_tls(self: &Arc<Self>, identity: &TlsAcceptor, io: ClientStream, client: Client, ends: Ends) {
        // Who fails is told so by an alert. There is no exchange that a record could be of.
        let Ok(Ok(stream)) = timeout(self.timeouts.tls, identity.accept(io)).await else { return };
        let chose_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if chose_http2 {
            self.serve2(stream, client, ends).await;
        } else {
            self.serve1(ClientTls::new(stream, client.handle.clone()), client, ends).await;
        }
    }

    async fn serve1<T>(self: &Arc<Self>, io: T, client: Client, mut ends: Ends)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(|request| {
            let (proxy, client) = (Arc::clone(self), client.clone());
            self.gateway.handle(request, |exchange, request| proxy.exchange(exchange, request, client))
        });
        // A client that shuts down its sending side still gets its answer. The price: one that left
        // altogether by an orderly close is only noticed when something is written to it.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CLIENT_HEAD)
            .half_close(true)
            .keep_alive(!ends.is_late)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        loop {
            tokio::select! {
                biased;
                // It fails where an exchange was aborted or the client broke off; both are in the log.
                _ = &mut connection => return,
                () = ends.come() => connection.as_mut().graceful_shutdown(),
            }
        }
    }

    async fn serve2<T>(self: &Arc<Self>, io: T, client: Client, mut ends: Ends)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // As long as an exchange is under way, it has its part in this.
        let busy = Arc::new(());
        let (proxy, used) = (Arc::clone(self), Arc::clone(&busy));
        let service = service_fn(move |request| {
            let (exchanging, client, used) = (Arc::clone(&proxy), client.clone(), Arc::clone(&used));
            let handled =
                proxy.gateway.handle(request, |exchange, request| exchanging.exchange(exchange, request, client));
            async move { Ok::<_, Infallible>(handled.await?.map(|body| Turns::new(body, used))) }
        });
        let connection = http2::Builder::new(Patience(WRITE_TIMEOUT))
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAMS * STREAM_WINDOW)
            .max_header_list_size(HEAD_LIMIT)
            .max_send_buf_size(SEND_BUFFER)
            .max_pending_accept_reset_streams(PENDING_RESETS)
            .max_local_error_reset_streams(ERROR_RESETS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .serve_connection(TokioIo::new(io), service);
        let mut connection = pin!(connection);
        if ends.is_late {
            connection.as_mut().graceful_shutdown();
        }
        let mut silent = 0;
        let mut look = interval_at(Instant::now() + CLIENT_HEAD, CLIENT_HEAD);
        loop {
            tokio::select! {
                biased;
                // It fails where the client broke the rules or broke off. Its exchanges are in the log.
                _ = &mut connection => return,
                () = ends.come() => connection.as_mut().graceful_shutdown(),
                _ = look.tick() => {
                    // The service has one part, and this function.
                    silent = if Arc::strong_count(&busy) > 2 { 0 } else { silent + 1 };
                    match silent {
                        0 => {}
                        1 => connection.as_mut().graceful_shutdown(),
                        // It has not even said a whole preface, or does not go.
                        _ => return,
                    }
                }
            }
        }
    }
}

/// How a client's connection ends, if the client does not end it.
struct Ends {
    /// It came when all was over.
    is_late: bool,
    stopping: watch::Receiver<()>,
}

impl Ends {
    /// Waits until it is time to end, once.
    async fn come(&mut self) {
        if self.stopping.changed().await.is_err() {
            pending().await
        }
    }
}
