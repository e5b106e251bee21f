//! tower 0.5: what its `timeout` and `load_shed` layers end a call with.
//!
//! Its one rule: a layer's error says that the gateway's own patience or room ended, never what the next hop did.
//!
//! | tower | becomes |
//! |---|---|
//! | `timeout::error::Elapsed` | a timeout of the exchange's [phase](crate::Exchange::phase); without one, [`FaultKind::ResponseTimeout`]: 504 |
//! | `load_shed::error::Overloaded` | [`FaultKind::ConnectionLimit`]: 503, and the request was not sent |
//! | `buffer::error::ServiceError` | what it wraps, by its `source()`, with this feature or without |
//! | `limit`, `steer`, `retry` | no errors of their own: they wait, or pass on those of the service |
//!
//! `buffer::error::Closed` is not known here, because it would bring in all of tower's `buffer` feature. Who has that knows it with
//!
//! ```
//! use badgateway::classify::{Finding, downcast};
//! use badgateway::fault::FaultKind;
//!
//! // The worker is gone: a panic of the service, or a runtime that is being shut down.
//! let gateway = badgateway::Gateway::new("edge-1.example").unwrap().with_probe(|link| {
//!     downcast::<tower::buffer::error::Closed>(link).map(|_| Finding::of(FaultKind::ProxyInternal))
//! });
//! # let _ = gateway;
//! ```

use std::error::Error;

use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;

use crate::classify::{Cause, Finding, Probe, downcast, may_be};
use crate::fault::FaultKind;

/// Knows [`Elapsed`] and [`Overloaded`]. Every [`Gateway`](crate::Gateway) has it.
///
/// ```
/// use badgateway::{FaultKind, classify};
/// assert_eq!(classify(&tower::timeout::error::Elapsed::new()).kind(), FaultKind::ResponseTimeout);
/// assert_eq!(classify(&tower::load_shed::error::Overloaded::new()).kind(), FaultKind::ConnectionLimit);
/// ```
pub const PROBE: Probe = probe;

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if may_be::<Elapsed>(link) || may_be::<Overloaded>(link) { known(link) } else { None }
}

// Most links are not tower's; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if downcast::<Elapsed>(link).is_some() {
        return Some(Finding::of(Cause::TimedOut));
    }
    downcast::<Overloaded>(link).map(|_| Finding::of(FaultKind::ConnectionLimit))
}
