//! `Guard`: the settings of a guarded body, before there is a body.
//!
//! Its one rule: everything optional is off until it is asked for.

use core::error::Error;
use core::time::Duration;

use http_body::Body;

use crate::body::abort::AbortHandle;
use crate::body::guarded::{End, Guarded};
use crate::body::ledger::Ledger;
use crate::deadline::{Never, Timer};
use crate::fault::Fault;

/// Calls an `F`. Kept beside it as a pointer, so that nothing but [`Guard::new`] needs a bound on `F`: with
/// one on its futures, rustc takes a closure in an async block for "not general enough" to be `Send`.
pub(super) type Call<F> = fn(&mut F, &(dyn Error + 'static), &Ledger) -> Fault;

/// How to guard a body. [`around`](Self::around) puts it there.
///
/// ```
/// use badgateway::body::{AbortHandle, End, Guard};
/// use badgateway::deadline::Never;
/// use badgateway::fault::{Fault, FaultKind};
/// use http_body_util::Full;
/// use bytes::Bytes;
/// use std::time::Duration;
///
/// let close_delimited = AbortHandle::new();
/// let body = Guard::new(|error, ledger| {
///         println!("after {} bytes: {error}", ledger.received());
///         Fault::new(FaultKind::BodyReset)
///     })
///     .expecting(Some(5))
///     .timed(Never, Some(Duration::from_secs(30)), None)
///     .aborting(close_delimited)
///     .on_end(|end, _ledger| match end {
///         End::Whole => println!("the connection may be used again"),
///         End::Failed(fault) => println!("cut: {fault}"),
///         End::Dropped => println!("nobody wants the rest"),
///     })
///     .around(Full::new(Bytes::from_static(b"hello")));
/// # let _ = body;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a guard guards nothing until it is put around a body"]
pub struct Guard<F, T = Never, E = fn(End, &Ledger)> {
    pub(super) classify: F,
    pub(super) call: Call<F>,
    pub(super) expected: Option<u64>,
    pub(super) abort: Option<AbortHandle>,
    pub(super) timer: T,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Duration>,
    pub(super) on_end: Option<E>,
}

impl<F> Guard<F>
where
    F: FnMut(&(dyn Error + 'static), &Ledger) -> Fault,
{
    /// A guard that counts, and that turns the inner body's errors into faults with this closure. The
    /// closure sees the error and the counts, so it is the place to log both; the server and the
    /// client see neither.
    pub const fn new(classify: F) -> Self {
        let call: Call<F> = |classify, error, ledger| classify(error, ledger);
        Self { classify, call, expected: None, abort: None, timer: Never, idle: None, total: None, on_end: None }
    }
}

impl<F, T, E> Guard<F, T, E> {
    /// With the number of bytes that the response head announced: `Content-Length` where it frames
    /// the message, and 0 where there is no content, whatever the fields say (HEAD, 204, 304). `None`
    /// takes what the body itself is certain of, if it is.
    pub const fn expecting(mut self, bytes: Option<u64>) -> Self {
        self.expected = bytes;
        self
    }

    /// With the handle to set before an error goes out. Only where the response to the client is
    /// close-delimited: see [`AbortHandle`].
    pub fn aborting(mut self, handle: AbortHandle) -> Self {
        self.abort = Some(handle);
        self
    }

    /// With limits of time. `idle` is the longest wait for the next frame, and then the fault is
    /// [`BodyStalled`](crate::fault::FaultKind::BodyStalled); it runs only while the next hop is waited
    /// for, so a slow client does not set it off. `total` is the time left for the whole body, counted
    /// from [`around`](Self::around), and then it is [`DeadlineExceeded`](crate::fault::FaultKind::DeadlineExceeded).
    pub fn timed<U: Timer>(self, timer: U, idle: Option<Duration>, total: Option<Duration>) -> Guard<F, U, E> {
        let Self { classify, call, expected, abort, on_end, .. } = self;
        Guard { classify, call, expected, abort, timer, idle, total, on_end }
    }

    /// With a closure to call once, when it is known how the body ended: the place to give the
    /// connection back to its pool, or to close it, and to finish the log record.
    pub fn on_end<G>(self, on_end: G) -> Guard<F, T, G>
    where
        G: FnOnce(End, &Ledger),
    {
        let Self { classify, call, expected, abort, timer, idle, total, .. } = self;
        Guard { classify, call, expected, abort, timer, idle, total, on_end: Some(on_end) }
    }

    /// Puts the guard around a body.
    pub fn around<B>(self, body: B) -> Guarded<B, F, T, E>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        T: Timer,
        E: FnOnce(End, &Ledger),
    {
        Guarded::build(self, body)
    }
}
