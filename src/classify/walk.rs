//! The walk down an error chain, and the facts that it gathers.
//!
//! Facts are merged, not taken first come, first served: the outermost phase, the
//! deepest cause, and a fault that somebody has named already above both.

use std::error::Error;
use std::io;
use std::sync::Arc;

use super::finding::{Cause, Finding};
use super::probes::Ask;
use super::{behind, exactly, may_be, may_be_boxed, openssl, system, text};
use crate::fault::{Category, Code, Failure, Fault, FaultKind, Phase};

/// The most links that are looked at. Real chains have up to nine; a `source()` may go round in a circle.
pub(super) const LINKS: usize = 24;

/// The error in a pointer that is an `Error` itself; its `source()` skips what it points to.
/// (`Box<dyn Error>` is none, and cannot be a link.)
#[inline]
fn wrapped<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(arc) = exactly::<Arc<dyn Error + Send + Sync>>(link) {
        return Some(&**arc);
    }
    if may_be_boxed(link) { pointed_to(link) } else { None }
}

#[inline(never)]
fn pointed_to<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    fn within<'a, T: Error + 'static>(link: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        super::boxed::<T>(link).map(|inner| inner as _)
    }
    within::<io::Error>(link).or_else(|| within::<Failure>(link)).or_else(|| within::<Fault>(link))
}

/// Whether more than its `source` is to be had of a link that no probe knows.
#[inline]
fn is_more(link: &(dyn Error + 'static)) -> bool {
    if may_be_boxed(link) {
        return pointed_to(link).is_some() || is_told_by_name(link);
    }
    may_be::<Arc<dyn Error + Send + Sync>>(link) && link.is::<Arc<dyn Error + Send + Sync>>()
}

/// Whether the name of a link right above an `io::Error` says what that one means.
#[cold]
fn is_told_by_name(link: &(dyn Error + 'static)) -> bool {
    is_connection(link) || is_decoder(link)
}

/// Whether hyper, of a version without an adapter, says that there was a connection: a number below means something else then.
fn is_connection(link: &(dyn Error + 'static)) -> bool {
    io_below(link).is_some() && text::is_hypers(link)
}

/// Whether reqwest could not decode what came by its `Content-Encoding`. An error of the connection is in another of its own.
fn is_decoder(link: &(dyn Error + 'static)) -> bool {
    io_below(link).is_some_and(|io| io.raw_os_error().is_none()) && text::begins(&link, "reqwest::Error { kind: Decode")
}

fn io_below<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    link.source()?.downcast_ref()
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
    /// The number that goes with that cause.
    pub(super) code: Option<Code>,
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
    /// What exactly is wrong with the request's body, where a link below says so.
    pub(super) upload: Option<Fault>,
    /// Whether names may tell what that cause leaves open.
    pub(super) names_may_tell: bool,
    /// hyper was reading a body.
    chunked: bool,
    /// There was a connection.
    pub(super) connected: bool,
    /// The deepest link that nobody knows and that can be hyper's.
    boxed: Option<&'a (dyn Error + 'static)>,
    /// The deepest `io::Error`, if only its message says more.
    obscure: Option<&'a io::Error>,
}

/// Where a quick look down the chain ends.
pub(super) enum Quick<'a> {
    /// Links that nobody knows, and below them what the system said: its number, and what that means.
    System(i32, Cause),
    /// There is more to it, from this link on, at most so many links.
    More(&'a (dyn Error + 'static), usize),
}

/// The look that most chains need: a client's wrappers, which no probe knows, around an error of the
/// system. It gathers no facts, because there are none but the last.
#[inline]
pub(super) fn quick<'a, P: Ask + ?Sized>(error: &'a (dyn Error + 'static), probes: &P) -> Quick<'a> {
    let mut link = error;
    for left in (1..=LINKS).rev() {
        if let Some(io) = exactly::<io::Error>(link) {
            return match system::read(io) {
                (Some(errno), Some(cause)) => Quick::System(errno, cause),
                (_, _) => Quick::More(link, left),
            };
        }
        let is_known = may_be::<Fault>(link) && link.is::<Fault>()
            || may_be::<Failure>(link) && link.is::<Failure>()
            || probes.ask(link).is_some()
            || is_more(link);
        match link.source() {
            Some(next) if !is_known => link = next,
            Some(_) | None => return Quick::More(link, left),
        }
    }
    Quick::More(error, LINKS)
}

impl<'a> Facts<'a> {
    /// Notes what the types and numbers of so many links say.
    #[inline]
    pub(super) fn gather<P: Ask + ?Sized>(&mut self, error: &'a (dyn Error + 'static), links: usize, probes: &P) {
        let mut link = error;
        for _ in 0..links {
            let (_, Some(next)) = self.look(link, probes) else { break };
            link = next;
        }
    }

    /// Notes what one link says. Returns whether its type is known, and the next link.
    #[inline(always)]
    fn look<P: Ask + ?Sized>(
        &mut self,
        link: &'a (dyn Error + 'static),
        probes: &P,
    ) -> (bool, Option<&'a (dyn Error + 'static)>) {
        if let Some(io) = exactly::<io::Error>(link) {
            self.note_io(io);
            // `io::Error::source` skips the error it wraps (rust-lang/rust#124513).
            return (true, io.get_ref().map(|inner| inner as &(dyn Error + 'static)));
        }
        if let Some(fault) = exactly::<Fault>(link) {
            self.fault = self.fault.or(Some(*fault));
            return (true, None);
        }
        if let Some(failure) = exactly::<Failure>(link) {
            self.fault = self.fault.or(Some(failure.fault()));
            return (true, failure.source());
        }
        if let Some(finding) = probes.ask(link) {
            self.note(&finding);
            return (true, finding.next.or_else(|| link.source()));
        }
        if let Some(error) = exactly::<httparse::Error>(link) {
            self.note(&httparse(*error));
            return (true, None);
        }
        if may_be_boxed(link) {
            self.boxed = Some(link);
        }
        (false, wrapped(link).or_else(|| link.source()))
    }

    #[inline]
    fn note_io(&mut self, io: &'a io::Error) {
        let (errno, cause) = system::read(io);
        // With a number the message is the system's, and writing it allocates.
        if errno.is_some() {
            self.errno = errno;
            self.obscure = None;
        } else {
            self.obscure = Some(io);
        }
        if cause.is_some() {
            self.cause = cause;
            self.code = None;
            self.weak = false;
            self.by_text = false;
            self.names_may_tell = false;
        }
    }

    #[inline(never)]
    fn note(&mut self, finding: &Finding<'a>) {
        if finding.request_body && self.request_body.is_none() {
            self.request_body = Some(finding.by_text);
        }
        if self.request_body.is_some() {
            self.upload = finding.cause.and_then(of_an_upload).or(self.upload);
        }
        self.chunked |= finding.chunked;
        self.connected |= finding.connected;
        if self.phase.is_none() && finding.phase.is_some() {
            self.phase = finding.phase;
            self.by_text |= finding.by_text;
        }
        if self.likely_phase.is_none() {
            self.likely_phase = finding.likely_phase.map(|phase| (phase, finding.by_text));
        }
        if finding.cause.is_some() && (!finding.weak || self.cause.is_none() || self.weak) {
            self.cause = finding.cause;
            self.code = finding.code;
            self.weak = finding.weak;
            self.by_text = finding.by_text;
            self.names_may_tell = finding.names_may_tell;
            self.obscure = None;
        }
    }

    /// Whether hyper, of a version without an adapter, says that there was a connection.
    #[inline]
    pub(super) fn is_below_hyper(&self) -> bool {
        self.boxed.is_some_and(is_connection)
    }

    /// Whether the body does not decode.
    #[inline]
    pub(super) fn is_in_a_decoder(&self) -> bool {
        self.boxed.is_some_and(is_decoder)
    }

    /// Whether there is an `io::Error` without a number.
    #[inline]
    pub(super) const fn has_message(&self) -> bool {
        self.obscure.is_some()
    }

    /// What the message of an `io::Error` adds, where it has no number.
    pub(super) fn read_message(&mut self) {
        if let Some(finding) = self.obscure.and_then(text::by_message) {
            self.note(&finding);
        }
    }

    /// What the names of unknown types add. Does not touch a cause that is known.
    #[cold]
    pub(super) fn read_names<P: Ask + ?Sized>(&mut self, error: &'a (dyn Error + 'static), probes: &P) {
        let cause_is_open = self.cause.is_none() || self.weak;
        let mut connecting = Connecting::No;
        let mut next = Some(error);
        for _ in 0..LINKS {
            let Some(link) = next else { break };
            let (is_known, deeper) = Self::default().look(link, probes);
            next = deeper;
            if let Some(io) = exactly::<io::Error>(link) {
                connecting = connecting.through(io);
            }
            if is_known {
                continue;
            }
            let Some((mut finding, errno)) = by_text(link) else { continue };
            if cause_is_open && self.errno.is_none() {
                self.errno = errno;
            }
            if let Some(Phase::Resolve | Phase::Connect) = finding.likely_phase {
                connecting = connecting.into(finding.likely_phase);
                finding.likely_phase = None;
            } else if !matches!(connecting, Connecting::No) {
                // A connection that stood, within an attempt to make one: to a proxy on the way.
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

    /// What the names of unknown types say of a request's body that failed.
    #[cold]
    pub(super) fn read_upload<P: Ask + ?Sized>(&mut self, error: &'a (dyn Error + 'static), probes: &P) {
        let mut next = Some(error);
        for _ in 0..LINKS {
            let Some(link) = next else { break };
            let (is_known, deeper) = Self::default().look(link, probes);
            if !is_known {
                self.upload = self.upload.or_else(|| text::of_an_upload(link));
            }
            next = deeper;
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

/// What a cause below the request's own body says of it: whose patience ended, or a complete fault that is the client's or the
/// gateway's own. Any other is about the client's connection, and says no more than that its body failed.
fn of_an_upload(cause: Cause) -> Option<Fault> {
    if let Cause::Fault(fault) = cause {
        return matches!(fault.category(), Category::Client | Category::Local).then_some(fault);
    }
    (cause == Cause::TimedOut).then_some(Fault::new(FaultKind::ClientTimeout))
}

/// What the text of a link says whose type nobody knows, and its error number.
#[cold]
fn by_text(link: &(dyn Error + 'static)) -> Option<(Finding<'static>, Option<i32>)> {
    let debug = text::debug(link);
    let name = text::by_name_in(link, &debug);
    let found = match name {
        Some(name) if name.cause.is_some() || name.request_body => Some((name, None)),
        // It says no more than where: OpenSSL's code may stand beside it, or a cause behind it.
        Some(_) | None => {
            openssl::look(link, &debug).map(|finding| (finding, None)).or_else(|| behind::look(link, &debug))
        }
    };
    let (mut finding, errno) = found.or(name.map(|name| (name, None)))?;
    if let Some(name) = name {
        finding.phase = finding.phase.or(name.phase);
        finding.likely_phase = finding.likely_phase.or(name.likely_phase);
        finding.chunked |= name.chunked;
    }
    if is_dns_not_found(&finding) && text::dns_failed(link) {
        finding.cause = Some(FaultKind::DnsFailure.into());
    }
    Some((finding, errno))
}

fn is_dns_not_found(finding: &Finding<'_>) -> bool {
    matches!(finding.cause, Some(Cause::Fault(fault)) if fault.kind() == FaultKind::DnsNotFound)
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
