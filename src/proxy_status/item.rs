//! The items of a structured field value (RFC 9651 section 4.2.3): what a name or a parameter can be.
//!
//! Each method takes one item off the front, or says where the grammar ends.

use std::borrow::Cow;

use crate::token::is_tchar;

/// A value that is no structured field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Proxy-Status value: the grammar of RFC 9651 ends at byte {offset}")]
#[non_exhaustive]
pub struct Malformed {
    /// The offset of the first byte that does not fit, from the beginning of the value.
    pub offset: usize,
}

/// A parameter's value ([RFC 9651, section 3.3](https://www.rfc-editor.org/rfc/rfc9651#section-3.3)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// An Integer of at most fifteen digits.
    Integer(i64),
    /// A Decimal, in thousandths.
    Decimal(i64),
    /// A String: printable ASCII.
    String(Cow<'a, str>),
    /// A Token.
    Token(&'a str),
    /// A Byte Sequence, decoded.
    Bytes(Vec<u8>),
    /// A Boolean; a parameter without a value is true.
    Boolean(bool),
    /// A Date, in seconds since 1970.
    Date(i64),
    /// A Display String, decoded.
    Display(String),
}

/// What is left of a value.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    whole: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(whole: &'a [u8]) -> Self {
        Self { whole, at: 0 }
    }

    /// How far it has got.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }

    fn rest(&self) -> &'a [u8] {
        self.whole.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let fits = self.peek() == Some(byte);
        self.at = self.at.saturating_add(usize::from(fits));
        fits
    }

    /// Takes bytes as long as they fit.
    fn run(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.iter().position(|&b| !fits(b)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(end);
        // Every caller takes ASCII only.
        rest.get(..end).and_then(|taken| std::str::from_utf8(taken).ok()).unwrap_or("")
    }

    pub(super) fn skip_spaces(&mut self) {
        self.run(|b| b == b' ');
    }

    pub(super) fn skip_optional_whitespace(&mut self) {
        self.run(|b| b == b' ' || b == b'\t');
    }

    /// Section 4.2.3.3: a key of a parameter.
    pub(super) fn key(&mut self) -> Result<&'a str, Malformed> {
        match self.peek() {
            Some(b'a'..=b'z' | b'*') => {
                Ok(self.run(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')))
            }
            _ => Err(self.malformed()),
        }
    }

    /// Section 4.2.3.1: a bare item.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string().map(Value::String),
            Some(b'*' | b'a'..=b'z' | b'A'..=b'Z') => self.token().map(Value::Token),
            Some(b':') => self.bytes().map(Value::Bytes),
            Some(b'?') => self.boolean(),
            Some(b'@') => self.date(),
            Some(b'%') => self.display().map(Value::Display),
            _ => Err(self.malformed()),
        }
    }

    /// Section 4.2.6.
    pub(super) fn token(&mut self) -> Result<&'a str, Malformed> {
        match self.peek() {
            Some(b) if b.is_ascii_alphabetic() || b == b'*' => {
                Ok(self.run(|b| is_tchar(b) || matches!(b, b':' | b'/')))
            }
            _ => Err(self.malformed()),
        }
    }

    /// Section 4.2.5: borrowed unless something in it is escaped.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if !self.take(b'"') {
            return Err(self.malformed());
        }
        let mut text = Cow::Borrowed(self.run(is_plain));
        loop {
            if self.take(b'"') {
                return Ok(text);
            }
            if !self.take(b'\\') {
                return Err(self.malformed());
            }
            let escaped = match self.peek() {
                Some(b'"') => "\"",
                Some(b'\\') => "\\",
                _ => return Err(self.malformed()),
            };
            self.at = self.at.saturating_add(1);
            let more = self.run(is_plain);
            let owned = text.to_mut();
            owned.push_str(escaped);
            owned.push_str(more);
        }
    }

    /// Section 4.2.4: an Integer of at most 15 digits, a Decimal of at most 12 and 3.
    fn number(&mut self) -> Result<Value<'a>, Malformed> {
        let sign = if self.take(b'-') { -1 } else { 1 };
        let start = self.at;
        let whole = self.run(|b| b.is_ascii_digit());
        let too_long = Malformed { offset: start };
        let digits = |text: &str| text.parse::<i64>().map_err(|_| too_long);
        if !self.take(b'.') {
            return match whole.len() {
                0 => Err(self.malformed()),
                1..=15 => Ok(Value::Integer(digits(whole)?.saturating_mul(sign))),
                _ => Err(too_long),
            };
        }
        let fraction = self.run(|b| b.is_ascii_digit());
        match (whole.len(), fraction.len()) {
            (1..=12, 1..=3) => {
                let scale = [100, 10, 1].get(fraction.len().saturating_sub(1)).copied().unwrap_or(1);
                let thousandths =
                    digits(whole)?.saturating_mul(1000).saturating_add(digits(fraction)?.saturating_mul(scale));
                Ok(Value::Decimal(thousandths.saturating_mul(sign)))
            }
            (0, _) | (_, 0) => Err(self.malformed()),
            _ => Err(too_long),
        }
    }

    /// Section 4.2.7. Padding is not asked for: "parsers SHOULD NOT fail" for want of it.
    fn bytes(&mut self) -> Result<Vec<u8>, Malformed> {
        self.take(b':');
        let start = self.at;
        let text = self.run(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        if !self.take(b':') {
            return Err(self.malformed());
        }
        base64(text).ok_or(Malformed { offset: start })
    }

    /// Section 4.2.8.
    fn boolean(&mut self) -> Result<Value<'a>, Malformed> {
        self.take(b'?');
        if self.take(b'1') {
            Ok(Value::Boolean(true))
        } else if self.take(b'0') {
            Ok(Value::Boolean(false))
        } else {
            Err(self.malformed())
        }
    }

    /// Section 4.2.9.
    fn date(&mut self) -> Result<Value<'a>, Malformed> {
        self.take(b'@');
        let start = self.at;
        match self.number()? {
            Value::Integer(seconds) => Ok(Value::Date(seconds)),
            Value::Decimal(_)
            | Value::String(_)
            | Value::Token(_)
            | Value::Bytes(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::Display(_) => Err(Malformed { offset: start }),
        }
    }

    /// Section 4.2.10.
    fn display(&mut self) -> Result<String, Malformed> {
        self.take(b'%');
        let start = self.at;
        if !self.take(b'"') {
            return Err(self.malformed());
        }
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(self.run(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'%').as_bytes());
            if self.take(b'"') {
                return String::from_utf8(bytes).map_err(|_| Malformed { offset: start });
            }
            if !self.take(b'%') {
                return Err(self.malformed());
            }
            let digit = |b: Option<&u8>| match b {
                Some(b @ b'0'..=b'9') => Some(b & 0x0f),
                Some(b @ b'a'..=b'f') => Some((b & 0x0f).saturating_add(9)),
                _ => None,
            };
            let rest = self.rest();
            let (Some(high), Some(low)) = (digit(rest.first()), digit(rest.get(1))) else {
                return Err(self.malformed());
            };
            bytes.push(high << 4 | low);
            self.at = self.at.saturating_add(2);
        }
    }
}

/// What may stand in a String as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Decodes base64 (RFC 4648 section 4), padded or not. Bits left over are ignored, as section 4.2.7 allows.
fn base64(text: &str) -> Option<Vec<u8>> {
    let data = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(data.len());
    if padding > 2 || data.contains('=') || data.len() % 4 == 1 || (padding > 0 && text.len() % 4 != 0) {
        return None;
    }
    let mut bytes = Vec::with_capacity(data.len().saturating_mul(3) / 4);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in data.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held = held.wrapping_add(6);
        if held >= 8 {
            held = held.wrapping_sub(8);
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}
