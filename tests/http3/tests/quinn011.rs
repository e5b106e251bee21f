//! quinn's errors that no next hop can be made to cause, and all of them in every phase.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::error::Error;
use std::io;

use badgateway::adapters::{h3_00, quinn011};
use badgateway::classify::{Probe, classify};
use badgateway::fault::{Applied, Code, Fault, FaultKind as K, Phase};
use badgateway::{Exchange, decide};
use quinn::{ApplicationClose, ConnectError, ConnectionClose, ReadError, TransportErrorCode as T, VarInt, WriteError};
use quinn::{ConnectionError as C, ReadToEndError, ResetError, StoppedError};
use quinn_proto::TransportError;

const PROBES: &[Probe] = &[h3_00::PROBE, quinn011::PROBE];

fn in_phase(error: &(dyn Error + 'static), phase: Option<Phase>) -> Fault {
    let mut exchange = Exchange::default();
    exchange.phase = phase;
    classify(error, PROBES, &exchange)
}

/// The next hop has closed the connection.
fn theirs(error_code: T) -> C {
    C::ConnectionClosed(ConnectionClose { error_code, frame_type: None, reason: "".into() })
}

/// quinn has.
fn ours(code: T, reason: &str) -> C {
    C::TransportError(TransportError { code, frame: None, reason: reason.to_owned() })
}

fn application(code: u64) -> C {
    C::ApplicationClosed(ApplicationClose { error_code: VarInt::from_u64(code).unwrap(), reason: "".into() })
}

fn certificate(alert: u8, words: &str) -> C {
    ours(T::crypto(alert), &format!("invalid peer certificate: {words}"))
}

/// In the handshake, waiting for a head, and in the body.
#[rustfmt::skip]
fn rows() -> Vec<(C, [K; 3], Option<Code>)> {
    let always = |kind| [kind; 3];
    let closed = [K::ConnectReset, K::ClosedBeforeResponse, K::BodyTruncated];
    let broken = [K::TlsProtocol, K::H3ProtocolError, K::H3ProtocolError];
    let quic = |n| Some(Code::Quic(n));
    let mut rows = vec![
        (C::VersionMismatch, always(K::H3VersionFallback), None),
        (C::Reset, [K::ConnectReset, K::ResetBeforeResponse, K::BodyReset], None),
        (C::TimedOut, [K::ConnectionTimeout, K::QuicIdleTimeout, K::QuicIdleTimeout], None),
        (C::LocallyClosed, always(K::ProxyInternal), None),
        (C::CidsExhausted, always(K::LocalExhausted), None),
        (theirs(T::NO_ERROR), closed, quic(0x0)),
        (theirs(T::INTERNAL_ERROR), closed, quic(0x1)),
        (theirs(T::CONNECTION_REFUSED), always(K::ConnectionRefused), quic(0x2)),
        (theirs(T::FLOW_CONTROL_ERROR), broken, quic(0x3)),
        (theirs(T::TRANSPORT_PARAMETER_ERROR), broken, quic(0x8)),
        (theirs(T::PROTOCOL_VIOLATION), broken, quic(0xa)),
        (theirs(T::INVALID_TOKEN), broken, quic(0xb)),
        (theirs(T::APPLICATION_ERROR), closed, quic(0xc)),
        (theirs(T::NO_VIABLE_PATH), closed, quic(0x10)),
        (ours(T::INTERNAL_ERROR, ""), always(K::ProxyInternal), None),
        (ours(T::FINAL_SIZE_ERROR, ""), broken, quic(0x6)),
        (ours(T::PROTOCOL_VIOLATION, "TLS error: x"), broken, quic(0xa)),
        (ours(T::AEAD_LIMIT_REACHED, ""), broken, quic(0xf)),
        (ours(T::crypto(120), "peer doesn't support any known protocol"), always(K::TlsNoAlpn), None),
        (ours(T::crypto(40), "peer is incompatible"), always(K::TlsProtocol), None),
        (certificate(48, "UnknownIssuer"), always(K::CertUntrusted), None),
        (certificate(48, "UnknownRevocationStatus"), always(K::CertInvalid), None),
        (certificate(51, "BadSignature"), always(K::CertUntrusted), None),
        (certificate(44, "Revoked"), always(K::CertRevoked), None),
        (certificate(45, "Expired"), always(K::CertExpired), None),
        (certificate(45, "certificate expired: verification time 1"), always(K::CertExpired), None),
        (certificate(45, "NotValidYet"), always(K::CertNotYetValid), None),
        (certificate(42, "NotValidForName"), always(K::CertNameMismatch), None),
        (certificate(42, "BadEncoding"), always(K::CertInvalid), None),
        // The words of nobody known: the number is left.
        (ours(T::crypto(48), "?"), always(K::CertUntrusted), None),
        (application(0x100), always(K::Goaway), Some(Code::H3(0x100))),
        (application(0x10b), always(K::Goaway), Some(Code::H3(0x10b))),
    ];
    rows.extend((0..=255).map(|alert| (theirs(T::crypto(alert)), always(K::TlsAlert), Some(Code::TlsAlert(alert)))));
    rows
}

#[test]
fn every_end_of_a_connection() {
    for (error, kinds, code) in rows() {
        let phases = [Some(Phase::Connect), Some(Phase::Head), Some(Phase::Body)];
        for (phase, kind) in phases.into_iter().zip(kinds) {
            let fault = in_phase(&error, phase);
            assert_eq!((fault.kind(), fault.code()), (kind, code), "{error:?} in {phase:?}");
            // Inside of the errors of streams, and of whatever wraps them.
            for wrapped in [
                &ReadError::ConnectionLost(error.clone()) as &(dyn Error + 'static),
                &WriteError::ConnectionLost(error.clone()),
                &StoppedError::ConnectionLost(error.clone()),
                &ResetError::ConnectionLost(error.clone()),
                &ReadToEndError::Read(error.clone().into()),
                &io::Error::from(ReadError::ConnectionLost(error.clone())),
                &io::Error::other(io::Error::from(error.clone())),
            ] {
                assert_eq!(in_phase(wrapped, phase), fault, "{wrapped:?} in {phase:?}");
            }
        }
        // Without a phase it may have been any, but for a certificate, which shows in the handshake alone.
        let fault = in_phase(&error, None);
        let judged = matches!(&error, C::TransportError(error) if error.reason.starts_with("invalid peer"));
        assert_eq!(fault.applied() == Applied::No, judged, "{error:?}: {fault:?}");
        // Whatever was written, and whoever says so: only a promise of the next hop's is proof against it.
        for phase in [Phase::Send, Phase::Head, Phase::Body] {
            let mut exchange = Exchange::default();
            (exchange.phase, exchange.sent) = (Some(phase), Some(1));
            assert_ne!(decide::applied(&classify(&error, PROBES, &exchange), &exchange), Applied::No, "{error:?}");
        }
    }
}

#[test]
fn streams() {
    let reset = |code| ReadError::Reset(VarInt::from_u32(code));
    let stopped = |code| WriteError::Stopped(VarInt::from_u32(code));
    for (code, kind, applied) in [
        (0x10b, K::H3RequestRejected, Applied::No),
        (0x10c, K::StreamReset, Applied::Perhaps),
        (0x110, K::H3VersionFallback, Applied::Perhaps),
        (0x7, K::StreamReset, Applied::Perhaps),
    ] {
        for error in [&reset(code) as &(dyn Error + 'static), &stopped(code)] {
            let fault = in_phase(error, Some(Phase::Head));
            let told = (fault.kind(), fault.code(), fault.applied());
            assert_eq!(told, (kind, Some(Code::H3(code)), applied), "{error:?}");
            // Who has begun to answer has acted.
            assert_ne!(in_phase(error, Some(Phase::Body)).applied(), Applied::No);
        }
    }
    let early = [&ReadError::ZeroRttRejected as &(dyn Error + 'static), &WriteError::ZeroRttRejected];
    for error in early {
        let fault = in_phase(error, Some(Phase::Send));
        assert_eq!((fault.kind(), fault.applied()), (K::H3RequestRejected, Applied::No));
    }
    for (error, kind) in [
        (&ReadError::ClosedStream as &(dyn Error + 'static), K::ProxyInternal),
        (&ReadError::IllegalOrderedRead, K::ProxyInternal),
        (&WriteError::ClosedStream, K::ProxyInternal),
    ] {
        assert_eq!(in_phase(error, Some(Phase::Body)).kind(), kind, "{error:?}");
    }
}

#[test]
fn what_cannot_be_connected() {
    let address = |text: &str| ConnectError::InvalidRemoteAddress(text.parse().unwrap());
    for (error, kind) in [
        (ConnectError::EndpointStopping, K::ProxyInternal),
        (ConnectError::CidsExhausted, K::LocalExhausted),
        (ConnectError::InvalidServerName("x y".into()), K::ProxyMisconfigured),
        (address("[::1]:443"), K::Unreachable),
        (address("127.0.0.1:0"), K::ProxyMisconfigured),
        (address("[::]:443"), K::ProxyMisconfigured),
        (ConnectError::NoDefaultClientConfig, K::ProxyMisconfigured),
        (ConnectError::UnsupportedVersion, K::ProxyMisconfigured),
    ] {
        for phase in [None, Some(Phase::Connect), Some(Phase::Head)] {
            let fault = in_phase(&error, phase);
            assert_eq!((fault.kind(), fault.phase()), (kind, Phase::Connect), "{error:?}");
            assert!(fault.applied() == Applied::No || kind == K::ProxyInternal, "{error:?}");
        }
    }
}
