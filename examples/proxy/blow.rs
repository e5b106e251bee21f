//! One blow that hits many: what ends a connection ends each exchange on it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What fails on one connection within this time is one failure. A next hop that fails each stream by itself fails them
/// further apart.
const MOMENT: Duration = Duration::from_millis(100);

/// When something last failed that others share.
#[derive(Debug, Default)]
pub(crate) struct Blow(Mutex<Option<Instant>>);

impl Blow {
    /// An exchange failed. Whether no other did a moment ago: then it is a failure of the next hop's by itself. Each has its
    /// record all the same.
    pub(crate) fn is_first(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = last.is_none_or(|last| now.saturating_duration_since(last) > MOMENT);
        if is_first {
            *last = Some(now);
        }
        is_first
    }
}
