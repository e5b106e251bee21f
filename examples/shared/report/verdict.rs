//! What is broken, by rule in the order of harm, and in how many cases nothing is.

use badgateway::lab::Behaviour;
use badgateway::lab::probe::{Answer, End};

use super::super::judge::{Case, RULES, Rule, judge};
use super::columns::{Table, paragraph};
use super::terminal::{Style, Terminal, printable};

/// So much is shown of how a rule is broken: a peer may say any amount.
const LONGEST: usize = 160;

/// One behaviour, and what is broken in what became of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) behaviour: &'static Behaviour,
    broken: Vec<(&'static Rule, String)>,
}

impl Judged {
    /// Judges the answer to a GET, and those to another GET and to a HEAD where there were some. An error is no answer.
    pub(crate) fn new(
        behaviour: &'static Behaviour,
        get: &Result<Answer, String>,
        next: Option<&Answer>,
        head: Option<&Answer>,
    ) -> Self {
        let mut none = Answer::default();
        none.end = End::Closed;
        let get = get.as_ref().unwrap_or(&none);
        // The same fault once more is not the poison of the first.
        let fault = |answer: &Answer| answer.satisfies(&behaviour.rule).err();
        let next = next.filter(|next| fault(get).is_none() || fault(next) != fault(get));
        let case = Case { behaviour, get, next, head };
        Self { behaviour, broken: judge(&case) }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.broken.is_empty()
    }

    /// What is broken, as notes below the row.
    pub(crate) fn note_in(&self, table: &mut Table) {
        for why in self.reasons() {
            table.note(Style::Wrong, &format!("    WRONG: {why}"));
        }
    }

    /// What is broken: the rule, its source, and how.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = String> {
        self.telling().map(|(rule, why)| {
            let mut why = printable(why);
            if why.len() > LONGEST {
                why.truncate(LONGEST);
                why.push_str("...");
            }
            format!("{} ({}): {why}", rule.name, rule.source)
        })
    }

    /// The rules that tell something. The last says only that it is not as it should be: of use where no other says why.
    fn telling(&self) -> impl Iterator<Item = (&'static Rule, &str)> {
        let last = RULES.last().map(|rule| rule.name);
        let alone = self.broken.len() == 1;
        let told = self.broken.iter().filter(move |(rule, _)| alone || Some(rule.name) != last);
        told.map(|(rule, why)| (*rule, why.as_str()))
    }
}

/// The rules that are broken and by what; in one line how many answers break none; and what to do next, in lines.
pub(crate) fn closing<'a>(all: impl IntoIterator<Item = &'a Judged>, next: &str, terminal: Terminal) -> String {
    let all: Vec<&Judged> = all.into_iter().collect();
    let mut out = String::new();
    for rule in RULES {
        let breaks = |judged: &&&Judged| judged.telling().any(|(broken, _)| broken.name == rule.name);
        let names: Vec<&str> = all.iter().filter(breaks).map(|judged| judged.behaviour.name).collect();
        if !names.is_empty() {
            let heading = printable(&format!("{}x {} ({})", names.len(), rule.name, rule.source));
            out.push_str(&paragraph(terminal, Style::Wrong, &heading));
            out.push_str(&paragraph(terminal, Style::Plain, &format!("    {}", names.join(", "))));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let right = all.iter().filter(|judged| judged.is_right()).count();
    let style = if right == all.len() { Style::Right } else { Style::Wrong };
    let verdict = format!("{right} of {} as RFC 9110 and 9112 want them, by {} rules", all.len(), RULES.len());
    out.push_str(&paragraph(terminal, style, &verdict));
    for line in next.lines() {
        out.push_str(&paragraph(terminal, Style::Plain, &printable(line)));
    }
    out
}
