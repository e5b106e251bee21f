//! What is said about the statuses that gateways send: one row a status.
//!
//! As in the texts of the kinds; and a status leads on to the kinds behind it, by their codes.

use super::{Command, commands as c};

/// A status.
#[derive(Debug)]
pub(in crate::diagnose) struct Status {
    pub(in crate::diagnose) code: u16,
    /// One sentence.
    pub(in crate::diagnose) meaning: &'static str,
    /// Who makes it, and when.
    pub(in crate::diagnose) senders: &'static [&'static str],
    /// How it differs from its neighbours.
    pub(in crate::diagnose) differs: &'static [&'static str],
    pub(in crate::diagnose) causes: &'static [&'static str],
    pub(in crate::diagnose) steps: &'static [&'static Command],
    pub(in crate::diagnose) avoid: &'static [&'static str],
}

const WHO: &str = "Do not start with the next hop before you know who made the answer: Proxy-Status, Server, Via and the words of the page tell which of the proxies on the way it was.";

pub(in crate::diagnose) static STATUSES: &[Status] = &[
    Status {
        code: 499,
        meaning: "499 Client Closed Request: the client left before there was an answer. It stands in logs only, nobody receives it.",
        senders: &[
            "nginx, in its access log",
            "Caddy and Traefik, in their logs",
            "Cloudflare, in its logs",
            "AWS ALB calls it 460; HAProxy writes CH or CC and status -1 or 0; Envoy writes the flag DC and status 0",
        ],
        differs: &[
            "408 is a client that did not send its request in time, and gets told so",
            "504 is the gateway losing patience; in 499 it is the client, or the proxy before the gateway",
        ],
        causes: &[
            "The next hop is slow, and the client's timeout is shorter than the gateway's: many 499 at one elapsed time are that timeout.",
            "A load balancer or CDN before the gateway gave up, and answered 504 or 524 itself.",
            "People reload, leave the page or lose their network: a few are normal.",
        ],
        steps: &[c::TIMES, c::TIMES_LOCAL],
        avoid: &[
            "Do not count it as a server error, and do not ignore a sudden rise: it is slowness seen from outside.",
        ],
    },
    Status {
        code: 500,
        meaning: "500 Internal Server Error: whoever made it failed itself. From a gateway it means its own configuration or a defect, not the next hop.",
        senders: &[
            "the application, nearly always: a bug, an exception; proxies pass it on",
            "RFC 9209 gateways: no route, a misconfiguration, a defect of their own",
            "Apache mod_proxy, also for DNS failures and TLS failures towards the next hop",
            "Traefik, also for malformed responses and TLS failures of the next hop",
            "nginx: an internal redirect cycle, a missing variable, no descriptors or memory left",
            "AWS ALB: an error in a WAF, authentication or Lambda action",
        ],
        differs: &["502 is the next hop's fault as the gateway sees it", "503 passes by itself, or says so"],
        causes: &[
            "The application failed: its log has a stack trace for the same moment.",
            "The gateway has no route for the request, or its configuration contradicts itself.",
            "The gateway ran out of descriptors, memory or disk.",
        ],
        steps: &[c::HEAD_FIELDS, c::UNIT_LOG, c::DOCKER_LOGS, c::GATEWAY_LOG],
        avoid: &[WHO],
    },
    Status {
        code: 502,
        meaning: "502 Bad Gateway: the gateway reached for the next hop and got no valid response (RFC 9110 section 15.6.3).",
        senders: &[
            "nginx: refused, reset, closed early, malformed, header too big, TLS or DNS failure, no live upstreams",
            "HAProxy: a response that is malformed, or cut before the end of its head (PH, SH)",
            "Envoy: only for a response that breaks the protocol (UPE); its other upstream failures are 503",
            "Apache mod_proxy: closed before the status line, also when that is a read timeout; a malformed head",
            "Caddy, Traefik: refused, reset, closed early",
            "pingora: every upstream failure, timeouts included",
            "AWS ALB: reset or closed with a request under way, a malformed response, a failed TLS handshake",
            "API Gateway: a Lambda function that returned something of the wrong shape",
            "CloudFront: TLS or DNS failure to the origin, a refused connection",
        ],
        differs: &[
            "504 is silence: nothing came in time. 502 is an answer, a refusal or a close, and mostly comes at once",
            "503 is a decision: overloaded, in maintenance, or no healthy next hop. HAProxy, Envoy and Apache also use it for refused connections",
            "500 is the gateway's own failure, or the application's, passed on",
        ],
        causes: &[
            "The next hop is down, crashed, was killed by the OOM killer, or is being restarted (connection_refused, reset_before_response).",
            "The gateway connects to the wrong host, port or scheme: https:// to a plain port or the other way round (not_http, tls_not_tls).",
            "The keep-alive race: the next hop's idle timeout is shorter than the gateway's; sporadic, and often right after a deploy (closed_before_response on a reused connection).",
            "A deploy without graceful shutdown, or a health check that lets requests go to instances that are not ready.",
            "The name cannot be resolved, or leads to an address that is out of date (dns_not_found).",
            "TLS to the next hop fails: no or another SNI, no version in common, an expired or untrusted certificate.",
            "The head of the response is too large, mostly cookies (head_too_large), or malformed.",
            "A firewall rejects, or a container's port is not published.",
        ],
        steps: &[
            c::CURL,
            c::LISTEN,
            c::GETENT,
            c::UNIT_STATUS,
            c::UNIT_LOG,
            c::OOM,
            c::DOCKER_PS,
            c::DOCKER_PORT,
            c::K8S_ENDPOINTS,
            c::K8S_DESCRIBE,
            c::TARGET_HEALTH,
            c::HANDSHAKE,
            c::HEAD_SIZE,
        ],
        avoid: &[
            WHO,
            "Do not raise timeouts for it: a 502 is not a matter of waiting.",
            "Do not send a POST again by itself: the next hop may have acted on it before it failed.",
        ],
    },
    Status {
        code: 503,
        meaning: "503 Service Unavailable: overloaded, in maintenance, or nobody is there to take the request. It passes, and Retry-After may say when (RFC 9110 section 15.6.4).",
        senders: &[
            "the application itself: in maintenance, or shedding load",
            "HAProxy: no server is up, refused, connect timeout, queue timeout (SC, sC, sQ)",
            "Envoy: no healthy host (UH), connection failure (UF), reset (UC, UR), circuit breaker (UO)",
            "Apache mod_proxy: connection failed or timed out, all workers in error",
            "Varnish and Fastly: every failure of a fetch",
            "Caddy, Traefik: no upstream available",
            "AWS ALB: the target group has no targets",
            "nginx: limit_req, limit_conn and return only; its upstream failures are 502 and 504",
        ],
        differs: &[
            "502 is an attempt that failed; 503 is mostly none at all",
            "504 is an attempt that took too long",
            "429 is a limit on one client, not on the service",
        ],
        causes: &[
            "Every instance failed its health check, or the check itself is wrong (no_healthy_upstream).",
            "No pod is ready, or the Service's selector matches none; the target group is empty.",
            "The pool, the queue or the circuit breaker is at its limit, mostly because the next hop has become slow (connection_limit, circuit_open).",
            "Maintenance, on purpose.",
            "Behind HAProxy, Envoy or Apache: the next hop refuses connections, as for 502.",
        ],
        steps: &[
            c::CURL,
            c::LISTEN,
            c::K8S_ENDPOINTS,
            c::K8S_PODS,
            c::TARGET_HEALTH,
            c::TARGET_GROUP,
            c::TIMES,
            c::TO_HOP,
        ],
        avoid: &[
            WHO,
            "Do not have clients repeat at once: that keeps an overloaded service down. Back off, and keep to Retry-After.",
        ],
    },
    Status {
        code: 504,
        meaning: "504 Gateway Timeout: the gateway reached for the next hop and did not get a response in time (RFC 9110 section 15.6.5).",
        senders: &[
            "nginx: connect, handshake, send or read timeout, 60 s each by default",
            "HAProxy: timeout server (sH)",
            "Envoy: the route's timeout of 15 s, or the idle timeout of a stream (UT, SI)",
            "Caddy, Traefik, linkerd, Traffic Server: connect and response timeouts",
            "AWS ALB: no connection within 10 s, no response within 60 s",
            "API Gateway: 29 s; CloudFront: 30 s; Vercel: the function's maximum duration",
        ],
        differs: &[
            "502 is a failure that is seen at once; 504 is silence",
            "Cloudflare splits it: 522 is no connection, 524 is no response",
            "Apache and pingora answer 502 where others answer 504; Varnish answers 503",
            "408 is the client that is slow; 499 the client that gave up first",
        ],
        causes: &[
            "The application is slow: a slow query, a lock, a third party's API, a cold start (response_timeout).",
            "All its workers, threads or database connections are taken, and requests wait for one.",
            "No connection at all: a firewall or security group drops the packets, the host is gone, the address is wrong (connection_timeout).",
            "The host is out of CPU or memory, or the accept queue is full.",
            "The timers along the way are in the wrong order: each proxy should wait a little longer than the one behind it.",
        ],
        steps: &[
            c::TIMES,
            c::TIMES_LOCAL,
            c::NC,
            c::BUSY,
            c::PROCESSES,
            c::POSTGRES,
            c::MYSQL,
            c::OUTGOING,
            c::PRESSURE,
            c::DOCKER_STATS,
            c::K8S_TOP,
            c::TARGET_HEALTH,
        ],
        avoid: &[
            WHO,
            "Do not just raise the timeout: find the slow path first. Long work belongs into a queue, with an answer 202 at once.",
            "Do not send a POST again by itself: the next hop may still be working on it.",
        ],
    },
    Status {
        code: 520,
        meaning: "520 Web Server Returned an Unknown Error: the origin answered Cloudflare with something empty, malformed or unexpected.",
        senders: &["Cloudflare, and nobody else; 520 to 530 are in no registry"],
        differs: &[
            "502 from Cloudflare is mostly the origin's own, in Cloudflare's frame",
            "521 is no connection at all; in 520 the connection was there",
        ],
        causes: &[
            "The origin closed or reset the connection before a response: a crash, a restart, an idle timeout below Cloudflare's 900 s.",
            "The response head is over 128 KB, mostly cookies, or malformed.",
            "The origin negotiates h2 and then breaks its rules.",
            "A firewall of the origin cuts Cloudflare's connections.",
        ],
        steps: &[c::CURL, c::RAW, c::HEAD_SIZE, c::UNIT_LOG, c::OOM],
        avoid: &[
            "Do not ask through Cloudflare to test: ask the origin's own address, with the public name (curl --connect-to).",
        ],
    },
    Status {
        code: 521,
        meaning: "521 Web Server Is Down: the origin refused Cloudflare's connection.",
        senders: &["Cloudflare, and nobody else"],
        differs: &["522 is silence instead of a refusal", "520 is a connection that was made and then failed"],
        causes: &[
            "The web server is not running, or not on the port that the SSL mode uses: 80 for Flexible, 443 for Full.",
            "A firewall or fail2ban rejects Cloudflare's addresses, which are few and carry everybody's requests.",
        ],
        steps: &[c::LISTEN, c::UNIT_STATUS, c::NFT, c::IPTABLES, c::UFW],
        avoid: &["Do not open the port to everybody: allow Cloudflare's published ranges."],
    },
    Status {
        code: 522,
        meaning: "522 Connection Timed Out: Cloudflare got no connection to the origin within 19 s, or no TCP acknowledgement of its request within 90 s.",
        senders: &["Cloudflare, and nobody else"],
        differs: &[
            "521 is a refusal, and comes at once",
            "524 is a connection that works and a response that does not come",
            "523 is an address to which there is no route",
        ],
        causes: &[
            "A firewall drops Cloudflare's packets.",
            "The A or AAAA record in Cloudflare's DNS names an address that is out of date.",
            "The origin is overloaded, its accept queue is full.",
            "A Worker fetches its own domain; or the origin's address is a reserved one.",
        ],
        steps: &[c::TCPDUMP, c::LISTEN, c::BACKLOG, c::OVERFLOWS, c::NFT, c::IPTABLES, c::UFW],
        avoid: &["Do not rate-limit Cloudflare's addresses as if each were one visitor."],
    },
    Status {
        code: 523,
        meaning: "523 Origin Is Unreachable: there is no route from Cloudflare to the origin's address.",
        senders: &["Cloudflare, and nobody else"],
        differs: &["522 is a route that leads to nobody who answers", "530 with 1016 is a name without an address"],
        causes: &[
            "The address in Cloudflare's DNS is wrong or private.",
            "The network of the origin is not announced: an outage of its provider.",
        ],
        steps: &[c::DIG, c::TRACE],
        avoid: &[],
    },
    Status {
        code: 524,
        meaning: "524 A Timeout Occurred: the connection to the origin works, and no response came within 120 s (formerly 100 s), or a write took more than 30 s.",
        senders: &["Cloudflare, and nobody else"],
        differs: &["522 is no connection; 524 is a slow application", "504 from Cloudflare is mostly the origin's own"],
        causes: &[
            "The request takes longer than two minutes: a report, an import, a slow query, a lock.",
            "All workers of the origin are busy, and the request waits for one.",
        ],
        steps: &[c::TIMES_LOCAL, c::BUSY, c::PROCESSES, c::POSTGRES, c::MYSQL],
        avoid: &[
            "Do not look for a higher limit first (it takes Enterprise): answer 202 at once, work in a queue, and let the client poll.",
            "Do not move the route past Cloudflare: that shows the origin's address to everybody.",
        ],
    },
    Status {
        code: 525,
        meaning: "525 SSL Handshake Failed: TLS between Cloudflare and the origin failed (SSL mode Full or Full (strict)).",
        senders: &["Cloudflare, and nobody else"],
        differs: &["526 is a handshake that worked, with a certificate that is not accepted"],
        causes: &[
            "No certificate is installed, or port 443 does not speak TLS.",
            "The origin has no certificate for the name in SNI, or does not know SNI.",
            "No version or cipher in common.",
        ],
        steps: &[c::HANDSHAKE, c::HANDSHAKE_NO_SNI, c::TLS12, c::PLAIN_HTTP],
        avoid: &[
            "Do not go back to Flexible: Cloudflare then speaks plain HTTP to the origin, and many sites fall into a redirect loop.",
        ],
    },
    Status {
        code: 526,
        meaning: "526 Invalid SSL Certificate: the origin's certificate does not pass, in SSL mode Full (strict).",
        senders: &["Cloudflare, and nobody else"],
        differs: &["525 is a handshake that failed before that"],
        causes: &[
            "The certificate has expired, is self-signed, lacks its intermediate, is revoked, or is for another name.",
            "It was renewed, and the server was not reloaded.",
        ],
        steps: &[c::CERTIFICATE, c::CHAIN, c::CERTBOT],
        avoid: &[
            "Do not go back to Full to be rid of it: install a Cloudflare Origin CA certificate, which is free and lasts for years.",
        ],
    },
    Status {
        code: 527,
        meaning: "527 Railgun Error: the connection to the Railgun listener at the origin broke. Cloudflare has retired Railgun, so it is no longer seen.",
        senders: &["Cloudflare, formerly"],
        differs: &["today such a failure is 520 or 522"],
        causes: &["An old Railgun listener is still configured."],
        steps: &[],
        avoid: &[],
    },
    Status {
        code: 530,
        meaning: "530: Cloudflare could not find the origin. The page has a code of its own, 1016 for a name without an address, 1033 for a tunnel that is down.",
        senders: &["Cloudflare, with a 1xxx code in the page", "some others use 530 for a site that is frozen"],
        differs: &["523 has an address and no route to it", "522 has an address where nobody answers"],
        causes: &[
            "1016: the origin is given as a name (CNAME, load balancer, Worker) that does not resolve.",
            "1033: no cloudflared of the tunnel is connected: the process is down, or its outgoing port 7844 is closed.",
        ],
        steps: &[c::DIG_STATUS, c::CLOUDFLARED],
        avoid: &[],
    },
];
