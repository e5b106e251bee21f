//! One exchange: from a request head to the last byte of the response, whoever makes it.
//!
//! Its one rule: nothing is sent twice that may have been applied, and nothing is sent to who has failed too often.

use std::borrow::Cow;
use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use badgateway::Exchange;
use badgateway::decide::retry;
use badgateway::exchange::{Forwarded, RequestBody};
use badgateway::fault::{Evidence, Fault, FaultKind, Phase};
use http::HeaderValue;
use http::header::UPGRADE;

use crate::answer;
use crate::body::BodyReader;
use crate::client::{After, Client};
use crate::connect::Link;
use crate::eject::Admit;
use crate::outgoing;
use crate::relay::Reply;
use crate::request::{Body, Incoming};
use crate::route::{Mounted, Target};
use crate::serve::Proxy;
use crate::trouble::Trouble;
use crate::tunnel;
use crate::upload::Upload;
use crate::upstream::{Attempt, Outcome, has_left, look};

/// Serves one request.
pub(crate) fn run(proxy: &Proxy, client: &mut Client, incoming: Incoming) -> After {
    let Incoming { request, body, expects_continue, keep_alive } = incoming;
    let mut exchange = Exchange::of(&request);
    if body == Body::None {
        exchange.request_body = RequestBody::None;
        exchange.replayable = true;
    }
    let mut running = Running { proxy, exchange, keep_alive };
    let started = Instant::now();
    match running.serve(client, request, body, expects_continue) {
        Ok(after) => after,
        Err(trouble) => answer::give_up(proxy, client, running.exchange, trouble, keep_alive, started.elapsed()),
    }
}

/// What is to be sent, and where to.
struct Job<'a> {
    target: &'a Target,
    /// The head, and the body if that had come already.
    head: Vec<u8>,
    /// The body, if that is still to come.
    body: Option<BodyReader>,
    /// The client waits for a 100.
    expects_continue: bool,
    /// The protocols that the client offered to go on with.
    offered: Vec<HeaderValue>,
}

/// How a try ended that has no fault.
enum Done {
    /// The response is out.
    Whole(After),
    /// From here on bytes are bytes.
    Tunnel(Box<Link>),
}

/// An exchange on its way: the facts so far.
struct Running<'a> {
    proxy: &'a Proxy,
    exchange: Exchange,
    keep_alive: bool,
}

impl Running<'_> {
    fn serve(
        &mut self,
        client: &mut Client,
        request: http::Request<()>,
        body: Body,
        expects_continue: bool,
    ) -> Result<After, Trouble> {
        let (parts, ()) = request.into_parts();
        let Some((mounted, path)) = self.proxy.routes.find(&parts.uri) else {
            return Err(Fault::new(FaultKind::NoRoute).into());
        };
        self.exchange.next_hop = Some(Cow::Borrowed(&mounted.next_hop));
        let offered = parts.headers.get_all(UPGRADE).iter().cloned().collect();
        let via = &self.proxy.via;
        let head = outgoing::head(parts, mounted, &path, client.address.as_ref(), body, via, &mut self.exchange)
            .ok_or(Fault::new(FaultKind::ProxyInternal))?;
        let mut job = Job { target: &mounted.target, head, body: BodyReader::new(body), expects_continue, offered };
        self.take_along(&mut job, body, client);
        self.admit(mounted)?;
        let result = loop {
            match self.attempt(client, &mut job) {
                Err(trouble) if self.may_repeat(&trouble.fault) => {
                    retry::again(&trouble.fault, &mut self.exchange);
                }
                result => break result,
            }
        };
        let fault = result.as_ref().err().map(|trouble| &trouble.fault);
        self.proxy.eject.settle(job.target, fault, &self.exchange, Instant::now());
        Ok(match result? {
            Done::Whole(after) => after,
            Done::Tunnel(link) => {
                tunnel::run(client, *link);
                After::Close
            }
        })
    }

    /// Whether the next hop is tried at all.
    fn admit(&mut self, mounted: &Mounted) -> Result<(), Trouble> {
        match self.proxy.eject.admit(&mounted.target, Instant::now()) {
            Admit::Yes | Admit::Probe => Ok(()),
            Admit::No { retry_after } => {
                self.exchange.sent = Some(0);
                self.exchange.retry_after = Some(retry_after);
                Err(Fault::new(FaultKind::NoHealthyUpstream).into())
            }
        }
    }

    /// Sends a body that has come with its head together with it: no second thread, one segment, and it can be
    /// produced again.
    fn take_along(&mut self, job: &mut Job<'_>, body: Body, client: &mut Client) {
        let Body::Length(length) = body else { return };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= client.input.len()) else { return };
        job.head.extend(client.input.drain(..length));
        job.body = None;
        self.exchange.request_body = RequestBody::Whole;
        self.exchange.replayable = true;
    }

    /// One try: a connection, the request, the response.
    fn attempt(&mut self, client: &mut Client, job: &mut Job<'_>) -> Result<Done, Trouble> {
        let mut link = self.link(client, job.target)?;
        // What would have to be said again is worth keeping only where a second try would be safe: see `may_repeat`.
        let repeatable = self.exchange.reused == Some(true) && self.exchange.is_idempotent();
        if let Some(body) = job.body.as_mut().filter(|_| self.exchange.attempts == 1 && !repeatable) {
            body.forget();
        }
        let sent_before = self.exchange.sent.unwrap_or(0);
        let upload = Upload::new(self.exchange.request_body);
        let mut reply = Reply::new(&client.stream, &self.exchange);
        let result = self.exchange(job, &client.stream, &mut client.input, &mut link, &upload, &mut reply);
        if result.is_err() && reply.has_begun() {
            // What came before the fault was sound, and the cut is behind it.
            let _ = reply.flush(&mut self.exchange);
        }
        drop(reply);
        let all_sent = {
            let progress = upload.progress();
            self.exchange.request_body = progress.stage;
            self.exchange.sent = Some(sent_before + progress.sent);
            progress.all_sent
        };
        if let Some(body) = &job.body {
            self.exchange.replayable = body.kept().is_some();
        }
        Ok(match result? {
            Outcome::Whole { reusable, keep, tolerated } => {
                let is_plain = tolerated.is_nothing() && self.exchange.first_try.is_none();
                if let (Forwarded::Head { status, .. }, false) = (self.exchange.forwarded, is_plain) {
                    self.proxy.log.line(&tolerated.line(status, &self.exchange));
                }
                if reusable && all_sent {
                    self.proxy.pool.put(job.target, link);
                }
                Done::Whole(if keep { After::Keep } else { answer::close(&self.exchange, client) })
            }
            Outcome::Tunnel => Done::Tunnel(Box::new(link)),
        })
    }

    /// A connection: a used one for the first try, and never for a second, which the first one's age made
    /// necessary.
    fn link(&mut self, client: &Client, target: &Target) -> Result<Link, Trouble> {
        let pooled = if self.exchange.attempts == 1 { self.proxy.pool.take(target) } else { None };
        self.exchange.reused = Some(pooled.is_some());
        if let Some(link) = pooled {
            return Ok(link);
        }
        self.proxy.connector.connect(target, || has_left(&client.stream)).inspect_err(|trouble| {
            self.exchange.sent.get_or_insert(0);
            self.exchange.phase = Some(trouble.fault.phase());
        })
    }

    fn exchange(
        &mut self,
        job: &mut Job<'_>,
        stream: &TcpStream,
        input: &mut Vec<u8>,
        link: &mut Link,
        upload: &Upload,
        reply: &mut Reply<'_>,
    ) -> Result<Outcome, Trouble> {
        // Who has left meanwhile wants nothing any more.
        look(stream, upload)?;
        let Link { wire, buffer } = link;
        let wire = &*wire;
        let Job { head, body, offered, expects_continue, .. } = job;
        let (keep, offered) = (self.keep_alive, &offered[..]);
        let exchange = &mut self.exchange;
        let mut attempt = Attempt { proxy: self.proxy, exchange, client: stream, wire, buffer, upload, keep, offered };
        attempt.send(head)?;
        let Some(body) = body else {
            upload.complete();
            return attempt.receive(reply);
        };
        if let Some(kept) = body.kept().filter(|kept| !kept.is_empty()) {
            attempt.send(kept)?;
        }
        if body.is_done() {
            upload.complete();
            return attempt.receive(reply);
        }
        if upload.progress().write_error.is_some() {
            return attempt.receive(reply);
        }
        thread::scope(|scope| {
            let unread = input.is_empty();
            let uploading = thread::Builder::new().spawn_scoped(scope, move || upload.run(body, stream, input, wire));
            if let Err(error) = uploading {
                let fault = Fault::new(FaultKind::LocalExhausted).at(Phase::Send);
                return Err(Trouble { fault, evidence: Evidence::new().with_error(&error) });
            }
            if std::mem::take(expects_continue) && unread {
                // Whether it could be written is seen when the body does not come.
                let _ = (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            let result = attempt.receive(reply);
            upload.stop();
            result
        })
    }

    /// A connection that was kept may be closed just when the request goes out: the famous race. It is worth a
    /// second try, if that is safe: never for a POST of which a byte went out. Who could not be connected to is not
    /// tried again: the connector has tried all of its addresses.
    fn may_repeat(&self, fault: &Fault) -> bool {
        use FaultKind::{ClosedBeforeResponse, ResetBeforeResponse, SendReset};
        let raced = self.exchange.reused == Some(true) && self.exchange.received.unwrap_or(0) == 0;
        let unsent = self.exchange.sent == Some(0);
        matches!(fault.kind(), ClosedBeforeResponse | ResetBeforeResponse | SendReset)
            && (raced || unsent)
            && retry::advise(fault, &self.exchange).is_safe()
    }
}
