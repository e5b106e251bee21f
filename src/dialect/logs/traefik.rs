//! A line of Traefik's log that tells why it answered 5xx: `'502 Bad Gateway' caused by: dial tcp ...` (logrus, to v2),
//! `502 Bad Gateway error="dial tcp ..."` behind the source file (zerolog, v3), the same in JSON, and its access log in JSON.
//!
//! The errors are Go's own texts. The access log names the server and both statuses.
//!
//! Source: `ErrorHandlerWithContext` of `pkg/proxy/httputil/proxy.go`, `pkg/middlewares/accesslog/logdata.go`.

use core::time::Duration;

use super::beginnings::Beginnings;
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::golang;
use super::json::{Members, Value};
use super::stamp::Stamp;

/// The import path that zerolog's caller begins with.
const SOURCE: &[u8] = b"github.com/traefik/traefik/";

/// The beginnings of a status in quotes, logrus' time, zerolog's caller, a status, and RFC 3339's date.
pub(super) const BEGINNINGS: Beginnings =
    Beginnings::NONE.bytes(b"'", b"0123456789").bytes(b"245", b"- ").words(&[b"time=", SOURCE]);

/// Whether it begins as such a line does.
pub(super) fn looks(line: &[u8]) -> bool {
    match line.first() {
        Some(b'\'') => caused(line).is_some(),
        Some(b't') => line.starts_with(b"time=\"") && message(line).and_then(caused).is_some(),
        Some(b'g') => line.starts_with(SOURCE),
        Some(b'4' | b'5') => answered(line).is_some(),
        // RFC 3339's date: one with strokes is nginx's.
        Some(b'2') => {
            line.get(4) == Some(&b'-') && cut::has(cut::head(line, 64), SOURCE) && Stamp::numeric(line).is_some()
        }
        Some(_) | None => false,
    }
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if line.starts_with(b"{") {
        return json(line);
    }
    let stamp = line.strip_prefix(b"time=\"").unwrap_or(line);
    let mut entry = match caused(message(line).unwrap_or(line)) {
        Some((status, error)) => failed(status, error),
        None => {
            // `...proxy.go:100 > 502 Bad Gateway error="EOF"`.
            let words = cut::split(line, b" > ").map_or(line, |(_, words)| words);
            match answered(words) {
                Some((status, error)) => failed(status, error),
                None => Entry::new(Format::Traefik, Verdict::Nothing, words),
            }
        }
    };
    entry.time = Stamp::numeric(stamp);
    Some(entry)
}

/// The `msg` of logrus's text form.
fn message(line: &[u8]) -> Option<&[u8]> {
    let (_, rest) = cut::split(cut::head(line, 1024), b" msg=\"")?;
    let from = line.len().min(1024).saturating_sub(rest.len());
    line.get(from..).map(|inner| cut::quoted(inner).0)
}

/// `'502 Bad Gateway' caused by: EOF`.
fn caused(text: &[u8]) -> Option<(u16, &[u8])> {
    let rest = text.strip_prefix(b"'")?;
    let status = rest.get(..3).and_then(cut::status)?;
    let (reason, error) = cut::piece(cut::head(rest, 512), b'\'')?;
    let error = rest.get(reason.len().saturating_add(1)..).filter(|_| !error.is_empty())?;
    error.strip_prefix(b" caused by: ").map(|error| (status, error))
}

/// `502 Bad Gateway error="EOF"`.
fn answered(text: &[u8]) -> Option<(u16, &[u8])> {
    // The end of a time (`.503Z ERR  error=`) is none.
    let status = text.get(..3).and_then(cut::status).filter(|status| *status >= 499 && text.get(3) == Some(&b' '))?;
    let reason = text.get(3..text.len().min(48))?;
    let (words, _) = cut::split(reason, b" error=")?;
    let is_reason = words.iter().all(|b| b.is_ascii_alphabetic() || *b == b' ');
    let error = text.get(words.len().saturating_add(10)..).filter(|_| is_reason)?;
    Some((status, error.strip_prefix(b"\"").map_or_else(|| cut::until(error, b' '), |inner| cut::quoted(inner).0)))
}

fn failed(status: u16, error: &[u8]) -> Entry<'_> {
    let mut entry = Entry::new(Format::Traefik, golang::error(error), error);
    entry.status = Some(status);
    entry.upstream = golang::address(error);
    entry
}

fn json(line: &[u8]) -> Option<Entry<'_>> {
    let (mut error, mut message, mut of_server, mut answered) = (None, &b""[..], None, None);
    let mut rest = Entry::new(Format::Traefik, Verdict::Nothing, b"");
    for (key, value) in Members(line.get(1..)?) {
        let (Value::Text(text) | Value::Other(text)) = value else { continue };
        match key {
            b"error" => error = Some(text),
            b"message" | b"msg" => message = text,
            b"DownstreamStatus" => answered = cut::status(text),
            b"OriginStatus" => of_server = cut::status(text),
            b"ServiceAddr" => rest.upstream = cut::something(text),
            b"RequestMethod" => rest.method = cut::something(text),
            b"RequestPath" => rest.path = cut::something(text),
            b"RequestHost" | b"RequestAddr" => rest.host = rest.host.or(cut::something(text)),
            b"ClientHost" => rest.client = cut::something(text),
            b"Duration" => rest.elapsed = nanoseconds(text),
            b"time" | b"StartUTC" => rest.time = rest.time.or_else(|| Stamp::numeric(text)),
            _ => {}
        }
    }
    if let Some(status) = answered {
        // 0 of the server where it gave none; Traefik copies its own 502 where it was asked in vain.
        let said = match (status, of_server) {
            (499, _) => golang::error(b"context canceled"),
            (500.., Some(own)) if own == status && ![502, 504].contains(&own) => Verdict::Passed(status),
            (500.., _) => Verdict::Bare(status),
            _ => Verdict::Nothing,
        };
        return Some(Entry { said, status: answered, ..rest });
    }
    let status = message.get(..3).and_then(cut::status);
    let found = match (status, error) {
        (Some(status), Some(error)) => failed(status, error),
        _ => caused(message).map_or_else(
            || Entry::new(Format::Traefik, Verdict::Nothing, message),
            |(status, error)| failed(status, error),
        ),
    };
    let Entry { said, words, status, upstream, .. } = found;
    Some(Entry { said, words, status, upstream, ..rest })
}

/// Of an integer, as Go's `time.Duration` is written.
fn nanoseconds(text: &[u8]) -> Option<Duration> {
    let digits = text
        .len()
        .checked_sub(3)
        .and_then(|at| text.get(..at))
        .filter(|digits| digits.iter().all(u8::is_ascii_digit) && digits.len() < 16)?;
    let micros = digits.iter().fold(0_u64, |n, b| n.wrapping_mul(10).wrapping_add(u64::from(b.wrapping_sub(b'0'))));
    Some(Duration::from_micros(micros))
}
