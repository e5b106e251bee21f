//! What a next hop is told of the client, who does not talk to it.
//!
//! It is said behind what others have said before us, all of it, and nothing is taken back.

use std::net::IpAddr;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{Entry, HOST, HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A client as it stands in `X-Forwarded-For`: made once for each connection.
pub(crate) fn client(peer: IpAddr) -> Option<HeaderValue> {
    peer.to_string().try_into().ok()
}

/// Adds `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` to a request that was tidied, and takes the client's
/// `Host` out, for the next hop has another. `None` for what cannot be a field's value.
pub(crate) fn tell_client(headers: &mut HeaderMap, peer: Option<&HeaderValue>, scheme: &'static str) -> Option<()> {
    if let Some(host) = headers.remove(HOST) {
        headers.insert(X_FORWARDED_HOST, host);
    }
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    match peer {
        Some(peer) => append(headers, X_FORWARDED_FOR, peer),
        None => Some(()),
    }
}

/// Adds a member to a list field. On one line, whatever it had before: many a server reads the first line alone.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &HeaderValue) -> Option<()> {
    match headers.entry(name) {
        Entry::Vacant(free) => drop(free.insert(member.clone())),
        Entry::Occupied(mut taken) => {
            let before = taken.iter().chain([member]).map(HeaderValue::as_bytes);
            let joined = Bytes::from(before.collect::<Vec<_>>().join(&b", "[..]));
            taken.insert_mult(HeaderValue::from_maybe_shared(joined).ok()?);
        }
    }
    Some(())
}
