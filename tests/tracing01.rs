//! The log as events, as a subscriber sees them.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use badgateway::adapters::tracing01::{level, log};
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Blame, Code, Evidence, Fault, FaultKind};
use badgateway::reply::Report;
use badgateway::{Exchange, Gateway};
use http::{Method, Request, StatusCode};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of every event, each as its type gives it: texts in quotes, numbers without.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(Level, String, Fields)>>>);

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        assert!(self.0.insert(field.name().to_owned(), format!("{value:?}")).is_none());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        assert!(self.0.insert(field.name().to_owned(), format!("{value:?}")).is_none());
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        let meta = event.metadata();
        self.0.lock().unwrap().push((*meta.level(), meta.target().to_owned(), fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn event(fault: &Fault, exchange: &Exchange, evidence: Option<&Evidence>) -> (Level, Fields) {
    let gateway = Gateway::new("gw").unwrap();
    let mut record = gateway.record(fault, exchange);
    if let Some(evidence) = evidence {
        record = record.with_evidence(evidence);
    }
    let collector = Collector::default();
    tracing::subscriber::with_default(collector.clone(), || log(&Report::Fault(record)));
    let events = collector.0.lock().unwrap();
    assert_eq!(events.len(), 1);
    let (level, target, fields) = events[0].clone();
    assert_eq!(target, "badgateway");
    (level, fields)
}

#[test]
fn every_field_of_a_fault() {
    let mut exchange = Exchange::of(&Request::get("/cart?id=7").body(()).unwrap());
    exchange.next_hop = Some("10.0.0.7:8080".into());
    exchange.elapsed = Some(Duration::from_millis(12));
    exchange.attempts = 2;
    exchange.first_try = Some(FaultKind::ConnectReset);
    exchange.reference = Some("r-1".into());
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    let evidence = Evidence::new().with_text("error", "Connection refused").with_text("more", "b");
    let (level, fields) = event(&fault, &exchange, Some(&evidence));
    assert_eq!(level, Level::WARN);
    let want = [
        ("badgateway.applied", "\"perhaps\""),
        ("badgateway.blame", "\"next_hop\""),
        ("badgateway.category", "\"refused\""),
        ("badgateway.code", "111"),
        ("badgateway.confidence", "\"typed\""),
        ("badgateway.decision", "\"respond\""),
        ("badgateway.elapsed_ms", "12"),
        ("badgateway.evidence", "\"error: Connection refused; more: b\""),
        ("badgateway.first_try", "\"connect_reset\""),
        ("badgateway.phase", "\"connect\""),
        ("badgateway.proxy_status", "gw; error=connection_refused"),
        ("badgateway.reference", "\"r-1\""),
        ("badgateway.retry", "\"never\""),
        ("badgateway.retry_reason", "\"already_retried\""),
        ("error.type", "\"connection_refused\""),
        ("http.request.method", "\"GET\""),
        ("http.request.resend_count", "1"),
        ("http.response.status_code", "502"),
        ("message", "fault"),
        ("network.peer.address", "\"10.0.0.7\""),
        ("network.peer.port", "8080"),
        ("server.address", "\"10.0.0.7\""),
        ("server.port", "8080"),
        ("url.path", "\"/cart\""),
        ("url.query", "\"id=7\""),
    ];
    let want: Fields = want.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(fields, want);
}

#[test]
fn next_hops() {
    for (next_hop, address, port, is_address) in [
        ("api.internal:443", "api.internal", Some("443"), false),
        ("api.internal", "api.internal", None, false),
        ("[2001:db8::1]:8443", "2001:db8::1", Some("8443"), true),
        ("[2001:db8::1]", "2001:db8::1", None, true),
        ("2001:db8::1", "2001:db8::1", None, true),
        ("127.0.0.1", "127.0.0.1", None, true),
        ("unix:/run/app.sock", "unix:/run/app.sock", None, false),
        ("pool:99999", "pool:99999", None, false),
        ("", "", None, false),
        (":", ":", None, false),
        ("[]", "", None, false),
    ] {
        let mut exchange = Exchange::default();
        exchange.next_hop = Some(next_hop.into());
        let (_, fields) = event(&Fault::new(FaultKind::ConnectionRefused), &exchange, None);
        let get = |key: &str| fields.get(key).map(|value| value.trim_matches('"').to_owned());
        assert_eq!(get("server.address").as_deref(), Some(address), "{next_hop}");
        assert_eq!(get("server.port").as_deref(), port, "{next_hop}");
        assert_eq!(get("network.peer.address").as_deref(), is_address.then_some(address), "{next_hop}");
        assert_eq!(get("network.peer.port").as_deref(), port.filter(|_| is_address), "{next_hop}");
    }
}

#[test]
fn methods_of_nobody() {
    let mut exchange = Exchange::default();
    exchange.method = Method::from_bytes(b"BREW").unwrap();
    let (_, fields) = event(&Fault::new(FaultKind::ConnectionRefused), &exchange, None);
    assert_eq!(fields["http.request.method"], "\"_OTHER\"");
    assert_eq!(fields["http.request.method_original"], "\"BREW\"");
    assert!(!fields.contains_key("server.address") && !fields.contains_key("url.path"));
}

/// Every kind has its event, at the level of whose fault it is, also behind a head that has gone out.
#[test]
fn every_kind() {
    let mut late = Exchange::default();
    late.forwarded = Forwarded::Head { status: StatusCode::PARTIAL_CONTENT, framing: BodyFraming::Length };
    for kind in FaultKind::ALL {
        let (level_of, fields) = event(&Fault::new(*kind), &Exchange::default(), None);
        assert_eq!(fields["error.type"], format!("{:?}", kind.as_str()));
        assert_eq!(level_of, level(kind.blame()));
        let (_, fields) = event(&Fault::new(*kind), &late, None);
        assert_eq!(fields["http.response.status_code"], "206", "{kind}");
    }
    for (blame, want) in [
        (Blame::Proxy, Level::ERROR),
        (Blame::Configuration, Level::ERROR),
        (Blame::NextHop, Level::WARN),
        (Blame::Network, Level::WARN),
        (Blame::Unknown, Level::WARN),
        (Blame::Client, Level::INFO),
    ] {
        assert_eq!(level(blame), want);
    }
}

#[test]
fn what_was_put_up_with() {
    let gateway = Gateway::new("gw").unwrap().with_log(log);
    let collector = Collector::default();
    tracing::subscriber::with_default(collector.clone(), || {
        let exchange = gateway.begin_head(&mut Request::get("/a").header("host", "a").body(()).unwrap());
        exchange.try_again(&Fault::new(FaultKind::ConnectionRefused));
        exchange.finish();
    });
    let events = collector.0.lock().unwrap();
    let [(level, _, fields)] = events.as_slice() else { unreachable!("{}", events.len()) };
    assert_eq!(*level, Level::INFO);
    assert_eq!((fields["message"].as_str(), fields["url.path"].as_str()), ("tolerated", "\"/a\""));
    assert_eq!(
        (fields["badgateway.first_try"].as_str(), fields["http.request.resend_count"].as_str()),
        ("\"connection_refused\"", "1")
    );
    assert!(!fields.contains_key("error.type"));
}
