//! Envoy's own answers, in whatever they were copied into, and the same words in its debug log.
//!
//! Source: `source/common/router/router.cc` (`onUpstreamReset`, `onUpstreamAbort`), `source/common/http/utility.cc`
//! (`resetReasonToString`), `source/common/http/filter_manager.cc` (`sendLocalReply`).

use crate::dialect::Reading;
use crate::dialect::logs::envoy;
use crate::dialect::words::{self, Row};
use crate::fault::FaultKind::{
    BodyStalled, ClosedBeforeResponse, ConnectionRefused, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound,
    DnsTimeout, Goaway, HeadReset, HeadTruncated, NoHealthyUpstream, ResetBeforeResponse, SendReset, Unreachable,
};

use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::{Found, Says, Table, Told, any, one, unquoted};

pub(super) const TABLE: Table = Table {
    by: Format::Envoy,
    rows: &[
        (b"upstream connect error or disconnect/reset before headers", Says::On(local_reply)),
        (b"upstream reset: reset reason: ", Says::On(upstream_reset)),
        (b"Sending local reply with details ", Says::On(details)),
        (b"upstream_reset_before_response_started{", Says::On(braced)),
        (b"upstream_reset_after_response_started{", Says::On(braced)),
        (b"no healthy upstream", any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout])),
        (b"upstream request timeout", Says::On(response_timeout)),
        (b"stream timeout", any(BodyStalled, &[DeadlineExceeded])),
        (b"upstream max stream duration reached", one(DeadlineExceeded)),
    ],
};

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
    if let Some((reading, code)) = envoy::transport(transport) {
        return Told::with_code(reading, code);
    }
    if reason.starts_with(b"connection termination") && transport.is_empty() {
        return Told::that(TERMINATED);
    }
    by_words(reason).map_or(Told::new(Verdict::Unknown), Told::that)
}

/// The row of the details that has the reason in its braces, with underscores for its spaces.
fn by_words(reason: &[u8]) -> Option<Reading> {
    let begins = |row: &&Row| {
        let braced =
            row.word.strip_prefix("upstream_reset_before_response_started{").and_then(|rest| rest.strip_suffix('}'));
        braced.is_some_and(|braced| {
            let same = |(word, said): (u8, &u8)| word == *said || (word == b'_' && *said == b' ');
            reason.len() >= braced.len() && braced.bytes().zip(reason).all(same)
        })
    };
    words::envoy::details::ROWS.iter().find(begins).and_then(|row| row.reading)
}

/// `upstream_reset_before_response_started{connection_termination}`, `route_not_found`.
fn details<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let end = found.rest.iter().position(|b| matches!(b, b' ' | b'|' | b'"')).unwrap_or(found.rest.len());
    let row = words::find(words::envoy::details::ROWS, found.rest.get(..end)?);
    Some(row.and_then(|row| row.reading).map_or(Told::new(Verdict::Nothing), Told::that))
}

/// `upstream_reset_before_response_started{remote_connection_failure,delayed_connect_error:_111}`, by itself.
fn braced<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let end = found.text.iter().position(|b| matches!(b, b'}' | b'|' | b' ' | b'"' | b',')).unwrap_or(found.text.len());
    let (details, behind) = found.text.split_at_checked(end)?;
    if let Some((reading, code)) =
        behind.first().filter(|b| matches!(b, b'|' | b',')).and_then(|_| envoy::transport(cut::until(behind, b' ')))
    {
        return Some(Told::with_code(reading, code));
    }
    let is_it = |row: &&Row| row.word.strip_suffix('}').is_some_and(|word| word.as_bytes() == details);
    let row = words::envoy::details::ROWS.iter().find(is_it);
    row.and_then(|row| row.reading).map(Told::that)
}

/// The route's timer.
fn response_timeout<'a>(_: &Found<'a>) -> Option<Told<'a>> {
    words::find(words::envoy::details::ROWS, b"response_timeout").and_then(|row| row.reading).map(Told::that)
}
