//! `Evidence`: the text that supports a fault, made on demand.
//!
//! Its one rule: everything in here may have been written by the peer. It is bounded and escaped
//! when it comes in, it is for the operator's log, and no reply contains it below full disclosure.

use core::error::Error;
use core::fmt::{self, Write};

/// The most links of an error chain that are recorded.
const LINKS: usize = 16;
/// The most bytes that are kept of one text, after escaping.
const TEXT: usize = 512;

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

    /// Adds the messages of an error and of its sources, outermost first, each message once.
    #[must_use]
    pub fn with_error(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        let mut last = String::new();
        for _ in 0..LINKS {
            let Some(link) = next else { break };
            // A message can be as long as its writer likes; it is cut while it is written.
            let mut text = Escaper::new();
            let _ = write!(text, "{link}");
            if text.out != last {
                self.items.push(("error", text.out.clone()));
                last = text.out;
            }
            // `io::Error::source` skips the error it wraps.
            next = match link.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => link.source(),
            };
        }
        self
    }

    /// Adds the first bytes of what arrived.
    #[must_use]
    pub fn with_first_bytes(mut self, bytes: &[u8]) -> Self {
        if !bytes.is_empty() {
            self.items.push(("first bytes", escape(bytes)));
        }
        self
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
    const fn new() -> Self {
        Self { out: String::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if self.out.len() >= TEXT.saturating_sub(4) {
                return false;
            }
            match byte {
                // Quotes are the business of who quotes.
                b'\'' | b'"' => self.out.push(char::from(byte)),
                _ => self.out.extend(core::ascii::escape_default(byte).map(char::from)),
            }
        }
        true
    }
}

impl Write for Escaper {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        // An error ends the formatting of a text that is too long already.
        if self.push(s.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}
