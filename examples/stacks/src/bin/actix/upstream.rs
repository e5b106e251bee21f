//! awc: what it is asked, and what it hands over. It has the types of `http` 0.2, and its errors have no `source()`.
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use actix_http::error::ParseError;
use awc::body::SizedStream;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use awc::http as http02;
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::classify::{Cause, Finding, downcast};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::{InFlight, ResponseBody, Upload};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::{BodyDataStream, StreamBody};

pub type Failure = Box<dyn Error + Send + Sync>;
pub type Incoming = Pin<Box<dyn Body<Data = Bytes, Error = PayloadError>>>;
pub type Answer = Response<ResponseBody<Incoming, TokioTimer>>;

/// awc's errors have no `source()`.
pub fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    Some(match downcast::<SendRequestError>(link)? {
        SendRequestError::Connect(ConnectError::Resolver(error)) => Finding::new().at(Phase::Resolve).then(&**error),
        SendRequestError::Connect(ConnectError::Io(error)) => Finding::new().at(Phase::Connect).then(error),
        SendRequestError::Connect(ConnectError::Timeout) => Finding::of(Cause::TimedOut).at(Phase::Connect),
        // "Connector has been disconnected": the end of the connection, where a head was due.
        SendRequestError::Connect(ConnectError::Disconnected) => Finding::of(Cause::Closed).at(Phase::Head),
        SendRequestError::Send(error) => Finding::new().likely_at(Phase::Head).then(error),
        SendRequestError::Timeout => Finding::of(Cause::TimedOut).likely_at(Phase::Head),
        SendRequestError::Body(_) => Finding::request_body(),
        SendRequestError::Response(error) => match error {
            ParseError::Io(error) => Finding::new().at(Phase::Head).then(error),
            ParseError::Incomplete => Finding::of(Cause::Closed).at(Phase::Head),
            ParseError::TooLarge => Finding::of(FaultKind::HeadTooLarge),
            ParseError::Status => Finding::of(FaultKind::BadStatusLine),
            ParseError::Version => Finding::of(FaultKind::NotHttp),
            _ => Finding::of(FaultKind::BadHeader),
        },
        _ => return None,
    })
}

/// One exchange. Whatever `?` leaves with is answered and recorded; so is a body that breaks, and a client that leaves.
pub async fn forward(
    client: &awc::Client,
    upstream: &str,
    patience: Duration,
    exchange: InFlight,
    request: Request<Upload<Incoming>>,
) -> Result<Answer, Failure> {
    exchange.next_hop(upstream.split_once("://").map_or(upstream, |(_, rest)| rest).to_owned());
    let exchange = exchange.timed(TokioTimer, Some(patience), None);
    let (head, body) = request.into_parts();
    let method: http02::Method = head.method.as_str().parse()?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = client.request(method, format!("{upstream}{path}")).no_decompress();
    // awc takes an interim response for the final one, and keeps the connection: the final one would answer the next request
    // on it, whoever's it is.
    request = request.force_close();
    for (name, value) in head.headers.iter().filter(|(name, _)| **name != HOST && **name != CONTENT_LENGTH) {
        request = request.append_header((name.as_str(), value.as_bytes()));
    }
    let sent = match length(&head.headers) {
        _ if body.is_end_stream() => request.send(),
        Some(length) => request.send_body(SizedStream::new(length, BodyDataStream::new(body))),
        None => request.send_stream(BodyDataStream::new(body)),
    };
    let response = match exchange.within(TokioTimer, patience, sent).await? {
        Ok(response) => response,
        Err(error) => return Ok(exchange.answer(&error)), // which is not `Send`, so that `?` does not take it
    };
    let (status, version) = (StatusCode::from_u16(response.status().as_u16())?, version(response.version()));
    let mut headers = HeaderMap::new();
    convert(response.headers(), &mut headers)?;
    // awc reads no body that the end of an HTTP/1.1 connection delimits: passed on, it would be empty, and look whole.
    let may_have_content = !has_no_content(status) && head.method != Method::HEAD;
    if may_have_content && !framed(response.headers()) && version == Version::HTTP_11 {
        exchange.evidence("awc", "a body without length or chunks is not read");
        return Ok(exchange.answer_fault(Fault::new(FaultKind::ProxyInternal)));
    }
    let body: Incoming = Box::pin(StreamBody::new(response.map_ok(Frame::data)));
    let mut response = Response::new(body);
    (*response.status_mut(), *response.version_mut(), *response.headers_mut()) = (status, version, headers);
    Ok(exchange.pass_on(response))
}

/// RFC 9110 section 6.4.1.
pub fn has_no_content(status: StatusCode) -> bool {
    matches!(status.as_u16(), 100..=199 | 204 | 304)
}

/// Whether a message of HTTP/1.1 has a body that says where it ends.
pub fn framed(headers: &http02::header::HeaderMap) -> bool {
    headers.contains_key(http02::header::CONTENT_LENGTH) || headers.contains_key(http02::header::TRANSFER_ENCODING)
}

pub fn convert(from: &http02::header::HeaderMap, into: &mut HeaderMap) -> Result<(), Failure> {
    for (name, value) in from {
        into.append(name.as_str().parse::<HeaderName>()?, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(())
}

pub fn version(version: http02::Version) -> Version {
    match version {
        http02::Version::HTTP_10 => Version::HTTP_10,
        http02::Version::HTTP_2 => Version::HTTP_2,
        _ => Version::HTTP_11,
    }
}

pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
