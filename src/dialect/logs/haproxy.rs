//! A line of HAProxy's `option httplog` (`clf`, too) or `option tcplog`, what its checks say of servers, and what its
//! listeners say of clients:
//! `10.0.1.2:33317 [06/Feb/2026:12:14:14.655] front back/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {} {} "GET / HTTP/1.1"`.
//!
//! The two letters of the termination state say who ended it and when, and hardly ever why.
//! `connection_error` reads the words that say why, `%[bc_err_str]`, which no default format has.
//!
//! Source: HAProxy's configuration manual, sections 8.2.3 and 8.5, and `src/connection.c`.

use core::time::Duration;

use crate::dialect::Reading;
use crate::dialect::words;
use crate::fault::FaultKind::{
    self, BodyStalled, CertExpired, CertInvalid, CertNameMismatch, CertNotYetValid, CertRevoked, CertUntrusted,
    ConnectReset, ConnectionLimit, ConnectionRefused, ConnectionTimeout, DnsFailure, DnsNotFound, DnsTimeout,
    HeadReset, HeadStalled, LocalExhausted, NoHealthyUpstream, NoRoute, ResetBeforeResponse, ResponseTimeout,
    SendReset, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, Unreachable,
};
use crate::fault::Phase;

use super::beginnings::Beginnings;
use super::cause::{self, Cause};
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
    (b"SSL handshake failure", HANDSHAKE),
];

#[rustfmt::skip]
const HANDSHAKE: Reading = Reading::coarse(TlsProtocol, &[
    TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, CertUntrusted, CertExpired, CertInvalid, CertNotYetValid,
    CertRevoked, CertNameMismatch,
]);

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

/// `conn_err_code_name` of `src/connection.c` (3.1), which logs as `bc_err=` have.
#[rustfmt::skip]
const NAMES: &[(&[u8], Cause)] = &[
    (b"EREFUSED", Cause::Refused), (b"ERESET", Cause::Reset), (b"EPIPE", Cause::Reset), (b"EUNREACH", Cause::Unreachable),
    (b"ENOMEM", Cause::Exhausted), (b"ENOBUFS", Cause::Exhausted), (b"CONF_FDLIM", Cause::Exhausted),
    (b"PROC_FDLIM", Cause::Exhausted), (b"SYS_FDLIM", Cause::Exhausted), (b"SYS_MEMLIM", Cause::Exhausted),
    (b"PORT_RANGE", Cause::Exhausted), (b"FREE_PORTS", Cause::Exhausted), (b"ADDR_INUSE", Cause::Exhausted),
];

/// The words that lines of checks and alerts begin with.
const SERVERS: [&[u8]; 4] =
    [b"Server ", b"Backup Server ", b"Health check for server ", b"Health check for backup server "];
const BACKENDS: [&[u8]; 3] = [b"backend ", b"proxy ", b"Proxy "];

/// The beginnings of an address (of IPv6 or a Unix socket, too), and those words.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE
    .bytes(b"0123456789abcdefABCDEF:%[]", b" .:%[]*0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    .words(&[b"unix:"])
    .words(&SERVERS)
    .words(&BACKENDS);

/// Whether it begins as such a line does: an address with a port, or a Unix socket, then a date in brackets; or the
/// words of a check or an alert.
pub(super) fn looks(line: &[u8]) -> bool {
    match line.first() {
        Some(b'S' | b'H') => servers(line).is_some(),
        Some(b'P' | b'p') => is_checks(line),
        Some(b'B') => dated(line).is_some() || servers(line).is_some(),
        Some(b'b') => dated(line).is_some() || is_checks(line),
        Some(_) => dated(line).is_some(),
        None => false,
    }
}

/// Client, date, and what follows.
fn dated(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let client = cut::until(cut::head(line, 64), b' ');
    let date = line.get(client.len()..).unwrap_or(b"");
    // Most of what begins with a digit has no such date behind it.
    if !matches!(date, [b' ', b'[', _, _, b'/', ..]) {
        return None;
    }
    let address = if cut::position(client, b'.').is_some() {
        // Of IPv4, which somebody may have masked; or mapped into IPv6.
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'*');
        let parts = cut::piece(client, b':').filter(|(host, port)| host.iter().chain(*port).all(is_part));
        parts.is_some() && client.first().is_some_and(u8::is_ascii_digit) || client.starts_with(b"::ffff:")
    } else {
        client.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'%' | b'[' | b']'))
    };
    let address = address || client.starts_with(b"unix:");
    let is_dated = address
        && cut::position(client, b':').is_some()
        && matches!(date, [b' ', b'[', _, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..]);
    let (date, rest) = cut::piece(date.get(2..).filter(|_| is_dated)?, b']')?;
    Some((client, date, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// Whether it is what follows client and date: `front back/srv1 0/0/-1/-1/3 503 217 ...`, five times with slashes
/// between, and a status. It begins with any name.
pub(super) fn is_undated(line: &[u8]) -> bool {
    let head = cut::head(line, 256);
    let is_name = |name: &[u8]| {
        name.iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b':' | b'/' | b'<' | b'>'))
    };
    let mut fields = Fields(head);
    // Field by field: most lines are none.
    !line.starts_with(b" ")
        && fields.next().is_some_and(is_name)
        && fields.next().is_some_and(|server| server.contains(&b'/') && is_name(server))
        && fields.next().is_some_and(|times| count(times) == Some(5))
        && fields.next().is_some_and(|status| cut::status(status).is_some() || status == b"-1")
}

/// How many times stand there with slashes between, if nothing else does.
fn count(times: &[u8]) -> Option<usize> {
    let mut parts = times.split(|b| *b == b'/');
    let is_time = |time: &[u8]| {
        let digits = time.strip_prefix(b"-").or_else(|| time.strip_prefix(b"+")).unwrap_or(time);
        !digits.is_empty() && digits.len() < 12 && digits.iter().all(u8::is_ascii_digit)
    };
    parts.all(is_time).then(|| times.iter().filter(|b| **b == b'/').count().saturating_add(1))
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if let Some((client, date, rest)) = dated(line) {
        let mut entry = traffic(rest)?;
        entry.time = Stamp::common(date);
        entry.client = cut::something(client).filter(|client| *client != b":");
        return Some(entry);
    }
    if let Some((what, rest)) = servers(line) {
        return Some(of_server(what, rest, line));
    }
    if is_checks(line) { Some(of_backend(line)) } else { traffic(line) }
}

/// From the frontend on: `option httplog`, `option tcplog`, or a listener's own error (`session_kill_embryonic`).
fn traffic(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields(line);
    let (front, server) = (fields.next()?, fields.next()?);
    // "fe/1: SSL handshake failure": of the client, before there is a request. Since 2.5 by `error-log-format`.
    if front.ends_with(b":") && front.contains(&b'/') {
        return Some(Entry::new(Format::HaProxy, Verdict::Nothing, line.get(front.len()..)?.trim_ascii_start()));
    }
    let times = fields.next()?;
    if !server.contains(&b'/') {
        return None;
    }
    let (status, bytes, state) = match count(times)? {
        5 => {
            let (status, bytes) = (fields.next()?, fields.next()?);
            // The two cookies, the state; counters and queues follow.
            fields.skip(2)?;
            let status = cut::whole_number(status.strip_prefix(b"-").map_or(status, |_| b"0"));
            let state = fields.next().filter(|state| state.len() == 4)?;
            (status.and_then(|n| u16::try_from(n).ok())?, bytes, state)
        }
        // Bytes, the state.
        3 => (0, fields.next()?, fields.next().filter(|state| state.len() == 2)?),
        _ => return None,
    };
    let mut entry = Entry::new(Format::HaProxy, said(state, server, status, bytes), state);
    entry.upstream = cut::something(server);
    entry.elapsed = times.rsplit(|b| *b == b'/').next().and_then(cut::milliseconds);
    entry.status = (status > 0).then_some(status);
    // Captured headers may stand between; a request that is cut off ends without a quote.
    if let Some((_, inner)) = cut::split(fields.0, b" \"") {
        let (request, rest) = cut::quoted(inner);
        (entry.method, entry.path) = cut::request_line(request);
        entry.said = sharpened(entry.said, state, rest);
    }
    Some(entry)
}

/// What it says, the state, the server, and how long it took.
type Clf<'a> = (Verdict, &'a [u8], &'a [u8], Option<Duration>);

/// What `option httplog clf` has behind the bytes and two cookies: `59794 528 "front" "back" "server" 0 0 -1 -1 3 CC-- ...`.
pub(super) fn clf<'a>(mut fields: Fields<'a>, status: u16, bytes: &[u8]) -> Option<Clf<'a>> {
    // The client's port, milliseconds.
    cut::whole_number(fields.next()?)?;
    cut::whole_number(fields.next()?)?;
    fields.skip(2)?;
    let server = fields.next()?;
    let mut times = [&b""[..]; 5];
    for time in &mut times {
        *time = fields.next().filter(|time| count(time) == Some(1))?;
    }
    let state = fields.next().filter(|state| state.len() == 4)?;
    Some((said(state, server, status, bytes), state, server, times.last().copied().and_then(cut::milliseconds)))
}

/// What `log-format` lines with `bc_err=` add to the state: why, where it was.
fn sharpened(said: Verdict, state: &[u8], rest: &[u8]) -> Verdict {
    let name = cut::split(rest, b" bc_err=").map(|(_, name)| cut::until(name, b' '));
    let cause = name.and_then(|name| NAMES.iter().find(|(known, _)| *known == name)).map(|(_, cause)| *cause);
    match (said, cause, state.get(1)) {
        (Verdict::Fault { .. }, Some(Cause::Reset), Some(b'H')) => Verdict::that(RESET_IN_HEAD),
        (Verdict::Fault { .. }, Some(cause), Some(b'C')) => Verdict::that(cause::at(cause, Phase::Connect)),
        (Verdict::Fault { .. }, Some(cause), Some(b'H')) => Verdict::that(cause::at(cause, Phase::Head)),
        (Verdict::Fault { .. }, Some(cause), Some(b'D')) => Verdict::that(cause::at(cause, Phase::Body)),
        _ => said,
    }
}

const RESET_IN_HEAD: Reading = Reading::coarse(ResetBeforeResponse, &[HeadReset, SendReset]);

/// The server that a line of the checks is about, and what follows its name (`srv_append_status` of `src/server.c`,
/// `check_notify_failure` of `src/check.c`).
fn servers(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = SERVERS.iter().find_map(|before| line.strip_prefix(*before))?;
    let name = cut::until(cut::head(rest, 256), b' ');
    let after = rest.get(name.len()..)?.strip_prefix(b" ")?;
    let is_about = [&b"is "[..], b"was ", b"failed", b"succeeded", b"enters ", b"leaves "]
        .iter()
        .any(|verb| after.starts_with(verb));
    // A name that somebody masked has no slash any more, and the reason has its layer still.
    let is_named = name.contains(&b'/') || cut::has(cut::head(after, 64), b", reason: Layer");
    (is_named && is_about).then_some((name, after))
}

/// What a check found, by the beginning (`check_statuses` of `src/check.c`).
#[rustfmt::skip]
const CHECKS: &[(&[u8], Reading)] = &[
    (b"Layer4 timeout", Reading::exact(ConnectionTimeout)),
    (b"Layer4 connection problem", CONNECTION_PROBLEM),
    (b"Layer6 timeout", Reading::exact(TlsTimeout)),
    (b"Layer6 invalid response", HANDSHAKE),
    (b"Layer7 timeout", Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled])),
    (b"Layer7 invalid response", INVALID),
    // Of the status that the server answered with, and none that a fault is.
    (b"Layer7 wrong status", Reading::coarse(NoHealthyUpstream, &[FaultKind::ProxyMisconfigured])),
    (b"Socket error", Reading::coarse(ConnectionRefused, &[LocalExhausted, Unreachable, ConnectReset, FaultKind::ConnectDenied])),
];

/// What traffic found, with `observe` (`analyze_statuses` of `src/check.c`).
#[rustfmt::skip]
const OBSERVED: &[(&[u8], Reading)] = &[
    (b"L4 unsuccessful connection", CONNECTION_PROBLEM),
    (b"Wrong http response", Reading::coarse(NoHealthyUpstream, &[FaultKind::ProxyMisconfigured])),
    (b"Invalid http response", INVALID),
    (b"Read error (http)", Reading::coarse(ResetBeforeResponse, &[HeadReset, FaultKind::ClosedBeforeResponse, FaultKind::HeadTruncated])),
    (b"Read timeout (http)", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"Close from server (http)", Reading::coarse(FaultKind::ClosedBeforeResponse, &[FaultKind::HeadTruncated, ResetBeforeResponse])),
];

/// Why a server that is found by its name is taken out (`snr_update_srv_status` of `src/server.c`).
#[rustfmt::skip]
const NAMING: &[(&[u8], Reading)] = &[
    (b"(No IP for server", Reading::coarse(DnsNotFound, &[DnsFailure, DnsTimeout])),
    (b"(DNS NX status", Reading::exact(DnsNotFound)),
    (b"(DNS timeout status", Reading::exact(DnsTimeout)),
    (b"(DNS refused status", Reading::exact(DnsFailure)),
    (b"(unspecified DNS error", Reading::coarse(DnsFailure, &[DnsNotFound, DnsTimeout])),
];

const CONNECTION_PROBLEM: Reading = Reading::coarse(
    ConnectionRefused,
    &[Unreachable, ConnectReset, ConnectionTimeout, FaultKind::ConnectDenied, LocalExhausted],
);
const INVALID: Reading = Reading::coarse(
    FaultKind::NotHttp,
    &[
        FaultKind::BadStatusLine,
        FaultKind::BadHeader,
        FaultKind::ClosedBeforeResponse,
        ResetBeforeResponse,
        FaultKind::HeadTruncated,
    ],
);

fn of_server<'a>(name: &'a [u8], rest: &'a [u8], line: &'a [u8]) -> Entry<'a> {
    let mut entry = Entry::new(Format::HaProxy, down(rest), line);
    entry.upstream = cut::something(name);
    entry
}

/// `is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and ...`.
fn down(text: &[u8]) -> Verdict {
    let fails = [&b"is DOWN"[..], b"was DOWN", b"failed", b"is going DOWN"].iter().any(|verb| text.starts_with(verb));
    if !fails {
        return Verdict::Nothing;
    }
    if let Some((_, reading)) = NAMING.iter().find(|(words, _)| cut::has(text, words)) {
        return Verdict::that(*reading);
    }
    let Some((_, reason)) = cut::split(text, b", reason: ") else { return Verdict::Nothing };
    let info = cut::split(reason, b", info: \"").map(|(_, info)| cut::until(info, b'"'));
    if reason.starts_with(b"Health analyze") {
        let last = info.and_then(|info| cut::split(info, b"last one was: ")).map_or(reason, |(_, last)| last);
        return OBSERVED
            .iter()
            .find(|(words, _)| last.starts_with(words))
            .map_or(Verdict::Unknown, |(_, reading)| Verdict::that(*reading));
    }
    // "code: 503": the server's own.
    let code = cut::split(reason, b", code: ").and_then(|(_, code)| code.get(..3)).and_then(cut::status);
    if let Some(code) = code.filter(|code| *code >= 500 && reason.starts_with(b"Layer7 wrong status")) {
        return Verdict::Passed(code);
    }
    // "General socket error (Network is unreachable)" as well as the text alone.
    let info = info.map(|info| cut::split(info, b"(").map_or(info, |(_, inner)| inner));
    let is_connecting = reason.starts_with(b"Layer4") || reason.starts_with(b"Socket error");
    if let Some(cause) = info.filter(|_| is_connecting).and_then(cause::named) {
        return Verdict::that(cause::at(cause, Phase::Connect));
    }
    if let Some(reading) = info.filter(|_| reason.starts_with(b"Layer6")).and_then(|info| connection_error(info, b"")) {
        return Verdict::that(reading);
    }
    CHECKS
        .iter()
        .find(|(words, _)| reason.starts_with(words))
        .map_or(Verdict::Unknown, |(_, reading)| Verdict::that(*reading))
}

/// `backend 'app' has no server available!`, with quotes on a terminal and without in syslog (`set_backend_down`).
fn is_checks(line: &[u8]) -> bool {
    let head = cut::head(line, 256);
    let rest = BACKENDS.iter().find_map(|word| head.strip_prefix(*word));
    rest.is_some_and(|rest| {
        rest.get(cut::until(rest, b' ').len()..).is_some_and(|rest| rest.starts_with(b" has no server available!"))
    })
}

fn of_backend(line: &[u8]) -> Entry<'_> {
    Entry::new(Format::HaProxy, Verdict::that(Reading::exact(NoHealthyUpstream)), line)
}

fn said(state: &[u8], server: &[u8], status: u16, bytes: &[u8]) -> Verdict {
    // The server's own answer was forwarded whole, whatever its status.
    if state.starts_with(b"--") {
        return if status >= 500 { Verdict::Passed(status) } else { Verdict::Nothing };
    }
    // A client that left before there was a request, and got nothing: the checks of load balancers do that.
    if state.starts_with(b"CR") && bytes == b"0" {
        return Verdict::Nothing;
    }
    // A page takes `<NOSRV>` for a tag, and shows nothing.
    if state.starts_with(b"SC") && (server.ends_with(b"<NOSRV>") || server.ends_with(b"/")) {
        return Verdict::that(NO_SERVER);
    }
    match known(state) {
        // A WebSocket, whose client closes it: that is how it ends.
        Some(Some(reading)) if status == 101 && reading.kind() == FaultKind::ClientAborted => Verdict::Nothing,
        Some(Some(reading)) => Verdict::that(reading),
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
