//! HTTP/2 next hops, by frames made by hand: no library misbehaves well enough.
//!
//! A [`Script`] is data, like everything else that a behaviour does. HPACK's reader is a library's; what is written needs
//! none, but for what is wrong on purpose.

mod connection;
mod frame;
mod script;
mod table;

pub(super) use self::connection::play;
pub(super) use self::script::Script;
pub use self::table::HTTP2_BEHAVIOURS;

pub(super) use self::frame::{Frame, Kind, PREFACE, block, flags};
