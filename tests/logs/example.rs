//! `--example explain`, as a program: what it prints for logs, arguments and responses.

use std::io::{self, Cursor};

use crate::explain::flags::{Ask, Detail, Flags};
use crate::explain::log::Log;
use crate::explain::run;

fn flags(args: &[&str]) -> Flags {
    Flags::parse(args.iter().map(|&arg| arg.to_owned())).unwrap().unwrap()
}

/// What it prints for that input.
pub(crate) fn output(args: &[&str], input: &[u8]) -> String {
    let flags = flags(args);
    let (mut log, mut out) = (Log::new(&flags), Vec::new());
    log.read(Cursor::new(input), &mut out).unwrap();
    log.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn asked(args: &[&str]) -> String {
    let mut out = Vec::new();
    run(&flags(args), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const NGINX: &str = include_str!("../data/logs/nginx.txt");

/// The lines of nginx alone, each twice, the second time a minute later.
fn nginx() -> String {
    let lines: Vec<&str> = NGINX.lines().filter(|line| line.starts_with("20")).collect();
    lines.iter().map(|line| format!("{line}\n{}\n", line.replace(" 14:2", " 14:4"))).collect()
}

#[test]
fn summary_of_a_log() {
    let summary = output(&["--summary"], nginx().as_bytes());
    let head: Vec<&str> = summary.lines().take(8).collect();
    assert_eq!(
        head,
        [
            "Summary: 148 lines (nginx 148), 142 failures",
            "",
            "Faults, the likeliest of each",
            "        20   14%  not_http                 or bad_status_line",
            "        12    8%  bad_header",
            "        10    7%  closed_before_response   or head_truncated",
            "        10    7%  tls_alert",
            "        10    7%  bad_chunk",
        ]
    );
    assert!(
        summary.contains("\nOver time, in the log's own zone; a bar is a minute\n  2026-11-21 14:26 "),
        "{summary}"
    );
    assert!(summary.contains("\n  2026-11-21 14:47 "), "{summary}");
    assert!(summary.ends_with("\nMore about the first: explain not_http\n"), "{summary}");
    let json = output(&["--summary", "--json"], nginx().as_bytes());
    assert!(json.starts_with("{\"lines\":148,\"failures\":142,\"faults\":[{\"fault\":\"not_http\",\"may_be\":[\"not_http\",\"bad_status_line\"],\"count\":20}"), "{json}");
}

/// Each failure is explained once, where it first stands; the rest is counted.
#[test]
fn once() {
    let text = output(&[], nginx().as_bytes());
    assert!(text.starts_with("line 1: nginx, 2026-11-21 14:26:58, GET /refused/x, to 127.0.0.1:"), "{}", &text[..200]);
    assert_eq!(text.matches("\n  = not_http, or bad_status_line\n").count(), 1);
    assert!(text.contains("\nSummary: 148 lines"));
    let each = output(&["--each"], nginx().as_bytes());
    assert_eq!(each.matches("\n  = not_http, or bad_status_line\n").count(), 20);
    assert!(!each.contains("Summary"));
}

/// An object for each line, in order, whatever the line.
#[test]
fn json_is_an_object_a_line() {
    let input = "2026/11/20 18:53:56 [error] 1#0: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: _, request: \"GET /\x1b[31m HTTP/1.1\", upstream: \"http://10.0.0.1:80/\", host: \"a\"\n\nwhat is \"this\"?\n2026/11/20 18:53:56 [notice] 1#1: signal process started\n";
    let json = output(&["--json"], input.as_bytes());
    let lines: Vec<&str> = json.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("{\"line\":1,\"dialect\":\"nginx\",\"said\":\"fault\",\"words\":\"connect() failed (111: Connection refused) while connecting to upstream\",\"may_be\":[\"connection_refused\"],\"proxy_status\":\"nginx; error=connection_refused; details=\\\"connection_refused, errno 111\\\"; next-hop=\\\"10.0.0.1:80\\\"\",\"time\":\"2026-11-20 18:53:56\",\"client\":\"10.0.0.9\",\"method\":\"GET\",\"path\":\"/\\u001b[31m\",\"upstream\":\"10.0.0.1:80\",\"status\":null,\"elapsed_ms\":null,\"tries\":[],\"fault\":\"connection_refused\",\"class\":null,\"phase\":\"connect\","), "{}", lines[0]);
    assert!(lines[0].contains("\"causes\":[{\"text\":") && lines[0].contains("\"next_steps\":[{\"where\":"));
    const NONE: &str = "\"may_be\":[],\"proxy_status\":null,\"fault\":null,\"class\":null,\"phase\":null,\"causes\":[],\"next_steps\":[]}";
    assert_eq!(
        lines[1],
        format!("{{\"line\":3,\"dialect\":null,\"said\":\"unknown_line\",\"words\":\"what is \\\"this\\\"?\",{NONE}")
    );
    assert_eq!(
        lines[2],
        format!(
            "{{\"line\":4,\"dialect\":\"nginx\",\"said\":\"nothing\",\"words\":\"signal process started\",\"time\":\"2026-11-20 18:53:56\",\"client\":null,\"method\":null,\"path\":null,\"upstream\":null,\"status\":null,\"elapsed_ms\":null,\"tries\":[],{NONE}"
        )
    );
}

/// Nothing in a log moves the cursor, or a line's end.
#[test]
fn nothing_foreign_is_written_raw() {
    let hostile = "\x1b[2J\x07\u{202e}\u{2028}\u{85}<script>";
    let lines = [
        format!(
            "2026/11/20 18:53:56 [error] 1#0: *3 upstream sent invalid header: \"{hostile}...\" while reading response header from upstream, client: {hostile}, server: _, request: \"GET /{hostile} HTTP/1.1\", upstream: \"http://{hostile}/\", host: \"{hostile}\"\n"
        ),
        format!(
            "2026/11/20 18:53:56 [error] 1#0: *3 {hostile}, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:80/\"\n"
        ),
        format!("{hostile}\n"),
    ];
    for args in [&[][..], &["--each"], &["--summary"], &["--json"]] {
        let out = output(args, lines.concat().as_bytes());
        let raw = out.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{2028}'));
        let allowed = args == ["--json"] && raw == Some('\u{202e}');
        assert!(raw.is_none() || allowed, "{args:?}: {raw:?}");
    }
}

/// The README shows what is printed.
#[test]
fn readme() {
    const LINE: &[u8] = b"10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web cart/s1 0/0/2/-1/2003 504 198 - - sH-- 1/1/0/0/0 0/0 \"GET /cart HTTP/1.1\"\n";
    let (_, section) = include_str!("../../README.md").split_once("\n## A log explained\n").unwrap();
    let block = section.split("```").nth(1).unwrap();
    let shown: String = block.lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert!(shown.lines().count() >= 5);
    let printed = output(&[], LINE);
    assert!(printed.starts_with(&shown), "{printed}");
}

#[test]
fn arguments() {
    assert!(asked(&["502"]).starts_with("502 Bad Gateway: "));
    assert!(asked(&["--json", "524"]).starts_with("{\"dialect\":null,\"status\":\"524\","));
    assert!(asked(&["connection_refused"]).starts_with("connection_refused: the next hop refused the connection\n"));
    let field = asked(&["edge; error=connection_timeout; next-hop=\"10.0.0.1:80\", gw; received-status=504"]);
    assert!(
        field.starts_with(
            "edge says error=connection_timeout: connecting to the next hop took too long\n  next hop: 10.0.0.1:80\n"
        ),
        "{field}"
    );
    assert!(field.ends_with("gw passed on what its next hop sent, which answered 504.\n"), "{field}");
    assert!(asked(&["gw; error=made_up"]).starts_with("gw says error=made_up, which RFC 9209 does not know."));
    assert!(
        asked(&["sH--"]).starts_with(
            "sH of HAProxy (termination state, first two letters): timeout server struck\n  before the response head was whole"
        ),
        "{}",
        asked(&["sH--"])
    );
    assert!(asked(&["UF"]).starts_with("UF of Envoy (%RESPONSE_FLAGS%): "));
    assert!(asked(&["AH01102"]).contains("\n  = closed_before_response, reset_before_response, "));
    // HAProxy and Envoy mean different things by it.
    let both = asked(&["DC"]);
    assert!(both.starts_with("DC of HAProxy ") && both.contains("\nDC of Envoy "), "{both}");
    assert!(both.ends_with("explain\nclient_aborted; explain no_healthy_upstream\n"), "{both}");
    assert_eq!(asked(&["--json", "DC"]).lines().count(), 2);
    assert!(asked(&["LR"]).contains("no fault of an upstream"));
    // A token that is no kind.
    assert!(asked(&["tls_protocol_error"]).starts_with("proxy says error=tls_protocol_error: "));
    for (kind, other) in [("connection_refused", "connection_timeout: "), ("head_truncated", "head_reset: ")] {
        let text = asked(&[kind]);
        assert!(text.contains("\nNot to be taken for it: ") && text.contains(&format!("\n  - {other}")), "{text}");
        assert!(text.contains("\n  - HAProxy S"), "{text}");
    }
    for line in asked(&["--all"]).lines().filter(|line| !line.starts_with("       ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert_eq!(flags(&["-"]).asks, [Ask::Stdin]);
    let all = asked(&["--all", "--json"]);
    assert_eq!(all.lines().count(), badgateway::FaultKind::ALL.len());
    for wrong in [&["--nope"][..], &["600"], &["a;b;;"], &["/no/such/file"], &["--all", "502"]] {
        let error = Flags::parse(wrong.iter().map(|&arg| arg.to_owned())).unwrap_err();
        assert_eq!(error.lines().count(), 1, "{wrong:?}: {error}");
    }
    assert_eq!(flags(&["--", "--summary"]).asks, [Ask::File("--summary".into())]);
    assert_eq!(flags(&["--summary"]).detail, Detail::Summary);
}

/// What is nothing, and what is no log.
#[test]
fn empty_and_binary() {
    assert_eq!(output(&[], b""), "There is no line to explain: nothing was in it.\n");
    assert_eq!(output(&["--json"], b""), "");
    let flags = flags(&[]);
    let mut out = Vec::new();
    let error = Log::new(&flags).read(Cursor::new(b"\x7fELF\x02\x01\0\0\0"), &mut out).unwrap_err();
    assert_eq!((error.kind(), out.len()), (io::ErrorKind::InvalidData, 0));
    let cut = [&[0; 300][..], nginx().as_bytes()].concat();
    assert!(output(&["--summary"], &cut).starts_with("Summary: 148 lines (nginx 147"));
}

#[test]
fn responses() {
    const PAGE: &str = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n";
    let text = output(&[], PAGE.as_bytes());
    assert!(text.starts_with("502 Bad Gateway\nMade on the way, by nginx (certain), because:\n"), "{text}");
    assert!(!text.contains("Summary"));
    let own = output(&["--json"], b"HTTP/2 504 \r\nproxy-status: edge; error=connection_timeout\r\n\r\n");
    assert!(own.starts_with("{\"dialect\":\"http\",\"status\":504,\"made_by\":\"intermediary\","), "{own}");
    assert!(own.contains("\"fault\":\"connection_timeout\""), "{own}");
    let replaced = output(&[], b"HTTP/2 522 \r\nserver: cloudflare\r\ncf-ray: 8f-FRA\r\n\r\nBack soon");
    assert!(replaced.starts_with("522\nMade by the application or its server (likely), because:\n"), "{replaced}");
    assert!(
        replaced.contains("\nBut 522 is a status of Cloudflare's, whose page its customers may replace.\n"),
        "{replaced}"
    );
    for line in text.lines().chain(replaced.lines()) {
        assert!(line.chars().count() <= 80 || line.starts_with("       "), "{line}");
    }
    assert_eq!(output(&[], b"HTTP/1.1\r\n"), "unknown: it begins as a response and has no status line\n");
    assert!(output(&[], b"HTTP/1.1 200 OK\r\n\r\nfine").contains("200 is no status that a gateway makes up"));
}

/// A reader that stops reading is no error of ours, and is told as it is.
#[test]
fn a_broken_pipe_is_told() {
    struct Broken;
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(run(&flags(&["--all"]), &mut Broken).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

/// Neither an argument nor a line of a log is obeyed by a terminal, or turns a line around.
#[test]
fn what_may_not_be_shown_is_escaped() {
    let hostile = "\u{1b}[31m\u{9b}0m\u{202e}\u{61c}\u{200b}\u{e0041}\u{3164}";
    let path = std::env::temp_dir().join(format!("no-such-file-{}", std::process::id()));
    for args in [
        vec![format!("--{hostile}")],
        vec![hostile.to_owned()],
        vec![format!("error=\"{hostile}")],
        vec!["--".into(), format!("{}{hostile}", path.display())],
    ] {
        let said = match Flags::parse(args.clone()) {
            Ok(flags) => run(&flags.unwrap(), &mut Vec::new()).unwrap_err().to_string(),
            Err(why) => why,
        };
        let shown = crate::explain::show::text(said.as_bytes(), 1024);
        assert!(
            !shown.contains(|c: char| c.is_control() || (!c.is_ascii() && hostile.contains(c))),
            "{args:?}: {shown:?}"
        );
    }
    let line = format!("2026/11/21 14:26:01 [error] 1#1: *1 upstream {hostile} failed, client: 127.0.0.1\n");
    for args in [&[][..], &["--json"], &["--json", "--summary"], &["--each"]] {
        let shown = output(args, line.as_bytes());
        let raw = |c: char| c != '\n' && (c.is_control() || (!c.is_ascii() && hostile.contains(c)));
        assert!(!shown.contains(raw), "{args:?}: {shown:?}");
    }
}
