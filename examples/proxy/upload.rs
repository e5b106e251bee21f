//! The client's request body on its way to the next hop.
//!
//! Its one rule: it remembers how far it got and who was waiting for whom, because afterwards nobody
//! else can tell a slow client from a slow upstream, nor a failed client from a failed upstream. A small
//! one it remembers as a whole, where a second try would be safe.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use badgateway::exchange::RequestBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// The largest body that is kept for a second try. nginx buffers 16 KiB of a request before it asks for disk,
/// Envoy's default is 1 MiB; what is idempotent and has a body (PUT) is mostly smaller or far larger than this.
const KEEP: usize = 64 * 1024;

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

impl Progress {
    /// It has not been read to its end, and has not failed either.
    pub(crate) fn is_unfinished(&self) -> bool {
        matches!(self.stage, RequestBody::Unread | RequestBody::Partial)
    }
}

#[derive(Debug)]
struct State {
    progress: Progress,
    /// All of it so far, where it is kept.
    kept: Option<Vec<u8>>,
}

/// Tells how far an upload got, while it goes on and afterwards.
#[derive(Clone, Debug)]
pub(crate) struct UploadWatch(Arc<Mutex<State>>);

impl UploadWatch {
    pub(crate) fn progress(&self) -> Progress {
        self.lock().progress
    }

    /// From now on keeps what goes out, as long as it is small. Only before the first byte of it.
    pub(crate) fn keep(&self) {
        let mut state = self.lock();
        if matches!(state.progress.stage, RequestBody::None | RequestBody::Unread) {
            state.kept = Some(Vec::new());
        }
    }

    /// The body once more, if all of it is at hand.
    pub(crate) fn again(&self) -> Option<Upload> {
        let mut state = self.lock();
        if !matches!(state.progress.stage, RequestBody::None | RequestBody::Whole) {
            return None;
        }
        let kept = state.kept.take()?;
        Some(Upload { source: Source::Kept(kept.into()), watch: self.clone() })
    }

    /// Whether [`again`](Self::again) has something to give.
    pub(crate) fn is_replayable(&self) -> bool {
        let state = self.lock();
        let stage = state.progress.stage;
        stage == RequestBody::None || stage == RequestBody::Whole && state.kept.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body that hyper's client reads from.
#[derive(Debug)]
pub(crate) struct Upload {
    source: Source,
    watch: UploadWatch,
}

#[derive(Debug)]
enum Source {
    Client(Incoming),
    Kept(Bytes),
}

impl Upload {
    /// The body of a request that arrived then.
    pub(crate) fn new(inner: Incoming, at: Instant) -> (Self, UploadWatch) {
        let stage = if inner.is_end_stream() { RequestBody::None } else { RequestBody::Unread };
        let progress = Progress { stage, at, client_is_slow: false };
        let watch = UploadWatch(Arc::new(Mutex::new(State { progress, kept: None })));
        (Self { source: Source::Client(inner), watch: watch.clone() }, watch)
    }
}

impl State {
    fn note(&mut self, polled: &Poll<Option<Result<Frame<Bytes>, hyper::Error>>>, ended: bool) {
        let progress = &mut self.progress;
        progress.client_is_slow = polled.is_pending();
        let Poll::Ready(frame) = polled else { return };
        progress.at = Instant::now();
        progress.stage = match frame {
            Some(Err(_)) => RequestBody::Failed,
            Some(Ok(_)) if !ended => RequestBody::Partial,
            Some(Ok(_)) => RequestBody::Whole,
            None if progress.stage == RequestBody::None => RequestBody::None,
            None => RequestBody::Whole,
        };
        if let (Some(Ok(frame)), Some(kept)) = (frame, &mut self.kept) {
            match frame.data_ref() {
                // Copied, because a slice of one byte would keep all of hyper's buffer.
                Some(data) if kept.len() + data.len() <= KEEP => kept.extend_from_slice(data),
                // Too large, or trailers, which are not worth a second try.
                Some(_) | None => self.kept = None,
            }
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        match &mut this.source {
            Source::Client(inner) => {
                let polled = Pin::new(&mut *inner).poll_frame(cx);
                this.watch.lock().note(&polled, inner.is_end_stream());
                polled
            }
            Source::Kept(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Kept(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client(inner) => inner.is_end_stream(),
            Source::Kept(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client(inner) => inner.size_hint(),
            Source::Kept(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}
