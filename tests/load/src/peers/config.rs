//! The configurations: one location or backend for each upstream of the lab.
//!
//! What the matrix was measured with. Timeouts for connecting, reading and sending of 2 s,
//! retries off, HTTP/1.1 to the upstream, certificates verified, and else the defaults.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use badgateway::lab::{Lab, Upstream};

/// A host name as opposed to an address: the proxy has to resolve it.
fn name_of(upstream: &Upstream) -> Option<&str> {
    authority(upstream).split(':').next().filter(|host| host.ends_with(".lab.test"))
}

fn authority(upstream: &Upstream) -> &str {
    upstream.url().split("://").nth(1).unwrap_or_default()
}

/// nginx.conf. `prefix` is a directory of its own, with `logs`.
pub(crate) fn nginx(lab: &Lab, listen: SocketAddr, prefix: &Path, user: Option<&str>) -> String {
    let mut upstreams = String::new();
    let mut locations = String::new();
    for upstream in lab.upstreams() {
        let (name, authority) = (upstream.name(), authority(upstream));
        let scheme = if upstream.behaviour().tls { "https" } else { "http" };
        let target = if name_of(upstream).is_some() {
            // A name in proxy_pass is resolved when the configuration is read; one in a variable is not.
            let _ =
                writeln!(locations, "        location /{name}/ {{ set $at {authority}; proxy_pass {scheme}://$at; }}");
            continue;
        } else {
            let _ = writeln!(upstreams, "    upstream {name} {{ server {authority} max_fails=0; keepalive 4; }}");
            name
        };
        let _ = writeln!(locations, "        location /{name}/ {{ proxy_pass {scheme}://{target}; }}");
    }
    let user = user.map_or(String::new(), |user| format!("user {user};\n"));
    let (prefix, ca, resolver) = (prefix.display(), lab.ca_file().display(), lab.resolver());
    format!(
        "{user}worker_processes 2;
daemon off;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {prefix}/access.log;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    resolver {resolver} ipv6=off;
    resolver_timeout 2s;
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
    proxy_connect_timeout 2s;
    proxy_read_timeout 2s;
    proxy_send_timeout 2s;
    proxy_next_upstream off;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate {ca};
    proxy_ssl_name lab.test;
    proxy_ssl_server_name on;
{upstreams}    server {{
        listen {listen};
{locations}    }}
}}
"
    )
}

/// haproxy.cfg. Its log goes to `log`, a syslog server on UDP.
pub(crate) fn haproxy(lab: &Lab, listen: SocketAddr, log: SocketAddr) -> String {
    let mut backends = String::new();
    for upstream in lab.upstreams() {
        let mut server = format!("server upstream {}", authority(upstream));
        if name_of(upstream).is_some() {
            server.push_str(" resolvers lab init-addr none");
        }
        if upstream.behaviour().tls {
            let ca = lab.ca_file().display();
            let _ = write!(server, " ssl verify required verifyhost lab.test sni str(lab.test) ca-file {ca}");
        }
        let _ = writeln!(backends, "backend {}\n    {server}", upstream.name());
    }
    let resolver = lab.resolver();
    format!(
        "global
    log {log} local0
    log-send-hostname lab
    maxconn 1000
resolvers lab
    nameserver lab {resolver}
    resolve_retries 1
    timeout resolve 1s
    timeout retry 1s
defaults
    mode http
    log global
    option httplog
    retries 0
    timeout connect 2s
    timeout server 2s
    timeout client 10s
frontend clients
    bind {listen}
    use_backend %[path,field(2,/)]
{backends}"
    )
}
