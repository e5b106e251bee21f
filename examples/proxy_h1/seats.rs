//! Who may be served at the same time, and who has to go where others wait.
//!
//! A client that has sent no request yet costs a seat as any other. Where seats are scarce such clients have less time, and
//! where there is none left the one that has waited longest gives up its own: a thousand idle connections must keep
//! nobody out.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Clients at the same time.
const CLIENTS: usize = 1024;
/// From so many on they are scarce.
const CROWD: usize = CLIENTS / 4 * 3;
/// How long a client may take for a request head, the time between two requests included.
const HEAD: Duration = Duration::from_secs(30);
/// The same where seats are scarce.
const HEAD_IN_A_CROWD: Duration = Duration::from_secs(5);
/// Who asks for something more often than that is not idle.
const IDLE: Duration = Duration::from_secs(2);
/// How long a client that has to go may take to do so, before the next one has to.
const GOING: Duration = Duration::from_millis(50);

/// The seats.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// Who waits for the head of a request, by the order in which they began to.
    waiting: BTreeMap<u64, (Arc<TcpStream>, Instant)>,
    begun: u64,
    /// Nobody new is served any more.
    closing: bool,
}

impl Seats {
    /// Waits for a seat, and has the oldest idle client leave its own. `None` once they are [closed](Self::close).
    pub(crate) fn take(self: &Arc<Self>) -> Option<Seat> {
        let mut state = self.lock();
        while state.taken >= CLIENTS && !state.closing {
            state.spare();
            state = self.freed.wait_timeout(state, GOING).unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.closing {
            return None;
        }
        state.taken += 1;
        Some(Seat(Arc::clone(self)))
    }

    /// A seat for somebody who had come before they were closed, if there is one.
    pub(crate) fn take_late(self: &Arc<Self>) -> Option<Seat> {
        let mut state = self.lock();
        let is_free = state.taken < CLIENTS;
        state.taken += usize::from(is_free);
        is_free.then(|| Seat(Arc::clone(self)))
    }

    /// Has the oldest idle client leave, for its descriptor.
    pub(crate) fn spare(&self) {
        self.lock().spare();
    }

    /// This client waits for the head of a request from now on.
    pub(crate) fn wait(&self, client: &Arc<TcpStream>) -> Waiting<'_> {
        let mut state = self.lock();
        state.begun += 1;
        let number = state.begun;
        let now = Instant::now();
        state.waiting.insert(number, (Arc::clone(client), now));
        let time = if state.taken >= CROWD || state.closing { HEAD_IN_A_CROWD } else { HEAD };
        Waiting { seats: self, number, until: now + time }
    }

    /// Serves nobody new, and has all leave that wait for nothing. Who is served is served to the end.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        while state.dismiss() {}
        self.freed.notify_all();
    }

    /// Whether they are closed: no connection is worth keeping any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closing
    }

    /// Waits until all have left, or for that long.
    pub(crate) fn wait_for_all(&self, at_most: Duration) {
        let somebody_stays = |state: &mut State| state.taken > 0;
        drop(
            self.freed.wait_timeout_while(self.lock(), at_most, somebody_stays).unwrap_or_else(PoisonError::into_inner),
        );
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ends the waiting of the one that has waited longest. Whether there was one.
    fn dismiss(&mut self) -> bool {
        let oldest = self.waiting.pop_first();
        if let Some((_, (client, _))) = &oldest {
            // Its thread reads the end. What it has to say it can still say.
            let _ = client.shutdown(Shutdown::Read);
        }
        oldest.is_some()
    }

    /// The same, if it has waited long enough.
    fn spare(&mut self) {
        if self.waiting.first_key_value().is_some_and(|(_, (_, since))| since.elapsed() >= IDLE) {
            self.dismiss();
        }
    }
}

/// Leave to serve one client.
#[derive(Debug)]
pub(crate) struct Seat(Arc<Seats>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.lock().taken -= 1;
        self.0.freed.notify_all();
    }
}

/// A client waits for the head of a request.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    seats: &'a Seats,
    number: u64,
    until: Instant,
}

impl Waiting<'_> {
    /// How much time it has left.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Whether its waiting was ended for others.
    pub(crate) fn is_over(&self) -> bool {
        !self.seats.lock().waiting.contains_key(&self.number)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.seats.lock().waiting.remove(&self.number);
    }
}
