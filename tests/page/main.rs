//! The HTML page: whole pages as files, what must hold for every page, templates and texts of one's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod cases;
mod html;
mod invariants;
mod snapshots;
mod strings;
mod templates;
