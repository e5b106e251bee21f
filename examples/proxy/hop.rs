//! The next hop of an exchange: whose health its outcome tells, and whose connection may serve another.

use std::sync::Arc;
use std::time::Instant;

use badgateway::body::End;
use badgateway::exchange::{Exchange, Forwarded, RequestBody};
use badgateway::fault::{Fault, FaultKind};
use badgateway::tap::Observation;

use crate::connect::Link;
use crate::eject::Admit;
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
        let left = Fault::new(FaultKind::ClientAborted);
        let fault = match &end {
            End::Whole => None,
            End::Failed(fault) => Some(fault),
            // Who left in the middle of a body had got a good answer until then.
            End::Dropped if matches!(exchange.forwarded, Forwarded::Head { .. }) => None,
            End::Dropped => Some(&left),
        };
        proxy.eject.settle(target, fault, exchange, Instant::now());
        let is_sent = matches!(exchange.request_body, RequestBody::None | RequestBody::Whole);
        // A connection that is still busy with the request's body is not fit for another.
        if let (End::Whole, true, Some(link)) = (end, is_sent, link) {
            link.tap.whole();
            proxy.pool.put(target, link);
        }
    }
}

impl Proxy {
    /// Whether the next hop may be asked at all, and whether the answer decides for all others.
    ///
    /// # Errors
    ///
    /// It failed too often of late, and is left alone for a while.
    pub(crate) fn admit(&self, target: &Target, exchange: &mut Exchange) -> Result<bool, Fault> {
        if !self.eject.is_on() {
            return Ok(false);
        }
        match self.eject.admit(target, Instant::now()) {
            Admit::Yes => Ok(false),
            Admit::Probe => Ok(true),
            Admit::No { retry_after } => {
                exchange.retry_after = Some(retry_after);
                exchange.sent = Some(0);
                Err(Fault::new(FaultKind::NoHealthyUpstream))
            }
        }
    }
}
