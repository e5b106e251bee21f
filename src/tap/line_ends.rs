//! `LineEnds`: where the LFs are.
//!
//! Eight bytes at a time. The search is most of what following a head costs.

/// The offsets of all LFs, in order.
pub(super) struct LineEnds<'a> {
    rest: &'a [u8],
    /// Offset of the word that `hits` is about, and the high bit of each of its bytes that is an LF.
    at: usize,
    hits: u64,
    next: usize,
}

impl<'a> LineEnds<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0, hits: 0, next: 0 }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        const ONES: u64 = u64::MAX / 255;
        const LOW: u64 = ONES.wrapping_mul(0x7f);
        const LF: u64 = ONES.wrapping_mul(b'\n' as u64);
        while self.hits == 0 {
            let word = if let Some((word, tail)) = self.rest.split_first_chunk::<8>() {
                self.rest = tail;
                u64::from_le_bytes(*word)
            } else if self.rest.is_empty() {
                return None;
            } else {
                // The last few, with zeros behind them.
                let tail = std::mem::take(&mut self.rest);
                tail.iter().rev().fold(0, |word, &b| (word << 8) | u64::from(b))
            };
            let word = word ^ LF;
            // A zero byte gets its high bit, and no carry leaves a byte.
            self.hits = !((word & LOW).wrapping_add(LOW) | word | LOW);
            self.at = self.next;
            self.next = self.next.wrapping_add(8);
        }
        let byte = (self.hits.trailing_zeros() / 8) as usize;
        self.hits &= self.hits.wrapping_sub(1);
        Some(self.at.wrapping_add(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_lf(bytes in prop::collection::vec(prop::sample::select(vec![b'\n', 0, 0x0b, 0x8a, 9, 0xff]), 0..40)) {
            let naive = bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n').map(|(n, _)| n);
            prop_assert!(LineEnds::of(&bytes).eq(naive));
        }
    }
}
