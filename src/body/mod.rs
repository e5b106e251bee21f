//! TODO

mod abort;
#[cfg(feature = "http_body1")]
mod guarded;
mod ledger;
