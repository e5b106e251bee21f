//! `docs/clients.md`, held equal to `known.rs`.

use std::env;
use std::fmt::Write as _;
use std::fs;

use badgateway::fault::{Blame, FaultKind};
use badgateway::lab::{BEHAVIOURS, HTTP2_BEHAVIOURS};

use crate::known::{KNOWN, Known};
use crate::truth::Truth;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/clients.md");
/// Between the two stands what is made of the table.
const BEGIN: &str = "<!-- made by tests/clients: UPDATE=1 -->\n";
const END: &str = "<!-- end -->\n";

pub(crate) fn hold() {
    let page = fs::read_to_string(PATH).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}{}{END}{after}", tables());
    if env::var("UPDATE").is_ok() {
        fs::write(PATH, &made).unwrap();
    }
    assert!(
        page == made || env::var("UPDATE").is_ok(),
        "docs/clients.md is not what known.rs says: UPDATE=1 writes it"
    );
}

fn tables() -> String {
    let mut text = String::new();
    for (is_hidden, title) in [(true, "Hidden"), (false, "Coarser")] {
        write!(
            text,
            "\n## {title}\n\n| client | does not tell | on record | the truth | upstreams |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for known in KNOWN.iter().filter(|known| known.is_hidden == is_hidden) {
            writeln!(text, "{}", row(known)).unwrap();
        }
    }
    text + "\n"
}

fn row(known: &Known) -> String {
    let all = BEHAVIOURS.iter().chain(HTTP2_BEHAVIOURS);
    let truths = all.filter(|behaviour| known.behaviours.contains(&behaviour.name)).map(Truth::of);
    let mut kinds: Vec<FaultKind> = Vec::new();
    let mut is_good = false;
    for truth in truths {
        is_good |= truth.may_pass;
        kinds.extend(truth.kinds());
    }
    let truth = names(&kinds, if is_good { "whole" } else { "" });
    // Who is blamed that is not to blame, and nobody else has said so.
    let others: Vec<Blame> = known
        .kinds
        .iter()
        .map(|kind| kind.blame())
        .filter(|blame| !kinds.is_empty() && !kinds.iter().any(|kind| kind.blame() == *blame))
        .collect();
    let mut on_record = names(known.kinds, if known.kinds.is_empty() { "nothing" } else { "" });
    for blame in others {
        write!(on_record, ", which blames {blame}").unwrap();
    }
    let behaviours: Vec<String> = known.behaviours.iter().map(|name| format!("`{name}`")).collect();
    format!("| {} | {} | {on_record} | {truth} | {} |", known.clients.join("; "), known.why, behaviours.join(", "))
}

fn names(kinds: &[FaultKind], more: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    let more = (!more.is_empty()).then(|| more.to_owned());
    for name in kinds.iter().map(|kind| format!("`{}`", kind.as_str())).chain(more) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
