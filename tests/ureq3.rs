//! ureq 3 on real sockets: what its errors become.
#![cfg(all(feature = "ureq3", feature = "rustls023", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use badgateway::decide::Profile;
use badgateway::fault::{Applied, Fault, FaultKind as K, Phase};
use badgateway::lab::Lab;
use badgateway::{Exchange, Gateway};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

fn config(lab: &Lab) -> ConfigBuilder<AgentScope> {
    let root = Certificate::from_pem(lab.ca_pem().as_bytes()).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(vec![root])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(tls.build())
        .timeout_connect(Some(Duration::from_millis(500)))
        .timeout_recv_response(Some(Duration::from_millis(500)))
        .timeout_recv_body(Some(Duration::from_millis(500)))
}

/// One GET to its end, which must fail; whether the head had come.
fn fails(agent: &Agent, uri: &str) -> (Fault, bool) {
    let gateway = Gateway::new("gw").unwrap();
    let mut exchange = Exchange::default();
    match agent.get(uri).call() {
        Err(error) => (gateway.classify(&error, &exchange), false),
        Ok(response) => {
            exchange.phase = Some(Phase::Body);
            let mut body = Vec::new();
            let error = response.into_body().into_reader().read_to_end(&mut body).expect_err(uri);
            (gateway.classify(&error, &exchange), true)
        }
    }
}

/// Whom it asks, what comes of it, and whether the head had come.
#[rustfmt::skip]
const ROWS: &[(&str, K, bool)] = &[
    ("refused",               K::ConnectionRefused, false),
    ("blackhole",             K::ConnectionTimeout, false),
    ("no_response_timeout",   K::ResponseTimeout, false),
    ("reset_after_request",   K::ResetBeforeResponse, false),
    ("close_after_request",   K::ClosedBeforeResponse, false),
    ("stall_mid_body",        K::DeadlineExceeded, true),
    ("close_mid_cl_body",     K::BodyTruncated, true),
    ("garbage_status_line",   K::NotHttp, false),
    ("bad_header_nul",        K::BadHeader, false),
    ("bad_header_no_colon",   K::BadHeader, false),
    ("many_headers_5000",     K::TooManyHeaders, false),
    ("huge_head_1mb",         K::HeadTooLarge, false),
    ("cl_negative",           K::AmbiguousFraming, false),
    ("cl_conflict",           K::AmbiguousFraming, false),
    ("bad_chunk_crlf",        K::BadChunk, true),
    ("plain_on_tls",          K::TlsNotTls, false),
    ("bad_chunk_size",     K::BadChunk, true),
    ("tls_expired",           K::CertExpired, false),
    ("tls_wrong_host",        K::CertNameMismatch, false),
    ("tls_unknown_ca",        K::CertUntrusted, false),
    ("tls_bad_record",        K::TlsProtocol, false),
    ("close_mid_trailers",    K::BodyTruncated, true),
];

#[test]
fn what_its_errors_become() {
    let names: Vec<&str> = ROWS.iter().map(|(name, ..)| *name).chain(["close_mid_head"]).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    let agent: Agent = config(&lab).build().into();
    let mut wrong = Vec::new();
    for &(name, kind, has_head) in ROWS {
        let got = fails(&agent, lab.upstream(name).unwrap().url());
        if (got.0.kind(), got.1) != (kind, has_head) {
            wrong.push(format!("{name}: {got:?}"));
        }
        // ureq connects in the same call, and does not say when it failed.
        if lab.upstream(name).unwrap().counts().requests > 0 && got.0.applied() == Applied::No {
            wrong.push(format!("{name}: read by the next hop, and not applied: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // How much of the head had come, only the caller can know.
    let error = agent.get(lab.upstream("close_mid_head").unwrap().url()).call().unwrap_err();
    let mut exchange = Exchange::default();
    for (received, kind) in [(None, K::ClosedBeforeResponse), (Some(30), K::HeadTruncated)] {
        exchange.received = received;
        assert_eq!(Gateway::new("gw").unwrap().classify(&error, &exchange).kind(), kind);
    }
}

#[test]
fn what_the_gateway_did_to_itself() {
    let lab = Lab::builder().only(&["ok_200", "slow_ok"]).start().unwrap();
    let gateway = Gateway::new("gw").unwrap();
    let exchange = Exchange::default();
    let judged = |error: ureq::Error| {
        let fault = gateway.classify(&error, &exchange);
        (fault.kind(), Profile::Rfc9209.status(&fault, &exchange).as_u16())
    };
    let agent: Agent = config(&lab).timeout_global(Some(Duration::from_millis(50))).build().into();
    let slow = agent.get(lab.upstream("slow_ok").unwrap().url()).call().unwrap_err();
    assert_eq!(judged(slow), (K::DeadlineExceeded, 504));
    let unasked = ureq::Error::StatusCode(503);
    assert_eq!(judged(unasked), (K::ProxyMisconfigured, 500));
    let agent: Agent = config(&lab).build().into();
    assert_eq!(judged(agent.get("no uri").call().unwrap_err()).1, 500);
    let error = agent.get("http://no-such-name.invalid/").call().unwrap_err();
    let fault = gateway.classify(&error, &exchange);
    assert!(matches!(fault.kind(), K::DnsNotFound | K::DnsFailure), "{fault:?} of {error:?}");
    assert_eq!(fault.applied(), Applied::No);
    // A chain of connectors may have anybody's errors in it.
    let theirs = ureq::Error::Other(Box::new(Fault::new(K::CircuitOpen)));
    assert_eq!(judged(theirs), (K::CircuitOpen, 503));
}
