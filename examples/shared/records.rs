//! Where one TLS record ends and the next begins, by their headers alone (RFC 8446 section 5.1).
//!
//! A TLS library shows what it has decrypted. Half a record it keeps to itself, and the other half may be a response that
//! nobody has asked for.

/// The type, the version, and the length of what follows.
const HEADER: u8 = 5;

/// Follows the records that a peer sends, from the first byte on.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// So many bytes of a header have come.
    header: u8,
    /// What the header has said of the length so far, and then how much of that is still to come.
    left: u16,
}

impl Records {
    /// These bytes came.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.header < HEADER {
                if self.header >= 3 {
                    self.left = self.left << 8 | u16::from(*first);
                }
                self.header += 1;
                bytes = rest;
            } else {
                let more = bytes.len().min(usize::from(self.left));
                self.left = self.left.saturating_sub(u16::try_from(more).unwrap_or(u16::MAX));
                bytes = bytes.get(more..).unwrap_or_default();
            }
            if self.header == HEADER && self.left == 0 {
                *self = Self::default();
            }
        }
    }

    /// Whether a record has begun and has not ended.
    pub(crate) const fn is_within(&self) -> bool {
        self.header > 0
    }
}
