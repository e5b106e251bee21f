//! `TapService`: a pooled client whose requests tell their exchange what their connection saw.

use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::scope::{Scoped, TapScope};
use crate::in_flight::SharedFacts;

/// Around the pooled client itself, further in than every timeout and retry: each request is in a
/// [`TapScope`], which its exchange has as its [`Link`](crate::Link).
///
/// So whoever answers a failure further out knows how far it had got: a timeout while the connector runs is a connect
/// timeout, of a request that was not sent. The exchange is that of the request's [`SharedFacts`]; without them, nothing is
/// told. A [`next_hop`](crate::Exchange::next_hop) that nobody named is the host of the request's target.
///
/// Interim responses go to the client where its [connection](crate::InFlight::client) is known and it speaks HTTP/1.1: see
/// [`Interims`](crate::adapters::hyper1::Interims). Behind the first 100 of a request they go no further, and the timeout
/// around this ends one that never answers.
///
/// The client's connector is a [`TapConnector`](super::TapConnector).
///
/// ```
/// use badgateway::adapters::hyper_util01::{TapConnector, TapService};
/// use badgateway::Upload;
/// use hyper::body::Incoming;
/// use hyper_util::client::legacy::{Client, connect::HttpConnector};
/// use hyper_util::rt::TokioExecutor;
///
/// let connector = TapConnector::new(HttpConnector::new());
/// let client: Client<_, Upload<Incoming>> = Client::builder(TokioExecutor::new()).build(connector);
/// let client = TapService::new(client);
/// # let _ = client;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TapService<S> {
    inner: S,
}

impl<S> TapService<S> {
    /// Around this client.
    #[must_use]
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The client itself.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B> Service<Request<B>> for TapService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Scoped<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Scoped<S::Future> {
        let scope = TapScope::of(&mut request);
        if let Some(facts) = SharedFacts::of(request.extensions()).cloned() {
            facts.toward(request.uri());
            facts.over(scope.clone());
            facts.forward_interims(&mut request);
        }
        scope.run(self.inner.call(request))
    }
}

/// Makes a [`TapService`] of a pooled client.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TapLayer;

impl TapLayer {
    /// The only one there is.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for TapLayer {
    type Service = TapService<S>;

    fn layer(&self, inner: S) -> TapService<S> {
        TapService::new(inner)
    }
}
