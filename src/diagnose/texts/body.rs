//! Texts for faults in the response body and its trailers.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};
use crate::fault::Class;

const VISIBLE: (When, &str) = (
    When::HeadForwarded,
    "Do not end the response to the client in good order: a clean end would make the cut body look whole. Close short of the length, or without the last chunk.",
);

pub(super) const TRUNCATED: Text = Text {
    summary: "{hop} closed the connection before its response body was complete{after}.",
    causes: &[
        (
            When::Class(&[Class::PrematureEofContentLengthBody]),
            "Content-Length promises more than the application writes: counted in characters instead of bytes, before compression or a filter, or of a file that shrank meanwhile.",
        ),
        (
            When::Always,
            "The application failed in the middle of writing: an exception while streaming, a query that broke off, a template error after the first flush.",
        ),
        (When::Always, "The worker was killed: by the OOM killer, by a supervisor's time limit, or by a deploy."),
        (
            When::Always,
            "A proxy in between could not store the body (a full disk for its temporary files, no permission) and cut it.",
        ),
        (
            When::Slow,
            "A timer of the next hop or in between ended it: a limit for the whole response, or for writing to a slow reader.",
        ),
    ],
    steps: &[
        DOWNLOAD,
        HEAD_FIELDS,
        UNIT_LOG,
        UNIT_RESULT,
        OOM,
        DISK,
        DOCKER_LOGS,
        DOCKER_STATE,
        K8S_PREVIOUS,
        K8S_EVENTS,
    ],
    settings: &[settings::BODY_SIZE, Look::Timers(Act::Total), settings::SHUTDOWN],
    avoid: &[VISIBLE],
};

pub(super) const RESET: Text = Text {
    summary: "{hop} reset the connection before its response body was complete{after}.",
    causes: &[
        (
            When::Always,
            "The process was killed while it was writing: by the OOM killer, in a crash, by a deploy without a graceful shutdown.",
        ),
        (
            When::Slow,
            "A NAT, firewall or load balancer dropped a stream that was silent for long: send something now and then (a comment line in server-sent events, pings in WebSocket).",
        ),
        (
            When::Always,
            "The server gave up on a slow reader: the gateway, or the client behind it, did not take the bytes in time.",
        ),
        (
            When::Always,
            "The server closed with bytes of the request unread, and the reset destroyed what was on its way.",
        ),
    ],
    steps: &[DOWNLOAD, UNIT_RESULT, UNIT_LOG, OOM, DOCKER_STATE, K8S_PREVIOUS, TCPDUMP],
    settings: &[settings::SHUTDOWN, Look::Timers(Act::Read), Look::Timers(Act::Send)],
    avoid: &[VISIBLE],
};

pub(super) const STALLED: Text = Text {
    summary: "{hop} stopped sending in the middle of its response body{after}.",
    causes: &[
        (
            When::Always,
            "The application waits for something in the middle of a response: a slow cursor, a lock, an upstream of its own that it streams from.",
        ),
        (
            When::Always,
            "An event stream or long poll has nothing to say for longer than the timeout between two reads: let it send a comment line as a heartbeat.",
        ),
        (
            When::Always,
            "Content-Length promises more than comes, and keep-alive holds the connection open: the gateway waits for bytes that nobody will send.",
        ),
        (When::Always, "Packets are lost on the way, or the host died without a word."),
        (When::Always, "The connection is HTTP/2 and its flow-control window is used up: somebody does not read."),
    ],
    steps: &[DOWNLOAD, HEAD_FIELDS, SEND_QUEUE_HOP, PROCESSES, POSTGRES, OUTGOING, TCPDUMP],
    settings: &[Look::Timers(Act::Read)],
    avoid: &[
        (
            When::Always,
            "Do not raise the read timeout for everything: raise it for the one route that streams, or let that route send heartbeats.",
        ),
        VISIBLE,
    ],
};

pub(super) const BAD_CHUNK: Text = Text {
    summary: "{hop} sent a chunked body that is malformed.",
    causes: &[
        (
            When::Class(&[Class::ChunkSizeEmpty, Class::ChunkSizeInvalid, Class::ChunkSizeOverflow]),
            "The body is not chunked at all, although the head says so: the application sets Transfer-Encoding by itself, beside a server that does not encode, or passes on the header of its own upstream with the body already decoded.",
        ),
        (
            When::Class(&[Class::ChunkSizeNegative]),
            "The size is negative: what a read gives that failed or knows no length (-1) is written out as a size.",
        ),
        (
            When::Class(&[Class::ChunkSizePlus, Class::ChunkSize0x, Class::ChunkSizeUnderscore]),
            "The size is written as a programming language has numbers (+5, 0x5, 1_000), by an encoder of somebody's own making. There are parsers that take them, others that stop at the 0: that is how responses are smuggled.",
        ),
        (
            When::Class(&[Class::ChunkDataTerminator]),
            "A chunk is longer or shorter than its size says: counted in characters instead of bytes, or two threads write to one response.",
        ),
        (
            When::Class(&[
                Class::ChunkBareCr,
                Class::ChunkBareLf,
                Class::ChunkSizeTrailingSpace,
                Class::ChunkExtInvalid,
                Class::TooLargeChunkLine,
            ]),
            "A server of somebody's own making writes chunk lines in a way that other software tolerates. What two parsers read differently is how responses are smuggled, so the gateway refuses it.",
        ),
        (
            When::Always,
            "Plain text (a PHP warning, a stack trace, debug output) was written into the stream below the server.",
        ),
        (When::Always, "A middlebox or filter changed the body and not the sizes."),
    ],
    steps: &[RAW, CURL_H1, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::VERSION],
    avoid: &[
        VISIBLE,
        (
            When::Always,
            "Do not relax the parser: leave the encoding of bodies to the server, and never set Transfer-Encoding by hand.",
        ),
    ],
};

pub(super) const BAD_TRAILER: Text = Text {
    summary: "{hop} sent a malformed trailer behind its response body.",
    causes: &[
        (
            When::Class(&[Class::TrailerStatusLine]),
            "The next response begins there: the empty line that ends the chunks is missing, and whose response is whose is not certain any more on that connection.",
        ),
        (
            When::Always,
            "Bytes follow the last chunk that are no trailer: the body of the next response, or more of this one after a size of 0.",
        ),
        (
            When::Always,
            "The application makes trailers from values (a message, a checksum) without removing line ends and control characters.",
        ),
        (
            When::Always,
            "A chunk of size 0 in the middle ended the body too early: an empty write became the last chunk.",
        ),
    ],
    steps: &[RAW_END, UNIT_LOG, DOCKER_LOGS],
    settings: &[],
    avoid: &[VISIBLE],
};

pub(super) const TRAILERS_TOO_LARGE: Text = Text {
    summary: "The trailers behind the response body of {hop} are too large.",
    causes: &[
        (
            When::Always,
            "Error details in gRPC (grpc-status-details-bin, a stack trace in grpc-message) are larger than the limit.",
        ),
        (When::Always, "A chunk of size 0 in the middle ended the body, and the rest of it is being read as trailers."),
    ],
    steps: &[RAW_END, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::HEAD_SIZE],
    avoid: &[VISIBLE],
};

pub(super) const TOO_LARGE: Text = Text {
    summary: "The response body of {hop} is larger than the gateway allows.",
    causes: &[
        (
            When::Always,
            "The answer grew: a list without pages, a query without LIMIT, an export that somebody asked for in one piece.",
        ),
        (
            When::Always,
            "The gateway buffers this route (for a filter, a cache or compression) and the limit is that of the buffer.",
        ),
        (
            When::Always,
            "It decompresses to much more than was sent: a compression bomb, or simply a very regular file.",
        ),
    ],
    steps: &[DOWNLOAD, HEAD_FIELDS],
    settings: &[settings::BODY_SIZE],
    avoid: &[
        VISIBLE,
        (When::Always, "Do not lift the limit for all routes: stream this one, or split the answer into pages."),
    ],
};

pub(super) const BAD_CONTENT_CODING: Text = Text {
    summary: "The response body of {hop} does not decode as its Content-Encoding says.",
    causes: &[
        (
            When::Always,
            "The body is not compressed although Content-Encoding says so: a proxy or client library in between decoded it and left the header.",
        ),
        (When::Always, "It is compressed twice, or by another method than the header names."),
        (
            When::Always,
            "The compressed stream was cut: the application failed while writing, and ended the response in good order.",
        ),
        (When::Always, "A cache gave one variant for the other: the response lacks Vary: Accept-Encoding."),
    ],
    steps: &[GUNZIP, HEAD_FIELDS, RAW],
    settings: &[],
    avoid: &[(
        When::Always,
        "Do not pass the body on without its Content-Encoding: the client would show binary noise as text.",
    )],
};

pub(super) const TLS_TRUNCATED: Text = Text {
    summary: "The TLS connection to {hop} ended without close_notify, so its response may be cut.",
    causes: &[
        (
            When::Always,
            "The server closes the TCP connection without ending TLS: common in old software, and then every such response looks like this, the whole ones too.",
        ),
        (When::Always, "The process died, or something in between cut the connection: the response really is cut."),
        (
            When::Always,
            "The response has neither Content-Length nor chunks, so that only the end of the connection tells where it ends (RFC 9112 section 9.8).",
        ),
    ],
    steps: &[HEAD_FIELDS, DOWNLOAD, UNIT_RESULT, DOCKER_STATE, K8S_EVENTS],
    settings: &[settings::VERSION],
    avoid: &[
        (
            When::Always,
            "Do not ignore it for all next hops: have the server send Content-Length or chunks, then its end needs no guess.",
        ),
        VISIBLE,
    ],
};
