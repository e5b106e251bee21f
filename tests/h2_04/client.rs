//! The clients: h2 itself, hyper, and hyper inside wrappers as reqwest and tonic have them.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use badgateway::fault::Phase;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::peer::{Then, serve};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Longer than anything takes that comes, on a machine that has other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// For what never comes.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

/// A wrapper as reqwest and tonic have them: it gives what it holds as its source.
#[derive(Debug)]
struct Wrapper(BoxError);

impl fmt::Display for Wrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something went wrong")
    }
}

impl Error for Wrapper {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    H2,
    Hyper,
    Wrapped,
}
pub(crate) const CLIENTS: [Client; 3] = [Client::H2, Client::Hyper, Client::Wrapped];

/// What one exchange came to.
pub(crate) struct Outcome {
    /// The error of the stream, with the phase it came in.
    pub(crate) stream: Result<Vec<u8>, (Phase, BoxError)>,
    /// How the connection ended, if it has.
    pub(crate) connection: Result<(), BoxError>,
}

pub(crate) fn post() -> http::request::Builder {
    Request::post("http://upstream.example/pay")
}

pub(crate) async fn exchange(client: Client, answer: Vec<u8>, then: Then) -> Outcome {
    let stream = TcpStream::connect(serve(answer, then).await).await.unwrap();
    let patience = if then == Then::Silence { SHORT } else { PATIENCE };
    match client {
        Client::H2 => through_h2(stream, patience).await,
        Client::Hyper => through_hyper(stream, patience).await,
        Client::Wrapped => {
            let mut outcome = through_hyper(stream, patience).await;
            outcome.stream = outcome.stream.map_err(|(phase, error)| (phase, Wrapper(Wrapper(error).into()).into()));
            outcome.connection = outcome.connection.map_err(|error| Wrapper(error).into());
            outcome
        }
    }
}

pub(crate) async fn through_h2(stream: TcpStream, patience: Duration) -> Outcome {
    let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut phase = Phase::Head;
    let stream = timeout(patience, async {
        let at = |phase: Phase| move |error: h2::Error| (phase, BoxError::from(error));
        let (response, _) = send.send_request(post().body(()).unwrap(), true).map_err(at(Phase::Send))?;
        let mut body = response.await.map_err(at(Phase::Head))?.into_body();
        phase = Phase::Body;
        let mut content = Vec::new();
        while let Some(bytes) = body.data().await {
            content.extend(bytes.map_err(at(Phase::Body))?);
        }
        Ok(content)
    });
    let stream = stream.await.unwrap_or_else(|elapsed| Err((phase, elapsed.into())));
    drop(send);
    let connection = match timeout(patience, connection).await {
        Ok(ended) => ended.unwrap().map_err(BoxError::from),
        Err(_) => Ok(()),
    };
    Outcome { stream, connection }
}

pub(crate) async fn through_hyper(stream: TcpStream, patience: Duration) -> Outcome {
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut phase = Phase::Head;
    let stream = timeout(patience, async {
        let request = post().body(Empty::<Bytes>::new()).unwrap();
        let mut body =
            send.send_request(request).await.map_err(|error| (Phase::Head, BoxError::from(error)))?.into_body();
        phase = Phase::Body;
        let mut content = Vec::new();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|error| (Phase::Body, BoxError::from(error)))?.into_data() {
                content.extend(bytes);
            }
        }
        Ok(content)
    });
    let stream = stream.await.unwrap_or_else(|elapsed| Err((phase, elapsed.into())));
    drop(send);
    let connection = match timeout(patience, connection).await {
        Ok(ended) => ended.unwrap().map_err(BoxError::from),
        Err(_) => Ok(()),
    };
    Outcome { stream, connection }
}
