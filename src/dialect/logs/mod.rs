//! Lines of proxies' logs, read back into faults.
//!
//! A line says what its proxy believed, in the proxy's words, and is read as that. Where the words
//! cover several faults, all are given ([`Reading`](super::Reading)); where they name none, none is.
//!
//! ```
//! use badgateway::FaultKind;
//! use badgateway::dialect::logs::{Format, Reader};
//!
//! let line = br#"2026/11/20 18:53:56 [error] 11698#0: *47 upstream prematurely closed connection while reading response header from upstream, client: 10.0.0.9, server: , request: "GET /cart HTTP/1.1", upstream: "http://10.0.0.1:80/cart", host: "shop.example""#;
//! let mut reader = Reader::new();
//! let entry = reader.read(line).unwrap();
//! let (fault, reading) = entry.said.fault().unwrap();
//! assert_eq!((entry.format, fault.kind()), (Format::Nginx, FaultKind::ClosedBeforeResponse));
//! assert!(reading.may_be(FaultKind::HeadTruncated) && !reading.is_exact());
//! assert_eq!(entry.upstream, Some(&b"10.0.0.1:80"[..]));
//! ```
//!
//! | format | what it can tell |
//! |---|---|
//! | [`Nginx`](Format::Nginx) | phase and errno of nearly everything; not whether a byte of the head had come |
//! | [`HaProxy`](Format::HaProxy) | who ended it and when; not why |
//! | [`Envoy`](Format::Envoy) | as much as HAProxy; with details (Istio's format) the cause of failed connections |
//! | [`Apache`](Format::Apache) | phase and errno, in two or three lines for one failure; nothing of TLS |
//! | [`NginxAccess`](Format::NginxAccess) | which servers were tried and how long, who answered; not why |
//! | [`Combined`](Format::Combined) | the status |
//! | [`Traefik`](Format::Traefik) | the error of Go's client |
//! | [`Caddy`](Format::Caddy) | the error of Go's client; nothing of a body that was cut |
//! | [`Alb`](Format::Alb) | whether the target answered at all |
//! | [`CloudFront`](Format::CloudFront), [`Google`](Format::Google), [`Azure`](Format::Azure) | a word of the edge's own for what failed |
//! | [`ApiGateway`](Format::ApiGateway), [`Heroku`](Format::Heroku) | which of the platform's limits or rules it was |
//! | [`Squid`](Format::Squid) | the status, and the next hop |
//! | [`Varnish`](Format::Varnish) | what the fetch failed of |
//! | [`Kubernetes`](Format::Kubernetes), [`Linux`](Format::Linux) | that the server's process is gone, or fails its probes |
//! | [`Badgateway`](Format::Badgateway) | the fault itself |
//! | [`Curl`](Format::Curl) | everything but why TLS ended; several lines are one exchange |
//! | texts, from [`Go`](Format::Go) on | what clients, libraries and pages say, anywhere in a line of no log; most often no more than the cause |
//!
//! Reading looks at no line beyond its first [`LINE`] bytes, and is linear in them. Lines may come in any dress: with
//! what syslog, journald, Docker or Kubernetes put before them, in quotes, in JSON, with entities of HTML; only what has
//! to be written anew for it is copied.

pub mod apache;
mod apache_words;
pub mod envoy;
pub mod haproxy;

mod access;
#[cfg(test)]
mod agree;
mod alb;
mod beginnings;
mod caddy;
mod cause;
mod cloud;
mod curl;
mod cut;
mod dress;
mod entry;
mod golang;
mod heroku;
mod host;
mod json;
mod name;
mod nginx;
mod nginx_words;
mod own;
mod reader;
mod squid;
mod stamp;
mod texts;
mod tls;
mod traefik;
mod tries;
mod varnish;

pub use self::entry::{Entry, Format, Verdict};
pub use self::reader::{LINE, Reader};
pub use self::stamp::Stamp;
pub use self::tries::{Tries, Try};
