//! Tells a proxy exactly what went wrong upstream, and answers its client accordingly.
//!
//! You write a proxy, gateway or middleware. An upstream fails, and all you have is an error value, some
//! bytes, or a timer that fired. Hand it over and get back
//!
//! - **what happened**: a [`Fault`], one row of [one table](#the-table) of everything that can go wrong,
//! - **what to do**: a [`Decision`](decide::Decision) to respond, abort or stay silent, and whether the
//!   request [may be sent again](decide::retry),
//! - **what to say**: a complete `http::Response` (502, 504, Cloudflare's 520 to 526, or a gRPC status) with a
//!   [`Proxy-Status`](https://www.rfc-editor.org/rfc/rfc9209), and a log record.
//!
//! It does **not** make connections, read clocks, spawn, log, or retry. It has no runtime and runs on any.
//! It is not a proxy (the `proxy` example is), and a "fault" in here is never fault *injection*, except in
//! the [`lab`] on purpose.
//!
//! ```
//! use badgateway::{Exchange, Gateway};
//!
//! let gateway = Gateway::new("edge-1.example")?;
//! let request = http::Request::get("/cart").header("accept", "text/html").body(())?;
//! let exchange = Exchange::of(&request);
//!
//! // Any client, any error: here it is what a refused connection leaves behind.
//! let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
//! let response = gateway.answer(&error, &exchange);
//!
//! assert_eq!(response.status(), 502);
//! assert_eq!(response.headers()["proxy-status"], "edge-1.example; error=connection_refused");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The way through
//!
//! ```text
//!  error value ──► classify ──┐
//!  bytes ────────► tap, audit ├─► Fault ──► decide ──► Respond ──► reply ──► http::Response
//!  a timer ──────► deadline ──┘   (+ Exchange, the facts)  Abort ────► body ───► a visible cut
//!                                                          Silence ──► the log, 499
//! ```
//!
//! 1. [`fault`]: the vocabulary. [`FaultKind`] is the table; a [`Fault`] is a row with its numbers.
//! 2. [`exchange`]: what you know and an error value does not: how far it had got, how many bytes came,
//!    whether the connection was reused. Every field has a safe default; each one you fill makes answers sharper.
//! 3. [`classify`](mod@classify): from any `&dyn Error`, through any number of wrappers, to a fault.
//! 4. [`tap`]: sits on the connection and sees what no error says: the SSH banner behind "invalid HTTP
//!    version", the byte where a head goes wrong, whether the end was clean.
//! 5. [`audit`]: the head that another library parsed and that you should not forward as it is; what is no answer to a
//!    gRPC call.
//! 6. [`decide`]: respond, abort or stay silent; retry advice; health.
//! 7. [`reply`]: the response itself, and the log record.
//! 8. [`h1`]: the parser for HTTP/1 responses under it all, for whoever has bytes and no HTTP library.
//! 9. [`body`]: once the head is out, a cut must be *visible*. [`body::Ledger`] counts,
//!    `body::Guarded` wraps a body.
//! 10. [`deadline`]: phase timers over any runtime's timer.
//! 11. [`mod@diagnose`]: what an operator reads: likely causes, commands to run next, settings to look at.
//! 12. [`adapters`]: one module for each foreign crate and major version.
//! 13. [`lab`]: over two hundred upstreams that misbehave on purpose, to test *your* proxy with.
//!
//! [`Gateway`] holds them together: a name, a policy, a disclosure, built once. [`InFlight`] is one exchange of it, with
//! exactly one record for whatever its end is.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | upstream, downstream | toward the next hop, toward the client |
//! | next hop | the server actually contacted |
//! | exchange | one request/response pair through the gateway, and the facts known about it |
//! | phase | how far it had got: select, resolve, connect, tls, send, head, body, trailers |
//! | fault | no usable response from the next hop, as data |
//! | applied | could the next hop have acted on the request? The fact under every retry decision |
//! | profile | which status a fault becomes: RFC 9209 (default), Cloudflare's, nginx's, Envoy's, HAProxy's, or your own |
//! | diagnosis | what an operator reads: what was seen, likely causes, next steps, what not to do |
//! | evidence | text that supports a fault; made on demand, never part of it |
//! | disclosure | how much detail leaves the house: token (default), details, trusted |
//!
//! # Features
//!
//! None is on by default, and a feature only adds API. With an adapter on, [`classify()`](fn@classify) and [`Gateway`]
//! recognise that crate's errors by type; without it they fall back to what `std` can tell.
//!
//! | feature | adds | its types appear |
//! |---|---|---|
//! | `http_body1` | `body::Guarded` | `http-body` 1 |
//! | `hyper1` | errors of hyper 1, reason phrases for 520 to 530, interim responses; includes `http_body1` | `hyper` 1 |
//! | `h2_04` | resets, GOAWAY and broken frames of h2 0.4, also inside errors of hyper, reqwest and tonic | `h2` 0.4 |
//! | `h3_00` | resets, closed connections, GOAWAY and broken frames of h3 0.0, over any QUIC | `h3` 0.0 |
//! | `quinn011` | errors of quinn 0.11, alone or inside those of h3: handshakes, TLS, silence, stateless resets | `quinn` 0.11 |
//! | `rustls023` | TLS alerts and certificate errors of rustls 0.23 | `rustls` 0.23 |
//! | `tokio1` | `Elapsed`, tokio's timer, the tap for `AsyncRead + AsyncWrite`, sockets of clients that can be reset | `tokio` 1 |
//! | `axum08` | axum 0.8's server on sockets that can be reset; includes `http_body1` and `tokio1` | `axum` 0.8 |
//! | `hyper_util01` | the tap under hyper-util 0.1's pooled client; includes `hyper1` and `tokio1` | `hyper-util` 0.1, `tower-service` 0.3 |
//! | `tower05` | `GatewayLayer`, `RetryIfSafe`; `Elapsed` and `Overloaded` of tower 0.5's layers | `tower` 0.5 |
//! | `tower_http07` | a classifier for tower-http 0.7's `TraceLayer`, whose failures are faults; includes `http_body1` | `tower-http` 0.7 |
//! | `pingora09` | errors of pingora 0.9, whichever side failed | `pingora-error` 0.9 |
//! | `openssl010` | errors of openssl 0.10, and cuts of TLS below it or native-tls; needs OpenSSL's headers, `libssl-dev` | `openssl` 0.10 |
//! | `serde1` | kinds, classes, phases, faults, records and settings in serde's data model | `serde` 1 |
//! | `tracing01` | the log of a gateway as events of tracing 0.1, with OpenTelemetry's names | `tracing` 0.1 |
//! | `ureq3` | errors of ureq 3 | `ureq` 3 |
//! | `lab` | upstreams that misbehave on purpose, and a client that judges what a proxy made of them | |
//! | `full` | what the examples and tests need: all of the above but `axum08`, `h3_00`, `quinn011`, `openssl010`, `pingora09`, `serde1` and `tracing01` | |
//! | `all-adapters` | every adapter | |
//!
//! `Display` texts are for people and may change; codes, tokens and classes do not.
//!
//! # The table
//!
#![doc = include_str!("../docs/kinds.md")]
#![cfg_attr(badgateway_docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod adapters;
pub mod audit;
pub mod body;
mod caught;
pub mod classify;
mod date;
pub mod deadline;
pub mod decide;
pub mod diagnose;
pub mod dialect;
pub mod exchange;
pub mod fault;
mod gateway;
pub mod h1;
// Bodies use most of it.
#[cfg_attr(not(feature = "http_body1"), allow(dead_code, unused_imports))]
mod in_flight;
#[cfg(feature = "lab")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "lab")))]
pub mod lab;
mod link;
mod present;
pub mod proxy_status;
pub mod reply;
mod setting;
mod sink;
pub mod tap;
mod token;
mod unprintable;
pub mod upgrade;
mod via;

pub use crate::exchange::Exchange;
pub use crate::fault::{Fault, FaultKind};
pub use crate::gateway::{Gateway, classify};
pub use crate::in_flight::{Facts, InFlight, LastWord, Progress, SharedFacts, Within};
#[cfg(feature = "http_body1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
pub use crate::in_flight::{Handled, PassOnHeld, ResponseBody, Upload};
pub use crate::link::Link;
pub use crate::setting::UnknownWord;
/// Whose types stand in the signatures of this crate.
pub use {bytes, http};

/// The README's code, compiled and run.
#[cfg(all(doctest, feature = "hyper1", feature = "tokio1"))]
#[doc = include_str!("../README.md")]
struct Readme;
