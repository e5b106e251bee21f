//! Which idle connection is fit for another exchange.
//!
//! Nothing has arrived on it since the last one, as far as the tap has seen and hyper knows. What they do not know of yet
//! is looked for right before the request is written: see [`turn`](crate::turn).

use std::time::Duration;

use tokio::time::timeout;

use crate::connect::Link;
use crate::idle::Idle;
use crate::route::Target;

/// How long hyper may take to see that the last exchange on it is over.
const READY: Duration = Duration::from_millis(100);

/// The idle connections.
pub(crate) type Pool = Idle<Link>;

impl Pool {
    /// A connection that is fit for another exchange, if there is one.
    pub(crate) async fn take(&self, target: &Target) -> Option<Link> {
        loop {
            let mut link = self.pop(target)?;
            if !link.is_quiet() {
                continue;
            }
            if matches!(timeout(READY, link.sender.ready()).await, Ok(Ok(()))) && link.is_quiet() {
                return Some(link);
            }
        }
    }
}
