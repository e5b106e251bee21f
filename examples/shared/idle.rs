//! Connections kept alive between exchanges.
//!
//! A connection comes back only after a whole response to a whole request. Whether it may go out again is
//! for its engine to say, who can look at what has arrived on it since: a byte too many from an upstream must end that
//! connection (RFC 9112 section 6.3).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::route::Target;

/// Idle connections kept for one target.
const PER_TARGET: usize = 32;
/// How long one is kept.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// The idle connections, by the number of their target.
#[derive(Debug)]
pub(crate) struct Idle<L>(Mutex<Vec<Vec<(L, Instant)>>>);

impl<L> Default for Idle<L> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<L> Idle<L> {
    /// The one used last, if it is not too old: it is the likeliest to be alive still.
    pub(crate) fn pop(&self, target: &Target) -> Option<L> {
        loop {
            let (link, since) = self.lock().get_mut(target.number)?.pop()?;
            if since.elapsed() <= KEPT_FOR {
                return Some(link);
            }
        }
    }

    /// Gives a connection back.
    pub(crate) fn put(&self, target: &Target, link: L) {
        let mut idle = self.lock();
        if idle.len() <= target.number {
            idle.resize_with(target.number + 1, Vec::new);
        }
        let Some(links) = idle.get_mut(target.number) else { return };
        if links.len() >= PER_TARGET {
            links.remove(0);
        }
        links.push((link, Instant::now()));
    }

    /// Closes them all: somebody needs their descriptors more.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<(L, Instant)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
