//! What was put up with in an exchange that went well all the same: deviations of the response, a second try.
//!
//! Its one rule: the client has its answer, so no fault is told; the operator has a next hop that needs a repair, so
//! it is told, in one line.

use std::fmt::{self, Write};

use badgateway::Exchange;
use badgateway::h1::Deviations;
use http::StatusCode;

/// What it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tolerated {
    /// By the parser.
    pub(crate) deviations: Deviations,
    /// Bytes behind the response, which answer nothing. They ended the connection.
    pub(crate) leftover: bool,
    /// Trailers that may not be trailers. They were dropped.
    pub(crate) trailers: bool,
}

impl Tolerated {
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The line for the log: one JSON object, with no fault in it.
    pub(crate) fn line(self, status: StatusCode, exchange: &Exchange) -> Line<'_> {
        Line { what: self, status, exchange }
    }
}

/// See [`Tolerated::line`].
pub(crate) struct Line<'a> {
    what: Tolerated,
    status: StatusCode,
    exchange: &'a Exchange,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exchange { method, path, next_hop, attempts, first_try, .. } = self.exchange;
        f.write_str("{\"fault\":null,\"deviations\":[")?;
        let more = [(self.what.leftover, "leftover"), (self.what.trailers, "forbidden_trailers")];
        let more = more.into_iter().filter_map(|(there, name)| there.then_some(name));
        for (n, name) in self.what.deviations.iter().map(|deviation| deviation.as_str()).chain(more).enumerate() {
            write!(f, "{}\"{name}\"", if n == 0 { "" } else { "," })?;
        }
        write!(f, "],\"forwarded_status\":{},\"next_hop\":", self.status.as_u16())?;
        quoted(f, next_hop.as_deref().unwrap_or_default())?;
        f.write_str(",\"method\":")?;
        quoted(f, method.as_str())?;
        f.write_str(",\"path\":")?;
        quoted(f, path.as_ref().map_or("", |path| path.as_str()))?;
        if let Some(kind) = first_try {
            write!(f, ",\"attempts\":{attempts},\"first_try\":\"{kind}\"")?;
        }
        f.write_str("}")
    }
}

/// A JSON string of visible ASCII.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            ' '..='~' => f.write_char(c)?,
            _ => write!(f, "\\u{:04x}", u32::from(c).min(0xfffd))?,
        }
    }
    f.write_char('"')
}
