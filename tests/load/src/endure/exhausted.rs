//! No descriptors left: the proxy's own trouble, which must not be blamed on an upstream, and must pass.
//!
//! The limit is taken from the running process and given back, as an operator would.

use std::io;
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;

use crate::client::{Answer, Client, Ending};
use crate::proxy::{Engine, Proxy};

/// Clients that are connected before the limit falls.
const CLIENTS: usize = 32;
/// Requests of each while it is down.
const REQUESTS: usize = 20;
/// Descriptors that are left in the second part.
const FEW: usize = 12;

/// Runs it; problems in words.
pub(crate) fn run(engine: &Engine, lab: &Lab) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let routes: Vec<String> = ["refused", "ok_200", "slow_ok"]
        .iter()
        .filter_map(|name| Some(format!("/{name}={}", lab.upstream(name)?.url())))
        .collect();
    let proxy = Proxy::start(engine, lab, &routes, &[])?;
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::new(proxy.address)).collect();
    // So that each of them is accepted, and nothing is kept alive upstream.
    for client in &mut clients {
        get(client, "refused")?;
    }

    // None left: nothing new can be opened, and what is open goes on.
    let before = proxy.limit_fds(proxy.limit_leaving(0)?)?;
    let start = Instant::now();
    let answers = hammer(&mut clients, "ok_200");
    // The kernel takes these; the proxy cannot.
    let mut waiting: Vec<Client> = (0..4).map(|_| Client::new(proxy.address)).collect();
    let waiting: Vec<(&mut Client, TcpStream)> = waiting
        .iter_mut()
        .map(|client| {
            let stream = client.connect()?.try_clone()?;
            Ok::<_, io::Error>((client, stream))
        })
        .collect::<Result<_, _>>()?;
    let elapsed = start.elapsed();
    proxy.limit_fds(before)?;
    let ours = answers.iter().filter(|answer| is_ours(answer)).count();
    println!(
        "  none left: {ours} of {} answers are our own 503 or 500, in {:.1} s",
        answers.len(),
        elapsed.as_secs_f64()
    );
    if ours != answers.len() {
        let other = answers.iter().find(|answer| !is_ours(answer));
        problems.push(format!("with no descriptors left: {other:?}"));
    }

    // And again: those who waited are served, and so is everybody else.
    let mut served = 0;
    for (client, _) in waiting {
        served += usize::from(is_ok(&get(client, "ok_200")?));
    }
    let recovered = hammer(&mut clients, "ok_200");
    let good = recovered.iter().filter(|answer| is_ok(answer)).count();
    println!("  given back: {served} of 4 who waited are served, {good} of {} answers are 200", recovered.len());
    if served != 4 || good != recovered.len() {
        problems.push("it did not recover from having no descriptors".into());
    }

    // A few left: every answer is one or the other.
    proxy.limit_fds(proxy.limit_leaving(FEW)?)?;
    let answers = hammer(&mut clients, "slow_ok");
    proxy.limit_fds(before)?;
    let ours_then = answers.iter().filter(|answer| is_ours(answer)).count();
    let good = answers.iter().filter(|answer| is_ok(answer)).count();
    println!("  {FEW} left: {good} answers are 200, {ours_then} our own, of {}", answers.len());
    if ours_then + good != answers.len() || good == 0 || ours_then == 0 {
        problems.push(format!("with {FEW} descriptors left: {good} good and {ours_then} own of {}", answers.len()));
    }

    // The log: all of it our own fault, and nothing of it the upstream's.
    proxy.log.settle((CLIENTS + ours + ours_then) as u64);
    let mut exhausted = 0;
    for (entry, count) in proxy.log.entries() {
        match (entry.route.as_str(), entry.fault.as_str(), entry.blame.as_str()) {
            ("refused", "connection_refused", "next_hop") => {}
            (_, "local_exhausted", "proxy") => exhausted += count,
            _ => problems.push(format!("{count} times in the log: {entry:?}")),
        }
    }
    println!("  the log has {exhausted} times local_exhausted, blame proxy");
    if exhausted != (ours + ours_then) as u64 {
        problems.push(format!("{} answers for want of descriptors, {exhausted} records of it", ours + ours_then));
    }
    Ok(problems)
}

fn is_ours(answer: &Answer) -> bool {
    answer.ending == Ending::Whole && matches!(answer.status, 500 | 503) && answer.error().is_some()
}

fn is_ok(answer: &Answer) -> bool {
    answer.ending == Ending::Whole && answer.status == 200 && answer.body == b"hello\n"
}

fn get(client: &mut Client, route: &str) -> io::Result<Answer> {
    client.exchange(format!("GET /{route}/ HTTP/1.1\r\nHost: lab.test\r\n\r\n").as_bytes())
}

/// All clients at once.
fn hammer(clients: &mut [Client], route: &str) -> Vec<Answer> {
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for client in clients {
            let answers = &answers;
            scope.spawn(move || {
                for _ in 0..REQUESTS {
                    // A client that was let go of cannot come back while there are none left.
                    let Ok(answer) = get(client, route) else { return };
                    if let Ok(mut answers) = answers.lock() {
                        answers.push(answer);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}
