//! Tells a proxy exactly what went wrong upstream.
#![cfg_attr(badgateway_docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod adapters;
pub mod audit;
pub mod body;
pub mod classify;
pub mod deadline;
pub mod decide;
pub mod exchange;
pub mod fault;
mod gateway;
pub mod h1;
#[cfg(feature = "lab")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "lab")))]
pub mod lab;
pub mod reply;
pub mod tap;

pub use crate::exchange::Exchange;
pub use crate::fault::{Fault, FaultKind};
pub use crate::gateway::Gateway;
