//! The names of gRPC's status codes, as [`decide::grpc_status`](crate::decide::grpc_status) gives them.
//!
//! Source: gRPC, `doc/statuscodes.md`, `doc/PROTOCOL-HTTP2.md`. A test holds this table to that function.

super::dialect! {
    speaks {
        "UNAVAILABLE" = [DnsNotFound, DnsFailure, DnsTimeout, NoHealthyUpstream, CircuitOpen, ConnectionLimit, ConnectionRefused, ConnectionTimeout,
            Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn,
            CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid, SendReset, ClosedBeforeResponse,
            ResetBeforeResponse, HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated, StreamRefused, Goaway, GoawayUnprocessed,
            H3RequestRejected, QuicIdleTimeout] also [StreamReset], "14: the service could not be reached, or the connection broke";
        "DEADLINE_EXCEEDED" = [SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded, ClientTimeout] also [], "4: the answer took too long";
        "INTERNAL" = [NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, UnexpectedUpgrade, UpgradeRefused, TooManyInterim,
            UnsupportedCoding, BadChunk, BadTrailer, BadContentCoding, Http11Required, H2ProtocolError, H3VersionFallback, H3ProtocolError,
            BadRequest, ClientBodyFailed, ProxyInternal, ProxyMisconfigured] also [StreamReset], "13: the rules of the protocol are broken";
        "RESOURCE_EXHAUSTED" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders, TrailersTooLarge, BodyTooLarge, EnhanceYourCalm] also [StreamReset], "8: larger or more than a limit";
        "CANCELLED" = [ClientAborted] also [StreamReset], "1: the caller gave the call up";
        "PERMISSION_DENIED" = [AddressProhibited] also [StreamReset], "7: policy forbids it";
        "ABORTED" = [LoopDetected] also [], "10: aborted, here for a loop as linkerd2-proxy has it";
        "UNIMPLEMENTED" = [NoRoute] also [], "12: nobody is there for it";
        "UNKNOWN" = [StreamReset, NotGrpc, BadGrpcStatus, Unclassified] also [], "2: nothing more is known";
    }
    reads {}
    other {
        "OK", "0: no error";
        "INVALID_ARGUMENT", "3: the application's own";
        "NOT_FOUND", "5: the application's own";
        "ALREADY_EXISTS", "6: the application's own";
        "FAILED_PRECONDITION", "9: the application's own";
        "OUT_OF_RANGE", "11: the application's own";
        "DATA_LOSS", "15: the application's own";
        "UNAUTHENTICATED", "16: the caller has no valid credentials";
    }
    silent []
}
