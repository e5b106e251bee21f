//! HTTP/1 responses as bytes, without IO: what a head is, and what only looks like one.
//!
//! Its one rule: the same bytes give the same verdict, in whatever pieces they come.

pub mod diagnose;
pub mod sniff;

pub use self::diagnose::diagnose_head;
pub use self::sniff::{Sniffed, sniff};
