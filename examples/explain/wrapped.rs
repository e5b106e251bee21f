//! Lines that somebody broke: a mail at 72 columns, a terminal at its width, a person at every comma.
//!
//! A line of nginx that tells of a failure and ends before its last quote waits for what follows, and takes it if that
//! is no line of its own and has one of nginx's fields. At most [`PIECES`] of them, and no more bytes than a reader reads.

use badgateway::dialect::logs::{Format, LINE, Reader, Verdict};

const PIECES: usize = 16;

/// What nginx has behind its message (`ngx_http_log_error_handler`).
const FIELDS: [&[u8]; 6] = [b"client: ", b"server: ", b"request: \"", b"upstream: \"", b"host: \"", b"referrer: \""];

/// A line that may go on.
#[derive(Debug, Default)]
pub(crate) struct Wrapped {
    text: Vec<u8>,
    pieces: usize,
    /// The number of the first.
    pub(crate) number: u64,
}

impl Wrapped {
    /// Whether one is waited for.
    pub(crate) fn is_open(&self) -> bool {
        self.pieces > 0
    }

    /// Begins with a line, if it may go on.
    pub(crate) fn begin(&mut self, line: &[u8], number: u64) -> bool {
        // Most lines end here, before anything is read.
        if line.len() >= LINE || is_whole(line) || memchr::memmem::find(line, b"upstream").is_none() {
            return false;
        }
        let tells = Reader::new().read(line).is_some_and(|entry| {
            entry.format == Format::Nginx && matches!(entry.said, Verdict::Fault { .. } | Verdict::Unknown)
        });
        if !tells {
            return false;
        }
        self.text.clear();
        self.text.extend_from_slice(line.trim_ascii_end());
        (self.pieces, self.number) = (1, number);
        true
    }

    /// Takes what follows, if it belongs to it.
    pub(crate) fn take(&mut self, line: &[u8]) -> bool {
        let piece = unquoted(line);
        let has_field = FIELDS.iter().any(|field| memchr::memmem::find(piece, field).is_some());
        let is_own = Reader::new().read(piece).is_some_and(|entry| entry.format == Format::Nginx);
        if !has_field || is_own || self.pieces >= PIECES || self.text.len() + piece.len() >= LINE {
            return false;
        }
        // A mail breaks at a space and loses it, a terminal breaks inside a word: whichever says more is right.
        let joined = |between: &[u8]| [&self.text, between, piece].concat();
        let (spaced, close) = (joined(b" "), joined(b""));
        self.text = if told(&close) > told(&spaced) { close } else { spaced };
        self.pieces += 1;
        true
    }

    /// The whole, which is no longer waited for.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        self.pieces = 0;
        std::mem::take(&mut self.text)
    }

    /// Whether nothing can follow any more.
    pub(crate) fn is_whole(&self) -> bool {
        is_whole(&self.text) && memchr::memmem::find(&self.text, b"host: \"").is_some()
    }
}

/// Whether it ends behind a closing quote.
fn is_whole(line: &[u8]) -> bool {
    let quotes = memchr::memchr_iter(b'"', line).count();
    line.trim_ascii_end().ends_with(b"\"") && quotes % 2 == 0
}

/// Without what a mail puts before each line.
fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|b| matches!(b, b' ' | b'>' | b'\t')).count();
    line[marks..].trim_ascii_end()
}

/// How many fields a line tells.
fn told(line: &[u8]) -> usize {
    let mut reader = Reader::new();
    let Some(entry) = reader.read(line) else { return 0 };
    let fields = [entry.client, entry.upstream, entry.method, entry.path, entry.host];
    usize::from(entry.said.fault().is_some()) + fields.iter().flatten().count()
}
