//! A gateway for gRPC, on tonic's `Channel`: HTTP/2 on both sides. `tonic 127.0.0.1:0 http://127.0.0.1:50051` prints where it
//! listens, then one JSON record a line for whatever goes wrong.
use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use badgateway::adapters::tokio1::{ClientListener, TokioTimer};
use badgateway::body::ClientHandle;
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use http::{Response, Uri, Version, header::HOST};
use tonic::transport::Channel;
use tower::ServiceExt;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<ResponseBody<tonic::body::Body, TokioTimer>>;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct App {
    gateway: Gateway,
    channel: Channel,
    next_hop: String,
}

async fn serve(State(app): State<App>, request: Request) -> Result<Answer, Infallible> {
    app.gateway.clone().handle(request, |exchange, request| forward(app, exchange, request)).await
}

/// One call. Whatever `?` leaves with becomes a `grpc-status` and a record; so does a stream that breaks or ends without one.
async fn forward(app: App, exchange: InFlight, mut request: http::Request<Upload<Body>>) -> Result<Answer, Error> {
    exchange.next_hop(app.next_hop);
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(HOST); // the channel writes `:authority`
    let response = app.channel.oneshot(request.map(tonic::body::Body::new));
    let response = exchange.within(TokioTimer, PATIENCE, response).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: tonic LISTEN UPSTREAM".into()) };
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}"));
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);
    let channel = Channel::from_shared(upstream.clone())?.connect_timeout(PATIENCE / 2).connect_lazy();
    let next_hop = upstream.parse::<Uri>()?.authority().ok_or("UPSTREAM is no URL")?.to_string();

    let listener = ClientListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    let app = serve.with_state(App { gateway, channel, next_hop });
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<ClientHandle>()).await?)
}
