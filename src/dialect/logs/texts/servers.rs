//! What servers of applications say of their own processes: the cause itself, as whoever is connected sees an end.
//!
//! Sources: php-src, `sapi/fpm/fpm/fpm_children.c`, `fpm_process_ctl.c` and `fpm_request.c`; gunicorn,
//! `gunicorn/arbiter.py`; uWSGI, `core/writer.c`, `core/master_utils.c`, `core/mule.c`, `core/uwsgi.c`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{ClientAborted, ConnectionLimit, ConnectionRefused, ConnectionTimeout, ResponseTimeout};

use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::super::host::DIED;
use super::{Found, Says, Table, Told, any, one};

/// All processes are busy: what comes waits in the backlog, and is refused when that is full.
const BUSY: Reading = Reading::coarse(ConnectionLimit, &[ResponseTimeout, ConnectionRefused, ConnectionTimeout]);

pub(super) const PHP_FPM: Table = Table { by: Format::PhpFpm, rows: &[(b"pool ", Says::On(fpm))] };

/// `[pool www] child 7 exited on signal 11 (SIGSEGV) after 7.1 seconds from start`.
fn fpm<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (_, rest) = cut::split(found.rest, b"] ").filter(|_| found.before.ends_with(b"["))?;
    if rest.starts_with(b"server reached ") && cut::has(rest, b"max_children setting") {
        return Some(Told::that(BUSY));
    }
    let rest = rest.strip_prefix(b"child ").and_then(cut::number).map(|(_, rest)| rest)?;
    let is_killed = rest.starts_with(b" exited on signal ");
    // Of `pm.max_requests`, of a reload, of a scale down.
    let is_told = cut::has(rest, b"(SIGTERM)") || cut::has(rest, b"(SIGQUIT)");
    let is_over = cut::has(rest, b" execution timed out (") || rest.starts_with(b" exited with code 255");
    let died = is_killed && !is_told || is_over;
    let quiet = is_told || cut::has(rest, b" executing too slow (") || rest.starts_with(b" exited with code ");
    (died || quiet).then(|| Told::new(if died { Verdict::that(DIED) } else { Verdict::Nothing }))
}

pub(super) const GUNICORN: Table = Table {
    by: Format::Gunicorn,
    rows: &[
        (b"WORKER TIMEOUT (pid:", Says::Means(DIED)),
        (b"Worker (pid:", Says::On(worker)),
        (b"Worker with pid ", Says::On(worker)),
        (b"Worker failed to boot.", any(ConnectionRefused, &[])),
    ],
};

/// `was sent SIGKILL! Perhaps out of memory?`, `was terminated due to signal 9`.
fn worker<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let rest = cut::head(found.rest, 64);
    let (_, signal) =
        cut::split(rest, b" was sent ").or_else(|| cut::split(rest, b" was terminated due to signal "))?;
    let is_told = [&b"SIGTERM"[..], b"SIGINT", b"SIGQUIT", b"15"].iter().any(|word| signal.starts_with(word));
    Some(Told::new(if is_told { Verdict::Nothing } else { Verdict::that(DIED) }))
}

/// Its client is the proxy, which gave up.
pub(super) const UWSGI: Table = Table {
    by: Format::Uwsgi,
    rows: &[
        (b"SIGPIPE: writing to a closed pipe/socket/fd", one(ClientAborted)),
        (b"uwsgi_response_write", Says::On(write)),
        (b"HARAKIRI ON WORKER ", Says::Means(DIED)),
        (b"DAMN ! worker ", Says::Means(DIED)),
        (b"uWSGI listen queue of socket ", Says::Means(BUSY)),
    ],
};

/// `_body_do(): Broken pipe [core/writer.c line 287] during GET / (10.0.0.9)`.
fn write<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    cut::has(cut::head(found.rest, 64), b"(): Broken pipe [").then(|| Told::that(Reading::exact(ClientAborted)))
}
