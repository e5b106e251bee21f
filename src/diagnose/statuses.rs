//! What a status that gateways send means.

use super::value::Diagnosis;

/// What this status means, or `None` for one that no gateway makes.
#[must_use]
pub const fn status(code: u16) -> Option<Diagnosis> {
    let _ = code;
    None
}
