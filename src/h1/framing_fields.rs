//! `FramingFields`: what the fields of one head say of where its content ends.
//!
//! The one reading of RFC 9112 sections 6.1 to 6.3. The parser feeds it lines as they come, the tap's follower the lines that
//! it looks at, and the audit the values of a `HeaderMap`.
//!
//! What two recipients could read differently is an error, in every mode. A proxy that guesses here lets an upstream write
//! the next client's response.

use super::framing::Framing;
use super::leniency::{Deviation, Deviations};
use crate::fault::Class;
use crate::token::is_tchar;

/// `Content-Length` and `Transfer-Encoding`, all lines of both.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FramingFields {
    te: Option<Te>,
    length: Option<Length>,
    flaw: Option<(Class, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Length {
    value: u64,
    last: u32,
    repeated: bool,
}

/// The codings, and the lines that say so.
#[derive(Clone, Copy, Debug, Default)]
struct Te {
    first: u32,
    last: u32,
    invalid: Option<u32>,
    repeated: Option<u32>,
    /// Where the first empty list element is, and whether the list ends in one.
    empty: Option<u32>,
    ends_empty: bool,
    chunked: bool,
    chunked_is_last: bool,
    others: OtherCodings,
    /// Where the first is that changes the content.
    changed: Option<u32>,
}

/// The transfer codings besides `chunked`. Of several kinds the last one counts, as the one that is furthest from being
/// understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum OtherCodings {
    #[default]
    None,
    /// It changes nothing, and was taken out (RFC 7230 appendix A.2).
    Identity,
    /// Those of RFC 9112 section 7.2, which take a `TE` that asks for them (section 7.4).
    Compressed,
    Unknown,
}

impl OtherCodings {
    /// Of one that is not `chunked`.
    #[cold]
    fn of(coding: &[u8]) -> Self {
        const COMPRESSED: [&[u8]; 5] = [b"gzip", b"deflate", b"compress", b"x-gzip", b"x-compress"];
        if coding.eq_ignore_ascii_case(b"identity") {
            Self::Identity
        } else if COMPRESSED.iter().any(|known| coding.eq_ignore_ascii_case(known)) {
            Self::Compressed
        } else {
            Self::Unknown
        }
    }

    /// Which case of [`Class::FramingTeUnsupported`] they are.
    const fn class(self) -> Class {
        match self {
            Self::Identity => Class::FramingTeIdentity,
            Self::Compressed => Class::FramingTeCompressed,
            Self::None | Self::Unknown => Class::FramingTeUnsupported,
        }
    }
}

impl Te {
    /// Whether it is chunked and nothing else.
    #[inline]
    const fn is_plain(&self) -> bool {
        self.chunked_is_last
            && matches!(self.others, OtherCodings::None)
            && self.invalid.is_none()
            && self.repeated.is_none()
            && self.empty.is_none()
    }

    /// One more element of the list, without the white space around it.
    fn see(&mut self, item: &[u8], at: u32) {
        self.ends_empty = item.is_empty();
        if item.is_empty() {
            self.empty = self.empty.or(Some(at));
            return;
        }
        let name = item.split(|&b| b == b';').next().unwrap_or_default().trim_ascii_end();
        let is_chunked = name.eq_ignore_ascii_case(b"chunked");
        if name.is_empty() || !name.iter().all(|&b| is_tchar(b)) || (is_chunked && name.len() < item.len()) {
            // Chunked has no parameters: "their presence SHOULD be treated as an error" (RFC 9112 section 7.1).
            self.invalid = self.invalid.or(Some(at));
        } else if is_chunked {
            if self.chunked {
                self.repeated = self.repeated.or(Some(at));
            }
            self.chunked = true;
            self.chunked_is_last = true;
        } else {
            self.chunked_is_last = false;
            let other = OtherCodings::of(name);
            if other > OtherCodings::Identity {
                self.changed = self.changed.or(Some(at));
            }
            self.others = self.others.max(other);
        }
    }
}

impl FramingFields {
    /// Of a head that has not been read.
    pub(crate) const fn new() -> Self {
        Self { te: None, length: None, flaw: None }
    }

    /// A line of `Content-Length`, which begins at `at`.
    #[inline(always)]
    pub(crate) fn content_length(&mut self, value: &[u8], at: u32) {
        match number(value) {
            Ok(value) if self.length.is_none() => {
                self.length = Some(Length { value, last: at, repeated: false });
            }
            Ok(_) | Err(_) => self.content_lengths(value, at),
        }
    }

    /// `1*DIGIT`, or a list of the same number (RFC 9110 section 8.6, RFC 9112 section 6.3 rule 5).
    /// No sign, no hexadecimal, no space inside: CVE-2021-32715, CVE-2018-7159.
    #[cold]
    fn content_lengths(&mut self, value: &[u8], at: u32) {
        for item in value.split(|&b| b == b',') {
            let item = item.trim_ascii();
            let class = match (number(item), self.length) {
                (Err(Class::FramingClInvalid), _) => no_number(item),
                (Err(class), _) => class,
                (Ok(value), None) => {
                    self.length = Some(Length { value, last: at, repeated: false });
                    continue;
                }
                (Ok(value), Some(known)) if known.value == value => {
                    self.length = Some(Length { value, last: at, repeated: true });
                    continue;
                }
                (Ok(_), Some(_)) => Class::FramingClConflict,
            };
            if let Some(length) = &mut self.length {
                length.last = at;
            } else {
                self.length = Some(Length { value: 0, last: at, repeated: false });
            }
            self.flaw = self.flaw.or(Some((class, at)));
        }
    }

    /// A line of `Transfer-Encoding`. All lines are one list, in their order, and its last element decides (CVE-2021-21299).
    #[inline(never)]
    pub(crate) fn transfer_encoding(&mut self, value: &[u8], at: u32) {
        if value == b"chunked" && self.te.is_none() {
            self.te = Some(Te { first: at, last: at, chunked: true, chunked_is_last: true, ..Te::default() });
            return;
        }
        let te = self.te.get_or_insert(Te { first: at, ..Te::default() });
        te.last = at;
        for item in value.split(|&b| b == b',') {
            te.see(item.trim_ascii(), at);
        }
    }

    /// Whether there is either field.
    pub(crate) const fn are_there(&self) -> bool {
        self.te.is_some() || self.length.is_some()
    }

    /// Whether there is a `Transfer-Encoding`.
    pub(crate) const fn have_codings(&self) -> bool {
        self.te.is_some()
    }

    /// `Content-Length`, if it is valid.
    pub(crate) fn length(&self) -> Option<u64> {
        if self.flaw.is_some() {
            return None;
        }
        self.length.map(|length| length.value)
    }

    /// How content ends by what most responses have: one number, `chunked`, or neither. `None` for the rest.
    #[inline(always)]
    pub(super) fn plain(&self, minor: u8) -> Option<Framing> {
        match (&self.te, self.length) {
            (None, None) => Some(Framing::UntilClose),
            (None, Some(Length { value, repeated: false, .. })) if self.flaw.is_none() => Some(Framing::Length(value)),
            (Some(te), None) if te.is_plain() && minor > 0 => Some(Framing::Chunked),
            _ => None,
        }
    }

    /// Whether the fields are sound, in a message of that minor version; else what is wrong with them, and in which line.
    /// What may be tolerated is noted; empty list elements only where `lenient`.
    pub(crate) fn check(&self, minor: u8, lenient: bool, deviations: &mut Deviations) -> Result<(), (Class, u32)> {
        if let Some(te) = &self.te {
            self.check_codings(te, minor, lenient)?;
            if te.empty.is_some() {
                deviations.insert(Deviation::EmptyCoding);
            }
            if te.others != OtherCodings::None {
                deviations.insert(Deviation::OtherCodings);
            }
        }
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        if self.length.is_some_and(|length| length.repeated) {
            deviations.insert(Deviation::RepeatedContentLength);
        }
        Ok(())
    }

    /// RFC 9112 section 6.3, rules 3 and 4, and section 6.1.
    fn check_codings(&self, te: &Te, minor: u8, lenient: bool) -> Result<(), (Class, u32)> {
        Err(if minor == 0 {
            (Class::FramingTeInHttp10, te.first)
        } else if let Some(length) = &self.length {
            // The second of the two is what makes it ambiguous.
            (Class::FramingClAndTe, te.first.max(length.last))
        } else if let Some(at) = te.invalid {
            (Class::FramingTeInvalid, at)
        } else if let Some(at) = te.empty.filter(|_| !lenient) {
            (Class::FramingTeInvalid, at)
        } else if let Some(at) = te.repeated {
            (Class::FramingTeChunkedRepeated, at)
        } else if te.chunked_is_last {
            return Ok(());
        } else if te.chunked {
            (Class::FramingTeChunkedNotFinal, te.last)
        } else if te.others == OtherCodings::None {
            (Class::FramingTeInvalid, te.first)
        } else {
            (te.others.class(), te.last)
        })
    }

    /// How content ends by fields that are sound. Transfer-Encoding comes first.
    pub(crate) const fn framing(&self) -> Framing {
        match (self.te, self.length) {
            (Some(_), _) => Framing::Chunked,
            (None, Some(length)) => Framing::Length(length.value),
            (None, None) => Framing::UntilClose,
        }
    }

    /// How a recipient that looks away goes on, whatever is wrong: codings that do not end in chunked end with the
    /// connection. `None` for a length that is none.
    pub(crate) fn lenient_framing(&self) -> Option<Framing> {
        match (&self.te, self.flaw) {
            (_, Some(_)) => None,
            (Some(te), None) if !te.chunked_is_last => Some(Framing::UntilClose),
            (_, None) => Some(self.framing()),
        }
    }

    /// What of the codings keeps the content from being passed on, and in which line the first is: it is still coded, and the
    /// field is hop by hop. `identity` changes nothing.
    pub(crate) fn coded(&self) -> Option<(Class, u32)> {
        let te = self.te.as_ref()?;
        te.changed.map(|at| (te.others.class(), at))
    }

    /// Whether an empty element ends the list of codings. hyper looks behind the last comma alone.
    pub(crate) fn end_empty(&self) -> bool {
        self.te.is_some_and(|te| te.ends_empty)
    }
}

/// Which case of [`Class::FramingClInvalid`] an item of `Content-Length` is that holds more or less than digits, without
/// the white space around it.
#[cold]
fn no_number(item: &[u8]) -> Class {
    match item {
        [] => Class::FramingClEmpty,
        [b'-', ..] => Class::FramingClNegative,
        [b'+', ..] => Class::FramingClPlus,
        _ if item.iter().all(|b| matches!(b, b'0'..=b'9' | b' ' | b'\t')) => Class::FramingClSpaced,
        _ => Class::FramingClInvalid,
    }
}

/// The largest length: what a signed number of 64 bits holds, as nginx's, Go's and Java's do. Who passes on a larger one
/// passes it to somebody who reads another.
const MOST: u64 = i64::MAX.unsigned_abs();

fn number(digits: &[u8]) -> Result<u64, Class> {
    if digits.is_empty() {
        return Err(Class::FramingClInvalid);
    }
    if digits.len() < 20 {
        // They fit, whatever they are.
        let mut number = 0_u64;
        for &digit in digits {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return Err(Class::FramingClInvalid);
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        return if number > MOST { Err(Class::FramingClOverflow) } else { Ok(number) };
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Class::FramingClInvalid);
    }
    digits
        .iter()
        .try_fold(0_u64, |n, &digit| n.checked_mul(10)?.checked_add(u64::from(digit & 15)))
        .filter(|&number| number <= MOST)
        .ok_or(Class::FramingClOverflow)
}
