//! A line of Envoy's access log in its default format, or in Istio's of any age, which have more besides, or in JSON:
//! `[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 503 UF 0 98 1 - "-" "curl" "id" "host" "10.0.0.1:80"`.
//!
//! The flag says how Envoy's stream ended, the details say why, the transport's reason says what
//! the connection did; what says more wins.
//!
//! Sources: Envoy's `source/common/stream_info/utility.cc` and `docs/.../access_log/usage.rst`.

use crate::dialect::Reading;
use crate::dialect::words::{self, Row};
use crate::fault::FaultKind::{BodyStalled, ClientAborted, DeadlineExceeded};
use crate::fault::{Code, Fault};

use super::beginnings::Beginnings;
use super::cause::{self, Cause};
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::json::{Members, Value};
use super::stamp::Stamp;
use super::tls;

/// Flags without details, where the status says that the response had begun, and the details that then stand there.
const BEGUN: &[(&[u8], &[u8])] = &[
    (b"UPE", b"upstream_reset_after_response_started{protocol_error}"),
    (b"UC", b"upstream_reset_after_response_started{connection_termination}"),
];

/// The same of `UT`: the route's timer runs over the whole response.
const LATE: Reading = Reading::coarse(DeadlineExceeded, &[BodyStalled]);

/// Flags that stand besides another one, which says why, or that say nothing more than that it failed.
const WEAK: [&[u8]; 2] = [b"URX", b"LR"];

/// The long names (`%RESPONSE_FLAGS_LONG%`) of the words in the table.
#[rustfmt::skip]
const LONG: &[(&[u8], &[u8])] = &[
    (b"FailedLocalHealthCheck", b"LH"), (b"NoHealthyUpstream", b"UH"), (b"UpstreamRequestTimeout", b"UT"),
    (b"LocalReset", b"LR"), (b"UpstreamRemoteReset", b"UR"), (b"UpstreamConnectionFailure", b"UF"),
    (b"UpstreamConnectionTermination", b"UC"), (b"UpstreamOverflow", b"UO"), (b"NoRouteFound", b"NR"),
    (b"NoClusterFound", b"NC"), (b"DnsResolutionFailed", b"DF"), (b"UpstreamProtocolError", b"UPE"),
    (b"UpstreamMaxStreamDurationReached", b"UMSDR"), (b"StreamIdleTimeout", b"SI"), (b"DurationTimeout", b"DT"),
    (b"DownstreamConnectionTermination", b"DC"), (b"DownstreamRemoteReset", b"DR"), (b"DownstreamProtocolError", b"DPE"),
    (b"NoFilterConfigFound", b"NFCF"), (b"OverloadManagerTerminated", b"OM"), (b"DropOverload", b"DO"),
    (b"UnconditionalDropOverload", b"UDO"), (b"UpstreamRetryLimitExceeded", b"URX"), (b"RateLimited", b"RL"),
    (b"RateLimitServiceError", b"RLSE"), (b"UnauthorizedExternalService", b"UAEX"),
    (b"InvalidEnvoyRequestHeaders", b"IH"), (b"DelayInjected", b"DI"), (b"FaultInjected", b"FI"),
    (b"ResponseFromCacheFilter", b"RFCF"),
];

/// What flags (`%RESPONSE_FLAGS%` or the long ones, with commas between them), details and transport's reason
/// mean together, for a response with that status. Details and reason may be empty, or `-`.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::logs::envoy;
///
/// let (fault, reading) = envoy::words(b"UF,URX", b"-", b"delayed_connect_error:_Connection_refused", 503).unwrap();
/// assert_eq!((fault.kind(), reading.is_exact()), (FaultKind::ConnectionRefused, true));
/// let (_, reading) = envoy::words(b"UPE", b"-", b"-", 502).unwrap();
/// assert!(reading.may_be(FaultKind::NotHttp) && !reading.may_be(FaultKind::ConnectionRefused));
/// assert_eq!(envoy::words(b"-", b"via_upstream", b"-", 502), None);
/// ```
#[must_use]
pub fn words(flags: &[u8], details: &[u8], reason: &[u8], status: u16) -> Option<(Fault, Reading)> {
    let (flag, by_flag) = decisive(flags)?;
    // The reason stands in the details as well, behind a bar.
    let behind_bar = cut::piece(details, b'|').map(|(_, reason)| reason);
    if let Some((reading, code)) = cut::something(reason).or(behind_bar).and_then(transport) {
        return Some((cause::fault(reading, None, code), reading));
    }
    // Details of a flag that leaves no choice only count where they leave none either.
    let by_details = by_details(details).filter(|reading| reading.is_exact() || !by_flag.is_exact());
    let reading = by_details.unwrap_or_else(|| by_status(flag, by_flag, status));
    Some((cause::fault(reading, None, None), reading))
}

/// The row of a flag, by its short name or its long one.
fn row(flag: &[u8]) -> Option<&'static Row> {
    let short = LONG.iter().find(|(long, _)| *long == flag).map_or(flag, |(_, short)| short);
    words::find(words::envoy::flags::ROWS, short)
}

/// The first flag that says why, and what it says.
fn decisive(flags: &[u8]) -> Option<(&'static [u8], Reading)> {
    let mut last = None;
    for row in flags.split(|b| *b == b',').filter_map(row) {
        let (flag, Some(reading)) = (row.word.as_bytes(), row.reading) else { continue };
        if !WEAK.contains(&flag) {
            return Some((flag, reading));
        }
        last = last.or(Some((flag, reading)));
    }
    last
}

/// The row of the details: up to the bar or the brace that ends their reason.
fn by_details(details: &[u8]) -> Option<Reading> {
    let end = details.iter().position(|b| matches!(b, b'|' | b'}')).unwrap_or(details.len());
    let details = details.get(..end)?;
    let is_it = |row: &&Row| row.word.strip_suffix('}').unwrap_or(row.word).as_bytes() == details;
    words::envoy::details::ROWS.iter().find(is_it).and_then(|row| row.reading)
}

/// Without details, a status that Envoy does not make by itself says that the response had begun.
fn by_status(flag: &[u8], reading: Reading, status: u16) -> Reading {
    if !(200..500).contains(&status) {
        return reading;
    }
    if flag == b"UT" {
        return LATE;
    }
    let begun = BEGUN.iter().find(|(known, _)| *known == flag);
    begun.and_then(|(_, details)| by_details(details)).unwrap_or(reading)
}

/// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`: of the socket, or of BoringSSL.
pub(super) fn transport(reason: &[u8]) -> Option<(Reading, Option<Code>)> {
    if cut::has_folded(reason, b"tls error") {
        return Some(tls::error(reason));
    }
    const CAUSES: &[(&[u8], Cause)] = &[
        (b"connection refused", Cause::Refused),
        (b"connection timed out", Cause::TimedOut),
        (b"no route to host", Cause::Unreachable),
        (b"network is unreachable", Cause::Unreachable),
        (b"connection reset by peer", Cause::Reset),
        (b"permission denied", Cause::Denied),
        (b"cannot assign requested address", Cause::Exhausted),
        (b"no such file or directory", Cause::NoSocket),
    ];
    let cause = CAUSES.iter().find(|(words, _)| cut::has_folded(reason, words)).map(|(_, cause)| *cause);
    if let Some(cause) = cause {
        return Some((cause::at(cause, crate::fault::Phase::Connect), None));
    }
    // Older ones give the number alone: "delayed_connect_error:_111", with spaces in a body.
    let (_, number) = cut::split(reason, b"connect_error:_").or_else(|| cut::split(reason, b"connect error: "))?;
    let (errno, _) = cut::number(number)?;
    let cause = cause::by_number(errno)?;
    Some((cause::at(cause, crate::fault::Phase::Connect), i32::try_from(errno).ok().map(Code::Errno)))
}

/// The beginnings of a time in brackets, and of a request or a dash in quotes.
pub(super) const BEGINNINGS: Beginnings =
    Beginnings::NONE.bytes(b"[", b"0123456789").bytes(b"\"", b"-ABCDEFGHIJKLMNOPQRSTUVWXYZ ");

/// Whether it begins as such a line does: a time in brackets and a quote, or what follows them.
pub(super) fn looks(line: &[u8]) -> bool {
    match line {
        [b'[', b'0'..=b'9', _, _, b'0'..=b'9', b'-', _, _, b'-', _, _, b'T', time @ ..] => {
            let (time, rest) =
                time.split_at_checked(time.iter().take(24).position(|b| *b == b']').unwrap_or(0)).unwrap_or((b"", b""));
            let is_time = |b: &u8| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z');
            // Or what is cut there.
            time.iter().all(is_time) && (rest.starts_with(b"] \"") || (!time.is_empty() && b"] \"".starts_with(rest)))
        }
        [b'"', ..] => undated(line).is_some(),
        _ => false,
    }
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if line.starts_with(b"{") {
        return json(line);
    }
    let (time, line) = match line.strip_prefix(b"[").and_then(|rest| cut::piece(rest, b']')) {
        Some((time, rest)) => (Stamp::numeric(time), rest.strip_prefix(b" ")?),
        None => (None, line),
    };
    let (request, status, flags, between, rest) = undated(line)?;
    // The oldest of Istio have the mixer's status there, those up to 1.6 the transport's reason behind it; since then
    // there are details, how the connection ended, and the reason.
    let (details, reason) = match between {
        [Some(details), Some(_), Some(reason)] => (details, reason),
        [Some(_), Some(reason), None] => (&b""[..], reason),
        _ => (&b""[..], &b""[..]),
    };
    // Bytes, duration, upstream's time; forwarded for, user agent, request id.
    let mut fields = Fields(rest);
    let (elapsed, _) = (fields.next()?, fields.next()?);
    let forwarded = fields.next()?;
    fields.skip(2)?;
    let (host, upstream) = (fields.next()?, fields.next()?);
    let mut entry = entry(Told { flags, details, reason, status });
    entry.time = time;
    (entry.method, entry.path) = cut::request_line(request);
    entry.elapsed = cut::milliseconds(elapsed);
    entry.client = cut::something(forwarded);
    entry.host = cut::something(host);
    entry.upstream = cut::something(upstream);
    Some(entry)
}

/// Request, status, flags, what stands between them and the bytes, and all behind the bytes.
type Undated<'a> = (&'a [u8], u16, &'a [u8], [Option<&'a [u8]>; 3], &'a [u8]);

/// `"GET / HTTP/1.1" 503 UF ... 0 98 1 - "-" ...`: up to two numbers, of the bytes received and sent.
fn undated(line: &[u8]) -> Option<Undated<'_>> {
    // A method, or a dash.
    let inner = line.strip_prefix(b"\"")?;
    inner
        .iter()
        .take(24)
        .position(|b| !b.is_ascii_uppercase() && *b != b'-')
        .filter(|at| inner.get(*at) == Some(&b' '))?;
    let (request, rest) = cut::quoted_request(inner)?;
    let mut fields = Fields(rest);
    let status = fields.next().filter(|status| status.len() <= 4).and_then(cut::whole_number)?;
    let flags = fields.next()?;
    let is_flags = flags == b"-" || flags.iter().all(|b| b.is_ascii_alphabetic() || *b == b',');
    // The common log format has the bytes there.
    if !is_flags || flags.is_empty() {
        return None;
    }
    let mut between = [None; 3];
    for slot in 0..=between.len() {
        let field = fields.next()?;
        if cut::whole_number(field).is_some() {
            cut::whole_number(fields.next()?)?;
            return Some((request, u16::try_from(status).ok()?, flags, between, fields.0));
        }
        *between.get_mut(slot)? = Some(field);
    }
    None
}

/// What a line tells of the end of its stream.
#[derive(Clone, Copy, Debug, Default)]
struct Told<'a> {
    flags: &'a [u8],
    details: &'a [u8],
    reason: &'a [u8],
    status: u16,
}

fn entry(told: Told<'_>) -> Entry<'_> {
    let Told { flags, details, reason, status } = told;
    let said = match words(flags, details, reason, status) {
        // A WebSocket, whose client closes it: that is how it ends.
        Some((fault, _)) if status == 101 && fault.kind() == ClientAborted => Verdict::Nothing,
        Some((fault, reading)) => Verdict::Fault { fault, reading },
        None if flags == b"-" && status >= 500 => passed(details, status),
        None if is_known(flags) => Verdict::Nothing,
        None => Verdict::Unknown,
    };
    let told = [reason, details].into_iter().find_map(cut::something).unwrap_or(flags);
    let mut entry = Entry::new(Format::Envoy, said, told);
    entry.status = (status > 0).then_some(status);
    entry
}

/// The same by its keys, as Istio's `accessLogEncoding: JSON`, Envoy Gateway and Contour call them, or as the operators
/// are called, or in camel case; numbers may be strings.
fn json(line: &[u8]) -> Option<Entry<'_>> {
    let mut told = Told { flags: b"-", ..Told::default() };
    let mut rest = Entry::new(Format::Envoy, Verdict::Nothing, b"");
    for (key, value) in Members(line.get(1..)?) {
        let text = match value {
            Value::Text(text) | Value::Other(text) => text,
            // Who nests it, names the host within.
            Value::Object(inner) if key == b"upstream" => {
                let host = Members(inner).find(|(key, _)| *key == b"host").and_then(|(_, value)| value.text());
                rest.upstream = rest.upstream.or(host.and_then(cut::something));
                continue;
            }
            Value::Object(_) => continue,
        };
        let text = if text == b"null" { b"-" } else { text };
        match key {
            b"response_flags" | b"responseFlags" | b"RESPONSE_FLAGS" => told.flags = text,
            b"response_code_details" | b"responseCodeDetails" | b"RESPONSE_CODE_DETAILS" => told.details = text,
            b"upstream_transport_failure_reason"
            | b"upstreamTransportFailureReason"
            | b"UPSTREAM_TRANSPORT_FAILURE_REASON" => told.reason = text,
            b"response_code" | b"responseCode" | b"RESPONSE_CODE" => {
                told.status = cut::whole_number(text).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
            }
            b"start_time" | b"startTime" | b"START_TIME" => rest.time = Stamp::numeric(text),
            b"method" | b"requestMethod" => rest.method = cut::something(text),
            b"path" | b"requestPath" | b"x-envoy-origin-path" => rest.path = cut::something(text),
            b"authority" | b":authority" => rest.host = cut::something(text),
            b"upstream_host" | b"upstreamHost" | b"UPSTREAM_HOST" => {
                rest.upstream = cut::something(text).or(rest.upstream)
            }
            b"duration" | b"DURATION" => rest.elapsed = cut::milliseconds(text),
            b"x_forwarded_for" | b"x-forwarded-for" => rest.client = cut::something(text).or(rest.client),
            b"downstream_remote_address" => rest.client = rest.client.or(cut::something(text)),
            _ => {}
        }
    }
    let Entry { said, words, status, .. } = entry(told);
    Some(Entry { said, words, status, ..rest })
}

/// Without details, a status without a flag is the upstream's, or a direct response of a route.
fn passed(details: &[u8], status: u16) -> Verdict {
    if details.is_empty() || details == b"-" || details == b"via_upstream" {
        Verdict::Passed(status)
    } else {
        Verdict::Bare(status)
    }
}

fn is_known(flags: &[u8]) -> bool {
    flags == b"-" || flags.split(|b| *b == b',').all(|flag| row(flag).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every flag has both names, and what is narrowed by the status is part of the flag's own reading.
    #[test]
    fn names_and_narrower_readings() {
        for row in words::envoy::flags::ROWS.iter().filter(|row| row.word != "-") {
            assert_eq!(LONG.iter().filter(|(_, short)| *short == row.word.as_bytes()).count(), 1, "{}", row.word);
        }
        assert!(LONG.iter().all(|(long, short)| row(long).unwrap().word.as_bytes() == *short));
        for flag in ["UPE", "UC", "UT"] {
            let wide = row(flag.as_bytes()).unwrap().reading.unwrap();
            let narrow = by_status(flag.as_bytes(), wide, 200);
            assert!(narrow != wide && narrow.kinds().all(|kind| wide.may_be(kind)), "{flag}: {narrow}, {wide}");
        }
    }
}
