//! What an error code of HTTP/2 means that comes from the next hop ([RFC 9113, section
//! 7](https://www.rfc-editor.org/rfc/rfc9113#section-7)): in `RST_STREAM`, and in a `GOAWAY` that may have left the stream
//! processed.

use super::kind::FaultKind::{
    self, EnhanceYourCalm, Goaway, H2ProtocolError, Http11Required, StreamRefused, StreamReset,
};

/// Of a stream, and of a connection. Of a connection, a code promises nothing that its last stream does not.
#[rustfmt::skip]
const CODES: [(FaultKind, FaultKind); 14] = [
    (StreamReset,     Goaway),          // NO_ERROR
    (H2ProtocolError, H2ProtocolError), // PROTOCOL_ERROR
    (StreamReset,     Goaway),          // INTERNAL_ERROR
    (H2ProtocolError, H2ProtocolError), // FLOW_CONTROL_ERROR
    (H2ProtocolError, H2ProtocolError), // SETTINGS_TIMEOUT
    (H2ProtocolError, H2ProtocolError), // STREAM_CLOSED
    (H2ProtocolError, H2ProtocolError), // FRAME_SIZE_ERROR
    (StreamRefused,   Goaway),          // REFUSED_STREAM
    (StreamReset,     Goaway),          // CANCEL
    (H2ProtocolError, H2ProtocolError), // COMPRESSION_ERROR
    (StreamReset,     Goaway),          // CONNECT_ERROR
    (EnhanceYourCalm, EnhanceYourCalm), // ENHANCE_YOUR_CALM
    (StreamReset,     Goaway),          // INADEQUATE_SECURITY
    (Http11Required,  Http11Required),  // HTTP_1_1_REQUIRED
];

/// "Unknown or unsupported error codes MUST NOT trigger any special behavior. These MAY be treated by an implementation as
/// being equivalent to INTERNAL_ERROR."
fn row(code: u32) -> (FaultKind, FaultKind) {
    let row = usize::try_from(code).ok().and_then(|at| CODES.get(at));
    row.copied().unwrap_or((StreamReset, Goaway))
}

/// A stream that was reset with this code.
#[cfg(feature = "h2_04")]
pub(crate) fn of_reset(code: u32) -> FaultKind {
    row(code).0
}

/// A connection that ends with this code.
pub(crate) fn of_goaway(code: u32) -> FaultKind {
    row(code).1
}
