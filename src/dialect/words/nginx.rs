//! nginx's phrases in error.log, without their numbers, names and `while ...`.
//!
//! Source: `ngx_http_upstream.c`, `ngx_resolver.c`, `ngx_event_openssl.c`, `ngx_http_proxy_module.c`. The log reader
//! ([`logs`](crate::dialect::logs)) reads whole lines, whose numbers and `while ...` tell much more than the phrase.

super::dialect! {
    speaks {
        "could not be resolved" = [DnsNotFound, DnsFailure, DnsTimeout] also [], "the resolver failed; the number in parentheses says how";
        "no live upstreams" = [NoHealthyUpstream, CircuitOpen, ConnectionLimit] also [], "every server of the group is down or full";
        "connect() failed" = [ConnectionRefused, Unreachable, ConnectReset, ConnectDenied] also [ConnectionTimeout, LocalExhausted], "connecting failed; the errno says how";
        "upstream timed out" = [ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, BodyStalled] also [DeadlineExceeded, TooManyInterim],
            "a timer struck; `while ...` says which";
        "socket() failed" = [LocalExhausted] also [], "no descriptor for the connection";
        "peer closed connection in SSL handshake" = [TlsClosed, TlsReset] also [ConnectReset], "the upstream closed in the handshake";
        "SSL_do_handshake() failed" = [TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn] also [TlsReset, TlsClosed], "the handshake failed; OpenSSL's text says how";
        "upstream SSL certificate verify error" = [CertExpired, CertNotYetValid, CertUntrusted, CertRevoked, CertInvalid] also [], "the certificate is not accepted; the number says why";
        "upstream SSL certificate does not match" = [CertNameMismatch] also [], "the certificate is for another name";
        "writev() failed" = [SendReset] also [ResetBeforeResponse, ClosedBeforeResponse, SendTimeout], "writing the request failed";
        "upstream prematurely closed connection" = [ClosedBeforeResponse, HeadTruncated, BodyTruncated] also [ResetBeforeResponse, HeadReset, BodyReset, TlsTruncated],
            "the upstream closed, or over TLS also reset; `while ...` says in which part";
        "recv() failed" = [ResetBeforeResponse, HeadReset, BodyReset] also [ResponseTimeout, HeadStalled, BodyStalled], "reading failed; the errno and `while ...` say how";
        "upstream sent no valid HTTP/1.0 header" = [NotHttp, BadStatusLine] also [], "the first line is no status line";
        "upstream sent invalid header" = [BadHeader, TooManyHeaders] also [], "a field is malformed";
        "upstream sent too big header" = [HeadTooLarge, HeaderTooLarge] also [TooManyHeaders], "the head does not fit proxy_buffer_size";
        "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time" = [AmbiguousFraming] also [], "the framing is ambiguous";
        "upstream sent unknown \"Transfer-Encoding\"" = [UnsupportedCoding] also [AmbiguousFraming], "the transfer coding is not known";
        "upstream sent invalid chunked response" = [BadChunk, BadTrailer, TrailersTooLarge] also [], "the chunked coding is malformed";
        "upstream sent more data than specified in \"Content-Length\" header" = [UnsolicitedResponse] also [], "bytes followed the response";
        "upstream rejected request with error" = [StreamRefused, StreamReset, EnhanceYourCalm, Http11Required] also [], "RST_STREAM; the number is its code";
        "upstream sent goaway with error" = [Goaway, GoawayUnprocessed] also [], "GOAWAY; the number is its code";
        "upstream sent invalid http2" = [H2ProtocolError] also [], "a frame or field of HTTP/2 is malformed";
        "client prematurely closed connection" = [ClientAborted] also [ClientBodyFailed], "the client went away";
        "client timed out" = [ClientTimeout] also [ClientAborted], "the client was too slow";
        "no resolver defined to resolve" = [ProxyMisconfigured] also [], "a name needs resolving and there is no resolver";
        "client sent invalid chunked body" = [ClientBodyFailed] also [], "the client's chunked coding is malformed";
    }
    reads {
        "rewrite or internal redirection cycle" = [ProxyMisconfigured], "rewrites loop";
        "readv() failed" = [BodyReset, BodyStalled], "reading the body failed";
        "upstream prematurely sent response" = [TlsNotTls, UnsolicitedResponse], "bytes came before TLS was there";
        "upstream sent duplicate header line" = [AmbiguousFraming, BadHeader], "a field stands twice that may stand once";
        "upstream sent invalid \"Content-Length\" header" = [AmbiguousFraming], "the length is no number";
        "upstream sent HTTP/1.0 response with early hints" = [BadStatusLine, TooManyInterim], "an interim response of HTTP/1.0";
        "upstream sent frame for closed stream" = [H2ProtocolError], "HTTP/2's states are broken";
        "upstream server temporarily disabled" = [NoHealthyUpstream], "max_fails was reached";
        "send() failed" = [SendReset, ResetBeforeResponse, ClosedBeforeResponse, SendTimeout], "writing failed";
        "client intended to send too large body" = [ClientBodyFailed], "client_max_body_size";
        "upstream sent data after final chunk" = [UnsolicitedResponse], "bytes followed the response";
        "upstream sent more data than specified" = [UnsolicitedResponse], "bytes followed the response";
    }
    other {
        "an upstream response is buffered to a temporary file", "a warning: the response does not fit proxy_buffers";
        "a client request body is buffered to a temporary file", "a warning: the request does not fit client_body_buffer_size";
    }
    silent [NoRoute, AddressProhibited, LoopDetected, UnexpectedUpgrade, UpgradeRefused, TooManyInterim, DeadlineExceeded, BodyTooLarge, BadContentCoding,
        TlsTruncated, H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus,
        BadRequest, ProxyInternal, Unclassified]
}
