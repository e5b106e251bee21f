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

/// Envoy's and Istio's lines without a date, of any age, in JSON, and what its debug log says.
#[rustfmt::skip]
const ENVOY: &[(&str, &str)] = &[
    (r#""GET /a HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111} - "delayed_connect_error:_111" 0 152 0 - "10.0.0.9" "curl/8" "id" "a.example" "10.0.0.7:8080" outbound|80||a.default.svc.cluster.local - 10.0.0.2:80 10.0.0.3:1 - default"#,
     "envoy - client 10.0.0.9 GET /a host a.example upstream 10.0.0.7:8080 status 503: connection_refused Errno(111)"),
    (r#"[2019-10-14T10:56:06.963Z] "GET /a HTTP/1.1" 504 UT "-" "-" 0 24 15000 - "10.0.0.9" "curl/7" "id" "a.example" "10.0.0.7:8080" outbound|80||a.default - 10.0.0.2:80 10.0.0.3:0 - -"#,
     "envoy 2019-10-14 10:56:06 client 10.0.0.9 GET /a host a.example upstream 10.0.0.7:8080 status 504: response_timeout, head_stalled, send_timeout, deadline_exceeded, body_stalled, too_many_interim, connection_timeout or tls_timeout"),
    (r#"[2019-03-14T10:56:06.963Z] "GET /a HTTP/1.1" 503 UH "-" 0 19 0 - "-" "curl/7" "id" "a.example" "-" - - 10.0.0.2:80 10.0.0.3:0"#,
     "envoy 2019-03-14 10:56:06 client - GET /a host a.example upstream - status 503: no_healthy_upstream, dns_not_found, dns_failure or dns_timeout"),
    (r#"2026-11-20T18:57:22.223002528Z [2026-11-20T18:57:21.765Z] "GET /a HTTP/1.1" 500 - via_upstream - "-" 0 122 119 118 "-" "curl/8" "id" "a.example" "10.0.0.7:8080" inbound|8080|| 127.0.0.6:1 10.0.0.2:8080 10.0.0.3:1 - default"#,
     "envoy 2026-11-20 18:57:21 client - GET /a host a.example upstream 10.0.0.7:8080 status 500: Passed(500)"),
    (r#"web-7d9f8-abcde istio-proxy [2026-11-20T18:57:21.000Z] "- - -" 0 UF,URX - - "-" 0 0 10001 - "-" "-" "-" "-" "10.0.0.7:7600" outbound|7600||db.default - 10.0.0.7:7600 10.0.0.3:1 - -"#,
     "envoy 2026-11-20 18:57:21 client - - - host - upstream 10.0.0.7:7600 status -: connection_refused, connection_timeout, unreachable, connect_reset, connect_denied, local_exhausted, tls_timeout, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_expired, cert_not_yet_valid, cert_untrusted, cert_name_mismatch, cert_revoked or cert_invalid"),
    (r#"{"authority":"a.example","bytes_received":0,"bytes_sent":95,"duration":60000,"method":"GET","path":"/slow","response_code":504,"response_code_details":"response_timeout","response_flags":"UT","start_time":"2026-11-20T18:57:21.000Z","upstream_host":"10.0.0.7:8080","upstream_transport_failure_reason":null,"x_forwarded_for":"10.0.0.9"}"#,
     "envoy 2026-11-20 18:57:21 client 10.0.0.9 GET /slow host a.example upstream 10.0.0.7:8080 status 504: response_timeout, head_stalled, send_timeout, deadline_exceeded, body_stalled, too_many_interim, connection_timeout or tls_timeout"),
    (r#"{"start_time":"2026-11-20T18:57:21.000Z","method":"GET","x-envoy-origin-path":"/a",":authority":"a.example","response_code":"200","response_flags":"-","upstream_host":"10.0.0.7:8080","duration":"4"}"#,
     "envoy 2026-11-20 18:57:21 client - GET /a host a.example upstream 10.0.0.7:8080 status 200: Nothing"),
    ("2026-11-20T18:57:21.389129Z	debug	envoy router	[C9][S72] upstream reset: reset reason: connection failure, transport failure reason: delayed connect error: 111",
     "envoy - client - - - host - upstream - status -: connection_refused Errno(111)"),
    ("[2026-11-20 18:57:21.389][15][debug][router] [source/common/router/router.cc:1] [C9][S72] upstream reset: reset reason: connection timeout, transport failure reason:",
     "envoy - client - - - host - upstream - status -: connection_timeout or tls_timeout"),
    ("Sending local reply with details no_healthy_upstream",
     "envoy - client - - - host - upstream - status -: no_healthy_upstream, dns_not_found, dns_failure or dns_timeout"),
    ("Sending local reply with details upstream_reset_before_response_started{connection_termination}",
     "envoy - client - - - host - upstream - status -: closed_before_response, reset_before_response, send_reset, head_truncated, head_reset, goaway, tls_alert or unsolicited_response"),
    (r#""GET /a HTTP/1.1" 304 - "-" "Mozilla/5.0""#,
     "unknown"),
];

#[test]
fn envoy() {
    table(ENVOY);
}

/// HAProxy's other lines: tcplog, CLF, checks, alerts, the listeners' own.
#[rustfmt::skip]
const HAPROXY: &[(&str, &str)] = &[
    ("Nov 20 18:54:29 lb1 haproxy[9]: 10.0.0.9:40000 [20/Nov/2026:18:54:29.100] tls~ db/pg1 9998/-1/12140 213 SC 0/0/0/0/3 0/0",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream db/pg1 status -: connection_refused, unreachable, connect_reset, no_healthy_upstream, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_untrusted, cert_expired, cert_name_mismatch, cert_invalid, cert_not_yet_valid, cert_revoked, connect_denied, no_route, dns_not_found, dns_failure, dns_timeout or local_exhausted"),
    ("10.0.0.9:40000 [20/Nov/2026:18:54:29.100] tls~ db/pg1 1/0/5007 212 sD 0/0/0/0/0 0/0",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream db/pg1 status -: body_stalled"),
    ("10.0.0.9:40000 [20/Nov/2026:18:54:29.100] tls~ db/pg2 0/4/528 9441 -- 1/1/0/1/0 0/0",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream db/pg2 status -: Nothing"),
    ("10.0.0.9:40000 [20/Nov/2026:18:54:29.100] tls~ db/<NOSRV> -1/-1/0 0 SC 0/0/0/0/0 0/0",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream db/<NOSRV> status -: no_healthy_upstream, dns_not_found, dns_failure, dns_timeout or no_route"),
    (r#"web~ app/s1 0/0/-1/-1/3 503 217 - - SC-- 1/1/0/0/3 0/0 "GET / HTTP/1.1""#,
     "haproxy - client - GET / host - upstream app/s1 status 503: connection_refused, unreachable, connect_reset, no_healthy_upstream, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_untrusted, cert_expired, cert_name_mismatch, cert_invalid, cert_not_yet_valid, cert_revoked, connect_denied, no_route, dns_not_found, dns_failure, dns_timeout or local_exhausted"),
    (r#"web app/ 1/-1/-1/-1/1 503 212 - - SC-- 0/0/0/0/0 0/0 "GET /v2 HTTP/1.1""#,
     "haproxy - client - GET /v2 host - upstream app/ status 503: no_healthy_upstream, dns_not_found, dns_failure, dns_timeout or no_route"),
    (r#"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/s1 0/0/53/-1/69 502 209 - - SH-- 7/6/1/1/0 0/0 "GET / HTTP/2.0" fc_err=- bc_err=ERESET"#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 GET / host - upstream app/s1 status 502: reset_before_response, head_reset or send_reset"),
    (r#"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/s1 0/0/-1/-1/3 503 209 - - SC-- 7/6/1/1/3 0/0 "GET / HTTP/2.0" bc_err=EREFUSED tevts={}"#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 GET / host - upstream app/s1 status 503: connection_refused"),
    (r#"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/<NOSRV> 0/-1/-1/-1/0 429 116 - - LR-- 4/4/0/0/0 0/0 "GET / HTTP/1.1""#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 GET / host - upstream app/<NOSRV> status 429: Nothing"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 503 217 "" "" 40000 528 "web~" "app" "s1" 0 0 -1 -1 3 SC-- 4 1 0 0 3 0 0 "" "" "a.example""#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream s1 status 503: connection_refused, unreachable, connect_reset, no_healthy_upstream, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_untrusted, cert_expired, cert_name_mismatch, cert_invalid, cert_not_yet_valid, cert_revoked, connect_denied, no_route, dns_not_found, dns_failure, dns_timeout or local_exhausted"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 200 217 "" "" 40000 528 "web~" "app" "s1" 0 0 1 2 3 ---- 4 1 0 0 0 0 0"#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream s1 status 200: Nothing"),
    ("[WARNING] 271/091212 (30) : Server app/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
     "haproxy - client - - - host - upstream app/s1 status -: connection_timeout"),
    (r#"[WARNING]  (8) : Server app/s1 is DOWN, reason: Layer4 connection problem, info: "General socket error (Network is unreachable)", check duration: 0ms. 0 active and 0 backup servers left."#,
     "haproxy - client - - - host - upstream app/s1 status -: unreachable"),
    (r#"Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure", check duration: 5ms. 0 active and 0 backup servers left."#,
     "haproxy - client - - - host - upstream app/s1 status -: tls_protocol, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_no_alpn, cert_untrusted, cert_expired, cert_invalid, cert_not_yet_valid, cert_revoked or cert_name_mismatch"),
    (r#"Backup Server app/s1 is DOWN, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 1ms. 0 active and 0 backup servers left."#,
     "haproxy - client - - - host - upstream app/s1 status -: Passed(503)"),
    (r#"Server app/s1 is DOWN, reason: Layer7 wrong status, code: 404, info: "Not Found", check duration: 1ms."#,
     "haproxy - client - - - host - upstream app/s1 status -: no_healthy_upstream or proxy_misconfigured"),
    ("Server app/s1 is DOWN, reason: Layer7 timeout, check duration: 10001ms. 0 active and 0 backup servers left.",
     "haproxy - client - - - host - upstream app/s1 status -: response_timeout, head_stalled or body_stalled"),
    (r#"Health check for server app/s1 failed, reason: Layer4 connection problem, info: "No route to host", check duration: 9ms, status: 2/3 UP."#,
     "haproxy - client - - - host - upstream app/s1 status -: unreachable"),
    (r#"Health check for server app/s1 failed, reason: Health analyze, info: "Detected 10 consecutive errors, last one was: Close from server (http)", status: 0/2 DOWN."#,
     "haproxy - client - - - host - upstream app/s1 status -: closed_before_response, head_truncated or reset_before_response"),
    ("[WARNING] (8) : Server app/s1 is going DOWN for maintenance (DNS NX status). 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
     "haproxy - client - - - host - upstream app/s1 status -: dns_not_found"),
    ("[ALERT]    (301) : backend 'app' has no server available!",
     "haproxy - client - - - host - upstream - status -: no_healthy_upstream"),
    ("Nov 20 18:54:29 lb1 haproxy[9]: backend app has no server available!",
     "haproxy - client - - - host - upstream - status -: no_healthy_upstream"),
    ("Server app/s1 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms. 2 active and 0 backup servers online.",
     "haproxy - client - - - host - upstream app/s1 status -: Nothing"),
    ("Health check for server app/s1 succeeded, reason: Layer4 check passed, check duration: 0ms, status: 3/3 UP.",
     "haproxy - client - - - host - upstream app/s1 status -: Nothing"),
    ("10.0.0.9:40000 [20/Nov/2026:18:54:29.100] fe-https/1: SSL handshake failure",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream - status -: Nothing"),
    ("10.0.0.9:40000 [20/Nov/2026:18:54:29.100] fe-https/1: Connection closed during SSL handshake",
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 - - host - upstream - status -: Nothing"),
];

#[test]
fn haproxy() {
    table(HAPROXY);
}

/// Apache: 2.2, AJP, FastCGI, what is left of a line.
#[rustfmt::skip]
const APACHE: &[(&str, &str)] = &[
    ("[Fri Nov 20 18:54:29 2026] [error] (111)Connection refused: proxy: HTTP: attempt to connect to 10.0.0.1:8080 (app.internal) failed",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:8080 status -: connection_refused Errno(111)"),
    ("[Fri Nov 20 18:54:29 2026] [error] [client 10.0.0.9] (104)Connection reset by peer: proxy: error reading status line from remote server 10.0.0.1:8080, referer: https://a.example/",
     "apache 2026-11-20 18:54:29 client 10.0.0.9 - - host - upstream 10.0.0.1:8080 status -: reset_before_response or head_reset Errno(104)"),
    ("[Fri Nov 20 18:54:29 2026] [error] proxy: HTTP: disabled connection for (10.0.0.1)",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1 status -: no_healthy_upstream"),
    ("[Fri Nov 20 18:54:29 2026] [error] ap_proxy_connect_backend disabling worker for (10.0.0.1)",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1 status -: Again"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] [client 10.0.0.9:4] AH00898: Error reading from remote server returned by /cart",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - /cart host - upstream - status -: closed_before_response, reset_before_response, head_truncated, head_reset, response_timeout, head_stalled, not_http, bad_status_line, bad_header, head_too_large or tls_alert"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy_http:error] [pid 9] (103)Software caused connection abort: [client 10.0.0.9:4] AH01102: error reading status line from remote server 10.0.0.1:8080, referer: https://a.example/",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream 10.0.0.1:8080 status -: reset_before_response or head_reset Errno(103)"),
    ("[proxy_ajp:error] [pid 9] (70007)The timeout specified has expired: AH01030: ajp_ilink_receive() can't receive header",
     "apache - client - - - host - upstream - status -: response_timeout or head_stalled"),
    ("[proxy_ajp:error] [pid 9:tid 7] (104)Connection reset by peer: AH01030: ajp_ilink_receive() can't receive header",
     "apache - client - - - host - upstream - status -: reset_before_response or head_reset Errno(104)"),
    ("(70007)The timeout specified has expired: [client 10.0.0.9:4] AH00878: read response failed from 10.0.0.1:8009 (tomcat)",
     "apache - client 10.0.0.9:4 - - host - upstream 10.0.0.1:8009 status -: response_timeout or head_stalled"),
    ("AH01102: error reading status line from remote server 10.0.0.1:9001",
     "apache - client - - - host - upstream 10.0.0.1:9001 status -: closed_before_response, head_truncated, not_http, tls_alert or bad_status_line"),
    ("(111)Connection refused: AH00957: FCGI: attempt to connect to 127.0.0.1:9000 (*) failed",
     "apache - client - - - host - upstream 127.0.0.1:9000 status -: connection_refused Errno(111)"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] (13)Permission denied: AH00952: FCGI: error creating fam 2 socket for target 127.0.0.1",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 127.0.0.1 status -: connect_denied Errno(13)"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy_fcgi:error] [pid 9:tid 7] (70007)The timeout specified has expired: [client 10.0.0.9:4] AH01075: Error dispatching request to : (polling)",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream - status -: response_timeout, head_stalled or body_stalled"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy_fcgi:error] [pid 9:tid 7] (104)Connection reset by peer: [client 10.0.0.9:4] AH01075: Error dispatching request to : (reading input brigade)",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream - status -: reset_before_response, head_reset, body_reset or send_reset Errno(104)"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy_fcgi:error] [pid 9:tid 7] [client 10.0.0.9:4] AH01071: Got error 'PHP message: PHP Warning: x in /srv/a.php'",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream - status -: Nothing"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy_fcgi:error] [pid 9:tid 7] [client 10.0.0.9:4] AH01079: failed to make connection to backend: 127.0.0.1",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream 127.0.0.1 status -: connection_refused, connection_timeout, unreachable or connect_reset"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] AH00940: FCGI: disabled connection for (127.0.0.1)",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 127.0.0.1 status -: no_healthy_upstream"),
    ("[Fri Nov 20 18:54:29 2026] a line of somebody else",
     "unknown"),
    ("[Fri Nov 20 18:54:29 2026] [error] [client 10.0.0.9] File does not exist: /srv/www/favicon.ico",
     "apache 2026-11-20 18:54:29 client 10.0.0.9 - - host - upstream - status -: Nothing"),
];

#[test]
fn apache() {
    table(APACHE);
}

/// Access logs: nginx, ingress-nginx, Apache, Squid, in text and in JSON.
#[rustfmt::skip]
const ACCESS: &[(&str, &str)] = &[
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 502 157 "-" "curl/8""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream - status 502: Bare(502)"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 499 0 "-" "curl/8""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream - status 499: client_aborted"),
    (r#"shop.example:443 10.0.0.9 - alice [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 503 299 "-" "Mozilla/5.0""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /a host shop.example upstream - status 503: Bare(503)"),
    (r#"10.0.0.9 - [10.0.0.9] - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 502 157 "-" "curl/8" 80 0.002 [default-web-80] 10.0.0.1:80 0 0.002 502"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 502 [10.0.0.1:80 502 2ms]: closed_before_response, connection_refused, reset_before_response, head_truncated, head_reset, send_reset, unreachable, connect_reset, connect_denied, not_http, bad_status_line, bad_header, head_too_large, tls_protocol, tls_not_tls, tls_alert, tls_closed, tls_reset, cert_untrusted, cert_name_mismatch or local_exhausted"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "POST /a HTTP/1.1" 504 160 "-" "curl/8" 80 60.001 [default-web-80] [] 10.0.0.1:80 0 60.000 504 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 POST /a host - upstream 10.0.0.1:80 status 504 [10.0.0.1:80 504 60s]: response_timeout, connection_timeout, head_stalled, send_timeout or tls_timeout"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "POST /a HTTP/1.1" 502 160 "-" "curl/8" 80 0.004 [default-web-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 0 0.001, 0.003 502, 502 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 POST /a host - upstream 10.0.0.2:80 status 502 [10.0.0.1:80 502 1ms, 10.0.0.2:80 502 3ms]: closed_before_response, connection_refused, reset_before_response, head_truncated, head_reset, send_reset, unreachable, connect_reset, connect_denied, not_http, bad_status_line, bad_header, head_too_large, tls_protocol, tls_not_tls, tls_alert, tls_closed, tls_reset, cert_untrusted, cert_name_mismatch or local_exhausted"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "POST /a HTTP/1.1" 502 33 "-" "curl/8" 80 0.104 [default-web-80] [] 10.0.0.1:80 33 0.104 502 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 POST /a host - upstream 10.0.0.1:80 status 502 [10.0.0.1:80 502 104ms]: Passed(502)"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "POST /a HTTP/1.1" 503 0 "-" "curl/8" 80 3.006 [default-web-80] [] 10.0.0.1:80 0 3.006 503 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 POST /a host - upstream 10.0.0.1:80 status 503 [10.0.0.1:80 503 3.006s]: Passed(503)"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "POST /a HTTP/1.1" 503 190 "-" "curl/8" 80 0.000 [default-web-80] [] - - - - 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 POST /a host - upstream - status 503: Bare(503)"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 200 9 "-" "curl/8" 80 0.004 [web] [] 10.0.0.1:80, 10.0.0.2:80 0, 9 0.001, 0.003 502, 200 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.2:80 status 200 [10.0.0.1:80 502 1ms, 10.0.0.2:80 200 3ms]: Nothing"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 504 167 "-" "curl/8" rt=60.060 uct="-" uht="-" urt="60.060" upstream_addr="10.0.0.1:80" upstream_status="504""#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 504 [10.0.0.1:80 504 60.06s]: connection_timeout or tls_timeout"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 502 157 "-" "curl/8" "-" "a.example" sn="a" rt=0.005 ua="10.0.0.1:80" us="502" ut="0.004" ul="0" cs=-"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 502 [10.0.0.1:80 502 4ms]: closed_before_response, connection_refused, reset_before_response, head_truncated, head_reset, send_reset, unreachable, connect_reset, connect_denied, not_http, bad_status_line, bad_header, head_too_large, tls_protocol, tls_not_tls, tls_alert, tls_closed, tls_reset, cert_untrusted, cert_name_mismatch or local_exhausted"),
    (r#"{"time":"2026-11-20T18:54:29+00:00","remote_addr":"10.0.0.9","status":499,"request_method":"GET","request_uri":"/a","request_time":12.131,"upstream_addr":"10.0.0.1:80, 10.0.0.2:80","upstream_status":"502, 502","upstream_response_time":"0.001, 0.000"}"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.2:80 status 499 [10.0.0.1:80 502 1ms, 10.0.0.2:80 502 0ns]: client_aborted"),
    (r#"{"time_local":"20/Nov/2026:18:54:29 +0000","remote_addr":"10.0.0.9","request":"GET /a HTTP/1.1","status":"504","body_bytes_sent":"167","request_time":"60.001","upstream_addr":"10.0.0.1:80","upstream_status":"504","upstream_header_time":"-","upstream_response_time":"60.000"}"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 504 [10.0.0.1:80 504 60s]: response_timeout, connection_timeout, head_stalled, send_timeout or tls_timeout"),
    (r#"Nov 20 18:54:29 lb1 nginx: 10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 500 21 "-" "curl/8""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream - status 500: Bare(500)"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 502 11 "-" "-" 17 "web@docker" "http://10.0.0.1:80" 2ms"#,
     "traefik 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 502: Bare(502)"),
    (r#"{"status":502,"msg":"an application's own","level":"error"}"#,
     "unknown"),
];

#[test]
fn access() {
    table(ACCESS);
}

/// Traefik, Caddy, Heroku, clouds, Kubernetes, systemd and the kernel.
#[rustfmt::skip]
const OTHERS: &[(&str, &str)] = &[
    (r#"time="2026-11-20T18:54:29Z" level=debug msg="'504 Gateway Timeout' caused by: dial tcp 10.0.0.1:80: i/o timeout""#,
     "traefik 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:80 status 504: connection_timeout"),
    ("'502 Bad Gateway' caused by: read tcp 10.0.0.9:1->10.0.0.1:80: read: connection reset by peer",
     "traefik - client - - - host - upstream 10.0.0.1:80 status 502: reset_before_response, head_reset or tls_reset"),
    (r#"2026-11-20T18:54:29Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 502 Bad Gateway error="dial tcp: lookup app on 127.0.0.11:53: no such host""#,
     "traefik 2026-11-20 18:54:29 client - - - host - upstream - status 502: dns_not_found"),
    (r#"{"level":"debug","error":"dial tcp 10.0.0.1:80: connect: no route to host","time":"2026-11-20T18:54:29Z","caller":"github.com/traefik/traefik/v3/pkg/server/service/proxy.go:100","message":"502 Bad Gateway"}"#,
     "traefik 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:80 status 502: unreachable"),
    (r#"{"level":"debug","time":"2026-11-20T18:54:29Z","caller":"github.com/traefik/traefik/v3/pkg/server/service/loadbalancer/wrr/wrr.go:196","message":"Service selected by WRR: app"}"#,
     "traefik 2026-11-20 18:54:29 client - - - host - upstream - status -: Nothing"),
    (r#"{"ClientHost":"10.0.0.9","DownstreamStatus":502,"Duration":1234567,"OriginStatus":502,"RequestHost":"a.example","RequestMethod":"GET","RequestPath":"/a","RouterName":"app@docker","ServiceAddr":"10.0.0.1:80","level":"info","msg":"","time":"2026-11-20T18:54:29Z"}"#,
     "traefik 2026-11-20 18:54:29 client 10.0.0.9 GET /a host a.example upstream 10.0.0.1:80 status 502: Bare(502)"),
    (r#"2026-11-20T18:54:29Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 499 Client Closed Request error="context canceled""#,
     "traefik 2026-11-20 18:54:29 client - - - host - upstream - status 499: client_aborted"),
    (r#"2026/11/20 18:54:50.123	ERROR	http.log.error	dial tcp 10.0.0.1:80: connect: connection refused	{"request": {"remote_ip": "10.0.0.9", "method": "GET", "uri": "/a", "host": "a.example"}, "duration": 0.01, "status": 502}"#,
     "caddy 2026-11-20 18:54:50 client 10.0.0.9 GET /a host a.example upstream 10.0.0.1:80 status 502: connection_refused"),
    (r#"2026/11/20 18:54:50.123	INFO	http.log.access.log0	handled request	{"request": {"method": "GET", "uri": "/a"}, "status": 200}"#,
     "caddy 2026-11-20 18:54:50 client - GET /a host - upstream - status 200: Nothing"),
    (r#"ERROR   http.log.error  no upstreams available  {"request": {"method": "GET", "uri": "/a"}, "status": 503}"#,
     "caddy - client - GET /a host - upstream - status 503: no_healthy_upstream"),
    ("20/Nov/2026:18:54:29 +0100 [ERROR 504 /a] dial tcp 10.0.0.1:9000: i/o timeout",
     "caddy 2026-11-20 18:54:29 client - - /a host - upstream 10.0.0.1:9000 status 504: connection_timeout"),
    (r#"{"level":"error","ts":"2026-11-20T18:54:29Z","logger":"proxy server on port 8000","msg":"http: proxy error","error":"context canceled"}"#,
     "go - client - - - host - upstream - status -: client_aborted"),
    (r#"2026-11-20T18:54:29.1+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=POST path="/a" host=a.example request_id=1 fwd="10.0.0.9" dyno=web.1 connect=2ms service=30000ms status=503 bytes=0"#,
     "heroku - client 10.0.0.9 POST /a host a.example upstream web.1 status 503: response_timeout or head_stalled"),
    (r#"at=error code=H10 desc="App crashed" method=GET path="/" host=a.example fwd="10.0.0.9" dyno= connect= service= status=503 bytes="#,
     "heroku - client 10.0.0.9 GET / host a.example upstream - status 503: no_healthy_upstream"),
    (r#"sock=backend at=error code=H18 desc="Server Request Interrupted" method=GET path="/" host=a.example fwd="10.0.0.9" dyno=web.2 connect=1ms service=3ms status=503 bytes=135"#,
     "heroku - client 10.0.0.9 GET / host a.example upstream web.2 status 503: closed_before_response, reset_before_response, head_truncated, head_reset, send_reset, body_truncated or body_reset"),
    (r#"sock=client at=warning code=H27 desc="Client Request Interrupted" method=GET path="/" host=a.example fwd="10.0.0.9" dyno=web.2 connect=1ms service=3ms status=499 bytes=0"#,
     "heroku - client 10.0.0.9 GET / host a.example upstream web.2 status 499: client_aborted"),
    (r#"at=info method=GET path="/" host=a.example fwd="10.0.0.9" dyno=web.2 connect=1ms service=3ms status=500 bytes=9"#,
     "heroku - client 10.0.0.9 GET / host a.example upstream web.2 status 500: Passed(500)"),
    ("heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch",
     "heroku - client - - - host - upstream - status -: no_healthy_upstream"),
    ("heroku[web.1]: Error R14 (Memory quota exceeded)",
     "heroku - client - - - host - upstream - status -: Nothing"),
    ("1795200890.123    352 10.0.0.9 TCP_MISS/503 4277 GET https://a.example/sse - HIER_DIRECT/10.0.0.1 text/html",
     "squid 2026-11-20 18:54:50 client 10.0.0.9 GET /sse host a.example upstream 10.0.0.1 status 503: Bare(503)"),
    ("1795200890.123  12352 10.0.0.9 TCP_MISS_ABORTED/000 0 GET http://a.example/ - HIER_DIRECT/10.0.0.1 -",
     "squid 2026-11-20 18:54:50 client 10.0.0.9 GET / host a.example upstream 10.0.0.1 status -: client_aborted"),
    ("--  FetchError     backend default: fail errno 111 (Connection refused)",
     "varnish - client - - - host - upstream - status -: connection_refused"),
    ("--- FetchError     first byte timeout",
     "varnish - client - - - host - upstream - status -: response_timeout or head_stalled"),
    ("-   FetchError     straight insufficient bytes",
     "varnish - client - - - host - upstream - status -: body_truncated or body_reset"),
    ("Execution failed due to a timeout error",
     "api_gateway - client - - - host - upstream - status -: response_timeout, head_stalled or deadline_exceeded"),
    ("(0f3a) Method completed with status: 504",
     "api_gateway - client - - - host - upstream - status 504: Bare(504)"),
    ("2026-11-20	18:54:29	FRA56-P1	900	10.0.0.9	GET	d.cloudfront.net	/a	502	-	curl	-	-	Error	id	a.example	https	120	0.004	-	TLSv1.3	X	Error	HTTP/2.0	-	-	40000	0.004	OriginConnectError	text/html	1	-	-",
     "cloudfront 2026-11-20 18:54:29 client 10.0.0.9 GET /a host a.example upstream - status 502: connection_refused, connection_timeout, unreachable, connect_reset, connect_denied, tls_timeout, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_expired, cert_not_yet_valid, cert_untrusted, cert_name_mismatch, cert_revoked or cert_invalid"),
    ("2026-11-20	18:54:29	FRA56-P1	900	10.0.0.9	GET	d.cloudfront.net	/a	200	-	curl	-	-	Miss	id	a.example	https	120	0.004	-	TLSv1.3	X	Miss	HTTP/2.0	-	-	40000	0.004	Miss	text/html	1	-	-",
     "cloudfront 2026-11-20 18:54:29 client 10.0.0.9 GET /a host a.example upstream - status 200: Nothing"),
    (r#"{"httpRequest":{"latency":"30.001s","remoteIp":"10.0.0.9","requestMethod":"GET","requestUrl":"https://a.example/slow","serverIp":"10.0.0.1","status":504},"insertId":"x","jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","statusDetails":"backend_timeout"},"timestamp":"2026-11-20T18:54:29.1Z"}"#,
     "google 2026-11-20 18:54:29 client 10.0.0.9 GET /slow host a.example upstream 10.0.0.1 status 504: send_timeout, response_timeout, head_stalled, body_stalled or deadline_exceeded"),
    (r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://a.example/","status":500},"jsonPayload":{"statusDetails":"response_sent_by_backend"}}"#,
     "google - client - GET / host a.example upstream - status 500: Passed(500)"),
    (r#"{"time":"2026-11-20T18:54:29Z","category":"ApplicationGatewayAccessLog","properties":{"httpMethod":"GET","requestUri":"/a","httpStatus":502,"serverRouted":"10.0.0.1:80","error_info":"ERRORINFO_UPSTREAM_CLOSED_CONNECTION","timeTaken":"0.004"}}"#,
     "azure 2026-11-20 18:54:29 client - GET /a host - upstream 10.0.0.1:80 status 502: closed_before_response, head_truncated, body_truncated, reset_before_response, head_reset, body_reset or tls_truncated"),
    (r#"{"time":"2026-11-20T18:54:29Z","category":"FrontDoorAccessLog","properties":{"httpMethod":"GET","requestUri":"https://a.example/a","httpStatusCode":"503","errorInfo":"OriginConnectionRefused"}}"#,
     "azure 2026-11-20 18:54:29 client - GET https://a.example/a host - upstream - status 503: connection_refused"),
    (r#"Warning  Unhealthy  2m (x3 over 3m)  kubelet  Readiness probe failed: Get "http://10.0.0.1:8080/healthz": dial tcp 10.0.0.1:8080: connect: connection refused"#,
     "kubernetes - client - - - host - upstream 10.0.0.1:8080 status -: connection_refused"),
    (r#"Liveness probe failed: Get "http://10.0.0.1:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
     "kubernetes - client - - - host - upstream 10.0.0.1:8080 status -: response_timeout, head_stalled or connection_timeout"),
    ("Liveness probe failed: HTTP probe failed with statuscode: 503",
     "kubernetes - client - - - host - upstream - status -: Passed(503)"),
    ("Readiness probe failed: HTTP probe failed with statuscode: 404",
     "kubernetes - client - - - host - upstream - status -: no_healthy_upstream or proxy_misconfigured"),
    (r#"W1120 18:54:29.123456       7 controller.go:1112] Service "default/web" does not have any active Endpoint."#,
     "kubernetes - client - - - host - upstream - status -: no_healthy_upstream"),
    ("Nov 20 18:54:29 host kernel: Out of memory: Killed process 4711 (node) total-vm:1000kB, anon-rss:900kB",
     "linux - client - - - host - upstream - status -: closed_before_response, reset_before_response, body_truncated, body_reset or connection_refused"),
    ("[12345.678901] Memory cgroup out of memory: Killed process 4711 (java) total-vm:1000kB",
     "linux - client - - - host - upstream - status -: closed_before_response, reset_before_response, body_truncated, body_reset or connection_refused"),
    ("Nov 20 18:54:29 host kernel: [12345.6] php-fpm[4711]: segfault at 0 ip 0000 sp 0000 error 4 in php-fpm[400000+1000]",
     "linux - client - - - host - upstream - status -: closed_before_response, reset_before_response, body_truncated, body_reset or connection_refused"),
    ("Nov 20 18:54:29 host systemd[1]: app.service: Main process exited, code=killed, status=9/KILL",
     "linux - client - - - host - upstream - status -: closed_before_response, reset_before_response, body_truncated, body_reset or connection_refused"),
    ("Nov 20 18:54:29 host systemd[1]: app.service: Main process exited, code=exited, status=143/n/a",
     "unknown"),
    ("Nov 20 18:54:29 host systemd[1]: app.service: Start request repeated too quickly.",
     "linux - client - - - host - upstream - status -: connection_refused or no_healthy_upstream"),
    (r#"{"fault":"body_truncated","class":"premature_eof.content_length_body","phase":"body","status":null,"forwarded_status":200,"elapsed_ms":1,"next_hop":"10.0.0.1:80","method":"GET","path":"/cart"}"#,
     "badgateway - client - GET /cart host - upstream 10.0.0.1:80 status 200: body_truncated premature_eof.content_length_body"),
    ("Error: listen EADDRINUSE: address already in use :::3000",
     "linux - client - - - host - upstream - status -: connection_refused or proxy_misconfigured"),
];

#[test]
fn others() {
    table(OTHERS);
}

/// A day on which nothing failed upstream: nothing is claimed.
#[rustfmt::skip]
const HEALTHY: &[(&str, &str)] = &[
    (r#"2026/11/20 18:53:56 [notice] 1#1: using the "epoll" event method"#,
     "nginx 2026-11-20 18:53:56 client - - - host - upstream - status -: Nothing"),
    (r#"2026/11/20 18:53:56 [warn] 1#1: *3 a client request body is buffered to a temporary file /var/cache/nginx/client_temp/0000000001, client: 10.0.0.9, server: _, request: "POST /a HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 POST /a host a upstream - status -: Nothing"),
    (r#"2026/11/20 18:53:56 [warn] 1#1: *3 an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/1/00/0000000001 while reading upstream, client: 10.0.0.9, server: _, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /a host a upstream 10.0.0.1:80 status -: Nothing"),
    (r#"2026/11/20 18:53:56 [error] 1#1: *3 access forbidden by rule, client: 10.0.0.9, server: _, request: "GET /.env HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /.env host a upstream - status -: Nothing"),
    ("2026/11/20 18:53:56 [info] 1#1: *3 client 10.0.0.9 closed keepalive connection",
     "nginx 2026-11-20 18:53:56 client - - - host - upstream - status -: Nothing"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /upstream%20timed%20out HTTP/1.1" 200 157 "-" "connect() failed (111: Connection refused) while connecting to upstream""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /upstream%20timed%20out host - upstream - status 200: Nothing"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 200 9 "-" "curl/8" 80 0.004 [web] [] 10.0.0.1:80 9 0.003 200 7f"#,
     "nginx_access 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream 10.0.0.1:80 status 200 [10.0.0.1:80 200 3ms]: Nothing"),
    (r#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET /a HTTP/1.1" 304 - "-" "curl/8""#,
     "combined 2026-11-20 18:54:29 client 10.0.0.9 GET /a host - upstream - status 304: Nothing"),
    (r#"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/s1 0/0/1/2/3 200 917 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1""#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 GET / host - upstream app/s1 status 200: Nothing"),
    (r#"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/s1 0/0/1/2/3 404 917 - - --VN 1/1/0/0/0 0/0 "GET / HTTP/1.1""#,
     "haproxy 2026-11-20 18:54:29 client 10.0.0.9:40000 GET / host - upstream app/s1 status 404: Nothing"),
    ("Server app/s1 is UP, reason: Layer4 check passed, check duration: 0ms. 2 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
     "haproxy - client - - - host - upstream app/s1 status -: Nothing"),
    ("Server app/s1 is DOWN for maintenance. 1 active and 0 backup servers left.",
     "haproxy - client - - - host - upstream app/s1 status -: Nothing"),
    ("Proxy web started.",
     "unknown"),
    (r#"[2026-11-20T18:57:21.000Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 122 11 10 "-" "curl/8" "id" "a" "10.0.0.1:80" outbound|80||a 10.0.0.2:1 10.0.0.3:80 10.0.0.4:1 - default"#,
     "envoy 2026-11-20 18:57:21 client - GET /a host a upstream 10.0.0.1:80 status 200: Nothing"),
    (r#"{"response_code":"200","response_flags":"-","path":"/a","upstream_host":"10.0.0.1:80"}"#,
     "envoy - client - - /a host - upstream 10.0.0.1:80 status 200: Nothing"),
    ("[Fri Nov 20 18:54:29.123456 2026] [mpm_event:notice] [pid 9:tid 7] AH00489: Apache/2.4.62 (Unix) configured -- resuming normal operations",
     "apache 2026-11-20 18:54:29 client - - - host - upstream - status -: Nothing"),
    ("[Fri Nov 20 18:54:29.123456 2026] [core:error] [pid 9:tid 7] [client 10.0.0.9:4] AH00126: Invalid URI in request GET HTTP/1.1",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:4 - - host - upstream - status -: Nothing"),
    (r#"{"level":"info","ts":1795200890.1,"logger":"http.log.access.log0","msg":"handled request","request":{"method":"GET","uri":"/"},"status":200}"#,
     "caddy 2026-11-20 18:54:50 client - GET / host - upstream - status 200: Nothing"),
    (r#"{"level":"info","ts":1795200890.1,"logger":"tls.obtain","msg":"certificate obtained successfully"}"#,
     "caddy 2026-11-20 18:54:50 client - - - host - upstream - status -: Nothing"),
    (r#"http 2026-11-20T18:57:21.0Z app/n/i 10.0.0.9:1 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://a:80/ HTTP/1.1" "curl" - -"#,
     "alb 2026-11-20 18:57:21 client 10.0.0.9:1 GET / host a:80 upstream 10.0.0.1:80 status 200: Nothing"),
    (r#"time="2026-11-20T18:54:29Z" level=info msg="Configuration loaded from flags.""#,
     "unknown"),
    ("2026-11-20T18:54:29Z INF github.com/traefik/traefik/v3/cmd/traefik/traefik.go:100 > Traefik version 3.1.0 built on 2026-01-01",
     "traefik 2026-11-20 18:54:29 client - - - host - upstream - status -: Nothing"),
    (r#"at=info method=GET path="/" host=a.example fwd="10.0.0.9" dyno=web.1 connect=1ms service=3ms status=200 bytes=9"#,
     "heroku - client 10.0.0.9 GET / host a.example upstream web.1 status 200: Nothing"),
    ("1795200890.123    352 10.0.0.9 TCP_HIT/200 4277 GET http://a.example/ - HIER_NONE/- text/html",
     "squid 2026-11-20 18:54:50 client 10.0.0.9 GET / host a.example upstream - status 200: Nothing"),
    ("--  BackendOpen    29 default 10.0.0.1 80 10.0.0.9 51334",
     "varnish - client - - - host - upstream 10.0.0.1:80 status -: Nothing"),
    ("Method completed with status: 200",
     "api_gateway - client - - - host - upstream - status 200: Nothing"),
    ("Nov 20 18:54:29 host systemd[1]: Started app.service.",
     "unknown"),
    ("Nov 20 18:54:29 host systemd[1]: app.service: Deactivated successfully.",
     "unknown"),
    ("Nov 20 18:54:29 host kernel: eth0: link becomes ready",
     "unknown"),
    (r#"Normal  Pulled  2m  kubelet  Container image "a" already present on machine"#,
     "unknown"),
    ("a sentence of a person, who writes that the upstream timed out again and the connection was refused",
     "unknown"),
    (r#"{"level":"info","msg":"GET /a 200","status":200}"#,
     "unknown"),
    ("-----BEGIN CERTIFICATE-----",
     "unknown"),
    ("    at Object.<anonymous> (/srv/app/server.js:12:3)",
     "unknown"),
    ("    proxy_pass http://10.0.0.1:80; # connect() is quick",
     "unknown"),
];

#[test]
fn healthy() {
    table(HEALTHY);
    for (line, want) in HEALTHY {
        assert!(want.ends_with(": Nothing") || *want == "unknown", "{line}");
    }
}

/// Lines that somebody broke are put together: next hop and path are there, at the number of the first.
#[test]
fn broken_lines() {
    const WHOLE: &str = r#"2026/11/20 18:53:56 [error] 1#1: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: shop.example, request: "GET /cart HTTP/1.1", upstream: "http://10.0.0.7:8080/cart", host: "shop.example""#;
    let at = |needle: &str| WHOLE.find(needle).unwrap();
    let broken = |places: &[usize], end: &str| {
        let mut text = WHOLE.to_owned();
        for place in places.iter().rev() {
            text.replace_range(*place..*place, end);
        }
        text
    };
    for text in [
        // At commas; in the upstream's URL; in the middle of a word, as a terminal; quoted, as a mail.
        WHOLE.replace(", ", ",\n"),
        broken(&[at("http://10")], "\n"),
        broken(&[at("example, request")], "\n"),
        broken(&[at("quest: \"GET")], "\n"),
        format!("> {}", WHOLE.replace(", request", ",\n> request").replace(", host", ",\n> host")),
        // At spaces, which are lost.
        WHOLE
            .replace("while connecting to upstream, client", "while connecting to upstream,\nclient")
            .replace("GET /cart HTTP", "GET /cart\nHTTP"),
    ] {
        let lines = text.lines().count();
        // Another line follows, and is none of it.
        let input = format!("{text}\n2026/11/20 18:53:57 [notice] 1#1: exiting\n");
        let printed = crate::example::output(&["--json", "--each"], input.as_bytes());
        let (first, rest) = printed.split_once('\n').unwrap();
        assert!(first.starts_with("{\"line\":1,\"dialect\":\"nginx\",\"said\":\"fault\""), "{text}\n{first}");
        for field in ["\"path\":\"/cart\"", "\"upstream\":\"10.0.0.7:8080\"", "\"may_be\":[\"connection_refused\"]"] {
            assert!(first.contains(field), "{text}\n{first}");
        }
        assert!(rest.starts_with(&format!("{{\"line\":{},", lines + 1)) && rest.lines().count() == 1, "{text}\n{rest}");
    }
    // What is whole, or goes on in a line of its own, waits for nothing.
    let twice = format!("{WHOLE}\n[error] 1#1: *4 no live upstreams while connecting to upstream\n{WHOLE}\n");
    assert_eq!(crate::example::output(&["--json", "--each"], twice.as_bytes()).lines().count(), 3);
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
