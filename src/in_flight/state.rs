//! The state of an exchange under way, shared by all who have a part in it.
//!
//! It ends once: whoever takes [`Ending`] out of it makes the record, and the others find it over.

use std::any::Any;
use std::error::Error;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Instant;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue, Response, Version};

use crate::body::{AbortHandle, ClientHandle, End, Ledger};
use crate::caught::caught;
use crate::decide::Decision;
use crate::decide::retry::{Retry, advise, again};
use crate::diagnose;
use crate::exchange::{Exchange, Forwarded, RequestBody};
use crate::fault::{Evidence, Fault, FaultKind, Phase};
use crate::gateway::Gateway;
use crate::h1;
use crate::link::Link;
use crate::reply::{Report, Tolerated};
use crate::tap::Observation;
use crate::upgrade::Offer;

use super::last_word::LastWord;
#[cfg(feature = "http_body1")]
use super::named::Named;
use super::progress::Account;

/// A state, in reach of all who share it.
pub(super) struct Shared(Mutex<State>);

pub(super) struct State {
    pub(super) gateway: Gateway,
    pub(super) exchange: Exchange,
    /// What the caller had to say.
    evidence: Evidence,
    /// What supports the last fault that was looked for.
    found: Evidence,
    pub(super) link: Option<Box<dyn Link>>,
    /// The end of the response, where the caller's parser read it.
    pub(super) parsed: Option<h1::End>,
    pub(super) upload: Account,
    /// What the request's trailers must not hold.
    #[cfg(feature = "http_body1")]
    pub(super) named: Named,
    /// The client's body, where a try ended that has not read it, and who waits for it.
    unread: Option<Box<dyn Any + Send>>,
    waiting: Option<Waker>,
    pub(super) client: Option<ClientHandle>,
    /// Why the request must not be forwarded.
    pub(super) refusal: Option<Fault>,
    /// The upgrade that is offered to the next hop, and the protocols.
    pub(super) offer: Option<(Box<dyn Offer>, Vec<HeaderValue>)>,
    /// When it began, where the gateway has a clock.
    started: Option<Instant>,
    /// Others that say how this ends, should its handle be dropped.
    attendants: u32,
    /// The response went on: its body, or a tunnel, ends the exchange.
    pub(super) is_passed_on: bool,
    /// How the body ended, while somebody else still had to say how the exchange does.
    body_end: Option<End>,
    /// How much of the body the client was given, where it did not wait for the rest.
    pub(super) went: Option<Ledger>,
    is_over: bool,
    /// What it ended with, where that was not well.
    pub(super) fault: Option<Fault>,
}

impl Shared {
    #[inline]
    pub(super) fn new(gateway: Gateway, exchange: Exchange) -> Arc<Self> {
        let started = gateway.now();
        let upload = Account::new(exchange.request_body);
        Arc::new(Self(Mutex::new(State {
            gateway,
            exchange,
            evidence: Evidence::new(),
            found: Evidence::new(),
            link: None,
            parsed: None,
            upload,
            #[cfg(feature = "http_body1")]
            named: Named::default(),
            unread: None,
            waiting: None,
            client: None,
            refusal: None,
            offer: None,
            started,
            attendants: 0,
            is_passed_on: false,
            body_end: None,
            went: None,
            is_over: false,
            fault: None,
        })))
    }

    /// What a panic left half-written is better than nothing.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is no response, but an error.
    pub(super) fn answer(&self, error: &(dyn Error + 'static)) -> Response<Bytes> {
        let mut state = self.lock();
        let fault = state.judge(error);
        drop(state);
        self.respond(fault)
    }

    /// There is no response, but a fault that is known.
    pub(super) fn answer_fault(&self, fault: Fault) -> Response<Bytes> {
        let fault = self.lock().review(fault);
        self.respond(fault)
    }

    /// A handler failed with this error, whatever it had begun: none of it has gone out.
    pub(super) fn answer_instead(&self, error: &(dyn Error + 'static)) -> Response<Bytes> {
        let mut state = self.lock();
        (state.attendants, state.body_end) = (0, None);
        state.exchange.forwarded = Forwarded::Nothing;
        drop(state);
        self.answer(error)
    }

    /// A handler is done. Where it made a response by itself, that is the end.
    pub(super) fn handled(&self) {
        let mut state = self.lock();
        if state.is_passed_on && state.body_end.is_none() {
            return;
        }
        state.attendants = 0;
        if !state.is_passed_on {
            state.head_goes_out(None);
        }
        drop(state);
        self.whole();
    }

    /// The response went on, and its body has ended; or a tunnel has.
    pub(super) fn body_ended(&self, end: End) {
        let mut state = self.lock();
        if state.attendants > 0 {
            state.body_end = Some(end);
            return;
        }
        drop(state);
        match end {
            End::Whole => self.whole(),
            End::Failed(fault) => {
                let fault = self.lock().review(fault);
                self.failed(fault);
            }
            End::Dropped => self.left(),
        }
    }

    /// One that had to say how the exchange ends needs not any more.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.attendants = state.attendants.saturating_sub(1);
        if state.attendants > 0 {
            return;
        }
        if let Some(end) = state.body_end.take() {
            drop(state);
            self.body_ended(end);
        }
    }

    /// Nobody waits any more for a head that was held. Nothing of it has gone out, so that nothing was whole for the client,
    /// whatever the body was.
    #[cfg(feature = "http_body1")]
    pub(super) fn given_up(&self) {
        self.lock().body_end = None;
        self.leave();
        self.left();
    }

    /// Ends the exchange with this fault, and makes the response for it.
    pub(super) fn respond(&self, fault: Fault) -> Response<Bytes> {
        self.lock().head_goes_out(None);
        let Some(mut ending) = self.end() else {
            // It has its record; this is for whoever asks twice.
            let state = self.lock();
            return state.gateway.answer_fault(&fault, &state.exchange);
        };
        ending.record(&fault);
        let Ending { gateway, exchange, evidence, .. } = &ending;
        let mut response = gateway.answer_diagnosed(&fault, exchange, evidence, &diagnose::Context::default());
        response.extensions_mut().insert(fault);
        if fault.kind() == FaultKind::BadRequest && exchange.version < Version::HTTP_2 {
            // What comes behind such a request may be anything: "respond with the 400 (Bad Request) status code and then
            // close the connection" (RFC 9112 section 6.3).
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        #[cfg(feature = "hyper1")]
        crate::adapters::hyper1::reason_phrase(&mut response);
        ending.close(self, End::Failed(fault));
        response
    }

    /// There is a fault, and the caller sees to what has gone out.
    pub(super) fn fail(&self, fault: Fault) -> LastWord {
        let mut state = self.lock();
        if fault.kind() == FaultKind::ClientAborted {
            state.exchange.phase.get_or_insert(fault.phase());
            drop(state);
            self.left();
            return LastWord::Silence;
        }
        let fault = state.review(fault);
        let decision = state.gateway.decide(&fault, &state.exchange);
        drop(state);
        if matches!(decision, Decision::Respond(_)) {
            return LastWord::Answer(self.respond(fault));
        }
        self.failed(fault);
        match decision {
            Decision::Abort(how) => LastWord::Abort(how),
            Decision::Respond(_) | Decision::Silence => LastWord::Silence,
        }
    }

    /// The exchange failed, and nothing can be answered any more.
    pub(super) fn failed(&self, fault: Fault) {
        if let Some(mut ending) = self.end() {
            ending.record(&fault);
            ending.close(self, End::Failed(fault));
        }
    }

    /// The handle was dropped. Somebody else may know why, or have taken the exchange over.
    pub(super) fn dropped(&self) {
        let state = self.lock();
        if state.attendants > 0 || state.is_passed_on {
            return;
        }
        drop(state);
        self.left();
    }

    /// The client has left. Who drops an exchange because of a panic has not: that is a fault of the gateway's own.
    pub(super) fn left(&self) {
        let mut state = self.lock();
        state.note_phase();
        let went = state.went;
        drop(state);
        let Some(mut ending) = self.end() else { return };
        let fault = if std::thread::panicking() {
            Fault::new(FaultKind::ProxyInternal)
        } else {
            ending.exchange.client_aborted()
        };
        let fault = went.map_or(fault, |went| {
            let fault = fault.with_received(went.received());
            went.expected().map_or(fault, |expected| fault.with_expected(expected))
        });
        ending.record(&fault);
        ending.close(self, if std::thread::panicking() { End::Failed(fault) } else { End::Dropped });
    }

    /// All of it went well.
    pub(super) fn whole(&self) {
        let mut state = self.lock();
        if state.exchange.first_try.is_none() && state.is_flawless() {
            // Nearly every exchange: nobody has anything to say of it. So nothing is moved, and no clock is read.
            if !mem::replace(&mut state.is_over, true) {
                state.note_upload();
                let State { exchange, link, .. } = &mut *state;
                if let Some(link) = link.take() {
                    let _ = caught(|| link.ended(End::Whole, exchange));
                }
            }
            return;
        }
        drop(state);
        if let Some(ending) = self.end() {
            ending.tolerate();
            ending.close(self, End::Whole);
        }
    }

    /// A try ends. What it has not read of the client's body, the next one may.
    pub(super) fn give_back(&self, body: impl FnOnce() -> Option<Box<dyn Any + Send>>) {
        let mut state = self.lock();
        if state.is_over || state.upload.progress().stage() != RequestBody::Unread {
            return;
        }
        if let Some(body) = body() {
            state.unread = Some(body);
        }
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// What is left to do, for whoever comes first.
    fn end(&self) -> Option<Ending> {
        let mut state = self.lock();
        if mem::replace(&mut state.is_over, true) {
            return None;
        }
        let State { gateway, exchange, evidence, found, link, parsed, upload, unread, started, .. } = &mut *state;
        upload.tell(exchange);
        if let (Some(started), Some(now)) = (started, gateway.now()) {
            exchange.elapsed = Some(now.saturating_duration_since(*started));
        }
        evidence.append(mem::take(found));
        Some(Ending {
            gateway: gateway.clone(),
            exchange: mem::take(exchange),
            evidence: mem::take(evidence),
            link: link.take(),
            parsed: *parsed,
            fault: None,
            _unread: unread.take(),
        })
    }
}

impl State {
    /// The request's body is watched, if there is any.
    #[cfg(feature = "http_body1")]
    pub(super) fn watch(&mut self, has_body: bool, named: Named) {
        self.named = named;
        self.upload.watch(has_body);
        self.note_upload();
    }

    pub(super) fn support(&mut self, label: &'static str, text: &str) {
        self.evidence = mem::take(&mut self.evidence).with_text(label, text);
    }

    pub(super) fn found(&mut self, evidence: Evidence) {
        self.found.append(evidence);
    }

    /// Whether a good response left nothing to tell.
    fn is_flawless(&self) -> bool {
        match &self.parsed {
            Some(end) => end.deviations.is_empty() && end.leftover == 0 && !end.forbidden_trailers,
            None => self.link.as_ref().is_none_or(|link| caught(|| link.is_flawless()).unwrap_or(true)),
        }
    }

    pub(super) fn note_upload(&mut self) {
        self.upload.tell(&mut self.exchange);
    }

    pub(super) fn attend(&mut self) {
        self.attendants = self.attendants.saturating_add(1);
    }

    /// The final head is next, with these fields. If the request is not whole by now, its connection ends with this exchange
    /// (RFC 9112 section 9.3), and must not end before the client has read the answer (section 9.6).
    pub(super) fn head_goes_out(&mut self, fields: Option<&mut HeaderMap>) {
        let is_early = self.upload.is_unfinished();
        if let Some(client) = &self.client {
            client.final_head();
            if is_early {
                client.linger();
            }
        }
        if let (true, Some(fields)) = (is_early && self.exchange.version < Version::HTTP_2, fields) {
            // hyper closes it, and does not say so.
            fields.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }

    /// What the try before has left of the request's body. `None` if it is not over, and this task is told of its end.
    pub(super) fn what_is_left(&mut self, cx: &Context<'_>) -> Option<Left> {
        let left = self.unread.take().map(Left::Unread).or_else(|| self.upload.again().map(Left::Kept));
        if left.is_none() {
            self.waiting = Some(cx.waker().clone());
        }
        left
    }

    pub(super) fn abort_handle(&self) -> Option<AbortHandle> {
        self.client.as_ref().map(|client| client.abort_handle().clone())
    }

    /// How far it had got, for a client that leaves: nobody had an error to look into.
    fn note_phase(&mut self) {
        if self.is_over || !self.exchange.can_respond() {
            return;
        }
        self.ask_link();
        let exchange = &mut self.exchange;
        match exchange.phase {
            // Nothing of a request is sent before. Unless a first try was.
            Some(phase) if phase < Phase::Send => drop(exchange.sent.get_or_insert(0)),
            Some(Phase::Head) | None if self.upload.is_unfinished() => exchange.phase = Some(Phase::Send),
            Some(_) | None => {}
        }
    }

    pub(super) fn advise_retry(&mut self, fault: &Fault) -> Retry {
        self.note_upload();
        advise(fault, &self.exchange)
    }

    pub(super) fn try_again(&mut self, fault: &Fault) {
        if self.exchange.sent.is_none() {
            self.ask_link(); // what was sent on it says whether the try could have been applied
        }
        again(fault, &mut self.exchange);
        (self.link, self.parsed, self.found) = (None, None, Evidence::new());
    }

    /// What this error is, by all that is known.
    pub(super) fn judge(&mut self, error: &(dyn Error + 'static)) -> Fault {
        let seen = self.observe(Evidence::new().with_error(error));
        self.note_upload();
        let mut fault = self.gateway.classify(error, &self.exchange);
        let timeout = self.upload.progress().timeout();
        // Whose timer it was, nobody said; that the request was still being sent, its body says.
        if self.exchange.phase.is_none() && fault.kind() == FaultKind::ResponseTimeout && timeout != fault.kind() {
            fault = timeout.into();
        }
        let fault = self.refine(fault, seen);
        if fault.kind() == FaultKind::Unclassified {
            self.found = mem::take(&mut self.found).with_types(error);
        }
        fault
    }

    /// A fault that is known, by all that is known besides.
    pub(super) fn review(&mut self, fault: Fault) -> Fault {
        let found = mem::take(&mut self.found);
        let seen = if found.is_empty() { self.observe(found) } else { self.observe_more(found) };
        self.refine(fault, seen)
    }

    /// What the connection tells of the exchange, noted in the facts.
    pub(super) fn ask_link(&mut self) -> Option<Observation> {
        let link = self.link.as_ref()?;
        let seen = caught(|| {
            link.fill(&mut self.exchange);
            link.observation()
        })??;
        seen.fill(&mut self.exchange);
        Some(seen)
    }

    /// What passed on the connection, which supports a fault as well.
    fn observe(&mut self, found: Evidence) -> Option<Observation> {
        let seen = self.observe_more(found)?;
        if self.exchange.can_respond() {
            self.found = mem::take(&mut self.found).with_first_bytes(seen.first_bytes());
        }
        Some(seen)
    }

    fn observe_more(&mut self, found: Evidence) -> Option<Observation> {
        self.found = found;
        self.ask_link()
    }

    fn refine(&mut self, fault: Fault, seen: Option<Observation>) -> Fault {
        let fault = match seen {
            Some(seen) => seen.refine(fault),
            None => fault,
        };
        let mut found = mem::take(&mut self.found);
        let sharper = self.link.as_ref().and_then(|link| caught(|| link.refine(fault, &mut found)));
        self.found = found;
        let fault = sharper.unwrap_or(fault);
        let is_timer = matches!(fault.kind(), FaultKind::SendTimeout | FaultKind::BodyStalled);
        if is_timer && self.upload.progress().client_is_slow() {
            // Everybody waits for the client: a response that goes on while the request does may want more of it.
            return Fault::new(FaultKind::ClientTimeout);
        }
        fault
    }
}

/// The end of an exchange: all that is known, out of the lock, because others' code is told of it.
struct Ending {
    gateway: Gateway,
    exchange: Exchange,
    evidence: Evidence,
    link: Option<Box<dyn Link>>,
    parsed: Option<h1::End>,
    fault: Option<Fault>,
    _unread: Option<Box<dyn Any + Send>>,
}

/// What a try has left of the request's body.
pub(super) enum Left {
    Unread(Box<dyn Any + Send>),
    Kept(Bytes),
}

impl Ending {
    fn record(&mut self, fault: &Fault) {
        self.fault = Some(*fault);
        self.exchange.time = self.exchange.time.or_else(|| self.gateway.date());
        if self.gateway.hides_queries() {
            self.evidence.hide_queries();
        }
        let record = self.gateway.record(fault, &self.exchange).with_evidence(&self.evidence);
        self.gateway.log(&Report::Fault(record));
    }

    /// What was put up with in an exchange that went well.
    fn tolerate(&self) {
        let tolerated = match &self.parsed {
            Some(end) => Tolerated::parsed(&self.exchange, end),
            None => {
                let seen = self.link.as_ref().and_then(|link| caught(|| link.observation()).flatten());
                Tolerated::seen(&self.exchange, seen.as_ref())
            }
        };
        if !tolerated.is_nothing() {
            self.gateway.log(&Report::Tolerated(tolerated));
        }
    }

    fn close(self, shared: &Shared, end: End) {
        if let Some(link) = self.link {
            let _ = caught(|| link.ended(end, &self.exchange));
        }
        // For whoever still reads the facts.
        let mut state = shared.lock();
        (state.exchange, state.fault) = (self.exchange, self.fault);
    }
}
