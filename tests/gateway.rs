//! The gateway as a whole: settings reach the rooms they are for.
#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use badgateway::classify::{Finding, downcast};
use badgateway::decide::Profile;
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::Phase;
use badgateway::{Exchange, FaultKind, Gateway, classify};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

#[derive(Debug)]
struct Breaker(io::Error);

impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("breaker")
    }
}

impl Error for Breaker {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn open<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<Breaker>(link).map(|_| Finding::of(badgateway::Fault::new(FaultKind::CircuitOpen)).then(&Done))
}

/// Ends the chain, so that the cause below the breaker is not the deepest.
#[derive(Debug)]
struct Done;

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("done")
    }
}

impl Error for Done {}

fn limited<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<Breaker>(link).map(|_| Finding::of(badgateway::Fault::new(FaultKind::ConnectionLimit)).then(&Done))
}

fn breaker() -> Breaker {
    Breaker(io::ErrorKind::ConnectionRefused.into())
}

/// RFC 9112 section 6.3, as far as it is for the sender; HTTP/1.0 has no chunks.
#[test]
fn a_client_is_told_the_end_of_a_body_in_the_way_that_it_has() {
    use BodyFraming::{Chunked, Length, None, UntilClose};
    let cases: [(Method, Version, u16, &str, BodyFraming); 12] = [
        (Method::GET, Version::HTTP_11, 200, "content-length", Length),
        (Method::GET, Version::HTTP_11, 200, "x", Chunked),
        (Method::GET, Version::HTTP_2, 200, "x", Chunked),
        (Method::GET, Version::HTTP_10, 200, "x", UntilClose),
        (Method::GET, Version::HTTP_09, 200, "x", UntilClose),
        (Method::GET, Version::HTTP_10, 200, "content-length", Length),
        (Method::GET, Version::HTTP_11, 204, "x", None),
        (Method::GET, Version::HTTP_11, 304, "content-length", None),
        (Method::HEAD, Version::HTTP_10, 200, "content-length", None),
        (Method::POST, Version::HTTP_11, 500, "x", Chunked),
        (Method::CONNECT, Version::HTTP_11, 200, "x", None),
        (Method::CONNECT, Version::HTTP_11, 403, "content-length", Length),
    ];
    for (method, version, status, field, framing) in cases {
        let mut exchange = Exchange::default();
        (exchange.method, exchange.version) = (method.clone(), version);
        let headers = HeaderMap::from_iter([(HeaderName::from_static(field), HeaderValue::from_static("5"))]);
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(exchange.body_framing(status, &headers), framing, "{method} {version:?} {status} {field}");
        assert_eq!(exchange.forwarded, Forwarded::Nothing);
        assert_eq!(exchange.forwarding(status, &headers), framing);
        assert_eq!(exchange.forwarded, Forwarded::Head { status, framing });
        assert_eq!(exchange.phase, Some(Phase::Body));
    }
}

#[test]
fn a_probe_of_the_callers_own_is_asked_first() {
    let exchange = Exchange::default();
    let plain = Gateway::new("gw").unwrap();
    assert_eq!(plain.classify(&breaker(), &exchange).kind(), FaultKind::ConnectionRefused, "unknown: what lies below");
    let with = plain.clone().with_probe(open);
    assert_eq!(with.classify(&breaker(), &exchange).kind(), FaultKind::CircuitOpen);
    assert_eq!(with.answer(&breaker(), &exchange).status(), StatusCode::SERVICE_UNAVAILABLE);
    let both = with.clone().with_probe(limited);
    assert_eq!(
        both.classify(&breaker(), &exchange).kind(),
        FaultKind::ConnectionLimit,
        "the last given is asked first"
    );
    assert_eq!(
        with.classify(&breaker(), &exchange).kind(),
        FaultKind::CircuitOpen,
        "and only by the gateway it was given"
    );
    // What they do not know goes on to the walk, and to the built-in ones.
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(both.classify(&refused, &exchange), classify(&refused));
    #[cfg(feature = "tower05")]
    {
        let overloaded = tower::load_shed::error::Overloaded::new();
        assert_eq!(both.classify(&overloaded, &exchange).kind(), FaultKind::ConnectionLimit);
    }
}

#[test]
fn a_probe_may_hold_state() {
    let asked = Arc::new(AtomicU16::new(0));
    let counter = Arc::clone(&asked);
    let gateway = Gateway::new("gw").unwrap().with_probe(move |link| {
        downcast::<Breaker>(link)?;
        counter.fetch_add(1, Ordering::Relaxed);
        Some(Finding::of(FaultKind::CircuitOpen).then(&Done))
    });
    assert_eq!(gateway.classify(&breaker(), &Exchange::default()).kind(), FaultKind::CircuitOpen);
    assert!(asked.load(Ordering::Relaxed) > 0);
}

#[test]
fn the_profile_decides_the_status_everywhere() {
    let exchange = Exchange::default();
    let fault = badgateway::Fault::new(FaultKind::ConnectionTimeout);
    let own = Gateway::new("gw").unwrap().with_profile(Profile::custom(|_, _| StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(own.answer_fault(&fault, &exchange).status(), 503);
    let mut wire = Vec::new();
    own.answer_wire(&fault, &exchange, &mut wire);
    assert!(wire.starts_with(b"HTTP/1.1 503 Service Unavailable\r\n"));
    assert!(own.record(&fault, &exchange).to_string().contains("\"status\":503"));
}

#[test]
fn a_profile_of_the_callers_own_may_hold_state_that_clones_share() {
    let asked = Arc::new(AtomicU16::new(0));
    let counter = Arc::clone(&asked);
    let profile = Profile::custom(move |_, _| {
        StatusCode::from_u16(counter.fetch_add(1, Ordering::Relaxed).wrapping_add(590)).unwrap()
    });
    assert_eq!((profile.as_str(), format!("{profile:?}")), ("custom", "Custom".to_owned()));
    let gateway = Gateway::new("gw").unwrap().with_profile(profile.clone());
    let fault = badgateway::Fault::new(FaultKind::ConnectionTimeout);
    assert_eq!(gateway.answer_fault(&fault, &Exchange::default()).status(), 590);
    assert_eq!(gateway.clone().answer_fault(&fault, &Exchange::default()).status(), 591);
    assert_eq!(profile.status(&fault, &Exchange::default()), 592);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_response_that_is_forwarded_keeps_its_body() {
    let gateway = Gateway::new("gw").unwrap();
    let response =
        http::Response::builder().header("keep-alive", "timeout=5").header("x-kept", "1").body("body").unwrap();
    let forwarded = gateway.forward(response, &Exchange::default()).unwrap();
    assert_eq!(*forwarded.body(), "body");
    assert_eq!(forwarded.headers().len(), 1);
    let odd = http::Response::builder().status(999).body("body").unwrap();
    assert_eq!(gateway.forward(odd, &Exchange::default()).unwrap_err().kind(), FaultKind::BadStatusLine);
}
