//! The command line, read by hand: a dozen flags do not need a parser crate in everybody's build.
//!
//! Shared by both engines, which differ in how they move bytes. What only one of them can do has flags of its own, which
//! the other refuses.
//!
//! What is wrong is said in one clear line, and nothing is guessed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use badgateway::UnknownWord;
use badgateway::decide::Profile;
use badgateway::lab::Lab;
use badgateway::reply::Disclosure;
use http::Uri;

#[path = "only.rs"]
mod only;
#[path = "duration.rs"]
mod time;

use only::Only;
use time::{duration, number_with_unit};

/// One `--route /prefix=URL`.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Begins with `/` and does not end with one, except that it may be `/` itself.
    pub(crate) prefix: String,
    /// `http` or `https`, with an authority.
    pub(crate) url: Uri,
}

/// How long each phase may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// Connecting, in total over all addresses; resolving has as much again for itself.
    pub(crate) connect: Duration,
    /// The TLS handshake.
    pub(crate) tls: Duration,
    /// Between two writes of the request.
    pub(crate) send: Duration,
    /// The whole response head, from the last request byte.
    pub(crate) response: Duration,
    /// Between two reads of a body, the response's or the request's.
    pub(crate) idle: Duration,
    /// The longest that nothing may pass through a tunnel, in either direction.
    pub(crate) tunnel: Duration,
    /// How long a clean head waits for its first body frame.
    pub(crate) first_byte_hold: Duration,
}

/// Everything the command line can say.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) routes: Vec<Route>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) resolver: Option<SocketAddr>,
    pub(crate) timeouts: Timeouts,
    pub(crate) profile: Profile,
    pub(crate) disclosure: Disclosure,
    pub(crate) name: String,
    pub(crate) log: Option<PathBuf>,
    pub(crate) eject: Ejection,
    /// Next hops speak HTTP/2.
    pub(crate) http2: bool,
    /// The certificate and the key to be shown to clients. Both or neither.
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    /// What the tour is of.
    pub(crate) only: Only,
}

/// When a next hop that fails is left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ejection {
    /// After that many failures in a row; 0 is never.
    pub(crate) after: u32,
    /// For that long.
    pub(crate) span: Duration,
}

/// The engine that speaks HTTP/2 and TLS to clients.
const HYPER: &str = "proxy";

/// What `--help` says.
pub(crate) fn usage(program: &str) -> String {
    let (flags, words) = if program == HYPER { HYPERS } else { ("", "") };
    USAGE.replace("PROGRAM", program).replace("HYPERS_FLAGS", flags).replace("HYPERS_WORDS", words)
}

/// What only that engine has.
const HYPERS: (&str, &str) = (
    "\n             [--http2] [--tls-cert FILE --tls-key FILE]",
    "\n--http2: next hops speak HTTP/2, by prior knowledge, or by ALPN where the URL is https: whichever they choose.
Clients speak HTTP/1.0, 1.1 and 2 on one port; in TLS, by ALPN, with the PEM files of --tls-cert and --tls-key.",
);

const USAGE: &str = "\
usage: PROGRAM [--listen ADDR] [--route /prefix=URL]... [--ca FILE] [--resolver ADDR[:PORT]]
             [--connect-timeout T] [--tls-timeout T] [--send-timeout T] [--response-timeout T]
             [--idle-timeout T] [--tunnel-timeout T] [--first-byte-hold T]
             [--profile rfc9209|cloudflare|nginx|envoy|haproxy] [--disclosure token|details|trusted]
             [--name NAME] [--log FILE]
             [--eject-after N] [--eject-for T] [--only GROUP|BEHAVIOUR]...HYPERS_FLAGS
T is like 2s or 500ms. A next hop that failed N times in a row (5; 0 is never) is left alone for 5s, or T.
Proxies behind each other need a NAME each: a request that comes back to a name in its Via is a loop.HYPERS_WORDS
Without a route it takes a tour: it starts the lab of misbehaving upstreams (or --only those) and a route to
each, shows what each becomes, and serves a page of links. It ejects none of them. Colours: not with NO_COLOR.";

impl Default for Flags {
    fn default() -> Self {
        Self {
            listen: None,
            routes: Vec::new(),
            ca: None,
            resolver: None,
            timeouts: Timeouts {
                connect: Duration::from_secs(2),
                tls: Duration::from_secs(2),
                send: Duration::from_secs(2),
                response: Duration::from_secs(2),
                idle: Duration::from_secs(2),
                tunnel: Duration::from_secs(600),
                first_byte_hold: Duration::from_millis(10),
            },
            profile: Profile::Rfc9209,
            disclosure: Disclosure::Token,
            name: "badgateway".into(),
            log: None,
            eject: Ejection { after: 5, span: Duration::from_secs(5) },
            http2: false,
            tls_cert: None,
            tls_key: None,
            only: Only::default(),
        }
    }
}

impl Flags {
    /// Reads the arguments of this program, its name left out. `Ok(None)` asks for the usage text.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub(crate) fn parse(program: &str, args: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut flags = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            // Both `--flag value` and `--flag=value`, but a route's value has a `=` of its own.
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                Some(_) | None => (arg, None),
            };
            if name == "--help" || name == "-h" {
                return Ok(None);
            }
            if program != HYPER && matches!(name.as_str(), "--http2" | "--tls-cert" | "--tls-key") {
                return Err(format!(
                    "{name} is for the example `{HYPER}`: {program} speaks HTTP/1 in the clear to clients, and HTTP/1 to next hops"
                ));
            }
            let mut value = || inline.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--listen" => flags.listen = Some(address(&name, &value()?, None)?),
                "--route" => flags.routes.push(route(&value()?)?),
                "--ca" => flags.ca = Some(value()?.into()),
                "--resolver" => flags.resolver = Some(address(&name, &value()?, Some(53))?),
                "--connect-timeout" => flags.timeouts.connect = duration(&name, &value()?)?,
                "--tls-timeout" => flags.timeouts.tls = duration(&name, &value()?)?,
                "--send-timeout" => flags.timeouts.send = duration(&name, &value()?)?,
                "--response-timeout" => flags.timeouts.response = duration(&name, &value()?)?,
                "--idle-timeout" => flags.timeouts.idle = duration(&name, &value()?)?,
                "--tunnel-timeout" => flags.timeouts.tunnel = duration(&name, &value()?)?,
                "--first-byte-hold" => flags.timeouts.first_byte_hold = hold(&name, &value()?)?,
                "--profile" => flags.profile = setting(&name, &value()?)?,
                "--disclosure" => flags.disclosure = setting(&name, &value()?)?,
                "--name" => flags.name = value()?,
                "--log" => flags.log = Some(value()?.into()),
                "--eject-after" => flags.eject.after = count(&name, &value()?)?,
                "--eject-for" => flags.eject.span = duration(&name, &value()?)?,
                "--http2" if inline.is_none() => {
                    flags.http2 = true;
                    flags.only.of_http2();
                }
                "--http2" => return Err("--http2 takes no value".into()),
                "--tls-cert" => flags.tls_cert = Some(value()?.into()),
                "--tls-key" => flags.tls_key = Some(value()?.into()),
                "--only" => flags.only.add(value()?)?,
                _ => return Err(format!("unknown flag {name}; --help lists them")),
            }
        }
        if flags.tls_cert.is_some() != flags.tls_key.is_some() {
            return Err("--tls-cert and --tls-key go together".into());
        }
        if !flags.only.is_all() && !flags.routes.is_empty() {
            return Err("--only is for the tour of the lab, which there is only without a --route".into());
        }
        flags.only.check()?;
        Ok(Some(flags))
    }
}

/// Routes to every upstream of a lab, with the trust and the name server that they need.
///
/// # Errors
///
/// One line, if an upstream's URL is none.
pub(crate) fn lead_to(flags: &mut Flags, lab: &Lab) -> Result<(), String> {
    flags.ca = Some(lab.ca_file().to_owned());
    flags.resolver = Some(lab.resolver());
    // They are ill for good, and each link is to show its own illness however often it is tried.
    flags.eject.after = 0;
    for upstream in lab.upstreams() {
        let url = upstream.url().parse().map_err(|e| format!("{}: {e}", upstream.url()))?;
        flags.routes.push(Route { prefix: format!("/{}", upstream.name()), url });
    }
    Ok(())
}

fn address(flag: &str, text: &str, port: Option<u16>) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match (text.parse(), port) {
        (Ok(ip), Some(port)) => Ok(SocketAddr::new(ip, port)),
        _ => Err(format!("{flag} {text:?} is not an address like 127.0.0.1:8080")),
    }
}

fn route(text: &str) -> Result<Route, String> {
    let bad = |why: &str| format!("--route {text:?}: {why}; it looks like /prefix=http://host:port");
    let (prefix, url) = text.split_once('=').ok_or_else(|| bad("there is no ="))?;
    if !prefix.starts_with('/') {
        return Err(bad("the prefix does not begin with /"));
    }
    let url: Uri = url.parse().map_err(|_| bad("that is not a URL"))?;
    match url.scheme_str() {
        Some("http" | "https") if url.host().is_some_and(|h| !h.is_empty()) => {}
        Some("http" | "https") => return Err(bad("the URL has no host")),
        _ => return Err(bad("the URL is neither http:// nor https://")),
    }
    let prefix = if prefix == "/" { prefix } else { prefix.trim_end_matches('/') };
    Ok(Route { prefix: prefix.to_owned(), url })
}

fn count(flag: &str, text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{flag} {text:?} is not a number like 5, or 0"))
}

fn hold(flag: &str, text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    number_with_unit(text).ok_or_else(|| format!("{flag} {text:?} is neither 0 nor a time like 10ms"))
}

fn setting<T: FromStr<Err = UnknownWord>>(flag: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|e| format!("{flag} {text:?} is {e}"))
}
