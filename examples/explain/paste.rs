//! A response in what somebody pasted: behind a prompt, out of `curl -v`, or a page whose head is gone.
//!
//! Only what is short and whole is taken for one: a log may quote a page, and is a log.

use std::borrow::Cow;

use badgateway::diagnose::attribution::{Confidence, Seen, attribute};
use badgateway::dialect::logs::{Format, Reader, Verdict};
use http::{HeaderMap, StatusCode};

use super::response::line;

/// A page that is longer is none that a gateway makes up.
const PAGE: usize = 64 * 1024;
/// So many lines may stand before the head: the prompt, the command, curl's progress.
const BEFORE: usize = 8;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paste<'a> {
    /// A head, and what follows it.
    Response(Cow<'a, [u8]>),
    /// A body alone.
    Page(&'a [u8]),
}

/// The response in it, if it is nothing else.
pub(crate) fn find(bytes: &[u8]) -> Option<Paste<'_>> {
    if let Some(at) = head(bytes) {
        return Some(Paste::Response(Cow::Borrowed(&bytes[at..])));
    }
    if bytes.len() > PAGE {
        return None;
    }
    if let Some(response) = transcript(bytes) {
        return Some(Paste::Response(Cow::Owned(response)));
    }
    is_page(bytes).then_some(Paste::Page(bytes))
}

/// Where the first status line is, with no line of a log before it.
fn head(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    for _ in 0..=BEFORE {
        if is_status_line(rest) {
            return Some(bytes.len() - rest.len());
        }
        let (line, after) = line(rest);
        if after.is_empty() || Reader::new().read(line).is_some() {
            return None;
        }
        rest = after;
    }
    None
}

/// `HTTP/1.1 502 ...`, `HTTP/2 502`.
fn is_status_line(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"HTTP/") else { return false };
    let version = rest.iter().take(4).position(|b| *b == b' ');
    version.is_some_and(|at| rest[at + 1..].iter().take(3).filter(|b| b.is_ascii_digit()).count() == 3)
}

/// The last response that `curl -v` shows, if it came whole and is an error.
fn transcript(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut reader, mut response, mut in_head, mut is_curl) = (Reader::new(), Vec::new(), false, false);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (text, after) = line(rest);
        rest = after;
        let field = text.strip_prefix(b"< ").or_else(|| (text == b"<").then_some(&b""[..]));
        if let Some(field) = field {
            if is_status_line(field) {
                response.clear();
                in_head = true;
            }
            if in_head {
                response.extend_from_slice(field);
                response.extend_from_slice(b"\r\n");
                in_head = !field.is_empty();
            }
            continue;
        }
        let entry = reader.read(text);
        if let Some(entry) = entry {
            // What failed is told by curl, and a line of a log is another matter.
            let is_fault = matches!(entry.said, Verdict::Fault { .. } | Verdict::Again);
            if entry.format == Format::Curl {
                if is_fault {
                    return None;
                }
                is_curl |= text.starts_with(b"* ") || text.starts_with(b"> ");
                continue;
            }
        }
        if !response.is_empty() && !in_head {
            response.extend_from_slice(text);
            response.push(b'\n');
        }
    }
    let status = response.split(|b| *b == b' ').nth(1).and_then(|status| status.get(..3)).map(StatusCode::from_bytes);
    let is_error = matches!(status, Some(Ok(status)) if status.as_u16() >= 400);
    (is_curl && is_error).then_some(response)
}

/// Whether somebody's error page begins there, and no line of a log.
fn is_page(bytes: &[u8]) -> bool {
    let headers = HeaderMap::new();
    let found = attribute(&seen(bytes, &headers), "");
    if found.software.is_none() || found.confidence < Confidence::Likely {
        return false;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let (text, after) = line(rest);
        rest = after;
        // A page has no time of its own in the way a log has.
        if Reader::new().read(text).is_some_and(|entry| entry.time.is_some() || entry.client.is_some()) {
            return false;
        }
    }
    true
}

/// A page without its head.
pub(crate) fn seen<'a>(page: &'a [u8], headers: &'a HeaderMap) -> Seen<'a> {
    Seen { status: status(page).unwrap_or(StatusCode::BAD_GATEWAY), reason: None, headers, body: page }
}

/// The status that the page shows first: a number of three digits from 400 on.
pub(crate) fn status(page: &[u8]) -> Option<StatusCode> {
    let words = page[..page.len().min(4096)].split(|b| !b.is_ascii_alphanumeric());
    let numbers = words.filter(|word| word.len() == 3 && matches!(word[0], b'4' | b'5'));
    numbers.filter_map(|word| StatusCode::from_bytes(word).ok()).next()
}
