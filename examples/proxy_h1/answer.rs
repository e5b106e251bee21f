//! The last word on an exchange that failed: a response, a visible cut, or nothing.
//!
//! Nobody hears of a fault in a status when it is too late for one.

use std::io::Write;

use badgateway::decide::AbortMethod;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Fault, FaultKind};
use badgateway::h1::forward::write_status_line;
use badgateway::reply::reason;
use badgateway::{InFlight, LastWord};
use bytes::Bytes;
use http::Response;
use http::header::CONNECTION;

use crate::client::{After, Client};
use crate::date;
use crate::outgoing::line;

/// Says it. `keep`: the client would like to keep its connection.
pub(crate) fn give_up(client: &mut Client, exchange: InFlight, fault: Fault, keep: bool) -> After {
    // Behind a malformed request may be anything.
    let keep = keep && is_read(&exchange) && fault.kind() != FaultKind::BadRequest;
    let after = if keep { After::Keep } else { close(&exchange, client) };
    match exchange.fail(fault) {
        LastWord::Answer(response) => match (&*client.stream).write_all(&wire(&response, keep)) {
            Ok(()) => after,
            Err(_) => After::Close,
        },
        LastWord::Abort(AbortMethod::Reset) => After::Reset,
        // Closing now is short of the length, or without the last chunk. The enum may grow.
        LastWord::Abort(_) | LastWord::Silence | _ => After::Close,
    }
}

/// How a connection ends that carries no other request: what is unread in it would make the kernel reset it, and
/// with it what we have written.
pub(crate) fn close(exchange: &InFlight, client: &Client) -> After {
    if is_read(exchange) && client.input.is_empty() { After::Close } else { After::Linger }
}

fn is_read(exchange: &InFlight) -> bool {
    matches!(exchange.facts().request_body, RequestBody::None | RequestBody::Whole)
}

/// The bytes, with what only a server knows: the time, and whether it goes on listening.
fn wire(response: &Response<Bytes>, keep: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let (status, fields) = (response.status(), response.headers());
    write_status_line(&mut out, status, reason(status).as_bytes());
    line(&mut out, "Date", date::now().as_bytes());
    if !keep && !fields.contains_key(CONNECTION) {
        line(&mut out, "Connection", b"close");
    }
    for (name, value) in fields {
        line(&mut out, name.as_str(), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(response.body());
    out
}
