//! `RetryIfSafe`: tower's retries, as far as they are safe.

use std::error::Error;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body::Body;
use tower::BoxError;
use tower::retry::Policy;
use tower::retry::budget::Budget;

use crate::in_flight::{SharedFacts, Upload};

/// How much of a request's body is kept for another try, unless told otherwise. nginx's buffer for it is as large.
const KEPT: usize = 16 * 1024;

/// A [`Policy`] for tower's `retry` that sends a request once more if, and only if, that is
/// [safe](crate::decide::retry::advise): the next hop cannot have applied it, or its method is idempotent; and its body is at
/// hand. A `POST` whose connection was refused is sent again, one that was reset is not.
///
/// It needs a [`GatewayLayer`](super::GatewayLayer) further out, whose facts it asks and in which it counts the tries:
/// the record says how many there were, and what ended the first. Without those facts nothing is sent again. Responses are never
/// retried, whatever their status.
///
/// A body that nobody has read yet goes out with the next try as it is; any other must have been
/// [kept](Self::keeping).
///
/// ```
/// use badgateway::adapters::tower05::{GatewayLayer, RetryIfSafe};
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
/// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| {
///     let record = report.to_string();
///     assert!(record.contains(r#""attempts":2,"first_try":"connection_refused""#), "{record}");
/// });
/// let layers = ServiceBuilder::new().layer(GatewayLayer::new(gateway)).retry(RetryIfSafe::new());
/// let mut service = layers.service(refuses);
/// let request = Request::post("http://10.0.0.7:8080/pay").body(Body::from("4711")).unwrap();
/// let Ok(response) = service.call(request).await;
/// assert_eq!(response.status(), 502);
/// # }
/// ```
pub struct RetryIfSafe<E = BoxError> {
    tries: u32,
    room: usize,
    budget: Option<Arc<dyn Budget + Send + Sync>>,
    /// The error in what the service fails with, which may be a box, and a box is no error.
    error: fn(&E) -> &(dyn Error + 'static),
}

impl<E: Error + 'static> RetryIfSafe<E> {
    /// For a client whose error has a type of its own.
    #[must_use]
    pub fn new() -> Self {
        Self { tries: 2, room: KEPT, budget: None, error: |error| error }
    }
}

impl RetryIfSafe<BoxError> {
    /// For a service that fails with a [`BoxError`], such as one in a `timeout` or a `buffer`.
    #[must_use]
    pub fn boxed() -> Self {
        Self { tries: 2, room: KEPT, budget: None, error: |error| &**error }
    }
}

impl<E> RetryIfSafe<E> {
    /// So many tries at most, the first included. Two by default: "A client SHOULD NOT automatically retry a failed automatic
    /// retry" (RFC 9110 section 9.2.2).
    #[must_use]
    pub const fn at_most(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Keeps so many bytes of each request's body as it goes out: 16 KiB by default. A longer one is not sent again once some
    /// of it was read.
    #[must_use]
    pub const fn keeping(mut self, bytes: usize) -> Self {
        self.room = bytes;
        self
    }

    /// With a budget, so that retries do not make an outage worse: each response pays in, each further try takes out.
    #[must_use]
    pub fn within(mut self, budget: Arc<dyn Budget + Send + Sync>) -> Self {
        self.budget = Some(budget);
        self
    }
}

impl<B, R, E> Policy<Request<Upload<B>>, R, E> for RetryIfSafe<E>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    type Future = Ready<()>;

    fn retry(&mut self, request: &mut Request<Upload<B>>, result: &mut Result<R, E>) -> Option<Ready<()>> {
        let error = match result {
            Ok(_) => {
                if let Some(budget) = &self.budget {
                    budget.deposit();
                }
                return None;
            }
            Err(error) => (self.error)(error),
        };
        let facts = SharedFacts::of(request.extensions())?;
        let fault = facts.classify(error);
        let is_safe = facts.may_try_again(&fault, self.tries);
        if !is_safe || self.budget.as_ref().is_some_and(|budget| !budget.withdraw()) {
            return None;
        }
        facts.try_again(&fault);
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request<Upload<B>>) -> Option<Request<Upload<B>>> {
        SharedFacts::of(request.extensions())?;
        let body = request.body().again_later(self.room)?;
        let mut again = Request::new(body);
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        *again.version_mut() = request.version();
        *again.headers_mut() = request.headers().clone();
        *again.extensions_mut() = request.extensions().clone();
        Some(again)
    }
}

impl<E: Error + 'static> Default for RetryIfSafe<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for RetryIfSafe<E> {
    fn clone(&self) -> Self {
        Self { tries: self.tries, room: self.room, budget: self.budget.clone(), error: self.error }
    }
}

impl<E> fmt::Debug for RetryIfSafe<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryIfSafe")
            .field("tries", &self.tries)
            .field("room", &self.room)
            .field("has_budget", &self.budget.is_some())
            .finish_non_exhaustive()
    }
}
