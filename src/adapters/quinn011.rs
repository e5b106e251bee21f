//! quinn 0.11: handshakes that fail, connections that end, streams that are reset; alone, or inside errors of h3.
//!
//! ```
//! use badgateway::fault::{Applied, FaultKind, Phase};
//! use badgateway::{Exchange, Gateway};
//! use quinn::ConnectionError;
//!
//! let gateway = Gateway::new("edge-1.example").unwrap();
//! let mut exchange = Exchange::default();
//! exchange.phase = Some(Phase::Connect); // as long as `endpoint.connect(...)?.await` takes
//! let fault = gateway.classify(&ConnectionError::TimedOut, &exchange);
//! assert_eq!((fault.kind(), fault.applied()), (FaultKind::ConnectionTimeout, Applied::No));
//!
//! exchange.phase = Some(Phase::Head);
//! let fault = gateway.classify(&ConnectionError::TimedOut, &exchange);
//! assert_eq!((fault.kind(), fault.applied()), (FaultKind::QuicIdleTimeout, Applied::Perhaps));
//! ```
//!
//! # What quinn does not say
//!
//! - **That nothing listens there**: quinn does not read what ICMP says of its socket. A closed port is silence, and takes as long
//!   as `TransportConfig::max_idle_timeout`, 30 s by default: give the handshake a time of its own.
//! - **Whether it was the handshake**: [`ConnectionError`] is the same before and after. The phase tells; where nobody names one,
//!   the request may have been sent.
//! - **Which rule a certificate breaks**: of a `rustls::Error` quinn keeps the alert and the text. The alert tells an unknown
//!   authority, a revoked certificate and one that is not valid now; the text, which is rustls', a name that does not match and a time
//!   that has not come: such a fault has [`Confidence::Text`](crate::fault::Confidence::Text).
//! - **That the next hop wants a certificate of the gateway's**: in TLS 1.3 the alert comes behind the handshake, so that it
//!   ends the first request, which may have been processed.
//!
//! Codes of streams are taken for those of HTTP/3 (RFC 9114 section 8.1).

use std::error::Error;

use quinn::{ClosedStream, ConnectError, ConnectionError, ReadError, WriteError};

use crate::classify::{Cause, Finding, Probe, Sizes, exactly};
use crate::fault::{Code, Fault, FaultKind, Phase, h3_close, h3_reset, quic_code};

/// Knows [`ConnectionError`], [`ConnectError`] and the errors of streams. Every [`Gateway`](crate::Gateway) has it.
pub const PROBE: Probe = probe;

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if SIZES.may_be(link) { known(link) } else { None }
}

pub(crate) const SIZES: Sizes = Sizes::of::<ConnectionError>()
    .or(Sizes::of::<ReadError>())
    .or(Sizes::of::<WriteError>())
    .or(Sizes::of::<ConnectError>())
    .or(Sizes::of::<ClosedStream>());

// Most links are of another type; out of line, they do not pay for this. `StoppedError`, `ResetError` and `ReadToEndError` have
// one of these as their source.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if let Some(error) = exactly::<ConnectError>(link) {
        return Some(Finding::of(connect(error)).at(Phase::Connect));
    }
    let finding = if let Some(error) = exactly::<ConnectionError>(link) {
        connection(error)
    } else if let Some(error) = exactly::<ReadError>(link) {
        read(error)
    } else if let Some(error) = exactly::<WriteError>(link) {
        write(error)
    } else {
        exactly::<ClosedStream>(link).map(|_| misuse())?
    };
    // Where nobody says that it was the handshake, it may have been later.
    Some(finding.likely_at(Phase::Head))
}

fn read(error: &ReadError) -> Finding<'static> {
    match error {
        ReadError::Reset(code) => Finding::of(h3_reset(code.into_inner())),
        ReadError::ConnectionLost(error) => connection(error),
        ReadError::ClosedStream | ReadError::IllegalOrderedRead => misuse(),
        ReadError::ZeroRttRejected => not_accepted(),
    }
}

fn write(error: &WriteError) -> Finding<'static> {
    match error {
        WriteError::Stopped(code) => Finding::of(h3_reset(code.into_inner())),
        WriteError::ConnectionLost(error) => connection(error),
        WriteError::ClosedStream => misuse(),
        WriteError::ZeroRttRejected => not_accepted(),
    }
}

/// The gateway's own: it uses a stream that it has ended.
fn misuse() -> Finding<'static> {
    Finding::of(FaultKind::ProxyInternal)
}

/// The next hop did not take the early data in which the request was, so that it has not seen it (RFC 9001 section 4.6.2).
fn not_accepted() -> Finding<'static> {
    Finding::of(FaultKind::H3RequestRejected)
}

/// Nothing has been sent: quinn was asked for what it cannot do.
fn connect(error: &ConnectError) -> Cause {
    match error {
        ConnectError::EndpointStopping => FaultKind::ProxyInternal.into(),
        ConnectError::CidsExhausted => Cause::Exhausted,
        // No socket for addresses of its kind, or an address of nobody.
        ConnectError::InvalidRemoteAddress(address) if address.port() != 0 && !address.ip().is_unspecified() => {
            Cause::Unreachable
        }
        ConnectError::InvalidRemoteAddress(_)
        | ConnectError::InvalidServerName(_)
        | ConnectError::NoDefaultClientConfig
        | ConnectError::UnsupportedVersion => FaultKind::ProxyMisconfigured.into(),
    }
}

fn connection(error: &ConnectionError) -> Finding<'static> {
    match error {
        ConnectionError::VersionMismatch => Finding::of(Cause::QuicVersion),
        ConnectionError::TransportError(error) => ours(error.code.into(), &error.reason),
        ConnectionError::ConnectionClosed(close) => theirs(close.error_code.into()),
        ConnectionError::ApplicationClosed(close) => Finding::of(h3_close(close.error_code.into_inner())),
        // A stateless reset: the next hop does not know the connection any more (RFC 9000 section 10.3).
        ConnectionError::Reset => Finding::of(Cause::Reset),
        ConnectionError::TimedOut => Finding::of(Cause::QuicSilent),
        ConnectionError::LocallyClosed => Finding::of(FaultKind::ProxyInternal),
        ConnectionError::CidsExhausted => Finding::of(Cause::Exhausted),
    }
}

/// Transport error codes (RFC 9000 section 20.1).
mod quic {
    pub(super) const NO_ERROR: u64 = 0x0;
    pub(super) const INTERNAL_ERROR: u64 = 0x1;
    pub(super) const CONNECTION_REFUSED: u64 = 0x2;
    pub(super) const APPLICATION_ERROR: u64 = 0xc;
    pub(super) const NO_VIABLE_PATH: u64 = 0x10;
    /// "The range 0x0100-0x01ff is reserved for carrying error codes specific to the cryptographic handshake": TLS' alerts,
    /// in the last eight bits (RFC 9001 section 4.8).
    pub(super) const CRYPTO_ERROR: u64 = 0x100;
}

/// The alert of a `CRYPTO_ERROR`.
fn alert(code: u64) -> Option<u8> {
    code.checked_sub(quic::CRYPTO_ERROR).and_then(|alert| u8::try_from(alert).ok())
}

/// The next hop has closed the connection, with this code.
fn theirs(code: u64) -> Finding<'static> {
    if let Some(alert) = alert(code) {
        return Finding::of(Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(alert)));
    }
    let number = quic_code(code);
    match code {
        quic::CONNECTION_REFUSED => Finding::of(Fault::new(FaultKind::ConnectionRefused).with_code(number)),
        quic::NO_ERROR | quic::INTERNAL_ERROR | quic::APPLICATION_ERROR | quic::NO_VIABLE_PATH => {
            Finding::of(Cause::Closed).with_code(number)
        }
        // In its opinion the gateway has broken a rule. What nobody knows is no breach.
        0x3..=0x11 => Finding::of(Cause::QuicViolation).with_code(number),
        _ => Finding::of(Cause::Closed).with_code(number),
    }
}

/// quinn has closed the connection, with this code: TLS failed, or the next hop broke a rule of QUIC.
fn ours(code: u64, reason: &str) -> Finding<'static> {
    if let Some(alert) = alert(code) {
        return tls(alert, reason);
    }
    match code {
        quic::INTERNAL_ERROR => Finding::of(FaultKind::ProxyInternal),
        _ => Finding::of(Cause::QuicViolation).with_code(quic_code(code)),
    }
}

/// What a certificate is judged for, in rustls' words behind "invalid peer certificate: ": of 0.23.24 and later, and before.
#[rustfmt::skip]
const VERDICTS: &[(&str, FaultKind)] = &[
    ("certificate expired", FaultKind::CertExpired),
    ("Expired", FaultKind::CertExpired),
    ("certificate not valid yet", FaultKind::CertNotYetValid),
    ("NotValidYet", FaultKind::CertNotYetValid),
    ("certificate not valid for name", FaultKind::CertNameMismatch),
    ("NotValidForName", FaultKind::CertNameMismatch),
    ("UnknownIssuer", FaultKind::CertUntrusted),
    ("BadSignature", FaultKind::CertUntrusted),
    ("Revoked", FaultKind::CertRevoked),
];

/// What failed on this side, by the alert that the next hop was sent, and where that leaves it open by rustls' words.
fn tls(alert: u8, reason: &str) -> Finding<'static> {
    let by_number = match alert {
        // RFC 8446 section 6.2. `certificate_expired` is also for one whose time has not come.
        42 | 43 | 46 => FaultKind::CertInvalid,
        44 => FaultKind::CertRevoked,
        45 => FaultKind::CertExpired,
        48 => FaultKind::CertUntrusted,
        120 => FaultKind::TlsNoAlpn,
        _ => FaultKind::TlsProtocol,
    };
    let Some(words) = reason.strip_prefix("invalid peer certificate: ") else {
        return Finding::of(by_number);
    };
    let verdict = VERDICTS.iter().find(|(begin, _)| words.starts_with(begin));
    let by_text = verdict.map_or(FaultKind::CertInvalid, |(_, kind)| *kind);
    // A certificate is shown in the handshake alone; where one is, no early data was taken.
    let finding = Finding::of(by_text).at(Phase::Tls);
    if by_text == by_number { finding } else { finding.by_text() }
}
