//! What proxies wrote about upstreams whose misbehaviour is known, read back: true, coarser and true, or silent.
//!
//! `tests/data/proxy-logs.txt` was measured: six proxies before 51 upstreams. A reading may hold more than the
//! truth, never something else. `cargo test --test logs -- --nocapture` prints the matrix.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm
)]

/// What each behaviour of the lab is: the table of the end-to-end tests.
#[path = "e2e/expect.rs"]
#[allow(dead_code)]
mod expect;
/// What that table needs to know.
mod harness {
    #[derive(Clone, Copy, Debug)]
    #[allow(dead_code)]
    pub(crate) enum Engine {
        Hyper,
        H1,
    }
}

#[path = "logs/example.rs"]
mod example;
/// The example that reads logs with it all.
#[path = "../examples/explain/main.rs"]
#[allow(dead_code)]
mod explain;
#[path = "logs/healthy.rs"]
mod healthy;
#[path = "logs/known.rs"]
mod known;
#[path = "logs/lab.rs"]
mod lab;
#[path = "logs/lines.rs"]
mod lines;
#[path = "logs/pasted.rs"]
mod pasted;
#[path = "logs/truth.rs"]
mod truth;
