//! The next hop of an exchange: whose health its outcome tells, and whose connection may serve another.

use std::sync::Arc;
use std::time::Instant;

use badgateway::Exchange;
use badgateway::body::End;

use crate::connect::Link;
use crate::route::Target;
use crate::serve::Proxy;

/// The next hop, and the connection to it once that is fit for another exchange.
pub(crate) struct Hop {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) target: &'static Target,
    pub(crate) link: Option<Link>,
}

impl badgateway::Link for Hop {
    fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
        let Self { proxy, target, link } = *self;
        proxy.eject.settle(target, &end, exchange, Instant::now());
        if let Some(link) = link {
            proxy.pool.put(target, link);
        }
    }
}
