//! The same faults in other proxies' words, and those proxies' logs read back.
//!
//! Honest both ways. A foreign word that covers several faults gives the coarser one and says so.
//!
//! - [`Dialect`]: nginx, HAProxy, Envoy, Apache, clouds, gRPC, wasi:http ...: the word for a fault, and the faults for a word.
//!   `docs/dialects.md` is the whole table.
//! - [`logs`]: lines of their logs, read back.

pub mod logs;
mod reading;
mod vocabulary;
mod words;

pub use self::reading::Reading;
pub use self::vocabulary::{Dialect, Word};
