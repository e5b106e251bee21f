//! The audit of a request head that another library parsed.
//!
//! What two programs in a chain read differently is how requests are smuggled, and how one host's answer gets into another's
//! cache. So whatever leaves a choice is refused, and never repaired: the client gets a 400, and its connection ends.

use std::net::Ipv6Addr;

use http::header::{CONNECTION, EXPECT, HOST, HeaderMap, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Uri, Version};

use super::{content_length, is_protocol, items, transfer_codings};
use crate::fault::{Class, Code, Fault, FaultKind};
use crate::present::Present;
use crate::token::is_token;

/// Judges the head of a request as it came from the client: whether it may be forwarded at all.
///
/// 1. **Framing** (RFC 9112 section 6.3). `Transfer-Encoding` is `chunked`, alone, on one line; not beside `Content-Length`,
///    nor in HTTP/1.0 (section 6.1). `Content-Length` is one number, however often it is said, below 2^63, which is where
///    signed counters end. Behind a coding that is not known, but ends in `chunked`, the request is whole and the answer 501.
/// 2. **Target** (section 3.2). `*` is for OPTIONS alone, and `host:port` for CONNECT alone, which has no other; a
///    scheme is http or https; userinfo "is likely being used to obscure the authority" (RFC 9110 section 4.2.4); and
///    every byte is printable ASCII.
/// 3. **Host** (section 3.2): one in HTTP/1.1, none or one in HTTP/1.0, and a host with or without a port, or empty. In
///    HTTP/2 and HTTP/3 it may be left to `:authority`, and says the same (RFC 9113 section 8.3.1).
/// 4. **Connection** and **Upgrade** are lists of tokens and protocols (RFC 9110 sections 7.6.1 and 7.8). In HTTP/2 and
///    HTTP/3 neither is there, nor their like (RFC 9113 section 8.2.2).
/// 5. **Expect** asks for `100-continue` or nothing (RFC 9110 section 10.1.1), or the answer is 417.
///
/// [`Gateway::begin`](crate::Gateway::begin) and its like ask this, and whether the request [loops](crate::FaultKind::LoopDetected).
/// Ask it *before* a router changes the target or `Host`.
///
/// ```
/// use badgateway::audit::audit_request;
/// use badgateway::fault::{Class, Code};
/// let audit = |request: http::request::Builder| {
///     let (parts, ()) = request.body(()).unwrap().into_parts();
///     audit_request(&parts.method, parts.version, &parts.uri, &parts.headers)
/// };
/// assert_eq!(audit(http::Request::get("/cart").header("host", "shop.example")), Ok(()));
///
/// let fault = audit(http::Request::get("/cart")).unwrap_err();
/// assert_eq!(fault.class(), Some(Class::RequestHostMissing)); // a 400, as the kind has it
///
/// let coded = http::Request::post("/").header("host", "shop.example").header("transfer-encoding", "gzip, chunked");
/// assert_eq!(audit(coded).unwrap_err().code(), Some(Code::Status(501)));
/// ```
///
/// # Errors
///
/// [`BadRequest`](FaultKind::BadRequest), with the [`Class`], and the status where it is not 400. End the client's
/// connection behind the answer: what is left in it may be anything.
pub fn audit_request(method: &Method, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    audit_arrived(method, version, uri, headers, Present::of(headers))
}

pub(crate) fn audit_arrived(
    method: &Method,
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
    present: Present,
) -> Result<(), Fault> {
    audit_fields(version, headers, present)?;
    audit_target(method, version, uri)?;
    audit_host(version, uri, headers)
}

/// The same for a request whose target and `Host` a router may have set: an absolute target tells nothing of the client's.
pub(crate) fn audit_routed(
    method: &Method,
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
    present: Present,
) -> Result<(), Fault> {
    if uri.scheme().is_none() {
        return audit_arrived(method, version, uri, headers, present);
    }
    audit_fields(version, headers, present)?;
    audit_host_lines(headers).map(|_| ())
}

fn bad(class: Class) -> Fault {
    Fault::new(FaultKind::BadRequest).with_class(class)
}

fn audit_fields(version: Version, headers: &HeaderMap, present: Present) -> Result<(), Fault> {
    audit_framing(version, headers, present)?;
    audit_connection(version, headers, present)?;
    // `Expect` is one of these.
    if !present.any(Present::FOR_THE_GATEWAY) {
        return Ok(());
    }
    match items(headers, EXPECT).all(|asked| asked.eq_ignore_ascii_case(b"100-continue")) {
        true => Ok(()),
        false => Err(bad(Class::RequestExpectation).with_code(Code::Status(417))),
    }
}

fn audit_framing(version: Version, headers: &HeaderMap, present: Present) -> Result<(), Fault> {
    if present.any(Present::TRANSFER_ENCODING) {
        return match version >= Version::HTTP_2 {
            true => Err(bad(Class::RequestConnectionSpecific)),
            false => audit_codings(version, headers),
        };
    }
    if present.any(Present::CONTENT_LENGTH) {
        content_length(headers).map_err(bad)?;
    }
    Ok(())
}

fn audit_codings(version: Version, headers: &HeaderMap) -> Result<(), Fault> {
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    let is_plain = lines.next().is_some_and(|line| is_chunked(line.as_bytes())) && lines.next().is_none();
    let class = match transfer_codings(version, headers) {
        None if is_plain => return Ok(()),
        // It changes nothing, and is put up with in a response.
        None if !items(headers, TRANSFER_ENCODING).all(is_chunked) => Class::FramingTeIdentity,
        // What reads as `chunked` and is written otherwise (`,chunked`), the next reader may not read so.
        None => Class::FramingTeInvalid,
        Some(class) => class,
    };
    // "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501"
    // (section 6.1); but where chunked is not the last, the end is not known: "MUST respond with the 400" (section 6.3).
    let is_delimited = items(headers, TRANSFER_ENCODING).last().is_some_and(is_chunked);
    let is_whole = is_delimited && class.general() == Class::FramingTeUnsupported;
    Err(if is_whole { bad(class).with_code(Code::Status(501)) } else { bad(class) })
}

fn audit_connection(version: Version, headers: &HeaderMap, present: Present) -> Result<(), Fault> {
    if !present.any(Present::CONNECTION.or(Present::UPGRADE).or(Present::TE).or(Present::HOP_BY_HOP)) {
        return Ok(());
    }
    if version >= Version::HTTP_2 {
        let is_specific = ["connection", "keep-alive", "proxy-connection", "upgrade"];
        let is_trailers = |coding: &[u8]| coding.eq_ignore_ascii_case(b"trailers");
        let fits = !is_specific.iter().any(|name| headers.contains_key(*name)) && items(headers, TE).all(is_trailers);
        return if fits { Ok(()) } else { Err(bad(Class::RequestConnectionSpecific)) };
    }
    if !items(headers, CONNECTION).all(is_token) {
        return Err(bad(Class::RequestConnectionInvalid));
    }
    // "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request" (RFC 9110 section 7.8).
    if version == Version::HTTP_11 && !items(headers, UPGRADE).all(is_protocol) {
        return Err(bad(Class::RequestUpgradeInvalid));
    }
    Ok(())
}

fn audit_target(method: &Method, version: Version, uri: &Uri) -> Result<(), Fault> {
    let target = uri.path_and_query().map(|target| target.as_str());
    if target.is_some_and(|target| !target.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(bad(Class::RequestTargetInvalid));
    }
    let authority = uri.authority().map(|authority| authority.as_str());
    if authority.is_some_and(|authority| !is_host(authority)) {
        return Err(bad(Class::RequestTargetInvalid));
    }
    let is_connect = *method == Method::CONNECT;
    let form_fits = match (uri.scheme_str(), authority, target) {
        // In HTTP/2 a CONNECT may have all of them (RFC 8441 section 4).
        (Some(_), ..) if is_connect => version >= Version::HTTP_2,
        (Some("http" | "https"), Some(_), _) => true,
        (Some(_), ..) => return Err(bad(Class::RequestTargetScheme)),
        // "There is no default port" (RFC 9110 section 9.3.6).
        (None, Some(_), _) => is_connect && uri.port_u16().is_some(),
        (None, None, Some("*")) => *method == Method::OPTIONS,
        (None, None, Some(target)) => !is_connect && target.starts_with('/'),
        (None, None, None) => false,
    };
    if form_fits { Ok(()) } else { Err(bad(Class::RequestTargetForm)) }
}

/// The one `Host` there is, if any.
fn audit_host_lines(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Fault> {
    let mut lines = headers.get_all(HOST).iter();
    let Some(host) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(bad(Class::RequestHostRepeated));
    }
    // "If the authority component is missing or undefined for the target URI, then a client MUST send a Host header
    // field with an empty field value" (RFC 9112 section 3.2): it names no other host than the one that was connected to.
    let fits = host.is_empty() || host.to_str().is_ok_and(is_host);
    if fits { Ok(Some(host)) } else { Err(bad(Class::RequestHostInvalid)) }
}

fn audit_host(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    match (audit_host_lines(headers)?, uri.authority()) {
        (None, Some(_)) if version != Version::HTTP_11 => Ok(()),
        (None, _) if version >= Version::HTTP_11 => Err(bad(Class::RequestHostMissing)),
        // In HTTP/1 the target's counts, and `Host` is ignored (RFC 9112 section 3.2.2).
        (Some(host), Some(authority)) if version >= Version::HTTP_2 => {
            let default = if uri.scheme_str() == Some("http") { "80" } else { "443" };
            let same = host.to_str().is_ok_and(|host| is_same(host, authority.as_str(), default));
            if same { Ok(()) } else { Err(bad(Class::RequestHostConflict)) }
        }
        _ => Ok(()),
    }
}

/// Whether both name the same host and port ([RFC 3986, section 6.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2)).
fn is_same(one: &str, other: &str, default_port: &str) -> bool {
    fn bare<'a>(name: &'a str, default_port: &str) -> &'a str {
        let before_port = name.strip_suffix(default_port).and_then(|name| name.strip_suffix(':'));
        before_port.or(name.strip_suffix(':')).unwrap_or(name)
    }
    bare(one, default_port).eq_ignore_ascii_case(bare(other, default_port))
}

/// Whether this is `uri-host [ ":" port ]` with a host that is not empty
/// ([RFC 3986, section 3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
fn is_host(value: &str) -> bool {
    let port = match value.strip_prefix('[') {
        Some(rest) => {
            let Some((literal, port)) = rest.split_once(']') else { return false };
            if !is_ip_literal(literal) {
                return false;
            }
            port
        }
        None => {
            let (name, port) = value.split_at(value.find(':').unwrap_or(value.len()));
            if name.is_empty() || !is_reg_name(name) {
                return false;
            }
            port
        }
    };
    match port.strip_prefix(':') {
        Some("") => true, // "port = *DIGIT"
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    }
}

fn is_ip_literal(literal: &str) -> bool {
    let is_future = || {
        let rest = literal.strip_prefix(['v', 'V'])?;
        let (version, address) = rest.split_once('.')?;
        let fits = |byte| is_name_byte(byte) || byte == b':';
        let is_hex = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(is_hex && !address.is_empty() && address.bytes().all(fits))
    };
    literal.parse::<Ipv6Addr>().is_ok() || is_future() == Some(true)
}

/// `*( unreserved / pct-encoded / sub-delims )`, of which IPv4 addresses are made too.
fn is_reg_name(name: &str) -> bool {
    let is_plain = |part: &str| part.bytes().all(is_name_byte);
    let is_encoded = |part: &str| part.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let mut parts = name.split('%');
    parts.next().is_some_and(is_plain) && parts.all(|part| is_encoded(part) && is_plain(part))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}
