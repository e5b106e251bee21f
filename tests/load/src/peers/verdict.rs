//! What a client saw, in the few characters in which the published matrix says it.
//!
//! The same words for both. `502` is complete by its framing, `200/cut` visibly is not,
//! `200/eof` ends with the connection, `200/stuck` never does, `200/?` has bytes after its end; `RAW`
//! is no response at all, `CLOSED`, `RST` and `HANG` have not a byte of one; `1xx,CLOSED` and its like had
//! interim responses before that.

use badgateway::lab::probe::{Answer, End};

/// The cell for this answer.
pub(crate) fn verdict(answer: &Answer) -> String {
    let Some(status) = answer.status.or_else(|| odd_status(answer)) else {
        let bare = match answer.end {
            End::Hang | End::Stuck => "HANG",
            End::Closed | End::Cut | End::Eof => "CLOSED",
            End::Reset => "RST",
            _ => "RAW",
        };
        // Bytes there were, but none of a final response.
        return if answer.interim.is_empty() { bare.to_owned() } else { format!("1xx,{bare}") };
    };
    let mark = match answer.end {
        End::Cut | End::Reset => "/cut",
        End::Eof => "/eof",
        End::Stuck => "/stuck",
        End::Extra => "/?",
        _ => "",
    };
    format!("{status}{mark}")
}

/// `99` and `1000` are no status codes (RFC 9110 section 15), so the probe's reader, which is strict, reads
/// no further; the matrix tells them apart from bytes that are no status line at all. How such a message
/// ends is nobody's business: see [`agrees`].
fn odd_status(answer: &Answer) -> Option<u16> {
    let raw = Some(&answer.raw).filter(|_| answer.end == End::Raw && answer.interim.is_empty())?;
    let rest = raw.strip_prefix(b"HTTP/1.")?.get(2..)?;
    let digits = rest.split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether what was seen is what the matrix says.
pub(crate) fn agrees(seen: &str, cell: &str) -> bool {
    let (status, _) = cell.split_once('/').unwrap_or((cell, ""));
    seen == cell || (matches!(status, "99" | "1000") && seen == status)
}
