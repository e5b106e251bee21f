//! The walk down an error chain, and the facts that it gathers.
//!
//! Its one rule: facts are merged, not taken first come, first served: the outermost phase, the
//! deepest cause, and a fault that somebody has named already above both.

use std::error::Error;
use std::io;
use std::sync::Arc;

use super::finding::{Cause, Finding};
use super::{Probe, downcast, system, text};
use crate::fault::{Failure, Fault, FaultKind, Phase};

/// The most links that are looked at. Real chains have up to nine; a `source()` may go round in a circle.
const LINKS: usize = 24;

/// What one link is.
pub(super) enum Link<'a> {
    Io(&'a io::Error),
    Fault(Fault),
    Known(Finding<'a>),
    Unknown(&'a (dyn Error + 'static)),
}

/// The links of a chain from the outermost on, also where `source()` does not lead on.
pub(super) struct Chain<'a, 'p> {
    next: Option<&'a (dyn Error + 'static)>,
    probes: &'p [Probe],
    left: usize,
}

impl<'a, 'p> Chain<'a, 'p> {
    pub(super) const fn new(error: &'a (dyn Error + 'static), probes: &'p [Probe]) -> Self {
        Self { next: Some(error), probes, left: LINKS }
    }
}

impl<'a> Iterator for Chain<'a, '_> {
    type Item = Link<'a>;

    #[inline]
    fn next(&mut self) -> Option<Link<'a>> {
        self.left = self.left.checked_sub(1)?;
        let link = self.next?;
        // `io::Error::source` skips the error it wraps (rust-lang/rust#124513).
        if let Some(io) = downcast::<io::Error>(link) {
            self.next = io.get_ref().map(|inner| inner as &(dyn Error + 'static));
            return Some(Link::Io(io));
        }
        if let Some(fault) = downcast::<Fault>(link) {
            self.next = None;
            return Some(Link::Fault(*fault));
        }
        if let Some(failure) = downcast::<Failure>(link) {
            self.next = failure.source();
            return Some(Link::Fault(failure.fault()));
        }
        for probe in self.probes {
            if let Some(finding) = probe(link) {
                self.next = finding.next.or_else(|| link.source());
                return Some(Link::Known(finding));
            }
        }
        if let Some(error) = downcast::<httparse::Error>(link) {
            self.next = None;
            return Some(Link::Known(httparse(*error)));
        }
        self.next = wrapped(link).or_else(|| link.source());
        Some(Link::Unknown(link))
    }
}

/// The error in a pointer that is an `Error` itself; its `source()` skips what it points to.
/// (`Box<dyn Error>` is none, and cannot be a link.)
#[inline]
fn wrapped<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(arc) = downcast::<Arc<dyn Error + Send + Sync>>(link) {
        return Some(&**arc);
    }
    if let Some(arc) = downcast::<Arc<io::Error>>(link) {
        return Some(&**arc);
    }
    if let Some(boxed) = downcast::<Box<io::Error>>(link) {
        return Some(&**boxed);
    }
    if let Some(arc) = downcast::<Arc<Failure>>(link) {
        return Some(&**arc);
    }
    downcast::<Box<Failure>>(link).map(|boxed| &**boxed as &'a (dyn Error + 'static))
}

/// hyper hands these over from the trailers, others from the head.
fn httparse(error: httparse::Error) -> Finding<'static> {
    match error {
        httparse::Error::HeaderName
        | httparse::Error::HeaderValue
        | httparse::Error::NewLine
        | httparse::Error::Token => Finding::of(Cause::BadField),
        httparse::Error::TooManyHeaders => Finding::of(Cause::TooManyFields),
        httparse::Error::Status => Finding::of(FaultKind::BadStatusLine),
        httparse::Error::Version => Finding::of(FaultKind::NotHttp),
    }
}

/// What the links say together.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// The outermost fault that somebody has named.
    pub(super) fault: Option<Fault>,
    /// The deepest error number.
    pub(super) errno: Option<i32>,
    /// The deepest cause.
    pub(super) cause: Option<Cause>,
    /// Whether that cause gives way to any other.
    pub(super) weak: bool,
    /// Whether that cause, or a phase that a type proves, was read from text.
    pub(super) by_text: bool,
    /// The outermost phase that a type proves.
    pub(super) phase: Option<Phase>,
    /// The outermost phase that a type suggests, and whether it was read from text.
    pub(super) likely_phase: Option<(Phase, bool)>,
    /// The request's own body failed, and whether that was read from text.
    pub(super) request_body: Option<bool>,
    /// hyper was reading a body.
    chunked: bool,
    /// The deepest `io::Error`, if only its message says more.
    obscure: Option<&'a io::Error>,
}

impl<'a> Facts<'a> {
    /// What the types and numbers of the chain say.
    #[inline]
    pub(super) fn gather(error: &'a (dyn Error + 'static), probes: &[Probe]) -> Self {
        let mut facts = Self::default();
        for link in Chain::new(error, probes) {
            match link {
                Link::Io(io) => facts.note_io(io),
                Link::Fault(fault) => facts.fault = facts.fault.or(Some(fault)),
                Link::Known(finding) => facts.note(&finding),
                Link::Unknown(_) => {}
            }
        }
        facts
    }

    #[inline]
    fn note_io(&mut self, io: &'a io::Error) {
        let (errno, cause) = system::read(io);
        self.errno = errno.or(self.errno);
        // With a number the message is the system's, and writing it allocates.
        self.obscure = if errno.is_none() { Some(io) } else { None };
        if cause.is_some() {
            self.cause = cause;
            self.weak = false;
            self.by_text = false;
        }
    }

    fn note(&mut self, finding: &Finding<'a>) {
        if finding.request_body && self.request_body.is_none() {
            self.request_body = Some(finding.by_text);
        }
        self.chunked |= finding.chunked;
        self.phase = self.phase.or(finding.phase);
        if self.likely_phase.is_none() {
            self.likely_phase = finding.likely_phase.map(|phase| (phase, finding.by_text));
        }
        if finding.cause.is_some() && (!finding.weak || self.cause.is_none() || self.weak) {
            self.cause = finding.cause;
            self.weak = finding.weak;
            self.by_text = finding.by_text;
            self.obscure = None;
        }
    }

    /// What the message of an `io::Error` adds, where it has no number.
    #[inline]
    pub(super) fn read_message(&mut self) {
        if let Some(finding) = self.obscure.and_then(text::by_message) {
            self.note(&finding);
        }
    }

    /// What the names of unknown types add. Does not touch a cause that is known.
    #[cold]
    pub(super) fn read_names(&mut self, error: &'a (dyn Error + 'static), probes: &[Probe]) {
        let cause_is_open = self.cause.is_none() || self.weak;
        let mut connecting = Connecting::No;
        for link in Chain::new(error, probes) {
            let finding = match link {
                Link::Unknown(link) => text::by_name(link),
                Link::Io(io) => {
                    connecting = connecting.through(io);
                    None
                }
                Link::Fault(_) | Link::Known(_) => None,
            };
            let Some(mut finding) = finding else { continue };
            if let Some(Phase::Resolve | Phase::Connect) = finding.likely_phase {
                connecting = connecting.into(finding.likely_phase);
                finding.likely_phase = None;
            }
            if !cause_is_open {
                finding.cause = None;
            }
            self.note(&finding);
        }
        if self.likely_phase.is_none() {
            self.likely_phase = connecting.phase().map(|phase| (phase, true));
        }
    }

    /// What the message of an `io::Error` from hyper's chunked decoder says.
    #[cold]
    pub(super) fn read_chunk_message(&mut self) {
        if !self.chunked {
            return;
        }
        if let Some(finding) = self.obscure.filter(|io| text::is_about_data(io)).and_then(text::by_chunk_message) {
            self.note(&finding);
        }
    }
}

/// Where hyper-util's connector failed. Its outer error says "connect" of everything before the request;
/// the inner one, where there is one, says which part of it.
#[derive(Clone, Copy)]
enum Connecting {
    No,
    Somewhere,
    In(Phase),
}

impl Connecting {
    const fn into(self, phase: Option<Phase>) -> Self {
        match (self, phase) {
            (Self::No, Some(Phase::Connect)) => Self::Somewhere,
            (_, Some(phase)) => Self::In(phase),
            (_, None) => self,
        }
    }

    /// hyper-rustls wraps an `io::Error` of the handshake in another, and those of TCP in none.
    fn through(self, io: &io::Error) -> Self {
        match self {
            Self::Somewhere
                if io.kind() == io::ErrorKind::Other && io.get_ref().is_some_and(|e| e.is::<io::Error>()) =>
            {
                Self::In(Phase::Tls)
            }
            Self::No | Self::Somewhere | Self::In(_) => self,
        }
    }

    const fn phase(self) -> Option<Phase> {
        match self {
            Self::No => None,
            Self::Somewhere => Some(Phase::Connect),
            Self::In(phase) => Some(phase),
        }
    }
}
