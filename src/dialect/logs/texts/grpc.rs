//! gRPC's own descriptions: of grpc-go, of the C core (Python, Ruby, C++), of grpc-java.
//!
//! The status alone may be the application's. What describes a connection is the library's.
//!
//! Sources: grpc-go, `internal/transport/http2_client.go`, `clientconn.go`, `internal/transport/http_util.go`; gRPC core,
//! `src/core/client_channel`, `src/core/ext/transport/chttp2`; grpc-java, `GrpcUtil`, `NettyClientHandler`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadGrpcStatus, BodyReset, BodyTruncated, ClientAborted, ClosedBeforeResponse, ConnectReset, ConnectionRefused,
    ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, DnsTimeout, Goaway, GoawayUnprocessed, HeadStalled,
    NoHealthyUpstream, NotGrpc, NotHttp, ResetBeforeResponse, ResponseTimeout, TlsClosed, Unreachable,
};

use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::{Found, Says, Table, Told, any, h2, one, unquoted};

/// No connection, for a reason that was not told.
const NOT_CONNECTED: Reading = Reading::coarse(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset]);
/// The connection ended, with calls on it.
const ENDED: Reading = Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, BodyTruncated, BodyReset, Goaway]);
const LATE: Reading = Reading::coarse(DeadlineExceeded, &[ResponseTimeout, HeadStalled, ConnectionTimeout]);

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Grpc,
    rows: &[
        (b"stream terminated by RST_STREAM with error code: ", Says::On(reset)),
        (b"Received RST_STREAM with error code ", Says::On(reset)),
        (b"HTTP/2 error code: ", Says::On(reset)),
        (b"closing transport due to: ", Says::On(closing)),
        // Before 1.6.
        (b"grpc: the connection is unavailable", any(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset, ClosedBeforeResponse, Goaway])),
        (b"the connection is draining", one(GoawayUnprocessed)),
        (b"transport is closing", any(Goaway, &[ClosedBeforeResponse, ResetBeforeResponse])),
        (b"connection closed before server preface received", any(ClosedBeforeResponse, &[ConnectReset, TlsClosed, NotHttp])),
        // A peer that speaks HTTP/1 answers the preface so.
        (b"error reading server preface: http2: frame too large", one(NotHttp)),
        (b"error reading server preface: http2: failed reading the frame payload", one(NotHttp)),
        (b"error reading server preface: ", any(ClosedBeforeResponse, &[ConnectReset, TlsClosed])),
        (b"authentication handshake failed: EOF", one(TlsClosed)),
        (b"authentication handshake failed: context deadline exceeded", one(crate::fault::FaultKind::TlsTimeout)),
        (b"error reading from server: ", Says::Means(ENDED)),
        (b"server closed the stream without sending trailers", any(BodyTruncated, &[BadGrpcStatus])),
        (b"received unexpected content-type ", one(NotGrpc)),
        (b"unexpected HTTP status code received from server: ", one(NotGrpc)),
        (b"malformed grpc-status: ", one(BadGrpcStatus)),
        (b"name resolver error: produced zero addresses", any(DnsNotFound, &[NoHealthyUpstream])),
        (b"no children to pick from", one(NoHealthyUpstream)),
        // The C core.
        (b"DNS resolution failed for ", Says::On(resolve)),
        (b"failed to connect to all addresses", Says::On(connect)),
        (b"Failed to connect to remote host: ", Says::On(connect)),
        (b"Socket closed", Says::On(by_status)),
        (b"Deadline Exceeded", Says::Means(LATE)),
        (b"GOAWAY received", any(Goaway, &[GoawayUnprocessed])),
        (b"Stream removed", Says::Means(ENDED)),
        // grpc-java.
        (b"Network closed for unknown reason", Says::Means(ENDED)),
        (b"DEADLINE_EXCEEDED: deadline exceeded after ", Says::Means(LATE)),
        (b"UNAVAILABLE: Unable to resolve host ", any(DnsNotFound, &[DnsFailure, DnsTimeout])),
        (b"UNAVAILABLE: io exception", Says::On(connect)),
        (b"invalid content-type: ", one(NotGrpc)),
        // The status, if nothing else is known.
        (b"rpc error: code = ", Says::On(status)),
    ],
};

/// `..., received prior goaway: code: ENHANCE_YOUR_CALM, debug data: "too_many_pings"`.
fn closing<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, code) = cut::split(found.rest, b"received prior goaway: code: ")?;
    let calm = code.starts_with(b"ENHANCE_YOUR_CALM");
    let reading = Reading::exact(crate::fault::FaultKind::EnhanceYourCalm);
    Some(Told::that(if calm { reading } else { Reading::exact(Goaway) }))
}

fn reset<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(h2::told(found.rest))
}

/// `... for app:50051: C-ares status is not ARES_SUCCESS qtype=A name=app is_balancer=0: Domain name not found`.
fn resolve<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let reading =
        if cut::has(found.rest, b"Domain name not found") || cut::has(found.rest, b"Name or service not known") {
            Reading::exact(DnsNotFound)
        } else if cut::has(found.rest, b"Timeout while contacting DNS servers") {
            Reading::exact(DnsTimeout)
        } else {
            Reading::coarse(DnsFailure, &[DnsNotFound, DnsTimeout])
        };
    Some(Told::that(reading).at(cut::split(found.rest, b": ").map(|(name, _)| name)))
}

/// `; last error: UNAVAILABLE: ipv4:10.0.0.1:50051: Failed to connect to remote host: Connection refused`.
fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"Connection refused", Reading::exact(ConnectionRefused)),
        (b"onnection timed out", Reading::exact(ConnectionTimeout)),
        (b"Timeout occurred", Reading::exact(ConnectionTimeout)),
        (b"No route to host", Reading::exact(Unreachable)),
        (b"Network is unreachable", Reading::exact(Unreachable)),
        (b"Connection reset by peer", Reading::exact(ConnectReset)),
    ];
    let known = WHY.iter().find(|(words, _)| cut::has(found.rest, words)).map(|(_, reading)| *reading);
    let address = |text: &'a [u8], scheme: &[u8]| {
        cut::split(text, scheme).and_then(|(_, rest)| cut::split(rest, b": ")).map(|(hop, _)| hop)
    };
    let hop =
        [found.before, found.rest].iter().find_map(|text| address(text, b"ipv4:").or_else(|| address(text, b"ipv6:")));
    // grpc-java: `finishConnect(..) failed: Connection refused: app/10.0.0.1:50051`.
    let hop =
        hop.or_else(|| cut::split(found.rest, b"onnection refused: ").and_then(|(_, rest)| super::java::address(rest)));
    Some(Told::that(known.unwrap_or(NOT_CONNECTED)).at(hop))
}

/// "Socket closed" is said by others, too.
fn by_status<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let is_grpc = cut::has(found.before, b"UNAVAILABLE")
        || cut::has(found.before, b"details = ")
        || cut::has(found.before, b"rpc");
    is_grpc.then(|| Told::that(ENDED))
}

/// `Unavailable desc = ...`: the library or the application.
fn status<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (code, desc) = cut::split(found.rest, b" desc = ")?;
    let desc = unquoted(desc);
    Some(match code {
        b"DeadlineExceeded" if desc.starts_with(b"context deadline exceeded") => Told::that(LATE),
        b"Canceled" if desc.starts_with(b"context canceled") => Told::that(Reading::exact(ClientAborted)),
        b"Unavailable" if desc.ends_with(b"EOF") => Told::that(ENDED),
        b"Unavailable" | b"DeadlineExceeded" | b"Internal" | b"Unknown" | b"ResourceExhausted" => {
            Told::new(Verdict::Unknown)
        }
        // An answer of the application.
        _ => Told::new(Verdict::Nothing),
    })
}
