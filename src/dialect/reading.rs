//! `Reading`: what a foreign word may mean.
//!
//! Never narrower than the word. Where a proxy says one thing for five faults, the reading holds
//! all five, the likeliest first.

use core::fmt;

use crate::fault::FaultKind;

/// The kinds of fault that a foreign word may stand for: at least one, the likeliest first.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::Reading;
///
/// // nginx: "upstream prematurely closed connection while reading response header from upstream".
/// const CLOSED: Reading = Reading::coarse(FaultKind::ClosedBeforeResponse, &[FaultKind::HeadTruncated]);
/// assert!(!CLOSED.is_exact() && CLOSED.may_be(FaultKind::HeadTruncated));
/// assert_eq!(CLOSED.kind(), FaultKind::ClosedBeforeResponse);
/// assert_eq!(CLOSED.to_string(), "closed_before_response or head_truncated");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    kind: FaultKind,
    others: &'static [FaultKind],
}

impl Reading {
    /// The word means this and nothing else.
    #[must_use]
    pub const fn exact(kind: FaultKind) -> Self {
        Self { kind, others: &[] }
    }

    /// The word may mean the first, most likely, or any of the others, likelier ones first.
    #[must_use]
    pub const fn coarse(likeliest: FaultKind, others: &'static [FaultKind]) -> Self {
        Self { kind: likeliest, others }
    }

    /// The likeliest.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        self.kind
    }

    /// What else it may be, likelier ones first.
    #[must_use]
    pub const fn others(self) -> &'static [FaultKind] {
        self.others
    }

    /// All that it may be, the likeliest first.
    pub fn kinds(self) -> impl Iterator<Item = FaultKind> {
        core::iter::once(self.kind).chain(self.others.iter().copied())
    }

    /// Whether the word leaves no choice.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.others.is_empty()
    }

    /// Whether the word may mean that kind.
    #[must_use]
    pub fn may_be(self, kind: FaultKind) -> bool {
        self.kinds().any(|k| k == kind)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        let Some((last, between)) = self.others.split_last() else { return Ok(()) };
        for kind in between {
            write!(f, ", {kind}")?;
        }
        write!(f, " or {last}")
    }
}
