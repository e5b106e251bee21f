//! A client's request head, as far as it can be read as one.
//!
//! Whether it may be forwarded is the gateway's to say: [`audit_request`](badgateway::audit::audit_request()), which
//! [`Gateway::begin_head`](badgateway::Gateway::begin_head) asks.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};

/// The largest request head taken.
pub(crate) const HEAD: usize = 64 * 1024;
/// The most fields in it.
const FIELDS: usize = 100;

/// How the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Length(u64),
    Chunked,
}

/// A request head.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) request: Request<()>,
    pub(crate) body: Body,
    /// The client waits for a 100 before it sends the body (RFC 9110 section 10.1.1).
    pub(crate) expects_continue: bool,
    /// The client wants to send more requests on this connection.
    pub(crate) keep_alive: bool,
}

/// What there is so far.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A head, and its length.
    Whole(Box<Incoming>, usize),
    /// More bytes are needed.
    Partial,
    /// No request, and what to say to that.
    Bad(StatusCode, &'static str),
}

/// Looks for a head at the beginning of the bytes.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD => length,
        Ok(httparse::Status::Partial) if bytes.len() < HEAD => return Parsed::Partial,
        Ok(_) if !bytes.contains(&b'\n') => {
            return Parsed::Bad(StatusCode::URI_TOO_LONG, "the request line is too long");
        }
        Ok(_) => return large("the request head is too large"),
        Err(httparse::Error::TooManyHeaders) => return large("the request has too many fields"),
        Err(httparse::Error::Version) => {
            return Parsed::Bad(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "this is not HTTP/1.0 or HTTP/1.1");
        }
        Err(_) => return bad("this is not a request"),
    };
    match read(&head) {
        Ok(incoming) => Parsed::Whole(Box::new(incoming), length),
        Err((status, why)) => Parsed::Bad(status, why),
    }
}

fn bad(why: &'static str) -> Parsed {
    Parsed::Bad(StatusCode::BAD_REQUEST, why)
}

fn large(why: &'static str) -> Parsed {
    Parsed::Bad(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why)
}

type Refusal = (StatusCode, &'static str);

fn read(head: &httparse::Request<'_, '_>) -> Result<Incoming, Refusal> {
    let wrong = |why| (StatusCode::BAD_REQUEST, why);
    let method = head.method.and_then(|m| Method::from_bytes(m.as_bytes()).ok()).ok_or(wrong("bad method"))?;
    let target = head.path.unwrap_or_default();
    if target.contains('#') {
        // No form of a target has one (RFC 9112 section 3.2), and `Uri` drops it without a word.
        return Err(wrong("a fragment in the request target"));
    }
    let uri: Uri = target.parse().map_err(|_| wrong("bad request target"))?;
    let version = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };

    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| wrong("bad field name"))?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| wrong("bad field value"))?;
        headers.append(name, value);
    }
    let body = body(&headers);
    let says = |option: &[u8]| {
        let lines = headers.get_all(CONNECTION);
        lines
            .iter()
            .flat_map(|v| v.as_bytes().split(|&b| b == b','))
            .any(|t| t.trim_ascii().eq_ignore_ascii_case(option))
    };
    // An HTTP/1.0 client that asks for keep-alive has to take a close, and one connection each is simpler.
    let keep_alive = version == Version::HTTP_11 && !says(b"close");
    let expects = headers.get(EXPECT).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"));

    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.version_mut() = version;
    *request.headers_mut() = headers;
    Ok(Incoming {
        request,
        body,
        // RFC 9110 section 10.1.1: to be ignored in HTTP/1.0.
        expects_continue: expects && body != Body::None && version == Version::HTTP_11,
        keep_alive,
    })
}

/// Where the body ends (RFC 9112 section 6.3), for a head that passes the gateway's audit. What does not is never read.
fn body(headers: &HeaderMap) -> Body {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Body::Chunked;
    }
    let length =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.split(',').next()?.trim().parse().ok());
    length.filter(|length| *length > 0).map_or(Body::None, Body::Length)
}
