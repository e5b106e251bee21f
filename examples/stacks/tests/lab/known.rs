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

pub(crate) const KNOWN: &[Known] = &[
    Known {
        stacks: &["actix"],
        behaviours: &["close_mid_chunk", "close_mid_chunked", "reset_mid_close_delim"],
        versions: &[],
        why: "awc ends a body in good order when its connection ends, whatever was still to come: nobody behind it can tell",
        races: true,
    },
    Known {
        stacks: &["actix"],
        behaviours: &[
            "early_hints",
            "interim_hop_by_hop",
            "interim_with_body",
            "interim_with_length",
            "many_1xx",
            "only_100_then_close",
            "stall_after_1xx",
            "unexpected_101_after_100",
        ],
        versions: &[],
        why: "awc hands an interim response over as the final one, which is answered as a fault of the gateway's own client: 500",
        races: true,
    },
    Known {
        stacks: &["actix"],
        behaviours: &["status_204_body", "status_204_chunked", "status_304_body"],
        versions: &[],
        why: "awc reads content that these statuses do not have, so that a fault is recorded behind a response that is whole",
        races: true,
    },
    Known {
        stacks: &["actix"],
        behaviours: &["upgrade_other", "upgrade_unnamed", "upgrade_garbage"],
        versions: &[],
        why: "awc drops the body of a response with `Upgrade: websocket`, whatever its length and status",
        races: true,
    },
];

pub(crate) fn known(stack: &str, behaviour: &str, version: Version) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.stacks.contains(&stack)
            && known.behaviours.contains(&behaviour)
            && (known.versions.is_empty() || known.versions.contains(&version))
    })
}
