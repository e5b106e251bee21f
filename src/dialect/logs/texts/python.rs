//! What Python's clients say: http.client, urllib3 and requests, aiohttp, httpx.
//!
//! Sources: CPython, `Lib/http/client.py`, `Modules/_ssl.c`; urllib3, `src/urllib3/exceptions.py`, `connection.py`; aiohttp,
//! `aiohttp/client_exceptions.py`, `client_proto.py`; httpcore, `httpcore/_sync/http11.py`, h11, `h11/_readers.py`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadChunk, BadStatusLine, BodyReset, BodyStalled, BodyTruncated, CertNameMismatch, ClosedBeforeResponse,
    ConnectReset, ConnectionLimit, ConnectionRefused, ConnectionTimeout, DnsFailure, DnsNotFound, DnsTimeout,
    HeadStalled, HeadTruncated, HeaderTooLarge, NotHttp, ResponseTimeout, SendReset, TlsClosed, TlsTimeout,
    TooManyHeaders, Unreachable,
};
use crate::fault::{Code, Phase};

use super::super::cause::{self, Cause};
use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::super::tls;
use super::system::{RESET, TIMED_OUT};
use super::{Found, Says, Table, Told, any, name, one};

const NO_ANSWER: Reading = Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled]);
/// Connecting failed, and nobody says how.
const NOT_CONNECTED: Reading =
    Reading::coarse(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset, DnsNotFound]);

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Python,
    rows: &[
        (b"RemoteDisconnected(", one(ClosedBeforeResponse)),
        (b"Remote end closed connection without response", one(ClosedBeforeResponse)),
        (b"IncompleteRead(", one(BodyTruncated)),
        // The end of the connection where a chunk's size should be.
        (b"InvalidChunkLength(got length b'', ", one(BodyTruncated)),
        (b"InvalidChunkLength(", one(BadChunk)),
        (b"BadStatusLine(", any(NotHttp, &[BadStatusLine, HeadTruncated])),
        (b"LineTooLong(", one(HeaderTooLarge)),
        (b"got more than 100 headers", one(TooManyHeaders)),
        (b"Failed to resolve '", Says::On(resolve)),
        (b"Failed to establish a new connection: ", Says::On(connect)),
        (b"Cannot connect to proxy", Says::On(proxy)),
        (b"Connection to ", Says::On(connect_timeout)),
        (b"Read timed out. (read timeout=", Says::On(read_timeout)),
        // aiohttp.
        (b"Cannot connect to host ", Says::On(aiohttp)),
        (b"Server disconnected without sending a response", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"Server disconnected", any(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated])),
        (b"ServerDisconnectedError", any(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated])),
        (b"Response payload is not completed", any(BodyTruncated, &[BadChunk])),
        (b"Connection timeout to host ", Says::On(timeout_to)),
        (b"Timeout on reading data from socket", Says::Means(NO_ANSWER)),
        // httpx, h11.
        (b"peer closed connection without sending complete message body", one(BodyTruncated)),
        (b"illegal status line: ", any(NotHttp, &[BadStatusLine])),
        (b"httpx.ConnectTimeout", one(ConnectionTimeout)),
        (b"httpx.ReadTimeout", Says::Means(NO_ANSWER)),
        (b"httpcore.ReadTimeout", Says::Means(NO_ANSWER)),
        (b"httpcore.ConnectTimeout", one(ConnectionTimeout)),
        (b"httpx.PoolTimeout", one(ConnectionLimit)),
        (b"All connection attempts failed", Says::Means(NOT_CONNECTED)),
        // The SSL module.
        (b"SSL: ", Says::On(handshake)),
        (b"EOF occurred in violation of protocol", one(TlsClosed)),
        (b"SSLEOFError(", one(TlsClosed)),
        (b"SSLZeroReturnError(", one(TlsClosed)),
        (b"hostname '", Says::On(hostname)),
        // `OSError`.
        (b"ConnectionRefusedError", one(ConnectionRefused)),
        (b"ConnectionResetError", Says::Means(RESET)),
        (b"Errno ", Says::On(errno)),
    ],
};

/// `app' ([Errno -2] Name or service not known)`.
fn resolve<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(lookup(found.rest)).at(Some(super::unquoted(found.rest))))
}

/// `getaddrinfo(3)`: EAI_NONAME is -2, EAI_AGAIN -3, EAI_NODATA -5 (glibc), 8 (macOS), 11001 to 11004
/// (Windows).
fn lookup(text: &[u8]) -> Reading {
    if cut::has(text, b"Errno -3]") {
        Reading::coarse(DnsTimeout, &[DnsFailure])
    } else if [&b"Errno -2]"[..], b"Errno -5]", b"Errno 8]", b"Errno 11001]"]
        .iter()
        .any(|number| cut::has(text, number))
    {
        Reading::exact(DnsNotFound)
    } else {
        Reading::coarse(DnsNotFound, &[DnsFailure, DnsTimeout])
    }
}

/// `[Errno 111] Connection refused`; the pool before it has the host.
fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, numbered) = cut::split(found.rest, b"[Errno ")?;
    let told = if numbered.starts_with(b"-")
        || [&b"8]"[..], b"11001]", b"11002]", b"11004]"].iter().any(|own| numbered.starts_with(own))
    {
        Told::that(lookup(found.rest))
    } else {
        let (errno, text) = cut::number(numbered)?;
        let cause = cause::named(text.strip_prefix(b"] ")?).or_else(|| cause::by_number(errno))?;
        Told::with_code(cause::at(cause, Phase::Connect), i32::try_from(errno).ok().map(Code::Errno))
    };
    Some(told.at(pool(found.before)))
}

/// `Cannot connect to proxy.', timeout('timed out',)`, `... OSError('Tunnel connection failed: 502 Bad Gateway')`.
fn proxy<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let why = cut::head(found.rest, 200);
    if let Some((_, status)) = cut::split(why, b"Tunnel connection failed: ") {
        let status = status.get(..3).and_then(cut::status).filter(|status| *status >= 500)?;
        return Some(Told::new(Verdict::Bare(status)));
    }
    let is_late = cut::has(why, b"timeout('timed out'") || cut::has(why, b"TimeoutError('timed out'");
    is_late
        .then(|| Told::that(Reading::coarse(ConnectionTimeout, &[TlsTimeout, ResponseTimeout])).at(pool(found.before)))
}

/// The host of `HTTPConnectionPool(host='app', port=80)`.
fn pool(before: &[u8]) -> Option<&[u8]> {
    let (_, host) = cut::split_last(before, b"ConnectionPool(host='")?;
    Some(super::unquoted(host))
}

/// `app timed out. (connect timeout=5)`.
fn connect_timeout<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (host, rest) = cut::split(found.rest, b" timed out")?;
    let is_it = rest.starts_with(b". (connect timeout=") && !host.contains(&b' ');
    is_it.then(|| Told::that(Reading::exact(ConnectionTimeout)).at(Some(host)))
}

fn read_timeout<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(NO_ANSWER).at(pool(found.before)))
}

/// `app:80 ssl:default [Connect call failed ('10.0.0.1', 80)]`.
fn aiohttp<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (hop, rest) = cut::piece(found.rest, b' ')?;
    let (_, why) = cut::split(rest, b"[")?;
    // "None" is what asyncio's TLS writes of a connection that ended.
    let reading = match cause::named(why) {
        Some(cause) => cause::at(cause, Phase::Connect),
        None if why.starts_with(b"Name or service not known") || why.starts_with(b"No address associated") => {
            Reading::exact(DnsNotFound)
        }
        None if why.starts_with(b"Temporary failure in name resolution") => Reading::coarse(DnsTimeout, &[DnsFailure]),
        None if why.starts_with(b"SSL") || cut::has(why, b"SSLCert") => tls::error(why).0,
        None => Reading::coarse(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset, TlsClosed]),
    };
    Some(Told::that(reading).at(Some(hop)))
}

fn timeout_to<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::exact(ConnectionTimeout)).at(name(found.rest).and_then(cut::authority)))
}

/// `CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)`.
fn handshake<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    found.before.ends_with(b"[").then(|| {
        let (reading, code) = tls::error(found.text);
        Told::with_code(reading, code).at(pool(found.before))
    })
}

fn hostname<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cut::has(found.rest, b"doesn't match").then(|| Told::that(Reading::exact(CertNameMismatch)))
}

/// `[Errno 111] Connection refused`, of a connection and not of a file.
fn errno<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (errno, text) = cut::number(found.rest).filter(|_| found.before.ends_with(b"["))?;
    let reading = match cause::named(text.strip_prefix(b"] ")?)? {
        Cause::TimedOut => TIMED_OUT,
        Cause::Reset if errno == 32 => Reading::coarse(SendReset, &[BodyReset]),
        Cause::Reset => RESET,
        cause @ (Cause::Refused | Cause::Unreachable) => cause::at(cause, Phase::Connect),
        Cause::Denied | Cause::Exhausted | Cause::Closed | Cause::NoSocket | Cause::Again => return None,
    };
    Some(Told::with_code(reading, i32::try_from(errno).ok().map(Code::Errno)))
}
