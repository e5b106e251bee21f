//! Cutting a line into pieces: slices of it, never copies.
//!
//! Forward only. A needle is a constant of the tables, at most a few dozen bytes, so that any
//! search costs at most that many comparisons a byte, and most cost one.

use core::time::Duration;

/// Where the first such byte stands. Eight bytes at a time, for most of what is looked at is passed over: with `differ`
/// nothing but at such bytes, a subtraction borrows first at the first of them ("Hacker's Delight", section 6-1).
#[inline]
pub(super) fn position(hay: &[u8], byte: u8) -> Option<usize> {
    either(hay, byte, byte)
}

/// Where the first of two bytes stands.
#[inline]
fn either(hay: &[u8], one: u8, other: u8) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let (ones, others) = (u64::from_le_bytes([one; 8]), u64::from_le_bytes([other; 8]));
    let mut rest = hay;
    let mut at = 0_usize;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let chunk = u64::from_le_bytes(*chunk);
        let (differ, differs) = (chunk ^ ones, chunk ^ others);
        let found = (differ.wrapping_sub(LOW) & !differ | differs.wrapping_sub(LOW) & !differs) & HIGH;
        if found != 0 {
            return Some(at.saturating_add((found.trailing_zeros() >> 3) as usize));
        }
        (rest, at) = (behind, at.saturating_add(8));
    }
    rest.iter().position(|b| *b == one || *b == other).map(|behind| at.saturating_add(behind))
}

/// Which of two bytes stands there first.
pub(super) fn first_of(hay: &[u8], one: u8, other: u8) -> Option<u8> {
    either(hay, one, other).and_then(|at| hay.get(at)).copied()
}

/// Whether a text begins so. The first byte is looked at first: of a table's rows most differ there.
pub(super) fn begins(text: &[u8], words: &[u8]) -> bool {
    text.first() == words.first() && text.starts_with(words)
}

/// Where the needle begins, if it is in there. An empty needle is nowhere.
pub(super) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0_usize;
    loop {
        let at = position(hay.get(from..)?, *first)?;
        let after = from.saturating_add(at).saturating_add(1);
        if hay.get(after..)?.starts_with(rest) {
            return Some(after.saturating_sub(1));
        }
        from = after;
    }
}

/// The first bytes, so many at most: what a line is told by stands there.
pub(super) fn head(text: &[u8], at_most: usize) -> &[u8] {
    text.get(..at_most).unwrap_or(text)
}

/// What stands before and after the first needle.
pub(super) fn split<'a>(hay: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(hay, needle)?;
    Some((hay.get(..at)?, hay.get(at.saturating_add(needle.len())..)?))
}

/// What stands before and after the last needle.
pub(super) fn split_last<'a>(hay: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (mut before, mut after) = split(hay, needle)?;
    while let Some((_, rest)) = split(after, needle) {
        let end = hay.len().saturating_sub(rest.len()).saturating_sub(needle.len());
        (before, after) = (hay.get(..end)?, rest);
    }
    Some((before, after))
}

/// What stands before and after the last such byte.
pub(super) fn split_last_byte(hay: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = hay.iter().rposition(|b| *b == byte)?;
    Some((hay.get(..at)?, hay.get(at.saturating_add(1)..)?))
}

/// Whether the needle is in there.
pub(super) fn has(hay: &[u8], needle: &[u8]) -> bool {
    find(hay, needle).is_some()
}

/// The same without regard to case, and with `_` for a space (Envoy writes BoringSSL's texts so). The needle
/// is lower case and has spaces.
pub(super) fn has_folded(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len().max(1)).any(|window| begins_folded(window, needle))
}

/// Whether it begins so, without regard to case, and with `_` for a space.
pub(super) fn begins_folded(hay: &[u8], needle: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'_' { b' ' } else { byte.to_ascii_lowercase() };
    hay.len() >= needle.len() && hay.iter().map(fold).zip(needle).all(|(a, b)| a == *b)
}

/// What stands before the first such byte; all of it, if there is none.
pub(super) fn until(hay: &[u8], byte: u8) -> &[u8] {
    let end = position(hay, byte).unwrap_or(hay.len());
    hay.get(..end).unwrap_or(hay)
}

/// The piece up to a byte, and what follows the byte.
pub(super) fn piece(hay: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = position(hay, byte)?;
    Some((hay.get(..at)?, hay.get(at.saturating_add(1)..)?))
}

/// The number at the beginning, of at most nine digits, and what follows it.
pub(super) fn number(hay: &[u8]) -> Option<(u32, &[u8])> {
    let (mut value, mut rest) = (0_u32, hay);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        if hay.len().saturating_sub(rest.len()) == 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
        rest = behind;
    }
    (rest.len() < hay.len()).then_some((value, rest))
}

/// A field that is a number and nothing else.
pub(super) fn whole_number(field: &[u8]) -> Option<u32> {
    number(field).filter(|(_, rest)| rest.is_empty()).map(|(n, _)| n)
}

/// A status code: three digits.
pub(super) fn status(field: &[u8]) -> Option<u16> {
    if field.len() == 3 { whole_number(field).and_then(|n| u16::try_from(n).ok()) } else { None }
}

/// A time in whole milliseconds; HAProxy puts a `+` before one that goes on.
pub(super) fn milliseconds(field: &[u8]) -> Option<Duration> {
    whole_number(field.strip_prefix(b"+").unwrap_or(field)).map(|n| Duration::from_millis(n.into()))
}

/// A time in seconds with a fraction, of which microseconds count.
pub(super) fn seconds(field: &[u8]) -> Option<Duration> {
    let (whole, rest) = number(field)?;
    let digits = rest.strip_prefix(b".").unwrap_or(b"");
    if !digits.iter().all(u8::is_ascii_digit) || (digits.is_empty() && !rest.is_empty()) {
        return None;
    }
    let padded = digits.iter().copied().chain(core::iter::repeat(b'0')).take(6);
    let micros = padded.fold(0_u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b.wrapping_sub(b'0'))));
    Some(Duration::from_secs(whole.into()).saturating_add(Duration::from_micros(micros.into())))
}

/// `None` for what logs write where there is nothing.
pub(super) fn something(field: &[u8]) -> Option<&[u8]> {
    if field.is_empty() || field == b"-" { None } else { Some(field) }
}

/// Fields with spaces between them, some of them in quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field, without its quotes. In quotes, a backslash keeps the byte behind it from ending the field.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let mut text = self.0;
        while let [b' ', rest @ ..] = text {
            text = rest;
        }
        let (field, rest) = match text {
            [] => return None,
            [b'"', inner @ ..] => quoted(inner),
            _ => text.split_at_checked(position(text, b' ').unwrap_or(text.len()))?,
        };
        self.0 = rest;
        Some(field)
    }

    /// Passes over so many fields.
    pub(super) fn skip(&mut self, fields: usize) -> Option<()> {
        for _ in 0..fields {
            self.next()?;
        }
        Some(())
    }
}

/// What stands before the closing quote, and what follows it. Without one, all of it and nothing.
pub(super) fn quoted(inner: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0_usize;
    loop {
        let Some(at) = inner.get(from..).and_then(|rest| either(rest, b'"', b'\\')) else {
            return (inner, b"");
        };
        let at = from.saturating_add(at);
        if inner.get(at) == Some(&b'"') {
            let rest = inner.get(at.saturating_add(1)..).unwrap_or(b"");
            return (inner.get(..at).unwrap_or(inner), rest);
        }
        from = at.saturating_add(2);
    }
}

/// A request in quotes, and what follows it, which is a status. Envoy, Traefik and `varnishncsa` write a quote of the
/// request as it is: then it ends where a status follows.
pub(super) fn quoted_request(inner: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_status = |rest: &[u8]| {
        let rest = rest.strip_prefix(b" ").unwrap_or(b"");
        // Envoy takes any number of four digits.
        let digits = rest.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
        rest.starts_with(b"- ") || (1..5).contains(&digits) && rest.get(digits) == Some(&b' ')
    };
    let (request, rest) = quoted(inner);
    if is_status(rest) {
        return Some((request, rest));
    }
    let mut behind = rest;
    while let Some((_, rest)) = piece(behind, b'"') {
        if is_status(rest) {
            let end = inner.len().saturating_sub(rest.len()).saturating_sub(1);
            return Some((inner.get(..end)?, rest));
        }
        behind = rest;
    }
    None
}

/// Method and path of a request line, as far as it is one.
pub(super) fn request_line(line: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let Some((method, rest)) = piece(line, b' ') else { return (None, None) };
    if method.is_empty() || !method.iter().all(u8::is_ascii_alphabetic) {
        return (None, None);
    }
    (Some(method), something(until(rest, b' ')))
}

/// The scheme of a URL: letters, digits and signs up to `://`.
pub(super) fn scheme(url: &[u8]) -> Option<&[u8]> {
    let (scheme, _) = split(head(url, 16), b"://")?;
    scheme.iter().all(u8::is_ascii_alphanumeric).then_some(scheme)
}

/// The authority of a URL, `host:port`; of a Unix socket its path. Without a scheme, up to the first slash.
pub(super) fn authority(url: &[u8]) -> Option<&[u8]> {
    let rest =
        split(head(url, 16), b"://").and_then(|(scheme, _)| url.get(scheme.len().saturating_add(3)..)).unwrap_or(url);
    if rest.starts_with(b"unix:") {
        // nginx writes `unix:/run/app.sock:/path`.
        let path = rest.get(5..).unwrap_or(b"");
        let end = path.iter().position(|b| *b == b':').unwrap_or(path.len());
        return something(rest.get(..end.saturating_add(5)).unwrap_or(rest));
    }
    something(until(rest, b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_wherever_they_stand() {
        for length in 0..40 {
            for at in 0..length {
                let mut hay = vec![b'x'; length];
                for (other, slot) in [0x00, 0x80, 0xff, b'a'.wrapping_sub(1), b'b'].into_iter().cycle().zip(&mut hay) {
                    *slot = other;
                }
                assert_eq!(position(&hay, b'a'), None);
                if let Some(slot) = hay.get_mut(at) {
                    *slot = b'a';
                }
                assert_eq!(position(&hay, b'a'), Some(at));
                assert_eq!(either(&hay, b'a', b'"'), Some(at));
                assert_eq!(either(&hay, b'"', b'a'), Some(at));
            }
        }
    }

    #[test]
    fn requests_with_quotes() {
        for (inner, want) in [
            (&br#"GET / HTTP/1.1" 200 5"#[..], Some((&b"GET / HTTP/1.1"[..], &b" 200 5"[..]))),
            (br#"GET /"a" HTTP/1.1" 200 5"#, Some((br#"GET /"a" HTTP/1.1"#, b" 200 5"))),
            (br#"GET /\"a HTTP/1.1" 0 5"#, Some((br#"GET /\"a HTTP/1.1"#, b" 0 5"))),
            (br#"GET / HTTP/1.1" - - "#, Some((b"GET / HTTP/1.1", b" - - "))),
            (br#"GET / HTTP/1.1" 1000 - 5"#, Some((b"GET / HTTP/1.1", b" 1000 - 5"))),
            (br#"GET / HTTP/1.1" OK 5"#, None),
            (b"GET /", None),
        ] {
            assert_eq!(quoted_request(inner), want, "{}", inner.escape_ascii());
        }
    }

    #[test]
    fn needles() {
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"aaa", b"ab"), None);
        assert_eq!(find(b"ab", b""), None);
        assert_eq!(find(b"", b"a"), None);
        assert_eq!(split(b"a: b: c", b": "), Some((&b"a"[..], &b"b: c"[..])));
        assert_eq!(split_last(b"a: b: c", b": "), Some((&b"a: b"[..], &b"c"[..])));
        assert_eq!(split_last(b"a: b", b"x"), None);
        assert!(has_folded(b"x:CERTIFICATE_VERIFY_FAILED:y", b"certificate verify failed"));
        assert!(!has_folded(b"short", b"longer than that"));
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(number(b"42x"), Some((42, &b"x"[..])));
        assert_eq!(number(b"999999999"), Some((999_999_999, &b""[..])));
        assert_eq!(number(b"1000000000"), None);
        assert_eq!(number(b""), None);
        assert_eq!(status(b"502"), Some(502));
        assert_eq!(status(b"5020"), None);
        assert_eq!(status(b"-"), None);
    }

    #[test]
    fn times() {
        assert_eq!(milliseconds(b"60001"), Some(Duration::from_millis(60_001)));
        assert_eq!(milliseconds(b"+7"), Some(Duration::from_millis(7)));
        assert_eq!(milliseconds(b"-1"), None);
        assert_eq!(seconds(b"60.001"), Some(Duration::from_millis(60_001)));
        assert_eq!(seconds(b"0.000523141"), Some(Duration::from_micros(523)));
        assert_eq!(seconds(b"2"), Some(Duration::from_secs(2)));
        assert_eq!(seconds(b"5.18e-05"), None);
        assert_eq!(seconds(b"-1"), None);
    }

    #[test]
    fn fields_and_quotes() {
        let mut fields = Fields(b"a \"b \\\" c\" \"\"  d \"open");
        let mut all = Vec::new();
        while let Some(field) = fields.next() {
            all.push(field);
        }
        assert_eq!(all, [&b"a"[..], b"b \\\" c", b"", b"d", b"open"]);
    }

    #[test]
    fn authorities() {
        for (url, want) in [
            (&b"http://127.0.0.1:80/a/b"[..], Some(&b"127.0.0.1:80"[..])),
            (b"fastcgi://unix:/run/php.sock:", Some(b"unix:/run/php.sock")),
            (b"http://unix:/run/app.sock:/path", Some(b"unix:/run/app.sock")),
            (b"[::1]:443", Some(b"[::1]:443")),
            (b"grpcs://h:1", Some(b"h:1")),
            (b"-", None),
            (b"", None),
        ] {
            assert_eq!(authority(url), want, "{}", url.escape_ascii());
        }
        for (url, want) in [
            (&b"grpcs://h:1"[..], Some(&b"grpcs"[..])),
            (b"h:1", None),
            (b"?://", None),
            (b"aaaaaaaaaaaaaaaaaaaa://", None),
        ] {
            assert_eq!(scheme(url), want, "{}", url.escape_ascii());
        }
    }
}
