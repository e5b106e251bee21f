//! Clients that know nothing of this crate, and say whether what they got was whole.

use std::io;
use std::net::SocketAddr;

use http::{HeaderMap, Version};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::gateway::{Case, Downstream};

/// What a client makes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Whole,
    /// The end of its connection came too early.
    Short(Close),
    /// Its stream was reset, with this code.
    Reset(u32),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// FIN, and over TLS `close_notify` before it.
    Orderly,
    /// Over TLS: FIN without `close_notify`.
    Unannounced,
    Reset,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
    pub(crate) verdict: Verdict,
    /// How the connection ended, where the client waited for it.
    pub(crate) close: Option<Close>,
    /// What another request on the same connection got, where there can be one.
    pub(crate) again: Option<Vec<u8>>,
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One request, and all that came of it.
pub(crate) async fn ask(case: Case, address: SocketAddr, connector: TlsConnector) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let stream: Box<dyn Stream> = if case.tls {
        Box::new(connector.connect("localhost".try_into().unwrap(), stream).await.unwrap())
    } else {
        Box::new(stream)
    };
    match case.downstream.version() {
        Version::HTTP_2 => http2(stream, case.downstream == Downstream::Grpc).await,
        version => http1(stream, version).await,
    }
}

async fn http1(mut stream: Box<dyn Stream>, version: Version) -> Answer {
    let request = format!("GET / {version:?}\r\nhost: h\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut bytes = Vec::new();
    let close = match stream.read_to_end(&mut bytes).await {
        Ok(_) => Close::Orderly,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Close::Unannounced,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Close::Reset,
        Err(error) => panic!("{error:?}"),
    };
    read(&bytes, version, close)
}

/// RFC 9112 sections 4 to 7, without a thought for speed.
fn read(bytes: &[u8], version: Version, close: Close) -> Answer {
    let head_end =
        find(bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..head_end]).unwrap();
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap();
    let status = status_line.strip_prefix(&format!("{version:?} ")).unwrap()[..3].parse().unwrap();
    let headers: HeaderMap = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect::<Vec<(http::HeaderName, http::HeaderValue)>>()
        .into_iter()
        .collect();
    let rest = &bytes[head_end + 4..];
    let (body, complete) = if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        chunks(rest)
    } else if let Some(length) = headers.get("content-length") {
        let length: usize = length.to_str().unwrap().parse().unwrap();
        assert!(rest.len() <= length, "more than announced");
        (rest.to_vec(), rest.len() == length)
    } else {
        (rest.to_vec(), close == Close::Orderly)
    };
    let verdict = if complete { Verdict::Whole } else { Verdict::Short(close) };
    Answer { status, headers, body, trailers: HeaderMap::new(), verdict, close: Some(close), again: None }
}

/// The content, and whether the last chunk came.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    while let Some(line_end) = find(rest, b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).unwrap(), 16).unwrap();
        rest = &rest[line_end + 2..];
        if size == 0 {
            assert_eq!(rest, b"\r\n", "nothing comes after the last chunk");
            return (content, true);
        }
        content.extend(&rest[..size.min(rest.len())]);
        match rest.get(size + 2..) {
            Some(next) => rest = next,
            None => return (content, false),
        }
    }
    (content, false)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

async fn http2(stream: Box<dyn Stream>, grpc: bool) -> Answer {
    let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = |path: &str| {
        let request = http::Request::get(format!("http://localhost{path}"));
        if grpc { request.header("content-type", "application/grpc") } else { request }.body(()).unwrap()
    };
    let (response, _) = send.send_request(request("/"), true).unwrap();
    let (head, mut stream) = response.await.expect("a head").into_parts();
    let (mut body, mut verdict, mut trailers) = (Vec::new(), Verdict::Whole, HeaderMap::new());
    while let Some(data) = stream.data().await {
        match data {
            Ok(data) => {
                stream.flow_control().release_capacity(data.len()).unwrap();
                body.extend(data);
            }
            Err(error) => {
                assert!(error.is_reset() && error.is_remote(), "{error:?}");
                verdict = Verdict::Reset(error.reason().unwrap().into());
                break;
            }
        }
    }
    if verdict == Verdict::Whole {
        trailers = stream.trailers().await.unwrap().unwrap_or_default();
        assert!(stream.is_end_stream());
    }
    // One stream is cut, and the others live on.
    let (response, _) = send.send_request(request("/again"), true).unwrap();
    let mut again = response.await.unwrap().into_body();
    let again = again.data().await.unwrap().unwrap().to_vec();
    drop((send, stream));
    connection.abort();
    let (status, headers) = (head.status.as_u16(), head.headers);
    Answer { status, headers, body, trailers, verdict, close: None, again: Some(again) }
}
