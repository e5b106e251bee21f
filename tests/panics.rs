//! Code of the caller's that panics: the exchange ends as failed, with one record, and nothing else is the worse for it.
#![cfg(feature = "http_body1")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use badgateway::body::End;
use badgateway::decide::Profile;
use badgateway::reply::Disclosure;
use badgateway::tap::Observation;
use badgateway::{Exchange, Fault, FaultKind, Gateway, InFlight, LastWord, Link, ResponseBody, Upload};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};

/// Whose code panics, each at every call.
const WHO: [&str; 6] = ["probe", "profile", "log", "link", "error", "all"];

type Records = Arc<Mutex<Vec<String>>>;

fn gateway(who: &'static str) -> (Gateway, Records) {
    let panics = move |own: &str| {
        if [own, "all"].contains(&who) {
            panic!("a defect of the {own}")
        }
    };
    let records = Records::default();
    let log = Arc::clone(&records);
    let profile = Profile::custom(move |fault, exchange| {
        panics("profile");
        Profile::Rfc9209.status(fault, exchange)
    });
    let gateway = Gateway::new("gw").unwrap().with_profile(profile).with_disclosure(Disclosure::Trusted);
    let gateway = gateway.with_probe(move |_| {
        panics("probe");
        None
    });
    let gateway = gateway.with_log(move |report| {
        log.lock().unwrap().push(report.to_string());
        panics("log");
    });
    (gateway, records)
}

struct Hop(&'static str);

impl Hop {
    fn panics(&self) {
        assert!(!["link", "all"].contains(&self.0), "a defect of the link");
    }
}

impl Link for Hop {
    fn observation(&self) -> Option<Observation> {
        self.panics();
        None
    }

    fn fill(&self, _: &mut Exchange) {
        self.panics();
    }

    fn is_flawless(&self) -> bool {
        self.panics();
        true
    }

    fn ended(self: Box<Self>, _: End, _: &Exchange) {
        self.panics();
    }
}

/// An error behind which a connection was refused.
#[derive(Debug)]
struct Refused(&'static str, io::Error);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(!["error", "all"].contains(&self.0), "a defect of the error");
        f.write_str("refused")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        assert!(!["error", "all"].contains(&self.0), "a defect of the error");
        Some(&self.1)
    }
}

fn refused(who: &'static str) -> Refused {
    Refused(who, io::ErrorKind::ConnectionRefused.into())
}

/// What is answered. Of an error that says nothing nobody knows what it was.
fn expected(who: &str) -> (StatusCode, &'static str) {
    match who {
        "error" | "all" => (StatusCode::INTERNAL_SERVER_ERROR, "proxy_internal"),
        _ => (StatusCode::BAD_GATEWAY, "connection_refused"),
    }
}

fn assert_one(records: &Records, fault: &str, what: &str) {
    let records = records.lock().unwrap();
    let [record] = records.as_slice() else { panic!("{what}: {records:?}") };
    assert!(record.starts_with(&format!("{{\"fault\":\"{fault}\"")), "{what}: {record}");
}

#[test]
fn in_an_answer() {
    for who in WHO {
        let (gateway, records) = gateway(who);
        let exchange = InFlight::new(gateway.clone(), Exchange::default());
        exchange.over(Hop(who));
        let answer = exchange.answer_bytes(&refused(who));
        let (status, fault) = expected(who);
        assert_eq!(answer.status(), status, "{who}");
        assert_one(&records, fault, who);
        // By itself too, and for a gateway that writes its answers.
        assert_eq!(gateway.answer(&refused(who), &Exchange::default()).status(), status, "{who}");
        let exchange = InFlight::new(gateway, Exchange::default());
        let LastWord::Answer(answer) = exchange.fail(FaultKind::ResponseTimeout) else { panic!("{who}") };
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT, "{who}");
        assert_eq!(records.lock().unwrap().len(), 2, "{who}");
    }
}

#[tokio::test]
async fn in_a_handler() {
    for who in WHO {
        let (gateway, records) = gateway(who);
        let request = Request::get("/").header("host", "a.test").body(Empty::<Bytes>::new()).unwrap();
        let handler = async |exchange: InFlight, _: Request<Upload<Empty<Bytes>>>| {
            exchange.over(Hop(who));
            Err::<Response<ResponseBody<Empty<Bytes>>>, _>(refused(who))
        };
        let answer = gateway.handle(request, handler).await.unwrap();
        let (status, fault) = expected(who);
        assert_eq!(answer.status(), status, "{who}");
        assert_one(&records, fault, who);
    }
}

/// A body that breaks, and counts how often it was asked.
struct Broken(&'static str, Arc<Mutex<u32>>);

impl Body for Broken {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refused>>> {
        *self.1.lock().unwrap() += 1;
        Poll::Ready(Some(Err(refused(self.0))))
    }
}

#[tokio::test]
async fn in_a_body() {
    for who in WHO {
        let (gateway, records) = gateway(who);
        let polls = Arc::new(Mutex::new(0));
        let exchange = InFlight::new(gateway, Exchange::default());
        exchange.over(Hop(who));
        let mut body = exchange.pass_on(Response::new(Broken(who, Arc::clone(&polls)))).into_body();
        let fault: Fault = body.frame().await.unwrap().unwrap_err();
        assert!(body.frame().await.is_none(), "{who}");
        assert_eq!(*polls.lock().unwrap(), 1, "{who}");
        assert_one(&records, fault.kind().as_str(), who);
    }
}

/// A second panic while one unwinds would end the process.
#[test]
fn in_an_exchange_that_a_panic_drops() {
    for who in WHO {
        let (gateway, records) = gateway(who);
        let exchange = InFlight::new(gateway, Exchange::default());
        exchange.over(Hop(who));
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _exchange = exchange;
            panic!("a defect of the handler");
        }));
        assert!(dropped.is_err());
        assert_one(&records, "proxy_internal", who);
    }
}

/// What went well stays so.
#[tokio::test]
async fn in_an_exchange_that_goes_well() {
    for who in WHO {
        let (gateway, records) = gateway(who);
        let exchange = InFlight::new(gateway, Exchange::default());
        exchange.over(Hop(who));
        let response = exchange.pass_on(Response::new(Empty::<Bytes>::new()));
        assert_eq!((response.status(), response.headers()), (StatusCode::OK, &HeaderMap::new()), "{who}");
        assert!(response.into_body().collect().await.is_ok(), "{who}");
        assert!(records.lock().unwrap().is_empty(), "{who}");
    }
}
