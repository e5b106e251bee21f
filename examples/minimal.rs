//! A reverse proxy before one upstream. `minimal 127.0.0.1:0 http://127.0.0.1:3000` prints where it listens, then one JSON
//! record a line for whatever goes wrong.
use std::time::{Duration, Instant, SystemTime};

use badgateway::adapters::hyper1::Tunnels;
use badgateway::adapters::tokio1::{ClientListener, Tap, TokioTimer};
use badgateway::deadline::{Timer, deadline};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use http::{Request, Response, Uri, header::HOST};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

type Error = Box<dyn std::error::Error + Send + Sync>;
const PATIENCE: Duration = Duration::from_secs(5);

/// One exchange. Whatever `?` leaves with is answered and recorded; so is a body that breaks, and a client that leaves.
async fn forward(
    exchange: InFlight,
    mut request: Request<Upload<Incoming>>,
    upstream: String,
) -> Result<Response<ResponseBody<Incoming, TokioTimer>>, Error> {
    exchange.next_hop(upstream.clone());
    let path = request.uri().path_and_query().ok_or(Fault::new(FaultKind::NoRoute))?;
    *request.uri_mut() = Uri::from(path.clone());
    request.headers_mut().insert(HOST, upstream.parse()?);

    exchange.phase(Phase::Connect);
    let connect = TcpStream::connect(upstream);
    let stream = deadline(connect, TokioTimer.sleep(PATIENCE), FaultKind::ConnectionTimeout).await??;
    exchange.phase(Phase::Head);
    let (io, tap) = Tap::new(stream); // which knows an SSH greeting where hyper says "invalid HTTP version"
    tap.begin(request.method());
    exchange.over(tap);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    tokio::spawn(connection.with_upgrades());
    let response = sender.send_request(request);
    let response = deadline(response, TokioTimer.sleep(PATIENCE), FaultKind::ResponseTimeout).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: minimal LISTEN UPSTREAM".into()) };
    let upstream = upstream.parse::<Uri>()?.authority().ok_or("UPSTREAM is no URL")?.to_string();
    let tunnels = Tunnels::new(|tunnel| drop(tokio::spawn(tunnel))).timed(TokioTimer, PATIENCE);
    let gateway = Gateway::new("edge-1.example")?.with_log(|report| println!("{report}")).with_upgrades(tunnels);
    let gateway = gateway.with_clock(Instant::now, SystemTime::now);

    let listener = ClientListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (io, client, _) = listener.accept().await;
        let (gateway, upstream) = (gateway.clone(), upstream.clone());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client.clone()); // so that a cut can be shown by a reset
            gateway.handle(request, |exchange, request| forward(exchange, request, upstream.clone()))
        });
        tokio::spawn(async move {
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            server.serve_connection_with_upgrades(TokioIo::new(io), service).await
        });
    }
}
