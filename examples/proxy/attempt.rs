//! The request on its way to a response head, and once more where that is safe.
//!
//! A request is sent a second time only if it provably was not applied (hyper handed it back unsent), or if it may be
//! applied twice and met the race that every pool has: a connection that had served before, and ended without a byte of
//! response (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use badgateway::adapters::hyper1::Interims;
use badgateway::adapters::tokio1::TapHandle;
use badgateway::fault::{Failure, Fault, FaultKind};
use badgateway::{Exchange, Progress};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::sleep_until;

use crate::connect::{Link, Upload};
use crate::exchange::Exchanging;
use crate::hop::Hop;
use crate::route::Target;
use crate::serve::Proxy;

/// The largest body that is kept for a second try. nginx buffers 16 KiB of a request before it asks for disk,
/// Envoy's default is 1 MiB; what is idempotent and has a body (PUT) is mostly smaller or far larger than this.
const KEEP: usize = 64 * 1024;

/// Why there is no head.
#[derive(Debug)]
enum Stop {
    Timer(Fault),
    Send(Box<TrySendError<Request<Upload>>>),
}

impl Proxy {
    /// Sends the request and waits for the head of its response.
    pub(crate) async fn send(
        self: &Arc<Self>,
        exchange: &Exchanging,
        mut request: Request<Upload>,
        target: &'static Target,
    ) -> Result<Response<Incoming>, Failure> {
        loop {
            let mut link = self.link(exchange, target).await?;
            let is_kept = {
                let mut facts = exchange.facts();
                // It is in the way of what the tap sees from here on.
                facts.phase = None;
                link.begin(&facts.method);
                may_be_raced(&facts)
            };
            let spare = is_kept.then(|| Spare::of(&request));
            if is_kept {
                exchange.keep_body(KEEP);
            }
            let interims = exchange.interims(&mut request);
            let mut sending = pin!(link.sender.try_send_request(request));
            let tap = link.tap.clone();
            exchange.over(Hop { proxy: Arc::clone(self), target, link: Some(link) });
            let mut error = match self.head(exchange, sending.as_mut(), &tap, &interims).await {
                Ok(response) => return Ok(response),
                Err(Stop::Timer(fault)) => return Err(fault.into()),
                Err(Stop::Send(error)) => error,
            };
            let unsent = error.take_message();
            let error = error.into_error();
            let fault = exchange.classify(&error);
            match second_try(exchange, &fault, unsent, spare) {
                Some(again) => request = again,
                None => return Err(Failure::new(fault, error)),
            }
        }
    }

    /// A connection to send on.
    async fn link(self: &Arc<Self>, exchange: &Exchanging, target: &'static Target) -> Result<Link, Failure> {
        // A second try gets a fresh connection: the first one's fault was that it was not.
        let is_first = exchange.facts().attempts == 1;
        let pooled = if is_first { self.pool.take(target).await } else { None };
        exchange.facts().reused = Some(pooled.is_some());
        if let Some(link) = pooled {
            return Ok(link);
        }
        exchange.over(Hop { proxy: Arc::clone(self), target, link: None });
        // Boxed, or every exchange would carry the room it takes for as long as it lives.
        let connected = Box::pin(self.connector.connect(target, exchange)).await;
        connected.inspect_err(|failure| {
            if failure.fault().kind() == FaultKind::LocalExhausted {
                // The cheapest descriptors to come by are those of idle connections.
                self.pool.clear();
            }
            let mut facts = exchange.facts();
            facts.sent = Some(0);
            facts.phase = Some(failure.fault().phase());
        })
    }

    /// Waits for the response head, and for all that must not take too long until then.
    async fn head(
        &self,
        exchange: &Exchanging,
        mut sending: Pin<&mut impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>>>,
        tap: &TapHandle,
        interims: &Interims,
    ) -> Result<Response<Incoming>, Stop> {
        let begun = Instant::now();
        let mut too_many = interims.too_many();
        loop {
            let upload = exchange.upload();
            let (mut until, _) = self.timer(begun, upload, tap);
            if upload.is_unfinished() {
                // Nothing tells when the upload ends, nor when the client stops sending, and from then on another, shorter
                // timer may run.
                until = until.min(Instant::now() + self.timeouts.response.min(self.timeouts.idle));
            }
            tokio::select! {
                biased;
                // The head may be behind them in one segment.
                fault = &mut too_many => return Err(Stop::Timer(fault)),
                result = &mut sending => return result.map_err(|e| Stop::Send(Box::new(e))),
                () = sleep_until(until.into()) => {
                    // It may have moved on meanwhile, or another be waited for, which sets the timer anew.
                    let (until, fault) = self.timer(begun, exchange.upload(), tap);
                    if until <= Instant::now() {
                        return Err(Stop::Timer(fault));
                    }
                }
            }
        }
    }

    /// Which timer runs now, and what it means if it fires. The time for the head is a total, counted
    /// from the last request byte: neither a drip of bytes nor a slow upload moves it.
    fn timer(&self, begun: Instant, upload: Progress, tap: &TapHandle) -> (Instant, Fault) {
        let timeouts = &self.timeouts;
        let read = upload.moved().unwrap_or(begun);
        let moved = read.max(begun).max(tap.last_write().unwrap_or(begun));
        if !upload.is_unfinished() {
            // All of it is out, or will never be: now it is the next hop's turn.
            return (moved + timeouts.response, Fault::new(FaultKind::ResponseTimeout));
        }
        if upload.client_is_slow() {
            // Between two reads of a body, whoever sends it: who trickles an upload holds a connection of the next hop.
            return (read + timeouts.idle, Fault::new(FaultKind::ClientTimeout));
        }
        (moved + timeouts.send, Fault::new(FaultKind::SendTimeout))
    }
}

/// Whether a second try may become necessary although this one was written: on a connection that had served
/// before.
fn may_be_raced(facts: &Exchange) -> bool {
    facts.attempts == 1 && facts.reused == Some(true) && facts.is_idempotent()
}

/// The head of a request, for a second try that hardly ever comes: a list of its fields takes a third of what a map does.
struct Spare {
    method: Method,
    uri: Uri,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Spare {
    fn of(request: &Request<Upload>) -> Self {
        let fields = request.headers();
        let mut kept = Vec::with_capacity(fields.len());
        kept.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self { method: request.method().clone(), uri: request.uri().clone(), fields: kept }
    }

    fn with(self, body: Upload) -> Request<Upload> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        for (name, value) in self.fields {
            request.headers_mut().append(name, value);
        }
        request
    }
}

/// The request for a second try, if there may be one.
fn second_try(
    exchange: &Exchanging,
    fault: &Fault,
    unsent: Option<Request<Upload>>,
    spare: Option<Spare>,
) -> Option<Request<Upload>> {
    if unsent.is_some() {
        // Handed back, so not a byte of it was written.
        exchange.facts().sent = Some(0);
    }
    if !exchange.advise_retry(fault).is_safe() {
        return None;
    }
    let again = match (unsent, spare) {
        (Some(unsent), _) => unsent,
        // Its connection died as pooled ones do. Slowness, or half a head, is no such race.
        (None, Some(spare))
            if (was_closed(fault.kind()) && exchange.facts().received == Some(0))
                || was_spoiled(exchange, fault.kind()) =>
        {
            spare.with(exchange.again()?)
        }
        (None, _) => return None,
    };
    exchange.try_again(fault);
    Some(again)
}

#[allow(clippy::wildcard_enum_match_arm)] // the list of kinds may grow
fn was_closed(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::ClosedBeforeResponse | FaultKind::ResetBeforeResponse | FaultKind::SendReset)
}

/// What came on it before the request was for nobody, and so the request did not go out.
fn was_spoiled(exchange: &Exchanging, kind: FaultKind) -> bool {
    kind == FaultKind::UnsolicitedResponse && exchange.facts().sent == Some(0)
}
