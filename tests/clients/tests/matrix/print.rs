//! The matrix in a terminal, in 100 columns.
//!
//! `CLIENT='ureq;awc' ONLY='refused;echo'` leave out the rest, `CELLS=1` prints every cell.

use std::env;
use std::ptr;

use badgateway::decide::{applied, retry};
use badgateway::fault::{Class, Fault};
use badgateway::lab::Group;

use crate::cell::{Cell, Verdict};
use crate::clients::{CLIENTS, Client};
use crate::known::KNOWN;

const COLUMNS: usize = 100;

/// Whether to look at this one.
pub(crate) fn wanted(variable: &str, name: &str) -> bool {
    env::var(variable).map_or(true, |list| list.split(';').any(|one| one == name))
}

/// Whether nothing is left out.
pub(crate) fn is_whole() -> bool {
    env::var("CLIENT").is_err() && env::var("ONLY").is_err()
}

pub(crate) fn matrix(cells: &[Cell]) {
    let rows: Vec<(&Client, Vec<&Cell>)> = CLIENTS
        .iter()
        .map(|client| (client, cells.iter().filter(|cell| cell.client.name == client.name).collect()))
        .filter(|(_, cells): &(_, Vec<_>)| !cells.is_empty())
        .collect();
    counts(&rows);
    groups(&rows);
    reasons(cells);
    if env::var("CELLS").is_ok() {
        cells.iter().for_each(each);
    }
}

fn is_right(cell: &Cell) -> bool {
    matches!(cell.verdict(), Verdict::Right)
}

/// How much each client tells. "Apart" are the faults that are told apart by kind and class.
fn counts(rows: &[(&Client, Vec<&Cell>)]) {
    println!("{:<16}  cells  right  exact  coarser  hidden  wrong  apart", "");
    for (client, cells) in rows {
        let count = |is: &dyn Fn(&Cell) -> bool| cells.iter().filter(|cell| is(cell)).count();
        let right = count(&is_right);
        let exact = count(&|cell| is_right(cell) && cell.is_exact());
        let coarser = count(&|cell| matches!(cell.verdict(), Verdict::Coarser(_)));
        let hidden = count(&|cell| matches!(cell.verdict(), Verdict::Hidden(_)));
        let wrong = count(&|cell| !cell.flaws().is_empty());
        let mut apart: Vec<String> = cells.iter().filter_map(|cell| cell.fault()).map(name).collect();
        apart.sort_unstable();
        apart.dedup();
        let (all, apart) = (cells.len(), apart.len());
        println!("{:<16}{all:>7}{right:>7}{exact:>7}{coarser:>9}{hidden:>8}{wrong:>7}{apart:>7}", client.name);
    }
}

/// Right cells of all, by the groups of the lab.
fn groups(rows: &[(&Client, Vec<&Cell>)]) {
    let has = |group: &Group| rows.iter().flat_map(|(_, cells)| cells).any(|cell| cell.truth.behaviour.group == *group);
    let groups: Vec<&Group> = Group::ALL.iter().filter(|group| has(group)).collect();
    print!("\n{:<16}", "right, by group");
    groups.iter().for_each(|group| print!("{:>6}", group.as_str().chars().take(5).collect::<String>()));
    println!();
    for (client, cells) in rows {
        print!("{:<16}", client.name);
        for group in &groups {
            let of_both: Vec<_> = cells.iter().filter(|cell| cell.truth.behaviour.group == **group).collect();
            let right = of_both.iter().filter(|cell| is_right(cell)).count();
            let told = match of_both.len() {
                0 => String::new(),
                all if all == right => right.to_string(),
                all => format!("{right}/{all}"),
            };
            print!("{told:>6}");
        }
        println!();
    }
}

/// The cells that are less than the truth, by reason.
fn reasons(cells: &[Cell]) {
    for (title, is_hidden) in [("hidden", true), ("coarser", false)] {
        println!("\n{title}: what the client does not tell");
        for known in KNOWN.iter().filter(|known| known.is_hidden == is_hidden) {
            let is_one = |cell: &&Cell| matches!(cell.verdict(), Verdict::Coarser(of) | Verdict::Hidden(of) if ptr::eq(of, known));
            let mut names: Vec<&str> = cells.iter().filter(is_one).map(Cell::name).collect();
            names.sort_unstable();
            names.dedup();
            if names.is_empty() {
                continue;
            }
            let kinds: Vec<&str> = known.kinds.iter().map(|kind| kind.as_str()).collect();
            let kinds = if kinds.is_empty() { "no record".to_owned() } else { kinds.join(", ") };
            wrapped("  ", &format!("{}: {} ({kinds})", known.clients.join("; "), known.why));
            wrapped("      ", &names.join(" "));
        }
    }
}

/// In lines, the second and later ones further in.
fn wrapped(indent: &str, text: &str) {
    let mut line = indent.to_owned();
    for word in text.split(' ') {
        if line.chars().count() + word.chars().count() + 1 > COLUMNS {
            println!("{line}");
            line = format!("{indent}  ");
        }
        if !line.ends_with(' ') {
            line.push(' ');
        }
        line.push_str(word);
    }
    println!("{line}");
}

/// One cell, in two lines.
fn each(cell: &Cell) {
    let verdict = match cell.verdict() {
        Verdict::Right => "right",
        Verdict::Coarser(_) => "coarser",
        Verdict::Hidden(_) => "hidden",
        Verdict::Wrong => "wrong",
    };
    println!("{:<18}{:<34}{verdict:<9}read {}", cell.client.name, cell.name(), cell.requests);
    let Some((fault, exchange)) = cell.seen.faults.first() else { return };
    let code = fault.code().map_or_else(String::new, |code| format!(" {code:?}"));
    let (phase, applied, retry) = (fault.phase(), applied(fault, exchange), retry::advise(fault, exchange));
    println!("    {}{code}", name(fault));
    println!("    phase {phase}, applied {applied}, retry {retry}, blame {}", fault.blame());
}

fn name(fault: &Fault) -> String {
    format!("{} {}", fault.kind().as_str(), fault.class().map_or("-", Class::as_str))
}
