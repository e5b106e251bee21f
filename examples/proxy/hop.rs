//! The next hop of an exchange: whose health its outcome tells, and whose connection may serve another.

use std::sync::Arc;
use std::time::Instant;

use badgateway::body::End;
use badgateway::exchange::{Exchange, RequestBody};
use badgateway::tap::Observation;

use crate::connect::Link;
use crate::route::Target;
use crate::serve::Proxy;

/// The next hop, and the connection to it where there is one.
pub(crate) struct Hop {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) target: &'static Target,
    pub(crate) link: Option<Link>,
}

impl badgateway::Link for Hop {
    fn observation(&self) -> Option<Observation> {
        self.link.as_ref().map(|link| link.tap.observation())
    }

    fn is_flawless(&self) -> bool {
        self.link.as_ref().is_none_or(|link| link.tap.is_flawless())
    }

    fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
        let Self { proxy, target, link } = *self;
        proxy.eject.settle(target, &end, exchange, Instant::now());
        let is_sent = matches!(exchange.request_body, RequestBody::None | RequestBody::Whole);
        // A connection that is still busy with the request's body is not fit for another.
        if let (End::Whole, true, Some(link)) = (end, is_sent, link) {
            link.tap.whole();
            proxy.pool.put(target, link);
        }
    }
}
