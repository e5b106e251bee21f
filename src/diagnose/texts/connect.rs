//! Texts for faults of opening a connection.

use super::super::timers::Act;
use super::super::when::When;
use super::commands::*;
use super::{Look, Text, settings};

pub(super) const REFUSED: Text = Text {
    summary: "{hop} refused the connection{after}.",
    causes: &[
        (
            When::Always,
            "The service is down: stopped, crashed, killed by the OOM killer, or not started yet after a deploy.",
        ),
        (When::OffSocket, "It listens on another port than the gateway connects to."),
        (When::Socket, "It listens on another path than the gateway connects to, or on a port."),
        (
            When::Socket,
            "The socket's file is left over from a process that ended, or its backlog is full (EAGAIN): all workers are busy.",
        ),
        (
            When::OffSocket,
            "It listens on 127.0.0.1 only, so that nobody else can reach it: bind it to 0.0.0.0 or [::]. In a container that is the container's own.",
        ),
        (
            When::Loopback,
            "The gateway connects to its own loopback address. In a container that is the container itself: name the service, or host.docker.internal for the host.",
        ),
        (
            When::Loopback,
            "localhost is ::1 for one side and 127.0.0.1 for the other: name the address that the service listens on.",
        ),
        (
            When::OffSocket,
            "The container's port is not published, or the Service's targetPort is not the port that the pod listens on.",
        ),
        (
            When::Named,
            "The name leads to an address that is out of date: nginx and HAProxy resolve a name once, at start, and the instance has moved since.",
        ),
        (When::OffSocket, "A firewall rejects the port. REJECT answers at once; DROP would have been a timeout."),
    ],
    steps: &[
        LISTEN,
        SOCKET,
        SOCKET_LISTEN,
        SOCKET_WAY,
        LISTEN_ALL,
        CURL,
        NC,
        GETENT,
        UNIT_STATUS,
        UNIT_LOG,
        OOM,
        DOCKER_PS,
        DOCKER_LOGS,
        DOCKER_PORT,
        DOCKER_EXEC,
        DOCKER_NETWORKS,
        K8S_ENDPOINTS,
        K8S_SERVICE,
        K8S_DESCRIBE,
        K8S_PREVIOUS,
        K8S_EXEC,
        TARGET_HEALTH,
        ECS_SERVICE,
        NFT,
        IPTABLES,
        UFW,
        FIREWALLD,
        NGINX_CONFIG,
    ],
    settings: &[settings::ADDRESS, settings::RESOLVER, settings::HEALTH],
    avoid: &[
        (When::Always, "Do not raise timeouts: a refusal comes at once, and waiting longer changes nothing."),
        (When::Always, "Do not only restart it: look first why it stopped, or it will stop again."),
    ],
};

pub(super) const TIMEOUT: Text = Text {
    summary: "{hop} did not answer the attempt to connect{after}.",
    causes: &[
        (
            When::Always,
            "A firewall, security group or network policy drops the packets: the port is not open for the gateway's address.",
        ),
        (
            When::Always,
            "The address is wrong or its host is gone: an instance that was replaced, a name that is out of date.",
        ),
        (
            When::Always,
            "The host is there and its accept queue is full, because the process hangs or all its workers are busy: Linux then drops SYNs.",
        ),
        (
            When::Always,
            "There is no way back: the next hop's route or a network ACL does not let the answers (ephemeral ports 1024 to 65535) through.",
        ),
        (
            When::Named,
            "The name has an IPv6 address, the way there does not work, and nothing falls back to IPv4 in time.",
        ),
        (When::Always, "The conntrack table of a host or NAT on the way is full, or the NAT has no ports left."),
        (
            When::Always,
            "The connect timeout is too short for the distance: a SYN that is lost once costs 1 s, twice 3 s.",
        ),
    ],
    steps: &[
        NC,
        TCPDUMP,
        TRACE,
        GETENT,
        ROUTE,
        LISTEN,
        BACKLOG,
        OVERFLOWS,
        NFT,
        IPTABLES,
        UFW,
        FIREWALLD,
        CONNTRACK,
        K8S_POLICY,
        K8S_ENDPOINTS,
        TARGET_HEALTH,
        SECURITY_GROUPS,
    ],
    settings: &[Look::Timers(Act::Connect), settings::BACKLOG],
    avoid: &[(
        When::Always,
        "Do not raise the connect timeout beyond a few seconds: within one network a connection takes milliseconds, and everybody who waits holds a worker of the gateway.",
    )],
};

pub(super) const UNREACHABLE: Text = Text {
    summary: "There is no way from the gateway to {hop}.",
    causes: &[
        (
            When::Errno(&["EHOSTUNREACH", "EHOSTDOWN"]),
            "EHOSTUNREACH: the host does not answer ARP or neighbour discovery in its own network (it is off, or the address is wrong), or a firewall rejects with an ICMP message.",
        ),
        (
            When::Errno(&["ENETUNREACH", "ENETDOWN", "ENONET"]),
            "ENETUNREACH: the gateway has no route for that address. For an IPv6 address it mostly means that the gateway has no IPv6.",
        ),
        (When::Named, "The name has an AAAA record, and the gateway's host or container has no IPv6."),
        (
            When::Always,
            "The route is gone: a VPN or tunnel is down, an interface lost its address, a container was taken out of a network.",
        ),
        (When::Always, "The container is in another Docker network than the gateway, or the VPCs are not peered."),
    ],
    steps: &[ROUTE, GETENT, TRACE, ROUTE_TABLE, DOCKER_NETWORKS, K8S_PODS, K8S_POLICY],
    settings: &[settings::ADDRESS],
    avoid: &[(
        When::Always,
        "Do not switch IPv6 off everywhere for one missing route: take the AAAA record away, or give the gateway a route.",
    )],
};

pub(super) const RESET: Text = Text {
    summary: "The connection to {hop} was reset while it was being opened{after}.",
    causes: &[
        (
            When::Always,
            "A firewall, load balancer or service mesh between the two accepts for the next hop, finds it down or forbidden, and resets.",
        ),
        (When::Always, "The next hop's accept queue is full and net.ipv4.tcp_abort_on_overflow is 1."),
        (When::Always, "The process died or restarted in that moment."),
        (When::Always, "A limit on new connections by address: a SYN flood guard or an intrusion detection system."),
    ],
    steps: &[TCPDUMP, NC, TRACE, BACKLOG, OVERFLOWS, UNIT_RESULT, DOCKER_STATE, K8S_EVENTS, NFT],
    settings: &[settings::BACKLOG],
    avoid: &[],
};

pub(super) const DENIED: Text = Text {
    summary: "The gateway's own system forbids the connection to {hop}.",
    causes: &[
        (
            When::Errno(&["EPERM"]),
            "EPERM: a BPF program of the control group (Cilium, a service mesh) or a seccomp profile refused it; on the BSDs, the packet filter. On Linux a DROP in the output chain is a timeout and a REJECT a refusal.",
        ),
        (
            When::Errno(&["EACCES"]),
            "EACCES: a prohibit route; a broadcast address; SELinux or AppArmor; or a UNIX socket that the gateway's user may not write to.",
        ),
        (When::Errno(&["EINVAL"]), "EINVAL: a blackhole route, or an address that cannot be connected to."),
        (When::Always, "SELinux keeps a web server from connecting: httpd_can_network_connect is off by default."),
        (
            When::Always,
            "A sandbox forbids it: SystemCallFilter= of systemd, the seccomp profile of a container, a policy that is enforced on the gateway's node.",
        ),
    ],
    steps: &[SELINUX, ROUTE_TABLE, ROUTE, BPF, SOCKET],
    settings: &[settings::SANDBOX],
    avoid: &[(When::Always, "Do not switch SELinux or the firewall off: allow the one thing that is missing.")],
};

pub(super) const EXHAUSTED: Text = Text {
    summary: "The gateway ran out of its own resources before it could connect to {hop}.",
    causes: &[
        (
            When::Errno(&["EMFILE"]),
            "EMFILE: the gateway's limit of open files is reached. Every proxied request takes two descriptors.",
        ),
        (When::Errno(&["ENFILE"]), "ENFILE: the limit of open files of the whole system is reached."),
        (
            When::Errno(&["EADDRNOTAVAIL", "EADDRINUSE"]),
            "EADDRNOTAVAIL: no local port is left for this destination. Without keep-alive each request leaves a port in TIME-WAIT for 60 s: 28232 ports make about 470 requests a second.",
        ),
        (When::Errno(&["ENOBUFS", "ENOMEM"]), "ENOMEM or ENOBUFS: the kernel or the cgroup has no memory left."),
        (
            When::Errno(&["EAGAIN"]),
            "EAGAIN: on a UNIX socket, the server's accept queue is full, because all its workers are busy (listen.backlog of PHP-FPM); else no thread could be made (pids.max of the cgroup, RLIMIT_NPROC).",
        ),
        (
            When::Always,
            "Slow next hops hold connections, and descriptors with them: the limit is reached although the number of requests did not change.",
        ),
        (When::Always, "Connections or descriptors leak: CLOSE-WAIT grows and never shrinks."),
        (
            When::Always,
            "Connections are not reused: a new one for each request, because keep-alive to the next hop is off.",
        ),
    ],
    steps: &[FD_LIMIT, FILE_NR, SOCKETS, TO_HOP, PORT_RANGE, MEMORY],
    settings: &[settings::RESOURCES, settings::VERSION],
    avoid: &[(
        When::Always,
        "Do not only raise the limit: if descriptors or ports leak, it is reached again, later and at night.",
    )],
};
