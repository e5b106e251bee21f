//! The body as plain text, for a terminal.
//!
//! One fact a line.

use super::Reply;
use super::sink::{Sink, plain};

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
        out.put(words.place.drawing());
        out.put("\n\n");
        self.for_each_fact(|name, value| {
            out.put(name);
            out.put(": ");
            plain(out, value);
            out.put("\n");
        });
    }
}
