//! The response body on its way through: counted, guarded, and cut visibly where it must be.
//!
//! A body that is not whole never looks whole, neither to the client nor to the pool.
//!
//! - [`Ledger`] counts bytes against the announced length. No IO, no async.
//! - [`ClientHandle`] is what an exchange asks of the client's connection: a reset ([`AbortHandle`]), a lingering close,
//!   interim responses. [`Outlet`] is where the latter may stand.
//! - [`trailers`] says which fields may not travel behind the body.
//! - `Guard` and `Guarded` (feature `http_body1`) wrap any `http_body::Body` with all of it, and
//!   `hold_first` waits a moment for the first frame, so that a fault in it can still be a 502.
//!
//! # What a server makes of the error
//!
//! A guarded body ends in an error, and the server has to turn it into a cut. hyper, and axum on it, do the right thing
//! for most clients by themselves:
//!
//! | the client has | [`decide`](crate::decide::decide()) says | hyper's server | what is left to you |
//! |---|---|---|---|
//! | HTTP/1, a `Content-Length` | `CloseShort` | closes short of it | nothing |
//! | HTTP/1.1, chunks | `NoLastChunk` | closes without the last chunk | nothing |
//! | HTTP/1.0, neither | `Reset` | closes in good order: **it looks whole** | [`AbortHandle`], in `adapters::tokio1::ClientStream` or a wrapper of your own |
//! | the same over TLS | `Reset` | closes without `close_notify` | to send none either when the stream is dropped |
//! | HTTP/2 | `StreamReset` | `RST_STREAM(INTERNAL_ERROR)` | `Guard::lingering`, or the head may be lost |
//! | HTTP/2, gRPC | `GrpcStatus` | sends the trailers | `Guard::in_trailers` |
//! | HTTP/3 | `H3StreamReset` | (there is none) | to reset the stream with this code |
//!
//! An error of another type would make hyper copy an upstream's HTTP/2 code to the client, `REFUSED_STREAM` ("not
//! processed") included. A [`Fault`](crate::Fault) has no source to find one in.
//!
//! `tests/abort` runs every row but the last, for four faults at four moments, with and without TLS.

mod abort;
mod client;
mod end;
#[cfg(feature = "http_body1")]
mod guard;
#[cfg(feature = "http_body1")]
mod guarded;
#[cfg(feature = "http_body1")]
mod hold;
mod ledger;
mod outlet;
#[cfg(feature = "http_body1")]
mod owner;
pub mod trailers;

pub use self::abort::AbortHandle;
pub use self::client::{ClientHandle, InterimSender};
pub use self::end::End;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::guard::Guard;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::guarded::Guarded;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::hold::{HoldFirst, hold_first};
pub use self::ledger::{Ledger, LedgerState};
pub use self::outlet::Outlet;
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use self::owner::{Closures, Owner};
