//! axum before reqwest. `axum 127.0.0.1:0 http://127.0.0.1:3000` prints where it listens, then one JSON record a line for
//! whatever goes wrong.
use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use badgateway::adapters::hyper1::Tunnels;
use badgateway::adapters::tokio1::{ClientListener, TokioTimer};
use badgateway::body::ClientHandle;
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use http::{Response, Uri, header::HOST};
use http_body::Body as _;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<ResponseBody<reqwest::Body, TokioTimer>>;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct App {
    gateway: Gateway,
    client: reqwest::Client,
    upstream: Uri,
}

async fn serve(State(app): State<App>, request: Request) -> Result<Answer, Infallible> {
    app.gateway.clone().handle(request, |exchange, request| forward(app, exchange, request)).await
}

/// One exchange. Whatever `?` leaves with is answered and recorded; so is a body that breaks, and a client that leaves.
async fn forward(app: App, exchange: InFlight, mut request: http::Request<Upload<Body>>) -> Result<Answer, Error> {
    let mut target = app.upstream.into_parts();
    exchange.next_hop(target.authority.as_ref().map(ToString::to_string).unwrap_or_default());
    target.path_and_query = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from_parts(target)?;
    request.headers_mut().remove(HOST); // reqwest writes its own
    // axum's bodies are not `Sync`, so `wrap` does not take them; and a stream, were it empty, would be sent in chunks.
    let request = request.map(|body| match body.is_end_stream() {
        true => reqwest::Body::default(),
        false => reqwest::Body::wrap_stream(Body::new(body).into_data_stream()),
    });
    let response = exchange.within(TokioTimer, PATIENCE, app.client.execute(request.try_into()?)).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response.into()))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: axum LISTEN UPSTREAM".into()) };
    let tunnels = Tunnels::new(|tunnel| drop(tokio::spawn(tunnel))).timed(TokioTimer, PATIENCE);
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}")).with_upgrades(tunnels);
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);
    let _ = rustls::crypto::ring::default_provider().install_default();
    // What a client does by itself, and a gateway must not: redirects, proxies from the environment, a limit of time for
    // the whole of a body.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let client = client.connect_timeout(PATIENCE / 2).build()?;

    let listener = ClientListener::bind(listen).await?; // so that a cut can be shown by a reset
    println!("listening on {}", listener.local_addr()?);
    let app = serve.with_state(App { gateway, client, upstream: upstream.parse()? });
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<ClientHandle>()).await?)
}
