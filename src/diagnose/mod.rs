//! What an operator reads: what broke, where, whose it is, why it probably happened, and what to run next.
//!
//! A diagnosis is a pure function of a fault and the facts at hand; it guesses in words
//! that say so, and every step it names can be run as it stands.
//!
//! - [`diagnose`]: a fault with all that is known about its exchange.
//! - [`kind`]: a kind of fault with nothing known: every cause there is.
//! - [`status`]: what a status such as 502 means, who sends it, and how it differs from its neighbours.
//! - [`attribution`]: who generated an error response.
//! - [`timers`]: after how long which product gives up.
//! - [`attribution`]: who generated a response.

pub mod attribution;
mod context;
mod facts;
mod fill;
mod json;
mod protocol;
mod statuses;
mod text;
mod texts;
pub mod timers;
mod value;
mod when;

use std::borrow::Cow;

use crate::exchange::Exchange;
use crate::fault::{Category, Evidence, Fault, FaultKind};

use self::context::Host;
use self::fill::Filler;
use self::texts::{Look, Text};
use self::timers::{Act, Side, Timer, TimerKind};
use self::when::{Known, Verdict, When};

pub use self::context::{Context, Deployment};
pub use self::json::Json;
pub use self::statuses::{status, statuses};
pub use self::value::{Cause, Diagnosis, Fact, Place, Setting, Step};

/// What happened, why it probably did, and what to do next.
///
/// Pure and total. Everything in it is bounded, whatever the peer sent. See [`Diagnosis`] for an example.
#[must_use]
pub fn diagnose(fault: &Fault, exchange: &Exchange, evidence: &Evidence, context: &Context<'_>) -> Diagnosis {
    let mut context = context.completed(exchange);
    context.tls = context.tls.or_else(|| facts::tls(fault));
    let known = Known::of(fault, exchange, &context);
    let mut diagnosis = build(fault, &known, &context, facts::hop(exchange, &context));
    diagnosis.evidence = facts::facts(fault, exchange, evidence, &context);
    diagnosis
}

/// A kind of fault in general: every cause, with capitals where a host would stand.
///
/// ```
/// use badgateway::{FaultKind, diagnose};
/// let diagnosis = diagnose::kind(FaultKind::ConnectionTimeout);
/// assert!(diagnosis.steps.iter().any(|step| step.command == "nc -vz -w 5 HOST PORT"));
/// assert!(diagnosis.placeholders.iter().any(|note| note.starts_with("HOST: ")));
/// ```
#[must_use]
pub fn kind(kind: FaultKind) -> Diagnosis {
    let fault = Fault::new(kind);
    let context = Context { tls: facts::tls(&fault), ..Context::default() };
    build(&fault, &Known::default(), &context, None)
}

fn build(fault: &Fault, known: &Known<'_>, context: &Context<'_>, hop: Option<String>) -> Diagnosis {
    let text = texts::text(fault.kind());
    let mut filler = Filler::new(context);
    let steps = steps(text, context, &mut filler);
    Diagnosis {
        kind: Some(fault.kind()),
        class: fault.class(),
        phase: Some(fault.phase()),
        summary: summary(text.summary, hop.as_deref(), context),
        evidence: Vec::new(),
        causes: causes(text, fault, known, context),
        steps,
        settings: settings(text.settings, context),
        avoid: rows(text.avoid, known).map(|(_, warning)| warning).collect(),
        lasting: texts::lasting(fault.category()).to_vec(),
        placeholders: filler.unknown,
    }
}

/// The rows that nothing speaks against: first those that something speaks for, in the order of the table.
fn rows(table: &'static [(When, &'static str)], known: &Known<'_>) -> impl Iterator<Item = (Verdict, &'static str)> {
    let judged: Vec<_> = table.iter().map(|(when, text)| (known.judge(*when), *text)).collect();
    let fits = judged.clone().into_iter().filter(|(verdict, _)| *verdict == Verdict::Fits);
    fits.chain(judged.into_iter().filter(|(verdict, _)| *verdict == Verdict::Open))
}

fn summary(template: &str, hop: Option<&str>, context: &Context<'_>) -> String {
    let after = context.waited.map(|waited| format!(" after {}", facts::duration(waited))).unwrap_or_default();
    let start = hop.unwrap_or("The next hop");
    let text = match template.strip_prefix("{hop}") {
        Some(rest) => format!("{start}{rest}"),
        None => template.to_owned(),
    };
    // "The name of the next hop, {hop}, ...": who has no name is not named twice.
    let text = if hop.is_none() { text.replace(", {hop},", "") } else { text };
    text.replace("{hop}", hop.unwrap_or("the next hop")).replace("{after}", &after)
}

fn causes(text: &Text, fault: &Fault, known: &Known<'_>, context: &Context<'_>) -> Vec<Cause> {
    let timer = timer_cause(fault, context).map(|text| Cause { text: Cow::Owned(text), supported: true });
    let rows = rows(text.causes, known)
        .map(|(verdict, text)| Cause { text: Cow::Borrowed(text), supported: verdict == Verdict::Fits });
    timer.into_iter().chain(rows).collect()
}

/// The most timers that one sentence names.
const MAX_TIMERS: usize = 4;

/// "This ended after 60.0 s, which is ...", if it ended when a known timer ends things.
fn timer_cause(fault: &Fault, context: &Context<'_>) -> Option<String> {
    let waited = context.waited?;
    // Who waits gives up with a timeout; who answers, or is in between, cuts the connection.
    let ours = match fault.category() {
        Category::Timeout => true,
        Category::Reset | Category::PrematureEof | Category::Tls => false,
        Category::Refused
        | Category::Unreachable
        | Category::Malformed
        | Category::TooLarge
        | Category::Dns
        | Category::Protocol
        | Category::Limit
        | Category::Local
        | Category::Client => return None,
    };
    // What ends an exchange in this way: those who wait for it, or those who work on it, and whatever is between.
    let wanted = |timer: &&Timer| match timer.side {
        Side::Asking if ours => context.proxy.is_none_or(|proxy| proxy.eq_ignore_ascii_case(timer.product)),
        // A next hop that is a proxy itself ends things by its timers as well.
        Side::Asking | Side::Between => true,
        Side::Answering | Side::Behind => !ours,
    };
    let mut found: Vec<&Timer> = timers::matching(waited, fault.phase()).filter(wanted).collect();
    // Stable: of those that answer, the nearest comes first.
    found.sort_by_key(|timer| !ours && timer.side != Side::Answering);
    let mut names = Vec::<String>::new();
    for timer in found {
        let name = timer.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(MAX_TIMERS);
    names.truncate(MAX_TIMERS);
    let list = names.join(", ");
    if list.is_empty() {
        return None;
    }
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let waited = facts::duration(waited);
    Some(if ours {
        format!("It was given up after {waited}, and that is when these give up by default: {list}{more}.")
    } else {
        format!(
            "It was cut after {waited}, and that is when these cut it by default: {list}{more}. Look for one of them behind, or before, the next hop."
        )
    })
}

/// Groups steps: what is for every deployment comes first. The order within a group stays.
fn by_deployment(steps: &mut [Step]) {
    steps.sort_by_key(|step| Deployment::ALL.iter().position(|deployment| *deployment == step.deployment));
}

/// Whether the next hop may be called by a name: an address has nothing to look up.
fn is_named(context: &Context<'_>) -> bool {
    context.host.map(Host::read).and_then(Host::is_address) != Some(true)
}

fn steps(text: &Text, context: &Context<'_>, filler: &mut Filler<'_>) -> Vec<Step> {
    let wanted = |deployment| {
        deployment == Deployment::Unknown
            || context.deployment == Deployment::Unknown
            || deployment == context.deployment
    };
    let named = is_named(context);
    // Where the first command for HTTP would stand, those of the next hop's own protocol stand.
    let mut own = texts::of_protocol(context.protocol);
    let mut commands = Vec::new();
    for command in text.steps {
        if command.works_with(context.protocol) {
            commands.push(*command);
        } else {
            commands.extend(core::mem::take(&mut own));
        }
    }
    let mut steps: Vec<Step> = commands
        .into_iter()
        .filter(|command| wanted(command.deployment) && (named || !command.asks_for_a_name()))
        .filter_map(|command| command.step(filler))
        .collect();
    by_deployment(&mut steps);
    steps
}

/// Whether an operator of the gateway would look at it. Idle timeouts of both sides have to fit together,
/// those that are fixed as well.
fn is_setting(timer: &Timer) -> bool {
    let kind = match timer.kind {
        TimerKind::Default | TimerKind::Shipped => true,
        TimerKind::Fixed => timer.act == Act::Idle,
        TimerKind::Maximum | TimerKind::Former => false,
    };
    let side = match timer.side {
        Side::Asking | Side::Between => true,
        Side::Answering => timer.act == Act::Idle,
        Side::Behind => false,
    };
    kind && side
}

/// Whether somebody else's proxy is out of the question, because it is known which one reported the fault.
fn is_foreign(timer: &Timer, context: &Context<'_>) -> bool {
    let ours = |timer: &Timer| context.proxy.is_some_and(|proxy| proxy.eq_ignore_ascii_case(timer.product));
    timer.side == Side::Asking && !ours(timer) && timers::all().iter().any(ours)
}

fn settings(looks: &'static [Look], context: &Context<'_>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for look in looks {
        match look {
            Look::Timers(act) => settings.extend(
                timers::all()
                    .iter()
                    .filter(|timer| timer.act == *act && is_setting(timer) && !is_foreign(timer, context))
                    .map(|timer| Setting {
                        product: timer.product,
                        name: timer.setting,
                        default: match (timer.duration, timer.kind) {
                            (None, _) => "no limit".into(),
                            (Some(time), TimerKind::Shipped) => {
                                format!("{}, as shipped; none of its own", facts::value(time)).into()
                            }
                            (Some(time), _) => facts::value(time).into(),
                        },
                    }),
            ),
            Look::OfNames(_) if !is_named(context) => {}
            Look::Table(rows) | Look::OfNames(rows) => {
                settings.extend(rows.iter().map(|&(product, name, default)| Setting {
                    product,
                    name,
                    default: default.into(),
                }))
            }
        }
    }
    // Stable: whose settings these are for certain comes first.
    settings.sort_by_key(|setting| context.proxy.is_none_or(|proxy| !proxy.eq_ignore_ascii_case(setting.product)));
    settings
}
