//! What stands behind an error that hides its cause: `Variant(` in its `Debug`, and the number at the end of its `Display`.
//!
//! `#[error(transparent)]` hands on the `source()` of the error it wraps, so that this one is skipped, and some crates (awc,
//! actix, SOCKS in hyper-util) have no `source()` at all. What the standard library and the derive macros write is fixed, and
//! text of a peer's stands in quotes there. It is read from the first byte on, and never searched.

use std::error::Error;
use std::fmt::{self, Write};
use std::io::{self, ErrorKind};
use std::str::from_utf8;

use super::finding::Finding;
use super::system;
use super::text::{self, Prefix};
use crate::fault::{Fault, FaultKind, Phase};

/// The most wrappers that are opened: `DispatchFailure(DispatchFailure { source: ConnectorError { kind: ...` has three.
pub(super) const WRAPPERS: usize = 8;

/// What a link that nobody knows hides, and its error number.
pub(super) fn look(link: &(dyn Error + 'static), debug: &Prefix) -> Option<(Finding<'static>, Option<i32>)> {
    let source = link.source();
    let within = inner(debug.text(), source.is_none());
    if (within.is_some() || source.is_none()) && debug.is_message_of(link) {
        return None;
    }
    match (within, source) {
        (Some(Within::Named(name, finding)), Some(source)) => {
            // The next link says it by itself.
            if text::begins(&source, name) { None } else { Some((finding.by_text(), None)) }
        }
        (Some(Within::Named(_, finding)), None) => Some((finding.by_text(), None)),
        (Some(Within::System(finding, errno)), _) => Some((finding.by_text(), errno)),
        (None, Some(_)) => None,
        (None, None) => by_last_number(link).map(|(finding, errno)| (finding.by_text(), Some(errno))),
    }
}

enum Within {
    Named(&'static str, Finding<'static>),
    System(Finding<'static>, Option<i32>),
}

/// What stands behind the wrappers of a `Debug`. What `std` writes counts only where the link has no source: there it is the
/// next link.
fn inner(debug: &[u8], has_no_source: bool) -> Option<Within> {
    let mut rest = debug;
    let mut found = None;
    for _ in 0..WRAPPERS {
        let Some(next) = unwrapped(rest) else { break };
        if let Some((kind, behind)) = custom(next) {
            if has_no_source {
                found = system::cause(kind, None).map(|cause| Within::System(Finding::of(cause), None)).or(found);
            }
            rest = behind;
        } else {
            rest = next;
        }
        if let Some((name, finding)) = text::name(rest) {
            return Some(Within::Named(name, finding));
        }
        if has_no_source {
            if let Some(said) = standard(rest) {
                return Some(said);
            }
        }
    }
    found
}

/// What is in `Name(`, or in `Name { field: `.
pub(super) fn unwrapped(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = word(text);
    if name.is_empty() {
        return None;
    }
    rest.strip_prefix(b"(").or_else(|| {
        let (field, rest) = word(rest.strip_prefix(b" { ")?);
        if field.is_empty() { None } else { rest.strip_prefix(b": ") }
    })
}

/// The letters, digits, underscores and colons that a text begins with: a path.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .zip(text.iter().skip(1).chain(b"$"))
        // The colon behind a field's name is none of a path.
        .position(|(&byte, &next)| !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':' && next != b' '));
    text.split_at(end.unwrap_or(text.len()))
}

/// `Custom { kind: NotFound, error: `, and what stands behind it.
fn custom(text: &[u8]) -> Option<(ErrorKind, &[u8])> {
    let (kind, rest) = word(text.strip_prefix(b"Custom { kind: ")?);
    Some((named_kind(kind)?, rest.strip_prefix(b", error: ")?))
}

/// An `io::Error` of the system's, one of a kind alone, or a fault of ours.
fn standard(text: &[u8]) -> Option<Within> {
    if let Some(rest) = text.strip_prefix(b"Os { code: ") {
        let errno = number(rest)?;
        let (_, cause) = system::read(&io::Error::from_raw_os_error(errno));
        return Some(Within::System(cause.map_or(Finding::new(), Finding::of), Some(errno)));
    }
    if let Some(rest) = text.strip_prefix(b"Kind(") {
        let cause = system::cause(named_kind(word(rest).0)?, None)?;
        return Some(Within::System(Finding::of(cause), None));
    }
    let (code, rest) = word(text.strip_prefix(b"Fault(")?);
    let kind: FaultKind = from_utf8(code).ok()?.parse().ok()?;
    let phase = rest.strip_prefix(b" in ").map(|rest| word(rest).0).and_then(|phase| from_utf8(phase).ok());
    let phase: Phase = phase.and_then(|phase| phase.parse().ok()).unwrap_or(kind.phase());
    Some(Within::System(Finding::of(Fault::new(kind)).at(phase), None))
}

fn number(text: &[u8]) -> Option<i32> {
    // What comes behind it is a comma, which ends the text.
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    from_utf8(text.get(..end)?).ok()?.parse().ok()
}

fn named_kind(name: &[u8]) -> Option<ErrorKind> {
    KINDS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, kind)| *kind)
}

/// Those that a cause is made of, and those that are wrapped around one.
#[rustfmt::skip]
const KINDS: &[(&str, ErrorKind)] = &[
    ("ConnectionRefused", ErrorKind::ConnectionRefused), ("ConnectionReset", ErrorKind::ConnectionReset),
    ("ConnectionAborted", ErrorKind::ConnectionAborted), ("BrokenPipe", ErrorKind::BrokenPipe),
    ("NotConnected", ErrorKind::NotConnected), ("WriteZero", ErrorKind::WriteZero), ("TimedOut", ErrorKind::TimedOut),
    ("WouldBlock", ErrorKind::WouldBlock), ("UnexpectedEof", ErrorKind::UnexpectedEof),
    ("HostUnreachable", ErrorKind::HostUnreachable), ("NetworkUnreachable", ErrorKind::NetworkUnreachable),
    ("NetworkDown", ErrorKind::NetworkDown), ("AddrInUse", ErrorKind::AddrInUse),
    ("AddrNotAvailable", ErrorKind::AddrNotAvailable), ("OutOfMemory", ErrorKind::OutOfMemory),
    ("Other", ErrorKind::Other), ("InvalidData", ErrorKind::InvalidData), ("InvalidInput", ErrorKind::InvalidInput),
];

/// `(os error 104)` at the very end of a message: the standard library's, whoever wrote what stands before. It does not prove
/// that a number of connecting is one, because the message may quote others.
fn by_last_number(link: &(dyn Error + 'static)) -> Option<(Finding<'static>, i32)> {
    let mut end = End::new();
    write!(end, "{link}").ok()?;
    let errno = end.text().strip_suffix(b")")?;
    let digits = errno.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = errno.split_at(errno.len().checked_sub(digits)?);
    if !before.ends_with(b"(os error ") {
        return None;
    }
    let errno = from_utf8(digits).ok()?.parse().ok()?;
    let mut finding = Finding::of(system::read(&io::Error::from_raw_os_error(errno)).1?);
    finding.connected = true;
    Some((finding, errno))
}

/// The last bytes of a text that is not too long.
pub(super) struct End {
    bytes: [u8; Self::KEPT],
    len: usize,
    room: usize,
}

impl End {
    const KEPT: usize = 64;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::KEPT], len: 0, room: 1024 }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for End {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
        let text = text.as_bytes();
        let text = text.get(text.len().saturating_sub(Self::KEPT)..).unwrap_or_default();
        let kept = self.len.min(Self::KEPT.saturating_sub(text.len()));
        let surplus = self.len.saturating_sub(kept);
        self.bytes.rotate_left(surplus.min(Self::KEPT));
        self.len = kept;
        for (slot, &byte) in self.bytes.iter_mut().skip(kept).zip(text) {
            *slot = byte;
            self.len = self.len.saturating_add(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers() {
        let open = |text: &'static str| unwrapped(text.as_bytes()).map(|rest| from_utf8(rest).unwrap_or_default());
        assert_eq!(open("Io(Os {"), Some("Os {"));
        assert_eq!(open("a::B { source: C"), Some("C"));
        assert_eq!(open("Empty"), None);
        assert_eq!(open("(x)"), None);
        assert_eq!(open("\"text\""), None);
        assert_eq!(open("Two { "), None);
    }

    #[test]
    fn the_last_bytes() {
        for (pieces, want) in [
            (&["", "ab", "c"][..], "abc"),
            (
                &["0123456789012345678901234567890123456789012345678901234567890123", "xy"],
                "23456789012345678901234567890123456789012345678901234567890123xy",
            ),
        ] {
            let mut end = End::new();
            for piece in pieces {
                assert!(end.write_str(piece).is_ok());
            }
            assert_eq!(end.text(), want.as_bytes());
        }
        let mut end = End::new();
        assert!(end.write_str(&"x".repeat(1025)).is_err());
    }
}
