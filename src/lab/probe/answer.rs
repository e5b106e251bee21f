//! What came back, and whether it is what a right proxy would have shown.
//!
//! One rule: the facts stand as they were seen; only [`Answer::satisfies`] has an opinion.

use std::time::Duration;

use crate::lab::Rule;

/// What came back for one request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Answer {
    /// The final status. `None` if no final status line came, or none that could be read.
    pub status: Option<u16>,
    /// The reason phrase, each byte as the character of that number (ISO 8859-1).
    pub reason: String,
    /// Fields in order, names as they were written, in ISO 8859-1, values without white space
    /// around.
    pub headers: Vec<(String, String)>,
    /// The statuses of interim responses, in order.
    pub interim: Vec<u16>,
    /// The body, chunked framing taken off. Where [`End::Raw`]: all that could not be read.
    pub body: Vec<u8>,
    /// Trailer fields, like `headers`.
    pub trailers: Vec<(String, String)>,
    /// How it ended.
    pub end: End,
    /// The code of the `RST_STREAM` that ended it (HTTP/2).
    pub reset: Option<u32>,
    /// The code of a `GOAWAY` that came meanwhile (HTTP/2).
    pub goaway: Option<u32>,
    /// From the connect to the end. After a complete message the connection is watched a little
    /// longer, which counts.
    pub elapsed: Duration,
    /// The first 4 KiB, as they came.
    pub raw: Vec<u8>,
    /// Whether the final head came whole.
    pub(super) headed: bool,
    /// What no sender may send, in words.
    pub(super) flaws: Vec<&'static str>,
    pub(super) http10: bool,
}

/// How an answer ended, by its framing.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum End {
    /// By its own framing, with nothing after it.
    Complete,
    /// FIN before the framing said so: in the head, short of the Content-Length, without the last
    /// chunk or `END_STREAM`.
    Cut,
    /// RST before the framing said so, or before the first byte; `RST_STREAM` in HTTP/2.
    Reset,
    /// FIN, which is all the framing there was: nobody can tell whether it is complete.
    Eof,
    /// Incomplete at the timeout, the connection still open.
    Stuck,
    /// Not a byte by the timeout.
    #[default]
    Hang,
    /// FIN without a byte.
    Closed,
    /// Bytes that are no response, or one whose lengths or chunks make no sense.
    Raw,
    /// More bytes after a complete message.
    Extra,
}

/// Why reading ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    Fin,
    Reset,
    Timeout,
}

impl Answer {
    /// The value of the first field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a right proxy may show this where the rule holds.
    ///
    /// A cut must be seen: [`End::Cut`] or [`End::Reset`] after a whole final head. An answer of the
    /// proxy's own must be [`End::Complete`]; [`End::Eof`] will do for a request in HTTP/1.0, and
    /// for what passes through, whose length the upstream may not have told either (RFC 9112
    /// section 6.3).
    ///
    /// # Errors
    ///
    /// Why not, in one sentence.
    pub fn satisfies(&self, rule: &Rule) -> Result<(), String> {
        if let Some(flaw) = self.flaws.first() {
            return Err(format!("the answer has {flaw}"));
        }
        let cut = self.headed && matches!(self.end, End::Cut | End::Reset);
        let own = self.end == End::Complete || (self.end == End::Eof && self.http10);
        let whole = own || self.end == End::Eof;
        let listed = |list: &[u16]| self.status.is_some_and(|status| list.contains(&status));
        let right = match rule {
            Rule::Status(list) => own && listed(list),
            Rule::Cut => cut,
            Rule::StatusOrCut(list) => cut || (own && listed(list)),
            Rule::Whole(list) | Rule::StatusOrWhole(list) => whole && listed(list),
            Rule::Limit(list) => cut || (whole && listed(list)),
        };
        if right {
            return Ok(());
        }
        let status = self.status.map_or("no status".to_owned(), |status| status.to_string());
        Err(format!("expected {rule}, but the answer is {status} and ends {:?}", self.end))
    }
}
