//! Pages, codes and descriptions of gateways that have no log here: what their makers write on what a client gets.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    AddressProhibited, BadHeader, BadStatusLine, BodyStalled, BodyTooLarge, CertExpired, CertInvalid, CertNameMismatch,
    CertNotYetValid, CertRevoked, CertUntrusted, CircuitOpen, ClosedBeforeResponse, ConnectReset, ConnectionLimit,
    ConnectionRefused, ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, DnsTimeout, HeadReset,
    HeadStalled, HeadTooLarge, HeadTruncated, LoopDetected, NoHealthyUpstream, NoRoute, NotHttp, ResetBeforeResponse,
    ResponseTimeout, SendReset, SendTimeout, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls, TlsProtocol, TlsReset,
    TlsTimeout, Unreachable,
};

use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::super::host::DIED;
use super::{Found, Says, Table, Told, any, one};
use crate::dialect::words::{self, clouds};

/// No connection, for a reason that was not told.
const NOT_CONNECTED: Reading = Reading::coarse(
    ConnectionRefused,
    &[ConnectionTimeout, Unreachable, ConnectReset, TlsProtocol, TlsAlert, TlsNotTls, TlsTimeout, TlsClosed],
);
/// Any end before a whole head.
const NO_HEAD: Reading = Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset]);
const NO_ANSWER: Reading = Reading::coarse(ResponseTimeout, &[HeadStalled]);
const HANDSHAKE: Reading =
    Reading::coarse(TlsProtocol, &[TlsAlert, TlsClosed, TlsReset, TlsNotTls, TlsTimeout, TlsNoAlpn]);
const CERTIFICATE: Reading =
    Reading::coarse(CertUntrusted, &[CertExpired, CertNameMismatch, CertInvalid, CertNotYetValid, CertRevoked]);
const NO_ADDRESS: Reading = Reading::coarse(DnsNotFound, &[DnsFailure, DnsTimeout]);

/// The status is all that is known.
fn bare<'a>(status: u16) -> Option<Told<'a>> {
    let mut told = Told::new(Verdict::Bare(status));
    told.status = Some(status);
    Some(told)
}

/// The row whose words begin the text.
fn row(rows: &[(&[u8], Reading)], text: &[u8]) -> Option<Reading> {
    rows.iter()
        .find(|(words, _)| text.get(..words.len()).is_some_and(|t| t.eq_ignore_ascii_case(words)))
        .map(|(_, reading)| *reading)
}

/// Varnish's page. Source: `bin/varnishd/builtin.vcl` (`vcl_backend_error`), `cache_fetch.c`.
pub(super) const VARNISH: Table =
    Table { by: Format::Varnish, rows: &[(b"503 Backend fetch failed", Says::On(varnish_page))] };

fn varnish_page<'a>(_: &Found<'a>) -> Option<Told<'a>> {
    bare(503)
}

/// Fastly: the reason of its own 503, on the page and in a client's error. Source: Fastly, "Common 503 errors".
pub(super) const FASTLY: Table = Table { by: Format::Fastly, rows: &[(b"503 ", Says::On(fastly))] };

fn fastly<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"first byte timeout", NO_ANSWER),
        (b"between bytes timeout", Reading::exact(BodyStalled)),
        (b"backend read error", NO_HEAD),
        (b"backend write error", Reading::coarse(SendReset, &[SendTimeout])),
        (b"backend.max_conn reached", Reading::exact(ConnectionLimit)),
        (b"maximum threads for service reached", Reading::exact(ConnectionLimit)),
        (b"backend is unhealthy", Reading::exact(NoHealthyUpstream)),
        (b"all backends failed or unhealthy", Reading::exact(NoHealthyUpstream)),
        (b"no healthy ip available for the backend", Reading::exact(NoHealthyUpstream)),
        (b"hostname doesn't match against certificate", Reading::exact(CertNameMismatch)),
        (b"certificate has expired", Reading::exact(CertExpired)),
        (b"unable to get local issuer certificate", Reading::exact(CertUntrusted)),
        (b"ssl handshake error", HANDSHAKE),
        (b"network unreachable", Reading::exact(Unreachable)),
    ];
    // requests: `503 Server Error: first byte timeout for url: ...`.
    let text = found.rest.strip_prefix(b"Server Error: ").unwrap_or(found.rest);
    let mut told = Told::that(row(WHY, text)?);
    told.status = Some(503);
    Some(told)
}

/// Cloudflare: the number on its page, and all that its short body says. Source: Cloudflare, "Cloudflare 5xx errors".
pub(super) const CLOUDFLARE: Table = Table {
    by: Format::Cloudflare,
    rows: &[
        (b"error code: ", Says::On(cloudflare)),
        (b"Error code ", Says::On(cloudflare)),
        (b"Error 5", Says::On(cloudflare_page)),
        (b"520: Web server is returning an unknown error", Says::On(cloudflare_title)),
        (b"521: Web server is down", Says::On(cloudflare_title)),
        (b"522: Connection timed out", Says::On(cloudflare_title)),
        (b"523: Origin is unreachable", Says::On(cloudflare_title)),
        (b"524: A timeout occurred", Says::On(cloudflare_title)),
        (b"525: SSL handshake failed", Says::On(cloudflare_title)),
        (b"526: Invalid SSL certificate", Says::On(cloudflare_title)),
    ],
};

fn cloudflare<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cloudflare_number(found.rest)
}

fn cloudflare_title<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cloudflare_number(found.text)
}

/// The words have the first digit of `Error 521 Ray ID: ...`.
fn cloudflare_page<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cut::has(found.rest, b"Ray ID").then(|| found.text.get(6..).and_then(cloudflare_number)).flatten()
}

fn cloudflare_number<'a>(text: &[u8]) -> Option<Told<'a>> {
    let (number, _) = cut::number(text)?;
    let reading = match number {
        520 => Reading::coarse(
            ClosedBeforeResponse,
            &[ResetBeforeResponse, HeadTruncated, HeadReset, NotHttp, BadStatusLine, BadHeader, HeadTooLarge],
        ),
        521 => Reading::coarse(ConnectionRefused, &[ConnectReset]),
        522 => Reading::coarse(ConnectionTimeout, &[SendTimeout]),
        523 => Reading::exact(Unreachable),
        524 => Reading::coarse(ResponseTimeout, &[HeadStalled, SendTimeout, BodyStalled, DeadlineExceeded]),
        525 => HANDSHAKE,
        526 => CERTIFICATE,
        530 | 1016 => NO_ADDRESS,
        1000 => Reading::coarse(AddressProhibited, &[LoopDetected]),
        _ => return None,
    };
    let mut told = Told::that(reading);
    told.status = u16::try_from(number).ok().filter(|status| *status < 1000);
    Some(told)
}

/// Vercel: the code on its page and in `X-Vercel-Error`. Source: Vercel, "Error codes".
#[rustfmt::skip]
pub(super) const VERCEL: Table = Table {
    by: Format::Vercel,
    rows: &[
        (b"FUNCTION_INVOCATION_TIMEOUT", any(ResponseTimeout, &[DeadlineExceeded, HeadStalled, BodyStalled])),
        (b"EDGE_FUNCTION_INVOCATION_TIMEOUT", any(ResponseTimeout, &[DeadlineExceeded, HeadStalled])),
        (b"MIDDLEWARE_INVOCATION_TIMEOUT", any(ResponseTimeout, &[DeadlineExceeded, HeadStalled])),
        // The function itself failed: it threw, or ended.
        (b"FUNCTION_INVOCATION_FAILED", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"EDGE_FUNCTION_INVOCATION_FAILED", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"MIDDLEWARE_INVOCATION_FAILED", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"NO_RESPONSE_FROM_FUNCTION", any(ClosedBeforeResponse, &[HeadTruncated])),
        (b"FUNCTION_THROTTLED", any(ConnectionLimit, &[CircuitOpen])),
        (b"FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE", one(BodyTooLarge)),
        (b"INFINITE_LOOP_DETECTED", one(LoopDetected)),
        (b"DNS_HOSTNAME_NOT_FOUND", one(DnsNotFound)),
        (b"DNS_HOSTNAME_RESOLVE_FAILED", any(DnsFailure, &[DnsNotFound, DnsTimeout])),
        (b"DNS_HOSTNAME_SERVER_ERROR", one(DnsFailure)),
        (b"DNS_HOSTNAME_RESOLVED_PRIVATE", one(AddressProhibited)),
        (b"ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR", Says::Means(NOT_CONNECTED)),
        (b"ROUTER_EXTERNAL_TARGET_HANDSHAKE_ERROR", Says::Means(HANDSHAKE)),
        (b"ROUTER_EXTERNAL_TARGET_ERROR", Says::Means(NO_HEAD)),
    ],
};

/// CloudFront's pages. Source: AWS, "Troubleshooting error response status codes in CloudFront".
#[rustfmt::skip]
pub(super) const CLOUDFRONT: Table = Table {
    by: Format::CloudFront,
    rows: &[
        (b"CloudFront wasn't able to connect to the origin", Says::Means(NOT_CONNECTED)),
        (b"CloudFront wasn't able to resolve the origin domain name", Says::Means(NO_ADDRESS)),
        (b"CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection", any(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset, ClosedBeforeResponse, ResetBeforeResponse, TlsProtocol, TlsAlert])),
        (b"The Lambda function associated with the CloudFront distribution is invalid", one(crate::fault::FaultKind::ProxyMisconfigured)),
    ],
};

/// AWS API Gateway: its bodies, and its execution log. Source: AWS, "Gateway response types for API Gateway".
#[rustfmt::skip]
pub(super) const API_GATEWAY: Table = Table {
    by: Format::ApiGateway,
    rows: &[
        (b"Endpoint request timed out", any(ResponseTimeout, &[HeadStalled, DeadlineExceeded])),
        (b"Execution failed due to a timeout error", any(ResponseTimeout, &[HeadStalled, DeadlineExceeded])),
        // The function's answer is no object of status, headers and body.
        (b"Execution failed due to configuration error: Malformed Lambda proxy response", any(BadHeader, &[BadStatusLine, NotHttp])),
        (b"Execution failed due to configuration error: Invalid endpoint address", any(DnsNotFound, &[DnsFailure, AddressProhibited])),
        (b"Execution failed due to configuration error: There was an internal error while executing your request", Says::On(execution)),
        (b"Execution failed due to an internal error", Says::On(execution)),
        (b"Execution failed due to configuration error: ", one(crate::fault::FaultKind::ProxyMisconfigured)),
        (b"Network error communicating with endpoint", Says::Means(NOT_CONNECTED)),
        (b"Method completed with status: ", Says::On(completed)),
    ],
};

fn execution<'a>(_: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::new(Verdict::Unknown))
}

fn completed<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let status = found.rest.get(..3).and_then(cut::status)?;
    if status >= 500 { bare(status) } else { Some(Told::new(Verdict::Nothing)) }
}

/// IIS: Application Request Routing and the ASP.NET Core Module, which forward through WinHTTP. Source: Microsoft,
/// "Error Messages" of WinHTTP (the code is 12000 and more, behind 0x8007), "HTTP status codes in IIS" for 502.x.
#[rustfmt::skip]
pub(super) const IIS: Table = Table {
    by: Format::Iis,
    rows: &[
        // ERROR_WINHTTP_TIMEOUT, 12002.
        (b"0x80072ee2", any(ResponseTimeout, &[ConnectionTimeout, HeadStalled, SendTimeout])),
        (b"0x80072ee7", any(DnsNotFound, &[DnsFailure, DnsTimeout])),
        (b"0x80072efd", any(ConnectionRefused, &[ConnectionTimeout, Unreachable])),
        (b"0x80072efe", Says::Means(NO_HEAD)),
        (b"0x80072f78", any(NotHttp, &[BadStatusLine, BadHeader])),
        (b"0x80072f8f", Says::Means(CERTIFICATE)),
        (b"HTTP Error 502.1", one(ResponseTimeout)),
        (b"HTTP Error 502.2", any(HeadTruncated, &[ClosedBeforeResponse, BadHeader])),
        (b"HTTP Error 502.3", Says::On(forwarder)),
        (b"HTTP Error 502.4", one(NoHealthyUpstream)),
        // The process does not start.
        (b"HTTP Error 502.5", any(ConnectionRefused, &[ClosedBeforeResponse])),
    ],
};

/// "Forwarder Connection Error": the code below it says which.
fn forwarder<'a>(_: &Found<'a>) -> Option<Told<'a>> {
    bare(502)
}

/// Pages of proxies that are no log lines: Apache's (`mod_proxy`, `ap_proxyerror`), HAProxy's (`http_htx.c`,
/// `http_err_msgs`), Kong's (`kong/error_handlers.lua`), Fly's (Fly.io, "Proxy error codes").
pub(super) const APACHE: Table = Table { by: Format::Apache, rows: &[(b"Reason: ", Says::On(apache))] };

#[rustfmt::skip]
pub(super) const HAPROXY: Table = Table { by: Format::HaProxy, rows: &[
        (b"No server is available to handle this request", any(NoHealthyUpstream, &[ConnectionRefused, ConnectionTimeout, Unreachable, ConnectReset, ConnectionLimit])),
        (b"The server didn't respond in time", Says::Means(NO_ANSWER)),
        (b"The server returned an invalid or incomplete response", any(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset, NotHttp, BadStatusLine, BadHeader, HeadTooLarge])),
] };

#[rustfmt::skip]
pub(super) const KONG: Table = Table { by: Format::Kong, rows: &[
        (b"An invalid response was received from the upstream server", Says::On(forwarder)),
        (b"The upstream server is timing out", any(ResponseTimeout, &[ConnectionTimeout, HeadStalled, SendTimeout])),
        (b"The upstream server is currently unavailable", any(NoHealthyUpstream, &[DnsNotFound, DnsFailure, DnsTimeout])),
] };

#[rustfmt::skip]
pub(super) const FLY: Table = Table { by: Format::Fly, rows: &[
        (b"instance refused connection", one(ConnectionRefused)),
        (b"could not find a good candidate within ", any(NoHealthyUpstream, &[ConnectionLimit])),
        (b"no candidates for load balancing", one(NoHealthyUpstream)),
] };

fn apache<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (
            b"Error reading from remote server",
            Reading::coarse(
                ClosedBeforeResponse,
                &[ResetBeforeResponse, HeadTruncated, HeadReset, ResponseTimeout, HeadStalled],
            ),
        ),
        (b"DNS lookup failure for", Reading::coarse(DnsFailure, &[DnsNotFound, DnsTimeout])),
        (b"Error during SSL Handshake with remote server", HANDSHAKE),
        (b"Corrupt status line returned by remote server", Reading::exact(BadStatusLine)),
        (b"Timeout on 100-Continue", Reading::exact(ResponseTimeout)),
        (b"Connect to remote machine blocked", Reading::exact(AddressProhibited)),
        (b"URI cannot be parsed", Reading::exact(NoRoute)),
        (b"Max-Forwards has reached zero", Reading::exact(LoopDetected)),
    ];
    let text = found.rest.strip_prefix(b"<strong>").unwrap_or(found.rest);
    row(WHY, text).map(Told::that)
}

/// linkerd2-proxy. Source: `linkerd/app/core/src/errors`, `linkerd/stack/src/fail_fast.rs`, `linkerd/proxy/balance/queue`.
#[rustfmt::skip]
pub(super) const LINKERD: Table = Table {
    by: Format::Linkerd,
    rows: &[
        (b"Unavailable; entering failfast", any(NoHealthyUpstream, &[ConnectionRefused, ConnectionTimeout, DnsNotFound])),
        (b"service in fail-fast", any(NoHealthyUpstream, &[ConnectionRefused, ConnectionTimeout, DnsNotFound])),
        (b"HTTP Balancer service in fail-fast", any(NoHealthyUpstream, &[ConnectionRefused, ConnectionTimeout, DnsNotFound])),
        (b"connect timed out after ", one(ConnectionTimeout)),
        (b"circuit breaker open", one(CircuitOpen)),
        (b"HTTP response timeout after ", any(ResponseTimeout, &[HeadStalled])),
    ],
};

/// Google Cloud's `statusDetails`, without the JSON around it. Source: Google Cloud, "External Application Load Balancer
/// logging and monitoring".
pub(super) const GOOGLE: Table =
    Table { by: Format::Google, rows: &[(b"failed_to_", Says::On(google)), (b"backend_", Says::On(google))] };

fn google<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let is_of_word = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
    let word = found.text.get(..found.text.iter().take_while(is_of_word).count())?;
    words::find(clouds::google::ROWS, word).and_then(|row| row.reading).map(Told::that)
}

/// Heroku's dyno manager. Source: Heroku Dev Center, "Dynos and the Dyno Manager" and "Error Codes".
pub(super) const HEROKU: Table = Table {
    by: Format::Heroku,
    rows: &[(b"Process exited with status ", Says::On(exited)), (b"State changed from ", Says::On(changed))],
};

fn is_of_a_dyno(found: &Found<'_>) -> bool {
    cut::has(found.before, b"heroku[") || cut::has(found.before, b"heroku ")
}

/// 0 and those of signals that ask (143 of SIGTERM, 130 of SIGINT) are ends that were wanted.
fn exited<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (status, _) = cut::number(found.rest).filter(|_| is_of_a_dyno(found))?;
    Some(Told::new(if [0, 130, 143].contains(&status) { Verdict::Nothing } else { Verdict::that(DIED) }))
}

fn changed<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let is_down = cut::has(cut::head(found.rest, 32), b" to crashed");
    let reading = Reading::coarse(NoHealthyUpstream, &[ConnectionRefused, ClosedBeforeResponse, ResetBeforeResponse]);
    is_of_a_dyno(found).then(|| if is_down { Told::that(reading) } else { Told::new(Verdict::Nothing) })
}

/// The forwarder of Traefik up to 2.11. Source: vulcand/oxy, `forward/fwd.go`.
pub(super) const OXY: Table =
    Table { by: Format::Traefik, rows: &[(b"vulcand/oxy/forward/http: Round trip: ", Says::On(round_trip))] };

/// `http://10.0.0.1:80, code: 504, Length: 15, duration: 30.0s`: whose status it is, is not said.
fn round_trip<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (url, rest) = cut::split(found.rest, b", code: ")?;
    let status = rest.get(..3).and_then(cut::status)?;
    let mut told = if status >= 500 { bare(status)? } else { Told::new(Verdict::Nothing) };
    told.status = Some(status);
    Some(told.at(cut::authority(url)))
}

/// nghttpx. Source: nghttp2, `src/shrpx_connect_blocker.cc`.
pub(super) const NGHTTPX: Table = Table { by: Format::Nghttpx, rows: &[(b"Could not connect ", Says::On(blocked))] };

fn blocked<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cut::has(cut::head(found.rest, 64), b" times in a row; sleep for ").then(|| Told::that(NOT_CONNECTED))
}
