//! The gateway as a whole: settings reach the rooms they are for.
#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::fmt;
use std::io;

use badgateway::classify::{Finding, Probe, downcast};
use badgateway::decide::Profile;
use badgateway::{Exchange, FaultKind, Gateway, classify};
use http::StatusCode;

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

const OPEN: &[Probe] = &[open];
const LIMITED: &[Probe] = &[limited];

fn breaker() -> Breaker {
    Breaker(io::ErrorKind::ConnectionRefused.into())
}

#[test]
fn a_probe_of_the_callers_own_is_asked_first() {
    let exchange = Exchange::default();
    let plain = Gateway::new("gw").unwrap();
    assert_eq!(plain.classify(&breaker(), &exchange).kind(), FaultKind::ConnectionRefused, "unknown: what lies below");
    let with = plain.clone().with_probes(OPEN);
    assert_eq!(with.classify(&breaker(), &exchange).kind(), FaultKind::CircuitOpen);
    assert_eq!(with.answer(&breaker(), &exchange).status(), StatusCode::SERVICE_UNAVAILABLE);
    let both = with.with_probes(LIMITED);
    assert_eq!(
        both.classify(&breaker(), &exchange).kind(),
        FaultKind::ConnectionLimit,
        "the last given is asked first"
    );
    // And the built-in ones are still there.
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(both.classify(&refused, &exchange), classify(&refused));
}

#[test]
fn the_profile_decides_the_status_everywhere() {
    let exchange = Exchange::default();
    let fault = badgateway::Fault::new(FaultKind::ConnectionTimeout);
    let own = Gateway::new("gw").unwrap().with_profile(Profile::Custom(|_, _| StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(own.answer_fault(&fault, &exchange).status(), 503);
    let mut wire = Vec::new();
    own.answer_wire(&fault, &exchange, &mut wire);
    assert!(wire.starts_with(b"HTTP/1.1 503 Service Unavailable\r\n"));
    assert!(own.record(&fault, &exchange).to_string().contains("\"status\":503"));
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
