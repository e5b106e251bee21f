//! Patience with a client of HTTP/2 that takes nothing of one stream.
//!
//! Its window is shut, or its connection is; no socket says so, and hyper waits for ever, with the next hop's stream held.
//! So each stream's task is watched: a body marks whose turn it is, and the turn of a client ends.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Instant, Sleep, sleep_until};

/// Who is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The body was not asked: whoever it was.
    Same,
    NextHop,
    Client,
}

thread_local! {
    /// Of the stream that is being polled on this thread.
    static TURN: Cell<Turn> = const { Cell::new(Turn::Same) };
}

/// Where the streams of a client run, each for as long as its client takes something at least so often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(pub(crate) Duration);

impl<F> Executor<F> for Patience
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(Patient { stream: Box::pin(stream), patience: self.0, until: None });
    }
}

struct Patient<F> {
    stream: Pin<Box<F>>,
    patience: Duration,
    /// The end of the client's turn.
    until: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = ()>> Future for Patient<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        TURN.set(Turn::Same);
        if self.stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        match TURN.get() {
            Turn::Same => {}
            Turn::NextHop => self.until = None,
            Turn::Client => self.until = Some(Box::pin(sleep_until(Instant::now() + self.patience))),
        }
        match &mut self.until {
            // Dropped, the stream is reset, and its exchange says that the client is gone.
            Some(until) => until.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// A response body that marks the turns. It also keeps what it is given until it ends: the sign that its connection is in use.
pub(crate) struct Turns<B, K> {
    body: B,
    _kept: K,
}

impl<B, K> Turns<B, K> {
    pub(crate) const fn new(body: B, kept: K) -> Self {
        Self { body, _kept: kept }
    }
}

impl<B, K> Body for Turns<B, K>
where
    B: Body<Data = Bytes> + Unpin,
    K: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        TURN.set(if polled.is_pending() { Turn::NextHop } else { Turn::Client });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
