//! Codes of HTTP/2 (RFC 9113 section 7), by number and by the names that libraries give them.

use crate::dialect::Reading;
use crate::fault::names::h2_name;
use crate::fault::{Code, FaultKind};

use super::Told;

/// What the peer meant that reset a stream so.
pub(super) const fn reset(code: u32) -> Reading {
    match code {
        7 => Reading::exact(FaultKind::StreamRefused),
        11 => Reading::exact(FaultKind::EnhanceYourCalm),
        13 => Reading::exact(FaultKind::Http11Required),
        _ => Reading::coarse(FaultKind::StreamReset, &[FaultKind::Goaway]),
    }
}

/// Of a code that was not told.
pub(super) const SOME_RESET: Reading = Reading::coarse(
    FaultKind::StreamReset,
    &[FaultKind::StreamRefused, FaultKind::Goaway, FaultKind::EnhanceYourCalm, FaultKind::Http11Required],
);

/// The code whose name stands there, or whose number.
pub(super) fn code(text: &[u8]) -> Option<u32> {
    if let Some((code, _)) = super::cut::number(text) {
        return Some(code);
    }
    let end =
        text.iter().position(|b| !(b.is_ascii_uppercase() || *b == b'_' || b.is_ascii_digit())).unwrap_or(text.len());
    let name = text.get(..end)?;
    (0..)
        .map_while(|code| h2_name(code).map(|known| (code, known)))
        .find(|(_, known)| known.as_bytes() == name)
        .map(|(code, _)| code)
}

/// A stream that was reset with the code that stands there.
pub(super) fn told<'a>(text: &[u8]) -> Told<'a> {
    match code(text) {
        Some(code) => Told::with_code(reset(code), Some(Code::H2(code))),
        None => Told::that(SOME_RESET),
    }
}
