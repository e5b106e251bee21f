//! `ResponseBody`: the body of every response that an exchange ends with.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::audit::audit_grpc_trailers;
use crate::body::{End, Guarded, Ledger, LedgerState, Owner};
use crate::deadline::{Never, Timer};
use crate::fault::Fault;
use crate::gateway::Gateway;

use super::Handle;
use super::named::Named;

pin_project! {
    /// The body of a response to the client: one that is passed on under guard, or one that the gateway made. Its data are
    /// [`Bytes`], its errors [`Fault`]s; `Send` and `Unpin` where `B` is.
    ///
    /// It has a name, so that a struct can hold it and a `Service` have it in its `Response`.
    pub struct ResponseBody<B, T = Never>
    where
        B: Body,
        T: Timer,
    {
        #[pin]
        kind: Kind<B, T>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B, T>
    where
        B: Body,
        T: Timer,
    {
        PassedOn { #[pin] body: Guarded<B, BodyOwner, T>, named: Named, gateway: Gateway },
        Made { bytes: Bytes },
    }
}

impl<B: Body, T: Timer> ResponseBody<B, T> {
    /// A body of these bytes: for responses that a handler makes by itself.
    #[must_use]
    pub fn made(bytes: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Made { bytes: bytes.into() } }
    }

    pub(super) const fn passed_on(body: Guarded<B, BodyOwner, T>, named: Named, gateway: Gateway) -> Self {
        Self { kind: Kind::PassedOn { body, named, gateway } }
    }

    /// A sleep of its timer.
    pub(super) fn sleep(&self, duration: Duration) -> Option<T::Sleep> {
        match &self.kind {
            Kind::PassedOn { body, .. } => Some(body.sleep(duration)),
            Kind::Made { .. } => None,
        }
    }

    /// What was counted of a body that is passed on.
    #[must_use]
    pub const fn ledger(&self) -> Option<&Ledger> {
        match &self.kind {
            Kind::PassedOn { body, .. } => Some(body.ledger()),
            Kind::Made { .. } => None,
        }
    }
}

impl<B: Body, T: Timer> From<Bytes> for ResponseBody<B, T> {
    fn from(bytes: Bytes) -> Self {
        Self::made(bytes)
    }
}

impl<B, T> ResponseBody<B, T>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
{
    /// Polls for the first frame and keeps it.
    pub(super) fn poll_hold(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        match self.project().kind.project() {
            KindProj::PassedOn { body, .. } => body.poll_hold(cx),
            KindProj::Made { .. } => Poll::Ready(Ok(())),
        }
    }

    /// The head goes out after all: from now on the body ends the exchange.
    pub(super) fn release(self: Pin<&mut Self>) {
        if let KindProj::PassedOn { body, .. } = self.project().kind.project() {
            if let Some(owner) = body.owner() {
                owner.is_held = false;
            }
        }
    }
}

impl<B, T> Body for ResponseBody<B, T>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: Timer,
{
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        match self.project().kind.project() {
            KindProj::PassedOn { mut body, named, gateway } => {
                let mut polled = body.as_mut().poll_frame(cx);
                if let Poll::Ready(Some(Ok(frame))) = &mut polled {
                    if let Some(trailers) = frame.trailers_mut() {
                        named.remove_from(trailers);
                        // Those that tell a fault are ours.
                        if !matches!(body.ledger().state(), LedgerState::Failed(_)) {
                            gateway.tidy_trailers(trailers);
                        }
                    }
                }
                polled
            }
            KindProj::Made { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProj::Made { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::PassedOn { body, .. } => body.is_end_stream(),
            Kind::Made { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::PassedOn { body, .. } => body.size_hint(),
            Kind::Made { bytes } => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl<B: Body, T: Timer> fmt::Debug for ResponseBody<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::PassedOn { body, .. } => body.fmt(f),
            Kind::Made { bytes } => f.debug_tuple("Made").field(bytes).finish(),
        }
    }
}

/// The exchange, as the owner of its response's body.
pub(super) struct BodyOwner {
    handle: Handle,
    /// The head has not gone out: whoever holds it answers.
    is_held: bool,
    /// The call is gRPC, so that its end is in the trailers; and the head has our member of `Proxy-Status`.
    ends_in_trailers: bool,
}

impl BodyOwner {
    pub(super) const fn new(handle: Handle, is_held: bool, ends_in_trailers: bool) -> Self {
        Self { handle, is_held, ends_in_trailers }
    }
}

impl Owner for BodyOwner {
    fn classify(&mut self, error: &(dyn Error + 'static), _: &Ledger) -> Fault {
        self.handle.0.lock().judge(error)
    }

    fn checks_end(&self) -> bool {
        self.ends_in_trailers
    }

    fn check_end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Fault> {
        audit_grpc_trailers(trailers).map(drop)
    }

    fn tell(&mut self, fault: &Fault) -> Option<HeaderMap> {
        if !self.ends_in_trailers || self.is_held {
            return None;
        }
        let state = self.handle.0.lock();
        state.gateway.trailers_of(fault, &state.exchange, true)
    }

    fn ended(self, end: End, ledger: &Ledger) {
        if let End::Dropped = end {
            self.handle.0.lock().went = Some(*ledger);
        }
        match end {
            // Whoever holds the head answers.
            End::Failed(_) if self.is_held => {}
            End::Whole | End::Failed(_) | End::Dropped => self.handle.0.body_ended(end),
        }
    }
}
