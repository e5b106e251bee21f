//! A line of Caddy's log, in JSON, in its console form or in Caddy 1's: `{"level":"error","ts":1795200890.0,"logger":"http.log.error.log0","msg":"dial tcp ...",...}`.
//!
//! The logger says whose line it is. Errors are Go's own texts; the access log has a status and no
//! reason, and follows an error line for everything that Caddy itself answers.

use super::beginnings::Beginnings;
use super::cut;
use super::dress;
use super::entry::{Entry, Format, Verdict};
use super::golang;
use super::json::{Members, Value};
use super::stamp::Stamp;

/// zap's names of levels.
const LEVELS: [&[u8]; 6] = [b"DEBUG", b"INFO", b"WARN", b"ERROR", b"PANIC", b"FATAL"];

/// The beginnings of a date, a level, and of Caddy 1's bracket.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.bytes(b"0123456789", b"/-").bytes(b"[", b"E").words(&LEVELS);

/// Whether it begins as such a line does, outside JSON: console form, or Caddy 1's.
pub(super) fn looks(line: &[u8]) -> bool {
    match line {
        // Of dates, each has its strokes elsewhere.
        [b'0'..=b'9', _, b'/', ..] | [b'[', ..] => first_version(line).is_some(),
        [b'0'..=b'9', _, _, _, b'-' | b'/', ..] => console(line).is_some(),
        [b'0'..=b'9', ..] => false,
        _ => console(line).is_some(),
    }
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if let Some((time, rest)) = first_version(line) {
        return Some(of_first_version(time, rest));
    }
    let (time, mut logger, mut message, members) = match console(line) {
        Some(console) => (console.time, console.logger, console.message, console.members),
        None => (None, &b""[..], &b""[..], line.strip_prefix(b"{")?),
    };
    let mut error = None;
    let mut entry = Entry::new(Format::Caddy, Verdict::Nothing, b"");
    entry.time = time;
    for (key, value) in Members(members) {
        match key {
            b"logger" => logger = value.text()?,
            b"msg" => message = value.text().unwrap_or(b""),
            b"error" => error = value.text(),
            b"ts" => {
                entry.time = value
                    .other()
                    .and_then(seconds)
                    .and_then(Stamp::unix)
                    .or_else(|| value.text().and_then(Stamp::numeric))
            }
            b"upstream" => entry.upstream = value.text().and_then(cut::something),
            b"duration" => entry.elapsed = value.other().and_then(cut::seconds),
            b"status" => entry.status = value.other().and_then(cut::status),
            b"request" => request(value, &mut entry),
            _ => {}
        }
    }
    if logger.is_empty() && message.is_empty() {
        return None;
    }
    (entry.said, entry.words) = said(logger, message, error, entry.status);
    if entry.upstream.is_none() {
        entry.upstream = golang::address(entry.words);
    }
    Some(entry)
}

/// A line of zap's console encoder.
struct Console<'a> {
    time: Option<Stamp>,
    logger: &'a [u8],
    message: &'a [u8],
    members: &'a [u8],
}

/// `2026/11/20 18:54:50.123 ERROR http.log.error EOF {"request": {...}}`: with tabs between, which a page makes spaces of.
fn console(line: &[u8]) -> Option<Console<'_>> {
    let is_dated = line.first().is_some_and(u8::is_ascii_digit);
    let rest = if is_dated {
        let rest = line.get(20..)?.trim_ascii_start();
        // Milliseconds.
        rest.get(rest.iter().take_while(|b| b.is_ascii_digit()).count()..)?.trim_ascii_start()
    } else {
        line
    };
    let (level, rest) = word(rest)?;
    // In a terminal it has a colour.
    let bare = dress::colour(level).and_then(|level| cut::piece(level, 0x1b)).map_or(level, |(level, _)| level);
    if !LEVELS.contains(&bare) {
        return None;
    }
    let time = Stamp::numeric(line);
    if is_dated && time.is_none() {
        return None;
    }
    let (logger, rest) = word(rest)?;
    if !is_caddys(logger) || !logger.contains(&b'.') {
        return None;
    }
    let (message, members) = cut::split(rest, b"{\"").map_or((rest, &b""[..]), |(message, members)| {
        let from = rest.len().saturating_sub(members.len()).saturating_sub(1);
        (message, rest.get(from..).unwrap_or(b""))
    });
    Some(Console { time, logger, message: message.trim_ascii_end(), members })
}

/// Up to a tab or a space, of the first bytes; and what follows.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take(64).position(|b| matches!(b, b'\t' | b' '))?;
    let (word, rest) = text.split_at_checked(end)?;
    Some((word, rest.trim_ascii_start()))
}

/// Where the names of Caddy's loggers begin (`caddy.Log().Named`, and the namespaces of its modules).
pub(super) fn is_caddys(logger: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"http",
        b"tls",
        b"admin",
        b"pki",
        b"caddy",
        b"events",
        b"layer4",
        b"dynamic_dns",
        b"docker-proxy",
        b"watcher",
    ];
    NAMES.contains(&cut::until(logger, b'.'))
}

/// Caddy 1: `29/Jan/2016:15:18:59 +0100 [ERROR 502 /index.php] dial tcp ...` (its `errors` directive). Behind `[`.
fn first_version(line: &[u8]) -> Option<(Option<Stamp>, &[u8])> {
    let time = Stamp::common(line);
    let rest = if time.is_some() {
        cut::split(cut::head(line, 32), b" [").and_then(|(before, _)| line.get(before.len().saturating_add(1)..))?
    } else {
        line
    };
    let rest = rest.strip_prefix(b"[ERROR ")?;
    rest.get(..3).and_then(cut::status)?;
    (rest.get(3) == Some(&b' ')).then_some((time, rest))
}

fn of_first_version(time: Option<Stamp>, rest: &[u8]) -> Entry<'_> {
    let (what, error) = cut::piece(rest, b']').unwrap_or((rest, b""));
    let error = error.trim_ascii_start();
    let mut entry = Entry::new(Format::Caddy, golang::error(error), error);
    entry.time = time;
    entry.status = what.get(..3).and_then(cut::status);
    entry.path = what.get(4..).and_then(cut::something);
    entry.upstream = golang::address(error);
    entry
}

fn seconds(number: &[u8]) -> Option<u64> {
    // A fraction, no exponent: Caddy writes `1795200890.0000558`. Nine digits are not enough for today.
    let digits = cut::until(number, b'.');
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    digits.iter().try_fold(0_u64, |n, b| {
        b.is_ascii_digit().then(|| n.wrapping_mul(10).wrapping_add(u64::from(b.wrapping_sub(b'0'))))
    })
}

fn request<'a>(value: Value<'a>, entry: &mut Entry<'a>) {
    let Value::Object(members) = value else { return };
    for (key, value) in Members(members) {
        match key {
            b"remote_ip" => entry.client = value.text().and_then(cut::something),
            b"method" => entry.method = value.text().and_then(cut::something),
            b"host" => entry.host = value.text().and_then(cut::something),
            b"uri" => entry.path = value.text().and_then(cut::something),
            _ => {}
        }
    }
}

fn said<'a>(logger: &[u8], message: &'a [u8], error: Option<&'a [u8]>, status: Option<u16>) -> (Verdict, &'a [u8]) {
    if logger.starts_with(b"http.log.access") {
        // An error line comes before it, if there was an error.
        let said = status.filter(|status| *status >= 500).map_or(Verdict::Nothing, Verdict::Bare);
        return (said, message);
    }
    if logger.starts_with(b"http.log.error") {
        return (golang::error(message), message);
    }
    match error {
        Some(error) if logger.starts_with(b"http.handlers.reverse_proxy") => match message {
            // With level debug, and said again as http.log.error.
            b"upstream roundtrip" => (Verdict::Again, error),
            // How a WebSocket ends that ended well (`handleUpgradeResponse`).
            b"streaming error" if error == b"hijacked connection copy complete" => (Verdict::Nothing, error),
            b"aborting with incomplete response" | b"reading from backend" | b"failed to copy response" => {
                (golang::body_error(error), error)
            }
            _ => (golang::error(error), error),
        },
        _ => (Verdict::Nothing, message),
    }
}
