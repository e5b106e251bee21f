//! A field section, line by line, as it comes: the head's behind the status line, or the trailers.
//!
//! Its one rule: every byte is looked at once however the bytes trickle, and a line is judged when
//! its end is there: first the end, then the line. So no split changes the verdict. This is the truth
//! about fields; the fast path through httparse only comes to the same result sooner.

use super::error::Flaw;
use super::leniency::{Deviation, Deviations};
use crate::fault::Class;

/// What holds for the section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) trailers: bool,
    pub(super) bytes: usize,
    pub(super) line: usize,
    pub(super) count: usize,
    pub(super) bare_lf: bool,
    pub(super) obs_fold: bool,
    pub(super) space_before_colon: bool,
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
    part: Part,
    pub(super) count: usize,
    pub(super) deviations: Deviations,
}

#[derive(Clone, Copy, Debug, Default)]
enum Part {
    #[default]
    Start,
    Name,
    Value,
    /// A line that is not plain: it is judged when it is whole.
    Odd,
}

impl Scan {
    /// A section that begins there.
    pub(super) fn at(start: usize) -> Self {
        Self { line: start, pos: start, ..Self::default() }
    }

    /// Reads on. `input` begins as it did before. Returns where the section ends, behind its empty
    /// line, once that has come.
    pub(super) fn advance(&mut self, input: &[u8], rules: &Rules) -> Result<Option<usize>, Flaw> {
        loop {
            let bound = self.line.saturating_add(rules.line).min(rules.bytes);
            let window = input.get(..bound).unwrap_or(input);
            let rest = window.get(self.pos..).unwrap_or_default();
            let line_end = match self.part {
                Part::Start => match rest {
                    [] | [b'\r'] => return self.wait(input, bound, rules),
                    [b'\r', b'\n', ..] => return Ok(Some(self.pos.wrapping_add(2))),
                    [b'\n', ..] => {
                        self.bare_lf(self.pos, rules)?;
                        return Ok(Some(self.pos.wrapping_add(1)));
                    }
                    [b'\r' | b' ' | b'\t', ..] => {
                        self.part = Part::Odd;
                        continue;
                    }
                    [_, ..] => {
                        self.part = Part::Name;
                        continue;
                    }
                },
                Part::Name => {
                    let len = rest.iter().position(|&b| !is_tchar(b)).unwrap_or(rest.len());
                    self.pos = self.pos.wrapping_add(len);
                    match rest.get(len) {
                        None => return self.wait(input, bound, rules),
                        Some(b':') if self.pos > self.line => {
                            self.pos = self.pos.wrapping_add(1);
                            self.part = Part::Value;
                        }
                        Some(_) => self.part = Part::Odd,
                    }
                    continue;
                }
                Part::Value => {
                    let len = find_ctl(rest);
                    self.pos = self.pos.wrapping_add(len);
                    match rest.get(len..).unwrap_or_default() {
                        [] | [b'\r'] => return self.wait(input, bound, rules),
                        [b'\r', b'\n', ..] => {
                            self.count_field(rules)?;
                            self.pos.wrapping_add(2)
                        }
                        [b'\n', ..] => {
                            self.count_field(rules)?;
                            self.bare_lf(self.pos, rules)?;
                            self.pos.wrapping_add(1)
                        }
                        [_, ..] => {
                            self.part = Part::Odd;
                            continue;
                        }
                    }
                }
                Part::Odd => match rest.iter().position(|&b| b == b'\n') {
                    None => {
                        self.pos = window.len();
                        return self.wait(input, bound, rules);
                    }
                    Some(len) => {
                        let lf = self.pos.wrapping_add(len);
                        self.judge(input, lf, rules)?;
                        lf.wrapping_add(1)
                    }
                },
            };
            self.line = line_end;
            self.pos = line_end;
            self.part = Part::Start;
        }
    }

    fn count_field(&mut self, rules: &Rules) -> Result<(), Flaw> {
        if self.count >= rules.count {
            let class = if rules.trailers { Class::TooLargeTrailers } else { Class::TooLargeHeaderCount };
            return Err(Flaw::new(class, self.line));
        }
        self.count = self.count.wrapping_add(1);
        self.field = self.line;
        Ok(())
    }

    /// More bytes are needed: fine, unless there are too many already.
    fn wait(&self, input: &[u8], bound: usize, rules: &Rules) -> Result<Option<usize>, Flaw> {
        if input.len() <= bound {
            return Ok(None);
        }
        let class = if rules.trailers {
            Class::TooLargeTrailers
        } else if bound == rules.bytes {
            Class::TooLargeHeaderBytes
        } else {
            Class::TooLargeHeaderLine
        };
        Err(Flaw::new(class, bound))
    }

    fn bare_lf(&mut self, at: usize, rules: &Rules) -> Result<(), Flaw> {
        if !rules.bare_lf {
            return Err(rules.flaw(Wrong::BareLf, at));
        }
        self.deviations.insert(Deviation::BareLf);
        Ok(())
    }

    /// A whole line that is not plain. Slow and careful.
    #[cold]
    fn judge(&mut self, input: &[u8], lf: usize, rules: &Rules) -> Result<(), Flaw> {
        let line = input.get(self.line..lf).unwrap_or_default();
        let start = self.line;
        let indented = matches!(line.first(), Some(b' ' | b'\t'));
        let first = self.count == 0;
        if !indented {
            self.count_field(rules)?;
        }
        let flaw = |wrong: Wrong, at: usize| Err(rules.flaw(wrong, start.wrapping_add(at)));
        let line = match line.strip_suffix(b"\r") {
            Some(line) => line,
            None => {
                self.bare_lf(lf, rules)?;
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
            if !rules.obs_fold || is_framing(name) {
                return flaw(Wrong::ObsFold, 0);
            }
            self.deviations.insert(Deviation::ObsFold);
            return check_value(line, 0).or_else(|(wrong, at)| flaw(wrong, at));
        }
        let name_end = line.iter().position(|&b| !is_tchar(b)).unwrap_or(line.len());
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            return match line.iter().position(|&b| b == b'\r') {
                Some(at) => flaw(Wrong::BareCr, at),
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
                if !rules.space_before_colon || is_framing(name) {
                    return flaw(Wrong::SpaceBeforeColon, name_end);
                }
                self.deviations.insert(Deviation::SpaceBeforeColon);
            }
            Some(_) => return flaw(Wrong::NameInvalid, name_end),
        }
        check_value(line, colon.wrapping_add(1)).or_else(|(wrong, at)| flaw(wrong, at))
    }
}

impl Rules {
    /// The class as it is called in this section.
    #[cold]
    fn flaw(&self, wrong: Wrong, at: usize) -> Flaw {
        Flaw::new(wrong.class(self.trailers), at)
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

fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

/// What can be wrong with a line: the same in both kinds of section (RFC 9112 section 7.1.2).
#[derive(Clone, Copy)]
enum Wrong {
    LeadingWhitespace,
    ObsFold,
    NoColon,
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

/// RFC 9110 section 5.6.2.
pub(super) const fn is_tchar(byte: u8) -> bool {
    const fn table() -> [bool; 256] {
        let mut table = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
            {
                table[byte as usize] = byte.is_ascii_alphanumeric()
                    || matches!(
                        byte,
                        b'!' | b'#'
                            | b'$'
                            | b'%'
                            | b'&'
                            | b'\''
                            | b'*'
                            | b'+'
                            | b'-'
                            | b'.'
                            | b'^'
                            | b'_'
                            | b'`'
                            | b'|'
                            | b'~'
                    );
                byte += 1;
            }
        }
        table
    }
    const TABLE: [bool; 256] = table();
    #[allow(clippy::indexing_slicing)] // 256 entries
    TABLE[byte as usize]
}

/// Whether the byte may not be in a field value (RFC 9110 section 5.5): control characters but HTAB.
const fn is_ctl(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') | (byte == 0x7f)
}

/// Where the first control character is; the length if there is none. Blockwise, so that the compiler
/// can use vector instructions.
pub(super) fn find_ctl(bytes: &[u8]) -> usize {
    const BLOCK: usize = 16;
    let clean =
        bytes.chunks_exact(BLOCK).take_while(|block| !block.iter().fold(false, |any, &b| any | is_ctl(b))).count();
    let from = clean.wrapping_mul(BLOCK);
    let rest = bytes.get(from..).unwrap_or_default();
    from.wrapping_add(rest.iter().position(|&b| is_ctl(b)).unwrap_or(rest.len()))
}
