//! The gateway's side to its clients: h3's server, which resets a stream with the code that is decided.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};

use badgateway::Gateway;
use badgateway::decide::{AbortMethod, Decision, Profile, decide};
use bytes::{Buf, Bytes};
use h3::error::StreamError;
use h3::server::{RequestResolver, RequestStream};
use h3_quinn::RecvStream;
use http::Response;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use quinn::Endpoint;

use crate::gateway::{Settings, forward};

/// Where a gateway's requests go, and how.
#[derive(Clone)]
pub struct Way {
    pub gateway: Gateway,
    pub hop: SocketAddr,
    pub endpoint: Endpoint,
    pub settings: Settings,
}

/// Serves until the endpoint is closed.
pub async fn serve(front: Endpoint, way: Way) {
    while let Some(incoming) = front.accept().await {
        let way = way.clone();
        tokio::spawn(async move {
            let connection = h3_quinn::Connection::new(incoming.await.ok()?);
            let mut connection = h3::server::builder().build::<_, Bytes>(connection).await.ok()?;
            while let Ok(Some(resolver)) = connection.accept().await {
                tokio::spawn(answer(resolver, way.clone()));
            }
            Some(())
        });
    }
}

async fn answer(resolver: RequestResolver<h3_quinn::Connection, Bytes>, way: Way) -> Option<()> {
    let (request, stream) = resolver.resolve_request().await.ok()?;
    let (mut stream, upload) = stream.split();
    let facts = OnceLock::new();
    let answered = way.gateway.handle(request.map(|()| Uploaded(upload)), |exchange, request| {
        let _ = facts.set(exchange.shared());
        forward(exchange, request, way.hop, way.endpoint, way.settings)
    });
    let (head, mut body) = answered.await.ok()?.into_parts();
    stream.send_response(Response::from_parts(head, ())).await.ok()?;
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => stream.send_data(data).await.ok()?,
            Ok(Err(frame)) => stream.send_trailers(frame.into_trailers().ok()?).await.ok()?,
            Err(fault) => {
                let decision = decide(&fault, &facts.get()?.lock(), &Profile::Rfc9209);
                if let Decision::Abort(AbortMethod::H3StreamReset(code)) = decision {
                    stream.stop_stream(code.into());
                }
                return None;
            }
        }
    }
    stream.finish().await.ok()
}

/// The client's body.
struct Uploaded(RequestStream<RecvStream, Bytes>);

impl Body for Uploaded {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let data = ready!(self.get_mut().0.poll_recv_data(cx))?;
        Poll::Ready(data.map(|mut data| Ok(Frame::data(data.copy_to_bytes(data.remaining())))))
    }
}
