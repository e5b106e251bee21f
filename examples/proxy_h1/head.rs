//! What a proxy asks of a response head that its parser takes.
//!
//! Its one rule: what the next one behind us could misread, or did not ask for, stops here.

use badgateway::audit::answers_upgrade;
use badgateway::fault::{Class, Fault, FaultKind};
use badgateway::h1::{self, Deviation, Framing};

use crate::upstream::Attempt;

/// Transfer codings below which the content is as it is; and those of RFC 9112 section 7.2.
const PLAIN: [&str; 3] = ["", "chunked", "identity"];
const COMPRESSED: [&str; 5] = ["gzip", "deflate", "compress", "x-gzip", "x-compress"];

/// Refuses what the parser leaves to its caller.
pub(crate) fn refuse(head: &h1::Head<'_>, framing: Framing, attempt: &Attempt<'_>) -> Result<(), Fault> {
    // Any three digits from 100 on. Caches and firewalls behind us differ on what is above 599 (RFC 9110 section 15:
    // "invalid"), so it does not leave the house.
    if head.status().as_u16() > 599 {
        return Err(Fault::of_class(Class::StatusLineCodeAbove599).with_offset(head.offset() + 9));
    }
    // What is coded below the chunks nobody asked for: we sent no TE (RFC 9112 section 7.4). The field goes no further, so
    // that the client would take coded bytes for the content. `identity` changes nothing.
    if framing == Framing::Chunked && head.deviations().contains(Deviation::OtherCodings) {
        let lines = head.fields().filter(|field| field.name().eq_ignore_ascii_case("transfer-encoding"));
        let codings: Vec<u8> = lines.flat_map(|field| [&field.value()[..], b","].concat()).collect();
        let is_one = |of: &[&str], coding: &[u8]| of.iter().any(|c| coding.eq_ignore_ascii_case(c.as_bytes()));
        let mut coded = codings.split(|&b| b == b',').map(<[u8]>::trim_ascii).filter(|c| !is_one(&PLAIN, c)).peekable();
        if coded.peek().is_some() {
            let known = coded.all(|coding| is_one(&COMPRESSED, coding));
            return Err(Fault::of_class(if known { Class::FramingTeCompressed } else { Class::FramingTeUnsupported }));
        }
    }
    if framing != Framing::Tunnel {
        return Ok(());
    }
    let lines = head.fields().filter(|field| field.name().eq_ignore_ascii_case("upgrade"));
    let answered: Vec<_> = lines.map(|field| field.value().into_owned()).collect();
    let offered = attempt.offered.iter().map(|value| value.as_bytes());
    // Bytes of a request's body are none of the tunnel's.
    if answers_upgrade(offered, answered.iter().map(Vec::as_slice)) && attempt.is_uploaded() {
        Ok(())
    } else {
        Err(Fault::new(FaultKind::UnexpectedUpgrade))
    }
}

/// Whether the head may wait a moment for the first of the body: not where the first of it may be minutes
/// away by design.
pub(crate) fn may_be_held(head: &h1::Head<'_>) -> bool {
    let stream = head.get("content-type").is_some_and(|field| {
        let value = field.value().to_ascii_lowercase();
        value.starts_with(b"text/event-stream") || value.starts_with(b"application/grpc")
    });
    !stream
}
