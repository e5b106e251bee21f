//! ureq, which blocks: its errors, and those of its body's reader, as `badgateway::adapters::ureq3` shows it.

use std::io::Read;
use std::sync::Arc;

use badgateway::audit::Framing;
use badgateway::fault::{Class, Fault};
use http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};

use super::{CONNECTING, Log, PATIENCE, request};
use crate::cell::Seen;
use crate::resolve::Resolver;
use crate::target::Target;

pub(super) fn ask(target: &Target) -> Seen {
    let log = Log::default();
    let gateway = log.gateway();
    let mut request = request(target);
    let exchange = gateway.begin_head(&mut request);
    exchange.next_hop(target.authority().to_owned());
    *request.uri_mut() = Uri::try_from(format!("{}/", target.url.to_string().trim_end_matches('/'))).unwrap();
    let response = match agent(target).run(request.map(|_| ())) {
        Ok(response) => response,
        Err(error) => {
            drop(exchange.answer_bytes(&error));
            return log.seen(true);
        }
    };
    let (mut parts, body) = response.into_parts();
    let framing = gateway.forward_head(&mut parts, &exchange.facts());
    let framing = match framing {
        Ok(framing) => framing,
        Err(fault) => {
            drop(exchange.answer_fault_bytes(fault));
            return log.seen(true);
        }
    };
    exchange.facts().forwarding(parts.status, &parts.headers);
    match read(body, framing) {
        Ok(()) => {
            exchange.finish();
            log.seen(true)
        }
        Err(error) => {
            let fault = exchange.classify(&error);
            drop(exchange.fail(fault));
            log.seen(false)
        }
    }
}

/// To its end, which is that of the length on whose account the client was told one.
fn read(body: Body, framing: Framing) -> std::io::Result<()> {
    let mut content = Vec::new();
    body.into_with_config().limit(u64::MAX).reader().read_to_end(&mut content)?;
    match framing.length() {
        Some(length) if content.len() as u64 != length => {
            Err(std::io::Error::other(Fault::of_class(Class::PrematureEofContentLengthBody)))
        }
        _ => Ok(()),
    }
}

fn agent(target: &Target) -> Agent {
    let root = Certificate::from_pem(target.ca_pem.as_bytes()).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(vec![root])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .tls_config(tls.build())
        .timeout_connect(Some(CONNECTING))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE));
    Agent::with_parts(config.build(), DefaultConnector::default(), Resolver(target.resolver))
}
