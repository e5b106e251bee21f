//! What TLS libraries say: OpenSSL's and BoringSSL's error texts, and OpenSSL's verdicts on certificates.
//!
//! An alert is what the *other* side found wrong, everything else is what ours did. Letters'
//! case and underscores do not count: Envoy writes `CERTIFICATE_VERIFY_FAILED` for "certificate verify failed".

use crate::dialect::Reading;
use crate::fault::{Code, FaultKind};

use super::cut::{begins_folded, find, has_folded, number, split};

/// Every certificate that is refused for a reason not said.
pub(super) const CERTIFICATE: Reading = Reading::coarse(
    FaultKind::CertUntrusted,
    &[
        FaultKind::CertExpired,
        FaultKind::CertNameMismatch,
        FaultKind::CertInvalid,
        FaultKind::CertNotYetValid,
        FaultKind::CertRevoked,
    ],
);

/// Bytes that are no TLS record: most often plain HTTP, seldom a record of an unknown version.
const NOT_TLS: Reading = Reading::coarse(FaultKind::TlsNotTls, &[FaultKind::TlsProtocol]);

/// `X509_verify_cert_error_string(3)`, and Envoy's own checks.
const VERDICTS: &[(&[u8], FaultKind)] = &[
    (b"certificate has expired", FaultKind::CertExpired),
    (b"certificate is not yet valid", FaultKind::CertNotYetValid),
    (b"self signed certificate", FaultKind::CertUntrusted),
    (b"self-signed certificate", FaultKind::CertUntrusted),
    (b"unable to get local issuer certificate", FaultKind::CertUntrusted),
    (b"unable to get issuer certificate", FaultKind::CertUntrusted),
    (b"unable to verify the first certificate", FaultKind::CertUntrusted),
    (b"certificate not trusted", FaultKind::CertUntrusted),
    (b"hostname mismatch", FaultKind::CertNameMismatch),
    (b"ip address mismatch", FaultKind::CertNameMismatch),
    (b"san matcher", FaultKind::CertNameMismatch),
    (b"no alternative certificate subject name matches", FaultKind::CertNameMismatch),
    (b"does not match target host name", FaultKind::CertNameMismatch),
    (b"certificate revoked", FaultKind::CertRevoked),
    (b"crl has expired", FaultKind::CertInvalid),
    (b"invalid ca certificate", FaultKind::CertInvalid),
    (b"unsupported certificate purpose", FaultKind::CertInvalid),
    (b"unsuitable certificate purpose", FaultKind::CertInvalid),
    (b"certificate signature failure", FaultKind::CertInvalid),
    (b"ee certificate key too weak", FaultKind::CertInvalid),
    (b"ca certificate key too weak", FaultKind::CertInvalid),
    (b"ca signature digest algorithm too weak", FaultKind::CertInvalid),
];

/// Names of alerts, as OpenSSL, BoringSSL and Go write them, with their numbers (RFC 8446 section 6). A name
/// stands before those that it begins with.
const ALERTS: &[(&[u8], u8)] = &[
    (b"unexpected message", 10),
    (b"bad record mac", 20),
    (b"record overflow", 22),
    (b"handshake failure", 40),
    (b"no certificate", 41),
    (b"bad certificate status response", 113),
    (b"bad certificate hash value", 114),
    (b"bad certificate", 42),
    (b"unsupported certificate", 43),
    (b"revoked certificate", 44),
    (b"certificate revoked", 44),
    (b"expired certificate", 45),
    (b"certificate expired", 45),
    (b"unknown certificate authority", 48),
    (b"unknown certificate", 46),
    (b"certificate unknown", 46),
    (b"illegal parameter", 47),
    (b"unknown ca", 48),
    (b"access denied", 49),
    (b"error decoding message", 50),
    (b"decode error", 50),
    (b"error decrypting message", 51),
    (b"decrypt error", 51),
    (b"protocol version not supported", 70),
    (b"protocol version", 70),
    (b"insufficient security level", 71),
    (b"insufficient security", 71),
    (b"internal error", 80),
    (b"inappropriate fallback", 86),
    (b"user canceled", 90),
    (b"no renegotiation", 100),
    (b"missing extension", 109),
    (b"unsupported extension", 110),
    (b"certificate unobtainable", 111),
    (b"unrecognized name", 112),
    (b"unknown psk identity", 115),
    (b"unknown pre-shared key identity", 115),
    (b"certificate required", 116),
    (b"no application protocol", 120),
];

/// The last rows of a text that names no alert and no verdict.
const TEXTS: &[(&[u8], Reading)] = &[
    (b"wrong version number", NOT_TLS),
    (b"http request", NOT_TLS),
    (b"https proxy request", NOT_TLS),
    (b"packet length too long", NOT_TLS),
    (b"unknown protocol", NOT_TLS),
    (b"record layer failure", NOT_TLS),
    (b"unexpected eof while reading", Reading::exact(FaultKind::TlsClosed)),
    (b"connection reset by peer", Reading::exact(FaultKind::TlsReset)),
    // No more is said of a connection that ended in the handshake.
    (b"ssl error syscall", Reading::coarse(FaultKind::TlsClosed, &[FaultKind::TlsReset])),
    (b"connection closed", Reading::exact(FaultKind::TlsClosed)),
    (b"no application protocol", Reading::exact(FaultKind::TlsNoAlpn)),
    (b"timed out", Reading::exact(FaultKind::TlsTimeout)),
];

/// What a verdict on a certificate means, wherever in the text it stands.
pub(super) fn verdict(text: &[u8]) -> Option<Reading> {
    VERDICTS.iter().find(|(words, _)| has_folded(text, words)).map(|(_, kind)| Reading::exact(*kind))
}

/// The number of an alert by its name at the beginning of the text.
pub(super) fn alert(name: &[u8]) -> Option<u8> {
    ALERTS.iter().find(|(words, _)| begins_folded(name, words)).map(|(_, alert)| *alert)
}

/// What an error of OpenSSL or BoringSSL means in the handshake, and the alert's number. Any such error is one
/// of TLS, so that there is always an answer.
pub(super) fn error(text: &[u8]) -> (Reading, Option<Code>) {
    const RECEIVED: Reading = Reading::exact(FaultKind::TlsAlert);
    if let Some(alert) = received_alert(text) {
        return (RECEIVED, Some(Code::TlsAlert(alert)));
    }
    if has_folded(text, b"certificate verify failed") || has_folded(text, b"certificate problem") {
        return (verdict(text).unwrap_or(CERTIFICATE), None);
    }
    match TEXTS.iter().find(|(words, _)| has_folded(text, words)) {
        Some((_, reading)) => (*reading, None),
        None => (Reading::exact(FaultKind::TlsProtocol), None),
    }
}

/// "SSL alert number 40"; the number in `error:0A000410`, which curl gives alone; or "sslv3 alert handshake
/// failure" alone.
fn received_alert(text: &[u8]) -> Option<u8> {
    let by_number = find(text, b"alert number ")
        .and_then(|at| text.get(at.saturating_add(13)..))
        .and_then(number)
        .and_then(|(alert, _)| u8::try_from(alert).ok());
    by_number.or_else(|| by_code(text)).or_else(|| {
        let at = text.windows(7).position(|window| begins_folded(window, b" alert "))?;
        alert(text.get(at.saturating_add(7)..)?)
    })
}

/// `error:LLRRRRRR`: the library (0x14 before OpenSSL 3, 0x0A since), and a reason in the low 12 bits; from 1000
/// on it is an alert that was received (`SSL_AD_REASON_OFFSET` in `ssl.h`).
fn by_code(text: &[u8]) -> Option<u8> {
    let (_, code) = split(text, b"error:")?;
    let code = code.get(..8)?;
    if !code.starts_with(b"0A") && !code.starts_with(b"14") {
        return None;
    }
    let reason = code.get(5..)?.iter().try_fold(0_u32, |n, digit| {
        char::from(*digit).to_digit(16).map(|digit| n.wrapping_mul(16).wrapping_add(digit))
    })?;
    reason.checked_sub(1000).and_then(|alert| u8::try_from(alert).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors() {
        let alert = |n| (Reading::exact(FaultKind::TlsAlert), Some(Code::TlsAlert(n)));
        let one = |kind| (Reading::exact(kind), None);
        for (text, want) in [
            (&b"error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40"[..], alert(40)),
            (b"error:0A00045C:SSL routines::tlsv13 alert certificate required", alert(116)),
            (
                b"TLS_error:|268436496:SSL_routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE:TLS_error_end",
                alert(40),
            ),
            (
                b"error:14094416:SSL routines:ssl3_read_bytes:sslv3 alert certificate unknown:SSL alert number 46",
                alert(46),
            ),
            (b"error:0A000458:SSL routines::tlsv1 unrecognized name", alert(112)),
            (b"error:0A00010B:SSL routines::wrong version number", (NOT_TLS, None)),
            (b"error:0A000126:SSL routines::unexpected eof while reading", one(FaultKind::TlsClosed)),
            (b"error:0A000086:SSL routines::certificate verify failed", (CERTIFICATE, None)),
            (
                b"CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_X509_verify_cert:_certificate_has_expired",
                one(FaultKind::CertExpired),
            ),
            (b"error:0A0000B5:SSL routines::no ciphers available", one(FaultKind::TlsProtocol)),
            (b"", one(FaultKind::TlsProtocol)),
        ] {
            assert_eq!(error(text), want, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_longer_name_stands_before_its_beginning() {
        for (n, (name, _)) in ALERTS.iter().enumerate() {
            for (later, _) in ALERTS.iter().skip(n + 1) {
                assert!(!later.starts_with(name), "{} hides {}", name.escape_ascii(), later.escape_ascii());
            }
        }
    }
}
