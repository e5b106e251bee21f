//! A real reverse proxy on hyper, with `badgateway` in its error paths.
//!
//! ```text
//! cargo run --features full --example proxy                                  # the tour
//! cargo run --features full --example proxy -- --route /=http://127.0.0.1:3000
//! ```
//!
//! Its clients speak HTTP/1.0, 1.1 and 2, in the clear or in TLS; its next hops HTTP/1, or 2 with `--http2`.
//!
//! At SIGTERM it ends in good order: what is in flight ends, and each client is told that its connection does.
//!
//! Without a route it starts the lab of misbehaving upstreams and a route to each, sends one request
//! to each, prints what each became, and keeps serving an index page of links.
//!
//! | file | what it does |
//! |---|---|
//! | `flags` | the command line |
//! | `serve` | accepts clients |
//! | `preface`, `identity`, `patience` | what a client speaks, what it is shown in TLS, and how long it may take nothing |
//! | `exchange` | **one exchange: where `badgateway` is used** |
//! | `attempt` | the request on its way to a response head, and once more where that is safe |
//! | `hop` | the next hop's health, and what becomes of its connection |
//! | `connect`, `resolve`, `pool` | the way to the next hop |
//! | `turn` | nobody answers before the question |
//! | `streams`, `multiplexed`, `wire`, `target`, `blow` | the way by HTTP/2: who shares which connection, and what it fails with |
//! | `tour` | the lab in front, without flags |
//! | `../shared` | what the other engine, `proxy_h1`, does in the same way: flags, log, routes, idle connections, ejection, DNS messages, roots, the tour's table |

// Times are added to `Instant`s; the flags bound them to a day.
#![allow(clippy::arithmetic_side_effects)]

mod attempt;
mod blow;
mod connect;
mod exchange;
mod hop;
mod identity;
mod multiplexed;
mod patience;
mod pool;
mod preface;
mod resolve;
mod serve;
mod streams;
mod target;
mod tour;
mod turn;
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

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use badgateway::Gateway;
use badgateway::adapters::h2_04;
use badgateway::adapters::hyper1::Tunnels;
use badgateway::adapters::tokio1::TokioTimer;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::connect::Connector;
use crate::flags::{Flags, usage};
use crate::log::Log;
use crate::resolve::Resolver;
use crate::serve::Proxy;

/// Threads for `getaddrinfo`, which cannot be cancelled when it hangs.
const RESOLVER_THREADS: usize = 64;

fn main() -> ExitCode {
    let flags = match Flags::parse("proxy", std::env::args().skip(1)) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            println!("{}", usage("proxy"));
            return ExitCode::SUCCESS;
        }
        Err(line) => return refuse(&line),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(RESOLVER_THREADS).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("cannot start the runtime: {error}")),
    };
    let done = runtime.block_on(run(flags));
    // Nobody waits for a lookup that hangs.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => refuse(&line),
    }
}

fn refuse(line: &str) -> ExitCode {
    eprintln!("proxy: {line}");
    ExitCode::from(2)
}

async fn run(flags: Flags) -> Result<(), String> {
    if flags.routes.is_empty() {
        return tour::run(flags).await;
    }
    let log = Log::new(flags.log.as_deref())?;
    let proxy = build(&flags, log)?;
    let listener = listen(flags.listen.unwrap_or(DEFAULT_LISTEN)).await?;
    announce(listener.local_addr().map_err(|e| e.to_string())?);
    proxy.serve(listener).await;
    Ok(())
}

/// Where the proxy listens unless told otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

fn build(flags: &Flags, log: Log) -> Result<Arc<Proxy>, String> {
    let log = Arc::new(log);
    let reports = Arc::clone(&log);
    let stopping = watch::Sender::new(());
    let tunnels = stopping.clone();
    let spawn = move |tunnel| {
        let ends = tunnels.subscribe();
        tokio::spawn(async move {
            tunnel.await;
            drop(ends);
        });
    };
    let gateway = Gateway::new(&flags.name)
        .map_err(|e| format!("--name {:?}: {e}", flags.name))?
        .with_profile(flags.profile.clone())
        .with_disclosure(flags.disclosure)
        .with_clock(Instant::now, SystemTime::now)
        // What a connection of HTTP/2 ends with is told by its streams alone.
        .with_probe(h2_04::STREAM_PROBE)
        .with_upgrades(Tunnels::new(spawn).timed(TokioTimer, flags.timeouts.tunnel))
        .with_log(move |report| reports.report(report));
    let resolver = flags.resolver.map_or(Resolver::System, Resolver::Server);
    let connector = Connector::new(gateway.clone(), resolver, flags.ca.as_deref(), flags.timeouts, flags.http2)?;
    let identity = identity::acceptor(flags.tls_cert.as_deref(), flags.tls_key.as_deref())?;
    Ok(Arc::new(Proxy::new(flags, gateway, connector, identity, log, stopping)))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|e| format!("cannot listen on {address}: {e}"))
}

/// The line that scripts wait for.
fn announce(address: SocketAddr) {
    println!("listening on {address}");
}
