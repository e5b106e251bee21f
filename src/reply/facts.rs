//! The facts under the words: who answered, what it was, and where.
//!
//! One list in one order for every format that shows it line by line, so that what
//! [`Disclosure`] allows is asked in one place.

use super::Reply;
use super::disclosure::Disclosure;
use super::sink::bounded;
use super::{MAX_NEXT_HOP, MAX_REFERENCE};

impl Reply<'_> {
    /// Calls back with the name and the value of each. Values are bounded, not escaped, and never empty.
    pub(crate) fn for_each_fact(&self, mut fact: impl FnMut(&'static str, &str)) {
        fact("gateway", self.name.plain());
        if let Some(error_type) = self.fault.error_type() {
            fact("error", error_type.as_str());
        }
        if self.disclosure >= Disclosure::Details {
            fact("code", self.fault.kind().as_str());
            if let Some(class) = self.fault.class() {
                fact("class", class.as_str());
            }
        }
        if self.disclosure >= Disclosure::Trusted {
            if let Some(next_hop) = self.exchange.next_hop.as_deref().filter(|text| !text.is_empty()) {
                fact("next hop", bounded(next_hop, MAX_NEXT_HOP));
            }
        }
        if let Some(reference) = self.exchange.reference.as_deref().filter(|text| !text.is_empty()) {
            fact("reference", bounded(reference, MAX_REFERENCE));
        }
    }
}
