//! The dress of a line: what stands around it where people keep it, and what became of its quotes on the way.
//!
//! Loggers put words in front (`docker logs -t`, `kubectl logs --timestamps --prefix`, the CRI's `stderr F`, stern,
//! Docker Compose, syslog, journald, `grep`'s `file:12:`), mails and pages put quotes, bullets and colours. None of
//! them is known by name here: a proxy's line may begin behind anything that ends a word, and only its own shape
//! says that it does. What was rewritten besides (a JSON string, HTML entities, typographic quotes) is written back.

use super::beginnings::Bytes;
use super::cut;
use super::json::{Members, Value};

/// The beginning of a line is looked for in so many bytes.
const FRAME: usize = 256;

/// Dress over dress: Docker's JSON around a mail's entities around colours.
const LAYERS: usize = 3;

/// Members that hold a line of another program, by who writes them.
#[rustfmt::skip]
const HOLDERS: &[&[u8]] = &[
    b"log",         // Docker's json-file driver, fluent-bit
    b"message",     // logstash, Serilog, zerolog, Datadog
    b"msg",         // zap, logrus, bunyan, pino
    b"MESSAGE",     // journalctl -o json
    b"textPayload", // Google Cloud Logging
    b"@message",    // CloudWatch Logs Insights
    b"_raw",        // Splunk
    b"_msg",        // VictoriaLogs
    b"line",        // Loki, Promtail
    b"record",      // what a field of `tracing` with this crate\'s own record is called
];

/// Members that hold the object that holds it.
const WRAPPERS: &[&[u8]] = &[b"jsonPayload", b"_source", b"result", b"fields"];

/// Wherever a proxy's own line may begin: at the first byte, and behind what ends a word or opens a quote.
pub(super) const fn starts(line: &[u8]) -> Starts<'_> {
    Starts { rest: line, left: FRAME, is_first: true }
}

/// See [`starts`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Starts<'a> {
    rest: &'a [u8],
    /// Bytes that are still looked at.
    left: usize,
    is_first: bool,
}

impl<'a> Iterator for Starts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if core::mem::take(&mut self.is_first) && !matches!(self.rest, [] | [b' ' | b'\t', ..]) {
            return Some(self.rest);
        }
        loop {
            let end = cut::head(self.rest, self.left).iter().position(|byte| ENDS_A_WORD.has(*byte))?;
            let start = end.saturating_add(1);
            (self.rest, self.left) = (self.rest.get(start..)?, self.left.saturating_sub(start));
            if !matches!(self.rest, [] | [b' ' | b'\t', ..]) {
                return Some(self.rest);
            }
        }
    }
}

static ENDS_A_WORD: Bytes = Bytes::of(b" \t|:>\"'`](=;}");

/// What begins there, without what closes a quote that was opened before it.
pub(super) fn unquoted<'a>(line: &'a [u8], start: &'a [u8]) -> &'a [u8] {
    let before = line.len().checked_sub(start.len()).and_then(|at| at.checked_sub(1)).and_then(|at| line.get(at));
    match before {
        Some(quote @ (b'"' | b'\'' | b'`')) => start.strip_suffix(core::slice::from_ref(quote)).unwrap_or(start),
        Some(_) | None => start,
    }
}

/// Whether what begins there was written anew by who put its dress on: it stands in a string, or its own quotes are not
/// as a proxy writes them.
pub(super) fn is_rewritten(line: &[u8], start: &[u8]) -> bool {
    let before = line.len().checked_sub(start.len()).and_then(|at| line.get(..at)).unwrap_or(b"");
    if cut::position(before, b'"').is_some() {
        return true;
    }
    match cut::position(start, b'"') {
        Some(first) => first.checked_sub(1).and_then(|at| start.get(at)) == Some(&b'\\'),
        None => {
            cut::position(start, b'&').is_some()
                || !start.is_ascii() && start.iter().any(|byte| matches!(byte, 0xe2 | 0xc2))
        }
    }
}

/// A line that had to be written anew. It keeps its buffers from line to line.
#[derive(Clone, Debug)]
pub(super) struct Undressed {
    text: Vec<u8>,
    next: Vec<u8>,
}

impl Undressed {
    pub(super) const fn new() -> Self {
        Self { text: Vec::new(), next: Vec::new() }
    }

    /// Takes layer after layer off, until there is what was looked for. Whether there is.
    pub(super) fn until(&mut self, line: &[u8], is_it: impl Fn(&[u8]) -> bool) -> bool {
        self.text.clear();
        self.text.extend_from_slice(line);
        for _ in 0..LAYERS {
            if !self.off() {
                return false;
            }
            if is_it(&self.text) {
                return true;
            }
        }
        false
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// One layer. Whether there was one.
    fn off(&mut self) -> bool {
        self.next.clear();
        let changed = held(&self.text, &mut self.next) || plain(&self.text, &mut self.next) || {
            self.next.clear();
            doubled(&self.text, &mut self.next)
        };
        core::mem::swap(&mut self.text, &mut self.next);
        changed
    }
}

/// The line that a JSON object, or a piece of one, holds in one of its members. Go's loggers say what failed in
/// `msg` and why in `error`, which its own `log` would have written with a colon between.
fn held(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut found: Option<&[u8]> = None;
    let mut error: Option<&[u8]> = None;
    let members = Members(object(text));
    let mut outer = members;
    let inner = outer.find_map(|(key, value)| match value {
        Value::Object(inner) if WRAPPERS.contains(&key) => Some(Members(inner)),
        Value::Object(_) | Value::Text(_) | Value::Other(_) => None,
    });
    for (key, value) in inner.into_iter().flatten().chain(members) {
        let Some(text) = value.text() else { continue };
        if found.is_none() && HOLDERS.contains(&key) {
            found = Some(text);
        } else if key == b"error" || key == b"err" {
            error = error.or(Some(text));
        }
    }
    match (found, error) {
        (None, None) => return false,
        (Some(line), None) | (None, Some(line)) => unescape(line, out),
        (Some(line), Some(error)) => {
            unescape(line, out);
            out.extend_from_slice(b": ");
            unescape(error, out);
        }
    }
    let end = out.trim_ascii_end().len();
    out.truncate(end);
    true
}

/// Behind the first opening bracket; or all of it, where it begins with a member.
fn object(text: &[u8]) -> &[u8] {
    let trimmed = text.trim_ascii_start();
    if trimmed.starts_with(b"\"") {
        return trimmed;
    }
    let head = cut::head(text, FRAME);
    cut::find(head, b"{").and_then(|at| text.get(at.saturating_add(1)..)).unwrap_or(b"")
}

/// A JSON string, as it was (RFC 8259 section 7). A line end in it is a space.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((before, after)) = cut::piece(rest, b'\\') {
        out.extend_from_slice(before);
        rest = after;
        let Some((escaped, after)) = rest.split_first() else { return };
        rest = after;
        match escaped {
            b'n' | b'r' | b't' | b'b' | b'f' => out.push(b' '),
            b'u' => {
                let digits = rest.get(..4).and_then(|digits| core::str::from_utf8(digits).ok());
                let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else { continue };
                rest = rest.get(4..).unwrap_or(b"");
                // Halves of a pair stand for letters that no proxy writes.
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => out.push(*escaped),
        }
    }
    out.extend_from_slice(rest);
}

/// What pages, word processors and terminals write for another byte.
#[rustfmt::skip]
const WRITTEN: &[(&[u8], &[u8])] = &[
    (b"&quot;", b"\""), (b"&#34;", b"\""), (b"&#x22;", b"\""), (b"&apos;", b"'"), (b"&#39;", b"'"), (b"&#x27;", b"'"),
    (b"&lt;", b"<"), (b"&gt;", b">"), (b"&nbsp;", b" "), (b"&amp;", b"&"),
    // “ ” „ ‟ « », ‘ ’, a space that does not break, and what has no width.
    ("\u{201c}".as_bytes(), b"\""), ("\u{201d}".as_bytes(), b"\""), ("\u{201e}".as_bytes(), b"\""),
    ("\u{201f}".as_bytes(), b"\""), ("\u{ab}".as_bytes(), b"\""), ("\u{bb}".as_bytes(), b"\""),
    ("\u{2018}".as_bytes(), b"'"), ("\u{2019}".as_bytes(), b"'"), ("\u{a0}".as_bytes(), b" "),
    ("\u{200b}".as_bytes(), b""), ("\u{feff}".as_bytes(), b""),
    // A quote that is escaped in a piece of JSON, or of a shell's.
    (b"\\\"", b"\""),
];

/// The same text in the bytes that a proxy writes. Whether anything was otherwise.
fn plain(text: &[u8], out: &mut Vec<u8>) -> bool {
    static SPECIAL: Bytes = Bytes::of(b"&\\#\x1b\xc2\xe2\xef");
    let mut changed = false;
    // What stands as it is, and from where on nothing was looked at.
    let (mut kept, mut from) = (text, 0_usize);
    while let Some(at) = kept.get(from..).and_then(|rest| rest.iter().position(|byte| SPECIAL.has(*byte))) {
        from = from.saturating_add(at);
        let Some((before, rest)) = kept.split_at_checked(from) else { break };
        let row = WRITTEN.iter().find(|(written, _)| rest.starts_with(written));
        let (meant, behind) = match (colour(rest), row) {
            (Some(behind), _) => (&b""[..], behind),
            (None, Some((written, meant))) => (*meant, rest.get(written.len()..).unwrap_or(b"")),
            (None, None) => {
                from = from.saturating_add(1);
                continue;
            }
        };
        out.extend_from_slice(before);
        out.extend_from_slice(meant);
        (kept, from, changed) = (behind, 0, true);
    }
    if changed {
        out.extend_from_slice(kept);
    }
    changed
}

/// The first field of a row of comma-separated values (RFC 4180 section 2, 7) that has its own quotes doubled. Whether
/// there is one.
fn doubled(text: &[u8], out: &mut Vec<u8>) -> bool {
    if !cut::has(text, b"\"\"") {
        return false;
    }
    let mut previous = b',';
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let before = core::mem::replace(&mut previous, *byte);
        rest = after;
        if *byte != b'"' || !matches!(before, b',' | b';' | b'\t') {
            continue;
        }
        let mut is_doubled = false;
        while let Some((inner, behind)) = rest.split_first() {
            rest = behind;
            if *inner == b'"' {
                let Some(behind) = rest.strip_prefix(b"\"") else { break };
                (rest, is_doubled) = (behind, true);
            }
            out.push(*inner);
        }
        if is_doubled {
            return true;
        }
        out.clear();
    }
    false
}

/// What follows `ESC [ 1 ; 31 m` (ECMA-48 section 8.3.117), whose first byte rsyslog writes as `#033`.
pub(super) fn colour(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"\x1b[").or_else(|| text.strip_prefix(b"#033["))?;
    let numbers = rest.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    rest.get(numbers..)?.split_first().filter(|(end, _)| end.is_ascii_alphabetic()).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undressed(line: &str) -> Option<String> {
        let mut text = Undressed::new();
        let done = text.until(line.as_bytes(), |text| text.starts_with(b"it \"is\" <this>"));
        done.then(|| String::from_utf8_lossy(text.text()).into_owned())
    }

    #[test]
    fn what_was_rewritten_is_written_back() {
        for dressed in [
            r#"{"log":"it \"is\" <this>\n","stream":"stderr","time":"2026-11-20T18:53:56.1Z"}"#,
            r#"  "message": "it \"is\" <this>","x":1"#,
            r#"web-1 | {"level":"info","msg":"it \u0022is\u0022 \u003cthis\u003e"}"#,
            r#"{"insertId":"a","jsonPayload":{"a":1,"message":"it \"is\" <this>"},"severity":"ERROR"}"#,
            r#"{"_HOSTNAME":"h","MESSAGE":"it \"is\" <this>"}"#,
            r#"it \"is\" <this>"#,
            r#""it ""is"" <this>""#,
            r#"2026-11-20 18:54:29,"web-1","it ""is"" <this>",4"#,
            "it &quot;is&quot; &lt;this&gt;",
            "it \u{201c}is\u{201d} <this>",
            "\u{feff}it\u{a0}\"is\" <this>",
            "\x1b[1;31mit \x1b[0m\"is\" <this>",
            "#033[31mit #033[0m\"is\" <this>",
            // Layers.
            r#"{"log":"{\"message\":\"it \\\"is\\\" &lt;this&gt;\"}"}"#,
        ] {
            assert_eq!(undressed(dressed).as_deref(), Some("it \"is\" <this>"), "{dressed}");
        }
        assert_eq!(undressed(r#"{"msg":"it \"is\" <this>","error":"why"}"#).as_deref(), Some("it \"is\" <this>: why"));
        for other in ["", "{", "\"", "{\"log\":\"\\", "{\"log\":1}", "&quot", "\x1b[999999999999999999m", "\u{2014}"] {
            assert_eq!(undressed(other), None, "{other}");
        }
    }

    #[test]
    fn starts_and_quotes() {
        let line = b"ab \"c:d\"";
        let all: Vec<&[u8]> = starts(line).collect();
        assert_eq!(all, [&b"ab \"c:d\""[..], b"\"c:d\"", b"c:d\"", b"d\""]);
        assert_eq!(unquoted(line, line.get(4..).unwrap_or(b"")), b"c:d");
        assert_eq!(unquoted(line, line), line);
        assert!(starts(&[b'|'; 4 * FRAME]).count() <= FRAME + 1);
    }
}
