//! Connections kept alive between exchanges.
//!
//! Its one rule: a connection comes back only after a whole response, and goes out again only if
//! nothing has arrived on it since. A byte too many from an upstream must end that connection
//! (RFC 9112 section 6.3).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::connect::Link;
use crate::route::Target;

/// Idle connections kept for one target.
const IDLE_PER_TARGET: usize = 32;
/// How long one is kept.
const IDLE_FOR: Duration = Duration::from_secs(30);
/// How long hyper may take to see that the last exchange on it is over.
const READY: Duration = Duration::from_millis(100);

/// The idle connections.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<HashMap<Target, Vec<(Link, Instant)>>>,
}

impl Pool {
    /// A connection that is fit for another exchange, if there is one.
    pub(crate) async fn take(&self, target: &Target) -> Option<Link> {
        loop {
            let (mut link, since) = self.pop(target)?;
            if since.elapsed() > IDLE_FOR || !link.tap.is_idle_clean() {
                continue;
            }
            if matches!(timeout(READY, link.sender.ready()).await, Ok(Ok(()))) && link.tap.is_idle_clean() {
                return Some(link);
            }
        }
    }

    /// Gives a connection back after a whole response on it.
    pub(crate) fn put(&self, target: &Target, link: Link) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let links = idle.entry(target.clone()).or_default();
        if links.len() >= IDLE_PER_TARGET {
            links.remove(0);
        }
        links.push((link, Instant::now()));
    }

    /// Closes them all: somebody needs their descriptors more.
    pub(crate) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The one used last: it is the likeliest to be alive still.
    fn pop(&self, target: &Target) -> Option<(Link, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(target)?.pop()
    }
}
