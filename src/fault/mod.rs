//! The vocabulary: what can go wrong upstream, as plain data.
//!
//! Numbers and enums only, no text, no policy, no foreign type. What a fault *means*
//! stands in one table, that of [`FaultKind`]; what to do about it is [`decide`](crate::decide)'s business.
//! Everybody may import this room; it imports nobody.
//!
//! "Fault" here is never fault *injection*: it is what really happened.

mod category;
mod class;
mod error_type;
mod evidence;
mod failure;
mod http2;
mod kind;
pub(crate) mod names;
mod phase;
mod value;

pub use self::category::{Applied, Blame, Category, ReportedBy};
pub use self::class::Class;
pub use self::error_type::ErrorType;
pub use self::evidence::Evidence;
pub use self::failure::Failure;
pub(crate) use self::http2::of_goaway;
#[cfg(feature = "h2_04")]
pub(crate) use self::http2::of_reset;
pub use self::kind::FaultKind;
pub(crate) use self::kind::ToldBy;
pub use self::phase::Phase;
pub use self::value::{Code, Confidence, Fault};
