//! Texts for connections that end before the response, or in the middle of its head.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};

const NO_POST: (When, &str) = (
    When::NotIdempotent,
    "Do not send this request again by itself: its method is not idempotent, and the next hop may have acted on it (RFC 9110 section 9.2.2).",
);

const RACE: (When, &str) = (
    When::Reused,
    "The keep-alive race: the next hop closed the idle connection while the request was on its way. Its idle timeout is shorter than the gateway's: make the gateway's the shorter one, by a few seconds.",
);

const FRESH_CURL: (When, &str) = (
    When::Reused,
    "Do not take a curl that works for a proof: it opens a new connection, and the keep-alive race needs one that has been idle.",
);

const DEPLOY: (When, &str) = (
    When::Always,
    "A deploy or scale-down: the process ended with requests under way, without a graceful shutdown. It should go on serving for some seconds after SIGTERM, then finish what it has.",
);

const CRASH: (When, &str) = (
    When::Always,
    "The process or worker died on this request: a panic, a segmentation fault, or killed by the OOM killer (exit 137).",
);

pub(super) const CLOSED_BEFORE_RESPONSE: Text = Text {
    summary: "{hop} closed the connection without a response{after}.",
    causes: &[
        RACE,
        (
            When::Slow,
            "A supervisor killed the worker because the request took too long: gunicorn after 30 s, Unicorn after 60 s. Find what is slow, and raise its limit only then.",
        ),
        CRASH,
        DEPLOY,
        (
            When::Fresh,
            "The port expects something else than plain HTTP, and closes on what it reads: TLS, HTTP/2 with prior knowledge, or the PROXY protocol.",
        ),
        (
            When::Always,
            "The server refuses the request without an answer: nginx's 444, a header over its limit, a Host it does not know, a firewall for web applications.",
        ),
        (
            When::Fresh,
            "Docker's published port with nothing behind it: docker-proxy takes the connection and closes it, because the application does not listen in the container, or on 127.0.0.1 inside of it only.",
        ),
        (
            When::FastCgi,
            "PHP-FPM ended the worker: request_terminate_timeout, a crash of an extension (signal 11), or the OOM killer.",
        ),
        (
            When::Always,
            "A sidecar or load balancer in between accepts, and has nobody behind it to hand the connection to.",
        ),
    ],
    steps: &[
        CURL,
        KEEP_ALIVE,
        UNIT_RESULT,
        UNIT_LOG,
        OOM,
        SEGFAULT,
        DOCKER_STATE,
        DOCKER_LOGS,
        DOCKER_EXEC,
        K8S_EVENTS,
        K8S_PREVIOUS,
        K8S_EXEC,
        K8S_GRACE,
        TARGET_HEALTH,
        TARGET_ATTRIBUTES,
    ],
    settings: &[Look::Timers(Act::Idle), settings::SHUTDOWN, settings::RETRIES],
    avoid: &[
        NO_POST,
        FRESH_CURL,
        (
            When::Reused,
            "Do not switch keep-alive off to be rid of the race: every request would pay for a connection. Align the idle timeouts.",
        ),
        (When::Always, "Do not raise the read timeout: nothing timed out here, the other side closed."),
    ],
};

pub(super) const RESET_BEFORE_RESPONSE: Text = Text {
    summary: "{hop} reset the connection without a response{after}.",
    causes: &[
        (
            When::Reused,
            "The keep-alive race: the next hop, or something in between, had given up the idle connection already. Make the gateway's idle timeout the shorter one.",
        ),
        (
            When::Reused,
            "A NAT, firewall or load balancer forgot the idle connection and resets its next packet (AWS NLB after 350 s): use TCP keep-alive, or a shorter idle timeout.",
        ),
        CRASH,
        DEPLOY,
        (
            When::Always,
            "The server closed with bytes of the request unread, which makes a reset: a body over its limit, or an answer that it gave up.",
        ),
        (When::Fresh, "The accept queue was full, or a proxy in between has no healthy target."),
        (
            When::Fresh,
            "Docker's published port with nothing behind it: the application does not listen in the container, or on 127.0.0.1 inside of it only.",
        ),
    ],
    steps: &[
        CURL,
        KEEP_ALIVE,
        TCPDUMP,
        UNIT_RESULT,
        UNIT_LOG,
        OOM,
        SEGFAULT,
        OVERFLOWS,
        DOCKER_STATE,
        DOCKER_LOGS,
        K8S_EVENTS,
        K8S_PREVIOUS,
        K8S_GRACE,
        TARGET_HEALTH,
    ],
    settings: &[Look::Timers(Act::Idle), settings::SHUTDOWN, settings::RETRIES],
    avoid: &[
        NO_POST,
        FRESH_CURL,
        (When::Always, "Do not raise the read timeout: nothing timed out here, the other side cut."),
    ],
};

pub(super) const SEND_RESET: Text = Text {
    summary: "The connection to {hop} broke while the request was being sent{after}.",
    causes: &[
        RACE,
        (
            When::Always,
            "The server refused the request's body and closed without reading it: it is over its limit (413), or needs a login first (401). Its answer may have been lost with the reset.",
        ),
        (
            When::Always,
            "The server's own time for reading a request ran out: the client sends slowly and the gateway does not buffer.",
        ),
        CRASH,
        DEPLOY,
    ],
    steps: &[CURL, UNIT_RESULT, UNIT_LOG, DOCKER_STATE, DOCKER_LOGS, K8S_EVENTS, K8S_PREVIOUS, TCPDUMP],
    settings: &[Look::Timers(Act::Idle), settings::CLIENT],
    avoid: &[
        NO_POST,
        (
            When::Always,
            "Do not read EPIPE as the cause: read the response first, a server that answers early may close before the body is sent.",
        ),
    ],
};

pub(super) const HEAD_TRUNCATED: Text = Text {
    summary: "{hop} closed the connection in the middle of the response head{after}.",
    causes: &[
        (
            When::Always,
            "The worker died while it was writing the head: a panic, an exception in a header filter, a kill.",
        ),
        (When::Always, "A CGI or FastCGI program ended, or printed something else, before the empty line."),
        (When::Always, "A buffer of a proxy in between was too small for the head, and it gave up."),
        (When::Always, "Only an interim response (100, 103) came, and the final one never did."),
    ],
    steps: &[RAW, UNIT_LOG, UNIT_RESULT, OOM, DOCKER_LOGS, DOCKER_STATE, K8S_PREVIOUS],
    settings: &[settings::HEAD_SIZE],
    avoid: &[NO_POST],
};

pub(super) const HEAD_RESET: Text = Text {
    summary: "{hop} reset the connection in the middle of the response head{after}.",
    causes: &[
        CRASH,
        (
            When::Always,
            "The server answered early and closed with bytes of the request unread: the reset overtook its own answer. It should read on for a moment before it closes (nginx: lingering_close).",
        ),
        (When::Always, "A firewall that inspects responses did not like a header."),
        DEPLOY,
    ],
    steps: &[RAW, UNIT_LOG, UNIT_RESULT, OOM, DOCKER_LOGS, DOCKER_STATE, K8S_PREVIOUS, TCPDUMP],
    settings: &[settings::HEAD_SIZE, settings::SHUTDOWN],
    avoid: &[NO_POST],
};
