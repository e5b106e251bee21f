//! One exchange: from a request head to the last byte of the response, whoever makes it.
//!
//! Its one rule: nothing is sent twice that may have been applied, and nobody hears of a fault in a
//! status when it is too late for one.

use std::borrow::Cow;
use std::io::Write;
use std::net::{IpAddr, TcpStream};
use std::thread;
use std::time::Instant;

use badgateway::Exchange;
use badgateway::audit;
use badgateway::decide::{Decision, How, retry};
use badgateway::exchange::RequestBody;
use badgateway::fault::{Evidence, Failure, Fault, FaultKind};
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING, VIA};
use http::{HeaderValue, Version, request};

use crate::client::{After, Client};
use crate::connect::Link;
use crate::date;
use crate::relay::Reply;
use crate::request::{Body, Incoming};
use crate::route::Mounted;
use crate::serve::Proxy;
use crate::tunnel;
use crate::upload::{BodyReader, Upload};
use crate::upstream::{Attempt, Outcome, look};

/// What kept an exchange from getting its response, with what supports it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) evidence: Evidence,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, evidence: Evidence::new() }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { fault: failure.fault(), evidence: Evidence::new().with_error(&failure) }
    }
}

/// Serves one request.
pub(crate) fn run(proxy: &Proxy, client: &mut Client, incoming: Incoming) -> After {
    let Incoming { request, body, expects_continue, keep_alive } = incoming;
    let mut exchange = Exchange::of(&request);
    if body == Body::None {
        exchange.request_body = RequestBody::None;
        exchange.replayable = true;
    }
    let mut running = Running { proxy, exchange, started: Instant::now(), keep_alive };
    let (parts, ()) = request.into_parts();
    let Some((mounted, path)) = proxy.routes.find(&parts.uri) else {
        return running.give_up(client, Fault::new(FaultKind::NoRoute).into());
    };
    running.exchange.next_hop = Some(Cow::Owned(mounted.target.to_string()));
    let Some(head) = running.outgoing(parts, mounted, &path, client.address, body) else {
        return running.give_up(client, Fault::new(FaultKind::ProxyInternal).into());
    };
    let mut job = Job { mounted, head, body, expects_continue };
    running.take_along(&mut job, client);
    loop {
        match running.attempt(client, &job) {
            Ok(after) => return after,
            Err(trouble) if running.may_repeat(&trouble.fault) => running.exchange.attempts += 1,
            Err(trouble) => return running.give_up(client, trouble),
        }
    }
}

/// What is to be sent, and where to.
struct Job<'a> {
    mounted: &'a Mounted,
    /// The head, and the body if that had come already.
    head: Vec<u8>,
    /// What is still to come.
    body: Body,
    expects_continue: bool,
}

/// An exchange on its way: the facts so far.
struct Running<'a> {
    proxy: &'a Proxy,
    exchange: Exchange,
    started: Instant,
    keep_alive: bool,
}

impl Running<'_> {
    /// One try: a connection, the request, the response.
    fn attempt(&mut self, client: &mut Client, job: &Job<'_>) -> Result<After, Trouble> {
        let mut link = self.link(job.mounted)?;
        let Client { stream, input, .. } = client;
        let stream = &*stream;
        let upload = Upload::new(self.exchange.request_body);
        let mut reply = Reply::new(stream, &self.exchange);
        let result = self.exchange(job, stream, input, &mut link, &upload, &mut reply);
        if result.is_err() && reply.has_begun() {
            // What came before the fault was sound, and the cut is behind it.
            let _ = reply.flush(&mut self.exchange);
        }
        drop(reply);
        let all_sent = {
            let progress = upload.progress();
            self.exchange.request_body = progress.stage;
            self.exchange.sent = Some(progress.sent);
            progress.all_sent
        };
        match result? {
            Outcome::Whole { reusable, keep } => {
                if reusable && all_sent {
                    self.proxy.pool.put(&job.mounted.target, link);
                }
                Ok(if keep { After::Keep } else { self.close(client) })
            }
            Outcome::Tunnel => {
                tunnel::run(client, link);
                Ok(After::Close)
            }
        }
    }

    /// A connection: a used one for the first try, and never for a second, which the first one's age made
    /// necessary.
    fn link(&mut self, mounted: &Mounted) -> Result<Link, Trouble> {
        let pooled = if self.exchange.attempts == 1 { self.proxy.pool.take(&mounted.target) } else { None };
        self.exchange.reused = Some(pooled.is_some());
        match pooled {
            Some(link) => Ok(link),
            None => self.proxy.connector.connect(&mounted.target, &self.proxy.gateway).map_err(|failure| {
                self.exchange.sent = Some(0);
                self.exchange.phase = Some(failure.fault().phase());
                failure.into()
            }),
        }
    }

    fn exchange(
        &mut self,
        job: &Job<'_>,
        stream: &TcpStream,
        input: &mut Vec<u8>,
        link: &mut Link,
        upload: &Upload,
        reply: &mut Reply<'_>,
    ) -> Result<Outcome, Trouble> {
        // Connecting takes its time, and who has left meanwhile wants nothing any more.
        look(stream, upload)?;
        let Link { wire, buffer } = link;
        let wire = &*wire;
        let keep = self.keep_alive;
        let mut attempt =
            Attempt { proxy: self.proxy, exchange: &mut self.exchange, client: stream, wire, buffer, upload, keep };
        attempt.send(&job.head)?;
        let unread = input.is_empty();
        let Some(reader) = BodyReader::new(stream, input, job.body) else {
            let mut progress = upload.progress();
            progress.all_sent = progress.write_error.is_none();
            drop(progress);
            return attempt.receive(reply);
        };
        thread::scope(|scope| {
            if upload.progress().write_error.is_none() {
                if job.expects_continue && unread {
                    // Whether it could be written is seen when the body does not come.
                    let _ = (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                scope.spawn(move || upload.run(reader, wire));
            }
            let result = attempt.receive(reply);
            upload.stop();
            result
        })
    }

    /// Sends a body that has come with its head together with it: no second thread, one segment, and it can be
    /// produced again.
    fn take_along(&mut self, job: &mut Job<'_>, client: &mut Client) {
        let Body::Length(length) = job.body else { return };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= client.input.len()) else { return };
        job.head.extend(client.input.drain(..length));
        job.body = Body::None;
        self.exchange.request_body = RequestBody::Whole;
        self.exchange.replayable = true;
    }

    /// A connection that was kept may be closed just when the request goes out: the famous race. It is worth a
    /// second try, if that is safe: never for a POST that may have been read.
    fn may_repeat(&self, fault: &Fault) -> bool {
        use FaultKind::{ClosedBeforeResponse, ResetBeforeResponse, SendReset};
        matches!(fault.kind(), ClosedBeforeResponse | ResetBeforeResponse | SendReset)
            && self.exchange.reused == Some(true)
            && self.exchange.received.unwrap_or(0) == 0
            && retry::advise(fault, &self.exchange).is_safe()
    }

    /// The last word on an exchange that failed: a response, a visible cut, or nothing; and a record.
    fn give_up(mut self, client: &mut Client, trouble: Trouble) -> After {
        let Trouble { fault, evidence } = trouble;
        self.exchange.client_gone |= fault.kind() == FaultKind::ClientAborted;
        self.exchange.elapsed = Some(self.started.elapsed());
        let gateway = &self.proxy.gateway;
        let record = gateway.record(&fault, &self.exchange).with_evidence(&evidence);
        self.proxy.log.write(&fault, self.exchange.path.as_ref().map_or("", |p| p.as_str()), &record);
        match gateway.decide(&fault, &self.exchange) {
            Decision::Respond(_) => {
                let mut out = Vec::with_capacity(1024);
                gateway.answer_wire(&fault, &self.exchange, &mut out);
                let keep = self.keep_alive && self.is_read();
                complete(&mut out, keep);
                match client.stream.write_all(&out) {
                    Ok(()) if keep => After::Keep,
                    Ok(()) => self.close(client),
                    Err(_) => After::Close,
                }
            }
            Decision::Abort(How::Reset) => After::Reset,
            // Closing now is short of the length, or without the last chunk.
            Decision::Abort(_) | Decision::Silence => After::Close,
        }
    }

    fn close(&self, client: &Client) -> After {
        if self.is_read() && client.input.is_empty() { After::Close } else { After::Linger }
    }

    fn is_read(&self) -> bool {
        matches!(self.exchange.request_body, RequestBody::None | RequestBody::Whole)
    }

    /// The request head as it goes to the next hop. `None` for what cannot be one, which the parser of
    /// requests has ruled out.
    fn outgoing(
        &mut self,
        mut parts: request::Parts,
        mounted: &Mounted,
        path: &str,
        peer: Option<IpAddr>,
        body: Body,
    ) -> Option<Vec<u8>> {
        let headers = &mut parts.headers;
        let client_host = headers.remove(HOST);
        self.exchange.upgrade_offered = audit::tidy_request(headers, &self.exchange);
        if let Some(host) = client_host {
            headers.insert(HeaderName::from_static("x-forwarded-host"), host);
        }
        headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
        if let Some(peer) = peer {
            append(headers, HeaderName::from_static("x-forwarded-for"), &peer.to_string())?;
        }
        let received = if parts.version == Version::HTTP_10 { "1.0" } else { "1.1" };
        append(headers, VIA, &format!("{received} {}", self.proxy.name))?;
        match body {
            Body::Length(length) => drop(headers.insert(CONTENT_LENGTH, HeaderValue::from(length))),
            Body::Chunked => drop(headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))),
            Body::None => {}
        }
        let mut out = format!("{} {path} HTTP/1.1\r\n", parts.method).into_bytes();
        line(&mut out, HOST.as_str(), &mounted.authority);
        for (name, value) in headers.iter() {
            line(&mut out, name.as_str(), value);
        }
        out.extend_from_slice(b"\r\n");
        Some(out)
    }
}

fn line(out: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Adds a member to a list field.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) -> Option<()> {
    let value = match headers.get(&name).and_then(|v| v.to_str().ok()) {
        Some(before) => format!("{before}, {member}"),
        None => member.to_owned(),
    };
    headers.insert(name, HeaderValue::from_str(&value).ok()?);
    Some(())
}

/// Adds to a response what only a server knows: the time, and whether it goes on listening.
fn complete(out: &mut Vec<u8>, keep: bool) {
    let Some(end) = out.windows(2).position(|pair| pair == b"\r\n") else { return };
    let head = out.windows(4).position(|four| four == b"\r\n\r\n").and_then(|end| out.get(..end)).unwrap_or_default();
    let closes = head.windows(19).any(|window| window.eq_ignore_ascii_case(b"\r\nconnection: close"));
    let close = if keep || closes { "" } else { "Connection: close\r\n" };
    let fields = format!("Date: {}\r\n{close}", date::now());
    out.splice(end + 2..end + 2, fields.into_bytes());
}
