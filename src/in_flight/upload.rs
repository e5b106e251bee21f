//! `Upload`: the client's request body on its way to the next hop.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::body::trailers;

use super::state::Shared;

pin_project! {
    /// The client's request body, watched: how far it got, whether it failed, and who waited for whom is in the facts of
    /// its exchange. [`Gateway::begin`](crate::Gateway::begin) puts it around the body of a request.
    ///
    /// Trailers that [RFC 9110, section 6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids are left out.
    #[derive(Default)]
    pub struct Upload<B> {
        #[pin]
        source: Source<B>,
        // None where there is nothing to watch.
        exchange: Option<Arc<Shared>>,
    }
}

pin_project! {
    #[project = SourceProj]
    enum Source<B> {
        Client { #[pin] body: B },
        Kept { bytes: Bytes },
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
        Self { source: Source::Client { body }, exchange: None }
    }

    pub(super) const fn watched(body: B, exchange: Arc<Shared>) -> Self {
        Self { source: Source::Client { body }, exchange: Some(exchange) }
    }

    /// The same once more, from what was kept.
    pub(super) const fn kept(bytes: Bytes) -> Self {
        Self { source: Source::Kept { bytes }, exchange: None }
    }
}

impl<B> Body for Upload<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.as_mut().project();
        match this.source.project() {
            SourceProj::Client { mut body } => {
                let mut polled = body.as_mut().poll_frame(cx);
                if let Poll::Ready(Some(Ok(frame))) = &mut polled {
                    if let Some(fields) = frame.trailers_mut() {
                        trailers::retain_permitted(fields);
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
            SourceProj::Kept { .. } => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client { body } => body.is_end_stream(),
            Source::Kept { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client { body } => body.size_hint(),
            Source::Kept { bytes } => SizeHint::with_exact(bytes.len() as u64),
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
