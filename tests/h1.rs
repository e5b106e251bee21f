//! The response parser from outside: cases, history, limits, properties, the shared corpus.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

#[path = "h1/cases.rs"]
mod cases;
#[path = "h1/corpus.rs"]
mod corpus;
#[path = "h1/forwarding.rs"]
mod forwarding;
#[path = "h1/history.rs"]
mod history;
#[path = "h1/limits.rs"]
mod limits;
#[path = "h1/model.rs"]
mod model;
#[path = "h1/properties.rs"]
mod properties;
#[path = "h1/util.rs"]
mod util;
