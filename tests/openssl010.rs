//! Errors of openssl's own, over sockets of the standard library, against the lab.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use badgateway::adapters::openssl010::{PROBE, Untidy, handshake, judge, verdict};
use badgateway::classify::{Probe, classify};
use badgateway::fault::{Applied, Code, Confidence, Fault, FaultKind as K, Phase};
use badgateway::lab::{Lab, Upstream};
use badgateway::{Exchange, Gateway};
use openssl::pkey::PKey;
use openssl::ssl::{HandshakeError, Ssl, SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::X509VerifyResult;

const PROBES: &[Probe] = &[PROBE];

fn connector(lab: &Lab) -> SslConnector {
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_ca_file(lab.ca_file()).unwrap();
    builder.build()
}

fn socket(upstream: &Upstream) -> TcpStream {
    let socket = TcpStream::connect(upstream.address().unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    socket
}

fn of(error: &(dyn std::error::Error + 'static)) -> Fault {
    classify(error, PROBES, &Exchange::default())
}

/// The rows of a failed handshake: behaviour, kind, alert.
const HANDSHAKES: &[(&str, K, Option<u8>)] = &[
    ("plain_on_tls", K::TlsNotTls, None),
    ("tls_selfsigned", K::CertUntrusted, None),
    ("tls_expired", K::CertExpired, None),
    ("tls_not_yet_valid", K::CertNotYetValid, None),
    ("tls_wrong_host", K::CertNameMismatch, None),
    ("tls_hostile_name", K::CertNameMismatch, None),
    ("tls_handshake_stall", K::TlsTimeout, None),
    ("tls_alert", K::TlsAlert, Some(40)),
    ("tls_alert_version", K::TlsAlert, Some(70)),
    ("tls_alert_name", K::TlsAlert, Some(112)),
    ("tls_client_cert_12", K::TlsAlert, Some(116)),
    ("tls_unknown_ca", K::CertUntrusted, None),
    ("tls_forged", K::CertUntrusted, None),
    ("tls_wrong_usage", K::CertInvalid, None),
    ("tls_alert_revoked", K::TlsAlert, Some(44)),
    ("tls_11_only", K::TlsProtocol, None),
    ("tls_close_hello", K::TlsClosed, None),
    ("tls_reset_hello", K::TlsReset, None),
];

#[test]
fn handshakes_that_fail() {
    let lab = Lab::start().unwrap();
    let connector = connector(&lab);
    for (name, kind, alert) in HANDSHAKES {
        let upstream = lab.upstream(name).unwrap();
        let error = connector.connect("localhost", socket(upstream)).err().unwrap_or_else(|| panic!("{name}"));
        let over_untidy = connector.connect("localhost", Untidy::new(socket(upstream))).unwrap_err();
        let own: Probe = handshake::<Untidy<TcpStream>>;
        for fault in [
            of(&error),
            classify(&over_untidy, &[own, PROBE], &Exchange::default()),
            classify(&io::Error::other(error), PROBES, &Exchange::default()),
            Gateway::new("gw").unwrap().with_probe(own).classify(&over_untidy, &Exchange::default()),
        ] {
            assert_eq!((fault.kind(), fault.phase(), fault.applied()), (*kind, Phase::Tls, Applied::No), "{name}");
            assert_eq!(fault.confidence(), Confidence::Typed, "{name}: {fault:?}");
            if alert.is_some() {
                assert_eq!(fault.code(), alert.map(Code::TlsAlert), "{name}");
            }
        }
        // Of a stream that no probe is for, the words at the end of the message tell.
        let kind_by_words = of(&over_untidy).kind();
        assert_eq!(kind_by_words, *kind, "{name} by its words");
    }
}

/// By the connection, as with tokio-openssl, where the error has no stream in it.
#[test]
fn the_connection_knows_the_rule() {
    let lab = Lab::start().unwrap();
    for (name, kind, _) in HANDSHAKES {
        let error = connector(&lab).connect("localhost", socket(lab.upstream(name).unwrap())).unwrap_err();
        let HandshakeError::Failure(stream) = &error else { continue };
        let fault = judge(stream.error(), stream.ssl());
        assert_eq!((fault.kind(), fault.phase(), fault.confidence()), (*kind, Phase::Tls, Confidence::Typed), "{name}");
        assert_eq!(verdict(stream.ssl().verify_result()).is_some(), kind.as_str().starts_with("cert_"), "{name}");
        // Without it there is a certificate that does not verify, and no more.
        let bare = classify(stream.error(), PROBES, &Exchange::default()).kind();
        let want = if kind.as_str().starts_with("cert_") { K::CertUntrusted } else { *kind };
        assert_eq!(bare, if *name == "tls_close_hello" || *name == "tls_reset_hello" { bare } else { want }, "{name}");
    }
    assert_eq!(verdict(X509VerifyResult::OK), None);
}

/// A gateway that takes any certificate, and a handshake that fails of something else.
#[test]
fn a_bad_certificate_is_no_reason_where_nobody_looks() {
    let lab = Lab::start().unwrap();
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    // Its root is not known here, and it refuses us for a certificate that we do not show.
    let error = builder.build().connect("localhost", socket(lab.upstream("tls_client_cert_12").unwrap())).unwrap_err();
    let HandshakeError::Failure(stream) = &error else { panic!("{error:?}") };
    assert_ne!(stream.ssl().verify_result(), X509VerifyResult::OK);
    assert_eq!(judge(stream.error(), stream.ssl()).kind(), K::TlsAlert);
    assert_eq!(of(&error).kind(), K::TlsAlert);
}

#[test]
fn what_is_our_own() {
    let errors = PKey::private_key_from_pem(b"nonsense").unwrap_err();
    assert_eq!(of(&errors).kind(), K::ProxyInternal);
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_min_proto_version(Some(SslVersion::TLS1_3)).unwrap();
    builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    let ssl = Ssl::new(builder.build().context()).unwrap();
    let error = ssl.connect(io::Cursor::new(Vec::new())).unwrap_err();
    let HandshakeError::Failure(stream) = error else { panic!("{error:?}") };
    assert_eq!(of(stream.error()).kind(), K::ProxyMisconfigured);
}

/// With `Untidy` below, a cut is an error; `close_notify` is the end.
#[test]
fn a_cut_is_an_error_and_close_notify_is_none() {
    let lab = Lab::start().unwrap();
    let get = |name: &str| -> (Vec<u8>, io::Result<usize>) {
        let socket = Untidy::new(socket(lab.upstream(name).unwrap()));
        let mut stream: SslStream<_> = connector(&lab).connect("localhost", socket).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut response = Vec::new();
        let end = stream.read_to_end(&mut response);
        (response, end)
    };
    let (response, end) = get("tls_no_close_notify");
    assert!(response.ends_with(b"\r\n\r\nhello\n"));
    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Body);
    exchange.received = Some(response.len() as u64);
    let fault = classify(&end.unwrap_err(), PROBES, &exchange);
    assert_eq!((fault.kind(), fault.confidence()), (K::TlsTruncated, Confidence::Typed));

    let (response, end) = get("tls_ok_200");
    assert_eq!(end.unwrap(), response.len());
}

#[test]
fn an_empty_buffer_is_no_end() {
    let mut ended = Untidy::new(io::empty());
    assert_eq!(ended.read(&mut []).unwrap(), 0);
    assert_eq!(ended.read_vectored(&mut [io::IoSliceMut::new(&mut [])]).unwrap(), 0);
    assert!(ended.read(&mut [0]).is_err());
    assert!(ended.read_vectored(&mut [io::IoSliceMut::new(&mut [0])]).is_err());
}
