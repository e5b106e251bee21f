//! .NET: the errors of its HTTP client, and those of YARP, the reverse proxy that is made of it.

pub(in crate::dialect) mod client {
    //! `HttpRequestError` of `HttpRequestException` and `HttpIOException`, and the same as OpenTelemetry's `error.type` has it. What
    //! takes too long is none of them, but a `TaskCanceledException`.
    //! Source: Microsoft, ".NET API browser", `System.Net.Http.HttpRequestError`; OpenTelemetry, `docs/dotnet`.
    use super::super::dialect;

    dialect! {
        speaks {
            "NameResolutionError" = [DnsNotFound, DnsFailure] also [], "the name could not be resolved";
            "ConnectionError" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted] also [],
                "the connection could not be opened";
            "SecureConnectionError" = [TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch,
                CertRevoked, CertInvalid] also [TlsNoAlpn], "the TLS handshake failed";
            "HttpProtocolError" = [StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError, H3RequestRejected,
                H3ProtocolError] also [], "an error of HTTP/2 or HTTP/3";
            "VersionNegotiationError" = [TlsNoAlpn, H3VersionFallback] also [Http11Required], "no version of HTTP in common";
            "InvalidResponse" = [NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, BadChunk, UnsupportedCoding] also [], "the response is malformed";
            "ResponseEnded" = [ClosedBeforeResponse, HeadTruncated, BodyTruncated] also [], "the response ended too early";
            "ConfigurationLimitExceeded" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders, TrailersTooLarge, BodyTooLarge] also [],
                "the response passes a limit of the client's";
            "Unknown" = [SendReset, ResetBeforeResponse, HeadReset, BodyReset, Unclassified] also [], "none of the other words fits";
        }
        reads {
            "ExtendedConnectNotSupported" = [UpgradeRefused], "the server has no WebSockets over HTTP/2";
            "ProxyTunnelError" = [Unreachable, ConnectDenied, ProxyMisconfigured], "a proxy on the way did not open the tunnel";
            "UserAuthenticationError" = [ProxyMisconfigured], "the authentication failed";
            "name_resolution_error" = [DnsNotFound, DnsFailure], "NameResolutionError";
            "connection_error" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted], "ConnectionError";
            "secure_connection_error" = [TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch,
                CertRevoked, CertInvalid, TlsNoAlpn], "SecureConnectionError";
            "http_protocol_error" = [StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError, H3RequestRejected,
                H3ProtocolError], "HttpProtocolError";
            "extended_connect_not_supported" = [UpgradeRefused], "ExtendedConnectNotSupported";
            "version_negotiation_error" = [TlsNoAlpn, H3VersionFallback, Http11Required], "VersionNegotiationError";
            "user_authentication_error" = [ProxyMisconfigured], "UserAuthenticationError";
            "proxy_tunnel_error" = [Unreachable, ConnectDenied, ProxyMisconfigured], "ProxyTunnelError";
            "invalid_response" = [NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, BadChunk, UnsupportedCoding], "InvalidResponse";
            "response_ended" = [ClosedBeforeResponse, HeadTruncated, BodyTruncated], "ResponseEnded";
            "configuration_limit_exceeded" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders, TrailersTooLarge, BodyTooLarge], "ConfigurationLimitExceeded";
        }
        other {}
        silent [DnsTimeout, NoRoute, NoHealthyUpstream, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, TlsTimeout, SendTimeout,
            ResponseTimeout, HeadStalled, UnsolicitedResponse, UnexpectedUpgrade, UpgradeRefused, TooManyInterim, BodyStalled, DeadlineExceeded,
            BadTrailer, BadContentCoding, TlsTruncated, QuicIdleTimeout, NotGrpc, BadGrpcStatus, ClientAborted, BadRequest, ClientBodyFailed,
            ClientTimeout, ProxyInternal, ProxyMisconfigured]
    }
}

pub(in crate::dialect) mod yarp {
    //! `ForwarderError` of YARP's `IForwarderErrorFeature` and its log.
    //! Source: microsoft/reverse-proxy, `src/ReverseProxy/Forwarder/ForwarderError.cs`, and `HttpForwarder.cs`, which picks them.
    use super::super::dialect;

    dialect! {
        speaks {
            "Request" = [DnsNotFound, DnsFailure, ConnectionRefused, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsClosed, TlsReset, TlsAlert,
                TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid, SendReset,
                ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, HeadTooLarge,
                HeaderTooLarge, TooManyHeaders, UnsupportedCoding, StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm,
                Http11Required, H2ProtocolError, H3RequestRejected, H3VersionFallback, H3ProtocolError, Unclassified] also [ConnectionTimeout],
                "connecting, sending the request's head or receiving the response's failed";
            "RequestTimedOut" = [DnsTimeout, ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, QuicIdleTimeout] also [],
                "the same took too long";
            "RequestCanceled" = [ClientAborted] also [], "the client went meanwhile";
            "RequestBodyClient" = [ClientBodyFailed, ClientTimeout] also [], "the request's body could not be read from the client";
            "ResponseBodyDestination" = [BodyTruncated, BodyReset, BadChunk, BadTrailer, TrailersTooLarge, BodyTooLarge, TlsTruncated] also [],
                "the response's body could not be read";
            "ResponseBodyCanceled" = [BodyStalled, DeadlineExceeded] also [ClientAborted], "the response's body was given up";
            "NoAvailableDestinations" = [NoHealthyUpstream, CircuitOpen] also [], "there is no destination to try";
        }
        reads {
            "RequestBodyDestination" = [SendReset, SendTimeout], "the request's body could not be written";
            "RequestBodyCanceled" = [ClientAborted, SendTimeout, ResponseTimeout], "the request's body was given up";
            "ResponseHeaders" = [BadHeader, UnexpectedUpgrade], "the response's head could not be copied";
            "ResponseBodyClient" = [ClientAborted], "the response's body could not be written to the client";
            "UpgradeRequestClient" = [ClientAborted], "of a tunnel: nothing could be read from the client";
            "UpgradeRequestCanceled" = [ClientAborted, BodyStalled], "of a tunnel: what the client sends was given up";
            "UpgradeRequestDestination" = [BodyReset], "of a tunnel: nothing could be written to the destination";
            "UpgradeResponseClient" = [ClientAborted], "of a tunnel: nothing could be written to the client";
            "UpgradeResponseCanceled" = [BodyStalled, ClientAborted], "of a tunnel: what the destination sends was given up";
            "UpgradeResponseDestination" = [BodyReset], "of a tunnel: nothing could be read from the destination";
        }
        other {
            "None", "no error";
        }
        silent [NoRoute, ConnectionLimit, AddressProhibited, LoopDetected, UnsolicitedResponse, UnexpectedUpgrade, UpgradeRefused, TooManyInterim,
            BadContentCoding, NotGrpc, BadGrpcStatus, BadRequest, ProxyInternal, ProxyMisconfigured]
    }
}
