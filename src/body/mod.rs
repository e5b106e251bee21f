//! The response body on its way through: counted, guarded, and cut visibly where it must be.
//!
//! Its one rule: a body that is not whole never looks whole, neither to the client nor to the pool.
//!
//! - [`Ledger`] counts bytes against the announced length. No IO, no async.
//! - [`AbortHandle`] tells the owner of the client's socket that the next close must be a reset.
//! - [`trailers`] says which fields may not travel behind the body.

mod abort;
#[cfg(feature = "http_body1")]
mod guarded;
mod ledger;
pub mod trailers;

pub use self::abort::AbortHandle;
pub use self::ledger::{Ledger, LedgerState};
