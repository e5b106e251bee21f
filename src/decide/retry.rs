//! May the request be sent again? Advice with its reason.
//!
//! "A proxy MUST NOT automatically retry non-idempotent requests" (RFC 9110 section
//! 9.2.2), unless it can tell that the request was never applied. In doubt the answer is no.

use std::fmt;

use crate::exchange::{Exchange, Forwarded, RequestBody};
use crate::fault::{Applied, Blame, Category, Fault};

/// Advice on sending the request again by itself. It is about what is *safe*; whether it is wise
/// (budgets, back-off, another next hop) stays with the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // yes or no, each with its reason
pub enum Retry {
    /// It may be sent again.
    Safe(SafeReason),
    /// It must not: that would be unsafe, or pointless.
    Never(NeverReason),
}

/// Why it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SafeReason {
    /// The next hop provably never applied the request.
    NotApplied,
    /// The method is idempotent.
    Idempotent,
}

/// Why it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NeverReason {
    /// The client has gone, or its request is what failed.
    ClientFault,
    /// The client has seen some of a response to it.
    Forwarded,
    /// It is a second try already (RFC 9110: do not retry a failed automatic retry).
    AlreadyRetried,
    /// The request body cannot be sent again, as far as the caller said. An [`Unread`](RequestBody::Unread) body counts as consumed
    /// once some of the request may have been sent.
    NotReplayable,
    /// It may have been applied, and the method is not idempotent.
    NotIdempotent,
    /// The same next hop would give the same fault.
    Pointless,
}

impl Retry {
    /// Whether it may be sent again.
    #[must_use]
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Safe(_))
    }

    /// `safe` or `never`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe(_) => "safe",
            Self::Never(_) => "never",
        }
    }

    /// The stable name of the reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Safe(SafeReason::NotApplied) => "not_applied",
            Self::Safe(SafeReason::Idempotent) => "idempotent",
            Self::Never(NeverReason::ClientFault) => "client_fault",
            Self::Never(NeverReason::Forwarded) => "forwarded",
            Self::Never(NeverReason::AlreadyRetried) => "already_retried",
            Self::Never(NeverReason::NotReplayable) => "not_replayable",
            Self::Never(NeverReason::NotIdempotent) => "not_idempotent",
            Self::Never(NeverReason::Pointless) => "pointless",
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.as_str(), self.reason())
    }
}

/// Whether this request may be sent again after this fault.
///
/// ```
/// use badgateway::decide::retry::{NeverReason, Retry, SafeReason, advise};
/// use badgateway::exchange::Exchange;
/// use badgateway::fault::{Fault, FaultKind};
///
/// let post = Exchange::of(&http::Request::post("/pay").body(()).unwrap());
/// let reset = Fault::new(FaultKind::ResetBeforeResponse);
/// assert_eq!(advise(&reset, &post), Retry::Never(NeverReason::NotIdempotent));
/// let refused = Fault::new(FaultKind::ConnectionRefused);
/// assert_eq!(advise(&refused, &post), Retry::Safe(SafeReason::NotApplied));
/// ```
#[must_use]
pub fn advise(fault: &Fault, exchange: &Exchange) -> Retry {
    if exchange.client_gone || fault.blame() == Blame::Client || fault.category() == Category::Client {
        return Retry::Never(NeverReason::ClientFault);
    }
    if exchange.forwarded != Forwarded::Nothing {
        return Retry::Never(NeverReason::Forwarded);
    }
    if exchange.attempts > 1 {
        return Retry::Never(NeverReason::AlreadyRetried);
    }
    if !fault.kind().is_transient() {
        return Retry::Never(NeverReason::Pointless);
    }
    let body_at_hand = match exchange.request_body {
        RequestBody::None => true,
        RequestBody::Unread => exchange.replayable || !may_have_been_sent(fault, exchange),
        RequestBody::Partial | RequestBody::Whole => exchange.replayable,
        RequestBody::Failed => false,
    };
    if !body_at_hand {
        return Retry::Never(NeverReason::NotReplayable);
    }
    if super::applied(fault, exchange) == Applied::No {
        return Retry::Safe(SafeReason::NotApplied);
    }
    if exchange.is_idempotent() {
        return Retry::Safe(SafeReason::Idempotent);
    }
    Retry::Never(NeverReason::NotIdempotent)
}

/// The request is about to be sent once more, because of this fault: counts the try, remembers whether the last one could
/// have been applied, and forgets what was known of that one alone. [`InFlight::try_again`](crate::InFlight::try_again) does
/// it for exchanges of its own.
///
/// ```
/// use badgateway::decide::{applied, retry};
/// use badgateway::exchange::Exchange;
/// use badgateway::fault::{Applied, Fault, FaultKind};
///
/// let (refused, reset) = (Fault::new(FaultKind::ConnectionRefused), Fault::new(FaultKind::ResetBeforeResponse));
/// let mut exchange = Exchange::default();
/// retry::again(&refused, &mut exchange);
/// assert_eq!(applied(&refused, &exchange), Applied::No); // neither of the two was sent
/// retry::again(&reset, &mut exchange);
/// assert_eq!(applied(&refused, &exchange), Applied::Perhaps); // the second may have been
/// ```
pub fn again(fault: &Fault, exchange: &mut Exchange) {
    exchange.applied_before = Some(super::applied(fault, exchange));
    exchange.attempts = exchange.attempts.saturating_add(1);
    exchange.first_try.get_or_insert(fault.kind());
    (exchange.phase, exchange.sent, exchange.received, exchange.reused) = (None, None, None, None);
    exchange.received_status = None;
}

/// Whether some of the request was written, or may have been: whoever writes it reads its body, and tells nobody.
fn may_have_been_sent(fault: &Fault, exchange: &Exchange) -> bool {
    exchange.sent.map_or(fault.phase().may_have_sent(), |sent| sent > 0)
}
