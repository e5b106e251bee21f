//! badgateway beside its peers.
//!
//! `[instructions|wall|all|list|profile] [FILTER] [--check]`: see the README beside this package.

mod harness;
mod topics;

use std::process::ExitCode;

use harness::{Columns, instructions};

#[global_allocator]
static ALLOCATOR: harness::allocations::Counting = harness::allocations::Counting;

const USAGE: &str = "usage: [instructions|wall|all|list|profile] [FILTER] [--check]";
/// Lines of a profile.
const LINES: usize = 25;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let topics = topics::all();
    if arguments.first().is_some_and(|a| a == instructions::CHILD) {
        return child(&topics, &arguments);
    }
    let check = arguments.iter().any(|a| a == "--check");
    arguments.retain(|a| a != "--check");
    if arguments.len() > 2 || arguments.iter().any(|a| a.starts_with('-')) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let mode = arguments.first().map_or("all", String::as_str);
    let filter = arguments.get(1).map_or("", String::as_str);
    let mut columns = match mode {
        "instructions" | "profile" => Columns { instructions: true, wall: false },
        "wall" => Columns { instructions: false, wall: true },
        "all" | "list" => Columns { instructions: true, wall: true },
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if mode == "list" {
        for topic in &topics {
            for group in topic.groups.iter().filter(|group| harness::matches(topic, group, filter)) {
                group.contestants.iter().for_each(|c| println!("{}", harness::key(topic, group, c)));
            }
        }
        return ExitCode::SUCCESS;
    }
    if columns.instructions && !instructions::available() {
        eprintln!("no valgrind here, so time only (it is a Debian package of that name)");
        columns = Columns { instructions: false, wall: true };
        if check || mode == "profile" {
            return ExitCode::from(2);
        }
    }
    if mode == "profile" {
        topics.iter().for_each(|topic| harness::profile(topic, filter, LINES));
        return ExitCode::SUCCESS;
    }
    let missed: usize = topics.iter().map(|topic| harness::run(topic, filter, columns)).sum();
    if check && missed > 0 {
        eprintln!("{missed} budgets of instructions or allocations missed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn child(topics: &[harness::Topic], arguments: &[String]) -> ExitCode {
    let [_, key, operations] = arguments else { return ExitCode::from(2) };
    let done = operations.parse().is_ok_and(|n| harness::run_one(topics, key, n));
    if done { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
