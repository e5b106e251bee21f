//! What the load balancers and edges of clouds write in their logs.

pub(in crate::dialect) mod google {
    //! `jsonPayload.statusDetails` of Google Cloud's HTTP(S) load balancers.
    //! Source: Google Cloud, "External Application Load Balancer logging and monitoring".
    use super::super::dialect;

    dialect! {
        speaks {
            "failed_to_connect_to_backend" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, TlsTimeout, TlsClosed,
                TlsReset, TlsAlert, TlsNotTls, TlsProtocol] also [DnsNotFound, DnsFailure, DnsTimeout], "the connection to the backend failed, a timeout included";
            "failed_to_pick_backend" = [NoHealthyUpstream, ConnectionLimit, CircuitOpen] also [], "no healthy backend could be chosen";
            "invalid_external_origin_endpoint" = [DnsNotFound, DnsFailure, DnsTimeout, AddressProhibited] also [], "the external backend's name or address cannot be used";
            "failed_to_negotiate_alpn" = [TlsNoAlpn] also [], "no application protocol in common";
            "ssl_certificate_chain_verification_failed" = [CertExpired, CertNotYetValid, CertUntrusted, CertRevoked, CertInvalid] also [], "the backend's certificate does not verify";
            "ssl_certificate_san_verification_failed" = [CertNameMismatch] also [], "the backend's certificate holds no accepted name";
            "config_not_found" = [NoRoute, ProxyMisconfigured] also [], "the load balancer has no configuration for the request";
            "request_loop_detected" = [LoopDetected] also [], "the request loops";
            "backend_connection_closed_before_data_sent_to_client" = [SendReset, ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, StreamReset,
                StreamRefused, Goaway, GoawayUnprocessed] also [BodyTruncated, BodyReset], "the backend closed before anything went to the client";
            "backend_connection_closed_after_partial_response_sent" = [BodyTruncated, BodyReset, TlsTruncated] also [], "the backend closed after part of the response went to the client";
            "backend_timeout" = [SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded] also [], "the backend service's timeout struck";
            "backend_response_corrupted" = [NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, UnsupportedCoding, H2ProtocolError] also [BadChunk, UnsolicitedResponse],
                "the backend's response is invalid";
            "invalid_chunk_framing" = [BadChunk, BadTrailer] also [], "the chunked coding is malformed";
            "backend_response_headers_too_long" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders] also [TrailersTooLarge], "the backend's header section is too large";
            "backend_interim_response_not_supported" = [TooManyInterim, UnexpectedUpgrade] also [], "the backend sent an interim response that is not supported";
            "websocket_handshake_failed" = [UpgradeRefused] also [], "the WebSocket handshake failed";
            "error_uncompressing_gzipped_body" = [BadContentCoding] also [], "the body's gzip could not be decoded";
            "client_disconnected_before_any_response" = [ClientAborted] also [], "the client went before anything was sent to it";
            "client_timed_out" = [ClientTimeout] also [], "the client was too slow";
            "body_not_allowed" = [ClientBodyFailed] also [], "the request has a body that it may not have";
            "internal_error" = [ProxyInternal, LocalExhausted, Unclassified] also [], "the load balancer itself failed";
        }
        reads {
            "client_disconnected_after_partial_response" = [ClientAborted], "the client went after part of the response";
            "aborted_request_due_to_backend_early_response" = [ClosedBeforeResponse, ClientBodyFailed], "the backend answered with an error before it had the whole request";
            "backend_early_response_with_non_error_status" = [UnsolicitedResponse], "the backend answered well before it had the whole request";
            "retriable_error" = [ConnectionRefused, ResetBeforeResponse, StreamRefused], "an error after which the request may be repeated";
        }
        other {
            "response_sent_by_backend", "the backend made this response";
            "response_from_cache", "the response came from the cache";
            "denied_by_security_policy", "a policy denied the request";
        }
        silent [BadRequest, UnsolicitedResponse, TrailersTooLarge, BodyTooLarge, EnhanceYourCalm, Http11Required, H3RequestRejected, H3VersionFallback,
            H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus]
    }
}

pub(in crate::dialect) mod front_door {
    //! `ErrorInfo` of Azure Front Door's access log.
    //! Source: Microsoft, "Monitor metrics and logs in Azure Front Door".
    use super::super::dialect;

    dialect! {
        speaks {
            "DNSNameNotResolved" = [DnsNotFound] also [DnsFailure], "the origin's name could not be resolved";
            "DNSFailure" = [DnsFailure] also [DnsNotFound], "resolving failed";
            "DNSTimeout" = [DnsTimeout] also [], "resolving took too long";
            "OriginConnectionRefused" = [ConnectionRefused] also [], "the origin refused the connection";
            "OriginConnectionError" = [Unreachable, ConnectReset, ConnectDenied, TlsClosed, TlsReset] also [ConnectionTimeout], "the connection to the origin failed";
            "OriginConnectionAborted" = [SendReset, ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated, StreamReset,
                StreamRefused, Goaway, GoawayUnprocessed] also [], "the connection to the origin broke";
            "OriginTimeout" = [ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded] also [], "the origin's answer took too long";
            "SSLHandshakeError" = [TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn] also [TlsClosed, TlsReset], "the TLS handshake failed";
            "SSLInvalidRootCA" = [CertUntrusted] also [], "the certificate's root is not trusted";
            "CertificateNameCheckFailed" = [CertNameMismatch] also [], "the certificate is for another name";
            "CertificateError" = [CertExpired, CertNotYetValid, CertRevoked, CertInvalid] also [CertUntrusted], "the certificate is not accepted";
            "ResponseHeaderTooBig" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders] also [], "the response's header section is too large";
            "OriginInvalidResponse" = [NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, UnexpectedUpgrade, TooManyInterim,
                UnsupportedCoding, BadChunk, BadTrailer, TrailersTooLarge, H2ProtocolError] also [BadContentCoding], "the origin's response is invalid";
            "ClientDisconnected" = [ClientAborted] also [ClientBodyFailed, ClientTimeout], "the client went";
            "RestrictedIP" = [AddressProhibited] also [], "the origin's address may not be used";
            "InvalidRequest" = [ClientBodyFailed, LoopDetected, BadRequest] also [], "the request is invalid";
            "UnspecifiedError" = [NoRoute, NoHealthyUpstream, CircuitOpen, ConnectionLimit, LocalExhausted, UpgradeRefused, BodyTooLarge, BadContentCoding, EnhanceYourCalm,
                Http11Required, H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, ProxyInternal, ProxyMisconfigured,
                Unclassified] also [], "an error that none of the other words fits";
            "UnspecifiedClientError" = [ClientTimeout] also [ClientAborted, ClientBodyFailed], "an error of the client";
        }
        reads {
            "OriginError" = [Unclassified, ClosedBeforeResponse, ResetBeforeResponse, BodyTruncated], "an error of the origin that none of the other words fits";
            "OriginInvalidRequest" = [Unclassified, ClientBodyFailed], "the request to the origin was invalid";
            "SSLInvalidCipher" = [TlsProtocol, TlsAlert], "no cipher in common";
            "SSLMismatchedSNI" = [TlsAlert, CertNameMismatch], "the name in the handshake does not fit";
        }
        other {
            "NoError", "no error";
            "ClientGeoBlocked", "the client's country is blocked";
        }
        silent [NotGrpc, BadGrpcStatus]
    }
}

pub(in crate::dialect) mod application_gateway {
    //! `error_info` of Azure Application Gateway's access log. It is nginx inside.
    //! Source: Microsoft, "Diagnostic logs for Application Gateway", error codes in the access log.
    use super::super::dialect;

    dialect! {
        speaks {
            "ERRORINFO_UPSTREAM_NO_LIVE" = [NoHealthyUpstream] also [CircuitOpen, ConnectionLimit, ConnectionRefused, Unreachable, DnsNotFound, DnsFailure],
                "no live server in the backend pool";
            "ERRORINFO_UPSTREAM_CLOSED_CONNECTION" = [ClosedBeforeResponse, HeadTruncated, BodyTruncated]
                also [ResetBeforeResponse, HeadReset, BodyReset, TlsTruncated], "the backend closed the connection";
            "ERRORINFO_UPSTREAM_TIMED_OUT" = [ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded] also [DnsTimeout],
                "the backend took too long";
            "ERRORINFO_CLIENT_CLOSED_REQUEST" = [ClientAborted] also [ClientBodyFailed], "the client closed the connection";
            "ERRORINFO_CLIENT_TIMED_OUT" = [ClientTimeout] also [], "the client was too slow";
            "ERRORINFO_INVALID_REQUEST" = [ClientBodyFailed, BadRequest] also [], "the request is malformed";
        }
        reads {}
        other {
            "ERRORINFO_NO_ERROR", "no error";
            "ERRORINFO_INVALID_METHOD", "the request's method is malformed";
            "ERRORINFO_INVALID_VERSION", "the request's version is malformed";
            "ERRORINFO_INVALID_HEADER", "a field of the request is malformed";
            "ERRORINFO_INVALID_09_METHOD", "a method that HTTP/0.9 does not have";
            "ERRORINFO_HTTP_TO_HTTPS_PORT", "plain HTTP on the port for HTTPS";
            "ERRORINFO_HTTPS_NO_CERT", "a client certificate was needed and not sent";
        }
        silent [DnsNotFound, DnsFailure, DnsTimeout, NoRoute, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, ConnectionRefused,
            Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn,
            CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid, SendReset, ResetBeforeResponse, HeadReset,
            NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders,
            UnexpectedUpgrade, UpgradeRefused, TooManyInterim, UnsupportedCoding, BodyReset, BadChunk, BadTrailer, TrailersTooLarge,
            BodyTooLarge, BadContentCoding, TlsTruncated, StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm,
            Http11Required, H2ProtocolError, H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, NotGrpc,
            BadGrpcStatus, ProxyInternal, ProxyMisconfigured, Unclassified]
    }
}

pub(in crate::dialect) mod cloudfront {
    //! `x-edge-detailed-result-type` of CloudFront's standard log.
    //! Source: AWS, CloudFront developer guide, "Standard log file fields".
    use super::super::dialect;

    dialect! {
        speaks {
            "OriginDnsError" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the origin's name could not be resolved";
            "OriginConnectError" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, TlsTimeout, TlsClosed, TlsReset, TlsAlert,
                TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid]
                also [], "the connection to the origin failed, TLS included";
            "OriginWriteError" = [SendReset, SendTimeout] also [], "writing to the origin failed";
            "OriginCommError" = [ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded] also [ConnectionTimeout, SendTimeout], "the origin took too long";
            "OriginReadError" = [ResetBeforeResponse, HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated, StreamReset, Goaway] also [ClosedBeforeResponse],
                "reading from the origin failed";
            "OriginZeroSizeObjectError" = [ClosedBeforeResponse] also [], "the origin sent nothing";
            "OriginInvalidResponseError" = [NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, UnexpectedUpgrade, UpgradeRefused,
                TooManyInterim, UnsupportedCoding, BadChunk, BadTrailer, BadContentCoding, H2ProtocolError] also [], "the origin's response is invalid";
            "OriginHeaderTooBigError" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders, TrailersTooLarge] also [], "the origin's header section is too large";
            "OriginError" = [BodyTooLarge, StreamRefused, GoawayUnprocessed, EnhanceYourCalm, Http11Required] also [], "the origin answered with an error";
            "ClientCommError" = [ClientAborted, ClientBodyFailed, ClientTimeout] also [], "the exchange with the client failed";
            "Error" = [BadRequest, NoRoute, NoHealthyUpstream, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, LocalExhausted, H3RequestRejected, H3VersionFallback,
                H3ProtocolError, QuicIdleTimeout, ProxyInternal, ProxyMisconfigured, Unclassified] also [], "an error that none of the other words fits";
        }
        reads {
            "OriginContentRangeLengthError" = [BadHeader, BodyTruncated], "the length does not fit Content-Range";
            "SlowReaderOriginError" = [SendTimeout], "the origin reads too slowly";
            "AbortedOrigin" = [ClientAborted, BodyTruncated, BodyReset], "the exchange was cancelled";
            "ClientHungUpRequest" = [ClientAborted], "the client went before its request was whole";
        }
        other {
            "Hit", "from the cache";
            "Miss", "from the origin";
            "RefreshHit", "from the cache, after asking the origin";
            "ClientGeoBlocked", "the client's country is blocked";
            "InvalidRequest", "the request is invalid";
            "InvalidRequestBlocked", "the request was blocked";
            "LimitExceeded", "a limit of the distribution was reached";
            "Redirect", "redirected from HTTP to HTTPS";
        }
        silent [NotGrpc, BadGrpcStatus]
    }
}

pub(in crate::dialect) mod cloudflare {
    //! Cloudflare's status for a fault, as [`Profile::Cloudflare`](crate::decide::Profile::Cloudflare) has it.
    //! Source: Cloudflare, "Cloudflare 5xx errors". A test holds this table to that profile.
    use super::super::dialect;

    dialect! {
        speaks {
            "520" = [SendReset, ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader,
                AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders, UnexpectedUpgrade, TooManyInterim, UnsupportedCoding, BodyTruncated,
                BodyReset, BadChunk, BadTrailer, TrailersTooLarge, BodyTooLarge, BadContentCoding, TlsTruncated, StreamRefused, StreamReset, Goaway,
                GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError, H3RequestRejected, H3VersionFallback, H3ProtocolError,
                NotGrpc, BadGrpcStatus, Unclassified] also [], "web server returns an unknown error: an empty, unknown or unexpected response";
            "521" = [ConnectionRefused, ConnectReset] also [], "web server is down: the origin refused the connection";
            "522" = [ConnectionTimeout] also [SendTimeout, AddressProhibited], "connection timed out: no SYN+ACK within 19 s, or the request not acknowledged within 90 s";
            "523" = [Unreachable, ConnectDenied] also [], "origin is unreachable: no route to its address";
            "524" = [SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded, QuicIdleTimeout] also [], "a timeout occurred: connected, and no response within 120 s";
            "525" = [TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn] also [], "SSL handshake failed";
            "526" = [CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid] also [], "invalid SSL certificate; in mode Full (strict) only";
            "530" = [DnsNotFound, DnsFailure, DnsTimeout] also [NoRoute], "the origin's name could not be resolved; the page has a code from 1000 on";
            "503" = [NoHealthyUpstream, CircuitOpen, ConnectionLimit, LocalExhausted] also [], "service temporarily unavailable";
            "502" = [AddressProhibited, LoopDetected, UpgradeRefused] also [BadContentCoding, BodyTruncated], "bad gateway: the origin's own, or one that Cloudflare generated";
            "500" = [NoRoute, ProxyInternal, ProxyMisconfigured] also [], "internal error of Cloudflare";
            "499" = [ClientAborted] also [], "in logs only: the client went";
            "400" = [ClientBodyFailed, BadRequest] also [], "the request is malformed";
            "408" = [ClientTimeout] also [], "the client was too slow";
        }
        reads {
            "504" = [ResponseTimeout, DeadlineExceeded], "gateway timeout: the origin's own, or Cloudflare's towards itself";
            "1016" = [DnsNotFound, DnsFailure], "origin DNS error, on the page of a 530";
            "1000" = [AddressProhibited, LoopDetected], "DNS points to a prohibited address";
        }
        other {
            "527", "Railgun, which is retired";
        }
        silent []
    }
}
