//! The response body on its way to the client.
//!
//! Its one rule: a body that breaks is a 502 while that is still possible, and visibly cut afterwards.
//! Only a connection whose response was whole goes back to the pool.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::audit::Framing;
use badgateway::body::{ClientHandle, End, Guard, hold_first};
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Evidence, Fault, Phase};
use http::header::CONTENT_TYPE;
use http::{Method, Response, response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::connect::Link;
use crate::route::Target;
use crate::serve::ReplyBody;
use crate::trace::Trace;
use crate::trouble::Trouble;

/// What the body's guard and the handler share.
struct Relay {
    trace: Option<Box<Trace>>,
    link: Option<Link>,
    target: &'static Target,
    evidence: Evidence,
    /// The head is on its way: from now on the guard finishes the exchange by itself.
    forwarded: bool,
}

/// Passes a response on whose head has been found fit.
pub(crate) async fn relay(
    mut trace: Box<Trace>,
    parts: response::Parts,
    body: Incoming,
    framing: Framing,
    link: Link,
    target: &'static Target,
    socket: &ClientHandle,
) -> Response<ReplyBody> {
    let downstream = trace.exchange.body_framing(parts.status, &parts.headers);
    trace.exchange.phase = Some(Phase::Body);
    let timeouts = trace.proxy.timeouts;
    let hold = if may_be_held(&trace, &parts) { timeouts.first_byte_hold } else { std::time::Duration::ZERO };

    let tap = link.tap.clone();
    let relay = Relay { trace: Some(trace), link: Some(link), target, evidence: Evidence::new(), forwarded: false };
    let relay = Arc::new(Mutex::new(relay));
    let (for_errors, for_the_end) = (Arc::clone(&relay), Arc::clone(&relay));

    let mut guard = Guard::new(move |error, _| {
        let mut relay = lock(&for_errors);
        relay.evidence = Evidence::new().with_error(error);
        let Some(trace) = &mut relay.trace else { return Fault::new(badgateway::FaultKind::Unclassified) };
        let seen = tap.observation();
        seen.fill(&mut trace.exchange);
        seen.refine(trace.proxy.gateway.classify(error, &trace.exchange))
    })
    .expecting(framing.length());
    if downstream == BodyFraming::UntilClose {
        // Its end is all that tells the client where it ends, so an orderly one must not come.
        guard = guard.aborting(socket.abort_handle().clone());
    }
    let body = guard
        .timed(TokioTimer, Some(timeouts.idle), None)
        .on_end(move |end, _| lock(&for_the_end).end(end))
        .around(body);

    match hold_first(body, &TokioTimer, hold).await {
        Ok(body) => {
            let mut relay = lock(&relay);
            relay.forwarded = true;
            if let Some(trace) = &mut relay.trace {
                trace.exchange.forwarded = Forwarded::Head { status: parts.status, framing: downstream };
            }
            Response::from_parts(parts, body.boxed_unsync())
        }
        Err(fault) => {
            let (trace, evidence) = {
                let mut relay = lock(&relay);
                (relay.trace.take(), std::mem::take(&mut relay.evidence))
            };
            match trace {
                Some(trace) => trace.answer(Trouble { fault, evidence }),
                // It is taken here alone.
                None => Response::new(crate::serve::full(bytes::Bytes::new())),
            }
        }
    }
}

fn lock(relay: &Mutex<Relay>) -> MutexGuard<'_, Relay> {
    relay.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    /// The body is over, one way or another.
    fn end(&mut self, end: End) {
        let link = self.link.take();
        match end {
            End::Whole => {
                if let Some(mut trace) = self.trace.take() {
                    if let Some(link) = &link {
                        trace.tolerate(&link.tap);
                    }
                    trace.finish();
                    // A connection that is still busy with the request's body is not fit for another.
                    if let (Some(link), true) = (link, trace.is_uploaded()) {
                        link.tap.whole();
                        trace.proxy.pool.put(self.target, link);
                    }
                }
            }
            End::Failed(fault) if self.forwarded => {
                if let Some(mut trace) = self.trace.take() {
                    let fault = link.map_or(fault, |link| {
                        let seen = link.tap.observation();
                        seen.fill(&mut trace.exchange);
                        seen.refine(fault)
                    });
                    trace.record(&fault, &self.evidence);
                }
            }
            // The handler answers.
            End::Failed(_) => {}
            // The trace says by itself that the client has gone.
            End::Dropped => drop(self.trace.take()),
        }
    }
}

/// Whether the head may wait a moment for the first of the body: not where the first of it may be minutes
/// away by design.
fn may_be_held(trace: &Trace, parts: &response::Parts) -> bool {
    let stream = parts.headers.get(CONTENT_TYPE).is_some_and(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.starts_with(b"text/event-stream") || value.starts_with(b"application/grpc")
    });
    !stream && trace.exchange.method != Method::HEAD
}
