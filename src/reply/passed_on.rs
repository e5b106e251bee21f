//! Our `Proxy-Status` member on a response that is the next hop's own, and in trailers.
//!
//! What the proxies before us said stays, ours comes behind it, and the field parses afterwards.

use std::borrow::Cow;

use http::header::{HeaderMap, HeaderValue};
use http::{StatusCode, Version};

use super::disclosure::Disclosure;
use super::name::Name;
use super::proxy_status::{integer, write_next_hop};
use super::sink::Sink;
use crate::exchange::{BodyFraming, Exchange, Forwarded};
use crate::proxy_status::{PROXY_STATUS, can_be_appended_to, read_headers};
use crate::setting::stable_names;

/// Which of the next hop's own responses [`Gateway::forward`](crate::Gateway::forward) signs with a
/// `Proxy-Status` member: `gw; received-status=503`.
///
/// "Intermediaries determine when it is appropriate to add the Proxy-Status field to a response. Some might decide to
/// append it to all responses" (RFC 9209 section 2).
///
/// In a configuration it is one of the words `never`, `server_errors` and `always`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mark {
    /// None.
    Never,
    /// Those of 5xx, which a gateway might have made itself: the member has a `received-status` (RFC 9209 section 2.1.4)
    /// and no `error`, and so says that this one did not. The default.
    #[default]
    ServerErrors,
    /// All but interim ones. A later fault can then be told in a trailer.
    Always,
}

impl Mark {
    /// The stable word for it: what [`FromStr`](std::str::FromStr) reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::ServerErrors => "server_errors",
            Self::Always => "always",
        }
    }

    pub(crate) fn covers(self, status: StatusCode) -> bool {
        match self {
            Self::Never => false,
            Self::ServerErrors => status.is_server_error(),
            Self::Always => !status.is_informational(),
        }
    }
}

stable_names!(Mark, Never = "never", ServerErrors = "server_errors", Always = "always");

/// Takes out of the next hop's fields, or trailers, what reads as if we had said it, and what does not parse: recipients would
/// ignore all of the field for it (RFC 9651 section 4.2), ours too.
pub(crate) fn tidy(headers: &mut HeaderMap, name: &Name) {
    let mut lines = headers.get_all(PROXY_STATUS).iter();
    if lines.all(|line| matches!(name.others_in(line.as_bytes()), Some(Cow::Borrowed(_)))) {
        return;
    }
    let line = |line: &HeaderValue| HeaderValue::from_bytes(&name.others_in(line.as_bytes())?).ok();
    let is_read = read_headers(headers).is_ok();
    let kept: Vec<HeaderValue> = headers.get_all(PROXY_STATUS).iter().filter(|_| is_read).filter_map(line).collect();
    headers.remove(PROXY_STATUS);
    for line in kept {
        headers.append(PROXY_STATUS, line);
    }
}

/// Signs a response that is passed on.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    name: &Name,
    status: StatusCode,
    exchange: &Exchange,
    disclosure: Disclosure,
) {
    let mut member = Vec::with_capacity(64);
    member.put(name.item());
    // The client sees the same number, so that it is no secret.
    integer(&mut member, "received-status", Some(u64::from(status.as_u16())));
    if disclosure >= Disclosure::Trusted {
        write_next_hop(&mut member, exchange);
    }
    append(headers, member);
}

/// Adds a plain member, unless there is one with our name.
pub(crate) fn announce(headers: &mut HeaderMap, name: &Name) {
    if !is_announced(headers, name) {
        append(headers, name.item().into());
    }
}

/// Whether a member of our name stands in the header section: "an intermediary MUST NOT send Proxy-Status as a trailer
/// field unless it has also generated a Proxy-Status header field with the same member" (RFC 9209 section 2).
pub(crate) fn is_announced(headers: &HeaderMap, name: &Name) -> bool {
    read_headers(headers).is_ok_and(|members| members.iter().any(|member| name.is_that_of(member)))
}

/// Whether trailers can reach this client: on HTTP/1.1 behind the last chunk, if it said `TE: trailers`
/// (RFC 9110 section 6.5.1); always on HTTP/2 and HTTP/3.
pub(crate) fn can_have_trailers(exchange: &Exchange) -> bool {
    let framing = match exchange.forwarded {
        Forwarded::Head { framing, .. } => framing,
        Forwarded::Nothing | Forwarded::Interim => return false,
    };
    if exchange.version >= Version::HTTP_2 {
        return framing != BodyFraming::None;
    }
    exchange.version == Version::HTTP_11 && framing == BodyFraming::Chunked && exchange.trailers_wanted
}

/// Adds a member behind those that are there. A line that does not parse makes recipients ignore the whole field
/// (RFC 9651 section 4.2), ours too, so that the field is then replaced.
fn append(headers: &mut HeaderMap, member: Vec<u8>) {
    // All of it is printable ASCII.
    let Ok(member) = HeaderValue::from_maybe_shared(bytes::Bytes::from(member)) else { return };
    if headers.get_all(PROXY_STATUS).iter().all(|line| can_be_appended_to(line.as_bytes())) {
        headers.append(PROXY_STATUS, member);
    } else {
        headers.insert(PROXY_STATUS, member);
    }
}
