//! What a diagnosis has for the page: what was seen, likely causes, next steps.
//!
//! By disclosure. Nobody outside gets a diagnosis; with [`Disclosure::Details`] it is made without what
//! only [`Disclosure::Trusted`] may tell, so that none of it can show through; and it never needs more than its room.

use crate::diagnose::{self, Cause, Context, Diagnosis, Fact, Step};
use crate::exchange::Exchange;
use crate::fault::{Code, Evidence, Fault};
use crate::reply::Reply;
use crate::reply::disclosure::Disclosure;
use crate::sink::{Sink, html, html_len};

use super::strings::Text;
use super::value::row;
use super::{MAX_SHOWN, Texts};

/// How many of each at most, the bytes of the tags around one, and the bytes for all: together with the longest names
/// that there can be, the built-in page stays under 8 KiB.
const FACTS: Room = Room { most: 8, tags: 48, bytes: 700 };
const CAUSES: Room = Room { most: 3, tags: 40, bytes: 540 };
const STEPS: Room = Room { most: 4, tags: 48, bytes: 760 };

#[derive(Clone, Copy)]
struct Room {
    most: usize,
    tags: usize,
    bytes: usize,
}

/// What was seen of a malformation: numbers, and no name of anything. As in problem details.
const NUMBERS: [&str; 6] = ["TLS alert", "HTTP/2 code", "HTTP/3 code", "DNS code", "progress", "offset"];
/// What stands among the facts already.
const TOLD: [&str; 3] = ["fault", "class", "next hop"];

/// The part of a diagnosis that is shown.
#[derive(Debug, Default)]
pub(super) struct Findings {
    facts: Vec<Fact>,
    causes: Vec<Cause>,
    steps: Vec<Step>,
}

impl Findings {
    /// What may be told to whom this reply goes.
    pub(super) fn of(reply: &Reply<'_>) -> Self {
        let nothing = Evidence::new();
        match reply.disclosure {
            Disclosure::Token => Self::default(),
            Disclosure::Details => {
                let (fault, exchange) = (blurred(reply.fault), nameless(reply.exchange));
                let found = diagnose::diagnose(&fault, &exchange, &nothing, &Context::default());
                let facts = |fact: &Fact| NUMBERS.contains(&fact.name) && !fact.trusted;
                Self { steps: Vec::new(), ..Self::shown(found, facts) }
            }
            Disclosure::Trusted => {
                let context = reply.context.copied().unwrap_or_default();
                let evidence = reply.evidence.unwrap_or(&nothing);
                let found = diagnose::diagnose(reply.fault, reply.exchange, evidence, &context);
                Self::shown(found, |fact: &Fact| !TOLD.contains(&fact.name))
            }
        }
    }

    fn shown(found: Diagnosis, wanted: impl Fn(&Fact) -> bool) -> Self {
        let Diagnosis { mut evidence, mut causes, mut steps, .. } = found;
        evidence.retain(wanted);
        // What supports the fault stands last, and says the most.
        evidence.sort_by_key(|fact| !fact.trusted);
        fit(&mut evidence, FACTS, |fact| html_len(&fact.value).min(MAX_SHOWN).saturating_add(fact.name.len()));
        fit(&mut causes, CAUSES, |cause| html_len(&cause.text));
        fit(&mut steps, STEPS, |step| html_len(&step.command).saturating_add(html_len(step.why)));
        Self { facts: evidence, causes, steps }
    }

    pub(super) fn has_causes(&self) -> bool {
        !self.causes.is_empty()
    }

    pub(super) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    pub(super) fn write_facts(&self, out: &mut Vec<u8>) {
        for Fact { name, value, .. } in &self.facts {
            row(out, " lang=\"en\"", name, value);
        }
    }

    pub(super) fn write_causes(&self, out: &mut Vec<u8>, texts: &Texts) {
        list(out, "causes", &self.causes, |out, cause| {
            html(out, &cause.text);
            if cause.supported {
                out.put(" <b>(");
                out.put(texts.get(Text::Fits));
                out.put(")</b>");
            }
        });
    }

    pub(super) fn write_steps(&self, out: &mut Vec<u8>) {
        list(out, "steps", &self.steps, |out, step| {
            html(out, step.why);
            out.put(" <i>(");
            out.put(step.place.phrase());
            out.put(")</i> <code>");
            html(out, &step.command);
            out.put("</code>");
        });
    }
}

/// A diagnosis is in English, whatever the page is in.
const ENGLISH: &str = " lang=\"en\" dir=\"ltr\"";

fn list<T>(out: &mut Vec<u8>, class: &str, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.put("<ol class=\"");
    out.put(class);
    out.put("\"");
    out.put(ENGLISH);
    out.put(">\n");
    for item in items {
        out.put("<li>");
        write(out, item);
        out.put("</li>\n");
    }
    out.put("</ol>\n");
}

/// Keeps what comes first and fits.
fn fit<T>(items: &mut Vec<T>, room: Room, length: impl Fn(&T) -> usize) {
    let (mut left, mut kept) = (room.bytes, 0usize);
    items.retain(|item| {
        if kept == room.most {
            return false;
        }
        let Some(rest) = left.checked_sub(length(item).saturating_add(room.tags)) else { return false };
        (left, kept) = (rest, kept.saturating_add(1));
        true
    });
}

/// The same fault without the system's error number.
fn blurred(fault: &Fault) -> Fault {
    let Some(Code::Errno(_)) = fault.code() else { return *fault };
    let mut blurred = Fault::new(fault.kind()).at(fault.phase()).with_confidence(fault.confidence());
    if let Some(class) = fault.class() {
        blurred = blurred.with_class(class);
    }
    if let Some(offset) = fault.offset() {
        blurred = blurred.with_offset(offset);
    }
    if let Some(expected) = fault.expected() {
        blurred = blurred.with_expected(expected);
    }
    if let Some(received) = fault.received() {
        blurred = blurred.with_received(received);
    }
    blurred
}

/// The same exchange without a name, a path or a time: which causes fit must not tell where the next hop is.
fn nameless(exchange: &Exchange) -> Exchange {
    Exchange {
        method: exchange.method.clone(),
        version: exchange.version,
        request_body: exchange.request_body,
        replayable: exchange.replayable,
        attempts: exchange.attempts,
        phase: exchange.phase,
        sent: exchange.sent,
        received: exchange.received,
        reused: exchange.reused,
        forwarded: exchange.forwarded,
        ..Exchange::default()
    }
}
