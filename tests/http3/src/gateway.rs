//! A gateway whose client is h3 on quinn.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::fault::Phase;
use badgateway::{InFlight, ResponseBody, Upload};
use bytes::Bytes;
use h3::client::{RequestStream, SendRequest};
use h3_quinn::{OpenStreams, SendStream};
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use quinn::{Endpoint, IdleTimeout, TransportConfig};

use crate::body::Incoming;

pub type AnyError = Box<dyn Error + Send + Sync>;
pub type Answer = Response<ResponseBody<Incoming, TokioTimer>>;

/// How it goes to its next hops.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a handshake, a head, and more of a body may take.
    pub patience: Duration,
    /// QUIC's own.
    pub idle: Duration,
    /// How often it pings.
    pub keep_alive: Option<Duration>,
    /// How long it waits between the handshake and the request.
    pub late: Duration,
    /// The largest field section that it takes.
    pub most_fields: u64,
    pub version: u32,
    /// Whether the request goes in early data, where there was a connection before.
    pub early: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(8),
            idle: Duration::from_secs(20),
            keep_alive: None,
            late: Duration::ZERO,
            most_fields: 16_384,
            version: 1,
            early: false,
        }
    }
}

/// The client's side of QUIC, by these settings.
pub fn client(mut config: quinn::ClientConfig, settings: &Settings) -> Endpoint {
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IdleTimeout::try_from(settings.idle).unwrap()));
    transport.keep_alive_interval(settings.keep_alive);
    config.transport_config(Arc::new(transport)).version(settings.version);
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(config);
    endpoint
}

/// One exchange, on a connection of its own.
pub async fn forward<B>(
    exchange: InFlight,
    request: Request<Upload<B>>,
    hop: SocketAddr,
    endpoint: Endpoint,
    settings: Settings,
) -> Result<Answer, AnyError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<AnyError>,
    Upload<B>: Body<Data = Bytes, Error: Send> + Send + Unpin,
{
    exchange.next_hop(hop.to_string());
    // Transport and TLS are one handshake.
    exchange.phase(Phase::Connect);
    let connecting = endpoint.connect(hop, "localhost")?;
    let connection = match connecting.into_0rtt() {
        // The handshake is not over: what fails now may fail behind the request.
        Ok((connection, _)) if settings.early => connection,
        Ok((connection, accepted)) => {
            exchange.within(TokioTimer, settings.patience, accepted).await?;
            connection
        }
        Err(connecting) => exchange.within(TokioTimer, settings.patience, connecting).await??,
    };
    exchange.phase(Phase::Send);
    let (mut driver, mut sender) = h3::client::builder()
        .max_field_section_size(settings.most_fields)
        .build::<_, _, Bytes>(h3_quinn::Connection::new(connection))
        .await?;
    tokio::spawn(async move { driver.wait_idle().await });
    tokio::time::sleep(settings.late).await;
    let (mut head, body) = request.map(Some).into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = Uri::builder().scheme("https").authority("localhost").path_and_query(path).build()?;
    head.headers.remove("host");
    let sent = sender.send_request(Request::from_parts(head, ()));
    let stream = exchange.within(TokioTimer, settings.patience, sent).await??;
    let (upload, mut stream) = stream.split();
    tokio::spawn(send(upload, body));
    exchange.phase(Phase::Head);
    let response = loop {
        let response = exchange.within(TokioTimer, settings.patience, stream.recv_response()).await??;
        if !response.status().is_informational() {
            break response;
        }
    };
    let response = response.map(|()| Incoming::new(stream, sender));
    Ok(exchange.timed(TokioTimer, Some(settings.patience), None).pass_on(response))
}

/// Sends the request's body. Whatever fails here, the response tells: a next hop may answer without reading on.
async fn send<B>(mut stream: RequestStream<SendStream<Bytes>, Bytes>, body: Option<Upload<B>>) -> Option<()>
where
    Upload<B>: Body<Data = Bytes, Error: Send> + Unpin,
{
    let mut body = body?;
    while let Some(frame) = body.frame().await {
        match frame.ok()?.into_data() {
            Ok(data) => stream.send_data(data).await.ok()?,
            Err(frame) => return stream.send_trailers(frame.into_trailers().ok()?).await.ok(),
        }
    }
    stream.finish().await.ok()
}

/// A connection for requests, where no gateway is in between.
pub async fn connect(
    endpoint: &Endpoint,
    to: SocketAddr,
) -> Result<(quinn::Connection, SendRequest<OpenStreams, Bytes>), AnyError> {
    let connection = endpoint.connect(to, "localhost")?.await?;
    let (mut driver, sender) = h3::client::new(h3_quinn::Connection::new(connection.clone())).await?;
    tokio::spawn(async move { driver.wait_idle().await });
    Ok((connection, sender))
}
