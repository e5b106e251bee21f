//! `Finding`: what a probe has to say about one link of an error chain.
//!
//! Facts about that link only. What they amount to, together with the rest of the chain
//! and with the exchange, is decided in one place, the table.

use std::error::Error;

use crate::fault::{Class, Code, Fault, FaultKind, Phase};

/// Why the work stopped, in words that do not yet say in which phase: the same reset is one fault in
/// the TLS handshake and another in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A complete fault: the link says by itself what happened. A probe makes most of its causes this way.
    Fault(Fault),
    /// The other side does not accept connections (`ECONNREFUSED`).
    Refused,
    /// No route (`ENETUNREACH`, `EHOSTUNREACH`, `ENETDOWN`).
    Unreachable,
    /// The local system forbids it (`EACCES`, `EPERM`).
    Denied,
    /// The local system finds an argument wrong (`EINVAL`): what Linux says for a `blackhole` route.
    InvalidArgument,
    /// Descriptors or ports are used up (`EMFILE`, `EADDRNOTAVAIL`): no socket could be made.
    Exhausted,
    /// Memory or buffers are used up (`ENOMEM`, `ENOBUFS`), whenever that was.
    OutOfMemory,
    /// Not now (`EAGAIN`): on a blocking socket its own timeout, in `connect` a lack of ports.
    WouldBlock,
    /// Somebody's patience ended, the kernel's or a timer's.
    TimedOut,
    /// The connection was torn down (`ECONNRESET`, `EPIPE`).
    Reset,
    /// The connection ended in good order where more was due.
    Closed,
    /// The connection ended without TLS `close_notify` (RFC 8446 section 6.1).
    ClosedWithoutNotify,
    /// Bytes that are no TLS record.
    NotTls,
    /// hyper 1's "message head is too large", which can mean three things.
    HeadTooLarge,
    /// Bytes came although no request had been sent on this connection.
    Unsolicited,
    /// A malformed field line, of the head or of the trailers.
    BadField,
    /// More field lines than the parser takes, in the head or in the trailers.
    TooManyFields,
    /// A field section of so many bytes, which is more than somebody takes: in the head or in the trailers the gateway, of a
    /// request the next hop, as it has announced (RFC 9114 section 4.2.2).
    FieldsTooLarge(u64),
    /// The QUIC connection went silent: its idle timeout is over, or nobody answered its handshake (RFC 9000 section 10.1).
    QuicSilent,
    /// The next hop speaks no version of QUIC that the gateway does (RFC 9000 section 6.2).
    QuicVersion,
    /// The rules of QUIC were broken, in the handshake or later (RFC 9000 section 11).
    QuicViolation,
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<FaultKind> for Cause {
    fn from(kind: FaultKind) -> Self {
        Self::Fault(Fault::new(kind))
    }
}

impl From<Class> for Cause {
    fn from(class: Class) -> Self {
        Self::Fault(Fault::of_class(class))
    }
}

/// What a probe found out about one link of an error chain.
///
/// Every part is optional; a finding with none of them says "I know this type, and it tells nothing",
/// which spares the other probes the look. See the [module](super) for an example.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Finding<'a> {
    pub(super) cause: Option<Cause>,
    pub(super) code: Option<Code>,
    pub(super) weak: bool,
    pub(super) phase: Option<Phase>,
    pub(super) likely_phase: Option<Phase>,
    pub(super) request_body: bool,
    pub(super) by_text: bool,
    /// hyper reads a body here, so that an `io::Error` about data below means its chunked coding.
    pub(super) chunked: bool,
    /// It comes of a connection that stood.
    pub(super) connected: bool,
    /// The names and messages in the chain may have a cause that is finer.
    pub(super) names_may_tell: bool,
    pub(super) next: Option<&'a (dyn Error + 'static)>,
}

impl<'a> Finding<'a> {
    /// A known type that tells nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cause: None,
            code: None,
            weak: false,
            phase: None,
            likely_phase: None,
            request_body: false,
            by_text: false,
            chunked: false,
            connected: false,
            names_may_tell: false,
            next: None,
        }
    }

    /// A cause: a [`Cause`], a complete [`Fault`], or the [`FaultKind`] or [`Class`] of one.
    ///
    /// The deepest cause of a chain is the one that counts.
    #[must_use]
    pub fn of(cause: impl Into<Cause>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new() }
    }

    /// The request's own body failed: the client's fault, whatever lies deeper.
    #[must_use]
    pub const fn request_body() -> Self {
        Self { request_body: true, ..Self::new() }
    }

    /// Why exactly: beside [`request_body`](Self::request_body), a fault of the client's or of the gateway's own.
    #[cfg(feature = "pingora09")]
    pub(crate) fn because(mut self, fault: Fault) -> Self {
        self.cause = Some(Cause::Fault(fault));
        self
    }

    /// The number that the other side gave for the cause, where the cause is no complete [`Fault`], which has its own.
    #[must_use]
    pub const fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// The phase, where the type proves it. It counts more than the caller's.
    #[must_use]
    pub const fn at(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    /// The phase, where the type suggests it. It counts less than the caller's.
    #[must_use]
    pub const fn likely_at(mut self, phase: Phase) -> Self {
        self.likely_phase = Some(phase);
        self
    }

    /// The cause gives way to any other in the chain, outside or inside.
    #[must_use]
    pub const fn weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// The cause, or the phase, was read from text: lower confidence.
    #[must_use]
    pub const fn by_text(mut self) -> Self {
        self.by_text = true;
        self
    }

    /// It comes of a connection that stood, so that no number below is about connecting, and the request may have been written.
    /// Any other word on the phase counts more.
    pub(crate) const fn on_a_connection(mut self) -> Self {
        self.connected = true;
        self
    }

    /// What the cause leaves open, the name or the message of another link may tell.
    pub(crate) const fn names_may_tell(mut self) -> Self {
        self.names_may_tell = true;
        self
    }

    /// The next link, for types that do not give it as `source()`.
    #[must_use]
    pub const fn then(mut self, next: &'a (dyn Error + 'static)) -> Self {
        self.next = Some(next);
        self
    }
}
