//! A gateway to next hops that speak HTTP/3, and next hops that misbehave: by frames made by hand, on quinn.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

pub mod body;
pub mod cert;
pub mod frames;
pub mod front;
pub mod gateway;
pub mod next_hop;
pub mod relay;
