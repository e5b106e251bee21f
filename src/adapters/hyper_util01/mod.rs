//! hyper-util 0.1: the [tap](crate::tap) under its pooled `client::legacy::Client`.
//!
//! What is said of a request was seen in its own exchange. The pool tells nobody which connection
//! serves whom, and when; where that is not known, nothing is said.
//!
//! [`TapConnector`] goes around the connector, the one for TLS included, so that the tap sees plain bytes.
//! [`TapScope`] goes around each request, and has its observation:
//!
//! ```no_run
//! use badgateway::adapters::hyper_util01::{TapConnector, TapScope};
//! use badgateway::{Exchange, Gateway};
//! use bytes::Bytes;
//! use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//!
//! type Pool = Client<TapConnector<HttpConnector>, Empty<Bytes>>;
//!
//! fn client() -> Pool {
//!     Client::builder(TokioExecutor::new()).build(TapConnector::new(HttpConnector::new()))
//! }
//!
//! async fn pass(
//!     gateway: &Gateway,
//!     client: &Pool,
//!     mut request: http::Request<Empty<Bytes>>,
//! ) -> http::Response<BoxBody<Bytes, hyper::Error>> {
//!     let mut exchange = Exchange::of(&request);
//!     let scope = TapScope::of(&mut request);
//!     let error = match scope.run(client.request(request)).await {
//!         // Here belongs `Gateway::forward`, and a `body::Guard` around the body: its `on_end` takes a clone of the scope.
//!         Ok(response) => return response.map(BodyExt::boxed),
//!         Err(error) => error,
//!     };
//!     exchange.reused = scope.reused();
//!     let mut fault = gateway.classify(&error, &exchange);
//!     if let Some(seen) = scope.observation() {
//!         seen.fill(&mut exchange);
//!         fault = seen.refine(gateway.classify(&error, &exchange));
//!     }
//!     gateway.answer_fault(&fault, &exchange).map(|body| Full::new(body).map_err(|never| match never {}).boxed())
//! }
//! ```
//!
//! Under tower's layers, [`TapService`] does that by itself, and
//! `tower05::GatewayLayer` has the record of it.
//!
//! # What it knows, and how
//!
//! - **Where an exchange begins, and its method**: nobody calls [`Observer::begin`](crate::tap::Observer::begin). The
//!   tap reads the requests as hyper writes them, from the first byte to the end of the body by `Content-Length` or
//!   chunks. "Write after read" would be no boundary: an early 413 is read while the upload goes on.
//! - **Which connection**: hyper-util hands a copy of the connection's extras to the request that it gives it to
//!   (`capture_connection`), before it sends it. A connection that dies before that, of a server that greets first or
//!   resets at once, is the one that this request's own call of the connector made; the scope catches it.
//! - **Which exchange on it**: the one after those that had begun when the connection was given. A request whose bytes
//!   were never written sees nothing sent, and nothing of the exchange before.
//!
//! # Limits
//!
//! - HTTP/1 only. A connection that negotiated HTTP/2, or speaks it by prior knowledge, has no observation.
//! - After a response without a body the connection may serve the next request before anybody asks about this one:
//!   [`observation`](TapScope::observation) is `None` then, and nothing was wrong. It is never `None` for that
//!   reason where the exchange failed, because hyper closes the connection.
//! - What comes unasked behind a chunked body is kept for the next exchange only where
//!   [`whole`](TapScope::whole) was called between the two; behind others, always.
//! - Bytes in a tunnel, behind a 101 or a 2xx to CONNECT, are counted in the exchange that made it.
//! - hyper-util sends a request anew, unseen, where a used connection turned out closed before a byte of it was
//!   written. The observation is of the last attempt.
//!
//! Put a [`deadline`](mod@crate::deadline) around the call: hyper can lose a request that it hands to a connection that ends at that
//! instant (1 of 44,000 to a server that resets at once), and the call then never returns. The observation shows the end.

mod connector;
mod scope;
mod service;

pub use self::connector::{TapConnecting, TapConnector, TapStream};
pub use self::scope::{Scoped, TapScope};
pub use self::service::{TapLayer, TapService};
