//! One blow that hits many: what ends a connection ends each exchange on it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether it was counted, by whichever exchange came first. Each has its record all the same.
#[derive(Debug, Default)]
pub(crate) struct Blow(AtomicBool);

impl Blow {
    /// An exchange failed with what ends all the others as well. Whether it is the first of them.
    pub(crate) fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}
