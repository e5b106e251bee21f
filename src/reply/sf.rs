//! Structured field values (RFC 9651), as much of them as `Proxy-Status` needs.
//!
//! What is written here parses, whatever went in.

use super::sink::{Sink, escape, percent, put_char};
use crate::token::is_tchar;

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

/// RFC 9651 section 3.3.4: what RFC 9110 has in a token, and two more.
fn is_token_byte(b: u8) -> bool {
    is_tchar(b) || matches!(b, b':' | b'/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use sfv::{BareItem, Item, Parser};

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
    }
}
