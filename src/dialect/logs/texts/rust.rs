//! What Rust's clients say: hyper, hyper-util, reqwest, h2, rustls, tonic.
//!
//! Sources: hyper 0.14 and 1, `src/error.rs`; hyper-util, `src/client/legacy`; h2, `src/codec/error.rs`, `src/frame/reason.rs`;
//! rustls, `src/error.rs`; the standard library, `std::io::Error` (`(os error 111)`).

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    AmbiguousFraming, BadHeader, BadStatusLine, BodyReset, BodyTruncated, CertExpired, CertNameMismatch,
    CertNotYetValid, CertRevoked, CertUntrusted, ClosedBeforeResponse, ConnectionTimeout, DeadlineExceeded, DnsFailure,
    DnsNotFound, DnsTimeout, EnhanceYourCalm, Goaway, GoawayUnprocessed, H2ProtocolError, HeadTooLarge, HeadTruncated,
    Http11Required, NotHttp, ResponseTimeout, SendReset, StreamRefused, StreamReset, TlsAlert, TlsClosed, TlsNoAlpn,
    TlsNotTls, TlsProtocol, TlsTruncated,
};
use crate::fault::{Code, Phase};

use super::super::cause::{self, Cause};
use super::super::cut;
use super::super::entry::Format;
use super::super::tls;
use super::system::{RESET, TIMED_OUT};
use super::{Found, Says, Table, Told, any, one};

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Rust,
    rows: &[
        // The cause stands behind it.
        (b"tcp connect error: ", Says::On(connect)),
        (b"tcp open error: ", Says::On(connect)),
        (b"dns error: ", Says::On(resolve)),
        // hyper.
        (b"connection closed before message completed", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"end of file before message length reached", one(BodyTruncated)),
        (b"unexpected EOF during chunk size line", one(BodyTruncated)),
        (b"invalid HTTP version parsed", any(NotHttp, &[BadStatusLine])),
        (b"invalid HTTP status-code parsed", one(BadStatusLine)),
        (b"invalid HTTP header parsed", one(BadHeader)),
        (b"invalid content-length parsed", one(AmbiguousFraming)),
        (b"message head is too large", one(HeadTooLarge)),
        (b"received unexpected message from connection", one(crate::fault::FaultKind::UnsolicitedResponse)),
        (b"operation was canceled: connection closed", any(ClosedBeforeResponse, &[Goaway])),
        // h2: RST_STREAM, GOAWAY, and what it found itself.
        (b"stream error received: refused stream before processing any application logic", one(StreamRefused)),
        (b"stream error received: detected excessive load generating behavior", one(EnhanceYourCalm)),
        (b"stream error received: endpoint requires HTTP/1.1", one(Http11Required)),
        (b"stream error received: ", any(StreamReset, &[Goaway])),
        (b"connection error received: not a result of an error", any(GoawayUnprocessed, &[Goaway])),
        (b"connection error received: detected excessive load generating behavior", one(EnhanceYourCalm)),
        (b"connection error received: ", one(Goaway)),
        // A peer that answers in HTTP/1: its letters are no frame.
        (b"connection error detected: frame with invalid size", any(NotHttp, &[H2ProtocolError])),
        (b"connection error detected: ", one(H2ProtocolError)),
        (b"stream error detected: ", one(H2ProtocolError)),
        (b"stream closed because of a broken pipe", any(ClosedBeforeResponse, &[BodyTruncated])),
        // rustls.
        (b"tls handshake eof", one(TlsClosed)),
        (b"received fatal alert: ", Says::On(alert)),
        (b"received corrupt message of type InvalidContentType", one(TlsNotTls)),
        (b"received corrupt message", any(TlsNotTls, &[TlsProtocol])),
        (b"invalid peer certificate: ", Says::On(certificate)),
        (b"peer doesn't support any known protocol", one(TlsNoAlpn)),
        (b"peer is incompatible: ", one(TlsProtocol)),
        (b"peer misbehaved: ", one(TlsProtocol)),
        (b"peer closed connection without sending TLS close_notify", any(TlsTruncated, &[ClosedBeforeResponse, HeadTruncated, TlsClosed])),
        // reqwest's and tonic's timers.
        (b"deadline has elapsed", any(DeadlineExceeded, &[ConnectionTimeout, ResponseTimeout])),
        (b"Timeout expired", any(DeadlineExceeded, &[ResponseTimeout, ConnectionTimeout])),
        // Of a call of the system, at no particular moment.
        (b"Connection refused (os error ", Says::On(os_error)),
        (b"Connection reset by peer (os error ", Says::On(os_error)),
        (b"Broken pipe (os error ", Says::On(os_error)),
        (b"Connection timed out (os error ", Says::On(os_error)),
        (b"Operation timed out (os error ", Says::On(os_error)),
        (b"No route to host (os error ", Says::On(os_error)),
        (b"Network is unreachable (os error ", Says::On(os_error)),
        (b"Cannot assign requested address (os error ", Says::On(os_error)),
        (b"operation timed out", Says::On(timed_out)),
    ],
};

/// `Connection refused (os error 111)`, `deadline has elapsed`.
fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    if found.rest.starts_with(b"deadline has elapsed") {
        return Some(Told::that(Reading::exact(ConnectionTimeout)));
    }
    Some(Told::with_code(cause::at(cause::named(found.rest)?, Phase::Connect), errno(found.rest)))
}

fn errno(text: &[u8]) -> Option<Code> {
    let (_, number) = cut::split(text, b"(os error ")?;
    cut::number(number).and_then(|(errno, _)| i32::try_from(errno).ok()).map(Code::Errno)
}

/// `failed to lookup address information: Name or service not known`; hickory's `no record found for Query ...`.
fn resolve<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"Name or service not known", Reading::exact(DnsNotFound)),
        (b"No address associated with", Reading::exact(DnsNotFound)),
        (b"Name does not resolve", Reading::exact(DnsNotFound)),
        (b"nodename nor servname provided", Reading::exact(DnsNotFound)),
        (b"no record", Reading::exact(DnsNotFound)),
        (b"Temporary failure in name resolution", Reading::coarse(DnsTimeout, &[DnsFailure])),
        (b"Try again", Reading::coarse(DnsTimeout, &[DnsFailure])),
        (b"request timed out", Reading::exact(DnsTimeout)),
    ];
    let known = WHY.iter().find(|(words, _)| cut::has(found.rest, words)).map(|(_, reading)| *reading);
    Some(Told::that(known.unwrap_or(Reading::coarse(DnsFailure, &[DnsNotFound, DnsTimeout]))))
}

/// The name of the alert, as rustls's enum has it: `HandshakeFailure`.
fn alert<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    // One word, of several: a space before each capital letter but the first.
    let mut spaced = [b' '; 48];
    let mut length = 0_usize;
    for byte in found.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).take(32) {
        if byte.is_ascii_uppercase() && length > 0 {
            length = length.saturating_add(1);
        }
        if let Some(slot) = spaced.get_mut(length) {
            *slot = *byte;
        }
        length = length.saturating_add(1);
    }
    let number = spaced.get(..length).and_then(tls::alert);
    Some(Told::with_code(Reading::exact(TlsAlert), number.map(Code::TlsAlert)))
}

/// `UnknownIssuer`, `certificate expired: verification time ...`.
fn certificate<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"certificate expired", Reading::exact(CertExpired)),
        (b"Expired", Reading::exact(CertExpired)),
        (b"certificate not valid yet", Reading::exact(CertNotYetValid)),
        (b"NotValidYet", Reading::exact(CertNotYetValid)),
        (b"certificate not valid for name", Reading::exact(CertNameMismatch)),
        (b"NotValidForName", Reading::exact(CertNameMismatch)),
        (b"UnknownIssuer", Reading::exact(CertUntrusted)),
        (b"BadSignature", Reading::exact(CertUntrusted)),
        (b"Revoked", Reading::exact(CertRevoked)),
    ];
    let known = WHY.iter().find(|(words, _)| found.rest.starts_with(words)).map(|(_, reading)| *reading);
    Some(Told::that(known.unwrap_or(tls::CERTIFICATE)))
}

fn os_error<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let reading = match cause::named(found.text)? {
        Cause::TimedOut => TIMED_OUT,
        Cause::Reset if found.text.starts_with(b"Broken") => Reading::coarse(SendReset, &[BodyReset]),
        Cause::Reset => RESET,
        cause @ (Cause::Refused
        | Cause::Unreachable
        | Cause::Denied
        | Cause::Exhausted
        | Cause::Closed
        | Cause::NoSocket
        | Cause::Again) => cause::at(cause, Phase::Connect),
    };
    Some(Told::with_code(reading, errno(found.text)))
}

/// reqwest's timer, which ends a chain of errors; the system's text of that name has a capital letter.
fn timed_out<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let is_it = found.text.starts_with(b"o") && (found.before.is_empty() || found.before.ends_with(b": "));
    is_it.then(|| Told::that(Reading::coarse(DeadlineExceeded, &[ConnectionTimeout, ResponseTimeout])))
}
