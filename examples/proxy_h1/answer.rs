//! The last word on an exchange that failed: a response, a visible cut, or nothing; and a record.
//!
//! Its one rule: nobody hears of a fault in a status when it is too late for one.

use std::io::Write;
use std::time::{Duration, SystemTime};

use badgateway::Exchange;
use badgateway::decide::{Decision, How};
use badgateway::diagnose::Context;
use badgateway::exchange::RequestBody;
use badgateway::fault::FaultKind;

use crate::client::{After, Client};
use crate::date;
use crate::serve::Proxy;
use crate::trouble::Trouble;

/// Says it. `keep`: the client would like to keep its connection.
pub(crate) fn give_up(
    proxy: &Proxy,
    client: &mut Client,
    mut exchange: Exchange,
    trouble: Trouble,
    keep: bool,
    elapsed: Duration,
) -> After {
    let Trouble { mut fault, evidence } = trouble;
    if fault.kind() == FaultKind::ClientAborted {
        exchange.phase.get_or_insert(fault.phase());
        fault = exchange.client_aborted();
    }
    exchange.elapsed = Some(elapsed);
    exchange.time = Some(SystemTime::now());
    let record = proxy.gateway.record(&fault, &exchange).with_evidence(&evidence);
    proxy.log.write(&fault, exchange.path.as_ref().map_or("", |p| p.as_str()), &record);
    match proxy.gateway.decide(&fault, &exchange) {
        Decision::Respond(_) => {
            let mut out = Vec::with_capacity(1024);
            proxy.gateway.answer_wire_diagnosed(&fault, &exchange, &evidence, &Context::default(), &mut out);
            let keep = keep && is_read(&exchange);
            complete(&mut out, keep);
            match client.stream.write_all(&out) {
                Ok(()) if keep => After::Keep,
                Ok(()) => close(&exchange, client),
                Err(_) => After::Close,
            }
        }
        Decision::Abort(How::Reset) => After::Reset,
        // Closing now is short of the length, or without the last chunk.
        Decision::Abort(_) | Decision::Silence => After::Close,
    }
}

/// How a connection ends that carries no other request: what is unread in it would make the kernel reset it, and
/// with it what we have written.
pub(crate) fn close(exchange: &Exchange, client: &Client) -> After {
    if is_read(exchange) && client.input.is_empty() { After::Close } else { After::Linger }
}

fn is_read(exchange: &Exchange) -> bool {
    matches!(exchange.request_body, RequestBody::None | RequestBody::Whole)
}

/// Adds to a response what only a server knows: the time, and whether it goes on listening.
fn complete(out: &mut Vec<u8>, keep: bool) {
    let Some(end) = out.windows(2).position(|pair| pair == b"\r\n") else { return };
    let head = out.windows(4).position(|four| four == b"\r\n\r\n").and_then(|end| out.get(..end)).unwrap_or_default();
    let closes = head.windows(19).any(|window| window.eq_ignore_ascii_case(b"\r\nconnection: close"));
    let close = if keep || closes { "" } else { "Connection: close\r\n" };
    let fields = format!("Date: {}\r\n{close}", date::now());
    out.splice(end + 2..end + 2, fields.into_bytes());
}
