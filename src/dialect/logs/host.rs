//! What the machine says of a server's process: the kernel, systemd and the kubelet.
//!
//! These lines are the cause itself. Whoever was connected saw the connection end, whoever connects next is refused.
//!
//! Sources: `mm/oom_kill.c` and `arch/x86/mm/fault.c` of Linux; `src/core/service.c` and `unit.c` of systemd;
//! `pkg/kubelet/prober/prober.go` and `pkg/probe` of Kubernetes; ingress-nginx's `controller.go`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BodyReset, BodyTruncated, ClosedBeforeResponse, ConnectionRefused, ConnectionTimeout, HeadStalled,
    NoHealthyUpstream, ProxyMisconfigured, ResetBeforeResponse, ResponseTimeout,
};

use super::beginnings::Beginnings;
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::golang;

/// A process that ends in the middle of its work: its system closes its connections, and its port with them.
pub(super) const DIED: Reading =
    Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, BodyTruncated, BodyReset, ConnectionRefused]);
/// One that is not there.
const GONE: Reading = Reading::coarse(ConnectionRefused, &[NoHealthyUpstream]);
/// One that does not come up, because another has its port, and answers in its place.
const TAKEN: Reading = Reading::coarse(ConnectionRefused, &[ProxyMisconfigured]);

/// By the beginning.
#[rustfmt::skip]
const STARTS: &[(&[u8], (Format, Reading))] = &[
    (b"Out of memory: Kill", (Format::Linux, DIED)), (b"Memory cgroup out of memory: Kill", (Format::Linux, DIED)),
    (b"Start request repeated too quickly", (Format::Linux, GONE)),
    (b"Back-off restarting failed ", (Format::Kubernetes, GONE)),
    // Node's and everybody's who prints `strerror` of a bind.
    (b"listen EADDRINUSE", (Format::Linux, TAKEN)), (b"EADDRINUSE", (Format::Linux, TAKEN)),
];

/// Behind a unit's name: `app.service: `.
#[rustfmt::skip]
const UNITS: &[(&[u8], Reading)] = &[
    (b"Main process exited, code=killed", DIED), (b"Main process exited, code=dumped", DIED),
    (b"Main process exited, code=exited, status=", DIED),
    (b"A process of this unit has been killed by the OOM killer", DIED),
    (b"Failed with result 'oom-kill'", DIED),
    (b"Failed with result 'start-limit-hit'", GONE), (b"Start request repeated too quickly", GONE),
];

/// Of a container, and of a service.
const OBJECTS: [&[u8]; 2] = [b"Container ", b"Service \""];
/// Beginnings of all that is not told by a name.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.rows(STARTS).words(&PROBES).words(&OBJECTS);

/// Whose, what it says, and the next hop.
type Told<'a> = (Format, Verdict, Option<&'a [u8]>);

const PROBES: [&[u8]; 3] = [b"Readiness probe failed: ", b"Liveness probe failed: ", b"Startup probe failed: "];

/// What is told by its first words.
fn worded(line: &[u8]) -> Option<Told<'_>> {
    if let Some((_, (format, reading))) = STARTS.iter().find(|(words, _)| cut::begins(line, words)) {
        return Some((*format, Verdict::that(*reading), None));
    }
    if let Some(why) = PROBES.iter().find(|words| cut::begins(line, words)).and_then(|words| line.get(words.len()..)) {
        return Some((Format::Kubernetes, probe(why), address(why)));
    }
    let [container, service] = OBJECTS;
    // `Container web failed liveness probe, will be restarted`: it is ended in the middle of its work.
    if let Some((_, rest)) = line.strip_prefix(container).and_then(|rest| cut::piece(cut::head(rest, 320), b' ')) {
        if rest.starts_with(b"failed liveness probe, will be ") || rest.starts_with(b"failed startup probe, will be ") {
            return Some((Format::Kubernetes, Verdict::that(DIED), None));
        }
    }
    // `Service "default/web" does not have any active Endpoint.`
    let is_empty = line
        .strip_prefix(service)
        .is_some_and(|rest| cut::has(cut::head(rest, 256), b"\" does not have any active Endpoint"));
    is_empty.then_some((Format::Kubernetes, Verdict::that(Reading::exact(NoHealthyUpstream)), None))
}

/// What is told by what follows a name.
fn named(line: &[u8]) -> Option<Told<'_>> {
    let first = *line.first()?;
    if !(first.is_ascii_alphanumeric() || matches!(first, b'-' | b'_' | b'@')) {
        return None;
    }
    // `node[4711]: segfault at 0 ip ...`.
    let name = cut::until(cut::head(line, 64), b' ');
    let rest = line.get(name.len()..)?.strip_prefix(b" ")?;
    if name.ends_with(b"]:") && rest.starts_with(b"segfault at ") {
        return Some((Format::Linux, Verdict::that(DIED), None));
    }
    name.strip_suffix(b":").filter(|name| name.ends_with(b".service") || name.ends_with(b".scope"))?;
    // What a service gives that was told to stop.
    let head = cut::head(rest, 96);
    let is_stopped = cut::has(head, b"status=143") || cut::has(head, b"status=15/TERM");
    let row = UNITS.iter().find(|(words, _)| rest.starts_with(words) && !is_stopped);
    row.map(|(_, reading)| (Format::Linux, Verdict::that(*reading), None))
}

/// `Get "http://10.0.0.1:8080/healthz": dial tcp ...`, or the status that the container answered with.
fn probe(why: &[u8]) -> Verdict {
    if let Some(status) = why.strip_prefix(b"HTTP probe failed with statuscode: ") {
        return match status.get(..3).and_then(cut::status) {
            Some(status @ 500..) => Verdict::Passed(status),
            _ => Verdict::that(Reading::coarse(NoHealthyUpstream, &[ProxyMisconfigured])),
        };
    }
    // Since the kubelet's timer is over the whole of it, and says of the head where it stood.
    if cut::has(why, b"Client.Timeout exceeded while awaiting headers")
        || cut::has(why, b"request canceled (Client.Timeout")
    {
        return Verdict::that(Reading::coarse(ResponseTimeout, &[HeadStalled, ConnectionTimeout]));
    }
    if why.ends_with(b"context deadline exceeded") {
        return Verdict::that(Reading::coarse(ResponseTimeout, &[HeadStalled, ConnectionTimeout]));
    }
    if why.starts_with(b"timeout: ") {
        return Verdict::that(Reading::coarse(ResponseTimeout, &[ConnectionTimeout]));
    }
    // Before Go 1.14 the URL has no quotes.
    let bare = why.strip_prefix(b"Get http").and_then(|url| cut::split(url, b": ")).map(|(_, error)| error);
    let error = bare.or_else(|| cut::split(why, b"\": ").map(|(_, error)| error)).unwrap_or(why);
    let said = golang::error(error);
    // A command says it in its own words.
    if said == Verdict::Unknown {
        Verdict::that(Reading::coarse(NoHealthyUpstream, &[ProxyMisconfigured]))
    } else {
        said
    }
}

/// The host and port that were asked.
fn address(why: &[u8]) -> Option<&[u8]> {
    if let Some((_, url)) = cut::split(why, b"Get \"") {
        return cut::authority(cut::until(url, b'"'));
    }
    let url = why.strip_prefix(b"Get ").filter(|url| url.starts_with(b"http"))?;
    cut::split(url, b": ").and_then(|(url, _)| cut::authority(url))
}

/// Whose line begins there, if it begins with its own words.
pub(super) fn whose(line: &[u8]) -> Option<Format> {
    worded(line).map(|(format, ..)| format)
}

/// Whose line begins there, if it begins with a name.
pub(super) fn whose_name(line: &[u8]) -> Option<Format> {
    named(line).map(|(format, ..)| format)
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let (format, said, upstream) = worded(line).or_else(|| named(line))?;
    let mut entry = Entry::new(format, said, line);
    entry.upstream = upstream;
    Some(entry)
}
