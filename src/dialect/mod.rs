//! The same faults in other proxies' words, and those proxies' logs read back.
//!
//! Its one rule: honest both ways. A foreign word that covers several faults gives the coarser one and says so.

pub mod logs;
mod reading;
mod vocabulary;
mod words;

pub use self::reading::Reading;
pub use self::vocabulary::{Dialect, Word};
