//! A line of Caddy's log, in JSON: `{"level":"error","ts":1795200890.0,"logger":"http.log.error.log0","msg":"dial tcp ...",...}`.
//!
//! The logger says whose line it is. Errors are Go's own texts; the access log has a status and no
//! reason, and follows an error line for everything that Caddy itself answers.

use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::golang;
use super::json::{Members, Value};
use super::stamp::Stamp;

/// Whether it begins as such a line does.
pub(super) fn looks(line: &[u8]) -> bool {
    line.starts_with(b"{\"level\":\"")
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let (mut logger, mut message, mut error) = (&b""[..], &b""[..], None);
    let mut entry = Entry::new(Format::Caddy, Verdict::Nothing, b"");
    for (key, value) in Members(line.get(1..)?) {
        match key {
            b"logger" => logger = value.text()?,
            b"msg" => message = value.text().unwrap_or(b""),
            b"error" => error = value.text(),
            b"ts" => entry.time = value.other().and_then(seconds).and_then(Stamp::unix),
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
        entry.upstream = address(entry.words);
    }
    Some(entry)
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
            b"aborting with incomplete response" | b"reading from backend" | b"failed to copy response" => {
                (golang::body_error(error), error)
            }
            _ => (golang::error(error), error),
        },
        _ => (Verdict::Nothing, message),
    }
}

/// The address of `dial tcp 10.0.0.1:80: connect: ...` or `read tcp SOURCE->10.0.0.1:80: read: ...`.
fn address(text: &[u8]) -> Option<&[u8]> {
    let rest =
        [&b"dial tcp "[..], b"read tcp ", b"write tcp ", b"dial unix "].iter().find_map(|op| text.strip_prefix(*op))?;
    let both = cut::split(rest, b": ")?.0;
    cut::something(cut::split(both, b"->").map_or(both, |(_, to)| to))
}
