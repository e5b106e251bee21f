//! A client of HTTP/2, which sees how a stream ends.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::client::{Connection, SendRequest};
use http::{HeaderMap, Request, StatusCode};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::upstream::PATIENCE;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
    /// How the stream was reset, if it was.
    pub(crate) reset: Option<Reason>,
}

/// A connection, and the task that drives it.
pub(crate) struct Client {
    pub(crate) send: SendRequest<Bytes>,
    pub(crate) driver: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (send, connection) = h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
        Self::of(send, connection)
    }

    pub(crate) fn of<T>(send: SendRequest<Bytes>, connection: Connection<T, Bytes>) -> Self
    where
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        Self { send, driver: tokio::spawn(connection) }
    }

    /// Sends a request with this body, and reads all that comes.
    pub(crate) async fn ask(&self, request: Request<()>, body: &'static [u8]) -> Result<Answer, h2::Error> {
        let mut send = self.send.clone().ready().await?;
        let (response, mut upload) = send.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            upload.send_data(Bytes::from_static(body), true)?;
        }
        timeout(PATIENCE, read(response)).await.expect("it hangs")
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, h2::Error> {
        self.ask(Request::get(format!("http://a{path}")).body(()).unwrap(), b"").await
    }
}

/// Reads a response to its end.
pub(crate) async fn read(response: h2::client::ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut inner) = response.await?.into_parts();
    let mut answer =
        Answer { status: head.status, fields: head.headers, body: Vec::new(), trailers: HeaderMap::new(), reset: None };
    while let Some(bytes) = inner.data().await {
        match bytes {
            Ok(bytes) => {
                let _ = inner.flow_control().release_capacity(bytes.len());
                answer.body.extend(bytes);
            }
            Err(error) => {
                answer.reset = Some(error.reason().unwrap_or_else(|| panic!("{error:?}")));
                return Ok(answer);
            }
        }
    }
    match inner.trailers().await {
        Ok(trailers) => answer.trailers = trailers.unwrap_or_default(),
        Err(error) => answer.reset = error.reason(),
    }
    Ok(answer)
}

/// For what happens elsewhere in a moment.
pub(crate) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}
