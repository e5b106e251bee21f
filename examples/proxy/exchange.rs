//! One exchange: this is where `badgateway` is used.
//!
//! Its one rule is the order of the facts, because several can be true at once: what the client did
//! comes before what the upstream did, and a response that arrived comes before an error of sending
//! (a 413 is a valid answer to a body that was never read to its end).

use badgateway::Exchange;
use badgateway::audit;
use badgateway::body::ClientHandle;
use badgateway::fault::{Fault, FaultKind};
use bytes::Bytes;
use http::header::{CONNECTION, HOST, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, request};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::connect::Link;
use crate::forwarded::{self, Via};
use crate::relay::relay;
use crate::route::Mounted;
use crate::serve::ReplyBody;
use crate::trace::Trace;
use crate::tunnel::{self, Offer};
use crate::upload::{Upload, UploadWatch};

impl Trace {
    /// Forwards the request, and whatever comes back.
    pub(crate) async fn forward(
        mut self: Box<Self>,
        request: Request<Incoming>,
        mounted: &'static Mounted,
        path: String,
        peer: Option<&HeaderValue>,
        socket: &ClientHandle,
    ) -> Response<ReplyBody> {
        let (mut parts, body) = request.into_parts();
        let client = parts.extensions.remove::<OnUpgrade>();
        let (upload, watch) = Upload::new(body, self.started);
        self.watch(watch.clone());
        let Some(parts) = outgoing(parts, mounted, path, peer, &self.proxy.via, &mut self.exchange) else {
            return self.answer(Fault::new(FaultKind::ProxyInternal));
        };
        let protocols = parts.headers.get_all(UPGRADE).iter().cloned().collect();
        let offer = client.map(|client| Offer { client, protocols });
        let response = match self.send(Request::from_parts(parts, upload), &mounted.target, &watch, socket).await {
            Ok((response, link)) => self.take(response, link, mounted, offer, &watch, socket).await,
            Err(trouble) => self.answer(trouble),
        };
        if watch.progress().is_unfinished() {
            socket.linger();
        }
        socket.final_head();
        response
    }

    /// A head arrived. Is it one that may be forwarded?
    async fn take(
        mut self: Box<Self>,
        response: Response<Incoming>,
        link: Link,
        mounted: &'static Mounted,
        offer: Option<Offer>,
        watch: &UploadWatch,
        socket: &ClientHandle,
    ) -> Response<ReplyBody> {
        let (mut parts, body) = response.into_parts();
        let framing = match audit::audit(&parts, &self.exchange) {
            Ok(framing) => framing,
            // Dropping the link closes the connection: what follows on it cannot be trusted.
            Err(fault) => {
                let seen = link.tap.observation();
                seen.fill(&mut self.exchange);
                return self.answer(seen.refine(fault));
            }
        };
        self.head_is_fit();
        audit::tidy(&mut parts, &self.exchange);
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return tunnel::switch(self, Response::from_parts(parts, body), link, offer, socket);
        }
        if watch.progress().is_unfinished() {
            // An answer that did not wait for the request's end is the last on its connection (RFC 9112 section
            // 9.3); hyper closes it and does not say so.
            parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        relay(self, parts, body, framing, link, &mounted.target, socket).await
    }
}

/// The request as it goes to the next hop. `None` for what cannot be one, which the client's own parser has ruled out.
fn outgoing(
    mut parts: request::Parts,
    mounted: &Mounted,
    path: String,
    peer: Option<&HeaderValue>,
    via: &Via,
    exchange: &mut Exchange,
) -> Option<request::Parts> {
    parts.uri = Uri::from_maybe_shared(Bytes::from(path)).ok()?;
    let version = std::mem::replace(&mut parts.version, Version::HTTP_11);
    exchange.upgrade_offered = audit::tidy_request(&mut parts.headers, exchange);
    forwarded::tell(&mut parts.headers, peer, version, via)?;
    parts.headers.insert(HOST, mounted.authority.clone());
    Some(parts)
}
