//! The body as Markdown, for programs that read along (`Accept: text/markdown`, RFC 7763).
//!
//! What we did not write ourselves stands in a code span, where nothing is markup, and cannot leave it.

use super::Reply;
use super::sink::{Sink, code_span};

impl Reply<'_> {
    pub(crate) fn write_markdown(&self, out: &mut impl Sink) {
        let words = self.words();
        out.put("# ");
        out.put(self.status.as_str());
        out.put(" ");
        out.put(super::reason(self.status));
        out.put("\n\n**");
        out.put(words.title);
        out.put(".** ");
        out.put(words.detail);
        out.put("\n");
        out.put(self.advice().sentence());
        out.put("\n\n```text\n");
        out.put(words.place.drawing());
        out.put("\n```\n\n");
        self.for_each_fact(|name, value| {
            out.put("- ");
            out.put(name);
            out.put(": `");
            code_span(out, value);
            out.put("`\n");
        });
    }
}
