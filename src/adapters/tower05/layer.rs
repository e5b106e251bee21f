//! `GatewayLayer`: a gateway around any client that is a tower service.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{BoxError, Layer, Service};

use crate::deadline::{Never, Timer};
use crate::gateway::Gateway;
use crate::in_flight::{Handled, InFlight, PassOnHeld, ResponseBody, SharedFacts, Target, Upload};

/// How long a head waits for the first of its body, unless told otherwise: see [`GatewayLayer::holding`].
const HOLD: Duration = Duration::from_millis(10);

/// Makes a gateway of a client: requests go in as they came from the outside, and every one is answered.
///
/// The client is any [`Service`] of `Request<Upload<B>>` whose responses have a body of [`Bytes`]. The service around it
///
/// - [begins](Gateway::begin) an exchange with each request, which makes the request fit to be forwarded, or refuses it;
/// - [shares](InFlight::share) its facts in the request's extensions, for what stands further in:
///   [`RetryIfSafe`](super::RetryIfSafe) counts the tries, `hyper_util01::TapService` knows the connection, and a
///   connector of yours says by [`SharedFacts`] what it does;
/// - [passes on](InFlight::pass_on_held) the response under guard, or answers the error, whatever layer it is of: a timeout of
///   tower's is one of the phase that the facts tell, load that was shed is a 503;
/// - makes a record of whatever went wrong, for [`Gateway::with_log`]. Its future dropped is a client that left.
///
/// It goes outside of all other layers that may fail: what fails around it is not answered by it.
///
/// # Routes
///
/// Where the request goes is the host of its target (the URI) when it gets here. So what sets the target, which is routing,
/// stands outside: a `map_request`, or a handler that calls this service. One that finds no route answers by itself.
///
/// An absolute target is taken for the router's, and its `Host` may be gone; a router that sets one asks
/// [`audit_request`](crate::audit::audit_request()) about the client's own before.
///
/// A router or a load balancer within is free to choose later, and says so by [`SharedFacts::next_hop`]. That counts for
/// more than the target, and the last word counts: it is the next hop in the record, and in `Proxy-Status` where that may be
/// [disclosed](crate::reply::Disclosure). One that finds none fails with a fault, [`NoRoute`](crate::FaultKind::NoRoute) or
/// [`NoHealthyUpstream`](crate::FaultKind::NoHealthyUpstream), which is answered.
///
/// ```
/// use badgateway::adapters::tower05::GatewayLayer;
/// use badgateway::{Fault, FaultKind, Gateway, SharedFacts, Upload};
/// use http::{Request, Response, Uri};
/// use http_body_util::Full;
/// use tower::{BoxError, Service, ServiceBuilder};
///
/// type Body = Full<bytes::Bytes>;
///
/// /// Outside: `/cart/7` goes to `http://cart.internal/7`.
/// fn route(mut request: Request<Body>) -> Request<Body> {
///     let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
///     // With the slash, or what follows could become part of the host.
///     let target = path.strip_prefix("/cart/").map(|rest| format!("http://cart.internal/{rest}"));
///     if let Some(Ok(target)) = target.map(Uri::try_from) {
///         *request.uri_mut() = target;
///     }
///     request
/// }
///
/// /// Within: which of its servers.
/// async fn balanced(request: Request<Upload<Body>>) -> Result<Response<Body>, BoxError> {
///     if request.uri().host() != Some("cart.internal") {
///         return Err(Fault::new(FaultKind::NoRoute).into());
///     }
///     if let Some(facts) = SharedFacts::of(request.extensions()) {
///         facts.next_hop("10.0.0.7:8080");
///     }
///     // The request is sent, and refused:
///     Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| {
///     println!("{:?} of {:?}", report.fault().unwrap().kind(), report.exchange().next_hop);
/// #   match report.fault().unwrap().kind() {
/// #       FaultKind::NoRoute => assert_eq!(report.exchange().next_hop, None),
/// #       _ => assert_eq!(report.exchange().next_hop.as_deref(), Some("10.0.0.7:8080")),
/// #   }
/// });
/// let layers = ServiceBuilder::new().map_request(route).layer(GatewayLayer::new(gateway));
/// let mut service = layers.service(tower::service_fn(balanced));
/// for (path, status) in [("/cart/7", 502), ("/nowhere", 500)] {
///     let request = Request::get(path).header("host", "shop.example");
///     let Ok(response) = service.call(request.body(Body::default()).unwrap()).await;
///     assert_eq!(response.status(), status);
/// }
/// # }
/// ```
///
/// # One exchange
///
/// ```
/// use badgateway::adapters::tower05::{GatewayLayer, GatewayService};
/// use badgateway::{Gateway, Upload};
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use std::io;
/// use tower::{Service, ServiceBuilder};
///
/// type Body = Full<bytes::Bytes>;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let refuses = tower::service_fn(|_: Request<Upload<Body>>| async {
///     Err::<Response<Body>, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
/// });
/// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| println!("{report}"));
/// let mut service = ServiceBuilder::new().layer(GatewayLayer::new(gateway)).service(refuses);
///
/// let request = Request::get("http://10.0.0.7:8080/cart").body(Body::default()).unwrap();
/// let Ok(response) = service.call(request).await; // it cannot fail
/// assert_eq!(response.status(), 502);
/// assert_eq!(response.headers()["proxy-status"], "edge-1.example; error=connection_refused");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GatewayLayer<T = Never> {
    gateway: Gateway,
    timer: T,
    idle: Option<Duration>,
    total: Option<Duration>,
    hold: Duration,
}

impl GatewayLayer {
    /// Answers for this gateway. Without a timer: no body is limited in time, and no head waits.
    #[must_use]
    pub const fn new(gateway: Gateway) -> Self {
        Self { gateway, timer: Never, idle: None, total: None, hold: HOLD }
    }
}

impl<T> GatewayLayer<T> {
    /// With limits of time for the body of the response, between two frames and over all: see [`InFlight::timed`]. tower's
    /// own timeouts end with the head.
    #[must_use]
    pub fn timed<U: Timer>(self, timer: U, idle: Option<Duration>, total: Option<Duration>) -> GatewayLayer<U> {
        let Self { gateway, hold, .. } = self;
        GatewayLayer { gateway, timer, idle, total, hold }
    }

    /// How long a head waits for the first of its body, so that a body that breaks at once is still a 502: 10 ms by default, and
    /// zero is not at all. It needs the timer of [`timed`](Self::timed). See [`InFlight::pass_on_held`].
    #[must_use]
    pub const fn holding(mut self, at_most: Duration) -> Self {
        self.hold = at_most;
        self
    }
}

impl<S, T: Clone> Layer<S> for GatewayLayer<T> {
    type Service = GatewayService<S, T>;

    fn layer(&self, inner: S) -> GatewayService<S, T> {
        GatewayService { inner, settings: self.clone(), unready: None }
    }
}

/// A gateway around a client. Made by [`GatewayLayer`].
///
/// It is ready when the client is. A client that fails to get ready is answered for as well: the next call has the error.
#[derive(Debug)]
pub struct GatewayService<S, T = Never> {
    inner: S,
    settings: GatewayLayer<T>,
    /// What the client failed with when it was to get ready.
    unready: Option<BoxError>,
}

impl<S, T> GatewayService<S, T> {
    /// The client.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

/// A clone has yet to get ready, as tower has it.
impl<S: Clone, T: Clone> Clone for GatewayService<S, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), settings: self.settings.clone(), unready: None }
    }
}

impl<S, B, R, T> Service<Request<B>> for GatewayService<S, T>
where
    S: Service<Request<Upload<B>>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    R: Body<Data = Bytes> + Unpin,
    R::Error: Into<BoxError>,
    T: Timer + Clone,
{
    type Response = Response<ResponseBody<R, T>>;
    type Error = Infallible;
    type Future = ResponseFuture<S::Future, R, T>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.unready.is_none() {
            self.unready = ready!(self.inner.poll_ready(cx)).err().map(Into::into);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { inner, settings, unready } = self;
        let GatewayLayer { gateway, timer, idle, total, hold } = settings;
        let handled = gateway.handle_from(request, Target::Router, |exchange, mut request| {
            if let Some(error) = unready.take() {
                exchange.facts().sent = Some(0);
                return Calling::Unready { exchange, error: Some(error) };
            }
            exchange.share(request.extensions_mut());
            if let Some(facts) = SharedFacts::of(request.extensions()) {
                facts.toward(request.uri());
            }
            let exchange = exchange.timed(timer.clone(), *idle, *total);
            Calling::Called { future: inner.call(request), exchange: Some(exchange), hold: *hold }
        });
        ResponseFuture { handled }
    }
}

pin_project! {
    /// An exchange on its way. What a [`GatewayService`] returns: never an error. Dropped, the client has left.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, R, T = Never>
    where
        R: Body,
        T: Timer,
    {
        #[pin]
        handled: Handled<Calling<F, R, T>>,
    }
}

pin_project! {
    #[project = CallingProj]
    enum Calling<F, R, T>
    where
        R: Body,
        T: Timer,
    {
        // The client was never called.
        Unready { exchange: InFlight, error: Option<BoxError> },
        Called { #[pin] future: F, exchange: Option<InFlight<T>>, hold: Duration },
        // A response came, and its head waits.
        Held { #[pin] held: PassOnHeld<R, T> },
    }
}

impl<F, R, T, E> Future for Calling<F, R, T>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body<Data = Bytes> + Unpin,
    R::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
{
    type Output = Result<Response<ResponseBody<R, T>>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let held = match self.as_mut().project() {
                CallingProj::Unready { error, .. } => match error.take() {
                    Some(error) => return Poll::Ready(Err(error)),
                    None => return Poll::Pending, // polled after it was ready, which no executor does
                },
                CallingProj::Called { future, exchange, hold } => {
                    let response = match ready!(future.poll(cx)) {
                        Ok(response) => response,
                        Err(error) => return Poll::Ready(Err(error.into())),
                    };
                    let Some(exchange) = exchange.take() else { return Poll::Pending };
                    exchange.pass_on_held(response, *hold)
                }
                CallingProj::Held { held } => return held.poll(cx).map(Ok),
            };
            self.set(Self::Held { held });
        }
    }
}

impl<F, R, T, E> Future for ResponseFuture<F, R, T>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body<Data = Bytes> + Unpin,
    R::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
{
    type Output = Result<Response<ResponseBody<R, T>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().handled.poll(cx)
    }
}

impl<F, R: Body, T: Timer> fmt::Debug for ResponseFuture<F, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
