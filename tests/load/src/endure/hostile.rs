//! Clients that misbehave, against next hops that do nothing wrong: nobody else may notice, and the log is as exact as ever.
//!
//! Their proxy ejects a next hop after a single failure. So whatever is ejected here, a client had ejected, and whoever asks
//! it next gets an answer that is wrong.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use badgateway::lab::{Lab, Rule};

use crate::client::{Answer, Client, Ending};
use crate::kinds::{Kind, Seen, What};
use crate::ledger::{Ledger, faults};
use crate::mixed::one;
use crate::proxy::{Engine, Proxy};

/// Some of them wait for a timer of four seconds, and of two. The others never fire: a busy machine must not look like an ill
/// next hop.
const FLAGS: &[&str] = &[
    "--eject-after",
    "1",
    "--eject-for",
    "60s",
    "--tunnel-timeout",
    "2s",
    "--idle-timeout",
    "4s",
    "--connect-timeout",
    "30s",
    "--send-timeout",
    "30s",
    "--response-timeout",
    "30s",
];
/// Longer than a busy machine takes to begin an exchange.
const BEGUN: Duration = Duration::from_millis(100);
/// What a client announces and does not send, or sends in vain.
const LONG: usize = 1 << 20;
/// More than all buffers between two ends take.
const FLOOD: usize = 64 << 20;

/// What each of them does, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// What others do, with the same next hops. They are who must not notice.
    Behaves,
    /// Resets before the answer.
    Leaves,
    /// Resets in the body of the answer.
    LeavesTheBody,
    /// Reads nothing of it, and resets.
    ReadsNothing,
    /// Reads it in small sips, to the end.
    Sips,
    /// Resets in the middle of its own body.
    Abandons,
    /// Says nothing more in the middle of it.
    Stalls,
    /// Sends chunks that are none.
    Babbles,
    /// Sends on where the answer has come early.
    SendsOn,
    /// Asks for an upgrade, with a body.
    UpgradesWithBody,
    /// Resets a tunnel.
    LeavesTheTunnel,
    /// Says nothing in it.
    KeepsTheTunnel,
}

/// The route, the next hop, what is done there, what the record of it may say.
const ACTS: &[(&str, &str, Act, &[&str])] = &[
    ("honest_echo", "echo", Act::Behaves, &[]),
    ("honest_slow", "slow_ok", Act::Behaves, &[]),
    ("honest_large", "ok_large", Act::Behaves, &[]),
    ("honest_upgrade", "upgrade_echo", Act::Behaves, &[]),
    ("honest_drip", "slow_drip_body", Act::Behaves, &[]),
    // It would answer too late, and nobody waits for that.
    ("leaves", "no_response_timeout", Act::Leaves, &["client_aborted"]),
    ("leaves_the_body", "slow_drip_body", Act::LeavesTheBody, &["client_aborted"]),
    ("reads_nothing", "flood", Act::ReadsNothing, &["client_aborted"]),
    ("sips", "ok_large", Act::Sips, &[]),
    ("abandons", "echo", Act::Abandons, &["client_aborted", "client_body_failed"]),
    ("stalls", "echo", Act::Stalls, &["client_timeout"]),
    ("babbles", "echo", Act::Babbles, &["client_body_failed"]),
    ("sends_on", "early_413", Act::SendsOn, &[]),
    ("upgrades_with_body", "upgrade_echo", Act::UpgradesWithBody, &[]),
    ("leaves_the_tunnel", "upgrade_echo", Act::LeavesTheTunnel, &["client_aborted"]),
    ("keeps_the_tunnel", "upgrade_echo", Act::KeepsTheTunnel, &["body_stalled"]),
];

/// Runs until told to stop; problems in words.
pub(crate) fn run(engine: &Engine, lab: &Lab, stop: &AtomicBool) -> io::Result<Vec<String>> {
    let flood = flood()?;
    let kinds: Vec<Kind> = ACTS.iter().map(|act| kind(act, lab, &flood)).collect();
    let routes: Vec<String> = kinds.iter().map(|kind| format!("/{}={}", kind.route, kind.url)).collect();
    let proxy = Proxy::start(engine, lab, &routes, FLAGS)?;
    let ledger = Ledger::default();
    thread::scope(|scope| {
        for (n, kind) in kinds.iter().enumerate() {
            let (proxy, ledger, act) = (&proxy, &ledger, ACTS[n].2);
            scope.spawn(move || work(n, act, kind, proxy, ledger, stop));
        }
    });
    let closed = ledger.close();
    proxy.log.settle(closed.faulty());
    let log = proxy.log.entries();
    println!(
        "  hostile clients beside, {} kinds: {} exchanges, {} of them faulty: {:?}; {} wrong",
        ACTS.len(),
        closed.total() + closed.wrong,
        closed.faulty(),
        faults(&log),
        closed.wrong
    );
    let mut problems: Vec<String> =
        closed.examples.iter().map(|why| format!("beside hostile clients: {why}")).collect();
    problems.extend(closed.audit(&kinds, &log));
    problems.extend(proxy.log.odd().into_iter().map(|line| format!("an odd line in the log: {line}")));
    Ok(problems)
}

fn kind((route, upstream, act, faults): &(&str, &str, Act, &[&'static str]), lab: &Lab, flood: &str) -> Kind {
    let upstream = lab.upstream(upstream);
    Kind {
        route: (*route).to_owned(),
        url: upstream.map_or(flood, |upstream| upstream.url()).to_owned(),
        what: if *route == "honest_echo" { What::Echo } else { What::Get },
        rule: match act {
            Act::SendsOn => Rule::Whole(&[413]),
            Act::UpgradesWithBody => Rule::Whole(&[426]),
            Act::Stalls => Rule::Status(&[408]),
            Act::Babbles => Rule::Status(&[400]),
            _ if *route == "honest_upgrade" => Rule::Whole(&[426]),
            _ => Rule::Whole(&[200]),
        },
        faults: faults.to_vec(),
        weight: 1,
    }
}

/// A next hop that sends more than fits anywhere.
fn flood() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || pour(stream));
        }
    });
    Ok(url)
}

fn pour(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {FLOOD}\r\n\r\n")?;
    let piece = vec![0; 64 << 10];
    for _ in 0..FLOOD / piece.len() {
        stream.write_all(&piece)?;
    }
    Ok(())
}

fn work(n: usize, act: Act, kind: &Kind, proxy: &Proxy, ledger: &Ledger, stop: &AtomicBool) {
    let mut client = Client::new(proxy.address);
    for id in 0_u64.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let id = id.to_string();
        if act == Act::Behaves {
            one(&mut client, n, kind, &id, b"honest", ledger);
            continue;
        }
        match go(&mut client, act, kind, &id) {
            Ok(seen) => ledger.saw(n, seen),
            Err(why) => ledger.wrong(format!("/{}/{id}: {why}", kind.route)),
        }
    }
}

/// One exchange of that sort, and what was seen of it.
fn go(client: &mut Client, act: Act, kind: &Kind, id: &str) -> Result<Seen, String> {
    let io = |error: io::Error| error.to_string();
    let head = |method: &str, fields: &str| {
        format!("{method} /{}/{id} HTTP/1.1\r\nHost: lab.test\r\n{fields}\r\n", kind.route).into_bytes()
    };
    let get = head("GET", "");
    let some = |fields: &str, body: &[u8]| [&head("POST", fields), body].concat();
    let long = format!("Content-Length: {LONG}\r\n");
    let upgrade = "Connection: upgrade\r\nUpgrade: lab-echo\r\n";
    let judged = |answer: &Answer| kind.judge(id, b"", answer);
    match act {
        Act::Behaves => Err("it is for others".into()),
        Act::Leaves => client.leave(&get, BEGUN).map(|()| Seen::Left).map_err(io),
        Act::Abandons => client.leave(&some(&long, b"some of it"), BEGUN).map(|()| Seen::Left).map_err(io),
        Act::LeavesTheBody => expected(client.interrupt(&get, b"").map_err(io)?, 200),
        Act::ReadsNothing => {
            client.leave_unread(&get, BEGUN * 2).map_err(io)?;
            Ok(Seen::Cut(200))
        }
        Act::Sips => judged(&client.sip(&get).map_err(io)?),
        Act::Stalls => judged(&client.exchange(&some(&long, b"some of it")).map_err(io)?),
        Act::Babbles => {
            judged(&client.exchange(&some("Transfer-Encoding: chunked\r\n", b"4\r\nsome\r\nx\r\n")).map_err(io)?)
        }
        Act::SendsOn => judged(&client.exchange(&some(&long, &vec![b'x'; LONG])).map_err(io)?),
        Act::UpgradesWithBody => {
            judged(&client.exchange(&some(&format!("{upgrade}Content-Length: 4\r\n"), b"some")).map_err(io)?)
        }
        Act::LeavesTheTunnel => expected(client.interrupt(&head("GET", upgrade), b"some").map_err(io)?, 101),
        Act::KeepsTheTunnel => {
            let answer = client.exchange_tunnel(&head("GET", upgrade)).map_err(io)?;
            if answer.ending == Ending::Cut { expected(answer.status, 101) } else { Err(format!("{answer:?}")) }
        }
    }
}

fn expected(status: u16, expected: u16) -> Result<Seen, String> {
    if status == expected { Ok(Seen::Cut(status)) } else { Err(format!("{status} where {expected} is right")) }
}
