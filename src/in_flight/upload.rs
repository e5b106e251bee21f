//! `Upload`: the client's request body on its way to the next hop.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::body::trailers;

use super::state::{Left, Shared};

pin_project! {
    /// The client's request body, watched: how far it got, whether it failed, and who waited for whom is in the facts of
    /// its exchange. [`Gateway::begin`](crate::Gateway::begin) puts it around the body of a request.
    ///
    /// Trailers that [RFC 9110, section 6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids are left out, and so
    /// are those that the request's `Connection` names (section 7.6.1).
    pub struct Upload<B> {
        #[pin]
        source: Source<B>,
        // None where there is nothing to watch.
        exchange: Option<Arc<Shared>>,
        // Set once another try may need the body.
        rescue: OnceLock<Rescue<B>>,
    }

    impl<B> PinnedDrop for Upload<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(rescue), Some(exchange)) = (this.rescue.get(), &*this.exchange) {
                exchange.give_back(|| rescue(this.source));
            }
        }
    }
}

/// Takes the client's body out of an upload that ends.
type Rescue<B> = fn(Pin<&mut Source<B>>) -> Option<Box<dyn Any + Send>>;

/// Knows the body again that was rescued.
type Claim<B> = fn(Box<dyn Any + Send>) -> Option<B>;

pin_project! {
    #[project = SourceProj]
    // The one is never made without middleware that tries again.
    #[cfg_attr(not(feature = "tower05"), allow(dead_code))]
    enum Source<B> {
        Client { #[pin] body: B },
        Kept { bytes: Bytes },
        // What the try before leaves of it: the body itself, if nobody has read it, or what was kept.
        Later { size: SizeHint, claim: Claim<B> },
    }
}

impl<B> Default for Upload<B> {
    fn default() -> Self {
        Self::from(Source::default(), None)
    }
}

impl<B> Default for Source<B> {
    fn default() -> Self {
        Self::Kept { bytes: Bytes::new() }
    }
}

impl<B> Upload<B> {
    /// Around the body of a request that nobody watches: it has none, or it is not the client's.
    pub const fn unwatched(body: B) -> Self {
        Self::from(Source::Client { body }, None)
    }

    pub(super) const fn watched(body: B, exchange: Arc<Shared>) -> Self {
        Self::from(Source::Client { body }, Some(exchange))
    }

    /// The same once more, from what was kept.
    pub(super) const fn kept(bytes: Bytes) -> Self {
        Self::from(Source::Kept { bytes }, None)
    }

    const fn from(source: Source<B>, exchange: Option<Arc<Shared>>) -> Self {
        Self { source, exchange, rescue: OnceLock::new() }
    }
}

#[cfg(feature = "tower05")]
impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// The same for a try behind this one, which has not begun. As it goes out, up to so many bytes are kept for that; a body
    /// that nobody has read needs no room, and goes as it is.
    ///
    /// Read the result only where a second try is [safe](crate::decide::retry::advise) and the first is over: it waits for
    /// what is not to be had.
    pub(crate) fn again_later(&self, room: usize) -> Option<Self> {
        if self.is_end_stream() {
            return Some(Self::default());
        }
        let exchange = self.exchange.as_ref();
        let (size, claim): (_, Claim<B>) = match &self.source {
            Source::Kept { bytes } => return Some(Self::kept(bytes.clone())),
            Source::Later { size, claim } => (SizeHint::clone(size), *claim),
            Source::Client { body } => (body.size_hint(), |body| body.downcast().ok().map(|body| *body)),
        };
        exchange?.lock().upload.keep(room);
        let _ = self.rescue.set(|source| match std::mem::take(source.get_mut()) {
            Source::Client { body } => Some(Box::new(body)),
            Source::Kept { .. } | Source::Later { .. } => None,
        });
        Some(Self::from(Source::Later { size, claim }, exchange.cloned()))
    }
}

impl<B> Body for Upload<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.as_mut().project();
        if let (SourceProj::Later { claim, .. }, Some(exchange)) = (this.source.as_mut().project(), &*this.exchange) {
            let left = match exchange.lock().what_is_left(cx) {
                Some(Left::Unread(body)) => claim(body).map(|body| Source::Client { body }),
                Some(Left::Kept(bytes)) => Some(Source::Kept { bytes }),
                None => None,
            };
            match left {
                Some(left) => this.source.set(left),
                // An end would be a lie: the body is not at hand.
                None => return Poll::Pending,
            }
        }
        match this.source.project() {
            SourceProj::Client { mut body } => {
                let mut polled = body.as_mut().poll_frame(cx);
                if let Poll::Ready(Some(Ok(frame))) = &mut polled {
                    if let Some(fields) = frame.trailers_mut() {
                        trailers::retain_permitted(fields);
                        if let Some(exchange) = this.exchange {
                            exchange.lock().named.remove_from(fields);
                        }
                    }
                }
                if let Some(exchange) = this.exchange {
                    note(exchange, &polled, &*body);
                }
                polled
            }
            SourceProj::Kept { bytes } if bytes.has_remaining() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            SourceProj::Kept { .. } | SourceProj::Later { .. } => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client { body } => body.is_end_stream(),
            Source::Kept { bytes } => bytes.is_empty(),
            Source::Later { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client { body } => body.size_hint(),
            Source::Kept { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Source::Later { size, .. } => SizeHint::clone(size),
        }
    }
}

fn note<B: Body<Data = Bytes>>(exchange: &Shared, polled: &Poll<Option<Result<Frame<Bytes>, B::Error>>>, body: &B) {
    let mut state = exchange.lock();
    let now = if polled.is_ready() { state.gateway.now() } else { None };
    match polled {
        Poll::Pending => state.upload.waits(),
        // "The trailer section ... ends the message" for whoever reads it: nothing comes behind it.
        Poll::Ready(Some(Ok(frame))) => {
            let is_last = frame.is_trailers() || body.is_end_stream();
            state.upload.went(frame.data_ref().map(|data| &**data), is_last, now);
        }
        Poll::Ready(Some(Err(_))) => state.upload.failed(now),
        Poll::Ready(None) => state.upload.ended(now),
    }
}

impl<B> fmt::Debug for Upload<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("is_watched", &self.exchange.is_some()).finish_non_exhaustive()
    }
}
