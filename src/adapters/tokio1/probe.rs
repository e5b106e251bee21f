//! `PROBE`: knows tokio 1's `Elapsed`.

use std::error::Error;

use tokio::time::error::Elapsed;

use crate::classify::{Cause, Finding, Probe, Sizes, downcast, may_be};

/// Knows [`Elapsed`]: somebody's patience ended. Whose, and with what, only
/// [`Exchange::phase`](crate::exchange::Exchange::phase) can tell.
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<Elapsed>();

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<Elapsed>(link) { finding(link) } else { None }
}

// Most links are not tokio's; out of line, they do not pay for this.
#[inline(never)]
fn finding<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<Elapsed>(link).map(|_| Finding::of(Cause::TimedOut))
}
