//! h2 itself, whose body is made one of `http-body` for the guard.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use badgateway::adapters::h2_04::STREAM_PROBE;
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::{Gateway, InFlight};
use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body, Frame};
use tokio::io::{AsyncRead, AsyncWrite};

use super::hyper::{Connected, connect};
use super::hyper_h2::addressed;
use super::{Answer, Outgoing, PATIENCE, run_with};
use crate::cell::Seen;
use crate::target::Target;

pub(super) fn ask(target: &Target) -> Seen {
    let settings = |gateway: Gateway| gateway.with_probe(STREAM_PROBE);
    run_with(target, settings, async |target: &Target, exchange: InFlight, request: Outgoing| -> Answer<Content> {
        match connect(target, &exchange, &["h2"]).await? {
            Connected::Plain(stream) => over(stream, exchange, addressed(target, request)).await,
            Connected::Tls(stream) => over(stream, exchange, addressed(target, request)).await,
        }
    })
}

async fn over<S>(stream: S, exchange: InFlight, request: Outgoing) -> Answer<Content>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = h2::client::handshake(stream).await?;
    tokio::spawn(connection);
    let sent = async {
        let mut sender = sender.ready().await?;
        sender.send_request(request.map(|_| ()), true)?.0.await
    };
    let response = exchange.within(TokioTimer, PATIENCE, sent).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response.map(|stream| Content(Some(stream)))))
}

pub(super) struct Content(Option<RecvStream>);

impl Body for Content {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(stream) = &mut self.0 else { return Poll::Ready(None) };
        if let Some(data) = ready!(stream.poll_data(cx)) {
            let data = data.and_then(|data| stream.flow_control().release_capacity(data.len()).map(|()| data));
            return Poll::Ready(Some(data.map(Frame::data)));
        }
        let trailers = ready!(stream.poll_trailers(cx));
        self.0 = None;
        Poll::Ready(trailers.transpose().map(|trailers| trailers.map(Frame::trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(RecvStream::is_end_stream)
    }
}
