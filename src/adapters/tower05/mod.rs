//! tower 0.5: a gateway as a layer, retries that are safe, and what tower's own layers end a call with.
//!
//! # A gateway in ten lines
//!
//! Around any client that is a service; here hyper-util's, whose connections have the [tap](crate::tap) on them.
//!
//! ```
//! # #[cfg(feature = "hyper_util01")]
//! # async fn gateway(request: http::Request<hyper::body::Incoming>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use badgateway::Gateway;
//! use badgateway::adapters::hyper_util01::{TapConnector, TapLayer};
//! use badgateway::adapters::tokio1::TokioTimer;
//! use badgateway::adapters::tower05::{GatewayLayer, RetryIfSafe};
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use tower::{Service, ServiceBuilder};
//!
//! let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}"));
//! let connector = TapConnector::new(HttpConnector::new()); // TLS goes inside of the tap
//! let mut service = ServiceBuilder::new()
//!     .layer(GatewayLayer::new(gateway).timed(TokioTimer, Some(Duration::from_secs(30)), None))
//!     .timeout(Duration::from_secs(60)) // of the whole, up to the head of the response
//!     .retry(RetryIfSafe::new())
//!     .layer(TapLayer::new())
//!     .service(Client::builder(TokioExecutor::new()).build(connector));
//!
//! // The request's target is where it goes: `http://10.0.0.7:8080/cart`.
//! let Ok(response) = service.call(request).await;
//! # let _ = response;
//! # Ok(()) }
//! ```
//!
//! # In which order
//!
//! Outermost first. Each layer answers for, or tells of, what is written below it:
//!
//! | layer | why there |
//! |---|---|
//! | `TraceLayer` of tower-http, with the `FaultClassifier` of feature `tower_http07` | it tells what the client saw, and nothing below can fail unseen |
//! | what sets the request's target, which is routing | [`GatewayLayer`] takes the next hop from it |
//! | [`GatewayLayer`] | it answers every error of the layers below, and never fails |
//! | `load_shed`, `concurrency_limit` | what they refuse is a 503, and was not sent |
//! | `timeout` | over all tries; below `retry` it would be for each of them |
//! | `retry` with [`RetryIfSafe`] | it counts the tries in the facts of the gateway |
//! | `TapLayer` of feature `hyper_util01` | below the retries, because each try may go over another connection |
//! | the client | |
//!
//! ```
//! # #[cfg(all(feature = "hyper_util01", feature = "tower_http07"))]
//! # async fn gateway(request: http::Request<hyper::body::Incoming>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use badgateway::Gateway;
//! use badgateway::adapters::hyper_util01::{TapConnector, TapLayer};
//! use badgateway::adapters::tokio1::TokioTimer;
//! use badgateway::adapters::tower_http07::FaultClassifier;
//! use badgateway::adapters::tower05::{GatewayLayer, RetryIfSafe};
//! use http::{Request, Uri};
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use tower::{Service, ServiceBuilder};
//! use tower_http::trace::TraceLayer;
//!
//! let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}"));
//! let client = Client::builder(TokioExecutor::new())
//!     .retry_canceled_requests(false) // it would try again by itself, unseen by the layers
//!     .build(TapConnector::new(HttpConnector::new()));
//! let mut service = ServiceBuilder::new()
//!     .layer(TraceLayer::new(FaultClassifier::new(gateway.clone())))
//!     .map_request(|mut request: Request<hyper::body::Incoming>| {
//!         *request.uri_mut() = Uri::from_static("http://10.0.0.7:8080/cart"); // by the request's own, in earnest
//!         request
//!     })
//!     .layer(GatewayLayer::new(gateway).timed(TokioTimer, Some(Duration::from_secs(30)), None))
//!     .timeout(Duration::from_secs(60))
//!     .retry(RetryIfSafe::new())
//!     .layer(TapLayer::new())
//!     .service(client);
//! let Ok(response) = service.call(request).await;
//! # let _ = response;
//! # Ok(()) }
//! ```
//!
//! # What the gateway is told
//!
//! What stands further in tells the gateway what it knows: the retries how many there were, the tap how far the last one
//! had got. So a timeout while the client connects is a `connection_timeout`, of a request that was never applied.
//!
//! # What tower's layers say
//!
//! A layer's error says that the gateway's own patience or room ended, never what the next hop did.
//!
//! | tower | becomes |
//! |---|---|
//! | `timeout::error::Elapsed` | a timeout of the exchange's [phase](crate::Exchange::phase); without one, [`FaultKind::ResponseTimeout`]: 504 |
//! | `load_shed::error::Overloaded` | [`FaultKind::ConnectionLimit`]: 503, and the request was not sent |
//! | `buffer::error::ServiceError` | what it wraps, by its `source()`, with this feature or without |
//! | `limit`, `steer`, `retry` | no errors of their own: they wait, or pass on those of the service |
//!
//! `buffer::error::Closed` is not known here, because it would bring in all of tower's `buffer` feature. Who has that knows it with
//!
//! ```
//! use badgateway::classify::{Finding, downcast};
//! use badgateway::fault::FaultKind;
//!
//! // The worker is gone: a panic of the service, or a runtime that is being shut down.
//! let gateway = badgateway::Gateway::new("edge-1.example").unwrap().with_probe(|link| {
//!     downcast::<tower::buffer::error::Closed>(link).map(|_| Finding::of(FaultKind::ProxyInternal))
//! });
//! # let _ = gateway;
//! ```

mod layer;
mod retry;

use std::error::Error;

use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;

use crate::classify::{Cause, Finding, Probe, Sizes, downcast};
use crate::fault::FaultKind;

pub use self::layer::{GatewayLayer, GatewayService, ResponseFuture};
pub use self::retry::RetryIfSafe;

/// Knows [`Elapsed`] and [`Overloaded`]. Every [`Gateway`](crate::Gateway) has it.
///
/// ```
/// use badgateway::{FaultKind, classify};
/// assert_eq!(classify(&tower::timeout::error::Elapsed::new()).kind(), FaultKind::ResponseTimeout);
/// assert_eq!(classify(&tower::load_shed::error::Overloaded::new()).kind(), FaultKind::ConnectionLimit);
/// ```
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<Elapsed>().or(Sizes::of::<Overloaded>());

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if SIZES.may_be(link) { known(link) } else { None }
}

// Most links are not tower's; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if downcast::<Elapsed>(link).is_some() {
        return Some(Finding::of(Cause::TimedOut));
    }
    downcast::<Overloaded>(link).map(|_| Finding::of(FaultKind::ConnectionLimit))
}
