//! Passive ejection: a next hop that failed several times in a row is left alone for a while.
//!
//! Only an outcome that says something about the next hop moves it. Who is ejected comes back by one
//! request at a time that went well, and by no clock alone.
//!
//! It reads no clock and makes no connection: times are arguments, so that both engines share it and a test needs
//! no waiting.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use badgateway::body::End;
use badgateway::decide::health::counts;
use badgateway::exchange::{Exchange, Forwarded};
use badgateway::fault::{Fault, FaultKind};

/// So many next hops that fail are kept in mind. Those that do well take no room at all.
pub(crate) const HOPS: usize = 1024;

/// Whether a request may go to a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admit {
    /// It may.
    Yes,
    /// It may, and what becomes of it decides for all the others. Until then, they may not.
    Probe,
    /// It may not.
    No {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
}

/// Who is ejected, by next hop.
#[derive(Debug)]
pub(crate) struct Eject<K> {
    after: u32,
    span: Duration,
    failing: Mutex<HashMap<K, State>>,
}

/// A next hop whose last outcome was a failure. One that does well has no state.
#[derive(Clone, Copy, Debug)]
struct State {
    /// In a row.
    failures: u32,
    stage: Stage,
    /// When it was last moved, to know who is to be forgotten first.
    at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Counting,
    Ejected {
        until: Instant,
    },
    /// A probe is on its way. One that is not heard of for as long as an ejection takes was lost: a probe that hangs
    /// must not keep the next hop out for ever.
    Probing {
        until: Instant,
    },
}

impl<K: Eq + Hash + Clone> Eject<K> {
    /// Ejects after that many counted failures in a row, for that long. After 0, nobody is ever ejected.
    pub(crate) fn new(after: u32, span: Duration) -> Self {
        Self { after, span, failing: Mutex::default() }
    }

    /// Whether anybody is ever ejected. If not, there is nothing to ask and nothing to report.
    pub(crate) fn is_on(&self) -> bool {
        self.after > 0
    }

    /// Whether a request may go there now.
    pub(crate) fn admit(&self, next_hop: &K, now: Instant) -> Admit {
        let mut failing = self.failing();
        let Some(state) = failing.get_mut(next_hop) else { return Admit::Yes };
        let (Stage::Ejected { until } | Stage::Probing { until }) = state.stage else { return Admit::Yes };
        let left = until.saturating_duration_since(now);
        if left.is_zero() {
            state.stage = Stage::Probing { until: now + self.span };
            state.at = now;
            Admit::Probe
        } else {
            Admit::No { retry_after: left }
        }
    }

    /// Whether the next hop may be asked by this exchange, and whether the answer decides for all others.
    ///
    /// # Errors
    ///
    /// It failed too often of late, and is left alone for a while.
    pub(crate) fn ask(&self, next_hop: &K, exchange: &mut Exchange, now: Instant) -> Result<bool, Fault> {
        if !self.is_on() {
            return Ok(false);
        }
        match self.admit(next_hop, now) {
            Admit::Yes => Ok(false),
            Admit::Probe => Ok(true),
            Admit::No { retry_after } => {
                exchange.retry_after = Some(retry_after);
                exchange.sent = Some(0);
                Err(Fault::new(FaultKind::NoHealthyUpstream))
            }
        }
    }

    /// An exchange is over. A response of the next hop's own with 503 went well, too. Once for each exchange, however
    /// often it was tried.
    pub(crate) fn settle(&self, next_hop: &K, end: &End, exchange: &Exchange, now: Instant) {
        match end {
            End::Whole => self.report(next_hop, false, now),
            // Who left in the middle of a body had got a good answer until then.
            End::Dropped if matches!(exchange.forwarded, Forwarded::Head { .. }) => self.report(next_hop, false, now),
            End::Failed(fault) if counts(fault, exchange) => self.report(next_hop, true, now),
            // A client that leaves a silent next hop must not make it look well.
            End::Failed(_) | End::Dropped => self.withdraw(next_hop, now),
        }
    }

    /// The next hop did well, or failed in a way that counts against it.
    pub(crate) fn report(&self, next_hop: &K, counts_against: bool, now: Instant) {
        if !self.is_on() {
            return;
        }
        let mut failing = self.failing();
        let known = failing.get(next_hop).copied();
        match (known.map(|state| state.stage), counts_against) {
            // Of a request from before the ejection. It neither ends it nor makes it longer.
            (Some(Stage::Ejected { .. }), _) | (None, false) => {}
            (Some(Stage::Counting | Stage::Probing { .. }), false) => drop(failing.remove(next_hop)),
            (None | Some(Stage::Counting | Stage::Probing { .. }), true) => {
                let failures = known.map_or(0, |state| state.failures).saturating_add(1);
                let stage =
                    if failures >= self.after { Stage::Ejected { until: now + self.span } } else { Stage::Counting };
                if known.is_none() && failing.len() >= HOPS {
                    forget_the_oldest(&mut failing);
                }
                failing.insert(next_hop.clone(), State { failures, stage, at: now });
            }
        }
    }

    /// An exchange ended without a word on the next hop: the client left, or we are out of descriptors. If it was
    /// the probe, the next request is.
    pub(crate) fn withdraw(&self, next_hop: &K, now: Instant) {
        if let Some(state) = self.failing().get_mut(next_hop) {
            if matches!(state.stage, Stage::Probing { .. }) {
                state.stage = Stage::Ejected { until: now };
            }
        }
    }

    fn failing(&self) -> MutexGuard<'_, HashMap<K, State>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for one. At worst a next hop is asked that could have been spared.
fn forget_the_oldest<K: Eq + Hash + Clone>(failing: &mut HashMap<K, State>) {
    if let Some(oldest) = failing.iter().min_by_key(|(_, state)| state.at).map(|(hop, _)| hop.clone()) {
        failing.remove(&oldest);
    }
}
