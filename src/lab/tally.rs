//! How often an upstream was met: the facts behind "was this request sent twice?".
//!
//! One rule: a request counts as soon as its head was read whole, whatever becomes of it; its body
//! counts apart, once it was read whole too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Different methods counted by name; a peer may invent as many as it likes.
const MAX_METHODS: usize = 32;
/// Different paths that are told apart.
const MAX_PATHS: usize = 4096;

/// What an upstream has seen so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Requests whose head was read whole.
    pub requests: u64,
    /// Those of them whose method is not safe, and so must never be sent twice by a proxy on its
    /// own account (RFC 9110 sections 9.2.1 and 9.2.2).
    pub unsafe_requests: u64,
    /// Requests with content whose body was read to its end. An upstream that does not read bodies
    /// counts none.
    pub bodies: u64,
    /// Requests by method, for the first 32 different methods.
    pub methods: BTreeMap<String, u64>,
}

impl Counts {
    /// Requests with this method (case matters, RFC 9110 section 9.1).
    #[must_use]
    pub fn method(&self, method: &str) -> u64 {
        self.methods.get(method).copied().unwrap_or(0)
    }
}

/// The counts of one upstream, shared by the threads that serve it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
    /// What has been asked for, where a behaviour wants to know.
    paths: Mutex<BTreeSet<String>>,
}

impl Tally {
    pub(super) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nobody has asked for this path before.
    pub(super) fn is_first(&self, path: &str) -> bool {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.len() < MAX_PATHS && paths.insert(path.to_owned())
    }

    pub(super) fn connection(&self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.connections = counts.connections.saturating_add(1);
    }

    pub(super) fn body(&self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.bodies = counts.bodies.saturating_add(1);
    }

    pub(super) fn request(&self, method: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.requests = counts.requests.saturating_add(1);
        if !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
            counts.unsafe_requests = counts.unsafe_requests.saturating_add(1);
        }
        if counts.methods.len() < MAX_METHODS || counts.methods.contains_key(method) {
            let by_name = counts.methods.entry(method.to_owned()).or_default();
            *by_name = by_name.saturating_add(1);
        }
    }
}
