//! THE TABLE: everything that can go wrong upstream, one row a kind.
//!
//! A fact about a kind stands in its row. What nginx, Envoy, HAProxy and gRPC make of it stands in `decide/others.rs`, row
//! by row as well: a new kind does not compile without.
//!
//! Columns: variant, stable code · phase, category · RFC 9209 type · status, Cloudflare status · could the request have
//! been applied · where the repair is · who reports it · does it pass by itself · does it count against the next hop's
//! health, should the endpoint be dropped · what of the connection's bytes may tell it more exactly · phrase · source.

use crate::setting::stable_names;

use super::category::{Applied, Blame, Category, Prune, ReportedBy};
use super::error_type::ErrorType;
use super::phase::Phase;

/// One row of the table.
struct Row {
    code: &'static str,
    phase: Phase,
    category: Category,
    error_type: Option<ErrorType>,
    status: u16,
    cloudflare: u16,
    proof: Proof,
    blame: Blame,
    reported_by: ReportedBy,
    course: Course,
    health: Health,
    prune: Option<Prune>,
    told_by: ToldBy,
    phrase: &'static str,
    source: &'static str,
}

/// What is known of whether the request was applied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// It was not: whatever this befalls was not sent.
    No,
    /// It was not: the next hop has promised that, of a request that may have been sent.
    Promised,
    /// Nothing.
    Perhaps,
    /// It was: there was an answer.
    Yes,
}

/// What another try at the same next hop would meet.
enum Course {
    /// Perhaps something else.
    Transient,
    /// The same: somebody has to repair something.
    Permanent,
}

/// Whether passive health checks count it: only what was tried, and went wrong with the next hop itself. Never what a resolver,
/// a limit of the gateway's own or a client is to blame for: each could have every healthy next hop ejected.
enum Health {
    Counts,
    Exempt,
}

/// What of the bytes on the connection may tell a kind more exactly than a library's error does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToldBy {
    /// It is exact.
    Nothing,
    /// The response head, or what came in its place.
    Head,
    /// How much of a head there is.
    Size,
    /// How the connection ended, and behind what.
    End,
    /// What had come when the time for a head was over.
    Wait,
    /// What had come when the time for more of a body was over.
    Pause,
    /// The coding of the body.
    Body,
    /// Whatever there is.
    All,
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident = $code:literal:
        $phase:ident $category:ident, $error:expr, $status:literal / $cloudflare:literal,
        $applied:ident, $blame:ident, $by:ident,
        $course:ident, $health:ident $prune:ident, $told_by:ident, $phrase:literal, $source:literal;)+) => {
        /// What went wrong: a row of the table.
        ///
        /// Names ([`as_str`](Self::as_str)) are stable and never reused. The list grows, so a `match`
        /// outside this crate needs a `_` arm; match on [`category`](Self::category) to stay exhaustive.
        ///
        /// ```
        /// use badgateway::fault::{Applied, Category, FaultKind};
        /// let kind = FaultKind::ConnectionRefused;
        /// assert_eq!(kind.as_str(), "connection_refused");
        /// assert_eq!(kind.category(), Category::Refused);
        /// assert_eq!((kind.status(), kind.cloudflare()), (502, 521));
        /// assert_eq!(kind.applied(), Applied::No);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultKind { $($(#[$meta])* $variant,)+ }

        impl FaultKind {
            /// Every kind, in the order of the table: as an exchange goes on.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => &Row {
                        code: $code,
                        phase: Phase::$phase,
                        category: Category::$category,
                        error_type: $error,
                        status: $status,
                        cloudflare: $cloudflare,
                        proof: Proof::$applied,
                        blame: Blame::$blame,
                        reported_by: ReportedBy::$by,
                        course: Course::$course,
                        health: Health::$health,
                        prune: p!($prune),
                        told_by: ToldBy::$told_by,
                        phrase: $phrase,
                        source: $source,
                    },)+
                }
            }
        }

        stable_names!(FaultKind, $($variant = $code),+);
    };
}

/// Shorthand for the column of reasons to drop an endpoint.
macro_rules! p {
    (Keep) => {
        None
    };
    ($variant:ident) => {
        Some(Prune::$variant)
    };
}

/// Shorthand for the column of RFC 9209 types.
macro_rules! e {
    ($variant:ident) => {
        Some(ErrorType::$variant)
    };
}

kinds! {
    // ---- resolve ------------------------------------------------------------------------------
    /// The name does not exist, or has no address (NXDOMAIN, or an empty answer).
    DnsNotFound = "dns_not_found": Resolve Dns, e!(DnsError), 502 / 530, No, Configuration, Library,
        Transient, Exempt NameGone, Nothing,
        "the next hop's name does not exist", "RFC 9209 section 2.3.2; RFC 1035 section 4.1.1, RCODE 3";
    /// The name servers answered with a failure (SERVFAIL, REFUSED), or none could be asked.
    DnsFailure = "dns_failure": Resolve Dns, e!(DnsError), 502 / 530, No, Network, Library,
        Transient, Exempt Keep, Nothing,
        "the next hop's name could not be resolved", "RFC 9209 section 2.3.2; RFC 1035 section 4.1.1, RCODE 2 and 5";
    /// The name servers did not answer in time.
    DnsTimeout = "dns_timeout": Resolve Timeout, e!(DnsTimeout), 504 / 530, No, Network, Library,
        Transient, Exempt Keep, Nothing,
        "resolving the next hop's name took too long", "RFC 9209 section 2.3.1";

    // ---- select -------------------------------------------------------------------------------
    /// No route, cluster or virtual host matches the request.
    NoRoute = "no_route": Select Local, e!(DestinationNotFound), 500 / 500, No, Configuration, Caller,
        Permanent, Exempt Keep, Nothing,
        "no route leads to a next hop for this request", "RFC 9209 section 2.3.3";
    /// Every candidate is marked down.
    NoHealthyUpstream = "no_healthy_upstream": Select Unreachable, e!(DestinationUnavailable), 503 / 503, No, NextHop, Caller,
        Transient, Exempt Keep, Nothing,
        "no healthy next hop is available", "RFC 9209 section 2.3.4; nginx: no live upstreams; Envoy: UH";
    /// A circuit breaker or load shedder refused to try.
    CircuitOpen = "circuit_open": Select Limit, e!(DestinationUnavailable), 503 / 503, No, NextHop, Caller,
        Transient, Exempt Keep, Nothing,
        "the circuit to the next hop is open", "RFC 9209 section 2.3.4; Envoy: UO";
    /// The pool or the queue to the next hop is full.
    ConnectionLimit = "connection_limit": Select Limit, e!(ConnectionLimitReached), 503 / 503, No, Proxy, Caller,
        Transient, Exempt Keep, Nothing,
        "the limit of connections to the next hop is reached", "RFC 9209 section 2.3.12; HAProxy: sQ";
    /// Policy forbids that address (a guard against server-side request forgery).
    AddressProhibited = "address_prohibited": Select Local, e!(DestinationIpProhibited), 502 / 502, No, Configuration, Caller,
        Permanent, Exempt Prohibited, Nothing,
        "policy forbids the next hop's address", "RFC 9209 section 2.3.5";
    /// The request has been through this gateway before.
    LoopDetected = "loop_detected": Select Local, e!(ProxyLoopDetected), 502 / 502, No, Configuration, Caller,
        Permanent, Exempt Keep, Nothing,
        "the request is looping", "RFC 9209 section 2.3.32; RFC 9110 section 7.6.3";

    // ---- connect ------------------------------------------------------------------------------
    /// Nothing listens there, or a firewall rejects (`ECONNREFUSED`).
    ConnectionRefused = "connection_refused": Connect Refused, e!(ConnectionRefused), 502 / 521, No, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop refused the connection", "RFC 9209 section 2.3.7; Cloudflare 521";
    /// No answer to the connection attempt.
    ConnectionTimeout = "connection_timeout": Connect Timeout, e!(ConnectionTimeout), 504 / 522, No, Network, Library,
        Transient, Counts Keep, Nothing,
        "connecting to the next hop took too long", "RFC 9209 section 2.3.9; Cloudflare 522";
    /// No route to the network or host (`ENETUNREACH`, `EHOSTUNREACH`).
    Unreachable = "unreachable": Connect Unreachable, e!(DestinationIpUnroutable), 502 / 523, No, Network, Library,
        Transient, Counts Keep, Nothing,
        "there is no route to the next hop", "RFC 9209 section 2.3.6; Cloudflare 523";
    /// The connection was torn down while it was being opened.
    ConnectReset = "connect_reset": Connect Reset, e!(ConnectionTerminated), 502 / 521, No, Network, Library,
        Transient, Counts Keep, Nothing,
        "the connection was reset while it was being opened", "RFC 9209 section 2.3.8";
    /// The local system forbids it: a firewall rule, a `prohibit` or `blackhole` route, a sandbox.
    ConnectDenied = "connect_denied": Connect Local, e!(DestinationIpProhibited), 502 / 523, No, Configuration, Library,
        Permanent, Exempt Keep, Nothing,
        "the local system forbids connecting to the next hop", "RFC 9209 section 2.3.5; Linux ip-route(8): prohibit, blackhole";
    /// Descriptors, ports, memory or threads of the gateway are used up. 503 and not the registry's
    /// 500, because it passes by itself (RFC 9110 section 15.6.4).
    LocalExhausted = "local_exhausted": Connect Local, e!(ProxyInternalError), 503 / 503, No, Proxy, Library,
        Transient, Exempt Keep, Nothing,
        "the gateway ran out of descriptors, ports or memory", "RFC 9209 section 2.3.30; RFC 9110 section 15.6.4; HAProxy: RC";

    // ---- tls ----------------------------------------------------------------------------------
    /// The handshake did not finish in time.
    TlsTimeout = "tls_timeout": Tls Timeout, e!(ConnectionReadTimeout), 504 / 525, No, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the TLS handshake took too long", "RFC 9209 section 2.3.10";
    /// The peer closed the connection in the handshake.
    TlsClosed = "tls_closed": Tls Tls, e!(TlsProtocolError), 502 / 525, No, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop closed the connection in the TLS handshake", "RFC 9209 section 2.3.13; Cloudflare 525";
    /// The peer reset the connection in the handshake.
    TlsReset = "tls_reset": Tls Tls, e!(TlsProtocolError), 502 / 525, No, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the connection was reset in the TLS handshake", "RFC 9209 section 2.3.13; Cloudflare 525";
    /// The peer sent a fatal alert.
    TlsAlert = "tls_alert": Tls Tls, e!(TlsAlertReceived), 502 / 525, No, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop sent a TLS alert", "RFC 9209 section 2.3.15; RFC 8446 section 6";
    /// Something that is not TLS answered: most often a plain HTTP port.
    TlsNotTls = "tls_not_tls": Tls Tls, e!(TlsProtocolError), 502 / 525, No, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop does not speak TLS on this port", "RFC 9209 section 2.3.13; Cloudflare 525";
    /// The peer broke the rules of TLS, or shares no version, cipher or group with us.
    TlsProtocol = "tls_protocol": Tls Tls, e!(TlsProtocolError), 502 / 525, No, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "TLS with the next hop failed", "RFC 9209 section 2.3.13; Cloudflare 525";
    /// No application protocol in common.
    TlsNoAlpn = "tls_no_alpn": Tls Tls, e!(TlsProtocolError), 502 / 525, No, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop shares no application protocol with the gateway", "RFC 9209 section 2.3.13; RFC 7301 section 3.2";
    /// The certificate is past its time.
    CertExpired = "cert_expired": Tls Tls, e!(TlsCertificateError), 502 / 526, No, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop's certificate has expired", "RFC 9209 section 2.3.14; Cloudflare 526";
    /// The certificate's time has not come, or the gateway's clock is behind.
    CertNotYetValid = "cert_not_yet_valid": Tls Tls, e!(TlsCertificateError), 502 / 526, No, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop's certificate is not valid yet", "RFC 9209 section 2.3.14; Cloudflare 526";
    /// No trusted root has signed for it: self-signed, an unknown or incomplete chain.
    CertUntrusted = "cert_untrusted": Tls Tls, e!(TlsCertificateError), 502 / 526, No, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop's certificate is not signed by a trusted authority", "RFC 9209 section 2.3.14; Cloudflare 526";
    /// The certificate is for another name.
    CertNameMismatch = "cert_name_mismatch": Tls Tls, e!(TlsCertificateError), 502 / 526, No, Configuration, Library,
        Permanent, Counts Stranger, Nothing,
        "the next hop's certificate is for another name", "RFC 9209 section 2.3.14; RFC 9110 section 4.3.4";
    /// The certificate has been revoked.
    CertRevoked = "cert_revoked": Tls Tls, e!(TlsCertificateError), 502 / 526, No, NextHop, Caller,
        Permanent, Counts Revoked, Nothing,
        "the next hop's certificate has been revoked", "RFC 9209 section 2.3.14; RFC 5280 section 6.3";
    /// The certificate is unfit otherwise: purpose, signature, encoding.
    CertInvalid = "cert_invalid": Tls Tls, e!(TlsCertificateError), 502 / 526, No, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop's certificate is invalid", "RFC 9209 section 2.3.14; Cloudflare 526";

    // ---- send ---------------------------------------------------------------------------------
    /// The next hop does not take the request.
    SendTimeout = "send_timeout": Send Timeout, e!(ConnectionWriteTimeout), 504 / 524, Perhaps, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop did not take the request in time", "RFC 9209 section 2.3.11; Cloudflare 524";
    /// The connection broke while the request was being written.
    SendReset = "send_reset": Send Reset, e!(ConnectionTerminated), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, End,
        "the connection broke while the request was being sent", "RFC 9209 section 2.3.8";

    // ---- head ---------------------------------------------------------------------------------
    /// Closed in good order without a byte of response.
    ClosedBeforeResponse = "closed_before_response": Head PrematureEof, e!(ConnectionTerminated), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop closed the connection without a response", "RFC 9209 section 2.3.8; RFC 9112 section 9.3.1";
    /// Reset without a byte of response.
    ResetBeforeResponse = "reset_before_response": Head Reset, e!(ConnectionTerminated), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop reset the connection without a response", "RFC 9209 section 2.3.8";
    /// Closed in the middle of the head.
    HeadTruncated = "head_truncated": Head PrematureEof, e!(HttpResponseIncomplete), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop closed the connection in the middle of the response head", "RFC 9209 section 2.3.18; RFC 9112 section 8";
    /// Reset in the middle of the head.
    HeadReset = "head_reset": Head Reset, e!(HttpResponseIncomplete), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop reset the connection in the middle of the response head", "RFC 9209 section 2.3.18; RFC 9112 section 8";
    /// Not a byte of response within the time for it.
    ResponseTimeout = "response_timeout": Head Timeout, e!(HttpResponseTimeout), 504 / 524, Perhaps, NextHop, Library,
        Transient, Counts Keep, Wait,
        "the next hop did not respond in time", "RFC 9209 section 2.3.26; Cloudflare 524";
    /// The head began and was not whole within the time for it.
    HeadStalled = "head_stalled": Head Timeout, e!(HttpResponseTimeout), 504 / 524, Perhaps, NextHop, Library,
        Transient, Counts Keep, Wait,
        "the next hop began a response and did not finish its head in time", "RFC 9209 section 2.3.26; Cloudflare 524";
    /// Something other than an HTTP/1 response answered. The class says which protocol it was.
    NotHttp = "not_http": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, Configuration, Library,
        Permanent, Counts Keep, Head,
        "the next hop does not answer in HTTP", "RFC 9209 section 2.3.28; RFC 9110 section 15.6.3";
    /// Bytes came before anything was asked on the connection: a response too early, or the leftovers of
    /// an exchange before.
    UnsolicitedResponse = "unsolicited_response": Head Protocol, e!(HttpProtocolError), 502 / 520, No, NextHop, Library,
        Transient, Counts Keep, Head,
        "the next hop spoke before it was asked", "RFC 9209 section 2.3.28; RFC 9112 section 9.2";
    /// The status line is malformed.
    BadStatusLine = "bad_status_line": Head Malformed, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Head,
        "the response's status line is malformed", "RFC 9209 section 2.3.28; RFC 9112 section 4";
    /// A header field is malformed.
    BadHeader = "bad_header": Head Malformed, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Head,
        "a header field of the response is malformed", "RFC 9209 section 2.3.28; RFC 9112 section 5";
    /// Where the body ends cannot be told for certain.
    AmbiguousFraming = "ambiguous_framing": Head Malformed, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Head,
        "the response does not say for certain where its body ends", "RFC 9209 section 2.3.28; RFC 9112 section 6.3";
    /// The header section passes the gateway's limit.
    HeadTooLarge = "head_too_large": Head TooLarge, e!(HttpResponseHeaderSectionSize), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Exempt Keep, Size,
        "the response's header section is too large", "RFC 9209 section 2.3.19; Cloudflare 520";
    /// One header field passes the gateway's limit.
    HeaderTooLarge = "header_too_large": Head TooLarge, e!(HttpResponseHeaderSize), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Exempt Keep, Nothing,
        "a header field of the response is too large", "RFC 9209 section 2.3.20";
    /// More header fields than the gateway takes.
    TooManyHeaders = "too_many_headers": Head TooLarge, e!(HttpResponseHeaderSectionSize), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Exempt Keep, Nothing,
        "the response has too many header fields", "RFC 9209 section 2.3.19";
    /// 101 although the request offered no upgrade.
    UnexpectedUpgrade = "unexpected_upgrade": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop switched protocols without being asked", "RFC 9209 section 2.3.28; RFC 9110 section 7.8";
    /// The next hop did not take an upgrade that the exchange cannot do without.
    UpgradeRefused = "upgrade_refused": Head Protocol, e!(HttpUpgradeFailed), 502 / 502, Perhaps, NextHop, Caller,
        Permanent, Exempt Keep, Nothing,
        "the next hop refused to upgrade the protocol", "RFC 9209 section 2.3.27";
    /// More interim (1xx) responses than the gateway takes.
    TooManyInterim = "too_many_interim": Head Limit, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Exempt Keep, Nothing,
        "the next hop sent too many interim responses", "RFC 9209 section 2.3.28; RFC 9110 section 15.2";
    /// The response uses a transfer coding that the gateway cannot remove.
    UnsupportedCoding = "unsupported_coding": Head Malformed, e!(HttpResponseTransferCoding), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Head,
        "the response uses a transfer coding that the gateway does not know", "RFC 9209 section 2.3.24; RFC 9112 section 6.1";

    // ---- body ---------------------------------------------------------------------------------
    /// The body ended in good order before it was whole.
    BodyTruncated = "body_truncated": Body PrematureEof, e!(HttpResponseIncomplete), 502 / 520, Yes, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop closed the connection before the body was complete", "RFC 9209 section 2.3.18; RFC 9112 section 8";
    /// The connection was reset before the body was whole.
    BodyReset = "body_reset": Body Reset, e!(HttpResponseIncomplete), 502 / 520, Yes, NextHop, Library,
        Transient, Counts Keep, End,
        "the next hop reset the connection before the body was complete", "RFC 9209 section 2.3.18; RFC 9112 section 8";
    /// No more of the body within the idle time.
    BodyStalled = "body_stalled": Body Timeout, e!(ConnectionReadTimeout), 504 / 524, Yes, NextHop, Library,
        Transient, Counts Keep, Pause,
        "the next hop stopped sending the body", "RFC 9209 section 2.3.10";
    /// The whole exchange took longer than it may.
    DeadlineExceeded = "deadline_exceeded": Body Timeout, e!(HttpResponseTimeout), 504 / 524, Perhaps, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the response was not complete in time", "RFC 9209 section 2.3.26; Envoy: UMSDR";
    /// The chunked coding is malformed.
    BadChunk = "bad_chunk": Body Malformed, e!(HttpResponseTransferCoding), 502 / 520, Yes, NextHop, Library,
        Permanent, Counts Keep, Body,
        "the response's chunked coding is malformed", "RFC 9209 section 2.3.24; RFC 9112 section 7.1";
    /// A trailer field is malformed.
    BadTrailer = "bad_trailer": Trailers Malformed, e!(HttpProtocolError), 502 / 520, Yes, NextHop, Library,
        Permanent, Counts Keep, Body,
        "a trailer field of the response is malformed", "RFC 9209 section 2.3.28; RFC 9112 section 7.1.2";
    /// The trailer section passes the gateway's limit.
    TrailersTooLarge = "trailers_too_large": Trailers TooLarge, e!(HttpResponseTrailerSectionSize), 502 / 520, Yes, NextHop, Library,
        Permanent, Exempt Keep, Body,
        "the response's trailer section is too large", "RFC 9209 section 2.3.22";
    /// The body passes the gateway's limit.
    BodyTooLarge = "body_too_large": Body TooLarge, e!(HttpResponseBodySize), 502 / 520, Yes, Configuration, Caller,
        Permanent, Exempt Keep, Nothing,
        "the response's body is too large", "RFC 9209 section 2.3.21";
    /// The body does not decode by its `Content-Encoding`.
    BadContentCoding = "bad_content_coding": Body Malformed, e!(HttpResponseContentCoding), 502 / 520, Yes, NextHop, Caller,
        Permanent, Counts Keep, Nothing,
        "the response's content coding could not be decoded", "RFC 9209 section 2.3.25";
    /// A body that only the end of the connection delimits ended without the peer's `close_notify`.
    TlsTruncated = "tls_truncated": Body PrematureEof, e!(HttpResponseIncomplete), 502 / 520, Yes, NextHop, Library,
        Transient, Counts Keep, End,
        "the TLS connection ended without close_notify, so the body may be cut", "RFC 9209 section 2.3.18; RFC 9112 section 9.8";

    // ---- multiplexed: HTTP/2 and HTTP/3 ----------------------------------------------------------
    /// `RST_STREAM(REFUSED_STREAM)`: provably not processed.
    StreamRefused = "stream_refused": Head Limit, e!(DestinationUnavailable), 503 / 520, Promised, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop refused the stream", "RFC 9113 section 8.7";
    /// `RST_STREAM` with another code.
    StreamReset = "stream_reset": Head Reset, e!(ConnectionTerminated), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop reset the stream", "RFC 9113 section 6.4";
    /// `GOAWAY` that may have left our stream processed; or, of HTTP/3, the connection was closed with a code that says no more.
    Goaway = "goaway": Head PrematureEof, e!(ConnectionTerminated), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop is closing the connection", "RFC 9113 section 6.8; RFC 9114 section 5";
    /// `GOAWAY` with a last stream below ours: provably not processed.
    GoawayUnprocessed = "goaway_unprocessed": Head Limit, e!(DestinationUnavailable), 503 / 520, Promised, NextHop, Library,
        Transient, Exempt Keep, Nothing,
        "the next hop is closing the connection and did not take the request", "RFC 9113 section 8.7";
    /// The next hop finds the gateway's behaviour excessive.
    EnhanceYourCalm = "enhance_your_calm": Head Limit, e!(DestinationUnavailable), 503 / 520, Perhaps, Proxy, Library,
        Transient, Counts Keep, Nothing,
        "the next hop asks the gateway to slow down", "RFC 9113 section 7, ENHANCE_YOUR_CALM; RFC 9114 section 8.1, H3_EXCESSIVE_LOAD";
    /// The next hop insists on HTTP/1.1.
    Http11Required = "http11_required": Head Protocol, e!(HttpUpgradeFailed), 502 / 520, Perhaps, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop insists on HTTP/1.1", "RFC 9113 section 7, HTTP_1_1_REQUIRED";
    /// Somebody broke the rules of HTTP/2: the next hop, or in its opinion the gateway.
    H2ProtocolError = "h2_protocol_error": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the rules of HTTP/2 were broken on the way to the next hop", "RFC 9113 section 8.1.1";
    /// `H3_REQUEST_REJECTED`: provably not processed.
    H3RequestRejected = "h3_request_rejected": Head Limit, e!(DestinationUnavailable), 503 / 520, Promised, NextHop, Library,
        Transient, Exempt Keep, Nothing,
        "the next hop rejected the request", "RFC 9114 section 4.1.1";
    /// `H3_VERSION_FALLBACK`: the next hop insists on an older HTTP. Or it has no version of QUIC in common with the gateway.
    H3VersionFallback = "h3_version_fallback": Head Protocol, e!(HttpUpgradeFailed), 502 / 520, Perhaps, Configuration, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop cannot serve this request over HTTP/3", "RFC 9114 section 8.1; RFC 9000 section 6.2";
    /// Somebody broke the rules of HTTP/3 or QUIC: the next hop, or in its opinion the gateway.
    H3ProtocolError = "h3_protocol_error": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the rules of HTTP/3 were broken on the way to the next hop", "RFC 9114 section 8.1; RFC 9000 section 11";
    /// The QUIC connection went silent.
    QuicIdleTimeout = "quic_idle_timeout": Head Timeout, e!(ConnectionReadTimeout), 504 / 524, Perhaps, Network, Library,
        Transient, Counts Keep, Nothing,
        "the QUIC connection to the next hop went silent", "RFC 9000 section 10.1";

    // ---- gRPC ---------------------------------------------------------------------------------
    /// The answer to a gRPC call is none of gRPC: another server's page, most often. [`Code::Status`](super::Code::Status)
    /// is its HTTP status, which says what the client is told.
    NotGrpc = "not_grpc": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Transient, Counts Keep, Nothing,
        "the next hop's answer to a gRPC call is not gRPC", "RFC 9209 section 2.3.28; gRPC: PROTOCOL-HTTP2.md, Responses";
    /// The answer to a gRPC call ended in good order, and does not say in one `grpc-status` how the call ended.
    BadGrpcStatus = "bad_grpc_status": Trailers Malformed, e!(HttpProtocolError), 502 / 520, Perhaps, NextHop, Library,
        Permanent, Counts Keep, Nothing,
        "the next hop's answer to a gRPC call has no valid grpc-status", "RFC 9209 section 2.3.28; gRPC: PROTOCOL-HTTP2.md, Responses";

    // ---- client and proxy ---------------------------------------------------------------------
    /// The client has gone. Nobody is there to answer: 499 is for the log, as nginx has it.
    ClientAborted = "client_aborted": Head Client, None, 499 / 499, Perhaps, Client, Caller,
        Transient, Exempt Keep, Nothing,
        "the client closed the connection", "nginx 499; HAProxy: CH; Envoy: DC";
    /// The client's request breaks a rule of HTTP, so that it must not be forwarded: see
    /// [`audit_request`](crate::audit::audit_request). Where the rule asks for another status than 400,
    /// [`Code::Status`](super::Code::Status) has it.
    BadRequest = "bad_request": Select Client, e!(HttpRequestError), 400 / 400, No, Client, Library,
        Permanent, Exempt Keep, Nothing,
        "the client's request is malformed", "RFC 9209 section 2.3.16; RFC 9112 sections 3.2 and 6.3";
    /// The client's request body failed or ended early.
    ClientBodyFailed = "client_body_failed": Send Client, e!(HttpRequestError), 400 / 400, Perhaps, Client, Library,
        Transient, Exempt Keep, Nothing,
        "the client's request body failed", "RFC 9209 section 2.3.16; RFC 9112 section 8";
    /// The client did not send its request in time.
    ClientTimeout = "client_timeout": Send Client, e!(HttpRequestError), 408 / 408, Perhaps, Client, Caller,
        Transient, Exempt Keep, Nothing,
        "the client did not send its request in time", "RFC 9209 section 2.3.16; RFC 9110 section 15.5.9";
    /// A defect of the gateway.
    ProxyInternal = "proxy_internal": Select Local, e!(ProxyInternalError), 500 / 500, Perhaps, Proxy, Library,
        Permanent, Exempt Keep, Nothing,
        "the gateway itself failed", "RFC 9209 section 2.3.30";
    /// The gateway's settings cannot work.
    ProxyMisconfigured = "proxy_misconfigured": Select Local, e!(ProxyConfigurationError), 500 / 500, No, Configuration, Caller,
        Permanent, Exempt Keep, Nothing,
        "the gateway is misconfigured", "RFC 9209 section 2.3.31";
    /// The exchange failed and nothing at hand says why, so that nobody is to blame: it may have been a defect of the gateway's
    /// own. Where the phase is known, it is the kind of that phase instead. RFC 9209 names `http_protocol_error` as
    /// the type for what nothing more specific fits.
    Unclassified = "unclassified": Head Protocol, e!(HttpProtocolError), 502 / 520, Perhaps, Unknown, Library,
        Transient, Exempt Keep, All,
        "the exchange with the next hop failed", "RFC 9209 section 2.3.28";
}

impl FaultKind {
    /// The stable name, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().code
    }

    /// The phase in which this kind belongs, unless the fault says otherwise.
    #[must_use]
    pub const fn phase(self) -> Phase {
        self.row().phase
    }

    /// The kind of trouble in the words people use.
    #[must_use]
    pub const fn category(self) -> Category {
        self.row().category
    }

    /// The RFC 9209 error type. `None` only for [`ClientAborted`](Self::ClientAborted), which
    /// has no token because nobody is there to read it.
    #[must_use]
    pub const fn error_type(self) -> Option<ErrorType> {
        self.row().error_type
    }

    /// The status code of the RFC 9209 profile.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// The status code of the Cloudflare profile; where Cloudflare documents none, the RFC's.
    #[must_use]
    pub const fn cloudflare(self) -> u16 {
        self.row().cloudflare
    }

    /// Whether the next hop could have acted on the request, as far as the kind alone tells.
    #[must_use]
    pub const fn applied(self) -> Applied {
        match self.row().proof {
            Proof::No | Proof::Promised => Applied::No,
            Proof::Perhaps => Applied::Perhaps,
            Proof::Yes => Applied::Yes,
        }
    }

    /// Whether the next hop says by this that it did not act on a request that it may have had.
    pub(crate) const fn is_promise(self) -> bool {
        matches!(self.row().proof, Proof::Promised)
    }

    /// Where the repair has to happen, most of the time.
    #[must_use]
    pub const fn blame(self) -> Blame {
        self.row().blame
    }

    /// Who can find this kind out.
    #[must_use]
    pub const fn reported_by(self) -> ReportedBy {
        self.row().reported_by
    }

    /// Whether it may pass by itself. What does not, the same next hop would repeat: it needs a repair, and neither a second
    /// try nor a `Retry-After`.
    ///
    /// Of an [answer that is not gRPC](Self::NotGrpc) the kind alone does not tell: it may be the page of a 503.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self.row().course, Course::Transient)
    }

    /// Whether it counts against the next hop's health, as far as the kind alone tells. A gateway asks
    /// [`decide::health::counts`](crate::decide::health::counts), which knows the exchange as well.
    #[must_use]
    pub const fn counts_against_health(self) -> bool {
        matches!(self.row().health, Health::Counts)
    }

    /// Why the endpoint should be dropped until its name is resolved again, if it should. A gateway asks
    /// [`decide::health::prunes`](crate::decide::health::prunes), which says more, and knows the exchange as well.
    #[must_use]
    pub const fn prune(self) -> Option<Prune> {
        self.row().prune
    }

    pub(crate) const fn told_by(self) -> ToldBy {
        self.row().told_by
    }

    /// One clause for an operator: lower case, no full stop, nothing from the peer.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        self.row().phrase
    }

    /// The rule behind the row: RFC and section, or the proxy that behaves so.
    #[must_use]
    pub const fn source(self) -> &'static str {
        self.row().source
    }
}
