//! The line about a response that was passed on although it was not right.
//!
//! Its one rule: it looks like a record, with `null` for the fault, so that who counts faults need not know of it, and
//! who wants to see a next hop that is broken and gets away with it finds it in the same log.

use std::fmt;

use badgateway::Exchange;
use badgateway::h1::Deviations;

/// Its `Display` is one JSON object without a line end: `fault` (null), `deviations` (an array of the parser's names),
/// `leftover` (bytes that followed the response and belong to nobody), `next_hop`, `method`, `path`.
#[derive(Debug)]
pub(crate) struct Notice<'a> {
    pub(crate) deviations: Deviations,
    pub(crate) leftover: u64,
    pub(crate) exchange: &'a Exchange,
}

impl Notice<'_> {
    /// There is nothing to say.
    pub(crate) const fn is_empty(&self) -> bool {
        self.deviations.is_empty() && self.leftover == 0
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{\"fault\":null,\"deviations\":[")?;
        for (n, deviation) in self.deviations.iter().enumerate() {
            write!(f, "{}\"{}\"", if n == 0 { "" } else { "," }, deviation.as_str())?;
        }
        write!(f, "],\"leftover\":{}", self.leftover)?;
        let path = self.exchange.path.as_ref().map(|path| path.as_str());
        for (name, value) in [
            ("next_hop", self.exchange.next_hop.as_deref()),
            ("method", Some(self.exchange.method.as_str())),
            ("path", path),
        ] {
            write!(f, ",\"{name}\":")?;
            match value {
                Some(value) => quoted(f, value)?,
                None => f.write_str("null")?,
            }
        }
        f.write_str("}")
    }
}

/// RFC 8259 section 7. What a client sends as a path may hold quotes and whatever is above ASCII.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}
