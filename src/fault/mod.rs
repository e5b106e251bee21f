//! The vocabulary: what can go wrong upstream, as plain data.
//!
//! Numbers and enums only, no text, no policy, no foreign type. What a fault *means*
//! stands in one table, that of [`FaultKind`]; what to do about it is [`decide`](crate::decide)'s business.
//! Everybody may import this room; it imports nobody.
//!
//! # With serde
//!
//! With the feature `serde1` everything that has a stable name is `Serialize` and `Deserialize` as that name, and a [`Fault`] as
//! an object with the keys of a [record](crate::reply::Record), so that one can be read from a line of the log. A fault of one
//! version is read by all later ones, because codes stay. An earlier one passes over keys that it does not know; a *word* that
//! it does not know is an error that names the word, and not a guess: whoever reads the records of a newer gateway keeps
//! such a line as text.
//!
//! "Fault" here is never fault *injection*: it is what really happened.

mod category;
mod class;
mod error_type;
mod evidence;
mod failure;
mod http2;
#[cfg(any(feature = "h3_00", feature = "quinn011"))]
mod http3;
mod kind;
pub(crate) mod names;
mod phase;
#[cfg(feature = "serde1")]
mod serde;
mod value;

pub use self::category::{Applied, Blame, Category, Prune, ReportedBy};
pub use self::class::Class;
pub use self::error_type::ErrorType;
pub use self::evidence::Evidence;
pub use self::failure::Failure;
pub(crate) use self::http2::of_goaway;
#[cfg(feature = "h2_04")]
pub(crate) use self::http2::of_reset;
#[cfg(feature = "h3_00")]
pub(crate) use self::http3::h3_code;
#[cfg(feature = "quinn011")]
pub(crate) use self::http3::quic_code;
#[cfg(any(feature = "h3_00", feature = "quinn011"))]
pub(crate) use self::http3::{h3_close, h3_reset};
pub use self::kind::FaultKind;
pub(crate) use self::kind::ToldBy;
pub use self::phase::Phase;
pub use self::value::{Code, Confidence, Fault};
