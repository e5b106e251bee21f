//! One exchange: this is where `badgateway` is used.
//!
//! The order of the facts decides, because several can be true at once: what the client did comes
//! before what the upstream did, and a response that arrived comes before an error of sending
//! (a 413 is a valid answer to a body that was never read to its end).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use badgateway::adapters::hyper1::reason_phrase;
use badgateway::audit;
use badgateway::decide::{Decision, How};
use badgateway::exchange::{BodyFraming, Forwarded, RequestBody};
use badgateway::fault::{Evidence, Failure, Fault, FaultKind, Phase};
use badgateway::tap::Observation;
use badgateway::Exchange;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, UPGRADE, VIA};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, request};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::connect::Link;
use crate::downstream::Wishes;
use crate::serve::{Mounted, Proxy, ReplyBody, full};
use crate::upload::{Upload, UploadWatch};

/// Interim responses taken for one request; hyper itself has no bound (RFC 9110 section 15.2 has
/// clients cope with any number, CVE-2021-3737 is one that hung on it).
const INTERIM_LIMIT: usize = 100;
/// How long a client may leave its request body unfinished without a byte.
const CLIENT_BODY: Duration = Duration::from_secs(60);

/// An exchange on its way: the facts so far, and the promise that a record is written if it fails,
/// also when it fails by the client going away, which in an async server is a future being dropped.
#[derive(Debug)]
pub(crate) struct Trace {
    proxy: Arc<Proxy>,
    exchange: Exchange,
    upload: Option<UploadWatch>,
    started: Instant,
    finished: bool,
}

impl Trace {
    pub(crate) fn new(proxy: Arc<Proxy>, exchange: Exchange) -> Self {
        Self { proxy, exchange, upload: None, started: Instant::now(), finished: false }
    }

    /// Answers with a generated response.
    pub(crate) fn answer(mut self, fault: Fault, evidence: Option<&Evidence>) -> Response<ReplyBody> {
        self.facts();
        self.record(&fault, evidence);
        let mut response = self.proxy.gateway.answer_fault(&fault, &self.exchange);
        reason_phrase(&mut response);
        response.map(full)
    }

    /// Writes the record; there is at most one for an exchange.
    fn record(&mut self, fault: &Fault, evidence: Option<&Evidence>) {
        self.finished = true;
        let record = self.proxy.gateway.record(fault, &self.exchange);
        let path = self.exchange.path.as_ref().map_or("", |p| p.as_str());
        match evidence {
            Some(evidence) if !evidence.is_empty() => self.proxy.log.write(path, fault, &record.with_evidence(evidence)),
            _ => self.proxy.log.write(path, fault, &record),
        }
    }

    /// Brings the facts that move up to now.
    fn facts(&mut self) {
        self.exchange.elapsed = Some(self.started.elapsed());
        if let Some(upload) = &self.upload {
            self.exchange.request_body = upload.progress().stage;
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.finished {
            self.facts();
            self.exchange.client_gone = true;
            self.record(&Fault::new(FaultKind::ClientAborted), None);
        }
    }
}

/// What keeps an exchange from getting a response head.
struct Trouble {
    fault: Fault,
    evidence: Evidence,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, evidence: Evidence::new() }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { fault: failure.fault(), evidence: Evidence::new().with_error(&failure) }
    }
}

impl Trace {
    /// Forwards the request and whatever comes back.
    pub(crate) async fn forward(
        mut self,
        request: Request<Incoming>,
        mounted: &Mounted,
        path: &str,
        peer: Option<IpAddr>,
        wishes: &Wishes,
    ) -> Response<ReplyBody> {
        let (mut parts, body) = request.into_parts();
        let (upload, watch) = Upload::new(body);
        self.upload = Some(watch.clone());
        // Has to be taken before the parts go.
        let upgrade = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        let request = match outgoing(parts, mounted, path, peer, &self.exchange) {
            Some(parts) => Request::from_parts(parts, upload),
            None => return self.answer(Fault::new(FaultKind::ProxyInternal), None),
        };
        let response = match self.send(request, mounted, &watch).await {
            Ok((response, link)) => self.relay(response, link, mounted, upgrade, wishes).await,
            Err((trace, trouble)) => trace.answer(trouble.fault, Some(&trouble.evidence)),
        };
        if matches!(watch.progress().stage, RequestBody::Unread | RequestBody::Partial) {
            wishes.linger.store(true, Ordering::Release);
        }
        response
    }

}
