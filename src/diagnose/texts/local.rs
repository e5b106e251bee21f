//! Texts for faults of the client and of the gateway itself, and for what nobody could name.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};
use crate::fault::Class;

pub(super) const CLIENT_ABORTED: Text = Text {
    summary: "The client closed the connection before it had the response of {hop}{after}.",
    causes: &[
        (
            When::Slow,
            "The client lost patience: its own timeout is shorter than the response takes. Look at why the next hop is slow.",
        ),
        (When::Always, "Somebody went to another page, reloaded, or closed the application: normal in small numbers."),
        (
            When::Always,
            "A load balancer or CDN before the gateway has a shorter timeout than the gateway: then it answers 504 or 460, and this is the same event seen from here.",
        ),
        (When::Always, "A health check, a scanner or a script asks and does not wait for the end."),
        (When::Always, "The network of the client changed (a phone leaves the Wi-Fi)."),
    ],
    steps: &[TIMES, TIMES_LOCAL],
    settings: &[settings::CLIENT],
    avoid: &[
        (
            When::Always,
            "Do not count it as an error of the next hop, nor page anybody for it: it is 499, for the log alone.",
        ),
        (
            When::NotIdempotent,
            "Do not take it for undone: the next hop may have acted on the request, although nobody saw its answer.",
        ),
    ],
};

pub(super) const BAD_REQUEST: Text = Text {
    summary: "The client's request breaks a rule of HTTP, so the gateway did not send it to {hop}.",
    causes: &[
        (
            When::Class(&[
                Class::FramingClAndTe,
                Class::FramingClConflict,
                Class::FramingClInvalid,
                Class::FramingClOverflow,
                Class::FramingTeInHttp10,
                Class::FramingTeInvalid,
                Class::FramingTeUnsupported,
                Class::FramingTeChunkedNotFinal,
                Class::FramingTeChunkedRepeated,
            ]),
            "Nobody can say where the request ends: somebody tries to smuggle a second request past the gateway, or a proxy before it rewrites bodies and leaves the old length.",
        ),
        (
            When::Class(&[Class::RequestHostMissing]),
            "A health check, a script or a test writes HTTP/1.1 by hand and leaves out Host, which HTTP/1.1 demands.",
        ),
        (
            When::Class(&[Class::RequestHostRepeated, Class::RequestHostInvalid, Class::RequestHostConflict]),
            "Somebody tries which of two hosts each program in the chain believes in: cache poisoning and access rules by host begin so. A proxy before the gateway may also add a Host instead of replacing it.",
        ),
        (
            When::Class(&[Class::RequestTargetForm, Class::RequestTargetScheme, Class::RequestTargetInvalid]),
            "A scanner looks for an open proxy, or a client writes the URL as a person typed it, without percent-encoding.",
        ),
        (
            When::Class(&[Class::RequestExpectation]),
            "The client asks for something by Expect that is not 100-continue: a library that is misconfigured, or a probe.",
        ),
        (When::Always, "A client that writes HTTP by itself, and wrongly: its User-Agent and address tell which."),
    ],
    steps: &[CLIENTS, GATEWAY_LOG],
    settings: &[settings::CLIENT],
    avoid: &[(
        When::Always,
        "Do not relax the rule for one client: what two programs in a chain read differently is how requests are smuggled. Repair who writes it.",
    )],
};

pub(super) const CLIENT_BODY_FAILED: Text = Text {
    summary: "The request body from the client failed before {hop} had all of it{after}.",
    causes: &[
        (
            When::Always,
            "The client went away in the middle of an upload: a network change, a closed tab, its own timeout.",
        ),
        (
            When::Always,
            "The body is shorter than its Content-Length, or its chunks are malformed: a bug of the client, or a proxy before the gateway that cut it.",
        ),
        (When::Always, "A limit before the gateway ended it: a load balancer's idle timeout, or a maximum size."),
    ],
    steps: &[CLIENTS, GATEWAY_LOG],
    settings: &[settings::CLIENT],
    avoid: &[(When::Always, "Do not count it against the next hop: it never got the whole request.")],
};

pub(super) const CLIENT_TIMEOUT: Text = Text {
    summary: "The client did not send its request in time{after}.",
    causes: &[
        (When::Always, "A slow or lost connection on the client's side, often a phone with a large upload."),
        (
            When::Always,
            "A browser opened a connection in advance and did not use it: then 408 is no error, and nobody sees it.",
        ),
        (
            When::Always,
            "Somebody holds connections on purpose with a byte at a time (Slowloris): many from few addresses.",
        ),
        (When::Always, "A client waits for 100 Continue, which the gateway does not send."),
    ],
    steps: &[CLIENTS],
    settings: &[settings::CLIENT],
    avoid: &[(When::Always, "Do not lift the limit for everything: give the routes with large uploads a longer one.")],
};

pub(super) const PROXY_INTERNAL: Text = Text {
    summary: "The gateway itself failed; it was to send the request to {hop}.",
    causes: &[
        (
            When::Always,
            "A defect in the gateway: a panic, an error that nobody handles, an assertion. Its own log has the place.",
        ),
        (When::Always, "A plug-in, filter or script of the gateway failed (Lua, Wasm, njs)."),
        (When::Always, "A resource of its own is missing: a disk that is full, a file or key that it may not read."),
    ],
    steps: &[GATEWAY_LOG, MEMORY, DISK_GATEWAY, FD_LIMIT, OOM_GATEWAY],
    settings: &[settings::RESOURCES],
    avoid: &[(
        When::NotIdempotent,
        "Do not take it for not sent: the gateway may have failed after the request had gone out.",
    )],
};

pub(super) const PROXY_MISCONFIGURED: Text = Text {
    summary: "The gateway's configuration cannot work for this request to {hop}.",
    causes: &[
        (
            When::Always,
            "A setting is missing or contradicts another: an upstream without servers, a TLS key without its certificate, a filter that is named and not loaded.",
        ),
        (When::Always, "A variable or secret was empty when the configuration was made."),
        (When::Always, "The last reload failed, so that old and new parts are mixed."),
    ],
    steps: &[GATEWAY_LOG, CONFIG_TEST],
    settings: &[settings::ADDRESS],
    avoid: &[],
};

pub(super) const UNCLASSIFIED: Text = Text {
    summary: "The exchange with {hop} failed{after}, and nothing at hand says why.",
    causes: &[
        (
            When::Always,
            "The error was made into text on its way, so that its type and number are lost: hand over the error itself, with its sources.",
        ),
        (
            When::Always,
            "An adapter for the client library is not switched on, or is for another of its major versions. The record names the types that were seen, under type: a probe can know them (Gateway::with_probe).",
        ),
        (
            When::Always,
            "The facts of the exchange were not filled in: the phase, the bytes sent and received, and whether the connection was reused make most faults plain.",
        ),
    ],
    steps: &[CURL, TIMES, LISTEN, UNIT_LOG, DOCKER_LOGS, K8S_EVENTS, TARGET_HEALTH],
    settings: &[Look::Timers(Act::Read)],
    avoid: &[(
        When::NotIdempotent,
        "Do not send this request again by itself: nobody knows whether the next hop acted on it.",
    )],
};
