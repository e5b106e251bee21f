//! A line of Envoy's access log in its default format, or in Istio's, which has the details besides:
//! `[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 503 UF 0 98 1 - "-" "curl" "id" "host" "10.0.0.1:80"`.
//!
//! Its one rule: the flag says how Envoy's stream ended, the details say why, the transport's reason says what
//! the connection did; what says more wins.
//!
//! Sources: Envoy's `source/common/stream_info/utility.cc` and `docs/.../access_log/usage.rst`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    self, AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BadTrailer, BodyReset, BodyStalled, BodyTruncated,
    CertExpired, CertInvalid, CertNameMismatch, CertNotYetValid, CertRevoked, CertUntrusted, CircuitOpen,
    ClientAborted, ClientBodyFailed, ClientTimeout, ClosedBeforeResponse, ConnectDenied, ConnectReset, ConnectionLimit,
    ConnectionRefused, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, DnsTimeout, EnhanceYourCalm,
    Goaway, GoawayUnprocessed, H2ProtocolError, HeadReset, HeadStalled, HeadTooLarge, HeadTruncated, HeaderTooLarge,
    Http11Required, LocalExhausted, NoHealthyUpstream, NoRoute, NotHttp, ProxyMisconfigured, ResetBeforeResponse,
    ResponseTimeout, SendReset, SendTimeout, StreamRefused, StreamReset, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls,
    TlsProtocol, TlsReset, TlsTimeout, TooManyHeaders, TooManyInterim, TrailersTooLarge, Unclassified,
    UnexpectedUpgrade, Unreachable, UnsolicitedResponse, UnsupportedCoding, UpgradeRefused,
};
use crate::fault::{Code, Fault};

use super::cause::{self, Cause};
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Said};
use super::stamp::Stamp;
use super::tls;

const fn one(kind: FaultKind) -> Option<Reading> {
    Some(Reading::exact(kind))
}

const fn any(kind: FaultKind, others: &'static [FaultKind]) -> Option<Reading> {
    Some(Reading::coarse(kind, others))
}

const NO_CONNECTION: Option<Reading> = any(
    ConnectionRefused,
    &[
        ConnectionTimeout,
        Unreachable,
        ConnectReset,
        TlsClosed,
        TlsReset,
        TlsAlert,
        TlsNotTls,
        TlsProtocol,
        TlsNoAlpn,
        TlsTimeout,
        CertUntrusted,
        CertExpired,
        CertNameMismatch,
        CertInvalid,
        CertNotYetValid,
        CertRevoked,
        ConnectDenied,
        LocalExhausted,
    ],
);
/// The connection ended, in good order or not.
const ENDED_BEFORE: Option<Reading> =
    any(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset, SendReset]);
/// An interim response counts as a response that has started.
const ENDED_AFTER: Option<Reading> = any(BodyTruncated, &[BodyReset, HeadTruncated, HeadReset]);
const ENDED: Option<Reading> =
    any(ClosedBeforeResponse, &[ResetBeforeResponse, BodyTruncated, BodyReset, HeadTruncated, HeadReset, SendReset]);
/// Whatever its codec refuses. A head that is cut short by the end of the connection is among it.
const BROKEN_HEAD: Option<Reading> = any(
    BadHeader,
    &[
        NotHttp,
        BadStatusLine,
        HeadTruncated,
        HeadReset,
        AmbiguousFraming,
        UnsupportedCoding,
        HeadTooLarge,
        HeaderTooLarge,
        TooManyHeaders,
        TooManyInterim,
        UnexpectedUpgrade,
        UnsolicitedResponse,
        H2ProtocolError,
    ],
);
/// In a body, the end of the connection is an error of the codec like any other.
const BROKEN_BODY: Option<Reading> =
    any(BodyTruncated, &[BodyReset, BadChunk, BadTrailer, TrailersTooLarge, H2ProtocolError]);
const BROKEN: Option<Reading> = any(
    BadHeader,
    &[
        NotHttp,
        BadStatusLine,
        BodyTruncated,
        BodyReset,
        BadChunk,
        HeadTruncated,
        HeadReset,
        AmbiguousFraming,
        UnsupportedCoding,
        HeadTooLarge,
        HeaderTooLarge,
        TooManyHeaders,
        TooManyInterim,
        UnexpectedUpgrade,
        UnsolicitedResponse,
        BadTrailer,
        TrailersTooLarge,
        H2ProtocolError,
    ],
);
/// The route's timer runs over the whole response.
const LATE: Option<Reading> =
    any(ResponseTimeout, &[HeadStalled, DeadlineExceeded, BodyStalled, SendTimeout, TooManyInterim]);
const STREAM_RESET: Option<Reading> =
    any(StreamReset, &[EnhanceYourCalm, Http11Required, Goaway, StreamRefused, GoawayUnprocessed]);

/// Short name, long name, and what it may mean; `None`: no failure of an upstream.
#[rustfmt::skip]
const FLAGS: &[(&[u8], &[u8], Option<Reading>)] = &[
    (b"LH", b"FailedLocalHealthCheck", one(NoHealthyUpstream)),
    // A cluster whose names do not resolve has no hosts, healthy or not.
    (b"UH", b"NoHealthyUpstream", any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout])),
    (b"UT", b"UpstreamRequestTimeout", LATE),
    (b"LR", b"LocalReset", any(Unclassified, &[DeadlineExceeded, ResponseTimeout, ConnectionTimeout])),
    (b"UR", b"UpstreamRemoteReset", STREAM_RESET),
    (b"UF", b"UpstreamConnectionFailure", NO_CONNECTION),
    (b"UC", b"UpstreamConnectionTermination", ENDED),
    (b"UO", b"UpstreamOverflow", any(CircuitOpen, &[ConnectionLimit])),
    (b"NR", b"NoRouteFound", one(NoRoute)),
    (b"NC", b"NoClusterFound", any(ProxyMisconfigured, &[NoRoute])),
    (b"DF", b"DnsResolutionFailed", any(DnsFailure, &[DnsNotFound, DnsTimeout])),
    (b"UPE", b"UpstreamProtocolError", BROKEN),
    (b"UMSDR", b"UpstreamMaxStreamDurationReached", one(DeadlineExceeded)),
    (b"SI", b"StreamIdleTimeout", any(BodyStalled, &[ResponseTimeout, HeadStalled, ClientTimeout])),
    (b"DT", b"DurationTimeout", one(DeadlineExceeded)),
    (b"DC", b"DownstreamConnectionTermination", one(ClientAborted)),
    (b"DR", b"DownstreamRemoteReset", one(ClientAborted)),
    (b"DPE", b"DownstreamProtocolError", one(ClientBodyFailed)),
    (b"NFCF", b"NoFilterConfigFound", one(ProxyMisconfigured)),
    (b"OM", b"OverloadManagerTerminated", any(CircuitOpen, &[LocalExhausted])),
    (b"DO", b"DropOverload", one(CircuitOpen)),
    (b"UDO", b"UnconditionalDropOverload", one(CircuitOpen)),
    // Said besides another one, which says why the last try failed.
    (b"URX", b"UpstreamRetryLimitExceeded", one(Unclassified)),
    // Limits, filters and injected faults.
    (b"RL", b"RateLimited", None),
    (b"RLSE", b"RateLimitServiceError", None),
    (b"UAEX", b"UnauthorizedExternalService", None),
    (b"IH", b"InvalidEnvoyRequestHeaders", None),
    (b"DI", b"DelayInjected", None),
    (b"FI", b"FaultInjected", None),
    (b"RFCF", b"ResponseFromCacheFilter", None),
];

/// Beginnings of `%RESPONSE_CODE_DETAILS%`.
#[rustfmt::skip]
const DETAILS: &[(&[u8], Option<Reading>)] = &[
    (b"upstream_reset_before_response_started{connection_termination", ENDED_BEFORE),
    (b"upstream_reset_after_response_started{connection_termination", ENDED_AFTER),
    (b"upstream_reset_before_response_started{protocol_error", BROKEN_HEAD),
    (b"upstream_reset_after_response_started{protocol_error", BROKEN_BODY),
    (b"upstream_reset_before_response_started{connection_timeout", any(ConnectionTimeout, &[TlsTimeout])),
    (b"upstream_reset_before_response_started{overflow", any(CircuitOpen, &[ConnectionLimit])),
    (b"upstream_reset_before_response_started{remote_refused_stream_reset", any(StreamRefused, &[GoawayUnprocessed])),
    (b"upstream_reset_before_response_started{remote_reset", STREAM_RESET),
    (b"upstream_reset_after_response_started{remote_reset", STREAM_RESET),
    (b"upstream_reset_before_response_started{remote_connection_failure", NO_CONNECTION),
    (b"upstream_reset_before_response_started{local_connection_failure", NO_CONNECTION),
    (b"upstream_reset_before_response_started{connection_failure", NO_CONNECTION),
    (b"upstream_max_stream_duration_reached", one(DeadlineExceeded)),
    (b"no_healthy_upstream", any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout])),
    (b"cluster_not_found", any(ProxyMisconfigured, &[NoRoute])),
    (b"route_not_found", one(NoRoute)),
    (b"dns_resolution_failure", any(DnsFailure, &[DnsNotFound, DnsTimeout])),
    (b"upgrade_failed", one(UpgradeRefused)),
    (b"websocket_handshake_unsuccessful", one(UpgradeRefused)),
];

/// What flags (`%RESPONSE_FLAGS%` or the long ones, with commas between them), details and transport's reason
/// mean together, for a response with that status. Details and reason may be empty, or `-`.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::logs::envoy;
///
/// let (fault, reading) = envoy::words(b"UF,URX", b"-", b"delayed_connect_error:_Connection_refused", 503).unwrap();
/// assert_eq!((fault.kind(), reading.is_exact()), (FaultKind::ConnectionRefused, true));
/// let (_, reading) = envoy::words(b"UPE", b"-", b"-", 502).unwrap();
/// assert!(reading.may_be(FaultKind::NotHttp) && !reading.may_be(FaultKind::ConnectionRefused));
/// assert_eq!(envoy::words(b"-", b"via_upstream", b"-", 502), None);
/// ```
#[must_use]
pub fn words(flags: &[u8], details: &[u8], reason: &[u8], status: u16) -> Option<(Fault, Reading)> {
    let by_flag = flag(flags)?;
    // The reason stands in the details as well, behind a bar.
    let behind_bar = cut::piece(details, b'|').map(|(_, reason)| reason);
    if let Some((reading, code)) = cut::something(reason).or(behind_bar).and_then(transport) {
        return Some((cause::fault(reading, None, code), reading));
    }
    let by_details = DETAILS.iter().find(|(words, _)| details.starts_with(words)).and_then(|(_, reading)| *reading);
    let reading = by_details.unwrap_or_else(|| by_status(by_flag, status));
    Some((cause::fault(reading, None, None), reading))
}

/// The first flag that says why.
fn flag(flags: &[u8]) -> Option<Reading> {
    let mut last = None;
    for word in flags.split(|b| *b == b',') {
        let row = FLAGS.iter().find(|(short, long, _)| word == *short || word == *long);
        let Some(reading) = row.and_then(|(_, _, reading)| *reading) else { continue };
        if reading.kind() != Unclassified {
            return Some(reading);
        }
        last = Some(reading);
    }
    last
}

/// Without details, a status that Envoy does not make by itself says that the response had begun.
fn by_status(reading: Reading, status: u16) -> Reading {
    const BEGUN: [(Option<Reading>, Option<Reading>); 3] =
        [(BROKEN, BROKEN_BODY), (ENDED, ENDED_AFTER), (LATE, any(DeadlineExceeded, &[BodyStalled]))];
    if !(200..500).contains(&status) {
        return reading;
    }
    BEGUN.iter().find(|(wide, _)| *wide == Some(reading)).and_then(|(_, narrow)| *narrow).unwrap_or(reading)
}

/// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`: of the socket, or of BoringSSL.
fn transport(reason: &[u8]) -> Option<(Reading, Option<Code>)> {
    if cut::has_folded(reason, b"tls error") {
        return Some(tls::error(reason));
    }
    const CAUSES: &[(&[u8], Cause)] = &[
        (b"connection refused", Cause::Refused),
        (b"connection timed out", Cause::TimedOut),
        (b"no route to host", Cause::Unreachable),
        (b"network is unreachable", Cause::Unreachable),
        (b"connection reset by peer", Cause::Reset),
        (b"permission denied", Cause::Denied),
        (b"cannot assign requested address", Cause::Exhausted),
        (b"no such file or directory", Cause::NoSocket),
    ];
    let cause = CAUSES.iter().find(|(words, _)| cut::has_folded(reason, words)).map(|(_, cause)| *cause);
    if let Some(cause) = cause {
        return Some((cause::at(cause, crate::fault::Phase::Connect), None));
    }
    // Older ones give the number alone: "delayed_connect_error:_111".
    let (_, number) = cut::split(reason, b"connect_error:_")?;
    let (errno, _) = cut::number(number)?;
    let cause = cause::by_number(errno)?;
    Some((cause::at(cause, crate::fault::Phase::Connect), i32::try_from(errno).ok().map(Code::Errno)))
}

/// Whether it begins as such a line does: a time in brackets, and a quote.
pub(super) fn looks(line: &[u8]) -> bool {
    matches!(line, [b'[', b'0'..=b'9', _, _, b'0'..=b'9', b'-', _, _, b'-', _, _, b'T', ..])
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let (time, rest) = cut::piece(line.get(1..)?, b']')?;
    let mut fields = Fields(rest);
    let request = fields.next().filter(|_| rest.starts_with(b" \""))?;
    let status = cut::whole_number(fields.next()?).and_then(|n| u16::try_from(n).ok())?;
    let flags = fields.next()?;
    let mut words = flags;
    // Envoy's own format goes on with a number; Istio's with details, termination details and the reason.
    let next = fields.next()?;
    let (mut details, mut reason) = (&b""[..], &b""[..]);
    if cut::whole_number(next).is_none() {
        details = next;
        fields.next()?;
        reason = fields.next()?;
        fields.next()?;
        words = if cut::something(reason).is_some() { reason } else { details };
    }
    // Bytes, duration, upstream's time; forwarded for, user agent, request id.
    fields.next()?;
    let (elapsed, _) = (fields.next()?, fields.next()?);
    let forwarded = fields.next()?;
    fields.skip(2)?;
    let (host, upstream) = (fields.next()?, fields.next()?);
    let said = match self::words(flags, details, reason, status) {
        Some((fault, reading)) => Said::Fault { fault, reading },
        None if flags == b"-" && status >= 500 => passed(details, status),
        None if is_known(flags) => Said::Nothing,
        None => Said::Unknown,
    };
    let mut entry = Entry::new(Format::Envoy, said, words);
    entry.time = Stamp::numeric(time);
    (entry.method, entry.path) = cut::request_line(request);
    entry.elapsed = cut::milliseconds(elapsed);
    entry.client = cut::something(forwarded);
    entry.host = cut::something(host);
    entry.upstream = cut::something(upstream);
    entry.status = (status > 0).then_some(status);
    Some(entry)
}

/// Without details, a status without a flag is the upstream's, or a direct response of a route.
fn passed(details: &[u8], status: u16) -> Said {
    if details.is_empty() || details == b"-" || details == b"via_upstream" {
        Said::Passed(status)
    } else {
        Said::Bare(status)
    }
}

fn is_known(flags: &[u8]) -> bool {
    flags == b"-"
        || flags.split(|b| *b == b',').all(|word| FLAGS.iter().any(|(short, long, _)| word == *short || word == *long))
}
