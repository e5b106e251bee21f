//! Why an exchange has no response.
//!
//! Its one rule: a fault, and what supports it while its cause is still at hand.

use badgateway::fault::{Evidence, Failure, Fault};

/// What kept an exchange from getting its response, with what supports it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) evidence: Evidence,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, evidence: Evidence::new() }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { fault: failure.fault(), evidence: Evidence::new().with_error(&failure) }
    }
}
