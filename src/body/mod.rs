//! The response body on its way through: counted, guarded, and cut visibly where it must be.
//!
//! Its one rule: a body that is not whole never looks whole, neither to the client nor to the pool.
//!
//! - [`Ledger`] counts bytes against the announced length. No IO, no async.
//! - [`AbortHandle`] tells the owner of the client's socket that the next close must be a reset.
//! - [`trailers`] says which fields may not travel behind the body.
//! - `Guard` and `Guarded` (feature `http_body1`) wrap any `http_body::Body` with all of it, and
//!   `hold_first` waits a moment for the first frame, so that a fault in it can still be a 502.

mod abort;
#[cfg(feature = "http_body1")]
mod guard;
#[cfg(feature = "http_body1")]
mod guarded;
#[cfg(feature = "http_body1")]
mod hold;
mod ledger;
pub mod trailers;

pub use self::abort::AbortHandle;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::guard::Guard;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::guarded::{End, Guarded};
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::hold::{HoldFirst, hold_first};
pub use self::ledger::{Ledger, LedgerState};
