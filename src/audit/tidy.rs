//! What a proxy takes out of a head before it forwards it.
//!
//! What concerns one connection stays on it (RFC 9110 section 7.6.1), and what concerns
//! the recipient of the content stays in it, even where a `Connection` field asks for its removal.

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRAILER, UPGRADE};
use http::response::Parts;
use http::{StatusCode, Version};

use super::{content_length, is_h2c, is_protocol, is_tunnel, items, may_upgrade};
use crate::exchange::{Exchange, offers_upgrade};
use crate::h1::forward::HopByHop;
use crate::present::Present;

/// Prepares a head that passed the [`audit`](super::audit()) for forwarding. Total: nothing is a fault here.
///
/// - Gone: `Connection` and the fields it names (but see below), `Keep-Alive`, `Proxy-Connection`,
///   `TE`, `Transfer-Encoding`, `Upgrade` (RFC 9110 section 7.6.1). On an accepted 101, `Upgrade` stays and
///   `Connection: upgrade` is written anew, because it was asked for by this gateway's client.
/// - Gone: `Proxy-Authenticate` and `Proxy-Authentication-Info`, which "apply only to the next
///   outbound client" (RFC 9110 section 11.7.1): this gateway. No client should send it its credentials.
/// - `Trailer` goes if the client will not get trailers: HTTP/1 without `TE: trailers`. It is
///   end-to-end otherwise (RFC 9110 section 6.6.2), and hyper's server sends no trailer that it does not name.
/// - `Content-Length` goes from 1xx, 204, and a 2xx to CONNECT (RFC 9110 section 8.6), where
///   `Transfer-Encoding` wins (RFC 9112 section 6.3: "MUST first remove the received Content-Length
///   field"), and wherever it is no length. Elsewhere, HEAD and 304 included, it stays, as one plain number.
/// - The version becomes the one that goes to this client: HTTP/2 and HTTP/3 where [the client](Exchange::version) speaks
///   them, else HTTP/1.1, also to one that speaks HTTP/1.0: an intermediary "MUST send its own HTTP-version in forwarded
///   messages" (RFC 9110 section 2.5). In the version of a next hop that speaks HTTP/1.0 a server such as hyper's leaves
///   out the chunks, and then the end of the connection is all there is: a cut body would look whole to any client. To a
///   client that speaks HTTP/1.0 itself hyper goes down by itself. At HTTP/3 its HTTP/1 server panics. What the next hop
///   spoke decides on `Guard::expecting_end_stream`: read it before.
/// - `Proxy-Status`, `Via`, `Date` and all the rest stay as they are.
///
/// A `Connection` field can name anything, and a hostile or broken hop can use it to have
/// `Content-Encoding`, `Set-Cookie` or `Content-Security-Policy` taken out on the way. Such options are
/// ignored: see [`is_end_to_end`](crate::h1::forward::is_end_to_end).
///
/// ```
/// use badgateway::Exchange;
/// use badgateway::audit::tidy;
///
/// let (mut parts, ()) = http::Response::builder()
///     .header("connection", "close, x-hop, cache-control")
///     .header("x-hop", "1")
///     .header("cache-control", "no-store")
///     .body(()).unwrap().into_parts();
/// parts.version = http::Version::HTTP_10;
/// tidy(&mut parts, &Exchange::default());
/// assert_eq!(parts.version, http::Version::HTTP_11); // the client's, by default
/// assert_eq!(parts.headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["cache-control"]);
/// ```
pub fn tidy(parts: &mut Parts, exchange: &Exchange) {
    let present = Present::of(&parts.headers);
    tidy_present(parts, exchange, present);
}

pub(crate) fn tidy_present(parts: &mut Parts, exchange: &Exchange, present: Present) {
    let upgraded = parts.status == StatusCode::SWITCHING_PROTOCOLS && may_upgrade(exchange);
    let coded = present.any(Present::TRANSFER_ENCODING);

    parts.version = exchange.version.max(Version::HTTP_11);
    strip(&mut parts.headers, present, upgraded, &[]);
    if present.any(Present::TRAILER) && exchange.version < Version::HTTP_2 && !exchange.trailers_wanted {
        parts.headers.remove(TRAILER);
    }
    let never_has_length = parts.status.is_informational()
        || parts.status == StatusCode::NO_CONTENT
        || is_tunnel(parts.status, &exchange.method);
    if !present.any(Present::CONTENT_LENGTH) {
        return;
    }
    if coded || never_has_length {
        parts.headers.remove(CONTENT_LENGTH);
    } else {
        normalize_length(&mut parts.headers);
    }
}

/// Takes out of a request what was meant for this gateway, and says whether the request still offers
/// an upgrade: what [`Exchange::upgrade_offered`] should say from then on.
///
/// - Gone: all that [`tidy`] takes out as hop by hop. The body is framed anew by whoever sends it, so
///   `Transfer-Encoding` goes, and a `Content-Length` beside it or unfit goes too (RFC 9112 section 6.3).
///   `TE` was for this gateway; [`Exchange::of`] remembers `trailers`, so read the request by that first.
/// - Gone: `Expect`. The server in front answers it with 100 itself when the body is first read, and a
///   second 100 from behind would be nobody's.
/// - Gone: `Proxy-Authorization` (RFC 9110 section 11.7.2: for the proxy that asked for it), `HTTP2-Settings`,
///   and `Proxy`, which CGI programs take for the variable `HTTP_PROXY` (CVE-2016-5385).
/// - `Upgrade` stays, with `Connection: upgrade`, if the exchange [offers](Exchange::upgrade_offered) it and these fields do
///   too: HTTP/1.1, an `Upgrade` that `Connection` names, no body. `h2c` is taken out of it always, because RFC 9113
///   section 3.1 made it obsolete and requests inside such a tunnel pass the gateway unseen.
///
/// Call it *before* adding fields of your own (`X-Forwarded-For`, `Via`): the client's `Connection` cannot
/// name what is not there yet. Fields that an earlier proxy may have added (`Forwarded`,
/// `X-Forwarded-*`, `X-Real-IP`), as well as `Authorization`, `Cookie` and `Host`, are kept even
/// when it names them: dropping those is a known way around access rules.
///
/// ```
/// use badgateway::Exchange;
/// use badgateway::audit::tidy_request;
///
/// let mut request = http::Request::get("/chat")
///     .header("connection", "keep-alive, upgrade, x-forwarded-for")
///     .header("upgrade", "websocket")
///     .header("x-forwarded-for", "203.0.113.9")
///     .body(()).unwrap();
/// let mut exchange = Exchange::of(&request);
/// exchange.upgrade_offered = tidy_request(request.headers_mut(), &exchange);
/// assert!(exchange.upgrade_offered);
/// assert_eq!(request.headers()["connection"], "upgrade");
/// assert_eq!(request.headers()["x-forwarded-for"], "203.0.113.9");
/// ```
pub fn tidy_request(headers: &mut HeaderMap, exchange: &Exchange) -> bool {
    let present = Present::of(headers);
    let upgrade = exchange.upgrade_offered && offers_upgrade(exchange.version, headers, present) && drop_unfit(headers);

    strip(headers, present, upgrade, &FOR_THE_GATEWAY);
    if present.any(Present::CONTENT_LENGTH) {
        if present.any(Present::TRANSFER_ENCODING) {
            headers.remove(CONTENT_LENGTH);
        } else {
            normalize_length(headers);
        }
    }
    upgrade
}

/// Takes out of `Upgrade` what is `h2c`, and what is no protocol by its grammar, which some servers read as one: `"h2c"`.
/// Whether anything is left to offer.
fn drop_unfit(headers: &mut HeaderMap) -> bool {
    let is_fit = |item: &&[u8]| is_protocol(item) && !is_h2c(item);
    if !items(headers, UPGRADE).all(|item| is_fit(&item)) {
        let kept: Vec<&[u8]> = items(headers, UPGRADE).filter(is_fit).collect();
        match HeaderValue::from_bytes(&kept.join(&b", "[..])) {
            Ok(value) if !kept.is_empty() => headers.insert(UPGRADE, value),
            Ok(_) | Err(_) => headers.remove(UPGRADE),
        };
    }
    items(headers, UPGRADE).next().is_some()
}

/// What no next hop is told, besides what is hop by hop: see [`tidy_request`].
const FOR_THE_GATEWAY: [&str; 3] = ["expect", "http2-settings", "proxy"];

/// What [`strip`] may have to take out.
const GOES: Present = Present::CONNECTION.or(GOES_BESIDES_CONNECTION);
const GOES_BESIDES_CONNECTION: Present = Present::TE
    .or(Present::TRANSFER_ENCODING)
    .or(Present::UPGRADE)
    .or(Present::HOP_BY_HOP)
    .or(Present::FOR_THE_GATEWAY);

/// Takes out what is hop by hop, and `more`, which is in lower case. `Upgrade` stays where there is one to pass on,
/// with a `Connection` of our own for it.
fn strip(headers: &mut HeaderMap, present: Present, keep_upgrade: bool, more: &[&str]) {
    if !keep_upgrade && !present.any(GOES) {
        return;
    }
    let hop = HopByHop::of_map(headers);
    if !keep_upgrade && hop.names_none() && !present.any(GOES_BESIDES_CONNECTION) {
        // `Connection: keep-alive`, mostly.
        headers.remove(CONNECTION);
        return;
    }
    // The names that are there are looked at once, instead of each known one being looked for: they are fewer.
    let is_gone = |name: &&HeaderName| {
        let text = name.as_str();
        (hop.contains(text) || more.contains(&text)) && !(keep_upgrade && **name == UPGRADE)
    };
    let gone: Vec<HeaderName> = headers.keys().filter(is_gone).cloned().collect();
    for name in gone {
        headers.remove(name);
    }
    if keep_upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Makes `Content-Length` one plain number, or nothing: "MUST NOT forward a message with a
/// Content-Length header field value that is known to be incorrect" (RFC 9110 section 8.6).
fn normalize_length(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(CONTENT_LENGTH).iter();
    // Most are one plain number already. Of 19 digits any fits 64 bits.
    let is_plain = |value: &HeaderValue| match value.as_bytes() {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if lines.next().is_some_and(is_plain) && lines.next().is_none() {
        return;
    }
    match content_length(headers) {
        Ok(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Err(_) => {
            headers.remove(CONTENT_LENGTH);
        }
    }
}
