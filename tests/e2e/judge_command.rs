//! `--example lab -- --judge`: the whole command, before a right proxy, before wrong ones and before none.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;

use crate::harness::{Engine, Record, example};

/// The widest line of a table.
const WIDEST: usize = 100;

/// The command, after it has said where everything is.
struct Lab {
    child: Child,
    out: BufReader<ChildStdout>,
    first: Record,
    urls: HashMap<String, String>,
}

impl Lab {
    /// Reads so many lines that begin with a brace.
    fn start(flags: &[&str], upstreams: usize) -> Self {
        let mut child = Command::new(example("lab"))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            assert!(line.starts_with('{'), "{line:?}");
            Record(line.replace("\": ", "\":"))
        };
        let first = line();
        let urls = (0..upstreams).map(|_| line()).map(|r| (r.text("name").unwrap(), r.text("url").unwrap())).collect();
        Self { child, out, first, urls }
    }

    /// The exit status and the table.
    fn end(mut self) -> (Option<i32>, String) {
        let mut table = String::new();
        self.out.read_to_string(&mut table).unwrap();
        let status = self.child.wait().unwrap();
        for line in table.lines() {
            assert!(line.chars().count() <= WIDEST, "{line}");
            assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
        }
        (status.code(), table)
    }
}

/// The row of a behaviour, in words.
fn row<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    let words = |line: &'a str| line.split_whitespace().collect::<Vec<_>>();
    table.lines().map(words).find(|words| words.first() == Some(&name)).unwrap_or_else(|| panic!("{name}: {table}"))
}

/// A port that nobody has, below those that the system gives away by itself, and another one each time.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = 12_000 + u16::try_from(std::process::id() % 800).unwrap() * 10;
    let mut ports = std::iter::from_fn(|| Some(from + NEXT.fetch_add(4, Ordering::Relaxed)));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// The lab waits for a proxy that is not up yet, and finds nothing to blame, whatever HTTP its client speaks.
#[test]
fn a_right_proxy_breaks_no_rule() {
    let names = ["refused", "dns_nxdomain", "reset_mid_close_delim", "close_mid_chunked", "ssh_banner", "tls_expired"];
    let names = [&names[..], &["tls_ok_200", "cl_te_both", "stall_mid_body", "ok_chunked_trailers"]].concat();
    for (engine, version) in [(Engine::Hyper, "1.1"), (Engine::H1, "1.0")] {
        let port = free_port();
        let url = format!("http://localhost:{port}/{{name}}/x");
        let mut flags = vec!["--judge", &url, "--version", version];
        flags.extend(names.iter().flat_map(|name| ["--only", name]));
        let lab = Lab::start(&flags, names.len());
        let mut proxy = Command::new(engine.program());
        proxy.args(["--listen", &format!("127.0.0.1:{port}"), "--eject-after", "0"]);
        proxy.args(["--response-timeout", "700ms", "--idle-timeout", "700ms"]);
        proxy.args(["--ca", &lab.first.text("ca").unwrap(), "--resolver", &lab.first.text("resolver").unwrap()]);
        for (name, url) in &lab.urls {
            proxy.arg("--route").arg(format!("/{name}={url}"));
        }
        let mut proxy = proxy.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (status, table) = lab.end();
        proxy.kill().unwrap();
        proxy.wait().unwrap();
        assert_eq!(status, Some(0), "{table}");
        for name in &names {
            assert!(row(&table, name).contains(&"ok"), "{name}: {table}");
        }
        let verdict = format!("{0} of {0} as RFC 9110 and 9112 want them, by 17 rules", names.len());
        assert_eq!(table.lines().last(), Some(verdict.as_str()), "{table}");
    }
}

/// A proxy that is none: it hands on what comes, byte for byte, and a RST as a FIN.
fn relay(listener: TcpListener, urls: HashMap<String, String>) {
    let urls = Arc::new(urls);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let urls = Arc::clone(&urls);
            thread::spawn(move || relay_one(client, &urls));
        }
    });
}

fn relay_one(mut client: TcpStream, urls: &HashMap<String, String>) -> Option<()> {
    let mut request = [0; 4096];
    let length = client.read(&mut request).ok()?;
    let head = String::from_utf8_lossy(&request[..length]).into_owned();
    let name = head.split(['/', ' ']).nth(2)?;
    let address = urls.get(name)?.strip_prefix("http://")?;
    let mut upstream = TcpStream::connect(address).ok()?;
    upstream.write_all(&request[..length]).ok()?;
    let _ = std::io::copy(&mut upstream, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    Some(())
}

#[test]
fn a_wrong_proxy_is_told_which_rules_it_breaks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{{name}}", listener.local_addr().unwrap());
    let broken = [
        ("refused", "-/closed", "no final answer"),
        ("reset_mid_close_delim", "200/eof", "cut body handed on as complete"),
        ("ssh_banner", "-/raw", "bytes that are not HTTP handed on"),
        ("bad_header_nul", "200", "forbidden bytes in a field"),
        ("cl_te_both", "200", "ambiguous framing forwarded"),
        ("status_600", "600", "status outside 100 to 599"),
    ];
    let mut flags = vec!["--judge", &url, "--only", "ok_200", "--only", "stall_mid_body", "--patience", "700ms"];
    flags.extend(broken.iter().flat_map(|(name, ..)| ["--only", name]));
    let lab = Lab::start(&flags, broken.len() + 2);
    relay(listener, lab.urls.clone());
    let (status, table) = lab.end();
    assert_eq!(status, Some(1), "{table}");
    assert!(row(&table, "ok_200").contains(&"ok"), "{table}");
    // Longer than the patience: a hang.
    assert!(row(&table, "stall_mid_body").contains(&"200/stuck"), "{table}");
    for (name, came, rule) in broken {
        let row = row(&table, name);
        assert!(row.contains(&came) && row.contains(&"WRONG"), "{row:?}: {table}");
        let told = table.lines().skip_while(|line| !line.starts_with(name)).skip(1);
        let told: Vec<&str> = told.take_while(|line| line.starts_with(' ')).collect();
        assert!(told.iter().any(|line| line.contains(rule)), "{name}: {rule}: {told:?}");
        // And once more at the end, by rule.
        let heading = table.lines().position(|line| line.contains(&format!("x {rule} (RFC"))).expect(rule);
        assert!(table.lines().skip(heading + 1).take(3).any(|line| line.contains(name)), "{name}: {table}");
    }
    assert!(table.contains("\n1 of 8 as RFC 9110 and 9112 want them"), "{table}");
    assert!(table.trim_end().ends_with(&format!("curl -i '{}'", url.replace("{name}", "refused"))), "{table}");
}

/// What a peer says is shown, and shown only: no terminal may obey it. `Lab::end` looks for that.
#[test]
fn what_a_proxy_says_is_escaped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{{name}}", listener.local_addr().unwrap());
    let lab = Lab::start(&["--judge", &url, "--only", "ok_200"], 1);
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = client.read(&mut [0; 4096]);
                let evil = "\x1b]0;owned\x07\u{9b}2J\u{202e}\u{4e2d}\0".repeat(200);
                let _ = write!(client, "HTTP/1.1 200 OK\r\nX: {evil}\r\nContent-Length: 0\r\n\r\n");
            });
        }
    });
    let (status, table) = lab.end();
    assert_eq!(status, Some(1), "{table}");
    assert!(table.contains("forbidden bytes in a field") && table.is_ascii(), "{table}");
    assert!(table.len() < 4000, "one row is not the place for all that a peer says: {} bytes", table.len());
}

fn output(flags: &[&str]) -> Output {
    Command::new(example("lab")).args(flags).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn where_nothing_is_judged_one_line_says_why() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}/{{name}}");
    let here = "http://127.0.0.1:80/{name}";
    for flags in [
        &["--no-such-flag"][..],
        &["--judge"],
        &["--judge", "http://127.0.0.1:80/"],
        &["--judge", "https://127.0.0.1/{name}"],
        &["--judge", "127.0.0.1:80/{name}"],
        &["--judge", "http:///{name}"],
        &["--judge", "http://{name}:80/"],
        &["--judge", "http://{name}.example/{name}"],
        &["--judge", "http://127.0.0.1:80/#{name}"],
        &["--judge", "http://127.0.0.1:99999/{name}"],
        &["--judge", "http://me:secret@127.0.0.1/{name}"],
        &["--judge", "http://127.0.0.1/{name} HTTP/1.1"],
        &["--judge", here, "--version", "2"],
        &["--judge", here, "--wait", "5"],
        &["--judge", here, "--patience", "0s"],
        &["--judge", here, "--list"],
        &["--patience", "5s"],
        &["--only", "nonsense"],
        &["--base-port", "0"],
        &["--base-port", "many"],
        &["--base-port", "65500"],
        &["--only", "ok_200", "--ca", "/no/such/folder/ca.pem"],
        &["--only", "ok_200", "--judge", &nobody, "--wait", "200ms"],
    ] {
        let output = output(flags);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(said.starts_with("lab: "), "{flags:?}: {said}");
    }
}

#[test]
fn the_help_shows_how_to_point_a_proxy_at_it() {
    let help = output(&["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    for word in ["\"resolver\"", "proxy_pass", "proxy_ssl_trusted_certificate", "--route /", "Exit status"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= WIDEST), "{help}");
    let listed = output(&["--list", "--only", "desync", "--only=ok_200"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.lines().all(|line| line.contains("\"desync\"") || line.contains("\"ok_200\"")), "{listed}");
    assert_eq!(listed.lines().count(), 12, "{listed}");
}

/// The root certificate is where it was asked for, and stays there.
#[test]
fn the_ports_and_the_certificate_are_where_one_wants_them() {
    let file = std::env::temp_dir().join(format!("badgateway-judge-{}.pem", std::process::id()));
    let port = free_port().to_string();
    let flags = ["--only", "refused", "--only", "tls_ok_200", "--base-port", &port, "--ca", file.to_str().unwrap()];
    let mut lab = Lab::start(&[&flags[..], &["--judge", "http://127.0.0.1:1/{name}"]].concat(), 2);
    let resolver: SocketAddr = lab.first.text("resolver").unwrap().parse().unwrap();
    assert_eq!(resolver.port().to_string(), port);
    assert_eq!(lab.urls["refused"], format!("http://127.0.0.1:{port}"));
    assert_eq!(lab.first.text("ca").unwrap(), file.to_str().unwrap());
    lab.child.kill().unwrap();
    lab.child.wait().unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().contains("BEGIN CERTIFICATE"));
    std::fs::remove_file(&file).unwrap();
}
