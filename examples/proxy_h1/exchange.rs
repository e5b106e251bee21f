//! One exchange: from a request head to the last byte of the response, whoever makes it.
//!
//! Nothing is sent twice that may have been applied, and nothing is sent to who has failed too often.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use badgateway::InFlight;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Evidence, Fault, FaultKind, Phase};
use http::Request;

use crate::answer;
use crate::body::BodyReader;
use crate::client::{After, Client};
use crate::connect::{Early, Link};
use crate::hop::Hop;
use crate::outgoing;
use crate::relay::Reply;
use crate::request::{Body, Incoming};
use crate::route::Target;
use crate::serve::Proxy;
use crate::tunnel::{self, Broken};
use crate::upload::Upload;
use crate::upstream::{Attempt, Outcome, has_left, look};

/// How often the rest of a TLS record is looked for that must be there before the request may go out.
const PART: Duration = Duration::from_millis(1);

/// Serves one request.
pub(crate) fn run(proxy: &Arc<Proxy>, client: &mut Client, incoming: Incoming) -> After {
    let Incoming { mut request, body, expects_continue, keep_alive } = incoming;
    let exchange = proxy.gateway.begin_head(&mut request);
    if let Some(fault) = exchange.refusal() {
        return answer::give_up(client, exchange, fault, false);
    }
    if let Some(after) = client.answer(proxy, request.method(), request.uri()) {
        exchange.finish();
        return after;
    }
    let running = Running { proxy, exchange: &exchange, keep_alive };
    let done = match running.serve(client, request, body, expects_continue) {
        Ok(done) => done,
        Err(fault) => {
            let keep = keep_alive && !proxy.seats.is_closed();
            return answer::give_up(client, exchange, fault, keep);
        }
    };
    let link = match done {
        Done::Whole(after) => {
            exchange.finish();
            return after;
        }
        Done::Tunnel(link) => link,
    };
    exchange.phase(Phase::Body);
    let fault = match tunnel::run(client, *link, proxy.timeouts.tunnel) {
        Ok(()) => {
            exchange.finish();
            return After::Close;
        }
        Err(Broken::Client) => FaultKind::ClientAborted.into(),
        Err(Broken::NextHop(error)) => exchange.classify(&error),
        Err(Broken::Idle) => FaultKind::BodyStalled.into(),
    };
    answer::give_up(client, exchange, fault, false)
}

/// What is to be sent, and where to.
struct Job {
    target: &'static Target,
    /// The head, and the body if that had come already.
    head: Vec<u8>,
    /// The body, if that is still to come.
    body: Option<BodyReader>,
    /// The client waits for a 100.
    expects_continue: bool,
}

/// How a try ended that has no fault.
enum Done {
    /// The response is out.
    Whole(After),
    /// From here on bytes are bytes.
    Tunnel(Box<Link>),
}

/// An exchange on its way.
struct Running<'a> {
    proxy: &'a Arc<Proxy>,
    exchange: &'a InFlight,
    keep_alive: bool,
}

impl Running<'_> {
    fn serve(
        &self,
        client: &mut Client,
        request: Request<()>,
        body: Body,
        expects_continue: bool,
    ) -> Result<Done, Fault> {
        let (mounted, path) = self.proxy.routes.find(request.uri())?;
        self.exchange.next_hop(mounted.next_hop.as_str());
        let (parts, ()) = request.into_parts();
        let head = outgoing::head(parts, mounted, &path, client.address.as_ref(), body);
        let head = head.ok_or(FaultKind::ProxyInternal)?;
        let mut job = Job { target: &mounted.target, head, body: BodyReader::new(body), expects_continue };
        self.take_along(&mut job, body, client);
        self.proxy.eject.ask(job.target, &mut self.exchange.facts(), Instant::now())?;
        loop {
            match self.attempt(client, &mut job) {
                Err(fault) if self.may_repeat(&fault) => self.exchange.try_again(&fault),
                result => return result,
            }
        }
    }

    /// Sends a body that has come with its head together with it: no second thread, one segment, and it can be
    /// produced again.
    fn take_along(&self, job: &mut Job, body: Body, client: &mut Client) {
        let Body::Length(length) = body else { return };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= client.input.len()) else { return };
        job.head.extend(client.input.drain(..length));
        job.body = None;
        let mut facts = self.exchange.facts();
        facts.request_body = RequestBody::Whole;
        facts.replayable = true;
    }

    /// One try, on the first connection that is fit for it.
    fn attempt(&self, client: &mut Client, job: &mut Job) -> Result<Done, Fault> {
        loop {
            if let Some(done) = self.attempt_on_one(client, job)? {
                return Ok(done);
            }
        }
    }

    /// A connection, the request, the response. `None`: the connection was kept, and is not fit any more.
    fn attempt_on_one(&self, client: &mut Client, job: &mut Job) -> Result<Option<Done>, Fault> {
        let mut link = self.link(client, job.target)?;
        let (stage, may_be_raced) = {
            let facts = self.exchange.facts();
            (facts.request_body, facts.attempts > 1 || (facts.reused == Some(true) && facts.is_idempotent()))
        };
        // What would have to be said again is worth keeping only where a second try would be safe: see `may_repeat`.
        if let Some(body) = job.body.as_mut().filter(|_| !may_be_raced) {
            body.forget();
        }
        let upload = Upload::new(stage);
        let mut reply = Reply::new(&client.stream, self.exchange);
        let result = self.exchange(job, &client.stream, &mut client.input, &mut link, &upload, &mut reply);
        if result.is_err() && reply.has_begun() {
            // What came before the fault was sound, and the cut is behind it.
            let _ = reply.flush();
        }
        drop(reply);
        let is_sent = self.note(&upload, job);
        Ok(Some(match result? {
            Outcome::Unfit => return Ok(None),
            Outcome::Whole { reusable, keep } => {
                if reusable && is_sent {
                    self.exchange.over(Hop { proxy: Arc::clone(self.proxy), target: job.target, link: Some(link) });
                }
                Done::Whole(if keep { After::Keep } else { answer::close(self.exchange, client) })
            }
            Outcome::Tunnel => Done::Tunnel(Box::new(link)),
        }))
    }

    /// Whether the request may be sent on this connection, where the next hop may have spoken first. `None`: not on one that
    /// was kept.
    fn may_send(&self, link: &mut Link, client: &TcpStream, upload: &Upload) -> Result<Option<bool>, Fault> {
        let is_kept = self.exchange.facts().reused == Some(true);
        let until = Instant::now() + self.proxy.timeouts.response;
        loop {
            match link.look() {
                Early::Nothing => return Ok(Some(true)),
                _ if is_kept => return Ok(None),
                Early::Bytes => return Ok(Some(false)),
                // A next hop that says nothing more may still listen.
                Early::End => return Ok(Some(true)),
                Early::Failed(error) => {
                    upload.progress().write_error = Some(error);
                    return Ok(Some(true));
                }
                Early::Part if Instant::now() < until => {
                    look(client, upload)?;
                    thread::sleep(PART);
                }
                Early::Part => return Err(FaultKind::ResponseTimeout.into()),
            }
        }
    }

    /// What became of the request. Whether all of it was written.
    fn note(&self, upload: &Upload, job: &Job) -> bool {
        let progress = upload.progress();
        let mut facts = self.exchange.facts();
        facts.request_body = progress.stage;
        facts.sent = Some(progress.sent);
        if let Some(body) = &job.body {
            facts.replayable = body.kept().is_some();
        }
        progress.all_sent
    }

    /// A connection: a used one for the first try, and never for a second, which the first one's age made
    /// necessary.
    fn link(&self, client: &Client, target: &'static Target) -> Result<Link, Fault> {
        let is_first = self.exchange.facts().attempts == 1;
        let pooled = if is_first { self.proxy.pool.pop(target) } else { None };
        self.exchange.facts().reused = Some(pooled.is_some());
        self.exchange.over(Hop { proxy: Arc::clone(self.proxy), target, link: None });
        if let Some(link) = pooled {
            return Ok(link);
        }
        match self.proxy.connector.connect(target, self.exchange, || has_left(&client.stream)) {
            Ok(link) => {
                self.exchange.facts().phase = None;
                Ok(link)
            }
            Err(failure) => {
                if failure.fault().kind() == FaultKind::LocalExhausted {
                    // The cheapest descriptors to come by are those of idle connections, on either side.
                    self.proxy.pool.clear();
                    self.proxy.seats.spare();
                }
                self.exchange.facts().sent = Some(0);
                self.exchange.support(Evidence::new().with_error(&failure));
                Err(failure.fault())
            }
        }
    }

    fn exchange(
        &self,
        job: &mut Job,
        stream: &TcpStream,
        input: &mut Vec<u8>,
        link: &mut Link,
        upload: &Upload,
        reply: &mut Reply<'_>,
    ) -> Result<Outcome, Fault> {
        // Who has left meanwhile wants nothing any more.
        look(stream, upload)?;
        let Job { head, body, expects_continue, .. } = job;
        let Self { proxy, exchange, keep_alive } = *self;
        let Some(may_send) = self.may_send(link, stream, upload)? else { return Ok(Outcome::Unfit) };
        let Link { wire, buffer } = link;
        let (wire, unasked) = (&*wire, !may_send);
        let mut attempt = Attempt { proxy, exchange, client: stream, wire, buffer, upload, keep: keep_alive, unasked };
        if unasked {
            return attempt.receive(reply);
        }
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
                exchange.support(Evidence::new().with_error(&error));
                return Err(Fault::new(FaultKind::LocalExhausted).at(Phase::Send));
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
        let was_closed = matches!(fault.kind(), ClosedBeforeResponse | ResetBeforeResponse | SendReset);
        let is_worth_it = {
            let facts = self.exchange.facts();
            (facts.reused == Some(true) && facts.received.unwrap_or(0) == 0) || facts.sent == Some(0)
        };
        was_closed && is_worth_it && self.exchange.advise_retry(fault).is_safe()
    }
}
