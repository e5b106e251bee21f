//! The vocabulary: what can go wrong upstream, as plain data.
//!
//! Numbers and enums only, no text, no policy, no foreign type. What a fault *means*
//! stands in one table, [`kind`]; what to do about it is [`decide`](crate::decide)'s business.
//! Everybody may import this room; it imports nobody.
//!
//! "Fault" here is never fault *injection*: it is what really happened.

pub mod category;
pub mod class;
pub mod error_type;
pub mod evidence;
pub mod failure;
pub mod kind;
pub(crate) mod names;
pub mod phase;
mod value;

pub use self::category::{Applied, Blame, Category, ReportedBy};
pub use self::class::Class;
pub use self::error_type::ErrorType;
pub use self::evidence::Evidence;
pub use self::failure::Failure;
pub use self::kind::FaultKind;
pub(crate) use self::kind::ToldBy;
pub use self::phase::Phase;
pub use self::value::{Code, Confidence, Fault};
