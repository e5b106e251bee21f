//! The client libraries, each asked as the README shows it: what it hands over goes to badgateway unread.

mod awc;
mod h1;
mod h2;
mod hyper;
mod hyper_h2;
mod hyper_util;
mod reqwest;
mod tonic;
mod ureq;

use std::error::Error;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::{Gateway, InFlight, ResponseBody, Upload};
use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use tokio::runtime::Runtime;

use crate::cell::Seen;
use crate::target::Target;

pub(crate) type AnyError = Box<dyn Error + Send + Sync>;
pub(crate) type Answer<B> = Result<Response<ResponseBody<B, TokioTimer>>, AnyError>;
/// What each exchange sends on.
pub(crate) type Outgoing = Request<Upload<Empty<Bytes>>>;

/// For a head, and between two parts of a body.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// For a connection, of clients that connect inside of their call.
pub(crate) const CONNECTING: Duration = Duration::from_secs(1);

/// The protocol, and so the half of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    Http2,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) name: &'static str,
    pub(crate) speaks: Speaks,
    pub(crate) ask: fn(&Target) -> Seen,
}

pub(crate) static CLIENTS: &[Client] = &[
    Client { name: "hyper", speaks: Speaks::Http1, ask: hyper::bare },
    Client { name: "hyper, tap", speaks: Speaks::Http1, ask: hyper::tapped },
    Client { name: "hyper-util", speaks: Speaks::Http1, ask: hyper_util::bare },
    Client { name: "hyper-util, tap", speaks: Speaks::Http1, ask: hyper_util::tapped },
    Client { name: "reqwest, rustls", speaks: Speaks::Http1, ask: reqwest::by_rustls },
    Client { name: "reqwest, native", speaks: Speaks::Http1, ask: reqwest::by_native_tls },
    Client { name: "ureq", speaks: Speaks::Http1, ask: ureq::ask },
    Client { name: "awc", speaks: Speaks::Http1, ask: awc::ask },
    Client { name: "std, h1", speaks: Speaks::Http1, ask: h1::ask },
    Client { name: "hyper h2", speaks: Speaks::Http2, ask: hyper_h2::bare },
    Client { name: "hyper h2, tap", speaks: Speaks::Http2, ask: hyper_h2::tapped },
    Client { name: "h2", speaks: Speaks::Http2, ask: h2::ask },
    Client { name: "reqwest h2", speaks: Speaks::Http2, ask: reqwest::http2 },
    Client { name: "tonic", speaks: Speaks::Http2, ask: tonic::ask },
];

/// What a gateway keeps of its log.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Seen>>);

impl Log {
    pub(crate) fn gateway(&self) -> Gateway {
        let log = self.clone();
        Gateway::new("edge-1.example").unwrap().with_log(move |report| {
            let mut seen = log.0.lock().unwrap();
            if let Some(fault) = report.fault() {
                seen.faults.push((*fault, report.exchange().clone()));
            }
            let line = report.to_string();
            seen.text.push_str(line.split_once("\"evidence\":").map_or("", |(_, evidence)| evidence));
        })
    }

    pub(crate) fn seen(&self, is_whole: bool) -> Seen {
        let mut seen = self.0.lock().unwrap();
        Seen { is_whole, faults: std::mem::take(&mut seen.faults), text: std::mem::take(&mut seen.text) }
    }
}

pub(crate) fn request(target: &Target) -> Request<Empty<Bytes>> {
    Request::get("/").header(HOST, target.authority()).body(Empty::new()).unwrap()
}

/// One exchange on the runtime of all of them.
pub(crate) fn run<'a, B, F>(target: &'a Target, forward: impl FnOnce(&'a Target, InFlight, Outgoing) -> F) -> Seen
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<AnyError>,
    F: Future<Output = Answer<B>>,
{
    run_with(target, |gateway| gateway, forward)
}

/// The same with more settings.
pub(crate) fn run_with<'a, B, F>(
    target: &'a Target,
    settings: impl FnOnce(Gateway) -> Gateway,
    forward: impl FnOnce(&'a Target, InFlight, Outgoing) -> F,
) -> Seen
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<AnyError>,
    F: Future<Output = Answer<B>>,
{
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(exchange(target, Log::default(), settings, forward))
}

/// One exchange: from the request to the end of what the gateway passes on.
pub(crate) async fn exchange<'a, B, F>(
    target: &'a Target,
    log: Log,
    settings: impl FnOnce(Gateway) -> Gateway,
    forward: impl FnOnce(&'a Target, InFlight, Outgoing) -> F,
) -> Seen
where
    B: Body<Data = Bytes>,
    B::Error: Into<AnyError>,
    F: Future<Output = Answer<B>>,
{
    let gateway = settings(log.gateway());
    let Ok(response) = gateway.handle(request(target), |exchange, request| forward(target, exchange, request)).await;
    let is_whole = std::pin::pin!(response.into_body()).collect().await.is_ok();
    log.seen(is_whole)
}
