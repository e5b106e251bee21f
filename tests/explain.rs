//! `--example explain` before what people paste: whole responses, pages without their heads, `curl -v`, arguments.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::Cursor;

/// The example itself.
#[path = "../examples/explain/main.rs"]
#[allow(dead_code)]
mod explain;

use explain::flags::{Ask, Flags};
use explain::log::Log;

fn output(args: &[&str], input: &str) -> String {
    let flags = flags(args).unwrap();
    let (mut log, mut out) = (Log::new(&flags), Vec::new());
    log.read(Cursor::new(input.as_bytes()), &mut out).unwrap();
    log.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn flags(args: &[&str]) -> Result<Flags, String> {
    Flags::parse(args.iter().map(|&arg| arg.to_owned())).map(Option::unwrap)
}

/// The value of a member that is a string, a number, or a list of strings.
fn member<'a>(json: &'a str, name: &str) -> &'a str {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name}: {json}"));
    let end = if rest.starts_with('[') { rest.find(']') } else { rest.find([',', '}']) };
    rest[..end.unwrap()].trim_matches(['[', '"'])
}

/// Who made it, its status, and what it says of the reason.
fn made(text: &str) -> String {
    let json = output(&["--json"], text);
    assert_eq!(json.lines().count(), 1, "{text}\n{json}");
    assert!(json.starts_with("{\"dialect\":\"http\","), "{text}\n{json}");
    let may_be = member(&json, "may_be").replace('"', "");
    format!("{} {}: {may_be}", member(&json, "software"), member(&json, "status"))
}

#[test]
fn responses_say_who_and_why() {
    for (text, want) in [
        // A prompt and the command in front.
        (
            "$ curl -i https://shop.example/\nHTTP/1.1 503 Service Unavailable\ncontent-length: 91\nserver: envoy\n\nupstream connect error or disconnect/reset before headers. reset reason: connection timeout",
            "Envoy 503: connection_timeout,tls_timeout",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nServer: squid/6.6\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n",
            "Squid 503: connection_refused",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nServer: squid/6.6\r\nX-Squid-Error: ERR_READ_TIMEOUT 0\r\n\r\n",
            "Squid 503: response_timeout,head_stalled,body_stalled,deadline_exceeded,too_many_interim,head_too_large",
        ),
        (
            "HTTP/2 523 \nserver: cloudflare\ncf-ray: 1-FRA\ncontent-type: text/plain\n\nerror code: 523\n",
            "Cloudflare 523: unreachable",
        ),
        (
            "HTTP/1.1 502 Proxy Error\nServer: Apache/2.4.62\n\n<p>The proxy server could not handle the request<p>Reason: <strong>DNS lookup failure for: app</strong></p>",
            "Apache httpd 502: dns_failure,dns_not_found,dns_timeout",
        ),
        (
            "HTTP/2 504 \nx-amzn-requestid: 1\nx-amz-apigw-id: 2\n\n{\"message\": \"Endpoint request timed out\"}\n",
            "AWS API Gateway 504: response_timeout,head_stalled,deadline_exceeded",
        ),
        ("HTTP/2 502 \nserver: Vercel\nx-vercel-error: DNS_HOSTNAME_NOT_FOUND\n\n", "Vercel 502: dns_not_found"),
        // The length says where the body ends.
        (
            "HTTP/1.1 504 Gateway Timeout\nContent-Length: 15\nContent-Type: text/plain; charset=utf-8\n\nGateway Timeout\n$ ",
            "Traefik 504: ",
        ),
        ("HTTP/2 502 \nserver: railway-edge\nx-railway-fallback: true\n\n{\"message\":\"x\"}", "Railway 502: "),
        (
            "HTTP/1.1 502 Bad Gateway\nServer: nginx\n\n<html><body>\n<center><h1>502 Bad Gateway</h1></center>\n<hr><center>nginx</center>",
            "nginx 502: ",
        ),
        // An application that tells of its own upstream.
        (
            "HTTP/1.1 500 Internal Server Error\nX-Powered-By: Express\n\n{\"error\":\"connect ECONNREFUSED 10.0.0.5:5432\"}",
            "Express 500: connection_refused",
        ),
        // No error: a page may speak of anything.
        ("HTTP/1.1 200 OK\nServer: nginx\n\nWhat is ECONNREFUSED?", "null 200: "),
    ] {
        assert_eq!(made(text), want, "{text}");
    }
}

#[test]
fn pages_without_their_heads() {
    for (text, want) in [
        (
            "Error 503 between bytes timeout\nbetween bytes timeout\n\nGuru Mediation:\nDetails: cache-fra-eddf1 1 2\n\nVarnish cache server\n",
            "Fastly 503: body_stalled",
        ),
        (
            "Error 524 Ray ID: 8f00 \u{2022} 2026-11-20 18:53:56 UTC\nA timeout occurred\n",
            "Cloudflare 524: response_timeout,head_stalled,send_timeout,body_stalled,deadline_exceeded",
        ),
        (
            "502: BAD_GATEWAY\nCode: ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR\nID: fra1::abcde-1-2\n",
            "Vercel 502: connection_refused,connection_timeout,unreachable,connect_reset,tls_protocol,tls_alert,tls_not_tls,tls_timeout,tls_closed",
        ),
        (
            "HTTP Error 502.3 - Bad Gateway\nThere was a connection error while trying to route the request.\n\nError Code   0x80072efd\n",
            "IIS Application Request Routing 502: connection_refused,connection_timeout,unreachable",
        ),
        (
            "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx/1.28.0</center>\r\n</body>\r\n</html>\r\n",
            "nginx 504: ",
        ),
        (
            "503 Service Unavailable\nNo server is available to handle this request.\n",
            "HAProxy 503: no_healthy_upstream,connection_refused,connection_timeout,unreachable,connect_reset,connection_limit",
        ),
        (
            "Error 503 Backend fetch failed\nBackend fetch failed\nGuru Meditation:\nXID: 12\n\nVarnish cache server",
            "Varnish 503: ",
        ),
    ] {
        assert_eq!(made(text), want, "{text}");
    }
    // A log that quotes a page is a log.
    let log = "2026/11/20 18:53:56 [error] 1#1: *1 x, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\", host: \"a\"\nGuru Meditation: XID: 1\n";
    assert!(!output(&["--json"], log).contains("\"dialect\":\"http\""));
}

const VERBOSE: &str = "*   Trying 10.0.0.1:443...\n* Connected to app (10.0.0.1) port 443\n> GET / HTTP/1.1\n> Host: app\n> \n< HTTP/1.1 502 Bad Gateway\n< Server: awselb/2.0\n< Content-Type: text/html\n< \n";

#[test]
fn what_curl_shows() {
    let page = "<html>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";
    let text = format!("$ curl -v https://app/\n{VERBOSE}{page}* Connection #0 to host app left intact\n");
    assert_eq!(made(&text), "AWS Application Load Balancer 502: ");
    // A redirect before it does not count.
    let text = text.replacen("> GET", "< HTTP/1.1 301 Moved\n< Location: /\n< \n> GET", 1);
    assert_eq!(made(&text), "AWS Application Load Balancer 502: ");
    // A transfer that fails is curl's to tell.
    let failed = format!("{VERBOSE}{{ [5 bytes data]\n* transfer closed with 10 bytes remaining to read\n");
    let json = output(&["--json", "--each"], &failed);
    assert!(json.contains("\"fault\":\"body_truncated\"") && !json.contains("\"dialect\":\"http\""), "{json}");
}

#[test]
fn an_argument_may_be_what_was_written() {
    let line = |text: &str| vec![Ask::Line(text.to_owned())];
    for text in [
        "Error: connect ECONNREFUSED 127.0.0.1:3000",
        "ECONNRESET",
        "curl: (52) Empty reply from server",
        "upstream connect error or disconnect/reset before headers. reset reason: overflow",
        "level=error msg=\"x; error=y\" err=\"dial tcp 10.0.0.1:80: i/o timeout\"",
        "HTTP/1.1 502 Bad Gateway\nServer: nginx\n\n",
        "what is this",
    ] {
        assert_eq!(flags(&[text]).unwrap().asks, line(text), "{text}");
    }
    assert_eq!(flags(&["--", "- connect ECONNREFUSED 127.0.0.1:3000"]).unwrap().asks.len(), 1);
    assert_eq!(flags(&["edge; error=dns_timeout"]).unwrap().asks, [Ask::ProxyStatus("edge; error=dns_timeout".into())]);
    assert_eq!(flags(&["sH--"]).unwrap().asks, [Ask::Word("sH--".into())]);
    for (text, want) in [
        ("/var/log/no/such.log", "/var/log/no/such.log: there is no such file"),
        ("error.log", "error.log: there is no such file"),
        ("nonsense", "\"nonsense\" is no file, and no status, fault, word or line of a log; --help says more"),
    ] {
        assert_eq!(flags(&[text]).unwrap_err(), want);
    }
    let mut out = Vec::new();
    explain::run(&flags(&["connect ECONNREFUSED 10.0.0.1:3000"]).unwrap(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.starts_with(
            "line 1: Node.js, to 10.0.0.1:3000\n  connect ECONNREFUSED 10.0.0.1:3000\n  = connection_refused\n"
        ),
        "{text}"
    );
}

/// Nothing of a page is written raw, and whatever it holds there is an answer.
#[test]
fn hostile_pages() {
    let hostile = "\x1b[2J\x07\u{202e}<script>";
    for text in [
        format!("HTTP/1.1 502 {hostile}\nServer: {hostile}\nX-Squid-Error: ERR_DNS_FAIL {hostile}\n\n{hostile}"),
        format!("HTTP/1.1 503 x\n\nupstream connect error or disconnect/reset before headers. reset reason: {hostile}"),
        format!("HTTP/1.1 500 x\n\nconnect ECONNREFUSED {hostile}:1 {hostile}"),
        "HTTP/".into(),
        "HTTP/1.1 502".into(),
        "\u{feff}\n\n".into(),
        "< HTTP/1.1 502 x\n* a\n".into(),
    ] {
        let out = output(&[], &text);
        let raw = out.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(raw, None, "{text:?}\n{out}");
    }
}

/// Names and protocols of the line are in the commands.
#[test]
fn the_line_is_in_the_commands() {
    let line = |what: &str, upstream: &str| {
        format!(
            "2026/11/20 18:53:56 [error] 1#0: *3 {what}, client: 10.0.0.9, server: _, request: \"GET /a.php HTTP/1.1\", upstream: \"{upstream}\", host: \"shop.example:8443\"\n"
        )
    };
    for (text, with, without) in [
        (
            line("connect() failed (111: Connection refused) while connecting to upstream", "fastcgi://10.0.0.1:9000"),
            "cgi-fcgi -bind -connect 10.0.0.1:9000",
            "curl",
        ),
        (
            line(
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                "uwsgi://unix:/run/app.sock:",
            ),
            "uwsgi_curl /run/app.sock",
            " curl ",
        ),
        (
            line(
                "SSL_do_handshake() failed (SSL: error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112) while SSL handshaking to upstream",
                "https://10.0.0.1:443/a.php",
            ),
            "-connect 10.0.0.1:443 -servername shop.example ",
            "-servername 10.0.0.1",
        ),
        (
            line(
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                "https://app.internal:8443/a.php",
            ),
            "-connect app.internal:8443 -servername app.internal ",
            "shop.example",
        ),
        ("Error: getaddrinfo ENOTFOUND db.internal\n".to_owned(), "dig +noall +comments +answer db.internal", "HOST"),
        ("curl: (7) Failed to connect to app port 81: Connection refused\n".to_owned(), "nc -vz -w 5 app 81", "HOST"),
    ] {
        let json = output(&["--json"], &text);
        let (_, steps) = json.split_once("\"next_steps\":").unwrap();
        let (steps, _) = steps.split_once("\"settings\":").unwrap();
        let commands: Vec<&str> = steps.split("\"command\":\"").skip(1).collect();
        assert!(commands.iter().any(|command| command.contains(with)), "{text}{commands:#?}");
        let plain =
            commands.iter().filter(|command| !command.starts_with("grep ")).find(|command| command.contains(without));
        assert_eq!(plain, None, "{text}");
    }
}

/// Compressed, whole and otherwise.
mod packed {
    use std::io::{self, Cursor, Read, Write};

    use flate2::{Compression, write::GzEncoder};

    use super::{Log, flags, output};

    const LINE: &str = "curl: (52) Empty reply from server\n";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    /// What is printed, and what is wrong.
    fn read(input: impl Read) -> (String, Option<io::Error>) {
        let flags = flags(&["--summary"]).unwrap();
        let (mut log, mut out) = (Log::new(&flags), Vec::new());
        let error = log.read(input, &mut out).err();
        log.finish(&mut out).unwrap();
        (String::from_utf8(out).unwrap().lines().next().unwrap().to_owned(), error)
    }

    #[test]
    fn members_are_one_text() {
        // A line that is cut by the end of a member.
        let (first, second) = LINE.split_at(9);
        let packed = [gzip(LINE.as_bytes()), gzip(first.as_bytes()), gzip(second.as_bytes()), gzip(b"")].concat();
        let (said, error) = read(Cursor::new(packed));
        assert!(said.starts_with("Summary: 2 lines (curl 2)") && error.is_none(), "{said} {error:?}");
    }

    #[test]
    fn cut_and_broken_files_say_so_and_keep_what_came() {
        let text = LINE.repeat(300);
        let packed = gzip(text.as_bytes());
        let (said, error) = read(Cursor::new(&packed[..packed.len() - 9]));
        let error = error.unwrap();
        assert!(error.to_string().starts_with("the gzip file is cut off; the "), "{error}");
        assert!(said.contains("lines (curl ") && error.kind() == io::ErrorKind::UnexpectedEof, "{said}");
        // Every prefix ends, and none is taken for a whole.
        for cut in 2..packed.len() {
            assert!(read(Cursor::new(&packed[..cut])).1.is_some(), "{cut}");
        }
        // The checksum at the end.
        let mut broken = packed.clone();
        let at = broken.len() - 6;
        broken[at] ^= 1;
        let (said, error) = read(Cursor::new(&broken));
        assert!(said.starts_with("Summary: 300 lines (curl 300)"), "{said}");
        assert!(error.unwrap().to_string().starts_with("the gzip file is broken ("));
        for at in 0..packed.len() {
            let mut broken = packed.clone();
            broken[at] ^= 0x55;
            let _ = read(Cursor::new(broken));
        }
    }

    /// What grows a thousandfold is read as it comes out.
    #[test]
    fn a_bomb_is_read_as_a_stream() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..16 {
            packed.write_all(&vec![b'x'; 1 << 20]).unwrap();
        }
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 1 << 18);
        let (said, error) = read(Cursor::new(packed));
        assert!(said.starts_with("Summary: 1 line,") && error.is_none(), "{said} {error:?}");
    }

    #[test]
    fn others_name_the_program() {
        for (magic, program) in
            [(&b"\x28\xb5\x2f\xfd\x04"[..], "zstdcat"), (b"\xfd7zXZ\0", "xzcat"), (b"BZh91AY&SY", "bzcat")]
        {
            let error = read(Cursor::new(magic)).1.unwrap().to_string();
            assert_eq!(error, format!("it is compressed, and goes through {program} first"));
        }
        let twice = gzip(&gzip(LINE.as_bytes()));
        assert_eq!(read(Cursor::new(twice)).1.unwrap().to_string(), "it is no text");
        assert!(output(&[], LINE).starts_with("line 1: curl"));
    }
}
