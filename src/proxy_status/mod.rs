//! `Proxy-Status` read back (RFC 9209): which hop reported which error.
//!
//! A value is a claim of whoever sent it, read by the grammar of RFC 9651 or not at all.
//!
//! The first member is the intermediary nearest the origin, the last one nearest the reader
//! ([RFC 9209, section 2](https://www.rfc-editor.org/rfc/rfc9209#section-2)). Nothing in the field is
//! authenticated: believe it as far as you believe the hop that it came from (section 3).
//!
//! ```
//! use badgateway::fault::ErrorType;
//! use badgateway::proxy_status;
//!
//! let members = proxy_status::read(b"cache.example; received-status=502, edge; error=http_response_timeout").unwrap();
//! assert_eq!(members[0].name(), "cache.example");
//! assert_eq!(members[0].received_status(), Some(502));
//! assert_eq!(members[1].error_type(), Some(ErrorType::HttpResponseTimeout));
//! ```

mod item;
mod member;

use std::borrow::Cow;
use std::ops::Range;

use http::header::{HeaderMap, HeaderName};

pub use self::item::{Malformed, Value};
pub use self::member::Member;

use self::item::Scanner;

/// The field's name. It may stand among the trailers as well.
pub const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// The longest value that is read. A member is some tens of bytes, and no path has hundreds of proxies.
const MAX_LENGTH: usize = 16 * 1024;

/// The members of one field value, in the order of the field: nearest the origin first.
///
/// An empty value has none.
///
/// # Errors
///
/// Where the value leaves the grammar of RFC 9651, or is longer than 16 KiB. "If parsing fails [...] the entire
/// field value MUST be ignored" ([section 4.2](https://www.rfc-editor.org/rfc/rfc9651#section-4.2)).
pub fn read(value: &[u8]) -> Result<Vec<Member<'_>>, Malformed> {
    let mut members = Vec::new();
    read_each(value, |member, _| members.push(member))?;
    Ok(members)
}

/// The value without the members that read as if the gateway of that name had sent them, in whatever case and however the name
/// is written. `None` where nothing is left, or where it cannot be read, and would take all that is added to it along.
pub(crate) fn without<'a>(value: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let mut kept = Vec::new();
    let mut is_whole = true;
    let read = read_each(value, |member, span| {
        if member.name().eq_ignore_ascii_case(name) {
            is_whole = false;
        } else {
            kept.push(value.get(span).unwrap_or_default());
        }
    });
    match (read, kept.is_empty()) {
        (Err(_), _) | (_, true) => None,
        (Ok(()), false) if is_whole => Some(Cow::Borrowed(value)),
        (Ok(()), false) => Some(Cow::Owned(kept.join(&b", "[..]))),
    }
}

/// The members of all `Proxy-Status` lines of a head, or of a trailer section.
///
/// # Errors
///
/// As [`read`]; the offset counts from the beginning of the line that is wrong.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// let mut headers = HeaderMap::new();
/// headers.append("proxy-status", HeaderValue::from_static("cache; error=dns_timeout"));
/// headers.append("proxy-status", HeaderValue::from_static("\"edge 1\""));
/// let members = badgateway::proxy_status::read_headers(&headers).unwrap();
/// assert_eq!(members.iter().map(|member| member.name()).collect::<Vec<_>>(), ["cache", "edge 1"]);
/// ```
pub fn read_headers(headers: &HeaderMap) -> Result<Vec<Member<'_>>, Malformed> {
    let mut members = Vec::new();
    let lines = headers.get_all(&PROXY_STATUS);
    let is_alone = lines.iter().nth(1).is_none();
    // Lines are read one by one. To join them first would only differ for a line cut within a member, which
    // RFC 9651 section 4.2 leaves to chance.
    for line in lines {
        if !is_alone && is_blank(line.as_bytes()) {
            // Joined to another it leaves a comma with nothing on one side.
            return Err(Malformed { offset: 0 });
        }
        read_each(line.as_bytes(), |member, _| members.push(member))?;
    }
    Ok(members)
}

/// Whether a member may be appended to this value: whether it can be read and holds one already.
#[must_use]
pub fn can_be_appended_to(value: &[u8]) -> bool {
    read(value).is_ok_and(|members| !members.is_empty())
}

fn is_blank(value: &[u8]) -> bool {
    value.iter().all(|b| *b == b' ')
}

/// RFC 9651 section 4.2.1, with RFC 9209's rule that a member is a String or a Token.
fn read_each<'a>(value: &'a [u8], mut each: impl FnMut(Member<'a>, Range<usize>)) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(value);
    if value.len() > MAX_LENGTH {
        return Err(scanner.malformed());
    }
    scanner.skip_spaces();
    while !scanner.is_at_end() {
        let start = scanner.at();
        let member = Member::read(&mut scanner)?;
        each(member, start..scanner.at());
        scanner.skip_optional_whitespace();
        if scanner.is_at_end() {
            break;
        }
        if !scanner.take(b',') {
            return Err(scanner.malformed());
        }
        scanner.skip_optional_whitespace();
        if scanner.is_at_end() {
            // "If input_string is empty, there is a trailing comma; fail parsing."
            return Err(scanner.malformed());
        }
    }
    Ok(())
}
