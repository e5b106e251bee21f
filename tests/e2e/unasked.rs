//! A next hop that speaks before it is asked: what it says answers nobody. "If a client receives data on a connection that
//! doesn't have outstanding requests, the client MUST NOT consider that data to be a response to a not-yet-issued request"
//! (RFC 9112 section 9.2). Read or unread, decrypted or not, on a new connection as on one that was kept.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use badgateway::lab::Lab;
use badgateway::lab::probe::{self, Request};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::PATIENCE;
use crate::front::{Front, Program};
use crate::harness::{Engine, Proxy, in_parallel};

const PROXIES: [Program; 2] = [Program::Proxy, Program::ProxyH1];
const HONEST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest";
/// What nobody asked for.
const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

/// What is under HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Under {
    Tcp,
    Tls12,
    Tls13,
}

/// When the first connection says it, and how much of it. The rest comes when the next request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// In one piece with the end of the handshake.
    WithTheHandshake,
    /// All but the end of the record with the handshake, and that a moment later.
    HalfWithTheHandshake,
    /// In one piece with the response to the first request.
    WithTheResponse,
    /// A moment behind it.
    Behind,
    /// All but the end of a TLS record.
    HalfBehind,
}

impl Says {
    const fn is_before_any_request(self) -> bool {
        matches!(self, Self::WithTheHandshake | Self::HalfWithTheHandshake)
    }
}

/// A certificate for 127.0.0.1 that signs itself, and the file with it that a proxy is to trust.
struct Identity {
    params: rcgen::Certificate,
    key: KeyPair,
    file: PathBuf,
}

impl Identity {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let file = std::env::temp_dir().join(format!("badgateway-unasked-{}-{number}.pem", std::process::id()));
        fs::write(&file, params.pem()).unwrap();
        Self { params, key, file }
    }

    fn config(&self, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(vec![self.params.der().clone()], key).unwrap();
        config.send_half_rtt_data = true;
        Arc::new(config)
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// The next hop's side of a connection.
struct Peer {
    stream: TcpStream,
    tls: Option<ServerConnection>,
}

impl Peer {
    fn new(stream: TcpStream, config: Option<Arc<ServerConfig>>) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, tls: config.map(|config| ServerConnection::new(config).unwrap()) }
    }

    /// The bytes that say it, as they go over the wire.
    fn say(&mut self, text: &str) -> Vec<u8> {
        let Some(tls) = &mut self.tls else { return text.as_bytes().to_vec() };
        tls.writer().write_all(text.as_bytes()).unwrap();
        self.pending()
    }

    fn pending(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut out).unwrap();
            }
        }
        out
    }

    /// Reads some of the client's side, and gives back what it says.
    fn hear(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 4096];
        let n = self.stream.read(&mut bytes).ok().filter(|n| *n > 0)?;
        bytes.truncate(n);
        let Some(tls) = &mut self.tls else { return Some(bytes) };
        let mut records = bytes.as_slice();
        while !records.is_empty() {
            tls.read_tls(&mut records).unwrap();
            tls.process_new_packets().ok()?;
        }
        let mut plain = Vec::new();
        let _ = tls.reader().read_to_end(&mut plain);
        Some(plain)
    }

    /// A whole head.
    fn request(&mut self, heard: &mut Vec<u8>) -> Option<()> {
        while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
            let plain = self.hear()?;
            heard.extend(plain);
            let flight = self.pending();
            self.stream.write_all(&flight).ok()?;
        }
        heard.clear();
        Some(())
    }

    /// Its whole life. `None` is an honest one.
    fn serve(mut self, says: Option<Says>) -> Option<()> {
        let mut heard = Vec::new();
        if says.is_some_and(Says::is_before_any_request) {
            let version = self.tls.as_mut()?;
            // It is kept until it may go out: with the server's last flight of the handshake.
            version.writer().write_all(POISON.as_bytes()).unwrap();
            let mut flight = Vec::new();
            // The last 30 bytes of a record of that length are of it.
            while flight.len() < POISON.len() || self.tls.as_ref()?.is_handshaking() && flight.is_empty() {
                self.hear()?;
                flight = self.pending();
                let is_last = self.tls.as_ref()?.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3)
                    || !self.tls.as_ref()?.is_handshaking();
                if is_last && says == Some(Says::HalfWithTheHandshake) {
                    let (most, end) = flight.split_at(flight.len() - 30);
                    self.stream.write_all(most).ok()?;
                    thread::sleep(Duration::from_millis(300));
                    self.stream.write_all(end).ok()?;
                    break;
                }
                self.stream.write_all(&flight).ok()?;
                if is_last {
                    break;
                }
                flight.clear();
            }
        }
        self.request(&mut heard)?;
        let mut bytes = self.say(HONEST);
        let mut rest = Vec::new();
        match says {
            Some(Says::WithTheResponse) => bytes.extend(self.say(POISON)),
            Some(Says::Behind | Says::HalfBehind) => {
                self.stream.write_all(&bytes).ok()?;
                thread::sleep(Duration::from_millis(30));
                bytes = self.say(POISON);
                if says == Some(Says::HalfBehind) {
                    rest = bytes.split_off(bytes.len() - 30);
                }
            }
            Some(Says::WithTheHandshake | Says::HalfWithTheHandshake) | None => {}
        }
        self.stream.write_all(&bytes).ok()?;
        loop {
            self.request(&mut heard)?;
            self.stream.write_all(&rest).ok()?;
            rest = self.say(HONEST);
            self.stream.write_all(&rest).ok()?;
            rest.clear();
        }
    }
}

/// A next hop whose first connection says that, and whose others are honest; how many there were.
fn next_hop(under: Under, identity: &Identity, says: Says) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scheme = if under == Under::Tcp { "http" } else { "https" };
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    let config = match under {
        Under::Tcp => None,
        Under::Tls12 => Some(identity.config(&TLS12)),
        Under::Tls13 => Some(identity.config(&TLS13)),
    };
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let peer = Peer::new(stream.unwrap(), config.clone());
            thread::spawn(move || peer.serve(is_first.then_some(says)));
        }
    });
    (url, connections)
}

fn get(front: &Front) -> probe::Answer {
    probe::send(front.address, &Request::new().timeout(PATIENCE)).unwrap()
}

#[test]
fn what_comes_between_two_requests_answers_neither() {
    let identity = Identity::new();
    let cases = PROXIES.map(|program| {
        [
            (program, Under::Tcp, Says::WithTheResponse),
            (program, Under::Tcp, Says::Behind),
            (program, Under::Tls12, Says::WithTheResponse),
            (program, Under::Tls12, Says::Behind),
            (program, Under::Tls12, Says::HalfBehind),
            (program, Under::Tls13, Says::WithTheResponse),
            (program, Under::Tls13, Says::Behind),
            (program, Under::Tls13, Says::HalfBehind),
        ]
    });
    in_parallel(cases.as_flattened(), 4, |(program, under, says)| {
        let what = format!("{} over {under:?}: {says:?}", program.name());
        let (url, connections) = next_hop(*under, &identity, *says);
        let front = Front::start_with(*program, &url, &["--ca", identity.file.to_str().unwrap()]);
        for n in 0..4 {
            let answer = get(&front);
            assert_eq!((answer.status, answer.body.as_slice()), (Some(200), &b"honest"[..]), "{what}, {n}");
            thread::sleep(Duration::from_millis(60));
        }
        // The one that spoke is closed, and the next one is kept.
        assert_eq!(connections.load(Ordering::SeqCst), 2, "{what}");
        assert_eq!(front.faults(0).len(), 0, "{what}");
    });
}

#[test]
fn what_comes_before_the_first_request_answers_none() {
    let identity = Identity::new();
    let cases = PROXIES.map(|program| {
        [Under::Tls12, Under::Tls13]
            .map(|under| [Says::WithTheHandshake, Says::HalfWithTheHandshake].map(|says| (program, under, says)))
    });
    in_parallel(cases.as_flattened().as_flattened(), 4, |(program, under, says)| {
        let what = format!("{} over {under:?}: {says:?}", program.name());
        let (url, _) = next_hop(*under, &identity, *says);
        let front = Front::start_with(*program, &url, &["--ca", identity.file.to_str().unwrap()]);
        let first = get(&front);
        println!("{what}: {:?}", first.status);
        assert_ne!(first.body, b"poison", "{what}");
        // Nothing had been sent, so that another connection could be tried.
        if first.status != Some(200) {
            assert_eq!(first.status, Some(502), "{what}");
            let faults = front.faults(1);
            let [fault] = faults.as_slice() else { panic!("{what}: {faults:?}") };
            assert_eq!(fault.text("fault").as_deref(), Some("unsolicited_response"), "{what}: {}", fault.0);
            assert_eq!(fault.text("applied").as_deref(), Some("no"), "{what}: {}", fault.0);
            // What it said is for the operator: a 408 says that the next hop had waited long enough.
            if *says == Says::WithTheHandshake {
                assert_eq!(fault.number("received_status"), Some(200), "{what}: {}", fault.0);
            }
        }
        assert_eq!(get(&front).body, b"honest", "{what}");
    });
}

/// The look at the kernel before the first byte meets a reset as well, and the kernel tells it once.
#[test]
fn a_reset_that_the_look_met_is_told() {
    let lab = Lab::builder().only(&["reset_on_accept"]).start().unwrap();
    let proxy = Proxy::start(Engine::Hyper, &lab, &[]);
    let turns: Vec<usize> = (0..400).collect();
    in_parallel(&turns, 8, |turn| {
        let request = Request::new().path(&format!("/reset_on_accept/{turn}"));
        assert_eq!(probe::send(proxy.address, &request).unwrap().status, Some(502));
    });
    thread::sleep(Duration::from_millis(300));
    let records = proxy.records();
    assert_eq!(records.len(), turns.len());
    for record in records.values().flatten() {
        let fault = record.text("fault").unwrap();
        // In which call it is met is a race.
        assert!(["connect_reset", "reset_before_response", "send_reset"].contains(&fault.as_str()), "{}", record.0);
    }
}
