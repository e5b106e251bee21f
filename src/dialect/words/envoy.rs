//! Envoy's response flags, and its response code details.
//!
//! Source: Envoy's documentation, "Access log usage" (`%RESPONSE_FLAGS%`) and "Response code details"; the code of its
//! router for which reset gets which flag. The flags are coarse: every failure to connect is `UF`.

pub(in crate::dialect) mod flags {
    //! `%RESPONSE_FLAGS%`. Several are joined by commas; the first one in Envoy's order decides.
    use super::super::dialect;

    dialect! {
        speaks {
            "UH" = [NoHealthyUpstream] also [DnsNotFound, DnsFailure, DnsTimeout], "no healthy upstream host in the cluster";
            "UF" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsTimeout, TlsClosed,
                TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch,
                CertRevoked, CertInvalid] also [], "the connection to the upstream could not be made";
            "UC" = [ClosedBeforeResponse, ResetBeforeResponse, SendReset] also [HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated,
                TlsAlert, UnsolicitedResponse, TooManyInterim, Goaway],
                "the upstream ended the connection";
            "UPE" = [BadHeader, NotHttp, BadStatusLine, HeadTruncated, HeadReset, UnsolicitedResponse, AmbiguousFraming, HeadTooLarge,
                HeaderTooLarge, TooManyHeaders, UnexpectedUpgrade, TooManyInterim, UnsupportedCoding, BodyTruncated, BodyReset, BadChunk,
                BadTrailer, TrailersTooLarge, H2ProtocolError, H3ProtocolError] also [TlsTruncated],
                "the upstream's response has a protocol error, an end in the middle included";
            "UT" = [ResponseTimeout, HeadStalled, SendTimeout] also [DeadlineExceeded, BodyStalled, TooManyInterim, ConnectionTimeout, TlsTimeout],
                "the route's timeout for the whole response struck";
            "UMSDR" = [DeadlineExceeded] also [], "the upstream's longest stream duration was reached";
            "SI" = [BodyStalled, QuicIdleTimeout] also [ClientTimeout, HeadStalled, ResponseTimeout], "the stream idle timeout struck";
            "UR" = [StreamReset, StreamRefused, EnhanceYourCalm, Http11Required, Goaway, GoawayUnprocessed, H3RequestRejected, H3VersionFallback]
                also [], "the upstream reset the stream";
            "UO" = [CircuitOpen, ConnectionLimit] also [], "a circuit breaker of the cluster overflowed";
            "DF" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the name could not be resolved";
            "NR" = [NoRoute] also [], "no route matched, or no filter chain";
            "DC" = [ClientAborted] also [], "the client ended the connection";
            "DPE" = [ClientBodyFailed, BadRequest] also [], "the client's request has a protocol error";
            "NFCF" = [ProxyMisconfigured] also [], "a filter had no configuration in time";
        }
        reads {
            "DR" = [ClientAborted], "the client reset the stream";
            "NC" = [ProxyMisconfigured, NoRoute], "the route's cluster does not exist";
            "LR" = [Unclassified, ConnectionTimeout, DeadlineExceeded, ResponseTimeout, StreamReset, ProxyInternal], "Envoy reset the stream by itself";
            "URX" = [ConnectionRefused, ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, ConnectionTimeout], "the retry limit was reached; the last try failed";
            "LH" = [NoHealthyUpstream], "the local service failed its health check";
            "OM" = [LocalExhausted, CircuitOpen], "the overload manager ended the request";
            "DO" = [CircuitOpen], "the request was dropped by the cluster's drop policy";
            "UDO" = [CircuitOpen], "the request was dropped by an unconditional drop policy";
            "DT" = [DeadlineExceeded], "the longest duration of a connection or request was reached";
        }
        other {
            "-", "no flag";
            "RL", "the request was rate limited";
            "RLSE", "the rate limit service failed";
            "UAEX", "the request was denied by external authorisation";
            "IH", "a strictly checked header of the request was wrong";
            "DI", "a delay was injected";
            "FI", "a fault was injected";
            "RFCF", "the response came from the cache filter";
        }
        silent [AddressProhibited, LoopDetected, UpgradeRefused, BodyTooLarge, BadContentCoding, TlsTruncated, NotGrpc, BadGrpcStatus, ClientTimeout,
            ProxyInternal, Unclassified]
    }
}

pub(in crate::dialect) mod details {
    //! `%RESPONSE_CODE_DETAILS%`, up to a `|` in the braces, behind which the transport's own words stand.
    use super::super::dialect;

    dialect! {
        speaks {
            "upstream_reset_before_response_started{remote_connection_failure}" = [ConnectionRefused, Unreachable, ConnectReset, TlsClosed, TlsReset, TlsAlert,
                TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid]
                also [ConnectionTimeout, TlsTimeout], "the connection could not be made, TLS included";
            "upstream_reset_before_response_started{local_connection_failure}" = [LocalExhausted, ConnectDenied] also [Unreachable, ConnectionTimeout, TlsTimeout], "the connection could not be made, for a reason of this side";
            "upstream_reset_before_response_started{connection_timeout}" = [ConnectionTimeout, TlsTimeout] also [], "connect_timeout struck; it covers the TLS handshake";
            "upstream_reset_before_response_started{connection_termination}" = [ClosedBeforeResponse, ResetBeforeResponse, SendReset]
                also [HeadTruncated, HeadReset, Goaway, TlsAlert, UnsolicitedResponse], "the upstream ended the connection before a response began";
            "upstream_reset_before_response_started{protocol_error}" = [BadHeader, NotHttp, BadStatusLine, HeadTruncated, HeadReset, UnsolicitedResponse,
                AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders, UnexpectedUpgrade, TooManyInterim, UnsupportedCoding]
                also [BadChunk, BadTrailer, H2ProtocolError, H3ProtocolError], "the head is malformed, too large, or ended in the middle";
            "upstream_reset_before_response_started{remote_reset}" = [StreamReset, EnhanceYourCalm, Http11Required, Goaway, H3VersionFallback] also [], "the upstream reset the stream";
            "upstream_reset_before_response_started{remote_refused_stream_reset}" = [StreamRefused, GoawayUnprocessed, H3RequestRejected] also [], "the upstream refused the stream";
            "upstream_reset_before_response_started{overflow}" = [CircuitOpen, ConnectionLimit] also [], "a circuit breaker of the cluster overflowed";
            "upstream_reset_after_response_started{protocol_error}" = [BodyTruncated, BodyReset, BadChunk, BadTrailer, TrailersTooLarge, H2ProtocolError, H3ProtocolError]
                also [HeadTruncated, HeadReset], "the body is malformed, or ended in the middle";
            "response_timeout" = [ResponseTimeout, HeadStalled, SendTimeout] also [DeadlineExceeded, BodyStalled, TooManyInterim, ConnectionTimeout, TlsTimeout],
                "the route's timeout struck; it is for the whole response";
            "upstream_max_stream_duration_reached" = [DeadlineExceeded] also [], "the upstream's longest stream duration was reached";
            "stream_idle_timeout" = [BodyStalled, QuicIdleTimeout] also [ClientTimeout, ResponseTimeout, HeadStalled], "the stream idle timeout struck";
            "no_healthy_upstream" = [NoHealthyUpstream] also [DnsNotFound, DnsFailure, DnsTimeout], "no host of the cluster is healthy, or its name has no address";
            "dns_resolution_failure" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the name could not be resolved";
            "route_not_found" = [NoRoute] also [], "no route matched";
            "downstream_remote_disconnect" = [ClientAborted] also [ClientBodyFailed], "the client disconnected";
            "http1.codec_error" = [ClientBodyFailed, BadRequest] also [], "the client's request was malformed";
            "request_header_timeout" = [ClientTimeout] also [], "the client did not send its request in time";
            "response_payload_too_large" = [BodyTooLarge] also [], "the body passes the buffer's limit";
            "upgrade_failed" = [UpgradeRefused] also [UnexpectedUpgrade], "the upgrade was refused";
        }
        reads {
            "upstream_reset_after_response_started{connection_termination}" = [BodyTruncated, BodyReset, TlsTruncated, HeadTruncated, HeadReset,
                ClosedBeforeResponse, ResetBeforeResponse, TooManyInterim, Goaway],
                "the upstream ended the connection after a response began, an interim one included";
            "upstream_reset_before_response_started{connection_failure}" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, TlsClosed, TlsReset,
                TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid,
                CertRevoked, ConnectDenied, LocalExhausted], "the connection could not be made: older versions of Envoy";
            "upstream_reset_after_response_started{remote_reset}" = [StreamReset, EnhanceYourCalm, Goaway], "the upstream reset the stream after a response began";
            "upstream_response_timeout" = [ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded], "the response timeout struck";
            "upstream_per_try_timeout" = [ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded], "the timeout of one try struck";
            "upstream_per_try_idle_timeout" = [ResponseTimeout, HeadStalled, BodyStalled], "the idle timeout of one try struck";
            "cluster_not_found" = [ProxyMisconfigured, NoRoute], "the route's cluster does not exist";
            "websocket_handshake_unsuccessful" = [UpgradeRefused], "the WebSocket handshake failed";
            "dns_cache_overflow" = [DnsFailure, LocalExhausted], "too many lookups are pending";
            "overload" = [LocalExhausted], "the overload manager rejected the request";
            "maintenance_mode" = [CircuitOpen, NoHealthyUpstream], "the cluster is in maintenance mode";
            "downstream_local_disconnect" = [ClientAborted, ClientBodyFailed], "the client's connection was closed locally";
        }
        other {
            "-", "nothing is said";
            "via_upstream", "the upstream made this response";
            "direct_response", "the route answers by itself";
            "rbac_access_denied_matched_policy", "a policy denied the request";
            "ext_authz_denied", "external authorisation denied the request";
        }
        silent [AddressProhibited, LoopDetected, BadContentCoding, TlsTruncated, NotGrpc, BadGrpcStatus, ProxyInternal, ProxyMisconfigured,
            Unclassified]
    }
}
