//! Texts for waiting in vain: sending, the response, the whole exchange.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};
use crate::fault::Class;

const NO_POST: (When, &str) = (
    When::NotIdempotent,
    "Do not send this request again by itself: the next hop may still be working on it, and would do it twice.",
);

const NOT_THE_TIMEOUT: (When, &str) = (
    When::Always,
    "Do not just raise the timeout: find the slow path first. A longer wait holds more connections and workers, and turns one slow page into an outage.",
);

/// What makes an application slow, likeliest first.
macro_rules! slow {
    ($($first:expr),* $(,)? $(; $last:expr)?) => {
        &[
            $($first,)*
            (When::Always, "A slow query: no index, more rows than last month, a plan that changed."),
            (When::Always, "A lock: a migration, a long transaction or a deadlock blocks the statement that this request needs."),
            (When::Always, "All workers or threads are busy, and the request waits for one without being worked on: a few slow requests are enough."),
            (When::Always, "The connection pool to the database or cache is empty: threads wait for a connection, not for the database (HikariCP and SQLAlchemy give up after 30 s)."),
            (When::Always, "A third party's API is slow, and the application calls it without a timeout of its own."),
            (When::Always, "A cold start: a function, a scaled-to-zero container or a JVM that is loading classes; the first requests after a deploy."),
            (When::Always, "The host is short of CPU or memory: throttled by its cgroup's limit, swapping, collecting garbage."),
            (When::Always, "The work is really that long (a report, an import): it belongs into a queue, with an answer 202 at once."),
            $($last,)?
        ]
    };
}

pub(super) const RESPONSE_TIMEOUT: Text = Text {
    summary: "{hop} took the request and did not respond in time{after}.",
    causes: slow![; (
        When::Class(&[Class::TimeoutAfterInterim]),
        "An interim response (100, 102, 103) came: it runs and has the head of the request, and the final response takes long. After a 100 it may be waiting for a body that does not come whole."
    )],
    steps: &[
        TIMES,
        TIMES_LOCAL,
        BUSY,
        PROCESSES,
        POSTGRES,
        MYSQL,
        OUTGOING,
        PRESSURE,
        BACKLOG,
        UNIT_LOG,
        DOCKER_STATS,
        DOCKER_LOGS,
        K8S_TOP,
        K8S_DESCRIBE,
        TARGET_HEALTH,
    ],
    settings: &[Look::Timers(Act::Read), Look::Timers(Act::Total), settings::WORKERS],
    avoid: &[NOT_THE_TIMEOUT, NO_POST],
};

pub(super) const HEAD_STALLED: Text = Text {
    summary: "{hop} began its response and did not finish the head in time{after}.",
    causes: &[
        (
            When::Always,
            "The application writes its head piece by piece and waits in between: a header that is set after a slow call, a flush too early.",
        ),
        (
            When::Always,
            "A packet was lost and does not get through again: MTU trouble shows when the head is larger than one packet.",
        ),
        (When::Always, "Somebody answers a byte at a time on purpose, to hold connections."),
    ],
    steps: &[TIMES, RAW, TIMES_LOCAL, MTU, TCPDUMP, PROCESSES, POSTGRES],
    settings: &[Look::Timers(Act::Read), Look::Timers(Act::Total)],
    avoid: &[NOT_THE_TIMEOUT, NO_POST],
};

pub(super) const DEADLINE_EXCEEDED: Text = Text {
    summary: "The response of {hop} was not complete within the time for the whole exchange{after}.",
    causes: slow![
        (
            When::SomeBody,
            "The body came, and more slowly than the time allows: a large download, or a slow client that the gateway waits for."
        ),
        (
            When::Always,
            "It is a stream (server-sent events, long polling, gRPC) that was never meant to end within that time: exempt its route."
        ),
    ],
    steps: &[TIMES, DOWNLOAD, TIMES_LOCAL, PROCESSES, POSTGRES, MYSQL, OUTGOING],
    settings: &[Look::Timers(Act::Total)],
    avoid: &[NOT_THE_TIMEOUT, NO_POST],
};

pub(super) const SEND_TIMEOUT: Text = Text {
    summary: "{hop} did not take the request in time{after}.",
    causes: &[
        (
            When::Always,
            "The process does not read: its workers are all busy, it hangs, or it was stopped (SIGSTOP, a debugger). The kernel took as much as its buffers hold.",
        ),
        (
            When::Always,
            "The application does not read the body until it has done something slow, and the window is full.",
        ),
        (
            When::Always,
            "Packets are lost on the way: the host died without a word, a firewall forgot the connection, MTU trouble with large packets.",
        ),
        (
            When::Reused,
            "The connection was dead already: something in between forgot it while it was idle, and drops silently.",
        ),
    ],
    steps: &[SEND_QUEUE, TIMES, PROCESSES, BUSY, MTU, TCPDUMP, UNIT_STATUS, DOCKER_PS, K8S_DESCRIBE],
    settings: &[Look::Timers(Act::Send), settings::WORKERS],
    avoid: &[NOT_THE_TIMEOUT, NO_POST],
};
