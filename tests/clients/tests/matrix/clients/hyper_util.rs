//! hyper-util's pooled client, as in `examples/stacks/src/bin/tower.rs`: with the tap below, and without.

use badgateway::InFlight;
use badgateway::adapters::hyper_util01::{TapConnector, TapService};
use badgateway::adapters::tokio1::TokioTimer;
use http::Uri;
use http::header::HOST;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
use tower::ServiceExt;

use super::{Answer, CONNECTING, Outgoing, PATIENCE, run};
use crate::cell::Seen;
use crate::resolve::Resolver;
use crate::target::Target;

pub(super) fn bare(target: &Target) -> Seen {
    run(target, async |target: &Target, exchange: InFlight, request: Outgoing| -> Answer<Incoming> {
        let client = builder().build(connector(target));
        let sent = client.request(addressed(target, &exchange, request));
        let response = exchange.within(TokioTimer, PATIENCE, sent).await??;
        Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
    })
}

pub(super) fn tapped(target: &Target) -> Seen {
    run(target, async |target: &Target, exchange: InFlight, request: Outgoing| -> Answer<Incoming> {
        let client = TapService::new(builder().build(TapConnector::new(connector(target))));
        let mut request = addressed(target, &exchange, request);
        exchange.share(request.extensions_mut());
        let response = exchange.within(TokioTimer, PATIENCE, client.oneshot(request)).await??;
        Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
    })
}

fn addressed(target: &Target, exchange: &InFlight, mut request: Outgoing) -> Outgoing {
    exchange.next_hop(target.authority().to_owned());
    request.headers_mut().remove(HOST);
    *request.uri_mut() = Uri::try_from(format!("{}/", target.url.to_string().trim_end_matches('/'))).unwrap();
    request
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    // A client of its own mind would try again, unseen.
    builder.retry_canceled_requests(false);
    builder
}

fn connector(target: &Target) -> HttpsConnector<HttpConnector<Resolver>> {
    let mut tcp = HttpConnector::new_with_resolver(Resolver(target.resolver));
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECTING));
    HttpsConnectorBuilder::new().with_tls_config(target.tls(&[])).https_or_http().enable_http1().wrap_connector(tcp)
}
