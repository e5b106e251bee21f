//! A line of HAProxy's `option httplog`, with or without what syslog puts before it:
//! `10.0.1.2:33317 [06/Feb/2026:12:14:14.655] front back/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {} {} "GET / HTTP/1.1"`.
//!
//! Its one rule: the two letters of the termination state say who ended it and when, and hardly ever why.
//! `connection_error` reads the words that say why, `%[bc_err_str]`, which no default format has.
//!
//! Source: HAProxy's configuration manual, sections 8.2.3 and 8.5, and `src/connection.c`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    self, AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BadTrailer, BodyReset, BodyStalled, BodyTooLarge,
    BodyTruncated, CertExpired, CertInvalid, CertNameMismatch, CertNotYetValid, CertRevoked, CertUntrusted,
    ClientAborted, ClientTimeout, ClosedBeforeResponse, ConnectDenied, ConnectReset, ConnectionLimit,
    ConnectionRefused, ConnectionTimeout, DnsFailure, DnsNotFound, DnsTimeout, HeadReset, HeadStalled, HeadTooLarge,
    HeadTruncated, HeaderTooLarge, LocalExhausted, NoHealthyUpstream, NotHttp, ProxyInternal, ResetBeforeResponse,
    ResponseTimeout, SendReset, SendTimeout, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls, TlsProtocol, TlsReset,
    TlsTimeout, TlsTruncated, TooManyHeaders, TooManyInterim, TrailersTooLarge, UnexpectedUpgrade, Unreachable,
    UnsolicitedResponse, UnsupportedCoding,
};

use super::cut::{self, Fields};
use super::entry::{Entry, Format, Said};
use super::stamp::Stamp;
use super::tls;

const fn one(kind: FaultKind) -> Option<Reading> {
    Some(Reading::exact(kind))
}

const fn any(kind: FaultKind, others: &'static [FaultKind]) -> Option<Reading> {
    Some(Reading::coarse(kind, others))
}

/// Anything that keeps the first byte of a request from being sent, but for a timer.
const NO_CONNECTION: Option<Reading> = any(
    ConnectionRefused,
    &[
        Unreachable,
        ConnectReset,
        NoHealthyUpstream,
        TlsClosed,
        TlsReset,
        TlsAlert,
        TlsNotTls,
        TlsProtocol,
        TlsNoAlpn,
        CertUntrusted,
        CertExpired,
        CertNameMismatch,
        CertInvalid,
        CertNotYetValid,
        CertRevoked,
        DnsNotFound,
        DnsFailure,
        DnsTimeout,
        ConnectDenied,
        LocalExhausted,
    ],
);

/// The same where no server was chosen at all: all are down, or their names have no address.
const NO_SERVER: Option<Reading> = any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout, ConnectionLimit]);

/// Killed in the middle, because a server went down, an active one came back, or by hand.
const KILLED: Option<Reading> = any(NoHealthyUpstream, &[BodyReset]);

/// Section 8.5: what ended the session, when, and what that may mean. `None`: no failure of an upstream.
#[rustfmt::skip]
const STATES: &[(&[u8; 2], Option<Reading>)] = &[
    (b"--", None),
    // The client went, or was too slow.
    (b"CQ", one(ClientAborted)), (b"CC", one(ClientAborted)), (b"CH", one(ClientAborted)), (b"CD", one(ClientAborted)),
    (b"CL", one(ClientAborted)), (b"CR", one(ClientAborted)), (b"CT", None),
    (b"cR", one(ClientTimeout)), (b"cH", one(ClientTimeout)), (b"cT", None),
    // "timeout client" ran out in the body: the client took nothing, or nothing came for it.
    (b"cD", any(ClientTimeout, &[ClientAborted, BodyStalled])), (b"cL", any(ClientTimeout, &[ClientAborted])),
    // Before a connection.
    (b"sQ", one(ConnectionLimit)), (b"SQ", any(ConnectionLimit, &[NoHealthyUpstream])),
    // "timeout connect" covers the TLS handshake.
    (b"sC", any(ConnectionTimeout, &[TlsTimeout])),
    (b"SC", NO_CONNECTION),
    (b"PC", any(LocalExhausted, &[ConnectionLimit])),
    // Waiting for the head. A TLS 1.3 server's alert about the client's certificate comes here, too. Interim
    // responses do not stop "timeout server", and their end is not the head's.
    (b"SH", any(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset, SendReset, TlsAlert])),
    (b"sH", any(ResponseTimeout, &[HeadStalled, SendTimeout, TooManyInterim])),
    (b"PH", any(BadHeader, &[
        HeadTooLarge, HeaderTooLarge, TooManyHeaders, NotHttp, BadStatusLine, AmbiguousFraming, UnsupportedCoding,
        UnexpectedUpgrade, BadChunk, BadTrailer, TrailersTooLarge, UnsolicitedResponse, TooManyInterim,
    ])),
    // The body.
    (b"SD", any(BodyTruncated, &[BodyReset, TlsTruncated])), (b"SL", any(BodyTruncated, &[BodyReset, TlsTruncated])),
    (b"sD", one(BodyStalled)), (b"sL", one(BodyStalled)),
    (b"PD", any(BadChunk, &[BadTrailer, TrailersTooLarge, BodyTooLarge, BodyTruncated])),
    // Rules, tarpits, and what HAProxy answers itself.
    (b"PR", None), (b"PT", None), (b"LR", None), (b"LC", None), (b"LH", None), (b"LD", None), (b"LL", None),
];

/// What a termination state means (`SC`, `SC--`); `None` of a state that is no upstream's failure, or unknown.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::logs::haproxy;
/// let reading = haproxy::state(b"sH--").unwrap();
/// assert_eq!(reading.kind(), FaultKind::ResponseTimeout);
/// assert!(reading.may_be(FaultKind::HeadStalled));
/// assert_eq!(haproxy::state(b"----"), None);
/// ```
#[must_use]
pub fn state(state: &[u8]) -> Option<Reading> {
    known(state).flatten()
}

/// The same, and `None` for states that are not in the manual.
fn known(state: &[u8]) -> Option<Option<Reading>> {
    let state: &[u8; 2] = state.first_chunk()?;
    let row = STATES.iter().find(|(letters, _)| *letters == state).map(|(_, reading)| *reading);
    row.or(match state {
        // Whenever it was.
        [b'R', _] => Some(one(LocalExhausted)),
        [b'I', _] => Some(one(ProxyInternal)),
        [b'D' | b'U' | b'K', _] => Some(KILLED),
        _ => None,
    })
}

/// `conn_err_code_str` of `src/connection.c`, by its beginning.
#[rustfmt::skip]
const ERRORS: &[(&[u8], Reading)] = &[
    (b"ECONNREFUSED returned by OS", Reading::exact(ConnectionRefused)),
    (b"ECONNRESET returned by OS", Reading::coarse(ConnectReset, &[TlsReset, ResetBeforeResponse])),
    (b"EPIPE returned by OS", Reading::exact(SendReset)),
    (b"ENETUNREACH returned by OS", Reading::exact(Unreachable)),
    (b"ENOMEM returned by OS", Reading::exact(LocalExhausted)),
    (b"ENOBUFS returned by OS", Reading::exact(LocalExhausted)),
    (b"Reached configured maxconn value", Reading::exact(ConnectionLimit)),
    (b"Too many sockets on the ", Reading::exact(LocalExhausted)),
    (b"Out of system buffers", Reading::exact(LocalExhausted)),
    (b"Source port range exhausted", Reading::exact(LocalExhausted)),
    (b"Out of local source ports on the system", Reading::exact(LocalExhausted)),
    (b"Local source address already in use", Reading::exact(LocalExhausted)),
    (b"Can't bind to source address", Reading::coarse(LocalExhausted, &[FaultKind::ProxyMisconfigured])),
    (b"Protocol or address family not supported", Reading::exact(FaultKind::ProxyMisconfigured)),
    (b"Connection closed during SSL handshake", Reading::exact(TlsClosed)),
    (b"Connection error during SSL handshake", Reading::coarse(TlsReset, &[TlsClosed])),
    (b"Timeout during SSL handshake", Reading::exact(TlsTimeout)),
    (b"Too many SSL connections", Reading::exact(LocalExhausted)),
    (b"Out of memory when initializing an SSL connection", Reading::exact(LocalExhausted)),
    (b"Server presented an SSL certificate different from the ", Reading::exact(CertNameMismatch)),
    (b"SSL fatal error", Reading::coarse(TlsProtocol, &[TlsAlert])),
    // The end of the handshake for whatever reason.
    (b"SSL handshake failure", Reading::coarse(TlsProtocol, &[
        TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, CertUntrusted, CertExpired, CertInvalid, CertNotYetValid,
        CertRevoked, CertNameMismatch,
    ])),
];

/// What `%[bc_err_str]` and `%[ssl_bc_err_str]` mean; empty ones, `-` and "Success" say nothing.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::logs::haproxy;
/// let reading = haproxy::connection_error(b"SSL handshake failure", b"error:0A00010B:SSL routines::wrong version number");
/// assert_eq!(reading.map(|r| r.kind()), Some(FaultKind::TlsNotTls));
/// assert_eq!(haproxy::connection_error(b"Success", b"-"), None);
/// ```
#[must_use]
pub fn connection_error(error: &[u8], ssl_error: &[u8]) -> Option<Reading> {
    let reading = ERRORS.iter().find(|(words, _)| error.starts_with(words)).map(|(_, reading)| *reading);
    let ssl = cut::something(ssl_error).map(|text| tls::error(text).0);
    match (reading, ssl) {
        // "different from the expected one" says more than "certificate verify failed".
        (Some(reading), _) if reading.is_exact() => Some(reading),
        (Some(_) | None, Some(ssl)) => Some(ssl),
        (reading, None) => reading,
    }
}

/// Whether it begins as such a line does: an address with a port, or a Unix socket, then a date in brackets.
pub(super) fn looks(line: &[u8]) -> bool {
    let client = cut::until(line.get(..line.len().min(64)).unwrap_or(line), b' ');
    let date = line.get(client.len()..).unwrap_or(b"");
    let address = client.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'%' | b'[' | b']'))
        || client.starts_with(b"unix:");
    address && client.contains(&b':') && matches!(date, [b' ', b'[', _, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..])
}

/// Reads it. `None` of other formats, `option tcplog` among them: it has no status and no request.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields(line);
    let client = fields.next()?;
    let time = fields.next()?.strip_prefix(b"[").and_then(Stamp::common);
    // Frontend, backend/server, timers.
    let (_, server, timers) = (fields.next()?, fields.next()?, fields.next()?);
    if timers.iter().filter(|b| **b == b'/').count() != 4 || !server.contains(&b'/') {
        return None;
    }
    let status = fields.next()?;
    // Bytes, the two cookies, the state; counters and queues follow.
    fields.skip(3)?;
    let state = fields.next()?;
    if state.len() != 4 {
        return None;
    }
    let status =
        cut::whole_number(status.strip_prefix(b"-").map_or(status, |_| b"0")).and_then(|n| u16::try_from(n).ok())?;
    let mut entry = Entry::new(Format::Haproxy, said(state, server, status), state);
    entry.time = time;
    entry.client = cut::something(client);
    entry.upstream = cut::something(server);
    entry.elapsed = timers.rsplit(|b| *b == b'/').next().and_then(cut::milliseconds);
    entry.status = (status > 0).then_some(status);
    // Captured headers may stand between; a request that is cut off ends without a quote.
    if let Some((_, inner)) = cut::split(fields.0, b" \"") {
        (entry.method, entry.path) = cut::request_line(cut::quoted(inner).0);
    }
    Some(entry)
}

fn said(state: &[u8], server: &[u8], status: u16) -> Said {
    if state.starts_with(b"SC") && server.ends_with(b"<NOSRV>") {
        return NO_SERVER.map_or(Said::Unknown, Said::that);
    }
    match known(state) {
        Some(Some(reading)) => Said::that(reading),
        // "--": the server's own answer was forwarded whole, whatever its status.
        Some(None) if status >= 500 && state.starts_with(b"--") => Said::Passed(status),
        Some(None) => Said::Nothing,
        None => Said::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each state once; those that hold for any second letter are not in the table.
    #[test]
    fn states() {
        for (n, (letters, _)) in STATES.iter().enumerate() {
            assert!(!STATES.iter().skip(n + 1).any(|(later, _)| later == letters), "{letters:?}");
            assert!(!matches!(letters, [b'R' | b'I' | b'D' | b'U' | b'K', _]), "{letters:?}");
        }
        assert_eq!(state(b"RC--"), one(LocalExhausted));
        assert_eq!(state(b"S"), None);
        assert_eq!(known(b"XX"), None);
    }
}
