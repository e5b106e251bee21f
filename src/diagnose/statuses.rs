//! What the statuses of gateways mean: who sends them, how they differ from their neighbours.
//!
//! A status is the coarsest word for a fault; a row here leads on to the kinds behind it.

use std::borrow::Cow;

use crate::fault::{FaultKind, Phase};

use super::context::Context;
use super::fill::Filler;
#[cfg(test)]
use super::texts::Command;
use super::texts::statuses::STATUSES;
use super::value::{Cause, Diagnosis, Fact, Step};

/// What this status means, or `None` for one that gateways do not make by themselves: 499, 500, 502, 503, 504,
/// 520 to 527 and 530.
///
/// The facts are `sent by`, `differs` and `kinds`, the codes of the kinds of fault that become this status.
///
/// ```
/// use badgateway::diagnose;
/// let diagnosis = diagnose::status(504).unwrap();
/// assert!(diagnosis.summary.starts_with("504 Gateway Timeout: "));
/// assert!(diagnosis.evidence.iter().any(|fact| fact.name == "differs" && fact.value.starts_with("502 ")));
/// assert!(diagnose::status(200).is_none());
/// ```
#[must_use]
pub fn status(code: u16) -> Option<Diagnosis> {
    let row = STATUSES.iter().find(|row| row.code == code)?;
    let context = Context::default();
    let mut filler = Filler::new(&context);
    let mut steps: Vec<Step> = row.steps.iter().filter_map(|command| command.step(&mut filler)).collect();
    super::by_deployment(&mut steps);
    let fact = |name, value: &'static str| Fact { name, value: Cow::Borrowed(value), trusted: false };
    let mut evidence: Vec<Fact> = row.senders.iter().map(|text| fact("sent by", text)).collect();
    evidence.extend(row.differs.iter().map(|text| fact("differs", text)));
    // By phase, or a 502 would have a wall of fifty names.
    for &phase in Phase::ALL {
        let kinds: Vec<&str> = FaultKind::ALL
            .iter()
            .filter(|kind| kind.phase() == phase && (kind.status() == code || kind.cloudflare() == code))
            .map(|kind| kind.as_str())
            .collect();
        if !kinds.is_empty() {
            let value = format!("{}: {}", phase.as_str(), kinds.join(", ")).into();
            evidence.push(Fact { name: "kinds", value, trusted: false });
        }
    }
    Some(Diagnosis {
        kind: None,
        class: None,
        phase: None,
        summary: row.meaning.to_owned(),
        evidence,
        causes: row.causes.iter().map(|text| Cause { text: Cow::Borrowed(text), supported: false }).collect(),
        steps,
        settings: Vec::new(),
        avoid: row.avoid.to_vec(),
        lasting: Vec::new(),
        placeholders: filler.unknown,
    })
}

/// The codes that [`status`] knows.
pub fn statuses() -> impl Iterator<Item = u16> {
    STATUSES.iter().map(|row| row.code)
}

/// Whether a status names that command.
#[cfg(test)]
pub(super) fn uses(command: &Command) -> bool {
    STATUSES.iter().any(|row| row.steps.iter().any(|step| step.template == command.template))
}
