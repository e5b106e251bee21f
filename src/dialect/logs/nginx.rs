//! A line of nginx's `error_log`: `YYYY/MM/DD HH:MM:SS [level] pid#tid: *cid MESSAGE, client: ..., server: ...`.
//!
//! What stands before `, client: ` is nginx's, what stands behind it is the client's. The fields
//! hold the request as it came, unescaped: a client that writes `", upstream: "` into it (which nginx refuses
//! since 1.21.1, because of the spaces) spoils its own line's fields, and never what the line is read to say.

use crate::dialect::Reading;
use crate::fault::{Code, FaultKind, Phase};

use super::cause::{self, Cause};
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::nginx_words::{ACTIONS, OTHERS, Says, UPSTREAM};
use super::stamp::Stamp;
use super::tls;

/// Whether it begins as such a line does.
pub(super) fn looks(line: &[u8]) -> bool {
    matches!(
        line,
        [b'0'..=b'9', _, _, b'0'..=b'9', b'/', _, _, b'/', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', b'[', ..]
    )
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let time = Stamp::numeric(line);
    let (level, rest) = cut::piece(line.get(21..)?, b']')?;
    if level.len() > 6 {
        return None;
    }
    // " pid#tid: *cid MESSAGE"; there is no connection in lines of the master process.
    let (ids, text) = cut::split(rest.get(..rest.len().min(64))?, b": ")?;
    if !ids.contains(&b'#') {
        return None;
    }
    let after_ids = rest.get(rest.len().min(64).saturating_sub(text.len())..)?;
    let text = match after_ids.strip_prefix(b"*") {
        Some(connection) => cut::number(connection).and_then(|(_, rest)| rest.strip_prefix(b" ")).unwrap_or(after_ids),
        None => after_ids,
    };
    let (message, fields) = match cut::split(text, b", client: ") {
        Some((message, fields)) => (message, Some(fields)),
        None => (text, None),
    };
    let mut entry = Entry::new(Format::Nginx, Verdict::Nothing, message);
    entry.time = time;
    let upstream = fields.and_then(|fields| read_fields(fields, &mut entry));
    if level != b"debug" {
        entry.said = said(message, level, upstream);
    }
    Some(entry)
}

/// `127.0.0.1, server: x, request: "GET / HTTP/1.1", upstream: "http://...", host: "...", referrer: "..."`: gives
/// the upstream's URL.
fn read_fields<'a>(fields: &'a [u8], entry: &mut Entry<'a>) -> Option<&'a [u8]> {
    let mut upstream = None;
    entry.client = cut::something(cut::until(fields, b','));
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
            b"upstream" => (upstream, entry.upstream) = (Some(value), cut::authority(value)),
            b"host" => entry.host = cut::something(value),
            _ => {}
        }
    }
    upstream
}

/// What a message says.
fn said(message: &[u8], level: &[u8], upstream: Option<&[u8]>) -> Verdict {
    let phase = phase(message);
    let Some((says, rest)) = says(message) else { return unlisted(message, level, upstream.is_some()) };
    // Of the client's side: "SSL_do_handshake() failed ... while SSL handshaking, client: ...".
    let upstreams = upstream.is_some() || phase.is_some();
    let at = phase.unwrap_or(Phase::Connect);
    match says {
        Says::Nothing => Verdict::Nothing,
        Says::Means(reading) => Verdict::that(reading),
        Says::Is(class) => {
            let reading = Reading::exact(class.kind());
            Verdict::Fault { fault: cause::fault(reading, None, None).with_class(class), reading }
        }
        Says::Connect => call(rest, Phase::Connect),
        Says::Call if upstreams => call(rest, at),
        // Without a phase: sockets for listening or accepting.
        Says::Call => call_without_upstream(rest),
        Says::Tls if upstreams => tls_error(rest, at),
        Says::ClosedInHandshake if upstreams => match cause_in_parentheses(rest) {
            Some((errno, Some(cause))) => fault(cause::at(cause, Phase::Tls), Some(errno)),
            Some((_, None)) | None => Verdict::that(cause::at(Cause::Closed, Phase::Tls)),
        },
        Says::Tls | Says::ClosedInHandshake => Verdict::Nothing,
        Says::Closed if upstream.is_some_and(is_tls) => fault(closed_over_tls(at), None),
        Says::Closed => fault(cause::at(Cause::Closed, at), None),
        Says::TimedOut => fault(cause::at(Cause::TimedOut, at), None),
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
    let (rows, text) = match message.strip_prefix(b"upstream ") {
        Some(rest) => (UPSTREAM, rest),
        None => (OTHERS, message),
    };
    rows.iter().find_map(|(words, says)| text.strip_prefix(*words).map(|rest| (*says, rest)))
}

/// What no table has: names that could not be resolved, descriptors that ran out, and everything that is not
/// about upstreams.
fn unlisted(message: &[u8], level: &[u8], has_upstream: bool) -> Verdict {
    // "%V could not be resolved (%i: %s)": the name comes first.
    if let Some((_, rest)) = cut::split(message, b" could not be resolved (") {
        return resolver(rest);
    }
    if Fields(message).next().is_some_and(|n| cut::whole_number(n).is_some())
        && cut::has(message, b"worker_connections are not enough")
    {
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

fn call(text: &[u8], phase: Phase) -> Verdict {
    match cause_in_parentheses(text) {
        Some((errno, Some(cause))) => fault(cause::at(cause, phase), Some(errno)),
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
