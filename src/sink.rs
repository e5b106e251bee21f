//! Where rendered text goes: a buffer or a formatter, through one narrow door.
//!
//! Static text goes in as it is, everything else through one of the escapes below.

use std::fmt;

use crate::unprintable::is_unprintable;

/// Takes text. Writing to a buffer cannot fail; a formatter's failure is kept for the end.
pub(crate) trait Sink {
    /// Appends text as it is.
    fn put(&mut self, text: &str);

    /// Appends a number in decimal.
    fn number(&mut self, n: u64);

    /// Appends a text of our own that no format has to escape.
    #[inline]
    fn inert(&mut self, text: &'static str) {
        debug_assert!(are_inert(text.as_bytes()), "{text}");
        self.put(text);
    }
}

/// A number in decimal. Twenty digits are enough for any.
pub(crate) fn decimal(mut n: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut start = digits.len();
    for slot in digits.iter_mut().rev() {
        *slot = b'0' | (n % 10) as u8;
        start = start.saturating_sub(1);
        n /= 10;
        if n == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or(&[])
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, n: u64) {
        self.extend_from_slice(decimal(n, &mut [0; 20]));
    }
}

/// A formatter as a sink. It collects what is small: a formatter takes as long for one character as for a line.
pub(crate) struct Formatting<'a, 'b> {
    formatter: &'a mut fmt::Formatter<'b>,
    result: fmt::Result,
    /// Whole texts, one behind the other.
    collected: [u8; 256],
    filled: usize,
}

impl<'a, 'b> Formatting<'a, 'b> {
    pub(crate) const fn new(formatter: &'a mut fmt::Formatter<'b>) -> Self {
        Self { formatter, result: Ok(()), collected: [0; 256], filled: 0 }
    }

    pub(crate) fn finish(mut self) -> fmt::Result {
        self.flush();
        self.result
    }

    fn flush(&mut self) {
        let collected = self.collected.get(..self.filled).unwrap_or_default();
        if self.result.is_ok() {
            self.result =
                std::str::from_utf8(collected).map_err(|_| fmt::Error).and_then(|t| self.formatter.write_str(t));
        }
        self.filled = 0;
    }
}

impl Sink for Formatting<'_, '_> {
    #[inline]
    fn put(&mut self, text: &str) {
        if self.filled.saturating_add(text.len()) > self.collected.len() {
            self.flush();
        }
        let end = self.filled.saturating_add(text.len());
        match self.collected.get_mut(self.filled..end) {
            Some(room) => {
                room.copy_from_slice(text.as_bytes());
                self.filled = end;
            }
            // Larger than the room.
            None if self.result.is_ok() => self.result = self.formatter.write_str(text),
            None => {}
        }
    }

    fn number(&mut self, n: u64) {
        self.put(std::str::from_utf8(decimal(n, &mut [0; 20])).unwrap_or(""));
    }
}

/// A sink inside of a JSON string: whatever goes in comes out escaped.
pub(crate) struct InJson<'a, S>(pub(crate) &'a mut S);

impl<S: Sink> Sink for InJson<'_, S> {
    fn put(&mut self, text: &str) {
        json(self.0, text);
    }

    fn inert(&mut self, text: &'static str) {
        self.0.inert(text);
    }

    fn number(&mut self, n: u64) {
        self.0.number(n);
    }
}

/// A sink inside of a `grpc-message`: whatever goes in comes out percent-encoded (gRPC, PROTOCOL-HTTP2.md:
/// all but space and the visible characters of ASCII, and `%` itself).
pub(crate) struct InPercent<'a, S>(pub(crate) &'a mut S);

impl<S: Sink> Sink for InPercent<'_, S> {
    fn put(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                ' '..='$' | '&'..='~' => put_char(self.0, c),
                _ => percent(self.0, c),
            }
        }
    }

    fn number(&mut self, n: u64) {
        self.0.number(n);
    }
}

/// Appends the bytes of one character as `%XX` each.
pub(crate) fn percent(out: &mut impl Sink, c: char) {
    for &byte in c.encode_utf8(&mut [0; 4]).as_bytes() {
        out.put("%");
        hex_digit(out, u32::from(byte) >> 4, b"0123456789ABCDEF");
        hex_digit(out, u32::from(byte), b"0123456789ABCDEF");
    }
}

/// Appends text as the inside of a code span of Markdown (CommonMark section 6.1), where a backtick is all that
/// has a meaning. Angle brackets go too, lest somebody takes the document for HTML.
pub(crate) fn code_span(out: &mut impl Sink, text: &str) {
    escape(out, text, |out, c| match c {
        '`' | '<' | '>' => out.put("\u{fffd}"),
        _ if is_unprintable(c) => out.put("\u{fffd}"),
        _ => put_char(out, c),
    });
}

/// Appends text as the inside of a JSON string (RFC 8259 section 7). `<`, `>` and `&` are escaped as
/// well, so that the text stays inert where somebody takes the document for HTML; and so is whatever [`is_unprintable`].
pub(crate) fn json(out: &mut impl Sink, text: &str) {
    escape(out, text, |out, c| match c {
        '"' => out.put("\\\""),
        '\\' => out.put("\\\\"),
        '\n' => out.put("\\n"),
        '\r' => out.put("\\r"),
        '\t' => out.put("\\t"),
        '&' => out.put("\\u0026"),
        '<' => out.put("\\u003c"),
        '>' => out.put("\\u003e"),
        _ if is_unprintable(c) => {
            // "A 12-character sequence, encoding the UTF-16 surrogate pair", outside of the basic plane.
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.put("\\u");
                hex4(out, u32::from(*unit));
            }
        }
        _ => put_char(out, c),
    });
}

/// Appends text as HTML: content, or the inside of a quoted attribute.
pub(crate) fn html(out: &mut impl Sink, text: &str) {
    escape(out, text, |out, c| match html_escape(c) {
        Some(escaped) => out.put(escaped),
        None => put_char(out, c),
    });
}

/// The same in at most so many bytes, with an ellipsis behind them where the text is longer.
pub(crate) fn html_within(out: &mut impl Sink, text: &str, max: usize) {
    // No character becomes more than six bytes.
    if text.len() <= max / 6 || (text.len() <= max && are_inert(text.as_bytes())) {
        return html(out, text);
    }
    let mut left = max;
    let cut = text.char_indices().find(|(_, c)| match left.checked_sub(html_char_len(*c)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    match cut {
        Some((end, _)) => {
            html(out, text.get(..end).unwrap_or_default());
            out.put("\u{2026}");
        }
        None => html(out, text),
    }
}

/// How many bytes a text takes as HTML.
pub(crate) fn html_len(text: &str) -> usize {
    if are_inert(text.as_bytes()) {
        return text.len();
    }
    text.chars().map(html_char_len).fold(0, usize::saturating_add)
}

fn html_char_len(c: char) -> usize {
    html_escape(c).map_or(c.len_utf8(), str::len)
}

fn html_escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ if is_unprintable(c) => Some("\u{fffd}"),
        _ => None,
    }
}

/// Appends text to a plain text: one line stays one line.
pub(crate) fn plain(out: &mut impl Sink, text: &str) {
    escape(out, text, |out, c| if is_unprintable(c) { out.put("\u{fffd}") } else { put_char(out, c) });
}

/// Appends text in one piece where all of it is inert, which it nearly always is, else in runs: sentences, commands and
/// queries have a mark here and there. `escaped` sees each character that is not inert.
#[inline]
pub(crate) fn escape<S: Sink>(out: &mut S, text: &str, escaped: impl Fn(&mut S, char)) {
    if are_inert(text.as_bytes()) {
        out.put(text);
    } else {
        escape_runs(out, text, escaped);
    }
}

#[inline(never)]
fn escape_runs<S: Sink>(out: &mut S, text: &str, escaped: impl Fn(&mut S, char)) {
    let mut rest = text;
    while !rest.is_empty() {
        let (inert, marked) = rest.split_at(rest.bytes().take_while(|b| is_inert(*b)).count());
        out.put(inert);
        let mut chars = marked.chars();
        if let Some(c) = chars.next() {
            escaped(out, c);
        }
        rest = chars.as_str();
    }
}

/// Whether all of them are inert: eight at a time, without a branch between them. The last eight may overlap others.
fn are_inert(bytes: &[u8]) -> bool {
    let eight = |chunk: &[u8; 8]| chunk.iter().fold(0, |marks, byte| marks | mark(*byte)) == 0;
    match bytes.last_chunk() {
        None => bytes.iter().all(|byte| is_inert(*byte)),
        Some(last) => bytes.chunks_exact(8).all(|chunk| chunk.first_chunk().is_some_and(eight)) && eight(last),
    }
}

/// Appends one character as it is.
pub(crate) fn put_char(out: &mut impl Sink, c: char) {
    out.put(c.encode_utf8(&mut [0; 4]));
}

/// The beginning of a text, at most so many bytes, cut between characters.
pub(crate) fn bounded(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = (0..=max).rev().find(|&n| text.is_char_boundary(n)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

fn is_inert(b: u8) -> bool {
    mark(b) == 0
}

#[inline]
fn mark(b: u8) -> u8 {
    MARKS.get(usize::from(b)).copied().unwrap_or(1)
}

/// Nothing for printable ASCII that no format here has to escape.
#[allow(clippy::indexing_slicing)] // a byte is a valid index, and this runs when it is compiled
static MARKS: [u8; 256] = {
    let mut marks = [1; 256];
    let mut b = b' ';
    while b <= b'~' {
        marks[b as usize] = matches!(b, b'"' | b'\'' | b'\\' | b'<' | b'>' | b'&' | b'`') as u8;
        b += 1;
    }
    marks
};

fn hex4(out: &mut impl Sink, n: u32) {
    for shift in [12u32, 8, 4, 0] {
        hex_digit(out, n >> shift, b"0123456789abcdef");
    }
}

/// Appends the lowest four bits of a number as one digit of that alphabet.
pub(crate) fn hex_digit(out: &mut impl Sink, n: u32, alphabet: &[u8; 16]) {
    if let Some(digit) = alphabet.get((n & 0xf) as usize) {
        put_char(out, char::from(*digit));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn made(f: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        f(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_decimal() {
        for n in [0, 7, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(made(|out| out.number(n)), n.to_string());
        }
    }

    /// Whatever the pieces, nothing is lost and nothing changes places.
    #[test]
    fn a_formatter_gets_all_of_it_in_order() {
        struct Pieces(Vec<usize>);
        impl fmt::Display for Pieces {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut out = Formatting::new(f);
                for (n, len) in self.0.iter().enumerate() {
                    out.put(&"é".repeat(*len));
                    out.number(n as u64);
                }
                out.finish()
            }
        }
        for pieces in [
            vec![],
            vec![0],
            vec![127],
            vec![128],
            vec![129, 1],
            vec![1, 126, 1, 1],
            vec![60; 9],
            vec![300, 1, 300, 128],
        ] {
            let expected: String =
                pieces.iter().enumerate().map(|(n, len)| "é".repeat(*len) + &n.to_string()).collect();
            assert_eq!(Pieces(pieces).to_string(), expected);
        }
        let mut full = Full(300);
        let refused = fmt::write(&mut full, format_args!("{}", Pieces(vec![60; 9])));
        assert!(refused.is_err(), "the writer's error is told");

        struct Full(usize);
        impl fmt::Write for Full {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                self.0 = self.0.checked_sub(s.len()).ok_or(fmt::Error)?;
                Ok(())
            }
        }
    }

    #[test]
    fn each_format_has_its_escape() {
        assert_eq!(made(|out| json(out, "a\u{e0041}\u{61c}\u{200b}b")), "a\\udb40\\udc41\\u061c\\u200bb");
        let hostile = "a\"b'\\<&>\u{0}\n\u{7f}\u{85}\u{2028}\u{202e}é";
        let lost = "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}";
        assert_eq!(made(|out| code_span(out, "`a``\nb")), "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(made(|out| code_span(out, hostile)), format!("a\"b'\\\u{fffd}&\u{fffd}{lost}é"));
        assert_eq!(made(|out| InPercent(out).put("50% \n~é`")), "50%25 %0A~%C3%A9`");
        assert_eq!(
            made(|out| json(out, hostile)),
            "a\\\"b'\\\\\\u003c\\u0026\\u003e\\u0000\\n\\u007f\\u0085\\u2028\\u202eé"
        );
        assert_eq!(
            made(|out| html(out, hostile)),
            "a&quot;b&#39;\\&lt;&amp;&gt;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}é"
        );
        assert_eq!(made(|out| plain(out, hostile)), "a\"b'\\<&>\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}é");
    }

    #[test]
    fn marks_are_escaped_alone_and_among_others_and_nothing_else_is() {
        type Escape = fn(&mut Vec<u8>, &str);
        let formats: [(Escape, &str); 4] = [
            (|out, text| json(out, text), "\"\\<>&"),
            (|out, text| html(out, text), "&\"'<>"),
            (|out, text| plain(out, text), ""),
            (|out, text| code_span(out, text), "`<>"),
        ];
        for (escape, marks) in formats {
            let escaped = |text: &str| made(|out| escape(out, text));
            for c in ('\0'..='\u{ffff}').chain(['\u{1f600}', '\u{1d173}', '\u{e0041}']) {
                let alone = escaped(&c.to_string());
                assert_eq!(escaped(&format!("a{c}<")), format!("a{alone}{}", escaped("<")), "{c:?}");
                assert_eq!(alone != c.to_string(), marks.contains(c) || is_unprintable(c), "{c:?}");
            }
        }
    }

    /// At every place of texts of every length that has a way of its own, and next to any of them.
    #[test]
    fn one_mark_anywhere_is_found() {
        for len in 0..70 {
            let mut bytes = vec![b'a'; len];
            assert!(are_inert(&bytes), "{len}");
            for at in 0..len {
                for mark in (0..=u8::MAX).filter(|byte| !is_inert(*byte)) {
                    bytes[at] = mark;
                    assert!(!are_inert(&bytes), "{mark} at {at} of {len}");
                }
                bytes[at] = b'~';
            }
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(bounded("aéb", 2), "a");
        assert_eq!(bounded("aéb", 3), "aé");
        assert_eq!(bounded("aéb", 4), "aéb");
        assert_eq!(bounded("é", 1), "");
        assert_eq!(bounded("", 0), "");
    }
}
