//! Node's errors, and those of undici, which is its `fetch`: axios, got, http-proxy and Vite print them.
//!
//! Source: Node, `lib/internal/errors.js` (`ExceptionWithHostPort`, `DNSException`), `lib/_http_client.js`,
//! `lib/_tls_wrap.js`; llhttp, `src/llhttp/constants.ts`; undici, `lib/core/errors.js`; node-fetch, `src/body.js`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BodyReset, BodyStalled, BodyTruncated, CertExpired,
    CertNameMismatch, CertNotYetValid, CertRevoked, CertUntrusted, ClientAborted, ClosedBeforeResponse, ConnectReset,
    ConnectionRefused, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, DnsTimeout, HeadStalled,
    HeadTooLarge, HeadTruncated, HeaderTooLarge, LocalExhausted, NotHttp, ResetBeforeResponse, ResponseTimeout,
    SendReset, TlsClosed, TlsProtocol, TlsReset, TlsTimeout, Unreachable,
};
use crate::fault::Phase;

use super::super::cause::{self, Cause};
use super::super::cut;
use super::super::entry::Format;
use super::super::tls;
use super::system::{RESET, TIMED_OUT};
use super::{Found, Says, Table, Told, any, h2, name, one};

/// Waiting for an answer, of which a part may have come.
const NO_ANSWER: Reading = Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled]);

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Node,
    rows: &[
        (b"connect E", Says::On(connect)),
        (b"getaddrinfo ", Says::On(lookup)),
        (b"queryA ", Says::On(lookup)),
        (b"queryAaaa ", Says::On(lookup)),
        (b"querySrv ", Says::On(lookup)),
        (b"read ECONNRESET", Says::Means(RESET)),
        (b"read ETIMEDOUT", Says::Means(NO_ANSWER)),
        (b"write EPIPE", any(SendReset, &[ResetBeforeResponse, ClosedBeforeResponse])),
        (b"write ECONNRESET", any(SendReset, &[ResetBeforeResponse, TlsReset])),
        (b"write EPROTO ", Says::On(handshake)),
        (b"Client network socket disconnected before secure TLS connection was established", any(TlsClosed, &[TlsReset])),
        (b"socket hang up", any(ClosedBeforeResponse, &[HeadTruncated])),
        // undici: code, then message; a connect covers TLS.
        (b"UND_ERR_CONNECT_TIMEOUT", any(ConnectionTimeout, &[TlsTimeout])),
        (b"UND_ERR_HEADERS_TIMEOUT", any(ResponseTimeout, &[HeadStalled])),
        (b"UND_ERR_BODY_TIMEOUT", one(BodyStalled)),
        (b"UND_ERR_HEADERS_OVERFLOW", any(HeadTooLarge, &[HeaderTooLarge])),
        (b"UND_ERR_RES_CONTENT_LENGTH_MISMATCH", one(BodyTruncated)),
        (b"UND_ERR_RES_EXCEEDED_MAX_SIZE", one(crate::fault::FaultKind::BodyTooLarge)),
        (b"UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", one(crate::fault::FaultKind::ClientBodyFailed)),
        (b"UND_ERR_ABORTED", one(ClientAborted)),
        (b"UND_ERR_SOCKET", any(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, BodyTruncated, BodyReset])),
        (b"Connect Timeout Error", Says::On(undici_connect)),
        (b"Headers Timeout Error", any(ResponseTimeout, &[HeadStalled])),
        (b"Body Timeout Error", one(BodyStalled)),
        (b"other side closed", any(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated])),
        // llhttp.
        (b"HPE_HEADER_OVERFLOW", any(HeadTooLarge, &[HeaderTooLarge])),
        (b"HPE_INVALID_CONSTANT", any(NotHttp, &[BadStatusLine])),
        (b"HPE_INVALID_VERSION", any(BadStatusLine, &[NotHttp])),
        (b"HPE_INVALID_STATUS", one(BadStatusLine)),
        (b"HPE_INVALID_HEADER_TOKEN", one(BadHeader)),
        (b"HPE_CR_EXPECTED", any(BadHeader, &[BadStatusLine, BadChunk])),
        (b"HPE_LF_EXPECTED", any(BadHeader, &[BadStatusLine, BadChunk])),
        (b"HPE_INVALID_CONTENT_LENGTH", one(AmbiguousFraming)),
        (b"HPE_UNEXPECTED_CONTENT_LENGTH", one(AmbiguousFraming)),
        (b"HPE_INVALID_TRANSFER_ENCODING", any(AmbiguousFraming, &[crate::fault::FaultKind::UnsupportedCoding])),
        (b"HPE_INVALID_CHUNK_SIZE", one(BadChunk)),
        (b"HPE_STRICT", any(BadChunk, &[BadHeader])),
        (b"HPE_INVALID_EOF_STATE", any(HeadTruncated, &[BodyTruncated])),
        (b"HPE_CLOSED_CONNECTION", one(crate::fault::FaultKind::UnsolicitedResponse)),
        (b"Parse Error: Expected HTTP/", any(NotHttp, &[BadStatusLine])),
        (b"Parse Error: Header overflow", any(HeadTooLarge, &[HeaderTooLarge])),
        (b"Parse Error: Invalid header", one(BadHeader)),
        (b"Parse Error: Invalid character in chunk size", one(BadChunk)),
        (b"Parse Error: Content-Length can't be present with Transfer-Encoding", one(AmbiguousFraming)),
        (b"Parse Error: Missing expected CR", any(BadHeader, &[BadStatusLine, BadChunk])),
        // Certificates: OpenSSL's codes, and Node's own.
        (b"CERT_HAS_EXPIRED", one(CertExpired)),
        (b"CERT_NOT_YET_VALID", one(CertNotYetValid)),
        (b"CERT_REVOKED", one(CertRevoked)),
        (b"DEPTH_ZERO_SELF_SIGNED_CERT", one(CertUntrusted)),
        (b"SELF_SIGNED_CERT_IN_CHAIN", one(CertUntrusted)),
        (b"UNABLE_TO_VERIFY_LEAF_SIGNATURE", one(CertUntrusted)),
        (b"UNABLE_TO_GET_ISSUER_CERT", one(CertUntrusted)),
        (b"ERR_TLS_CERT_ALTNAME_INVALID", one(CertNameMismatch)),
        (b"Hostname/IP does not match certificate's altnames", one(CertNameMismatch)),
        (b"ERR_SSL_", Says::On(handshake)),
        (b"EPROTO ", Says::On(handshake)),
        // HTTP/2: `Stream closed with error code NGHTTP2_REFUSED_STREAM`.
        (b"Stream closed with error code NGHTTP2_", Says::On(stream)),
        (b"Session closed with error code NGHTTP2_", any(crate::fault::FaultKind::Goaway, &[crate::fault::FaultKind::GoawayUnprocessed])),
        // Libraries.
        (b"ERR_STREAM_PREMATURE_CLOSE", one(BodyTruncated)),
        (b"Invalid response body while trying to fetch ", Says::On(fetched)),
        (b"ESOCKETTIMEDOUT", Says::Means(NO_ANSWER)),
        (b"timeout of ", Says::On(axios)),
        // http-proxy-middleware, `plugins/default/logger-plugin.ts`, and before 3 `handlers/public.ts`.
        (b"Error occurred while trying to proxy request ", Says::On(proxied)),
        (b"Error occurred while proxying request ", Says::On(proxied)),
        // The code alone.
        (b"ECONNREFUSED", one(ConnectionRefused)),
        (b"ECONNRESET", Says::Means(RESET)),
        (b"ETIMEDOUT", Says::Means(TIMED_OUT)),
        (b"EHOSTUNREACH", one(Unreachable)),
        (b"ENETUNREACH", one(Unreachable)),
        (b"ENOTFOUND", one(DnsNotFound)),
        (b"EAI_AGAIN", any(DnsTimeout, &[DnsFailure])),
        (b"EADDRNOTAVAIL", one(LocalExhausted)),
        (b"EMFILE", one(LocalExhausted)),
    ],
};

/// `ECONNREFUSED 127.0.0.1:3000`, `ENOENT /run/app.sock`; the last letter of the words is the first of the code.
fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const CODES: &[(&[u8], Cause)] = &[
        (b"CONNREFUSED", Cause::Refused),
        (b"TIMEDOUT", Cause::TimedOut),
        (b"HOSTUNREACH", Cause::Unreachable),
        (b"NETUNREACH", Cause::Unreachable),
        (b"CONNRESET", Cause::Reset),
        (b"ACCES", Cause::Denied),
        (b"PERM", Cause::Denied),
        (b"ADDRNOTAVAIL", Cause::Exhausted),
        (b"MFILE", Cause::Exhausted),
        (b"NOBUFS", Cause::Exhausted),
        (b"NOENT", Cause::NoSocket),
        (b"AGAIN", Cause::Again),
    ];
    let (rest, cause) = CODES.iter().find_map(|(code, cause)| Some((found.rest.strip_prefix(*code)?, *cause)))?;
    Some(Told::that(cause::at(cause, Phase::Connect)).at(rest.strip_prefix(b" ").and_then(name)))
}

/// `ENOTFOUND app`, `EAI_AGAIN app`, `ETIMEOUT app`.
fn lookup<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const CODES: &[(&[u8], Reading)] = &[
        (b"ENOTFOUND", Reading::exact(DnsNotFound)),
        (b"ENODATA", Reading::exact(DnsNotFound)),
        (b"EAI_AGAIN", Reading::coarse(DnsTimeout, &[DnsFailure])),
        (b"ETIMEOUT", Reading::exact(DnsTimeout)),
        (b"ESERVFAIL", Reading::exact(DnsFailure)),
        (b"EREFUSED", Reading::exact(DnsFailure)),
        (b"ECONNREFUSED", Reading::exact(DnsFailure)),
    ];
    let (rest, reading) = CODES.iter().find_map(|(code, reading)| Some((found.rest.strip_prefix(*code)?, *reading)))?;
    Some(Told::that(reading).at(rest.strip_prefix(b" ").and_then(name)))
}

/// OpenSSL's words, with spaces or as `ERR_SSL_WRONG_VERSION_NUMBER`.
fn handshake<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (reading, code) = tls::error(found.text);
    Some(Told::with_code(reading, code))
}

/// `/api from localhost:8080 to http://app:3000/ (ECONNRESET) (https://...)`, since 2 with the code in brackets.
fn proxied<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const CODES: &[(&[u8], Reading)] = &[
        (b"ECONNREFUSED", Reading::exact(ConnectionRefused)),
        (b"ECONNRESET", RESET),
        (b"ETIMEDOUT", TIMED_OUT),
        (b"EHOSTUNREACH", Reading::exact(Unreachable)),
        (b"ENETUNREACH", Reading::exact(Unreachable)),
        (b"ENOTFOUND", Reading::exact(DnsNotFound)),
        (b"EAI_AGAIN", Reading::coarse(DnsTimeout, &[DnsFailure])),
        (b"EPROTO", Reading::exact(TlsProtocol)),
    ];
    let (_, rest) = cut::split(found.rest, b" to ")?;
    let (hop, rest) = cut::piece(rest, b' ')?;
    let code = rest.strip_prefix(b"(").or_else(|| rest.strip_prefix(b"["))?;
    let (_, reading) = CODES.iter().find(|(words, _)| code.starts_with(words))?;
    Some(Told::that(*reading).at(cut::authority(hop)))
}

fn stream<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(h2::told(found.rest))
}

/// `(attempted address: app.internal:443, timeout: 10000ms)`, with `addresses:` where there are several.
fn undici_connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let hop = cut::split(found.rest, b"attempted address: ").and_then(|(_, rest)| name(rest));
    Some(Told::that(Reading::coarse(ConnectionTimeout, &[TlsTimeout])).at(hop))
}

/// node-fetch: `http://app/x: Premature close`.
fn fetched<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (url, _) = cut::split(found.rest, b": ")?;
    let reading = Reading::coarse(BodyTruncated, &[BodyReset, ConnectReset]);
    let reading = if cut::has(found.rest, b"Premature close") { Reading::exact(BodyTruncated) } else { reading };
    Some(Told::that(reading).at(cut::authority(url)))
}

/// axios: `timeout of 5000ms exceeded`, over the whole exchange.
fn axios<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, rest) = cut::number(found.rest)?;
    let reading = Reading::coarse(ResponseTimeout, &[DeadlineExceeded, HeadStalled, BodyStalled, ConnectionTimeout]);
    rest.starts_with(b"ms exceeded").then(|| Told::that(reading))
}
