//! OpenSSL's own words, in errors of native-tls, which exposes nothing else, and of openssl without its adapter.
//!
//! The message begins with a fixed code, `error:0A000086:SSL routines:`, in hexadecimal: the library and the reason
//! (`ERR_GET_LIB` and `ERR_GET_REASON`, include/openssl/err.h; the reasons, include/openssl/sslerr.h). A reason of 1000 and
//! more is the peer's alert (`SSL_AD_REASON_OFFSET`). Which rule a certificate breaks stands at the end, in the words of
//! `X509_verify_cert_error_string` (crypto/x509/x509_txt.c).

use std::error::Error;
use std::fmt::Write;
use std::str::from_utf8;

use super::behind::{End, WRAPPERS, unwrapped};
use super::finding::{Cause, Finding};
use super::text::{Prefix, Until};
use crate::fault::{Code, Fault, FaultKind, Phase};

/// openssl's word for `SSL_ERROR_SYSCALL` without an error: the connection ended.
const END: &[u8] = b"unexpected EOF";

/// What a message of OpenSSL's says.
pub(super) fn look(link: &(dyn Error + 'static), debug: &Prefix) -> Option<Finding<'static>> {
    if !is_openssls(debug.text()) {
        return None;
    }
    let mut message = Prefix::new(Until::Full);
    let _ = write!(message, "{link}");
    let text = message.text();
    let text = text.strip_prefix(b"the handshake failed: ").unwrap_or(text);
    let mut finding = if text == END { Finding::of(Cause::Closed) } else { reason(code(text)?)? };
    if finding.weak {
        let mut end = End::new();
        if let Some(kind) = write!(end, "{link}").ok().and_then(|()| verdict(end.text())) {
            finding = Finding::of(kind).at(Phase::Tls);
        }
    }
    // Unless the name of the type says that it was the handshake.
    finding.connected = true;
    Some(finding.by_text())
}

/// Whether a `Debug` is that of a type of openssl's or native-tls's, by itself or wrapped, and not of somebody's message.
fn is_openssls(debug: &[u8]) -> bool {
    const TYPES: [&[u8]; 3] = [b"Error { code: ErrorCode(", b"ErrorStack([", b"MidHandshakeSslStream"];
    let wrapped = std::iter::successors(Some(debug), |text| unwrapped(text));
    wrapped.take(WRAPPERS).any(|text| TYPES.iter().any(|name| text.starts_with(name)))
}

/// The code in `error:0A000086:SSL routines:`.
fn code(text: &[u8]) -> Option<u32> {
    let (code, rest) = text.strip_prefix(b"error:")?.split_at_checked(8)?;
    if rest.first() == Some(&b':') { u32::from_str_radix(from_utf8(code).ok()?, 16).ok() } else { None }
}

/// The library of a code is in OpenSSL 3 from bit 23 on, and before from bit 24 on, where a function stands between the two.
fn reason(code: u32) -> Option<Finding<'static>> {
    let reason = match (code >> 23, code >> 24) {
        (LIB_SSL, _) => code & 0x7f_ffff,
        (_, LIB_SSL) => code & 0xfff,
        _ => return None,
    };
    by_reason(reason)
}

/// `ERR_LIB_SSL`, TLS itself.
const LIB_SSL: u32 = 20;
/// The same as openssl gives it.
#[cfg(feature = "openssl010")]
pub(crate) const ERR_LIB_SSL: i32 = 20;
/// `SSL_R_CERTIFICATE_VERIFY_FAILED`: which rule, the verify result says.
pub(crate) const CERTIFICATE_VERIFY_FAILED: u32 = 134;

/// What a reason of `ERR_LIB_SSL` means.
pub(crate) fn by_reason(reason: u32) -> Option<Finding<'static>> {
    Some(match reason {
        CERTIFICATE_VERIFY_FAILED => Finding::of(FaultKind::CertUntrusted).at(Phase::Tls).weak().names_may_tell(),
        // SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG,
        // SSL_R_RECORD_TOO_SMALL: what came is no record.
        267 | 156 | 155 | 198 | 298 => Finding::of(Cause::NotTls).on_a_connection(),
        // SSL_R_UNEXPECTED_EOF_WHILE_READING
        294 => Finding::of(Cause::ClosedWithoutNotify),
        // SSL_R_NO_APPLICATION_PROTOCOL
        235 => Finding::of(FaultKind::TlsNoAlpn).at(Phase::Tls),
        // SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_NO_CIPHERS_AVAILABLE: the gateway's own settings leave nothing to offer.
        191 | 181 => Finding::of(FaultKind::ProxyMisconfigured).at(Phase::Tls),
        1000..=1255 => {
            let alert = u8::try_from(reason.checked_sub(1000)?).ok()?;
            Finding::of(Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(alert))).on_a_connection()
        }
        _ => Finding::of(FaultKind::TlsProtocol).on_a_connection(),
    })
}

/// What a verify result means, by its number (include/openssl/x509_vfy.h). `None`: the certificate is good.
#[cfg(feature = "openssl010")]
pub(crate) fn by_verify_result(result: i32) -> Option<FaultKind> {
    if result == 0 {
        return None;
    }
    let row = VERDICTS.iter().find(|(numbers, ..)| numbers.contains(&result));
    Some(row.map_or(FaultKind::CertInvalid, |(.., kind)| *kind))
}

/// `(certificate has expired)` of native-tls, or `: certificate has expired` of openssl.
fn verdict(end: &[u8]) -> Option<FaultKind> {
    let end = end.strip_suffix(b")").unwrap_or(end);
    let is_said = |words: &&str| {
        end.strip_suffix(words.as_bytes()).is_some_and(|before| before.ends_with(b" (") || before.ends_with(b": "))
    };
    VERDICTS.iter().find(|(_, words, _)| words.iter().any(&is_said)).map(|(.., kind)| *kind)
}

type Verdict = (&'static [i32], &'static [&'static str], FaultKind);

/// Numbers, and their words in 1.1 and 3, where these are told from others by a kind of their own. Every other rule makes a
/// certificate invalid: purpose, key, path length, encoding, revocation lists that are missing or old.
#[rustfmt::skip]
const VERDICTS: &[Verdict] = &[
    (&[9], &["certificate is not yet valid"], FaultKind::CertNotYetValid),
    (&[10], &["certificate has expired"], FaultKind::CertExpired),
    (&[23], &["certificate revoked"], FaultKind::CertRevoked),
    (&[62, 63, 64], &[
        "hostname mismatch", "Hostname mismatch", "email address mismatch", "Email address mismatch", "IP address mismatch",
    ], FaultKind::CertNameMismatch),
    // No chain to a root that is trusted: an issuer that is missing, unknown, forged, another, or not trusted for this.
    (&[2, 7, 18, 19, 20, 21, 24, 27, 28, 29, 30, 31, 65], &[
        "unable to get issuer certificate", "certificate signature failure", "self-signed certificate",
        "self signed certificate", "self-signed certificate in certificate chain",
        "self signed certificate in certificate chain", "unable to get local issuer certificate",
        "unable to verify the first certificate", "issuer certificate doesn't have a public key",
        "certificate not trusted", "certificate rejected", "subject issuer mismatch",
        "authority and subject key identifier mismatch", "authority and issuer serial number mismatch",
        "no matching DANE TLSA records", "No matching DANE TLSA records",
    ], FaultKind::CertUntrusted),
    // The gateway's own: X509_V_ERR_OUT_OF_MEM, X509_V_ERR_INVALID_CALL, X509_V_ERR_STORE_LOOKUP.
    (&[17], &["out of memory"], FaultKind::LocalExhausted),
    (&[69, 70], &[
        "invalid certificate verification context", "issuer certificate lookup error",
        "Invalid certificate verification context", "Issuer certificate lookup error",
    ], FaultKind::ProxyInternal),
    (&[], &[
        "path length constraint exceeded", "unsuitable certificate purpose", "unsupported certificate purpose",
        "invalid CA certificate", "invalid or inconsistent certificate extension", "EE certificate key too weak",
        "CA certificate key too weak", "CA signature digest algorithm too weak", "unspecified certificate verification error",
        "unable to get certificate CRL", "CRL is not yet valid", "CRL has expired", "certificate chain too long",
        "unhandled critical extension", "permitted subtree violation", "excluded subtree violation",
        "application verification failure",
    ], FaultKind::CertInvalid),
];
