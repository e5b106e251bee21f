//! Which exchange goes over which connection of HTTP/2.
//!
//! A connection is opened once, however many want it; what it fails with, each of them is told. Who finds no stream free
//! waits for as long as connecting may take, and was not sent then.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use badgateway::body::End;
use badgateway::decide::health::counts;
use badgateway::exchange::Exchange;
use badgateway::fault::{Category, Evidence, Failure, Fault, FaultKind, Phase};
use tokio::sync::{Notify, watch};
use tokio::time::timeout_at;

use crate::blow::Blow;
use crate::connect::{Link, Opened};
use crate::exchange::Exchanging;
use crate::multiplexed::Multiplexed;
use crate::route::Target;
use crate::serve::Proxy;

/// So many connections to one next hop, where it takes no more streams on the others.
const CONNECTIONS: usize = 4;

/// The connections of HTTP/2, by the number of their target.
#[derive(Default)]
pub(crate) struct Streams(Mutex<Vec<Arc<Hub>>>);

/// Those to one target.
#[derive(Default)]
struct Hub {
    state: Mutex<State>,
    /// A stream may have become free.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    open: Vec<Arc<Multiplexed>>,
    opening: Option<Opening>,
    /// The target chose HTTP/1.1 when it was asked last.
    chose_http1: bool,
}

/// A connection that is being opened, for whoever waits for it.
#[derive(Clone)]
struct Opening {
    step: watch::Receiver<Step>,
    blow: Arc<Blow>,
}

#[derive(Clone)]
enum Step {
    At(Phase),
    Done,
    Failed(Arc<Failure>),
}

/// How an exchange gets to its target.
pub(crate) enum Way {
    /// On a connection of its own, by HTTP/1.1; and whom to tell of streams, should the next be of HTTP/2.
    Link(Link, Arc<Notify>),
    Stream(Stream),
}

/// What to do for one.
enum Next {
    Take(Stream),
    Wait(Opening),
    WaitForStream,
    /// By HTTP/1.1.
    Alone,
}

/// A stream of a connection: the right to open one.
pub(crate) struct Stream {
    pub(crate) connection: Arc<Multiplexed>,
    changed: Arc<Notify>,
    pub(crate) is_reused: bool,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.release();
        self.changed.notify_one();
    }
}

impl Streams {
    fn hub(&self, target: &Target) -> Arc<Hub> {
        let mut hubs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hubs.len() <= target.number {
            hubs.resize_with(target.number + 1, Arc::default);
        }
        hubs.get(target.number).cloned().unwrap_or_default()
    }

    /// Closes those that nobody uses: somebody needs their descriptors more.
    pub(crate) fn clear(&self) {
        for hub in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            hub.lock().open.retain(|connection| !connection.is_idle());
        }
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, connection: &Arc<Multiplexed>) -> Option<Stream> {
        let is_reused = connection.reserve()?;
        Some(Stream { connection: Arc::clone(connection), changed: Arc::clone(&self.changed), is_reused })
    }

    /// What is there for one, who must not have the connection that failed.
    fn next(self: &Arc<Self>, failed: Option<&Arc<Multiplexed>>, open: impl FnOnce() -> Opening) -> Next {
        let mut state = self.lock();
        state.open.retain(|connection| !connection.is_over());
        let has_failed = |connection: &Arc<Multiplexed>| failed.is_some_and(|failed| Arc::ptr_eq(failed, connection));
        let mut fit = state.open.iter().filter(|connection| !has_failed(connection));
        if let Some(stream) = fit.find_map(|connection| self.take(connection)) {
            return Next::Take(stream);
        }
        if state.chose_http1 {
            return Next::Alone;
        }
        if let Some(opening) = &state.opening {
            return Next::Wait(opening.clone());
        }
        let mut fit = state.open.iter().filter(|connection| !has_failed(connection));
        if state.open.len() >= CONNECTIONS || fit.any(|connection| !connection.has_spoken()) {
            return Next::WaitForStream;
        }
        Next::Wait(state.opening.insert(open()).clone())
    }
}

impl Proxy {
    /// The way to the target, other than by the connection that failed.
    pub(crate) async fn way(
        self: &Arc<Self>,
        exchange: &Exchanging,
        target: &'static Target,
        failed: Option<&Arc<Multiplexed>>,
    ) -> Result<Way, Failure> {
        let hub = self.streams.hub(target);
        let mut until = None;
        loop {
            let mut changed = pin!(hub.changed.notified());
            changed.as_mut().enable();
            match hub.next(failed, || self.open(&hub, target)) {
                Next::Take(stream) => {
                    exchange.facts().reused = Some(stream.is_reused);
                    return Ok(Way::Stream(stream));
                }
                Next::Wait(opening) => {
                    let blow = Arc::clone(&opening.blow);
                    exchange.over(StreamHop { proxy: Arc::clone(self), target, stream: None, blow });
                    opening.wait(exchange).await?;
                }
                Next::WaitForStream => {
                    exchange.phase(Phase::Select);
                    let until = *until.get_or_insert_with(|| Instant::now() + self.timeouts.connect);
                    if timeout_at(until.into(), changed).await.is_err() {
                        exchange.facts().sent = Some(0);
                        return Err(Fault::new(FaultKind::ConnectionLimit).into());
                    }
                }
                Next::Alone => return self.alone(exchange, target, &hub).await,
            }
        }
    }

    /// Opens a connection for all who wait for it. It goes on when they have left: the next one will want it.
    fn open(self: &Arc<Self>, hub: &Arc<Hub>, target: &'static Target) -> Opening {
        let (step, seen) = watch::channel(Step::At(Phase::Connect));
        let (proxy, hub) = (Arc::clone(self), Arc::clone(hub));
        tokio::spawn(async move {
            let note = |phase| drop(step.send_replace(Step::At(phase)));
            let opened = proxy.connector.connect(target, Some(&hub.changed), &note).await;
            let mut state = hub.lock();
            state.opening = None;
            let done = match opened {
                Ok(Opened::Multiplexed(connection)) => {
                    state.open.push(connection);
                    Step::Done
                }
                Ok(Opened::Link(link)) => {
                    state.chose_http1 = true;
                    proxy.pool.put(target, link);
                    Step::Done
                }
                Err(failure) => {
                    drop(state);
                    proxy.make_room(&failure.fault());
                    return drop(step.send_replace(Step::Failed(Arc::new(failure))));
                }
            };
            drop(state);
            step.send_replace(done);
        });
        Opening { step: seen, blow: Arc::default() }
    }

    /// A connection for one exchange, to a target that chose HTTP/1.1. It may choose anew.
    async fn alone(
        self: &Arc<Self>,
        exchange: &Exchanging,
        target: &'static Target,
        hub: &Arc<Hub>,
    ) -> Result<Way, Failure> {
        match self.link(exchange, target, Some(&hub.changed)).await? {
            Opened::Link(link) => Ok(Way::Link(link, Arc::clone(&hub.changed))),
            Opened::Multiplexed(connection) => {
                let mut state = hub.lock();
                state.chose_http1 = false;
                state.open.push(Arc::clone(&connection));
                drop(state);
                let stream = hub.take(&connection).ok_or(Fault::new(FaultKind::ConnectionLimit))?;
                exchange.facts().reused = Some(stream.is_reused);
                Ok(Way::Stream(stream))
            }
        }
    }
}

impl Opening {
    /// Waits until it is open, or the fault is known.
    async fn wait(mut self, exchange: &Exchanging) -> Result<(), Failure> {
        loop {
            let step = self.step.borrow_and_update().clone();
            match step {
                Step::At(phase) => exchange.phase(phase),
                Step::Done => return Ok(()),
                Step::Failed(failure) => {
                    let fault = failure.fault();
                    let mut facts = exchange.facts();
                    (facts.sent, facts.phase) = (Some(0), Some(fault.phase()));
                    return Err(Failure::new(fault, Together(failure)));
                }
            }
            if self.step.changed().await.is_err() {
                return Err(Fault::new(FaultKind::ProxyInternal).into());
            }
        }
    }
}

/// A failure of many.
#[derive(Debug)]
struct Together(Arc<Failure>);

impl fmt::Display for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Together {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The next hop of an exchange over HTTP/2.
pub(crate) struct StreamHop {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) target: &'static Target,
    /// None before there is one.
    pub(crate) stream: Option<Stream>,
    pub(crate) blow: Arc<Blow>,
}

impl badgateway::Link for StreamHop {
    fn refine(&self, fault: Fault, evidence: &mut Evidence) -> Fault {
        self.stream.as_ref().map_or(fault, |stream| stream.connection.tap().refine(fault, evidence))
    }

    fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
        let now = Instant::now();
        if let (End::Failed(fault), Some(stream)) = (&end, &self.stream) {
            let timeouts = &self.proxy.timeouts;
            let is_late = fault.category() == Category::Timeout;
            if is_late && stream.connection.silent_for() >= timeouts.response.min(timeouts.idle) {
                // A connection that is dead says so to nobody.
                stream.connection.retire();
            }
        }
        let counts = matches!(&end, End::Failed(fault) if counts(fault, exchange));
        // A stream that was reset by itself, on a connection that goes on, is a failure of its own.
        let is_shared = self.stream.as_ref().is_none_or(|stream| stream.connection.is_over());
        if counts && is_shared && !self.blow.is_first() {
            self.proxy.eject.withdraw(self.target, now);
        } else {
            self.proxy.eject.settle(self.target, &end, exchange, now);
        }
    }
}
