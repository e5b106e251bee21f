//! A response's body on h3's stream.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use badgateway::fault::{Fault, FaultKind};
use bytes::{Buf, Bytes};
use h3::client::{RequestStream, SendRequest};
use h3_quinn::{OpenStreams, RecvStream};
use http_body::{Body, Frame};

/// The body, and what keeps its connection open.
pub struct Incoming {
    stream: RequestStream<RecvStream, Bytes>,
    _sender: SendRequest<OpenStreams, Bytes>,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Data,
    Trailers,
    Over,
}

impl Incoming {
    pub fn new(stream: RequestStream<RecvStream, Bytes>, sender: SendRequest<OpenStreams, Bytes>) -> Self {
        Self { stream, _sender: sender, stage: Stage::Data }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Stage::Data = this.stage {
            if let Some(mut data) = ready!(this.stream.poll_recv_data(cx))? {
                let bytes = data.copy_to_bytes(data.remaining());
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            this.stage = Stage::Trailers;
        }
        if let Stage::Trailers = this.stage {
            // h3 0.0.8 takes the end of the stream for the end of the data, in the middle of a DATA frame, too, and panics
            // here behind it. Nothing else tells that the body was cut.
            let polled = catch_unwind(AssertUnwindSafe(|| this.stream.poll_recv_trailers(cx)));
            let trailers = match polled {
                Ok(polled) => ready!(polled)?,
                Err(_) => {
                    this.stage = Stage::Over;
                    return Poll::Ready(Some(Err(Fault::new(FaultKind::BodyTruncated).into())));
                }
            };
            this.stage = Stage::Over;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        Poll::Ready(None)
    }
}
