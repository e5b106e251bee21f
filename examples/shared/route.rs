//! Which next hop a request goes to, and what it is asked for there.
//!
//! The longest prefix wins, and a prefix ends where a path segment does.

#[path = "path.rs"]
mod path;

use std::net::{IpAddr, SocketAddr};

use badgateway::fault::{Class, Fault, FaultKind};
use http::{HeaderValue, Uri};

use crate::flags::Route;

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Where the host is an address and no name: there is nothing to resolve.
    pub(crate) address: Option<SocketAddr>,
    /// Counted from 0: the same for all routes to the same next hop.
    pub(crate) number: usize,
}

impl Target {
    fn new(tls: bool, host: String, port: u16) -> Self {
        // `[::1]` in a URL is an address without its brackets.
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(&host);
        let address = bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, port));
        Self { tls, host, port, address, number: 0 }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// All routes, the longest prefix first. They stay for as long as the process does, so that no exchange needs a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routes(&'static [Mounted]);

/// A route, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    prefix: String,
    pub(crate) target: Target,
    /// The target's name in records.
    pub(crate) next_hop: String,
    /// What goes into `Host`.
    pub(crate) authority: HeaderValue,
    /// The URL's own path, without a `/` at its end.
    base: String,
}

impl Routes {
    pub(crate) fn new(routes: &[Route]) -> Self {
        let mut routes: Vec<Mounted> = routes.iter().filter_map(Mounted::new).collect();
        routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        let mut known: Vec<Target> = Vec::new();
        for route in &mut routes {
            let number = known.iter().position(|target| *target == route.target).unwrap_or(known.len());
            if number == known.len() {
                known.push(route.target.clone());
            }
            route.target.number = number;
        }
        Self(routes.leak())
    }

    /// The route with the longest prefix, and what to ask its target for.
    ///
    /// # Errors
    ///
    /// There is no route; or the path leads out of the root, or to another route for a next hop that is more lenient.
    pub(crate) fn find(self, uri: &Uri) -> Result<(&'static Mounted, String), Fault> {
        if uri.path() == "*" {
            // It is about a server as a whole (RFC 9110 section 9.3.7): that of all paths.
            let whole = self.0.iter().find(|route| route.prefix == "/" && route.base.is_empty());
            return whole.map(|route| (route, "*".to_owned())).ok_or(FaultKind::NoRoute.into());
        }
        let bad = || Fault::of_class(Class::RequestTargetInvalid);
        let normal;
        let (mounted, rest) = if path::is_plain(uri.path()) {
            self.mounted(uri.path()).ok_or(FaultKind::NoRoute)?
        } else {
            normal = path::normal(uri.path()).ok_or_else(bad)?;
            let lenient = path::lenient(&normal).ok_or_else(bad)?;
            let found = self.mounted(&normal).ok_or(FaultKind::NoRoute)?;
            if self.mounted(&lenient).is_none_or(|(other, _)| other.prefix != found.0.prefix) {
                return Err(bad());
            }
            found
        };
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let (mark, query) = uri.query().map_or(("", ""), |query| ("?", query));
        Ok((mounted, [mounted.base.as_str(), slash, rest, mark, query].concat()))
    }

    /// The route with the longest prefix, and the path behind that.
    fn mounted(self, path: &str) -> Option<(&'static Mounted, &str)> {
        self.0.iter().find_map(|route| Some((route, route.rest(path)?)))
    }
}

impl Mounted {
    /// `None` only for what the flags have refused already.
    fn new(route: &Route) -> Option<Self> {
        let authority = route.url.authority()?;
        let tls = route.url.scheme_str() == Some("https");
        let port = route.url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        // A URL may carry a user and password; they are no part of a `Host` field.
        let host = authority.host().to_owned();
        let named = match authority.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let target = Target::new(tls, host, port);
        Some(Self {
            prefix: route.prefix.clone(),
            next_hop: target.to_string(),
            target,
            authority: HeaderValue::from_str(&named).ok()?,
            base: route.url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The path behind the prefix; `/shop` covers `/shop` and `/shop/cart` but not `/shopping`.
    fn rest<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.prefix == "/" {
            return Some(path);
        }
        let rest = path.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}
