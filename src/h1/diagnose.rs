//! Where a response head goes wrong, byte by byte.
//!
//! For the error path alone. It is slow and careful, and names only what a lenient
//! recipient refuses too: a line feed alone, an empty line first or a missing reason are let pass,
//! because they are not why hyper, nginx or Go gave up.

use super::error::Flaw;
use super::facts::Facts;
use super::leniency::{Deviation, Leniency};
use super::limits::Limits;
use super::scan::{Scan, Section};
use super::sniff::{Sniffed, sniff};
use super::status_line;
use crate::fault::Class;

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
    let mut at = 0_usize;
    loop {
        at = behind_empty_lines(head, at);
        let rest = head.get(at..).unwrap_or_default();
        if rest == b"\r" {
            return refused_version; // half a line end
        }
        let found = |flaw: Flaw| Some((flaw.class, (at as u64).saturating_add(flaw.at)));
        let line = match status_line::read(rest, &mut 0, &UNLIMITED, &TOLERATED) {
            Ok(Some(line)) => line,
            Ok(None) => return refused_version,
            Err(flaw) => return found(flaw),
        };
        if line.deviations.contains(Deviation::HigherMinor) {
            refused_version = refused_version.or(Some((Class::StatusLineVersionMinor, at.saturating_add(5) as u64)));
        }
        let section = Section::Head(&UNLIMITED, &TOLERATED);
        let mut scan = Scan::at(line.end);
        // What the fields say is not looked at.
        match scan.advance(rest, section, &mut Facts::default()) {
            Ok(Some(end)) if (100..200).contains(&line.code) && line.code != 101 => at = at.saturating_add(end),
            Ok(Some(_)) => return refused_version,
            Ok(None) => return scan.unfinished(rest, section).map_or(refused_version, found),
            Err(flaw) => return found(flaw),
        }
    }
}

/// What a lenient recipient lets pass.
const TOLERATED: Leniency = Leniency { bare_lf: true, ..Leniency::strict() };

/// How much is none of the grammar.
const UNLIMITED: Limits = Limits::UNLIMITED_HEAD;

/// Empty lines before a status line, any number of them.
fn behind_empty_lines(head: &[u8], mut at: usize) -> usize {
    loop {
        at = match head.get(at..) {
            Some([b'\r', b'\n', ..]) => at.saturating_add(2),
            Some([b'\n', ..]) => at.saturating_add(1),
            Some(_) | None => return at,
        };
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
            // Whatever comes.
            ("HTTP/1.1 099", Some((Class::StatusLineCodeBelow100, 9))),
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
            ("\r", None),
            ("\r\r", Some((Class::HeaderBareCr, 0))),
            ("\r\r\n", Some((Class::HeaderBareCr, 0))),
            ("A\r\r", Some((Class::HeaderBareCr, 1))),
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
