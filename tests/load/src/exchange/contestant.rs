//! Who takes part: servers on processor 0, with one thread each.
//!
//! Fair. Who logs is compared with who logs, and who does not with who does not.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use badgateway_load::process::{Process, free_address, program};

/// One server.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    /// Whom it is compared with.
    pub(crate) beside: &'static [&'static str],
    process: Process,
}

impl Contestant {
    /// It and its children: nginx works in one.
    pub(crate) fn pids(&self) -> io::Result<Vec<u32>> {
        let pid = self.process.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        Ok(std::iter::once(pid).chain(children.split_whitespace().filter_map(|pid| pid.parse().ok())).collect())
    }
}

/// Seconds of processor time that these have taken so far, in the process and in the kernel.
pub(crate) fn cpu_seconds(pids: &[u32]) -> io::Result<f64> {
    let mut ticks = 0.0;
    for pid in pids {
        // Fields 14 and 15 (proc(5)), in hundredths of a second; threads that have ended count too.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        ticks +=
            after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
    }
    Ok(ticks / 100.0)
}

/// All of them, started.
pub(crate) fn contestants(programs: &Path, refused: &str, dir: &Path) -> io::Result<Vec<Contestant>> {
    let twin = std::env::current_exe()?.with_file_name("twin");
    let route = format!("/r={refused}");
    let log = |name: &str| dir.join(name).display().to_string();
    let mut all = vec![
        rust(
            "proxy, a record each",
            &["twin, a line each", "twin", "nginx, a line each", "nginx"],
            &programs.join("proxy"),
            &route,
            Some(&log("proxy.log")),
        )?,
        rust("proxy, records to /dev/null", &["twin"], &programs.join("proxy"), &route, Some("/dev/null"))?,
        rust("twin, a line each", &["twin"], &twin, &route, Some(&log("twin.log")))?,
        rust("twin", &["nginx"], &twin, &route, None)?,
        rust(
            "proxy_h1, a record each",
            &["twin, a line each"],
            &programs.join("proxy_h1"),
            &route,
            Some(&log("h1.log")),
        )?,
    ];
    if let Some(program) = program("nginx") {
        all.push(nginx("nginx, a line each", &program, refused, &dir.join("nginx-log"), "error")?);
        all.push(nginx("nginx", &program, refused, &dir.join("nginx"), "crit")?);
    }
    Ok(all)
}

fn rust(
    name: &'static str,
    beside: &'static [&'static str],
    program: &Path,
    route: &str,
    log: Option<&str>,
) -> io::Result<Contestant> {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program).args(["--listen", "127.0.0.1:0", "--route", route]);
    command.env("TOKIO_WORKER_THREADS", "1").stdin(Stdio::null()).stdout(Stdio::piped());
    if let Some(log) = log {
        command.args(["--log", log]);
    }
    let help = Command::new(program).arg("--help").stderr(Stdio::null()).output()?;
    if String::from_utf8_lossy(&help.stdout).contains("--eject-after") {
        // Or it would stop asking the upstream.
        command.args(["--eject-after", "0"]);
    }
    let mut process = Process::start(&mut command)?;
    let mut line = String::new();
    if let Some(out) = process.child().stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse::<SocketAddr>().ok());
    let address = address.ok_or_else(|| io::Error::other(format!("{name} does not listen: {line:?}")))?;
    Ok(Contestant { name, url: format!("http://{address}/r/x"), beside, process })
}

fn nginx(name: &'static str, program: &Path, refused: &str, prefix: &Path, level: &str) -> io::Result<Contestant> {
    fs::create_dir_all(prefix)?;
    let address = free_address()?;
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let dir = prefix.display();
    let temp =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|of| format!("{of}_temp_path {dir}/{of};")).concat();
    let config = format!(
        "{user} worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log {level};
events {{ worker_connections 1024; }}
http {{
  {temp} access_log off; keepalive_requests 1000000000;
  upstream up {{ server {} max_fails=0; keepalive 32; }}
  server {{
    listen {address};
    location /r/ {{
      proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $proxy_host;
      proxy_connect_timeout 2s; proxy_next_upstream off; proxy_pass http://up/;
    }}
  }}
}}
",
        refused.trim_start_matches("http://")
    );
    let file = prefix.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("taskset");
    command
        .args(["-c", "0"])
        .arg(program)
        .arg("-p")
        .arg(prefix)
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(prefix.join("error.log"));
    let mut process = Process::start(command.stdin(Stdio::null()))?;
    process.wait_for(address)?;
    Ok(Contestant { name, url: format!("http://{address}/r/x"), beside: &[], process })
}
