//! Texts for faults of the TLS handshake.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};

/// Said of everything that verification stops.
pub(super) const KEEP_VERIFYING: (When, &str) = (
    When::Always,
    "Do not turn verification off (proxy_ssl_verify off, verify none, insecureSkipVerify): anybody on the way could then answer in its place.",
);

pub(super) const TIMEOUT: Text = Text {
    summary: "The TLS handshake with {hop} was not finished in time{after}.",
    causes: &[
        (
            When::Always,
            "The port speaks another protocol, which waits for its client to speak first: to a ClientHello it says nothing.",
        ),
        (
            When::Always,
            "Large packets do not get through (MTU, a VPN or tunnel that drops ICMP): the connection opens, and the certificate never arrives.",
        ),
        (When::Always, "The next hop accepts and is too busy to go on: no CPU for handshakes, all workers taken."),
        (
            When::Always,
            "A middlebox drops ClientHellos that it does not understand: large ones with post-quantum key shares come in two packets.",
        ),
        (When::Always, "The server waits for something itself in the handshake: OCSP, a remote key, a name lookup."),
    ],
    steps: &[HANDSHAKE, TLS12, MTU, TCPDUMP, PLAIN_HTTP, BACKLOG, PROCESSES],
    settings: &[Look::Timers(Act::Handshake), Look::Timers(Act::Connect)],
    avoid: &[],
};

pub(super) const CLOSED: Text = Text {
    summary: "{hop} closed the connection in the TLS handshake{after}.",
    causes: &[
        (
            When::Always,
            "The server wants another name in SNI, or one at all, and closes without an alert: nginx sends none to an upstream unless proxy_ssl_server_name is on.",
        ),
        (When::Always, "The port speaks plain HTTP or another protocol and closes when it reads a ClientHello."),
        (When::Always, "A load balancer or mesh in front of the server accepts and has no healthy target behind it."),
        (When::Always, "No TLS version or cipher in common, with a server that does not say so."),
        (
            When::Always,
            "The server requires PROXY protocol before the handshake, or the gateway sends it to one that does not expect it.",
        ),
        (When::Always, "The process crashed or was restarted in that moment."),
    ],
    steps: &[HANDSHAKE, HANDSHAKE_NO_SNI, PLAIN_HTTP, TLS12, UNIT_LOG, DOCKER_LOGS, K8S_EVENTS, TARGET_HEALTH],
    settings: &[settings::TLS, settings::PROXY_PROTOCOL],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const RESET: Text = Text {
    summary: "The connection to {hop} was reset in the TLS handshake{after}.",
    causes: &[
        (When::Always, "A firewall that inspects TLS resets because of the server name or the version."),
        (When::Always, "The server wants another name in SNI, or one at all, and resets instead of sending an alert."),
        (When::Always, "The port speaks another protocol: closing with unread bytes makes a reset."),
        (When::Always, "The process crashed or was restarted in that moment, or a load balancer has no target for it."),
    ],
    steps: &[HANDSHAKE, HANDSHAKE_NO_SNI, PLAIN_HTTP, TCPDUMP, UNIT_RESULT, DOCKER_STATE, K8S_EVENTS],
    settings: &[settings::TLS, settings::PROXY_PROTOCOL],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const ALERT: Text = Text {
    summary: "{hop} refused the TLS handshake with an alert{after}.",
    causes: &[
        (
            When::Alert(&[40]),
            "handshake_failure (40): no cipher, group or signature algorithm in common; or, from older servers, SNI that is missing or unknown, or a client certificate that is missing.",
        ),
        (
            When::Alert(&[70]),
            "protocol_version (70): no TLS version in common. The server has only 1.0 or 1.1, or only 1.3, and the gateway does not offer it.",
        ),
        (
            When::Alert(&[112]),
            "unrecognized_name (112): the server has no certificate for the name in SNI. The gateway sends the wrong name: its own, that of a load balancer, or an address's.",
        ),
        (
            When::Alert(&[116]),
            "certificate_required (116): the server wants a client certificate (mutual TLS) and the gateway has none. In TLS 1.3 this comes after the handshake, when the request is on its way.",
        ),
        (
            When::Alert(&[48]),
            "unknown_ca (48): the server does not trust the authority that signed the gateway's certificate.",
        ),
        (
            When::Alert(&[42, 43, 44, 45, 46, 51]),
            "The server does not accept the gateway's client certificate: expired (45), revoked (44), of the wrong kind (43) or not what it expects (42, 46, 51).",
        ),
        (When::Alert(&[49]), "access_denied (49): the client certificate is valid, and its owner may not come in."),
        (
            When::Alert(&[71]),
            "insufficient_security (71): the server wants stronger ciphers or keys than the gateway offers.",
        ),
        (
            When::Alert(&[80]),
            "internal_error (80): the server itself failed. Some servers and CDNs send it for a name they have no certificate for.",
        ),
        (
            When::Alert(&[86]),
            "inappropriate_fallback (86): the gateway tried again with an older version, and the server could have done better.",
        ),
        (
            When::Alert(&[120]),
            "no_application_protocol (120): the server speaks none of the protocols that were offered in ALPN. Offer http/1.1 as well as h2.",
        ),
        (
            When::Alert(&[10, 47, 50, 109, 110]),
            "The server did not understand the gateway's handshake (10, 47, 50, 109, 110): a middlebox changed it, or one of the two libraries is at fault.",
        ),
        (
            When::Always,
            "The gateway calls the server by another name than its clients do: compare what openssl gets with and without SNI.",
        ),
    ],
    steps: &[HANDSHAKE, HANDSHAKE_NO_SNI, TLS12, TLS13, CLIENT_CERT, ALPN, CLOCK],
    settings: &[settings::TLS],
    avoid: &[
        KEEP_VERIFYING,
        (
            When::Alert(&[70]),
            "Do not switch TLS 1.0 and 1.1 on for the whole gateway because of one old server (RFC 8996): allow it for that next hop, until it is updated.",
        ),
    ],
};

pub(super) const NOT_TLS: Text = Text {
    summary: "{hop} answered the TLS handshake with something that is not TLS.",
    causes: &[
        (
            When::Port(&[80, 3000, 5000, 8000, 8080, 9000]),
            "The port is one where plain HTTP is usual: the gateway speaks https:// to it.",
        ),
        (
            When::Always,
            "The next hop speaks plain HTTP on this port: the scheme or the port in the gateway's configuration is wrong (openssl calls it \"wrong version number\").",
        ),
        (
            When::Always,
            "TLS ends before the next hop (a sidecar, a load balancer), so that the gateway must speak plain HTTP to it.",
        ),
        (When::Always, "The server lost its TLS setting in a deploy: `listen 443` without `ssl`."),
        (
            When::Always,
            "The port belongs to something else (SSH, SMTP with STARTTLS, a database) that greets in plain text.",
        ),
    ],
    steps: &[PLAIN_HTTP, BANNER, HANDSHAKE, LISTEN, K8S_SERVICE, TARGET_GROUP],
    settings: &[settings::ADDRESS],
    avoid: &[],
};

pub(super) const PROTOCOL: Text = Text {
    summary: "TLS with {hop} failed{after}.",
    causes: &[
        (
            When::Always,
            "No TLS version, cipher, group or signature algorithm in common: an old server, or a gateway that is set up too strictly.",
        ),
        (When::Always, "A middlebox terminates or changes TLS between the two."),
        (
            When::Always,
            "The server's certificate and key do not belong together, or its key is of a kind that the gateway does not support.",
        ),
        (
            When::Always,
            "One of the two libraries is at fault: rustls has no TLS 1.1 and no ciphers without forward secrecy.",
        ),
    ],
    steps: &[HANDSHAKE, TLS12, TLS13, HANDSHAKE_NO_SNI, CHAIN],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const NO_ALPN: Text = Text {
    summary: "{hop} shares no application protocol with the gateway.",
    causes: &[
        (When::Always, "The gateway offers h2 only, and the server speaks HTTP/1.1 only."),
        (When::Always, "The server offers h2 only (a gRPC server), and the gateway speaks HTTP/1.1 only."),
        (When::Always, "A TLS terminator in front of the server was set up for TCP, without ALPN."),
    ],
    steps: &[ALPN, CURL_H2, CURL_H1],
    settings: &[settings::VERSION],
    avoid: &[],
};
