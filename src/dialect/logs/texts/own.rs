//! A fault of this crate as a field of somebody's logger (`fault="connection_refused"`, `"fault":"dns_timeout"`), and
//! `Proxy-Status` of whoever sent one (RFC 9209), in a line or in a field.

use crate::dialect::Reading;
use crate::fault::{ErrorType, FaultKind};

use super::super::cut;
use super::super::entry::Format;
use super::{Found, Says, Table, Told, name};

#[rustfmt::skip]
pub(super) const FAULT: Table = Table {
    by: Format::Badgateway,
    rows: &[(b"fault=", Says::On(fault)), (b"fault\":", Says::On(fault)), (b"fault\\\":", Says::On(fault))],
};

/// The name of a kind, in quotes or not; and the next hop, if the same logger has it.
fn fault<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let kind = value(found.rest)?.parse::<FaultKind>().ok()?;
    let hop = [&b"next_hop="[..], b"next_hop\":", b"next_hop\\\":"].iter().find_map(|key| {
        [found.rest, found.before].into_iter().find_map(|text| cut::split(text, key).map(|(_, hop)| hop))
    });
    Some(Told::that(Reading::exact(kind)).at(hop.map(opened).and_then(name)))
}

/// A word, without what opens and closes its quotes.
fn value(text: &[u8]) -> Option<&str> {
    let text = opened(text);
    let end = text.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(text.len());
    core::str::from_utf8(text.get(..end)?).ok()
}

fn opened(text: &[u8]) -> &[u8] {
    let marks = text.iter().take(4).take_while(|b| matches!(b, b'"' | b'\\' | b' ' | b'\'')).count();
    text.get(marks..).unwrap_or(text)
}

pub(super) const PROXY_STATUS: Table = Table {
    by: Format::ProxyStatus,
    rows: &[
        (b"proxy-status: ", Says::On(field)),
        (b"Proxy-Status: ", Says::On(field)),
        (b"proxy-status=\"", Says::On(field)),
        (b"proxy_status=\"", Says::On(field)),
        (b"proxy_status\":\"", Says::On(field)),
        (b"proxy-status\":\"", Says::On(field)),
    ],
};

/// `edge; error=connection_refused; next-hop="10.0.0.1:80"`, whose own quotes a logger may have escaped.
fn field<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let text = cut::head(found.rest, 512);
    let (_, error) = cut::split(text, b"error=")?;
    // This crate's own details begin with the kind.
    let own = cut::split(text, b"details=").and_then(|(_, details)| value(details)).and_then(|word| word.parse().ok());
    let reading = own.map(Reading::exact).or_else(|| of_type(value(error)?.parse().ok()?))?;
    let hop = cut::split(text, b"next-hop=").and_then(|(_, hop)| name(opened(hop)));
    Some(Told::that(reading).at(hop))
}

/// What a type of the registry may stand for.
fn of_type(error: ErrorType) -> Option<Reading> {
    let of_it = |kind: &&FaultKind| kind.error_type() == Some(error);
    let start = BY_TYPE.iter().position(|kind| of_it(&kind))?;
    let kinds = BY_TYPE.get(start..)?;
    let kinds: &'static [FaultKind] = kinds.get(..kinds.iter().take_while(of_it).count())?;
    kinds.split_first().map(|(first, others)| Reading::coarse(*first, others))
}

/// All kinds that have a type, those of one type together.
static BY_TYPE: [FaultKind; FaultKind::ALL.len()] = by_type();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // done by the compiler
const fn by_type() -> [FaultKind; FaultKind::ALL.len()] {
    let mut sorted = [FaultKind::Unclassified; FaultKind::ALL.len()];
    let (mut to, mut error) = (0, 0);
    while error < ErrorType::ALL.len() {
        let mut from = 0;
        while from < FaultKind::ALL.len() {
            if let Some(own) = FaultKind::ALL[from].error_type() {
                if own as u8 == ErrorType::ALL[error] as u8 {
                    sorted[to] = FaultKind::ALL[from];
                    to += 1;
                }
            }
            from += 1;
        }
        error += 1;
    }
    sorted
}
