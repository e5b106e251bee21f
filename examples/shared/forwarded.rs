//! What a next hop is told of the client, who does not talk to it.
//!
//! Its one rule: it is said behind what others have said before us, all of it, and nothing is taken back.

use std::net::IpAddr;

use http::header::{HOST, HeaderMap, HeaderName, VIA};
use http::{HeaderValue, Version};

/// Adds `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host` and `Via` to a request that was tidied, and takes
/// the client's `Host` out, for the next hop has another. `None` for a name that cannot be a field's value.
pub(crate) fn tell(headers: &mut HeaderMap, peer: Option<IpAddr>, version: Version, name: &str) -> Option<()> {
    if let Some(host) = headers.remove(HOST) {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
    if let Some(peer) = peer {
        append(headers, HeaderName::from_static("x-forwarded-for"), &peer.to_string())?;
    }
    // The version is the one that we were spoken to in (RFC 9110 section 7.6.3).
    let received = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
    append(headers, VIA, &format!("{received} {name}"))
}

/// Adds a member to a list field. On one line, whatever it had before: many a server reads the first line alone.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) -> Option<()> {
    let before: Vec<&[u8]> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    let members = [before, vec![member.as_bytes()]].concat().join(&b", "[..]);
    headers.insert(name, HeaderValue::from_bytes(&members).ok()?);
    Some(())
}
