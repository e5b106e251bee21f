//! The tap: what passed on a connection to the next hop, for what an error value cannot tell.
//!
//! It watches. It changes no byte, delays none, and costs a few adds and a copy of at
//! most 2048 bytes a response; what the bytes *mean* is worked out only when something has failed.
//!
//! It belongs above TLS and below the HTTP library, so that it sees plain bytes and TLS's ends. The
//! owner of the connection makes three calls:
//!
//! ```
//! use std::time::Instant;
//! use badgateway::fault::{Class, Fault, FaultKind, Phase};
//! use badgateway::Exchange;
//! use badgateway::tap::Observer;
//!
//! # let now = Instant::now();
//! let mut tap = Observer::new();
//! // 1. the connection's IO reports what passes (an adapter does that)
//! tap.read(b"SSH-2.0-OpenSSH_9.6\r\n", now);
//! // 2. the pool's owner says when an exchange begins
//! tap.begin(&http::Method::GET);
//! tap.wrote(57, now);
//! // 3. something failed: the HTTP library says "parse error", the tap says what it was
//! let seen = tap.observation();
//! let fault = seen.refine(Fault::new(FaultKind::BadStatusLine));
//! assert_eq!((fault.kind(), fault.class()), (FaultKind::NotHttp, Some(Class::NotHttpSsh)));
//!
//! let mut exchange = Exchange::default();
//! seen.fill(&mut exchange);
//! assert_eq!((exchange.sent, exchange.received), (Some(57), Some(21)));
//! assert_eq!(exchange.phase, Some(Phase::Head));
//! ```

mod follower;
mod frames;
mod line_ends;
mod observation;
mod observer;
mod plain;
mod reader;
mod refine;
mod requests;

pub use self::frames::{Frames, Goaway};
pub use self::observation::Observation;
pub use self::observer::{Ended, Observer};
