//! The status line: `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4).
//!
//! Every byte is judged as soon as it is there, in order, so that an endless or
//! unfinished line that is wrong already is not waited for.

use super::error::Flaw;
use super::leniency::{Deviation, Deviations, Leniency};
use super::limits::Limits;
use super::scan::find_ctl;
use crate::fault::Class;

/// A whole status line. Positions are in the bytes of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StatusLine {
    pub(super) minor: u8,
    pub(super) code: u16,
    /// Where the status code begins.
    pub(super) code_at: usize,
    pub(super) reason: (usize, usize),
    /// Behind the line end.
    pub(super) end: usize,
    pub(super) deviations: Deviations,
}

/// Reads the status line at the beginning of `input`; `None` while it is unfinished. `at` is how far
/// the reason phrase was looked at before: 0 at first, and nothing else's business.
pub(super) fn read(
    input: &[u8],
    at: &mut usize,
    limits: &Limits,
    leniency: &Leniency,
) -> Result<Option<StatusLine>, Flaw> {
    let bound = limits.status_line.min(limits.head_bytes);
    let window = input.get(..bound).unwrap_or(input);
    let begin = begin(window, leniency)?;
    let line = match begin {
        Some(begin) => rest(window, begin, at, leniency)?,
        None => None,
    };
    if line.is_none() && input.len() > bound {
        let class =
            if limits.head_bytes < limits.status_line { Class::TooLargeHeaderBytes } else { Class::TooLargeStatusLine };
        return Err(Flaw::new(class, bound));
    }
    Ok(line)
}

/// A whole status line of the plain kind, at once: HTTP/1.0 or 1.1, a registered class of codes, a line
/// end as it should be. `None` for everything else, which [`read`] judges.
#[inline(always)]
pub(super) fn plain(input: &[u8], limits: &Limits) -> Option<StatusLine> {
    const OK: u128 = u128::from_le_bytes(*b"HTTP/1.1 200 OK\r");
    if let Some((begin, [b'\n', ..])) = input.split_first_chunk() {
        // Four in five, and two compares.
        if u128::from_le_bytes(*begin) == OK && limits.status_line.min(limits.head_bytes) >= 17 {
            let deviations = Deviations::new();
            return Some(StatusLine { minor: 1, code: 200, code_at: 9, reason: (13, 15), end: 17, deviations });
        }
    }
    plain_of_any_code(input, limits)
}

#[inline(never)]
fn plain_of_any_code(input: &[u8], limits: &Limits) -> Option<StatusLine> {
    let (version, rest) = input.split_first_chunk::<8>()?;
    let minor = match version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" => 0,
        _ => return None,
    };
    let (&[space, x, y, z], rest) = rest.split_first_chunk::<4>()?;
    if space != b' ' || !matches!(x, b'1'..=b'5') || !y.is_ascii_digit() || !z.is_ascii_digit() {
        return None;
    }
    let digit = |byte: u8| u16::from(byte & 15);
    let code = digit(x).wrapping_mul(100).wrapping_add(digit(y).wrapping_mul(10)).wrapping_add(digit(z));
    let mut deviations = Deviations::new();
    let (from, reason) = match rest {
        [b' ', rest @ ..] => (13_usize, rest),
        _ => {
            deviations.insert(Deviation::MissingReasonSpace);
            (12, rest)
        }
    };
    let len = find_ctl(reason);
    let to = from.wrapping_add(len);
    let end = to.wrapping_add(2);
    if (from == 12 && len > 0) || reason.get(len..)?.first_chunk() != Some(b"\r\n") {
        return None;
    }
    if end > limits.status_line || end > limits.head_bytes {
        return None;
    }
    Some(StatusLine { minor, code, code_at: 9, reason: (from, to), end, deviations })
}

/// Up to the status code.
struct Begin {
    minor: u8,
    code: u16,
    /// Behind the code.
    after: usize,
    deviations: Deviations,
}

/// How many empty lines `Leniency::leading_crlf` skips.
const EMPTY_LINES: usize = 4;

/// Byte by byte, for everything that is not plain.
#[cold]
fn begin(input: &[u8], leniency: &Leniency) -> Result<Option<Begin>, Flaw> {
    let mut deviations = Deviations::new();
    let mut at = 0_usize;
    let mut empty_lines = 0_usize;
    loop {
        match input.get(at) {
            Some(b' ' | b'\t') => return Err(Flaw::new(Class::StatusLineLeadingSpace, at)),
            Some(b'\r' | b'\n') if !leniency.leading_crlf || empty_lines >= EMPTY_LINES => {
                return Err(Flaw::new(Class::StatusLineLeadingCrlf, at));
            }
            Some(b'\n') => at = at.wrapping_add(1),
            Some(b'\r') => match input.get(at.wrapping_add(1)) {
                None => return Ok(None),
                Some(b'\n') => at = at.wrapping_add(2),
                Some(_) => return Err(Flaw::new(Class::StatusLineLeadingCrlf, at)),
            },
            Some(_) | None => break,
        }
        empty_lines = empty_lines.wrapping_add(1);
        deviations.insert(Deviation::LeadingCrlf);
    }
    let name = input.get(at..).unwrap_or_default();
    let name = name.get(..5).unwrap_or(name);
    let expected = b"HTTP/".get(..name.len()).unwrap_or_default();
    if !name.eq_ignore_ascii_case(expected) {
        return Err(Flaw::new(Class::StatusLineVersion, at));
    }
    if name.len() < 5 {
        return Ok(None);
    }
    if name != expected {
        return Err(Flaw::new(Class::StatusLineVersionCase, at));
    }
    at = at.wrapping_add(5);

    let Some(major) = digit(input, at, Class::StatusLineVersion)? else { return Ok(None) };
    match input.get(at.wrapping_add(1)) {
        None => return Ok(None),
        Some(b'.') => {}
        Some(_) => return Err(Flaw::new(Class::StatusLineVersion, at.wrapping_add(1))),
    }
    let Some(minor) = digit(input, at.wrapping_add(2), Class::StatusLineVersion)? else { return Ok(None) };
    if major != 1 {
        return Err(Flaw::new(Class::StatusLineVersionUnsupported, at));
    }
    if minor > 1 {
        deviations.insert(Deviation::HigherMinor);
    }
    at = at.wrapping_add(3);

    match input.get(at) {
        None => return Ok(None),
        Some(b' ') => at = at.wrapping_add(1),
        Some(b'\t' | 0x0b | 0x0c) => return Err(Flaw::new(Class::StatusLineSeparator, at)),
        Some(b'\r' | b'\n') => return Err(Flaw::new(Class::StatusLineCode, at)),
        Some(_) => return Err(Flaw::new(Class::StatusLineVersion, at)),
    }
    while input.get(at) == Some(&b' ') {
        if !leniency.status_line_spaces {
            return Err(Flaw::new(Class::StatusLineSeparator, at));
        }
        deviations.insert(Deviation::StatusLineSpaces);
        at = at.wrapping_add(1);
    }
    let mut code = 0_u16;
    for n in 0..3 {
        let Some(digit) = digit(input, at.wrapping_add(n), Class::StatusLineCode)? else { return Ok(None) };
        code = code.wrapping_mul(10).wrapping_add(digit.into());
    }
    if code < 100 {
        return Err(Flaw::new(Class::StatusLineCodeBelow100, at));
    }
    if code > 599 {
        deviations.insert(Deviation::CodeAbove599);
    }
    Ok(Some(Begin { minor, code, after: at.wrapping_add(3), deviations }))
}

fn digit(input: &[u8], at: usize, class: Class) -> Result<Option<u8>, Flaw> {
    match input.get(at) {
        None => Ok(None),
        Some(byte @ b'0'..=b'9') => Ok(Some(byte & 15)),
        Some(_) => Err(Flaw::new(class, at)),
    }
}

/// Behind the status code: the reason phrase and the line end.
#[inline]
fn rest(input: &[u8], begin: Begin, at: &mut usize, leniency: &Leniency) -> Result<Option<StatusLine>, Flaw> {
    let Begin { minor, code, after, mut deviations } = begin;
    let from = match input.get(after) {
        None => return Ok(None),
        Some(b' ') => after.wrapping_add(1),
        // Senders must write the space; many do not (RFC 9112 section 4).
        Some(b'\r' | b'\n') => {
            deviations.insert(Deviation::MissingReasonSpace);
            after
        }
        Some(b'\t' | 0x0b | 0x0c) => return Err(Flaw::new(Class::StatusLineSeparator, after)),
        Some(_) => return Err(Flaw::new(Class::StatusLineCode, after)),
    };
    let mut to = from.max(*at);
    let end = loop {
        match input.get(to) {
            None => {
                *at = to;
                return Ok(None);
            }
            Some(b'\t' | b' '..=b'~' | 0x80..) => to = to.wrapping_add(1),
            Some(b'\r') => match input.get(to.wrapping_add(1)) {
                None => {
                    *at = to;
                    return Ok(None);
                }
                Some(b'\n') => break to.wrapping_add(2),
                Some(_) => return Err(Flaw::new(Class::StatusLineBareCr, to)),
            },
            Some(b'\n') if leniency.bare_lf => {
                deviations.insert(Deviation::BareLf);
                break to.wrapping_add(1);
            }
            Some(b'\n') => return Err(Flaw::new(Class::StatusLineBareLf, to)),
            Some(_) => return Err(Flaw::new(Class::StatusLineReason, to)),
        }
    };
    Ok(Some(StatusLine { minor, code, code_at: after.wrapping_sub(3), reason: (from, to), end, deviations }))
}
