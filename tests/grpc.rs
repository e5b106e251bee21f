//! The audit of answers to gRPC calls: which heads are gRPC, and which ends say how the call ended.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use badgateway::audit::{GrpcHead, audit_grpc_head, audit_grpc_trailers};
use badgateway::decide::grpc_status;
use badgateway::fault::{Class, Code, Phase};
use badgateway::{Exchange, Fault, FaultKind};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use proptest::prelude::*;

fn fields(lines: &[(&'static str, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

fn end(lines: &[(&'static str, &[u8])]) -> Result<u8, Fault> {
    audit_grpc_trailers(Some(&fields(lines)))
}

/// `open`, `status N`, or the class, the phase and the `grpc-status` to answer with.
fn verdict(result: Result<GrpcHead, Fault>) -> String {
    match result {
        Ok(GrpcHead::Open) => "open".into(),
        Ok(GrpcHead::TrailersOnly(status)) => format!("status {status}"),
        Err(fault) => format!("{} in {} is {}", fault.class().unwrap(), fault.phase(), grpc_status(&fault)),
    }
}

#[test]
fn a_content_type_is_grpcs_or_it_is_not() {
    for (value, is_grpc) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("application/grpc+json", true),
        ("application/grpc+", true),
        ("application/grpc;charset=utf-8", true),
        ("application/grpc ; charset=utf-8", true),
        ("application/grpc\t;x=y", true),
        ("application/grpc; charset=utf-8", true),
        ("application/grpc+proto; charset=utf-8", true),
        ("Application/GRPC", true),
        ("APPLICATION/grpc+Proto", true),
        ("application/grpc-web", false),
        ("application/grpc-web+proto", false),
        ("application/grpc-web-text", false),
        ("application/grpcfoo", false),
        ("application/grpc/x", false),
        ("application/grpc,text/html", false),
        ("application/grpc text/html", false),
        ("application/grp", false),
        ("application/connect+proto", false),
        ("application/proto", false),
        ("application/json", false),
        ("text/html; charset=utf-8", false),
        ("text/plain application/grpc", false),
        ("", false),
    ] {
        let got = verdict(audit_grpc_head(StatusCode::OK, &fields(&[("content-type", value.as_bytes())])));
        assert_eq!(got, if is_grpc { "open" } else { "grpc.content_type in head is 2" }, "{value}");
        // A call and its answer are told by the same rule.
        let call = Exchange::of(&Request::post("/").header("content-type", value).body(()).unwrap());
        assert_eq!(call.grpc, is_grpc, "a call with {value}");
    }
}

#[test]
fn heads_are_read_in_the_order_of_what_counts() {
    const GRPC: (&str, &[u8]) = ("content-type", b"application/grpc");
    const HTML: (&str, &[u8]) = ("content-type", b"text/html");
    type Row = (u16, &'static [(&'static str, &'static [u8])], &'static str);
    let rows: &[Row] = &[
        (200, &[GRPC], "open"),
        (200, &[GRPC, GRPC], "open"),
        (200, &[GRPC, HTML], "grpc.content_type in head is 2"),
        (200, &[HTML, GRPC], "grpc.content_type in head is 2"),
        (200, &[], "grpc.content_type in head is 2"),
        // The page's status tells what the client is told.
        (400, &[HTML], "grpc.content_type in head is 13"),
        (401, &[HTML], "grpc.content_type in head is 16"),
        (403, &[HTML], "grpc.content_type in head is 7"),
        (404, &[HTML], "grpc.content_type in head is 12"),
        (415, &[HTML], "grpc.content_type in head is 2"),
        (429, &[HTML], "grpc.content_type in head is 14"),
        (431, &[HTML], "grpc.content_type in head is 13"),
        (500, &[HTML], "grpc.content_type in head is 2"),
        (502, &[HTML], "grpc.content_type in head is 14"),
        (503, &[], "grpc.content_type in head is 14"),
        (504, &[HTML], "grpc.content_type in head is 14"),
        (204, &[GRPC], "grpc.http_status in head is 2"),
        (302, &[GRPC], "grpc.http_status in head is 2"),
        (404, &[GRPC], "grpc.http_status in head is 12"),
        (503, &[GRPC], "grpc.http_status in head is 14"),
        // Trailers-Only: what the server says counts for more than anything around it.
        (200, &[GRPC, ("grpc-status", b"0")], "status 0"),
        (200, &[GRPC, ("grpc-status", b"16"), ("grpc-message", b"no")], "status 16"),
        (204, &[GRPC, ("grpc-status", b"14")], "status 14"),
        (503, &[GRPC, ("grpc-status", b"8")], "status 8"),
        (503, &[HTML, ("grpc-status", b"8")], "status 8"),
        (200, &[("grpc-status", b"12")], "status 12"),
        // What it does not say, the content type and the HTTP status have to.
        (200, &[GRPC, ("grpc-status", b"99")], "grpc.status_invalid in head is 2"),
        (503, &[GRPC, ("grpc-status", b"99")], "grpc.status_invalid in head is 2"),
        (503, &[HTML, ("grpc-status", b"99")], "grpc.content_type in head is 14"),
        (200, &[GRPC, ("grpc-status", b"0"), ("grpc-status", b"0")], "grpc.status_repeated in head is 2"),
        (502, &[HTML, ("grpc-status", b"0"), ("grpc-status", b"2")], "grpc.content_type in head is 14"),
        (200, &[GRPC, ("grpc-message", b"no")], "open"),
    ];
    for &(status, lines, want) in rows {
        let result = audit_grpc_head(StatusCode::from_u16(status).unwrap(), &fields(lines));
        assert_eq!(verdict(result), want, "{status} {lines:?}");
        if let Err(fault) = result {
            let code = (fault.kind() == FaultKind::NotGrpc).then_some(Code::Status(status));
            assert_eq!(fault.code(), code, "{status} {lines:?}");
        }
    }
}

#[test]
fn an_end_says_once_how_the_call_ended() {
    for status in 0..=16_u8 {
        // What the server says of its call is no fault, whatever it is.
        assert_eq!(end(&[("grpc-status", status.to_string().as_bytes())]), Ok(status));
        assert_eq!(end(&[("grpc-message", b"x"), ("grpc-status", status.to_string().as_bytes())]), Ok(status));
    }
    let class = |result: Result<u8, Fault>| {
        let fault = result.unwrap_err();
        assert_eq!((fault.kind(), fault.phase()), (FaultKind::BadGrpcStatus, Phase::Trailers));
        assert_eq!((grpc_status(&fault), fault.code()), (2, None));
        fault.class().unwrap()
    };
    assert_eq!(class(audit_grpc_trailers(None)), Class::GrpcStatusMissing);
    assert_eq!(class(end(&[])), Class::GrpcStatusMissing);
    assert_eq!(class(end(&[("grpc-message", b"no"), ("x-sum", b"0")])), Class::GrpcStatusMissing);
    for value in [
        &b""[..],
        b"00",
        b"01",
        b"016",
        b"17",
        b"20",
        b"26",
        b"99",
        b"100",
        b"256",
        b"4294967296",
        b"-1",
        b"+1",
        b" 0",
        b"0 ",
        b"1.0",
        b"0x1",
        b"OK",
        b"UNAVAILABLE",
        b"0,0",
        b"0, 0",
        b"0;",
        b"1\xb2",
        b"\xd9\xa1",
    ] {
        assert_eq!(class(end(&[("grpc-status", value)])), Class::GrpcStatusInvalid, "{value:?}");
    }
    for (first, second) in [(&b"0"[..], &b"0"[..]), (b"0", b"13"), (b"13", b"0"), (b"0", b""), (b"x", b"y")] {
        let twice = end(&[("grpc-status", first), ("grpc-status", second)]);
        assert_eq!(class(twice), Class::GrpcStatusRepeated, "{first:?} {second:?}");
    }
}

proptest! {
    /// Seventeen values are a status, and nothing else is.
    #[test]
    fn no_other_value_is_a_status(value in prop_oneof!["[0-9]{0,3}", "[ -~]{0,4}"]) {
        let numbers: Vec<String> = (0..=16).map(|n| n.to_string()).collect();
        let told = audit_grpc_trailers(Some(&fields(&[("grpc-status", value.as_bytes())])));
        prop_assert_eq!(told.is_ok(), numbers.contains(&value));
        if let Ok(status) = told {
            prop_assert_eq!(status.to_string(), value);
        }
    }

    /// A head that is let through is gRPC's, or says how the call ended.
    #[test]
    fn no_page_is_let_through(status in 200_u16..600, kind in "[a-zA-Z/+;-]{0,24}", told in "[0-9]{0,2}") {
        let headers = fields(&[("content-type", kind.as_bytes()), ("grpc-status", told.as_bytes())]);
        match audit_grpc_head(StatusCode::from_u16(status).unwrap(), &headers) {
            Ok(GrpcHead::Open) => prop_assert!(false, "grpc-status is there"),
            Ok(GrpcHead::TrailersOnly(number)) => prop_assert_eq!(number.to_string(), told),
            Err(fault) => prop_assert!(matches!(fault.kind(), FaultKind::NotGrpc | FaultKind::BadGrpcStatus)),
        }
    }
}
