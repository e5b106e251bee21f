//! Which status a fault becomes: policy, apart from the facts.
//!
//! A profile only picks among 4xx and 5xx; it never turns a fault into a success.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::StatusCode;

use crate::caught::caught;
use crate::exchange::{Exchange, RequestBody};
use crate::fault::{Class, Code, Fault, FaultKind};
use crate::setting::UnknownWord;

use super::others;

type Policy = Arc<dyn Fn(&Fault, &Exchange) -> StatusCode + Send + Sync>;

/// A status policy.
///
/// What clients, alerts and dashboards expect of the proxy that was there before is worth keeping: the same
/// refused connection is a 502 to nginx, a 503 to Envoy and HAProxy and a 521 to Cloudflare. `docs/kinds.md` has them
/// side by side. `Proxy-Status` says the same in each.
///
/// A status that the fault itself carries ([`Code::Status`]) wins in every profile but the caller's own. That of an answer
/// that is [not gRPC](FaultKind::NotGrpc) is the next hop's, and does not.
///
/// In a configuration it is one of the words `rfc9209`, `cloudflare`, `nginx`, `envoy` and `haproxy`.
///
/// ```
/// use badgateway::Exchange;
/// use badgateway::decide::Profile;
/// use badgateway::fault::{Fault, FaultKind};
/// let refused = Fault::new(FaultKind::ConnectionRefused);
/// let status = |profile: Profile| profile.status(&refused, &Exchange::default()).as_u16();
/// assert_eq!(status(Profile::Rfc9209), 502);
/// assert_eq!(status(Profile::Cloudflare), 521);
/// assert_eq!(status(Profile::Nginx), 502);
/// assert_eq!(status(Profile::Envoy), 503);
/// assert_eq!(status(Profile::HaProxy), 503);
///
/// let profile: Profile = "envoy".parse()?;
/// assert_eq!(profile.as_str(), "envoy");
/// # Ok::<(), badgateway::UnknownWord>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Profile {
    /// What RFC 9209 recommends: 502 for broken, 504 for late, 503 for unavailable. The default.
    #[default]
    Rfc9209,
    /// Cloudflare's 520 to 526 and 530.
    Cloudflare,
    /// nginx: 504 for what was late on the connection, 502 for nearly all the rest, 404 without a route.
    Nginx,
    /// Envoy as it comes: 503 for connections that could not be had or broke, 502 for broken protocol, 504 for
    /// late. With its `set_recommended_response_code` it answers what its `Proxy-Status` recommends: that is
    /// [`Rfc9209`](Self::Rfc9209), except that names which do not resolve stay 503 there.
    Envoy,
    /// HAProxy: 503 until the connection stands, 502 and 504 from then on. Where it closes without a word, so that
    /// the client may repeat its request by itself (a reused connection), this answers.
    HaProxy,
    /// The caller's own: see [`custom`](Self::custom).
    Custom(Policy),
}

impl Profile {
    /// The caller's own policy, which may hold state. A status below 400 or above 599 is not taken, and a panic is none: the
    /// fault's own or the RFC's stands then.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use badgateway::decide::Profile;
    /// use badgateway::{Exchange, Fault, FaultKind};
    /// use http::StatusCode;
    ///
    /// let overrides = HashMap::from([(FaultKind::NoRoute, StatusCode::NOT_FOUND)]);
    /// let profile = Profile::custom(move |fault, exchange| match overrides.get(&fault.kind()) {
    ///     Some(status) => *status,
    ///     None => Profile::Rfc9209.status(fault, exchange),
    /// });
    /// assert_eq!(profile.status(&Fault::new(FaultKind::NoRoute), &Exchange::default()), 404);
    /// assert_eq!(profile.status(&Fault::new(FaultKind::DnsTimeout), &Exchange::default()), 504);
    /// ```
    #[must_use]
    pub fn custom(status: impl Fn(&Fault, &Exchange) -> StatusCode + Send + Sync + 'static) -> Self {
        Self::Custom(Arc::new(status))
    }

    /// The stable word for it: what [`FromStr`] reads. A profile of the caller's own is `custom`, which is not read.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Rfc9209 => "rfc9209",
            Self::Cloudflare => "cloudflare",
            Self::Nginx => "nginx",
            Self::Envoy => "envoy",
            Self::HaProxy => "haproxy",
            Self::Custom(_) => "custom",
        }
    }

    /// The status that this policy gives to a fault.
    #[must_use]
    pub fn status(&self, fault: &Fault, exchange: &Exchange) -> StatusCode {
        let kind = fault.kind();
        let own = match self {
            Self::Custom(status) => caught(|| status(fault, exchange)).map(|status| status.as_u16()),
            // Below: the fault's own, or the RFC's.
            Self::Rfc9209 => None,
            Self::Cloudflare | Self::Nginx | Self::Envoy | Self::HaProxy if carried(fault).is_some() => None,
            Self::Cloudflare => Some(kind.cloudflare()),
            Self::Nginx => others::row(kind).nginx,
            Self::Envoy => envoy(fault, exchange),
            Self::HaProxy => others::row(kind).haproxy,
        };
        let first = own.and_then(error_status).or_else(|| carried(fault).and_then(error_status));
        first.or_else(|| error_status(kind.status())).unwrap_or(StatusCode::BAD_GATEWAY)
    }
}

/// Envoy, where the kind alone does not tell.
fn envoy(fault: &Fault, exchange: &Exchange) -> Option<u16> {
    // UC: between two responses its parser has nothing open that could be broken.
    if fault.class() == Some(Class::PrematureEofAfterInterim) {
        return Some(503);
    }
    // UMSDR and DT are a 408 while the request itself is not whole. `Unread` may be an unknown.
    if fault.kind() == FaultKind::DeadlineExceeded && exchange.request_body == RequestBody::Partial {
        return Some(408);
    }
    others::row(fault.kind()).envoy
}

/// The status that this fault is to be answered with, as the fault says.
fn carried(fault: &Fault) -> Option<u16> {
    match fault.code() {
        Some(Code::Status(status)) if fault.kind() != FaultKind::NotGrpc => Some(status),
        Some(_) | None => None,
    }
}

fn error_status(number: u16) -> Option<StatusCode> {
    if (400..=599).contains(&number) { StatusCode::from_u16(number).ok() } else { None }
}

#[cfg(feature = "serde1")]
crate::setting::serde_words!(Profile);

impl FromStr for Profile {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Ok(match word {
            "rfc9209" => Self::Rfc9209,
            "cloudflare" => Self::Cloudflare,
            "nginx" => Self::Nginx,
            "envoy" => Self::Envoy,
            "haproxy" => Self::HaProxy,
            _ => return Err(UnknownWord::new(&["rfc9209", "cloudflare", "nginx", "envoy", "haproxy"])),
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc9209 => "Rfc9209",
            Self::Cloudflare => "Cloudflare",
            Self::Nginx => "Nginx",
            Self::Envoy => "Envoy",
            Self::HaProxy => "HaProxy",
            Self::Custom(_) => "Custom",
        })
    }
}
