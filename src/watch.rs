//! `Watch`: one exchange from its request to the end of its response.
//!
//! Its one rule: a fault is recorded exactly once, and what went well is not. A watch that is dropped belongs to a client
//! that has left: servers drop the future of a handler then, and nobody else would say so.

use std::error::Error;
use std::fmt;
use std::mem;

use bytes::Bytes;
use http::Response;

use crate::exchange::Exchange;
use crate::fault::{Evidence, Fault};
use crate::gateway::Gateway;

type Log = Box<dyn FnOnce(&Gateway, &Fault, &mut Exchange, &Evidence) + Send>;
type Refine = Box<dyn FnOnce(Fault, &mut Exchange) -> Fault + Send>;

/// One exchange under watch: whatever its end, its fault gets one record and its client the right answer.
///
/// What every error path does in the same order (classify, record, answer; audit, guard the body, record how it
/// ended) is here in three methods that each end the watch: [`answer`](Self::answer), [`answer_fault`](Self::answer_fault),
/// and, with feature `http_body1`, `pass_on`. To drop it instead is to say that the client has left.
///
/// It owns no clock. Whoever wants `elapsed_ms` in the record sets it in the closure, as here.
///
/// ```
/// use badgateway::{Exchange, Gateway, Watch};
/// use std::time::Instant;
///
/// let gateway = Gateway::new("edge-1.example").unwrap();
/// let request = http::Request::get("/cart").body(()).unwrap();
///
/// let started = Instant::now();
/// let mut watch = Watch::new(gateway, Exchange::of(&request), move |gateway, fault, exchange, evidence| {
///     exchange.elapsed = Some(started.elapsed());
///     println!("{}", gateway.record(fault, exchange).with_evidence(evidence));
/// });
/// watch.exchange.next_hop = Some("10.0.0.7:8080".into());
///
/// let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let response = watch.answer(&error); // prints the record
/// assert_eq!(response.status(), 502);
/// ```
#[must_use = "a watch that is dropped records that the client has left"]
pub struct Watch {
    /// What is known of the exchange. Fill in what you learn on the way.
    pub exchange: Exchange,
    /// What supports the fault besides its error.
    pub evidence: Evidence,
    gateway: Gateway,
    /// Until there is a fault.
    refine: Option<Refine>,
    /// Until there is nothing left to tell.
    log: Option<Log>,
}

impl Watch {
    /// Watches an exchange. `log` is called at most once, with all that is known by then.
    pub fn new(
        gateway: Gateway,
        exchange: Exchange,
        log: impl FnOnce(&Gateway, &Fault, &mut Exchange, &Evidence) + Send + 'static,
    ) -> Self {
        Self { exchange, evidence: Evidence::new(), gateway, refine: None, log: Some(Box::new(log)) }
    }

    /// With a second opinion on the fault, before it is told: the [tap](crate::tap)'s. The last one counts, so that each try
    /// may bring its own.
    ///
    /// ```
    /// # #[cfg(feature = "tokio1")]
    /// # fn f(mut watch: badgateway::Watch, tap: badgateway::adapters::tokio1::TapHandle) {
    /// watch.refining(move |fault, exchange| {
    ///     let seen = tap.observation();
    ///     seen.fill(exchange);
    ///     seen.refine(fault)
    /// });
    /// # drop(watch); }
    /// ```
    pub fn refining(&mut self, refine: impl FnOnce(Fault, &mut Exchange) -> Fault + Send + 'static) {
        self.refine = Some(Box::new(refine));
    }

    /// There is no response, but an error. Classifies it, records the fault, and makes the
    /// [answer](Gateway::answer).
    pub fn answer(mut self, error: &(dyn Error + 'static)) -> Response<Bytes> {
        let fault = self.gateway.classify(error, &self.exchange);
        self.evidence = mem::take(&mut self.evidence).with_error(error);
        self.respond(fault)
    }

    /// The same for a fault that is known already: a timer that fired, a route that is not there.
    pub fn answer_fault(mut self, fault: impl Into<Fault>) -> Response<Bytes> {
        self.respond(fault.into())
    }

    /// All went well, and the response needs no guard: it was made here, or has no body.
    pub fn finish(mut self) {
        self.log = None;
    }

    fn respond(&mut self, fault: Fault) -> Response<Bytes> {
        let fault = self.tell(fault);
        self.gateway.answer_diagnosed(&fault, &self.exchange, &self.evidence, &crate::diagnose::Context::default())
    }

    /// Refines a fault and hands it to the log, unless there was one before.
    fn tell(&mut self, fault: Fault) -> Fault {
        let fault = self.refined(fault);
        if let Some(log) = self.log.take() {
            log(&self.gateway, &fault, &mut self.exchange, &self.evidence);
        }
        fault
    }

    /// The second opinion, on the first that is asked about.
    fn refined(&mut self, fault: Fault) -> Fault {
        match self.refine.take() {
            Some(refine) => refine(fault, &mut self.exchange),
            None => fault,
        }
    }

    fn left(&mut self) {
        let fault = self.exchange.client_aborted();
        self.tell(fault);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.log.is_some() {
            self.left();
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("exchange", &self.exchange)
            .field("evidence", &self.evidence)
            .field("told", &self.log.is_none())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "http_body1")]
mod pass_on {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use http::Version;
    use http::header::CONTENT_LENGTH;

    use crate::body::{End, Guard, Ledger};
    use crate::deadline::Never;
    use crate::exchange::BodyFraming;

    use super::{Bytes, Error, Fault, Response, Watch, mem};

    /// How long a cut HTTP/2 stream waits for the task that writes it: see [`Guard::lingering`].
    const LINGER: Duration = Duration::from_millis(10);

    impl Watch {
        /// A response arrived. [Audits](crate::Gateway::forward) its head, makes it fit to be forwarded, and gives it
        /// back with the [`Guard`] for its body, which knows what length to expect and ends the watch when the body ends:
        /// without a record if it was whole.
        ///
        /// The guard takes more where you have it: [`timed`](Guard::timed) with your runtime's timer (for HTTP/2 clients
        /// necessary, see [`lingering`](Guard::lingering)), [`aborting`](Guard::aborting) where
        /// [`BodyFraming::UntilClose`] is in [`Exchange::forwarded`](crate::Exchange::forwarded).
        ///
        /// A switch to another protocol (101) is no matter for this: [`finish`](Watch::finish) the watch.
        ///
        /// # Errors
        ///
        /// The answer to send instead, and the record is written. Close the connection that the response came on.
        ///
        /// ```
        /// use badgateway::{Fault, Watch};
        /// use bytes::Bytes;
        /// use http::Response;
        /// use http_body::Body;
        /// use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
        ///
        /// /// What came back for the exchange that is watched, and what goes out for it.
        /// fn relay<B>(watch: Watch, response: Response<B>) -> Response<UnsyncBoxBody<Bytes, Fault>>
        /// where
        ///     B: Body<Data = Bytes> + Send + 'static,
        ///     B::Error: std::error::Error + Send + Sync,
        /// {
        ///     match watch.pass_on(response) {
        ///         Ok((response, guard)) => response.map(|body| guard.around(body).boxed_unsync()),
        ///         Err(answer) => answer.map(|bytes| Full::new(bytes).map_err(|never| match never {}).boxed_unsync()),
        ///     }
        /// }
        /// ```
        #[allow(clippy::type_complexity, clippy::result_large_err)] // closures have no names, and both are responses
        pub fn pass_on<B>(
            mut self,
            response: Response<B>,
        ) -> Result<
            (
                Response<B>,
                Guard<
                    impl FnMut(&(dyn Error + 'static), &Ledger) -> Fault + Send,
                    Never,
                    impl FnOnce(End, &Ledger) + Send,
                >,
            ),
            Response<Bytes>,
        > {
            let spoken = response.version();
            let response = match self.gateway.forward(response, &self.exchange) {
                Ok(response) => response,
                Err(fault) => return Err(self.respond(fault)),
            };
            let framing = self.exchange.forwarding(response.status(), response.headers());
            let length = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
            let expected = match framing {
                BodyFraming::None => Some(0),
                BodyFraming::Length => length(),
                BodyFraming::Chunked | BodyFraming::UntilClose => None,
            };
            let client = self.exchange.version;
            let watch = Arc::new(Mutex::new(self));
            let at_the_end = Arc::clone(&watch);
            let classify = move |error: &(dyn Error + 'static), _: &Ledger| {
                let mut watch = lock(&watch);
                watch.evidence = mem::take(&mut watch.evidence).with_error(error);
                let fault = watch.gateway.classify(error, &watch.exchange);
                watch.refined(fault)
            };
            let mut guard = Guard::new(classify).expecting(expected);
            if spoken == Version::HTTP_2 {
                guard = guard.expecting_end_stream(); // hyper would not tell
            }
            if client == Version::HTTP_2 {
                guard = guard.lingering(LINGER); // another task writes
            }
            let guard = guard.on_end(move |end, _: &Ledger| {
                let mut watch = lock(&at_the_end);
                match end {
                    End::Whole => watch.log = None,
                    End::Failed(fault) => {
                        watch.tell(fault);
                    }
                    End::Dropped => watch.left(),
                }
            });
            Ok((response, guard))
        }
    }

    fn lock(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
        watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
