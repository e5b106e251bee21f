//! The same faults in other proxies' words, and those proxies' logs read back.
//!
//! Honest both ways. A foreign word that covers several faults gives the coarser one and says so.
//!
//! - [`Dialect`]: nginx, HAProxy, Envoy, Apache, clouds, gRPC, wasi:http, browsers, .NET ...: the word for a fault, and the faults for a word.
//!   `docs/dialects.md` is the whole table.
//! - [`ErrorCode`]: the error of wasi:http, with its payload.
//! - [`logs`]: lines of their logs, read back.

mod error_code;
pub mod logs;
mod reading;
mod vocabulary;
mod words;

pub use self::error_code::{ErrorCode, Payload};
pub use self::reading::Reading;
pub use self::vocabulary::{Dialect, Word};
