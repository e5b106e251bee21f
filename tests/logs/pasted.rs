//! What people paste: half a line, in any dress, of whatever wrote it. Each with what it is read to say.

use crate::lines::read;

/// A line of nginx without its date, its level, its numbers, its fields; and around it what people have around it.
#[rustfmt::skip]
const NGINX: &[(&str, &str)] = &[
    (r#"[error] 77#77: *12 upstream prematurely closed connection while reading response header from upstream, client: 10.0.0.9, server: shop.example, request: "POST /pay HTTP/1.1", upstream: "http://10.0.0.7:9000/pay", host: "shop.example""#,
     "nginx - client 10.0.0.9 POST /pay host shop.example upstream 10.0.0.7:9000 status -: closed_before_response or head_truncated"),
    (r#"77#77: *12 no live upstreams while connecting to upstream, client: 10.0.0.9, server: shop.example, request: "GET / HTTP/1.1", upstream: "http://pool/", host: "shop.example""#,
     "nginx - client 10.0.0.9 GET / host shop.example upstream pool status -: no_healthy_upstream"),
    (r#"*12 connect() to unix:/run/app.sock failed (13: Permission denied) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://unix:/run/app.sock:/", host: "a""#,
     "nginx - client 10.0.0.9 GET / host a upstream unix:/run/app.sock status -: connect_denied Errno(13)"),
    ("connect() failed (111: Connection refused) while connecting to upstream",
     "nginx - client - - - host - upstream - status -: connection_refused Errno(111)"),
    ("upstream timed out (110: Connection timed out) while reading response header from upstream",
     "nginx - client - - - host - upstream - status -: response_timeout or head_stalled"),
    ("upstream timed out (110: Connection timed out)",
     "nginx - client - - - host - upstream - status -: response_timeout, connection_timeout, head_stalled, body_stalled, send_timeout or tls_timeout"),
    (r#"recv() failed (104: Connection reset by peer) while reading response header from upstream, upstream: "fastcgi://127.0.0.1:9000""#,
     "nginx - client - - - host - upstream 127.0.0.1:9000 status -: reset_before_response or head_reset Errno(104)"),
    ("orders.internal could not be resolved (2: Server failure)",
     "nginx - client - - - host - upstream orders.internal status -: dns_failure DnsRcode(2)"),
    ("SSL_do_handshake() failed (SSL: error:0A000438:SSL routines::tlsv1 alert internal error:SSL alert number 80) while SSL handshaking to upstream",
     "nginx - client - - - host - upstream - status -: tls_alert TlsAlert(80)"),
    (r#"- `2026/11/20 18:53:56 [error] 1#1: *3 upstream sent too big header while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET /big HTTP/1.1", upstream: "http://10.0.0.7:80/big", host: "a"`"#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /big host a upstream 10.0.0.7:80 status -: head_too_large, header_too_large or too_many_headers"),
    (r#"> > [crit] 1#1: *3 connect() to [::1]:9000 failed (99: Cannot assign requested address) while connecting to upstream, client: ::1, server: _, request: "GET / HTTP/1.1", upstream: "http://[::1]:9000/", host: "a""#,
     "nginx - client ::1 GET / host a upstream [::1]:9000 status -: local_exhausted Errno(99)"),
    (r#"web-1  | 2026/11/20 18:53:56 [error] 29#29: *3 app could not be resolved (3: Host not found), client: 172.18.0.1, server: _, request: "GET / HTTP/1.1", host: "localhost""#,
     "nginx 2026-11-20 18:53:56 client 172.18.0.1 GET / host localhost upstream app status -: dns_not_found DnsRcode(3)"),
    (r#"{"log":"2026/11/20 18:53:56 [error] 29#29: *3 connect() failed (113: No route to host) while connecting to upstream, client: 10.0.0.9, server: _, request: \"GET /x HTTP/1.1\", upstream: \"http://10.0.0.7:80/x\", host: \"a\"\n","stream":"stderr","time":"2026-11-20T18:53:56.1Z"}"#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /x host a upstream 10.0.0.7:80 status -: unreachable Errno(113)"),
    ("2026/11/20 18:53:56 [error] 29#29: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: _, request: &quot;GET /x HTTP/1.1&quot;, upstream: &quot;http://10.0.0.7:80/x&quot;, host: &quot;a&quot;",
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /x host a upstream 10.0.0.7:80 status -: connection_refused Errno(111)"),
    (r#"error.log:88:2026/11/20 18:53:56 [error] 29#29: *3 upstream timed out (110: Connection timed out) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET /x HTTP/1.1", upstream: "http://10.0.0.7:80/x", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /x host a upstream 10.0.0.7:80 status -: connection_timeout"),
    (r#"2026/11/20 18:53:56 [error] 23#23: *5 upstream timed out (110: Connection timed out) while proxying connection, udp client: 10.0.0.9, server: 0.0.0.0:53, upstream: "10.0.0.53:53", bytes from/to client:51/0, bytes from/to upstream:0/51"#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 - - host - upstream 10.0.0.53:53 status -: response_timeout or head_stalled"),
    (r#"[info] 38#38: *7 [lua] balancer.lua:278: load_balancer(): proxy request to 10.0.0.7:80 while connecting to upstream, client: 10.0.0.9, server: , request: "POST /a HTTP/1.1", upstream: "http://10.0.0.7:80/a", host: "a""#,
     "nginx - client 10.0.0.9 POST /a host a upstream 10.0.0.7:80 status -: Nothing"),
    ("[crit] 30807#30807: *27 SSL_do_handshake() failed (SSL: error:1417D18C:SSL routines:tls_process_client_hello:version too low) while SSL handshaking, client: 10.0.0.9, server: 0.0.0.0:443",
     "nginx - client 10.0.0.9 - - host - upstream - status -: Nothing"),
    ("The application says: upstream was slow, please try again",
     "unknown"),
    ("limiting requests to the upstream, says the manual",
     "unknown"),
    ("connect() returned an error",
     "unknown"),
];

#[test]
fn nginx() {
    table(NGINX);
}

fn table(rows: &[(&str, &str)]) {
    if std::env::var_os("SHOW").is_some() {
        for (line, _) in rows {
            println!("{line}\n     {:?},", read(line.as_bytes()));
        }
        return;
    }
    for (line, want) in rows {
        assert_eq!(read(line.as_bytes()), *want, "{line}");
    }
}
