//! The `grpc-status` of a fault.
//!
//! `UNAVAILABLE` invites the client to repeat the call, so that it is for connections that could
//! not be had or broke, and never for an answer that would be as wrong the second time.

use crate::fault::{Code, Fault, FaultKind};

use super::others::{self, Grpc};

/// The number of the gRPC status for this fault: 14 (`UNAVAILABLE`), 4 (`DEADLINE_EXCEEDED`) and so on, never 0.
///
/// Every kind has its own, in `docs/kinds.md`. A reset stream is told by its code, as gRPC's
/// [PROTOCOL-HTTP2.md](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors) has it and its proposal G2
/// for HTTP/3, and a [`Code::Status`], such as that of another server's page, by
/// [http-grpc-status-mapping.md](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
///
/// What timed out before the request was sent is `UNAVAILABLE`, because nothing was applied; what timed out
/// later is `DEADLINE_EXCEEDED`, as linkerd2-proxy has it.
///
/// ```
/// use badgateway::decide::grpc_status;
/// use badgateway::fault::{Code, Fault, FaultKind};
/// assert_eq!(grpc_status(&Fault::new(FaultKind::ConnectionTimeout)), 14);
/// assert_eq!(grpc_status(&Fault::new(FaultKind::ResponseTimeout)), 4);
/// assert_eq!(grpc_status(&Fault::new(FaultKind::BadHeader)), 13);
/// let calm = Fault::new(FaultKind::StreamReset).with_code(Code::H2(0xb));
/// assert_eq!(grpc_status(&calm), 8);
/// ```
#[must_use]
pub const fn grpc_status(fault: &Fault) -> u8 {
    let told = match fault.code() {
        Some(Code::Status(status)) => of_http(status),
        // The code of a GOAWAY says why the connection ends, and nothing of this call.
        Some(Code::H2(code)) if matches!(fault.kind(), FaultKind::StreamReset) => of_h2(code),
        Some(Code::H3(code)) if matches!(fault.kind(), FaultKind::StreamReset) => of_h3(code),
        Some(Code::H2(_) | Code::H3(_) | Code::Quic(_) | Code::Errno(_) | Code::TlsAlert(_) | Code::DnsRcode(_))
        | None => None,
    };
    match told {
        Some(grpc) => grpc as u8,
        None => others::row(fault.kind()).grpc as u8,
    }
}

/// gRPC, http-grpc-status-mapping.md. The rest is UNKNOWN there; here the kind says more, and of an answer that is not gRPC
/// just that.
const fn of_http(status: u16) -> Option<Grpc> {
    match status {
        400 | 431 => Some(Grpc::Internal),
        401 => Some(Grpc::Unauthenticated),
        403 => Some(Grpc::PermissionDenied),
        404 => Some(Grpc::Unimplemented),
        429 | 502 | 503 | 504 => Some(Grpc::Unavailable),
        _ => None,
    }
}

/// gRPC, PROTOCOL-HTTP2.md, "Errors". `STREAM_CLOSED` (5) and codes that nobody knows have no mapping.
const fn of_h2(code: u32) -> Option<Grpc> {
    match code {
        // NO_ERROR to SETTINGS_TIMEOUT, FRAME_SIZE_ERROR, COMPRESSION_ERROR, CONNECT_ERROR, HTTP_1_1_REQUIRED.
        0x0..=0x4 | 0x6 | 0x9 | 0xa | 0xd => Some(Grpc::Internal),
        0x7 => Some(Grpc::Unavailable),
        0x8 => Some(Grpc::Cancelled),
        0xb => Some(Grpc::ResourceExhausted),
        0xc => Some(Grpc::PermissionDenied),
        _ => None,
    }
}

/// gRPC, proposal G2.
const fn of_h3(code: u32) -> Option<Grpc> {
    match code {
        0x107 => Some(Grpc::ResourceExhausted),
        0x10b => Some(Grpc::Unavailable),
        0x10c => Some(Grpc::Cancelled),
        0x100..=0x110 => Some(Grpc::Internal),
        _ => None,
    }
}
