//! Sharpens a fault by what the tap saw.
//!
//! A precise finding stays. Whoever typed a certificate, a refused connection, a bad
//! chunk or a client that left knows more than the bytes do; only what an HTTP library tells by
//! "parse error", "incomplete message" or "canceled" is looked up here.

use crate::fault::{Class, Code, Confidence, Fault, FaultKind, Phase, ToldBy};
use crate::h1::{Stage, over_limit};

use super::follower::State;
use super::observation::Observation;
use super::observer::Ended;
use super::reader::{self, Reader};

/// More fields than that, in a head that is not even complete, are what an HTTP library gives up on:
/// hyper 1 takes 100, HAProxy 101, Python 100.
const MANY_LINES: u32 = 100;
/// And with no more bytes than this, because hyper cannot be set to take fewer.
const SMALL_HEAD: u64 = 8192;

impl Observation {
    /// The same fault, as precise as the bytes allow; a fault that is precise already comes back as it is.
    ///
    /// ```
    /// use badgateway::fault::{Code, Fault, FaultKind};
    /// use badgateway::tap::{Ended, Observer};
    ///
    /// // The client library says "operation was canceled", the tap saw the reset.
    /// let mut tap = Observer::new();
    /// tap.begin(&http::Method::GET);
    /// tap.ended(Ended::Reset(Some(104)));
    /// let fault = tap.observation().refine(Fault::new(FaultKind::Unclassified));
    /// assert_eq!(fault.kind(), FaultKind::ResetBeforeResponse);
    /// assert_eq!(fault.code(), Some(Code::Errno(104)));
    /// ```
    #[must_use]
    pub fn refine(&self, fault: Fault) -> Fault {
        use FaultKind as K;
        if fault.confidence() == Confidence::Text && fault.phase() >= Phase::Body {
            // A class by the library's text is a guess where the bytes themselves can be asked.
            if let Some(sharper) = self.by_parser(fault).filter(|sharper| sharper.kind() == fault.kind()) {
                return sharper;
            }
            // hyper says "chunk size line" of every end behind a whole chunk, in the trailers as well.
            if fault.kind() == K::BodyTruncated && self.ended().is_some() {
                return self.cut(fault);
            }
        }
        if fault.class() == Some(Class::UnexpectedUpgrade) && fault.offset().is_none() {
            return self.switched(fault);
        }
        if fault.class().is_some() {
            return self.with_numbers(fault);
        }
        match fault.kind().told_by() {
            ToldBy::Nothing => fault,
            // Whatever the library made of it, nobody had asked yet.
            ToldBy::All | ToldBy::End | ToldBy::Wait if self.spoke_first() => {
                self.malformed(fault).unwrap_or_else(|| typed(FaultKind::UnsolicitedResponse, fault))
            }
            ToldBy::Head => self.malformed(fault).unwrap_or(fault),
            ToldBy::Size => self.too_large(fault),
            // A write that failed says nothing of what is still to be read.
            ToldBy::End if fault.kind() == K::SendReset && self.received() == 0 => fault,
            ToldBy::End => self.cut(fault),
            ToldBy::Wait => self.late_head(fault),
            ToldBy::Pause => self.stalled(fault),
            ToldBy::Body => self.by_parser(fault).unwrap_or(fault),
            ToldBy::All => match self.malformed(fault) {
                Some(sharper) if !self.head_complete() => sharper,
                Some(_) | None if self.ended().is_some() => self.cut(fault),
                Some(_) | None => fault,
            },
        }
    }

    /// Whether bytes came before the first of the request was taken: no response to it then (RFC 9112 section 9.2).
    fn spoke_first(&self) -> bool {
        match (self.first_read(), self.first_write()) {
            (Some(came), Some(asked)) => came < asked,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// By what the parser says of the same bytes, ends and limits left out.
    fn by_parser(&self, fault: Fault) -> Option<Fault> {
        let refused = self.refused().filter(|e| !reader::is_cut(e.class()))?;
        let class = refused.class();
        // What is wrong with the head was no fault of the library's, if it got as far as the body.
        let sharper = typed(class.kind(), fault).with_class(class).with_offset(refused.offset());
        (class.kind().phase() >= Phase::Body).then_some(sharper)
    }

    /// By what is wrong with the head.
    fn malformed(&self, fault: Fault) -> Option<Fault> {
        let found = [self.no_http(), self.class()].into_iter().flatten();
        let (class, offset) = found.min_by_key(|(_, at)| *at)?;
        Some(typed(class.kind(), fault).with_class(class).with_offset(offset))
    }

    /// Who gave up reads no more, so that what was still open is decided.
    fn no_http(&self) -> Option<(Class, u64)> {
        let refused = self.refused_if(Some(Ended::Clean)).filter(|e| e.class().kind() == FaultKind::NotHttp)?;
        Some((refused.class(), refused.offset()))
    }

    /// hyper 1 says "message head is too large" of three things: too many bytes, too many fields, and
    /// a `Content-Length` that it cannot count.
    fn too_large(&self, fault: Fault) -> Fault {
        if let Some(sharper) = self.malformed(fault) {
            return sharper;
        }
        let many = self.header_lines() > MANY_LINES && self.head_bytes() <= SMALL_HEAD;
        if let Some(refused) = self.refused().filter(|e| reader::is_limit(e.class())) {
            let class = refused.class();
            let sharper = typed(class.kind(), fault).with_class(class).with_offset(refused.offset());
            // The size of one field is not that of the head.
            let is_field = class.kind() == FaultKind::HeaderTooLarge;
            return if is_field { sharper } else { sharper.with_received(self.head_bytes()) };
        }
        // A head that came whole was not cut off for its size.
        if self.head_complete() || many {
            return typed(FaultKind::TooManyHeaders, fault)
                .with_class(Class::TooLargeHeaderCount)
                .with_received(self.head_bytes());
        }
        if self.head_bytes() == 0 {
            return fault;
        }
        // Too many bytes for the library, though not for the parser.
        let sharper = fault.with_class(over_limit(self.read_along().unread()));
        if fault.received().is_none() { sharper.with_received(self.head_bytes()) } else { sharper }
    }

    /// By how far the response had got when the connection ended, and by how it ended.
    fn cut(&self, fault: Fault) -> Fault {
        if self.head_complete() {
            return self.cut_body(fault);
        }
        if let Some(sharper) = self.malformed(fault) {
            return sharper;
        }
        let (kind, class) = match (self.is_reset(fault), self.received()) {
            (Some(true), 0) => (FaultKind::ResetBeforeResponse, None),
            (Some(true), _) => (FaultKind::HeadReset, None),
            (Some(false), 0) => (FaultKind::ClosedBeforeResponse, Some(Class::PrematureEofEmpty)),
            (Some(false), _) => (FaultKind::HeadTruncated, Some(self.head_cut())),
            (None, _) => return fault,
        };
        let mut sharper = self.with_errno(typed(kind, fault));
        if let Some(class) = class {
            sharper = sharper.with_class(class);
        }
        if self.received() > 0 { sharper.with_received(self.received()) } else { sharper }
    }

    fn head_cut(&self) -> Class {
        let follower = &self.seen.follower;
        match follower.state {
            State::StatusLine if follower.interim > 0 && follower.head_bytes() == 0 => Class::PrematureEofAfterInterim,
            State::StatusLine | State::Lost => Class::PrematureEofStatusLine,
            State::Fields | State::Length(_) | State::Chunked | State::UntilClose | State::Tunnel | State::Complete => {
                Class::PrematureEofHeaders
            }
        }
    }

    /// What is wrong with the trailers, where the library waits for the end of a line that has ended: it takes an LF for one
    /// more byte, and then says that the body was cut.
    fn in_trailers(&self, fault: Fault) -> Option<Fault> {
        self.by_parser(fault).filter(|sharper| sharper.kind() == FaultKind::BadTrailer)
    }

    fn cut_body(&self, fault: Fault) -> Fault {
        if let Some(sharper) = self.in_trailers(fault) {
            return sharper;
        }
        let until_close = self.seen.follower.state == State::UntilClose;
        if self.complete() && !until_close {
            return fault; // whatever failed, it was not this response
        }
        let kind = match self.is_reset(fault) {
            Some(true) => FaultKind::BodyReset,
            // Only a body that the end delimits needs TLS to say that it is the end (RFC 9112 section
            // 9.8); any other is simply short.
            Some(false) if until_close => match (self.ended(), fault.kind()) {
                (Some(Ended::TlsTruncated), _) | (_, FaultKind::TlsTruncated) => FaultKind::TlsTruncated,
                (_, _) => FaultKind::BodyTruncated,
            },
            Some(false) => FaultKind::BodyTruncated,
            None => return fault,
        };
        let mut sharper = self.with_errno(typed(kind, fault));
        if kind == FaultKind::BodyTruncated {
            // In which part of the framing it ended.
            if let Some(refused) = self.refused().filter(|e| e.class().kind() == kind) {
                sharper = sharper.with_class(refused.class()).with_received(refused.progress().body);
                sharper = sharper.with_offset(refused.offset()).at(refused.fault().phase());
            } else if self.expected().is_some() {
                sharper = sharper.with_class(Class::PrematureEofContentLengthBody);
            }
        }
        self.with_numbers(sharper)
    }

    /// A timer fired in the body. Where it stands still is where the parser would say that it was cut off.
    fn stalled(&self, fault: Fault) -> Fault {
        if let Some(sharper) = self.in_trailers(fault) {
            return sharper;
        }
        let fault = self.with_numbers(fault);
        match self.refused_if(Some(Ended::Clean)) {
            Some(refused) if refused.stage() == Stage::Trailers => fault.at(Phase::Trailers),
            Some(_) | None => fault,
        }
    }

    /// A timer fired. The kinds differ in whether the next hop is slow to think or slow to speak: an
    /// interim response is not the beginning of the final head.
    fn late_head(&self, fault: Fault) -> Fault {
        if self.head_complete() {
            return fault;
        }
        if let Some(sharper) = self.malformed(fault) {
            return sharper;
        }
        if self.head_bytes() > 0 {
            return typed(FaultKind::HeadStalled, fault).with_received(self.received());
        }
        let fault = typed(FaultKind::ResponseTimeout, fault);
        if self.interim() > 0 { fault.with_class(Class::TimeoutAfterInterim) } else { fault }
    }

    /// Where the 101 is that nobody had asked for. Whether somebody had, only the caller knows, so that it was read on.
    fn switched(&self, fault: Fault) -> Fault {
        let mut reader = Reader::new(self.seen.request.offering_upgrade(false));
        reader.feed(self.first_bytes());
        match reader.judge(None) {
            Some(refused) if Some(refused.class()) == fault.class() => fault.with_offset(refused.offset()),
            Some(_) | None => fault,
        }
    }

    /// Whether it was torn down rather than closed: as the tap saw it, else as the fault says.
    fn is_reset(&self, fault: Fault) -> Option<bool> {
        use FaultKind as K;
        match self.ended() {
            Some(Ended::Reset(_) | Ended::Failed(Some(_))) => Some(true),
            Some(Ended::Clean | Ended::TlsTruncated) => Some(false),
            // A failure without an error number is TLS's, or a library's: it says nothing about the
            // connection.
            Some(Ended::Failed(None)) | None
                if matches!(fault.kind(), K::ResetBeforeResponse | K::HeadReset | K::BodyReset | K::SendReset) =>
            {
                Some(true)
            }
            Some(Ended::Failed(None)) | None if fault.kind() == K::Unclassified => None,
            Some(Ended::Failed(None)) | None => Some(false),
        }
    }

    fn with_errno(&self, fault: Fault) -> Fault {
        match self.ended() {
            Some(Ended::Reset(Some(errno)) | Ended::Failed(Some(errno))) => fault.with_code(Code::Errno(errno)),
            Some(Ended::Clean | Ended::TlsTruncated | Ended::Reset(None) | Ended::Failed(None)) | None => fault,
        }
    }

    /// How much of the body was announced and came, where that is known.
    fn with_numbers(&self, fault: Fault) -> Fault {
        use FaultKind as K;
        if !self.head_complete()
            || !matches!(fault.kind(), K::BodyTruncated | K::BodyReset | K::BodyStalled | K::TlsTruncated)
        {
            return fault;
        }
        let mut fault = fault;
        if let (None, Some(expected)) = (fault.expected(), self.expected()) {
            fault = fault.with_expected(expected);
        }
        // Chunk lines are in the count of a chunked body, so it says nothing exact.
        let exact = matches!(self.seen.follower.state, State::Length(_) | State::UntilClose | State::Complete);
        if fault.received().is_none() && exact {
            fault = fault.with_received(self.body_received());
        }
        fault
    }
}

/// The fault as that kind, in its phase; found by bytes and not by text.
fn typed(kind: FaultKind, fault: Fault) -> Fault {
    if fault.kind() == kind {
        return fault.with_confidence(Confidence::Typed);
    }
    let typed = Fault::new(kind);
    match fault.code() {
        Some(code) => typed.with_code(code),
        None => typed,
    }
}
