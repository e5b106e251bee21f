//! Accepts clients and finds the route for each request.
//!
//! Its one rule: a request that cannot be served still gets a response that says why.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use badgateway::adapters::tokio1::{ClientListener, ClientStream};
use badgateway::body::ClientHandle;
use badgateway::fault::{Fault, FaultKind};
use badgateway::{Exchange, Gateway};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::connect::Connector;
use crate::eject::Eject;
use crate::flags::{Flags, Timeouts};
use crate::forwarded::{self, Via};
use crate::log::Log;
use crate::pool::Pool;
use crate::route::{Routes, Target};
use crate::trace::Trace;

/// How long a client may take for a request head.
const CLIENT_HEAD: Duration = Duration::from_secs(30);

/// The body of every response: a reply of our own, or the next hop's behind its guard.
pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, Fault>;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) via: Via,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) connector: Connector,
    pub(crate) pool: Pool,
    pub(crate) eject: Eject<Target>,
    pub(crate) timeouts: Timeouts,
    pub(crate) log: Log,
    routes: Routes,
    /// The tour's index page.
    index: OnceLock<Bytes>,
}

impl Proxy {
    pub(crate) fn new(flags: &Flags, gateway: Arc<Gateway>, connector: Connector, via: Via, log: Log) -> Self {
        Self {
            via,
            gateway,
            connector,
            pool: Pool::default(),
            eject: Eject::new(flags.eject.after, flags.eject.span),
            timeouts: flags.timeouts,
            log,
            routes: Routes::new(&flags.routes),
            index: OnceLock::new(),
        }
    }

    /// Serves this page at `/` where no route does.
    pub(crate) fn set_index(&self, page: String) {
        // It is set once, before anybody has the address.
        let _ = self.index.set(page.into());
    }

    /// Accepts clients for ever.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let proxy = Arc::clone(&self);
        let listener = ClientListener::from(listener).on_error(move |error| {
            // Those of idle connections are the cheapest descriptors to come by.
            if proxy.gateway.classify(error, &Exchange::default()).kind() == FaultKind::LocalExhausted {
                proxy.pool.clear();
            }
        });
        loop {
            let (io, client, _) = listener.accept().await;
            tokio::spawn(Arc::clone(&self).client(io, client));
        }
    }

    async fn client(self: Arc<Self>, io: ClientStream, client: ClientHandle) {
        let peer = client.peer().and_then(|address| forwarded::client(address.ip()));
        let reset = io.until_reset();
        let service = service_fn(|request| Arc::clone(&self).handle(request, peer.clone(), client.clone()));
        // A client that shuts down its sending side still gets its answer. The price: one that left
        // altogether by an orderly close is only noticed when something is written to it.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CLIENT_HEAD)
            .half_close(true)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        tokio::select! {
            biased;
            // It fails where an exchange was aborted or the client broke off; both are in the log.
            _ = connection => {}
            // Dropping the connection drops the exchange, which says so in the log.
            () = reset => {}
        }
    }

    async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Option<HeaderValue>,
        client: ClientHandle,
    ) -> Result<Response<ReplyBody>, Infallible> {
        if request.method() == Method::CONNECT {
            return Ok(plain(StatusCode::NOT_IMPLEMENTED, "CONNECT is not supported here\n"));
        }
        let mut exchange = Exchange::of(&request);
        let Some((mounted, path)) = self.routes.find(request.uri()) else {
            if !request.body().is_end_stream() {
                client.linger();
            }
            if let (Some(page), "/") = (self.index.get(), request.uri().path()) {
                return Ok(html(page.clone()));
            }
            let trace = Trace::new(Arc::clone(&self), exchange);
            return Ok(trace.answer(Fault::new(FaultKind::NoRoute)));
        };
        exchange.next_hop = Some(mounted.next_hop.as_str().into());
        let trace = Trace::new(Arc::clone(&self), exchange);
        Ok(trace.forward(request, mounted, path, peer.as_ref(), &client).await)
    }
}

/// A reply of our own as a response body.
pub(crate) fn full(bytes: Bytes) -> ReplyBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn plain(status: StatusCode, text: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(full(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn html(page: Bytes) -> Response<ReplyBody> {
    let mut response = Response::new(full(page));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
