//! axum before reqwest, which tries again where that is safe: reqwest-middleware and reqwest-retry, whose strategy asks the
//! exchange. `reqwest_retry 127.0.0.1:0 http://127.0.0.1:3000` prints where it listens, then one JSON record a line for
//! whatever goes wrong.
use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::handler::Handler;
use badgateway::adapters::tokio1::{ClientListener, TokioTimer};
use badgateway::body::ClientHandle;
use badgateway::{Gateway, InFlight, ResponseBody, SharedFacts, Upload};
use http::{Response, Uri, header::HOST};
use http_body::Body as _;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::policies::ExponentialBackoff;
use reqwest_retry::{RetryTransientMiddleware, Retryable, RetryableStrategy};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<ResponseBody<reqwest::Body, TokioTimer>>;
const PATIENCE: Duration = Duration::from_secs(5);
/// Bodies that are kept for a second try.
const SMALL: u64 = 16 * 1024;

/// reqwest-retry shows a strategy the result alone. What makes a second try safe is in the request, and so in the facts.
struct Advised(SharedFacts);

impl RetryableStrategy for Advised {
    fn handle(&self, result: &Result<reqwest::Response, reqwest_middleware::Error>) -> Option<Retryable> {
        let fault = self.0.classify(result.as_ref().err()?);
        if !self.0.advise_retry(&fault).is_safe() {
            return Some(Retryable::Fatal);
        }
        self.0.try_again(&fault);
        Some(Retryable::Transient)
    }
}

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

    let mut client = ClientBuilder::new(app.client);
    let (parts, body) = request.into_parts();
    // reqwest-retry refuses streams.
    let body = if body.size_hint().upper().is_some_and(|size| size <= SMALL) {
        exchange.keep_body(SMALL as usize);
        let policy =
            ExponentialBackoff::builder().retry_bounds(PATIENCE / 500, PATIENCE / 50).build_with_max_retries(1);
        client =
            client.with(RetryTransientMiddleware::new_with_policy_and_strategy(policy, Advised(exchange.shared())));
        reqwest::Body::from(to_bytes(Body::new(body), SMALL as usize).await?)
    } else {
        reqwest::Body::wrap_stream(Body::new(body).into_data_stream())
    };
    let request = http::Request::from_parts(parts, body).try_into()?;
    let client = client.build();
    let response = client.execute(request);
    let response = exchange.within(TokioTimer, PATIENCE, response).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response.into()))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: reqwest_retry LISTEN UPSTREAM".into()) };
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}"));
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);
    let _ = rustls::crypto::ring::default_provider().install_default();
    // What a client does by itself, and a gateway must not: redirects, proxies from the environment, tries of its own.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let client = client.retry(reqwest::retry::never()).connect_timeout(PATIENCE / 2).build()?;

    let listener = ClientListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    let app = serve.with_state(App { gateway, client, upstream: upstream.parse()? });
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<ClientHandle>()).await?)
}
