//! Texts of clients, libraries and pages, whoever logged them: what each says, of which next hop, and whose it is.
//!
//! A row is what is pasted and what is claimed of it, `format: kinds @ next hop` for each failure; nothing for a text
//! that tells of none.
#![allow(clippy::unwrap_used)]

use badgateway::dialect::logs::Reader;

/// Every failure that is claimed in these lines.
fn claims(text: &str) -> String {
    let mut reader = Reader::new();
    let mut claims = Vec::new();
    for line in text.lines() {
        let Some(entry) = reader.read(line.as_bytes()) else { continue };
        let Some((fault, reading)) = entry.said.fault() else { continue };
        let code = fault.code().map_or(String::new(), |code| format!(" {code:?}"));
        let hop = entry.upstream.map_or(String::new(), |hop| format!(" @ {}", hop.escape_ascii()));
        claims.push(format!("{}: {reading}{code}{hop}", entry.format));
    }
    claims.join("; ")
}

fn table(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(text, want)| claims(text) != *want)
        .map(|(text, want)| format!("{text}\n  read: {}\n  want: {want}", claims(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn curl() {
    table(&[
        (
            "curl: (7) Failed to connect to app port 8080 after 2 ms: Connection refused",
            "curl: connection_refused @ app:8080",
        ),
        (
            "curl: (7) Failed to connect to 2001:db8::7 port 80: No route to host",
            "curl: unreachable @ [2001:db8::7]:80",
        ),
        (
            "curl: (7) Failed to connect to app port 8080 after 2 ms: Couldn't connect to server",
            "curl: connection_refused, unreachable, connect_reset, connection_timeout or local_exhausted @ app:8080",
        ),
        (
            "curl: (28) Operation timed out after 5000 milliseconds with 0 bytes received",
            "curl: response_timeout, head_stalled or tls_timeout",
        ),
        (
            "curl: (28) Operation timed out after 5000 milliseconds with 512 out of 4096 bytes received",
            "curl: body_stalled, deadline_exceeded or head_stalled",
        ),
        ("curl: (16) HTTP/2 stream 3 was not closed cleanly: error_code = 7", "curl: stream_refused H2(7)"),
        (
            "curl: (35) LibreSSL/3.3.6: error:1404B410:SSL routines:ST_CONNECT:sslv3 alert handshake failure",
            "curl: tls_alert TlsAlert(40)",
        ),
        // An IPv6 address without brackets, and one without a port.
        (
            "*   Trying ::1:8080...\n* Connected to localhost (::1) port 8080 (#0)\n> GET / HTTP/1.1\n> \n* Empty reply from server",
            "curl: closed_before_response or head_truncated @ [::1]:8080",
        ),
        (
            "*   Trying 10.0.0.1...\n* connect to 10.0.0.1 port 81 failed: Connection refused\n* Failed to connect to app port 81: Connection refused\ncurl: (7) Failed to connect to app port 81: Connection refused",
            "curl: connection_refused @ 10.0.0.1:81",
        ),
        (
            "*   Trying 10.0.0.1...\n* Connected to app (10.0.0.1) port 81 (#0)\n* Recv failure: Connection reset by peer",
            "curl: reset_before_response or head_reset @ 10.0.0.1:81",
        ),
        // The next one's next hop is not that of the one before.
        (
            "curl: (7) Failed to connect to a port 1: Connection refused\ncurl: (52) Empty reply from server",
            "curl: connection_refused @ a:1; curl: closed_before_response or head_truncated",
        ),
        ("curl: (56) CONNECT tunnel failed, response 502", ""),
        // Quotations and lists are not curl's.
        ("> I see connection refused, any idea?", ""),
    ]);
}

#[test]
fn envoy() {
    table(&[
        (
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
            "envoy: connection_refused",
        ),
        (
            "HTTP 503: upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection failure, transport failure reason: immediate connect error: 113",
            "envoy: unreachable Errno(113)",
        ),
        (
            r#"{"error":"upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: TLS error: 268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER"}"#,
            "envoy: tls_not_tls or tls_protocol",
        ),
        (
            "body: upstream connect error or disconnect/reset before headers. reset reason: overflow",
            "envoy: circuit_open or connection_limit",
        ),
        (
            "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
            "envoy: connection_timeout or tls_timeout",
        ),
        ("[debug] [C1][S2] Sending local reply with details route_not_found", "envoy: no_route"),
        ("[debug] [C1][S2] Sending local reply with details rbac_access_denied_matched_policy[none]", ""),
        ("503 no healthy upstream", "envoy: no_healthy_upstream, dns_not_found, dns_failure or dns_timeout"),
    ]);
}

#[test]
fn go() {
    table(&[
        (
            "2026/11/20 18:53:56 http: proxy error: dial tcp 10.0.0.1:8080: connect: connection refused",
            "go: connection_refused @ 10.0.0.1:8080",
        ),
        ("2026/11/20 18:53:56 http: proxy error: EOF", "go: closed_before_response or tls_closed"),
        ("http: proxy error: unexpected EOF", "go: head_truncated"),
        (
            "http: proxy error: dial tcp: lookup app.internal on 127.0.0.11:53: no such host",
            "go: dns_not_found @ app.internal",
        ),
        (
            r#"level=error msg="fetch" err="Get \"http://app:8080/x\": EOF" attempt=2"#,
            "go: closed_before_response or tls_closed @ app:8080",
        ),
        (r#"Post "https://api.example/v1": net/http: TLS handshake timeout"#, "go: tls_timeout @ api.example"),
        (
            r#"Get "https://api.example/": x509: certificate has expired or is not yet valid: current time 2026"#,
            "go: cert_expired or cert_not_yet_valid @ api.example",
        ),
        ("Get http://app/: dial tcp 10.0.0.1:80: i/o timeout", "go: connection_timeout @ 10.0.0.1:80"),
        (
            r#"{"ts":1,"error":"Put \"http://app:80/\": read tcp 10.0.0.9:50000->10.0.0.1:80: read: connection reset by peer","msg":"x"}"#,
            "go: reset_before_response, head_reset or tls_reset @ 10.0.0.1:80",
        ),
        (
            "dial tcp [::1]:80: connectex: No connection could be made because the target machine actively refused it.",
            "go: connection_refused @ [::1]:80",
        ),
        (
            "E1120 18:53:56 proxy.go:42] error trying to reach service: dial tcp 10.0.0.1:80: connect: no route to host",
            "go: unreachable @ 10.0.0.1:80",
        ),
        ("stream error: stream ID 7; REFUSED_STREAM; received from peer", "go: stream_refused H2(7)"),
        // The other side has a port of those who connect: it is a client.
        ("write tcp 10.0.0.9:8080->10.0.0.5:51234: write: broken pipe", "go: client_aborted @ 10.0.0.5:51234"),
        ("read tcp 10.0.0.9:8080->10.0.0.5:51234: i/o timeout", "go: client_timeout @ 10.0.0.5:51234"),
        ("http: TLS handshake error from 10.0.0.5:51234: read tcp 10.0.0.9:443->10.0.0.5:51234: i/o timeout", ""),
        ("http: TLS handshake error from 10.0.0.5:51234: remote error: tls: bad certificate", ""),
        (
            "http: Accept error: accept tcp [::]:80: accept4: too many open files; retrying in 5ms",
            "go: local_exhausted",
        ),
        ("2026/11/20 18:53:56 http: proxy error: context canceled", "go: client_aborted"),
    ]);
}

#[test]
fn grpc() {
    table(&[
        (
            r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.1:50051: connect: connection refused""#,
            "go: connection_refused @ 10.0.0.1:50051",
        ),
        (
            "rpc error: code = Internal desc = stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM",
            "grpc: enhance_your_calm H2(11)",
        ),
        (
            "rpc error: code = Unavailable desc = error reading from server: EOF",
            "grpc: closed_before_response, reset_before_response, body_truncated, body_reset or goaway",
        ),
        (
            r#"rpc error: code = Unknown desc = unexpected HTTP status code received from server: 502 (Bad Gateway); transport: received unexpected content-type "text/html""#,
            "grpc: not_grpc",
        ),
        (
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "grpc: deadline_exceeded, response_timeout, head_stalled or connection_timeout",
        ),
        ("rpc error: code = Canceled desc = context canceled", "grpc: client_aborted"),
        (
            r#"details = "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:50051: Failed to connect to remote host: Connection refused""#,
            "grpc: connection_refused @ 10.0.0.1:50051",
        ),
        (
            r#"details = "DNS resolution failed for app:50051: C-ares status is not ARES_SUCCESS qtype=A name=app is_balancer=0: Domain name not found""#,
            "grpc: dns_not_found @ app:50051",
        ),
        (
            "io.grpc.StatusRuntimeException: UNAVAILABLE: Network closed for unknown reason",
            "grpc: closed_before_response, reset_before_response, body_truncated, body_reset or goaway",
        ),
        // What the application answers.
        ("rpc error: code = NotFound desc = no such user", ""),
        ("rpc error: code = Unavailable desc = come back later", ""),
    ]);
}

#[test]
fn node() {
    table(&[
        ("Error: connect ECONNREFUSED 127.0.0.1:3000", "node: connection_refused @ 127.0.0.1:3000"),
        (
            "Error: connect ECONNREFUSED ::1:3000\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1494:16)",
            "node: connection_refused @ ::1:3000",
        ),
        (
            "[HPM] Error occurred while proxying request localhost:8080/api to http://app:3000/ [ECONNREFUSED] (https://nodejs.org/api/errors.html)",
            "node: connection_refused @ app:3000",
        ),
        ("connect ENOENT /run/app.sock", "node: connection_refused or proxy_misconfigured @ /run/app.sock"),
        ("Error: getaddrinfo EAI_AGAIN db", "node: dns_timeout or dns_failure @ db"),
        ("Error: getaddrinfo ENOTFOUND api.internal api.internal:80", "node: dns_not_found @ api.internal"),
        ("Error: socket hang up", "node: closed_before_response or head_truncated"),
        (
            "http proxy error: /api/x\nError: read ECONNRESET",
            "node: reset_before_response, head_reset, body_reset or tls_reset",
        ),
        ("[cause]: HeadersTimeoutError: Headers Timeout Error", "node: response_timeout or head_stalled"),
        (
            "code: 'UND_ERR_SOCKET',",
            "node: closed_before_response, reset_before_response, head_truncated, body_truncated or body_reset",
        ),
        (
            "ConnectTimeoutError: Connect Timeout Error (attempted address: app.internal:443, timeout: 10000ms)",
            "node: connection_timeout or tls_timeout @ app.internal:443",
        ),
        (
            "FetchError: request to http://app:3000/ failed, reason: connect ETIMEDOUT 10.0.0.1:3000",
            "node: connection_timeout @ 10.0.0.1:3000",
        ),
        (
            "FetchError: Invalid response body while trying to fetch http://app/x: Premature close",
            "node: body_truncated @ app",
        ),
        ("Parse Error: Expected HTTP/, RTSP/ or ICE/", "node: not_http or bad_status_line"),
        (
            "AxiosError: timeout of 5000ms exceeded",
            "node: response_timeout, deadline_exceeded, head_stalled, body_stalled or connection_timeout",
        ),
        (
            "Error: write EPROTO 140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:ssl_record_ssl3.c:332:",
            "node: tls_not_tls or tls_protocol",
        ),
        (
            "Error [ERR_HTTP2_STREAM_ERROR]: Stream closed with error code NGHTTP2_REFUSED_STREAM",
            "node: stream_refused H2(7)",
        ),
        ("code: 'ERR_TLS_CERT_ALTNAME_INVALID'", "node: cert_name_mismatch"),
    ]);
}

#[test]
fn python() {
    table(&[
        (
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='app', port=80): Max retries exceeded with url: / (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
            "python: connection_refused Errno(111) @ app",
        ),
        (
            "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='app', port=80): (Caused by NameResolutionError(\"<urllib3.connection.HTTPConnection object>: Failed to resolve 'app' ([Errno -2] Name or service not known)\"))",
            "python: dns_not_found @ app",
        ),
        (
            "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
            "python: closed_before_response",
        ),
        (
            "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
            "python: reset_before_response, head_reset, body_reset or tls_reset",
        ),
        (
            "ReadTimeout: HTTPSConnectionPool(host='app', port=443): Read timed out. (read timeout=5)",
            "python: response_timeout, head_stalled or body_stalled @ app",
        ),
        (
            "(Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object>, 'Connection to 10.0.0.1 timed out. (connect timeout=3)'))",
            "python: connection_timeout @ 10.0.0.1",
        ),
        (
            "ChunkedEncodingError: ('Connection broken: IncompleteRead(100 bytes read, 50 more expected)', IncompleteRead(100 bytes read, 50 more expected))",
            "python: body_truncated",
        ),
        (
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
            "python: cert_expired",
        ),
        (
            "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            "python: tls_not_tls or tls_protocol",
        ),
        (
            "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host app:80 ssl:default [Connection refused]",
            "python: connection_refused @ app:80",
        ),
        (
            "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected",
            "python: closed_before_response, head_truncated or body_truncated",
        ),
        (
            "httpx.RemoteProtocolError: Server disconnected without sending a response.",
            "python: closed_before_response or head_truncated",
        ),
        ("httpx.ConnectError: [Errno 113] No route to host", "python: unreachable Errno(113)"),
        // Of a file.
        ("FileNotFoundError: [Errno 2] No such file or directory: '/etc/app.conf'", ""),
        ("PermissionError: [Errno 13] Permission denied: '/var/lib/x'", ""),
    ]);
}

#[test]
fn java() {
    table(&[
        ("java.net.ConnectException: Connection refused (Connection refused)", "java: connection_refused"),
        (
            "org.apache.http.conn.HttpHostConnectException: Connect to app:8080 [app/10.0.0.1] failed: Connection refused",
            "java: connection_refused @ app:8080",
        ),
        (
            "org.apache.http.NoHttpResponseException: app:8080 failed to respond",
            "java: closed_before_response @ app:8080",
        ),
        (
            "Caused by: java.net.SocketTimeoutException: Read timed out",
            "java: response_timeout, head_stalled, body_stalled or tls_timeout",
        ),
        ("Caused by: java.net.SocketTimeoutException: connect timed out", "java: connection_timeout"),
        (
            "java.net.SocketException: Connection reset",
            "java: reset_before_response, head_reset, body_reset or tls_reset",
        ),
        (
            "java.net.UnknownHostException: app: Name or service not known",
            "java: dns_not_found, dns_failure or dns_timeout @ app",
        ),
        (
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
            "java: tls_alert TlsAlert(40)",
        ),
        (
            "sun.security.validator.ValidatorException: PKIX path building failed: unable to find valid certification path",
            "java: cert_untrusted",
        ),
        (
            "io.netty.channel.AbstractChannel$AnnotatedConnectException: finishConnect(..) failed: Connection refused: app/10.0.0.1:8080",
            "java: connection_refused @ 10.0.0.1:8080",
        ),
        (
            "reactor.netty.http.client.PrematureCloseException: Connection prematurely closed BEFORE response",
            "java: closed_before_response or head_truncated",
        ),
        (
            "java.io.IOException: unexpected end of stream on http://app:8080/...",
            "java: closed_before_response or head_truncated @ app:8080",
        ),
        (
            "org.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe",
            "java: client_aborted",
        ),
    ]);
}

#[test]
fn rust() {
    table(&[
        (
            "error sending request for url (http://app/): client error (Connect): tcp connect error: Connection refused (os error 111)",
            "rust: connection_refused Errno(111)",
        ),
        (
            "error trying to connect: dns error: failed to lookup address information: Name or service not known",
            "rust: dns_not_found",
        ),
        (
            "hyper::Error(IncompleteMessage): connection closed before message completed",
            "rust: closed_before_response or head_truncated",
        ),
        ("error reading a body from connection: end of file before message length reached", "rust: body_truncated"),
        (
            "http2 error: stream error received: refused stream before processing any application logic",
            "rust: stream_refused",
        ),
        ("received fatal alert: HandshakeFailure", "rust: tls_alert TlsAlert(40)"),
        ("invalid peer certificate: UnknownIssuer", "rust: cert_untrusted"),
        ("received corrupt message of type InvalidContentType", "rust: tls_not_tls"),
        (
            "error sending request: operation timed out",
            "rust: deadline_exceeded, connection_timeout or response_timeout",
        ),
        (
            r#"status: Unavailable, message: "tcp connect error: Connection refused (os error 111)""#,
            "rust: connection_refused Errno(111)",
        ),
    ]);
}

#[test]
fn wget() {
    table(&[
        (
            "--2026-11-20 18:53:56--  http://app:8080/x\nResolving app (app)... 10.0.0.1\nConnecting to app (app)|10.0.0.1|:8080... connected.\nHTTP request sent, awaiting response... No data received.",
            "wget: closed_before_response or head_truncated @ 10.0.0.1:8080",
        ),
        ("Connecting to 10.0.0.1:81... failed: Connection refused.", "wget: connection_refused @ 10.0.0.1:81"),
        ("Resolving app (app)... failed: Name or service not known.", "wget: dns_not_found or dns_failure @ app"),
        (
            "Connecting to app (10.0.0.1:80)\nwget: can't connect to remote host (10.0.0.1): Connection refused",
            "wget: connection_refused",
        ),
        ("Connecting to 10.0.0.1:80... connected.\nHTTP request sent, awaiting response... 502 Bad Gateway", ""),
        (
            "Connecting to 10.0.0.1:80... connected.\n2026-11-20 18:53:56 (1.20 MB/s) - Read error at byte 512/4096 (Connection reset by peer). Retrying.",
            "wget: body_reset @ 10.0.0.1:80",
        ),
    ]);
}

#[test]
fn gateways() {
    table(&[
        (
            "-   BackendOpen    25 app 10.0.0.7 8080 10.0.0.9 51334\n-   FetchError     http first read error: EOF",
            "varnish: closed_before_response, reset_before_response, head_truncated, response_timeout or head_stalled @ 10.0.0.7:8080",
        ),
        ("-   FetchError     backend app: fail errno 111 (Connection refused)", "varnish: connection_refused"),
        ("-   FetchError     backend app: unhealthy", "varnish: no_healthy_upstream"),
        ("-   FetchError     between bytes timeout", "varnish: body_stalled"),
        ("<title>503 between bytes timeout</title>", "fastly: body_stalled"),
        (
            "HTTPError: 503 Server Error: backend read error for url: https://x.example/",
            "fastly: closed_before_response, reset_before_response, head_truncated or head_reset",
        ),
        ("error code: 523", "cloudflare: unreachable"),
        (
            "shop.example | 525: SSL handshake failed",
            "cloudflare: tls_protocol, tls_alert, tls_closed, tls_reset, tls_not_tls, tls_timeout or tls_no_alpn",
        ),
        ("Error code 404", ""),
        ("error code: 7", ""),
        ("Code: DNS_HOSTNAME_NOT_FOUND", "vercel: dns_not_found"),
        (
            r#"{"message": "Endpoint request timed out"}"#,
            "api_gateway: response_timeout, head_stalled or deadline_exceeded",
        ),
        (
            "Fri Nov 20 18:53:56 UTC 2026 : Execution failed due to a timeout error",
            "api_gateway: response_timeout, head_stalled or deadline_exceeded",
        ),
        ("Fri Nov 20 18:53:56 UTC 2026 : Method completed with status: 200", ""),
        ("Error Code   0x80072efd", "iis: connection_refused, connection_timeout or unreachable"),
        (
            "<p>Reason: <strong>DNS lookup failure for: app</strong></p>",
            "apache: dns_failure, dns_not_found or dns_timeout",
        ),
        (
            "INFO outbound:proxy{addr=10.0.0.1:80}: linkerd_app_core::errors::respond: request failed error=service in fail-fast",
            "linkerd: no_healthy_upstream, connection_refused, connection_timeout or dns_not_found",
        ),
        (
            "2026-11-20T18:53:56Z proxy[1] fra [error] instance refused connection. is your app listening on 0.0.0.0:8080?",
            "fly: connection_refused",
        ),
    ]);
}

/// What tells of no failure, though it has the words of one.
#[test]
fn healthy() {
    table(&[
        ("GET /search?q=ECONNREFUSED HTTP/1.1", ""),
        ("server listening on 0.0.0.0:8080", ""),
        ("2026-11-20T18:53:56Z INFO request completed status=200 path=/errors/ECONNRESET", ""),
        ("compiled in 503 ms", ""),
        ("EOF", ""),
        ("Get ready: the service starts", ""),
        ("Post processing: done", ""),
        ("read timeout set to 30s, connect timeout 5s", ""),
        ("Connection to database established", ""),
        ("connection closed by client", ""),
        ("Connecting to the broker... done", ""),
    ]);
}

/// This crate's own, in whatever a logger makes of it.
#[test]
fn own() {
    const RECORD: &str = r#"{"fault":"connection_refused","class":null,"phase":"connect","status":502,"elapsed_ms":1,"next_hop":"10.0.0.1:80","method":"GET","path":"/cart"}"#;
    const WANT: &str = "badgateway: connection_refused @ 10.0.0.1:80";
    let escaped = RECORD.replace('"', "\\\"");
    for line in [
        RECORD.to_owned(),
        // tracing_subscriber's formats.
        format!("2026-11-29T10:00:00.000000Z  WARN proxy: {RECORD}"),
        format!("2026-11-29T10:00:00.000000Z  WARN proxy::edge: exchange failed record={RECORD} id=7"),
        format!("2026-11-29T10:00:00.000000Z  WARN proxy: exchange failed record=\"{escaped}\""),
        format!(
            r#"{{"timestamp":"2026-11-29T10:00:00Z","level":"WARN","fields":{{"message":"{escaped}"}},"target":"proxy"}}"#
        ),
        format!(
            r#"{{"timestamp":"2026-11-29T10:00:00Z","level":"WARN","fields":{{"record":"{escaped}"}},"target":"proxy"}}"#
        ),
        format!("\u{1b}[2m2026-11-29T10:00:00Z\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m \u{1b}[2mproxy\u{1b}[0m: {RECORD}"),
        // A row of comma-separated values.
        format!("2026-11-29,proxy,\"{}\"", RECORD.replace('"', "\"\"")),
    ] {
        assert_eq!(claims(&line), WANT, "{line}");
    }
    table(&[
        (
            r#"2026-11-29T10:00:00.000000Z  WARN proxy: exchange failed fault="dns_timeout" next_hop="app:80""#,
            "badgateway: dns_timeout @ app:80",
        ),
        ("WARN proxy: exchange failed fault=body_truncated", "badgateway: body_truncated"),
        (
            r#"{"timestamp":"2026-11-29T10:00:00Z","level":"WARN","fields":{"message":"exchange failed","fault":"dns_timeout","next_hop":"app:80"},"target":"proxy"}"#,
            "badgateway: dns_timeout @ app:80",
        ),
        (
            r#"answered proxy_status="edge; error=connection_refused; details=\"connection_refused, errno 111\"; next-hop=\"10.0.0.1:80\"""#,
            "proxy_status: connection_refused @ 10.0.0.1:80",
        ),
        ("Proxy-Status: edge; error=dns_timeout", "proxy_status: dns_timeout"),
        // The registry has one word for several.
        (
            "Proxy-Status: edge; error=http_response_timeout",
            "proxy_status: response_timeout, head_stalled or deadline_exceeded",
        ),
        ("Proxy-Status: edge; received-status=503", ""),
        ("default fault=none", ""),
    ]);
    // The access log of a table that somebody exported.
    let line =
        r#"2026-11-20,"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] ""GET /a HTTP/1.1"" 499 157 ""-"" ""curl""",web-1"#;
    assert_eq!(claims(line), "combined: client_aborted");
}
