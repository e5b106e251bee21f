//! `Fault`: one thing that went wrong, as data.
//!
//! `Copy`, at most 32 bytes, numbers and enums only. It implements `Error` without a
//! source, so that connectors and deadlines can return it inside anybody's error chain, where
//! [`classify`](crate::classify) finds it again.

use core::fmt;
use core::num::NonZeroU64;

use super::category::{Applied, Blame, Category};
use super::class::Class;
use super::error_type::ErrorType;
use super::kind::FaultKind;
use super::phase::Phase;
use crate::setting::stable_names;

/// A count with room for `None` in eight bytes: stored as its complement, so `u64::MAX` cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Count(NonZeroU64);

impl Count {
    const fn new(n: u64) -> Option<Self> {
        match NonZeroU64::new(!n) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }

    const fn get(self) -> u64 {
        !self.0.get()
    }
}

/// The code that the other side, or the system, gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// An error number of the operating system, as in `io::Error::raw_os_error`.
    Errno(i32),
    /// A TLS alert (RFC 8446 section 6).
    TlsAlert(u8),
    /// An HTTP/2 error code (RFC 9113 section 7).
    H2(u32),
    /// An HTTP/3 error code (RFC 9114 section 8.1); `u32::MAX` for all that do not fit.
    H3(u32),
    /// A transport error code of QUIC (RFC 9000 section 20.1); `u32::MAX` for all that do not fit. What carries a TLS alert
    /// (`CRYPTO_ERROR`, 0x100 to 0x1ff) is a [`TlsAlert`](Self::TlsAlert).
    Quic(u32),
    /// A DNS response code (RFC 1035 section 4.1.1, RFC 6895).
    DnsRcode(u16),
    /// A status code that says more than the kind: that of a client's fault, with which it is answered, or the status
    /// of an answer that is [not gRPC](FaultKind::NotGrpc), which is the next hop's and never ours.
    Status(u16),
}

/// How a fault was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // either somebody typed it, or somebody read it
pub enum Confidence {
    /// From types, numbers, bytes or timers.
    Typed,
    /// Inferred from the fixed text of an error that exposes nothing else: what happened, or only in which phase.
    Text,
}

impl Confidence {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Typed, Self::Text];

    /// The stable word for it: `typed` or `text`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Text => "text",
        }
    }
}

stable_names!(Confidence, Typed = "typed", Text = "text");

const TAG_MASK: u8 = 0x0f;
const TEXT_BIT: u8 = 0x80;

/// What went wrong in one exchange: a [`FaultKind`] with its phase, class and numbers.
///
/// ```
/// use badgateway::fault::{Fault, FaultKind, Phase};
///
/// let fault = Fault::new(FaultKind::BodyTruncated).with_expected(100).with_received(60);
/// assert_eq!(fault.phase(), Phase::Body);
/// assert_eq!(
///     fault.to_string(),
///     "the next hop closed the connection before the body was complete (60 of 100 bytes)",
/// );
/// assert!(size_of::<Fault>() <= 32);
/// ```
///
/// `Display` is for people and is not API; [`FaultKind::as_str`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fault {
    kind: FaultKind,
    phase: Phase,
    class: Option<Class>,
    /// Which `Code` the number below is, and how sure we are.
    tag: u8,
    number: u32,
    offset: Option<Count>,
    expected: Option<Count>,
    received: Option<Count>,
}

impl Fault {
    /// A fault of that kind, in the phase where the kind belongs.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self { kind, phase: kind.phase(), class: None, tag: 0, number: 0, offset: None, expected: None, received: None }
    }

    /// A fault of the kind that this class belongs to.
    #[must_use]
    pub const fn of_class(class: Class) -> Self {
        let mut fault = Self::new(class.kind());
        fault.class = Some(class);
        fault
    }

    /// The same fault in another phase.
    #[must_use]
    pub const fn at(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// With the finer class of a malformation. The kind stays as it is.
    #[must_use]
    pub const fn with_class(mut self, class: Class) -> Self {
        self.class = Some(class);
        self
    }

    /// With the code that the peer or the system gave.
    #[must_use]
    pub const fn with_code(mut self, code: Code) -> Self {
        let (tag, number) = match code {
            Code::Errno(n) => (1, n as u32),
            Code::TlsAlert(n) => (2, n as u32),
            Code::H2(n) => (3, n),
            Code::H3(n) => (4, n),
            Code::DnsRcode(n) => (5, n as u32),
            Code::Status(n) => (6, n as u32),
            Code::Quic(n) => (7, n),
        };
        self.tag = (self.tag & TEXT_BIT) | tag;
        self.number = number;
        self
    }

    /// With an offset into the response: bytes from its first byte. `u64::MAX` counts as unknown,
    /// here and in the next two.
    #[must_use]
    pub const fn with_offset(mut self, bytes: u64) -> Self {
        self.offset = Count::new(bytes);
        self
    }

    /// With the number of body bytes that were announced.
    #[must_use]
    pub const fn with_expected(mut self, bytes: u64) -> Self {
        self.expected = Count::new(bytes);
        self
    }

    /// With the number of bytes that came: of the body in the body's phases, of the head before. Of a
    /// field, a head, a body or a trailer section that is too large: of that.
    #[must_use]
    pub const fn with_received(mut self, bytes: u64) -> Self {
        self.received = Count::new(bytes);
        self
    }

    /// With the way it was found out.
    #[must_use]
    pub const fn with_confidence(mut self, confidence: Confidence) -> Self {
        match confidence {
            Confidence::Typed => self.tag &= TAG_MASK,
            Confidence::Text => self.tag |= TEXT_BIT,
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// How far the exchange had got.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The finer class of a malformation.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.class
    }

    /// The code that the peer or the system gave.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // each was widened from that very type
    pub const fn code(&self) -> Option<Code> {
        match self.tag & TAG_MASK {
            1 => Some(Code::Errno(self.number as i32)),
            2 => Some(Code::TlsAlert(self.number as u8)),
            3 => Some(Code::H2(self.number)),
            4 => Some(Code::H3(self.number)),
            5 => Some(Code::DnsRcode(self.number as u16)),
            6 => Some(Code::Status(self.number as u16)),
            7 => Some(Code::Quic(self.number)),
            _ => None,
        }
    }

    /// Where in the response it shows, in bytes from its first.
    #[must_use]
    pub const fn offset(&self) -> Option<u64> {
        match self.offset {
            Some(n) => Some(n.get()),
            None => None,
        }
    }

    /// How many body bytes were announced.
    #[must_use]
    pub const fn expected(&self) -> Option<u64> {
        match self.expected {
            Some(n) => Some(n.get()),
            None => None,
        }
    }

    /// How many bytes came: of the body in the body's phases, of the head before.
    #[must_use]
    pub const fn received(&self) -> Option<u64> {
        match self.received {
            Some(n) => Some(n.get()),
            None => None,
        }
    }

    /// How it was found out.
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        if self.tag & TEXT_BIT == 0 { Confidence::Typed } else { Confidence::Text }
    }

    /// The kind of trouble in the words people use.
    #[must_use]
    pub const fn category(&self) -> Category {
        self.kind.category()
    }

    /// The RFC 9209 error type; `None` only where the client has gone.
    #[must_use]
    pub const fn error_type(&self) -> Option<ErrorType> {
        self.kind.error_type()
    }

    /// Where the repair has to happen, most of the time.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        self.kind.blame()
    }

    /// Whether the next hop could have acted on the request, as far as kind and phase tell. What
    /// the caller knows besides (nothing was written, say) is for [`decide::applied`](crate::decide::applied).
    #[must_use]
    pub const fn applied(&self) -> Applied {
        match self.kind.applied() {
            // Who has begun to answer has acted, whatever it promises afterwards.
            Applied::No if matches!(self.phase, Phase::Body | Phase::Trailers) => Applied::Perhaps,
            // A TLS 1.3 server may refuse the client's certificate, or fail in any other way, after
            // the request was written.
            Applied::No if self.kind.phase().may_have_sent() || !self.phase.may_have_sent() => Applied::No,
            // What may befall an exchange at any time has befallen it before anything could be sent. A client that leaves
            // does not know how far it had got.
            Applied::Perhaps
                if self.kind.phase().may_have_sent()
                    && !self.phase.may_have_sent()
                    && !matches!(self.kind.category(), Category::Client) =>
            {
                Applied::No
            }
            Applied::No | Applied::Perhaps => Applied::Perhaps,
            Applied::Yes => Applied::Yes,
        }
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.phrase())?;
        if let Some(class) = self.class {
            write!(f, ": {}", class.phrase())?;
        }
        if self.phase != self.kind.phase() {
            write!(f, " while {}", self.phase.phrase())?;
        }
        let mut open = " (";
        if let Some(code) = self.code() {
            f.write_str(open)?;
            open = ", ";
            match code {
                Code::Errno(n) => write!(f, "errno {n}")?,
                Code::TlsAlert(n) => write!(f, "alert {n}")?,
                Code::H2(n) => write!(f, "HTTP/2 code {n}")?,
                Code::H3(n) => write!(f, "HTTP/3 code {n:#x}")?,
                Code::Quic(n) => write!(f, "QUIC code {n:#x}")?,
                Code::DnsRcode(n) => write!(f, "rcode {n}")?,
                Code::Status(n) => write!(f, "status {n}")?,
            }
        }
        match (self.received(), self.expected()) {
            (Some(received), Some(expected)) => {
                write!(f, "{open}{received} of {expected} bytes")?;
                open = ", ";
            }
            (Some(received), None) => {
                write!(f, "{open}after {received} bytes")?;
                open = ", ";
            }
            (None, Some(expected)) => {
                write!(f, "{open}of {expected} bytes")?;
                open = ", ";
            }
            (None, None) => {}
        }
        if let Some(offset) = self.offset() {
            write!(f, "{open}at byte {offset}")?;
            open = ", ";
        }
        if open == ", " { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({}", self.kind.as_str())?;
        if let Some(class) = self.class {
            write!(f, " {class}")?;
        }
        write!(f, " in {}", self.phase)?;
        if let Some(code) = self.code() {
            write!(f, ", {code:?}")?;
        }
        for (name, value) in [("offset", self.offset()), ("expected", self.expected()), ("received", self.received())] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        if self.confidence() == Confidence::Text {
            f.write_str(", by text")?;
        }
        f.write_str(")")
    }
}

impl core::error::Error for Fault {}
