//! `Facts`: what the fields of one head say of its content and of its connection.

use super::close::CloseReason;
use super::config::Request;
use super::error::Flaw;
use super::framing::Framing;
use super::framing_fields::FramingFields;
use super::leniency::{Deviation, Deviations, Leniency};

/// As far as the head was read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    framing: FramingFields,
    close: bool,
    keep_alive: bool,
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
            self.framing.content_length(value, at);
        } else if is(name, b"connection") {
            if value == b"keep-alive" {
                self.keep_alive = true;
            } else {
                self.connection(value);
            }
        } else if is(name, b"transfer-encoding") {
            self.framing.transfer_encoding(value, at);
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

    /// `Content-Length`, if it is valid.
    pub(super) fn length(&self) -> Option<u64> {
        self.framing.length()
    }

    /// The decision for a final response, or for an interim one that is to be passed over. What it
    /// finds is in the order of RFC 9112 section 6.3.
    #[inline(always)]
    pub(super) fn decide(
        &self,
        code: u16,
        minor: u8,
        request: Request,
        leniency: &Leniency,
        deviations: &mut Deviations,
    ) -> Result<Framing, Flaw> {
        if code == 200 && !request.is_connect() && !request.is_head() {
            // What most responses are.
            if let Some(framing) = self.framing.plain(minor) {
                return Ok(framing);
            }
        }
        self.decide_by_all_rules(code, minor, request, leniency, deviations)
    }

    #[inline(never)]
    fn decide_by_all_rules(
        &self,
        code: u16,
        minor: u8,
        request: Request,
        leniency: &Leniency,
        deviations: &mut Deviations,
    ) -> Result<Framing, Flaw> {
        let tunnel = code == 101 || (request.is_connect() && (200..300).contains(&code));
        if self.framing.are_there() && (tunnel || code < 200 || code == 204) {
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
        if let Err((class, at)) = self.framing.check(minor, leniency.empty_codings, deviations) {
            if !(no_content && leniency.lengths_without_content) {
                return Err(Flaw::new(class, at as usize));
            }
            deviations.insert(Deviation::LengthInNoContent);
        }
        Ok(if no_content { Framing::None } else { self.framing.framing() })
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
