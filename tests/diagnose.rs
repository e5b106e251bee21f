//! Diagnoses: what each kind of fault says, what the facts do to it, and that no name breaks out of a command.
//!
//! `UPDATE=1 cargo test --test diagnose` writes the snapshots anew; read their difference before you keep it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use badgateway::diagnose::{self, Context, Deployment, Diagnosis, Place, diagnose};
use badgateway::exchange::Exchange;
use badgateway::fault::{Class, Code, Evidence, Fault, FaultKind, Phase};

fn snapshot(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnose").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let then = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    if let Some((n, (was, is))) = then.lines().zip(now.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{name}, line {}:\n- {was}\n+ {is}\nUPDATE=1 writes it anew", n + 1);
    }
    assert_eq!(then.lines().count(), now.lines().count(), "{name}: UPDATE=1 writes it anew");
}

fn rule(title: &str) -> String {
    format!("\n{:=<80}\n\n", format!("==== {title} "))
}

#[test]
fn every_kind_as_it_reads() {
    let mut text = String::from("Every kind of fault, with nothing known about the exchange.\n");
    for &kind in FaultKind::ALL {
        let _ = write!(text, "{}{}", rule(kind.code()), diagnose::kind(kind));
    }
    snapshot("all.txt", &text);
}

#[test]
fn every_status_as_it_reads() {
    let mut text = String::from("What the statuses of gateways mean.\n");
    for code in diagnose::statuses() {
        let _ = write!(text, "{}{}", rule(&code.to_string()), diagnose::status(code).unwrap());
    }
    snapshot("statuses.txt", &text);
}
