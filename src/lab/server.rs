//! The lab: one listener and one thread per upstream, one thread per connection.
//!
//! One rule: dropping the lab ends it, and never waits for a peer.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};

use super::act::Act;
use super::behaviour::Behaviour;
use super::cert::Authority;
use super::peer::Peer;
use super::tally::{Counts, Tally};
use super::then::Then;
use super::{BEHAVIOURS, HTTP2_BEHAVIOURS, dns};

/// How long a drop waits for the accepting threads, all together.
const GOODBYE: Duration = Duration::from_secs(1);
/// A connect on loopback takes microseconds; one that takes this long met a full queue.
const FULL: Duration = Duration::from_millis(60);

/// Misbehaving upstreams on loopback, each on a port of its own, for as long as this lives.
///
/// Labs do not share anything: start as many as you like.
#[derive(Debug)]
pub struct Lab {
    upstreams: Vec<Upstream>,
    ca: CaFile,
    resolver: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Sockets that do their work by being there.
    held: Vec<Socket>,
}

/// How a [`Lab`] is to start.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    base_port: u16,
    only: Option<Vec<String>>,
    http2: bool,
}

/// One running upstream.
#[derive(Debug)]
pub struct Upstream {
    behaviour: &'static Behaviour,
    url: String,
    address: Option<SocketAddr>,
    tally: Arc<Tally>,
}

impl Lab {
    /// Starts every behaviour on a port of the kernel's choosing.
    ///
    /// # Errors
    ///
    /// As for [`Builder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// A lab with choices.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What runs, in the order of [`BEHAVIOURS`].
    #[must_use]
    pub fn upstreams(&self) -> &[Upstream] {
        &self.upstreams
    }

    /// The upstream with this behaviour, if it runs.
    #[must_use]
    pub fn upstream(&self, name: &str) -> Option<&Upstream> {
        self.upstreams.iter().find(|upstream| upstream.name() == name)
    }

    /// The root certificate that the proxy under test should trust, in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca.pem
    }

    /// The same in a file below [`std::env::temp_dir`], which is removed with the lab.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca.path
    }

    /// The name server (UDP) that knows the names of the `dns_*` upstreams.
    #[must_use]
    pub fn resolver(&self) -> SocketAddr {
        self.resolver
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for address in self.upstreams.iter().filter_map(|upstream| upstream.address) {
            let _ = TcpStream::connect_timeout(&address, FULL);
        }
        if let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            let _ = socket.send_to(&[], self.resolver);
        }
        let start = Instant::now();
        while start.elapsed() < GOODBYE && self.threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Builder {
    /// Takes consecutive ports from this one on, in the order of [`BEHAVIOURS`], one for each
    /// behaviour whether it needs a port or not. The [name server](Lab::resolver) takes the first of them as well,
    /// on UDP. 0, the default: ports of the kernel's choosing.
    #[must_use]
    pub fn base_port(mut self, port: u16) -> Self {
        self.base_port = port;
        self
    }

    /// Next hops that speak HTTP/2 instead: [`HTTP2_BEHAVIOURS`], by prior knowledge in the clear and by ALPN over TLS.
    #[must_use]
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Starts only the behaviours with these names.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.only = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Starts the lab.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a name that is not in [`BEHAVIOURS`] or a
    /// base port too high for them all; otherwise whatever the system says about ports, threads or
    /// the temporary file.
    pub fn start(self) -> io::Result<Lab> {
        let chosen = self.chosen()?;
        let authority = Authority::new()?;
        let ca = CaFile::write(authority.pem())?;
        let stop = Arc::new(AtomicBool::new(false));
        let (resolver, thread) = dns::start(self.base_port, Arc::clone(&stop))?;
        // From here on a failure drops the lab, which ends what was started.
        let mut lab = Lab {
            upstreams: Vec::with_capacity(chosen.len()),
            ca,
            resolver,
            stop,
            threads: vec![thread],
            held: Vec::new(),
        };
        for (n, behaviour) in chosen.into_iter().enumerate() {
            let port = match self.base_port {
                0 => 0,
                base => u16::try_from(n)
                    .ok()
                    .and_then(|n| base.checked_add(n))
                    .ok_or_else(|| invalid("the base port is too high"))?,
            };
            lab.open(behaviour, port, &authority)?;
        }
        Ok(lab)
    }

    fn chosen(&self) -> io::Result<Vec<&'static Behaviour>> {
        let table = if self.http2 { HTTP2_BEHAVIOURS } else { BEHAVIOURS };
        let Some(names) = &self.only else {
            return Ok(table.iter().collect());
        };
        let known = |name: &String| table.iter().any(|behaviour| behaviour.name == name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            return Err(invalid(&format!("no behaviour is called {unknown:?}")));
        }
        let wanted = |behaviour: &&Behaviour| names.iter().any(|name| name == behaviour.name);
        Ok(table.iter().filter(wanted).collect())
    }
}

impl Lab {
    /// Starts one upstream.
    fn open(&mut self, behaviour: &'static Behaviour, port: u16, ca: &Authority) -> io::Result<()> {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut host = "127.0.0.1";
        let mut tls = None;
        let listener = match &behaviour.act {
            Act::Url(url) => {
                self.upstreams.push(Upstream::new(behaviour, (*url).to_owned()));
                return Ok(());
            }
            Act::Refused => {
                // Bound, so that no other socket gets the port; not listening, so that it refuses.
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
                socket.bind(&local.into())?;
                let address = address_of(&socket)?;
                self.held.push(socket);
                self.upstreams.push(Upstream::new(behaviour, format!("http://{address}")));
                return Ok(());
            }
            Act::Blackhole => {
                let address = self.blackhole(local)?;
                self.upstreams.push(Upstream::new(behaviour, format!("http://{address}")));
                return Ok(());
            }
            Act::Named(name, _) => {
                host = name;
                TcpListener::bind(local)?
            }
            Act::Tls(cert, _) => {
                tls = Some(ca.server(cert)?);
                TcpListener::bind(local)?
            }
            Act::Http2(script) => {
                if let Some(below) = &script.tls {
                    let mut config = (*ca.server(&below.cert)?).clone();
                    config.alpn_protocols = below.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
                    tls = Some(Arc::new(config));
                }
                TcpListener::bind(local)?
            }
            Act::Say(..) | Act::Greet(..) | Act::Plain(_) | Act::NotTls(_) => TcpListener::bind(local)?,
        };
        let address = listener.local_addr()?;
        let scheme = if behaviour.tls { "https" } else { "http" };
        let url = format!("{scheme}://{host}:{}", address.port());
        let mut upstream = Upstream::new(behaviour, url);
        upstream.address = Some(address);
        let server = Server { behaviour, tls, tally: Arc::clone(&upstream.tally), stop: Arc::clone(&self.stop) };
        let thread =
            thread::Builder::new().name(format!("lab-{}", behaviour.name)).spawn(move || server.accept(&listener))?;
        self.threads.push(thread);
        self.upstreams.push(upstream);
        Ok(())
    }

    /// A listener that never accepts, and whose queue we fill ourselves: every further SYN is
    /// dropped, as a firewall would. (Linux; elsewhere a full queue may refuse.)
    fn blackhole(&mut self, local: SocketAddr) -> io::Result<SocketAddr> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        #[cfg(unix)]
        listener.set_reuse_address(true)?;
        listener.bind(&local.into())?;
        listener.listen(0)?;
        let address = address_of(&listener)?;
        self.held.push(listener);
        // Linux queues one connection more than asked for; other systems have a larger least.
        for _ in 0..256 {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            if filler.connect_timeout(&address.into(), FULL).is_err() {
                break;
            }
            self.held.push(filler);
        }
        Ok(address)
    }
}

impl Upstream {
    fn new(behaviour: &'static Behaviour, url: String) -> Self {
        Self { behaviour, url, address: None, tally: Arc::default() }
    }

    /// What it does.
    #[must_use]
    pub fn behaviour(&self) -> &'static Behaviour {
        self.behaviour
    }

    /// The name of what it does.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.behaviour.name
    }

    /// Where it is: scheme, host and port, without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it accepts connections on; `None` where nothing ever accepts.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What it has seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally.counts()
    }
}

/// What the thread of one upstream needs.
#[derive(Clone)]
struct Server {
    behaviour: &'static Behaviour,
    tls: Option<Arc<ServerConfig>>,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
}

impl Server {
    fn accept(&self, listener: &TcpListener) {
        loop {
            let accepted = listener.accept();
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            let Ok((socket, _)) = accepted else {
                // Out of file descriptors, most likely: a busy loop would not free any.
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            self.tally.connection();
            let server = self.clone();
            // No thread to be had: the connection is dropped, which is what a lab can do about it.
            let _ =
                thread::Builder::new().name(format!("lab-{}", self.behaviour.name)).spawn(move || server.serve(socket));
        }
    }

    fn serve(self, socket: TcpStream) {
        let Ok(mut peer) = Peer::new(socket, self.tls, self.tally, self.stop) else {
            return;
        };
        if self.behaviour.act.play(&mut peer).is_err() {
            // The peer may still be owed something, a TLS alert above all; an RST would destroy it.
            let _ = peer.end(Then::Fin);
        }
    }
}

/// The root certificate in a file, for as long as this lives.
#[derive(Debug)]
struct CaFile {
    pem: String,
    path: PathBuf,
}

impl CaFile {
    fn write(pem: &str) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("badgateway-lab-{pid}-{n}.pem"));
            // Never through a file (or a link) that is already there.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let this = Self { pem: pem.to_owned(), path };
                    file.write_all(pem.as_bytes())?;
                    return Ok(this);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn address_of(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| invalid("not an internet address"))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
