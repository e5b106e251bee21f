//! What a proxy asks of a response head that its parser takes.
//!
//! What the next one behind us could misread, or did not ask for, stops here.

use badgateway::InFlight;
use badgateway::fault::{Fault, FaultKind};
use badgateway::h1::{self, Framing};

/// Refuses what the parser leaves to its caller. What must not go out at all `h1::forward::outgoing` refuses by itself.
pub(crate) fn refuse(head: &h1::Head<'_>, framing: Framing, exchange: &InFlight) -> Result<(), Fault> {
    if framing != Framing::Tunnel {
        return Ok(());
    }
    let lines = head.fields().filter(|field| field.name().eq_ignore_ascii_case("upgrade"));
    let answered: Vec<_> = lines.map(|field| field.value().into_owned()).collect();
    let is_answer = exchange.answers_upgrade(answered.iter().map(Vec::as_slice));
    if is_answer { Ok(()) } else { Err(Fault::new(FaultKind::UnexpectedUpgrade)) }
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
