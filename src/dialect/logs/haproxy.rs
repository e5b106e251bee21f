//! A line of HAProxy's `option httplog`, with or without what syslog puts before it:
//! `10.0.1.2:33317 [06/Feb/2026:12:14:14.655] front back/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {} {} "GET / HTTP/1.1"`.
//!
//! The two letters of the termination state say who ended it and when, and hardly ever why.
//! `connection_error` reads the words that say why, `%[bc_err_str]`, which no default format has.
//!
//! Source: HAProxy's configuration manual, sections 8.2.3 and 8.5, and `src/connection.c`.

use crate::dialect::Reading;
use crate::dialect::words;
use crate::fault::FaultKind::{
    self, CertExpired, CertInvalid, CertNameMismatch, CertNotYetValid, CertRevoked, CertUntrusted, ConnectReset,
    ConnectionLimit, ConnectionRefused, DnsFailure, DnsNotFound, DnsTimeout, LocalExhausted, NoHealthyUpstream,
    NoRoute, ResetBeforeResponse, SendReset, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls, TlsProtocol, TlsReset,
    TlsTimeout, Unreachable,
};

use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::stamp::Stamp;
use super::tls;

/// `SC` where no server was chosen at all: all are down, their names have no address, or there is no backend.
const NO_SERVER: Reading = Reading::coarse(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout, NoRoute]);

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

/// The same, and `None` for states that are not in the table.
fn known(state: &[u8]) -> Option<Option<Reading>> {
    words::find(words::haproxy::ROWS, state.get(..2)?).map(|row| row.reading)
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
    let mut entry = Entry::new(Format::HaProxy, said(state, server, status), state);
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

fn said(state: &[u8], server: &[u8], status: u16) -> Verdict {
    if state.starts_with(b"SC") && server.ends_with(b"<NOSRV>") {
        return Verdict::that(NO_SERVER);
    }
    match known(state) {
        Some(Some(reading)) => Verdict::that(reading),
        // "--": the server's own answer was forwarded whole, whatever its status.
        Some(None) if status >= 500 && state.starts_with(b"--") => Verdict::Passed(status),
        Some(None) => Verdict::Nothing,
        None => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What is said without a server is finer than what `SC` says, and never something else.
    #[test]
    fn no_server_is_among_what_the_state_may_be() {
        let wide = state(b"SC--").unwrap();
        assert!(NO_SERVER.kinds().all(|kind| wide.may_be(kind)), "{NO_SERVER}");
        assert_eq!(state(b"RC--"), Some(Reading::exact(LocalExhausted)));
        assert_eq!(state(b"S"), None);
        assert_eq!(known(b"XX"), None);
    }
}
