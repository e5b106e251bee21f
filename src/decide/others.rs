//! What nginx, Envoy, HAProxy and gRPC make of each kind: one row a kind, one column for each of them.
//!
//! A cell holds what that proxy answers, measured or read in its source; `-` is a kind for which
//! it has no answer of its own, and then the RFC's stands. `tests/profiles.rs` holds the columns to the
//! 225 error statuses that these proxies answered 72 faults with.
//!
//! Statuses of RFC 9209 and Cloudflare are in the table of [`FaultKind`] itself.

use crate::fault::FaultKind;

/// The statuses that a gateway has a use for, with their numbers
/// ([gRPC, statuscodes.md](https://github.com/grpc/grpc/blob/master/doc/statuscodes.md)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grpc {
    Cancelled = 1,
    Unknown = 2,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// One row. `None`: no answer of its own.
pub(crate) struct Row {
    pub(crate) nginx: Option<u16>,
    pub(crate) envoy: Option<u16>,
    pub(crate) haproxy: Option<u16>,
    pub(crate) grpc: Grpc,
}

macro_rules! cell {
    (-) => {
        None
    };
    ($status:literal) => {
        Some($status)
    };
}

macro_rules! others {
    ($($variant:ident: $nginx:tt $envoy:tt $haproxy:tt $grpc:ident;)+) => {
        pub(crate) const fn row(kind: FaultKind) -> &'static Row {
            match kind {
                $(FaultKind::$variant => &Row {
                    nginx: cell!($nginx),
                    envoy: cell!($envoy),
                    haproxy: cell!($haproxy),
                    grpc: Grpc::$grpc,
                },)+
            }
        }
    };
}

others! {
//                      nginx Envoy HAProxy gRPC
    // nginx: "could not be resolved (110: Operation timed out)" is a 502 as well. Envoy: DF, or UH where the
    // cluster stays empty. HAProxy: SC, no server. A gRPC client takes an empty resolution for UNAVAILABLE.
    DnsNotFound:          502 503 503 Unavailable;
    DnsFailure:           502 503 503 Unavailable;
    DnsTimeout:           502 503 503 Unavailable;

    // Envoy: NR; its 404 is UNIMPLEMENTED by gRPC's http-grpc-status-mapping.md. HAProxy: no backend.
    NoRoute:              404 404 503 Unimplemented;
    // nginx: "no live upstreams", for a full `max_conns` too. Envoy: UH, UO. HAProxy: SC, sQ (queue timeout).
    NoHealthyUpstream:    502 503 503 Unavailable;
    CircuitOpen:          502 503  -  Unavailable;
    ConnectionLimit:      502 503 503 Unavailable;
    AddressProhibited:     -   -   -  PermissionDenied;
    // linkerd2-proxy: loop_detected is ABORTED.
    LoopDetected:          -   -   -  Aborted;

    // Envoy: UF whatever it was, a timeout included. HAProxy: SC, sC. gRPC: nothing was applied, so that
    // UNAVAILABLE, which clients may repeat, is right for a timeout too.
    ConnectionRefused:    502 503 503 Unavailable;
    ConnectionTimeout:    504 503 503 Unavailable;
    Unreachable:          502 503 503 Unavailable;
    ConnectReset:         502 503 503 Unavailable;
    ConnectDenied:        502 503 503 Unavailable;
    // nginx: socket() failed is its own fault. HAProxy: RC.
    LocalExhausted:       500 503 503 Unavailable;

    // nginx: "SSL_do_handshake() failed", "certificate verify error". Envoy: UF with a transport failure
    // reason. HAProxy: SC, sC for the timeout.
    TlsTimeout:           504 503 503 Unavailable;
    TlsClosed:            502 503 503 Unavailable;
    TlsReset:             502 503 503 Unavailable;
    TlsAlert:             502 503 503 Unavailable;
    TlsNotTls:            502 503 503 Unavailable;
    TlsProtocol:          502 503 503 Unavailable;
    TlsNoAlpn:            502 503 503 Unavailable;
    CertExpired:          502 503 503 Unavailable;
    CertNotYetValid:      502 503 503 Unavailable;
    CertUntrusted:        502 503 503 Unavailable;
    CertNameMismatch:     502 503 503 Unavailable;
    CertRevoked:          502 503 503 Unavailable;
    CertInvalid:          502 503 503 Unavailable;

    // Envoy: UT, UC. gRPC statuscodes.md: "some data transmitted before connection breaks" is UNAVAILABLE.
    SendTimeout:          504 504 504 DeadlineExceeded;
    SendReset:            502 503 502 Unavailable;

    // Envoy: UC before the first byte of a response; UPE from then on, because its parser finds the end.
    // After an interim response it is UC again: see `Profile::status`. HAProxy: SH.
    ClosedBeforeResponse: 502 503 502 Unavailable;
    ResetBeforeResponse:  502 503 502 Unavailable;
    HeadTruncated:        502 502 502 Unavailable;
    HeadReset:            502 502 502 Unavailable;
    // Envoy: UT. HAProxy: sH. linkerd2-proxy: gateway_timeout is DEADLINE_EXCEEDED.
    ResponseTimeout:      504 504 504 DeadlineExceeded;
    HeadStalled:          504 504 504 DeadlineExceeded;
    // Envoy: UPE. HAProxy: PH. gRPC: what breaks the protocol is INTERNAL (PROTOCOL-HTTP2.md), what is larger
    // than a configured limit RESOURCE_EXHAUSTED (statuscodes.md).
    NotHttp:              502 502 502 Internal;
    UnsolicitedResponse:   -   -   -  Internal;
    BadStatusLine:        502 502 502 Internal;
    BadHeader:            502 502 502 Internal;
    AmbiguousFraming:     502 502 502 Internal;
    HeadTooLarge:         502 502 502 ResourceExhausted;
    HeaderTooLarge:       502 502 502 ResourceExhausted;
    TooManyHeaders:       502 502 502 ResourceExhausted;
    // nginx and Envoy pass an unasked 101 on, and the answer to a refused upgrade is the upstream's own.
    UnexpectedUpgrade:     -   -  502 Internal;
    UpgradeRefused:        -   -   -  Internal;
    // Nobody counts interim responses; HAProxy's timer ends them.
    TooManyInterim:        -   -   -  Internal;
    UnsupportedCoding:    502 502 502 Internal;

    // Most often the head has gone out and there is nothing to choose. Envoy's flags then: UPE, UT, UMSDR; what a
    // filter finds too large is a 500. HAProxy answers what it finds in the same buffer as the head: PH.
    BodyTruncated:         -  502  -  Unavailable;
    BodyReset:             -  502  -  Unavailable;
    BodyStalled:           -  504  -  DeadlineExceeded;
    DeadlineExceeded:      -  504  -  DeadlineExceeded;
    BadChunk:              -  502 502 Internal;
    BadTrailer:            -  502 502 Internal;
    TrailersTooLarge:      -  502 502 ResourceExhausted;
    BodyTooLarge:          -  500  -  ResourceExhausted;
    BadContentCoding:      -   -   -  Internal;
    TlsTruncated:          -   -   -  Unavailable;

    // nginx: "upstream rejected request with error N", "sent goaway". Envoy: UR, UC, but a broken protocol is UPE.
    // HAProxy: SH, PH. None of them has an HTTP/3 upstream in its stable releases but Envoy.
    // gRPC: PROTOCOL-HTTP2.md, proposal G2; a reset's own code tells more, see `grpc_status`.
    StreamRefused:        502 503 502 Unavailable;
    StreamReset:          502 503 502 Unknown;
    Goaway:               502 503 502 Unavailable;
    GoawayUnprocessed:    502 503 502 Unavailable;
    EnhanceYourCalm:      502 503 502 ResourceExhausted;
    Http11Required:       502 503 502 Internal;
    H2ProtocolError:      502 502 502 Internal;
    H3RequestRejected:     -  503  -  Unavailable;
    H3VersionFallback:     -  503  -  Internal;
    H3ProtocolError:       -  502  -  Internal;
    QuicIdleTimeout:       -  503  -  Unavailable;

    // These proxies look at neither and pass both on. gRPC: an HTTP status without a row of its own in
    // http-grpc-status-mapping.md is UNKNOWN, 200 included, and so is a status that cannot be read (statuscodes.md).
    NotGrpc:               -   -   -  Unknown;
    BadGrpcStatus:         -   -   -  Unknown;

    // nginx: 499 for the log. HAProxy: CR, cR. Envoy: DPE, SI. gRPC: 400 is INTERNAL in its mapping.
    ClientAborted:        499  -   -  Cancelled;
    BadRequest:           400 400 400 Internal;
    ClientBodyFailed:     400 400 400 Internal;
    ClientTimeout:        408 408 408 DeadlineExceeded;
    ProxyInternal:        500 500 500 Internal;
    ProxyMisconfigured:   500 500  -  Internal;
    // nginx: class "error". Envoy: every reset but a protocol error is a 503. HAProxy: SH.
    Unclassified:         502 503 502 Unknown;
}
