//! The main job without flags: the lab, the proxy in front of it, one request to each upstream, the
//! table of what each became, and then an index page to try them by hand.
//!
//! Its one rule: nothing is staged. The rows are what a client got over a socket, and what the log said.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use badgateway::lab::probe::{self, Answer, Request};
use badgateway::lab::{Behaviour, Lab};
use tokio::task::JoinSet;

use crate::flags::{Flags, Route};
use crate::log::{Log, Seen};
use crate::{DEFAULT_LISTEN, announce, build, listen};

/// Requests at the same time: the late upstreams take seconds each, and they do not mind company.
const AT_ONCE: usize = 12;

/// One row of the table.
#[derive(Debug)]
struct Row {
    behaviour: &'static Behaviour,
    answer: Result<Answer, String>,
    seen: Option<Seen>,
}

/// Starts everything and serves for ever.
pub(crate) async fn run(mut flags: Flags) -> Result<(), String> {
    let lab = tokio::task::spawn_blocking(Lab::start)
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| format!("cannot start the lab: {e}"))?;
    flags.ca = Some(lab.ca_file().to_owned());
    flags.resolver = Some(lab.resolver());
    for upstream in lab.upstreams() {
        let url = upstream.url().parse().map_err(|e| format!("{}: {e}", upstream.url()))?;
        flags.routes.push(Route { prefix: format!("/{}", upstream.name()), url });
    }
    let quiet = flags.log.is_none();
    let log = Log::new(flags.log.as_deref())?.remembering(quiet);
    let proxy = build(&flags, log)?;
    let listener = match flags.listen {
        Some(address) => listen(address).await?,
        // The usual port may be taken; the tour does not depend on it.
        None => match listen(DEFAULT_LISTEN).await {
            Ok(listener) => listener,
            Err(_) => listen(SocketAddr::new(DEFAULT_LISTEN.ip(), 0)).await?,
        },
    };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let serving = tokio::spawn(Arc::clone(&proxy).serve(listener));

    let behaviours: Vec<_> = lab.upstreams().iter().map(badgateway::lab::Upstream::behaviour).collect();
    let answers = visit(address, &behaviours).await;
    let rows: Vec<Row> = behaviours
        .iter()
        .zip(answers)
        .map(|(behaviour, answer)| Row { behaviour, answer, seen: proxy.log.seen(&path(behaviour)) })
        .collect();
    print!("{}", table(&rows));
    proxy.set_index(index(&rows, address));
    println!("\nopen http://{address}/ to try them by hand, or: curl -i http://{address}/refused");
    // The last line, because it says that everything is ready.
    announce(address);
    serving.await.map_err(|e| e.to_string())
}

fn path(behaviour: &Behaviour) -> String {
    format!("/{}", behaviour.name)
}

/// One request to each behaviour, answers in their order.
async fn visit(address: SocketAddr, behaviours: &[&'static Behaviour]) -> Vec<Result<Answer, String>> {
    let mut answers: Vec<Option<Result<Answer, String>>> = behaviours.iter().map(|_| None).collect();
    let mut waiting = behaviours.iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE {
            let Some((n, behaviour)) = waiting.next() else { break };
            let request = Request::new().path(&path(behaviour)).header("Accept", "application/problem+json");
            running.spawn_blocking(move || (n, probe::send(address, &request).map_err(|e| e.to_string())));
        }
        match running.join_next().await {
            Some(Ok((n, answer))) => {
                if let Some(slot) = answers.get_mut(n) {
                    *slot = Some(answer);
                }
            }
            Some(Err(_)) => {}
            None => break,
        }
    }
    answers.into_iter().map(|a| a.unwrap_or_else(|| Err("the request was not made".into()))).collect()
}

/// The rows as a table for a terminal.
fn table(rows: &[Row]) -> String {
    let head = ["BEHAVIOUR", "FAULT", "CLASS", "PHASE", "STATUS", "PROXY-STATUS", "MS", ""].map(String::from);
    let mut cells: Vec<[String; 8]> = vec![head];
    cells.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..8)
        .map(|n| cells.iter().filter_map(|row| row.get(n)).map(|c| c.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    let mut group = None;
    for (n, row) in cells.iter().enumerate() {
        if let Some(of) = n.checked_sub(1).and_then(|n| rows.get(n)).map(|r| r.behaviour.group.as_str()) {
            if group != Some(of) {
                let _ = writeln!(text, "-- {of}");
                group = Some(of);
            }
        }
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let right = rows.iter().filter(|row| row.verdict().is_ok()).count();
    let _ = writeln!(text, "\n{right} of {} as RFC 9110, 9112 and 9209 want them", rows.len());
    text
}

impl Row {
    fn cells(&self) -> [String; 8] {
        let dash = || "-".to_owned();
        let (status, proxy_status, ms) = match &self.answer {
            Ok(answer) => (
                self.status(),
                answer.header("proxy-status").map_or_else(dash, str::to_owned),
                answer.elapsed.as_millis().to_string(),
            ),
            Err(error) => (error.clone(), dash(), dash()),
        };
        [
            self.behaviour.name.to_owned(),
            self.seen.as_ref().map_or_else(dash, |s| s.kind.code().to_owned()),
            self.seen.as_ref().and_then(|s| s.class).map_or_else(dash, |c| c.as_str().to_owned()),
            self.seen.as_ref().map_or_else(dash, |s| s.phase.code().to_owned()),
            status,
            proxy_status,
            ms,
            self.verdict().err().map(|why| format!("WRONG: {why}")).unwrap_or_default(),
        ]
    }

    /// Status and, where the message is not simply whole, how it ended.
    fn status(&self) -> String {
        match &self.answer {
            Ok(answer) => {
                let status = answer.status.map_or_else(|| "-".to_owned(), |s| s.to_string());
                if answer.end == probe::End::Complete {
                    return status;
                }
                format!("{status}/{}", format!("{:?}", answer.end).to_lowercase())
            }
            Err(_) => "-".to_owned(),
        }
    }

    fn verdict(&self) -> Result<(), String> {
        self.answer.as_ref().map_err(Clone::clone)?.satisfies(&self.behaviour.rule)
    }
}

/// The index page: every behaviour as a link, with what became of it.
fn index(rows: &[Row], address: SocketAddr) -> String {
    let mut body = String::new();
    let mut group = "";
    for row in rows {
        if row.behaviour.group.as_str() != group {
            group = row.behaviour.group.as_str();
            let _ = write!(body, "<tr><th colspan=4 scope=rowgroup>{group}</th></tr>");
        }
        let code = row.seen.as_ref().map_or("-", |s| s.kind.code());
        let _ = writeln!(
            body,
            "<tr><td><a href=\"/{name}\">{name}</a></td><td>{status}</td><td><code>{code}</code></td><td>{text}</td></tr>",
            name = row.behaviour.name,
            status = row.status(),
            text = escape(row.behaviour.description),
        );
    }
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>badgateway lab</title><style>\
         :root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}body{{max-width:64rem;margin:auto;padding:1rem}}\
         div{{overflow-x:auto}}table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}}\
         th{{padding-top:1.25rem}}td{{border-top:1px solid #8884}}</style>\
         <main><h1>{count} upstreams that misbehave</h1>\
         <p>Each link goes through the proxy on {address} to an upstream that does what it says. \
         Try them with <code>curl -i</code> and different <code>Accept</code> fields too.</p>\
         <div><table>{body}</table></div></main></html>",
        count = rows.len(),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
