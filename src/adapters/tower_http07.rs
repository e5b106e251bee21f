//! tower-http 0.7: a classifier for `TraceLayer` and its like, whose failures are [`Fault`]s.
//!
//! Out of the box `TraceLayer` calls every 5xx a failure, whoever made it, and every body that breaks just an error. With
//! [`FaultClassifier`] a failure is what it is to a gateway: no usable response from the next hop, by its name.
//!
//! | what came | class of failure |
//! |---|---|
//! | a response that the gateway made | the [`Fault`] in its extensions |
//! | a head that [must not be forwarded](crate::audit::audit()) | what is wrong with it |
//! | an answer to a gRPC call that [is none](crate::audit::audit_grpc_head), or ends [without a status](crate::audit::audit_grpc_trailers) | that |
//! | an error in the place of a response, or within its body | what [`Gateway::classify`] makes of it |
//! | anything else, the next hop's own 503 and `grpc-status: 14` included | none: it is an answer, and is passed on |
//!
//! # Where it stands
//!
//! - **Around a gateway** (`tower05::GatewayLayer`, or any handler with an [`InFlight`](crate::InFlight)) it tells of each
//!   exchange what the client saw. A body that breaks is logged when the server comes upon it. A client that left is not
//!   logged, because nobody polls what was dropped: the gateway's own [log](Gateway::with_log) has it.
//! - **Within it, around the client**, it tells of each try. There it asks the [`SharedFacts`] in the request's extensions, so
//!   that a timeout has its phase.
//! - **Around a client alone**, it knows no more than the error does.
//!
//! ```
//! # #[cfg(feature = "tower05")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use badgateway::adapters::tower05::GatewayLayer;
//! use badgateway::adapters::tower_http07::FaultClassifier;
//! use badgateway::{Fault, FaultKind, Gateway, Upload};
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use std::io;
//! use std::time::Duration;
//! use tower::{Service, ServiceBuilder};
//! use tower_http::trace::TraceLayer;
//!
//! # type Body = Full<bytes::Bytes>;
//! # let refuses = tower::service_fn(|_: Request<Upload<Body>>| async {
//! #     Err::<Response<Body>, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
//! # });
//! let gateway = Gateway::new("edge-1.example")?;
//! let (failed, failures) = std::sync::mpsc::channel();
//! let trace = TraceLayer::new(FaultClassifier::new(gateway.clone()))
//!     .on_failure(move |fault: Fault, _: Duration, _: &tracing::Span| failed.send(fault).unwrap()); // or leave that to tracing
//! let mut service = ServiceBuilder::new().layer(trace).layer(GatewayLayer::new(gateway)).service(refuses);
//!
//! let Ok(response) = service.call(Request::get("http://10.0.0.7:8080/cart").body(Body::default())?).await;
//! assert_eq!(response.status(), 502);
//! assert_eq!(failures.recv()?.kind(), FaultKind::ConnectionRefused);
//! # Ok(()) }
//! # #[cfg(not(feature = "tower05"))]
//! # fn main() {}
//! ```

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use http::{HeaderMap, Request, Response, Version};
use tower_http::classify::{ClassifiedResponse, ClassifyEos, ClassifyResponse, MakeClassifier};

use crate::audit::{Framing, GrpcHead, audit_grpc_head, audit_grpc_trailers, audit_head};
use crate::exchange::Exchange;
use crate::fault::{Fault, FaultKind, Phase};
use crate::gateway::Gateway;
use crate::in_flight::SharedFacts;
use crate::present::Present;

/// Makes the classifiers: `TraceLayer::new(FaultClassifier::new(gateway))`.
///
/// It classifies errors by the probes of its gateway, and logs nothing there.
///
/// tower-http hands over errors of any type that can be displayed, and Rust can only ask whether it is a given one. Known are
/// [`Fault`], [`io::Error`], boxed errors such as tower's `BoxError`, and the errors of the adapters that are built in.
/// [`knowing`](Self::knowing) adds others; an error that is not known is [`FaultKind::Unclassified`].
#[derive(Clone, Debug)]
pub struct FaultClassifier {
    gateway: Gateway,
    known: Arc<[AsError]>,
}

impl FaultClassifier {
    /// With this gateway's probes.
    #[must_use]
    pub fn new(gateway: Gateway) -> Self {
        Self { gateway, known: Arc::from(BUILT_IN) }
    }

    /// Knows one more type of error, that of the service or of its bodies: `.knowing::<reqwest::Error>()`.
    ///
    /// ```
    /// use badgateway::adapters::tower_http07::FaultClassifier;
    /// use badgateway::{FaultKind, Gateway};
    /// use http::Request;
    /// use tower_http::classify::{ClassifyResponse, MakeClassifier};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("the backend cannot be reached")]
    /// struct Backend(#[source] std::io::Error);
    ///
    /// let request = Request::get("/").body(()).unwrap();
    /// let refused = Backend(std::io::ErrorKind::ConnectionRefused.into());
    /// let classifier = FaultClassifier::new(Gateway::new("edge-1.example").unwrap());
    /// let fault = classifier.make_classifier(&request).classify_error(&refused);
    /// assert_eq!(fault.kind(), FaultKind::Unclassified);
    /// let fault = classifier.knowing::<Backend>().make_classifier(&request).classify_error(&refused);
    /// assert_eq!(fault.kind(), FaultKind::ConnectionRefused);
    /// ```
    #[must_use]
    pub fn knowing<E: Error + 'static>(mut self) -> Self {
        self.known = self.known.iter().copied().chain([AsError(itself::<E>)]).collect();
        self
    }

    /// An error of whatever type, by what is known of its exchange.
    fn judge<E: fmt::Display + 'static>(&self, error: &E, facts: &Facts) -> Fault {
        let Some(error) = self.known.iter().find_map(|known| (known.0)(error)) else {
            return Fault::new(FaultKind::Unclassified);
        };
        match facts {
            Facts::Shared(facts) => facts.classify(error),
            Facts::OfRequest(exchange) => self.gateway.classify(error, exchange),
        }
    }
}

impl MakeClassifier for FaultClassifier {
    type Classifier = FaultOfResponse;
    type FailureClass = Fault;
    type ClassifyEos = FaultOfEnd;

    fn make_classifier<B>(&self, request: &Request<B>) -> FaultOfResponse {
        let facts = match SharedFacts::of(request.extensions()) {
            Some(facts) => Facts::Shared(facts.clone()),
            None => Facts::OfRequest(Box::new(Exchange::of(request))),
        };
        FaultOfResponse { classifier: self.clone(), facts }
    }
}

/// What is known of an exchange.
#[derive(Clone, Debug)]
enum Facts {
    /// By the gateway further out.
    Shared(SharedFacts),
    OfRequest(Box<Exchange>),
}

/// Classifies what came of one request. Made by [`FaultClassifier`].
#[derive(Clone, Debug)]
pub struct FaultOfResponse {
    classifier: FaultClassifier,
    facts: Facts,
}

impl ClassifyResponse for FaultOfResponse {
    type FailureClass = Fault;
    type ClassifyEos = FaultOfEnd;

    fn classify_response<B>(self, response: &Response<B>) -> ClassifiedResponse<Fault, FaultOfEnd> {
        if let Some(fault) = response.extensions().get::<Fault>() {
            return ClassifiedResponse::Ready(Err(*fault));
        }
        let Self { classifier, mut facts } = self;
        let judged = match &facts {
            Facts::Shared(facts) => judge_head(response, &facts.lock()),
            Facts::OfRequest(exchange) => judge_head(response, exchange),
        };
        match judged {
            Err(fault) => ClassifiedResponse::Ready(Err(fault)),
            Ok(Content::None) => ClassifiedResponse::Ready(Ok(())),
            Ok(content) => {
                if let Facts::OfRequest(exchange) = &mut facts {
                    exchange.phase = Some(Phase::Body);
                    exchange.received_status = Some(response.status());
                }
                let told = SharedFacts::of(response.extensions()).cloned();
                ClassifiedResponse::RequiresEos(FaultOfEnd { classifier, facts, told, content })
            }
        }
    }

    fn classify_error<E: fmt::Display + 'static>(self, error: &E) -> Fault {
        self.classifier.judge(error, &self.facts)
    }
}

/// Classifies the end of a response that began well. Made by [`FaultOfResponse`].
#[derive(Clone, Debug)]
pub struct FaultOfEnd {
    classifier: FaultClassifier,
    facts: Facts,
    /// Of the gateway further in, which tells its own faults to gRPC clients in trailers.
    told: Option<SharedFacts>,
    content: Content,
}

impl ClassifyEos for FaultOfEnd {
    type FailureClass = Fault;

    fn classify_eos(self, trailers: Option<&HeaderMap>) -> Result<(), Fault> {
        if let Some(fault) = self.told.and_then(|facts| facts.fault()) {
            return Err(fault);
        }
        match self.content {
            Content::GrpcCall => audit_grpc_trailers(trailers).map(drop),
            // Whether there was content behind the status in the head, nobody here can see.
            Content::Any | Content::None => Ok(()),
        }
    }

    fn classify_error<E: fmt::Display + 'static>(self, error: &E) -> Fault {
        self.classifier.judge(error, &self.facts)
    }
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Nothing that would be part of a response.
    None,
    Any,
    /// Messages, and a status in the trailers.
    GrpcCall,
}

fn judge_head<B>(response: &Response<B>, exchange: &Exchange) -> Result<Content, Fault> {
    let (status, headers) = (response.status(), response.headers());
    let framing = audit_head(status, response.version(), headers, exchange, Present::of(headers))?;
    let mut content = match framing {
        Framing::None | Framing::Tunnel => Content::None,
        Framing::Length(_) | Framing::Chunked | Framing::UntilClose | Framing::Stream => Content::Any,
    };
    // As `InFlight::pass_on` has it: without HTTP/2 there are no trailers that a client would look at.
    if exchange.grpc && exchange.version >= Version::HTTP_2 {
        let told = audit_grpc_head(status, headers)?;
        if told == GrpcHead::Open && content == Content::Any {
            content = Content::GrpcCall;
        }
    }
    Ok(content)
}

/// The error in a value of some type, if it is one of the known.
#[derive(Clone, Copy)]
struct AsError(for<'a> fn(&'a dyn Any) -> Option<&'a (dyn Error + 'static)>);

impl fmt::Debug for AsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsError").finish_non_exhaustive()
    }
}

fn itself<E: Error + 'static>(value: &dyn Any) -> Option<&(dyn Error + 'static)> {
    value.downcast_ref::<E>().map(|error| error as _)
}

/// A box of errors is no error.
const BUILT_IN: &[AsError] = &[
    AsError(itself::<Fault>),
    AsError(|value| value.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|error| &**error as _)),
    AsError(|value| value.downcast_ref::<Box<dyn Error>>().map(|error| &**error)),
    AsError(|value| value.downcast_ref::<Arc<dyn Error + Send + Sync>>().map(|error| &**error as _)),
    AsError(itself::<io::Error>),
    AsError(itself::<Infallible>),
    #[cfg(feature = "hyper1")]
    AsError(itself::<hyper::Error>),
    #[cfg(feature = "hyper_util01")]
    AsError(itself::<hyper_util::client::legacy::Error>),
    #[cfg(feature = "axum08")]
    AsError(itself::<axum::Error>),
    #[cfg(feature = "h2_04")]
    AsError(itself::<h2::Error>),
    #[cfg(feature = "rustls023")]
    AsError(itself::<rustls::Error>),
    #[cfg(feature = "tokio1")]
    AsError(itself::<tokio::time::error::Elapsed>),
    #[cfg(feature = "tower05")]
    AsError(itself::<tower::timeout::error::Elapsed>),
    #[cfg(feature = "tower05")]
    AsError(itself::<tower::load_shed::error::Overloaded>),
    #[cfg(feature = "ureq3")]
    AsError(itself::<ureq::Error>),
];
