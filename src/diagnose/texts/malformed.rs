//! Texts for heads that are no HTTP, malformed, ambiguous or too large.

use super::super::when::When;
use super::commands::*;
use super::{Text, settings};
use crate::fault::Class;

const NO_RELAXING: (When, &str) = (
    When::Always,
    "Do not relax the parser to let it through: what two parsers read differently is how requests and responses are smuggled. Repair who writes it.",
);

pub(super) const NOT_HTTP: Text = Text {
    summary: "{hop} answered with something that is not HTTP/1.",
    causes: &[
        (
            When::Class(&[Class::NotHttpTlsAlert, Class::NotHttpTlsRecord]),
            "The port speaks TLS, and the gateway speaks plain HTTP to it: make it https://, or take the port for plain HTTP.",
        ),
        (
            When::Class(&[Class::NotHttpHttp2Frame, Class::NotHttpHttp2Preface]),
            "The next hop speaks HTTP/2 only (a gRPC server, h2c), and the gateway speaks HTTP/1.1 to it.",
        ),
        (
            When::Class(&[Class::NotHttpSsh]),
            "The port is an SSH server's: the port in the configuration is wrong, or a port forwarding leads elsewhere.",
        ),
        (
            When::Class(&[Class::NotHttpSmtpFtp, Class::NotHttpPopImap]),
            "The port is a mail or file server's: the port in the configuration is wrong.",
        ),
        (
            When::Class(&[Class::NotHttpMysql, Class::NotHttpPostgres]),
            "The port is a database server's, MySQL's or MariaDB's (usually 3306) or PostgreSQL's (5432): the port in the configuration is wrong, or the database was published where the application should be.",
        ),
        (
            When::Class(&[Class::NotHttpRedis, Class::NotHttpMemcached]),
            "The port is a cache's, Redis or memcached: the port in the configuration is wrong. It also means that requests of strangers reach the cache: close that.",
        ),
        (
            When::Class(&[Class::NotHttpAmqp]),
            "The port is a message broker's (AMQP, usually 5672): the port in the configuration is wrong. RabbitMQ's pages and its HTTP API are on another (15672).",
        ),
        (
            When::Class(&[Class::NotHttpRtsp, Class::NotHttpSip, Class::NotHttpIcy]),
            "The port speaks a relative of HTTP that is none: RTSP (a camera, a media server), SIP (telephony) or ICY (SHOUTcast). Its web pages, if it has any, are on another port.",
        ),
        (
            When::Class(&[Class::NotHttpVnc, Class::NotHttpRsync]),
            "The port is a VNC or rsync server's: the port in the configuration is wrong. VNC for browsers takes a WebSocket server in front of it.",
        ),
        (
            When::Class(&[Class::NotHttpHtml]),
            "The program writes HTML without a head: a CGI script that prints no header, or an error page of a program that is not a web server.",
        ),
        (
            When::Class(&[Class::NotHttpRequest]),
            "The next hop sends requests: it takes the gateway for its server (a tunnel or reverse connection the wrong way round), or echoes what it is sent.",
        ),
        (
            When::Class(&[Class::NotHttpOtherProtocol]),
            "The port speaks another protocol, one that names itself in its first bytes.",
        ),
        (
            When::Port(&[443, 8443, 6443]),
            "The port is one where TLS is usual, and the gateway speaks plain HTTP to it.",
        ),
        (
            When::Port(&[9000]),
            "The port is where PHP-FPM listens, which speaks FastCGI and not HTTP: use fastcgi_pass.",
        ),
        (When::Always, "The port belongs to something else: another service on the same host, a database, a debugger."),
        (
            When::Always,
            "It speaks FastCGI, uwsgi or AJP and not HTTP: the gateway needs that protocol, or the server its HTTP port.",
        ),
        (
            When::Always,
            "It expects the PROXY protocol, or sends it back, or something is printed to the socket before the response.",
        ),
    ],
    steps: &[BANNER, OWNER, LISTEN_ALL, RAW, HANDSHAKE, CURL_H2, K8S_SERVICE, TARGET_GROUP],
    settings: &[settings::ADDRESS, settings::VERSION, settings::PROXY_PROTOCOL],
    avoid: &[(
        When::Always,
        "Do not allow HTTP/0.9 to make it work: whatever the port says would go to clients as a page.",
    )],
};

pub(super) const UNSOLICITED_RESPONSE: Text = Text {
    summary: "{hop} sent bytes before anything was asked on that connection.",
    causes: &[
        (
            When::Reused,
            "The response before had more bytes than its Content-Length said, or a body where none is allowed (HEAD, 204, 304): the rest was still in the connection.",
        ),
        (When::Reused, "The server answered 408 to an idle connection just before closing it, as some do."),
        (When::Fresh, "The port greets its clients: SSH, SMTP, FTP or a database."),
        (When::Fresh, "A server at its limit answers 503 at once, before it has read a request."),
        (
            When::Always,
            "Two responses were written to one request: a handler that goes on after an error, or two threads.",
        ),
        (
            When::Always,
            "Response smuggling: somebody made the server and the gateway disagree on where a message ends.",
        ),
    ],
    steps: &[BANNER, RAW_END, HEAD_FIELDS, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::VERSION],
    avoid: &[(When::Always, "Do not use the connection again: the next client would get somebody else's response.")],
};

pub(super) const BAD_STATUS_LINE: Text = Text {
    summary: "{hop} answered with a malformed status line.",
    causes: &[
        (
            When::Class(&[Class::StatusLineCode, Class::StatusLineCodeRange]),
            "The application sets a status of its own invention (0, 999, -1, a text): an unset variable, or a code of another protocol.",
        ),
        (
            When::Class(&[Class::StatusLineVersion, Class::StatusLineVersionCase, Class::StatusLineVersionUnsupported]),
            "The version is not HTTP/1.0 or HTTP/1.1: a server of somebody's own making, or one that answers HTTP/2 in the form of HTTP/1.",
        ),
        (
            When::Class(&[Class::StatusLineVersionMinor]),
            "The version is above HTTP/1.1, and is to be taken for 1.1 (RFC 9110 section 2.5): the gateway's HTTP library does not.",
        ),
        (
            When::Class(&[Class::StatusLineReason, Class::StatusLineBareCr]),
            "The application puts an error message into the reason phrase, with a line end or control character in it.",
        ),
        (
            When::Class(&[Class::StatusLineLeadingCrlf, Class::StatusLineLeadingSpace]),
            "Something is printed before the response: a byte order mark, an empty line at the end of a script, debug output.",
        ),
        (
            When::Class(&[Class::StatusLineBareLf, Class::StatusLineSeparator]),
            "The response is written by hand, with line ends or blanks that are not those of HTTP.",
        ),
        (
            When::Always,
            "What is read is not the start of a response but the rest of the one before, on a connection that was used again.",
        ),
        (When::Always, "The server is an embedded device's, or of somebody's own making."),
    ],
    steps: &[RAW, HEAD_FIELDS, UNIT_LOG, DOCKER_LOGS],
    settings: &[],
    avoid: &[NO_RELAXING],
};

pub(super) const BAD_HEADER: Text = Text {
    summary: "{hop} sent a malformed header field.",
    causes: &[
        (
            When::Class(&[Class::HeaderValueCtl, Class::HeaderValueNul, Class::HeaderBareCr]),
            "A value from outside (a file name, a redirect target, an error message) goes into a header without being checked: that is header injection, and a hole in the application.",
        ),
        (
            When::Class(&[Class::HeaderStatusLine]),
            "There are two status lines: a CGI script or a framework writes one of its own below the server's (CGI has the field Status for it), or the head was written twice.",
        ),
        (
            When::Class(&[Class::HeaderNoColon, Class::HeaderNameEmpty]),
            "A line of the header section is no field: a value with a line end in it continues on a line of its own, or a warning is printed among the headers.",
        ),
        (
            When::Class(&[Class::HeaderNameInvalid, Class::HeaderSpaceBeforeColon]),
            "The application makes a field name from a text with blanks or other characters that names may not have (RFC 9110 section 5.1).",
        ),
        (
            When::Class(&[Class::HeaderObsFold, Class::HeaderLeadingWhitespace]),
            "A long value is folded over several lines, as mail does it. HTTP has not allowed it since RFC 7230: usual in Content-Type and in certificates that are passed on.",
        ),
        (When::Class(&[Class::HeaderBareLf]), "The response is written by hand with LF instead of CR LF."),
        (
            When::Always,
            "The fault came with a release of the application or of its framework: older proxies let it pass.",
        ),
    ],
    steps: &[RAW, HEAD_LINES, UNIT_LOG, DOCKER_LOGS],
    settings: &[],
    avoid: &[NO_RELAXING],
};

pub(super) const AMBIGUOUS_FRAMING: Text = Text {
    summary: "{hop} did not say for certain where its response body ends.",
    causes: &[
        (
            When::Class(&[Class::FramingClAndTe]),
            "Content-Length and Transfer-Encoding together: the application sets a length, and the server or a filter makes chunks as well. Remove the length where the body is changed.",
        ),
        (
            When::Class(&[Class::FramingClConflict]),
            "Content-Length twice with different numbers: set by the application and by the server, or copied from an upstream of its own.",
        ),
        (
            When::Class(&[Class::FramingClNegative]),
            "Content-Length is negative: many libraries say -1 where a length is not known, and the application writes it out instead of leaving the field away.",
        ),
        (
            When::Class(&[Class::FramingClInvalid, Class::FramingClOverflow]),
            "Content-Length is no number: an unset variable, a number with a sign, a unit or separators.",
        ),
        (
            When::Class(&[Class::FramingTeInHttp10]),
            "An HTTP/1.0 response with Transfer-Encoding: the server answers 1.0 and a layer above it makes chunks.",
        ),
        (When::Class(&[Class::FramingTeInvalid]), "Transfer-Encoding is malformed: set by hand in the application."),
        (
            When::Class(&[Class::FramingLengthInNoContent]),
            "A 204 or 1xx with a length or chunks (RFC 9112 section 6.1 forbids them): the framework adds headers to every response.",
        ),
        (
            When::Always,
            "The application copies all headers of an upstream of its own into its response, hop-by-hop ones included.",
        ),
        (When::Always, "Response smuggling: somebody made the application write a header of his."),
    ],
    steps: &[HEAD_FIELDS, RAW, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::VERSION],
    avoid: &[NO_RELAXING, (When::Always, "Do not use the connection again.")],
};

const GROWN: (When, &str) = (
    When::Always,
    "Cookies: a session kept in cookies, one cookie for each thing, a login token with many groups or roles in it. It grows with the user, so that it fails for some users only.",
);

pub(super) const HEAD_TOO_LARGE: Text = Text {
    summary: "The response head of {hop} is larger than the gateway allows.",
    causes: &[
        GROWN,
        (
            When::Class(&[Class::TooLargeHeaderLongLines]),
            "One field or a few are much longer than is usual: look for the longest line first.",
        ),
        (
            When::Always,
            "Debug or tracing headers, Link preloads or a Content-Security-Policy that has grown with every release.",
        ),
        (When::Always, "A loop in the application adds the same header again and again."),
        (When::Always, "The body began where a head was expected: the empty line between them is missing."),
    ],
    steps: &[HEAD_SIZE, HEAD_LINES, HEAD_FIELDS],
    settings: &[settings::HEAD_SIZE],
    avoid: &[(
        When::Always,
        "Do not raise the limit without end: each connection pays for the buffer. Find the field that grew.",
    )],
};

pub(super) const HEADER_TOO_LARGE: Text = Text {
    summary: "A header field of the response of {hop} is larger than the gateway allows.",
    causes: &[
        GROWN,
        (When::Always, "A redirect whose Location carries a whole form or token (SAML, OAuth) in its query."),
        (When::Always, "A certificate, a policy or a signed context is passed on in a header."),
    ],
    steps: &[HEAD_LINES, HEAD_SIZE],
    settings: &[settings::HEAD_SIZE],
    avoid: &[(
        When::Always,
        "Do not raise the limit without end: each connection pays for the buffer. Keep the state on the server, and an id in the cookie.",
    )],
};

pub(super) const TOO_MANY_HEADERS: Text = Text {
    summary: "The response of {hop} has more header fields than the gateway takes.",
    causes: &[
        (
            When::Always,
            "A field for each item (a Set-Cookie for each cookie, a Link for each asset) where one would do.",
        ),
        (When::Always, "A loop in the application or in a chain of filters adds the same header again and again."),
        (When::Always, "The body began where a head was expected: the empty line between them is missing."),
    ],
    steps: &[HEAD_FIELDS, HEAD_LINES],
    settings: &[settings::HEAD_SIZE],
    avoid: &[],
};

pub(super) const UNEXPECTED_UPGRADE: Text = Text {
    summary: "{hop} switched protocols although nobody had asked for it.",
    causes: &[
        (
            When::Always,
            "The application answers every request on its WebSocket path with 101, without looking for Upgrade in the request.",
        ),
        (
            When::Always,
            "A proxy before the gateway removed Upgrade from the request, and something else still tells the application to upgrade.",
        ),
        (When::Always, "A 101 is used as a status of its own meaning."),
    ],
    steps: &[HEAD_FIELDS, RAW, UPGRADE],
    settings: &[settings::UPGRADES],
    avoid: &[(
        When::Always,
        "Do not pass it on: after a 101 everything on the connection is another protocol, and the client would read it as the next response.",
    )],
};

pub(super) const UPGRADE_REFUSED: Text = Text {
    summary: "{hop} refused to upgrade the protocol.",
    causes: &[
        (
            When::Always,
            "A proxy between the gateway and the application does not pass Upgrade and Connection on: nginx does not unless it is told to.",
        ),
        (
            When::Always,
            "The path, Origin or Host is not one that the application takes for WebSocket, or the login is missing.",
        ),
        (
            When::Always,
            "The connection to the next hop is HTTP/2, where an upgrade is asked for in another way (RFC 8441), and the next hop does not know it.",
        ),
        (
            When::Always,
            "The instance that answered is not the one with the session: sticky sessions are missing (Socket.IO starts with polling).",
        ),
    ],
    steps: &[UPGRADE, HEAD_FIELDS, ALPN],
    settings: &[settings::UPGRADES],
    avoid: &[],
};

pub(super) const TOO_MANY_INTERIM: Text = Text {
    summary: "{hop} sent more interim responses (1xx) than the gateway takes.",
    causes: &[
        (When::Always, "The application sends 102 or 103 in a loop, as a progress bar or heartbeat."),
        (When::Always, "Several layers each add a 103 Early Hints of their own."),
        (When::Always, "The server answers 100 Continue more than once."),
    ],
    steps: &[RAW, UNIT_LOG, DOCKER_LOGS],
    settings: &[],
    avoid: &[],
};

pub(super) const UNSUPPORTED_CODING: Text = Text {
    summary: "{hop} used a transfer coding that the gateway cannot remove.",
    causes: &[
        (
            When::Class(&[Class::FramingTeChunkedNotFinal]),
            "Transfer-Encoding without chunked at its end: the application confuses it with Content-Encoding (gzip belongs there).",
        ),
        (
            When::Class(&[Class::FramingTeChunkedRepeated]),
            "chunked twice: the application makes chunks by itself, or passes on the header of its own upstream, and the server makes them again.",
        ),
        (
            When::Class(&[Class::FramingTeCompressed]),
            "The content is compressed as a transfer coding: the application confuses it with Content-Encoding, or the server took a TE at its word.",
        ),
        (
            When::Class(&[Class::FramingTeIdentity]),
            "identity, which was a transfer coding until RFC 7230: an old server, or a field set by hand to say that nothing is coded. Leave the field away.",
        ),
        (
            When::Class(&[Class::FramingTeUnsupported]),
            "A coding that is none of the transfer codings: a Content-Encoding (br, zstd) in the wrong field, or a word of somebody's own.",
        ),
        (When::Always, "The gateway sent TE and the server took it at its word: do not pass the client's TE on."),
    ],
    steps: &[HEAD_FIELDS, RAW],
    settings: &[settings::VERSION],
    avoid: &[NO_RELAXING],
};
