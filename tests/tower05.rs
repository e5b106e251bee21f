//! The errors of tower's real layers.
#![cfg(feature = "tower05")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::{Future, pending, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::classify::{Finding, downcast};
use badgateway::decide::Profile;
use badgateway::fault::{Applied, Confidence, Fault, FaultKind as K, Phase};
use badgateway::{Exchange, Gateway};
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;
use tower::timeout::Timeout;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Calling = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// What the service does with every call.
#[derive(Clone, Copy)]
enum Next {
    Never,
    Refuses,
    Panics,
}

impl Service<()> for Next {
    type Response = ();
    type Error = BoxError;
    type Future = Calling;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Never | Self::Refuses => Poll::Ready(Ok(())),
            Self::Panics => panic!("on purpose"),
        }
    }

    fn call(&mut self, (): ()) -> Calling {
        match self {
            Self::Never => Box::pin(pending()),
            Self::Refuses | Self::Panics => Box::pin(ready(Err(std::io::Error::from_raw_os_error(111).into()))),
        }
    }
}

async fn call<S: Service<()>>(service: &mut S) -> Result<S::Response, S::Error> {
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(()).await
}

fn gateway() -> Gateway {
    Gateway::new("gw").unwrap()
}

fn judged(error: &BoxError, phase: Option<Phase>) -> (Fault, u16) {
    let mut exchange = Exchange::default();
    exchange.phase = phase;
    let fault = gateway().classify(&**error, &exchange);
    (fault, Profile::Rfc9209.status(&fault, &exchange).as_u16())
}

#[tokio::test]
async fn a_timeout_is_one_of_the_phase() {
    let error = call(&mut Timeout::new(Next::Never, Duration::from_millis(1))).await.unwrap_err();
    for (phase, kind) in [
        (None, K::ResponseTimeout),
        (Some(Phase::Connect), K::ConnectionTimeout),
        (Some(Phase::Head), K::ResponseTimeout),
        (Some(Phase::Body), K::BodyStalled),
    ] {
        let (fault, status) = judged(&error, phase);
        assert_eq!((fault.kind(), status), (kind, 504), "{phase:?}");
        assert_eq!(fault.confidence(), Confidence::Typed);
    }
}

#[tokio::test]
async fn load_that_was_shed_was_never_sent() {
    let limited = ConcurrencyLimit::new(Next::Never, 1);
    let (mut first, mut second) = (LoadShed::new(limited.clone()), LoadShed::new(limited));
    poll_fn(|cx| first.poll_ready(cx)).await.unwrap();
    let _first = first.call(());
    let error = call(&mut second).await.unwrap_err();
    for phase in [None, Some(Phase::Head)] {
        let (fault, status) = judged(&error, phase);
        assert_eq!((fault.kind(), status, fault.applied()), (K::ConnectionLimit, 503, Applied::No));
        assert_eq!(fault.confidence(), Confidence::Typed);
    }
}

/// A buffer's error wraps the service's, and a buffer in a limit in a timeout changes nothing.
#[tokio::test]
async fn what_a_buffer_wraps_is_found() {
    let mut service = Timeout::new(Buffer::new(ConcurrencyLimit::new(Next::Refuses, 1), 1), Duration::from_secs(5));
    let error = call(&mut service).await.unwrap_err();
    assert_eq!((judged(&error, None).0.kind(), judged(&error, None).1), (K::ConnectionRefused, 502));
    let mut service = Buffer::new(Timeout::new(Next::Never, Duration::from_millis(1)), 1);
    let error = call(&mut service).await.unwrap_err();
    assert_eq!(judged(&error, None).0.kind(), K::ResponseTimeout);
}

/// The probe that the documentation shows for the error that has none here.
#[tokio::test]
async fn a_buffer_whose_worker_is_gone() {
    let gateway = gateway()
        .with_probe(|link| downcast::<tower::buffer::error::Closed>(link).map(|_| Finding::of(K::ProxyInternal)));
    let mut service = Buffer::new(Next::Panics, 1);
    let error = call(&mut service).await.unwrap_err();
    assert_eq!(judged(&error, None).0.kind(), K::Unclassified);
    let fault = gateway.classify(&*error, &Exchange::default());
    assert_eq!(fault.kind(), K::ProxyInternal);
}
