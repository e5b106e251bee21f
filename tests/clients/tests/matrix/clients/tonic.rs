//! tonic's channel, as in `examples/stacks/src/bin/tonic.rs`.

use badgateway::InFlight;
use badgateway::adapters::tokio1::TokioTimer;
use http::Version;
use http::header::HOST;
use tonic::body::Body;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};
use tower::ServiceExt;

use super::{Answer, AnyError, CONNECTING, Outgoing, PATIENCE, run};
use crate::cell::Seen;
use crate::target::Target;

pub(super) fn ask(target: &Target) -> Seen {
    run(target, async |target: &Target, exchange: InFlight, mut request: Outgoing| -> Answer<Body> {
        exchange.next_hop(target.authority().to_owned());
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().remove(HOST); // the channel writes `:authority`
        let response = channel(target)?.oneshot(request.map(Body::new));
        let response = exchange.within(TokioTimer, PATIENCE, response).await??;
        Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
    })
}

fn channel(target: &Target) -> Result<Channel, AnyError> {
    let channel = Channel::from_shared(target.url.to_string())?.connect_timeout(CONNECTING);
    if !target.is_tls() {
        return Ok(channel.connect_lazy());
    }
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&target.ca_pem));
    Ok(channel.tls_config(tls)?.connect_lazy())
}
