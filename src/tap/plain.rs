//! `is_plain`: whether a response is one of the many that leave nothing to say.
//!
//! It knows too little to find anything wrong. What it takes, the parser takes without a word; what it does not take, the
//! parser has to read.

/// More lines than that are for the parser, which counts them.
const LINES: usize = 64;
/// The longest `Content-Length` that fits 64 bits, whatever its digits.
const DIGITS: usize = 19;

/// Whether these bytes are one whole response to a request with content (not to HEAD or CONNECT), with nothing in it that
/// would have to be put up with: HTTP/1.1, a final status with a reason, field lines of visible ASCII, one
/// `Content-Length`, no `Transfer-Encoding`, and exactly so many bytes behind them. In doubt no.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let Some((first, mut rest)) = line(bytes) else { return false };
    if !is_status_line(first) {
        return false;
    }
    let mut length = None;
    for _ in 0..LINES {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return length == Some(body.len() as u64);
        }
        let Some((name, behind)) = name(rest) else { return false };
        let Some((value, next)) = line(behind) else { return false };
        match name.len() {
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let Some(number) = number(value.trim_ascii()).filter(|_| length.is_none()) else { return false };
                length = Some(number);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => return false,
            _ => {}
        }
        rest = next;
    }
    false
}

/// Visible ASCII and spaces up to the end of the line, and what is behind it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(visible(bytes))?;
    Some((line, rest.strip_prefix(b"\r\n")?))
}

/// How many bytes at the beginning are visible ASCII or spaces. Eight at a time: values are most of a head.
fn visible(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        // The top bit of each byte that is below a space, or is DEL, or has it set. A borrow may mark one more, behind it.
        let delete = word ^ each(0x7f);
        let marks = (word.wrapping_sub(each(b' ')) | delete.wrapping_sub(each(1)) | word) & each(0x80);
        if marks != 0 {
            return before(bytes, rest).saturating_add(first(marks));
        }
        rest = behind;
    }
    let more = rest.iter().position(|&b| !matches!(b, b' '..=b'~')).unwrap_or(rest.len());
    before(bytes, rest).saturating_add(more)
}

/// How many bytes at the beginning are letters, digits and hyphens, what nearly all names are made of. Eight at a time.
fn name_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        // Of bytes below 0x80, whose sums carry nothing over to the next.
        let low = word & each(0x7f);
        let lower = low | each(0x20);
        let letter = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
        let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
        let hyphen = at_least(low, b'-') & !at_least(low, b'-' + 1);
        let marks = (!(letter | digit | hyphen) | word) & each(0x80);
        if marks != 0 {
            return before(bytes, rest).saturating_add(first(marks));
        }
        rest = behind;
    }
    let more = rest.iter().position(|&b| !(b.is_ascii_alphanumeric() || b == b'-')).unwrap_or(rest.len());
    before(bytes, rest).saturating_add(more)
}

/// The byte, in each place of a word.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The top bit of each byte that is no less than that one. All are below 0x80.
const fn at_least(word: u64, byte: u8) -> u64 {
    word.wrapping_add(each(0x80_u8.wrapping_sub(byte)))
}

/// Which byte of a word is the first whose top bit is set.
const fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// How many bytes stand before the rest of them.
const fn before(bytes: &[u8], rest: &[u8]) -> usize {
    bytes.len().saturating_sub(rest.len())
}

/// A name that nobody could read in another way, and what is behind its colon.
fn name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = bytes.split_at_checked(name_len(bytes))?;
    let rest = rest.strip_prefix(b":")?;
    (!name.is_empty()).then_some((name, rest))
}

/// `HTTP/1.1 200 OK`, of a status that has content.
fn is_status_line(line: &[u8]) -> bool {
    let Some((code, reason)) = line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.split_first_chunk::<3>()) else {
        return false;
    };
    let is_final = matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']) && !matches!(code, b"204" | b"304");
    is_final && reason.starts_with(b" ")
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    digits
        .iter()
        .try_fold(0_u64, |n, &b| b.is_ascii_digit().then(|| n.wrapping_mul(10).wrapping_add(u64::from(b & 0x0f))))
}

#[cfg(test)]
mod tests {
    use super::super::reader::Reader;
    use super::*;
    use crate::h1::Request;
    use proptest::prelude::*;

    fn is_quiet(bytes: &[u8]) -> bool {
        let mut reader = Reader::new(Request::get());
        reader.feed(bytes);
        reader.is_quiet() && reader.is_at_the_end()
    }

    const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nServer: up\r\nx-y-1:\r\nContent-Length: 5\r\nETag: \"a~b\"\r\n\r\nhello";

    #[test]
    fn the_usual_response_is_plain() {
        assert!(is_plain(PLAIN) && is_quiet(PLAIN));
        for cut in 0..PLAIN.len() {
            assert!(!PLAIN.get(..cut).is_some_and(is_plain), "{cut}");
        }
    }

    /// Each byte, at each place of a word and behind it.
    #[test]
    fn visible_counts_to_the_first_that_is_not() {
        for at in 0..20 {
            for byte in 0..=255_u8 {
                for last in [b'x', b'\r', 0x7f, 0xff] {
                    let mut bytes = vec![b'~'; at];
                    bytes.push(byte);
                    bytes.resize(20, b'~');
                    bytes.push(last);
                    let expected = bytes.iter().position(|&b| !matches!(b, b' '..=b'~')).unwrap_or(21);
                    assert_eq!(visible(&bytes), expected, "{byte:#x} at {at}, {last:#x} last");
                }
            }
        }
        assert_eq!((visible(b""), name_len(b"")), (0, 0));
    }

    #[test]
    fn a_name_ends_at_the_first_byte_that_is_not_of_one() {
        for at in 0..20 {
            for byte in 0..=255_u8 {
                for fill in *b"-09AZaz" {
                    let mut bytes = vec![fill; at];
                    bytes.push(byte);
                    bytes.resize(20, fill);
                    let expected = bytes.iter().position(|&b| !(b.is_ascii_alphanumeric() || b == b'-')).unwrap_or(20);
                    assert_eq!(name_len(&bytes), expected, "{byte:#x} at {at}");
                }
            }
        }
    }

    /// Each byte in turn replaced by each other.
    #[test]
    fn what_is_plain_is_quiet_for_the_parser() {
        let mut plain = 0;
        for at in 0..PLAIN.len() {
            for byte in 0..=255 {
                let mut bytes = PLAIN.to_vec();
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
                if is_plain(&bytes) {
                    plain += 1;
                    assert!(is_quiet(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
                }
            }
        }
        assert!(plain > 1000, "{plain}");
    }

    proptest! {
        #[test]
        fn and_so_it_is_of_lines_put_together(lines in prop::collection::vec(prop::sample::select(vec![
            "Content-Length: 5\r\n", "content-length:5 \r\n", "Content-Length: 05\r\n", "Content-Length: 5, 5\r\n",
            "Content-Length: 18446744073709551621\r\n", "Transfer-Encoding: chunked\r\n", "A: b\r\n", "A : b\r\n", " folded\r\n",
            "A: b\n", ": b\r\n", "A\r\n", "A: \tb\r\n", "A: \u{7f}\r\n", "A: \u{e9}\r\n", "Upgrade: x\r\n", "Connection: close\r\n", "Trailer: A\r\n",
        ]), 0..6), first in prop::sample::select(vec![
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 204 No\r\n",
            "HTTP/1.1 100 Go\r\n", "HTTP/1.1 205 Reset\r\n", "HTTP/1.1 599 \r\n", "HTTP/1.1 600 X\r\n", "\r\nHTTP/1.1 200 OK\r\n",
        ]), body in prop::sample::select(vec!["", "hell", "hello", "hello!"])) {
            let bytes = [first, &lines.concat(), "\r\n", body].concat();
            prop_assert!(!is_plain(bytes.as_bytes()) || is_quiet(bytes.as_bytes()));
        }
    }
}
