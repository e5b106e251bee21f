//! The values a template can ask for, and how each is written.
//!
//! A template asks, [`Disclosure`] decides: what may not be told is not there, and what is written is
//! bounded after its escape, whatever a peer put into it.

use crate::fault::ErrorType;
use crate::reply::disclosure::Disclosure;
use crate::reply::words::{Advice, Place};
use crate::reply::{MAX_REFERENCE, Reply};
use crate::sink::{Sink, bounded, decimal, html_within, percent, put_char};
use crate::unprintable::is_unprintable;

use super::findings::Findings;
use super::strings::{TIME, Text, Word};
use super::template::Escape;
use super::time::Utc;
use super::{MAX_SHOWN, Texts, way};

/// A value that a template can ask for, by what its text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A word, a number or a name, of which some are not ours.
    Plain(Plain),
    /// A text of the strings.
    Said(Said),
    /// HTML of ours.
    Markup(Markup),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Status,
    Reason,
    RetryAfter,
    Gateway,
    Error,
    Reference,
    Time,
    Code,
    Class,
    NextHop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Headline,
    Explanation,
    Place,
    Advice,
    /// There only where a link to the same page does what the advice says.
    Again,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    Way,
    Facts,
    Causes,
    Steps,
}

/// The names.
const VALUES: [(&str, Value); 19] = [
    ("status", Value::Plain(Plain::Status)),
    ("reason", Value::Plain(Plain::Reason)),
    ("headline", Value::Said(Said::Headline)),
    ("explanation", Value::Said(Said::Explanation)),
    ("place", Value::Said(Said::Place)),
    ("advice", Value::Said(Said::Advice)),
    ("again", Value::Said(Said::Again)),
    ("retry_after", Value::Plain(Plain::RetryAfter)),
    ("gateway", Value::Plain(Plain::Gateway)),
    ("error", Value::Plain(Plain::Error)),
    ("reference", Value::Plain(Plain::Reference)),
    ("time", Value::Plain(Plain::Time)),
    ("code", Value::Plain(Plain::Code)),
    ("class", Value::Plain(Plain::Class)),
    ("next_hop", Value::Plain(Plain::NextHop)),
    ("way", Value::Markup(Markup::Way)),
    ("facts", Value::Markup(Markup::Facts)),
    ("causes", Value::Markup(Markup::Causes)),
    ("steps", Value::Markup(Markup::Steps)),
];

impl Value {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        VALUES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Whether it comes from a diagnosis, which is made only for a template that asks for one of these.
    pub(super) const fn is_found(self) -> bool {
        matches!(self, Self::Markup(Markup::Facts | Markup::Causes | Markup::Steps))
    }
}

/// One page to be written: what is asked for is answered from here.
pub(super) struct Answer<'a> {
    pub(super) reply: &'a Reply<'a>,
    pub(super) texts: &'a Texts,
    pub(super) findings: &'a Findings,
}

impl Answer<'_> {
    /// Whether there is such a value.
    pub(super) fn has(&self, value: Value) -> bool {
        match value {
            Value::Plain(Plain::Status) => true,
            Value::Plain(Plain::RetryAfter) => self.reply.retry_after().is_some(),
            Value::Plain(Plain::Time) => self.time().is_some(),
            Value::Plain(value) => self.text(value).is_some(),
            Value::Said(Said::Again) => self.is_again(),
            Value::Said(Said::Headline | Said::Explanation | Said::Place | Said::Advice) => true,
            Value::Markup(Markup::Causes) => self.findings.has_causes(),
            Value::Markup(Markup::Steps) => self.findings.has_steps(),
            Value::Markup(Markup::Way | Markup::Facts) => true,
        }
    }

    pub(super) fn write(&self, value: Value, escape: Escape, out: &mut Vec<u8>) {
        match (value, escape) {
            (Value::Plain(value), Escape::Html) => self.plain(value, |text| html_within(out, text, MAX_SHOWN)),
            (Value::Plain(value), Escape::Percent) => self.plain(value, |text| in_query(out, text)),
            (Value::Said(value), _) => self.write_said(value, out),
            (Value::Markup(Markup::Way), _) => way::write(out, self.texts, self.reply.words().place),
            (Value::Markup(Markup::Facts), _) => self.write_facts(out),
            (Value::Markup(Markup::Causes), _) => self.findings.write_causes(out, self.texts),
            (Value::Markup(Markup::Steps), _) => self.findings.write_steps(out),
        }
    }

    fn plain(&self, value: Plain, write: impl FnOnce(&str)) {
        let (time, mut digits) = (self.time(), [0; 20]);
        let text = match value {
            Plain::Status => Some(self.reply.status.as_str()),
            Plain::RetryAfter => {
                let digits = self.reply.retry_after().map(|seconds| decimal(seconds, &mut digits));
                digits.and_then(|digits| std::str::from_utf8(digits).ok())
            }
            Plain::Time => time.as_ref().map(Utc::text),
            Plain::Reason
            | Plain::Gateway
            | Plain::Error
            | Plain::Reference
            | Plain::Code
            | Plain::Class
            | Plain::NextHop => self.text(value),
        };
        if let Some(text) = text {
            write(text);
        }
    }

    /// A plain value that is a text already, if there is one and it may be told.
    fn text(&self, value: Plain) -> Option<&str> {
        let Reply { disclosure, fault, exchange, .. } = *self.reply;
        let details = disclosure >= Disclosure::Details;
        match value {
            Plain::Reason => Some(crate::reply::reason(self.reply.status)),
            Plain::Gateway => Some(self.reply.name.plain()),
            Plain::Error => fault.error_type().map(ErrorType::as_str),
            Plain::Code => details.then(|| fault.kind().as_str()),
            Plain::Class => fault.class().filter(|_| details).map(|class| class.as_str()),
            Plain::NextHop => exchange.next_hop.as_deref().filter(|_| disclosure >= Disclosure::Trusted),
            Plain::Reference => exchange.reference.as_deref().map(|text| bounded(text, MAX_REFERENCE)),
            // Numbers.
            Plain::Status | Plain::RetryAfter | Plain::Time => None,
        }
        .filter(|text| !text.is_empty())
    }

    fn write_said(&self, value: Said, out: &mut Vec<u8>) {
        let error_type = self.reply.fault.error_type();
        match value {
            Said::Headline => out.put(self.texts.word(Word::Headline, error_type)),
            Said::Explanation => out.put(self.texts.word(Word::Explanation, error_type)),
            Said::Again if self.is_again() => out.put(self.texts.get(Text::Again)),
            Said::Again => {}
            Said::Place => out.put(self.texts.get(match self.reply.words().place {
                Place::ClientLink => Text::AtClientLink,
                Place::Gateway => Text::AtGateway,
                Place::Link => Text::AtLink,
                Place::Service => Text::AtService,
            })),
            Said::Advice => self.write_advice(out),
        }
    }

    fn write_advice(&self, out: &mut Vec<u8>) {
        match (self.reply.advice(), self.reply.retry_after()) {
            (Advice::TryAgain, None) => out.put(self.texts.get(Text::TryAgain)),
            (Advice::TryAgain, Some(seconds)) => {
                let text = self.texts.get(Text::TryAgainIn);
                let (before, after) = text.split_once(TIME).unwrap_or((text, ""));
                out.put(before);
                write_wait(out, seconds);
                out.put(after);
            }
            (Advice::CheckFirst, _) => out.put(self.texts.get(Text::CheckFirst)),
            (Advice::Wait, _) => out.put(self.texts.get(Text::Wait)),
        }
    }

    /// The facts line by line: those that every format has, the time, and what was seen.
    fn write_facts(&self, out: &mut Vec<u8>) {
        out.put("<dl>\n");
        for (text, value) in [
            (Text::FactGateway, Plain::Gateway),
            (Text::FactError, Plain::Error),
            (Text::FactCode, Plain::Code),
            (Text::FactClass, Plain::Class),
            (Text::FactNextHop, Plain::NextHop),
        ] {
            if let Some(value) = self.text(value) {
                row(out, "", self.texts.get(text), value);
            }
        }
        if let Some(time) = self.time() {
            row(out, "", self.texts.get(Text::FactTime), time.text());
        }
        self.findings.write_facts(out);
        out.put("</dl>\n");
    }

    /// A link makes a GET: it stands where that is the request again, and where nobody asked to wait first.
    fn is_again(&self) -> bool {
        let reply = self.reply;
        let gets = reply.exchange.method == http::Method::GET || reply.exchange.method == http::Method::HEAD;
        gets && reply.exchange.retry_after.is_none() && reply.fault.kind().is_transient()
    }

    fn time(&self) -> Option<Utc> {
        self.reply.exchange.time.and_then(Utc::of)
    }
}

/// One row of the facts. The name is escaped already.
pub(super) fn row(out: &mut Vec<u8>, attributes: &str, name: &str, value: &str) {
    out.put("<dt");
    out.put(attributes);
    out.put(">");
    out.put(name);
    out.put("</dt><dd><code>");
    html_within(out, value, MAX_SHOWN);
    out.put("</code></dd>\n");
}

/// How long to wait, in units that every language knows: seconds to two minutes, minutes to two hours, hours. Rounded
/// up, because sooner would be in vain.
fn write_wait(out: &mut Vec<u8>, seconds: u64) {
    let (number, unit) = match seconds {
        0..=120 => (seconds, "\u{a0}s"),
        121..=7200 => (seconds.div_ceil(60), "\u{a0}min"),
        _ => (seconds.div_ceil(3600), "\u{a0}h"),
    };
    out.number(number);
    out.put(unit);
}

/// In the query of a link: unreserved characters as they are (RFC 3986 section 2.3), what may not be shown as U+FFFD, lest it
/// ends a line in a mail's subject, and all else by its bytes. What has no room any more is left out.
fn in_query(out: &mut Vec<u8>, text: &str) {
    let most = out.len().saturating_add(MAX_SHOWN);
    for c in text.chars() {
        let before = out.len();
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' => put_char(out, c),
            _ if is_unprintable(c) => percent(out, '\u{fffd}'),
            _ => percent(out, c),
        }
        if out.len() > most {
            out.truncate(before);
            break;
        }
    }
}
