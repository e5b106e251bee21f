//! Where a stack breaks a rule, and why it cannot be kept there.

use http::Version;

/// A rule, or a record, that this stack does not get right.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) stacks: &'static [&'static str],
    pub(crate) behaviours: &'static [&'static str],
    /// To clients of these versions; to all, where there is none.
    pub(crate) versions: &'static [Version],
    /// What the client library does, so that nobody behind it can know better.
    pub(crate) why: &'static str,
    /// Two things race, so that it may be right as well.
    pub(crate) races: bool,
}

pub(crate) const KNOWN: &[Known] = &[];

pub(crate) fn known(stack: &str, behaviour: &str, version: Version) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.stacks.contains(&stack)
            && known.behaviours.contains(&behaviour)
            && (known.versions.is_empty() || known.versions.contains(&version))
    })
}
