//! Which format a generated body has: `Accept` with its weights (RFC 9110 section 12.5.1).
//!
//! There is always an answer. A client that accepts nothing we have still gets an
//! error it may read, which section 12.5.1 allows and RFC 9457 section 3 expects.

use http::HeaderValue;

use crate::token::is_token;

/// The most media ranges that are looked at; more are ignored.
const RANGES: usize = 64;

/// A format of a generated body: a row of [`ROWS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Problem details (RFC 9457).
    Problem,
    /// The same document, for a client that asks for plain JSON.
    Json,
    /// A page for a browser.
    Html,
    /// Plain text.
    Text,
    /// Markdown (RFC 7763).
    Markdown,
    /// The answer to a gRPC call, which is not negotiated: there is no row for it.
    Grpc,
}

struct Row {
    format: Format,
    kind: &'static [u8],
    subtype: &'static [u8],
}

/// Every format, the most preferred first: a client that does not care gets problem details.
const ROWS: [Row; 5] = [
    Row { format: Format::Problem, kind: b"application", subtype: b"problem+json" },
    Row { format: Format::Json, kind: b"application", subtype: b"json" },
    Row { format: Format::Html, kind: b"text", subtype: b"html" },
    Row { format: Format::Text, kind: b"text", subtype: b"plain" },
    Row { format: Format::Markdown, kind: b"text", subtype: b"markdown" },
];

/// The format for this `Accept`.
///
/// The highest weight wins; among equals the range that names the format more closely, then the one that stands
/// first, as Cloudflare has it, then our own order. So `*/*` gets problem details, a browser, which names
/// `text/html`, gets a page, and a program that asks for `text/markdown, text/html, */*` gets Markdown.
pub(crate) fn negotiate(accept: Option<&HeaderValue>) -> Format {
    let Some(accept) = accept else { return Format::Problem };
    // What programs send by default, and what asks for one format alone, has no weights to compare.
    match accept.as_bytes() {
        b"*/*" | b"application/problem+json" => return Format::Problem,
        b"application/json" => return Format::Json,
        b"text/html" => return Format::Html,
        b"text/plain" => return Format::Text,
        b"text/markdown" => return Format::Markdown,
        _ => {}
    }
    let mut matches: [Option<Match>; ROWS.len()] = [None; ROWS.len()];
    let items = Items { rest: accept.as_bytes(), separator: b',' };
    for (place, range) in (1u8..).zip(items.take(RANGES).filter_map(Range::parse)) {
        for (row, best) in ROWS.iter().zip(&mut matches) {
            let Some(closeness) = range.closeness(row) else { continue };
            let found = Match { closeness, weight: range.weight, first: u8::MAX.saturating_sub(place) };
            // The closest range decides, even with a lower weight ("text/html;q=0, */*").
            if best.is_none_or(|best| (best.closeness, best.weight) < (found.closeness, found.weight)) {
                *best = Some(found);
            }
        }
    }
    let mut winner = (Format::Problem, None);
    for (row, found) in ROWS.iter().zip(matches) {
        // What is not mentioned is better than what is refused.
        let score = match found {
            Some(Match { weight: 0, .. }) => (0, 0, 0, 0),
            None => (1, 0, 0, 0),
            Some(Match { weight, closeness, first }) => (2, weight, closeness, first),
        };
        if winner.1.is_none_or(|best| score > best) {
            winner = (row.format, Some(score));
        }
    }
    winner.0
}

#[derive(Clone, Copy)]
struct Match {
    /// 3 by name, 2 by `type/*`, 1 by `*/*`.
    closeness: u8,
    weight: u16,
    /// The more, the nearer to the front.
    first: u8,
}

/// One media range. Parameters other than the weight are ignored: a client that says
/// `application/json;odata=verbose` would rather have JSON than HTML.
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// `None` for a malformed range, which is ignored.
    fn parse(item: &'a [u8]) -> Option<Self> {
        let mut parts = Items { rest: item, separator: b';' };
        let media = parts.next()?.trim_ascii();
        let slash = media.iter().position(|&b| b == b'/')?;
        let (kind, subtype) = (media.get(..slash)?, media.get(slash.checked_add(1)?..)?);
        if !is_token(kind) || !is_token(subtype) || (kind == b"*" && subtype != b"*") {
            return None;
        }
        let mut weight = 1000;
        for parameter in parts {
            if let [b'q' | b'Q', b'=', value @ ..] = parameter.trim_ascii() {
                weight = parse_weight(value)?;
            }
        }
        Some(Self { kind, subtype, weight })
    }

    fn closeness(&self, row: &Row) -> Option<u8> {
        let kind = self.kind.eq_ignore_ascii_case(row.kind);
        if kind && self.subtype.eq_ignore_ascii_case(row.subtype) {
            Some(3)
        } else if kind && self.subtype == b"*" {
            Some(2)
        } else if self.kind == b"*" {
            Some(1)
        } else {
            None
        }
    }
}

/// `0`, `0.5`, `1.000`: at most three decimals, at most one (RFC 9110 section 12.4.2).
fn parse_weight(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = match text {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let thousandths = (0..3).fold(0u16, |sum, n| {
        let digit = decimals.get(n).map_or(0, |d| d & 0x0f);
        sum.saturating_mul(10).saturating_add(u16::from(digit))
    });
    match (whole, thousandths) {
        (b'1', 0) => Some(1000),
        (b'1', _) => None,
        _ => Some(thousandths),
    }
}

/// The items between separators that are not in a quoted string.
struct Items<'a> {
    rest: &'a [u8],
    separator: u8,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.iter().position(|&b| {
            if escaped {
                escaped = false;
            } else if quoted && b == b'\\' {
                escaped = true;
            } else if b == b'"' {
                quoted = !quoted;
            }
            !quoted && b == self.separator
        });
        let item = match end {
            Some(end) => self.rest.get(..end)?,
            None => self.rest,
        };
        self.rest = end.and_then(|end| self.rest.get(end.checked_add(1)?..)).unwrap_or(&[]);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn of(accept: &str) -> Format {
        negotiate(Some(&HeaderValue::from_str(accept).unwrap()))
    }

    #[test]
    fn accept_table() {
        assert_eq!(negotiate(None), Format::Problem);
        for (accept, format) in [
            ("*/*", Format::Problem),
            ("", Format::Problem),
            ("image/png", Format::Problem),
            // Firefox, Chrome, axios.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Html),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                Format::Html,
            ),
            ("application/json, text/plain, */*", Format::Json),
            ("image/avif,image/webp,*/*;q=0.8", Format::Problem),
            ("text/html, */*", Format::Html),
            ("*/*, text/html", Format::Html),
            ("text/*", Format::Html),
            ("text/markdown", Format::Markdown),
            // What is named first, where the rest is the same.
            ("text/markdown, text/html, */*", Format::Markdown),
            ("text/html, text/markdown, */*", Format::Html),
            ("text/markdown, application/json", Format::Markdown),
            ("application/json, text/markdown;q=0.9", Format::Json),
            ("application/*;q=0, text/html;q=0, text/plain;q=0, */*", Format::Markdown),
            ("application/grpc", Format::Problem),
            ("application/*", Format::Problem),
            ("text/plain", Format::Text),
            ("TEXT/Plain", Format::Text),
            ("text/plain;q=0.5, text/html;q=0.4", Format::Text),
            ("text/html;q=0.5,text/plain;q=0.501", Format::Text),
            ("application/problem+json;q=0.1, application/json", Format::Json),
            ("application/json;odata=verbose", Format::Json),
            // A weight of 0 refuses, also against a wildcard.
            ("text/html;q=0, */*", Format::Problem),
            ("application/*;q=0, */*", Format::Html),
            ("application/*;q=0, text/html;q=0, */*", Format::Text),
            ("application/problem+json;q=0", Format::Json),
            ("*/*;q=0, text/plain;q=0.001", Format::Text),
            ("*/*;q=0", Format::Problem),
            // The closer range decides, whatever the order.
            ("*/*;q=1, application/*;q=0.2, text/html;q=0.3, text/plain;q=0.1, text/markdown;q=0.2", Format::Html),
            // Of ranges that are as close the highest weight counts, whatever the order.
            ("text/html;q=0.1, text/plain;q=0.5, text/html", Format::Html),
            ("text/html, text/plain;q=0.5, text/html;q=0.1", Format::Html),
            ("text/html;q=0.1, text/plain;q=0.5, text/html;q=0.2", Format::Text),
            // Malformed ranges are ignored.
            ("text/html;q=2, text/plain", Format::Text),
            ("text/html;q=0.1234, text/plain;q=0.1", Format::Text),
            ("text/html;q=, text/plain", Format::Text),
            ("text/html;q=1.001, text/plain", Format::Text),
            ("text/html;q=.5, text/plain;q=0.1", Format::Text),
            ("text/html;q=-1, text/plain", Format::Text),
            ("texthtml, text/plain", Format::Text),
            ("*/html, text/plain", Format::Text),
            ("text/, text/plain", Format::Text),
            ("te xt/html, text/plain", Format::Text),
            (",,,text/plain,", Format::Text),
            (" text/plain ; q=1 , text/html ; q=0.9 ", Format::Text),
            ("text/plain;x=\"a,text/html;q=1\";q=0.5, text/html;q=0.4", Format::Text),
            ("text/plain;x=\"\\\",text/html\"", Format::Text),
        ] {
            assert_eq!(of(accept), format, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn no_accept_is_without_an_answer(bytes in any::<Vec<u8>>()) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let _ = negotiate(Some(&value));
            }
        }
    }
}
