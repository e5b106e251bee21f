//! A response on its way in: the parser, fed from a socket, under timers.
//!
//! What comes is judged before it is passed on, and what does not come is told by which timer ran out.

use std::io;
use std::time::{Duration, Instant};

use badgateway::fault::{Class, Evidence, Fault, FaultKind, Phase};
use badgateway::h1::{self, Config, Eof, Event, Framing, ParseError, Parser};

use crate::head;
use crate::relay::Reply;
use crate::upstream::{Attempt, Outcome, look};
use crate::wire::Got;

/// How often who waits for the next hop looks at the client; more often while the client is sending.
const TICK: Duration = Duration::from_millis(100);
const TICK_UPLOADING: Duration = Duration::from_millis(20);

/// How the next hop's side of the connection ended.
enum Ending {
    Open,
    Clean,
    /// TLS, without close_notify.
    Cut,
    Failed(io::Error),
}

/// What is being waited for.
#[derive(Clone, Copy)]
enum Wait {
    Head,
    /// The first of the body, until then.
    Hold(Instant),
    Body,
}

/// A response on its way in.
pub(crate) struct Receiving<'a> {
    attempt: Attempt<'a>,
    parser: Parser,
    received: u64,
    ending: Ending,
    /// When the last of it came.
    at: Instant,
    /// The final head has come.
    headed: bool,
}

impl<'a> Receiving<'a> {
    pub(crate) fn new(attempt: Attempt<'a>) -> Self {
        let request = {
            let facts = attempt.exchange.facts();
            h1::Request::new(&facts.method).offering_upgrade(facts.upgrade_offered)
        };
        Self {
            parser: Parser::new(&Config::compatible(), request),
            // Left by a next hop that spoke first.
            received: attempt.buffer.unread().len() as u64,
            ending: Ending::Open,
            at: Instant::now(),
            headed: false,
            attempt,
        }
    }

    /// Reads the response and passes it on.
    pub(crate) fn run(mut self, reply: &mut Reply<'_>) -> Result<Outcome, Fault> {
        let result = self.pass_on(reply);
        self.attempt.exchange.facts().received = Some(self.received);
        result
    }

    fn pass_on(&mut self, reply: &mut Reply<'_>) -> Result<Outcome, Fault> {
        let mut hold = None;
        let mut keep = false;
        let mut has_data = false;
        let mut framing = Framing::None;
        let mut ended = false;
        loop {
            let eof = self.eof();
            let attempt = &mut self.attempt;
            let step = match self.parser.next(attempt.buffer.unread(), eof) {
                // It is HTTP, and no answer. What it says may tell why: 408 that the next hop had waited long enough.
                Ok(h1::Step { event: Event::Interim(head) | Event::Head(head, _), .. }) if attempt.unasked => {
                    attempt.exchange.facts().received_status = Some(head.status());
                    return Err(Fault::new(FaultKind::UnsolicitedResponse));
                }
                Ok(step) => step,
                Err(error) => return Err(self.judge(error)),
            };
            let used = step.consumed;
            let mut need_more = false;
            let mut outcome = None;
            let written = match step.event {
                Event::NeedMore => {
                    need_more = true;
                    Ok(())
                }
                Event::Interim(head) => reply.interim(&head),
                Event::Head(head, how) => {
                    attempt.exchange.facts().received_status = Some(head.status());
                    head::refuse(&head, how, attempt.exchange)?;
                    framing = how;
                    // What the client has not sent yet it will have to send to somebody else.
                    let may_keep = attempt.keep && attempt.is_uploaded() && !attempt.proxy.seats.is_closed();
                    keep = reply.head(&head, framing, may_keep)?;
                    self.headed = true;
                    attempt.exchange.phase(Phase::Body);
                    if head::may_be_held(&head) {
                        hold = Some(Instant::now() + attempt.proxy.timeouts.first_byte_hold);
                    }
                    Ok(())
                }
                Event::Data(data) => {
                    has_data = true;
                    reply.data(data)
                }
                Event::Trailers(section) => {
                    ended = true;
                    reply.end(Some(&section));
                    Ok(())
                }
                Event::End(end) => {
                    if !ended {
                        reply.end(None);
                    }
                    outcome = Some(if framing == Framing::Tunnel {
                        Outcome::Tunnel
                    } else {
                        attempt.exchange.parsed(end);
                        Outcome::Whole { reusable: end.reusable.is_ok(), keep }
                    });
                    reply.flush()
                }
            };
            attempt.buffer.consume(used);
            written.map_err(|error| self.client_gone(&error))?;
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
            if !need_more {
                continue;
            }
            // All that has come is sound. Out with it, unless there is nothing but a head and it may wait for more.
            if !self.headed {
                self.more(Wait::Head)?;
                continue;
            }
            if let (Some(until), false, false) = (hold, has_data, reply.has_begun()) {
                if self.more(Wait::Hold(until))? {
                    continue;
                }
            }
            reply.flush().map_err(|error| self.client_gone(&error))?;
            // While a slow client was written to, nobody waited for the next hop.
            self.at = Instant::now();
            self.more(Wait::Body)?;
        }
    }

    /// Waits for more. `false`: none came within the hold.
    fn more(&mut self, wait: Wait) -> Result<bool, Fault> {
        loop {
            let now = Instant::now();
            let (until, kind, all_sent) = self.timer(wait);
            let left = until.saturating_duration_since(now);
            if left.is_zero() {
                return match wait {
                    Wait::Hold(_) => Ok(false),
                    Wait::Head | Wait::Body => Err(self.late(kind)),
                };
            }
            let tick = if all_sent { TICK } else { TICK_UPLOADING };
            let Attempt { wire, buffer, client, upload, .. } = &mut self.attempt;
            self.ending = match wire.read(buffer.room(), left.min(tick)) {
                Ok(Got::Bytes(n)) => {
                    buffer.filled(n);
                    self.received += n as u64;
                    self.at = Instant::now();
                    return Ok(true);
                }
                Ok(Got::Nothing) => {
                    look(client, upload)?;
                    continue;
                }
                Ok(Got::End) => Ending::Clean,
                Ok(Got::Cut) => Ending::Cut,
                Err(error) => Ending::Failed(error),
            };
            // The system tells a reset once, and a write may have been told it already.
            if let Some(error) = upload.progress().write_error.take() {
                if !matches!(self.ending, Ending::Failed(_)) {
                    self.ending = Ending::Failed(error);
                }
            }
            return Ok(true);
        }
    }

    /// Which timer runs, what it means if it fires, and whether the request is out. The time for the head is a
    /// total, counted from the last request byte: neither a drip of bytes nor a slow upload moves it.
    fn timer(&self, wait: Wait) -> (Instant, FaultKind, bool) {
        let timeouts = &self.attempt.proxy.timeouts;
        let progress = self.attempt.upload.progress();
        // What cannot be sent any more is as good as sent: now it is the next hop's turn.
        let all_sent = progress.all_sent || progress.write_error.is_some();
        let (until, kind) = match wait {
            Wait::Hold(until) => (until, FaultKind::BodyStalled),
            Wait::Head if all_sent => (progress.at + timeouts.response, FaultKind::ResponseTimeout),
            Wait::Body if all_sent => (self.at + timeouts.idle, FaultKind::BodyStalled),
            Wait::Head if progress.client_is_slow => (progress.at + timeouts.idle, FaultKind::ClientTimeout),
            Wait::Head => (progress.at + timeouts.send, FaultKind::SendTimeout),
            // A response that goes on while the request does may be waiting for more of it.
            Wait::Body if progress.client_is_slow => {
                (self.at.max(progress.at) + timeouts.idle, FaultKind::ClientTimeout)
            }
            Wait::Body => (self.at.max(progress.at) + timeouts.idle, FaultKind::BodyStalled),
        };
        (until, kind, all_sent)
    }

    /// A timer fired.
    fn late(&mut self, kind: FaultKind) -> Fault {
        let unread = self.attempt.buffer.unread();
        let evidence = Evidence::new().with_first_bytes(unread.get(..32).unwrap_or(unread));
        self.attempt.exchange.support(evidence);
        if kind == FaultKind::ResponseTimeout && !unread.is_empty() {
            // What the parser would complain of if this were the end: too little for a name may be enough to be no HTTP.
            let ended = self.parser.next(unread, Eof::Unclean).err().map(|error| error.fault());
            // An interim response is not the beginning of the final head.
            let stalled = || Fault::new(FaultKind::HeadStalled).with_received(self.received);
            ended.filter(|fault| fault.kind() == FaultKind::NotHttp).unwrap_or_else(stalled)
        } else if kind == FaultKind::ResponseTimeout && self.parser.progress().interim > 0 {
            Fault::of_class(Class::TimeoutAfterInterim)
        } else if kind == FaultKind::BodyStalled {
            // How far it got, too.
            let phase = self.parser.next(unread, Eof::Unclean).err().map_or(Phase::Body, |error| error.fault().phase());
            self.counted(Fault::new(kind).at(phase))
        } else {
            Fault::new(kind)
        }
    }

    /// The parser cannot go on: by what the bytes say, or because no more come. How the connection ended
    /// the parser was not told, so that is added here.
    fn judge(&self, error: ParseError) -> Fault {
        let exchange = self.attempt.exchange;
        let fault = match &self.ending {
            _ if !error.class().as_str().starts_with("premature_eof.") => error.fault(),
            Ending::Failed(io) => {
                let unsent = !self.attempt.upload.progress().all_sent && self.received == 0;
                let mut facts = exchange.facts();
                facts.received = Some(self.received);
                facts.phase = Some(match (self.headed, unsent) {
                    (true, _) => Phase::Body,
                    (false, true) => Phase::Send,
                    (false, false) => Phase::Head,
                });
                drop(facts);
                let fault = exchange.classify(io);
                if self.headed { self.counted(fault) } else { fault }
            }
            // RFC 9112 section 9.8: only where the end of the connection is the end of the body.
            Ending::Cut if error.class() == Class::PrematureEofCloseDelimitedBody => {
                self.counted(Fault::new(FaultKind::TlsTruncated).with_class(error.class()).with_offset(error.offset()))
            }
            Ending::Open | Ending::Clean | Ending::Cut => error.fault(),
        };
        exchange.support(Evidence::new().with_first_bytes(error.first_bytes()));
        fault
    }

    /// With how much of the body came, and how much was announced.
    fn counted(&self, fault: Fault) -> Fault {
        let progress = self.parser.progress();
        let fault = fault.with_received(progress.body);
        progress.length.map_or(fault, |length| fault.with_expected(length))
    }

    fn client_gone(&self, error: &io::Error) -> Fault {
        self.attempt.exchange.support(Evidence::new().with_error(error));
        Fault::new(FaultKind::ClientAborted)
    }

    fn eof(&self) -> Eof {
        match self.ending {
            Ending::Open => Eof::Open,
            Ending::Clean => Eof::Clean,
            Ending::Cut | Ending::Failed(_) => Eof::Unclean,
        }
    }
}
