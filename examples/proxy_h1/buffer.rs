//! Bytes that have arrived and are not used yet.
//!
//! It grows only while the parser asks for more of one piece, which the parser's limits
//! bound, and it moves bytes only when there is no room behind them.

/// A buffer that is filled at its end and used from its beginning.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// Room at first. Most responses' heads take less.
const FIRST: usize = 16 * 1024;
/// Less room than this behind the bytes makes it grow.
const LOW: usize = 2 * 1024;

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: vec![0; FIRST], start: 0, end: 0 }
    }
}

impl Buffer {
    /// What is not used yet.
    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Room for more; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.bytes.len() - self.end < LOW {
            if self.start >= self.bytes.len() / 2 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            } else {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// That many bytes were put into the room.
    pub(crate) fn filled(&mut self, n: usize) {
        self.end = (self.end + n).min(self.bytes.len());
    }

    /// That many bytes were used.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }
}
