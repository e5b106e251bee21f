//! Interim (1xx) responses of the next hop: counted, made fit, and forwarded.
//!
//! Its one rule: "a proxy MUST forward 1xx responses" (RFC 9110 section 15.2), but never 100, which hyper's
//! server sends by itself when it is due; never 101, which is no message but a tunnel; never to a client of
//! HTTP/1.0, which knows none; and never more than a bound.
//!
//! hyper's server has no way to send one, so they go through the client's connection itself: see
//! [`Outbox`](crate::downstream::Outbox).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use badgateway::audit;
use badgateway::exchange::Exchange;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use tokio::sync::Notify;

use crate::upload::Upload;

/// Interim responses taken for one request. hyper has no bound, and endless ones have hung clients
/// before (CVE-2021-3737).
const MOST: usize = 100;
/// Bytes of them that wait to be forwarded. More come only while nobody takes them: those are dropped.
const ROOM: usize = 16 * 1024;

/// The interim responses to one request.
#[derive(Clone, Debug)]
pub(crate) struct Interims(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    forward: bool,
    count: AtomicUsize,
    fit: Mutex<Vec<u8>>,
    news: Notify,
}

/// What has come.
#[derive(Debug)]
pub(crate) enum News {
    /// Whole interim responses, as bytes of HTTP/1.1. There may be none.
    Fit(Vec<u8>),
    /// More than anybody needs.
    TooMany,
}

impl Interims {
    /// Listens for the interim responses to this request, whose client speaks that version.
    pub(crate) fn listen(request: &mut Request<Upload>, client: Version) -> Self {
        let interims = Self(Arc::new(Shared {
            forward: client >= Version::HTTP_11,
            count: AtomicUsize::new(0),
            fit: Mutex::default(),
            news: Notify::new(),
        }));
        let ear = interims.clone();
        // The callback cannot fail the exchange; it can only wake who can.
        hyper::ext::on_informational(request, move |response| ear.heard(response.status(), response.headers()));
        interims
    }

    fn heard(&self, status: StatusCode, headers: &HeaderMap) {
        let before = self.0.count.fetch_add(1, Ordering::AcqRel);
        if before < MOST {
            if !self.0.forward || [StatusCode::CONTINUE, StatusCode::SWITCHING_PROTOCOLS].contains(&status) {
                return;
            }
            let mut fit = self.0.fit.lock().unwrap_or_else(PoisonError::into_inner);
            write(status, headers, &mut fit);
        }
        self.0.news.notify_one();
    }

    /// Waits until there is something.
    pub(crate) async fn news(&self) -> News {
        self.0.news.notified().await;
        self.so_far()
    }

    /// What there is now.
    pub(crate) fn so_far(&self) -> News {
        if self.0.count.load(Ordering::Acquire) > MOST {
            return News::TooMany;
        }
        News::Fit(std::mem::take(&mut self.0.fit.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Appends an interim response without its hop-by-hop fields, if there is room. Its values hold neither
/// CR, LF nor NUL: a `HeaderValue` cannot.
fn write(status: StatusCode, headers: &HeaderMap, out: &mut Vec<u8>) {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if out.len() + size + 64 > ROOM {
        return;
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.headers = headers.clone();
    audit::tidy(&mut parts, &Exchange::default());
    out.extend_from_slice(format!("HTTP/1.1 {} ", status.as_str()).as_bytes());
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in &parts.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
