//! The parser, reading along: what is wrong with a response, and at which byte.
//!
//! It decides nothing. The HTTP library has the word; when that gives up, this says why.

use http::Method;

use super::observer::Ended;
use crate::fault::Class;
use crate::h1::{Config, Deviations, Eof, Event, ParseError, Parser, Request};

/// Reads one response as it passes. Holds no more than a head or a line of it that is not whole yet,
/// which the parser's limits bound.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    parser: Parser,
    held: Vec<u8>,
    error: Option<ParseError>,
    deviations: Deviations,
    forbidden_trailers: bool,
    over: bool,
    leftover: bool,
}

impl Reader {
    pub(super) fn new(request: Request) -> Self {
        let parser = Parser::new(&Config::compatible(), request);
        Self {
            parser,
            held: Vec::new(),
            error: None,
            deviations: Deviations::new(),
            forbidden_trailers: false,
            over: false,
            leftover: false,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.read(bytes, Eof::Open);
    }

    /// What is wrong with the response, once it has ended like that, or so far.
    pub(super) fn judge(&mut self, ended: Option<Ended>) -> Option<ParseError> {
        match ended {
            Some(Ended::Clean) => self.read(&[], Eof::Clean),
            Some(Ended::Reset(_) | Ended::TlsTruncated | Ended::Failed(_)) => self.read(&[], Eof::Unclean),
            None => {}
        }
        self.error
    }

    /// What it waits for more of: of a head, all that has come.
    pub(super) fn unread(&self) -> &[u8] {
        &self.held
    }

    /// What it has tolerated so far.
    pub(super) const fn deviations(&self) -> Deviations {
        self.deviations
    }

    /// Whether there were trailers that may not be trailers.
    pub(super) const fn forbidden_trailers(&self) -> bool {
        self.forbidden_trailers
    }

    /// Whether it has refused nothing and tolerated nothing so far.
    pub(super) const fn is_quiet(&self) -> bool {
        self.error.is_none() && self.deviations.is_empty() && !self.forbidden_trailers
    }

    /// Whether the response is over, and nothing came behind it.
    pub(super) const fn is_at_the_end(&self) -> bool {
        self.over && !self.leftover
    }

    fn read(&mut self, bytes: &[u8], eof: Eof) {
        if self.over {
            self.leftover |= !bytes.is_empty();
            return;
        }
        let held = core::mem::take(&mut self.held);
        if held.is_empty() {
            let used = self.advance(bytes, eof);
            self.held = bytes.get(used..).unwrap_or_default().to_vec();
        } else {
            let mut all = held;
            all.extend_from_slice(bytes);
            let used = self.advance(&all, eof);
            all.drain(..used.min(all.len()));
            self.held = all;
        }
    }

    /// How many of these bytes are done with.
    fn advance(&mut self, bytes: &[u8], eof: Eof) -> usize {
        let mut used = 0_usize;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.parser.next(rest, eof) {
                Ok(step) => {
                    used = used.saturating_add(step.consumed);
                    match step.event {
                        Event::NeedMore => return used,
                        Event::Interim(head) | Event::Head(head, _) => {
                            self.deviations = self.deviations.union(head.deviations());
                        }
                        Event::End(end) => {
                            self.deviations = self.deviations.union(end.deviations);
                            self.forbidden_trailers = end.forbidden_trailers;
                            self.leftover = used < bytes.len();
                            break;
                        }
                        Event::Data(_) | Event::Trailers(_) => {}
                    }
                }
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        // Whatever comes now is behind the response, or behind its fault.
        self.over = true;
        bytes.len()
    }
}

/// The request to read the response to. Whether it offered an upgrade is not known here, so a 101 is
/// left to who knows.
pub(super) fn request(method: &Method) -> Request {
    Request::new(method).offering_upgrade(true)
}

/// Whether the class says that the response ended too early, which depends on how the connection ended.
pub(super) fn is_cut(class: Class) -> bool {
    class.as_str().starts_with("premature_eof.")
}

/// Whether the class is about a limit of the parser's own, which the library at hand may not share.
pub(super) fn is_limit(class: Class) -> bool {
    class.as_str().starts_with("too_large.")
}
