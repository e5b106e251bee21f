//! `Entry`: what one line of a log says.
//!
//! Slices of the line as they stand in it. They are foreign: escape them before they go to a
//! terminal, and do not show them to a client.

use core::time::Duration;

use crate::dialect::Reading;
use crate::fault::Fault;
use crate::setting::stable_names;

use super::stamp::Stamp;
use super::tries::Tries;

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $name:literal;)+) => {
        /// Whose log it is, and which.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Format { $($(#[doc = $doc])+ $variant,)+ }

        impl Format {
            /// All of them, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Its name, for people, and as [`diagnose::Context::proxy`](crate::diagnose::Context::proxy) takes it.
            #[must_use]
            pub const fn product(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        stable_names!(Format, $($variant = $code),+);
    };
}

formats! {
    /// nginx's `error_log`; OpenResty, Angie and Tengine write the same.
    Nginx = "nginx", "nginx";
    /// nginx's access log with fields of its upstream module, in text (ingress-nginx's default) or JSON.
    NginxAccess = "nginx_access", "nginx";
    /// The common and the combined format of nginx, Apache and many others: a status, and no reason.
    Combined = "combined", "access log";
    /// HAProxy's `option httplog` and `option tcplog`, its alerts, and what its checks say.
    HaProxy = "haproxy", "HAProxy";
    /// Envoy's default access log, and Istio's, in text or JSON.
    Envoy = "envoy", "Envoy";
    /// Apache httpd's `ErrorLog`, of 2.2 and 2.4.
    Apache = "apache", "Apache";
    /// Caddy's JSON: errors, access, and `http.handlers.reverse_proxy`.
    Caddy = "caddy", "Caddy";
    /// Traefik's log and its access log, in text or JSON.
    Traefik = "traefik", "Traefik";
    /// AWS Application Load Balancer's access log.
    Alb = "alb", "AWS ALB";
    /// AWS CloudFront's standard log, and its pages.
    CloudFront = "cloudfront", "CloudFront";
    /// API Gateway's execution log, and its bodies.
    ApiGateway = "api_gateway", "AWS API Gateway";
    /// The log of Google Cloud's Application Load Balancers, in JSON.
    Google = "google", "Google Cloud";
    /// The access logs of Azure's Application Gateway and Front Door, in JSON.
    Azure = "azure", "Azure";
    /// Heroku's router and its dyno manager.
    Heroku = "heroku", "Heroku";
    /// Squid's `access.log`.
    Squid = "squid", "Squid";
    /// `varnishlog`, of which several lines are one exchange; and its `FetchError` anywhere.
    Varnish = "varnish", "Varnish";
    /// Events and the kubelet's probes, and what ingress-nginx says of endpoints.
    Kubernetes = "kubernetes", "Kubernetes";
    /// The kernel and systemd, of processes that are gone.
    Linux = "linux", "Linux";
    /// This crate's own records, and its faults as fields of a logger.
    Badgateway = "badgateway", "badgateway";
    /// What `curl -v` writes to standard error.
    Curl = "curl", "curl";

    // Texts: they are found by their words, anywhere in a line.

    /// What Go's libraries say.
    Go = "go", "Go";
    /// RFC 9209's field, whoever sent it.
    ProxyStatus = "proxy_status", "Proxy-Status";
    /// What Java's clients say.
    Java = "java", "Java";
    /// What Python's clients say.
    Python = "python", "Python";
    /// What Node, undici and their libraries say.
    Node = "node", "Node.js";
    /// What .NET's clients and YARP say.
    DotNet = "dotnet", ".NET";
    /// What Ruby's clients say, and its servers of their workers.
    Ruby = "ruby", "Ruby";
    /// What hyper, reqwest, h2, rustls and tonic say.
    Rust = "rust", "Rust";
    /// What gRPC's libraries say.
    Grpc = "grpc", "gRPC";
    /// What PHP-FPM says of its children.
    PhpFpm = "php_fpm", "PHP-FPM";
    /// What gunicorn says of its workers.
    Gunicorn = "gunicorn", "gunicorn";
    /// What uWSGI says of its workers, and of who went.
    Uwsgi = "uwsgi", "uWSGI";
    /// What GNU Wget and BusyBox' wget write.
    Wget = "wget", "wget";
    /// What the operating system says, in any program.
    System = "system", "the system";
    /// Fastly's reasons.
    Fastly = "fastly", "Fastly";
    /// Cloudflare's numbers.
    Cloudflare = "cloudflare", "Cloudflare";
    /// Vercel's codes.
    Vercel = "vercel", "Vercel";
    /// IIS with Application Request Routing or the ASP.NET Core Module.
    Iis = "iis", "IIS";
    /// Kong's bodies.
    Kong = "kong", "Kong";
    /// Fly.io's proxy.
    Fly = "fly", "Fly.io";
    /// linkerd2-proxy.
    Linkerd = "linkerd", "Linkerd";
    /// nghttpx, the proxy of nghttp2.
    Nghttpx = "nghttpx", "nghttpx";
}

/// What a line says about an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It failed.
    Fault {
        /// The likeliest fault, with the numbers that the line has. Its confidence is
        /// [`Text`](crate::fault::Confidence::Text).
        fault: Fault,
        /// All that the words may mean.
        reading: Reading,
    },
    /// It answered, and its answer had this status of 500 or more: no fault of the exchange.
    Passed(u16),
    /// The client got this status of 500 or more. Neither who made it nor why is in the line.
    Bare(u16),
    /// What another line says better, which the same proxy always writes for the same failure. Not counted.
    Again,
    /// Nothing.
    Nothing,
    /// That something failed, in words that are not in the tables here.
    Unknown,
}

impl Verdict {
    /// A fault without numbers, in the phase of its kind.
    pub(super) fn that(reading: Reading) -> Self {
        Self::Fault { fault: super::cause::fault(reading, None, None), reading }
    }

    /// The fault, if it is one.
    #[must_use]
    pub const fn fault(&self) -> Option<(Fault, Reading)> {
        match self {
            Self::Fault { fault, reading } => Some((*fault, *reading)),
            Self::Passed(_) | Self::Bare(_) | Self::Again | Self::Nothing | Self::Unknown => None,
        }
    }
}

/// One line of a log, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// Whose line it is.
    pub format: Format,
    /// What it says.
    pub said: Verdict,
    /// When, in the log's own zone.
    pub time: Option<Stamp>,
    /// The client, as the log names it.
    pub client: Option<&'a [u8]>,
    /// The next hop: `host:port`, the path of a Unix socket, or HAProxy's `backend/server`.
    pub upstream: Option<&'a [u8]>,
    /// The scheme of the next hop's URL, where the log has one: `https`, `fastcgi`, `grpc`.
    pub scheme: Option<&'a [u8]>,
    /// The request's method.
    pub method: Option<&'a [u8]>,
    /// The request's target.
    pub path: Option<&'a [u8]>,
    /// The request's host.
    pub host: Option<&'a [u8]>,
    /// The status that the client got.
    pub status: Option<u16>,
    /// How long the whole exchange took.
    pub elapsed: Option<Duration>,
    /// The servers that were tried, where the log lists them.
    pub tries: Tries<'a>,
    /// The words that were read.
    pub words: &'a [u8],
}

impl<'a> Entry<'a> {
    pub(super) const fn new(format: Format, said: Verdict, words: &'a [u8]) -> Self {
        let (client, upstream, method, path, host) = (None, None, None, None, None);
        let tries = Tries { addresses: b"", statuses: b"", times: b"" };
        let scheme = None;
        Self {
            format,
            said,
            time: None,
            client,
            upstream,
            scheme,
            method,
            path,
            host,
            status: None,
            elapsed: None,
            tries,
            words,
        }
    }
}
