//! Apache httpd's message numbers in error_log.
//!
//! Source: `modules/proxy/proxy_util.c`, `mod_proxy_http.c`, `mod_proxy_balancer.c`, `modules/ssl/ssl_engine_kernel.c`.
//! A number is a place in the source and not a cause: `AH01102` is what an end of file, a reset and a timeout on the
//! status line all come to. The status in front of it, `(111)Connection refused`, tells them apart.

super::dialect! {
    speaks {
        "AH00898" = [DnsNotFound, DnsFailure, DnsTimeout]
            also [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout, HeadTruncated, HeadReset, HeadStalled, BadStatusLine, NotHttp,
                TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsTimeout, CertExpired, CertNotYetValid, CertUntrusted,
                CertNameMismatch, CertInvalid, UnexpectedUpgrade, TooManyInterim, BadHeader],
            "the text behind it is the reason that the client's page shows";
        "AH00957" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted] also [],
            "an attempt to connect failed; the status in front says how";
        "AH01167" = [NoHealthyUpstream] also [CircuitOpen], "all workers of the balancer are in error state";
        "AH01084" = [SendTimeout, SendReset]
            also [TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch,
                CertInvalid], "passing the request failed; a failing TLS handshake comes to light here";
        "AH01961" = [TlsTimeout, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol, TlsNoAlpn] also [], "the TLS handshake with the backend failed";
        "AH02004" = [CertExpired, CertNotYetValid, CertUntrusted, CertRevoked, CertInvalid] also [], "the backend's certificate does not verify";
        "AH02005" = [CertNameMismatch] also [], "the backend's certificate is for another name";
        "AH01102" = [ClosedBeforeResponse, ResetBeforeResponse, ResponseTimeout]
            also [HeadTruncated, HeadReset, HeadStalled, NotHttp, BadStatusLine, TlsAlert, SendReset], "reading the status line failed";
        "AH01106" = [HeadTruncated, HeadReset, HeadStalled, BadHeader, HeadTooLarge, HeaderTooLarge, TooManyHeaders] also [ResponseTimeout], "the head is malformed or cut";
        "AH01107" = [AmbiguousFraming] also [], "Transfer-Encoding and Content-Length in one response";
        "AH01110" = [BodyTruncated, BodyReset, BodyStalled, TlsTruncated, BadChunk] also [], "the network failed as the body was read";
        "AH02476" = [UnsupportedCoding] also [], "the transfer coding is not known";
    }
    reads {
        "AH01114" = [ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectDenied, LocalExhausted, NoHealthyUpstream], "no connection to the backend";
        "AH00940" = [NoHealthyUpstream, ConnectionRefused, ConnectionTimeout], "the worker is disabled, and none was tried";
        "AH00959" = [NoHealthyUpstream, ConnectionRefused, ConnectionTimeout, Unreachable], "the worker is disabled for some seconds";
        "AH00934" = [NoHealthyUpstream], "no worker of the balancer can be used";
        "AH01170" = [NoHealthyUpstream], "all workers of the balancer are in error state";
        "AH01097" = [ClientBodyFailed, SendReset], "passing the request's body failed";
        "AH01095" = [ClientBodyFailed, ClientAborted], "reading the client's body failed";
        "AH01115" = [ResponseTimeout, ClosedBeforeResponse, ResetBeforeResponse], "the 100-continue ping failed";
        "AH01104" = [ClosedBeforeResponse, ResetBeforeResponse], "a backend connection that was kept alive had ended";
        "AH02475" = [BadChunk, BodyTooLarge], "a chunk is too large";
        "AH10293" = [BadChunk], "a chunk is malformed";
        "AH10124" = [HeaderTooLarge, BadHeader], "a field line is too long";
        "AH10404" = [HeadTruncated, HeadReset, HeadStalled], "reading a field failed";
        "AH02003" = [TlsAlert, TlsProtocol, TlsNotTls, TlsClosed, TlsReset, CertExpired, CertUntrusted, CertNameMismatch, CertNotYetValid, CertInvalid], "the TLS handshake failed";
        "AH02039" = [CertExpired, CertNotYetValid, CertUntrusted, CertRevoked, CertInvalid], "a certificate of the chain does not verify";
        "AH02411" = [CertNameMismatch], "the backend's certificate does not hold the name";
    }
    other {
        "AH00163", "httpd was started";
        "AH00171", "httpd restarts in good order";
        "AH00094", "the command line";
    }
    silent [NoRoute, CircuitOpen, ConnectionLimit, AddressProhibited, LoopDetected, NotHttp, UnsolicitedResponse, BadStatusLine,
        UnexpectedUpgrade, UpgradeRefused, TooManyInterim, DeadlineExceeded, BadTrailer, TrailersTooLarge, BodyTooLarge, BadContentCoding,
        StreamRefused, StreamReset, Goaway, GoawayUnprocessed, EnhanceYourCalm, Http11Required, H2ProtocolError, H3RequestRejected,
        H3VersionFallback, H3ProtocolError, QuicIdleTimeout, ClientAborted, ClientBodyFailed, ClientTimeout, ProxyInternal, ProxyMisconfigured,
        Unclassified]
}
