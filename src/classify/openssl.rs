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

/// The library of a code is `ERR_LIB_SSL`, 20, in OpenSSL 3 from bit 23 on and before from bit 24 on, where a function
/// stands between the two.
fn reason(code: u32) -> Option<Finding<'static>> {
    let reason = match (code >> 23, code >> 24) {
        (20, _) => code & 0x7f_ffff,
        (_, 20) => code & 0xfff,
        _ => return None,
    };
    by_reason(reason)
}

/// What a reason of `ERR_LIB_SSL` means.
fn by_reason(reason: u32) -> Option<Finding<'static>> {
    Some(match reason {
        // SSL_R_CERTIFICATE_VERIFY_FAILED: which rule, the verify result says.
        134 => Finding::of(FaultKind::CertUntrusted).at(Phase::Tls).weak(),
        // SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG,
        // SSL_R_RECORD_TOO_SMALL: what came is no record.
        267 | 156 | 155 | 198 | 298 => Finding::of(Cause::NotTls),
        // SSL_R_UNEXPECTED_EOF_WHILE_READING
        294 => Finding::of(Cause::ClosedWithoutNotify),
        // SSL_R_NO_APPLICATION_PROTOCOL
        235 => Finding::of(FaultKind::TlsNoAlpn).at(Phase::Tls),
        1000..=1255 => {
            let alert = u8::try_from(reason.checked_sub(1000)?).ok()?;
            Finding::of(Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(alert)))
        }
        _ => Finding::of(FaultKind::TlsProtocol),
    })
}

/// `(certificate has expired)` of native-tls, or `: certificate has expired` of openssl.
fn verdict(end: &[u8]) -> Option<FaultKind> {
    let end = end.strip_suffix(b")").unwrap_or(end);
    VERDICTS
        .iter()
        .find(|(words, ..)| {
            end.strip_suffix(words.as_bytes()).is_some_and(|before| before.ends_with(b" (") || before.ends_with(b": "))
        })
        .map(|(.., kind)| *kind)
}

#[rustfmt::skip]
const VERDICTS: &[(&str, FaultKind)] = &[
    ("unable to get issuer certificate", FaultKind::CertUntrusted),
    ("certificate signature failure", FaultKind::CertUntrusted),
    ("certificate is not yet valid", FaultKind::CertNotYetValid),
    ("certificate has expired", FaultKind::CertExpired),
    ("self-signed certificate", FaultKind::CertUntrusted),
    ("self signed certificate", FaultKind::CertUntrusted),
    ("self-signed certificate in certificate chain", FaultKind::CertUntrusted),
    ("self signed certificate in certificate chain", FaultKind::CertUntrusted),
    ("unable to get local issuer certificate", FaultKind::CertUntrusted),
    ("unable to verify the first certificate", FaultKind::CertUntrusted),
    ("certificate revoked", FaultKind::CertRevoked),
    ("hostname mismatch", FaultKind::CertNameMismatch),
    ("Hostname mismatch", FaultKind::CertNameMismatch),
    ("email address mismatch", FaultKind::CertNameMismatch),
    ("Email address mismatch", FaultKind::CertNameMismatch),
    ("IP address mismatch", FaultKind::CertNameMismatch),
    // Any other rule: purpose, key, path length, encoding.
    ("unsuitable certificate purpose", FaultKind::CertInvalid),
    ("unsupported certificate purpose", FaultKind::CertInvalid),
    ("invalid CA certificate", FaultKind::CertInvalid),
    ("invalid or inconsistent certificate extension", FaultKind::CertInvalid),
    ("EE certificate key too weak", FaultKind::CertInvalid),
    ("CA certificate key too weak", FaultKind::CertInvalid),
    ("CA signature digest algorithm too weak", FaultKind::CertInvalid),
];
