//! A field section, line by line, as it comes: the head's behind the status line, or the trailers.
//!
//! Every byte is looked at once however the bytes trickle, and a line is judged when
//! its end is there: first the end, then the line. So no split changes the verdict. This is the truth
//! about fields; the fast path through httparse only comes to the same result sooner.

use super::error::Flaw;
use super::facts::Facts;
use super::leniency::{Deviation, Deviations, Leniency};
use super::limits::Limits;
use crate::fault::Class;
use crate::token::is_tchar;

/// Which section it is, and what holds in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Section<'c> {
    Head(&'c Limits, &'c Leniency),
    /// No leniency: next to a chunk a line end is a boundary.
    Trailers(&'c Limits),
}

/// How far a section was read. Positions are in the bytes that the section's owner holds: the head
/// with its status line, or the trailer section.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    /// The line being read.
    line: usize,
    /// The last line that was a field and not a fold.
    field: usize,
    pos: usize,
    /// How many bytes have been searched for a line feed.
    seen: usize,
    /// There is a control character in the line: it is judged when its line feed has come.
    odd: bool,
    pub(super) count: usize,
    pub(super) deviations: Deviations,
}

impl Scan {
    /// A section that begins there.
    pub(super) fn at(start: usize) -> Self {
        Self { line: start, pos: start, ..Self::default() }
    }

    /// Whether there are only a few new bytes and no line end among them, so that nothing can be told
    /// yet: what most calls come to when a head trickles.
    #[inline]
    pub(super) fn is_idle(&mut self, input: &[u8], section: Section<'_>) -> bool {
        let new = input.get(self.seen..).unwrap_or_default();
        let bound = self.line.saturating_add(section.line()).min(section.bytes());
        let idle = new.len() <= 32 && input.len() <= bound && !has_lf(new);
        if idle {
            self.seen = input.len();
        }
        idle
    }

    /// Reads on. `input` begins as it did before. Returns where the section ends, behind its empty
    /// line, once that has come. What the fields say is noted in `facts`.
    #[inline]
    pub(super) fn advance(
        &mut self,
        input: &[u8],
        section: Section<'_>,
        facts: &mut Facts,
    ) -> Result<Option<usize>, Flaw> {
        loop {
            let bound = self.line.saturating_add(section.line()).min(section.bytes());
            let window = input.get(..bound).unwrap_or(input);
            let rest = window.get(self.pos..).unwrap_or_default();
            let lf = if self.odd {
                let len = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                self.pos = self.pos.wrapping_add(len);
                if len == rest.len() {
                    return self.wait(input, bound, section);
                }
                self.judge(input, self.pos, section, facts)?;
                self.pos
            } else {
                let len = find_ctl(rest);
                self.pos = self.pos.wrapping_add(len);
                let (crlf, lf) = match rest.get(len..).unwrap_or_default() {
                    [] | [b'\r'] => return self.wait(input, bound, section),
                    [b'\r', b'\n', ..] => (true, self.pos.wrapping_add(1)),
                    [b'\n', ..] => (false, self.pos),
                    [_, ..] => {
                        self.odd = true;
                        continue;
                    }
                };
                if self.pos == self.line {
                    if !crlf {
                        self.bare_lf(lf, section)?;
                    }
                    return Ok(Some(lf.wrapping_add(1)));
                }
                let line = window.get(self.line..self.pos).unwrap_or_default();
                let name = token_len(line);
                if crlf && name > 0 && line.get(name) == Some(&b':') {
                    self.count_field(section)?;
                    if Facts::wants(name) {
                        self.note(line, name, facts);
                    }
                } else {
                    self.judge(input, lf, section, facts)?;
                }
                lf
            };
            self.line = lf.wrapping_add(1);
            self.pos = self.line;
            self.odd = false;
        }
    }

    /// What is wrong already with a line whose end has not come, where [`advance`](Self::advance) waits for it.
    pub(super) fn unfinished(mut self, input: &[u8], section: Section<'_>) -> Option<Flaw> {
        let line = input.get(self.line..).unwrap_or_default();
        // A last CR may be the first half of the line end.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A colon may come yet, and tell what the bytes before it are. White space and a CR tell without.
        let is_told =
            matches!(line, [b' ' | b'\t', ..]) || line.get(token_len(line)) == Some(&b'\r') || line.contains(&b':');
        if !is_told {
            return None;
        }
        self.judge(input, input.len(), section, &mut Facts::default()).err()
    }

    /// A sound field line, whose name has that length.
    fn note(&self, line: &[u8], name: usize, facts: &mut Facts) {
        let (name, value) = line.split_at_checked(name).unwrap_or((line, &[]));
        let value = value.trim_ascii_start().strip_prefix(b":").unwrap_or(value).trim_ascii();
        facts.see(name, value, self.line);
    }

    fn count_field(&mut self, section: Section<'_>) -> Result<(), Flaw> {
        if self.count >= section.count() {
            let class = match section {
                Section::Head(..) => Class::TooLargeHeaderCount,
                Section::Trailers(_) => Class::TooLargeTrailers,
            };
            return Err(Flaw::new(class, self.line));
        }
        self.count = self.count.wrapping_add(1);
        self.field = self.line;
        Ok(())
    }

    /// More bytes are needed: fine, unless there are too many already.
    fn wait(&mut self, input: &[u8], bound: usize, section: Section<'_>) -> Result<Option<usize>, Flaw> {
        self.seen = input.len();
        if input.len() <= bound {
            return Ok(None);
        }
        let class = match section {
            Section::Head(limits, _) if bound == limits.head_bytes => over_limit(input.get(..bound).unwrap_or(input)),
            Section::Head(..) => Class::TooLargeHeaderLine,
            Section::Trailers(_) => Class::TooLargeTrailers,
        };
        Err(Flaw::new(class, bound))
    }

    fn bare_lf(&mut self, at: usize, section: Section<'_>) -> Result<(), Flaw> {
        match section {
            Section::Head(_, leniency) if leniency.bare_lf => {
                self.deviations.insert(Deviation::BareLf);
                Ok(())
            }
            Section::Head(..) | Section::Trailers(_) => Err(section.flaw(Wrong::BareLf, at)),
        }
    }

    /// A whole line that is not plain. Slow and careful.
    #[cold]
    fn judge(&mut self, input: &[u8], lf: usize, section: Section<'_>, facts: &mut Facts) -> Result<(), Flaw> {
        let line = input.get(self.line..lf).unwrap_or_default();
        let start = self.line;
        let (obs_fold, space_before_colon) = match section {
            Section::Head(_, leniency) => (leniency.obs_fold, leniency.space_before_colon),
            Section::Trailers(_) => (false, false),
        };
        let indented = matches!(line.first(), Some(b' ' | b'\t'));
        let first = self.count == 0;
        if !indented {
            self.count_field(section)?;
        }
        let flaw = |wrong: Wrong, at: usize| Err(section.flaw(wrong, start.wrapping_add(at)));
        let line = match line.strip_suffix(b"\r") {
            Some(line) => line,
            None => {
                self.bare_lf(lf, section)?;
                line
            }
        };
        if indented {
            if first {
                return flaw(Wrong::LeadingWhitespace, 0);
            }
            let field = input.get(self.field..start).unwrap_or_default();
            let name = field.split(|&b| matches!(b, b':' | b' ' | b'\t')).next().unwrap_or_default();
            // A fold in a framing field hides a coding or a length from some recipients (CVE-2022-32215).
            if !obs_fold || is_framing(name) {
                return flaw(Wrong::ObsFold, 0);
            }
            check_value(line, 0).or_else(|(wrong, at)| flaw(wrong, at))?;
            self.deviations.insert(Deviation::ObsFold);
            // At worst a connection is not used again.
            facts.see(name, line.trim_ascii(), start);
            return Ok(());
        }
        let name_end = token_len(line);
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            return match line.iter().position(|&b| b == b'\r') {
                Some(at) => flaw(Wrong::BareCr, at),
                None if is_status_line(line) => flaw(Wrong::StatusLine, 0),
                None => flaw(Wrong::NoColon, 0),
            };
        };
        if colon == 0 {
            return flaw(Wrong::NameEmpty, 0);
        }
        let between = line.get(name_end..colon).unwrap_or_default();
        match between.first() {
            None => {}
            Some(b'\r') => return flaw(Wrong::BareCr, name_end),
            Some(_) if name_end > 0 && between.iter().all(|b| matches!(b, b' ' | b'\t')) => {
                let name = line.get(..name_end).unwrap_or_default();
                if !space_before_colon || is_framing(name) {
                    return flaw(Wrong::SpaceBeforeColon, name_end);
                }
                self.deviations.insert(Deviation::SpaceBeforeColon);
            }
            Some(_) => return flaw(Wrong::NameInvalid, name_end),
        }
        check_value(line, colon.wrapping_add(1)).or_else(|(wrong, at)| flaw(wrong, at))?;
        self.note(line, name_end, facts);
        Ok(())
    }
}

/// Bytes of a field line that is long: what Apache takes for one of a response (`ResponseFieldSize`), and nginx at most
/// for all of a head.
const LONG_LINE: usize = 8 * 1024;

/// Why these bytes are all that is taken of a head that goes on: a few fields that grew are repaired elsewhere than
/// ordinary ones without end.
#[cold]
pub(crate) fn over_limit(head: &[u8]) -> Class {
    // Behind the status line, before which there may be empty lines.
    let mut lines = head.trim_ascii_start().split_inclusive(|&b| b == b'\n').skip(1);
    if lines.any(|line| line.len() >= LONG_LINE) { Class::TooLargeHeaderLongLines } else { Class::TooLargeHeaderBytes }
}

impl Section<'_> {
    const fn bytes(self) -> usize {
        match self {
            Self::Head(limits, _) => limits.head_bytes,
            Self::Trailers(limits) => limits.trailer_bytes,
        }
    }

    const fn line(self) -> usize {
        match self {
            Self::Head(limits, _) => limits.header_line,
            Self::Trailers(limits) => limits.trailer_bytes,
        }
    }

    const fn count(self) -> usize {
        match self {
            Self::Head(limits, _) => limits.headers,
            Self::Trailers(limits) => limits.trailers,
        }
    }

    /// The class as it is called in this section.
    #[cold]
    fn flaw(self, wrong: Wrong, at: usize) -> Flaw {
        Flaw::new(wrong.class(matches!(self, Self::Trailers(_))), at)
    }
}

fn check_value(line: &[u8], from: usize) -> Result<(), (Wrong, usize)> {
    let value = line.get(from..).unwrap_or_default();
    let at = find_ctl(value);
    let wrong = match value.get(at) {
        None => return Ok(()),
        Some(0) => Wrong::ValueNul,
        Some(b'\r') => Wrong::BareCr,
        Some(_) => Wrong::ValueCtl,
    };
    Err((wrong, from.wrapping_add(at)))
}

/// What is wrong with the bytes of a field's value in a head, and where (RFC 9110 section 5.5), whatever it means.
pub(crate) fn illegible(value: &[u8]) -> Option<(Class, usize)> {
    check_value(value, 0).err().map(|(wrong, at)| (wrong.class(false), at))
}

/// Whether what is no field begins as the status line of another response does.
#[cold]
const fn is_status_line(line: &[u8]) -> bool {
    matches!(
        line,
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9', b' ', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]
    )
}

fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

/// What can be wrong with a line: the same in both kinds of section (RFC 9112 section 7.1.2).
#[derive(Clone, Copy)]
enum Wrong {
    LeadingWhitespace,
    ObsFold,
    NoColon,
    StatusLine,
    NameEmpty,
    NameInvalid,
    SpaceBeforeColon,
    ValueNul,
    ValueCtl,
    BareCr,
    BareLf,
}

impl Wrong {
    const fn class(self, trailers: bool) -> Class {
        match (self, trailers) {
            (Self::LeadingWhitespace, false) => Class::HeaderLeadingWhitespace,
            (Self::LeadingWhitespace, true) => Class::TrailerLeadingWhitespace,
            (Self::ObsFold, false) => Class::HeaderObsFold,
            (Self::ObsFold, true) => Class::TrailerObsFold,
            (Self::NoColon, false) => Class::HeaderNoColon,
            (Self::NoColon, true) => Class::TrailerNoColon,
            (Self::StatusLine, false) => Class::HeaderStatusLine,
            (Self::StatusLine, true) => Class::TrailerStatusLine,
            (Self::NameEmpty, false) => Class::HeaderNameEmpty,
            (Self::NameEmpty, true) => Class::TrailerNameEmpty,
            (Self::NameInvalid, false) => Class::HeaderNameInvalid,
            (Self::NameInvalid, true) => Class::TrailerNameInvalid,
            (Self::SpaceBeforeColon, false) => Class::HeaderSpaceBeforeColon,
            (Self::SpaceBeforeColon, true) => Class::TrailerSpaceBeforeColon,
            (Self::ValueNul, false) => Class::HeaderValueNul,
            (Self::ValueNul, true) => Class::TrailerValueNul,
            (Self::ValueCtl, false) => Class::HeaderValueCtl,
            (Self::ValueCtl, true) => Class::TrailerValueCtl,
            (Self::BareCr, false) => Class::HeaderBareCr,
            (Self::BareCr, true) => Class::TrailerBareCr,
            (Self::BareLf, false) => Class::HeaderBareLf,
            (Self::BareLf, true) => Class::TrailerBareLf,
        }
    }
}

/// How many bytes at the beginning can be of a token.
#[inline]
fn token_len(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(8);
    let at = blocks.take_while(|block| block.iter().fold(true, |all, &b| all & is_tchar(b))).count().wrapping_mul(8);
    let rest = bytes.get(at..).unwrap_or_default();
    at.wrapping_add(rest.iter().position(|&b| !is_tchar(b)).unwrap_or(rest.len()))
}

/// Whether the byte may not be in a field value (RFC 9110 section 5.5): control characters but HTAB.
const fn is_ctl(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') | (byte == 0x7f)
}

/// Where the first control character is; the length if there is none.
#[inline]
pub(super) fn find_ctl(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0_usize;
    // Blocks that the compiler can use vector instructions for.
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        if has_ctl(block) {
            break;
        }
        at = at.wrapping_add(32);
    }
    // Words: a byte below 0x20, or 0x7f, sets the top bit of its place. A borrow can set more, but only
    // above the first one, and HTAB is passed over.
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let low = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
        let del = word ^ ONES.wrapping_mul(0x7f);
        let found = (low | (del.wrapping_sub(ONES) & !del)) & ONES.wrapping_mul(0x80);
        if found == 0 {
            at = at.wrapping_add(8);
            continue;
        }
        at = at.wrapping_add((found.trailing_zeros() / 8) as usize);
        if bytes.get(at) != Some(&b'\t') {
            return at;
        }
        at = at.wrapping_add(1);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at.wrapping_add(rest.iter().position(|&b| is_ctl(b)).unwrap_or(rest.len()))
}

/// Made for few bytes.
#[inline]
fn has_lf(mut bytes: &[u8]) -> bool {
    let mut found = false;
    while let Some((block, rest)) = bytes.split_first_chunk::<16>() {
        found |= block.iter().fold(0, |any, &b| any | u8::from(b == b'\n')) != 0;
        bytes = rest;
    }
    found || bytes.contains(&b'\n')
}

#[inline]
fn has_ctl(block: &[u8; 32]) -> bool {
    block.iter().fold(0, |any, &b| any | u8::from(is_ctl(b))) != 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;

    #[test]
    fn every_byte_in_every_place() {
        for len in 0..80 {
            for at in 0..len {
                for byte in 0..=255 {
                    let mut bytes = vec![b'\t'; len];
                    for (n, b) in bytes.iter_mut().enumerate() {
                        *b = [b'x', b'\t', 0xff, b' ', 0x80, b'~'][n % 6];
                    }
                    bytes[at] = byte;
                    let expected = if byte == 9 || (byte >= 32 && byte != 127) { len } else { at };
                    assert_eq!(find_ctl(&bytes), expected);
                    bytes[len - 1] = 0;
                    assert_eq!(find_ctl(&bytes), expected.min(len - 1));
                }
            }
        }
    }
}
