//! The diagnosis as one JSON object on one line.
//!
//! The same keys in the same order, `null` or `[]` where there is nothing, and every
//! text through the one escape.

use std::fmt;

use crate::sink::{Formatting, Sink, json};

use super::value::Diagnosis;

/// A [`Diagnosis`] as JSON; see [`Diagnosis::json`].
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    diagnosis: &'a Diagnosis,
    leading: &'a [(&'a str, Option<&'a str>)],
}

impl Diagnosis {
    /// The same as one JSON object without a line end. Its keys: `fault`, `class`, `phase`, `summary`,
    /// `evidence` (objects of `name`, `value`, `trusted`), `causes` (`text`, `supported`), `next_steps` (`where`, `deployment`, `why`, `command`),
    /// `settings` (`product`, `name`, `default`), `avoid`, `lasting` and `placeholders` (texts).
    ///
    /// ```
    /// use badgateway::FaultKind;
    /// let json = badgateway::diagnose::kind(FaultKind::DnsTimeout).json().to_string();
    /// assert!(json.starts_with(r#"{"fault":"dns_timeout","class":null,"phase":"resolve","summary":"#));
    /// ```
    #[must_use]
    pub const fn json(&self) -> Json<'_> {
        Json { diagnosis: self, leading: &[] }
    }
}

impl<'a> Json<'a> {
    /// With members of the caller's own before the others. Their names must not be among those above.
    #[must_use]
    pub const fn with_leading(mut self, members: &'a [(&'a str, Option<&'a str>)]) -> Self {
        self.leading = members;
        self
    }
}

impl Json<'_> {
    fn write(&self, out: &mut impl Sink) {
        let Diagnosis { kind, class, phase, summary, evidence, causes, steps, settings, avoid, lasting, placeholders } =
            self.diagnosis;
        out.put("{");
        for (name, value) in self.leading {
            string(out, name);
            out.put(":");
            optional(out, *value);
            out.put(",");
        }
        out.put("\"fault\":");
        optional(out, kind.map(|kind| kind.as_str()));
        out.put(",\"class\":");
        optional(out, class.map(|class| class.as_str()));
        out.put(",\"phase\":");
        optional(out, phase.map(|phase| phase.as_str()));
        out.put(",\"summary\":");
        string(out, summary);
        list(out, "evidence", evidence, |out, fact| {
            object(out, &[("name", fact.name), ("value", &fact.value)]);
            out.put(if fact.trusted { ",\"trusted\":true}" } else { ",\"trusted\":false}" });
        });
        list(out, "causes", causes, |out, cause| {
            object(out, &[("text", &cause.text)]);
            out.put(if cause.supported { ",\"supported\":true}" } else { ",\"supported\":false}" });
        });
        list(out, "next_steps", steps, |out, step| {
            object(
                out,
                &[
                    ("where", step.place.as_str()),
                    ("deployment", step.deployment.as_str()),
                    ("why", step.why),
                    ("command", &step.command),
                ],
            );
            out.put("}");
        });
        list(out, "settings", settings, |out, setting| {
            object(out, &[("product", setting.product), ("name", setting.name), ("default", &setting.default)]);
            out.put("}");
        });
        list(out, "avoid", avoid, |out, text| string(out, text));
        list(out, "lasting", lasting, |out, text| string(out, text));
        list(out, "placeholders", placeholders, |out, text| string(out, text));
        out.put("}");
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Formatting::new(f);
        self.write(&mut out);
        out.finish()
    }
}

fn string<S: Sink>(out: &mut S, text: &str) {
    out.put("\"");
    json(out, text);
    out.put("\"");
}

fn optional<S: Sink>(out: &mut S, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.put("null"),
    }
}

/// An object that is left open.
fn object<S: Sink>(out: &mut S, members: &[(&str, &str)]) {
    for (n, (name, value)) in members.iter().enumerate() {
        out.put(if n == 0 { "{\"" } else { ",\"" });
        out.put(name);
        out.put("\":");
        string(out, value);
    }
}

fn list<S: Sink, T>(out: &mut S, name: &str, items: &[T], each: impl Fn(&mut S, &T)) {
    out.put(",\"");
    out.put(name);
    out.put("\":[");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.put(",");
        }
        each(out, item);
    }
    out.put("]");
}
