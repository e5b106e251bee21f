//! `Facts`: the facts of an exchange under way, for whoever learns more of them.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};

use http::Extensions;
#[cfg(feature = "hyper1")]
use http::Request;
#[cfg(feature = "hyper_util01")]
use http::Version;

#[cfg(feature = "hyper1")]
use crate::adapters::hyper1::Interims;
use crate::decide::retry::Retry;
use crate::exchange::Exchange;
use crate::fault::{Fault, Phase};
use crate::link::Link;

use super::state::{Shared, State};

/// The facts of an exchange under way, to read and to write. A lock is held as long as this is: write, and let go.
pub struct Facts<'a>(pub(super) MutexGuard<'a, State>);

impl Shared {
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts(self.lock())
    }
}

impl Deref for Facts<'_> {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.0.exchange
    }
}

impl DerefMut for Facts<'_> {
    fn deref_mut(&mut self) -> &mut Exchange {
        &mut self.0.exchange
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The facts of an exchange, in the extensions of its request: for a connector, a pool or a retry policy further in, which
/// knows better how far the exchange had got.
///
/// A timer around a client fires while the client is still connecting. Where the connector has said so, that is a connect
/// timeout, of a request that was never sent.
///
/// ```
/// use badgateway::fault::Phase;
/// use badgateway::{Fault, FaultKind, Gateway, SharedFacts};
///
/// let gateway = Gateway::new("edge-1.example").unwrap();
/// let mut request = http::Request::get("/cart").body(()).unwrap();
/// let exchange = gateway.begin_head(&mut request);
/// exchange.share(request.extensions_mut());
///
/// // Further in:
/// if let Some(facts) = SharedFacts::of(request.extensions()) {
///     facts.phase(Phase::Connect);
///     facts.next_hop("10.0.0.7:8080");
/// }
///
/// // The timer fires, and knows nothing.
/// let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
/// let response = exchange.answer_bytes(&late);
/// assert_eq!(response.extensions().get::<Fault>().unwrap().kind(), FaultKind::ConnectionTimeout);
/// ```
#[derive(Clone)]
pub struct SharedFacts(pub(super) Arc<Shared>);

impl SharedFacts {
    /// The facts of the exchange that this request belongs to, if they are [shared](crate::InFlight::share).
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// All of them, to read and to write.
    pub fn lock(&self) -> Facts<'_> {
        self.0.facts()
    }

    /// How far the exchange has got.
    pub fn phase(&self, phase: Phase) {
        self.lock().phase = Some(phase);
    }

    /// Where the request goes: see [`Exchange::next_hop`].
    pub fn next_hop(&self, next_hop: impl Into<Cow<'static, str>>) {
        self.lock().next_hop = Some(next_hop.into());
    }

    /// The host that this target names is where the request goes, unless somebody has said.
    #[cfg(any(feature = "tower05", feature = "hyper_util01"))]
    pub(crate) fn toward(&self, target: &http::Uri) {
        let Some(authority) = target.authority() else { return };
        let mut facts = self.lock();
        if facts.next_hop.is_none() {
            // Without a user's name and password, which are nobody else's business.
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            facts.next_hop = Some(host.to_owned().into());
        }
    }

    /// The connection that the exchange goes over, as a pool or its wrapper knows it: see [`InFlight::over`](crate::InFlight::over).
    pub fn over(&self, link: impl Link + 'static) {
        let before = self.0.lock().link.replace(Box::new(link));
        drop(before); // out of the lock, because it is others' code
    }

    /// What this error is, by all that is known so far. It ends nothing, and whoever answers the error judges it once more.
    #[must_use]
    pub fn classify(&self, error: &(dyn Error + 'static)) -> Fault {
        self.0.lock().judge(error)
    }

    /// The fault that the exchange has ended with: the one of its record. `None` before the end, and where all went well.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.0.lock().fault
    }

    /// Whether the request may be sent once more after this fault: see [`retry`](crate::decide::retry).
    #[must_use]
    pub fn advise_retry(&self, fault: &Fault) -> Retry {
        self.0.lock().advise_retry(fault)
    }

    /// The same for somebody who takes more than one further try upon himself.
    #[cfg(feature = "tower05")]
    pub(crate) fn may_try_again(&self, fault: &Fault, tries: u32) -> bool {
        let mut state = self.0.lock();
        let attempts = state.exchange.attempts;
        if attempts >= tries {
            return false;
        }
        state.exchange.attempts = 1;
        let is_safe = state.advise_retry(fault).is_safe();
        state.exchange.attempts = attempts;
        is_safe
    }

    /// The interim responses to this request of the exchange: see [`InFlight::interims`](crate::InFlight::interims).
    #[cfg(feature = "hyper1")]
    #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper1")))]
    pub fn interims<B>(&self, request: &mut Request<B>) -> Interims {
        let (version, client) = {
            let state = self.0.lock();
            (state.exchange.version, state.client.clone())
        };
        let facts = self.clone();
        Interims::telling(request, version, client.as_ref(), move || facts.lock().note_interim())
    }

    /// The same where there is somebody to have them. Elsewhere the request stays as it is, which costs nothing.
    #[cfg(feature = "hyper_util01")]
    pub(crate) fn forward_interims<B>(&self, request: &mut Request<B>) {
        let is_due = {
            let state = self.0.lock();
            state.client.is_some() && state.exchange.version == Version::HTTP_11
        };
        if is_due {
            let _ = self.interims(request);
        }
    }

    /// The request is about to be sent once more, because of this fault: counts the try, and forgets what was known of the
    /// last one alone.
    pub fn try_again(&self, fault: &Fault) {
        self.0.lock().try_again(fault);
    }
}

impl fmt::Debug for SharedFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedFacts").field(&*self.lock()).finish()
    }
}
