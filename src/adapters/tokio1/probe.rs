//! `PROBE`: knows tokio 1's `Elapsed`.

use std::error::Error;

use crate::classify::{Cause, Finding, Probe, downcast};

/// Knows [`tokio::time::error::Elapsed`]: somebody's patience ended. Whose, and with what, only
/// [`Exchange::phase`](crate::exchange::Exchange::phase) can tell.
pub const PROBE: Probe = probe;

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<tokio::time::error::Elapsed>(link).map(|_| Finding::of(Cause::TimedOut))
}
