//! A raw client that sends one request and reports exactly what came back.
//!
//! One rule: it judges by framing alone, repairs nothing, and never asks for anything twice.

mod answer;
mod http2;
mod reader;
mod request;

pub use answer::{Answer, End};
pub use request::{Request, send};
