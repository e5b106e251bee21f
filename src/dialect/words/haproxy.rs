//! HAProxy's termination state: who or what ended the session, and when.
//!
//! Source: HAProxy configuration manual, section 8.5 "Session state at disconnection"; the two letters that stand in
//! the HTTP log format before the cookie letters; `src/backend.c`, `src/http_ana.c` for what leads to which. Its own fetch
//! `bc_err` tells more than the state does. The log reader ([`logs`](crate::dialect::logs)) looks states up in here.

super::dialect! {
    speaks {
        "SC" = [ConnectionRefused, Unreachable, ConnectReset, NoHealthyUpstream, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsProtocol,
            TlsNoAlpn, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked, ConnectDenied, NoRoute]
            also [DnsNotFound, DnsFailure, DnsTimeout, LocalExhausted],
            "the server or an equipment between them refused the connection, or the TLS handshake failed, or no server was there";
        "sC" = [ConnectionTimeout, TlsTimeout] also [], "timeout connect struck before the connection was established; it covers the TLS handshake";
        "sQ" = [ConnectionLimit] also [], "timeout queue struck while the session waited for a connection slot";
        "RC" = [LocalExhausted] also [], "the proxy ran out of ports or sockets for the connection";
        "SH" = [ClosedBeforeResponse, ResetBeforeResponse, HeadTruncated, HeadReset, SendReset, StreamRefused, StreamReset, Goaway,
            GoawayUnprocessed, EnhanceYourCalm, Http11Required]
            also [TlsAlert, TlsProtocol, BodyReset, H2ProtocolError],
            "the server closed or broke the connection before its response head was whole";
        "PH" = [BadHeader, HeadTooLarge, HeaderTooLarge, TooManyHeaders, NotHttp, BadStatusLine, AmbiguousFraming, UnsupportedCoding,
            UnexpectedUpgrade, UpgradeRefused, H2ProtocolError, H3ProtocolError]
            also [BadChunk, BadTrailer, TrailersTooLarge, UnsolicitedResponse, TooManyInterim],
            "the proxy blocked the response: invalid, too large, or against a rule";
        "sH" = [ResponseTimeout, HeadStalled, SendTimeout, QuicIdleTimeout] also [TooManyInterim],
            "timeout server struck before the response head was whole; interim responses do not stop it";
        "SD" = [BodyTruncated, BodyReset, TlsTruncated] also [StreamReset, Goaway],
            "the connection to the server died during the transfer of the body";
        "sD" = [BodyStalled] also [], "timeout server struck during the transfer of the body";
        "PD" = [BadChunk, BadTrailer, TrailersTooLarge] also [BodyTooLarge, BodyTruncated],
            "the proxy blocked an incorrectly formatted message during the transfer of the body";
        "CH" = [ClientAborted, ClientBodyFailed] also [], "the client aborted while waiting for the server's response, or while sending its body";
        "cR" = [ClientTimeout] also [], "timeout http-request struck before the client had sent a full request";
        "IC" = [ProxyInternal] also [], "the proxy met an internal error while it connected";
    }
    reads {
        "CR" = [ClientAborted], "the client aborted before it had sent a full request";
        "CC" = [ClientAborted], "the client aborted before the connection to the server was established";
        "CQ" = [ClientAborted], "the client aborted while its session was queued";
        "CD" = [ClientAborted], "the client aborted during the transfer";
        "CL" = [ClientAborted], "the client aborted while the last data went to it";
        "cH" = [ClientTimeout], "timeout client struck while the client was sending its body";
        "cD" = [ClientTimeout, ClientAborted, BodyStalled], "timeout client struck: the client took nothing, or nothing came for it";
        "cL" = [ClientTimeout, ClientAborted], "timeout client struck while the last data went to the client";
        "SQ" = [ConnectionLimit, NoHealthyUpstream], "the server's queue was full, or the server was lost while the session was queued";
        "SL" = [BodyTruncated, BodyReset, TlsTruncated], "the connection to the server died while its last data was waited for";
        "sL" = [BodyStalled], "timeout server struck while the last data was waited for";
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
        "DH" = [NoHealthyUpstream, ClosedBeforeResponse, ResetBeforeResponse], "the session was killed because the server was seen to go down before it answered";
        "DD" = [NoHealthyUpstream, BodyTruncated, BodyReset], "the session was killed because the server was seen to go down during the transfer";
    }
    other {
        "--", "normal: the session ended in good order";
        "PR", "the proxy blocked the request: a rule, or its syntax";
        "PT", "the proxy held the request in its tarpit and then answered it, by a rule";
        "CT", "the client gave up in the tarpit, into which a rule had put it";
        "cT", "timeout client struck in the tarpit";
        "LR", "answered by the proxy itself: a redirect, a statistics page, an applet";
        "LC", "answered by the proxy itself: the server is redirected to";
        "LH", "answered by the proxy itself: a rule for responses, the cache";
        "LD", "answered by the proxy itself, and ended during the transfer";
        "LL", "answered by the proxy itself, and ended with the last data";
        "UC", "killed because an active server came back, as it connected to a backup server";
        "UH", "killed because an active server came back, while on a backup server";
        "UD", "killed because an active server came back, during the transfer from a backup server";
        "KC", "killed by an administrator as it connected";
        "KH", "killed by an administrator while waiting for the response";
        "KD", "killed by an administrator during the transfer";
    }
    silent [DnsNotFound, DnsFailure, DnsTimeout, AddressProhibited, CircuitOpen, LoopDetected, UnsolicitedResponse, TooManyInterim,
        DeadlineExceeded, BodyTooLarge, BadContentCoding, H3RequestRejected, H3VersionFallback, NotGrpc, BadGrpcStatus,
        BadRequest, ProxyMisconfigured, Unclassified]
}
