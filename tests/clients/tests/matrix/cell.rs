//! `Cell`: what one client made of one behaviour, judged.

use badgateway::decide::{applied, retry};
use badgateway::exchange::Exchange;
use badgateway::fault::{Applied, Blame, Fault, FaultKind, Phase};
use http::Method;

use crate::clients::Client;
use crate::known::{self, Known};
use crate::truth::Truth;

/// What came of one exchange.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The faults on record, with the facts of their exchange. More than one is wrong.
    pub(crate) faults: Vec<(Fault, Exchange)>,
    /// Whether what the gateway passes on ends as a whole message does.
    pub(crate) is_whole: bool,
    /// The error, in its own words.
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) client: &'static Client,
    pub(crate) truth: Truth,
    /// How many requests the lab has read.
    pub(crate) requests: u64,
    pub(crate) seen: Seen,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Right,
    Coarser(&'static Known),
    Hidden(&'static Known),
    Wrong,
}

impl Cell {
    pub(crate) fn name(&self) -> &'static str {
        self.truth.behaviour.name
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.seen.faults.first().map(|(fault, _)| fault)
    }

    pub(crate) fn kind(&self) -> Option<FaultKind> {
        self.fault().map(Fault::kind)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let truth = &self.truth;
        let is_right = match self.kind() {
            None => truth.may_pass,
            // Refused, where that is one of the choices; which words a client has for it is its own.
            Some(_) if truth.faults.is_empty() => truth.may_fail,
            Some(kind) => truth.kinds().any(|known| known == kind) && self.has_good_class(),
        };
        match known::of(self) {
            _ if is_right => Verdict::Right,
            Some(known) if known.is_hidden => Verdict::Hidden(known),
            Some(known) => Verdict::Coarser(known),
            None => Verdict::Wrong,
        }
    }

    /// Whether the class is that of the truth too, where the truth has one.
    pub(crate) fn is_exact(&self) -> bool {
        let Some(fault) = self.fault() else { return true };
        self.truth.faults.iter().any(|known| *known == (fault.kind(), fault.class()))
            || self.truth.kinds().any(|kind| kind == fault.kind()) && fault.class().is_none() && self.has_no_class()
    }

    /// None is less than the truth, and another is not it.
    fn has_good_class(&self) -> bool {
        let mut known = self.truth.faults.iter().filter_map(|(_, class)| *class).peekable();
        let Some(class) = self.fault().and_then(Fault::class) else { return true };
        known.peek().is_none() || known.any(|known| known == class)
    }

    fn has_no_class(&self) -> bool {
        self.truth.faults.iter().any(|(_, class)| class.is_none())
    }

    /// What is wrong with it, by the rules for every cell.
    pub(crate) fn flaws(&self) -> Vec<String> {
        let mut flaws = Vec::new();
        let told = |what: &str| {
            let mut truth: Vec<&str> = self.truth.kinds().map(FaultKind::as_str).collect();
            truth.dedup();
            let seen = &self.seen;
            let faults: Vec<&Fault> = seen.faults.iter().map(|(fault, _)| fault).collect();
            format!(
                "{:<14} {:<26} {what}: {faults:?}, truth {}, read {} times; {}",
                self.client.name,
                self.name(),
                truth.join("|"),
                self.requests,
                seen.text
            )
        };
        if let Verdict::Wrong = self.verdict() {
            flaws.push(told("is wrong"));
        }
        if self.seen.faults.len() > 1 {
            flaws.push(told("is on record twice"));
        }
        let Some((fault, exchange)) = self.seen.faults.first() else {
            if !self.seen.is_whole {
                flaws.push(told("is cut without a record"));
            }
            return flaws;
        };
        if self.seen.is_whole != (fault.phase() < Phase::Body || exchange.can_respond()) {
            flaws.push(told("is a cut that does not show"));
        }
        if !self.may_blame(fault.blame()) {
            flaws.push(told(&format!("blames {}", fault.blame())));
        }
        // What the next hop promises it knows better than what it has read.
        let is_promise = matches!(fault.kind(), FaultKind::StreamRefused | FaultKind::GoawayUnprocessed)
            && self.truth.kinds().any(|kind| kind == fault.kind());
        if self.requests > 0 && !is_promise {
            if applied(fault, exchange) == Applied::No {
                flaws.push(told("is not applied, and yet read"));
            }
            let mut post = exchange.clone();
            (post.method, post.replayable) = (Method::POST, true);
            if retry::advise(fault, &post).is_safe() {
                flaws.push(told("would send a POST twice"));
            }
        }
        flaws
    }

    /// Never another party than the truth has it, and nobody where it cannot tell. Of what is to pass, the next hop may be
    /// blamed, whose answer may be refused, and the gateway with its client library, which cannot read it.
    fn may_blame(&self, blame: Blame) -> bool {
        let mut parties: Vec<Party> = self.truth.kinds().map(|kind| party(kind.blame())).collect();
        if parties.is_empty() {
            parties = vec![Party::Upstream, Party::Gateway];
        }
        // Whose client library cannot read an answer says so of itself; or what is hidden is who is to blame.
        let is_hidden = matches!(self.verdict(), Verdict::Hidden(_)) && blame != Blame::Client;
        blame == Blame::Unknown || is_hidden || parties.contains(&party(blame))
    }
}

/// Who has to repair it, as coarsely as health checks and retries care: `next_hop`, `network` and `configuration` are all on
/// the way to the next hop and at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    Client,
    Gateway,
    Upstream,
}

fn party(blame: Blame) -> Party {
    match blame {
        Blame::Client => Party::Client,
        Blame::Proxy => Party::Gateway,
        _ => Party::Upstream,
    }
}
