//! What Java's clients say: the JDK, Apache HttpClient, OkHttp, Netty and Reactor.
//!
//! Sources: JDK, `java.net`, `sun.security.ssl`, `jdk.internal.net.http`; HttpCore, `DefaultHttpResponseParser`,
//! `ContentLengthInputStream`, `ChunkedInputStream`; OkHttp, `Http1ExchangeCodec`; reactor-netty, `PrematureCloseException`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadChunk, BodyStalled, BodyTruncated, CertExpired, CertInvalid, CertNameMismatch, CertNotYetValid, CertUntrusted,
    ClientAborted, ClosedBeforeResponse, ConnectionLimit, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound,
    DnsTimeout, HeadStalled, HeadTruncated, NotHttp, ResetBeforeResponse, ResponseTimeout, SendReset, TlsAlert,
    TlsClosed, TlsNotTls, TlsProtocol, TlsTimeout, Unreachable,
};
use crate::fault::{Code, Phase};

use super::super::cause;
use super::super::cut;
use super::super::entry::Format;
use super::super::tls;
use super::system::RESET;
use super::{Found, Says, Table, Told, any, h2, name, one};

const NO_ANSWER: Reading = Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled]);

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Java,
    rows: &[
        // A server's own client went.
        (b"org.apache.catalina.connector.ClientAbortException", one(ClientAborted)),
        (b"ClientAbortException", one(ClientAborted)),
        (b"org.eclipse.jetty.io.EofException", one(ClientAborted)),
        (b"AsyncRequestNotUsableException", one(ClientAborted)),
        // Apache HttpClient.
        (b"org.apache.http.NoHttpResponseException: ", Says::On(no_response)),
        (b"org.apache.hc.core5.http.NoHttpResponseException: ", Says::On(no_response)),
        (b"NoHttpResponseException: ", Says::On(no_response)),
        (b"Connect to ", Says::On(connect_to)),
        (b"Timeout waiting for connection from pool", one(ConnectionLimit)),
        (b"Timeout deadline: ", one(ConnectionLimit)),
        (b"Premature end of Content-Length delimited message body", one(BodyTruncated)),
        (b"Premature end of chunk coded message body", one(BodyTruncated)),
        (b"Truncated chunk", one(BodyTruncated)),
        (b"Premature EOF", one(BodyTruncated)),
        (b"MalformedChunkCodingException", one(BadChunk)),
        // The JDK.
        (b"java.net.UnknownHostException: ", Says::On(unknown_host)),
        (b"UnknownHostException: ", Says::On(unknown_host)),
        (b"java.net.NoRouteToHostException", one(Unreachable)),
        (b"java.net.http.HttpConnectTimeoutException", one(ConnectionTimeout)),
        (b"HTTP connect timed out", one(ConnectionTimeout)),
        (b"java.net.http.HttpTimeoutException", any(DeadlineExceeded, &[ResponseTimeout, HeadStalled, BodyStalled])),
        (b"HTTP/1.1 header parser received no bytes", one(ClosedBeforeResponse)),
        (b"SocketTimeoutException: ", Says::On(timeout)),
        (b"java.net.SocketTimeoutException: ", Says::On(timeout)),
        (b"ConnectException: ", Says::On(connect)),
        (b"java.net.ConnectException: ", Says::On(connect)),
        (b"java.net.SocketException: ", Says::On(socket)),
        (b"SocketException: ", Says::On(socket)),
        (b"java.io.IOException: Broken pipe", any(SendReset, &[ResetBeforeResponse])),
        (b"java.io.IOException: Connection reset by peer", Says::Means(RESET)),
        // TLS.
        (b"Remote host terminated the handshake", one(TlsClosed)),
        (b"Remote host closed connection during handshake", one(TlsClosed)),
        (b"PKIX path building failed", one(CertUntrusted)),
        (b"PKIX path validation failed", Says::On(validation)),
        (b"java.security.cert.CertificateExpiredException", one(CertExpired)),
        (b"java.security.cert.CertificateNotYetValidException", one(CertNotYetValid)),
        (b"No subject alternative ", one(CertNameMismatch)),
        (b"No name matching ", one(CertNameMismatch)),
        (b"Received fatal alert: ", Says::On(alert)),
        (b"Unsupported or unrecognized SSL message", one(TlsNotTls)),
        (b"Unrecognized SSL message, plaintext connection?", one(TlsNotTls)),
        (b"io.netty.handler.ssl.NotSslRecordException", one(TlsNotTls)),
        (b"No appropriate protocol", one(TlsProtocol)),
        (b"io.netty.handler.ssl.SslHandshakeTimeoutException", one(TlsTimeout)),
        // OkHttp.
        (b"unexpected end of stream on ", Says::On(okhttp)),
        (b"stream was reset: ", Says::On(reset)),
        // Netty, Reactor.
        (b"Connection prematurely closed BEFORE response", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"Connection prematurely closed DURING response", any(BodyTruncated, &[HeadTruncated])),
        (b"Connection has been closed BEFORE response", any(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated])),
        (b"io.netty.handler.timeout.ReadTimeoutException", Says::Means(NO_ANSWER)),
        (b"io.netty.channel.ConnectTimeoutException: connection timed out", Says::On(netty_timeout)),
        (b"io.grpc.netty.shaded.io.netty.channel.ConnectTimeoutException: connection timed out", Says::On(netty_timeout)),
        (b"Connection has been closed BEFORE send operation", any(SendReset, &[ClosedBeforeResponse, ClientAborted])),
        (b"finishConnect(..) failed: ", Says::On(finish)),
        (b"Pool#acquire(Duration) has been pending for more than", one(ConnectionLimit)),
        (b"Pending acquire queue has reached its maximum size", one(ConnectionLimit)),
        (b"invalid version format: ", one(NotHttp)),
    ],
};

/// `app/10.0.0.1:8080`, of `InetSocketAddress`; since JDK 14 `app/<unresolved>:8080`.
pub(super) fn address(text: &[u8]) -> Option<&[u8]> {
    let whole = name(text)?;
    match cut::piece(whole, b'/') {
        Some((host, address)) if address.starts_with(b"<") || address.is_empty() => cut::something(host),
        Some((_, address)) => Some(address),
        None => Some(whole),
    }
}

/// `app:8080 failed to respond`: the end of the connection where a status line should be.
fn no_response<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::exact(ClosedBeforeResponse)).at(name(found.rest)))
}

/// `app:8080 [app/10.0.0.1] failed: Connection refused`.
fn connect_to<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (hop, why) = cut::split(found.rest, b" failed: ")?;
    Some(Told::that(connecting(why)?).at(name(hop).and_then(cut::authority)))
}

/// Why connecting failed.
fn connecting(why: &[u8]) -> Option<Reading> {
    if why.starts_with(b"connect timed out")
        || why.starts_with(b"Connect timed out")
        || why.starts_with(b"Read timed out")
    {
        return Some(Reading::exact(ConnectionTimeout));
    }
    cause::named(why).map(|cause| cause::at(cause, Phase::Connect))
}

fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let rest = found.rest;
    let hop = |words: &[u8]| rest.strip_prefix(words).and_then(address);
    // Netty has the address behind it; the others have words of their own around it.
    let address = hop(b"Connection refused: ").filter(|hop| *hop != b"connect");
    let at = cut::find(rest, b"onnection refused").map_or(0, |at| at.saturating_sub(1));
    Some(Told::that(connecting(rest).or_else(|| rest.get(at..).and_then(connecting))?).at(address))
}

fn timeout<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let reading = if found.rest.starts_with(b"connect timed out")
        || found.rest.starts_with(b"Connect timed out")
        || found.rest.starts_with(b"failed to connect to ")
    {
        Reading::exact(ConnectionTimeout)
    } else {
        Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled, TlsTimeout])
    };
    Some(Told::that(reading))
}

/// `Connection reset`, `Broken pipe (Write failed)`, `Network is unreachable`.
fn socket<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"Connection reset", RESET),
        (b"Broken pipe", Reading::coarse(SendReset, &[ResetBeforeResponse])),
        (b"Unexpected end of file from server", Reading::exact(ClosedBeforeResponse)),
    ];
    let known = WHY.iter().find(|(words, _)| found.rest.starts_with(words)).map(|(_, reading)| *reading);
    Some(Told::that(known.or_else(|| connecting(found.rest))?))
}

fn unknown_host<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::coarse(DnsNotFound, &[DnsFailure, DnsTimeout])).at(name(found.rest)))
}

fn validation<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let reading =
        if cut::has(found.rest, b"CertificateExpiredException") || cut::has(found.rest, b"validity check failed") {
            Reading::exact(CertExpired)
        } else if cut::has(found.rest, b"CertificateNotYetValidException") {
            Reading::exact(CertNotYetValid)
        } else {
            Reading::coarse(CertInvalid, &[CertUntrusted])
        };
    Some(Told::that(reading))
}

/// `handshake_failure`, as RFC 8446 spells it.
fn alert<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::with_code(Reading::exact(TlsAlert), tls::alert(found.rest).map(Code::TlsAlert)))
}

/// `http://app:8080/...`, or `Connection{app:8080, ...}`.
fn okhttp<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let rest = found.rest.strip_prefix(b"Connection{").unwrap_or(found.rest);
    let reading = Reading::coarse(ClosedBeforeResponse, &[HeadTruncated]);
    Some(Told::that(reading).at(name(rest).and_then(cut::authority).map(|hop| hop.strip_suffix(b"...").unwrap_or(hop))))
}

fn reset<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(h2::told(found.rest))
}

/// `: app/10.0.0.1:8080`, with `after 30000 ms` since 4.1.84.
fn netty_timeout<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let hop = cut::split(found.rest, b": ").and_then(|(_, rest)| address(rest));
    Some(Told::that(Reading::exact(ConnectionTimeout)).at(hop))
}

/// epoll's: `Connection refused: app/10.0.0.1:8080`.
fn finish<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let hop = cut::split(found.rest, b": ").and_then(|(_, rest)| address(rest));
    Some(Told::that(connecting(found.rest)?).at(hop))
}
