//! The matrix: every client library asks every behaviour of the lab, and badgateway is given what it hands over.
//!
//! A cell is right (the kind of the truth), coarser (a broader kind, with its reason in `known.rs`), hidden (the client does
//! not tell, with the reason there), or wrong, which fails. No cell may blame the wrong one, call a request "not applied"
//! that the lab has read, advise to send it again, or take a cut body for a whole one unless that is known.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod cell;
mod clients;
#[path = "../../../../examples/shared/dns.rs"]
#[allow(dead_code)] // the proxies' half
mod dns;
mod docs;
#[path = "../../../e2e/expect.rs"]
#[allow(dead_code)] // what the proxies show their clients
mod expect;
#[path = "../../../http2/faults.rs"]
mod faults;
mod known;
#[path = "../../../../examples/stacks/tests/lab/parallel.rs"]
mod parallel;
mod print;
mod resolve;
mod target;
mod truth;

use badgateway::lab::Lab;

use crate::cell::Cell;
use crate::clients::{CLIENTS, Client, Speaks};
use crate::parallel::in_parallel;
use crate::target::Target;
use crate::truth::Truth;

/// What the table of the proxies asks of its own harness.
mod harness {
    pub(crate) use super::truth::Engine;
}

/// Clients, and behaviours of each: most of the time is waited for timers, and more at once would be late for their own.
const AT_ONCE: usize = 4;
const THREADS: usize = 16;

#[test]
fn every_client_before_every_behaviour() {
    let clients: Vec<_> = CLIENTS.iter().filter(|client| print::wanted("CLIENT", client.name)).collect();
    let cells =
        in_parallel(&clients, AT_ONCE, |client| before_the_lab(client)).into_iter().flatten().collect::<Vec<_>>();
    print::matrix(&cells);
    let wrong: Vec<String> = cells.iter().flat_map(Cell::flaws).collect();
    let idle = if print::is_whole() { known::not_needed(&cells) } else { Vec::new() };
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), cells.len(), wrong.join("\n"));
    assert!(idle.is_empty(), "no client does this any more:\n{}", idle.join("\n"));
}

/// `docs/clients.md` says what `known.rs` says. `UPDATE=1` writes it.
#[test]
fn the_documentation_is_the_table() {
    docs::hold();
}

/// A lab of its own for each client, so that what it counts is of that client alone: one request for each behaviour.
fn before_the_lab(client: &'static Client) -> Vec<Cell> {
    let lab = match client.speaks {
        Speaks::Http1 => Lab::start(),
        Speaks::Http2 => Lab::builder().http2().start(),
    };
    let lab = lab.unwrap();
    let mut upstreams: Vec<_> = lab.upstreams().iter().filter(|up| print::wanted("ONLY", up.name())).collect();
    // Those that wait come first.
    upstreams.sort_by_key(|up| up.behaviour().group != badgateway::lab::Group::Time);
    in_parallel(&upstreams, THREADS, |upstream| {
        let target = Target::new(&lab, upstream);
        let seen = (client.ask)(&target);
        Cell { client, truth: Truth::of(upstream.behaviour()), requests: upstream.counts().requests, seen }
    })
}
