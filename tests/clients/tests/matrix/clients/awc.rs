//! awc, with what `examples/stacks/src/bin/actix` puts around it.

#[path = "../../../../../examples/stacks/src/bin/actix/upstream.rs"]
mod upstream;

use std::sync::Arc;

use ::awc::error::PayloadError;
use actix_tls::connect::{Connector, Resolver as Custom};
use http_body_util::BodyExt;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use self::upstream::{Incoming, forward, probe};
use super::{CONNECTING, Log, PATIENCE, request};
use crate::cell::Seen;
use crate::resolve::Resolver;
use crate::target::Target;

/// On a thread of its own: nothing of it is `Send`.
pub(super) fn ask(target: &Target) -> Seen {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, exchange(target))
}

async fn exchange(target: &Target) -> Seen {
    let connector = ::awc::Connector::new()
        .connector(Connector::new(Custom::custom(Resolver(target.resolver))).service())
        .rustls_0_23(Arc::new(target.tls(&[])))
        .timeout(CONNECTING);
    let client =
        ::awc::Client::builder().connector(connector).disable_redirects().no_default_headers().disable_timeout();
    let client = client.finish();
    let log = Log::default();
    let gateway = log.gateway().with_probe(probe);
    let request =
        request(target).map(|body| Box::pin(body.map_err(|never| -> PayloadError { match never {} })) as Incoming);
    let url = target.url.to_string();
    let url = url.trim_end_matches('/');
    let handler = |exchange, request| forward(&client, url, PATIENCE, exchange, request);
    let Ok(response) = gateway.handle(request, handler).await;
    let is_whole = response.into_body().collect().await.is_ok();
    log.seen(is_whole)
}
