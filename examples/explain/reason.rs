//! Why a response was made, where it tells: in a field, in its reason phrase, in its body.
//!
//! Whoever made it writes the words that he logs, so that the readers of logs read them.

use badgateway::diagnose::attribution::Software;
use badgateway::dialect::logs::Reader;
use badgateway::dialect::{Dialect, Reading};
use badgateway::fault::{Code, Fault, FaultKind};
use http::{HeaderMap, StatusCode};

use super::response::line;

/// Fields whose value is such a text.
const FIELDS: [&str; 2] = ["x-vercel-error", "l5d-proxy-error"];

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) fault: Fault,
    pub(crate) reading: Reading,
    /// The next hop, where it is named.
    pub(crate) next_hop: Option<String>,
    /// The words that were read.
    pub(crate) words: String,
}

/// Looks for it. A page that is no error may speak of anything.
pub(crate) fn find(
    status: StatusCode,
    reason: &[u8],
    headers: &HeaderMap,
    body: &[u8],
    software: Option<Software>,
) -> Option<Reason> {
    if status.as_u16() < 400 {
        return None;
    }
    let field = |name: &str| headers.get(name).map(http::HeaderValue::as_bytes);
    if let Some(found) = field("x-squid-error").and_then(squid) {
        return Some(found);
    }
    if let Some(found) = FIELDS.iter().find_map(|name| field(name).and_then(text)) {
        return Some(found);
    }
    let phrase = [status.as_str().as_bytes(), b" ", reason].concat();
    if let Some(found) = Some(&phrase).filter(|_| !reason.is_empty()).and_then(|phrase| text(phrase)) {
        return Some(found);
    }
    if let Some(found) = lines(body) {
        return Some(found);
    }
    // Its status tells as much as its page.
    if software == Some(Software::Cloudflare) {
        return text(format!("error code: {}", status.as_u16()).as_bytes());
    }
    None
}

fn text(text: &[u8]) -> Option<Reason> {
    let mut reader = Reader::new();
    let entry = reader.read(text)?;
    let (fault, reading) = entry.said.fault()?;
    let next_hop = entry.upstream.and_then(|hop| std::str::from_utf8(hop).ok()).map(str::to_owned);
    Some(Reason { fault, reading, next_hop, words: String::from_utf8_lossy(entry.words).into_owned() })
}

/// The first line that tells.
pub(crate) fn lines(body: &[u8]) -> Option<Reason> {
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = line(rest);
        rest = after;
        if let Some(found) = text(line) {
            return Some(found);
        }
    }
    None
}

/// `ERR_CONNECT_FAIL 111`: the name of the page, and the system's number (`src/errorpage.cc`).
fn squid(value: &[u8]) -> Option<Reason> {
    let value = std::str::from_utf8(value).ok()?;
    let (word, errno) = value.split_once(' ').unwrap_or((value, ""));
    let wide = Dialect::Squid.read(word)?.reading?;
    let errno = errno.trim().parse::<i32>().ok().filter(|errno| *errno > 0);
    let exact = match errno {
        Some(111) => Some(FaultKind::ConnectionRefused),
        Some(110) => Some(FaultKind::ConnectionTimeout),
        Some(101 | 113) => Some(FaultKind::Unreachable),
        _ => None,
    };
    let reading = exact.filter(|kind| wide.may_be(*kind)).map_or(wide, Reading::exact);
    let fault = Fault::new(reading.kind());
    let fault = errno.map_or(fault, |errno| fault.with_code(Code::Errno(errno)));
    Some(Reason { fault, reading, next_hop: None, words: value.to_owned() })
}
