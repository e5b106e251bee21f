//! HAProxy's termination state: who or what ended the session, and when.
//!
//! Source: HAProxy configuration manual, section 8.5 "Session state at disconnection"; the two letters that stand in
//! the HTTP log format before the cookie letters. Its own fetch `bc_err` tells more than the state does.

super::dialect! {
    speaks {
        "SC" = [ConnectionRefused, Unreachable, ConnectReset, ConnectDenied, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol,
            TlsNoAlpn, CertExpired, CertNotYetValid, CertUntrusted, CertNameMismatch, CertRevoked, CertInvalid, NoHealthyUpstream]
            also [DnsNotFound, DnsFailure, DnsTimeout, ResetBeforeResponse],
            "the server or an equipment between them refused the connection, or the TLS handshake failed, or no server was there";
        "sC" = [ConnectionTimeout, TlsTimeout] also [], "timeout connect struck before the connection was established";
        "sQ" = [ConnectionLimit] also [], "timeout queue struck while the session waited for a connection slot";
        "RC" = [LocalExhausted] also [], "the proxy ran out of ports or sockets for the connection";
        "SH" = [ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, SendReset, StreamRefused, StreamReset, Goaway,
            GoawayUnprocessed, EnhanceYourCalm, Http11Required]
            also [TlsAlert, TlsClosed, H2ProtocolError, BodyTruncated, BodyReset],
            "the server closed or broke the connection before its response head was whole";
        "PH" = [NotHttp, BadStatusLine, BadHeader, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, TooManyHeaders, UnexpectedUpgrade,
            UpgradeRefused, UnsupportedCoding, H2ProtocolError, H3ProtocolError]
            also [BadChunk, BadTrailer, UnsolicitedResponse, TooManyInterim, HeadTruncated],
            "the proxy blocked the response: invalid, incomplete, too large, or against a rule";
        "sH" = [ResponseTimeout, HeadStalled, SendTimeout, QuicIdleTimeout] also [TooManyInterim, HeadTooLarge, DeadlineExceeded],
            "timeout server struck before the response head was whole";
        "SD" = [BodyTruncated, BodyReset, TlsTruncated] also [StreamReset, Goaway, BadChunk],
            "the connection to the server died during the transfer of the body";
        "sD" = [BodyStalled, DeadlineExceeded] also [], "timeout server struck during the transfer of the body";
        "PD" = [BadChunk, BadTrailer, TrailersTooLarge] also [BadContentCoding, BodyTruncated],
            "the proxy blocked an incorrectly formatted message during the transfer of the body";
        "CH" = [ClientAborted] also [], "the client aborted while waiting for the server's response";
        "CR" = [ClientBodyFailed] also [ClientAborted], "the client aborted before it had sent a full request";
        "cR" = [ClientTimeout] also [], "timeout http-request struck before the client had sent a full request";
        "PR" = [AddressProhibited, NoRoute] also [ClientBodyFailed, LoopDetected], "the proxy blocked the request: a rule, or its syntax";
        "IC" = [ProxyInternal] also [], "the proxy met an internal error while it connected";
    }
    reads {
        "CC" = [ClientAborted], "the client aborted before the connection to the server was established";
        "CQ" = [ClientAborted], "the client aborted while its session was queued";
        "CD" = [ClientAborted], "the client aborted during the transfer";
        "CT" = [ClientAborted], "the client aborted while its session was tarpitted";
        "cH" = [ClientTimeout, ClientBodyFailed], "timeout client struck while the client was sending its body";
        "cD" = [ClientTimeout, ClientAborted], "timeout client struck: the client no longer took or sent data";
        "SQ" = [NoHealthyUpstream, ConnectionRefused], "the server was lost while the session was queued";
        "PC" = [LocalExhausted, ConnectionLimit], "the process's limit of sockets was reached as it connected";
        "RH" = [LocalExhausted], "a resource of the proxy ran out while it waited for the response";
        "RQ" = [LocalExhausted], "a resource of the proxy ran out while the session was queued";
        "RR" = [LocalExhausted], "a resource of the proxy ran out while it read the request";
        "RD" = [LocalExhausted], "a resource of the proxy ran out during the transfer";
        "IH" = [ProxyInternal], "the proxy met an internal error while it processed the response";
        "IR" = [ProxyInternal], "the proxy met an internal error while it processed the request";
        "IQ" = [ProxyInternal], "the proxy met an internal error while the session was queued";
        "ID" = [ProxyInternal], "the proxy met an internal error during the transfer";
        "DC" = [NoHealthyUpstream, ConnectionRefused], "the session was killed because the server was seen to go down as it connected";
        "DH" = [ClosedBeforeResponse, ResetBeforeResponse, NoHealthyUpstream], "the session was killed because the server was seen to go down before it answered";
        "DD" = [BodyTruncated, BodyReset, NoHealthyUpstream], "the session was killed because the server was seen to go down during the transfer";
    }
    other {
        "--", "normal: the session ended in good order";
        "PT", "the proxy held the request in its tarpit and then answered it, by a rule";
        "LR", "answered by the proxy itself: a redirect, a statistics page, an applet";
        "LC", "answered by the proxy itself: the server is redirected to";
        "LH", "answered by the proxy itself: a rule for responses, the cache";
        "UH", "killed because an active server came back, while on a backup server";
        "UD", "killed because an active server came back, during the transfer from a backup server";
        "KH", "killed by an administrator while waiting for the response";
        "KD", "killed by an administrator during the transfer";
    }
    silent [DnsNotFound, DnsFailure, DnsTimeout, CircuitOpen, LoopDetected, UnsolicitedResponse, TooManyInterim, BodyTooLarge,
        BadContentCoding, H3RequestRejected, H3VersionFallback, ProxyMisconfigured, Unclassified]
}
