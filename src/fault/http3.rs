//! What an error code of HTTP/3 means that comes from the next hop ([RFC 9114, section
//! 8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1); [RFC 9204, section
//! 6](https://www.rfc-editor.org/rfc/rfc9204#section-6)): of a stream, in `RESET_STREAM` and `STOP_SENDING`, and of a connection
//! that is closed with it.

use super::kind::FaultKind::{
    self, EnhanceYourCalm, Goaway, H3ProtocolError, H3RequestRejected, H3VersionFallback, StreamReset,
};
use super::value::{Code, Fault};

/// From 0x100 on: of a stream, and of a connection. Of a connection, a code promises nothing.
#[rustfmt::skip]
const CODES: [(FaultKind, FaultKind); 17] = [
    (StreamReset,       Goaway),            // H3_NO_ERROR
    (H3ProtocolError,   H3ProtocolError),   // H3_GENERAL_PROTOCOL_ERROR
    (StreamReset,       Goaway),            // H3_INTERNAL_ERROR
    (H3ProtocolError,   H3ProtocolError),   // H3_STREAM_CREATION_ERROR
    (H3ProtocolError,   H3ProtocolError),   // H3_CLOSED_CRITICAL_STREAM
    (H3ProtocolError,   H3ProtocolError),   // H3_FRAME_UNEXPECTED
    (H3ProtocolError,   H3ProtocolError),   // H3_FRAME_ERROR
    (EnhanceYourCalm,   EnhanceYourCalm),   // H3_EXCESSIVE_LOAD
    (H3ProtocolError,   H3ProtocolError),   // H3_ID_ERROR
    (H3ProtocolError,   H3ProtocolError),   // H3_SETTINGS_ERROR
    (H3ProtocolError,   H3ProtocolError),   // H3_MISSING_SETTINGS
    (H3RequestRejected, Goaway),            // H3_REQUEST_REJECTED
    (StreamReset,       Goaway),            // H3_REQUEST_CANCELLED
    (H3ProtocolError,   H3ProtocolError),   // H3_REQUEST_INCOMPLETE
    (H3ProtocolError,   H3ProtocolError),   // H3_MESSAGE_ERROR
    (StreamReset,       Goaway),            // H3_CONNECT_ERROR
    (H3VersionFallback, H3VersionFallback), // H3_VERSION_FALLBACK
];

/// "Receipt of an unknown error code MUST be treated as equivalent to H3_NO_ERROR" (RFC 9114 section 8).
fn row(code: u64) -> (FaultKind, FaultKind) {
    match code {
        // H3_DATAGRAM_ERROR (RFC 9297 section 5.2), and those of QPACK.
        0x33 | 0x200..=0x202 => (H3ProtocolError, H3ProtocolError),
        _ => {
            let at = code.checked_sub(0x100).and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| CODES.get(at)).copied().unwrap_or((StreamReset, Goaway))
        }
    }
}

/// A stream that was reset, or is not read any more, with this code.
pub(crate) fn h3_reset(code: u64) -> Fault {
    coded(row(code).0, code)
}

/// A connection that was closed with this code.
pub(crate) fn h3_close(code: u64) -> Fault {
    coded(row(code).1, code)
}

fn coded(kind: FaultKind, code: u64) -> Fault {
    Fault::new(kind).with_code(h3_code(code))
}

/// The code as a fault has it, whoever gave it.
pub(crate) fn h3_code(code: u64) -> Code {
    Code::H3(u32::try_from(code).unwrap_or(u32::MAX))
}

/// The same of QUIC's transport.
#[cfg(feature = "quinn011")]
pub(crate) fn quic_code(code: u64) -> Code {
    Code::Quic(u32::try_from(code).unwrap_or(u32::MAX))
}
