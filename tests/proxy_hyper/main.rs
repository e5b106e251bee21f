//! What only a proxy on hyper has to be tested for: the things that hyper has no call for (interim responses,
//! lingering, tunnels), what it hands back (requests for a second try), and what it cannot know (the health of a
//! next hop, the descriptors of the process). Upstreams are scripts of a few lines each, on real sockets.
#![cfg(feature = "full")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod client;
mod ejection;
mod exhaustion;
#[path = "../e2e/harness.rs"]
#[allow(dead_code)] // the other suite uses the rest
mod harness;
mod http2;
mod interim;
#[path = "../../examples/stacks/tests/lab/parallel.rs"]
mod parallel;
#[path = "../../examples/stacks/tests/lab/record.rs"]
mod record;
mod second_try;
mod tolerated;
mod tunnel;
mod upstream;
