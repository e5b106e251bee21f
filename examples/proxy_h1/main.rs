//! The same reverse proxy on `badgateway::h1`, threads and blocking sockets: no runtime, no HTTP library.
//!
//! ```text
//! cargo run --features full --example proxy_h1                                  # the tour
//! cargo run --features full --example proxy_h1 -- --route /=http://127.0.0.1:3000
//! ```
//!
//! One thread a client, and a second one while a name is looked up, a request's body is on its way or a tunnel is
//! open.
//! Waiting is reading with a timeout, cut into ticks, so that whoever waits for one side notices what
//! becomes of the other.
//!
//! | file | what it does |
//! |---|---|
//! | `serve`, `seats` | accepts clients, and no more than there are seats |
//! | `client`, `request` | the client's connection, its request heads |
//! | `exchange` | **one exchange: what is tried, and tried again** |
//! | `answer` | **what a fault becomes** |
//! | `hop` | the next hop's health, and what becomes of its connection |
//! | `outgoing`, `body`, `upload` | the request on its way to the next hop |
//! | `upstream` | **whose fault it is** |
//! | `receive`, `head` | **the parser at work, under timers** |
//! | `relay`, `tunnel` | the response on its way to the client; bytes after an upgrade |
//! | `connect`, `resolve`, `pool` | the way to the next hop |
//! | `wire`, `buffer`, `date` | a socket with or without TLS; bytes not parsed yet; the clock's field |
//! | `tour` | the lab in front, without flags |
//! | `../shared` | what the hyper engine, `proxy`, does in the same way |

// Times are added to `Instant`s; the flags bound them to a day.
#![allow(clippy::arithmetic_side_effects)]

mod answer;
mod body;
mod buffer;
mod client;
mod connect;
mod date;
mod exchange;
mod head;
mod hop;
mod outgoing;
mod pool;
mod receive;
mod relay;
mod request;
mod resolve;
mod seats;
mod serve;
mod tour;
mod tunnel;
mod upload;
mod upstream;
mod wire;

#[path = "../shared/dns.rs"]
mod dns;
#[path = "../shared/eject.rs"]
mod eject;
#[path = "../shared/flags.rs"]
mod flags;
#[path = "../shared/forwarded.rs"]
mod forwarded;
#[path = "../shared/idle.rs"]
mod idle;
#[path = "../shared/log.rs"]
mod log;
#[path = "../shared/records.rs"]
mod records;
#[path = "../shared/route.rs"]
mod route;
#[path = "../shared/stop.rs"]
mod stop;
#[path = "../shared/table.rs"]
mod table;
#[path = "../shared/trust.rs"]
mod trust;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use badgateway::Gateway;
use badgateway::upgrade::JoinedByCaller;

use crate::connect::Connector;
use crate::flags::{Flags, usage};
use crate::log::Log;
use crate::resolve::Resolver;
use crate::serve::Proxy;

fn main() -> ExitCode {
    let done = match Flags::parse("proxy_h1", std::env::args().skip(1)) {
        Ok(Some(flags)) if flags.routes.is_empty() => tour::run(flags),
        Ok(Some(flags)) => run(&flags),
        Ok(None) => {
            println!("{}", usage("proxy_h1"));
            Ok(())
        }
        Err(line) => Err(line),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("proxy_h1: {line}");
            ExitCode::from(2)
        }
    }
}

fn run(flags: &Flags) -> Result<(), String> {
    let log = Log::new(flags.log.as_deref())?;
    let proxy = build(flags, log)?;
    let listener = listen(flags.listen.unwrap_or(DEFAULT_LISTEN))?;
    announce(listener.local_addr().map_err(|e| e.to_string())?);
    proxy.serve(listener);
    Ok(())
}

/// Where the proxy listens unless told otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

fn build(flags: &Flags, log: Log) -> Result<Arc<Proxy>, String> {
    let log = Arc::new(log);
    let reports = Arc::clone(&log);
    let gateway = Gateway::new(&flags.name)
        .map_err(|e| format!("--name {:?}: {e}", flags.name))?
        .with_profile(flags.profile.clone())
        .with_disclosure(flags.disclosure)
        .with_clock(Instant::now, SystemTime::now)
        .with_upgrades(JoinedByCaller)
        .with_log(move |report| reports.report(report));
    let resolver = flags.resolver.map_or(Resolver::System, Resolver::Server);
    let connector = Connector::new(gateway.clone(), resolver, flags.ca.as_deref(), flags.timeouts)?;
    Ok(Arc::new(Proxy::new(flags, gateway, connector, log)))
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|e| format!("cannot listen on {address}: {e}"))
}

/// The line that scripts wait for.
fn announce(address: SocketAddr) {
    println!("listening on {address}");
}
