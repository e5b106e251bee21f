//! h3 0.0: streams that were reset, connections that were closed, `GOAWAY` and broken frames, over any QUIC.
//!
//! h3's errors have no source. What QUIC below it said is inside of some, and read where that crate has an adapter: for
//! h3-quinn, feature `quinn011`.
//!
//! ```
//! use badgateway::{Exchange, Gateway};
//! use badgateway::adapters::h3_00;
//!
//! let gateway = Gateway::new("edge-1.example").unwrap(); // it has h3_00::PROBE
//! # let _ = (gateway, h3_00::PROBE);
//! ```
//!
//! # In a gateway
//!
//! - **Phases**: [`Phase::Connect`] for the handshake, which is both transport and TLS; [`Phase::Send`] from
//!   `SendRequest::send_request` on, [`Phase::Head`] from `recv_response` on. With 0-RTT it is `Send` from the first byte on:
//!   what fails then may fail behind a request that was processed (RFC 9001 section 9.2).
//! - **The request's half**: a next hop that has answered may stop reading the request, with `H3_NO_ERROR` (RFC 9114 section 4.1).
//!   That is an error of `send_data`, and no fault: whoever cannot send goes on to `recv_response`, whose error counts.
//! - **The server's side** resets its stream with the code that is [decided](crate::decide::decide()):
//!
//! ```
//! use badgateway::decide::{AbortMethod, Decision, Profile, decide};
//! use badgateway::exchange::Exchange;
//! use badgateway::fault::Fault;
//! use bytes::Bytes;
//! use h3::server::RequestStream;
//!
//! /// The guarded body has erred; `exchange.forwarded` says that the head is out.
//! fn cut<S: h3::quic::SendStream<Bytes>>(stream: &mut RequestStream<S, Bytes>, fault: &Fault, exchange: &Exchange) {
//!     match decide(fault, exchange, &Profile::Rfc9209) {
//!         Decision::Abort(AbortMethod::H3StreamReset(code)) => stream.stop_stream(code.into()),
//!         // A gRPC status was sent in trailers by the body itself, and a client that has gone reads nothing.
//!         _ => {}
//!     }
//! }
//! ```
//!
//! # What h3 does not say
//!
//! - **The number in a `GOAWAY`** (0.0.8: `client/connection.rs`, `process_goaway`): a request that waits, and will not be processed,
//!   waits until its stream or the connection ends. One that was not sent because of it is
//!   [`FaultKind::GoawayUnprocessed`].
//! - **What is wrong with a head**: no `:status`, a name in upper case and a value with a control are one
//!   [`FaultKind::H3ProtocolError`] with `H3_MESSAGE_ERROR`.
//! - **A cut in the middle of a DATA frame**, if the end of the stream comes in a packet of its own: h3 takes it for the end of the
//!   data (`frame.rs`, `poll_data`), and panics in the call for trailers behind it. Nothing but a `Content-Length` that is not reached
//!   shows the cut. A body that catches the panic sees it always: `tests/http3` has one.
//! - **Whose limit** a field section passes (`HeaderTooBig`): the phase tells. In `Send` it is that of the next hop, and the
//!   client's request is answered by 431; in `Head` and later it is the gateway's.

use std::error::Error;

// The tuple variants are `#[non_exhaustive]`: a pattern has to name their fields.
use h3::error::{Code, ConnectionError, LocalError, StreamError};
use h3::quic::ConnectionErrorIncoming;

use crate::classify::{Cause, Finding, Probe, Sizes, downcast};
use crate::fault::{Fault, FaultKind, Phase, h3_close, h3_code, h3_reset};

/// Knows [`StreamError`] and [`ConnectionError`]. Every [`Gateway`](crate::Gateway) has it.
///
/// Who ended the stream comes before the code: `H3_REQUEST_REJECTED` of a peer is its promise that the request was not
/// processed (RFC 9114 section 4.1.1), as long as no head has come. A connection that is closed with it promises nothing.
pub const PROBE: Probe = probe;

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if SIZES.may_be(link) { known(link) } else { None }
}

pub(crate) const SIZES: Sizes = Sizes::of::<StreamError>().or(Sizes::of::<ConnectionError>());

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    let of_a_stream = downcast::<StreamError>(link).map(stream);
    // A connection stood, or there would be no h3 on it: no number below is about connecting.
    of_a_stream
        .or_else(|| downcast::<ConnectionError>(link).map(connection))
        .map(|finding| finding.likely_at(Phase::Head))
}

#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
fn stream(error: &StreamError) -> Finding<'_> {
    match error {
        StreamError::RemoteTerminate { code, .. } => Finding::of(h3_reset(code.value())),
        StreamError::StreamError { code, reason, .. } => own(*code, reason),
        StreamError::ConnectionError { 0: error, .. } => connection(error),
        StreamError::HeaderTooBig { actual_size, .. } => Finding::of(Cause::FieldsTooLarge(*actual_size)),
        // Said by `send_request` alone, before it opens a stream (0.0.8: `client/connection.rs`).
        StreamError::RemoteClosing { .. } => Finding::of(FaultKind::GoawayUnprocessed),
        StreamError::Undefined { 0: error, .. } => Finding::new().then(&**error),
        _ => Finding::new(),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // foreign enums that grow
fn connection(error: &ConnectionError) -> Finding<'_> {
    match error {
        ConnectionError::Remote { 0: error, .. } => match error {
            ConnectionErrorIncoming::ApplicationClose { error_code } => Finding::of(h3_close(*error_code)),
            ConnectionErrorIncoming::Timeout => Finding::of(Cause::QuicSilent),
            ConnectionErrorIncoming::InternalError(_) => Finding::of(FaultKind::ProxyInternal),
            ConnectionErrorIncoming::Undefined(error) => Finding::new().then(&**error),
        },
        ConnectionError::Timeout { .. } => Finding::of(Cause::QuicSilent),
        ConnectionError::Local { error: LocalError::Application { code, reason, .. }, .. } => own(*code, reason),
        // The gateway has shut the connection down.
        ConnectionError::Local { .. } => Finding::of(FaultKind::ProxyInternal),
        _ => Finding::new(),
    }
}

/// h3's own texts for a stream that ended in good order before it had a head, or within a frame. Its code tells them from no
/// other breach.
const ENDS: [&str; 2] = ["Stream finished without receiving response headers", "received incomplete frame"];

/// What h3 itself said of the peer, with the code that it told it.
fn own(code: Code, reason: &str) -> Finding<'static> {
    match code {
        // The gateway has let go of the connection; or h3 could not do what it was asked to.
        Code::H3_NO_ERROR | Code::H3_INTERNAL_ERROR => Finding::of(FaultKind::ProxyInternal),
        _ if ENDS.contains(&reason) => Finding::of(Cause::Closed).by_text(),
        code => Finding::of(Fault::new(FaultKind::H3ProtocolError).with_code(h3_code(code.value()))),
    }
}
