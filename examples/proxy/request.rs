//! The request as it goes to the next hop.
//!
//! Its one rule: what concerned the client's connection stays there, and who asked is said in the fields
//! that everybody knows for it.

use std::net::IpAddr;

use badgateway::Exchange;
use badgateway::audit;
use http::header::{HOST, HeaderMap, HeaderName, VIA};
use http::{HeaderValue, Uri, Version, request};

use crate::route::Mounted;

/// The head for the next hop. `None` for what cannot be one, which the client's own parser has ruled out.
pub(crate) fn outgoing(
    mut parts: request::Parts,
    mounted: &Mounted,
    path: &str,
    peer: Option<IpAddr>,
    name: &str,
    exchange: &mut Exchange,
) -> Option<request::Parts> {
    parts.uri = path.parse::<Uri>().ok()?;
    let version = parts.version;
    parts.version = Version::HTTP_11;
    let client_host = parts.headers.get(HOST).cloned();
    exchange.upgrade_offered = audit::tidy_request(&mut parts.headers, exchange);
    parts.headers.insert(HOST, mounted.authority.clone());
    if let Some(host) = client_host {
        parts.headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    parts.headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
    if let Some(peer) = peer {
        append(&mut parts.headers, HeaderName::from_static("x-forwarded-for"), &peer.to_string())?;
    }
    let received = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
    append(&mut parts.headers, VIA, &format!("{received} {name}"))?;
    Some(parts)
}

/// Adds a member to a list field.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) -> Option<()> {
    let value = match headers.get(&name).and_then(|v| v.to_str().ok()) {
        Some(before) => format!("{before}, {member}"),
        None => member.to_owned(),
    };
    headers.insert(name, HeaderValue::from_str(&value).ok()?);
    Some(())
}
