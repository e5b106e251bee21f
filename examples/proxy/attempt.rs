//! The request on its way to a response head, and once more where that is safe.
//!
//! Its one rule: a request is sent a second time only if it provably was not applied (hyper handed it back
//! unsent), or if it may be applied twice and met the race that every pool has: a connection that had served
//! before, and ended without a byte of response (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1).

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use badgateway::adapters::hyper1::Interims;
use badgateway::body::ClientHandle;
use badgateway::decide::retry;
use badgateway::exchange::{Forwarded, RequestBody};
use badgateway::fault::{Evidence, Fault, FaultKind, Phase};
use http::{Request, Response, request};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::sleep_until;

use crate::connect::Link;
use crate::route::Target;
use crate::trace::Trace;
use crate::trouble::Trouble;
use crate::upload::{Upload, UploadWatch};

/// Why there is no head.
#[derive(Debug)]
enum Stop {
    Timer(Fault),
    Send(Box<TrySendError<Request<Upload>>>),
}

impl Trace {
    /// Sends the request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<Upload>,
        target: &'static Target,
        watch: &UploadWatch,
        socket: &ClientHandle,
    ) -> Result<(Response<Incoming>, Link), Trouble> {
        self.admit(target)?;
        loop {
            let mut link = self.link(target).await?;
            let (parts, upload) = request.into_parts();
            let spare = self.may_be_raced().then(|| parts.clone());
            if spare.is_some() {
                watch.keep();
            }
            request = Request::from_parts(parts, upload);
            link.tap.begin(&self.exchange.method);
            let interims = Interims::listen(&mut request, self.exchange.version, Some(socket));
            let sending = link.sender.try_send_request(request);
            let head = self.head(sending, watch, &link, &interims).await;
            if interims.forwarded() {
                self.exchange.forwarded = Forwarded::Interim;
            }
            let stop = match head {
                Ok(response) => {
                    self.phase = Phase::Body;
                    return Ok((response, link));
                }
                Err(stop) => stop,
            };
            let (trouble, unsent) = self.explain(stop, &link, watch);
            match self.second_try(&trouble.fault, unsent, spare, watch) {
                Some(again) => request = again,
                None => return Err(trouble),
            }
        }
    }

    /// A connection to send on.
    async fn link(&mut self, target: &Target) -> Result<Link, Trouble> {
        // A second try gets a fresh connection: the first one's fault was that it was not.
        let pooled = if self.exchange.attempts == 1 { self.proxy.pool.take(target).await } else { None };
        self.exchange.reused = Some(pooled.is_some());
        if let Some(link) = pooled {
            return Ok(link);
        }
        let connected = self.proxy.connector.connect(target, &mut self.phase).await;
        Ok(connected.inspect_err(|failure| {
            if failure.fault().kind() == FaultKind::LocalExhausted {
                // The cheapest descriptors to come by are those of idle connections.
                self.proxy.pool.clear();
            }
            // Unless a first try wrote some of it.
            self.exchange.sent.get_or_insert(0);
            self.exchange.phase = Some(failure.fault().phase());
        })?)
    }

    /// Whether a second try may become necessary although this one was written: on a connection that had served
    /// before. Then what it takes is kept.
    fn may_be_raced(&self) -> bool {
        self.exchange.attempts == 1 && self.exchange.reused == Some(true) && self.exchange.is_idempotent()
    }

    /// What went wrong; and the request, if it is still here. Whatever it was, the tap knows more than an
    /// error value can say.
    fn explain(&mut self, stop: Stop, link: &Link, watch: &UploadWatch) -> (Trouble, Option<Request<Upload>>) {
        let seen = link.tap.observation();
        seen.fill(&mut self.exchange);
        self.exchange.request_body = watch.progress().stage;
        self.exchange.replayable = watch.is_replayable();
        let (fault, evidence, unsent) = match stop {
            Stop::Timer(fault) => (fault, Evidence::new(), None),
            Stop::Send(mut error) => {
                let unsent = error.take_message();
                let error = error.into_error();
                let fault = self.proxy.gateway.classify(&error, &self.exchange);
                (fault, Evidence::new().with_error(&error), unsent)
            }
        };
        let fault = seen.refine(fault);
        (Trouble { fault, evidence: evidence.with_first_bytes(seen.first_bytes()) }, unsent)
    }

    /// The request for a second try, if there may be one.
    fn second_try(
        &mut self,
        fault: &Fault,
        unsent: Option<Request<Upload>>,
        spare: Option<request::Parts>,
        watch: &UploadWatch,
    ) -> Option<Request<Upload>> {
        if unsent.is_some() {
            // Handed back, so not a byte of it was written.
            self.exchange.sent = Some(0);
        }
        if !retry::advise(fault, &self.exchange).is_safe() {
            return None;
        }
        let again = match (unsent, spare) {
            (Some(unsent), _) => unsent,
            // Its connection died as pooled ones do. Slowness, or half a head, is no such race.
            (None, Some(parts)) if was_closed(fault.kind()) && self.exchange.received == Some(0) => {
                Request::from_parts(parts, watch.again()?)
            }
            (None, _) => return None,
        };
        self.exchange.first_try = Some(fault.kind());
        self.exchange.attempts = 2;
        self.exchange.phase = None;
        Some(again)
    }

    /// Waits for the response head, and for all that must not take too long until then.
    async fn head(
        &mut self,
        sending: impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>>,
        watch: &UploadWatch,
        link: &Link,
        interims: &Interims,
    ) -> Result<Response<Incoming>, Stop> {
        let begun = Instant::now();
        let (mut sending, mut too_many) = (pin!(sending), interims.too_many());
        loop {
            self.phase = if watch.progress().is_unfinished() { Phase::Send } else { Phase::Head };
            let (mut until, _) = self.timer(begun, watch, link);
            if watch.progress().is_unfinished() {
                // Nothing tells when the upload ends, and from then on another, shorter timer may run.
                until = until.min(Instant::now() + self.proxy.timeouts.response);
            }
            tokio::select! {
                biased;
                // The head may be behind them in one segment.
                fault = &mut too_many => return Err(Stop::Timer(fault)),
                result = &mut sending => return result.map_err(|e| Stop::Send(Box::new(e))),
                () = sleep_until(until.into()) => {
                    // It may have moved on meanwhile, or another be waited for, which sets the timer anew.
                    let (until, fault) = self.timer(begun, watch, link);
                    if until <= Instant::now() {
                        return Err(Stop::Timer(fault));
                    }
                }
            }
        }
    }

    /// Which timer runs now, and what it means if it fires. The time for the head is a total, counted
    /// from the last request byte: neither a drip of bytes nor a slow upload moves it.
    #[allow(clippy::wildcard_enum_match_arm)] // the list of stages may grow
    fn timer(&self, begun: Instant, watch: &UploadWatch, link: &Link) -> (Instant, Fault) {
        let timeouts = &self.proxy.timeouts;
        let upload = watch.progress();
        let written = link.tap.last_write();
        let moved = upload.at.max(begun).max(written.unwrap_or(begun));
        match upload.stage {
            // Between two reads of a body, whoever sends it: who trickles an upload holds a connection of the next hop.
            RequestBody::Unread | RequestBody::Partial if upload.client_is_slow => {
                (upload.at + timeouts.idle, Fault::new(FaultKind::ClientTimeout))
            }
            RequestBody::Unread | RequestBody::Partial => (moved + timeouts.send, Fault::new(FaultKind::SendTimeout)),
            // All of it is out, or will never be: now it is the next hop's turn.
            _ => (moved + timeouts.response, Fault::new(FaultKind::ResponseTimeout)),
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // the list of kinds may grow
fn was_closed(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::ClosedBeforeResponse | FaultKind::ResetBeforeResponse | FaultKind::SendReset)
}
