//! The error names of Apache Traffic Server and of Squid.

pub(in crate::dialect) mod traffic_server {
    //! `crc`, the cache result code of Traffic Server's logs. It has a word for each side of the exchange and few more.
    //! Source: `HttpTransact.cc`, and the documentation of log fields.
    use super::super::dialect;

    dialect! {
        speaks {
            "ERR_CONNECT_FAIL" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, NoHealthyUpstream,
                TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted,
                CertNameMismatch, CertRevoked, CertInvalid, SendReset, ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset,
                ResponseTimeout, HeadStalled, SendTimeout, NotHttp, BadStatusLine, BadHeader]
                also [HeadTooLarge, HeaderTooLarge, TooManyHeaders, AmbiguousFraming, UnsupportedCoding, UnsolicitedResponse, TooManyInterim],
                "no usable response: connecting, TLS, silence, a hang-up and bad bytes alike";
            "ERR_DNS_FAIL" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the name could not be resolved";
            "ERR_READ_ERROR" = [BodyTruncated, BodyReset] also [TlsTruncated, BadChunk, BodyStalled], "reading the body failed";
            "ERR_READ_TIMEOUT" = [BodyStalled, DeadlineExceeded] also [ResponseTimeout, HeadStalled], "reading took too long";
            "ERR_CLIENT_ABORT" = [ClientAborted] also [BodyTruncated, BodyReset, BodyStalled, BadChunk], "the client went, or was sent away since the body broke";
            "ERR_CLIENT_READ_ERROR" = [ClientBodyFailed, ClientTimeout] also [], "reading from the client failed";
            "ERR_INVALID_REQ" = [LoopDetected, NoRoute, BadRequest] also [UnsupportedCoding, ClientBodyFailed], "the request is invalid, or loops";
            "ERR_PROXY_DENIED" = [AddressProhibited] also [], "policy denies the request";
            "ERR_UNKNOWN" = [Unclassified, ProxyInternal, ProxyMisconfigured] also [DnsNotFound, DnsFailure, DnsTimeout], "nothing more is known";
        }
        reads {
            "ERR_INVALID_URL" = [BadRequest, ClientBodyFailed], "the request's target is malformed";
        }
        other {
            "TCP_MISS", "the response came from upstream";
            "TCP_HIT", "the response came from the cache";
            "TCP_REFRESH_MISS", "the cached response was stale, and a new one came";
        }
        silent [CircuitOpen, ConnectionLimit, UnsolicitedResponse, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders, UnexpectedUpgrade,
            UpgradeRefused, TooManyInterim, UnsupportedCoding, BadChunk, BadTrailer, TrailersTooLarge, BodyTooLarge, BadContentCoding,
            TlsTruncated, StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError,
            H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus]
    }
}

pub(in crate::dialect) mod squid {
    //! The name of Squid's error page, which `X-Squid-Error` and `%err_code` carry.
    //! Source: `src/error/forward.h`, `src/FwdState.cc`, `src/http.cc`.
    use super::super::dialect;

    dialect! {
        speaks {
            "ERR_DNS_FAIL" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the name could not be resolved";
            "ERR_CONNECT_FAIL" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied]
                also [ResetBeforeResponse, NoHealthyUpstream], "connecting failed; the errno follows";
            "ERR_CANNOT_FORWARD" = [NoHealthyUpstream, NoRoute, LoopDetected] also [ConnectionRefused, ConnectionTimeout], "no next hop is there for the request";
            "ERR_SOCKET_FAILURE" = [LocalExhausted] also [], "no socket";
            "ERR_SECURE_CONNECT_FAIL" = [TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid,
                CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid] also [], "TLS with the next hop failed";
            "ERR_WRITE_ERROR" = [SendReset, SendTimeout] also [], "writing the request failed";
            "ERR_ZERO_SIZE_OBJECT" = [ClosedBeforeResponse] also [TlsAlert, TooManyInterim, HeadTruncated], "the connection ended without a response";
            "ERR_READ_ERROR" = [ResetBeforeResponse, HeadReset, BodyTruncated, BodyReset]
                also [ClosedBeforeResponse, HeadTruncated, ConnectionTimeout, Unreachable, DnsNotFound, DnsFailure, DnsTimeout],
                "reading failed; also what a next hop that is held for dead gets";
            "ERR_READ_TIMEOUT" = [ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded] also [TooManyInterim, HeadTooLarge], "read_timeout struck";
            "ERR_INVALID_RESP" = [HeadTruncated, NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, UnexpectedUpgrade, UnsupportedCoding, BadChunk]
                also [], "the response is malformed";
            "ERR_TOO_BIG" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders, BodyTooLarge] also [], "reply_header_max_size or reply_body_max_size";
            "ERR_FORWARDING_DENIED" = [AddressProhibited] also [], "policy denies the next hop";
            "ERR_GATEWAY_FAILURE" = [ProxyInternal, ProxyMisconfigured, Unclassified] also [], "Squid itself failed";
            "ERR_LIFETIME_EXP" = [ClientTimeout] also [], "client_lifetime struck";
            "ERR_INVALID_REQ" = [BadRequest] also [ClientBodyFailed], "the request is malformed";
        }
        reads {
            "ERR_ICAP_FAILURE" = [ProxyInternal, ProxyMisconfigured], "an ICAP service failed";
        }
        other {
            "ERR_SHUTTING_DOWN", "Squid is shutting down";
            "ERR_ACCESS_DENIED", "policy denies the request";
            "ERR_NONE", "no error";
        }
        silent [CircuitOpen, ConnectionLimit, UnsolicitedResponse, UpgradeRefused, TooManyInterim, BadTrailer, TrailersTooLarge, BadContentCoding,
            TlsTruncated, StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError,
            H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus, ClientAborted,
            ClientBodyFailed]
    }
}
