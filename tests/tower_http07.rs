//! The classifier in a `TraceLayer`: around a gateway, within it, and around a client alone.
#![cfg(all(feature = "tower_http07", feature = "tower05", feature = "hyper_util01", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::adapters::hyper_util01::{TapConnector, TapLayer};
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::adapters::tower_http07::FaultClassifier;
use badgateway::adapters::tower05::{GatewayLayer, RetryIfSafe};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::lab::Lab;
use badgateway::{Gateway, SharedFacts, Upload};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Frame};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Service, ServiceBuilder, service_fn};
use tower_http::classify::{ClassifiedResponse, ClassifyEos, ClassifyResponse, MakeClassifier};
use tower_http::trace::{OnFailure, TraceLayer};

/// Long enough for what answers, short enough to wait for what does not.
const PATIENCE: Duration = Duration::from_millis(600);

/// All faults that somebody was told of.
#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// A gateway whose records these are.
    fn gateway(&self) -> Gateway {
        let faults = self.0.clone();
        Gateway::new("gw").unwrap().with_log(move |report| faults.lock().unwrap().extend(report.fault()))
    }

    fn all(&self) -> Vec<Fault> {
        self.0.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<FaultKind> {
        self.all().iter().map(Fault::kind).collect()
    }
}

impl OnFailure<Fault> for Faults {
    fn on_failure(&mut self, fault: Fault, _: Duration, _: &tracing::Span) {
        self.0.lock().unwrap().push(fault);
    }
}

fn classifier() -> FaultClassifier {
    FaultClassifier::new(Gateway::new("gw").unwrap())
}

/// A body of these frames.
#[derive(Clone)]
struct Frames(VecDeque<Part>);

#[derive(Clone)]
enum Part {
    Data(&'static str),
    GrpcStatus(&'static str),
    Reset,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front().map(|part| match part {
            Part::Data(text) => Ok(Frame::data(Bytes::from(text))),
            Part::GrpcStatus(status) => Ok(Frame::trailers(HeaderMap::from_iter([(
                "grpc-status".parse().unwrap(),
                HeaderValue::from_static(status),
            )]))),
            Part::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a client comes to.
#[derive(Clone)]
enum Comes {
    Head(u16, &'static [(&'static str, &'static str)], &'static [Part]),
    Refused,
    TimedOut,
}

async fn come(comes: Comes) -> Result<Response<Frames>, BoxError> {
    match comes {
        Comes::Head(status, fields, parts) => {
            let head = fields.iter().fold(Response::builder().status(status), |head, (name, v)| head.header(*name, *v));
            Ok(head.body(Frames(parts.iter().cloned().collect())).unwrap())
        }
        Comes::Refused => Err(Box::new(io::Error::from(io::ErrorKind::ConnectionRefused))),
        Comes::TimedOut => Err(Box::new(tower::timeout::error::Elapsed::new())),
    }
}

async fn read(body: impl Body<Data = Bytes>) {
    let mut body = Box::pin(body);
    while let Some(Ok(_)) = body.frame().await {}
}

/// Around a gateway each failure is the fault of the record, as it is there; and there is none without a record.
#[tokio::test]
async fn a_failure_is_the_fault_on_record() {
    use Comes::{Head, Refused, TimedOut};
    use FaultKind as K;
    use Part::{Data, GrpcStatus, Reset};
    const GRPC: &[(&str, &str)] = &[("content-type", "application/grpc")];
    // Request; what comes of it; the fault around a gateway, and around the client alone.
    type Case = (&'static str, Comes, Option<FaultKind>, Option<FaultKind>);
    let cases: &[Case] = &[
        ("GET", Head(200, &[], &[Data("hello")]), None, None),
        ("GET", Head(200, &[("content-length", "5")], &[Data("hello")]), None, None),
        ("GET", Head(200, &[], &[]), None, None),
        // An answer, whatever it says.
        ("GET", Head(404, &[], &[]), None, None),
        ("GET", Head(502, &[], &[Data("nginx")]), None, None),
        ("GET", Head(503, &[], &[]), None, None),
        ("GET", Refused, Some(K::ConnectionRefused), Some(K::ConnectionRefused)),
        ("GET", TimedOut, Some(K::ResponseTimeout), Some(K::ResponseTimeout)),
        // A head that must not go on.
        (
            "GET",
            Head(200, &[("content-length", "5"), ("transfer-encoding", "chunked")], &[]),
            Some(K::AmbiguousFraming),
            Some(K::AmbiguousFraming),
        ),
        ("GET", Head(999, &[], &[]), Some(K::BadStatusLine), Some(K::BadStatusLine)),
        ("GET", Head(101, &[("upgrade", "x")], &[]), Some(K::UnexpectedUpgrade), Some(K::UnexpectedUpgrade)),
        // A body that breaks. Who counts it is the gateway.
        ("GET", Head(200, &[], &[Data("hello"), Reset]), Some(K::BodyReset), Some(K::BodyReset)),
        ("GET", Head(503, &[], &[Reset]), Some(K::BodyReset), Some(K::BodyReset)),
        ("GET", Head(200, &[("content-length", "9")], &[Data("hello")]), Some(K::BodyTruncated), None),
        ("GET", Head(200, &[("content-length", "1")], &[Data("hello")]), Some(K::AmbiguousFraming), None),
        // Nothing that follows is of the response.
        ("HEAD", Head(200, &[("content-length", "9")], &[Data("hello")]), None, None),
        ("GET", Head(204, &[], &[Data("hello")]), None, None),
        ("GET", Head(304, &[], &[Reset]), None, None),
        // gRPC: the status of a call is an answer as well, wherever it stands.
        ("grpc", Head(200, GRPC, &[Data("\0\0\0\0\0"), GrpcStatus("0")]), None, None),
        ("grpc", Head(200, GRPC, &[GrpcStatus("14")]), None, None),
        ("grpc", Head(200, &[("content-type", "application/grpc"), ("grpc-status", "5")], &[]), None, None),
        ("grpc", Head(200, GRPC, &[]), Some(K::BadGrpcStatus), Some(K::BadGrpcStatus)),
        ("grpc", Head(200, GRPC, &[Data("\0\0\0\0\0")]), Some(K::BadGrpcStatus), Some(K::BadGrpcStatus)),
        ("grpc", Head(200, GRPC, &[GrpcStatus("99")]), Some(K::BadGrpcStatus), Some(K::BadGrpcStatus)),
        // The client is told of it in trailers, and the body has no error.
        ("grpc", Head(200, GRPC, &[Data("\0\0\0\0\0"), Reset]), Some(K::BodyReset), Some(K::BodyReset)),
        ("grpc", Head(502, &[("content-type", "text/html")], &[]), Some(K::NotGrpc), Some(K::NotGrpc)),
        ("grpc", Refused, Some(K::ConnectionRefused), Some(K::ConnectionRefused)),
    ];
    for (number, (asks, comes, fault, alone)) in cases.iter().enumerate() {
        let request = match *asks {
            "grpc" => {
                Request::post("http://a.test/p.S/M").version(Version::HTTP_2).header("content-type", "application/grpc")
            }
            method => Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri("http://a.test/"),
        };
        let request = request.body(Empty::<Bytes>::new()).unwrap();

        let (records, failures) = (Faults::default(), Faults::default());
        let mut service = ServiceBuilder::new()
            .layer(TraceLayer::new(classifier()).on_failure(failures.clone()))
            .layer(GatewayLayer::new(records.gateway()))
            .service(service_fn(|_: Request<Upload<Empty<Bytes>>>| come(comes.clone())));
        let Ok(response) = service.call(request.clone()).await;
        read(response.into_body()).await;
        assert_eq!(failures.kinds(), Vec::from_iter(*fault), "case {number}, around a gateway");
        assert_eq!(failures.all(), records.all(), "case {number}: the failure and the record");

        let failures = Faults::default();
        let mut service = ServiceBuilder::new()
            .layer(TraceLayer::new(classifier()).on_failure(failures.clone()))
            .service(service_fn(|_: Request<Empty<Bytes>>| come(comes.clone())));
        if let Ok(response) = service.call(request).await {
            read(response.into_body()).await;
        }
        assert_eq!(failures.kinds(), Vec::from_iter(*alone), "case {number}, around the client");
    }
}

/// Within a gateway the classifier knows what the exchange does: a timeout has its phase. And it tells of each try.
#[tokio::test]
async fn within_a_gateway_it_tells_of_each_try() {
    let phases = [
        (Phase::Resolve, FaultKind::DnsTimeout),
        (Phase::Connect, FaultKind::ConnectionTimeout),
        (Phase::Tls, FaultKind::TlsTimeout),
        (Phase::Head, FaultKind::ResponseTimeout),
    ];
    for (phase, kind) in phases {
        let (records, failures) = (Faults::default(), Faults::default());
        let mut service = ServiceBuilder::new()
            .layer(GatewayLayer::new(records.gateway()))
            .retry(RetryIfSafe::boxed())
            .layer(TraceLayer::new(classifier()).on_failure(failures.clone()))
            .service(service_fn(move |request: Request<Upload<Empty<Bytes>>>| {
                SharedFacts::of(request.extensions()).unwrap().phase(phase);
                come(Comes::TimedOut)
            }));
        let request = Request::get("http://a.test/").body(Empty::<Bytes>::new()).unwrap();
        let Ok(response) = service.call(request).await;
        assert_eq!(response.status(), 504, "{phase}");
        assert_eq!((failures.kinds(), records.kinds()), (vec![kind; 2], vec![kind]), "{phase}");
    }
}

/// hyper's client on real sockets, and upstreams that misbehave: tower-http outermost, and innermost.
#[tokio::test]
async fn before_the_lab() {
    use FaultKind as K;
    // Behaviour; faults of the outer layer, and of the inner one, which hears of every try, and of no timer further out.
    type Case = (&'static str, &'static [FaultKind], &'static [FaultKind]);
    let cases: &[Case] = &[
        ("ok_200", &[], &[]),
        ("ok_chunked_trailers", &[], &[]),
        ("upstream_504", &[], &[]),
        ("refused", &[K::ConnectionRefused], &[K::ConnectionRefused, K::ConnectionRefused]),
        ("ssh_banner", &[K::NotHttp], &[K::NotHttp]),
        ("stall_mid_head", &[K::HeadStalled], &[]),
        ("close_mid_chunked", &[K::BodyTruncated], &[K::BodyTruncated]),
        ("stall_mid_body", &[K::BodyStalled], &[]),
    ];
    let names: Vec<_> = cases.iter().map(|case| case.0).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    for (name, outer, inner) in cases {
        let (records, outside, inside) = (Faults::default(), Faults::default(), Faults::default());
        let mut service = ServiceBuilder::new()
            .layer(TraceLayer::new(classifier()).on_failure(outside.clone()))
            .layer(GatewayLayer::new(records.gateway()).timed(TokioTimer, Some(PATIENCE), None))
            .timeout(PATIENCE)
            .retry(RetryIfSafe::new())
            .layer(TraceLayer::new(classifier()).on_failure(inside.clone()))
            .layer(TapLayer::new())
            .service(Client::builder(TokioExecutor::new()).build(TapConnector::new(HttpConnector::new())));
        let url = lab.upstream(name).unwrap().url();
        let Ok(response) = service.call(Request::get(url).body(Empty::<Bytes>::new()).unwrap()).await;
        read(response.into_body()).await;
        assert_eq!((&*outside.kinds(), &*inside.kinds()), (*outer, *inner), "{name}");
        assert_eq!(outside.all(), records.all(), "{name}: the failure and the record");
    }
}

/// Errors come in any type that can be displayed.
#[test]
fn errors_are_known_by_their_types() {
    fn both<E: std::fmt::Display + 'static>(classifier: &FaultClassifier, error: &E) -> FaultKind {
        let request = Request::get("/").body(()).unwrap();
        let of_response = classifier.make_classifier(&request);
        let at_first = of_response.clone().classify_error(error).kind();
        let ClassifiedResponse::RequiresEos(of_end) = of_response.classify_response(&Response::new(())) else {
            panic!("the end is not awaited");
        };
        assert_eq!(of_end.classify_error(error).kind(), at_first);
        at_first
    }

    #[derive(Debug, thiserror::Error)]
    #[error("wrapped")]
    struct Wrapped(#[source] io::Error);

    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let (built_in, more) = (classifier(), classifier().knowing::<Wrapped>());
    for classifier in [&built_in, &more] {
        assert_eq!(both(classifier, &refused()), FaultKind::ConnectionRefused);
        assert_eq!(both::<BoxError>(classifier, &refused().into()), FaultKind::ConnectionRefused);
        assert_eq!(both::<BoxError>(classifier, &Wrapped(refused()).into()), FaultKind::ConnectionRefused);
        assert_eq!(both::<Box<dyn Error>>(classifier, &refused().into()), FaultKind::ConnectionRefused);
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(refused());
        assert_eq!(both(classifier, &shared), FaultKind::ConnectionRefused);
        assert_eq!(both(classifier, &Fault::new(FaultKind::CircuitOpen)), FaultKind::CircuitOpen);
        assert_eq!(both(classifier, &tower::load_shed::error::Overloaded::new()), FaultKind::ConnectionLimit);
        assert_eq!(both(classifier, &h2::Error::from(h2::Reason::INTERNAL_ERROR)), FaultKind::StreamReset);
        assert_eq!(both(classifier, &"no error at all"), FaultKind::Unclassified);
    }
    assert_eq!(both(&built_in, &Wrapped(refused())), FaultKind::Unclassified);
    assert_eq!(both(&more, &Wrapped(refused())), FaultKind::ConnectionRefused);
}
