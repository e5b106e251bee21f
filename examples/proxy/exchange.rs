//! One exchange: this is where `badgateway` is used.
//!
//! Whatever leaves by `?` is answered and recorded by [`Gateway::handle`](badgateway::Gateway::handle), and so is a client
//! that leaves.

use std::sync::Arc;
use std::time::Instant;

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::body::ClientHandle;
use badgateway::fault::{Failure, Fault, FaultKind};
use badgateway::{InFlight, ResponseBody};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use crate::connect::Upload;
use crate::forwarded;
use crate::route::Mounted;
use crate::serve::{Proxy, ReplyBody};

/// An exchange whose body has timers.
pub(crate) type Exchanging = InFlight<TokioTimer>;

/// What is known of the client's connection.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) handle: ClientHandle,
    /// As it stands in `X-Forwarded-For`.
    pub(crate) address: Option<HeaderValue>,
    /// As it stands in `X-Forwarded-Proto`.
    pub(crate) scheme: &'static str,
}

impl Proxy {
    /// Forwards the request, and whatever comes back.
    pub(crate) async fn exchange(
        self: Arc<Self>,
        exchange: InFlight,
        mut request: Request<Upload>,
        client: Client,
    ) -> Result<Response<ReplyBody>, Failure> {
        if request.method() == Method::CONNECT {
            return Ok(plain(StatusCode::NOT_IMPLEMENTED, "CONNECT is not supported here\n"));
        }
        if exchange.facts().version < Version::HTTP_2 {
            // One of HTTP/2 has other exchanges on its connection, which are not to end with this one.
            exchange.client(&client.handle);
        }
        let exchange = exchange.timed(TokioTimer, Some(self.timeouts.idle), None);
        let (mounted, path) = match (self.routes.find(request.uri()), self.index.get()) {
            (Ok(found), _) => found,
            (Err(_), Some(page)) if request.uri().path() == "/" => return Ok(html(page.clone())),
            (Err(fault), _) => return Ok(exchange.answer_fault(fault)),
        };
        exchange.next_hop(mounted.next_hop.as_str());
        let decides = self.eject.ask(&mounted.target, &mut exchange.facts(), Instant::now())?;
        if outgoing(&mut request, mounted, path, &client).is_none() {
            return Ok(exchange.answer_fault(FaultKind::ProxyInternal));
        }
        let response = if self.http2 {
            // Boxed, or an exchange of HTTP/1 would carry the room for it.
            Box::pin(self.send_multiplexed(&exchange, request, &mounted.target)).await?
        } else {
            self.send(&exchange, request, &mounted.target, None, None).await?
        };
        let response = exchange.pass_on_held(response, self.timeouts.first_byte_hold).await;
        if decides && response.extensions().get::<Fault>().is_none() {
            // A fit head is answer enough: the body may be a stream without an end. Should it break, that counts by itself.
            self.eject.report(&mounted.target, false, Instant::now());
        }
        Ok(response)
    }
}

/// Makes of the request what goes to the next hop. `None` for what cannot be one, which the client's own parser has ruled out.
fn outgoing(request: &mut Request<Upload>, mounted: &Mounted, path: String, client: &Client) -> Option<()> {
    *request.uri_mut() = Uri::from_maybe_shared(Bytes::from(path)).ok()?;
    forwarded::tell_client(request.headers_mut(), client.address.as_ref(), client.scheme)?;
    request.headers_mut().insert(HOST, mounted.authority.clone());
    Some(())
}

fn plain(status: StatusCode, text: &'static str) -> Response<ReplyBody> {
    let mut response = page(Bytes::from_static(text.as_bytes()), "text/plain; charset=utf-8");
    *response.status_mut() = status;
    response
}

fn html(text: Bytes) -> Response<ReplyBody> {
    page(text, "text/html; charset=utf-8")
}

fn page(text: Bytes, content_type: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(ResponseBody::made(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
