//! nginx's phrases, a row each, with what they mean.
//!
//! The beginning of the message decides. That is nginx's own text; what an upstream sent is quoted
//! further back, if at all. Phrases: `ngx_http_upstream.c`, `ngx_http_proxy_module.c`, `ngx_http_grpc_module.c`,
//! `ngx_http_fastcgi_module.c`, `ngx_event_openssl.c` of nginx 1.22 to 1.31.

use crate::dialect::Reading;
use crate::fault::{Class, FaultKind};

/// How a phrase is to be read on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    /// The message names no upstream's failure.
    Nothing,
    /// It means that, in the phase of the kind.
    Means(Reading),
    /// It is that finer class, and so its kind.
    Is(Class),
    /// A system call failed: the number in parentheses and the phase decide.
    Call,
    /// The same for `connect()`, which is called in one phase only.
    Connect,
    /// A read or a write of TLS failed: the text in parentheses decides.
    Tls,
    /// The upstream closed: the phase decides.
    Closed,
    /// A timer of nginx ran out: the phase decides.
    TimedOut,
    /// A verdict of OpenSSL on the certificate, in parentheses.
    Verdict,
    /// The peer went in the handshake: of the upstream's if the phase says so.
    ClosedInHandshake,
    /// An error code of HTTP/2 at the end.
    Rejected,
    /// The same of a GOAWAY.
    Goaway,
}

use Says::{Call, Closed, Is, Means, Nothing, TimedOut, Tls};

const fn one(kind: FaultKind) -> Says {
    Means(Reading::exact(kind))
}

const H2: Says = one(FaultKind::H2ProtocolError);

/// Behind "upstream ".
#[rustfmt::skip]
pub(super) const UPSTREAM: &[(&[u8], Says)] = &[
    (b"timed out", TimedOut),
    (b"prematurely closed stream", Closed),
    (b"prematurely closed FastCGI", Closed),
    (b"prematurely closed connection", Closed),
    (b"SSL certificate verify error: ", Says::Verdict),
    (b"SSL certificate does not match ", one(FaultKind::CertNameMismatch)),
    // Other protocols, HTTP/0.9, and status lines that are almost HTTP/1 all look the same to it.
    (b"sent no valid HTTP/1.0 header", Means(Reading::coarse(FaultKind::NotHttp, &[FaultKind::BadStatusLine]))),
    (b"sent invalid header", one(FaultKind::BadHeader)),
    (b"sent invalid trailer", one(FaultKind::BadTrailer)),
    // One buffer (proxy_buffer_size) for the whole head; which field filled it is not said.
    (b"sent too big header", Means(Reading::coarse(FaultKind::HeadTooLarge, &[FaultKind::HeaderTooLarge, FaultKind::TooManyHeaders]))),
    (b"sent too big early hints", Means(Reading::coarse(FaultKind::HeadTooLarge, &[FaultKind::TooManyInterim]))),
    (b"sent too big trailers", one(FaultKind::TrailersTooLarge)),
    (b"sent invalid chunked response", one(FaultKind::BadChunk)),
    (b"sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time", Is(Class::FramingClAndTe)),
    // Not a number, or too large for one.
    (b"sent invalid \"Content-Length\" header", one(FaultKind::AmbiguousFraming)),
    (b"sent unknown \"Transfer-Encoding\"", Is(Class::FramingTeUnsupported)),
    (b"sent duplicate header line: \"Content-Length", Is(Class::FramingClConflict)),
    (b"sent duplicate header line: \"Transfer-Encoding", Means(Reading::coarse(FaultKind::UnsupportedCoding, &[FaultKind::AmbiguousFraming]))),
    (b"sent duplicate header line", one(FaultKind::BadHeader)),
    (b"sent HTTP/1.0 response with early hints", one(FaultKind::BadStatusLine)),
    (b"sent invalid status ", one(FaultKind::BadStatusLine)),
    // Bytes in the clear where a handshake was to begin.
    (b"prematurely sent response", Means(Reading::coarse(FaultKind::UnsolicitedResponse, &[FaultKind::TlsNotTls]))),
    // The response went out whole; what came behind it was dropped.
    (b"sent more data than specified in \"Content-Length\" header", Nothing),
    (b"sent data after final chunk", Nothing),
    (b"sent data after trailers", Nothing),
    (b"server temporarily disabled", Nothing),
    (b"split a header line in FastCGI records", one(FaultKind::BadHeader)),
    (b"sent unsupported FastCGI protocol version", one(FaultKind::NotHttp)),
    (b"sent unexpected FastCGI", one(FaultKind::NotHttp)),
    (b"sent invalid FastCGI", one(FaultKind::NotHttp)),
    // grpc_pass and proxy_http_version 2.
    (b"rejected request with error ", Says::Rejected),
    (b"sent goaway with error ", Says::Goaway),
    (b"violated ", H2),
    (b"sent unexpected http2 frame", H2),
    (b"sent invalid http2", H2),
    (b"sent http2 ", H2),
    (b"sent too large http2", H2),
    (b"sent too short http2", H2),
    (b"sent truncated http2", H2),
    (b"sent zero ", H2),
    (b"sent invalid encoded header", H2),
    (b"sent invalid :status", H2),
    (b"sent unexpected :status", H2),
    (b"sent duplicate :status", H2),
    (b"sent no :status", H2),
    (b"sent frame for ", H2),
    (b"sent data frame ", H2),
    (b"sent headers frame ", H2),
    (b"sent ping frame ", H2),
    (b"sent settings frame ", H2),
    (b"sent goaway frame ", H2),
    (b"sent rst stream frame ", H2),
    (b"sent window update frame ", H2),
    (b"sent too large window update", H2),
    (b"sent too many ping frames", H2),
    (b"sent too many settings frames", H2),
    (b"sent unexpected push promise", H2),
    (b"sent trailer without end stream flag", H2),
    (b"sent response body larger than indicated content length", H2),
];

/// Where the message begins otherwise.
#[rustfmt::skip]
pub(super) const OTHERS: &[(&[u8], Says)] = &[
    (b"connect() ", Says::Connect),
    (b"recv() failed", Call),
    (b"recv() not completed", Call),
    (b"readv() failed", Call),
    (b"send() failed", Call),
    (b"writev() failed", Call),
    (b"sendfile() failed", Call),
    (b"sendfilev() failed", Call),
    (b"socket() failed", Call),
    (b"bind(", Call),
    (b"accept() failed", Call),
    (b"accept4() failed", Call),
    (b"SSL_do_handshake() failed", Tls),
    (b"SSL_read() failed", Tls),
    (b"SSL_write() failed", Tls),
    (b"peer closed connection in SSL handshake", Says::ClosedInHandshake),
    (b"no live upstreams", one(FaultKind::NoHealthyUpstream)),
    (b"no resolver defined to resolve", one(FaultKind::ProxyMisconfigured)),
    (b"invalid URL prefix", one(FaultKind::ProxyMisconfigured)),
    (b"no host in upstream", one(FaultKind::ProxyMisconfigured)),
    (b"no port in upstream", one(FaultKind::ProxyMisconfigured)),
    (b"invalid host in upstream", one(FaultKind::ProxyMisconfigured)),
    (b"invalid port in upstream", one(FaultKind::ProxyMisconfigured)),
    // At start, so that nginx does not come up.
    (b"host not found in upstream", one(FaultKind::DnsNotFound)),
    (b"rewrite or internal redirection cycle", one(FaultKind::ProxyMisconfigured)),
    (b"subrequests cycle", one(FaultKind::ProxyMisconfigured)),
    // limit_req and limit_conn: nginx itself refused, before any upstream was asked.
    (b"limiting requests", Means(Reading::coarse(FaultKind::CircuitOpen, &[FaultKind::ConnectionLimit]))),
    (b"limiting connections", Means(Reading::coarse(FaultKind::ConnectionLimit, &[FaultKind::CircuitOpen]))),
    // 499.
    (b"client prematurely closed connection", one(FaultKind::ClientAborted)),
    (b"epoll_wait() reported that client prematurely closed connection", one(FaultKind::ClientAborted)),
    (b"kevent() reported that client prematurely closed connection", one(FaultKind::ClientAborted)),
    (b"client timed out", Means(Reading::coarse(FaultKind::ClientTimeout, &[FaultKind::ClientAborted]))),
];

/// What nginx was doing, as it says behind "while ".
#[rustfmt::skip]
pub(super) const ACTIONS: &[(&[u8], crate::fault::Phase)] = {
    use crate::fault::Phase;
    &[
        (b"connecting to upstream", Phase::Connect),
        (b"SSL handshaking to upstream", Phase::Tls),
        (b"sending request to upstream", Phase::Send),
        (b"reading response header from upstream", Phase::Head),
        (b"sending early hints to client", Phase::Head),
        (b"reading upstream", Phase::Body),
        // The client's side and the upstream's are worked on at once.
        (b"sending to client", Phase::Body),
        (b"proxying upgraded connection", Phase::Body),
        (b"proxying connection", Phase::Body),
        (b"proxying and reading from upstream", Phase::Body),
        (b"proxying and sending to upstream", Phase::Body),
        (b"resolving", Phase::Resolve),
    ]
};
