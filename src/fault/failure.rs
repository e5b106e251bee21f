//! `Failure`: a fault together with the error that caused it, for `?`.
//!
//! The fault is the data, the source is the cause; neither is glued into the other's text.

use core::error::Error;
use core::fmt;

use super::value::Fault;

/// A [`Fault`] that owns the error it was found in.
///
/// ```
/// use badgateway::fault::{Failure, Fault, FaultKind};
/// use std::error::Error;
///
/// let io = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let failure = Failure::new(Fault::new(FaultKind::ConnectionRefused), io);
/// assert_eq!(failure.fault().kind(), FaultKind::ConnectionRefused);
/// assert!(failure.source().is_some());
/// ```
#[derive(Debug)]
pub struct Failure {
    fault: Fault,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A fault with the error that caused it.
    pub fn new(fault: Fault, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { fault, source: Some(source.into()) }
    }

    /// What went wrong.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// The parts again.
    #[must_use]
    pub fn into_parts(self) -> (Fault, Option<Box<dyn Error + Send + Sync>>) {
        (self.fault, self.source)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, source: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}
