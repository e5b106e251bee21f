//! The main job without flags: the lab, the proxy in front of it, one request to each upstream, the
//! table of what each became, and then an index page to try them by hand.
//!
//! It serves like any other start; only the routes come from the lab.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use crate::flags::{self, Flags};
use crate::log::Log;
use crate::table::{self, Row};
use crate::{DEFAULT_LISTEN, announce, build, listen};

/// Starts everything and serves for ever.
pub(crate) fn run(mut flags: Flags) -> Result<(), String> {
    let lab = flags.only.lab().start().map_err(|e| format!("cannot start the lab: {e}"))?;
    flags::lead_to(&mut flags, &lab)?;
    let quiet = flags.log.is_none();
    let log = Log::new(flags.log.as_deref())?.remembering(quiet);
    let proxy = build(&flags, log)?;
    let listener = match flags.listen {
        Some(address) => listen(address)?,
        // The usual port may be taken; the tour does not depend on it.
        None => listen(DEFAULT_LISTEN).or_else(|_| listen(SocketAddr::new(DEFAULT_LISTEN.ip(), 0)))?,
    };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let server = Arc::clone(&proxy);
    let serving = thread::spawn(move || server.serve(listener));

    let rows = Row::all(&lab, address, &proxy.log);
    proxy.set_index(table::page(&rows, address));
    // For scripts, which wait for it. For people the last lines are the verdict, and where to go on.
    announce(address);
    table::print(&rows, flags.only.is_compared(), address);
    serving.join().map_err(|_| "the server thread has ended".to_owned())
}
