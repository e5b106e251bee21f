//! The errors of libraries that proxies are made of: Go's net/http, as Caddy and Traefik print it, Pingora, linkerd2-proxy.

pub(in crate::dialect) mod go {
    //! The end of the text of a Go error, as `httputil.ReverseProxy`, Caddy and Traefik log it: `dial tcp 10.0.0.7:80: connect:
    //! connection refused`. Source: Go, packages net, net/http, crypto/tls, crypto/x509.
    use super::super::dialect;

    dialect! {
        speaks {
            "no such host" = [DnsNotFound] also [DnsFailure], "net.DNSError, not found";
            "server misbehaving" = [DnsFailure] also [DnsTimeout], "net.DNSError, an answer that is none";
            "connection refused" = [ConnectionRefused] also [], "syscall.ECONNREFUSED";
            "no route to host" = [Unreachable] also [], "syscall.EHOSTUNREACH";
            "permission denied" = [ConnectDenied] also [], "syscall.EACCES";
            "too many open files" = [LocalExhausted] also [], "syscall.EMFILE";
            "i/o timeout" = [ConnectionTimeout, DnsTimeout, SendTimeout] also [TlsTimeout, ResponseTimeout, HeadStalled, BodyStalled], "a deadline of net; `dial tcp` in front of it means connecting";
            "TLS handshake timeout" = [TlsTimeout] also [], "http.Transport.TLSHandshakeTimeout";
            "remote error: tls" = [TlsAlert, TlsNoAlpn] also [], "an alert from the peer; its name follows";
            "first record does not look like a TLS handshake" = [TlsNotTls] also [TlsProtocol], "tls.RecordHeaderError";
            "certificate has expired or is not yet valid" = [CertExpired, CertNotYetValid] also [], "x509.CertificateInvalidError, Expired";
            "certificate signed by unknown authority" = [CertUntrusted] also [], "x509.UnknownAuthorityError";
            "certificate is valid for" = [CertNameMismatch] also [], "x509.HostnameError; the names follow";
            "x509: invalid" = [CertInvalid, CertRevoked] also [], "another error of crypto/x509";
            "tls: " = [TlsProtocol] also [TlsAlert, TlsNotTls], "an error of crypto/tls that was found here";
            "connection reset by peer" = [ConnectReset, TlsReset, ResetBeforeResponse, BodyReset] also [HeadReset, SendReset], "syscall.ECONNRESET";
            "broken pipe" = [SendReset] also [ResetBeforeResponse, TlsReset], "syscall.EPIPE";
            "EOF" = [ClosedBeforeResponse, TlsClosed] also [HeadTruncated, BodyTruncated], "io.EOF: closed before a byte of response, in the handshake, or while a body was copied";
            "unexpected EOF" = [HeadTruncated, HeadReset, BodyTruncated, TlsTruncated] also [BodyReset, BadChunk], "io.ErrUnexpectedEOF: cut in the middle";
            "timeout awaiting response headers" = [ResponseTimeout, HeadStalled] also [TooManyInterim, HeadTooLarge], "http.Transport.ResponseHeaderTimeout";
            "malformed HTTP response" = [NotHttp, BadStatusLine] also [HeadTruncated, UnexpectedUpgrade], "the first line is no status line";
            "malformed MIME header" = [BadHeader] also [HeadTruncated], "a field is malformed";
            "server response headers exceeded" = [HeadTooLarge, HeaderTooLarge, TooManyHeaders] also [], "http.Transport.MaxResponseHeaderBytes";
            "too many transfer encodings" = [AmbiguousFraming] also [UnsupportedCoding], "chunked twice, or with another";
            "unsupported transfer encoding" = [UnsupportedCoding] also [AmbiguousFraming], "a transfer coding that is not known";
            "too many 1xx informational responses" = [TooManyInterim] also [], "more than five";
            "invalid byte in chunk length" = [BadChunk] also [], "the chunk size is no number";
            "context deadline exceeded" = [BodyStalled, DeadlineExceeded] also [ConnectionTimeout, ResponseTimeout, HeadStalled, TlsTimeout, DnsTimeout], "a deadline of the caller's";
            "context canceled" = [ClientAborted] also [], "the request was cancelled, most often because the client left";
            "no upstreams available" = [NoHealthyUpstream, CircuitOpen, ConnectionLimit] also [], "Caddy: none of the upstreams may be tried";
            "stream error" = [StreamRefused, StreamReset, EnhanceYourCalm, Http11Required, H2ProtocolError] also [], "http2: RST_STREAM; its code follows";
            "http2: server sent GOAWAY" = [Goaway, GoawayUnprocessed] also [], "GOAWAY; its code follows";
        }
        reads {
            "network is unreachable" = [Unreachable], "syscall.ENETUNREACH";
            "server closed idle connection" = [ClosedBeforeResponse], "a kept connection ended under the request";
            "connection timed out" = [ConnectionTimeout, ResponseTimeout, HeadStalled, BodyStalled, SendTimeout, TlsTimeout], "syscall.ETIMEDOUT";
            "cannot assign requested address" = [LocalExhausted], "syscall.EADDRNOTAVAIL";
            "server gave HTTP response to HTTPS client" = [TlsNotTls], "plain HTTP on the port for TLS";
            "transport connection broken" = [HeadTruncated, HeadReset, NotHttp, BadStatusLine, BadHeader], "what is wrong follows";
            "malformed chunked encoding" = [BadChunk], "a line end is missing behind a chunk";
            "chunked line ends with bare LF" = [BadChunk], "a line of the chunked coding";
            "http chunk length too large" = [BadChunk], "the chunk size does not fit 64 bits";
            "server replied with more than declared Content-Length" = [UnsolicitedResponse], "bytes followed the response";
            "bad Content-Length" = [AmbiguousFraming], "the length is no number";
            "suspiciously long trailer after chunked body" = [TrailersTooLarge], "the trailer section is too large";
            "bad trailer key" = [BadTrailer], "a trailer that may not be one";
        }
        other {
            "http: Server closed", "a listener was closed on purpose";
        }
        silent [NoRoute, AddressProhibited, LoopDetected, UnsolicitedResponse, UnexpectedUpgrade, UpgradeRefused, BadTrailer, TrailersTooLarge, BodyTooLarge,
            BadContentCoding, H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout, BadRequest, ClientBodyFailed, ClientTimeout,
            NotGrpc, BadGrpcStatus, ProxyInternal, ProxyMisconfigured, Unclassified]
    }
}

pub(in crate::dialect) mod pingora {
    //! `ErrorType` of Pingora. Source: `pingora-error/src/lib.rs`, and which of them its connectors and HTTP/1 and 2 clients return.
    use super::super::dialect;

    dialect! {
        speaks {
            "ConnectRefused" = [ConnectionRefused] also [], "ECONNREFUSED";
            "ConnectTimedout" = [ConnectionTimeout] also [], "connection_timeout struck";
            "ConnectNoRoute" = [Unreachable] also [DnsNotFound, DnsFailure, DnsTimeout], "ENETUNREACH or EHOSTUNREACH; many applications use it for DNS";
            "BindError" = [LocalExhausted] also [], "EADDRNOTAVAIL";
            "ConnectError" = [ConnectReset, DnsNotFound, DnsFailure, DnsTimeout] also [], "another error of connecting";
            "TLSHandshakeTimedout" = [TlsTimeout] also [], "the handshake took too long";
            "TLSHandshakeFailure" = [TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn] also [CertInvalid], "the handshake failed";
            "InvalidCert" = [CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid] also [], "the certificate is not accepted";
            "WriteTimedout" = [SendTimeout] also [], "write_timeout struck";
            "WriteError" = [SendReset] also [ClientAborted], "writing failed; the source says to whom";
            "ConnectionClosed" = [ClosedBeforeResponse, HeadTruncated, BodyTruncated, Goaway] also [TlsTruncated, ClientAborted], "an end of file where none may be";
            "ReadError" = [ResetBeforeResponse, HeadReset, BodyReset] also [ClientBodyFailed, BodyTruncated], "reading failed; the source says from whom";
            "ReadTimedout" = [ResponseTimeout, HeadStalled, BodyStalled] also [ClientTimeout], "read_timeout struck; it is for each read";
            "InvalidHTTPHeader" = [NotHttp, BadStatusLine, BadHeader, HeadTooLarge, HeaderTooLarge, TooManyHeaders, AmbiguousFraming, UnsupportedCoding] also [], "the head is malformed";
            "H1Error" = [UnsolicitedResponse, BadChunk, BadTrailer, TrailersTooLarge] also [], "another error of HTTP/1";
            "H2Error" = [StreamRefused, StreamReset, GoawayUnprocessed, EnhanceYourCalm] also [], "an error of HTTP/2";
            "H2Downgrade" = [Http11Required] also [], "HTTP_1_1_REQUIRED";
            "InvalidH2" = [H2ProtocolError] also [], "the peer breaks HTTP/2";
            "InternalError" = [ConnectDenied, ProxyInternal, NoHealthyUpstream, NoRoute] also [], "a fault of the proxy or of its application";
            "UnknownError" = [Unclassified] also [], "nothing more is known";
        }
        reads {
            "HandshakeError" = [TlsProtocol, TlsAlert, TlsClosed], "the handshake failed";
            "TLSWantX509Lookup" = [ProxyMisconfigured], "a certificate of the proxy's own is missing";
            "SocketError" = [LocalExhausted], "no socket";
            "ConnectProxyFailure" = [UpgradeRefused], "the proxy on the way refused CONNECT";
        }
        other {
            "AcceptError", "accepting a client failed";
            "HTTPStatus", "a status that the application chose";
            "FileOpenError", "a file of the proxy";
            "FileCreateError", "a file of the proxy";
            "FileReadError", "a file of the proxy";
            "FileWriteError", "a file of the proxy";
        }
        silent [CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, UnexpectedUpgrade, UpgradeRefused, TooManyInterim, DeadlineExceeded,
            BodyTooLarge, BadContentCoding, TlsTruncated, H3RequestRejected, H3VersionFallback, H3ProtocolError, QuicIdleTimeout,
            NotGrpc, BadGrpcStatus, ClientAborted, BadRequest, ClientBodyFailed, ClientTimeout, ProxyMisconfigured]
    }
}

pub(in crate::dialect) mod linkerd {
    //! The label `error` of linkerd2-proxy's metrics. Source: `linkerd/app/core/src/errors.rs`.
    use super::super::dialect;

    dialect! {
        speaks {
            "i/o" = [ConnectionRefused, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol,
                TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid, SendReset, ClosedBeforeResponse,
                ResetBeforeResponse, HeadTruncated, HeadReset, BodyTruncated, BodyReset, TlsTruncated] also [ConnectionTimeout], "an io::Error somewhere below";
            "failfast" = [NoHealthyUpstream] also [ConnectionRefused, ConnectionTimeout, DnsNotFound], "no endpoint was ready for too long, so that requests fail at once";
            "loadshed" = [ConnectionLimit, CircuitOpen] also [], "the queue is full";
            "gateway loop" = [LoopDetected] also [], "the request loops";
            "gateway domain invalid" = [NoRoute] also [], "the domain is not one of the gateway's";
            "unexpected" = [DnsNotFound, DnsFailure, DnsTimeout, ConnectionTimeout, TlsTimeout, SendTimeout, ResponseTimeout, HeadStalled, BodyStalled, DeadlineExceeded,
                NotHttp, UnsolicitedResponse, BadStatusLine, BadHeader, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders,
                UnsupportedCoding, BadChunk, BadTrailer, TrailersTooLarge, StreamRefused, StreamReset, Goaway, GoawayUnprocessed,
                EnhanceYourCalm, Http11Required, H2ProtocolError, ProxyInternal, Unclassified] also [], "anything else";
        }
        reads {
            "tls detection timeout" = [TlsTimeout], "nothing came by which TLS could be told from plain text";
        }
        other {}
        silent [AddressProhibited, UnexpectedUpgrade, UpgradeRefused, TooManyInterim, BodyTooLarge, BadContentCoding, H3RequestRejected, H3VersionFallback,
            H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus, ClientAborted, BadRequest, ClientBodyFailed, ClientTimeout, ProxyMisconfigured]
    }
}
