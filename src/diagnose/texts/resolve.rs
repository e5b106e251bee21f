//! Texts for faults of looking up the next hop's name.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};

pub(super) const NOT_FOUND: Text = Text {
    summary: "The name of the next hop, {hop}, has no address.",
    causes: &[
        (When::Rcode(&[3]), "NXDOMAIN: no such name. It is misspelt, or its record was deleted or never made."),
        (
            When::Rcode(&[0]),
            "The name exists and has no record of the type that was asked for: only AAAA where A is needed, or only a CNAME to nothing.",
        ),
        (
            When::Always,
            "A short name needs a search domain that the gateway does not have: in Kubernetes, a Service of another namespace is SERVICE.NAMESPACE, in Docker, a name is known only inside of its network.",
        ),
        (
            When::Always,
            "The name is known to an internal name server only (split horizon, Docker, Consul), and the gateway asks another.",
        ),
        (When::Always, "The container or Service is gone: Docker and Kubernetes take the name away with it."),
        (
            When::Always,
            "A negative answer from before the record was made is still cached (RFC 2308: for up to the SOA's minimum).",
        ),
    ],
    steps: &[DIG_STATUS, GETENT, RESOLV_CONF, DIG_PUBLIC, DOCKER_NETWORKS, K8S_SERVICE],
    settings: &[settings::RESOLVER, settings::ADDRESS],
    avoid: &[(
        When::Always,
        "Do not write the address into the configuration: it works until the next deploy moves it.",
    )],
};

pub(super) const FAILURE: Text = Text {
    summary: "The name of the next hop, {hop}, could not be resolved{after}.",
    causes: &[
        (
            When::Rcode(&[2]),
            "SERVFAIL: the name server could not get an answer: the zone's own servers are down, the delegation is lame, or DNSSEC validation failed.",
        ),
        (When::Rcode(&[5]), "REFUSED: the name server does not serve this zone, or not for the gateway's address."),
        (
            When::Rcode(&[1, 4]),
            "The name server does not understand the question: a filter or an old server on the way.",
        ),
        (
            When::Always,
            "The name server is down or overloaded: in Kubernetes, CoreDNS; on systemd hosts, systemd-resolved.",
        ),
        (
            When::Always,
            "/etc/resolv.conf names a server that is gone, or that is not reachable from inside of the container.",
        ),
        (When::Always, "No descriptors or memory were left for the lookup (EAI_SYSTEM, EAI_MEMORY)."),
    ],
    steps: &[DIG_STATUS, RESOLV_CONF, DIG_NODNSSEC, DIG_TRACE, DIG_PUBLIC, K8S_DNS, FD_LIMIT],
    settings: &[settings::RESOLVER],
    avoid: &[(When::Always, "Do not switch DNSSEC validation off for good: have the zone's signatures repaired.")],
};

pub(super) const TIMEOUT: Text = Text {
    summary: "The name of the next hop, {hop}, was not resolved in time{after}.",
    causes: &[
        (
            When::Always,
            "The first name server in /etc/resolv.conf does not answer: every lookup waits 5 s for it before the second is asked.",
        ),
        (
            When::Always,
            "UDP to port 53 is filtered between the gateway and the name server, or answers are too large and TCP to port 53 is filtered.",
        ),
        (
            When::Always,
            "With ndots:5 (Kubernetes) every outside name is tried with each search domain first: many questions, and one lost packet is 5 s. A trailing dot avoids it.",
        ),
        (
            When::Always,
            "The name server drops questions under load: CoreDNS short of CPU, a full conntrack table, or more than 1024 packets a second from one interface to the resolver of an AWS VPC.",
        ),
        (When::Always, "The servers of the zone itself are slow or gone, and nothing is cached."),
    ],
    steps: &[DNS_TIME, RESOLV_CONF, DIG_PUBLIC, DIG_TRACE, CONNTRACK, K8S_DNS],
    settings: &[Look::Timers(Act::Resolve), settings::RESOLVER],
    avoid: &[(
        When::Always,
        "Do not raise the resolver's timeout: every request would hang for longer. A cache beside the gateway takes the load and the lost packets away.",
    )],
};
