//! A line of Squid's `access.log` in its native format:
//! `1795200890.123    352 10.0.0.9 TCP_MISS/503 4277 GET http://a.example/ - HIER_DIRECT/10.0.0.1 text/html`.
//!
//! The status may be the server's or Squid's own; the line does not tell. `_ABORTED` is the client's doing.
//!
//! Source: Squid's wiki, "Squid Log Files"; `src/LogTags.cc`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{ClientAborted, HeadStalled, ResponseTimeout};

use super::beginnings::Beginnings;
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::stamp::Stamp;

/// The beginnings of seconds since 1970.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.bytes(b"0123456789", b".");

/// Whether it begins as such a line does: seconds with milliseconds, a number, an address, a tag and a status.
pub(super) fn looks(line: &[u8]) -> bool {
    if line.get(10) != Some(&b'.') {
        return false;
    }
    let head = cut::head(line, 128);
    let Some((_, rest)) = seconds(head) else { return false };
    let mut fields = Fields(rest);
    let is_number = fields.next().is_some_and(|n| cut::whole_number(n.strip_prefix(b"-").unwrap_or(n)).is_some());
    is_number && fields.next().is_some() && fields.next().and_then(tag).is_some()
}

/// `1795200890.123`, and what follows.
fn seconds(line: &[u8]) -> Option<(u64, &[u8])> {
    let (whole, rest) = line.split_at_checked(10)?;
    let rest = rest.strip_prefix(b".").filter(|_| whole.iter().all(u8::is_ascii_digit))?;
    let whole = whole.iter().fold(0_u64, |n, b| n.wrapping_mul(10).wrapping_add(u64::from(b.wrapping_sub(b'0'))));
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    Some((whole, rest.get(digits..)?.strip_prefix(b" ")?))
}

/// `TCP_MISS/503`.
fn tag(field: &[u8]) -> Option<(&[u8], u16)> {
    const BEGINNINGS: [&[u8]; 4] = [b"TCP_", b"UDP_", b"NONE", b"TAG_"];
    let (tag, status) = cut::piece(field, b'/')?;
    BEGINNINGS.iter().any(|known| tag.starts_with(known)).then_some((tag, cut::status(status)?))
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let (time, rest) = seconds(line)?;
    let mut fields = Fields(rest);
    let (elapsed, client) = (fields.next()?, fields.next()?);
    let (tag, status) = tag(fields.next()?)?;
    let _bytes = fields.next()?;
    let (method, url, _user, peer) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let said = match status {
        _ if tag.ends_with(b"_ABORTED") => Verdict::that(Reading::exact(ClientAborted)),
        _ if tag.ends_with(b"_TIMEDOUT") => Verdict::that(Reading::coarse(ResponseTimeout, &[HeadStalled])),
        500.. => Verdict::Bare(status),
        _ => Verdict::Nothing,
    };
    let mut entry = Entry::new(Format::Squid, said, tag);
    entry.time = Stamp::unix(time);
    entry.elapsed = cut::milliseconds(elapsed);
    entry.client = cut::something(client);
    entry.method = cut::something(method);
    // `HIER_DIRECT/10.0.0.1`.
    entry.upstream = cut::piece(peer, b'/').and_then(|(_, peer)| cut::something(peer));
    entry.status = (status > 0).then_some(status);
    if let Some((_, rest)) = cut::split(url, b"://") {
        entry.host = cut::something(cut::until(rest, b'/'));
        entry.path = rest.iter().position(|b| *b == b'/').and_then(|at| rest.get(at..));
    }
    Some(entry)
}
