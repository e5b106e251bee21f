//! The client's request body on its way to the next hop.
//!
//! Its one rule: it remembers how far it got and who was waiting for whom, because afterwards nobody
//! else can tell a slow client from a slow upstream, nor a failed client from a failed upstream.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use badgateway::exchange::RequestBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// How far the body got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// What became of it.
    pub(crate) stage: RequestBody,
    /// When it last moved on.
    pub(crate) at: Instant,
    /// It is the client that everybody waits for.
    pub(crate) client_is_slow: bool,
}

/// Tells how far an upload got, while it goes on and afterwards.
#[derive(Clone, Debug)]
pub(crate) struct UploadWatch(Arc<Mutex<Progress>>);

impl UploadWatch {
    pub(crate) fn progress(&self) -> Progress {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body that hyper's client reads from.
#[derive(Debug)]
pub(crate) struct Upload {
    inner: Incoming,
    watch: UploadWatch,
}

impl Upload {
    pub(crate) fn new(inner: Incoming) -> (Self, UploadWatch) {
        let stage = if inner.is_end_stream() { RequestBody::None } else { RequestBody::Unread };
        let progress = Progress { stage, at: Instant::now(), client_is_slow: false };
        let watch = UploadWatch(Arc::new(Mutex::new(progress)));
        (Self { inner, watch: watch.clone() }, watch)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let ended = self.inner.is_end_stream();
        let mut progress = self.watch.lock();
        progress.client_is_slow = polled.is_pending();
        if let Poll::Ready(frame) = &polled {
            progress.at = Instant::now();
            progress.stage = match frame {
                Some(Err(_)) => RequestBody::Failed,
                Some(Ok(_)) if !ended => RequestBody::Partial,
                Some(Ok(_)) => RequestBody::Whole,
                None if progress.stage == RequestBody::None => RequestBody::None,
                None => RequestBody::Whole,
            };
        }
        drop(progress);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
