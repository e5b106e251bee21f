//! Settings that are no timers, with their defaults, by what they are about.
//!
//! Product, name and default as the product's documentation has them.

use super::Look;

/// Where the next hop is.
pub(super) const ADDRESS: Look = Look::Table(&[
    ("nginx", "proxy_pass, server (in upstream)", "port 80 unless one is given; names are resolved once, at start"),
    ("HAProxy", "server", "the port that the client connected to, unless one is given"),
    ("Envoy", "load_assignment, port_value", "none"),
    ("Apache", "ProxyPass, BalancerMember", "80, 443 for https://"),
    ("Caddy", "reverse_proxy <upstreams>", "80, 443 for https://"),
    ("Traefik", "loadbalancer.server.port", "the lowest port that the container exposes"),
    ("Docker", "-p, ports", "nothing is published"),
    ("Kubernetes", "Service targetPort", "the same as port"),
]);

/// How names are looked up.
pub(super) const RESOLVER: Look = Look::OfNames(&[
    ("nginx", "resolver", "none; then a name in proxy_pass is resolved once, at start"),
    ("nginx", "resolver ... valid=", "the TTL of the record"),
    ("HAProxy", "server ... resolvers", "none; resolved once, at start"),
    ("Envoy", "dns_refresh_rate (STRICT_DNS, LOGICAL_DNS)", "5 s"),
    ("Kubernetes", "resolv.conf options", "ndots:5, so outside names are tried with every search domain first"),
    ("Java", "networkaddress.cache.ttl", "30 s, for ever with a security manager"),
]);

/// How a next hop is found to be down, and when it is tried again.
pub(super) const HEALTH: Look = Look::Table(&[
    ("nginx", "max_fails, fail_timeout", "1 failure takes it out for 10 s"),
    ("HAProxy", "check inter, fall, rise", "every 2 s, down after 3, up after 2; no checks without `check`"),
    ("Envoy", "outlier_detection consecutive_5xx", "5, for 30 s at first; panic below 50 % healthy"),
    ("Apache", "ProxyPass retry", "60 s"),
    ("Caddy", "health_interval, fail_duration", "30 s; passive checks are off"),
    ("Traefik", "healthCheck.interval, timeout", "30 s, 5 s"),
    ("AWS ALB", "health check interval, timeout, matcher", "30 s, 5 s, 200; up after 5, down after 2"),
    ("Kubernetes", "readinessProbe periodSeconds, timeoutSeconds, failureThreshold", "10 s, 1 s, 3"),
]);

/// Limits of connections and requests.
pub(super) const LIMITS: Look = Look::Table(&[
    ("nginx", "max_conns (server in upstream)", "no limit"),
    ("nginx", "worker_connections", "512; both sides of a proxied request count"),
    ("HAProxy", "server maxconn", "no limit; above it requests queue"),
    ("Envoy", "circuit_breakers max_connections, max_pending_requests, max_requests", "1024 each"),
    ("Apache", "ProxyPass max", "the threads of one process"),
    ("Apache", "MaxRequestWorkers", "400 (event, worker), 256 (prefork)"),
    ("Caddy", "max_conns_per_host", "no limit"),
]);

/// Resources of the gateway's host.
pub(super) const RESOURCES: Look = Look::Table(&[
    ("Linux", "RLIMIT_NOFILE (ulimit -n)", "1024 soft"),
    ("systemd", "LimitNOFILE", "1024 soft, 524288 hard"),
    ("nginx", "worker_rlimit_nofile, worker_connections", "the system's, 512"),
    ("Linux", "net.ipv4.ip_local_port_range", "32768 to 60999: 28232 ports for each destination"),
    ("Linux", "TIME-WAIT", "60 s, fixed"),
    ("Linux", "net.netfilter.nf_conntrack_max", "depends on memory, often 65536 or 262144"),
]);

/// Queues of connections that the next hop has not accepted.
pub(super) const BACKLOG: Look = Look::Table(&[
    ("Linux", "net.core.somaxconn", "4096 (128 before 5.4)"),
    ("nginx", "listen backlog", "511"),
    ("Node.js", "server.listen backlog", "511"),
    ("gunicorn", "backlog", "2048"),
    ("Tomcat", "acceptCount", "100"),
    ("PHP-FPM", "listen.backlog", "511"),
]);

/// How many requests the application takes at once.
pub(super) const WORKERS: Look = Look::Table(&[
    ("gunicorn", "workers, threads", "1, 1"),
    ("Puma", "threads, workers", "0 to 5 (Rails writes 3), 0"),
    ("uWSGI", "processes, threads", "1, 1"),
    ("PHP-FPM", "pm.max_children", "5 in the pool that Debian ships"),
    ("Tomcat", "maxThreads", "200"),
    ("Apache", "MaxRequestWorkers", "400 (event, worker), 256 (prefork)"),
    ("HikariCP", "maximumPoolSize", "10"),
    ("SQLAlchemy", "pool_size, max_overflow", "5, 10"),
    ("PostgreSQL", "max_connections", "100"),
    ("MySQL", "max_connections", "151"),
]);

/// Stopping without cutting requests.
pub(super) const SHUTDOWN: Look = Look::Table(&[
    (
        "Kubernetes",
        "terminationGracePeriodSeconds, preStop",
        "30 s, none: pods get requests for some seconds after SIGTERM",
    ),
    ("Docker", "stop -t", "10 s, then SIGKILL"),
    ("systemd", "TimeoutStopSec", "90 s, then SIGKILL"),
    ("AWS ALB", "deregistration_delay.timeout_seconds", "300 s"),
    ("gunicorn", "graceful_timeout", "30 s"),
    ("Spring Boot", "server.shutdown", "graceful since 3.4, immediate before; 30 s for each phase"),
    ("nginx", "worker_shutdown_timeout", "no limit"),
    ("HAProxy", "hard-stop-after", "no limit"),
]);

/// Sending a request again.
pub(super) const RETRIES: Look = Look::Table(&[
    ("nginx", "proxy_next_upstream", "error timeout; a POST only with non_idempotent"),
    ("HAProxy", "retries, retry-on", "3, conn-failure: never once the request is sent"),
    ("Envoy", "retry_policy.retry_on", "none"),
    ("Apache", "disablereuse, proxy-initial-not-pooled", "off, off"),
    ("Caddy", "lb_try_duration", "0: one try"),
    ("Traefik", "retry (middleware)", "none"),
]);

/// Names, versions and trust in TLS to the next hop.
pub(super) const TLS: Look = Look::Table(&[
    ("nginx", "proxy_ssl_server_name", "off: no SNI is sent"),
    ("nginx", "proxy_ssl_name", "the host of proxy_pass"),
    ("nginx", "proxy_ssl_verify, proxy_ssl_trusted_certificate", "off, none"),
    ("nginx", "proxy_ssl_protocols", "TLSv1.2 TLSv1.3"),
    ("HAProxy", "server sni", "none before 3.3, so no SNI is sent"),
    ("HAProxy", "server verify, ca-file", "required, none"),
    ("Envoy", "UpstreamTlsContext sni", "none, so no SNI is sent"),
    ("Envoy", "trusted_ca, match_typed_subject_alt_names", "none: nothing is verified"),
    ("Apache", "SSLProxyEngine, SSLProxyVerify, SSLProxyCheckPeerName", "off, none, on"),
    ("Caddy", "tls_server_name, tls_trust_pool", "the upstream's host, the system's roots"),
    ("Traefik", "serversTransport.serverName, rootCAs", "the host, the system's roots"),
]);

/// How large a response head may be.
pub(super) const HEAD_SIZE: Look = Look::Table(&[
    ("badgateway", "Limits head_bytes, header_line, headers", "128 KiB, 64 KiB, 256 fields"),
    ("nginx", "proxy_buffer_size", "one memory page: 4 KiB or 8 KiB"),
    ("nginx", "fastcgi_buffer_size, uwsgi_buffer_size", "one memory page: 4 KiB or 8 KiB"),
    ("ingress-nginx", "proxy-buffer-size", "4 KiB"),
    ("HAProxy", "tune.bufsize, tune.maxrewrite", "16384 bytes, 1024 of them kept free"),
    ("HAProxy", "tune.http.maxhdr", "101 fields"),
    ("Envoy", "max_response_headers_kb, max_headers_count", "60 KiB (80 KiB over HTTP/1), 100 fields"),
    ("Apache", "ProxyPass responsefieldsize", "8192 bytes for each field"),
    ("Cloudflare", "response headers from the origin", "128 KB"),
    ("Node.js", "--max-http-header-size (as a client)", "16 KiB"),
    ("uWSGI", "buffer-size", "4096 bytes, for the request it receives"),
]);

/// What a response body may be.
pub(super) const BODY_SIZE: Look = Look::Table(&[
    ("nginx", "proxy_max_temp_file_size, proxy_temp_path", "1024 MiB; the disk it lies on"),
    ("nginx", "subrequest_output_buffer_size", "one memory page: 4 KiB or 8 KiB"),
    ("Envoy", "per_connection_buffer_limit_bytes", "1 MiB, where a filter buffers the body"),
    ("AWS Lambda", "response payload", "6 MB; 1 MB behind an ALB"),
    ("AWS API Gateway", "payload", "10 MB"),
]);

/// Versions of HTTP and connections that are used again.
pub(super) const VERSION: Look = Look::Table(&[
    ("nginx", "proxy_http_version", "1.0, 1.1 since 1.29.7"),
    ("nginx", "keepalive (in upstream)", "off, 32 since 1.29.7"),
    ("HAProxy", "server proto, alpn", "none: HTTP/1.1"),
    ("Envoy", "typed_extension_protocol_options", "HTTP/1.1"),
    ("Apache", "ProxyPass h2://, h2c://", "HTTP/1.1 for http:// and https://"),
    ("Caddy", "transport http versions", "1.1 2; h2c only when named"),
    ("Traefik", "server URL scheme", "http: HTTP/1.1, h2c: HTTP/2 in clear text"),
]);

/// Upgrades, WebSocket above all.
pub(super) const UPGRADES: Look = Look::Table(&[
    ("nginx", "proxy_set_header Upgrade, Connection", "neither is passed on: an upgrade never arrives"),
    ("HAProxy", "timeout tunnel", "that of timeout client and timeout server"),
    ("Envoy", "upgrade_configs", "none: upgrades are refused with 403"),
    ("Apache", "ProxyPass upgrade=", "none; WebSocket with mod_proxy_wstunnel or since 2.4.47"),
]);

/// Streams, and the age of connections, in HTTP/2.
pub(super) const STREAMS: Look = Look::Table(&[
    ("nginx", "http2_max_concurrent_streams", "128"),
    ("nginx", "keepalive_requests, keepalive_time", "1000 requests, 1 h: then GOAWAY"),
    ("HAProxy", "tune.h2.fe.max-concurrent-streams", "100"),
    ("Apache", "H2MaxSessionStreams", "100"),
    ("Envoy", "max_connection_duration, max_requests_per_connection", "no limit"),
    ("Go", "http2.Server MaxConcurrentStreams", "250"),
    ("gRPC", "MAX_CONNECTION_AGE", "no limit"),
    ("gRPC", "server's minimum time between pings", "5 min: more often ends in ENHANCE_YOUR_CALM, too_many_pings"),
]);

/// gRPC, which needs HTTP/2 and trailers on every hop.
pub(super) const GRPC: Look = Look::Table(&[
    ("nginx", "grpc_pass", "none; proxy_pass is not enough for gRPC"),
    ("nginx", "proxy_pass_trailers", "off: trailers are dropped"),
    ("nginx", "grpc_intercept_errors, error_page", "off; its own errors are pages in HTML"),
    ("HAProxy", "server proto h2", "none: HTTP/1.1"),
    ("Envoy", "typed_extension_protocol_options", "HTTP/1.1"),
    ("Traefik", "server URL scheme", "http: HTTP/1.1, h2c: HTTP/2 in clear text"),
    ("AWS ALB", "target group protocol version", "HTTP1; GRPC is for gRPC"),
    ("Kubernetes", "ingress-nginx backend-protocol", "HTTP; GRPC or GRPCS is for gRPC"),
]);

/// What the client is allowed to take and to send.
pub(super) const CLIENT: Look = Look::Table(&[
    ("nginx", "client_body_timeout, client_header_timeout", "60 s between two reads, 60 s"),
    ("nginx", "client_max_body_size", "1 MiB, then 413"),
    ("nginx", "proxy_ignore_client_abort", "off: the request to the next hop is given up"),
    ("nginx", "proxy_request_buffering", "on: a slow client does not hold the next hop"),
    ("HAProxy", "timeout client, timeout http-request", "none; 50 s and no limit in Debian's file"),
    ("Envoy", "request_timeout, stream_idle_timeout", "no limit, 5 min"),
    ("Apache", "RequestReadTimeout", "handshake=0 header=20-40,MinRate=500 body=20,MinRate=500"),
    ("Node.js", "server.headersTimeout, server.requestTimeout", "60 s, 300 s"),
]);

/// Loops.
pub(super) const LOOPS: Look = Look::Table(&[
    ("nginx", "proxy_set_header Host", "$proxy_host"),
    ("Apache", "ProxyVia", "off: loops are not found out"),
    ("Traffic Server", "proxy.config.http.max_proxy_cycles", "0"),
    ("Cloudflare", "CDN-Loop", "always sent (RFC 8586)"),
]);

/// What keeps the gateway's process from connecting.
pub(super) const SANDBOX: Look = Look::Table(&[
    ("SELinux", "httpd_can_network_connect", "off"),
    ("systemd", "SystemCallFilter", "no restriction"),
    ("Docker", "seccomp profile, network mode none", "the default profile allows connect"),
]);

/// The PROXY protocol, which one side must send exactly if the other expects it.
pub(super) const PROXY_PROTOCOL: Look = Look::Table(&[
    ("nginx", "proxy_protocol (stream), listen proxy_protocol", "off, off"),
    ("HAProxy", "server send-proxy, bind accept-proxy", "off, off"),
    ("Envoy", "ProxyProtocolUpstreamTransport", "none"),
    ("AWS NLB", "proxy_protocol_v2.enabled", "false"),
]);

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;
    use crate::h1::Limits;

    #[test]
    fn our_own_limits_are_told_as_they_are() {
        let Look::Table(rows) = HEAD_SIZE else { panic!("it is a table") };
        let limits = Limits::default();
        let want =
            format!("{} KiB, {} KiB, {} fields", limits.head_bytes / 1024, limits.header_line / 1024, limits.headers);
        assert!(rows.iter().any(|&(product, _, default)| product == "badgateway" && default == want), "{want}");
    }
}
