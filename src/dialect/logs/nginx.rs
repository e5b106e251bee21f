//! A line of nginx's `error_log`: `YYYY/MM/DD HH:MM:SS [level] pid#tid: *cid MESSAGE, client: ..., server: ...`,
//! or what is left of it: the message alone is enough where it is one that only nginx writes.
//!
//! What stands before `, client: ` is nginx's, what stands behind it is the client's. The fields
//! hold the request as it came, unescaped: a client that writes `", upstream: "` into it (which nginx refuses
//! since 1.21.1, because of the spaces) spoils its own line's fields, and never what the line is read to say.

use crate::dialect::Reading;
use crate::fault::{Code, FaultKind, Phase};

use super::beginnings::Beginnings;
use super::cause::{self, Cause};
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::nginx_words::{ACTIONS, OTHERS, Says, UPSTREAM};
use super::stamp::Stamp;
use super::tls;

/// `log_level` of `ngx_log.c`.
const LEVELS: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"error", b"warn", b"notice", b"info", b"debug"];

/// What stands before the message, as far as it was kept: people leave out the date, the level, the numbers.
#[derive(Clone, Copy, Debug)]
struct Head<'a> {
    time: Option<Stamp>,
    level: Option<&'a [u8]>,
    /// `pid#tid: `, which nobody else writes.
    has_ids: bool,
    text: &'a [u8],
}

/// `2026/11/20 18:53:56 [error] 11698#0: *47 `; there is no connection in lines of the master process.
fn head(line: &[u8]) -> Head<'_> {
    let mut head = Head { time: None, level: None, has_ids: false, text: line };
    if is_dated(line) {
        (head.time, head.text) = (Stamp::numeric(line), line.get(20..).unwrap_or(b""));
    }
    if let Some((level, rest)) = head.text.strip_prefix(b"[").and_then(|text| cut::piece(cut::head(text, 8), b']')) {
        if LEVELS.contains(&level) && matches!(rest, [] | [b' ', ..]) {
            let after = head.text.get(level.len().saturating_add(2)..).unwrap_or(b"");
            (head.level, head.text) = (Some(level), after.strip_prefix(b" ").unwrap_or(after));
        }
    }
    let ids = cut::number(head.text).and_then(|(_, rest)| cut::number(rest.strip_prefix(b"#")?));
    if let Some(text) = ids.and_then(|(_, rest)| rest.strip_prefix(b":")) {
        (head.has_ids, head.text) = (true, text.strip_prefix(b" ").unwrap_or(text));
    }
    let connection = head.text.strip_prefix(b"*").and_then(cut::number).and_then(|(_, rest)| rest.strip_prefix(b" "));
    head.text = connection.unwrap_or(head.text);
    head
}

/// Whether it begins as such a line does, or as what is left of one.
pub(super) fn looks(line: &[u8]) -> bool {
    if line.first().is_some_and(u8::is_ascii_digit) && !is_numbered(line) {
        return false;
    }
    let head = head(line);
    head.has_ids || is_phrase(head.text)
}

/// Whether a number at the beginning is a date's, a process's, or of connections that are not enough.
fn is_numbered(line: &[u8]) -> bool {
    let digits = line.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    match line.get(digits) {
        Some(b'/') => digits == 4 && is_dated(line),
        Some(b'#') => true,
        Some(b' ') => is_out_of_connections(line),
        Some(_) | None => false,
    }
}

/// `2026/11/20 18:53:56 `.
fn is_dated(line: &[u8]) -> bool {
    matches!(
        line,
        [b'0'..=b'9', _, _, b'0'..=b'9', b'/', _, _, b'/', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', ..]
    )
}

/// The beginnings of a date, a level, an id, a connection, and the phrases.
pub(super) const BEGINNINGS: Beginnings =
    OF_PHRASES.bytes(b"0123456789", b"/# ").bytes(b"*", b"0123456789").bytes(b"[", b"eacwnid");

const OF_PHRASES: Beginnings = Beginnings::NONE.words(&[b"upstream ", b"Upstream "]).rows(OTHERS);
static PHRASES: Beginnings = OF_PHRASES;

/// Whether it is `frontend could not be resolved (3: Host not found)`, which begins with any name.
pub(super) fn is_unresolved(line: &[u8]) -> bool {
    // Most lines have no head, which costs.
    let has_head = match line.first() {
        Some(b'0'..=b'9') => is_numbered(line),
        first => matches!(first, Some(b'[' | b'*')),
    };
    unresolved(if has_head { head(line).text } else { line }).is_some()
}

/// Whether a text is one of nginx's that nobody else has: a row of the tables with nginx's way to write why.
fn is_phrase(text: &[u8]) -> bool {
    match says(text) {
        Some((Says::Call | Says::Connect | Says::Tls, rest)) => {
            // "connect() to 10.0.0.1:80 failed (111: ...": one word between, of an address.
            let rest =
                rest.strip_prefix(b"to ").map_or(rest, |rest| rest.get(cut::until(rest, b' ').len()..).unwrap_or(b""));
            let why = rest.trim_ascii_start();
            let why = why.strip_prefix(b"failed").map_or(why, <[u8]>::trim_ascii_start);
            why.strip_prefix(b"(").is_some_and(|why| {
                why.starts_with(b"SSL:") || cut::number(why).is_some_and(|(_, rest)| rest.starts_with(b": "))
            })
        }
        // Words of anybody's, but for how nginx goes on.
        Some((Says::TimedOut | Says::Closed, rest)) => {
            rest.is_empty() || [&b" ("[..], b" while ", b","].iter().any(|next| rest.starts_with(next))
        }
        Some((_, rest)) if text.starts_with(b"no live upstreams") => {
            rest.is_empty() || rest.starts_with(b" while ") || rest.starts_with(b",")
        }
        // Words that others may use as well.
        Some((Says::ClosedInHandshake, rest)) => cut::has(rest, b" upstream"),
        Some((Says::Means(_), _)) if text.starts_with(b"client ") || text.starts_with(b"limiting ") => {
            text.starts_with(b"client prematurely closed connection") || cut::has(text, b" by zone ")
        }
        Some(_) => true,
        None => is_out_of_connections(text),
    }
}

/// `1024 worker_connections are not enough`.
fn is_out_of_connections(message: &[u8]) -> bool {
    cut::number(message).is_some_and(|(_, rest)| rest.starts_with(b" worker_connections are not enough"))
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let head = head(line);
    if !head.has_ids && !is_phrase(head.text) && unresolved(head.text).is_none() {
        return None;
    }
    let (message, fields) = match fields(head.text) {
        Some((message, fields)) => (message, Some(fields)),
        None => (head.text, None),
    };
    let mut entry = Entry::new(Format::Nginx, Verdict::Nothing, message);
    entry.time = head.time;
    let upstream = fields.and_then(|fields| read_fields(fields, &mut entry));
    // What looks for a name says which.
    entry.upstream = entry.upstream.or_else(|| unresolved(message).map(|(name, _)| name)).or_else(|| at_start(message));
    if head.level != Some(b"debug") {
        let silent = fields.is_some_and(|fields| cut::has(fields, b"bytes from/to upstream:0/"));
        entry.said = said(message, head.level.unwrap_or(b""), upstream, silent);
    }
    Some(entry)
}

/// The message, and the fields behind it, of which the first may have been left out.
fn fields(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // `ngx_http_log_error`; `ngx_stream_log_error`, which has UDP.
    const CLIENTS: [&[u8]; 2] = [b", client: ", b", udp client: "];
    const OTHERS: [&[u8]; 3] = [b", server: ", b", request: \"", b", upstream: \""];
    let mut found = None;
    let mut from = 0_usize;
    while let Some(at) = cut::position(text.get(from..)?, b',').map(|at| from.saturating_add(at)) {
        let (message, rest) = text.split_at_checked(at)?;
        if let Some(fields) = CLIENTS.iter().find_map(|client| rest.strip_prefix(*client)) {
            return Some((message, fields));
        }
        // Where there is no client, the key is read with the others.
        if found.is_none() && OTHERS.iter().any(|first| rest.starts_with(first)) {
            found = Some((message, rest));
        }
        from = at.saturating_add(1);
    }
    found
}

/// The name that could not be resolved, and why: `%V could not be resolved (%i: %s)`.
fn unresolved(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = cut::until(text, b' ');
    let why = text.get(name.len()..)?.strip_prefix(b" could not be resolved (")?;
    cut::something(name).map(|name| (name, why))
}

/// `host not found in upstream "frontend:80" in /etc/nginx/...`: before there is any request.
fn at_start(message: &[u8]) -> Option<&[u8]> {
    let (_, name) = cut::split(message.strip_prefix(b"host not found in upstream ")?, b"\"")?;
    cut::something(cut::until(name, b'"'))
}

/// `127.0.0.1, server: x, request: "GET / HTTP/1.1", upstream: "http://...", host: "...", referrer: "..."`: gives
/// the upstream's URL.
fn read_fields<'a>(fields: &'a [u8], entry: &mut Entry<'a>) -> Option<&'a [u8]> {
    let mut upstream = None;
    entry.client = cut::something(cut::until(cut::until(fields, b','), b' '));
    let mut rest = fields;
    while let Some((before, after)) = cut::split(rest, b": \"") {
        let key = before.rsplit(|b| *b == b' ').next().unwrap_or(before);
        let (value, next) = match cut::split(after, b"\", ") {
            Some(cut) => cut,
            None => (after.strip_suffix(b"\"").unwrap_or(after), &b""[..]),
        };
        rest = next;
        match key {
            b"request" => (entry.method, entry.path) = cut::request_line(value),
            b"upstream" => {
                // A line that was broken in there has a space.
                let value = value.trim_ascii();
                (upstream, entry.upstream) = (Some(value), cut::authority(value));
                entry.scheme = cut::scheme(value);
            }
            b"host" => entry.host = cut::something(value),
            _ => {}
        }
    }
    upstream
}

/// What a message says. `silent`: not a byte had come from a server that is no HTTP server (`ngx_stream`).
fn said(message: &[u8], level: &[u8], upstream: Option<&[u8]>, silent: bool) -> Verdict {
    let phase = phase(message);
    let Some((says, rest)) = says(message) else { return unlisted(message, level, upstream.is_some()) };
    // Of the client's side: "SSL_do_handshake() failed ... while SSL handshaking, client: ...".
    let upstreams = upstream.is_some() || phase.is_some();
    let when = |cause| phase.map_or(cause::somewhere(cause), |phase| cause::at(cause, phase));
    match says {
        // A client's connection logs at `info` (`log_error` of `ngx_http_init_connection`), an upstream's at `error`. A
        // client may reset a WebSocket, which is how many of them end.
        Says::Call if level == b"info" && upstreams => {
            let is_tunnel = cut::has(message, b" while proxying upgraded connection");
            if is_tunnel { Verdict::Nothing } else { Verdict::that(Reading::exact(FaultKind::ClientAborted)) }
        }
        Says::Nothing => Verdict::Nothing,
        Says::Means(reading) => Verdict::that(reading),
        Says::Is(class) => {
            let reading = Reading::exact(class.kind());
            Verdict::Fault { fault: cause::fault(reading, None, None).with_class(class), reading }
        }
        Says::Connect => call(rest, |cause| cause::at(cause, Phase::Connect)),
        Says::Call if upstreams => call(rest, when),
        // Without a phase: sockets for listening or accepting.
        Says::Call => call_without_upstream(rest),
        Says::Tls if upstreams => tls_error(rest, phase.unwrap_or(Phase::Tls)),
        Says::ClosedInHandshake if upstreams => match cause_in_parentheses(rest) {
            Some((errno, Some(cause))) => fault(cause::at(cause, Phase::Tls), Some(errno)),
            Some((_, None)) | None => Verdict::that(cause::at(Cause::Closed, Phase::Tls)),
        },
        Says::Tls | Says::ClosedInHandshake => Verdict::Nothing,
        Says::Closed if upstream.is_some_and(is_tls) => match phase {
            Some(phase) => fault(closed_over_tls(phase), None),
            None => fault(cause::somewhere(Cause::Closed), None),
        },
        Says::Closed => fault(when(Cause::Closed), None),
        Says::TimedOut if silent && phase == Some(Phase::Body) => fault(cause::at(Cause::TimedOut, Phase::Head), None),
        Says::TimedOut => fault(when(Cause::TimedOut), None),
        Says::Verdict => Verdict::that(tls::verdict(rest).unwrap_or(tls::CERTIFICATE)),
        Says::Rejected => h2(rest, rejected),
        Says::Goaway => h2(rest, |_| Reading::coarse(FaultKind::Goaway, &[FaultKind::GoawayUnprocessed])),
    }
}

fn is_tls(upstream: &[u8]) -> bool {
    [&b"https://"[..], b"grpcs://", b"suwsgi://"].iter().any(|scheme| upstream.starts_with(scheme))
}

/// `ngx_ssl_recv` takes a reset for a clean end: OpenSSL leaves no error behind it.
fn closed_over_tls(phase: Phase) -> Reading {
    match phase {
        Phase::Head => Reading::coarse(
            FaultKind::ClosedBeforeResponse,
            &[FaultKind::HeadTruncated, FaultKind::ResetBeforeResponse, FaultKind::HeadReset],
        ),
        Phase::Body | Phase::Trailers => {
            Reading::coarse(FaultKind::BodyTruncated, &[FaultKind::BodyReset, FaultKind::TlsTruncated])
        }
        Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Send => cause::at(Cause::Closed, phase),
    }
}

/// The row of the tables, and what follows its words.
fn says(message: &[u8]) -> Option<(Says, &[u8])> {
    if !PHRASES.begin(message) {
        return None;
    }
    // A capital is a person's, who made a title of it.
    let upstream = message.strip_prefix(b"upstream ").or_else(|| message.strip_prefix(b"Upstream "));
    let (rows, text) = match upstream {
        Some(rest) => (UPSTREAM, rest),
        None => (OTHERS, message),
    };
    let row = rows.iter().find(|(words, _)| cut::begins(text, words));
    row.map(|(words, says)| (*says, text.get(words.len()..).unwrap_or(b"")))
}

/// What no table has: names that could not be resolved, descriptors that ran out, and everything that is not
/// about upstreams.
fn unlisted(message: &[u8], level: &[u8], has_upstream: bool) -> Verdict {
    // "%V could not be resolved (%i: %s)": the name comes first.
    if let Some((_, why)) = unresolved(message) {
        return resolver(why);
    }
    if is_out_of_connections(message) {
        return Verdict::that(Reading::exact(FaultKind::LocalExhausted));
    }
    let serious = matches!(level, b"error" | b"crit" | b"alert" | b"emerg");
    // An application's own stderr, by way of FastCGI: its trouble, not the exchange's.
    let elses = message.starts_with(b"FastCGI sent in stderr");
    if serious && has_upstream && !elses { Verdict::Unknown } else { Verdict::Nothing }
}

/// `ngx_resolver_strerror`: RCODEs of DNS, and one of nginx's own for the timer.
fn resolver(text: &[u8]) -> Verdict {
    let Some((code, text)) = cut::number(text).filter(|(_, rest)| rest.starts_with(b": ")) else {
        return Verdict::Unknown;
    };
    let reading = Reading::exact(match code {
        3 => FaultKind::DnsNotFound,
        1 | 2 | 4 | 5 => FaultKind::DnsFailure,
        _ if cut::has(text, b"timed out") => FaultKind::DnsTimeout,
        _ => return Verdict::Unknown,
    });
    let rcode = u16::try_from(code).ok().filter(|n| *n < 16).map(Code::DnsRcode);
    Verdict::Fault { fault: cause::fault(reading, None, rcode), reading }
}

/// The phase behind the last "while ".
fn phase(message: &[u8]) -> Option<Phase> {
    let (_, action) = cut::split_last(message, b" while ")?;
    ACTIONS.iter().find(|(words, _)| action.starts_with(words)).map(|(_, phase)| *phase)
}

/// A kind stands in its own phase, whatever nginx was doing: "no route" is known when connecting.
fn fault(reading: Reading, errno: Option<i32>) -> Verdict {
    Verdict::Fault { fault: cause::fault(reading, None, errno.map(Code::Errno)), reading }
}

fn cause_in_parentheses(text: &[u8]) -> Option<(i32, Option<Cause>)> {
    cut::split(text, b"(").and_then(|(_, inner)| cause::numbered(inner))
}

fn call(text: &[u8], reading: impl Fn(Cause) -> Reading) -> Verdict {
    match cause_in_parentheses(text) {
        Some((errno, Some(cause))) => fault(reading(cause), Some(errno)),
        Some((_, None)) | None => Verdict::Unknown,
    }
}

/// Only a lack of descriptors or ports matters where no upstream is concerned.
fn call_without_upstream(text: &[u8]) -> Verdict {
    match cause_in_parentheses(text) {
        Some((errno, Some(Cause::Exhausted))) => fault(cause::at(Cause::Exhausted, Phase::Connect), Some(errno)),
        Some(_) | None => Verdict::Nothing,
    }
}

/// `(SSL: error:...)`, or a number of the system. An alert may come in any phase: a TLS 1.3 server judges the
/// client's certificate when the handshake is over (RFC 8446 section 4.4.2.4).
fn tls_error(text: &[u8], phase: Phase) -> Verdict {
    if let Some((errno, Some(cause))) = cause_in_parentheses(text) {
        return fault(cause::at(cause, phase), Some(errno));
    }
    let (reading, code) = tls::error(text);
    // "unexpected eof while reading" behind the handshake: closed without close_notify (OpenSSL 3).
    let ended = reading.kind() == FaultKind::TlsClosed;
    let reading = match phase {
        Phase::Send | Phase::Head if ended => cause::at(Cause::Closed, phase),
        Phase::Body | Phase::Trailers if ended => Reading::coarse(FaultKind::TlsTruncated, &[FaultKind::BodyTruncated]),
        Phase::Select
        | Phase::Resolve
        | Phase::Connect
        | Phase::Tls
        | Phase::Send
        | Phase::Head
        | Phase::Body
        | Phase::Trailers => reading,
    };
    let at = (phase != Phase::Tls && reading.kind().phase() == Phase::Tls).then_some(phase);
    Verdict::Fault { fault: cause::fault(reading, at, code), reading }
}

fn h2(text: &[u8], reading: fn(u32) -> Reading) -> Verdict {
    let Some((code, _)) = cut::number(text) else { return Verdict::Unknown };
    let reading = reading(code);
    Verdict::Fault { fault: cause::fault(reading, None, Some(Code::H2(code))), reading }
}

/// RFC 9113 section 7.
fn rejected(code: u32) -> Reading {
    Reading::exact(match code {
        7 => FaultKind::StreamRefused,
        11 => FaultKind::EnhanceYourCalm,
        13 => FaultKind::Http11Required,
        _ => FaultKind::StreamReset,
    })
}
