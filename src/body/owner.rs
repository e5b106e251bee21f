//! `Owner`: who a guarded body answers to.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use http::HeaderMap;

use crate::body::end::End;
use crate::body::ledger::Ledger;
use crate::fault::Fault;

/// The exchange that a guarded body belongs to: it judges the errors and hears of the end.
///
/// [`Guard::new`](crate::body::Guard::new) makes one of closures, [`InFlight`](crate::InFlight) is one. A type of one's own
/// gives the body a type with a name. Should one of these panic, the body has failed with
/// [`ProxyInternal`](crate::FaultKind::ProxyInternal), and [`ended`](Self::ended) is told so.
pub trait Owner {
    /// The body failed with this error. What is that as a fault?
    fn classify(&mut self, error: &(dyn Error + 'static), ledger: &Ledger) -> Fault;

    /// Whether [`check_end`](Self::check_end) is to be asked. If so, the body never says by `is_end_stream` that it is over.
    fn checks_end(&self) -> bool {
        false
    }

    /// The body came to its end in good order, with these trailers or none. Was it whole?
    ///
    /// # Errors
    ///
    /// What is missing, where the protocol tells its end in the trailers, as gRPC does.
    fn check_end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Fault> {
        let _ = trailers;
        Ok(())
    }

    /// The trailers that tell the client of this fault, where its protocol looks for it there. `None` ends the body with
    /// the error.
    fn tell(&mut self, fault: &Fault) -> Option<HeaderMap> {
        let _ = fault;
        None
    }

    /// It is known how the body ended. Called once, before the error is handed out.
    fn ended(self, end: End, ledger: &Ledger)
    where
        Self: Sized,
    {
        let _ = (end, ledger);
    }
}

/// Calls an `F`. Kept beside it as a pointer, so that nothing but [`Guard::new`](crate::body::Guard::new) needs a bound on
/// `F`: with one on its futures, rustc takes a closure in an async block for "not general enough" to be `Send`.
pub(super) type Call<F> = fn(&mut F, &(dyn Error + 'static), &Ledger) -> Fault;

/// Makes the trailers that tell a fault. Shared, so that a guard stays `Clone`, and boxed, because one more type
/// parameter would be on every guard for the few bodies that are gRPC.
pub(super) type Tell = Arc<dyn Fn(&Fault) -> Option<HeaderMap> + Send + Sync>;

/// An [`Owner`] of closures. [`Guard`](crate::body::Guard) makes it.
#[derive(Clone)]
pub struct Closures<F, E = fn(End, &Ledger)> {
    pub(super) classify: F,
    pub(super) call: Call<F>,
    pub(super) tell: Option<Tell>,
    pub(super) on_end: Option<E>,
}

impl<F, E: FnOnce(End, &Ledger)> Owner for Closures<F, E> {
    fn classify(&mut self, error: &(dyn Error + 'static), ledger: &Ledger) -> Fault {
        (self.call)(&mut self.classify, error, ledger)
    }

    fn tell(&mut self, fault: &Fault) -> Option<HeaderMap> {
        (self.tell.as_ref()?)(fault)
    }

    fn ended(self, end: End, ledger: &Ledger) {
        if let Some(on_end) = self.on_end {
            on_end(end, ledger);
        }
    }
}

/// Closures have nothing to show, and need not be able to.
impl<F, E> fmt::Debug for Closures<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}
