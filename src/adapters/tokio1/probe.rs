//! `PROBE`: knows tokio 1's `Elapsed` and `JoinError`.

use std::error::Error;

use tokio::task::JoinError;
use tokio::time::error::Elapsed;

use crate::classify::{Cause, Finding, Probe, downcast, may_be};
use crate::fault::FaultKind;

/// Knows [`Elapsed`]: somebody's patience ended. Whose, and with what, only
/// [`Exchange::phase`](crate::exchange::Exchange::phase) can tell. And [`JoinError`]: a task of the gateway's own panicked, or was
/// aborted.
pub const PROBE: Probe = probe;

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<Elapsed>(link) || may_be::<JoinError>(link) { finding(link) } else { None }
}

// Most links are not tokio's; out of line, they do not pay for this.
#[inline(never)]
fn finding<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if downcast::<JoinError>(link).is_some() {
        return Some(Finding::of(FaultKind::ProxyInternal));
    }
    downcast::<Elapsed>(link).map(|_| Finding::of(Cause::TimedOut))
}
