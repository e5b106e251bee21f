//! What each fuzz target does with its bytes: one function `run(&[u8])` a target, which asserts.
//!
//! Their one rule: nothing is thrown away. A body that only calls something would find panics and
//! nothing else.

pub mod answer;
pub mod audit_request;
pub mod chunked;
pub mod frames;
pub mod h1_accepts;
pub mod h1_differential;
pub mod h1_model;
pub mod h1_split;
#[cfg(feature = "http_body1")]
pub mod in_flight;
pub mod logs;
pub mod tap;
pub mod templates;

mod message;
mod model;
mod peer;

/// The inputs are cut to this, in case somebody runs with a larger `-max_len`: below the limits on bytes, so
/// that the models need not know them.
pub const MAX_INPUT: usize = 4096;

/// A number generator for pieces: small, the same everywhere.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A seed that depends on every byte, so that the pieces are the input's own.
pub fn seed(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// Reads the choices that stand before, or among, the bytes. At the end everything is zero.
#[derive(Clone, Debug)]
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    pub fn number(&mut self) -> u64 {
        (0..8).fold(0, |n, _| n << 8 | u64::from(self.byte()))
    }

    /// At most `n` bytes.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A short text: one byte of length, then so many bytes.
    pub fn text(&mut self) -> &'a [u8] {
        let n = usize::from(self.byte());
        self.take(n)
    }
}

/// For messages of failed assertions.
pub fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
