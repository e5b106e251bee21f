//! Envoy's own answers, in whatever they were copied into, and the same words in its debug log.
//!
//! Source: `source/common/router/router.cc` (`onUpstreamReset`, `onUpstreamAbort`), `source/common/http/utility.cc`
//! (`resetReasonToString`), `source/common/http/filter_manager.cc` (`sendLocalReply`).

use crate::dialect::Reading;
use crate::dialect::logs::envoy;
use crate::dialect::words;
use crate::fault::FaultKind::{
    BodyStalled, ClosedBeforeResponse, ConnectionRefused, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound,
    DnsTimeout, Goaway, HeadReset, HeadTruncated, NoHealthyUpstream, ResetBeforeResponse, SendReset, Unreachable,
};
use crate::fault::{Code, Phase};

use super::super::cause;
use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::{Found, Says, Table, Told, any, one, unquoted};

pub(super) const TABLE: Table = Table {
    by: Format::Envoy,
    rows: &[
        (b"upstream connect error or disconnect/reset before headers", Says::On(local_reply)),
        (b"upstream reset: reset reason: ", Says::On(upstream_reset)),
        (b"Sending local reply with details ", Says::On(details)),
        (b"no healthy upstream", any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout])),
        (b"upstream request timeout", Says::On(response_timeout)),
        (b"stream timeout", any(BodyStalled, &[DeadlineExceeded])),
        (b"upstream max stream duration reached", one(DeadlineExceeded)),
    ],
};

/// Reasons, with the details (`%RESPONSE_CODE_DETAILS%`) that mean the same.
#[rustfmt::skip]
const REASONS: &[(&[u8], &[u8])] = &[
    (b"remote connection failure", b"upstream_reset_before_response_started{remote_connection_failure}"),
    (b"local connection failure", b"upstream_reset_before_response_started{local_connection_failure}"),
    // Until 1.21.
    (b"connection failure", b"upstream_reset_before_response_started{connection_failure}"),
    (b"connection timeout", b"upstream_reset_before_response_started{connection_timeout}"),
    (b"connection termination", b"upstream_reset_before_response_started{connection_termination}"),
    (b"overflow", b"upstream_reset_before_response_started{overflow}"),
    (b"remote reset", b"upstream_reset_before_response_started{remote_reset}"),
    (b"remote refused stream reset", b"upstream_reset_before_response_started{remote_refused_stream_reset}"),
    (b"protocol error", b"upstream_reset_before_response_started{protocol_error}"),
];

/// A TLS alert would have a transport failure reason, and a response that nobody asked for is a protocol error once a
/// request is under way (`source/common/http/codec_client.cc`, `onData`).
const TERMINATED: Reading =
    Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, SendReset, HeadTruncated, HeadReset, Goaway]);

/// Without a reason, which comes last and is cut off first.
const SOMETHING: Reading =
    Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, ConnectionRefused, ConnectionTimeout, Unreachable]);

/// `. reset reason: connection failure, transport failure reason: delayed connect error: 111`.
fn local_reply<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    match cut::split(found.rest, b"reset reason: ") {
        Some((_, rest)) => Some(reason(rest)),
        None => Some(Told::that(SOMETHING)),
    }
}

/// The router says it once more at level debug: `reset reason: connection termination, transport failure reason: `.
fn upstream_reset<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(reason(found.rest))
}

fn reason<'a>(text: &[u8]) -> Told<'a> {
    let text = unquoted(text);
    let (reason, transport) = cut::split(text, b", transport failure reason: ").unwrap_or((text, b""));
    if let Some((reading, code)) = by_transport(transport) {
        return Told::with_code(reading, code);
    }
    if reason.starts_with(b"connection termination") && transport.is_empty() {
        return Told::that(TERMINATED);
    }
    let known = REASONS.iter().find(|(words, _)| reason.starts_with(words));
    let reading =
        known.and_then(|(_, details)| words::find(words::envoy::details::ROWS, details)).and_then(|row| row.reading);
    reading.map_or(Told::new(Verdict::Unknown), Told::that)
}

/// `delayed connect error: 111`, `immediate connect error: Connection refused`, `TLS_error:|268435703:SSL routines:...`.
fn by_transport(transport: &[u8]) -> Option<(Reading, Option<Code>)> {
    if let Some((errno, _)) = cut::split(transport, b"connect error: ").and_then(|(_, rest)| cut::number(rest)) {
        let cause = cause::by_number(errno)?;
        return Some((cause::at(cause, Phase::Connect), i32::try_from(errno).ok().map(Code::Errno)));
    }
    let transport = cut::something(transport.trim_ascii())?;
    let (coarse, _) = envoy::words(b"UF", b"-", b"-", 503)?;
    let (fault, reading) = envoy::words(b"UF", b"-", transport, 503)?;
    // The flag's own reading is what an unknown reason leaves.
    (reading.is_exact() || fault != coarse).then_some((reading, fault.code()))
}

/// `upstream_reset_before_response_started{connection_termination}`, `route_not_found`.
fn details<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let end = found.rest.iter().position(|b| matches!(b, b' ' | b'|' | b'"')).unwrap_or(found.rest.len());
    let row = words::find(words::envoy::details::ROWS, found.rest.get(..end)?);
    Some(row.and_then(|row| row.reading).map_or(Told::new(Verdict::Nothing), Told::that))
}

/// The route's timer.
fn response_timeout<'a>(_: &Found<'a>) -> Option<Told<'a>> {
    words::find(words::envoy::details::ROWS, b"response_timeout").and_then(|row| row.reading).map(Told::that)
}
