//! Each gateway before the lab: every answer by its rule, for clients of HTTP/1.0, 1.1 and 2, and every record by what the
//! client saw.

mod client;
mod fields;
mod gateway;
mod grpc;
mod known;
mod parallel;
mod process;
mod record;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use badgateway::lab::probe::End;
use badgateway::lab::{Group, Lab, Upstream};
use http::Version;

use crate::client::ask;
use crate::gateway::{Gateway, STACKS, Stack};
use crate::known::{KNOWN, known};
use crate::parallel::in_parallel;

/// For those that wait for timers; the rest is work, and more at once would be late for their own timers.
const WAITING: usize = 48;
const WORKING: usize = 12;

const VERSIONS: [Version; 3] = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2];

#[test]
fn each_answer_is_right_and_its_record_says_what_the_client_saw() {
    let lab = Lab::start().unwrap();
    let plain: Vec<_> = lab.upstreams().iter().filter(|upstream| upstream.url().starts_with("http://127.")).collect();
    assert!(plain.len() > 150, "{}", plain.len());
    let mut cases = Vec::new();
    // Those that wait come first, and all of one behaviour are far apart.
    for version in VERSIONS {
        for stack in STACKS {
            cases.extend(plain.iter().map(|upstream| (stack, *upstream, version)));
        }
    }
    cases.sort_by_key(|(_, upstream, _)| upstream.behaviour().group != Group::Time);
    let waiting = cases.iter().take_while(|(_, upstream, _)| upstream.behaviour().group == Group::Time).count();
    let judge = |(stack, upstream, version): &(&Stack, &Upstream, Version)| {
        let gateway = Gateway::start(stack, upstream.url());
        let seen = ask(gateway.address, *version, &upstream.behaviour().rule);
        let is_due = seen.is_own || !matches!(seen.end, End::Complete | End::Eof);
        let faults = gateway.faults(usize::from(is_due));
        let elsewhere =
            faults.iter().find(|fault| fault.text("next_hop").as_deref() != upstream.url().strip_prefix("http://"));
        let elsewhere = elsewhere.map(|fault| format!("the next hop is another: {}", fault.0));
        let wrong = seen.broken.clone().or_else(|| seen.mismatch(*version, &faults)).or(elsewhere);
        let told = faults.iter().map(|fault| (fault.text("fault"), fault.text("class")));
        (wrong.map(|why| (seen.status, why)), told.collect::<Vec<_>>())
    };
    let (waiting, working) = cases.split_at(waiting);
    let mut judged = in_parallel(waiting, WAITING, judge);
    judged.extend(in_parallel(working, WORKING, judge));
    let (wrong, told): (Vec<_>, Vec<_>) = judged.into_iter().unzip();

    println!("{}", table(&cases.iter().map(|c| (c.0.name, c.1.behaviour().group)).collect::<Vec<_>>(), &wrong));
    for stack in STACKS {
        let of_it = cases.iter().zip(&told).filter(|(case, _)| case.0.name == stack.name);
        let apart: BTreeSet<_> = of_it.flat_map(|(_, told)| told).collect();
        println!("{:14} tells {} faults apart by code and class", stack.name, apart.len());
    }
    let (mut unknown, mut needed) = (String::new(), Vec::new());
    for ((stack, upstream, version), why) in cases.iter().zip(&wrong) {
        let (stack, name) = (stack.name, upstream.name());
        match (why, known(stack, name, *version)) {
            (None, _) => {}
            (Some((status, why)), Some(reason)) if *status == Some(reason.status) => {
                needed.push(std::ptr::from_ref(reason));
                println!("{stack} {name} {version:?}: {why}\n    known: {}", reason.why);
            }
            (Some((_, why)), _) => writeln!(unknown, "{stack} {name} {version:?}: {why}").unwrap(),
        }
    }
    assert!(unknown.is_empty(), "wrong:\n{unknown}");
    for known in KNOWN {
        assert!(needed.contains(&std::ptr::from_ref(known)), "nobody breaks this any more: {known:?}");
    }
}

/// Right answers of all, by stack and group.
fn table<T>(cases: &[(&str, Group)], wrong: &[Option<T>]) -> String {
    let mut table = format!("{:14}", "right of all");
    for group in Group::ALL {
        write!(table, "{:>9}", group.to_string()).unwrap();
    }
    for stack in STACKS {
        write!(table, "\n{:14}", stack.name).unwrap();
        for group in Group::ALL {
            let of_both: Vec<_> = cases.iter().zip(wrong).filter(|(case, _)| **case == (stack.name, *group)).collect();
            let right = of_both.iter().filter(|(_, wrong)| wrong.is_none()).count();
            write!(table, "{:>9}", format!("{right}/{}", of_both.len())).unwrap();
        }
    }
    table
}
