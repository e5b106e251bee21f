//! TLS on either side, and the version that ALPN chooses in it.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::client::Client;
use crate::upstream::{Front, OK, Upstream, status};

/// A certificate for 127.0.0.1, in files and in memory.
struct Identity {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("badgateway-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        Self { folder, certificate: made.cert.der().clone(), key }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn behind(&self, up: &Upstream, flags: &[&str]) -> Front {
        let (cert, key) = (self.file("cert.pem"), self.file("key.pem"));
        up.behind(&[&["--tls-cert", &cert, "--tls-key", &key][..], flags].concat())
    }

    async fn connect(&self, front: &Front, speaks: &[&str]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = speaks.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(front.proxy.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Says what it was told of the client, or half a body.
fn plain() -> Upstream {
    Upstream::start(|peer| {
        while let Some(request) = peer.request() {
            if request.contains("/cut") {
                peer.say("HTTP/1.1 200 OK\r\n\r\nhalf");
                std::thread::sleep(Duration::from_millis(100));
                return socket2::SockRef::from(&peer.stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
            let secure = request.to_lowercase().contains("x-forwarded-proto: https");
            peer.say(if secure { OK } else { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" });
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_choose_by_alpn_and_a_cut_is_a_cut_to_each() {
    let (identity, up) = (Identity::new(), plain());
    let front = identity.behind(&up, &[]);
    let io = identity.connect(&front, &["h2", "http/1.1"]).await;
    assert_eq!(io.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (send, connection) = h2::client::handshake(io).await.unwrap();
    let client = Client::of(send, connection);
    let answer = client.get("/up/x").await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..], answer.reset), (200, &b"ok"[..], None));
    let answer = client.get("/up/cut").await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..], answer.reset),
        (200, &b"half"[..], Some(Reason::INTERNAL_ERROR))
    );
    for (speaks, version) in [(&["http/1.1"][..], "1.1"), (&[], "1.1"), (&["http/1.1"], "1.0")] {
        for (path, is_cut) in [("x", false), ("cut", true)] {
            let mut io = identity.connect(&front, speaks).await;
            let request = format!("GET /up/{path} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n");
            io.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Without a `close_notify` the end is an error (RFC 9112 section 9.8).
            let end = io.read_to_end(&mut answer).await;
            let answer = String::from_utf8_lossy(&answer);
            assert_eq!(status(&answer), "200", "{version}: {answer}");
            assert_eq!(end.is_err(), is_cut, "{version} {path}: {end:?} behind {answer}");
        }
    }
}

/// Who fails the handshake, or never does it, costs a time that is bounded, and no line of the log.
#[test]
fn a_handshake_that_fails_is_over_soon() {
    let (identity, up) = (Identity::new(), plain());
    let front = identity.behind(&up, &["--tls-timeout", "400ms"]);
    for says in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\0\x01"]
    {
        let mut client = front.connect();
        std::io::Write::write_all(&mut client, says.as_bytes()).unwrap();
        let begun = Instant::now();
        let _ = client.read_to_end(&mut Vec::new());
        assert!(begun.elapsed() < Duration::from_millis(1500), "{says:?}: {:?}", begun.elapsed());
    }
    assert!(front.proxy.lines().is_empty(), "{:?}", front.proxy.lines());
}

/// A next hop in TLS speaks what it has chosen, and HTTP/1.1 where it has not.
#[tokio::test(flavor = "multi_thread")]
async fn next_hops_choose_by_alpn() {
    for (speaks, is_http2) in [(&["h2"][..], true), (&["http/1.1", "h2"], false), (&["http/1.1"], false), (&[], false)]
    {
        let identity = Identity::new();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
            .unwrap();
        config.alpn_protocols = speaks.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut io) = acceptor.accept(stream).await else { return };
                    if io.get_ref().1.alpn_protocol() == Some(b"h2") {
                        let mut connection = h2::server::handshake(io).await.unwrap();
                        while let Some(Ok((request, mut respond))) = connection.accept().await {
                            assert_eq!(request.uri().scheme_str(), Some("https"));
                            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                            body.send_data("by 2".into(), true).unwrap();
                        }
                        return;
                    }
                    let mut buffer = [0; 2000];
                    while matches!(io.read(&mut buffer).await, Ok(1..)) {
                        io.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nby 1").await.unwrap();
                    }
                });
            }
        });
        let route = format!("/tls=https://{address}");
        let ca = identity.file("cert.pem");
        let front = Upstream::start(|_| {}).behind(&["--http2", "--ca", &ca, "--route", &route]);
        for _ in 0..3 {
            let answer = tokio::task::block_in_place(|| {
                front.talk("GET /tls/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            });
            let by = if is_http2 { "by 2" } else { "by 1" };
            assert!(status(&answer) == "200" && answer.contains(by), "{speaks:?}: {answer}");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{speaks:?}");
        assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
    }
}
