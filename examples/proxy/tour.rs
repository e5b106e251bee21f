//! The main job without flags: the lab, the proxy in front of it, one request to each upstream, the
//! table of what each became, and then an index page to try them by hand.
//!
//! Nothing is staged. The rows are what a client got over a socket, and what the log said.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::flags::{self, Flags};
use crate::log::Log;
use crate::table::{self, Row};
use crate::{DEFAULT_LISTEN, announce, build, listen};

/// Starts everything and serves for ever.
pub(crate) async fn run(mut flags: Flags) -> Result<(), String> {
    let lab = flags.only.lab();
    let lab = tokio::task::spawn_blocking(move || lab.start())
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| format!("cannot start the lab: {e}"))?;
    flags::lead_to(&mut flags, &lab)?;
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

    let seen = Arc::clone(&proxy);
    // The lab lives as long as the links to it are shown.
    let (_lab, rows) = tokio::task::spawn_blocking(move || {
        let rows = Row::all(&lab, address, &seen.log);
        (lab, rows)
    })
    .await
    .map_err(|e| e.to_string())?;
    proxy.set_index(table::page(&rows, address));
    // For scripts, which wait for it. For people the last lines are the verdict, and where to go on.
    announce(address);
    table::print(&rows, flags.only.is_compared(), address);
    serving.await.map_err(|e| e.to_string())
}
