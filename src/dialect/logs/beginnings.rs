//! `Beginnings`: the two bytes that the lines of a format may begin with.
//!
//! Most places of most lines begin no line of any log, and these two bytes say so. Behind the first digit of a number
//! it is the byte behind the number: a date, an address and a time differ there.

/// A set of bytes, built by the compiler.
#[derive(Clone, Copy)]
pub(super) struct Bytes([bool; 256]);

#[allow(clippy::indexing_slicing)] // a byte is less than 256
impl Bytes {
    pub(super) const fn of(bytes: &[u8]) -> Self {
        Self([false; 256]).and(bytes)
    }

    const fn and(mut self, bytes: &[u8]) -> Self {
        let mut rest = bytes;
        while let [byte, behind @ ..] = rest {
            self.0[*byte as usize] = true;
            rest = behind;
        }
        self
    }

    pub(super) const fn has(&self, byte: u8) -> bool {
        self.0[byte as usize]
    }
}

/// Every byte.
#[allow(clippy::indexing_slicing)] // a byte is less than 256
pub(super) const ANY: &[u8] = &{
    let mut bytes = [0; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        bytes[byte as usize] = byte;
        byte = byte.wrapping_sub(1);
    }
    bytes
};

/// Which bytes may stand first, and which second, from the words that a format is told by.
#[derive(Clone, Copy)]
pub(super) struct Beginnings {
    pub(super) first: Bytes,
    pub(super) second: Bytes,
}

/// The first byte, and the second; a space, where there is none.
pub(super) fn of(line: &[u8]) -> Option<(u8, u8)> {
    let (first, behind) = line.split_first()?;
    let mut rest = behind;
    while let (b'0'..=b'9', [b'0'..=b'9', after @ ..]) = (first, rest) {
        rest = after;
    }
    Some((*first, rest.first().copied().unwrap_or(b' ')))
}

impl Beginnings {
    pub(super) const NONE: Self = Self { first: Bytes::of(b""), second: Bytes::of(b"") };

    /// Whether a text may begin so.
    pub(super) fn begin(&self, text: &[u8]) -> bool {
        of(text).is_some_and(|(first, second)| self.first.has(first) && self.second.has(second))
    }

    /// And one of the first, with one of the second behind it.
    pub(super) const fn bytes(self, first: &[u8], second: &[u8]) -> Self {
        Self { first: self.first.and(first), second: self.second.and(second) }
    }

    /// And one of these words.
    pub(super) const fn words(mut self, words: &[&[u8]]) -> Self {
        let mut rest = words;
        while let [word, behind @ ..] = rest {
            if let [first, second, ..] = word {
                self = self.bytes(&[*first], &[*second]);
            }
            rest = behind;
        }
        self
    }

    /// And the words of a table.
    pub(super) const fn rows<T>(mut self, rows: &[(&[u8], T)]) -> Self {
        let mut rest = rows;
        while let [(word, _), behind @ ..] = rest {
            self = self.words(&[*word]);
            rest = behind;
        }
        self
    }
}
