//! HTTP/1 responses as bytes, without IO: a parser for one response to one known request.
//!
//! The same bytes give the same verdict, in whatever pieces they come.
//!
//! | | |
//! |---|---|
//! | [`Parser`] | bytes in, events out; who owns the buffer |
//! | [`Limits`], [`Leniency`] | how much, how strict |
//! | [`Head`], [`Framing`], [`Trailers`] | what comes out, borrowed |
//! | [`ParseError`] | what is wrong, and at which byte |
//! | [`chunked::Decoder`] | the chunked coding by itself |
//! | [`forward`] | what a proxy may pass on |
//! | [`sniff`](fn@sniff), [`diagnose_head`] | what answered instead of HTTP; where somebody else's parser gave up |
//!
//! Not here: requests, and HTTP/0.9, which a proxy cannot tell from a TLS alert.

pub mod chunked;
mod close;
mod config;
pub(crate) mod diagnose;
mod error;
mod event;
mod facts;
pub mod forward;
mod framing;
mod framing_fields;
mod head;
mod hop;
mod leniency;
mod limits;
mod parser;
mod scan;
pub(crate) mod sniff;
mod status_line;
pub(crate) mod trailers;

pub use self::close::CloseReason;
pub use self::config::{Config, Request};
pub use self::diagnose::diagnose_head;
pub use self::error::{ParseError, Progress, Stage};
pub use self::event::{End, Eof, Event, Step};
pub use self::framing::Framing;
pub(crate) use self::framing_fields::FramingFields;
pub use self::head::{Field, Fields, Head, Slots};
pub use self::leniency::{Deviation, Deviations, Leniency};
pub use self::limits::Limits;
pub use self::parser::Parser;
pub(crate) use self::scan::{illegible, over_limit};
pub use self::sniff::{Sniffed, sniff, sniff_at_end};
pub use self::trailers::Trailers;
