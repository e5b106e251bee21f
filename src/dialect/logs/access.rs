//! A line of an access log in the common or the combined format, as nginx, Apache and Traefik write it:
//! `10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET / HTTP/1.1" 502 157 "-" "curl" ...`, and nginx's in JSON.
//!
//! A status has no reason. nginx's upstream fields say more: who answered, what each server that was tried gave, and
//! how long it took. Where a server gave nothing, nginx writes the status that it made itself into `$upstream_status`
//! (`ngx_http_upstream_finalize_request`); that not a byte had come tells it from the server's own.
//!
//! Sources: nginx's `ngx_http_upstream_module` ("Embedded Variables") and `ngx_http_log_module`; ingress-nginx's
//! `log-format-upstream`; NGINX Amplify's format; Traefik's "Access Logs".

use core::time::Duration;

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadHeader, BadStatusLine, CertNameMismatch, CertUntrusted, ClientAborted, ClosedBeforeResponse, ConnectDenied,
    ConnectReset, ConnectionRefused, ConnectionTimeout, HeadReset, HeadStalled, HeadTooLarge, HeadTruncated,
    LocalExhausted, NotHttp, ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout, TlsAlert, TlsClosed,
    TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, Unreachable,
};

use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::haproxy;
use super::json::{Members, Value};
use super::stamp::Stamp;
use super::tries::Tries;

/// 502 of nginx's own, of a server that gave nothing. Not a timeout, which is 504.
const GAVE_NOTHING: Reading = Reading::coarse(
    ClosedBeforeResponse,
    &[
        ConnectionRefused,
        ResetBeforeResponse,
        HeadTruncated,
        HeadReset,
        SendReset,
        Unreachable,
        ConnectReset,
        ConnectDenied,
        NotHttp,
        BadStatusLine,
        BadHeader,
        HeadTooLarge,
        TlsProtocol,
        TlsNotTls,
        TlsAlert,
        TlsClosed,
        TlsReset,
        CertUntrusted,
        CertNameMismatch,
        LocalExhausted,
    ],
);
/// The same where it did not come to a connection.
const NO_CONNECTION: Reading = Reading::coarse(
    ConnectionRefused,
    &[Unreachable, ConnectReset, ConnectDenied, LocalExhausted, TlsProtocol, TlsNotTls, TlsAlert, TlsClosed, TlsReset],
);
/// 504 of nginx's own: of whichever of its three timers, each of 60 s by default.
const TOOK_TOO_LONG: Reading =
    Reading::coarse(ResponseTimeout, &[ConnectionTimeout, HeadStalled, SendTimeout, TlsTimeout]);

/// The part that all of them have.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    client: &'a [u8],
    host: Option<&'a [u8]>,
    time: Option<Stamp>,
    request: &'a [u8],
    status: u16,
    bytes: &'a [u8],
    /// Behind the bytes.
    rest: &'a [u8],
}

/// What the fields of nginx's upstream module say.
#[derive(Clone, Copy, Debug, Default)]
struct Upstream<'a> {
    tries: Tries<'a>,
    /// `$upstream_response_length`, `$upstream_bytes_received`: whether the last try gave nothing; `None` where neither
    /// is logged.
    gave_nothing: Option<bool>,
    /// `$upstream_connect_time` of the last try: `-`.
    no_connection: bool,
    elapsed: Option<Duration>,
}

/// `shop.example:443`: a virtual host.
pub(super) fn has_port(name: &[u8]) -> bool {
    name.last().is_some_and(u8::is_ascii_digit) && port(name).is_some()
}

fn port(name: &[u8]) -> Option<(&[u8], u32)> {
    let (host, port) = cut::piece(name, b':')?;
    cut::whole_number(port).map(|port| (host, port))
}

/// `host ident user [date] "request" status bytes`, with Apache's `vhost:port` or ingress-nginx's second address.
fn line_of(line: &[u8]) -> Option<Line<'_>> {
    let head = cut::head(line, 256);
    let mut fields = Fields(head);
    let (first, second) = (fields.next()?, fields.next()?);
    if second != b"-" && !first.contains(&b':') {
        return None;
    }
    let third = fields.next()?;
    // What `grep -n` puts before an address is no part of it.
    let is_address = |name: &[u8]| !(name.contains(&b'.') && name.contains(&b':')) || name.starts_with(b"::ffff:");
    // An address, a name, or what masks one.
    if !line.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'<' | b'*' | b'-' | b'_')) {
        return None;
    }
    let (mut client, mut host) = (first, None);
    if second != b"-" {
        // `%v:%p %h %l %u %t`.
        let (name, _) = port(first).filter(|_| third == b"-")?;
        (client, host) = (second, Some(name));
        fields.next()?;
    } else if !is_address(first) {
        return None;
    }
    if second == b"-" && third.starts_with(b"[") {
        fields.skip(2)?;
    }
    let date = fields.0.strip_prefix(b" [")?;
    let time = Stamp::common(date)?;
    let at = head.len().saturating_sub(date.len());
    let (_, rest) = cut::piece(line.get(at..)?, b']')?;
    let (request, rest) = cut::quoted_request(rest.strip_prefix(b" \"")?)?;
    let mut fields = Fields(rest);
    // Of what was taken over as it was, a WebSocket or a tunnel, Traefik writes 0 and Varnish a dash.
    let status = fields.next()?;
    let status = cut::status(status).or_else(|| matches!(status, b"0" | b"-").then_some(0))?;
    let bytes = fields.next()?;
    (bytes == b"-" || bytes.iter().all(u8::is_ascii_digit)).then_some(())?;
    Some(Line { client, host, time: Some(time), request, status, bytes, rest: fields.0 })
}

/// Reads the line that begins there, if one does, as HAProxy's, Traefik's or nginx's by what it has behind the bytes.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if line.starts_with(b"{") {
        return json(line);
    }
    let Line { client, host, time, request, status, bytes, rest } = line_of(line)?;
    // Referrer and user agent, or HAProxy's cookies: most lines end there.
    let mut more = Fields(rest);
    let has_more = more.skip(2).is_some() && !more.0.is_empty();
    let mut entry;
    if let Some((said, state, server, elapsed)) = has_more.then(|| haproxy::clf(more, status, bytes)).flatten() {
        entry = Entry::new(Format::HaProxy, said, state);
        (entry.upstream, entry.elapsed) = (cut::something(server), elapsed);
    } else if let Some((server, elapsed)) = traefik(rest) {
        entry = Entry::new(Format::Traefik, of_status(status), request);
        (entry.upstream, entry.elapsed) = (cut::authority(server), elapsed);
    } else if let Some(upstream) = has_more.then(|| by_place(more).or_else(|| by_key(more.0))).flatten() {
        entry = with_upstream(upstream, status, request);
    } else {
        entry = Entry::new(Format::Combined, of_status(status), request);
    }
    (entry.method, entry.path) = cut::request_line(request);
    entry.time = time;
    entry.client = cut::something(client);
    entry.host = host.and_then(cut::something);
    entry.status = (status > 0).then_some(status);
    Some(entry)
}

/// A status and nothing else. 499 is nginx's own: the client went.
fn of_status(status: u16) -> Verdict {
    match status {
        499 => Verdict::that(Reading::exact(ClientAborted)),
        500.. => Verdict::Bare(status),
        _ => Verdict::Nothing,
    }
}

fn with_upstream<'a>(upstream: Upstream<'a>, status: u16, words: &'a [u8]) -> Entry<'a> {
    let last = upstream.tries.last();
    let of_last = last.and_then(|one| one.status);
    let said = match (status, of_last) {
        (502 | 504, Some(of_last)) if of_last == status && upstream.no_connection => Verdict::that(match status {
            502 => NO_CONNECTION,
            _ => Reading::coarse(ConnectionTimeout, &[TlsTimeout]),
        }),
        (502, Some(502)) if upstream.gave_nothing == Some(true) => Verdict::that(GAVE_NOTHING),
        (504, Some(504)) if upstream.gave_nothing == Some(true) => Verdict::that(TOOK_TOO_LONG),
        // The server's own, or a copy of nginx's: 502 and 504 may be either, where nothing says how much came.
        (502 | 504, Some(of_last)) if of_last == status && upstream.gave_nothing.is_none() => Verdict::Bare(status),
        (500.., Some(of_last)) if of_last == status => Verdict::Passed(status),
        _ => of_status(status),
    };
    let mut entry = Entry::new(Format::NginxAccess, said, words);
    entry.tries = upstream.tries;
    entry.upstream = last.and_then(|one| one.upstream);
    entry.elapsed = upstream.elapsed.or_else(|| last.and_then(|one| one.elapsed));
    entry
}

/// Behind the bytes of Traefik's: `"-" "curl" 17 "router@docker" "http://10.0.0.1:80" 2ms`. The server, and the time.
fn traefik(rest: &[u8]) -> Option<(&[u8], Option<Duration>)> {
    // From behind: quotes of a user agent are written as they are.
    let elapsed = rest.strip_suffix(b"ms")?;
    let (before, elapsed) = cut::split_last_byte(elapsed, b' ')?;
    let (before, server) = cut::split_last_byte(before.strip_suffix(b"\"")?, b'"')?;
    let (before, _) = cut::split_last_byte(before.strip_suffix(b"\" ")?, b'"')?;
    let (_, count) = cut::split_last_byte(before.strip_suffix(b" ")?, b' ')?;
    cut::whole_number(count)?;
    Some((server, cut::milliseconds(elapsed)))
}

/// ingress-nginx' fields behind the user agent, by their places:
/// `415 3.006 [default-web-80] [] 10.0.0.1:80 0 3.006 503 0123456789abcdef`.
fn by_place(mut fields: Fields<'_>) -> Option<Upstream<'_>> {
    cut::whole_number(fields.next()?)?;
    let elapsed = cut::seconds(fields.next()?)?;
    let is_name = |name: &[u8]| name.starts_with(b"[") && name.ends_with(b"]");
    fields.next().filter(|name| is_name(name))?;
    // `$proxy_alternative_upstream_name`, since 0.25.
    let mut after = fields;
    if after.next().is_some_and(is_name) {
        fields = after;
    }
    let (addresses, lengths) = (list(&mut fields)?, list(&mut fields)?);
    let (times, statuses) = (list(&mut fields)?, list(&mut fields)?);
    let tries = Tries { addresses: dashed(addresses), statuses: dashed(statuses), times: dashed(times) };
    Some(Upstream { tries, gave_nothing: nothing(lengths), no_connection: false, elapsed: Some(elapsed) })
}

/// What each key of a line in `key=value` or in JSON means: nginx's own names, those of Amplify's format, and those of
/// nginx's guides ("rt=$request_time uct=... uht=... urt=...").
fn keyed<'a>(key: &[u8], value: &'a [u8], upstream: &mut Upstream<'a>) -> bool {
    match key {
        b"upstream_addr" | b"upstream" | b"ua" => upstream.tries.addresses = dashed(value),
        b"upstream_status" | b"us" | b"ust" => upstream.tries.statuses = dashed(value),
        b"upstream_response_time" | b"urt" | b"ut" => upstream.tries.times = dashed(value),
        b"upstream_response_length" | b"upstream_bytes_received" | b"ul" => {
            upstream.gave_nothing = nothing(value).or(upstream.gave_nothing);
        }
        b"upstream_header_time" | b"uht" => {
            // Where there is a header, something came; where there is none, a body did not come either.
            upstream.gave_nothing = upstream.gave_nothing.or(Some(last(value) == b"-"));
        }
        b"upstream_connect_time" | b"uct" => upstream.no_connection = last(value) == b"-",
        b"request_time" | b"rt" => upstream.elapsed = cut::seconds(value),
        _ => return false,
    }
    true
}

fn by_key(rest: &[u8]) -> Option<Upstream<'_>> {
    let (mut upstream, mut is_any) = (Upstream::default(), false);
    let mut rest = rest;
    while let Some((before, after)) = cut::split(rest, b"=") {
        let key = before.rsplit(|b| !(b.is_ascii_lowercase() || *b == b'_')).next().unwrap_or(before);
        let mut fields = Fields(after);
        let value = if after.starts_with(b"\"") { fields.next()? } else { list(&mut fields).unwrap_or(b"") };
        is_any |= keyed(key, value, &mut upstream) && key != b"rt" && key != b"ua";
        rest = fields.0;
    }
    is_any.then_some(upstream)
}

/// An item of nginx's lists, or several: a comma, or a colon that stands alone, goes on.
fn list<'a>(fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    let all = fields.0.trim_ascii_start();
    loop {
        let field = fields.next()?;
        let goes_on = field.ends_with(b",") || field == b":" || fields.0.starts_with(b" : ");
        if !goes_on {
            return all.get(..all.len().saturating_sub(fields.0.len()));
        }
    }
}

/// A dash alone is no try.
fn dashed(list: &[u8]) -> &[u8] {
    cut::something(list).unwrap_or(b"")
}

/// The last item of a list.
fn last(list: &[u8]) -> &[u8] {
    list.rsplit(|b| *b == b' ').next().unwrap_or(list)
}

/// Whether a list of lengths ends in nothing.
fn nothing(lengths: &[u8]) -> Option<bool> {
    let last = last(lengths);
    (last == b"-" || cut::whole_number(last).is_some()).then_some(matches!(last, b"0" | b"-"))
}

/// nginx's access log in JSON, whose keys each house chooses; most take nginx's names.
fn json(line: &[u8]) -> Option<Entry<'_>> {
    let (mut upstream, mut status) = (Upstream::default(), None);
    let mut rest = Entry::new(Format::NginxAccess, Verdict::Nothing, b"");
    for (key, value) in Members(line.get(1..)?) {
        let (Value::Text(text) | Value::Other(text)) = value else { continue };
        match key {
            b"status" => status = cut::status(text),
            b"time" | b"time_iso8601" | b"timestamp" | b"@timestamp" | b"time_local" => {
                rest.time = Stamp::numeric(text).or_else(|| Stamp::common(text)).or(rest.time);
            }
            b"remote_addr" => rest.client = cut::something(text),
            b"request_method" | b"method" => rest.method = cut::something(text),
            b"request_uri" => rest.path = cut::something(text),
            b"path" | b"uri" => rest.path = rest.path.or(cut::something(text)),
            b"host" | b"http_host" => rest.host = cut::something(text),
            b"request" => {
                let (method, path) = cut::request_line(text);
                (rest.method, rest.path) = (rest.method.or(method), rest.path.or(path));
            }
            _ => _ = keyed(key, text, &mut upstream),
        }
    }
    let status = status?;
    let words = line.get(..0).unwrap_or(b"");
    let Entry { said, upstream, elapsed, tries, .. } = with_upstream(upstream, status, words);
    Some(Entry { said, upstream, elapsed, tries, status: Some(status), ..rest })
}
