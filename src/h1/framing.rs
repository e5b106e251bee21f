//! Where a response's content ends: RFC 9112 section 6.3, in its order.
//!
//! What two recipients could read differently is an error, in every mode. A proxy that
//! guesses here lets an upstream write the next client's response.

use super::config::Request;
use super::error::Flaw;
use super::leniency::{Deviation, Deviations};
use crate::fault::Class;
use crate::token::is_tchar;

/// How the end of the content is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// There is no content: an answer to HEAD, a 204 or a 304, whatever the fields say.
    None,
    /// `Content-Length`.
    Length(u64),
    /// The chunked coding. Codings below it are in the deviations as
    /// [`OtherCodings`](super::Deviation::OtherCodings), and [`forward::check`](super::forward::check) lets no such
    /// response go out.
    Chunked,
    /// The end of the connection. Whole only if that end was clean (RFC 9112 section 8).
    UntilClose,
    /// No longer HTTP: an accepted upgrade, or a 2xx answer to CONNECT.
    Tunnel,
}

impl Framing {
    /// A stable name for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Length(_) => "content-length",
            Self::Chunked => "chunked",
            Self::UntilClose => "close",
            Self::Tunnel => "tunnel",
        }
    }
}

/// Why the connection cannot carry another exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// `Connection: close` (RFC 9112 section 9.6).
    Close,
    /// HTTP/1.0 without `Connection: keep-alive` (RFC 9112 section 9.3).
    Http10,
    /// The content ended with the connection.
    UntilClose,
    /// It is a tunnel now.
    Tunnel,
    /// It has ended.
    Ended,
    /// Bytes came after the response (RFC 9112 section 9.2): they answer nothing.
    Leftover,
    /// The response had a length where it cannot have one: content may follow after all.
    LengthInNoContent,
}

impl CloseReason {
    /// The reason in a few words.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Close => "the response said Connection: close",
            Self::Http10 => "HTTP/1.0 without Connection: keep-alive",
            Self::UntilClose => "the body ended with the connection",
            Self::Tunnel => "the connection is a tunnel",
            Self::Ended => "the connection has ended",
            Self::Leftover => "bytes came after the response",
            Self::LengthInNoContent => "the response announced content that it cannot have",
        }
    }
}

/// What the fields of one head say about length and connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    te: Option<Te>,
    length: Option<Length>,
    flaw: Option<(Class, u32)>,
    close: bool,
    keep_alive: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Te {
    first: u32,
    last: u32,
    invalid: Option<u32>,
    repeated: Option<u32>,
    chunked: bool,
    chunked_is_last: bool,
    others: OtherCodings,
}

/// The transfer codings besides `chunked`. Of several kinds the last one counts, as the one that is furthest from being
/// understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherCodings {
    #[default]
    None,
    /// It changes nothing, and was taken out (RFC 7230 appendix A.2).
    Identity,
    /// Those of RFC 9112 section 7.2, which take a `TE` that asks for them (section 7.4).
    Compressed,
    Unknown,
}

impl OtherCodings {
    /// With one more, which is not `chunked`.
    #[cold]
    pub(crate) fn and(self, coding: &[u8]) -> Self {
        const COMPRESSED: [&[u8]; 5] = [b"gzip", b"deflate", b"compress", b"x-gzip", b"x-compress"];
        self.max(if coding.eq_ignore_ascii_case(b"identity") {
            Self::Identity
        } else if COMPRESSED.iter().any(|known| coding.eq_ignore_ascii_case(known)) {
            Self::Compressed
        } else {
            Self::Unknown
        })
    }

    /// Which case of [`Class::FramingTeUnsupported`] they are.
    pub(crate) const fn class(self) -> Class {
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
    }
}

#[derive(Clone, Copy, Debug)]
struct Length {
    value: u64,
    last: u32,
    repeated: bool,
}

impl Facts {
    /// Whether a name of that length can be of interest to [`see`](Self::see).
    #[inline]
    pub(super) const fn wants(len: usize) -> bool {
        matches!(len, 10 | 14 | 17)
    }

    /// One field, whose line begins at `at`. The name is a token.
    pub(super) fn see(&mut self, name: &[u8], value: &[u8], at: usize) {
        self.see_at_once(name, value, at);
    }

    /// The same where it is worth its size: for most names a look at their length is all there is to do.
    #[inline(always)]
    pub(super) fn see_at_once(&mut self, name: &[u8], value: &[u8], at: usize) {
        if !Self::wants(name.len()) {
            return;
        }
        // Small, because it is made for every head. Nobody's limit is 4 GiB.
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        if is(name, b"content-length") {
            match number(value) {
                Ok(value) if self.length.is_none() => {
                    self.length = Some(Length { value, last: at, repeated: false });
                }
                Ok(_) | Err(_) => self.content_length(value, at),
            }
        } else if is(name, b"connection") {
            if value == b"keep-alive" {
                self.keep_alive = true;
            } else {
                self.connection(value);
            }
        } else if is(name, b"transfer-encoding") {
            self.transfer_encoding(value, at);
        }
    }

    /// All lines, all tokens, in any case (RFC 9112 section 9.3).
    #[inline(never)]
    fn connection(&mut self, value: &[u8]) {
        for token in value.split(|&b| b == b',') {
            let token = token.trim_ascii();
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// `1*DIGIT`, or a list of the same number (RFC 9110 section 8.6, RFC 9112 section 6.3 rule 5).
    /// No sign, no hexadecimal, no space inside: CVE-2021-32715, CVE-2018-7159.
    #[cold]
    fn content_length(&mut self, value: &[u8], at: u32) {
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

    /// All lines as one list, in their order: the last token decides (CVE-2021-21299).
    #[inline(never)]
    fn transfer_encoding(&mut self, value: &[u8], at: u32) {
        if value == b"chunked" && self.te.is_none() {
            self.te = Some(Te { first: at, last: at, chunked: true, chunked_is_last: true, ..Te::default() });
            return;
        }
        let te = self.te.get_or_insert(Te { first: at, ..Te::default() });
        te.last = at;
        for item in value.split(|&b| b == b',') {
            let item = item.trim_ascii();
            if item.is_empty() {
                continue; // RFC 9110 section 5.6.1.2
            }
            if !item.iter().all(|&b| is_tchar(b)) {
                // A parameter too: chunked has none, and no other coding is registered with one.
                te.invalid = te.invalid.or(Some(at));
            } else if item.eq_ignore_ascii_case(b"chunked") {
                if te.chunked {
                    te.repeated = te.repeated.or(Some(at));
                }
                te.chunked = true;
                te.chunked_is_last = true;
            } else {
                te.others = te.others.and(item);
                te.chunked_is_last = false;
            }
        }
    }

    /// `Content-Length`, if it is valid.
    pub(super) fn length(&self) -> Option<u64> {
        if self.flaw.is_some() {
            return None;
        }
        self.length.map(|length| length.value)
    }

    /// The decision for a final response, or for an interim one that is to be passed over. `lenient`: see
    /// [`Leniency::lengths_without_content`](super::Leniency::lengths_without_content).
    #[inline(always)]
    pub(super) fn decide(
        &self,
        code: u16,
        minor: u8,
        request: Request,
        lenient: bool,
        deviations: &mut Deviations,
    ) -> Result<Framing, Flaw> {
        if code == 200 && self.flaw.is_none() && !request.is_connect() && !request.is_head() {
            // What most responses are.
            match (&self.te, self.length) {
                (None, None) => return Ok(Framing::UntilClose),
                (None, Some(Length { value, repeated: false, .. })) => return Ok(Framing::Length(value)),
                (Some(te), None) if te.is_plain() && minor > 0 => return Ok(Framing::Chunked),
                _ => {}
            }
        }
        self.decide_by_all_rules(code, minor, request, lenient, deviations)
    }

    #[inline(never)]
    fn decide_by_all_rules(
        &self,
        code: u16,
        minor: u8,
        request: Request,
        lenient: bool,
        deviations: &mut Deviations,
    ) -> Result<Framing, Flaw> {
        let tunnel = code == 101 || (request.is_connect() && (200..300).contains(&code));
        if (self.te.is_some() || self.length.is_some()) && (tunnel || code < 200 || code == 204) {
            deviations.insert(Deviation::LengthInNoContent);
        }
        // Rule 2; an upgrade likewise. Both fields must be ignored. And 1xx ends with its head.
        if tunnel {
            return Ok(Framing::Tunnel);
        }
        if code < 200 {
            return Ok(Framing::None);
        }
        // Rule 1 comes before the rules that find fault with the fields, so no boundary depends on them. Who reads
        // strictly refuses them all the same: they tell of a next hop that does not know what it sends.
        let no_content = request.is_head() || code == 204 || code == 304;
        if let Err(flaw) = self.check(minor, deviations) {
            if !(no_content && lenient) {
                return Err(flaw);
            }
            deviations.insert(Deviation::LengthInNoContent);
        }
        Ok(match (self.te, self.length) {
            _ if no_content => Framing::None,
            (Some(_), _) => Framing::Chunked,
            (None, Some(length)) => Framing::Length(length.value),
            (None, None) => Framing::UntilClose,
        })
    }

    /// Whether the fields are sound.
    fn check(&self, minor: u8, deviations: &mut Deviations) -> Result<(), Flaw> {
        if let Some(te) = &self.te {
            self.check_te(te, minor)?;
            if te.others != OtherCodings::None {
                deviations.insert(Deviation::OtherCodings);
            }
        }
        if let Some((class, at)) = self.flaw {
            return Err(Flaw::new(class, at as usize));
        }
        if self.length.is_some_and(|length| length.repeated) {
            deviations.insert(Deviation::RepeatedContentLength);
        }
        Ok(())
    }

    /// Rules 3 and 4, and RFC 9112 section 6.1.
    fn check_te(&self, te: &Te, minor: u8) -> Result<(), Flaw> {
        let (class, at) = if minor == 0 {
            (Class::FramingTeInHttp10, te.first)
        } else if let Some(length) = &self.length {
            (Class::FramingClAndTe, te.first.max(length.last))
        } else if let Some(at) = te.invalid {
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
        };
        Err(Flaw::new(class, at as usize))
    }

    /// Why the connection ends with this response, whatever comes.
    #[inline]
    pub(super) fn close_reason(&self, minor: u8, framing: Framing, deviations: Deviations) -> Option<CloseReason> {
        match framing {
            Framing::Tunnel => Some(CloseReason::Tunnel),
            Framing::UntilClose => Some(CloseReason::UntilClose),
            Framing::None | Framing::Length(_) | Framing::Chunked => {
                if self.close {
                    Some(CloseReason::Close)
                } else if minor == 0 && !self.keep_alive {
                    Some(CloseReason::Http10)
                } else if deviations.contains(Deviation::LengthInNoContent) {
                    Some(CloseReason::LengthInNoContent)
                } else {
                    None
                }
            }
        }
    }
}

/// Whether a token is that name, of 8 to 17 letters in lower case and hyphens, in any case.
#[inline(always)]
fn is<const N: usize>(token: &[u8], name: &[u8; N]) -> bool {
    let Ok(token) = <&[u8; N]>::try_from(token) else { return false };
    let parts = |bytes: &[u8; N]| {
        let middle = bytes.get(8..16).and_then(|part| part.first_chunk()).map_or(0, lower);
        (bytes.first_chunk().map_or(0, lower), middle, bytes.last_chunk().map_or(0, lower))
    };
    parts(token) == parts(name)
}

/// In lower case, if it is of a token: letters differ in this bit only, and no other two token bytes that
/// matter here do.
#[inline(always)]
const fn lower(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes) | 0x2020_2020_2020_2020
}

/// Which case of [`Class::FramingClInvalid`] an item of `Content-Length` is that holds more or less than digits, without
/// the white space around it.
#[cold]
pub(crate) fn no_number(item: &[u8]) -> Class {
    match item {
        [] => Class::FramingClEmpty,
        [b'-', ..] => Class::FramingClNegative,
        [b'+', ..] => Class::FramingClPlus,
        _ if item.iter().all(|b| matches!(b, b'0'..=b'9' | b' ' | b'\t')) => Class::FramingClSpaced,
        _ => Class::FramingClInvalid,
    }
}

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
        return Ok(number);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Class::FramingClInvalid);
    }
    digits
        .iter()
        .try_fold(0_u64, |n, &digit| n.checked_mul(10)?.checked_add(u64::from(digit & 15)))
        .ok_or(Class::FramingClOverflow)
}
