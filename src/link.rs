//! `Link`: the connection to the next hop that an exchange goes over.

use crate::body::End;
use crate::exchange::Exchange;
use crate::fault::{Evidence, Fault};
use crate::tap::Observation;

/// The connection to the next hop, as far as an exchange has a use for it: what its [tap](crate::tap) saw, and whom to
/// tell when the exchange is over.
///
/// The taps of this crate are links. A pool makes one of its own, and takes the connection back in
/// [`ended`](Self::ended):
///
/// ```
/// use badgateway::body::End;
/// use badgateway::exchange::{Exchange, RequestBody};
/// use badgateway::Link;
///
/// struct Pooled(/* the connection, the pool */);
///
/// impl Link for Pooled {
///     fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
///         let sent = matches!(exchange.request_body, RequestBody::None | RequestBody::Whole);
///         if end == End::Whole && sent {
///             // It may serve another exchange.
///         }
///     }
/// }
/// ```
pub trait Link: Send {
    /// What passed on the connection in this exchange, where somebody watched.
    fn observation(&self) -> Option<Observation> {
        None
    }

    /// Notes what else is known of the connection, whenever an exchange asks for it: which is at a fault, and not before. A
    /// pool knows whether the connection is [reused](Exchange::reused); a connector that is not done, that the
    /// [phase](Exchange::phase) is [`Connect`](crate::fault::Phase::Connect).
    fn fill(&self, exchange: &mut Exchange) {
        let _ = exchange;
    }

    /// The fault as precise as the connection allows, beyond what its [`observation`](Self::observation) tells, and what supports
    /// it. A connection that carries many exchanges has an observation of none of them alone, and knows what broke them all.
    fn refine(&self, fault: Fault, evidence: &mut Evidence) -> Fault {
        let _ = evidence;
        fault
    }

    /// Whether a good response left nothing to tell: see [`Observer::is_flawless`](crate::tap::Observer::is_flawless). Asked
    /// first, because an observation is a copy.
    fn is_flawless(&self) -> bool {
        true
    }

    /// The exchange is over, and this is all that is known of it. Its facts are locked meanwhile, so ask for them here and not
    /// by [`SharedFacts`](crate::SharedFacts). Where nothing was passed on,
    /// [`End::Failed`] has the fault that was answered.
    fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
        let _ = (end, exchange);
    }
}
