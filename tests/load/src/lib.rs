//! What the programs of this package share: processes that end with their owner.

pub mod process;
