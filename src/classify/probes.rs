//! `Probes`: what is asked about each link of a chain.
//!
//! A caller's own probes hold state, and a gateway has few of them or none. The walk is compiled once for each case, so
//! that whoever has none pays nothing for those who have.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::{Finding, Probe, Sizes, walk_down};
use crate::caught::caught;
use crate::exchange::Exchange;
use crate::fault::Fault;

/// A list of probes as the walk sees it.
pub(super) trait Ask {
    /// What the first one that knows this link says of it.
    fn ask<'a>(&self, link: &'a (dyn Error + 'static)) -> Option<Finding<'a>>;
}

impl Ask for [Probe] {
    #[inline(always)]
    fn ask<'a>(&self, link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        self.iter().find_map(|probe| probe(link))
    }
}

type Own = Arc<dyn for<'a> Fn(&'a (dyn Error + 'static)) -> Option<Finding<'a>> + Send + Sync>;

/// The probes of all adapters as one, and the sizes of the types that they know.
#[derive(Clone, Copy)]
pub(crate) struct BuiltIn {
    pub(crate) sizes: Sizes,
    pub(crate) probe: Probe,
}

impl Ask for BuiltIn {
    #[inline(always)]
    fn ask<'a>(&self, link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        if self.sizes.may_be(link) { (self.probe)(link) } else { None }
    }
}

impl BuiltIn {
    /// [`classify`](super::classify()) with these.
    pub(crate) fn classify(&self, error: &(dyn Error + 'static), exchange: &Exchange) -> Fault {
        walk_down(error, self, exchange)
    }
}

/// Probes of the caller's own, the newest first, and behind them those of the adapters.
#[derive(Clone)]
pub(crate) struct Probes {
    own: Vec<Own>,
    built_in: BuiltIn,
}

impl Probes {
    pub(crate) const fn new(built_in: BuiltIn) -> Self {
        Self { own: Vec::new(), built_in }
    }

    /// Adds a probe, to be asked before all others.
    pub(crate) fn put_first(
        &mut self,
        probe: impl for<'a> Fn(&'a (dyn Error + 'static)) -> Option<Finding<'a>> + Send + Sync + 'static,
    ) {
        self.own.insert(0, Arc::new(probe));
    }

    /// [`classify`](super::classify()) with these.
    pub(crate) fn classify(&self, error: &(dyn Error + 'static), exchange: &Exchange) -> Fault {
        if self.own.is_empty() { self.built_in.classify(error, exchange) } else { walk_down(error, self, exchange) }
    }
}

impl Ask for Probes {
    fn ask<'a>(&self, link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        self.own.iter().find_map(|probe| caught(|| probe(link)).flatten()).or_else(|| self.built_in.ask(link))
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").field("own", &self.own.len()).finish_non_exhaustive()
    }
}
