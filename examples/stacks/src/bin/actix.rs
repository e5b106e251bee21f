//! actix-web before awc. `actix 127.0.0.1:0 http://127.0.0.1:3000` prints where it listens, then one JSON record a line for
//! whatever goes wrong.
use std::any::Any;
use std::error::Error;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use actix_web::body::{BodyStream, SizedStream};
use actix_web::dev::{Extensions, Payload};
use actix_web::error::{ParseError, PayloadError};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http as http02, web};
use awc::error::{ConnectError, SendRequestError};
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::body::ClientHandle;
use badgateway::classify::{Cause, Finding, downcast};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::{BodyDataStream, BodyExt, Empty, StreamBody};
use socket2::{SockRef, Socket};

type Failure = Box<dyn Error + Send + Sync>;
type Incoming = Pin<Box<dyn Body<Data = Bytes, Error = PayloadError>>>;
type Answer = Response<ResponseBody<Incoming, TokioTimer>>;
const PATIENCE: Duration = Duration::from_secs(5);

/// The client's socket once more: actix-web has no call to reset it, which is how a client of HTTP/1.0 sees a cut.
struct Client {
    handle: ClientHandle,
    socket: Socket,
}

impl Client {
    fn connected(io: &dyn Any, data: &mut Extensions) {
        let Some(stream) = io.downcast_ref::<TcpStream>() else { return };
        if let (Ok(peer), Ok(socket)) = (stream.peer_addr(), SockRef::from(stream).try_clone()) {
            data.insert(Self { handle: ClientHandle::at(peer), socket });
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.handle.abort_handle().is_set() {
            let _ = self.socket.set_linger(Some(Duration::ZERO)); // close(2), by whoever comes last, is a reset then
        }
    }
}

/// awc's errors have no `source()`.
fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
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

struct State {
    gateway: Gateway,
    client: awc::Client,
    upstream: String,
}

async fn serve(state: web::Data<State>, head: HttpRequest, payload: web::Payload) -> HttpResponse {
    let Ok(request) = begin(&head, payload.into_inner()) else { return HttpResponse::BadRequest().finish() };
    match state.gateway.handle(request, |exchange, request| forward(&state, exchange, request)).await {
        Ok(answer) => finish(answer),
        Err(never) => match never {},
    }
}

/// One exchange. Whatever `?` leaves with is answered and recorded; so is a body that breaks, and a client that leaves.
async fn forward(state: &State, exchange: InFlight, request: Request<Upload<Incoming>>) -> Result<Answer, Failure> {
    exchange.next_hop(state.upstream.clone());
    let exchange = exchange.timed(TokioTimer, Some(PATIENCE), None);
    let (head, body) = request.into_parts();
    let method: http02::Method = head.method.as_str().parse()?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = state.client.request(method, format!("http://{}{path}", state.upstream)).no_decompress();
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
    let response = match exchange.within(TokioTimer, PATIENCE, sent).await? {
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

/// actix-web and awc have the types of `http` 0.2.
fn begin(head: &HttpRequest, payload: Payload) -> Result<Request<Incoming>, Failure> {
    // What follows a request for an upgrade is nothing of it, but actix-web hands it over as a body that never ends.
    let has_body = framed(head.headers()) || head.version() == http02::Version::HTTP_2;
    let mut request = Request::new(match payload {
        Payload::None => empty(),
        payload if has_body => Box::pin(StreamBody::new(payload.map_ok(Frame::data))),
        _ => empty(),
    });
    *request.method_mut() = head.method().as_str().parse()?;
    *request.uri_mut() = head.uri().to_string().parse()?;
    *request.version_mut() = version(head.version());
    convert(head.headers(), request.headers_mut())?;
    if let Some(client) = head.conn_data::<Client>() {
        request.extensions_mut().insert(client.handle.clone());
    }
    Ok(request)
}

fn finish(answer: Answer) -> HttpResponse {
    let (head, body) = answer.into_parts();
    let status = http02::StatusCode::from_u16(head.status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(http02::StatusCode::BAD_GATEWAY));
    for (name, value) in &head.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    if head.headers.contains_key(CONNECTION) {
        response.force_close();
    }
    let length = length(&head.headers);
    if has_no_content(head.status) {
        return response.body(actix_web::body::None::new());
    }
    let body = BodyDataStream::new(body);
    match length {
        Some(length) => response.body(SizedStream::new(length, body)),
        None => response.body(BodyStream::new(body)),
    }
}

/// RFC 9110 section 6.4.1.
fn has_no_content(status: StatusCode) -> bool {
    matches!(status.as_u16(), 100..=199 | 204 | 304)
}

fn empty() -> Incoming {
    Box::pin(Empty::new().map_err(|never| match never {}))
}

/// Whether a message of HTTP/1.1 has a body that says where it ends.
fn framed(headers: &http02::header::HeaderMap) -> bool {
    headers.contains_key(http02::header::CONTENT_LENGTH) || headers.contains_key(http02::header::TRANSFER_ENCODING)
}

fn convert(from: &http02::header::HeaderMap, into: &mut HeaderMap) -> Result<(), Failure> {
    for (name, value) in from {
        into.append(name.as_str().parse::<HeaderName>()?, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(())
}

fn version(version: http02::Version) -> Version {
    match version {
        http02::Version::HTTP_10 => Version::HTTP_10,
        http02::Version::HTTP_2 => Version::HTTP_2,
        _ => Version::HTTP_11,
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn run() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: actix LISTEN UPSTREAM".into()) };
    let upstream = upstream.parse::<http::Uri>()?.authority().ok_or("UPSTREAM is no URL")?.to_string();
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}")).with_probe(probe);
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);
    let server = HttpServer::new(move || {
        let client = awc::Client::builder().connector(awc::Connector::new().timeout(PATIENCE / 2));
        let client = client.disable_redirects().no_default_headers().disable_timeout().finish();
        let state = State { gateway: gateway.clone(), client, upstream: upstream.clone() };
        App::new().app_data(web::Data::new(state)).default_service(web::to(serve))
    });
    let server = server.workers(2).on_connect(Client::connected).bind_auto_h2c(listen.as_str())?;
    println!("listening on {}", server.addrs().first().ok_or("no address")?);
    Ok(server.run().await?)
}

fn main() -> Result<(), Failure> {
    actix_web::rt::System::new().block_on(run())
}
