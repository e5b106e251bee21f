//! A gateway in this process before next hops that speak HTTP/2, as somebody writes it who has read the README.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use badgateway::adapters::h2_04;
use badgateway::adapters::tokio1::{ClientListener, Http2Tap, TokioTimer};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<ResponseBody<Incoming, TokioTimer>>;

/// Its timers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// What runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    records: Arc<Mutex<Vec<String>>>,
}

impl Running {
    /// Starts it: each behaviour is the path of its next hop.
    pub(crate) fn start(ca: &str, next_hops: Vec<(String, String)>) -> Self {
        let records = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&records);
        let tls = trusting(ca);
        let (told, address) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let gateway = Gateway::new("edge-1.example").unwrap().with_clock(Instant::now, SystemTime::now);
                let gateway = gateway.with_probe(h2_04::STREAM_PROBE);
                let gateway = gateway.with_log(move |report| kept.lock().unwrap().push(report.to_string()));
                let listener = ClientListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let next_hops = Arc::new(next_hops);
                loop {
                    let (io, client, _) = listener.accept().await;
                    let (gateway, next_hops, tls) = (gateway.clone(), Arc::clone(&next_hops), tls.clone());
                    let service = service_fn(move |mut request: Request<Incoming>| {
                        request.extensions_mut().insert(client.clone());
                        let name = request.uri().path().trim_start_matches('/').split('/').next().unwrap().to_owned();
                        let url = next_hops.iter().find(|(known, _)| *known == name).map(|(_, url)| url.clone());
                        let tls = tls.clone();
                        gateway.handle(request, |exchange, request| forward(exchange, request, url, tls))
                    });
                    let server = auto::Builder::new(TokioExecutor::new());
                    tokio::spawn(async move { server.serve_connection_with_upgrades(TokioIo::new(io), service).await });
                }
            });
        });
        Self { address: address.recv().unwrap(), records }
    }

    /// The records of faults for this path.
    pub(crate) fn faults(&self, path: &str) -> Vec<String> {
        let path = format!("\"path\":\"{path}\"");
        let records = self.records.lock().unwrap();
        records.iter().filter(|r| r.contains(&path) && !r.starts_with("{\"fault\":null")).cloned().collect()
    }
}

fn trusting(ca: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// One exchange on a connection of its own, and on another one where the first did not process it.
async fn forward(
    exchange: InFlight,
    mut request: Request<Upload<Incoming>>,
    url: Option<String>,
    tls: TlsConnector,
) -> Result<Answer, Error> {
    let url: Uri = url.ok_or(Fault::new(FaultKind::NoRoute))?.parse()?;
    let hop = url.authority().ok_or("a URL without an authority")?.to_string();
    exchange.next_hop(hop.clone());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = Uri::builder().scheme("http").authority(hop.as_str()).path_and_query(path).build()?;
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove("host");
    loop {
        let mut sender = connect(&exchange, &url, &hop, &tls).await?;
        exchange.phase(Phase::Head);
        let spare = exchange.facts().method.is_safe().then(|| {
            let mut spare = Request::new(());
            *spare.method_mut() = request.method().clone();
            *spare.uri_mut() = request.uri().clone();
            *spare.headers_mut() = request.headers().clone();
            spare
        });
        let sent = exchange.interims(&mut request).during(sender.send_request(request));
        let fault = match exchange.within(TokioTimer, PATIENCE, sent).await {
            Ok(Ok(Ok(response))) => {
                let exchange = exchange.timed(TokioTimer, Some(PATIENCE), None);
                return Ok(exchange.pass_on_held(response, Duration::from_millis(30)).await);
            }
            Ok(Ok(Err(error))) => {
                let fault = exchange.classify(&error);
                if !exchange.advise_retry(&fault).is_safe() {
                    return Err(error.into());
                }
                fault
            }
            Ok(Err(fault)) => return Err(fault.into()),
            Err(fault) => return Err(fault.into()),
        };
        let (Some(spare), Some(body)) = (spare, exchange.again().filter(|_| exchange.facts().attempts < 2)) else {
            return Err(fault.into());
        };
        exchange.try_again(&fault);
        request = spare.map(|()| body);
    }
}

async fn connect(
    exchange: &InFlight,
    url: &Uri,
    hop: &str,
    tls: &TlsConnector,
) -> Result<http2::SendRequest<Upload<Incoming>>, Error> {
    exchange.phase(Phase::Connect);
    let stream = exchange.within(TokioTimer, PATIENCE, TcpStream::connect(hop)).await??;
    let executor = TokioExecutor::new();
    if url.scheme_str() != Some("https") {
        let (io, tap) = Http2Tap::new(stream);
        exchange.over(tap);
        let (sender, connection) = http2::handshake(executor, TokioIo::new(io)).await?;
        tokio::spawn(connection);
        return Ok(sender);
    }
    exchange.phase(Phase::Tls);
    let name = ServerName::try_from("lab.test")?;
    let stream = exchange.within(TokioTimer, PATIENCE, tls.connect(name, stream)).await??;
    let (io, tap) = Http2Tap::new(stream);
    exchange.over(tap);
    let (sender, connection) = http2::handshake(executor, TokioIo::new(io)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
