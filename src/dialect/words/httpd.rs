//! Apache httpd's message numbers in error_log.
//!
//! Source: `modules/proxy/proxy_util.c`, `mod_proxy_http.c`, `mod_proxy_balancer.c`, `modules/ssl/ssl_engine_io.c`,
//! `ssl_engine_kernel.c` of 2.4 and trunk. A number is a place in the source and not a cause: `AH01102` is what an end of
//! file, a reset and a timeout on the status line all come to. The status in front of it, `(111)Connection refused`, tells
//! them apart: the log reader ([`logs`](crate::dialect::logs)) looks numbers up in here, and reads the status besides.

super::dialect! {
    speaks {
        "AH00898" = [DnsNotFound, DnsFailure, DnsTimeout]
            also [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, HeadTruncated, HeadReset, HeadStalled, BadStatusLine, NotHttp,
                TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked,
                UnexpectedUpgrade, TooManyInterim, BadHeader, LoopDetected, AddressProhibited],
            "the text behind it is the reason that the client's page shows";
        "AH00957" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted] also [ProxyMisconfigured],
            "an attempt to connect failed; the status in front says how";
        "AH01167" = [NoHealthyUpstream] also [CircuitOpen], "all workers of the balancer are in error state";
        "AH01084" = [SendReset, SendTimeout]
            also [TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked,
                ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "passing the request failed; a failing TLS handshake comes to light here";
        "AH02003" = [TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout] also [CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked], "the TLS handshake with the backend failed; logged from LogLevel info on";
        "AH02004" = [CertExpired, CertNotYetValid] also [], "it is not the time of the backend's certificate; logged from LogLevel info on";
        "AH02039" = [CertUntrusted, CertRevoked, CertInvalid] also [CertExpired, CertNotYetValid, CertNameMismatch], "a certificate of the chain does not verify";
        "AH02411" = [CertNameMismatch] also [], "the backend's certificate is for another name; logged from LogLevel info on";
        "AH01102" = [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout]
            also [HeadTruncated, HeadReset, HeadStalled, HeadTooLarge, NotHttp, BadStatusLine, TlsAlert, SendReset], "reading the status line failed";
        "AH01106" = [BadHeader, HeadTruncated, HeadReset, HeadStalled, HeadTooLarge, HeaderTooLarge, TooManyHeaders] also [ResponseTimeout], "the head is malformed or cut";
        "AH01107" = [AmbiguousFraming] also [], "Transfer-Encoding and Content-Length in one response; logged from LogLevel debug on, and let pass";
        "AH01110" = [BodyTruncated, BodyReset, BodyStalled, TlsTruncated, BadChunk] also [AmbiguousFraming, UnsupportedCoding], "the network failed as the body was read";
        "AH02476" = [UnsupportedCoding] also [], "the transfer coding is not known";
    }
    reads {
        "AH00868" = [SendReset, SendTimeout, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "AJP: passing the request failed";
        "AH00876" = [SendReset, SendTimeout, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "AJP: passing the request's body failed";
        "AH00877" = [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, HeadTruncated, HeadReset, HeadStalled, HeadTooLarge, NotHttp, BadStatusLine, TlsAlert], "AJP: reading the response failed";
        "AH00878" = [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, HeadTruncated, HeadReset, HeadStalled, HeadTooLarge, NotHttp, BadStatusLine, TlsAlert], "AJP: reading the response's head failed";
        "AH00893" = [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, HeadTruncated, HeadReset, HeadStalled, HeadTooLarge, NotHttp, BadStatusLine, TlsAlert], "AJP: the response is not there";
        "AH00896" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset], "AJP: no connection to the backend";
        "AH00897" = [ResponseTimeout, ClosedBeforeResponse, SendReset], "AJP: the ping failed";
        "AH00916" = [AddressProhibited], "the client may not go there";
        "AH00917" = [AddressProhibited], "the client may not go there";
        "AH00934" = [NoHealthyUpstream, ConnectionLimit], "no worker of the balancer can be used";
        "AH00938" = [LocalExhausted, ProxyMisconfigured], "no socket";
        "AH00940" = [NoHealthyUpstream], "the worker is marked as failed, and none was tried";
        "AH00941" = [ConnectionLimit], "no connection of the pool was free in time";
        "AH00950" = [UpgradeRefused], "the upgrade was refused";
        "AH00956" = [LocalExhausted, ProxyMisconfigured], "no socket, or none for the source address";
        "AH00959" = [NoHealthyUpstream, ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, ProxyMisconfigured], "the worker is disabled for some seconds; AH00957 says why";
        "AH00960" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, ProxyMisconfigured], "an attempt to connect failed";
        "AH00961" = [TlsProtocol, ProxyMisconfigured], "TLS could not be set up for the backend";
        "AH01067" = [ClosedBeforeResponse, HeadTruncated, ResetBeforeResponse], "FastCGI: the response's head did not come whole";
        "AH01068" = [NotHttp], "FastCGI: another version of the protocol";
        "AH01069" = [NotHttp], "FastCGI: another request's record";
        "AH01070" = [BadHeader], "FastCGI: a field is malformed";
        "AH01072" = [NotHttp], "FastCGI: a record of an unknown type";
        "AH01073" = [SendReset, SendTimeout, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "FastCGI: passing the request failed";
        "AH01074" = [SendReset, SendTimeout, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "FastCGI: passing the request's body failed";
        "AH01075" = [ClosedBeforeResponse, ResponseTimeout, ResetBeforeResponse, HeadTruncated, HeadReset, HeadStalled, SendReset, BodyTruncated, BodyReset,
            BodyStalled, ClientAborted], "FastCGI: the exchange failed";
        "AH01079" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, NoHealthyUpstream], "FastCGI: no connection to the backend";
        "AH01086" = [ClientBodyFailed], "the request's body is longer than announced";
        "AH01095" = [ClientBodyFailed], "reading the client's body failed";
        "AH01096" = [ClientBodyFailed], "reading the client's body failed";
        "AH01097" = [SendReset, SendTimeout, ClientBodyFailed], "passing the request's body failed; another number says why";
        "AH01098" = [BadHeader], "a field is malformed";
        "AH01099" = [NotHttp], "no HTTP";
        "AH01100" = [BadHeader], "a field is malformed";
        "AH01104" = [ClosedBeforeResponse, ResetBeforeResponse], "a backend connection that was kept alive had ended";
        "AH01114" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, NoHealthyUpstream, DnsFailure], "no connection to the backend";
        "AH01115" = [ResponseTimeout, ClosedBeforeResponse, ResetBeforeResponse], "the 100-continue ping failed";
        "AH01144" = [ProxyMisconfigured], "no module for the scheme of the URL";
        "AH01170" = [NoHealthyUpstream], "all workers of the balancer are in error state";
        "AH01171" = [NoHealthyUpstream], "all workers of the balancer are in error state";
        "AH01961" = [ProxyMisconfigured], "TLS to backends is not enabled: SSLProxyEngine";
        "AH02005" = [CertNameMismatch], "the backend's certificate is for another name; logged from LogLevel info on";
        "AH02428" = [BadHeader], "a field's name is malformed";
        "AH02429" = [BadHeader], "a field's name is malformed";
        "AH02430" = [BadHeader], "a field's value is malformed";
        "AH02454" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, ProxyMisconfigured], "an attempt to connect to a Unix socket failed";
        "AH02475" = [BadChunk], "the size of a chunk does not fit";
        "AH02608" = [ClientBodyFailed], "reading the client's body failed";
        "AH10124" = [HeaderTooLarge], "a field line is too long";
        "AH10154" = [SendReset, SendTimeout, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsNoAlpn, TlsTimeout, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ResetBeforeResponse, ClosedBeforeResponse, ClientBodyFailed], "passing the request failed";
        "AH10293" = [BodyTruncated, BadChunk], "the body is not what its framing says";
        "AH10404" = [BadHeader, HeadTruncated, HeadReset, HeadStalled, HeaderTooLarge, HeadTooLarge, ResetBeforeResponse], "reading a field failed";
    }
    other {
        "AH00163", "httpd was started";
        "AH00171", "httpd restarts in good order";
        "AH00094", "the command line";
        "AH01071", "FastCGI: what the application wrote to its stderr";
    }
    silent [NoRoute, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, NotHttp, UnsolicitedResponse, BadStatusLine,
        UnexpectedUpgrade, UpgradeRefused, TooManyInterim, DeadlineExceeded, BadTrailer, TrailersTooLarge, BodyTooLarge, BadContentCoding,
        StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError, H3RequestRejected,
        H3VersionFallback, H3ProtocolError, QuicIdleTimeout, NotGrpc, BadGrpcStatus, ClientAborted, BadRequest, ClientBodyFailed, ClientTimeout,
        ProxyInternal, ProxyMisconfigured, Unclassified]
}
