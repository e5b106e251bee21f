//! The client's socket under a real hyper server: a cut body that only the end of the connection delimits is seen as one.
#![cfg(all(feature = "hyper1", feature = "tokio1", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::convert::Infallible;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use badgateway::adapters::tokio1::Downstream;
use badgateway::body::{AbortHandle, Guard};
use badgateway::fault::{Fault, FaultKind};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Says "hello", and then fails or ends.
struct Hello {
    said: bool,
    fails: bool,
}

impl Body for Hello {
    type Data = Bytes;
    type Error = io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !std::mem::replace(&mut self.said, true) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"hello")))));
        }
        Poll::Ready(self.fails.then(|| Err(ErrorKind::ConnectionReset.into())))
    }
}

async fn answer<T>(io: T, socket: AbortHandle, fails: bool)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |_| {
        let guard = Guard::new(|_: &(dyn std::error::Error + 'static), _: &_| Fault::new(FaultKind::BodyReset));
        let body = guard.aborting(socket.clone()).around(Hello { said: false, fails });
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
}

/// A listener for one client of each kind: whose body is whole, and whose is cut.
async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// What an HTTP/1.0 client reads, and how it ends.
async fn ask<T: AsyncRead + AsyncWrite + Unpin>(mut io: T) -> (String, Result<(), ErrorKind>) {
    io.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    let end = io.read_to_end(&mut all).await;
    (String::from_utf8(all).unwrap(), end.map(|_| ()).map_err(|error| error.kind()))
}

#[tokio::test]
async fn a_cut_body_ends_with_a_reset_and_a_whole_one_with_fin() {
    let (listener, address) = listen().await;
    for (fails, end) in [(false, Ok(())), (true, Err(ErrorKind::ConnectionReset)), (false, Ok(()))] {
        let client = tokio::spawn(async move { ask(TcpStream::connect(address).await.unwrap()).await });
        let (io, socket) = Downstream::new(listener.accept().await.unwrap().0);
        answer(io, socket.clone(), fails).await;
        assert_eq!(socket.is_set(), fails);
        let (read, how) = client.await.unwrap();
        assert_eq!(how, end, "{read:?}");
        // Of a reset the client's kernel may drop what was not read yet.
        assert!(fails || read.ends_with("\r\n\r\nhello"), "{read:?}");
    }
}

/// A FIN before the reset would have ended the body well.
#[tokio::test]
async fn a_shutdown_sends_no_fin_once_the_handle_is_set() {
    let (listener, address) = listen().await;
    for set in [false, true] {
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut io, socket) = Downstream::new(listener.accept().await.unwrap().0);
        assert!(io.is_write_vectored());
        assert_eq!(io.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")]).await.unwrap(), 5);
        let mut read = [0; 5];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!((&read, io.get_ref().peer_addr().unwrap()), (b"abcde", client.local_addr().unwrap()));
        if set {
            socket.set();
        }
        io.shutdown().await.unwrap();
        if !set {
            assert_eq!(client.read(&mut read).await.unwrap(), 0);
        }
        drop(io);
        if set {
            assert_eq!(client.read(&mut read).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
    }
}

/// Under TLS: no `close_notify`, and a reset.
#[tokio::test]
async fn a_cut_body_over_tls_has_no_close_notify() {
    let made = rcgen::generate_simple_self_signed(["lab.test".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider));
    let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(server.with_single_cert(vec![certificate.clone()], key).unwrap()));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(client.with_root_certificates(roots).with_no_client_auth()));

    let (listener, address) = listen().await;
    for fails in [false, true] {
        let connector = connector.clone();
        let client = tokio::spawn(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            ask(connector.connect(ServerName::try_from("lab.test").unwrap(), stream).await.unwrap()).await
        });
        let (io, socket) = Downstream::new(listener.accept().await.unwrap().0);
        answer(acceptor.accept(io).await.unwrap(), socket, fails).await;
        let (read, how) = client.await.unwrap();
        let expected = if fails { Err(ErrorKind::ConnectionReset) } else { Ok(()) };
        assert_eq!(how, expected, "{read:?}");
    }
}
