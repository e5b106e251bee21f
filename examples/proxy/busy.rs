//! A response body of HTTP/2 that keeps its connection busy until it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use badgateway::fault::Fault;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::serve::ReplyBody;

/// The body, and its part in what says that the connection is in use.
pub(crate) struct Busy {
    body: ReplyBody,
    _used: Arc<()>,
}

impl Busy {
    pub(crate) const fn new(body: ReplyBody, used: Arc<()>) -> Self {
        Self { body, _used: used }
    }
}

impl Body for Busy {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
