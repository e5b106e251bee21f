//! The idle connections.
//!
//! Whether one is fit for another exchange is looked for where that begins, right before its first byte is written: see
//! [`Link::look`].

use crate::connect::Link;
use crate::idle::Idle;

/// The idle connections.
pub(crate) type Pool = Idle<Link>;
