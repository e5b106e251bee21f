//! `Evidence`: the text that supports a fault, made on demand.
//!
//! Everything in here may have been written by the peer. It is bounded and escaped
//! when it comes in, it is for the operator's log, and no reply contains it below full disclosure.

use core::error::Error;
use core::fmt::{self, Write};

use crate::caught::caught;

use super::{Code, Failure};

/// The most links of an error chain that are recorded.
const LINKS: usize = 16;
/// The most bytes that are kept of one text, after escaping.
const TEXT: usize = 512;
/// What the first bytes are called.
const FIRST_BYTES: &str = "first bytes";
/// A text of so many bytes takes no more: the longest escape has four.
const FULL: usize = TEXT - 4;

/// Texts that support a fault: the messages of an error chain, the first bytes that came.
///
/// Every text is escaped (no control characters, no line ends, ASCII only; a backslash is two) and at most 512
/// bytes long, so that it can be logged as it is. Quotes are not escaped: who puts it into quotes does that.
///
/// ```
/// use badgateway::fault::Evidence;
///
/// let error = std::io::Error::other("bad \r\n thing");
/// let evidence = Evidence::new().with_error(&error).with_first_bytes(b"SSH-2.0-x\r\n");
/// assert_eq!(evidence.to_string(), r"error: bad \r\n thing; first bytes: SSH-2.0-x\r\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    items: Vec<(&'static str, String)>,
}

impl Evidence {
    /// Nothing yet. Allocates only when something is added.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Adds a text under a label. The label is the caller's own, the text may be anybody's.
    #[must_use]
    pub fn with_text(mut self, label: &'static str, text: &str) -> Self {
        self.items.push((label, escape(text.as_bytes())));
        self
    }

    /// Adds the messages of an error and of its sources, outermost first, each message once. A [`Failure`] adds none of
    /// its own, for its text is its fault, and that is what this supports; nor does the system's error behind it that
    /// is no more than the number which the fault has.
    #[must_use]
    pub fn with_error(mut self, error: &(dyn Error + 'static)) -> Self {
        // Its messages are made by somebody else's code.
        let _ = caught(|| self.add_error(error));
        self
    }

    fn add_error(&mut self, error: &(dyn Error + 'static)) {
        let begun = self.items.len();
        let mut next = Some(error);
        let mut told = None;
        for _ in 0..LINKS {
            let Some(link) = next else { break };
            if let Some(failure) = link.downcast_ref::<Failure>() {
                told = failure.fault().code();
                next = failure.source();
                continue;
            }
            let io = link.downcast_ref::<std::io::Error>();
            if let Some(inner) = io.and_then(std::io::Error::get_ref) {
                next = Some(inner); // whose text is its own, and whom `io::Error::source` skips
                continue;
            }
            if let (Some(told), Some(number)) = (told.take(), io.and_then(std::io::Error::raw_os_error)) {
                if told == Code::Errno(number) {
                    break; // it has no source
                }
            }
            // A message can be as long as its writer likes; it is cut while it is written.
            let mut text = Escaper::new();
            let _ = write!(text, "{link}");
            let before = self.items.get(begun..).and_then(<[_]>::last);
            if before.map_or(!text.out.is_empty(), |(_, before)| *before != text.out) {
                self.items.push(("error", text.out));
            }
            next = link.source();
        }
    }

    /// Adds the names of the types in a chain that tells nothing, as their `Debug` begins, outermost first: what a
    /// [probe](crate::Gateway::with_probe) has to know.
    #[must_use]
    pub(crate) fn with_types(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        for _ in 0..LINKS {
            let Some(link) = next else { break };
            let io = link.downcast_ref::<std::io::Error>();
            let mut name = TypeName(String::new());
            let _ = match io {
                Some(io) => write!(name, "std::io::Error::{:?}", io.kind()),
                None => write!(name, "{link:?}"),
            };
            if !name.0.is_empty() {
                self.items.push(("type", name.0));
            }
            next = match io {
                Some(io) => io.get_ref().map(|inner| inner as _),
                None => link.source(),
            };
        }
        self
    }

    /// Adds the first bytes of what arrived.
    #[must_use]
    pub fn with_first_bytes(mut self, bytes: &[u8]) -> Self {
        if !bytes.is_empty() {
            self.items.push((FIRST_BYTES, escape(bytes)));
        }
        self
    }

    #[cfg(feature = "tokio1")]
    pub(crate) fn has_first_bytes(&self) -> bool {
        self.items.iter().any(|(label, _)| *label == FIRST_BYTES)
    }

    /// Adds what another has, behind.
    pub fn append(&mut self, mut other: Self) {
        if self.items.is_empty() {
            *self = other;
        } else {
            self.items.append(&mut other.items);
        }
    }

    /// Takes the query out of every URL in the texts, because tokens travel there and errors repeat URLs: `...` stands in
    /// the place of all that follows a question mark, up to a space, a quote or a bracket.
    ///
    /// ```
    /// use badgateway::fault::Evidence;
    /// let mut evidence = Evidence::new().with_text("error", "error sending request for url (http://a/x?token=1)");
    /// evidence.hide_queries();
    /// assert_eq!(evidence.to_string(), "error: error sending request for url (http://a/x?...)");
    /// ```
    pub fn hide_queries(&mut self) {
        for (_, text) in &mut self.items {
            if text.contains('?') {
                *text = without_queries(text);
            }
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The texts with their labels, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.items.iter().map(|(label, text)| (*label, text.as_str()))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (label, text)) in self.items.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{label}: {text}")?;
        }
        Ok(())
    }
}

fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, query)) = rest.split_once('?') {
        let (hidden, after) =
            query.split_at(query.find([' ', '"', '\'', '`', '(', ')', '<', '>', ']', '}']).unwrap_or(query.len()));
        out.push_str(before);
        out.push_str(if hidden.is_empty() { "?" } else { "?..." });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The path that a text begins with.
struct TypeName(String);

impl Write for TypeName {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        const LONGEST: usize = 64;
        let room = LONGEST.saturating_sub(self.0.len());
        let path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let taken = s.find(|c| !path(c)).unwrap_or(s.len()).min(room);
        self.0.push_str(s.get(..taken).unwrap_or_default());
        if taken == s.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Makes bytes fit for one line of a log: printable ASCII, at most [`TEXT`] bytes.
fn escape(bytes: &[u8]) -> String {
    let mut text = Escaper::new();
    text.push(bytes);
    text.out
}

/// A writer that escapes what is written and stops at the bound.
struct Escaper {
    out: String,
}

impl Escaper {
    fn new() -> Self {
        Self { out: String::with_capacity(64) }
    }

    /// Appends text that needs no escape in one piece, which is nearly all of it. Whether all of it had room.
    fn push(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            let room = FULL.saturating_sub(self.out.len()).min(bytes.len());
            let run = bytes.iter().take(room).position(|&byte| !is_plain(byte)).unwrap_or(room);
            let (plain, rest) = bytes.split_at(run);
            self.out.push_str(core::str::from_utf8(plain).unwrap_or_default());
            let Some((&byte, rest)) = rest.split_first() else { return true };
            if self.out.len() >= FULL {
                return false;
            }
            self.out.extend(core::ascii::escape_default(byte).map(char::from));
            bytes = rest;
        }
    }
}

/// Printable ASCII. Quotes are the business of who quotes.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'\\'
}

impl Write for Escaper {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let fits = s.len() <= FULL.saturating_sub(self.out.len());
        if fits && s.bytes().all(is_plain) {
            self.out.push_str(s);
            return Ok(());
        }
        // An error ends the formatting of a text that is too long already.
        if self.push(s.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}
