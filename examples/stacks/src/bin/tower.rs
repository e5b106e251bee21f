//! tower's layers around hyper-util's pooled client, with TLS by rustls. `tower 127.0.0.1:0 http://127.0.0.1:3000` prints where
//! it listens, then one JSON record a line for whatever goes wrong.
use std::time::{Duration, Instant, SystemTime};

use badgateway::Gateway;
use badgateway::adapters::hyper_util01::{TapConnector, TapLayer};
use badgateway::adapters::hyper1::Tunnels;
use badgateway::adapters::tokio1::{ClientListener, TokioTimer};
use badgateway::adapters::tower_http07::FaultClassifier;
use badgateway::adapters::tower05::{GatewayLayer, RetryIfSafe};
use http::{Request, Uri, header::HOST};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tower::ServiceBuilder;
use tower_http::trace::TraceLayer;

type Error = Box<dyn std::error::Error + Send + Sync>;
const PATIENCE: Duration = Duration::from_secs(5);

/// The request's target becomes where it goes; its `Host` the client writes by that.
fn route<B>(mut request: Request<B>, upstream: &Uri) -> Request<B> {
    let mut target = upstream.clone().into_parts();
    target.path_and_query = request.uri().path_and_query().cloned().or(target.path_and_query);
    if let Ok(target) = Uri::from_parts(target) {
        *request.uri_mut() = target;
    }
    request.headers_mut().remove(HOST);
    request
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: tower LISTEN UPSTREAM".into()) };
    let upstream: Uri = upstream.parse()?;
    let tunnels = Tunnels::new(|tunnel| drop(tokio::spawn(tunnel))).timed(TokioTimer, PATIENCE);
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}")).with_upgrades(tunnels);
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);

    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(PATIENCE / 2));
    let tls =
        HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_all_versions().wrap_connector(tcp);
    // A client of its own mind would try again, unseen by the layers.
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build(TapConnector::new(tls));
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new(FaultClassifier::new(gateway.clone()))) // whose failures are the faults on record
        .map_request(move |request| route(request, &upstream)) // whose host the gateway's layer takes for the next hop
        .layer(GatewayLayer::new(gateway).timed(TokioTimer, Some(PATIENCE), None))
        .timeout(PATIENCE) // up to the head of the response
        .retry(RetryIfSafe::new())
        .layer(TapLayer::new())
        .service(client);

    let listener = ClientListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (io, client, _) = listener.accept().await;
        let with_client = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client.clone()); // so that a cut can be shown by a reset
            request
        };
        let service = TowerToHyperService::new(ServiceBuilder::new().map_request(with_client).service(service.clone()));
        tokio::spawn(async move {
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            server.serve_connection_with_upgrades(TokioIo::new(io), service).await
        });
    }
}
