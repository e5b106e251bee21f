//! `proxy_h1` as a process, and upstreams that do what a test says, connection by connection.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than all that is waited for here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// An upstream on loopback, that runs a script for each connection.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Upstream {
    /// The script gets the connection and its number, from 1.
    pub(crate) fn new(script: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, script) = (Arc::clone(&connections), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let script = Arc::clone(&script);
                thread::spawn(move || script(stream, number));
            }
        });
        Self { address, connections }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The flag that leads `/` to it.
    pub(crate) fn route(&self) -> String {
        format!("--route=/=http://{}", self.address)
    }
}

/// Reads until the end of a head, byte by byte: what follows is left.
pub(crate) fn read_head(mut stream: &TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Reads that many bytes.
pub(crate) fn read_body(mut stream: &TcpStream, length: usize) -> Vec<u8> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}

/// Reads until the connection ends, in whatever way.
pub(crate) fn read_all(mut stream: &TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

/// The proxy.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Proxy {
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_by(Command::new(program()), flags)
    }

    /// With no more descriptors than that.
    pub(crate) fn start_with_descriptors(limit: u32, flags: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]).arg(program());
        Self::start_by(shell, flags)
    }

    fn start_by(mut command: Command, flags: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = std::env::temp_dir().join(format!("badgateway-proxy-h1-{}-{number}.log", std::process::id()));
        command.args(["--listen", "127.0.0.1:0", "--log"]).arg(&log).args(flags).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        Self { child, address: address.parse().unwrap(), log }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client
    }

    /// Sends bytes as they stand, and reads until the connection ends.
    pub(crate) fn talk(&self, bytes: &str) -> String {
        let mut client = self.connect();
        client.write_all(bytes.as_bytes()).unwrap();
        read_all(&client)
    }

    /// A GET, and the whole of what comes.
    pub(crate) fn get(&self, path: &str) -> String {
        self.talk(&format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
    }

    /// The lines of the log that have this path, once there are so many.
    pub(crate) fn records(&self, path: &str, count: usize) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        let path = format!("\"path\":\"{path}\"");
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let records: Vec<String> = log.lines().filter(|line| line.contains(&path)).map(str::to_owned).collect();
            if records.len() >= count && log.ends_with('\n') {
                return records;
            }
            assert!(Instant::now() < until, "{path}: {} of {count} records: {log}", records.len());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Processor time so far, in clock ticks of 10 ms, where the system tells.
    pub(crate) fn ticks(&self) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.log);
    }
}

/// The example's program; `cargo test --test` does not build it.
fn program() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // Of this test's own package. Build scripts that look at them (ring's) would run again, here and the next time.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
                cargo.env_remove(name);
            }
        }
        cargo.args(["build", "--quiet", "--features", "full", "--example", "proxy_h1"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(), "it does not build");
    });
    // target/<profile>/deps/proxy_h1-… → target/<profile>/examples/proxy_h1
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("examples").join("proxy_h1")
}
