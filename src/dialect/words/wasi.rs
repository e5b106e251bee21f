//! `error-code` of wasi:http, which took its names from RFC 9209 and is as coarse as that.
//!
//! Source: WebAssembly/WASI, `proposals/http/wit/types.wit`, variant `error-code`.

super::dialect! {
    speaks {
        "DNS-timeout" = [DnsTimeout] also [], "RFC 9209 dns_timeout";
        "DNS-error" = [DnsNotFound, DnsFailure] also [], "RFC 9209 dns_error, with its rcode";
        "destination-not-found" = [NoRoute] also [], "RFC 9209 destination_not_found";
        "destination-unavailable" = [NoHealthyUpstream, CircuitOpen, StreamRefused, GoawayUnprocessed, EnhanceYourCalm, H3RequestRejected] also [],
            "RFC 9209 destination_unavailable";
        "destination-IP-prohibited" = [AddressProhibited, ConnectDenied] also [], "RFC 9209 destination_ip_prohibited";
        "destination-IP-unroutable" = [Unreachable] also [], "RFC 9209 destination_ip_unroutable";
        "connection-refused" = [ConnectionRefused] also [], "RFC 9209 connection_refused";
        "connection-terminated" = [ConnectReset, SendReset, ClosedBeforeResponse, ResetBeforeResponse, StreamReset, Goaway]
            also [HeadTruncated, HeadReset, ClientAborted], "RFC 9209 connection_terminated";
        "connection-timeout" = [ConnectionTimeout] also [], "RFC 9209 connection_timeout";
        "connection-read-timeout" = [TlsTimeout, BodyStalled, QuicIdleTimeout] also [ResponseTimeout, HeadStalled], "RFC 9209 connection_read_timeout";
        "connection-write-timeout" = [SendTimeout] also [], "RFC 9209 connection_write_timeout";
        "connection-limit-reached" = [ConnectionLimit] also [], "RFC 9209 connection_limit_reached";
        "TLS-protocol-error" = [TlsClosed, TlsReset, TlsNotTls, TlsProtocol, TlsNoAlpn] also [], "RFC 9209 tls_protocol_error";
        "TLS-certificate-error" = [CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid] also [],
            "RFC 9209 tls_certificate_error";
        "TLS-alert-received" = [TlsAlert] also [], "RFC 9209 tls_alert_received, with its id and name";
        "HTTP-response-incomplete" = [HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated] also [], "RFC 9209 http_response_incomplete";
        "HTTP-response-header-section-size" = [HeadTooLarge, TooManyHeaders] also [], "RFC 9209 http_response_header_section_size";
        "HTTP-response-header-size" = [HeaderTooLarge] also [], "RFC 9209 http_response_header_size";
        "HTTP-response-body-size" = [BodyTooLarge] also [], "RFC 9209 http_response_body_size";
        "HTTP-response-trailer-section-size" = [TrailersTooLarge] also [], "RFC 9209 http_response_trailer_section_size";
        "HTTP-response-transfer-coding" = [UnsupportedCoding, BadChunk] also [], "RFC 9209 http_response_transfer_coding";
        "HTTP-response-content-coding" = [BadContentCoding] also [], "RFC 9209 http_response_content_coding";
        "HTTP-response-timeout" = [ResponseTimeout, HeadStalled, DeadlineExceeded] also [], "RFC 9209 http_response_timeout";
        "HTTP-upgrade-failed" = [UpgradeRefused, Http11Required, H3VersionFallback] also [], "RFC 9209 http_upgrade_failed";
        "HTTP-protocol-error" = [NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, UnexpectedUpgrade, TooManyInterim, BadTrailer,
            H2ProtocolError, H3ProtocolError, NotGrpc, BadGrpcStatus] also [Unclassified], "RFC 9209 http_protocol_error";
        "loop-detected" = [LoopDetected] also [], "RFC 9209 proxy_loop_detected";
        "configuration-error" = [ProxyMisconfigured] also [], "RFC 9209 proxy_configuration_error";
        "internal-error" = [LocalExhausted, ProxyInternal, Unclassified, ClientAborted, BadRequest, ClientBodyFailed, ClientTimeout] also [],
            "anything else; a text may follow";
    }
    reads {
        "HTTP-response-trailer-size" = [TrailersTooLarge, BadTrailer], "one trailer field is too large";
    }
    other {
        "HTTP-request-denied", "policy denies the request";
        "HTTP-request-length-required", "the request needs a Content-Length";
        "HTTP-request-body-size", "the request's body is too large";
        "HTTP-request-method-invalid", "the request's method is not allowed";
        "HTTP-request-URI-invalid", "the request's target is malformed";
        "HTTP-request-URI-too-long", "the request's target is too long";
        "HTTP-request-header-section-size", "the request's header section is too large";
        "HTTP-request-header-size", "a field of the request is too large";
        "HTTP-request-trailer-section-size", "the request's trailer section is too large";
        "HTTP-request-trailer-size", "a trailer field of the request is too large";
    }
    silent []
}
