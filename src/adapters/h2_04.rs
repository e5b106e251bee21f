//! h2 0.4: `RST_STREAM`, `GOAWAY` and broken frames, alone or inside errors of hyper, reqwest and tonic.
//!
//! Who ended the stream comes before the code. A peer's `REFUSED_STREAM` is its promise that
//! the request was not processed (RFC 9113 section 8.7); the same code from anybody else promises nothing.
//!
//! # What h2 does not say
//!
//! - **Last stream.** The number in a `GOAWAY` is not to be had, and the error of a stream and that of
//!   its connection look the same, so [`PROBE`] cannot tell "not processed" from "perhaps":
//!   [`FaultKind::Goaway`]. Who keeps to errors of streams can: [`STREAM_PROBE`].
//! - **A `GOAWAY` that spares our stream**, followed by the end of the connection: the stream has an
//!   `io::Error` that says "broken pipe" and not a word of the `GOAWAY`.
//! - **Error numbers and TLS.** Of an `io::Error` h2 keeps the kind and the text. A `rustls::Error` in it is lost;
//!   a [tap](crate::tap) under h2 has seen it.
//! - **`RST_STREAM(NO_ERROR)` within a body** is a good end for `hyper::body::Incoming`, whose last frame has come
//!   then. [`Guard::expecting_end_stream`](crate::body::Guard::expecting_end_stream) makes it a cut.
//!
//! # With a server on h2 itself
//!
//! hyper resets its stream when a body errs, always with `INTERNAL_ERROR`. On h2 alone that is yours to do, with the
//! code that is [decided](crate::decide::decide()):
//!
//! ```
//! use badgateway::decide::{AbortMethod, Decision, Profile, decide};
//! use badgateway::exchange::Exchange;
//! use badgateway::fault::Fault;
//! use bytes::Bytes;
//!
//! /// The guarded body has erred; `exchange.forwarded` says that the head is out.
//! fn cut(stream: &mut h2::SendStream<Bytes>, fault: &Fault, exchange: &Exchange) {
//!     match decide(fault, exchange, &Profile::Rfc9209) {
//!         Decision::Abort(AbortMethod::StreamReset(code)) => stream.send_reset(code.into()),
//!         // A gRPC status was sent in trailers by the body itself, and a client that has gone reads nothing.
//!         _ => {}
//!     }
//! }
//! ```
//!
//! The text that comes with a `GOAWAY` is the peer's, and goes into [`Evidence`](crate::fault::Evidence) alone, with
//! [`with_error`](crate::fault::Evidence::with_error).

use std::error::Error;

use h2::Reason;

use crate::classify::{Finding, Probe, Sizes, downcast, may_be};
use crate::fault::{Code, Fault, FaultKind, of_goaway, of_reset};

/// Knows [`h2::Error`]. Every [`Gateway`](crate::Gateway) has it.
///
/// ```
/// use badgateway::{FaultKind, classify};
/// use badgateway::fault::Code;
///
/// // As it stands in the source chain of a `hyper::Error`.
/// let fault = classify(&h2::Error::from(h2::Reason::INTERNAL_ERROR));
/// assert_eq!(fault.kind(), FaultKind::StreamReset);
/// assert_eq!(fault.code(), Some(Code::H2(2)));
/// ```
pub const PROBE: Probe = |link| if may_be::<h2::Error>(link) { known(link, Scope::Any) } else { None };

pub(crate) const SIZES: Sizes = Sizes::of::<h2::Error>();

/// The same for gateways that classify errors of *streams* only, never those of a connection: what comes out
/// of `h2::client::SendRequest` and `ResponseFuture`, of hyper's `SendRequest::send_request`, of a pooled
/// client's call. Not what hyper's or h2's `Connection` future ends with.
///
/// With that a `GOAWAY` is proof. h2 fails a stream with it only where the last stream in it is below this one,
/// and refuses to open a new one; both were "not processed" (RFC 9113 section 6.8). So it is
/// [`FaultKind::GoawayUnprocessed`], and even a POST may be sent again on another connection.
///
/// **With hyper there is a gap.** Its client asks for the state of the connection once more when it has sent a request, and fails
/// that one with a `GOAWAY` that came meanwhile, though it may have been taken (1.12: `proto/h2/client.rs`, `ClientTask::poll`,
/// behind `send_request`). It is the last stream that was opened then, so who sees the frames can tell: a `tokio1::Http2Tap` does. Who has
/// none, and must never send twice, keeps to [`PROBE`].
///
/// ```
/// use badgateway::{Gateway, adapters::h2_04};
/// let gateway = Gateway::new("edge-1.example").unwrap().with_probe(h2_04::STREAM_PROBE);
/// # let _ = gateway;
/// ```
pub const STREAM_PROBE: Probe = |link| if may_be::<h2::Error>(link) { known(link, Scope::Stream) } else { None };

/// Whose error it can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// A stream's or a connection's.
    Any,
    /// A stream's.
    Stream,
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static), scope: Scope) -> Option<Finding<'a>> {
    downcast::<h2::Error>(link).map(|error| finding(error, scope))
}

fn finding<'a>(error: &'a h2::Error, scope: Scope) -> Finding<'a> {
    if let Some(io) = error.get_io() {
        return Finding::new().on_a_connection().then(io);
    }
    // h2 was called in a way that it refuses: a misuse, or no stream number left.
    let Some(reason) = error.reason() else { return Finding::of(FaultKind::ProxyInternal) };
    let (reset, goaway) = (of_reset(reason.into()), of_goaway(reason.into()));
    let kind = if error.is_library() {
        // h2 found the peer's frames wrong, whatever code it told the peer.
        FaultKind::H2ProtocolError
    } else if error.is_remote() {
        match (error.is_go_away(), scope) {
            (false, _) => reset,
            // The same next hop would say so again, on any connection.
            (true, Scope::Stream) if reason != Reason::HTTP_1_1_REQUIRED => FaultKind::GoawayUnprocessed,
            (true, Scope::Stream | Scope::Any) => goaway,
        }
    } else if error.is_reset() {
        // Our own side reset the stream: hyper does when the request's body fails, and others when the client
        // has gone. Neither is the next hop's doing.
        return Finding::request_body();
    } else if error.is_go_away() {
        FaultKind::ProxyInternal
    } else if reset == FaultKind::StreamRefused {
        // A bare code, made by who knows whom: hyper's, for a reset of the request's half. No promise.
        FaultKind::StreamReset
    } else {
        reset
    };
    Finding::of(Fault::new(kind).with_code(Code::H2(u32::from(reason))))
}
