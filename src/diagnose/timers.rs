//! Known timers: after how long which product gives up, unless somebody sets it otherwise.
//!
//! A row is a documented number. Rows without a number say that there is no limit by default.

use std::fmt;
use std::time::Duration;

use crate::fault::Phase;

/// A timer of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timer {
    /// Whose it is: `nginx`, `AWS ALB`.
    pub product: &'static str,
    /// Its name, as its documentation spells it.
    pub setting: &'static str,
    /// How long. `None`: there is no limit unless somebody sets one.
    pub duration: Option<Duration>,
    /// What kind of number that is.
    pub kind: TimerKind,
    /// What it limits.
    pub act: Act,
    /// On which side of the gateway's connection the product stands.
    pub side: Side,
    /// Where that is documented.
    pub source: &'static str,
}

/// What kind of number a timer's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimerKind {
    /// It holds unless somebody sets another.
    Default,
    /// The highest that can be set.
    Maximum,
    /// It cannot be set.
    Fixed,
    /// There is no default, and this is what the configuration that is shipped with the product has.
    Shipped,
    /// The default of older versions, or of older projects.
    Former,
}

/// What a timer limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Act {
    /// Looking up a name.
    Resolve,
    /// Waiting for a free connection or server.
    Queue,
    /// Opening a connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Writing the request, between two writes.
    Send,
    /// Waiting for the response, or between two reads of it.
    Read,
    /// Working on one request from beginning to end.
    Total,
    /// Keeping a connection open that carries no request.
    Idle,
}

impl Act {
    /// The phases that such a timer can end.
    #[must_use]
    pub const fn phases(self) -> &'static [Phase] {
        match self {
            Self::Resolve => &[Phase::Resolve],
            Self::Queue => &[Phase::Select],
            Self::Connect => &[Phase::Connect],
            Self::Handshake => &[Phase::Tls],
            Self::Send => &[Phase::Send],
            Self::Read => &[Phase::Head, Phase::Body, Phase::Trailers],
            Self::Total => &[Phase::Send, Phase::Head, Phase::Body, Phase::Trailers],
            // No exchange is going on, so it ends none.
            Self::Idle => &[],
        }
    }
}

/// On which side of the connection to the next hop a product stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// It asks: a proxy, a load balancer, a client library.
    Asking,
    /// It answers: an application server or a platform that runs code.
    Answering,
    /// It stands behind the application: a database, a pool of connections.
    Behind,
    /// It is in between, or below both: the kernel, a network.
    Between,
}

/// A timer that is this much late still counts as the one: clocks start before it does, and what it
/// ends takes a moment. At least half a second, or a fiftieth of its duration.
const LATE: Duration = Duration::from_millis(500);
/// A timer that is this much early: coarse clocks.
const EARLY: Duration = Duration::from_millis(50);

impl Timer {
    /// How far from this timer's duration something ended, if it may have been this timer: from 50 ms
    /// before to half a second after, or a fiftieth of the duration if that is more.
    #[must_use]
    pub fn distance(&self, elapsed: Duration) -> Option<Duration> {
        let duration = self.duration?;
        let late = LATE.max(duration.checked_div(50)?);
        let in_time = elapsed.saturating_add(EARLY) >= duration && elapsed <= duration.saturating_add(late);
        in_time.then(|| elapsed.abs_diff(duration))
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.setting)
    }
}

/// Every timer that is known, those that are met most often first.
#[must_use]
pub const fn all() -> &'static [Timer] {
    TIMERS
}

/// The timers that may have ended something in this phase after that time, the nearest first.
///
/// ```
/// use badgateway::diagnose::timers;
/// use badgateway::fault::Phase;
/// use std::time::Duration;
///
/// let first = timers::matching(Duration::from_millis(60_040), Phase::Head).next().unwrap();
/// assert_eq!(first.to_string(), "nginx proxy_read_timeout");
/// assert!(timers::matching(Duration::from_secs(41), Phase::Head).next().is_none());
/// ```
pub fn matching(elapsed: Duration, phase: Phase) -> impl Iterator<Item = &'static Timer> {
    let mut found: Vec<(Duration, &Timer)> = TIMERS
        .iter()
        .filter(|timer| timer.act.phases().contains(&phase))
        .filter_map(|timer| Some((timer.distance(elapsed)?, timer)))
        .collect();
    // Stable: of equals, the one that is met more often comes first.
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, timer)| timer)
}

const fn s(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

const fn ms(milliseconds: u64) -> Option<Duration> {
    Some(Duration::from_millis(milliseconds))
}

const NONE: Option<Duration> = None;

macro_rules! timers {
    ($($product:literal $setting:literal $duration:expr, $kind:ident $act:ident $side:ident, $source:literal;)+) => {
        const TIMERS: &[Timer] = &[$(Timer {
            product: $product,
            setting: $setting,
            duration: $duration,
            kind: TimerKind::$kind,
            act: Act::$act,
            side: Side::$side,
            source: $source,
        },)+];
    };
}

timers! {
    // ---- proxies and load balancers --------------------------------------------------------------
    "nginx" "proxy_connect_timeout" s(60), Default Connect Asking, "nginx: ngx_http_proxy_module";
    "nginx" "proxy_read_timeout" s(60), Default Read Asking, "nginx: ngx_http_proxy_module";
    "nginx" "proxy_send_timeout" s(60), Default Send Asking, "nginx: ngx_http_proxy_module";
    "nginx" "fastcgi_read_timeout" s(60), Default Read Asking, "nginx: ngx_http_fastcgi_module";
    "nginx" "uwsgi_read_timeout" s(60), Default Read Asking, "nginx: ngx_http_uwsgi_module";
    "nginx" "grpc_read_timeout" s(60), Default Read Asking, "nginx: ngx_http_grpc_module";
    "nginx" "resolver_timeout" s(30), Default Resolve Asking, "nginx: ngx_http_core_module";
    "nginx" "keepalive_timeout (in upstream)" s(60), Default Idle Asking, "nginx: ngx_http_upstream_module";
    "HAProxy" "timeout connect" s(5), Shipped Connect Asking, "Debian haproxy.cfg: 5000 ms";
    "HAProxy" "timeout server" s(50), Shipped Read Asking, "Debian haproxy.cfg: 50000 ms";
    "HAProxy" "timeout queue" NONE, Default Queue Asking, "HAProxy configuration manual: that of timeout connect";
    "HAProxy" "pool-purge-delay" s(5), Default Idle Asking, "HAProxy configuration manual, server options";
    "Envoy" "route timeout" s(15), Default Total Asking, "Envoy: route.v3.RouteAction";
    "Envoy" "cluster connect_timeout" s(5), Default Connect Asking, "Envoy: cluster.v3.Cluster";
    "Envoy" "stream_idle_timeout" s(300), Default Read Asking, "Envoy: HttpConnectionManager";
    "Envoy" "cluster idle_timeout" s(3600), Default Idle Asking, "Envoy: core.v3.HttpProtocolOptions";
    "Apache" "ProxyTimeout (from Timeout)" s(60), Default Read Asking, "Apache httpd: core, mod_proxy";
    "Apache" "connectiontimeout (from ProxyTimeout)" s(60), Default Connect Asking, "Apache httpd: mod_proxy, ProxyPass";
    "Caddy" "dial_timeout" s(3), Default Connect Asking, "Caddy: reverse_proxy, transport http";
    "Caddy" "response_header_timeout" NONE, Default Read Asking, "Caddy: reverse_proxy, transport http";
    "Caddy" "keepalive" s(120), Default Idle Asking, "Caddy: reverse_proxy, transport http";
    "Traefik" "forwardingTimeouts.dialTimeout" s(30), Default Connect Asking, "Traefik: serversTransport";
    "Traefik" "forwardingTimeouts.responseHeaderTimeout" NONE, Default Read Asking, "Traefik: serversTransport";
    "Traefik" "forwardingTimeouts.idleConnTimeout" s(90), Default Idle Asking, "Traefik: serversTransport";
    "AWS ALB" "idle_timeout.timeout_seconds" s(60), Default Read Asking, "AWS: ALB attributes";
    "AWS ALB" "idle_timeout.timeout_seconds" s(4000), Maximum Read Asking, "AWS: ALB attributes";
    "AWS ALB" "connection to a target" s(10), Fixed Connect Asking, "AWS: troubleshoot your ALB, HTTP 504";
    "AWS ALB" "TLS handshake with a target" s(10), Fixed Handshake Asking, "AWS: troubleshoot your ALB, HTTP 502";
    "AWS ALB" "idle_timeout.timeout_seconds (between requests)" s(60), Default Idle Asking, "AWS: ALB attributes";
    "AWS NLB" "tcp.idle_timeout.seconds" s(350), Default Read Between, "AWS: NLB listeners";
    "AWS API Gateway" "integration timeout (REST)" s(29), Default Total Asking, "AWS: API Gateway quotas";
    "AWS API Gateway" "integration timeout (HTTP API)" s(30), Maximum Total Asking, "AWS: API Gateway quotas";
    "ingress-nginx" "proxy-connect-timeout" s(5), Default Connect Asking, "ingress-nginx: ConfigMap";
    "ingress-nginx" "proxy-read-timeout" s(60), Default Read Asking, "ingress-nginx: ConfigMap";
    "ingress-nginx" "upstream-keepalive-timeout" s(60), Default Idle Asking, "ingress-nginx: ConfigMap";
    "Cloudflare" "TCP SYN to the origin (522)" s(19), Fixed Connect Asking, "Cloudflare: connection limits";
    "Cloudflare" "TCP ACK of the request (522)" s(90), Fixed Send Asking, "Cloudflare: connection limits";
    "Cloudflare" "Proxy Read Timeout (524)" s(120), Default Read Asking, "Cloudflare: connection limits";
    "Cloudflare" "Proxy Read Timeout (524), formerly" s(100), Former Read Asking, "Cloudflare: error 524, before 2025";
    "Cloudflare" "Proxy Write Timeout (524)" s(30), Fixed Send Asking, "Cloudflare: connection limits";
    "Cloudflare" "Proxy Idle Timeout" s(900), Fixed Idle Asking, "Cloudflare: connection limits";
    "CloudFront" "origin connection timeout, one of 3 attempts" s(10), Default Connect Asking, "AWS: CloudFront origin settings";
    "CloudFront" "origin connection timeout, all 3 attempts" s(30), Default Connect Asking, "AWS: CloudFront origin settings";
    "CloudFront" "origin response timeout" s(30), Default Read Asking, "AWS: CloudFront origin settings";
    "CloudFront" "origin response timeout" s(120), Maximum Read Asking, "AWS: CloudFront origin settings";
    "CloudFront" "origin keep-alive timeout" s(5), Default Idle Asking, "AWS: CloudFront origin settings";
    "Fastly" "connect_timeout" s(1), Default Connect Asking, "Fastly: backend settings";
    "Fastly" "first_byte_timeout" s(15), Default Read Asking, "Fastly: backend settings";
    "Fastly" "between_bytes_timeout" s(10), Default Read Asking, "Fastly: backend settings";
    "Google Cloud LB" "backend service timeout" s(30), Default Total Asking, "Google Cloud: backend services";
    "Google Cloud LB" "backend keepalive timeout" s(600), Fixed Idle Asking, "Google Cloud: external ALB, timeouts and retries";
    "Azure Front Door" "origin response timeout" s(30), Default Read Asking, "Azure: Front Door troubleshooting";
    "Azure Front Door" "origin response timeout" s(240), Maximum Read Asking, "Azure: Front Door troubleshooting";
    "Azure Application Gateway" "request timeout" s(20), Default Read Asking, "Azure: HTTP settings";
    "Azure Load Balancer" "TCP idle timeout" s(240), Default Read Between, "Azure: load balancer TCP reset and idle timeout";
    "Heroku router" "first byte (H12)" s(30), Fixed Read Asking, "Heroku: HTTP routing";
    "Heroku router" "between bytes (H15, H28)" s(55), Fixed Read Asking, "Heroku: HTTP routing";
    "Varnish" "connect_timeout" ms(3500), Default Connect Asking, "varnishd(1)";
    "Varnish" "first_byte_timeout" s(60), Default Read Asking, "varnishd(1)";
    "Varnish" "between_bytes_timeout" s(60), Default Read Asking, "varnishd(1)";
    "Varnish" "backend_idle_timeout" s(60), Default Idle Asking, "varnishd(1)";
    "Squid" "connect_timeout" s(60), Default Connect Asking, "squid.conf";
    "Squid" "read_timeout" s(900), Default Read Asking, "squid.conf";
    "Traffic Server" "connect_attempts_timeout" s(30), Default Connect Asking, "ATS: records.yaml";
    "Traffic Server" "transaction_no_activity_timeout_out" s(30), Default Read Asking, "ATS: records.yaml";
    "Go net/http" "Transport dial (DefaultTransport)" s(30), Default Connect Asking, "Go: net/http";
    "Go net/http" "Transport TLSHandshakeTimeout (DefaultTransport)" s(10), Default Handshake Asking, "Go: net/http";
    "Go net/http" "Transport IdleConnTimeout (DefaultTransport)" s(90), Default Idle Asking, "Go: net/http";
    "hyper-util" "pool_idle_timeout" s(90), Default Idle Asking, "hyper-util: legacy client builder";

    // ---- servers and platforms that run the application --------------------------------------------
    "Node.js" "server.keepAliveTimeout" s(5), Default Idle Answering, "Node.js: http";
    "Node.js" "server.headersTimeout" s(60), Default Send Answering, "Node.js: http";
    "Node.js" "server.requestTimeout" s(300), Default Send Answering, "Node.js: http";
    "Node.js" "server.timeout before Node.js 13" s(120), Former Read Answering, "Node.js: http, history";
    "gunicorn" "timeout (kills the worker)" s(30), Default Total Answering, "gunicorn: settings";
    "gunicorn" "keepalive" s(2), Default Idle Answering, "gunicorn: settings";
    "uvicorn" "timeout_keep_alive" s(5), Default Idle Answering, "uvicorn: settings";
    "hypercorn" "keep_alive_timeout" s(5), Default Idle Answering, "hypercorn: configuring";
    "uWSGI" "http-timeout" s(60), Default Read Answering, "uWSGI: HTTP router";
    "uWSGI" "socket-timeout" s(4), Default Send Answering, "uWSGI: options";
    "Unicorn" "timeout (kills the worker)" s(60), Default Total Answering, "Unicorn: configurator";
    "Puma" "persistent_timeout, Puma 7" s(65), Default Idle Answering, "Puma: DSL";
    "Puma" "persistent_timeout before Puma 7" s(20), Former Idle Answering, "Puma: DSL";
    "Puma" "first_data_timeout" s(30), Default Send Answering, "Puma: DSL";
    "rack-timeout" "service_timeout" s(15), Default Total Answering, "rack-timeout: settings";
    "PHP" "max_execution_time (CPU time on Linux)" s(30), Default Total Answering, "PHP: runtime configuration";
    "PHP" "default_socket_timeout" s(60), Default Total Behind, "PHP: filesystem configuration";
    "PHP-FPM" "request_terminate_timeout" NONE, Default Total Answering, "PHP-FPM: pool configuration";
    "Tomcat" "connectionTimeout, shipped server.xml" s(20), Shipped Idle Answering, "Tomcat: HTTP connector";
    "Tomcat" "connectionTimeout, Spring Boot" s(60), Default Idle Answering, "Tomcat: HTTP connector";
    "Jetty" "idleTimeout" s(30), Default Read Answering, "Jetty: server connector";
    "Jetty" "idleTimeout (between requests)" s(30), Default Idle Answering, "Jetty: server connector";
    "Kestrel" "KeepAliveTimeout" s(130), Default Idle Answering, "ASP.NET Core: Kestrel limits";
    "Kestrel" "RequestHeadersTimeout" s(30), Default Send Answering, "ASP.NET Core: Kestrel limits";
    "IIS ASP.NET Core Module" "requestTimeout" s(120), Default Total Answering, "ASP.NET Core: aspNetCore element";
    "Apache" "KeepAliveTimeout" s(5), Default Idle Answering, "Apache httpd: core";
    "nginx" "keepalive_timeout" s(75), Default Idle Answering, "nginx: ngx_http_core_module";
    "Go net/http" "Server.IdleTimeout" NONE, Default Idle Answering, "Go: net/http";
    "AWS Lambda" "timeout" s(3), Default Total Answering, "AWS: Lambda function timeout";
    "AWS Lambda" "timeout" s(900), Maximum Total Answering, "AWS: Lambda quotas";
    "Google Cloud Run" "request timeout" s(300), Default Total Answering, "Google Cloud: Cloud Run request timeout";
    "Azure App Service" "front-end idle limit" s(230), Fixed Read Answering, "Azure: App Service FAQ";
    "Vercel" "maxDuration, older projects" s(10), Former Total Answering, "Vercel: function duration";
    "Vercel" "maxDuration, Hobby without fluid compute" s(60), Maximum Total Answering, "Vercel: function duration";
    "Vercel" "maxDuration with fluid compute" s(300), Default Total Answering, "Vercel: function duration";
    "Vercel" "maxDuration, Pro with fluid compute" s(800), Maximum Total Answering, "Vercel: function duration";
    "Vercel" "maxDuration, Enterprise without fluid compute" s(900), Maximum Total Answering, "Vercel: function duration";

    // ---- what the application waits for ------------------------------------------------------------
    "HikariCP" "connectionTimeout (pool empty)" s(30), Default Total Behind, "HikariCP: README";
    "SQLAlchemy" "pool_timeout (pool empty)" s(30), Default Total Behind, "SQLAlchemy: QueuePool";
    "MySQL" "innodb_lock_wait_timeout" s(50), Default Total Behind, "MySQL: InnoDB variables";
    ".NET HttpClient" "Timeout" s(100), Default Total Behind, ".NET: HttpClient.Timeout";
    "ActiveRecord" "checkout_timeout (pool empty)" s(5), Default Total Behind, "Rails: connection pool";

    // ---- the system below --------------------------------------------------------------------------
    "Linux" "tcp_syn_retries = 6, before 6.5" s(127), Former Connect Between, "Linux: ip-sysctl, before 6.5";
    "Linux" "tcp_syn_retries = 6" s(131), Default Connect Between, "Linux: ip-sysctl, 6.5 and later";
    "Linux" "tcp_retries2 = 15" ms(924_600), Default Send Between, "Linux: ip-sysctl";
    "Linux" "tcp_keepalive_time" s(7200), Default Read Between, "Linux: ip-sysctl";
    "glibc" "resolv.conf timeout, one try" s(5), Default Resolve Between, "resolv.conf(5)";
    "glibc" "resolv.conf timeout, both tries" s(10), Default Resolve Between, "resolv.conf(5)";
    "Windows" "TCP connect, two retransmissions" s(21), Default Connect Between, "Windows: TcpMaxConnectRetransmissions";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(elapsed: Duration, phase: Phase) -> Vec<String> {
        matching(elapsed, phase).map(ToString::to_string).collect()
    }

    #[test]
    fn the_window_is_as_told() {
        let nginx = TIMERS.iter().find(|timer| timer.setting == "proxy_read_timeout").unwrap();
        for (elapsed, want) in
            [(59_949, None), (59_950, Some(50)), (60_000, Some(0)), (61_200, Some(1200)), (61_201, None)]
        {
            let found = nginx.distance(Duration::from_millis(elapsed));
            assert_eq!(found, want.map(Duration::from_millis), "{elapsed}");
        }
        // Half a second where a fiftieth is less.
        let uwsgi = TIMERS.iter().find(|timer| timer.setting == "socket-timeout").unwrap();
        assert!(uwsgi.distance(Duration::from_millis(4500)).is_some());
        assert!(uwsgi.distance(Duration::from_millis(4501)).is_none());
        for elapsed in [Duration::ZERO, Duration::MAX] {
            assert!(Phase::ALL.iter().all(|phase| matching(elapsed, *phase).next().is_none()));
        }
    }

    #[test]
    fn the_nearest_comes_first_and_then_the_better_known() {
        // 29.3 s is within a fiftieth of 29 s, and too early for 30 s.
        let found = names(Duration::from_millis(29_300), Phase::Head);
        assert_eq!(found, ["AWS API Gateway integration timeout (REST)"]);
        // 30.2 s is near 30 s alone; 127.5 s nearer to 127 than to anything else.
        let found = names(Duration::from_millis(30_200), Phase::Head);
        assert!(found.iter().any(|name| name == "gunicorn timeout (kills the worker)"));
        assert!(!found.iter().any(|name| name.contains("API Gateway integration timeout (REST)")), "{found:?}");
        let found = names(Duration::from_millis(127_500), Phase::Connect);
        assert_eq!(found, ["Linux tcp_syn_retries = 6, before 6.5"]);
        let found = names(Duration::from_secs(60), Phase::Connect);
        assert_eq!(found.first().unwrap(), "nginx proxy_connect_timeout");
    }

    #[test]
    fn matching_agrees_with_a_plain_search() {
        for phase in Phase::ALL {
            for tenths in 0..1400_u64 {
                let elapsed = Duration::from_millis(tenths.saturating_mul(100));
                let found: Vec<&Timer> = matching(elapsed, *phase).collect();
                let late = |d: Duration| Duration::from_millis(500).max(d.mul_f64(0.02));
                let plain = TIMERS.iter().filter(|t| {
                    t.act.phases().contains(phase)
                        && t.duration.is_some_and(|d| {
                            elapsed.saturating_add(Duration::from_millis(50)) >= d
                                && elapsed <= d.saturating_add(late(d))
                        })
                });
                assert_eq!(found.len(), plain.count(), "{elapsed:?} in {phase}");
                let far = |t: &Timer| t.duration.unwrap().abs_diff(elapsed);
                assert!(found.is_sorted_by_key(|t| far(t)), "{elapsed:?} in {phase}");
            }
        }
    }

    #[test]
    fn rows_are_sound() {
        for (n, timer) in TIMERS.iter().enumerate() {
            assert!(!timer.source.is_empty() && timer.duration != Some(Duration::ZERO), "{timer}");
            // Nothing stands twice, and what has no number is a default.
            let same = |other: &Timer| {
                (other.product, other.setting, other.kind) == (timer.product, timer.setting, timer.kind)
            };
            assert!(!TIMERS.iter().skip(n.saturating_add(1)).any(same), "{timer} stands twice");
            assert!(timer.duration.is_some() || timer.kind == TimerKind::Default, "{timer}");
        }
    }
}
