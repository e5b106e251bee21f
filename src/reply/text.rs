//! The body as plain text, for a terminal.
//!
//! Its one rule: one fact a line.

use super::Reply;
use super::disclosure::Disclosure;
use super::sink::{Sink, bounded, plain};
use super::words::Place;
use super::{MAX_NEXT_HOP, MAX_REFERENCE};

impl Reply<'_> {
    pub(crate) fn write_text(&self, out: &mut impl Sink) {
        let words = self.words();
        out.put(self.status.as_str());
        out.put(" ");
        out.put(super::reason(self.status));
        out.put("\n\n");
        out.put(words.title);
        out.put("\n");
        out.put(words.detail);
        out.put("\n");
        out.put(self.advice().sentence());
        out.put("\n\n");
        out.put(match words.place {
            Place::ClientLink => "you --X-- gateway ----- service",
            Place::Gateway => "you ----- [gateway X] ----- service",
            Place::Link => "you ----- gateway --X-- service",
            Place::Service => "you ----- gateway ----- [service X]",
        });
        out.put("\n\n");
        line(out, "gateway", self.name.plain());
        if let Some(error_type) = self.fault.error_type() {
            line(out, "error", error_type.token());
        }
        if self.disclosure >= Disclosure::Details {
            line(out, "code", self.fault.kind().code());
            if let Some(class) = self.fault.class() {
                line(out, "class", class.as_str());
            }
        }
        if self.disclosure >= Disclosure::Trusted {
            if let Some(next_hop) = self.exchange.next_hop.as_deref() {
                line(out, "next hop", bounded(next_hop, MAX_NEXT_HOP));
            }
        }
        if let Some(reference) = self.exchange.reference.as_deref() {
            line(out, "reference", bounded(reference, MAX_REFERENCE));
        }
    }
}

fn line(out: &mut impl Sink, name: &str, value: &str) {
    out.put(name);
    out.put(": ");
    plain(out, value);
    out.put("\n");
}
