//! What Go's `net`, `net/http` and `crypto/tls` say: Caddy, Traefik and every other proxy in Go log these texts.
//!
//! The beginning says which call failed, the end says why. `EOF` alone is the end of a connection
//! before a byte, whether of TLS or of HTTP: Go does not say which.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    self, AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BodyTruncated, CertExpired, CertInvalid,
    CertNameMismatch, CertNotYetValid, CertUntrusted, ClientAborted, ClientTimeout, ClosedBeforeResponse,
    ConnectionLimit, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, DnsTimeout, Goaway,
    GoawayUnprocessed, HeadReset, HeadStalled, HeadTooLarge, HeadTruncated, NoHealthyUpstream, NotHttp,
    ProxyMisconfigured, ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout, StreamRefused, StreamReset,
    TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, TooManyInterim, UnsupportedCoding,
};
use crate::fault::{Code, Phase};

use super::cause::{self, Cause};
use super::cut;
use super::entry::Verdict;
use super::tls;

const fn one(kind: FaultKind) -> Reading {
    Reading::exact(kind)
}

/// The socket's operations: what stands before the address, and the column of [`cause::at`].
const CALLS: &[(&[u8], Phase)] =
    &[(b"dial ", Phase::Connect), (b"write ", Phase::Send), (b"readfrom ", Phase::Send), (b"read ", Phase::Head)];

/// What `net/http` calls any failure of a response to come, in HTTP/1.
const BROKEN: &[u8] = b"net/http: HTTP/1.x transport connection broken: ";

/// By the beginning, behind [`BROKEN`] or without it.
#[rustfmt::skip]
const TEXTS: &[(&[u8], Reading)] = &[
    (b"malformed HTTP status code", Reading::coarse(BadStatusLine, &[NotHttp, HeadTruncated])),
    (b"malformed HTTP response", Reading::coarse(NotHttp, &[BadStatusLine, HeadTruncated])),
    (b"malformed HTTP version", Reading::coarse(BadStatusLine, &[NotHttp])),
    (b"malformed MIME header", one(BadHeader)),
    (b"bad Content-Length", one(AmbiguousFraming)),
    (b"http: message cannot contain multiple Content-Length", one(AmbiguousFraming)),
    (b"unsupported transfer encoding", one(UnsupportedCoding)),
    (b"too many transfer encodings", Reading::coarse(AmbiguousFraming, &[UnsupportedCoding])),
    (b"net/http: too many 1xx informational responses", one(TooManyInterim)),
    (b"net/http: server response headers exceeded", one(HeadTooLarge)),
    (b"net/http: timeout awaiting response headers", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"net/http: TLS handshake timeout", one(TlsTimeout)),
    (b"net/http: request canceled while waiting for connection", Reading::coarse(ConnectionTimeout, &[ConnectionLimit, ClientAborted])),
    (b"net/http: request canceled", Reading::coarse(ClientAborted, &[DeadlineExceeded])),
    (b"net/http: server replied with more than declared Content-Length", one(FaultKind::UnsolicitedResponse)),
    (b"bad trailer key", one(FaultKind::BadTrailer)),
    (b"http: server closed idle connection", one(ClosedBeforeResponse)),
    (b"http: server gave HTTP response to HTTPS client", one(TlsNotTls)),
    (b"invalid byte in chunk length", one(BadChunk)),
    (b"empty hex number for chunk length", one(BadChunk)),
    (b"malformed chunked encoding", one(BadChunk)),
    (b"http chunk length too large", one(BadChunk)),
    (b"chunked line ends with bare LF", one(BadChunk)),
    (b"chunked encoding contains too much non-data", one(BadChunk)),
    (b"http: suspiciously long trailer after chunked body", one(FaultKind::TrailersTooLarge)),
    (b"context canceled", one(ClientAborted)),
    (b"context deadline exceeded", Reading::coarse(DeadlineExceeded, &[ResponseTimeout, ConnectionTimeout, HeadStalled])),
    (b"operation was canceled", one(ClientAborted)),
    (b"no upstreams available", one(NoHealthyUpstream)),
    (b"http2: server sent GOAWAY", Reading::coarse(Goaway, &[GoawayUnprocessed])),
    (b"http2: Transport received Server's graceful shutdown GOAWAY", Reading::coarse(GoawayUnprocessed, &[Goaway])),
    (b"http2: timeout awaiting response headers", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"stream error: ", Reading::coarse(StreamReset, &[StreamRefused])),
    (b"tls: first record does not look like a TLS handshake", Reading::coarse(TlsNotTls, &[TlsProtocol])),
    (b"tls: no application protocol", one(TlsNoAlpn)),
    (b"tls: server selected unadvertised ALPN", one(TlsNoAlpn)),
    (b"tls: ", one(TlsProtocol)),
    (b"local error: tls: ", one(TlsProtocol)),
    (b"unsupported protocol scheme", one(ProxyMisconfigured)),
    (b"http: no Host in request URL", one(ProxyMisconfigured)),
];

/// What `x509:` goes on with, anywhere.
#[rustfmt::skip]
const X509: &[(&[u8], Reading)] = &[
    (b"signed by unknown authority", one(CertUntrusted)),
    (b"is not trusted", one(CertUntrusted)),
    (b"certificate is valid for", one(CertNameMismatch)),
    (b"cannot validate certificate for", one(CertNameMismatch)),
    (b"is not valid for any names", one(CertNameMismatch)),
    (b"relies on legacy Common Name", one(CertNameMismatch)),
    (b" is before ", one(CertNotYetValid)),
    (b" is after ", one(CertExpired)),
    (b"has expired or is not yet valid", Reading::coarse(CertExpired, &[CertNotYetValid])),
];

/// What an error of Go says.
pub(super) fn error(text: &[u8]) -> Verdict {
    let text = text.strip_prefix(b"http: proxy error: ").unwrap_or(text);
    let text = text.strip_prefix(BROKEN).unwrap_or(text);
    if let Some((_, certificate)) = cut::split(text, b"x509: ") {
        let row = X509.iter().find(|(words, _)| cut::has(certificate, words));
        return Verdict::that(row.map_or(one(CertInvalid), |(_, reading)| *reading));
    }
    if let Some(alert) = text.strip_prefix(b"remote error: tls: ") {
        let code = tls::alert(alert).map(Code::TlsAlert);
        let reading = one(TlsAlert);
        return Verdict::Fault { fault: cause::fault(reading, None, code), reading };
    }
    match text {
        // The handshake's end looks the same.
        b"EOF" => return Verdict::that(Reading::coarse(ClosedBeforeResponse, &[TlsClosed])),
        // Of a head: in a body, Caddy says so of its copying.
        b"unexpected EOF" => return Verdict::that(one(HeadTruncated)),
        _ => {}
    }
    if let Some((_, reading)) = TEXTS.iter().find(|(words, _)| text.starts_with(words)) {
        return Verdict::that(*reading);
    }
    match CALLS.iter().find(|(words, _)| text.starts_with(words)) {
        Some((_, phase)) => call(text, *phase),
        None => Verdict::Unknown,
    }
}

/// What an error says that came while a body was copied.
pub(super) fn body_error(text: &[u8]) -> Verdict {
    if text.starts_with(b"read ") {
        return call(text, Phase::Body);
    }
    let said = error(text);
    let ended = said.fault().is_some_and(|(fault, _)| matches!(fault.kind(), HeadTruncated | ClosedBeforeResponse));
    if ended { Verdict::that(one(BodyTruncated)) } else { said }
}

/// `dial tcp 10.0.0.1:80: connect: connection refused`, `read tcp A->B: read: connection reset by peer`.
fn call(text: &[u8], phase: Phase) -> Verdict {
    if phase == Phase::Connect && cut::has(text, b": lookup ") {
        return Verdict::that(lookup(text));
    }
    let Some((addresses, why)) = cut::split(text, b": ") else { return Verdict::Unknown };
    // The call of the system: `connect: `, on Windows `connectex: `, `wsarecv: `.
    let why = CALLED.iter().find_map(|call| why.strip_prefix(*call)).unwrap_or(why);
    // Of `golang.org/x/net/http2`, while the request's body is copied.
    if why.starts_with(b"operation was canceled") || why.starts_with(b"client disconnected") {
        return Verdict::that(one(ClientAborted));
    }
    // A scheme stands where the network should: `dial http:: unknown network http`.
    if why.starts_with(b"unknown network") {
        return Verdict::that(one(ProxyMisconfigured));
    }
    let cause = if why.starts_with(b"i/o timeout") {
        Some(Cause::TimedOut)
    } else {
        cause::named(why).or_else(|| windows(why))
    };
    let Some(cause) = cause else { return Verdict::Unknown };
    Verdict::that(match (cause, phase) {
        (Cause::TimedOut, Phase::Head | Phase::Send | Phase::Body) if is_of_a_client(addresses) => one(ClientTimeout),
        (Cause::Reset, Phase::Head | Phase::Send | Phase::Body) if is_of_a_client(addresses) => one(ClientAborted),
        // A connection's first read and write may be those of its handshake.
        (Cause::Reset, Phase::Head) => Reading::coarse(ResetBeforeResponse, &[HeadReset, TlsReset]),
        (Cause::TimedOut, Phase::Head) => Reading::coarse(ResponseTimeout, &[HeadStalled, TlsTimeout]),
        (Cause::Reset, Phase::Send) => Reading::coarse(SendReset, &[ResetBeforeResponse, TlsReset]),
        (Cause::TimedOut, Phase::Send) => Reading::coarse(SendTimeout, &[TlsTimeout]),
        (cause, phase) => cause::at(cause, phase),
    })
}

/// What stands before the reason (`os.SyscallError`).
const CALLED: [&[u8]; 8] =
    [b"connect: ", b"getsockopt: ", b"connectex: ", b"read: ", b"write: ", b"wsarecv: ", b"wsasend: ", b"socket: "];

/// The messages of Windows (`FormatMessage` of `WSAECONNREFUSED`, `WSAETIMEDOUT`, `WSAECONNRESET`, `WSAECONNABORTED`).
fn windows(why: &[u8]) -> Option<Cause> {
    const TEXTS: &[(&[u8], Cause)] = &[
        (b"No connection could be made because the target machine actively refused it", Cause::Refused),
        (b"A connection attempt failed because the connected party did not properly respond", Cause::TimedOut),
        (b"An existing connection was forcibly closed by the remote host", Cause::Reset),
        (b"An established connection was aborted by the software in your host machine", Cause::Reset),
        (b"A socket operation was attempted to an unreachable", Cause::Unreachable),
    ];
    TEXTS.iter().find(|(words, _)| why.starts_with(words)).map(|(_, cause)| *cause)
}

/// Whether the other side of `read tcp A->B` is a client: ports from 32768 on are those that Linux gives to who
/// connects (`ip_local_port_range`), and a server listens below them.
fn is_of_a_client(addresses: &[u8]) -> bool {
    let port = |address: &[u8]| cut::split_last(address, b":").and_then(|(_, port)| cut::whole_number(port));
    let ports = cut::split(addresses, b"->").and_then(|(ours, theirs)| Some((port(ours)?, port(theirs)?)));
    ports.is_some_and(|(ours, theirs)| ours < 32_768 && theirs >= 32_768)
}

/// The other side of a call: its address, or the name of `dial tcp: lookup app on 10.0.0.53:53: ...`.
pub(super) fn next_hop(text: &[u8]) -> Option<&[u8]> {
    CALLS.iter().find(|(call, _)| text.starts_with(call))?;
    if let Some((_, rest)) = cut::split(text, b": lookup ") {
        let end = rest.iter().position(|b| matches!(b, b' ' | b':')).unwrap_or(rest.len());
        return cut::something(rest.get(..end)?);
    }
    address(text)
}

/// The address of `dial tcp 10.0.0.1:80: connect: ...` or `read tcp SOURCE->10.0.0.1:80: read: ...`.
pub(super) fn address(text: &[u8]) -> Option<&[u8]> {
    CALLS.iter().find(|(call, _)| text.starts_with(call))?;
    let (call, _) = cut::split(text, b": ")?;
    let address = call.splitn(3, |b| *b == b' ').nth(2)?;
    cut::something(cut::split(address, b"->").map_or(address, |(_, to)| to))
}

/// `dial tcp: lookup name on 10.0.0.53:53: no such host`.
fn lookup(text: &[u8]) -> Reading {
    const WHY: &[(&[u8], Reading)] = &[
        (b"no such host", one(DnsNotFound)),
        (b"server misbehaving", one(DnsFailure)),
        (b"i/o timeout", one(DnsTimeout)),
        (b"operation was canceled", one(ClientAborted)),
    ];
    let row = WHY.iter().find(|(words, _)| cut::has(text, words));
    row.map_or(Reading::coarse(DnsFailure, &[DnsNotFound, DnsTimeout]), |(_, reading)| *reading)
}
