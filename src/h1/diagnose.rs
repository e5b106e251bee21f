//! Where a response head goes wrong, byte by byte.
//!
//! For the error path alone. It is slow and careful, and names only what a lenient
//! recipient refuses too: a line feed alone, an empty line first or a missing reason are let pass,
//! because they are not why hyper, nginx or Go gave up.

use super::scan::is_status_line;
use crate::fault::Class;
use crate::token::is_tchar;

use super::sniff::{Sniffed, sniff};

/// The first fault in a response head, with its offset from the first byte, as far as these bytes
/// tell: an unfinished line is no fault yet.
///
/// Interim responses are passed over (RFC 9110 section 15.2). Looks at the grammar only, not at what
/// the fields say. The offset is that of the offending byte; for a whole line (no colon, a fold), of
/// its first byte.
///
/// Rules: RFC 9112 section 4 (status line), 5 and 5.1 (fields), 5.2 (folds), 2.2 (a carriage return
/// alone); RFC 9110 section 5.5 (control characters) and 15 (code range).
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::diagnose_head;
///
/// assert_eq!(diagnose_head(b"HTTP/1.1 20X OK\r\n"), Some((Class::StatusLineCode, 11)));
/// assert_eq!(diagnose_head(b"HTTP/1.1 200 OK\r\nA : b\r\n"), Some((Class::HeaderSpaceBeforeColon, 18)));
/// assert_eq!(diagnose_head(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), None);
/// ```
#[must_use]
pub fn diagnose_head(head: &[u8]) -> Option<(Class, u64)> {
    match sniff(head) {
        Sniffed::NotHttp(class) => return Some((class, 0)),
        Sniffed::Undecided => return None,
        Sniffed::Http1 => {}
    }
    // A higher minor version must be taken (RFC 9110 section 2.5), yet httparse refuses it: named only
    // when nothing else is wrong.
    let mut refused_version = None;
    let mut lines = Lines { rest: head, at: 0 };
    'heads: while let Some(line) = lines.next() {
        if line.is_empty() && line.whole {
            continue; // before a status line
        }
        let status = match status_line(&line) {
            Ok(Status { code, minor }) => {
                if minor > 1 {
                    refused_version = refused_version.or(Some((Class::StatusLineVersionMinor, line.offset(5))));
                }
                code
            }
            Err(Wrong(class, at)) => return Some((class, line.offset(at))),
            Err(Unfinished) => break,
        };
        let mut first = true;
        for line in lines.by_ref() {
            if line.is_empty() && line.whole {
                if (100..200).contains(&status) && status != 101 {
                    continue 'heads;
                }
                break 'heads;
            }
            if let Err(Wrong(class, at)) = field_line(&line, first) {
                return Some((class, line.offset(at)));
            }
            first = false;
        }
    }
    refused_version
}

/// Why a line does not pass.
enum Flaw {
    Wrong(Class, usize),
    Unfinished,
}
use Flaw::{Unfinished, Wrong};

struct Status {
    code: u16,
    minor: u8,
}

/// `HTTP/` DIGIT `.` DIGIT SP 3DIGIT [ SP reason ]
fn status_line(line: &Line<'_>) -> Result<Status, Flaw> {
    match line.bytes.first() {
        Some(b' ' | b'\t') => return Err(Wrong(Class::StatusLineLeadingSpace, 0)),
        Some(b'\r') => return Err(Wrong(Class::StatusLineLeadingCrlf, 0)),
        Some(_) | None => {}
    }
    let name = line.bytes.get(..5).ok_or_else(|| line.short(Class::StatusLineVersion))?;
    if name != b"HTTP/" {
        let class =
            if name.eq_ignore_ascii_case(b"HTTP/") { Class::StatusLineVersionCase } else { Class::StatusLineVersion };
        return Err(Wrong(class, 0));
    }
    let major = digit(line, 5, Class::StatusLineVersion)?;
    match line.get(6, Class::StatusLineVersion)? {
        b'.' => {}
        _ => return Err(Wrong(Class::StatusLineVersion, 6)),
    }
    let minor = digit(line, 7, Class::StatusLineVersion)?;
    if major != 1 {
        return Err(Wrong(Class::StatusLineVersionUnsupported, 5));
    }
    match line.get(8, Class::StatusLineCode)? {
        b' ' => {}
        b'\t' | 0x0b | 0x0c => return Err(Wrong(Class::StatusLineSeparator, 8)),
        b'\r' => return Err(Wrong(Class::StatusLineBareCr, 8)),
        _ => return Err(Wrong(Class::StatusLineVersion, 8)),
    }
    if line.get(9, Class::StatusLineCode)? == b' ' {
        return Err(Wrong(Class::StatusLineSeparator, 9));
    }
    let mut code = 0_u16;
    for at in 9..12 {
        code = code.saturating_mul(10).saturating_add(digit(line, at, Class::StatusLineCode)?.into());
    }
    match line.bytes.get(12) {
        None | Some(b' ') => {}
        Some(b'\t' | 0x0b | 0x0c) => return Err(Wrong(Class::StatusLineSeparator, 12)),
        Some(b'\r') => return Err(Wrong(Class::StatusLineBareCr, 12)),
        Some(_) => return Err(Wrong(Class::StatusLineCode, 12)),
    }
    // 600 and above are to be treated as 500 (RFC 9110 section 15), and everybody lets them pass.
    if code < 100 && (line.whole || line.bytes.len() > 12) {
        return Err(Wrong(Class::StatusLineCodeBelow100, 9));
    }
    for (at, &byte) in line.bytes.iter().enumerate().skip(13) {
        match byte {
            b'\r' => return Err(Wrong(Class::StatusLineBareCr, at)),
            b'\t' | 0x20..=0x7e | 0x80.. => {}
            _ => return Err(Wrong(Class::StatusLineReason, at)),
        }
    }
    if line.whole || line.bytes.len() > 12 { Ok(Status { code, minor }) } else { Err(Unfinished) }
}

fn digit(line: &Line<'_>, at: usize, class: Class) -> Result<u8, Flaw> {
    let byte = line.get(at, class)?;
    if byte.is_ascii_digit() { Ok(byte.wrapping_sub(b'0')) } else { Err(Wrong(class, at)) }
}

/// token `:` OWS value OWS
fn field_line(line: &Line<'_>, first: bool) -> Result<(), Flaw> {
    if let Some(b' ' | b'\t') = line.bytes.first() {
        let class = if first { Class::HeaderLeadingWhitespace } else { Class::HeaderObsFold };
        return Err(Wrong(class, 0));
    }
    let colon = line.bytes.iter().position(|&b| b == b':');
    let name = line.bytes.get(..colon.unwrap_or(line.bytes.len())).unwrap_or_default();
    if let Some(at) = name.iter().position(|&b| !is_tchar(b)) {
        let tail = name.get(at..).unwrap_or_default();
        if tail.first() == Some(&b'\r') {
            return Err(Wrong(Class::HeaderBareCr, at));
        }
        if colon.is_some() {
            let blank = tail.iter().all(|&b| b == b' ' || b == b'\t');
            let class = if blank { Class::HeaderSpaceBeforeColon } else { Class::HeaderNameInvalid };
            return Err(Wrong(class, at));
        }
    }
    let Some(colon) = colon else {
        let class = if is_status_line(line.bytes) { Class::HeaderStatusLine } else { Class::HeaderNoColon };
        return Err(if line.whole { Wrong(class, 0) } else { Unfinished });
    };
    if colon == 0 {
        return Err(Wrong(Class::HeaderNameEmpty, 0));
    }
    for (at, &byte) in line.bytes.iter().enumerate().skip(colon.saturating_add(1)) {
        match byte {
            b'\t' | 0x20..=0x7e | 0x80.. => {}
            0 => return Err(Wrong(Class::HeaderValueNul, at)),
            b'\r' => return Err(Wrong(Class::HeaderBareCr, at)),
            _ => return Err(Wrong(Class::HeaderValueCtl, at)),
        }
    }
    Ok(())
}

/// One line without its end (LF, and one CR before it).
struct Line<'a> {
    bytes: &'a [u8],
    at: usize,
    whole: bool,
}

impl Line<'_> {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn offset(&self, at: usize) -> u64 {
        self.at.saturating_add(at) as u64
    }

    /// The byte there; where a whole line ends before it, that is a fault of this class.
    fn get(&self, at: usize, class: Class) -> Result<u8, Flaw> {
        self.bytes.get(at).copied().ok_or_else(|| self.short(class))
    }

    fn short(&self, class: Class) -> Flaw {
        if self.whole { Wrong(class, self.bytes.len()) } else { Unfinished }
    }
}

struct Lines<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest, whole) = match self.rest.iter().position(|&b| b == b'\n') {
            Some(lf) => {
                let (line, rest) = self.rest.split_at_checked(lf)?;
                (line, rest.get(1..).unwrap_or_default(), true)
            }
            None => (self.rest, &[][..], false),
        };
        let at = self.at;
        self.at = at.saturating_add(line.len()).saturating_add(1);
        self.rest = rest;
        // In an unfinished line a last CR may be the first half of its end.
        Some(Line { bytes: line.strip_suffix(b"\r").unwrap_or(line), at, whole })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    const OK: &str = "HTTP/1.1 200 OK\r\n";

    #[test]
    fn status_lines() {
        for (line, expected) in [
            ("HTTP/1.1 200 OK\r\n", None),
            ("HTTP/1.1 200\r\n", None),
            ("HTTP/1.1 200 \r\n", None),
            ("HTTP/1.1 200 OK\n", None),
            ("\r\n\nHTTP/1.0 200 OK\r\n\r\n", None),
            ("HTTP/1.1 999 Odd\r\n", None),
            ("HTTP/1.1 200 \u{e9}\t!\r\n", None),
            ("HTTP/01.1 200 OK\r\n", Some((Class::StatusLineVersion, 6))),
            ("HTTP/1 200 OK\r\n", Some((Class::StatusLineVersion, 6))),
            ("HTTP/1. 200 OK\r\n", Some((Class::StatusLineVersion, 7))),
            ("HTTP/1.2z 200 OK\r\n", Some((Class::StatusLineVersion, 8))),
            ("HTTP/1.1200 OK\r\n", Some((Class::StatusLineVersion, 8))),
            ("HTTP/\r\n", Some((Class::StatusLineVersion, 5))),
            ("HTTP/1.1\r\n", Some((Class::StatusLineCode, 8))),
            ("HTTP/A.B 200 OK\r\n", Some((Class::StatusLineVersion, 5))),
            ("HTTP/2.0 200 OK\r\n", Some((Class::StatusLineVersionUnsupported, 5))),
            ("HTTP/0.9 200 OK\r\n", Some((Class::StatusLineVersionUnsupported, 5))),
            ("HTTP/1.2 200 OK\r\n", Some((Class::StatusLineVersionMinor, 5))),
            ("HTTP/1.2 200 OK\r\n: x\r\n", Some((Class::HeaderNameEmpty, 17))),
            ("http/1.1 200 OK\r\n", Some((Class::StatusLineVersionCase, 0))),
            (" HTTP/1.1 200 OK\r\n", Some((Class::StatusLineLeadingSpace, 0))),
            ("\rHTTP/1.1 200 OK\r\n", Some((Class::StatusLineLeadingCrlf, 0))),
            ("HTTP/1.1\t200 OK\r\n", Some((Class::StatusLineSeparator, 8))),
            ("HTTP/1.1  200 OK\r\n", Some((Class::StatusLineSeparator, 9))),
            ("HTTP/1.1 2 OK\r\n", Some((Class::StatusLineCode, 10))),
            ("HTTP/1.1 20\r\n", Some((Class::StatusLineCode, 11))),
            ("HTTP/1.1 20X Huh\r\n", Some((Class::StatusLineCode, 11))),
            ("HTTP/1.1 1000 OK\r\n", Some((Class::StatusLineCode, 12))),
            ("HTTP/1.1 -10 OK\r\n", Some((Class::StatusLineCode, 9))),
            ("HTTP/1.1 099 OK\r\n", Some((Class::StatusLineCodeBelow100, 9))),
            ("HTTP/1.1 000\r\n", Some((Class::StatusLineCodeBelow100, 9))),
            ("HTTP/1.1 200 OK\0x\r\n", Some((Class::StatusLineReason, 15))),
            ("HTTP/1.1 200 OK\rX: y\r\n", Some((Class::StatusLineBareCr, 15))),
            ("HTTP/1.1 200\rOK\r\n", Some((Class::StatusLineBareCr, 12))),
            ("SSH-2.0-x\r\n", Some((Class::NotHttpSsh, 0))),
            // Unfinished: no verdict yet.
            ("HTTP/1.1 20", None),
            ("HTTP/1.1 099", None),
            ("HTTP/1.1 200 OK\r", None),
        ] {
            assert_eq!(diagnose_head(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn field_lines() {
        for (fields, expected) in [
            ("A: b\r\nC:\r\nD:\t e \t\r\n\r\nany\0thing", None),
            ("A: b\nC: d\n\n", None),
            ("A: b\r\n : c\r\n", Some((Class::HeaderObsFold, 6))),
            (" A: b\r\n", Some((Class::HeaderLeadingWhitespace, 0))),
            ("A : b\r\n", Some((Class::HeaderSpaceBeforeColon, 1))),
            ("A \t: b\r\n", Some((Class::HeaderSpaceBeforeColon, 1))),
            ("A b: c\r\n", Some((Class::HeaderNameInvalid, 1))),
            ("A\0: c\r\n", Some((Class::HeaderNameInvalid, 1))),
            (": c\r\n", Some((Class::HeaderNameEmpty, 0))),
            ("A: b\r\nnothing\r\n", Some((Class::HeaderNoColon, 6))),
            ("no thing\r\n", Some((Class::HeaderNoColon, 0))),
            ("A: b\r\nHTTP/1.0 404\r\n", Some((Class::HeaderStatusLine, 6))),
            ("HTTP/1.1 OK\r\n", Some((Class::HeaderNoColon, 0))),
            ("A\rb: c\r\n", Some((Class::HeaderBareCr, 1))),
            ("A: b\rC: d\r\n", Some((Class::HeaderBareCr, 4))),
            ("A: b\0\r\n", Some((Class::HeaderValueNul, 4))),
            ("A: b\x07\r\n", Some((Class::HeaderValueCtl, 4))),
            ("A: b\x7f\r\n", Some((Class::HeaderValueCtl, 4))),
            // Unfinished: a colon may come.
            ("no thing", None),
            ("A: b\r", None),
            // The body is nobody's business.
            ("A: b\r\n\r\n: c\r\n", None),
        ] {
            let head = format!("{OK}{fields}");
            let expected = expected.map(|(class, at)| (class, OK.len() as u64 + at));
            assert_eq!(diagnose_head(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn interim_heads_are_passed_over() {
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        let head = format!("{interim}{interim}HTTP/1.1 20X\r\n");
        assert_eq!(diagnose_head(head.as_bytes()), Some((Class::StatusLineCode, 2 * interim.len() as u64 + 11)));
        // 101 is final: what follows is not HTTP any more.
        assert_eq!(diagnose_head(b"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 20X\r\n"), None);
    }

    /// Bytes that get far: pieces of heads with faults among them.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"HTTP/1.0 103 \r\n",
            b"A: b\r\n",
            b"A:b\n",
            b"\r\n",
            b"\r",
            b" ",
            b":",
            b"\0",
            b"C",
            b"\n",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|p| p.concat())
    }

    proptest! {
        /// What is wrong in a prefix stays wrong at that byte, unless the prefix ended inside it.
        #[test]
        fn more_bytes_do_not_take_it_back(bytes in pieces()) {
            let mut found = None;
            for n in 0..=bytes.len() {
                let now = diagnose_head(&bytes[..n]);
                if let Some((_, offset)) = now {
                    prop_assert!(offset <= n as u64);
                }
                if let Some(was) = found {
                    prop_assert_eq!(Some(was), now);
                } else {
                    found = now.filter(|(class, _)| *class != Class::StatusLineVersionMinor);
                }
            }
        }

        #[test]
        fn takes_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = diagnose_head(&bytes);
        }
    }
}
