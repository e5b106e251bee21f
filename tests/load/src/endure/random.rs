//! Random numbers that are the same in every run: xorshift64*.
//!
//! No run depends on luck that cannot be had again.

/// A generator.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below a bound, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = (self.next() >> 32) as u8;
        }
    }

    /// One of a list, by weight.
    pub(crate) fn weighted(&mut self, list: &[(usize, u32)]) -> Option<usize> {
        let total: u64 = list.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut at = self.below(total.max(1));
        list.iter()
            .find(|(_, weight)| {
                let here = at < u64::from(*weight);
                at = at.saturating_sub(u64::from(*weight));
                here
            })
            .map(|(n, _)| *n)
    }
}
