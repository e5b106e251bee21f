//! Texts for faults of HTTP/2 and HTTP/3.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};
use crate::fault::Class;

pub(super) const STREAM_REFUSED: Text = Text {
    summary: "{hop} refused the stream without looking at the request.",
    causes: &[
        (
            When::Always,
            "More streams were opened than its SETTINGS_MAX_CONCURRENT_STREAMS allows, often in the first moments, before its settings had arrived.",
        ),
        (When::Always, "It is overloaded or shutting down, and refuses what it will not serve."),
        (
            When::Always,
            "One connection carries the traffic of too many clients: several connections share the streams.",
        ),
    ],
    steps: &[CURL_H2, BUSY, UNIT_STATUS, K8S_EVENTS],
    settings: &[settings::STREAMS],
    avoid: &[(
        When::Always,
        "Do not count it as a failed request: it was not processed (RFC 9113 section 8.7), so send it again, elsewhere or after a pause.",
    )],
};

pub(super) const STREAM_RESET: Text = Text {
    summary: "{hop} reset the stream{after}.",
    causes: &[
        (
            When::H2(&[2]),
            "INTERNAL_ERROR: the application failed, or a proxy in between lost its own upstream and says so in this way.",
        ),
        (
            When::H2(&[8]),
            "CANCEL: the next hop gave the request up: a timeout of its own, or its handler was cancelled.",
        ),
        (
            When::H2(&[1]),
            "PROTOCOL_ERROR: it finds the request malformed: a forbidden field (Connection, TE other than trailers), an upper-case name, a Content-Length that does not match.",
        ),
        (
            When::H2(&[0]),
            "NO_ERROR: it had answered already and does not want the rest of the request's body. That is no fault if the response was whole.",
        ),
        (When::H2(&[3]), "FLOW_CONTROL_ERROR: one of the two counts windows wrongly, which is a bug of a library."),
        (When::H2(&[5]), "STREAM_CLOSED: a frame came for a stream that it had closed: a race, or a bug of a library."),
        (
            When::H2(&[9]),
            "COMPRESSION_ERROR: the header compression of the two is out of step. The whole connection is lost.",
        ),
        (When::H2(&[11]), "ENHANCE_YOUR_CALM: too many pings, resets or header bytes from the gateway."),
        (When::Always, "The process or pod behind the next hop's own proxy is being stopped."),
    ],
    steps: &[CURL_H2, CURL_H1, UNIT_LOG, DOCKER_LOGS, K8S_EVENTS],
    settings: &[settings::STREAMS, Look::Timers(Act::Total)],
    avoid: &[(
        When::NotIdempotent,
        "Do not send this request again by itself: only REFUSED_STREAM promises that it was not processed.",
    )],
};

pub(super) const GOAWAY: Text = Text {
    summary: "{hop} is closing the connection (GOAWAY), and may have acted on the request.",
    causes: &[
        (
            When::Always,
            "A deploy or restart, without a first GOAWAY with the highest stream number and a pause, as a graceful shutdown has it (RFC 9113 section 6.8).",
        ),
        (
            When::Always,
            "The connection reached the age or number of requests that the next hop allows, and was closed before the streams were done.",
        ),
        (
            When::H2(&[1, 3, 6, 9]),
            "The code says that the gateway broke a rule of HTTP/2: compare versions of the libraries on both sides.",
        ),
        (When::H2(&[11]), "ENHANCE_YOUR_CALM: too many pings, resets or settings from the gateway."),
    ],
    steps: &[CURL_H2, UNIT_STATUS, UNIT_LOG, K8S_EVENTS, K8S_GRACE],
    settings: &[settings::STREAMS, settings::SHUTDOWN],
    avoid: &[(
        When::NotIdempotent,
        "Do not send this request again by itself: its stream is not above the last one that the GOAWAY names.",
    )],
};

pub(super) const GOAWAY_UNPROCESSED: Text = Text {
    summary: "{hop} is closing the connection (GOAWAY) and did not take the request.",
    causes: &[
        (
            When::Always,
            "A graceful restart, or the end of a connection's allowed age: this is how it should be, and a new connection will do.",
        ),
        (
            When::Always,
            "The gateway used the connection for one request too many: it saw the GOAWAY too late, or does not open a second connection in time.",
        ),
    ],
    steps: &[K8S_EVENTS, UNIT_STATUS],
    settings: &[settings::STREAMS, settings::RETRIES],
    avoid: &[(
        When::Always,
        "Do not answer the client with an error at the first try: the request was not processed (RFC 9113 section 8.7), so it can be sent again on a new connection, whatever its method.",
    )],
};

pub(super) const ENHANCE_YOUR_CALM: Text = Text {
    summary: "{hop} finds the gateway's behaviour excessive (ENHANCE_YOUR_CALM).",
    causes: &[
        (
            When::Always,
            "Keep-alive pings are too frequent: a gRPC server allows one in 5 min unless told otherwise, and says too_many_pings.",
        ),
        (
            When::Always,
            "Many streams are opened and reset at once: clients that abort, or an attack (CVE-2023-44487), passed on to the next hop.",
        ),
        (When::Always, "Header sections are too large, or too many CONTINUATION, SETTINGS or empty frames are sent."),
    ],
    steps: &[CURL_H2, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::STREAMS],
    avoid: &[(When::Always, "Do not send it again at once: back off, or the next connection ends in the same way.")],
};

pub(super) const HTTP11_REQUIRED: Text = Text {
    summary: "{hop} insists on HTTP/1.1 for this request.",
    causes: &[
        (
            When::Class(&[Class::Http2Http1]),
            "The port speaks HTTP/1.1, and the gateway speaks HTTP/2 with prior knowledge to it (h2c).",
        ),
        (
            When::Always,
            "The request needs something that HTTP/2 lacks there: a client certificate by renegotiation, NTLM or Kerberos bound to the connection, an upgrade.",
        ),
        (When::Always, "The next hop's HTTP/2 is switched off for this site, and ALPN still offers it."),
    ],
    steps: &[CURL_H1, ALPN],
    settings: &[settings::VERSION],
    avoid: &[],
};

pub(super) const H2_PROTOCOL_ERROR: Text = Text {
    summary: "{hop} broke the rules of HTTP/2.",
    causes: &[
        (
            When::Class(&[Class::Http2FirstFrame]),
            "The next hop began with another frame than SETTINGS (RFC 9113 section 3.4): an HTTP/2 library written by hand, or a proxy in between that lost its first bytes.",
        ),
        (
            When::Class(&[Class::Http2FrameSize, Class::Http2Padding]),
            "A frame has a length that it must not have (RFC 9113 sections 4.2 and 6): bytes were lost or added in between, or a library counts wrongly.",
        ),
        (
            When::Class(&[Class::Http2Stream, Class::Http2IdleStream]),
            "A frame came on a stream where it may not be, or that the gateway never opened (RFC 9113 section 5.1): a library that mixes up its streams.",
        ),
        (
            When::Class(&[Class::Http2Continuation]),
            "A header block was interrupted by another frame (RFC 9113 section 6.10): two threads of the next hop write to one connection.",
        ),
        (
            When::Class(&[Class::Http2Settings]),
            "A setting has a value that it must not have (RFC 9113 section 6.5.2). SETTINGS_ENABLE_PUSH of 1 is a client's setting, sent by a server.",
        ),
        (
            When::Class(&[Class::Http2Window]),
            "A window grew by nothing, or above 2^31-1 (RFC 9113 section 6.9): the next hop counts its windows wrongly.",
        ),
        (
            When::Class(&[Class::Http2Push]),
            "The next hop pushes a response that nobody asked for, though push is switched off (RFC 9113 section 8.4).",
        ),
        (
            When::Always,
            "The response has a field that HTTP/2 forbids (Connection, Keep-Alive, Transfer-Encoding) or a name in upper case: a translator from HTTP/1 passes them on.",
        ),
        (When::Always, "Content-Length does not match the DATA that came (RFC 9113 section 8.1.1)."),
        (When::Always, "A bug of a library: frames on closed streams, a broken header table."),
    ],
    steps: &[CURL_H2, CURL_H1, ALPN, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::VERSION],
    avoid: &[],
};

pub(super) const H3_REQUEST_REJECTED: Text = Text {
    summary: "{hop} rejected the request over HTTP/3 without looking at it.",
    causes: &[
        (
            When::Always,
            "It is shutting down or overloaded, and rejects what it will not serve (RFC 9114 section 4.1.1).",
        ),
        (When::Always, "The request came above the number that its GOAWAY names."),
    ],
    steps: &[CURL_H3, UNIT_STATUS, K8S_EVENTS],
    settings: &[settings::STREAMS],
    avoid: &[(
        When::Always,
        "Do not count it as a failed request: it was not processed, so send it again, whatever its method.",
    )],
};

pub(super) const H3_VERSION_FALLBACK: Text = Text {
    summary: "{hop} cannot serve this request over HTTP/3.",
    causes: &[
        (
            When::Always,
            "The request needs something that the next hop has in HTTP/1.1 only: an upgrade, an extended CONNECT it does not know, a login bound to the connection.",
        ),
        (
            When::Always,
            "It has no version of QUIC in common with the gateway (RFC 9000 section 6): one side speaks a draft, or QUIC v2 alone.",
        ),
    ],
    steps: &[CURL_H1, CURL_H3],
    settings: &[settings::VERSION],
    avoid: &[],
};

pub(super) const H3_PROTOCOL_ERROR: Text = Text {
    summary: "{hop} broke the rules of HTTP/3.",
    causes: &[
        (
            When::Always,
            "A bug of one of the two libraries: frames in the wrong order, settings that are missing, a QPACK table out of step.",
        ),
        (When::Always, "The response has a field that HTTP/3 forbids, or a Content-Length that does not match."),
        (
            When::Always,
            "A draft version of HTTP/3 on one side, or a bug of one of the two implementations of QUIC below it.",
        ),
    ],
    steps: &[CURL_H3, CURL_H2, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::VERSION],
    avoid: &[],
};

pub(super) const QUIC_IDLE_TIMEOUT: Text = Text {
    summary: "The QUIC connection to {hop} went silent{after}.",
    causes: &[
        (
            When::Always,
            "UDP is filtered or limited on the way, or its NAT mapping went away: often after 30 s without a packet.",
        ),
        (
            When::Always,
            "The idle timeout (the smaller of the two sides' max_idle_timeout, RFC 9000 section 10.1) is shorter than the response takes, and nobody sends a ping.",
        ),
        (
            When::Always,
            "The process restarted: a new one does not know the old connection, and its stateless reset got lost.",
        ),
        (When::Always, "Packets of 1200 bytes and more do not get through (MTU)."),
    ],
    steps: &[CURL_H3, CURL_H2, UDP, NFT, UNIT_RESULT],
    settings: &[Look::Timers(Act::Read)],
    avoid: &[],
};
