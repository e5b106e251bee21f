//! reqwest, as in `examples/stacks/src/bin/axum.rs`: HTTP/1 by rustls and by native-tls, and HTTP/2.

use badgateway::InFlight;
use badgateway::adapters::tokio1::TokioTimer;
use http::Uri;
use http::header::HOST;
use reqwest::{Body, Certificate, Client, ClientBuilder};

use super::{Answer, CONNECTING, Outgoing, PATIENCE, run};
use crate::cell::Seen;
use crate::resolve::Resolver;
use crate::target::Target;

pub(super) fn by_rustls(target: &Target) -> Seen {
    run(target, |target, exchange, request| {
        let client = builder(target).tls_backend_preconfigured(target.tls(&[]));
        forward(target, exchange, request, client.build().unwrap())
    })
}

pub(super) fn by_native_tls(target: &Target) -> Seen {
    run(target, |target, exchange, request| {
        let root = Certificate::from_pem(target.ca_pem.as_bytes()).unwrap();
        let client = builder(target).tls_backend_native().add_root_certificate(root).http1_only();
        forward(target, exchange, request, client.build().unwrap())
    })
}

pub(super) fn http2(target: &Target) -> Seen {
    run(target, |target, exchange, request| {
        let client = builder(target).tls_backend_preconfigured(target.tls(&["h2"])).http2_prior_knowledge();
        forward(target, exchange, request, client.build().unwrap())
    })
}

fn builder(target: &Target) -> ClientBuilder {
    // Nothing of its own mind: no second try, no other place, no other way.
    let client =
        Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    client.connect_timeout(CONNECTING).dns_resolver(Resolver(target.resolver))
}

async fn forward(target: &Target, exchange: InFlight, mut request: Outgoing, client: Client) -> Answer<Body> {
    exchange.next_hop(target.authority().to_owned());
    *request.uri_mut() = Uri::try_from(target.url.to_string())?;
    request.headers_mut().remove(HOST); // reqwest writes its own
    let request = request.map(|_| Body::default());
    let response = exchange.within(TokioTimer, PATIENCE, client.execute(request.try_into()?)).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response.into()))
}
