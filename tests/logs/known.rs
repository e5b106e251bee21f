//! What each upstream of the lab did, where a proxy is mistaken about it, and how a log does that tells of it.
//!
//! A reading may hold more than the truth; one without the truth is wrong, unless the proxy itself was
//! mistaken, which is listed with the reason.

use badgateway::fault::FaultKind::{self, *};

use crate::expect;

/// What the table of the end-to-end tests calls otherwise, or tolerates, as a stricter proxy has it.
#[rustfmt::skip]
const STRICTER: &[(&str, &[FaultKind])] = &[
    ("bare_lf", &[BadHeader, BadStatusLine]),
    ("cl_duplicate_same", &[AmbiguousFraming]),
    ("cl_list_same", &[AmbiguousFraming]),
    ("trailer_forbidden", &[BadTrailer]),
    ("status_204_body", &[AmbiguousFraming]),
    ("no_reason_space", &[BadStatusLine]),
    ("hostile_reason", &[BadStatusLine]),
    ("extra_bytes_after_response", &[UnsolicitedResponse]),
    ("stale_keepalive", &[ClosedBeforeResponse]),
    ("stale_keepalive_reset", &[ResetBeforeResponse]),
    ("silent_close", &[ClosedBeforeResponse]),
    ("slow_drip_body", &[BodyStalled, DeadlineExceeded]),
    // One and the same head, by whichever limit.
    ("huge_head_1mb", &[HeadTooLarge, HeaderTooLarge]),
    ("hostile_header_1mb", &[HeaderTooLarge, HeadTooLarge]),
    ("many_headers_5000", &[TooManyHeaders, HeadTooLarge]),
    ("endless_head", &[HeadTooLarge, TooManyHeaders, HeaderTooLarge, HeadStalled]),
    // `HTTP/1.1 <script>`: the beginning of a status line, or no HTTP.
    ("hostile_status_line", &[BadStatusLine, NotHttp]),
    ("tls_cut_mid_body", &[BodyTruncated, TlsTruncated]),
    ("te_chunked_twice", &[UnsupportedCoding, AmbiguousFraming]),
    // What we pass on, others may refuse: `identity` changes nothing, and is no coding any more.
    ("te_identity_chunked", &[UnsupportedCoding]),
    // An element of a list may be empty, and some take none.
    ("te_empty_before", &[AmbiguousFraming, UnsupportedCoding]),
    ("te_empty_behind", &[AmbiguousFraming, UnsupportedCoding]),
    ("te_empty_line", &[AmbiguousFraming, UnsupportedCoding]),
    // A number that one can count to, and misses then, is none to another.
    ("cl_2_62", &[BodyTruncated, AmbiguousFraming]),
    ("cl_2_63", &[AmbiguousFraming, BodyTruncated]),
    ("cl_u64_max", &[AmbiguousFraming, BodyTruncated]),
    ("chunk_size_2_31", &[BodyTruncated, BadChunk]),
    ("chunk_size_2_63", &[BodyTruncated, BadChunk]),
    ("chunk_ext_open_quote", &[BadChunk]),
    // Some have no name for the line end behind the last chunk but that of a chunk's.
    ("last_chunk_lf", &[BadTrailer, BadChunk]),
    ("trailer_lf", &[BadTrailer, BadChunk]),
    ("never_reads", &[ResponseTimeout, SendTimeout]),
    ("stall_after_1xx", &[ResponseTimeout, HeadStalled]),
    // They come until the client has enough.
    ("many_1xx", &[TooManyInterim, ClientAborted]),
    // A status line that no buffer holds; bytes before one.
    ("huge_reason", &[HeadTooLarge, BadStatusLine]),
    ("leading_crlf", &[NotHttp, BadStatusLine]),
    ("slow_drip_head", &[HeadStalled, DeadlineExceeded]),
];

/// Where the proxy, or curl, was mistaken or did something else.
#[rustfmt::skip]
const MISTAKEN: &[(&str, &str, FaultKind, &str)] = &[
    ("nginx", "stall_after_1xx", BodyStalled, "takes the 103 for the response, and waits for its body"),
    ("nginx", "early_hints", BodyStalled, "takes the 103 for the response, and waits for its body"),
    ("nginx", "interim_hop_by_hop", BodyStalled, "takes the 103 for the response, and waits for its body"),
    ("nginx", "interim_104", BodyStalled, "takes the 104 for the response, and waits for its body"),
    ("nginx", "interim_chunked", BadChunk, "takes the 103 for the response, and what follows for chunks"),
    ("haproxy", "endless_trailers", BodyTruncated, "trailers that its buffer does not hold are an end of the connection to it"),
];

/// What nginx takes for HTTP/0.9 it reads until the connection ends. Where the end comes in a moment in which nginx does
/// not look (a greeting's, which arrives before the request is written, or any on a busy machine), it waits for it, and
/// a second line tells of that wait.
const HTTP09: (&str, &[FaultKind], FaultKind) = ("nginx", &[NotHttp, BadStatusLine], BodyStalled);

/// What that program wrongly believes of that upstream.
pub(crate) fn mistakes(program: &str, name: &str) -> Vec<FaultKind> {
    let named = MISTAKEN.iter().filter(|row| (row.0, row.1) == (program, name)).map(|row| row.2);
    let (waiter, taken, waits) = HTTP09;
    let http09 = program == waiter && truth(name).iter().any(|kind| taken.contains(kind));
    named.chain(http09.then_some(waits)).collect()
}

/// What that upstream of the lab did.
pub(crate) fn truth(name: &str) -> Vec<FaultKind> {
    if let Some((_, kinds)) = STRICTER.iter().find(|(row, _)| *row == name) {
        return kinds.to_vec();
    }
    let row = expect::EXPECTED.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"));
    row.faults.iter().map(|code| code.parse().unwrap()).collect()
}

/// How a log does over all rows.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Score {
    exact: usize,
    coarse: usize,
    /// Coarse, and the likeliest is the truth.
    likeliest: usize,
    /// Kinds in coarse readings, together.
    kinds: usize,
    silent: usize,
    mistaken: usize,
}

impl Score {
    pub(crate) const fn figures(self) -> [usize; 6] {
        [self.exact, self.coarse, self.likeliest, self.kinds, self.silent, self.mistaken]
    }
}

/// What a row of the matrix says of the readings of one log.
///
/// # Errors
///
/// A reading that excludes the truth.
pub(crate) fn judge(
    truth: &[FaultKind],
    readings: Vec<Vec<FaultKind>>,
    mistakes: &[FaultKind],
    score: &mut Score,
) -> Result<String, Vec<FaultKind>> {
    let is_mistake = |reading: &Vec<FaultKind>| reading.first().is_some_and(|kind| mistakes.contains(kind));
    let (mistaken, readings): (Vec<_>, Vec<_>) = readings.into_iter().partition(is_mistake);
    if let Some(reading) = readings.iter().find(|reading| !truth.iter().any(|kind| reading.contains(kind))) {
        return Err(reading.clone());
    }
    // The finest of what was said.
    Ok(match readings.iter().min_by_key(|reading| reading.len()) {
        None if !mistaken.is_empty() => {
            score.mistaken += 1;
            "mistaken".to_owned()
        }
        None => {
            score.silent += usize::from(!truth.is_empty());
            "-".to_owned()
        }
        Some(reading) if reading.len() == 1 => {
            score.exact += 1;
            "exact".to_owned()
        }
        Some(reading) => {
            let first = reading.first().is_some_and(|kind| truth.contains(kind));
            score.coarse += 1;
            score.likeliest += usize::from(first);
            score.kinds += reading.len();
            format!("1 of {}{}", reading.len(), if first { " *" } else { "" })
        }
    })
}
