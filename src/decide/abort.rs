//! How to make a cut visible once the head has gone out.
//!
//! The client must not be able to take what it got for the whole, and must not be told that nothing
//! was processed, since something was: it has the head. Where a gateway cannot hold to that, the decision says so.

use http::Version;

use crate::exchange::{BodyFraming, Exchange};
use crate::fault::{Fault, FaultKind};

use super::grpc::grpc_status;

/// How to make a cut visible to the client (RFC 9112 section 8, RFC 9113 section 5.4.2).
///
/// Only [`GrpcStatus`](Self::GrpcStatus) goes with a `Proxy-Status` trailer: a trailer needs the last chunk
/// (or `END_STREAM`), and that would make a cut body look whole wherever its end is not told in-band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbortMethod {
    /// Close the connection short of the `Content-Length`.
    CloseShort,
    /// Close the connection without the last chunk.
    NoLastChunk,
    /// Reset the connection: only its end delimits the body, and an orderly end would look whole.
    /// Over TLS, leaving out `close_notify` does it (RFC 9112 section 9.8).
    Reset,
    /// Close the connection, and know that this marks nothing: it would take a [`Reset`](Self::Reset), and this gateway
    /// [cannot](Exchange::can_reset) make one. The client takes what it got for the whole, and only the record says otherwise.
    Unmarked,
    /// Reset the stream with this HTTP/2 code: never `REFUSED_STREAM`, which says that nothing was processed and
    /// "MUST NOT" be used once it was (RFC 9113 section 8.7), nor the next hop's own code, which was meant for us.
    StreamReset(u32),
    /// Reset the stream with this HTTP/3 code: never `H3_REQUEST_REJECTED` (RFC 9114 section 4.1.1). With 0x100,
    /// `H3_NO_ERROR`, the response is whole: only stop reading the request, because a reset could overtake it.
    H3StreamReset(u64),
    /// End the gRPC call with this `grpc-status` in the trailers, which tell its end in-band:
    /// [`Gateway::trailers`](crate::Gateway::trailers) makes them.
    GrpcStatus(u8),
}

/// Codes of RFC 9113 section 7.
mod h2 {
    pub(super) const NO_ERROR: u32 = 0x0;
    pub(super) const PROTOCOL_ERROR: u32 = 0x1;
    pub(super) const INTERNAL_ERROR: u32 = 0x2;
    pub(super) const CANCEL: u32 = 0x8;
}

/// Codes of RFC 9114 section 8.1.
mod h3 {
    pub(super) const NO_ERROR: u64 = 0x100;
    pub(super) const REQUEST_CANCELLED: u64 = 0x10c;
    pub(super) const MESSAGE_ERROR: u64 = 0x10e;
}

pub(super) fn how(fault: &Fault, exchange: &Exchange, framing: BodyFraming) -> AbortMethod {
    if exchange.version >= Version::HTTP_2 {
        // A status in trailers is no help where the head has ended the stream already, nor where it announced a
        // length of which the body falls short: "malformed if the value of a Content-Length header field does not
        // equal the sum of the DATA frame payload lengths" (RFC 9113 section 8.1.1, RFC 9114 section 4.1.2).
        let open_ended = match framing {
            BodyFraming::None => false,
            // Such a body ended in good order, so that it is as long as it said.
            BodyFraming::Length => matches!(fault.kind(), FaultKind::BadGrpcStatus),
            BodyFraming::Chunked | BodyFraming::UntilClose => true,
        };
        if exchange.grpc && open_ended {
            return AbortMethod::GrpcStatus(grpc_status(fault));
        }
        return if exchange.version >= Version::HTTP_3 {
            AbortMethod::H3StreamReset(h3_code(fault, framing))
        } else {
            AbortMethod::StreamReset(h2_code(fault, framing))
        };
    }
    // HTTP/1.0 knows no chunks, and HTTP/0.9 no fields: the end of the connection is all they go by, whatever was
    // sent (RFC 9112 section 6.1 forbids to send a coding to them).
    match framing {
        BodyFraming::None => AbortMethod::CloseShort,
        BodyFraming::Length if exchange.version >= Version::HTTP_10 => AbortMethod::CloseShort,
        BodyFraming::Chunked if exchange.version >= Version::HTTP_11 => AbortMethod::NoLastChunk,
        BodyFraming::Length | BodyFraming::Chunked | BodyFraming::UntilClose if exchange.can_reset => {
            AbortMethod::Reset
        }
        BodyFraming::Length | BodyFraming::Chunked | BodyFraming::UntilClose => AbortMethod::Unmarked,
    }
}

fn h2_code(fault: &Fault, framing: BodyFraming) -> u32 {
    if framing == BodyFraming::None {
        // The response is whole. "Clients MUST NOT discard responses as a result of receiving such a
        // RST_STREAM" (RFC 9113 section 8.1); with any other code they may.
        return h2::NO_ERROR;
    }
    match whose(fault) {
        // "Malformed requests or responses that are detected MUST be treated as a stream error [...] of type
        // PROTOCOL_ERROR" (section 8.1.1).
        Whose::ClientsMessage => h2::PROTOCOL_ERROR,
        Whose::ClientsTime => h2::CANCEL,
        Whose::Ours => h2::INTERNAL_ERROR,
    }
}

fn h3_code(fault: &Fault, framing: BodyFraming) -> u64 {
    if framing == BodyFraming::None {
        return h3::NO_ERROR;
    }
    match whose(fault) {
        // RFC 9114 section 4.1.2: a malformed request is a stream error of that type.
        Whose::ClientsMessage => h3::MESSAGE_ERROR,
        // "When a server abandons a response after partial processing, it SHOULD abort its response stream with
        // the error code H3_REQUEST_CANCELLED" (section 4.1.1).
        Whose::ClientsTime | Whose::Ours => h3::REQUEST_CANCELLED,
    }
}

/// Who has to hear that it is to blame. For the client all that lies behind this gateway is one.
enum Whose {
    ClientsMessage,
    ClientsTime,
    Ours,
}

fn whose(fault: &Fault) -> Whose {
    if fault.kind() == FaultKind::ClientBodyFailed {
        Whose::ClientsMessage
    } else if fault.kind() == FaultKind::ClientTimeout {
        Whose::ClientsTime
    } else {
        Whose::Ours
    }
}
