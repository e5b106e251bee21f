//! actix-web before awc. `actix 127.0.0.1:0 http://127.0.0.1:3000` prints where it listens, then one JSON record a line for
//! whatever goes wrong.
mod upstream;

use std::any::Any;
use std::time::{Duration, Instant, SystemTime};

use actix_web::body::{BodyStream, SizedStream};
use actix_web::dev::{Extensions, Payload};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http as http02, web};
use badgateway::Gateway;
use badgateway::body::ClientHandle;
use futures_util::TryStreamExt;
use http::Request;
use http::header::CONNECTION;
use http_body::Frame;
use http_body_util::{BodyDataStream, BodyExt, Empty, StreamBody};
use socket2::{SockRef, Socket};

use crate::upstream::{Answer, Failure, Incoming, convert, forward, framed, has_no_content, length, probe, version};

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

struct State {
    gateway: Gateway,
    client: awc::Client,
    upstream: String,
}

async fn serve(state: web::Data<State>, head: HttpRequest, payload: web::Payload) -> HttpResponse {
    let Ok(request) = begin(&head, payload.into_inner()) else { return HttpResponse::BadRequest().finish() };
    match state
        .gateway
        .handle(request, |exchange, request| forward(&state.client, &state.upstream, PATIENCE, exchange, request))
        .await
    {
        Ok(answer) => finish(answer),
        Err(never) => match never {},
    }
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

fn empty() -> Incoming {
    Box::pin(Empty::new().map_err(|never| match never {}))
}

async fn run() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: actix LISTEN UPSTREAM".into()) };
    let upstream = upstream.parse::<http::Uri>()?.authority().ok_or("UPSTREAM is no URL")?.to_string();
    let upstream = format!("http://{upstream}");
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
