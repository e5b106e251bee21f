//! What a client sees: of HTTP/1 by the lab's probe, of HTTP/2 by hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use badgateway::lab::Rule;
use badgateway::lab::probe::{self, End, Request};
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::record::Record;

/// Behind the last of a gateway's timers.
///
/// The 10,000 chunks of `ok_many_chunks` take reqwest most of a second alone in a debug build, and more beside all the others.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// What came, as far as records and rules are about it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: Option<u16>,
    /// Whether the gateway made it.
    pub(crate) is_own: bool,
    pub(crate) has_length: bool,
    pub(crate) end: End,
    /// Why it breaks the rule, if it does.
    pub(crate) broken: Option<String>,
}

impl Seen {
    /// Whether the client saw that it had not the whole.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.end, End::Cut | End::Reset | End::Closed) && !self.is_own
    }

    /// What is wrong with the records, by what the client saw.
    pub(crate) fn mismatch(&self, version: Version, faults: &[Record]) -> Option<String> {
        let cut = self.is_cut();
        let [record] = faults else {
            let due = self.is_own || cut || !faults.is_empty();
            return due
                .then(|| format!("{} records for {:?} of {:?}: {faults:?}", faults.len(), self.end, self.status));
        };
        let status = self.status.map(u64::from);
        if self.is_own {
            let told = (record.text("decision"), record.number("status"));
            return (told != (Some("respond".into()), status))
                .then(|| format!("the client saw {status:?}: {}", record.0));
        }
        if !cut {
            return Some(format!("the client saw {status:?}, whole: {}", record.0));
        }
        // What the head had is what tells the client where its body ends.
        let how = match version {
            Version::HTTP_2 => "stream_reset",
            _ if self.has_length => "close_short",
            Version::HTTP_10 => "reset",
            _ => "no_last_chunk",
        };
        let told = (record.text("decision"), record.text("how"), record.number("forwarded_status"));
        (told != (Some("abort".into()), Some(how.into()), status) || (how == "reset" && self.end != End::Reset))
            .then(|| format!("the client saw {:?} of {status:?}, by {how}: {}", self.end, record.0))
    }
}

pub(crate) fn ask(address: SocketAddr, version: Version, rule: &Rule) -> Seen {
    if version == Version::HTTP_2 {
        return ask_http2(address, rule);
    }
    let answer = probe::send(address, &Request::new().version(version).timeout(PATIENCE)).unwrap();
    Seen {
        status: answer.status,
        is_own: answer.header("proxy-status").is_some_and(|value| value.starts_with("edge-1.example; error=")),
        has_length: answer.header("content-length").is_some(),
        end: answer.end,
        broken: answer.satisfies(rule).err(),
    }
}

fn ask_http2(address: SocketAddr, rule: &Rule) -> Seen {
    let request = http::Request::get("http://lab.test/").body(Full::<Bytes>::default()).unwrap();
    let (mut seen, headed) = match exchange(address, request) {
        Reply::Nothing(end) => (Seen { status: None, is_own: false, has_length: false, end, broken: None }, false),
        Reply::Head { status, headers, end, .. } => {
            let is_own =
                headers.get("proxy-status").is_some_and(|v| v.to_str().unwrap().starts_with("edge-1.example; error="));
            let has_length = headers.contains_key("content-length");
            (Seen { status: Some(status), is_own, has_length, end, broken: None }, true)
        }
    };
    let cut = headed && matches!(seen.end, End::Cut | End::Reset);
    let whole = |statuses: &[u16]| seen.end == End::Complete && seen.status.is_some_and(|s| statuses.contains(&s));
    let is_right = match rule {
        Rule::Cut => cut,
        Rule::Status(list) | Rule::Whole(list) | Rule::StatusOrWhole(list) => whole(list),
        Rule::StatusOrCut(list) | Rule::Limit(list) => cut || whole(list),
        other => panic!("{other:?} is new"),
    };
    let why = || format!("expected {rule}, but the answer is {:?} and ends {:?}", seen.status, seen.end);
    seen.broken = (!is_right).then(why);
    seen
}

/// An answer over HTTP/2.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one of each in a test
pub(crate) enum Reply {
    Nothing(End),
    Head { status: u16, headers: HeaderMap, body: Vec<u8>, trailers: Option<HeaderMap>, end: End },
}

/// One request on a connection of its own, by prior knowledge.
pub(crate) fn exchange<B>(address: SocketAddr, request: http::Request<B>) -> Reply
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (parts, mut incoming) = match timeout(PATIENCE, sender.send_request(request)).await {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(_)) => return Reply::Nothing(End::Reset),
            Err(_) => return Reply::Nothing(End::Hang),
        };
        let (mut body, mut trailers) = (Vec::new(), None);
        let end = loop {
            match timeout(PATIENCE, incoming.frame()).await {
                Err(_) => break End::Stuck,
                Ok(None) => break End::Complete,
                Ok(Some(Err(_))) => break End::Reset,
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => body.extend_from_slice(&data),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                },
            }
        };
        Reply::Head { status: parts.status.as_u16(), headers: parts.headers, body, trailers, end }
    })
}
