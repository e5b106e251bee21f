//! A reverse proxy before one upstream: `minimal 127.0.0.1:0 http://127.0.0.1:3000`.
use std::time::{Duration, Instant, SystemTime};

use badgateway::adapters::hyper1::Tunnels;
use badgateway::adapters::tokio1::{ClientListener, Tap, TokioTimer};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use http::{Request, Response, Uri, header::HOST};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<ResponseBody<Incoming, TokioTimer>>;
const PATIENCE: Duration = Duration::from_secs(5);

/// One exchange. What `?` leaves with is answered and recorded; so is a body that breaks, and a client that leaves.
async fn forward(exchange: InFlight, mut request: Request<Upload<Incoming>>, hop: String) -> Result<Answer, Error> {
    exchange.next_hop(hop.clone());
    let path = request.uri().path_and_query().ok_or(Fault::new(FaultKind::NoRoute))?;
    *request.uri_mut() = Uri::from(path.clone());
    request.headers_mut().insert(HOST, hop.parse()?);
    exchange.phase(Phase::Connect);
    let stream = exchange.within(TokioTimer, PATIENCE, TcpStream::connect(hop)).await??;
    exchange.phase(Phase::Head);
    let (io, tap) = Tap::new(stream); // which sees an SSH greeting where hyper says "invalid HTTP version"
    tap.begin(request.method());
    exchange.over(tap);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    tokio::spawn(connection.with_upgrades());
    let sent = exchange.interims(&mut request).during(sender.send_request(request));
    let response = exchange.within(TokioTimer, PATIENCE, sent).await???;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = args.as_slice() else { return Err("usage: minimal LISTEN UPSTREAM".into()) };
    let hop = upstream.parse::<Uri>()?.authority().ok_or("UPSTREAM is no URL")?.to_string();
    let tunnels = Tunnels::new(|tunnel| drop(tokio::spawn(tunnel))).timed(TokioTimer, PATIENCE);
    let gateway = Gateway::new("edge-1.example")?.with_clock(Instant::now, SystemTime::now);
    let gateway = gateway.with_upgrades(tunnels).with_log(|report| println!("{report}"));
    let listener = ClientListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (io, client, _) = listener.accept().await;
        let (gateway, hop) = (gateway.clone(), hop.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client.clone()); // whose connection can be reset, to show a cut
            gateway.handle(request, |exchange, request| forward(exchange, request, hop.clone()))
        });
        let server = auto::Builder::new(TokioExecutor::new());
        tokio::spawn(async move { server.serve_connection_with_upgrades(TokioIo::new(io), service).await });
    }
}
