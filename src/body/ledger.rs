//! `Ledger`: body bytes, counted against the length that was announced.
//!
//! It says one thing and then sticks to it. After the end, or after a failure, every
//! call repeats the first verdict.

use crate::fault::{Class, Fault, FaultKind, Phase};

/// Counts the content of one response against the length that its head announced.
///
/// A length is `Content-Length` where it frames the message, or else whatever the body itself knows
/// for certain. It is 0 for a response without content (HEAD, 204, 304), whatever its fields say
/// ([RFC 9112, section 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
///
/// ```
/// use badgateway::body::Ledger;
/// use badgateway::fault::FaultKind;
///
/// let mut ledger = Ledger::new(Some(10));
/// ledger.data(4).unwrap();
/// let fault = ledger.end().unwrap_err();
/// assert_eq!(fault.kind(), FaultKind::BodyTruncated);
/// assert_eq!((fault.received(), fault.expected()), (Some(4), Some(10)));
/// assert_eq!(ledger.end(), Err(fault));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    expected: Option<u64>,
    received: u64,
    state: LedgerState,
}

/// How far a body has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // under way, or over in one of two ways
pub enum LedgerState {
    /// More may come.
    Open,
    /// It is whole.
    Ended,
    /// It is broken, and this is why.
    Failed(Fault),
}

impl Ledger {
    /// A body of that many bytes, or of unknown length.
    #[must_use]
    pub const fn new(expected: Option<u64>) -> Self {
        Self { expected, received: 0, state: LedgerState::Open }
    }

    /// Notes `n` bytes of content.
    ///
    /// The count saturates: no peer can make it overflow.
    ///
    /// # Errors
    ///
    /// When that is more than was announced: [`AmbiguousFraming`](FaultKind::AmbiguousFraming)
    /// in the phase [`Body`](Phase::Body), with both numbers. Not `body_too_large`, which is a limit of
    /// ours; here the next hop says two things about where its body ends, and RFC 9113 section 8.1.1
    /// calls such a message malformed. The caller must not forward *any* of these bytes: with the part
    /// that fits, the client would have a body that looks whole.
    ///
    /// The same verdict on every byte after the end. It does not undo the end.
    pub const fn data(&mut self, n: usize) -> Result<(), Fault> {
        match self.state {
            LedgerState::Open => {}
            LedgerState::Ended if n == 0 => return Ok(()),
            LedgerState::Ended => return Err(self.overrun(self.received.saturating_add(n as u64))),
            LedgerState::Failed(fault) => return Err(fault),
        }
        let received = self.received.saturating_add(n as u64);
        self.received = received;
        match self.expected {
            Some(expected) if received > expected => {
                let fault = self.overrun(received);
                self.state = LedgerState::Failed(fault);
                Err(fault)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Notes the end of the content, in good order.
    ///
    /// # Errors
    ///
    /// [`BodyTruncated`](FaultKind::BodyTruncated) when bytes are missing: "if the sender
    /// closes the connection [...] before the indicated number of octets are received, the recipient
    /// MUST consider the message to be incomplete" (RFC 9112 section 6.3).
    pub const fn end(&mut self) -> Result<(), Fault> {
        match self.state {
            LedgerState::Open => {}
            LedgerState::Ended => return Ok(()),
            LedgerState::Failed(fault) => return Err(fault),
        }
        match self.expected {
            Some(expected) if self.received < expected => {
                let fault = Fault::of_class(Class::PrematureEofContentLengthBody)
                    .with_expected(expected)
                    .with_received(self.received);
                self.state = LedgerState::Failed(fault);
                Err(fault)
            }
            Some(_) | None => {
                self.state = LedgerState::Ended;
                Ok(())
            }
        }
    }

    /// Notes that the body failed, and gives back the fault to report: the first one there was, with
    /// the counts filled in where it is about the body and does not have them.
    ///
    /// A failure after the end (of the connection, say, or in the trailers) does not make the content
    /// less whole: the state stays [`Ended`](LedgerState::Ended).
    pub const fn fail(&mut self, fault: Fault) -> Fault {
        if let LedgerState::Failed(first) = self.state {
            return first;
        }
        let fault = self.complete(fault);
        if let LedgerState::Open = self.state {
            self.state = LedgerState::Failed(fault);
        }
        fault
    }

    /// How many bytes came.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many bytes were announced.
    #[must_use]
    pub const fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// How many announced bytes are missing.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        match self.expected {
            Some(expected) => Some(expected.saturating_sub(self.received)),
            None => None,
        }
    }

    /// How far it has got.
    #[must_use]
    pub const fn state(&self) -> LedgerState {
        self.state
    }

    const fn overrun(&self, received: u64) -> Fault {
        let fault = Fault::new(FaultKind::AmbiguousFraming).at(Phase::Body).with_received(received);
        match self.expected {
            Some(expected) => fault.with_expected(expected),
            None => fault.with_expected(self.received),
        }
    }

    const fn complete(&self, mut fault: Fault) -> Fault {
        match fault.phase() {
            Phase::Body | Phase::Trailers => {}
            // There `received` counts bytes of the head, or there is nothing to count.
            Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Send | Phase::Head => return fault,
        }
        if fault.received().is_none() {
            fault = fault.with_received(self.received);
        }
        match (fault.expected(), self.expected) {
            (None, Some(expected)) => fault.with_expected(expected),
            (Some(_), _) | (None, None) => fault,
        }
    }
}
