//! What a record tells key by key is what stands in its line, and labels are of bounded number.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Code, Confidence, Evidence, Fault, FaultKind, Phase};
use badgateway::reply::Value;
use badgateway::{Exchange, Gateway};
use http::{Request, StatusCode};
use serde_json::json;

fn as_json(value: Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Word(text) => text.into(),
        Value::Text(text) => text.into(),
        Value::Number(n) => n.into(),
        Value::Signed(n) => n.into(),
        Value::ProxyStatus(value) => value.to_string().into(),
        Value::Evidence(texts) => texts.iter().map(|(label, text)| json!({"label": label, "text": text})).collect(),
        Value::Fields(fields) => fields.iter().collect(),
        Value::Names(names) => names.iter().collect(),
        other => unreachable!("{other:?}"),
    }
}

fn exchanges() -> Vec<Exchange> {
    let plain = Exchange::default();
    let request = Request::post("/a?b=&c='d'").header("content-type", "application/grpc").body(()).unwrap();
    let mut call = Exchange::of(&request);
    call.next_hop = Some("10.0.0.7:8080\r\n\u{202e}".into());
    call.elapsed = Some(Duration::from_millis(12));
    call.attempts = 3;
    call.first_try = Some(FaultKind::ResetBeforeResponse);
    call.reference = Some("r-1".into());
    let mut late = Exchange::of(&Request::get("/".to_owned() + &"x".repeat(4096)).body(()).unwrap());
    late.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Length };
    let mut second = Exchange::default();
    second.attempts = 2;
    let mut stream = Exchange::default();
    stream.version = http::Version::HTTP_2;
    stream.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::Chunked };
    let mut gone = Exchange::default();
    gone.client_gone = true;
    vec![plain, call, late, second, stream, gone]
}

fn faults() -> impl Iterator<Item = Fault> {
    let codes = [
        Code::Errno(-2),
        Code::TlsAlert(40),
        Code::TlsAlert(255),
        Code::H2(7),
        Code::H3(0x100),
        Code::Quic(2),
        Code::DnsRcode(2),
        Code::DnsRcode(999),
        Code::Status(413),
    ];
    let of_codes = move |kind: FaultKind| codes.map(|code| Fault::new(kind).with_code(code));
    let counted = Fault::new(FaultKind::BodyTruncated).with_offset(1).with_expected(u64::MAX - 1).with_received(0);
    FaultKind::ALL
        .iter()
        .flat_map(move |kind| of_codes(*kind))
        .chain([counted, counted.with_confidence(Confidence::Text)])
}

#[test]
fn the_line_is_what_is_told() {
    let gateway = Gateway::new("gw").unwrap();
    let evidence = Evidence::new().with_text("a", "\"b\"<c>").with_text("d", &"e".repeat(2000));
    let many = (0..40).fold(Evidence::new(), |evidence, n| evidence.with_text("n", &n.to_string()));
    let fields = [("own", "\"value\""), ("o<w>n2", "\u{1}")];
    for fault in faults() {
        for exchange in exchanges() {
            for (evidence, fields) in
                [(None, &[][..]), (Some(&evidence), &fields[..]), (Some(&many), &[]), (Some(&Evidence::new()), &[])]
            {
                let mut record = gateway.record(&fault, &exchange).with_fields(fields);
                if let Some(evidence) = evidence {
                    record = record.with_evidence(evidence);
                }
                let line = record.to_string();
                let want: serde_json::Value = serde_json::from_str(&line).unwrap();
                let (mut told, mut keys) = (serde_json::Map::new(), Vec::new());
                record.visit(|key, value| {
                    keys.push(key);
                    assert!(told.insert(key.to_owned(), as_json(value)).is_none(), "{key} twice");
                });
                assert_eq!(serde_json::Value::Object(told), want);
                // In the same order.
                let mut at = 0;
                for key in keys {
                    at += line[at..].find(&format!("\"{key}\":")).unwrap();
                }
                #[cfg(feature = "serde1")]
                assert_eq!(serde_json::to_value(record).unwrap(), want);
            }
        }
    }
}

#[test]
fn what_was_put_up_with_is_told_too() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let gateway = Gateway::new("gw").unwrap().with_log(move |report| {
        let mut told = serde_json::Map::new();
        report.visit(|key, value| drop(told.insert(key.to_owned(), as_json(value))));
        let line: serde_json::Value = serde_json::from_str(&report.to_string()).unwrap();
        assert_eq!(serde_json::Value::Object(told), line);
        #[cfg(feature = "serde1")]
        assert_eq!(serde_json::to_value(report).unwrap(), line);
        log.lock().unwrap().push(line);
    });
    // One that was tried again, and went well.
    let exchange = gateway.begin_head(&mut Request::get("/").header("host", "a").body(()).unwrap());
    exchange.try_again(&Fault::new(FaultKind::ConnectionRefused));
    exchange.finish();
    let exchange = gateway.begin_head(&mut Request::get("/").header("host", "a").body(()).unwrap());
    drop(exchange.answer_fault_bytes(FaultKind::ConnectionRefused));
    let seen = seen.lock().unwrap();
    let first: Vec<_> = seen.iter().map(|line| (line["fault"].clone(), line["first_try"].clone())).collect();
    assert_eq!(first, [(json!(null), json!("connection_refused")), (json!("connection_refused"), json!(null))]);
}

/// Whatever peers do, there are no more series than words and statuses of the gateway's own.
#[test]
fn labels_are_bounded() {
    let gateway = Gateway::new("gw").unwrap();
    let mut series = BTreeSet::new();
    for fault in faults() {
        for mut exchange in exchanges() {
            for n in 0..3 {
                exchange.next_hop = Some(format!("10.0.0.{n}").into());
                exchange.received_status = StatusCode::from_u16(700 + n).ok();
                if let Forwarded::Head { status, .. } = &mut exchange.forwarded {
                    *status = StatusCode::from_u16(800 + n).unwrap();
                }
                let labels = gateway.record(&fault.with_received(u64::from(n)), &exchange).labels();
                let names: Vec<_> = labels.iter().map(|(name, _)| name).collect();
                assert_eq!(names, ["fault", "class", "phase", "blame", "status"]);
                series.insert(labels.iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>());
            }
        }
    }
    // For each kind: with its status, with 200 as gRPC has it, without, and with that of its own code.
    assert!(series.len() <= FaultKind::ALL.len() * 4, "{}", series.len());
    let one = Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(40)).at(Phase::Head);
    let (one, exchange) = (gateway.record(&one, &Exchange::default()).labels(), Exchange::default());
    let other = Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(41)).at(Phase::Head).with_offset(1);
    assert_eq!(one, gateway.record(&other, &exchange).labels());
}
