//! Texts for faults of choosing a next hop: nothing was contacted.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};

pub(super) const NO_ROUTE: Text = Text {
    summary: "No route of the gateway leads to a next hop for this request.",
    causes: &[
        (
            When::Always,
            "No rule matches the Host, path or method of the request: a new host name, a missing prefix, a trailing slash.",
        ),
        (When::Always, "The route is there and names a cluster, backend or Service that is not."),
        (
            When::Always,
            "The configuration was changed and not reloaded, or its reload failed and the old one is still running.",
        ),
        (
            When::Always,
            "The request is for somebody else: a scanner that calls the address without a host name, or a name whose DNS still points here.",
        ),
    ],
    steps: &[K8S_SERVICE, K8S_EVENTS, TARGET_GROUP],
    settings: &[settings::ADDRESS],
    avoid: &[(
        When::Always,
        "Do not make a catch-all route to quiet it: requests for strangers' names would reach your application.",
    )],
};

pub(super) const NO_HEALTHY_UPSTREAM: Text = Text {
    summary: "No healthy next hop is left for this request: every candidate of {hop} is marked down.",
    causes: &[
        (
            When::Always,
            "All instances are down or restarting at once: a deploy without a rolling update, a crash loop, one node with all of them.",
        ),
        (
            When::Always,
            "The health check is wrong: its path, port, Host, scheme or expected status. A 301 to https:// or a 401 is not a 200.",
        ),
        (
            When::Always,
            "The health check asks for too much: it fails with a database or a third party, and takes every instance out at the same time.",
        ),
        (
            When::Always,
            "Passive checks took all of them out after a short burst of failures: in nginx one failure takes a server out for 10 s.",
        ),
        (
            When::Always,
            "No pod is ready: a readiness probe with 1 s of time is too strict under load, or the Service's selector matches no pod.",
        ),
        (When::Always, "The checks come from addresses that a firewall or security group does not let in."),
    ],
    steps: &[CURL, LISTEN, UNIT_STATUS, DOCKER_PS, K8S_ENDPOINTS, K8S_PODS, K8S_DESCRIBE, TARGET_HEALTH, TARGET_GROUP],
    settings: &[settings::HEALTH],
    avoid: &[(
        When::Always,
        "Do not switch health checks off: requests would go to dead instances. Make the check cheap, and about the instance alone.",
    )],
};

pub(super) const CIRCUIT_OPEN: Text = Text {
    summary: "The gateway did not try {hop}: its circuit is open after failures or under load.",
    causes: &[
        (
            When::Always,
            "The next hop failed or was slow just before, and the circuit opened as it should: the log of the minutes before has the cause.",
        ),
        (
            When::Always,
            "The limits of the breaker are lower than normal traffic: Envoy allows 1024 connections, pending requests and requests unless told otherwise.",
        ),
        (When::Always, "Requests take longer than they used to, so that more of them are under way at once."),
    ],
    steps: &[TIMES, BUSY, K8S_PODS, TARGET_HEALTH],
    settings: &[settings::LIMITS, settings::HEALTH],
    avoid: &[(
        When::Always,
        "Do not raise the limits first: the breaker protects a next hop that is slow or failing. Find out why it is.",
    )],
};

pub(super) const CONNECTION_LIMIT: Text = Text {
    summary: "The gateway's limit of connections to {hop} is reached{after}.",
    causes: &[
        (
            When::Always,
            "The next hop has become slow (a slow query, a lock, a third party's API), so that connections are held for longer and the pool runs dry.",
        ),
        (
            When::Always,
            "There is more traffic than connections: requests a second times seconds for each is the number that is needed (Little's law).",
        ),
        (When::Always, "Long requests (uploads, event streams, WebSocket) hold connections that short ones need."),
        (When::Always, "Connections leak: responses that are not read to their end are not given back to the pool."),
    ],
    steps: &[TO_HOP, TIMES, BUSY, BACKLOG, POSTGRES, MYSQL],
    settings: &[settings::LIMITS, Look::Timers(Act::Queue)],
    avoid: &[(
        When::Always,
        "Do not only raise the limit: if the next hop is what is slow, more connections make it slower.",
    )],
};

pub(super) const ADDRESS_PROHIBITED: Text = Text {
    summary: "The gateway's policy forbids the address of {hop}.",
    causes: &[
        (
            When::Always,
            "The name leads to a private, loopback or link-local address, and the guard against request forgery does its work. 169.254.169.254 is a cloud's metadata service.",
        ),
        (
            When::Always,
            "The next hop is internal on purpose, and its network is missing in the list of what is allowed.",
        ),
        (
            When::Always,
            "The name's address changed under the gateway's feet (DNS rebinding), or split-horizon DNS gives the inside address.",
        ),
    ],
    steps: &[DIG, GETENT],
    settings: &[settings::RESOLVER],
    avoid: &[(When::Always, "Do not allow all private networks: allow the one address or network that is meant.")],
};

pub(super) const LOOP_DETECTED: Text = Text {
    summary: "The request came back to the gateway: {hop} leads to itself.",
    causes: &[
        (
            When::Always,
            "The next hop's name resolves to the gateway's own address: the public name of the site was used where the internal one belongs.",
        ),
        (When::Always, "Two proxies name each other as their next hop."),
        (When::Always, "A CDN's origin is set to the host name that the CDN itself serves."),
        (
            When::Always,
            "The next hop redirects or rewrites to the gateway: http to https, with a CDN that speaks http to it.",
        ),
    ],
    steps: &[GETENT, LOOP],
    settings: &[settings::LOOPS, settings::ADDRESS],
    avoid: &[(
        When::Always,
        "Do not remove Via or CDN-Loop: without them a loop ends only when every connection is used up.",
    )],
};
