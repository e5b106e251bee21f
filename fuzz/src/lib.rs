//! The bodies of the fuzz targets. `tests/fuzz_bodies.rs` of badgateway runs the same file as a plain test.

pub mod bodies;
