//! `Context`: what the caller knows about the next hop and an exchange does not hold.
//!
//! Everything is optional, and what is missing shows as a word in capitals.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::exchange::Exchange;

use super::protocol::Protocol;

/// How the next hop is run: it picks the commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deployment {
    /// Nobody said: commands for all of them.
    #[default]
    Unknown,
    /// A service of systemd; [`Context::unit`] is its unit.
    Systemd,
    /// A container of Docker; [`Context::unit`] is its name.
    Docker,
    /// Pods behind a Service of Kubernetes; [`Context::unit`] is the name of the Service.
    Kubernetes,
    /// Targets of an AWS load balancer; [`Context::unit`] is the ARN of the target group.
    Aws,
}

impl Deployment {
    /// Every value, in the order in which commands are listed.
    pub(super) const ALL: &'static [Self] = &[Self::Unknown, Self::Systemd, Self::Docker, Self::Kubernetes, Self::Aws];

    /// The stable name, for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "any",
            Self::Systemd => "systemd",
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
            Self::Aws => "aws",
        }
    }

    /// Its name, for an operator.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Unknown => "anywhere",
            Self::Systemd => "under systemd",
            Self::Docker => "in Docker",
            Self::Kubernetes => "in Kubernetes",
            Self::Aws => "behind an AWS load balancer",
        }
    }
}

/// What the caller knows besides. `Context::default()` is fine: host, port and path are taken from the
/// [`Exchange`] where it has them.
///
/// ```
/// use badgateway::diagnose::{Context, Deployment};
///
/// let mut context = Context::default();
/// context.tls = Some(true);
/// context.deployment = Deployment::Kubernetes;
/// context.unit = Some("orders");
/// context.namespace = Some("shop");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The host that the gateway connects to: a name or an address, without a port.
    pub host: Option<&'a str>,
    /// The port that the gateway connects to.
    pub port: Option<u16>,
    /// Whether the gateway speaks TLS to the next hop.
    pub tls: Option<bool>,
    /// The name for SNI, the certificate and `Host`, where it is not the host.
    pub server_name: Option<&'a str>,
    /// The path and query, as they went to the next hop.
    pub path: Option<&'a str>,
    /// How long the step that failed had lasted, where the caller measured it. Sharper than
    /// [`Exchange::elapsed`], which counts from the request's arrival.
    pub waited: Option<Duration>,
    /// The proxy that reported the fault, by the name it has in [`timers`](super::timers): its settings come first.
    pub proxy: Option<&'a str>,
    /// How the next hop is run.
    pub deployment: Deployment,
    /// The unit, container, service or target group, by which the deployment knows the next hop.
    pub unit: Option<&'a str>,
    /// The namespace, in Kubernetes.
    pub namespace: Option<&'a str>,
    /// What the gateway speaks to the next hop, by the scheme of [`Exchange::next_hop`].
    pub(super) protocol: Option<Protocol>,
}

/// Where the next hop is, as far as it can be put into a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// A name of letters, digits, dots, hyphens and underscores, or an IPv4 address.
    Name(&'a str),
    /// An IPv6 address, without brackets.
    V6(&'a str),
    /// A UNIX domain socket.
    Socket(&'a str),
    /// Something that is none of these, and that no command should contain.
    Unfit,
}

impl<'a> Host<'a> {
    /// Reads a host without a port.
    pub(super) fn read(text: &'a str) -> Self {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<Ipv6Addr>().is_ok() {
            return Self::V6(bare);
        }
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') {
            let plain = path.len() <= 107 && path.bytes().all(|b| is_plain(b) || matches!(b, b'/' | b'@'));
            return if plain { Self::Socket(path) } else { Self::Unfit };
        }
        // RFC 1035 section 2.3.4 allows 255 bytes with the lengths. A leading hyphen would be an option.
        let plain = (1..=253).contains(&text.len()) && text.bytes().all(is_plain) && !text.starts_with('-');
        if plain { Self::Name(text) } else { Self::Unfit }
    }

    /// Whether it is a path and no address.
    pub(super) fn is_socket(self) -> bool {
        matches!(self, Self::Socket(_))
    }

    /// Whether it is this machine, as seen from this machine.
    pub(super) fn is_loopback(self) -> Option<bool> {
        match self {
            Self::Name(name) => {
                Some(name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
            }
            Self::V6(ip) => Some(ip.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())),
            Self::Socket(_) | Self::Unfit => None,
        }
    }

    /// Whether it is an address, so that no name server is asked and no SNI is sent (RFC 6066 section 3).
    pub(super) fn is_address(self) -> Option<bool> {
        match self {
            Self::Name(name) => Some(name.parse::<IpAddr>().is_ok()),
            Self::V6(_) => Some(true),
            Self::Socket(_) | Self::Unfit => None,
        }
    }
}

const fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
}

/// Whether a name can stand in a command as one plain word.
pub(super) fn is_word(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| is_plain(b) || matches!(b, b'@' | b':' | b'/'))
}

/// A next hop in its parts, without its scheme: `host`, `host:port`, `[v6]:port`, a bare IPv6 address, a socket.
pub(super) fn split(next_hop: &str) -> (&str, Option<u16>, Option<bool>) {
    let (_, tls, rest) = Protocol::split(next_hop);
    if rest.starts_with("unix:") || rest.starts_with('/') || rest.parse::<Ipv6Addr>().is_ok() {
        return (rest, None, tls);
    }
    let rest = rest.split('/').next().unwrap_or(rest);
    match rest.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port), tls),
            Err(_) => (rest, None, tls),
        },
        None => (rest, None, tls),
    }
}

impl<'a> Context<'a> {
    /// The same, with what the exchange knows in the gaps.
    pub(super) fn completed(mut self, exchange: &'a Exchange) -> Self {
        if let Some(next_hop) = exchange.next_hop.as_deref() {
            let (host, port, tls) = split(next_hop);
            if self.host.is_none() {
                self.host = Some(host);
                self.port = self.port.or(port);
                self.tls = self.tls.or(tls);
                self.protocol = Protocol::split(next_hop).0;
            }
        }
        if self.path.is_none() {
            self.path = exchange.path.as_ref().map(|p| p.as_str());
        }
        self.waited = self.waited.or(exchange.elapsed);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_hop_falls_into_its_parts() {
        for (text, want) in [
            ("10.0.0.7:8080", ("10.0.0.7", Some(8080), None)),
            ("app", ("app", None, None)),
            ("app.internal:443", ("app.internal", Some(443), None)),
            ("https://app/x", ("app", None, Some(true))),
            ("http://app:81/x:9", ("app", Some(81), Some(false))),
            ("[::1]:80", ("[::1]", Some(80), None)),
            ("::1", ("::1", None, None)),
            ("unix:/run/app.sock", ("unix:/run/app.sock", None, None)),
            ("fastcgi://unix:/run/php.sock", ("unix:/run/php.sock", None, None)),
            ("uwsgi://[::1]:6667", ("[::1]", Some(6667), None)),
            ("grpcs://app:443", ("app", Some(443), Some(true))),
            ("app:99999", ("app:99999", None, None)),
            ("", ("", None, None)),
        ] {
            assert_eq!(split(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_unfit() {
        for (text, want) in [
            ("app-1.internal", Host::Name("app-1.internal")),
            ("10.0.0.7", Host::Name("10.0.0.7")),
            ("[2001:db8::7]", Host::V6("2001:db8::7")),
            ("unix:/run/app.sock", Host::Socket("/run/app.sock")),
            ("/run/app.sock", Host::Socket("/run/app.sock")),
            ("", Host::Unfit),
            ("-oProxyCommand=x", Host::Unfit),
            ("a b", Host::Unfit),
            ("a;reboot", Host::Unfit),
            ("a\nb", Host::Unfit),
            ("$(id)", Host::Unfit),
            ("/run/$(id).sock", Host::Unfit),
            ("b\u{fc}cher.example", Host::Unfit),
        ] {
            assert_eq!(Host::read(text), want, "{text:?}");
        }
        assert_eq!(Host::read(&"a".repeat(10 << 10)), Host::Unfit);
    }
}
