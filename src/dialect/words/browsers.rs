//! Types of W3C Network Error Logging, by which browsers report what became of their requests.
//!
//! Sources: W3C, "Network Error Logging", section "Predefined network error types"; Chromium,
//! `net/network_error_logging/network_error_logging_service.cc`, `kErrorTypes`, which has more of them, and which of its errors
//! they are made of.

super::dialect! {
    speaks {
        "dns.name_not_resolved" = [DnsNotFound] also [DnsFailure], "the DNS server answered, and has no address";
        "dns.failed" = [DnsFailure] also [DnsTimeout], "the lookup failed for another reason";
        "dns.unreachable" = [DnsTimeout] also [DnsFailure], "the DNS server cannot be reached";
        "tcp.timed_out" = [ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, QuicIdleTimeout] also [],
            "the connection timed out; Chromium says it of any later timeout too";
        "tcp.closed" = [TlsClosed, TlsTruncated] also [ClosedBeforeResponse, HeadTruncated, BodyTruncated], "the server closed the connection";
        "tcp.reset" = [ConnectReset, TlsReset, SendReset, ResetBeforeResponse, HeadReset, BodyReset] also [], "the connection was reset";
        "tcp.refused" = [ConnectionRefused] also [], "the server refused the connection";
        "tcp.address_unreachable" = [Unreachable] also [], "the address cannot be reached";
        "tcp.failed" = [ConnectDenied, LocalExhausted] also [Unreachable], "the connection failed for another reason";
        "tls.protocol.error" = [TlsAlert, TlsNotTls, TlsProtocol] also [], "TLS was aborted by a protocol error";
        "tls.failed" = [TlsNoAlpn] also [TlsProtocol], "TLS failed for another reason";
        "tls.cert.name_invalid" = [CertNameMismatch] also [], "the certificate is for another name";
        "tls.cert.date_invalid" = [CertExpired, CertNotYetValid] also [], "the certificate is not valid at this time";
        "tls.cert.authority_invalid" = [CertUntrusted] also [], "the certificate's issuer is not trusted";
        "tls.cert.revoked" = [CertRevoked] also [], "the certificate was revoked";
        "tls.cert.invalid" = [CertInvalid] also [], "the certificate is invalid for another reason";
        "h2.protocol.error" = [H2ProtocolError, StreamReset, Http11Required] also [], "Chromium: a protocol error of HTTP/2";
        "h3.protocol.error" = [H3ProtocolError, H3VersionFallback] also [], "Chromium: a protocol error of QUIC";
        "http.protocol.error" = [UnexpectedUpgrade, UpgradeRefused, TooManyInterim] also [], "the connection was aborted by a protocol error of HTTP";
        "http.response.invalid.empty" = [ClosedBeforeResponse] also [], "Chromium: the connection ended without a response";
        "http.response.headers.truncated" = [HeadTruncated] also [], "Chromium: the connection ended within the response's head";
        "http.response.invalid.content_length_mismatch" = [BodyTruncated] also [], "Chromium: the body is shorter than Content-Length";
        "http.response.invalid.invalid_chunked_encoding" = [BadChunk] also [], "Chromium: the chunked coding is malformed";
        "http.response.invalid" = [NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders, UnsupportedCoding,
            BadTrailer, TrailersTooLarge, BodyTooLarge, BadContentCoding] also [ClosedBeforeResponse, HeadTruncated, BodyTruncated, BadChunk],
            "the response is empty, or cannot be read";
        "http.failed" = [StreamRefused, Goaway, GoawayUnprocessed, EnhanceYourCalm, H3RequestRejected] also [], "HTTP failed for another reason";
        "abandoned" = [ClientAborted] also [], "the user gave up before the end";
        "unknown" = [Unclassified] also [], "nobody knows";
    }
    reads {
        "dns.timed_out" = [DnsTimeout], "Chromium: the lookup timed out";
        "dns.protocol" = [DnsFailure], "Chromium: the DNS server's answer is malformed";
        "dns.server" = [DnsFailure], "Chromium: the DNS server failed";
        "tcp.aborted" = [ConnectReset, ResetBeforeResponse, HeadReset, BodyReset], "the connection was aborted";
        "tcp.address_invalid" = [ProxyMisconfigured, ConnectDenied], "the address is invalid";
        "tls.version_or_cipher_mismatch" = [TlsAlert, TlsProtocol], "no version or cipher in common";
        "tls.bad_client_auth_cert" = [TlsAlert], "the server does not accept the client's certificate";
        "tls.unrecognized_name_alert" = [TlsAlert], "Chromium: the server does not know the name";
        "tls.cert.pinned_key_not_in_cert_chain" = [CertUntrusted, CertInvalid], "a pinned key is missing in the chain";
        "h2.ping_failed" = [BodyStalled, ResponseTimeout, HeadStalled], "Chromium: a PING of HTTP/2 was not answered";
        "http.response.invalid.incomplete_chunked_encoding" = [BodyTruncated], "Chromium: the connection ended before the last chunk";
        "http.response.headers.multiple_content_length" = [AmbiguousFraming], "Chromium: lengths that disagree";
    }
    other {
        "ok", "a response without an error";
        "http.error", "a response with a status of 400 to 599";
        "dns.address_changed", "the name has another address than the policy came from";
        "http.response.redirect_loop", "too many redirections";
        "http.response.headers.multiple_content_disposition", "Chromium: Content-Disposition values that disagree";
        "http.request.range_not_satisfiable", "Chromium: the range that was asked for is not there";
    }
    silent [NoRoute, NoHealthyUpstream, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, UnsolicitedResponse, DeadlineExceeded, NotGrpc,
        BadGrpcStatus, BadRequest, ClientBodyFailed, ClientTimeout, ProxyInternal, ProxyMisconfigured]
}
