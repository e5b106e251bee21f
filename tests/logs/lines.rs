//! Whole lines, field by field: what each proxy writes, what a logger puts around it, and what a hostile hand does.

use badgateway::dialect::logs::{Entry, LINE, Reader, Verdict};

/// An entry on one line.
fn show(entry: &Entry<'_>) -> String {
    let text = |field: Option<&[u8]>| field.map_or("-".to_owned(), |f| f.escape_ascii().to_string());
    let said = match entry.said {
        Verdict::Fault { fault, reading } => {
            let code = fault.code().map_or(String::new(), |code| format!(" {code:?}"));
            let class = fault.class().map_or(String::new(), |class| format!(" {class}"));
            let phase =
                if fault.phase() == fault.kind().phase() { String::new() } else { format!(" in {}", fault.phase()) };
            format!("{reading}{class}{code}{phase}")
        }
        other => format!("{other:?}"),
    };
    let tries: Vec<String> = entry
        .tries
        .map(|one| {
            format!("{} {:?} {:?}", text(one.upstream), one.status.unwrap_or(0), one.elapsed.unwrap_or_default())
        })
        .collect();
    let tries = if tries.is_empty() { String::new() } else { format!(" [{}]", tries.join(", ")) };
    format!(
        "{} {} client {} {} {} host {} upstream {} status {}{tries}: {said}",
        entry.format,
        entry.time.map_or("-".to_owned(), |time| time.to_string()),
        text(entry.client),
        text(entry.method),
        text(entry.path),
        text(entry.host),
        text(entry.upstream),
        entry.status.map_or("-".to_owned(), |status| status.to_string()),
    )
}

/// What one line is read to say.
pub(crate) fn read(line: &[u8]) -> String {
    Reader::new().read(line).map_or("unknown".to_owned(), |entry| show(&entry))
}

/// Lines by the manuals, and some of the field.
#[rustfmt::skip]
const LINES: &[(&str, &str)] = &[
    // ---- nginx ------------------------------------------------------------------------------------
    (r#"2026/11/20 18:53:56 [error] 11698#0: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: shop.example, request: "GET /cart?id=1 HTTP/1.1", upstream: "http://10.0.0.1:8080/cart?id=1", host: "shop.example", referrer: "https://shop.example/""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /cart?id=1 host shop.example upstream 10.0.0.1:8080 status -: connection_refused Errno(111)"),
    // A client's connection logs at `info`, whatever nginx was doing for it.
    (r#"2026/11/20 18:53:56 [info] 1#0: *3 recv() failed (104: Connection reset by peer) while sending to client, client: 10.0.0.9, server: a, request: "PUT /a HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 PUT /a host a upstream 10.0.0.1:80 status -: client_aborted"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 recv() failed (104: Connection reset by peer) while sending to client, client: 10.0.0.9, server: a, request: "PUT /a HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 PUT /a host a upstream 10.0.0.1:80 status -: body_reset Errno(104)"),
    // FreeBSD's number; musl's text.
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 kevent() reported about an closed connection (54: Connection reset by peer) while reading response header from upstream, client: ::1, server: _, request: "POST / HTTP/2.0", upstream: "http://[::1]:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client ::1 POST / host a upstream [::1]:80 status -: Unknown"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 connect() failed (113: Host is unreachable) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: unreachable Errno(113)"),
    (r#"2026/11/20 18:53:56 [crit] 1#0: *3 connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET /a.php HTTP/1.1", upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /a.php host a upstream unix:/run/php/php8.2-fpm.sock status -: connection_refused or proxy_misconfigured Errno(2)"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 connect() to unix:/run/app.sock failed (11: Resource temporarily unavailable) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://unix:/run/app.sock:/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream unix:/run/app.sock status -: connection_refused or local_exhausted Errno(11)"),
    (r#"2026/11/20 18:53:56 [crit] 1#0: *3 connect() to 10.0.0.1:80 failed (13: Permission denied) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: connect_denied Errno(13)"),
    (r#"2026/11/20 18:53:56 [alert] 1#0: *3 socket() failed (24: Too many open files) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: local_exhausted Errno(24)"),
    ("2026/11/20 18:53:56 [crit] 1#0: accept4() failed (24: Too many open files)",
     "nginx 2026-11-20 18:53:56 client - - - host - upstream - status -: local_exhausted Errno(24)"),
    ("2026/11/20 18:53:56 [alert] 1#0: 1024 worker_connections are not enough",
     "nginx 2026-11-20 18:53:56 client - - - host - upstream - status -: local_exhausted"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 no live upstreams while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://backend/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream backend status -: no_healthy_upstream"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 api.internal could not be resolved (110: Operation timed out), client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream api.internal status -: dns_timeout"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 api.internal could not be resolved (3: Host not found), client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream api.internal status -: dns_not_found DnsRcode(3)"),
    (r#"2026/11/20 18:53:56 [emerg] 1#1: host not found in upstream "api.internal" in /etc/nginx/conf.d/a.conf:7"#,
     "nginx 2026-11-20 18:53:56 client - - - host - upstream api.internal status -: dns_not_found"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: ambiguous_framing framing.cl_and_te"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 upstream sent duplicate header line: "Content-Length: 10", previous value: "Content-Length: 5" while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: ambiguous_framing framing.cl_conflict"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 upstream rejected request with error 7 while reading response header from upstream, client: 10.0.0.9, server: _, request: "POST /a.B/C HTTP/2.0", upstream: "grpc://10.0.0.1:50051", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 POST /a.B/C host a upstream 10.0.0.1:50051 status -: stream_refused H2(7)"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 upstream sent goaway with error 0 while reading response header from upstream, client: 10.0.0.9, server: _, request: "POST /a.B/C HTTP/2.0", upstream: "grpc://10.0.0.1:50051", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 POST /a.B/C host a upstream 10.0.0.1:50051 status -: goaway or goaway_unprocessed H2(0)"),
    (r#"2026/11/20 18:53:56 [crit] 1#0: *3 SSL_read() failed (SSL: error:0A00045C:SSL routines::tlsv13 alert certificate required:SSL alert number 116) while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "https://10.0.0.1:443/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:443 status -: tls_alert TlsAlert(116) in head"),
    (r#"2026/11/20 18:53:56 [info] 1#0: *3 epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream 10.0.0.1:80 status -: client_aborted"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 limiting requests, excess: 5.480 by zone "api", client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream - status -: circuit_open or connection_limit"),
    // ngx_stream: no request.
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 upstream timed out (110: Connection timed out) while connecting to upstream, client: 10.0.0.9, server: 0.0.0.0:5432, upstream: "10.0.0.1:5432", bytes from/to client:0/0, bytes from/to upstream:0/0"#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 - - host - upstream 10.0.0.1:5432 status -: connection_timeout"),
    // Nothing of an upstream's.
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 open() "/srv/www/favicon.ico" failed (2: No such file or directory), client: 10.0.0.9, server: _, request: "GET /favicon.ico HTTP/1.1", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET /favicon.ico host a upstream - status -: Nothing"),
    (r#"2026/11/20 18:53:56 [crit] 1#0: *3 SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: 10.0.0.9, server: 0.0.0.0:443"#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 - - host - upstream - status -: Nothing"),
    (r#"2026/11/20 18:53:56 [error] 1#0: *3 FastCGI sent in stderr: "PHP message: upstream timed out" while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/p.sock:", host: "a""#,
     "nginx 2026-11-20 18:53:56 client 10.0.0.9 GET / host a upstream unix:/run/p.sock status -: Nothing"),
    ("2026/11/20 18:53:56 [notice] 1#1: signal process started",
     "nginx 2026-11-20 18:53:56 client - - - host - upstream - status -: Nothing"),

    // ---- HAProxy: the manual's example, then states -----------------------------------------------
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 GET /index.html host - upstream static/srv1 status 200: Nothing"),
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in dynamic/srv3 10/-1/-1/-1/5000 503 212 - - sQ-- 1/1/1/1/0 5/0 "GET / HTTP/1.1""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 GET / host - upstream dynamic/srv3 status 503: connection_limit"),
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in dynamic/srv3 0/0/0/-1/8490 -1 0 - - CH-- 2/2/2/0/0 0/0 "GET /slow HTTP/1.1""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 GET /slow host - upstream dynamic/srv3 status -: client_aborted or client_body_failed"),
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] https-in~ dynamic/<NOSRV> 0/-1/-1/-1/0 503 212 - - SC-- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 GET / host - upstream dynamic/<NOSRV> status 503: no_healthy_upstream, dns_not_found, dns_failure, dns_timeout or no_route"),
    // A check that connects and leaves.
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in http-in/<NOSRV> -1/-1/-1/-1/4 400 0 - - CR-- 2/2/0/0/0 0/0 "<BADREQ>""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 - - host - upstream http-in/<NOSRV> status 400: Nothing"),
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in http-in/<NOSRV> -1/-1/-1/-1/0 400 187 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 - - host - upstream http-in/<NOSRV> status 400: Nothing"),
    (r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in app/s1 0/0/1/2/3 500 99 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#,
     "haproxy 2009-02-06 12:14:14 client 10.0.1.2:33317 GET / host - upstream app/s1 status 500: Passed(500)"),
    ("10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
     "haproxy 2009-02-06 12:12:51 client 10.0.1.2:33313 - - host - upstream bck/srv1 status -: Nothing"),

    // ---- Envoy ------------------------------------------------------------------------------------
    (r#"[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80""#,
     "envoy 2016-04-15 20:17:00 client 10.0.35.28 POST /api/v1/locations host locations upstream tcp://10.0.2.1:80 status 204: Nothing"),
    (r#"[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 503 UF,URX 0 98 1 - "-" "curl" "id" "a" "10.0.0.1:80""#,
     "envoy 2026-11-20 18:57:21 client - GET / host a upstream 10.0.0.1:80 status 503: connection_refused, connection_timeout, unreachable, connect_reset, connect_denied, local_exhausted, tls_timeout, tls_closed, tls_reset, tls_alert, tls_not_tls, tls_protocol, tls_no_alpn, cert_expired, cert_not_yet_valid, cert_untrusted, cert_name_mismatch, cert_revoked or cert_invalid"),
    (r#"[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure,delayed_connect_error:_111} - "delayed_connect_error:_111" 0 98 1 - "-" "curl" "id" "a" "10.0.0.1:80" outbound|80||a.default 127.0.0.1:1 10.0.0.2:80 10.0.0.3:1 - default"#,
     "envoy 2026-11-20 18:57:21 client - GET / host a upstream 10.0.0.1:80 status 503: connection_refused Errno(111)"),
    (r#"[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 0 DC downstream_remote_disconnect - "-" 0 0 12 - "-" "curl" "id" "a" "10.0.0.1:80""#,
     "envoy 2026-11-20 18:57:21 client - GET / host a upstream 10.0.0.1:80 status -: client_aborted"),
    (r#"[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 429 RL 0 18 1 - "-" "curl" "id" "a" "-""#,
     "envoy 2026-11-20 18:57:21 client - GET / host a upstream - status 429: Nothing"),
    (r#"[2026-11-20T18:57:21.000Z] "GET / HTTP/1.1" 503 XYZ 0 18 1 - "-" "curl" "id" "a" "-""#,
     "envoy 2026-11-20 18:57:21 client - GET / host a upstream - status 503: Unknown"),

    // ---- Apache -----------------------------------------------------------------------------------
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] (111)Connection refused: AH00957: http: attempt to connect to 10.0.0.1:8080 (app.internal:8080) failed",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:8080 status -: connection_refused Errno(111)"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:debug] [pid 9:tid 7] proxy_util.c(3210): (111)Connection refused: AH00957: http: attempt to connect to 10.0.0.1:8080 (app:8080) failed",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:8080 status -: connection_refused Errno(111)"),
    ("[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] [client 10.0.0.9:1] AH00898: Corrupt status line returned by remote server: AH01102: x returned by /cart",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:1 - /cart host - upstream - status -: bad_status_line"),
    ("[Fri Nov 20 18:54:29.123456 2026] [ssl:error] [pid 9:tid 7] [remote 10.0.0.1:443] AH02039: Certificate Verification: Error (18): self-signed certificate",
     "apache 2026-11-20 18:54:29 client - - - host - upstream 10.0.0.1:443 status -: cert_untrusted"),
    ("[Fri Nov 20 18:54:29.123456 2026] [ssl:error] [pid 9:tid 7] [client 10.0.0.9:1] AH02039: Certificate Verification: Error (10): certificate has expired",
     "apache 2026-11-20 18:54:29 client 10.0.0.9:1 - - host - upstream - status -: Nothing"),
    ("[Fri Nov 20 18:54:29.123456 2026] [core:notice] [pid 9:tid 7] AH00094: Command line: '/usr/sbin/apache2'",
     "apache 2026-11-20 18:54:29 client - - - host - upstream - status -: Nothing"),

    // ---- ALB: shapes of AWS's own examples --------------------------------------------------------
    (r#"http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - 0.000 0.001 0.000 502 - 34 366 "GET http://www.example.com:80/a?b=1 HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-" TID_dc57cebed65b444ebc8177bb698fe166"#,
     "alb 2018-11-30 22:23:00 client 192.168.131.39:2817 GET /a?b=1 host www.example.com:80 upstream - status 502: bad_header, bad_status_line or not_http"),
    (r#"https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 -1 -1 -1 504 - 0 257 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:x "Root=1" "www.example.com" "arn:aws:acm" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "-" "-" "-""#,
     "alb 2018-07-02 22:23:00 client 192.168.131.39:2817 GET / host www.example.com:443 upstream 10.0.0.1:80 status 504: connection_timeout or response_timeout"),
    (r#"h2 2018-07-02T22:23:00.186641Z app/l/5 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 503 503 5 257 "GET https://10.0.2.105:773/ HTTP/2.0" "curl/7.46.0" - - -"#,
     "alb 2018-07-02 22:23:00 client 10.0.1.252:48160 GET / host 10.0.2.105:773 upstream 10.0.0.66:9000 status 503: Passed(503)"),
    (r#"http 2018-07-02T22:23:00.186641Z app/l/5 10.0.1.252:48160 10.0.0.66:9000 0.000 3.002 -1 460 - 5 0 "GET http://h:80/ HTTP/1.1" "-" - - -"#,
     "alb 2018-07-02 22:23:00 client 10.0.1.252:48160 GET / host h:80 upstream 10.0.0.66:9000 status 460: client_aborted"),

    // ---- Caddy ------------------------------------------------------------------------------------
    (r#"{"level":"error","ts":1795200890.00013,"logger":"http.log.error.log0","msg":"dial tcp 10.0.0.1:80: connect: connection refused","request":{"remote_ip":"10.0.0.9","remote_port":"1","proto":"HTTP/1.1","method":"GET","host":"a","uri":"/x","headers":{"X":["\"},\"msg\":\"EOF\""]}},"duration":0.0007,"status":502,"err_id":"b","err_trace":"reverseproxy.statusError (reverseproxy.go:1272)"}"#,
     "caddy 2026-11-20 18:54:50 client 10.0.0.9 GET /x host a upstream 10.0.0.1:80 status 502: connection_refused"),
    (r#"{"level":"warn","ts":1795200890.1,"logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","upstream":"10.0.0.1:80","error":"unexpected EOF"}"#,
     "caddy 2026-11-20 18:54:50 client - - - host - upstream 10.0.0.1:80 status -: body_truncated"),
    (r#"{"level":"error","ts":1795200890.1,"logger":"http.log.error","msg":"no upstreams available","request":{"method":"GET","uri":"/"},"status":503}"#,
     "caddy 2026-11-20 18:54:50 client - GET / host - upstream - status 503: no_healthy_upstream"),
    (r#"{"level":"info","ts":1795200890.1,"logger":"http.log.access.log0","msg":"handled request","request":{"method":"GET","uri":"/"},"status":502,"size":0}"#,
     "caddy 2026-11-20 18:54:50 client - GET / host - upstream - status 502: Bare(502)"),
    (r#"{"level":"info","ts":1795200890.1,"msg":"serving initial configuration"}"#,
     "caddy 2026-11-20 18:54:50 client - - - host - upstream - status -: Nothing"),

    // ---- curl -------------------------------------------------------------------------------------
    ("curl: (6) Could not resolve host: api.internal", "curl - client - - - host - upstream - status -: dns_not_found, dns_failure or dns_timeout"),
    ("curl: (92) HTTP/2 stream 1 was not closed cleanly: REFUSED_STREAM (err 7)", "curl - client - - - host - upstream - status -: stream_refused H2(7)"),
    ("curl: (23) Failed writing body", "curl - client - - - host - upstream - status -: Unknown"),

    // ---- none of them -----------------------------------------------------------------------------
    ("", "unknown"),
    ("{\"level\":\"error\"}", "unknown"),
];

#[test]
fn lines_as_they_come() {
    for (line, want) in LINES {
        assert_eq!(read(line.as_bytes()), *want, "{line}");
    }
}

/// A line end, and what loggers put before a line, change nothing.
#[test]
fn ends_and_frames_do_not_matter() {
    const FRAMES: [&str; 5] = [
        "<134>Nov 20 18:54:29 lb1 proxy[9]: ",
        "<165>1 2026-11-20T18:54:29.003Z host app 99 ID47 - ",
        "web-1  | ",
        "2026-11-20T18:54:29.003Z stderr F ",
        "Nov 20 18:54:29 lb1 proxy: ",
    ];
    for (line, want) in LINES {
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(read(format!("{line}{end}").as_bytes()), *want, "{line}{end:?}");
        }
        for frame in FRAMES {
            assert_eq!(read(format!("{frame}{line}").as_bytes()), *want, "{frame}{line}");
        }
    }
}

/// Cut anywhere, as the last line of a file that is being written, it is not misread as another failure.
#[test]
fn lines_cut_anywhere() {
    // nginx names the header that came twice, and which it is decides.
    for (line, _) in LINES.iter().filter(|(line, _)| !line.contains("sent duplicate header line")) {
        let kinds = |line: &[u8]| {
            let mut reader = Reader::new();
            reader.read(line).and_then(|entry| entry.said.fault()).map(|(_, reading)| reading)
        };
        let whole = kinds(line.as_bytes());
        for n in 0..line.len() {
            let Some(cut) = kinds(&line.as_bytes()[..n]) else { continue };
            let Some(whole) = whole else { panic!("{cut} of {:?}, which says nothing whole", &line[..n]) };
            assert!(whole.kinds().any(|kind| cut.may_be(kind)), "{cut} and whole {whole}: {:?}", &line[..n]);
        }
    }
}

/// Only so much of a line is looked at; a line of any length is read by its beginning.
#[test]
fn long_lines() {
    for (line, want) in LINES {
        let Some(name) = want.split(' ').next().filter(|name| ["nginx", "apache"].contains(name)) else { continue };
        let long = format!("{line} {}", "x".repeat(3 * LINE));
        assert!(read(long.as_bytes()).starts_with(name), "{line}");
    }
    assert_eq!(read(&vec![b'x'; 1 << 20]), "unknown");
    assert_eq!(read(&vec![b'"'; 1 << 20]), "unknown");
    let nested = format!("{{\"level\":\"error\",\"a\":{}", "[{\"b\":".repeat(1 << 16));
    assert_eq!(read(nested.as_bytes()), "unknown");
}

/// Beginnings, quotes, brackets and lists without end are read in a time that the line's length bounds, however far it goes on:
/// what is behind the first [`LINE`] bytes changes nothing, and those are read a bounded number of times.
#[test]
fn hostile_shapes_end() {
    const SHAPES: [&str; 18] = [
        ":",
        "\"",
        "\\\"",
        "{\"",
        "{\"a\":",
        "[",
        "[error] ",
        "1#1: *1 ",
        "&quot;",
        "\u{201c}",
        "#033[1;",
        "10.0.0.9 - - [",
        "a=",
        "a=1, ",
        "\"GET / HTTP/1.1\" 200 ",
        "upstream timed out (",
        "Server a/b is DOWN, reason: ",
        "proxy: ",
    ];
    for shape in SHAPES {
        for before in [
            "",
            "2026/11/20 18:53:56 [error] 1#1: *3 ",
            "{\"log\":\"",
            "10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 1 ",
        ] {
            let long = format!("{before}{}", shape.repeat((1 << 20) / shape.len()));
            let cut = long.as_bytes()[..LINE].to_vec();
            assert_eq!(read(long.as_bytes()), read(&cut), "{before}{shape}");
        }
    }
}

/// A line takes a time that grows as its length does: one that is sixteen times as long may take six times sixteen times as
/// long, which no square of it stays below; and what is behind [`LINE`] bytes costs nothing. Each reader is asked, by a
/// line of its own that goes on and on in each of these shapes.
#[test]
fn time_grows_with_the_line() {
    const SHAPES: [&str; 12] = [
        "x",
        ":",
        "\"",
        "\\\"",
        "\"\"",
        "{\"a\":",
        "a=1 ",
        " - - [",
        ", client: ",
        "\" 200 ",
        "upstream timed out (",
        "Connection refused",
    ];
    // The least of some runs: whatever else the machine does only adds.
    let time = |line: &[u8]| {
        let run = || {
            let mut reader = Reader::new();
            let start = std::time::Instant::now();
            let _ = reader.read(std::hint::black_box(line));
            start.elapsed()
        };
        (0..5).map(|_| run()).min().unwrap().as_nanos().max(20_000)
    };
    for shape in SHAPES {
        // One of each kind of reader.
        let mut seen = Vec::new();
        for (line, want) in LINES {
            let format = want.split(' ').next();
            if seen.contains(&format) {
                continue;
            }
            seen.push(format);
            let mut at = line.len().min(120);
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            let of = |length: usize| format!("{}{}", &line[..at], shape.repeat(length / shape.len())).into_bytes();
            let (short, long) = (time(&of(LINE / 16)), time(&of(LINE - 200)));
            assert!(long < short * 96, "{short} and {long} ns: {shape} behind {want}");
        }
        let of = |length: usize| shape.repeat(length / shape.len());
        let (whole, longer) = (time(of(LINE).as_bytes()), time(of(1 << 20).as_bytes()));
        assert!(longer < whole * 8, "{whole} and {longer} ns: {shape}");
    }
}

/// What an upstream or a client writes into a line never changes what the line is read to say.
#[test]
fn hostile_words_do_not_steer() {
    const CLAIM: &str = "connect() failed (111: Connection refused) while connecting to upstream";
    for (line, want) in [
        // An upstream's header, quoted by nginx.
        (
            format!("2026/11/20 18:53:56 [error] 1#0: *3 upstream sent invalid header: \"{CLAIM}, client: 6.6.6.6\\x20...\" while reading response header from upstream, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:80/\", host: \"a\""),
            ": bad_header",
        ),
        // A client's path.
        (
            format!("2026/11/20 18:53:56 [error] 1#0: *3 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 10.0.0.9, server: _, request: \"GET /{} HTTP/1.1\", upstream: \"http://10.0.0.1:80/\", host: \"a\"", CLAIM.replace(' ', "+")),
            ": response_timeout or head_stalled",
        ),
        // A status line in Apache's page.
        (
            "[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] [client 10.0.0.9:1] AH00898: Corrupt status line returned by remote server: DNS lookup failure for: x".to_owned(),
            ": bad_status_line",
        ),
        // A request in HAProxy's and Envoy's.
        (
            "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] f b/s 0/0/0/-1/1 502 1 - - SH-- 1/1/1/1/0 0/0 \"GET /sC--%20SC--\\\" HTTP/1.1\"".to_owned(),
            ": closed_before_response, reset_before_response, head_truncated, head_reset, send_reset, stream_refused, stream_reset, goaway, goaway_unprocessed, enhance_your_calm, http11_required, tls_alert, tls_protocol, body_reset or h2_protocol_error",
        ),
        (
            "[2026-11-20T18:57:21.000Z] \"GET /\\\" 503 UF HTTP/1.1\" 429 RL 0 18 1 - \"-\" \"\\\" 503 UF\" \"id\" \"a\" \"-\"".to_owned(),
            ": Nothing",
        ),
    ] {
        let shown = read(line.as_bytes());
        assert!(shown.ends_with(want), "{line}\n{shown}");
    }
}

/// Lines of `curl -v` make sense together: the failure is told once, with the next hop of the line before.
#[test]
fn curl_is_one_exchange() {
    let mut reader = Reader::new();
    let mut shown = Vec::new();
    for line in [
        "*   Trying 10.0.0.1:80...",
        "* Connected to a (10.0.0.1) port 80 (#0)",
        "> GET /x HTTP/1.1",
        "> Host: a",
        "> ",
        "* Recv failure: Connection reset by peer",
        "* Closing connection 0",
        "curl: (56) Recv failure: Connection reset by peer",
        // The next one, without -v.
        "curl: (56) Recv failure: Connection reset by peer",
    ] {
        shown.extend(reader.read(line.as_bytes()).map(|entry| show(&entry)));
    }
    let with = |said: &str| format!("curl - client - - - host - upstream 10.0.0.1:80 status -: {said}");
    let without = |said: &str| format!("curl - client - - - host - upstream - status -: {said}");
    assert_eq!(
        shown,
        [
            with("Nothing"),
            with("Nothing"),
            "curl - client - GET /x host - upstream 10.0.0.1:80 status -: Nothing".to_owned(),
            with("Nothing"),
            with("Nothing"),
            with("reset_before_response or head_reset"),
            with("Nothing"),
            without("Again"),
            without("reset_before_response, head_reset, body_reset or tls_reset"),
        ]
    );
}
