//! A connection of HTTP/2 to a next hop: it carries many exchanges at a time.
//!
//! No exchange waits inside of hyper, which would not say that it was never sent: a stream is opened only where the next hop
//! takes one more.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use badgateway::adapters::tokio1::Http2TapHandle;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::blow::Blow;
use crate::connect::{HEAD_LIMIT, Upload};
use crate::wire::{Seen, Wire};

/// The most streams at a time: what RFC 9113 section 6.5.2 recommends a peer to take, at least. More of them, and what
/// happens to one connection happens to more exchanges.
const STREAMS: u32 = 100;
/// What a next hop may send of a body that its client does not take.
const STREAM_WINDOW: u32 = 256 * 1024;
/// As much for all of them together, or clients that read slowly would stop the responses of all others (section 5.2.2).
const CONNECTION_WINDOW: u32 = STREAMS * STREAM_WINDOW;
/// How many streams h2 remembers that were reset here, and for how long: what still comes for one that it has forgotten is an
/// error of the connection, and so one client that leaves often would end the exchanges of others.
const RESETS: usize = 4096;
const RESET_FOR: Duration = Duration::from_secs(10);
/// A stream's bytes that may wait to be written.
const SEND_BUFFER: usize = 64 * 1024;
/// How long one may be idle, as those of HTTP/1.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// How long the good-bye of a connection may take.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// An open connection to a next hop.
pub(crate) struct Multiplexed {
    sender: SendRequest<Upload>,
    seen: Arc<Seen>,
    tap: Http2TapHandle,
    /// How many streams the next hop takes, if it can be asked for now.
    limit: Box<dyn Fn() -> Option<usize> + Send + Sync>,
    last_limit: AtomicUsize,
    active: AtomicUsize,
    idle_since: Mutex<Instant>,
    has_served: AtomicBool,
    is_retired: AtomicBool,
    blow: Arc<Blow>,
    tasks: Tasks,
}

/// Where the tasks of a connection run. The first is the one that reads and writes it.
#[derive(Clone, Debug, Default)]
struct Tasks(Arc<OnceLock<AbortHandle>>);

impl<F> Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        let handle = tokio::spawn(task).abort_handle();
        let _ = self.0.set(handle);
    }
}

impl Multiplexed {
    /// Begins HTTP/2 on this stream, without a wait for the next hop to do so. `changed` is told when a stream may have
    /// become free.
    pub(crate) async fn handshake<S>(io: S, changed: Arc<Notify>) -> hyper::Result<Arc<Self>>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let seen = Seen::new(changed);
        let tasks = Tasks::default();
        let (io, tap) = Wire::new(io, Arc::clone(&seen));
        let (sender, connection) = http2::Builder::new(tasks.clone())
            // One, until the next hop has said how many it takes: all above would be refused.
            .initial_max_send_streams(1)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
            .max_concurrent_reset_streams(RESETS)
            .reset_stream_duration(RESET_FOR)
            .max_send_buf_size(SEND_BUFFER)
            .handshake(TokioIo::new(io))
            .await?;
        let connection = Arc::new(Mutex::new(connection));
        // Not for longer than it is driven: as long as it is there, hyper takes requests for it.
        let asked = Arc::downgrade(&connection);
        let limit = move || Some(asked.upgrade()?.try_lock().ok()?.current_max_send_streams());
        // What it ends with is told to each stream.
        tokio::spawn(std::future::poll_fn(move |cx| {
            Pin::new(&mut *connection.lock().unwrap_or_else(PoisonError::into_inner)).poll(cx)
        }));
        Ok(Arc::new(Self {
            sender,
            seen,
            tap,
            limit: Box::new(limit),
            last_limit: AtomicUsize::new(1),
            active: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            has_served: AtomicBool::new(false),
            is_retired: AtomicBool::new(false),
            blow: Arc::default(),
            tasks,
        }))
    }

    /// Whether no exchange may begin on it any more.
    pub(crate) fn is_over(&self) -> bool {
        let is_idle = || {
            self.active.load(Ordering::Acquire) == 0
                && self.idle_since.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > KEPT_FOR
        };
        self.is_retired.load(Ordering::Acquire) || self.tap.is_closing() || self.sender.is_closed() || is_idle()
    }

    /// Whether nobody uses it.
    pub(crate) fn is_idle(&self) -> bool {
        self.active.load(Ordering::Acquire) == 0
    }

    /// No exchange begins on it any more. Those that have go on.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
    }

    /// Whether the next hop has said how many streams it takes.
    pub(crate) fn has_spoken(&self) -> bool {
        self.seen.has_spoken()
    }

    /// How long the next hop has said nothing on it.
    pub(crate) fn silent_for(&self) -> Duration {
        self.seen.silent_for()
    }

    /// What passes on it.
    pub(crate) const fn tap(&self) -> &Http2TapHandle {
        &self.tap
    }

    pub(crate) fn sender(&self) -> SendRequest<Upload> {
        self.sender.clone()
    }

    pub(crate) const fn blow(&self) -> &Arc<Blow> {
        &self.blow
    }

    /// Takes one of its streams, if one is free: and whether it is not the first.
    pub(crate) fn reserve(&self) -> Option<bool> {
        let limit = (self.limit)().unwrap_or_else(|| self.last_limit.load(Ordering::Acquire));
        self.last_limit.store(limit, Ordering::Release);
        let limit = limit.min(usize::try_from(STREAMS).unwrap_or(usize::MAX));
        let more = |active| Some(active + 1).filter(|active| *active <= limit);
        self.active.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(self.has_served.swap(true, Ordering::AcqRel))
    }

    /// Gives one back.
    pub(crate) fn release(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.active.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Multiplexed {
    fn drop(&mut self) {
        // hyper says good-bye by itself. To a next hop that does not listen, it would do so for ever.
        let (Some(connection), Ok(runtime)) = (self.tasks.0.get().cloned(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            tokio::time::sleep(GOOD_BYE).await;
            connection.abort();
        });
    }
}
