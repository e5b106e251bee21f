//! rustls 0.23: alerts, certificates, and ports that speak no TLS.
//!
//! What the certificate is judged for is told apart; what the two TLS stacks disagree
//! about is one kind, because the repair is the same. Sources: RFC 8446 section 6, RFC 5280 section 6.

use std::error::Error;
use std::fmt::Write;

use rustls::{CertificateError, InvalidMessage};

use crate::classify::{Cause, Finding, Probe, Sizes, downcast, may_be};
use crate::fault::{Code, Evidence, Fault, FaultKind, Phase};

/// Knows [`rustls::Error`], which stands inside an `io::Error` in the chains of all who use rustls over a socket.
///
/// Certificates of the next hop are judged in the handshake. An alert or a broken record may come later too: a TLS 1.3 server
/// judges the client's certificate when the request may have been written. Where neither the caller nor another link of the
/// chain names a phase, it is the head, which is safe: such a fault does not say that the request was not applied.
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<rustls::Error>();

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<rustls::Error>(link) { known(link) } else { None }
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<rustls::Error>(link).map(finding)
}

#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn finding<'a>(error: &rustls::Error) -> Finding<'a> {
    use rustls::Error as E;
    match error {
        E::AlertReceived(alert) => {
            Finding::of(Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(u8::from(*alert)))).on_a_connection()
        }
        E::InvalidCertificate(reason) => certificate(reason).at(Phase::Tls),
        // What came does not begin as a TLS record.
        E::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            Finding::of(Cause::NotTls).on_a_connection()
        }
        E::NoApplicationProtocol => Finding::of(FaultKind::TlsNoAlpn).at(Phase::Tls),
        // A verifier or a crypto provider of somebody's own, who may have named the fault already.
        E::Other(other) => match other.0.downcast_ref::<Fault>() {
            Some(fault) => Finding::of(*fault).at(fault.phase()),
            None => Finding::of(FaultKind::TlsProtocol).on_a_connection(),
        },
        // The gateway's own: clock, random numbers, keys, revocation lists, sizes.
        E::General(_)
        | E::FailedToGetCurrentTime
        | E::FailedToGetRandomBytes
        | E::HandshakeNotComplete
        | E::EncryptError
        | E::BadMaxFragmentSize
        | E::InconsistentKeys(_)
        | E::InvalidCertRevocationList(_)
        | E::UnsupportedNameType => Finding::of(FaultKind::ProxyInternal),
        // What the two stacks disagree about, and what rustls will add.
        _ => Finding::of(FaultKind::TlsProtocol).on_a_connection(),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn certificate<'a>(reason: &CertificateError) -> Finding<'a> {
    use CertificateError as C;
    Finding::of(match reason {
        C::Expired | C::ExpiredContext { .. } => FaultKind::CertExpired,
        C::NotValidYet | C::NotValidYetContext { .. } => FaultKind::CertNotYetValid,
        C::NotValidForName | C::NotValidForNameContext { .. } => FaultKind::CertNameMismatch,
        // A bad signature is what a private authority gives that was made anew under its old name: no trusted
        // root has signed for the certificate. A peer that does not own its certificate's key looks the same
        // and is rare, because servers refuse to start with such a pair.
        C::UnknownIssuer | C::BadSignature => FaultKind::CertUntrusted,
        C::Revoked => FaultKind::CertRevoked,
        C::Other(other) => match other.0.downcast_ref::<Fault>() {
            Some(fault) => return Finding::of(*fault),
            None => FaultKind::CertInvalid,
        },
        _ => FaultKind::CertInvalid,
    })
}

/// The names and dates behind an error, for the operator: escaped and bounded, because the peer wrote some of them.
///
/// ```
/// use badgateway::adapters::rustls023::evidence;
/// use rustls::{CertificateError, pki_types::ServerName};
///
/// let error = rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
///     expected: ServerName::try_from("api.internal").unwrap(),
///     presented: vec!["www.example\r\n".into()],
/// });
/// assert_eq!(
///     evidence(&error).to_string(),
///     r"asked for: api.internal; certificate is for: www.example\r\n",
/// );
/// ```
#[must_use]
#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
pub fn evidence(error: &rustls::Error) -> Evidence {
    use CertificateError as C;
    /// The most names that are written down; a certificate can hold thousands.
    const NAMES: usize = 16;
    let evidence = Evidence::new();
    let rustls::Error::InvalidCertificate(reason) = error else { return evidence.with_error(error) };
    match reason {
        C::NotValidForNameContext { expected, presented } => {
            let evidence = evidence.with_text("asked for", &expected.to_str());
            presented.iter().take(NAMES).fold(evidence, |evidence, name| evidence.with_text("certificate is for", name))
        }
        C::ExpiredContext { time, not_after } => evidence
            .with_text("checked at", &seconds(time.as_secs()))
            .with_text("certificate was valid until", &seconds(not_after.as_secs())),
        C::NotValidYetContext { time, not_before } => evidence
            .with_text("checked at", &seconds(time.as_secs()))
            .with_text("certificate is valid from", &seconds(not_before.as_secs())),
        _ => evidence.with_error(error),
    }
}

fn seconds(unix: u64) -> String {
    let mut text = String::new();
    let _ = write!(text, "{unix} s after 1970-01-01 UTC");
    text
}
