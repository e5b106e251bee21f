//! The request on its way to a response head, and once more where that is safe.
//!
//! A request is sent a second time only if it provably was not applied (hyper handed it back unsent, or the next hop says
//! that it did not take the stream), or if it may be applied twice and met the race that every pool has: a connection that
//! had served before, and ended without a byte of response (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1, RFC 9113
//! section 8.7).

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use badgateway::fault::{Failure, Fault, FaultKind, Phase};
use badgateway::{Exchange, Progress};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::connect::{Link, Opened, Upload};
use crate::exchange::Exchanging;
use crate::hop::Hop;
use crate::route::Target;
use crate::serve::Proxy;
use crate::streams::{Stream, StreamHop, Way};
use crate::target;

/// The largest body that is kept for a second try. nginx buffers 16 KiB of a request before it asks for disk,
/// Envoy's default is 1 MiB; what is idempotent and has a body (PUT) is mostly smaller or far larger than this.
const KEEP: usize = 64 * 1024;

/// Why there is no head.
#[derive(Debug)]
enum Stop {
    Timer(Fault),
    Send(Box<TrySendError<Request<Upload>>>),
}

/// What became of it.
pub(crate) type Tried = Result<Response<Incoming>, Again>;

/// There is no head.
pub(crate) enum Again {
    /// The request goes out once more.
    Yes(Box<Request<Upload>>),
    No(Failure),
}

impl From<Fault> for Again {
    fn from(fault: Fault) -> Self {
        Self::No(fault.into())
    }
}

impl From<Failure> for Again {
    fn from(failure: Failure) -> Self {
        Self::No(failure)
    }
}

impl From<Again> for Failure {
    fn from(again: Again) -> Self {
        match again {
            // There is no other way than by HTTP/1.
            Again::Yes(_) => Fault::new(FaultKind::ProxyInternal).into(),
            Again::No(failure) => failure,
        }
    }
}

impl Proxy {
    /// Sends the request by HTTP/1 and waits for the head of its response: on this connection, or on one of the pool's or a
    /// new one. `changed` is for one that turns out to be of HTTP/2; then the request goes out in another way.
    pub(crate) async fn send(
        self: &Arc<Self>,
        exchange: &Exchanging,
        mut request: Request<Upload>,
        target: &'static Target,
        mut given: Option<Link>,
        changed: Option<&Arc<Notify>>,
    ) -> Tried {
        loop {
            let mut link = match given.take() {
                Some(link) => link,
                None => match self.link(exchange, target, changed).await? {
                    Opened::Link(link) => link,
                    Opened::Multiplexed(_) => return Err(Again::Yes(Box::new(request))),
                },
            };
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
            let last_write = || tap.last_write();
            let mut error = match self.head(exchange, sending.as_mut(), last_write, interims.too_many()).await {
                Ok(response) => return Ok(response),
                Err(Stop::Timer(fault)) => return Err(fault.into()),
                Err(Stop::Send(error)) => error,
            };
            let unsent = error.take_message();
            let error = error.into_error();
            let fault = exchange.classify(&error);
            match second_try(exchange, &fault, unsent, spare) {
                Some(again) => request = again,
                None => return Err(Again::No(Failure::new(fault, error))),
            }
        }
    }

    /// The same where the next hop may speak HTTP/2.
    pub(crate) async fn send_multiplexed(
        self: &Arc<Self>,
        exchange: &Exchanging,
        mut request: Request<Upload>,
        target: &'static Target,
    ) -> Result<Response<Incoming>, Failure> {
        let mut failed = None;
        loop {
            let tried = match self.way(exchange, target, failed.as_ref()).await? {
                Way::Link(link, changed) => self.send(exchange, request, target, Some(link), Some(&changed)).await,
                Way::Stream(stream) => {
                    failed = Some(Arc::clone(&stream.connection));
                    self.over_stream(exchange, request, target, stream).await
                }
            };
            match tried {
                Ok(response) => return Ok(response),
                Err(Again::Yes(again)) => request = *again,
                Err(Again::No(failure)) => return Err(failure),
            }
        }
    }

    /// One try on a connection of many.
    async fn over_stream(
        self: &Arc<Self>,
        exchange: &Exchanging,
        mut request: Request<Upload>,
        target: &'static Target,
        stream: Stream,
    ) -> Tried {
        let is_first = {
            let mut facts = exchange.facts();
            // It may be sent from here on, and nobody counts its bytes.
            (facts.phase, facts.sent) = (Some(Phase::Head), None);
            facts.upgrade_offered = false;
            facts.attempts == 1
        };
        // Whatever the method: the next hop may say that it has not taken it.
        let spare = is_first.then(|| Spare::of(&request));
        if is_first {
            exchange.keep_body(KEEP);
        }
        if target::to_authority(&mut request, target.tls).is_none() {
            return Err(Fault::new(FaultKind::ProxyInternal).into());
        }
        let connection = Arc::clone(&stream.connection);
        let mut sender = connection.sender();
        let mut sending = pin!(sender.try_send_request(request));
        let blow = Arc::clone(connection.blow());
        exchange.over(StreamHop { proxy: Arc::clone(self), target, stream: Some(stream), blow });
        let mut error = match self.head(exchange, sending.as_mut(), || None, pending()).await {
            Ok(response) => return Ok(response),
            Err(Stop::Timer(fault)) => return Err(fault.into()),
            Err(Stop::Send(error)) => error,
        };
        let unsent = error.take_message().map(|mut request| {
            target::to_host(&mut request);
            request
        });
        let error = error.into_error();
        let fault = exchange.classify(&error);
        if fault.kind() == FaultKind::GoawayUnprocessed {
            connection.retire();
        }
        match second_try(exchange, &fault, unsent, spare) {
            Some(again) => Err(Again::Yes(Box::new(again))),
            None => Err(Again::No(Failure::new(fault, error))),
        }
    }

    /// A connection to send on.
    pub(crate) async fn link(
        self: &Arc<Self>,
        exchange: &Exchanging,
        target: &'static Target,
        changed: Option<&Arc<Notify>>,
    ) -> Result<Opened, Failure> {
        // A second try gets a fresh connection: the first one's fault was that it was not.
        let is_first = exchange.facts().attempts == 1;
        let pooled = if is_first { self.pool.take(target).await } else { None };
        exchange.facts().reused = Some(pooled.is_some());
        if let Some(link) = pooled {
            return Ok(Opened::Link(link));
        }
        exchange.over(Hop { proxy: Arc::clone(self), target, link: None });
        let note = |phase| exchange.phase(phase);
        // Boxed, or every exchange would carry the room it takes for as long as it lives.
        let connected = Box::pin(self.connector.connect(target, changed, &note)).await;
        connected.inspect_err(|failure| {
            self.make_room(&failure.fault());
            let mut facts = exchange.facts();
            facts.sent = Some(0);
            facts.phase = Some(failure.fault().phase());
        })
    }

    /// The cheapest descriptors to come by are those of idle connections.
    pub(crate) fn make_room(&self, fault: &Fault) {
        if fault.kind() == FaultKind::LocalExhausted {
            self.pool.clear();
            self.streams.clear();
        }
    }

    /// Waits for the response head, and for all that must not take too long until then.
    async fn head(
        &self,
        exchange: &Exchanging,
        mut sending: Pin<&mut impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>>>,
        last_write: impl Fn() -> Option<Instant>,
        too_many: impl Future<Output = Fault>,
    ) -> Result<Response<Incoming>, Stop> {
        let begun = Instant::now();
        let mut too_many = pin!(too_many);
        loop {
            let upload = exchange.upload();
            let (mut until, _) = self.timer(begun, upload, last_write());
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
                    let (until, fault) = self.timer(begun, exchange.upload(), last_write());
                    if until <= Instant::now() {
                        return Err(Stop::Timer(fault));
                    }
                }
            }
        }
    }

    /// Which timer runs now, and what it means if it fires. The time for the head is a total, counted
    /// from the last request byte: neither a drip of bytes nor a slow upload moves it.
    fn timer(&self, begun: Instant, upload: Progress, last_write: Option<Instant>) -> (Instant, Fault) {
        let timeouts = &self.timeouts;
        let read = upload.moved().unwrap_or(begun);
        let moved = read.max(begun).max(last_write.unwrap_or(begun));
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
            if was_raced(exchange, fault.kind())
                || was_spoiled(exchange, fault.kind())
                || was_not_taken(fault.kind()) =>
        {
            spare.with(exchange.again()?)
        }
        (None, _) => return None,
    };
    exchange.try_again(fault);
    Some(again)
}

/// Whether its connection had served before, and ended without a byte of response.
#[allow(clippy::wildcard_enum_match_arm)] // the list of kinds may grow
fn was_raced(exchange: &Exchanging, kind: FaultKind) -> bool {
    let facts = exchange.facts();
    match kind {
        FaultKind::ClosedBeforeResponse | FaultKind::ResetBeforeResponse | FaultKind::SendReset => {
            // Of a stream nobody counts the bytes: it has a head, or nothing.
            may_be_raced(&facts) && facts.received.is_none_or(|received| received == 0)
        }
        // The connection that it was sent on is being closed, or hyper gave it up for that.
        FaultKind::Goaway => true,
        _ => false,
    }
}

/// The next hop has promised that it did nothing with it (RFC 9113 sections 6.8 and 8.7).
const fn was_not_taken(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::StreamRefused | FaultKind::GoawayUnprocessed)
}

/// What came on it before the request was for nobody, and so the request did not go out.
fn was_spoiled(exchange: &Exchanging, kind: FaultKind) -> bool {
    kind == FaultKind::UnsolicitedResponse && exchange.facts().sent == Some(0)
}
