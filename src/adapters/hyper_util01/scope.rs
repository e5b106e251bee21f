//! `TapScope`: which connection served a request, and what passed on it in that exchange.
//!
//! The last of the pool's choices counts. It may try a used connection, find it closed, and make a new one.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Extensions, Request};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use pin_project_lite::pin_project;

use crate::adapters::tokio1::TapHandle;
use crate::body::End;
use crate::exchange::Exchange;
use crate::fault::Phase;
use crate::link::Link;
use crate::tap::{Observation, Observer};

thread_local! {
    /// The scope whose future is being polled: hyper-util calls the connector within that.
    static CURRENT: RefCell<Option<Arc<Choices>>> = const { RefCell::new(None) };
}

/// One request through a pooled client, and what the tap of its connection saw of it. Clones are of the same request.
///
/// See the [module](super) for an example, and for what it knows and what not.
#[derive(Clone, Debug)]
pub struct TapScope {
    captured: CaptureConnection,
    choices: Arc<Choices>,
}

impl TapScope {
    /// For this request, before it is handed to the client. Takes the place of a `capture_connection` of one's own.
    #[must_use]
    pub fn of<B>(request: &mut Request<B>) -> Self {
        Self { captured: capture_connection(request), choices: Arc::default() }
    }

    /// The future of the client's call, or anything around it. A connection that fails before it is given to the request is found
    /// only if its connector was called in here, and not in another task.
    pub fn run<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped { future, choices: Arc::clone(&self.choices) }
    }

    /// What has been seen of this request's exchange so far. `None` where there was no connection, where it speaks HTTP/2, and where it
    /// has gone on to serve another request.
    #[must_use]
    pub fn observation(&self) -> Option<Observation> {
        self.turn()?.show(|observer| observer.observation())
    }

    /// Whether the connection had served other requests before: for [`Exchange::reused`](crate::Exchange::reused). `None` where
    /// there was no connection, or it speaks HTTP/2.
    #[must_use]
    pub fn reused(&self) -> Option<bool> {
        self.turn().map(|turn| turn.number > 1)
    }

    /// When the last byte of this request so far was taken by the connection: what a timer for the response counts from.
    #[must_use]
    pub fn last_write(&self) -> Option<Instant> {
        self.turn()?.show(|observer| observer.last_write()).flatten()
    }

    /// The response's body was read to its end: what comes from now on, nobody asked for. See
    /// [`Observer::whole`]. Does nothing where the connection serves another request already.
    pub fn whole(&self) {
        if let Some(turn) = self.turn() {
            let _ = turn.show(Observer::whole);
        }
    }

    /// Keeps the connection from serving another request: for a response that is refused, by
    /// [`Gateway::forward`](crate::Gateway::forward) for example, and for one with more bytes behind it than were due.
    pub fn poison(&self) {
        if let Some(connected) = self.captured.connection_metadata().as_ref() {
            connected.poison();
        }
    }

    /// Whether the connection that was chosen last was never made, as far as anybody knows: it is being made, or that failed.
    fn is_connecting(&self) -> bool {
        // What the pool has given that has no turns speaks HTTP/2, and serves this request.
        let has_another = self.given().is_some_and(|turn| turn.is_none());
        let is_made = self.choices.lock().as_ref().is_none_or(|made| made.is_done);
        !is_made && !has_another && self.turn().is_none()
    }

    /// The connection that the pool has given to the request, if it has; and the turn on it, which HTTP/2 does not have.
    fn given(&self) -> Option<Option<Turn>> {
        let mut extras = Extensions::new();
        self.captured.connection_metadata().as_ref()?.get_extras(&mut extras);
        Some(match extras.remove::<Ticket>() {
            Some(Ticket::Turn(turn)) => Some(turn),
            Some(Ticket::Connection(_)) | None => None,
        })
    }

    /// The last that the pool has chosen.
    fn turn(&self) -> Option<Turn> {
        let given = self.given().flatten();
        let Some(made) = self.choices.lock().clone() else { return given };
        match given {
            Some(given) if given.order > made.order => Some(given),
            Some(_) | None => Some(Turn { tap: made.tap?, number: 1, order: made.order }),
        }
    }
}

/// What a [`TapService`](super::TapService) gives its exchange.
impl Link for TapScope {
    fn observation(&self) -> Option<Observation> {
        Self::observation(self)
    }

    fn fill(&self, exchange: &mut Exchange) {
        exchange.reused = exchange.reused.or_else(|| self.reused());
        if self.is_connecting() {
            exchange.phase = exchange.phase.or(Some(Phase::Connect));
            exchange.sent = exchange.sent.or(Some(0));
        }
    }

    fn is_flawless(&self) -> bool {
        self.turn().and_then(|turn| turn.show(|observer| observer.is_flawless())).unwrap_or(true)
    }

    /// A whole response ends with a look for what comes behind it. A connection whose exchange failed, or that says more
    /// than it was asked, serves no other.
    fn ended(self: Box<Self>, end: End, _: &Exchange) {
        // Not on HTTP/2, where others share the connection.
        let Some(turn) = self.turn() else { return };
        let is_clean = match end {
            End::Whole => turn.show(|observer| {
                observer.whole();
                observer.is_flawless() || observer.observation().leftover() == 0
            }),
            End::Failed(_) | End::Dropped => Some(false),
        };
        if is_clean == Some(false) {
            self.poison();
        }
    }
}

pin_project! {
    /// A call within a [`TapScope`]. What [`TapScope::run`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        choices: Arc<Choices>,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _outer = Outer(CURRENT.replace(Some(Arc::clone(this.choices))));
        this.future.poll(cx)
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").finish_non_exhaustive()
    }
}

/// The scope around this one, put back whatever happens.
struct Outer(Option<Arc<Choices>>);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// What the pool has chosen for one request.
#[derive(Debug, Default)]
struct Choices {
    /// How many there were: their order.
    count: AtomicU64,
    /// The last connection that was made for this request.
    made: Mutex<Option<Made>>,
}

#[derive(Clone, Debug)]
struct Made {
    order: u64,
    /// Whether it is made.
    is_done: bool,
    /// `None` until it is, and on HTTP/2.
    tap: Option<TapHandle>,
}

impl Choices {
    fn lock(&self) -> MutexGuard<'_, Option<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a choice that is made now. From 1.
    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }
}

/// One call of the connector.
#[derive(Debug)]
pub(super) struct Attempt {
    choices: Arc<Choices>,
    order: u64,
}

impl Attempt {
    /// For the request whose scope is being polled, if one is.
    pub(super) fn of_this_scope() -> Option<Self> {
        let choices = CURRENT.with_borrow(Clone::clone)?;
        let order = choices.next();
        *choices.lock() = Some(Made { order, is_done: false, tap: None });
        Some(Self { choices, order })
    }

    /// The connection is there.
    pub(super) fn made(self, tap: Option<&TapHandle>) {
        if let Some(made) = self.choices.lock().as_mut().filter(|made| made.order == self.order) {
            (made.is_done, made.tap) = (true, tap.cloned());
        }
    }
}

/// One request's turn on a connection.
#[derive(Clone)]
pub(super) struct Turn {
    tap: TapHandle,
    /// The number of its exchange there, from 1.
    number: u64,
    /// Its place among the choices for the request; 0 where that is not known.
    order: u64,
}

impl Turn {
    fn show<R>(&self, show: impl FnOnce(&mut Observer) -> R) -> Option<R> {
        self.tap.turn(self.number, show)
    }
}

/// What a connection carries for [`capture_connection`]: a copy of the original is the next turn on it.
///
/// hyper-util copies the extras of a connection for the request that it has just given it to, before it sends
/// it. At no other time is it known how many exchanges came before: soon after, this one's head may be written.
pub(super) enum Ticket {
    Connection(TapHandle),
    Turn(Turn),
}

impl Ticket {
    pub(super) fn of(tap: &TapHandle) -> Self {
        Self::Connection(tap.clone())
    }
}

impl Clone for Ticket {
    fn clone(&self) -> Self {
        Self::Turn(match self {
            Self::Connection(tap) => {
                let order = CURRENT.with_borrow(|choices| choices.as_ref().map_or(0, |choices| choices.next()));
                Turn { tap: tap.clone(), number: tap.exchanges().saturating_add(1), order }
            }
            Self::Turn(turn) => turn.clone(),
        })
    }
}
