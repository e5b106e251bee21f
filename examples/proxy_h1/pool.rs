//! Which idle connection is fit for another exchange.
//!
//! Nothing has arrived on it since the last one, neither read nor unread.

use crate::connect::Link;
use crate::idle::Idle;
use crate::route::Target;

/// The idle connections.
pub(crate) type Pool = Idle<Link>;

impl Pool {
    /// A connection that is fit for another exchange, if there is one.
    pub(crate) fn take(&self, target: &Target) -> Option<Link> {
        loop {
            let link = self.pop(target)?;
            if link.buffer.unread().is_empty() && link.wire.is_quiet() {
                return Some(link);
            }
        }
    }
}
