//! Go's errors in somebody's line: `http: proxy error: dial tcp 10.0.0.1:80: connect: connection refused`.
//!
//! Source: Go, `net/http/httputil/reverseproxy.go`, `net/url` (`Error`), `net` (`OpError`), `net/http/server.go`.

use crate::fault::FaultKind::{ClientAborted, ClientTimeout};
use crate::fault::Phase;

use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::super::golang;
use super::{Found, Says, Table, Told, one, unquoted};

pub(super) const TABLE: Table = Table {
    by: Format::Go,
    rows: &[
        // A server speaks of its own clients.
        (b"http: TLS handshake error from ", Says::Quiet),
        (b"http2: server connection error from ", Says::Quiet),
        (b"http: Accept error: ", Says::On(accept)),
        // Authelia, `internal/server/handlers.go`, of fasthttp's `ErrTimeout`.
        (b"Request timeout occurred while handling request from client", one(ClientTimeout)),
        // fasthttp, `server.go`.
        (b"error when serving connection ", Says::Quiet),
        (b"http: proxy error: ", Says::On(error)),
        // cloudflared, `connection/errors.go` and `proxy/proxy.go`.
        (b"Unable to reach the origin service. The service may be down or it may not be responding to traffic from cloudflared: ", Says::On(cloudflared)),
        // frp, `pkg/util/vhost/http.go`.
        (b"do http proxy request ", Says::On(frp)),
        (b"http: abort Handler", one(ClientAborted)),
        // `url.Error`: the method, the URL, the cause.
        (b"Get ", Says::On(by_url)),
        (b"Head ", Says::On(by_url)),
        (b"Post ", Says::On(by_url)),
        (b"Put ", Says::On(by_url)),
        (b"Patch ", Says::On(by_url)),
        (b"Delete ", Says::On(by_url)),
        (b"Options ", Says::On(by_url)),
        (b"dial tcp", Says::On(call)),
        (b"dial unix ", Says::On(call)),
        (b"read tcp ", Says::On(call)),
        (b"readfrom tcp ", Says::On(call)),
        (b"write tcp ", Says::On(call)),
        (b"net/http: ", Says::On(text)),
        (b"http: server gave HTTP response to HTTPS client", Says::On(text)),
        (b"http: server closed idle connection", Says::On(text)),
        (b"malformed HTTP ", Says::On(text)),
        (b"http2: server sent GOAWAY", Says::On(text)),
        (b"http2: Transport received Server's graceful shutdown GOAWAY", Says::On(text)),
        (b"http2: timeout awaiting response headers", Says::On(text)),
        (b"stream error: stream ID ", Says::On(stream)),
        (b"remote error: tls: ", Says::On(text)),
        (b"local error: tls: ", Says::On(text)),
        (b"tls: ", Says::On(text)),
        (b"x509: ", Says::On(text)),
        (b"invalid byte in chunk length", Says::On(text)),
        (b"http: suspiciously long trailer after chunked body", Says::On(text)),
    ],
};

/// What others say behind it, as gRPC does, says more.
pub(super) const LAST: Table = Table {
    by: Format::Go,
    rows: &[(b"context canceled", one(ClientAborted)), (b"context deadline exceeded", Says::On(text))],
};

fn told<'a>(text: &'a [u8], said: Verdict) -> Option<Told<'a>> {
    (said != Verdict::Unknown).then(|| Told::new(said).at(golang::next_hop(text)))
}

fn error<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let text = found.rest;
    told(text, golang::error(whole(text)))
}

/// The error, and the origin as it was configured: `originService=http://10.0.0.1:3000`.
fn cloudflared<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let text = found.rest;
    let error = told(text, golang::error(whole(unquoted(text))))?;
    let origin = cut::split(text, b"originService=").and_then(|(_, url)| super::name(url)).and_then(cut::authority);
    Some(if origin.is_some() { error.at(origin) } else { error })
}

/// `error: EOF`; since 0.52 with `[host: shop.example] ` in between.
fn frp<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, text) = cut::split(cut::head(found.text, 320), b"error: ")?;
    let from = found.text.len().min(320).saturating_sub(text.len());
    let text = found.text.get(from..)?;
    told(text, golang::error(whole(text)))
}

fn text<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    told(b"", golang::error(found.text))
}

/// "EOF" is one only where nothing follows.
fn whole(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let end = unquoted(text);
    if matches!(end, b"EOF" | b"unexpected EOF") { end } else { text }
}

fn call<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    // `read tcp` in a body is said of a body where somebody says so.
    let in_body = found.before.ends_with(b"copying response body: ")
        || found.before.ends_with(b"suppressing panic for copyResponse error in test; copy error: ");
    let said = if in_body { golang::body_error(found.text) } else { golang::error(found.text) };
    told(found.text, said)
}

/// `Get "http://app:8080/x": dial tcp 10.0.0.1:8080: connect: connection refused`; before 1.14 without quotes.
fn by_url<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (url, rest) = match found.rest {
        [b'\\', b'"', inner @ ..] => cut::split(inner, b"\\\": ")?,
        [b'"', inner @ ..] => cut::split(inner, b"\": ")?,
        inner => cut::split(inner, b": ")?,
    };
    if !url.starts_with(b"http") || url.contains(&b' ') {
        return None;
    }
    let error = told(rest, golang::error(whole(rest)))?;
    Some(if error.upstream.is_some() { error } else { error.at(cut::authority(url)) })
}

/// `stream ID 5; REFUSED_STREAM; received from peer`: without the end it is this side's doing.
fn stream<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, code) = cut::split(found.rest, b"; ")?;
    super::h2::code(code).map(|_| super::h2::told(code))
}

/// `accept tcp [::]:80: accept4: too many open files; retrying in 5ms`.
fn accept<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let exhausted = cut::has(found.rest, b"too many open files") || cut::has(found.rest, b"no buffer space available");
    let local = super::cause::at(super::cause::Cause::Exhausted, Phase::Connect);
    Some(if exhausted { Told::that(local) } else { Told::new(Verdict::Nothing) })
}
