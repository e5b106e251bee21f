//! `InFlight::pass_on`: a response came, and goes on to the client.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, response};
use http_body::Body;

use crate::audit::{Framing, GrpcHead, TRAILERS_ALONE, answers_upgrade, audit_grpc_head};
use crate::body::{End, Guard};
use crate::deadline::Timer;
use crate::exchange::{BodyFraming, Forwarded};
use crate::fault::{Class, Fault, FaultKind, Phase};
use crate::upgrade::Tunnel;

use super::body::{BodyOwner, ResponseBody};
use super::facts::SharedFacts;
use super::held::PassOnHeld;
use super::named::Named;
use super::state::State;
use super::{Handle, InFlight};

/// How long a cut HTTP/2 stream waits for the task that writes it: see [`Guard::lingering`].
const LINGER: Duration = Duration::from_millis(10);

impl<T: Timer> InFlight<T> {
    /// There is no response, but an error: classifies it, records the fault, and makes the [answer](crate::Gateway::answer),
    /// with the [`Fault`] in its extensions.
    pub fn answer<B: Body>(self, error: &(dyn Error + 'static)) -> Response<ResponseBody<B, T>> {
        self.answer_bytes(error).map(ResponseBody::made)
    }

    /// The same for a fault that is known already: a timer that fired, a route that is not there.
    pub fn answer_fault<B: Body>(self, fault: impl Into<Fault>) -> Response<ResponseBody<B, T>> {
        self.answer_fault_bytes(fault).map(ResponseBody::made)
    }

    /// A response came: the one to send to the client.
    ///
    /// Its head is [audited](crate::audit::audit()), and made fit to be forwarded; a head that must not be is answered instead:
    /// close the connection that it came on. The body is guarded: a body that is not whole does not look whole, whatever
    /// version the client speaks, and ends the exchange with a record. With [`client`](Self::client) a cut is shown by a
    /// reset to clients that know no other way; without, the record says that it could not be shown.
    ///
    /// A gRPC call ends in a `grpc-status`, also when its body breaks, when no status came, or when the next hop answered with
    /// a page; the response of a call that goes on has the [`SharedFacts`] in its extensions. A 101 goes through if the gateway has [tunnels](crate::Gateway::with_upgrades) and the client asked for that
    /// protocol, and is a fault otherwise.
    ///
    /// An answer to HEAD, a 204 and a 304 end with their heads, whatever their fields say (RFC 9112 section 6.3). What a client
    /// library gives as their body is nothing of the response: it is dropped unread, and the answer is whole. Bytes that
    /// the next hop did send there a [tap](crate::tap) reports as `leftover`.
    ///
    /// An interim response is not the one that ends the exchange: see [`interim`](Self::interim).
    pub fn pass_on<B>(self, response: Response<B>) -> Response<ResponseBody<B, T>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.take(response, false).0
    }

    /// The same, but the head waits for the first frame of the body, as long as `at_most`: a body that breaks at once is still
    /// a 502 then. The pause needs the timer of [`timed`](Self::timed).
    ///
    /// Event streams, gRPC and answers without content do not wait.
    pub fn pass_on_held<B>(self, response: Response<B>, at_most: Duration) -> PassOnHeld<B, T>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if at_most.is_zero() || !self.timer.fires() || !self.may_be_held(&response) {
            return PassOnHeld::ready(self.pass_on(response));
        }
        let exchange = Arc::clone(&self.handle.0);
        match self.take(response, true) {
            (response, Some(framing)) => PassOnHeld::waiting(response, framing, at_most, exchange),
            (answer, None) => PassOnHeld::ready(answer),
        }
    }

    /// Whether the head may wait: not where the first of the body may be minutes away by design, nor where it is over.
    fn may_be_held<B: Body>(&self, response: &Response<B>) -> bool {
        let is_stream = response.headers().get(CONTENT_TYPE).is_some_and(|value| {
            let begins = |name: &[u8]| value.as_bytes().get(..name.len()).is_some_and(|v| v.eq_ignore_ascii_case(name));
            begins(b"text/event-stream") || begins(b"application/grpc")
        });
        !is_stream && !response.body().is_end_stream()
    }

    /// The response to send, and how its body is framed where it goes on.
    fn take<B>(self, response: Response<B>, is_held: bool) -> (Response<ResponseBody<B, T>>, Option<BodyFraming>)
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let Self { handle, timer, idle, total } = self;
        let refuse = |handle: Handle, fault| (handle.0.answer_fault(fault).map(ResponseBody::made), None);
        let (mut parts, body) = response.into_parts();
        let mut state = handle.0.lock();
        if let Some(fault) = state.refusal {
            drop(state);
            return refuse(handle, fault);
        }
        let (spoken, client) = (parts.version, state.exchange.version);
        if parts.status.is_informational() && parts.status != StatusCode::SWITCHING_PROTOCOLS {
            drop(state);
            handle.0.lock().support("response", "an interim response cannot end an exchange");
            return refuse(handle, Fault::new(FaultKind::ProxyInternal));
        }
        state.exchange.received_status = Some(parts.status);
        let named = Named::by(&parts.headers);
        let State { gateway, exchange, .. } = &mut *state;
        let framing = match gateway.forward_head(&mut parts, exchange) {
            Ok(framing) => framing,
            Err(fault) => {
                drop(state);
                return refuse(handle, fault);
            }
        };
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            drop(state);
            return match switch(&handle, &mut parts) {
                Ok(()) => (Response::from_parts(parts, ResponseBody::made(Bytes::new())), None),
                Err(fault) => refuse(handle, fault),
            };
        }
        // "Always terminated by the first empty line after the header fields, regardless of the header fields present in the
        // message, and thus cannot contain a message body or trailer section" (RFC 9112 section 6.3, rule 1).
        let has_content = framing != Framing::None;
        let is_held = is_held && has_content;
        let is_grpc = state.exchange.grpc && client >= Version::HTTP_2;
        let mut ends_in_trailers = false;
        if is_grpc {
            match audit_grpc_head(parts.status, &parts.headers) {
                // In the head of one that ends with it nothing is left to be told.
                Ok(GrpcHead::TrailersOnly(_)) => ends_in_trailers = has_content && !body.is_end_stream(),
                // Over before it says how the call ended: nothing is out yet, and so that can be said in a head of our own.
                Ok(GrpcHead::Open) if has_content && body.is_end_stream() => {
                    drop(state);
                    return refuse(handle, Fault::of_class(Class::GrpcStatusMissing).at(Phase::Head));
                }
                Ok(GrpcHead::Open) => ends_in_trailers = has_content,
                Err(fault) => {
                    drop(state);
                    return refuse(handle, fault);
                }
            }
            if ends_in_trailers {
                for name in TRAILERS_ALONE {
                    parts.headers.remove(name);
                }
                state.gateway.announce(&mut parts.headers);
                // A fault that is told in trailers is no error of the body: whoever watches that asks the exchange.
                parts.extensions.insert(SharedFacts(Arc::clone(&handle.0)));
            }
        }
        let downstream = state.exchange.body_framing(parts.status, &parts.headers);
        state.exchange.phase = Some(Phase::Body);
        state.is_passed_on = true;
        if !is_held {
            state.goes_on(parts.status, downstream, &mut parts.headers);
        }
        if !has_content {
            drop(state);
            handle.0.body_ended(End::Whole);
            return (Response::from_parts(parts, ResponseBody::made(Bytes::new())), None);
        }
        let abort = if downstream == BodyFraming::UntilClose { state.abort_handle() } else { None };
        if downstream == BodyFraming::UntilClose && client < Version::HTTP_2 {
            state.exchange.can_reset = abort.is_some();
        }
        let gateway = state.gateway.clone();
        drop(state);

        let owner = BodyOwner::new(handle, is_held, ends_in_trailers);
        let mut guard = Guard::owned(owner).expecting(framing.length()).timed(timer, idle, total);
        if spoken == Version::HTTP_2 {
            guard = guard.expecting_end_stream(); // hyper would not tell
        }
        if client == Version::HTTP_2 {
            guard = guard.lingering(LINGER); // another task writes
        }
        if let Some(abort) = abort {
            guard = guard.aborting(abort);
        }
        (Response::from_parts(parts, ResponseBody::passed_on(guard.around(body), named, gateway)), Some(downstream))
    }
}

impl State {
    /// The head of a response goes out.
    pub(super) fn goes_on(&mut self, status: StatusCode, framing: BodyFraming, fields: &mut HeaderMap) {
        self.head_goes_out(Some(fields));
        self.exchange.forwarded = Forwarded::Head { status, framing };
    }
}

/// The next hop switches protocols, and the audit found nothing wrong with its 101.
fn switch(handle: &Handle, parts: &mut response::Parts) -> Result<(), Fault> {
    let mut state = handle.0.lock();
    let offered = state.offer.take();
    let answered = parts.headers.get_all(UPGRADE).iter().map(HeaderValue::as_bytes);
    let Some((offer, _)) = offered
        .filter(|(_, offered)| answers_upgrade(offered.iter().map(HeaderValue::as_bytes), answered))
        .filter(|(offer, _)| offer.can_join(&parts.extensions))
    else {
        return Err(Fault::of_class(Class::UnexpectedUpgrade));
    };
    state.exchange.phase = Some(Phase::Body);
    state.exchange.forwarded = Forwarded::Head { status: parts.status, framing: BodyFraming::UntilClose };
    state.exchange.can_reset = state.client.is_some();
    if let Some(client) = &state.client {
        client.tunnel();
    }
    // From here on the tunnel ends the exchange.
    state.is_passed_on = true;
    drop(state);
    let exchange = Arc::clone(&handle.0);
    let ended = move |end| {
        // Who broke off is told so: the client's connection is dropped behind this.
        if let (End::Failed(_), Some(client)) = (end, &exchange.lock().client) {
            client.abort();
        }
        exchange.body_ended(end);
    };
    offer.join(&mut parts.extensions, Tunnel::new(ended));
    Ok(())
}
