//! Texts for faults of opening a connection.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::settings;
use super::{Look, Text};

pub(super) const REFUSED: Text = Text {
    summary: "{hop} refused the connection{after}.",
    causes: &[
        (
            When::Always,
            "The service is down: stopped, crashed, killed for want of memory, or not started yet after a deploy.",
        ),
        (When::Always, "It listens on another port than the gateway connects to."),
        (
            When::Loopback,
            "The gateway connects to its own loopback address. In a container that is the container itself and not the host: name the service or its host instead.",
        ),
        (When::Loopback, "localhost is ::1 first, and the service listens on 127.0.0.1 only, or the other way round."),
        (When::Always, "It listens on 127.0.0.1 only, so that nobody else can reach it: bind it to 0.0.0.0 or [::]."),
        (When::Always, "Its container is in no network with the gateway, or its port is not published."),
        (When::Always, "The name or address leads to a host of former days: a pod or instance that was replaced."),
        (When::Always, "A firewall rejects the port (REJECT answers at once; DROP would have been a timeout)."),
    ],
    steps: &[
        LISTEN,
        LISTEN_ALL,
        SOCKET,
        CURL,
        NC,
        GETENT,
        UNIT_STATUS,
        UNIT_LOG,
        OOM,
        DOCKER_PS,
        DOCKER_LOGS,
        DOCKER_PORT,
        K8S_ENDPOINTS,
        K8S_DESCRIBE,
        TARGET_HEALTH,
        NFT,
        IPTABLES,
        UFW,
    ],
    settings: &[settings::ADDRESS, settings::HEALTH],
    avoid: &[
        (When::Always, "Do not raise timeouts: a refusal comes at once, and waiting longer changes nothing."),
        (When::Always, "Do not only restart it: look first at why it stopped, or it will stop again."),
    ],
};
