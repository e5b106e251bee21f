//! Texts for certificates that do not pass.

use super::super::when::When;
use super::commands::*;
use super::tls::KEEP_VERIFYING;
use super::{Text, settings};

pub(super) const EXPIRED: Text = Text {
    summary: "The certificate of {hop} has expired.",
    causes: &[
        (
            When::Always,
            "The renewal failed: the certbot or cert-manager job, its DNS or HTTP challenge, or a port 80 that was closed.",
        ),
        (When::Always, "It was renewed, and the server was not reloaded: it goes on serving the old one from memory."),
        (When::Always, "An intermediate in the chain has expired, or a root in the gateway's trust store."),
        (When::Always, "One of several servers behind the name was forgotten: the answer depends on which one is met."),
        (When::Always, "The gateway's clock is ahead."),
    ],
    steps: &[CERTIFICATE, CHAIN, CLOCK, CERTBOT, K8S_CERTIFICATES],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING, (When::Always, "Do not set the gateway's clock back.")],
};

pub(super) const NOT_YET_VALID: Text = Text {
    summary: "The certificate of {hop} is not valid yet.",
    causes: &[
        (
            When::Always,
            "The gateway's clock is behind: a virtual machine that was paused, a board without a battery, NTP that cannot get out.",
        ),
        (
            When::Always,
            "The certificate was made a moment ago on a host whose clock is ahead. Let's Encrypt dates its certificates back by an hour for that reason.",
        ),
        (When::Always, "A certificate for the future was installed too early."),
    ],
    steps: &[CLOCK, CERTIFICATE],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const UNTRUSTED: Text = Text {
    summary: "The certificate of {hop} is not signed by an authority that the gateway trusts.",
    causes: &[
        (
            When::Always,
            "The server does not send its intermediate certificate. Browsers fetch it by themselves, proxies do not: configure fullchain.pem and not cert.pem.",
        ),
        (
            When::Always,
            "It is signed by a private authority (a company's, a mesh's, Cloudflare's Origin CA) whose root the gateway does not have.",
        ),
        (
            When::Always,
            "It is self-signed: a default certificate of the server or of an ingress controller (\"Kubernetes Ingress Controller Fake Certificate\"), because the name matched nothing.",
        ),
        (
            When::Always,
            "The gateway has no roots: a container image without ca-certificates, or a trusted_certificate file that is not set.",
        ),
        (When::Always, "A proxy that inspects TLS sits between the two and signs with its own authority."),
    ],
    steps: &[CHAIN, CERTIFICATE, HANDSHAKE_NO_SNI, TRUST_STORE],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const NAME_MISMATCH: Text = Text {
    summary: "The certificate of {hop} is for another name.",
    causes: &[
        (
            When::Always,
            "The gateway checks for the name or address that it connects to, and the certificate is for the public name: set the name for SNI and verification (proxy_ssl_name, sni, serverName).",
        ),
        (
            When::Always,
            "The gateway sends no SNI, or another name, and the server answers with its default certificate.",
        ),
        (When::Always, "The next hop is configured by address, and the certificate has no IP address among its names."),
        (
            When::Always,
            "A wildcard covers one label only: *.example.com is not good for a.b.example.com, nor for example.com.",
        ),
        (
            When::Always,
            "The name leads to a wrong server: an old DNS record, another tenant of the same load balancer.",
        ),
    ],
    steps: &[CERTIFICATE, VERIFY_NAME, HANDSHAKE_NO_SNI, GETENT],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING],
};

pub(super) const REVOKED: Text = Text {
    summary: "The certificate of {hop} has been revoked.",
    causes: &[
        (When::Always, "Its owner revoked it: the key was lost or leaked, the name was given up, or it was replaced."),
        (When::Always, "The authority revoked it for a mistake of its own: it tells the owner by mail, days before."),
        (When::Always, "The new certificate is there, and the server was not reloaded."),
    ],
    steps: &[CERTIFICATE, OCSP],
    settings: &[settings::TLS],
    avoid: &[(
        When::Always,
        "Do not switch revocation checks off for it: a revoked key may be in somebody else's hands.",
    )],
};

pub(super) const INVALID: Text = Text {
    summary: "The certificate of {hop} cannot be used.",
    causes: &[
        (
            When::Always,
            "It is not for servers (no serverAuth in its extended key usage): a client or code-signing certificate.",
        ),
        (
            When::Always,
            "It has no subjectAltName: the common name alone has not counted for years (RFC 9110 section 4.3.4).",
        ),
        (
            When::Always,
            "Its signature is weak or broken: SHA-1, an RSA key of 1024 bits, a chain whose parts do not belong together.",
        ),
        (
            When::Always,
            "It is an authority's certificate used as a server's, or of X.509 version 1: openssl accepts that, rustls does not.",
        ),
    ],
    steps: &[CERTIFICATE_TEXT, CHAIN, HANDSHAKE],
    settings: &[settings::TLS],
    avoid: &[KEEP_VERIFYING],
};
