//! Connections kept alive between exchanges.
//!
//! Its one rule: a connection comes back only after a whole response to a whole request, and goes out
//! again only if nothing has arrived on it since. A byte too many from an upstream must end that
//! connection (RFC 9112 section 9.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::connect::Link;
use crate::route::Target;

/// Idle connections kept for one target.
const IDLE_PER_TARGET: usize = 32;
/// How long one is kept.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// The idle connections.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<HashMap<Target, Vec<(Link, Instant)>>>,
}

impl Pool {
    /// A connection that is fit for another exchange, if there is one.
    pub(crate) fn take(&self, target: &Target) -> Option<Link> {
        loop {
            let (link, since) = self.pop(target)?;
            if since.elapsed() <= IDLE_FOR && link.buffer.unread().is_empty() && link.wire.is_quiet() {
                return Some(link);
            }
        }
    }

    /// Gives a connection back.
    pub(crate) fn put(&self, target: &Target, link: Link) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !idle.contains_key(target) {
            idle.insert(target.clone(), Vec::new());
        }
        let Some(links) = idle.get_mut(target) else { return };
        if links.len() >= IDLE_PER_TARGET {
            links.remove(0);
        }
        links.push((link, Instant::now()));
    }

    /// The one used last: it is the likeliest to be alive still.
    fn pop(&self, target: &Target) -> Option<(Link, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(target)?.pop()
    }
}
