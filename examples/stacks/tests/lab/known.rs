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
    /// The status that the client gets all the same. Another would be another mistake.
    pub(crate) status: u16,
}

pub(crate) static KNOWN: &[Known] = &[
    Known {
        stacks: &["actix"],
        behaviours: &["chunk_size_2_31", "chunk_size_2_63", "close_mid_chunk", "close_mid_chunked"],
        versions: &[],
        why: "awc takes the end of the connection for the end of the chunks: nobody behind it can tell",
        status: 200,
    },
    Known {
        stacks: &["actix"],
        behaviours: &["close_delimited_ok", "ok_empty_by_close", "reset_mid_close_delim"],
        versions: &[],
        why: "awc drops a body that the end of an HTTP/1.1 connection delimits: the gateway owns up to it with a 500",
        status: 500,
    },
    Known {
        stacks: &["actix"],
        behaviours: &[
            "early_hints",
            "interim_104",
            "interim_chunked",
            "interim_hop_by_hop",
            "interim_length_of_head",
            "interim_with_body",
            "interim_with_length",
            "many_1xx",
            "only_100_then_close",
            "stall_after_1xx",
            "unexpected_101_after_100",
        ],
        versions: &[],
        why: "awc hands an interim response over as the final one, and loses the final one: the gateway owns up to it with a 500",
        status: 500,
    },
    Known {
        stacks: &["actix"],
        behaviours: &["upgrade_other", "upgrade_unnamed", "upgrade_garbage"],
        versions: &[],
        why: "awc reads no body of a response with `Upgrade: websocket`, whatever its length: the 426 is cut, and on record",
        status: 426,
    },
];

pub(crate) fn known(stack: &str, behaviour: &str, version: Version) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.stacks.contains(&stack)
            && known.behaviours.contains(&behaviour)
            && (known.versions.is_empty() || known.versions.contains(&version))
    })
}
