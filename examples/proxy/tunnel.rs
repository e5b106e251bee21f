//! Two connections that carry another protocol than HTTP from here on.
//!
//! Its one rule: bytes are bytes, and each direction ends by itself: who has said all may still listen.

use badgateway::Fault;
use badgateway::audit;
use badgateway::body::ClientHandle;
use badgateway::fault::Class;
use bytes::Bytes;
use http::header::{HeaderValue, UPGRADE};
use http::{HeaderMap, Response};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use crate::connect::Link;
use crate::serve::{ReplyBody, full};
use crate::trace::Trace;

/// What the client asked for, and how to get at its connection.
pub(crate) struct Offer {
    pub(crate) client: OnUpgrade,
    /// The `Upgrade` lines as they were sent on.
    pub(crate) protocols: Vec<HeaderValue>,
}

/// The next hop answered 101, and the audit found nothing wrong with it.
pub(crate) fn switch(
    mut trace: Box<Trace>,
    mut response: Response<Incoming>,
    mut link: Link,
    offer: Option<Offer>,
    socket: &ClientHandle,
) -> Response<ReplyBody> {
    let Some(offer) = offer.filter(|offer| offer.covers(response.headers())) else {
        return trace.answer(Fault::of_class(Class::UnexpectedUpgrade));
    };
    let upstream = hyper::upgrade::on(&mut response);
    link.detached = true;
    trace.finish();
    // Nothing that comes from the client is a leftover of a request now.
    socket.tunnel();
    tokio::spawn(async move {
        // The link goes when the tunnel does.
        let _link = link;
        if let (Ok(client), Ok(upstream)) = tokio::join!(offer.client, upstream) {
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await;
        }
    });
    let (parts, _) = response.into_parts();
    let mut switching = Response::new(full(Bytes::new()));
    *switching.status_mut() = parts.status;
    *switching.headers_mut() = parts.headers;
    switching
}

impl Offer {
    /// What the client did not offer is nothing it could speak.
    fn covers(&self, answer: &HeaderMap) -> bool {
        let offered = self.protocols.iter().map(HeaderValue::as_bytes);
        audit::answers_upgrade(offered, answer.get_all(UPGRADE).iter().map(HeaderValue::as_bytes))
    }
}
