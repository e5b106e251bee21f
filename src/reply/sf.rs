//! Structured field values (RFC 9651), as much of them as `Proxy-Status` needs.
//!
//! Its one rule: what is written here parses, whatever went in.

use super::sink::{Sink, escape, percent, put_char};
use crate::h1::is_tchar;

/// The largest Integer (RFC 9651 section 3.3.1): fifteen digits.
pub(crate) const MAX_INTEGER: u64 = 999_999_999_999_999;

/// Whether a text can be a Token (RFC 9651 section 3.3.4).
pub(crate) fn is_token(text: &str) -> bool {
    match text.as_bytes().split_first() {
        Some((first, rest)) => {
            (first.is_ascii_alphabetic() || *first == b'*') && rest.iter().all(|&b| is_token_byte(b))
        }
        None => false,
    }
}

/// A Token if the text can be one, else a String.
pub(crate) fn token_or_string(out: &mut impl Sink, text: &str) {
    if is_token(text) { out.put(text) } else { string(out, text) }
}

/// A String (RFC 9651 section 4.1.6). It holds printable ASCII only, so that any other byte is
/// percent-encoded, as RFC 9532 has it for names.
pub(crate) fn string(out: &mut impl Sink, text: &str) {
    out.put("\"");
    escape(out, text, |out, c| match c {
        '"' => out.put("\\\""),
        '\\' => out.put("\\\\"),
        ' '..='~' => put_char(out, c),
        _ => percent(out, c),
    });
    out.put("\"");
}

/// A Byte Sequence (RFC 9651 section 4.1.8): base64 between colons.
pub(crate) fn byte_sequence(out: &mut impl Sink, bytes: &[u8]) {
    out.put(":");
    base64(out, bytes);
    out.put(":");
}

/// Appends bytes in base64 with its padding (RFC 4648 section 4).
pub(crate) fn base64(out: &mut impl Sink, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, n| bits << 8 | u32::from(group.get(n).copied().unwrap_or(0)));
        for (n, shift) in [18u32, 12, 6, 0].into_iter().enumerate() {
            let digit = if n <= group.len() { ALPHABET.get((bits >> shift & 0x3f) as usize) } else { None };
            put_char(out, char::from(digit.copied().unwrap_or(b'=')));
        }
    }
}

/// Whether a field value is a List whose members are Tokens or Strings with parameters: what
/// RFC 9209 section 2 lets `Proxy-Status` be. Display Strings and HTAB, which nobody sends in it,
/// are not taken. Calls back with each name as it is written, until something is wrong.
pub(crate) fn is_list_of_names(value: &[u8], mut member: impl FnMut(&[u8])) -> bool {
    let mut rest = Scanner(value);
    rest.spaces();
    loop {
        let start = rest.0;
        let name = match rest.peek() {
            Some(b'"') => rest.string(),
            _ => rest.token(),
        };
        if !name {
            return false;
        }
        member(start.get(..start.len().saturating_sub(rest.0.len())).unwrap_or_default());
        if !rest.parameters() {
            return false;
        }
        rest.spaces();
        if rest.0.is_empty() {
            return true;
        }
        if !rest.take(b',') {
            return false;
        }
        rest.spaces();
    }
}

/// RFC 9651 section 3.3.4: what RFC 9110 has in a token, and two more.
fn is_token_byte(b: u8) -> bool {
    is_tchar(b) || matches!(b, b':' | b'/')
}

/// What is left of a value. Every method takes its item off the front, or says no.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes bytes as long as they fit; says how many.
    fn run(&mut self, fits: impl Fn(u8) -> bool) -> usize {
        let end = self.0.iter().position(|&b| !fits(b)).unwrap_or(self.0.len());
        self.0 = self.0.get(end..).unwrap_or(&[]);
        end
    }

    fn spaces(&mut self) {
        self.run(|b| b == b' ');
    }

    fn token(&mut self) -> bool {
        self.peek().is_some_and(|b| b.is_ascii_alphabetic() || b == b'*') && self.run(is_token_byte) > 0
    }

    fn string(&mut self) -> bool {
        if !self.take(b'"') {
            return false;
        }
        loop {
            self.run(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\');
            if self.take(b'"') {
                return true;
            }
            if !(self.take(b'\\') && (self.take(b'"') || self.take(b'\\'))) {
                return false;
            }
        }
    }

    /// An Integer of at most 15 digits, or a Decimal of at most 12 and 3.
    fn number(&mut self) -> bool {
        self.take(b'-');
        let whole = self.run(|b| b.is_ascii_digit());
        if self.take(b'.') {
            let fraction = self.run(|b| b.is_ascii_digit());
            (1..=12).contains(&whole) && (1..=3).contains(&fraction)
        } else {
            (1..=15).contains(&whole)
        }
    }

    fn date(&mut self) -> bool {
        self.take(b'@');
        self.take(b'-');
        let digits = self.run(|b| b.is_ascii_digit());
        (1..=15).contains(&digits) && self.peek() != Some(b'.')
    }

    fn byte_sequence(&mut self) -> bool {
        self.take(b':');
        let digits = self.run(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        let padding = self.run(|b| b == b'=');
        self.take(b':') && padding <= 2 && digits.saturating_add(padding) % 4 == 0
    }

    fn bare_item(&mut self) -> bool {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b':') => self.byte_sequence(),
            Some(b'@') => self.date(),
            Some(b'?') => self.take(b'?') && (self.take(b'0') || self.take(b'1')),
            _ => self.token(),
        }
    }

    fn parameters(&mut self) -> bool {
        while self.take(b';') {
            self.spaces();
            if !self.peek().is_some_and(|b| b.is_ascii_lowercase() || b == b'*') {
                return false;
            }
            self.run(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'*'));
            if self.take(b'=') && !self.bare_item() {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use sfv::{BareItem, Item, List, ListEntry, Parser};

    use super::*;

    fn made(f: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        f(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn parsed(text: &str) -> BareItem {
        Parser::new(text).parse::<Item>().unwrap().bare_item
    }

    #[test]
    fn tokens_by_the_grammar() {
        for (text, yes) in [
            ("gw", true),
            ("*", true),
            ("backend.example.org:8001", true),
            ("a/b", true),
            ("", false),
            ("10.0.0.1", false),
            ("[::1]:80", false),
            ("a b", false),
            ("a=b", false),
            ("é", false),
            ("-a", false),
        ] {
            assert_eq!(is_token(text), yes, "{text}");
        }
    }

    #[test]
    fn strings_hold_printable_ascii_only() {
        assert_eq!(made(|out| string(out, "a \"b\" \\")), r#""a \"b\" \\""#);
        assert_eq!(made(|out| string(out, "é\r\n\u{7f}")), r#""%C3%A9%0D%0A%7F""#);
        assert_eq!(made(|out| token_or_string(out, "10.0.0.1:80")), r#""10.0.0.1:80""#);
        assert_eq!(made(|out| token_or_string(out, "h2")), "h2");
    }

    #[test]
    fn byte_sequences_are_padded() {
        for (bytes, text) in
            [("", "::"), ("f", ":Zg==:"), ("fo", ":Zm8=:"), ("foo", ":Zm9v:"), ("foobar", ":Zm9vYmFy:")]
        {
            assert_eq!(made(|out| byte_sequence(out, bytes.as_bytes())), text);
        }
    }

    #[test]
    fn lists_by_the_grammar() {
        for (text, yes) in [
            ("gw", true),
            (
                "gw; error=dns_error;rcode=\"NXDOMAIN\", \"a b\" , cdn;next-protocol=:aDI=:; x; y=?0; z=-1.5; t=@12",
                true,
            ),
            ("  gw  ", true),
            ("", false),
            ("gw,", false),
            ("gw,,b", false),
            ("gw; details=\"unterminated", false),
            ("gw; details=\"a\\b\"", false),
            ("gw; Error=x", false),
            ("gw ; error=x", false),
            ("gw; a=1234567890123456", false),
            ("gw; a=1.2345", false),
            ("gw; a=1.", false),
            ("gw; a=123456789012.5", true),
            ("gw; a=1234567890123.5", false),
            ("gw; a=-", false),
            ("gw; a=@1.5", false),
            ("gw; a=", false),
            ("(a b)", false),
            ("1", false),
            ("gw; a=:a:", false),
            ("gw\u{e9}", false),
            ("gw; a=\"\u{e9}\"", false),
            ("gw\tb", false),
        ] {
            assert_eq!(is_list_of_names(text.as_bytes(), |_| {}), yes, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_an_item_that_parses(text in any::<String>()) {
            let item = parsed(&made(|out| token_or_string(out, &text)));
            prop_assert_eq!(item.as_token().is_some(), is_token(&text));
            prop_assert!(item.as_token().is_some() || item.as_string().is_some());
        }

        #[test]
        fn any_bytes_come_back_from_a_byte_sequence(bytes in any::<Vec<u8>>()) {
            let item = parsed(&made(|out| byte_sequence(out, &bytes)));
            prop_assert_eq!(item.as_byte_sequence().unwrap(), &bytes[..]);
        }

        /// What is taken for a list is one, with names for members. Pieces rather than characters, so
        /// that some lists come out well.
        #[test]
        fn only_lists_are_taken_for_lists(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", "gw", "\"x\"", "\"", "\\", ";", "; ", "=", ",", ", ", " ", "error", "1", "-", ".5", "?1", "?", ":aDI=:", ":", "@", "(", ")", "%", "é", "\t", "*", "A",
            ]), 0..12),
        ) {
            let text: String = pieces.concat();
            let parsed = Parser::new(&text).parse::<List>();
            let names = parsed.is_ok_and(|list| !list.is_empty() && list.iter().all(|member| match member {
                ListEntry::Item(item) => item.bare_item.as_token().is_some() || item.bare_item.as_string().is_some(),
                ListEntry::InnerList(_) => false,
            }));
            if is_list_of_names(text.as_bytes(), |_| {}) {
                prop_assert!(names, "taken: {text}");
            } else if !text.contains(['\t', ':', '%']) {
                prop_assert!(!names, "not taken: {text}");
            }
        }
    }
}
