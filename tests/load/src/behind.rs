//! Our proxy behind nginx and HAProxy: does a client of theirs learn which of the two failed?
//!
//! ```text
//! cargo run --manifest-path tests/load/Cargo.toml --bin behind -- EXPLAIN PROXY
//! ```
//!
//! `EXPLAIN` and `PROXY` are the built examples. Each peer gets two upstreams: the example proxy, whose own upstream
//! refuses connections, and that same refusing port itself. The first answer is our gateway's, by its
//! `Proxy-Status`; the second is the peer's own page. Both `attribute` and the program `explain` have to say so.
//!
//! Exit: 0 all rightly attributed, 1 not so, 2 something could not be started, 3 no such proxy is installed.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use badgateway::diagnose::attribution::{Confidence, Origin, Seen, Software, attribute};
use badgateway::lab::{Lab, probe};
use badgateway_load::process::{Process, free_address, program};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

/// The name that our proxy writes in its `Proxy-Status`.
const NAME: &str = "behind.example";

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Ours,
    Peer(Software),
}

/// What `explain --json` prints of a response, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Explained {
    made_by: String,
    software: Option<String>,
    proxy_status: Option<String>,
    fault: Option<String>,
}

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [explain, proxy] = &args[..] else {
        eprintln!("behind: give the built examples `explain` and `proxy`");
        return ExitCode::from(2);
    };
    match run(explain, proxy) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("behind: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(explain: &Path, proxy: &Path) -> io::Result<ExitCode> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/behind");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("nginx"))?;
    let dir = dir.canonicalize()?;
    let lab = Lab::start()?;
    let refused = lab.upstream("refused").ok_or_else(|| io::Error::other("the lab refuses nothing"))?.url().to_owned();
    let (ours, _process) = start_ours(proxy, &dir.join("proxy.log"), &refused)?;

    let refused = refused.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut peers: Vec<(Software, SocketAddr, Process)> = Vec::new();
    if let Some(program) = program("nginx") {
        let listen = free_address()?;
        peers.push((Software::Nginx, listen, start_nginx(&program, &dir, listen, ours, &refused)?));
    }
    if let Some(program) = program("haproxy") {
        let listen = free_address()?;
        peers.push((Software::HaProxy, listen, start_haproxy(&program, &dir, listen, ours, &refused)?));
    }
    if peers.is_empty() {
        return Ok(ExitCode::from(3));
    }
    let mut right = true;
    for (software, address, _process) in &peers {
        for (path, maker) in [("/ours/x", Maker::Ours), ("/theirs/x", Maker::Peer(*software))] {
            let answer = probe::send(*address, &probe::Request::new().path(path))?;
            let found = judge(explain, &answer, maker)?;
            right &= found.is_ok();
            let (mark, text) = match found {
                Ok(text) => ("right", text),
                Err(text) => ("WRONG", text),
            };
            println!("{} {path}: {mark}: {text}", software.name());
        }
    }
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What both say of it, right or wrong.
fn judge(explain: &Path, answer: &probe::Answer, maker: Maker) -> io::Result<Result<String, String>> {
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    let status = answer.status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| io::Error::other("there is no response"))?;
    let seen = Seen { status, reason: Some(answer.reason.as_bytes()), headers: &headers, body: &answer.body };
    let found = attribute(&seen, NAME);
    let explained = explained(explain, &answer.raw)?;
    let error = found.member.as_ref().and_then(|member| member.error());
    let text = format!(
        "{status}, {:?} {:?} ({:?}), error {error:?}; explain: {explained:?}",
        found.origin, found.software, found.confidence
    );
    let right = match maker {
        Maker::Ours => {
            found.origin == Origin::Gateway
                && found.member.as_ref().is_some_and(|member| member.name() == NAME)
                && found.confidence == Confidence::Certain
                && error == Some("connection_refused")
                && explained.made_by == "intermediary"
                && explained.proxy_status.as_deref().is_some_and(|value| value.starts_with(NAME))
                && explained.fault.as_deref() == Some("connection_refused")
        }
        Maker::Peer(software) => {
            found.origin == Origin::Intermediary
                && found.software == Some(software)
                && found.member.is_none()
                && explained.made_by == "intermediary"
                && explained.software.as_deref() == Some(software.name())
                && explained.proxy_status.is_none()
        }
    };
    Ok(if right { Ok(text) } else { Err(text) })
}

/// What the program says of the bytes, which are what `curl -i` prints.
fn explained(explain: &Path, response: &[u8]) -> io::Result<Explained> {
    let mut child = Command::new(explain).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(response)?;
    }
    let output = child.wait_with_output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn start_ours(program: &Path, log: &Path, refused: &str) -> io::Result<(SocketAddr, Process)> {
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0", "--name", NAME, "--eject-after", "0"]);
    command.arg("--log").arg(log).args(["--route", &format!("/={}", refused.trim_end_matches('/'))]);
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut line = String::new();
    if let Some(out) = process.child().stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| io::Error::other(format!("our proxy does not listen: {line:?}")))?;
    Ok((address, process))
}

fn start_nginx(program: &Path, dir: &Path, listen: SocketAddr, ours: SocketAddr, refused: &str) -> io::Result<Process> {
    let prefix = dir.join("nginx");
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let at = prefix.display();
    let file = dir.join("nginx.conf");
    fs::write(
        &file,
        format!(
            "{user}
daemon off;
pid {at}/nginx.pid;
error_log {at}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {at}/body;
    proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi;
    scgi_temp_path {at}/scgi;
    server {{
        listen {listen};
        location /ours/ {{ proxy_pass http://{ours}; }}
        location /theirs/ {{ proxy_pass http://{refused}; }}
    }}
}}
"
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("-p").arg(&prefix).arg("-c").arg(&file).arg("-e").arg(prefix.join("error.log"));
    started(&mut command, listen)
}

fn start_haproxy(
    program: &Path,
    dir: &Path,
    listen: SocketAddr,
    ours: SocketAddr,
    refused: &str,
) -> io::Result<Process> {
    let file = dir.join("haproxy.cfg");
    fs::write(
        &file,
        format!(
            "defaults
    mode http
    retries 0
    timeout connect 2s
    timeout server 5s
    timeout client 5s
frontend clients
    bind {listen}
    use_backend %[path,field(2,/)]
backend ours
    server upstream {ours}
backend theirs
    server upstream {refused}
"
        ),
    )?;
    started(Command::new(program).arg("-db").arg("-f").arg(&file).stderr(Stdio::null()), listen)
}

fn started(command: &mut Command, listen: SocketAddr) -> io::Result<Process> {
    let mut process = Process::start(command.stdin(Stdio::null()))?;
    process.wait_for(listen).map_err(|error| io::Error::other(format!("{command:?}: {error}")))?;
    Ok(process)
}
