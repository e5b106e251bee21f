//! The hyper proxy without badgateway: what people write who answer every failure with a bare 502.
//!
//! ```text
//! twin --listen ADDR --route /prefix=http://host:port [--log FILE]
//! ```
//!
//! The same server, client, pool and connector as `examples/proxy`, in the same settings, for one plain
//! upstream: what the example takes more than this for an exchange that fails is the price of knowing why.
//! It forwards too; nothing is left out of the way of a good response but what badgateway does there.

use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, HeaderName, TE, TRANSFER_ENCODING, UPGRADE, VIA};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// As in the example.
const CLIENT_HEAD: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(2);
const HEAD_LIMIT: usize = 128 * 1024;
const IDLE: usize = 32;
const IDLE_FOR: Duration = Duration::from_secs(30);

type Error = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, hyper::Error>;
type Link = SendRequest<Incoming>;

struct Twin {
    prefix: String,
    authority: HeaderValue,
    upstream: String,
    idle: Mutex<Vec<(Link, Instant)>>,
    log: Option<Mutex<File>>,
}

fn main() -> Result<(), Error> {
    let (mut listen, mut route, mut log) = (SocketAddr::from(([127, 0, 0, 1], 0)), String::new(), None);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or("a flag without its value")?;
        match flag.as_str() {
            "--listen" => listen = value.parse()?,
            "--route" => route = value,
            "--log" => log = Some(Mutex::new(OpenOptions::new().create(true).append(true).open(value)?)),
            _ => return Err(format!("what is {flag}?").into()),
        }
    }
    let (prefix, upstream) = route.split_once("=http://").ok_or("--route /prefix=http://host:port")?;
    let twin = Twin {
        prefix: prefix.to_owned(),
        authority: upstream.parse()?,
        upstream: upstream.to_owned(),
        idle: Mutex::default(),
        log,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        println!("listening on {}", listener.local_addr()?);
        let twin = Arc::new(twin);
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            tokio::spawn(Arc::clone(&twin).client(stream));
        }
    })
}

impl Twin {
    async fn client(self: Arc<Self>, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let peer = stream.peer_addr().map(|address| address.ip()).ok();
        let service = service_fn(|request| {
            let twin = Arc::clone(&self);
            async move { Ok::<_, Infallible>(twin.handle(request, peer).await) }
        });
        let _ = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CLIENT_HEAD)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
    }

    async fn handle(self: Arc<Self>, request: Request<Incoming>, peer: Option<IpAddr>) -> Response<Body> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let started = Instant::now();
        match self.forward(request, peer).await {
            Ok(response) => response,
            Err(error) => {
                if let Some(log) = &self.log {
                    let elapsed = started.elapsed().as_millis();
                    let line = format!(
                        "{{\"error\":\"{error}\",\"status\":502,\"elapsed_ms\":{elapsed},\"next_hop\":\"{}\",\"method\":\"{method}\",\"path\":\"{path}\"}}\n",
                        self.upstream
                    );
                    let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
                }
                bad_gateway()
            }
        }
    }

    async fn forward(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: Option<IpAddr>,
    ) -> Result<Response<Body>, Error> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let rest = path.strip_prefix(self.prefix.as_str()).unwrap_or(path);
        parts.uri = if rest.starts_with('/') { rest.parse::<Uri>()? } else { format!("/{rest}").parse()? };
        parts.version = Version::HTTP_11;
        let client_host = parts.headers.get(HOST).cloned();
        hop_by_hop(&mut parts.headers);
        parts.headers.insert(HOST, self.authority.clone());
        if let Some(host) = client_host {
            parts.headers.insert(HeaderName::from_static("x-forwarded-host"), host);
        }
        parts.headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
        if let Some(peer) = peer {
            parts.headers.insert(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(&peer.to_string())?);
        }
        parts.headers.insert(VIA, HeaderValue::from_static("1.1 twin"));
        let mut link = match self.pooled() {
            Some(link) => link,
            None => self.connect().await?,
        };
        let response = timeout(TIMEOUT, link.send_request(Request::from_parts(parts, body))).await??;
        let (mut parts, body) = response.into_parts();
        hop_by_hop(&mut parts.headers);
        let twin = Arc::clone(self);
        tokio::spawn(async move {
            // It is ready again when the body has been read to its end.
            if link.ready().await.is_ok() {
                let mut idle = twin.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < IDLE {
                    idle.push((link, Instant::now()));
                }
            }
        });
        Ok(Response::from_parts(parts, body.boxed_unsync()))
    }

    fn pooled(&self) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((link, since)) = idle.pop() {
            if since.elapsed() < IDLE_FOR && link.is_ready() {
                return Some(link);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Link, Error> {
        let stream = timeout(TIMEOUT, TcpStream::connect(self.upstream.parse::<SocketAddr>()?)).await??;
        let _ = stream.set_nodelay(true);
        let builder = || {
            let mut builder = hyper::client::conn::http1::Builder::new();
            builder.max_buf_size(HEAD_LIMIT);
            builder
        };
        let (sender, connection) = builder().handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }
}

/// RFC 9110 section 7.6.1, the usual ones.
fn hop_by_hop(headers: &mut HeaderMap) {
    for name in [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE, HeaderName::from_static("keep-alive")] {
        headers.remove(name);
    }
}

fn bad_gateway() -> Response<Body> {
    let body = Full::new(Bytes::from_static(b"Bad Gateway\n")).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
