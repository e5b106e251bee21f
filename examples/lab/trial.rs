//! Asks the proxy for every behaviour, judges what comes, and prints it.

use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use badgateway::lab::probe::{self, Answer, End};
use badgateway::lab::{Behaviour, Group, Lab, Upstream};

use crate::flags::Judging;
use crate::judge::shape;
use crate::report::{Cell, Judged, Style, Table, Terminal, closing, in_order};

/// Requests at the same time: most wait for a timer.
const AT_ONCE: usize = 16;
/// Long enough for what an upstream says on a connection that is idle.
const IDLE: Duration = Duration::from_millis(120);

/// What became of one behaviour.
struct Visit {
    judged: Judged,
    came: String,
    ms: String,
}

/// Whether the proxy breaks no rule.
///
/// # Errors
///
/// One line, if it could not be judged.
pub(crate) fn run(lab: &Lab, judging: &Judging) -> Result<bool, String> {
    if io::stderr().is_terminal() {
        eprintln!("lab: waiting up to {:?} for a proxy at {}", judging.wait, judging.proxy.authority());
    }
    let proxy = judging.proxy.wait(judging.wait)?;
    let visits = in_order(lab.upstreams(), AT_ONCE, Upstream::name, |upstream: &Upstream| {
        Visit::make(upstream.behaviour(), proxy, judging)
    });
    let terminal = Terminal::of_stdout();
    let mut table = Table::new(&["BEHAVIOUR", "RULE", "CAME", "VERDICT", "MS"]);
    let mut group = None;
    for visit in &visits {
        let behaviour = visit.judged.behaviour;
        if group.replace(behaviour.group) != Some(behaviour.group) {
            table.note(Style::Strong, &format!("-- {}", behaviour.group));
        }
        visit.show_in(&mut table);
    }
    let judged: Vec<Judged> = visits.into_iter().map(|visit| visit.judged).collect();
    let wrong = judged.iter().find(|judged| !judged.is_right());
    let next = wrong.map(|judged| {
        let url = judging.proxy.url(judged.behaviour);
        format!("next: without --judge the lab stays, and you can look for yourself:\n    curl -i '{url}'")
    });
    let closing = closing(&judged, next.as_deref().unwrap_or_default(), terminal);
    // The exit status stands, whether somebody reads the table to its end or not.
    let _ = write!(io::stdout(), "\n{}\n{closing}", table.text(terminal));
    Ok(wrong.is_none())
}

impl Visit {
    /// A GET; and unless that hangs, or is about time alone, another one on the same upstream, and a HEAD.
    fn make(behaviour: &'static Behaviour, proxy: SocketAddr, judging: &Judging) -> Self {
        let request = judging.proxy.request(behaviour, judging.version, judging.patience);
        let get = probe::send(proxy, &request).map_err(|error| error.to_string());
        let waited = |answer: &Answer| matches!(answer.end, End::Hang | End::Stuck);
        let once = behaviour.group == Group::Time || get.as_ref().map_or(true, waited);
        let (next, head) = if once {
            (None, None)
        } else {
            thread::sleep(IDLE);
            (probe::send(proxy, &request).ok(), probe::send(proxy, &request.clone().method("HEAD")).ok())
        };
        let (came, ms) = match &get {
            Ok(answer) => (shape(answer), answer.elapsed.as_millis().to_string()),
            Err(error) => (error.clone(), String::new()),
        };
        Self { judged: Judged::new(behaviour, &get, next.as_ref(), head.as_ref()), came, ms }
    }

    fn show_in(&self, table: &mut Table) {
        let (style, verdict) = if self.judged.is_right() { (Style::Right, "ok") } else { (Style::Wrong, "WRONG") };
        table.row([
            Cell::new(Style::Plain, self.judged.behaviour.name),
            Cell::new(Style::Plain, &self.judged.behaviour.rule.to_string()),
            Cell::new(style, &self.came),
            Cell::new(style, verdict),
            Cell::new(Style::Faint, &self.ms),
        ]);
        self.judged.note_in(table);
    }
}
