//! pingora's errors: every type from each side, nested and boxed.
#![allow(clippy::unwrap_used)]

use std::io;

use badgateway::adapters::pingora09;
use badgateway::classify::{Probe, classify};
use badgateway::fault::{Applied, Blame, Code, Fault, FaultKind as K, Phase};
use badgateway::{Exchange, Gateway};
use pingora_error::{Error, ErrorSource, ErrorType as E};

const PROBES: &[Probe] = &[pingora09::PROBE];

fn of(error: Box<Error>) -> Fault {
    let bare = classify(&*error, PROBES, &Exchange::default());
    // As pingora hands it over: boxed, in more context, in anybody's error.
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(classify(&*boxed, PROBES, &Exchange::default()), bare, "{boxed:?}");
    let other = io::Error::other(boxed);
    assert_eq!(classify(&other, PROBES, &Exchange::default()), bare, "{other:?}");
    bare
}

fn os(kind: io::ErrorKind) -> io::Error {
    let number = (1..12_000).find(|n| io::Error::from_raw_os_error(*n).kind() == kind);
    number.map_or(kind.into(), io::Error::from_raw_os_error)
}

#[test]
fn every_type_of_the_next_hops_side() {
    use Phase::{Connect, Head, Select, Send, Tls};
    #[rustfmt::skip]
    let rows = [
        (E::ConnectTimedout, K::ConnectionTimeout, Connect), (E::ConnectRefused, K::ConnectionRefused, Connect),
        (E::ConnectNoRoute, K::Unreachable, Connect), (E::ConnectError, K::ConnectReset, Connect),
        (E::BindError, K::LocalExhausted, Connect), (E::SocketError, K::LocalExhausted, Connect),
        (E::ConnectProxyFailure, K::Unreachable, Connect),
        (E::TLSHandshakeFailure, K::TlsProtocol, Tls), (E::TLSHandshakeTimedout, K::TlsTimeout, Tls),
        (E::HandshakeError, K::TlsProtocol, Tls), (E::InvalidCert, K::CertInvalid, Tls),
        (E::TLSWantX509Lookup, K::ProxyInternal, Select), (E::AcceptError, K::ProxyInternal, Select),
        (E::InvalidHTTPHeader, K::BadHeader, Head), (E::H1Error, K::Unclassified, Head),
        (E::H2Error, K::H2ProtocolError, Head), (E::InvalidH2, K::H2ProtocolError, Head),
        (E::H2Downgrade, K::Http11Required, Head),
        (E::ReadError, K::ResetBeforeResponse, Head), (E::WriteError, K::SendReset, Send),
        (E::ReadTimedout, K::ResponseTimeout, Head), (E::WriteTimedout, K::SendTimeout, Send),
        (E::ConnectionClosed, K::ClosedBeforeResponse, Head),
        (E::FileOpenError, K::ProxyInternal, Select), (E::FileCreateError, K::ProxyInternal, Select),
        (E::FileReadError, K::ProxyInternal, Select), (E::FileWriteError, K::ProxyInternal, Select),
        (E::InternalError, K::ProxyInternal, Select), (E::UnknownError, K::Unclassified, Head),
        (E::Custom("mine"), K::Unclassified, Head), (E::CustomCode("mine", 7), K::Unclassified, Head),
        (E::HTTPStatus(503), K::ProxyInternal, Select), (E::HTTPStatus(403), K::ClientBodyFailed, Send),
    ];
    for (etype, kind, phase) in rows {
        for source in [ErrorSource::Upstream, ErrorSource::Internal, ErrorSource::Unset] {
            let error = || Error::create(etype.clone(), source.clone(), None, None);
            let fault = of(error());
            assert_eq!((fault.kind(), fault.phase()), (kind, phase), "{etype:?} {source:?}");
            // Nothing is "not applied" that is not of before the request.
            assert!(fault.applied() != Applied::No || phase < Send, "{etype:?}");
            if etype.as_str().ends_with("Timedout") {
                assert_eq!(fault.kind().status(), 504, "{etype:?}");
            }
            // In context of the same type, as `more_context` makes it.
            assert_eq!(of(error().more_context("while proxying")).kind(), kind, "{etype:?}");
        }
    }
    let gateway = Gateway::new("gw").unwrap();
    let chosen = gateway.answer(&*Error::new(E::HTTPStatus(503)), &Exchange::default());
    assert_eq!(chosen.status(), 503);
}

#[test]
fn the_cause_says_why_and_pingora_how_far() {
    let late = |error| {
        let mut exchange = Exchange::default();
        exchange.phase = Some(Phase::Body);
        let error: Box<Error> = error;
        classify(&*error, PROBES, &exchange).kind()
    };
    let because = |etype, kind| Error::because(etype, "context", os(kind)).into_up();
    assert_eq!(of(because(E::ConnectError, io::ErrorKind::ConnectionRefused)).kind(), K::ConnectionRefused);
    assert_eq!(of(because(E::ConnectError, io::ErrorKind::TimedOut)).kind(), K::ConnectionTimeout);
    assert_eq!(of(because(E::TLSHandshakeFailure, io::ErrorKind::ConnectionReset)).kind(), K::TlsReset);
    assert_eq!(of(because(E::TLSHandshakeFailure, io::ErrorKind::UnexpectedEof)).kind(), K::TlsClosed);
    assert_eq!(of(because(E::WriteError, io::ErrorKind::BrokenPipe)).kind(), K::SendReset);
    assert_eq!(of(because(E::ReadError, io::ErrorKind::ConnectionReset)).kind(), K::ResetBeforeResponse);
    assert_eq!(late(because(E::ReadError, io::ErrorKind::ConnectionReset)), K::BodyReset);
    assert_eq!(late(Error::new_up(E::ReadTimedout)), K::BodyStalled);
    assert_eq!(late(Error::new_up(E::ConnectionClosed)), K::BodyTruncated);
    // A number of connecting below a read is none.
    assert_eq!(of(because(E::ReadError, io::ErrorKind::ConnectionRefused)).applied(), Applied::Perhaps);
    assert_eq!(of(because(E::ReadError, io::ErrorKind::AddrNotAvailable)).applied(), Applied::Perhaps);

    // Three deep.
    let inner = because(E::ConnectRefused, io::ErrorKind::ConnectionRefused);
    let error = Error::because(E::ConnectRefused, "fail to connect to a", inner).more_context("peer: b");
    let fault = of(error);
    assert_eq!((fault.kind(), fault.applied()), (K::ConnectionRefused, Applied::No));
    assert!(matches!(fault.code(), Some(Code::Errno(_))));
}

#[test]
fn downstream_is_the_client() {
    for (etype, kind) in [
        (E::ReadTimedout, K::ClientTimeout),
        (E::ConnectionClosed, K::ClientAborted),
        (E::WriteError, K::ClientAborted),
        (E::WriteTimedout, K::ClientAborted),
        (E::ReadError, K::ClientBodyFailed),
        (E::H1Error, K::ClientBodyFailed),
        (E::InvalidHTTPHeader, K::ClientBodyFailed),
        (E::HTTPStatus(413), K::ClientBodyFailed),
        (E::UnknownError, K::ClientBodyFailed),
    ] {
        for cause in [None, Some(os(io::ErrorKind::ConnectionReset))] {
            let cause = cause.map(|error| Box::new(error) as _);
            let fault = of(Error::create(etype.clone(), ErrorSource::Downstream, None, cause));
            assert_eq!((fault.kind(), fault.blame()), (kind, Blame::Client), "{etype:?}");
            assert!(!badgateway::decide::health::counts(&fault, &Exchange::default()));
        }
    }
    let fault = of(Error::new_down(E::HTTPStatus(413)));
    assert_eq!(fault.code(), Some(Code::Status(413)));
}
