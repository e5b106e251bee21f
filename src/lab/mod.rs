//! Upstreams that misbehave on purpose, on loopback: test your own proxy with them.
//!
//! Point a proxy at [`Upstream::url`], send it a request with [`probe::send`], and ask whether what
//! came back satisfies the [`Rule`] that the RFCs set for that [`Behaviour`]:
//!
//! ```no_run
//! use badgateway::lab::{Lab, probe};
//!
//! # fn run(proxy: impl Fn(&str) -> std::net::SocketAddr) -> std::io::Result<()> {
//! let lab = Lab::start()?;
//! for upstream in lab.upstreams() {
//!     let answer = probe::send(proxy(upstream.url()), &probe::Request::new())?;
//!     if let Err(why) = answer.satisfies(&upstream.behaviour().rule) {
//!         println!("{}: {why}", upstream.name());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Not fault *injection*: nothing is broken in passing, each upstream simply is what it is.
//! One rule: the lab never logs and never panics; whatever goes wrong on a connection is the end
//! of that connection and of nothing else. Threads of the standard library only.

mod act;
mod behaviour;
mod cert;
mod control;
mod dns;
mod fault;
mod http2;
mod peer;
mod server;
mod table;
mod tally;
mod then;
mod upload;

pub mod probe;

pub use behaviour::{Behaviour, Group, Rule};
pub use http2::HTTP2_BEHAVIOURS;
pub use server::{Builder, Lab, Upstream};
pub use table::BEHAVIOURS;
pub use tally::Counts;
