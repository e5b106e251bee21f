//! `Upgrades`: what carries two connections once both sides have switched to another protocol.

use std::fmt;

use http::Extensions;

use crate::body::End;
use crate::fault::Fault;

/// Carries an exchange on where HTTP ends: behind a 101, two connections are joined, and this crate has no runtime to do it
/// with. An implementation belongs to the HTTP library on both sides, as `adapters::hyper1::Tunnels` does to hyper.
pub trait Upgrades: Send + Sync {
    /// Takes the client's side out of a request that asks for an upgrade. `None` where its connection cannot be had: no
    /// upgrade is offered to the next hop then.
    fn offer(&self, request: &mut Extensions) -> Option<Box<dyn Offer>>;
}

/// The client's side of an upgrade that is offered to a next hop.
pub trait Offer: Send {
    /// Whether the next hop's side is in the extensions of its response.
    fn can_join(&self, response: &Extensions) -> bool;

    /// The next hop has accepted, and its side is in the extensions of its response, the 101, which is about to go to the
    /// client. Joins the two, in a task of its own, and tells the tunnel how it ended.
    fn join(self: Box<Self>, response: &mut Extensions, tunnel: Tunnel);
}

/// Upgrades of a gateway that writes heads and joins connections by itself: they are offered to the next hop, and
/// [`InFlight::answers_upgrade`](crate::InFlight::answers_upgrade) says whether its 101 is an answer.
///
/// [`pass_on`](crate::InFlight::pass_on) cannot join anything with these, and makes a fault of a 101.
///
/// ```
/// use badgateway::Gateway;
/// use badgateway::upgrade::JoinedByCaller;
/// let gateway = Gateway::new("edge-1.example").unwrap().with_upgrades(JoinedByCaller);
/// let mut request = http::Request::get("/chat")
///     .header("connection", "upgrade")
///     .header("upgrade", "websocket")
///     .body(())
///     .unwrap();
/// let exchange = gateway.begin_head(&mut request);
/// assert_eq!(request.headers()["upgrade"], "websocket");
/// assert!(exchange.answers_upgrade([&b"websocket"[..]]));
/// # exchange.finish();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // there is nothing to say
pub struct JoinedByCaller;

impl Upgrades for JoinedByCaller {
    fn offer(&self, _: &mut Extensions) -> Option<Box<dyn Offer>> {
        Some(Box::new(*self))
    }
}

impl Offer for JoinedByCaller {
    fn can_join(&self, _: &Extensions) -> bool {
        false
    }

    fn join(self: Box<Self>, _: &mut Extensions, _: Tunnel) {}
}

/// A tunnel that carries an exchange on, and is the exchange's end. Dropped, it ended in good order.
#[must_use = "a tunnel that is dropped has ended in good order"]
pub struct Tunnel(Option<Box<dyn FnOnce(End) + Send>>);

impl Tunnel {
    /// A tunnel that tells this how it ended, once: for whoever tries out an [`Upgrades`] of his own.
    pub fn new(ended: impl FnOnce(End) + Send + 'static) -> Self {
        Self(Some(Box::new(ended)))
    }

    /// The tunnel broke: it gets a record, as any exchange.
    pub fn failed(self, fault: Fault) {
        self.end(End::Failed(fault));
    }

    /// The client's side broke off.
    pub fn left(self) {
        self.end(End::Dropped);
    }

    fn end(mut self, end: End) {
        if let Some(ended) = self.0.take() {
            ended(end);
        }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        if let Some(ended) = self.0.take() {
            ended(End::Whole);
        }
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}
