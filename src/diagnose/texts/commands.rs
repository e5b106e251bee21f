//! The commands that the texts name. Each stands here once.
//!
//! A command looks and changes nothing, ends by itself, and says how to read its answer.
//! In a template a placeholder never stands between quotes.

use super::{Command, Deployment, Place};

macro_rules! commands {
    ($($name:ident $place:ident $deployment:ident $template:literal, $why:literal;)+) => {
        $(pub(super) const $name: &Command = &Command {
            place: Place::$place,
            deployment: Deployment::$deployment,
            why: $why,
            template: $template,
        };)+
        /// Every command, for the tests.
        #[cfg(test)]
        pub(super) const ALL: &[&Command] = &[$($name),+];
    };
}

commands! {
    // ---- names -------------------------------------------------------------------------------------
    DIG Gateway Unknown "dig +short {host}",
        "Does the name have addresses, and are they those of today? No line: none.";
    DIG_STATUS Gateway Unknown "dig +noall +comments +answer {host}",
        "The status tells the case: NXDOMAIN is no such name, NOERROR without an answer a name without an address, SERVFAIL and REFUSED a server that fails.";
    DIG_PUBLIC Gateway Unknown "dig @1.1.1.1 +short {host}",
        "Does another name server know it? Then only yours does not. Internal names are not known outside.";
    DIG_TRACE Gateway Unknown "dig +trace {host}",
        "Asks from the root down: the last server that answers is above the one that is broken.";
    DIG_NODNSSEC Gateway Unknown "dig +cd +short {host}",
        "Asks without DNSSEC validation: if this answers and the plain question fails, the zone's signatures are broken.";
    GETENT Gateway Unknown "getent ahosts {host}",
        "What a program on the gateway gets, /etc/hosts and search domains included.";
    RESOLV_CONF Gateway Unknown "cat /etc/resolv.conf",
        "Which name servers are asked, with which search list and timeout. In a container this is the container's own file.";
    DNS_TIME Gateway Unknown "dig {host} | grep -E 'Query time|SERVER'",
        "Which server answered and how long it took.";
    K8S_DNS Workstation Kubernetes "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
        "Is the cluster's DNS running and ready?";
    K8S_SERVICE Workstation Kubernetes "kubectl{ns} describe service {service}",
        "Does the Service exist in this namespace, and does its targetPort name a port that the pods listen on?";

    // ---- is it there -------------------------------------------------------------------------------
    LISTEN NextHop Unknown "ss -ltnp 'sport = :{port}'",
        "Does anything listen on the port, and on which address? No line: it is down or on another port. 127.0.0.1 or [::1]: only its own host can reach it.";
    OWNER NextHop Unknown "ss -Hltnp 'sport = :{port}'",
        "Which program has the port? The last column says it to root. No line: it is forwarded, or a container's.";
    LISTEN_ALL NextHop Unknown "ss -ltnp",
        "On which ports and addresses the service really listens.";
    SOCKET_WAY NextHop Unknown "namei -l {socket}",
        "Owner and mode of each directory on the way: the gateway's user needs x on all of them.";
    SOCKET_LISTEN NextHop Unknown "ss -Hlxp src {socket}",
        "Does anybody listen on the socket? Recv-Q as high as Send-Q: its backlog is full. No line, and the file is there: a process that ended left it.";
    SOCKET NextHop Unknown "ls -l {socket}",
        "Is the socket there, and may the gateway's user write to it?";
    CURL Gateway Unknown "curl -sv -o /dev/null --connect-timeout 5 --max-time 30 {url}",
        "Does a GET of the same URL get an answer from where the gateway stands, without the gateway?";
    TIMES Gateway Unknown "curl -sSo /dev/null -w 'dns %{time_namelookup} connect %{time_connect} tls %{time_appconnect} first byte %{time_starttransfer} total %{time_total}\\n' --max-time 300 {url}",
        "Which part takes the time, in seconds since the start. A large step to the first byte is the application.";
    TIMES_LOCAL NextHop Unknown "for i in 1 2 3 4 5; do curl -sSo /dev/null -w '%{http_code} %{time_starttransfer} s\\n' --max-time 60 {url}; done",
        "Is it slow on its own host as well, always or only the first time (cold start)? Then the network is not the cause.";
    UNIT_STATUS NextHop Systemd "systemctl status --no-pager {unit}",
        "Is the service running, since when, and how did it end the last time?";
    UNIT_RESULT NextHop Systemd "systemctl show {unit} -p ActiveState -p Result -p NRestarts -p ExecMainStatus -p ActiveEnterTimestamp",
        "Result=oom-kill or signal, and a number of restarts, tell a crash from a deploy.";
    UNIT_LOG NextHop Systemd "journalctl -u {unit} --since '1 hour ago' --no-pager",
        "What the service wrote at the moment of the fault: look for a panic, a fatal signal, a failed bind, a start.";
    OOM NextHop Unknown "dmesg -T | grep -iE 'oom|killed process'",
        "Did the kernel's OOM killer end the process?";
    SEGFAULT NextHop Unknown "dmesg -T | grep -iE 'segfault|traps:'",
        "Did the process crash?";
    DOCKER_PS NextHop Docker "docker ps -a --filter name={container}",
        "Is it up? Exited (137) was killed, mostly by the OOM killer; Restarting is a crash loop.";
    DOCKER_STATE NextHop Docker "docker inspect -f 'OOMKilled {{.State.OOMKilled}} exit {{.State.ExitCode}} restarts {{.RestartCount}} started {{.State.StartedAt}}' {container}",
        "Was it killed by the OOM killer, or restarted a moment ago?";
    DOCKER_LOGS NextHop Docker "docker logs --since 1h --timestamps {container}",
        "What it wrote at the moment of the fault.";
    DOCKER_PORT NextHop Docker "docker port {container}",
        "Which ports are published on the host? None: only containers in the same network reach it, at its own port.";
    DOCKER_NETWORKS NextHop Docker "docker inspect -f '{{json .NetworkSettings.Networks}}' {container}",
        "In which networks it is, and under which names. The gateway has to be in one of them.";
    DOCKER_EXEC NextHop Docker "docker exec {container} curl -sS -o /dev/null --max-time 10 http://127.0.0.1:{port}/",
        "From inside of the container, at its own port. An answer here and none from outside: it listens on 127.0.0.1 inside, or another port is published.";
    K8S_EXEC Workstation Kubernetes "kubectl{ns} exec {pod} -- curl -sS -o /dev/null --max-time 10 http://127.0.0.1:{port}/",
        "From inside of the pod, at its own port: an answer here and none through the Service is a wrong targetPort, a policy or a bind to 127.0.0.1.";
    SECURITY_GROUPS Workstation Aws "aws ec2 describe-security-groups --filters Name=ip-permission.to-port,Values={port}",
        "Which security groups open the port, and for whom? The target's group has to allow the load balancer's.";
    ECS_SERVICE Workstation Aws "aws ecs describe-services --cluster {cluster} --services {ecs_service} --query 'services[].[runningCount,desiredCount,events[:5]]'",
        "If it runs in ECS: are as many tasks running as are wanted, and what do the last events say (failed health checks, tasks that stop)?";
    K8S_ENDPOINTS Workstation Kubernetes "kubectl{ns} get endpointslices -l kubernetes.io/service-name={service}",
        "Are there addresses behind the Service, and with the port you expect? None: no pod is ready, or the selector matches none.";
    K8S_PODS Workstation Kubernetes "kubectl{ns} get pods -o wide",
        "Are the pods ready (1/1), and how often and when were they restarted?";
    K8S_DESCRIBE Workstation Kubernetes "kubectl{ns} describe pod {pod}",
        "Last State (OOMKilled, Error), failing probes and their reason, limits.";
    K8S_PREVIOUS Workstation Kubernetes "kubectl{ns} logs {pod} --previous --tail=100",
        "The last words of the container before its restart.";
    K8S_EVENTS Workstation Kubernetes "kubectl{ns} get events --sort-by=.lastTimestamp",
        "Killing, Unhealthy, BackOff or a rollout at the moment of the fault?";
    K8S_POLICY Workstation Kubernetes "kubectl{ns} get networkpolicies",
        "Does a policy select the pods? Then all that it does not allow is dropped.";
    K8S_GRACE Workstation Kubernetes "kubectl{ns} get pod {pod} -o jsonpath='{.spec.terminationGracePeriodSeconds} {.spec.containers[*].lifecycle.preStop}'",
        "Is there a preStop pause, and enough grace for the longest request?";
    TARGET_HEALTH Workstation Aws "aws elbv2 describe-target-health --target-group-arn {target_group}",
        "State and reason of each target: unhealthy with Target.Timeout is a security group or a hung process, Target.ResponseCodeMismatch a wrong health check.";
    TARGET_GROUP Workstation Aws "aws elbv2 describe-target-groups --target-group-arns {target_group}",
        "Port, protocol and health check path, as the load balancer has them.";
    TARGET_ATTRIBUTES Workstation Aws "aws elbv2 describe-target-group-attributes --target-group-arn {target_group}",
        "The deregistration delay: targets must go on serving for that long.";

    // ---- the network between -----------------------------------------------------------------------
    NC Gateway Unknown "nc -vz -w 5 {host} {port}",
        "Does the port take connections? Refused at once: the host is there and nothing listens. No answer: something drops the packets.";
    ROUTE Gateway Unknown "getent ahosts {host} | awk 'NR==1 {print $1}' | xargs -n 1 ip route get",
        "By which interface and router, and from which address, the gateway goes there.";
    TRACE Gateway Unknown "traceroute -n -T -p {port} {host}",
        "Where the way ends (needs root).";
    TCPDUMP Gateway Unknown "timeout 30 tcpdump -ni any -c 20 host {host} and tcp port {port}",
        "Do SYNs leave, and does anything come back? R is a reset. Nothing back is a filter or a dead host (needs root).";
    NFT NextHop Unknown "nft list ruleset",
        "Does a rule drop or reject the port? Look at the counters.";
    IPTABLES NextHop Unknown "iptables -nvL",
        "The same for older rules: DROP makes timeouts, REJECT makes refusals.";
    FIREWALLD NextHop Unknown "firewall-cmd --list-all",
        "On Red Hat and its like: are the port or its service in the zone?";
    UFW NextHop Unknown "ufw status verbose",
        "Is the port open for the gateway's address? The default is deny incoming.";
    BPF Gateway Unknown "bpftool cgroup tree",
        "Is a program attached to connect4 or connect6 (needs root)?";
    ROUTE_TABLE Gateway Unknown "ip route show table all type prohibit; ip route show table all type blackhole; ip route show table all type unreachable",
        "Routes that forbid a destination. They give EACCES, EINVAL and EHOSTUNREACH.";
    SELINUX Gateway Unknown "getenforce; getsebool httpd_can_network_connect; ausearch -m avc -ts recent",
        "Is SELinux enforcing, and did it deny something just now?";
    BACKLOG NextHop Unknown "ss -ltn 'sport = :{port}'",
        "Recv-Q as high as Send-Q: the accept queue is full, because the process does not accept.";
    OVERFLOWS NextHop Unknown "nstat -az TcpExtListenOverflows TcpExtListenDrops",
        "Counters of connections that were dropped because the accept queue was full.";
    CONNTRACK Gateway Unknown "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
        "Is the table of tracked connections full? Then packets of new ones are dropped.";

    // ---- the gateway's own resources ------------------------------------------------------------------
    FD_LIMIT Gateway Unknown "grep 'open files' /proc/{gateway_pid}/limits; ls /proc/{gateway_pid}/fd | wc -l",
        "The limit of descriptors and how many are in use.";
    FILE_NR Gateway Unknown "cat /proc/sys/fs/file-nr",
        "Open files of the whole system, and the limit at the end (ENFILE).";
    SOCKETS Gateway Unknown "ss -s",
        "How many connections there are, and how many of them wait in TIME-WAIT.";
    TO_HOP Gateway Unknown "ss -Htan 'dport = :{port}' | awk '{print $1}' | sort | uniq -c",
        "Connections to that port by state. Thousands in TIME-WAIT: connections are not reused. Many in CLOSE-WAIT: the gateway does not close them.";
    PORT_RANGE Gateway Unknown "sysctl net.ipv4.ip_local_port_range",
        "How many local ports there are for each destination.";
    MEMORY Gateway Unknown "free -m",
        "Is memory left?";

    // ---- TLS -----------------------------------------------------------------------------------------
    HANDSHAKE Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -brief </dev/null",
        "Does a handshake with this name work, with which version and cipher? The alert, if any, is in the last lines.";
    HANDSHAKE_NO_SNI Gateway Unknown "timeout 10 openssl s_client -connect {hostport} -noservername -brief </dev/null",
        "The same without SNI: a different certificate or an alert shows that the name decides.";
    TLS12 Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -tls1_2 -brief </dev/null",
        "Does TLS 1.2 work?";
    TLS13 Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -tls1_3 -brief </dev/null",
        "Does TLS 1.3 work?";
    CERTIFICATE Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName",
        "For which names the certificate is, who signed it, and from when to when it is valid.";
    CHAIN Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -showcerts </dev/null",
        "The chain as it is sent, and the verify return code. Only one certificate and code 21: the intermediate is missing.";
    VERIFY_NAME Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -verify_hostname {name} -verify_return_error -brief </dev/null",
        "Is the certificate good for this name?";
    ALPN Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -alpn h2,http/1.1 </dev/null 2>/dev/null | grep ALPN",
        "Which protocol the server picks.";
    CLIENT_CERT Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} </dev/null 2>/dev/null | grep -A 5 'client certificate CA names'",
        "Does the server ask for a client certificate, and of which authorities?";
    OCSP Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} -status </dev/null 2>/dev/null | grep -A 12 'OCSP response'",
        "The stapled revocation status, if the server sends one.";
    PLAIN_HTTP Gateway Unknown "curl -sv -o /dev/null --max-time 10 http://{hostport}/",
        "Does plain HTTP get an answer on this port?";
    CERTIFICATE_TEXT Gateway Unknown "timeout 10 openssl s_client -connect {hostport} {sni} </dev/null 2>/dev/null | openssl x509 -noout -text",
        "The whole certificate: version, signature algorithm, key size, key usage, names.";
    TRUST_STORE Gateway Unknown "ls -l /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt",
        "Does the gateway's image have any roots at all (Debian and Alpine: the first, Red Hat: the second)?";
    CERTBOT NextHop Unknown "certbot certificates; systemctl list-timers certbot.timer",
        "If certbot renews it: until when it is valid on disk, and when the renewal runs. Newer on disk than on the wire: reload the server.";
    K8S_CERTIFICATES Workstation Kubernetes "kubectl{ns} get certificates,certificaterequests,challenges",
        "If cert-manager renews it: is it Ready, or does a challenge hang?";
    MTU Gateway Unknown "ping -c 3 -M do -s 1452 {host}",
        "Do packets of 1480 bytes get through in one piece? Lost, while small ones come back: the path's MTU is the cause.";
    CLOCK Gateway Unknown "date -u; timedatectl show -p NTPSynchronized",
        "Is the gateway's clock right?";

    // ---- the response ----------------------------------------------------------------------------------
    RAW Gateway Unknown "curl -sSi --raw --http1.1 --max-time 10 {url} | head -c 1024 | xxd",
        "The first bytes as they come, chunk lines included.";
    RAW_END Gateway Unknown "curl -sSi --raw --http1.1 --max-time 30 {url} | tail -c 1024 | xxd",
        "The last bytes as they come: the last chunk is 0, then trailers, then an empty line.";
    BANNER Gateway Unknown "timeout 5 nc {host} {port} </dev/null | head -c 256 | xxd",
        "What the port says to somebody who says nothing: SSH, SMTP and databases greet first.";
    HEAD_SIZE Gateway Unknown "curl -sSo /dev/null -D - --max-time 60 {url} | wc -c",
        "How many bytes the head has.";
    HEAD_LINES Gateway Unknown "curl -sSo /dev/null -D - --max-time 60 {url} | awk '{print length($0), $1}' | sort -rn | head",
        "The longest fields with their lengths.";
    HEAD_FIELDS Gateway Unknown "curl -sSo /dev/null -D - --max-time 30 {url}",
        "The head alone: status line, Content-Length, Transfer-Encoding, Connection.";
    KEEP_ALIVE Gateway Unknown "curl -sv -o /dev/null --max-time 60 {url} 2>&1 | grep -iE '^< (connection|keep-alive)'",
        "Does the server close by itself, and which idle time does it announce?";
    DOWNLOAD Gateway Unknown "curl -sSo /dev/null -w '%{http_code} %{size_download} bytes in %{time_total} s\\n' --max-time 600 {url}; echo \"curl exit $?\"",
        "Does the whole body come? Exit 18 is a body that is too short, 28 a timeout, 56 a reset.";
    GUNZIP Gateway Unknown "curl -sS -H 'Accept-Encoding: gzip' --max-time 60 {url} | gzip -t && echo intact",
        "Is the body sound gzip?";
    DISK NextHop Unknown "df -h; df -i",
        "A full disk, or no inodes left: temporary files of the server cannot grow.";

    // ---- the application -----------------------------------------------------------------------------------
    BUSY NextHop Unknown "ss -Htn state established 'sport = :{port}' | wc -l",
        "Open connections. As many as there are workers or threads: all are busy and new requests wait.";
    PROCESSES NextHop Unknown "ps -eo pid,stat,wchan:24,pcpu,pmem,etime,args --sort=-pcpu | head -15",
        "State R with high CPU computes, S waits for something, D waits for a disk.";
    PRESSURE NextHop Unknown "head /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io",
        "Is CPU, memory or disk what everybody waits for? Look at avg60.";
    OUTGOING NextHop Unknown "ss -tnp state syn-sent; ss -tnp state established",
        "Whom the application itself waits for: its database, its cache, a third party's API.";
    POSTGRES Database Unknown "psql -c \"select pid, now() - query_start as runs, wait_event_type, pg_blocking_pids(pid) as blocked_by, left(query, 80) from pg_stat_activity where state <> 'idle' order by runs desc limit 10\"",
        "PostgreSQL: the longest statements, and who blocks whom.";
    MYSQL Database Unknown "mysql -e 'show full processlist'",
        "MySQL: the longest statements, and those that wait for a lock.";

    DOCKER_STATS NextHop Docker "docker stats --no-stream {container}",
        "CPU and memory against its limits: a container at its CPU limit is throttled.";
    K8S_TOP Workstation Kubernetes "kubectl{ns} top pods --containers",
        "CPU and memory of each container: compare with its limits.";
    SEND_QUEUE Gateway Unknown "ss -tin 'dport = :{port}'",
        "Send-Q that does not shrink: the next hop does not read. A growing retrans: packets are lost.";
    SEND_QUEUE_HOP NextHop Unknown "ss -tin 'sport = :{port}'",
        "Send-Q above 0: it has written and the gateway, or the network, does not take it. 0: the application writes nothing.";

    // ---- other protocols: instead of those for HTTP ---------------------------------------------------
    FPM_PING Gateway Unknown "SCRIPT_NAME=/ping SCRIPT_FILENAME=/ping REQUEST_METHOD=GET timeout 5 cgi-fcgi -bind -connect {endpoint}",
        "Does PHP-FPM answer without the gateway? pong, where the pool has ping.path = /ping; File not found is an answer, too. (Debian: libfcgi-bin.)";
    FPM_STATUS Gateway Unknown "SCRIPT_NAME=/status SCRIPT_FILENAME=/status REQUEST_METHOD=GET timeout 5 cgi-fcgi -bind -connect {endpoint}",
        "Where the pool has pm.status_path = /status: listen queue above 0 and max children reached say that pm.max_children is too small, or every child is slow.";
    FPM_POOL NextHop Unknown "grep -rnE '^ *(listen|pm|request_terminate_timeout|slowlog|chroot)' /etc/php/*/fpm/pool.d /etc/php-fpm.d",
        "Where the pool listens, for whom (listen.owner, listen.mode, listen.allowed_clients), how many children it has, and when it ends one.";
    FPM_LOG NextHop Unknown "journalctl -u 'php*fpm*' --since '1 hour ago' --no-pager",
        "server reached pm.max_children: all were busy. exited on signal 11 (SIGSEGV): it crashed. execution timed out: request_terminate_timeout.";
    UWSGI_CURL Gateway Unknown "timeout 10 uwsgi_curl {endpoint}",
        "Does it answer in its own protocol, without the gateway? (pip install uwsgi-tools.) A client for HTTP gets nothing there.";
    UWSGI_LOG NextHop Unknown "journalctl -u 'uwsgi*' --since '1 hour ago' --no-pager",
        "HARAKIRI: a worker took too long. listen queue full: all were busy. invalid request block size: the head is larger than buffer-size.";
    AJP_REQUEST Gateway Unknown "nmap -Pn -p {port} --script ajp-request {host}",
        "Does the connector answer in its own protocol, without the gateway? A client for HTTP gets nothing there.";
    AJP_CONNECTOR NextHop Unknown "grep -rn -A 6 AJP/1.3 /etc/tomcat9/server.xml /etc/tomcat10/server.xml /opt/tomcat/conf/server.xml",
        "Address and secret of the connector: since Tomcat 9.0.31 it listens on loopback only, and refuses who has no secret.";
    GRPCURL Gateway Unknown "grpcurl {plaintext}--max-time 10 {hostport} grpc.health.v1.Health/Check",
        "Does its health service answer? Unimplemented is an answer: there is none.";
    GRPCURL_LIST Gateway Unknown "grpcurl {plaintext}--max-time 10 {hostport} list",
        "Which services it has, if reflection is on.";

    // ---- HTTP/2 and HTTP/3 ---------------------------------------------------------------------------------
    CURL_H2 Gateway Unknown "curl -sv -o /dev/null {http2} --max-time 30 {url}",
        "Does another client get through over HTTP/2?";
    CURL_H1 Gateway Unknown "curl -sv -o /dev/null --http1.1 --max-time 30 {url}",
        "Does it work over HTTP/1.1?";
    GRPC_HEALTH Gateway Unknown "head -c 5 /dev/zero | curl -sv -o /dev/null {http2} --max-time 30 -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- --request-target /grpc.health.v1.Health/Check {url}",
        "Does a gRPC server answer here? application/grpc and any grpc-status say yes, 12 included, which has no health service. Another content type says who does.";
    CURL_H3 Gateway Unknown "curl -sv -o /dev/null --http3-only --max-time 30 {url}",
        "Does another client get through over HTTP/3? Needs a curl that was built with it.";
    UDP NextHop Unknown "ss -lunp 'sport = :{port}'",
        "Does anything listen on the UDP port?";
    UPGRADE Gateway Unknown "curl -sv -o /dev/null --http1.1 --max-time 5 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' {url}",
        "Does the next hop itself answer 101 to an offer of WebSocket?";
    LOOP Gateway Unknown "curl -sSo /dev/null -D - --max-time 10 {url} | grep -iE '^(via|server|proxy-status|location):'",
        "Who answers at the next hop's address? If it is the gateway, its own name stands there.";

    CLOUDFLARED NextHop Unknown "journalctl -u cloudflared --since '1 hour ago' --no-pager",
        "With a tunnel: is its connector running and connected?";

    // ---- the client's side, and the gateway itself --------------------------------------------------------
    CLIENTS Gateway Unknown "ss -Htn state established | awk '{print $4}' | sed 's/:[0-9]*$//' | sort | uniq -c | sort -rn | head",
        "Who holds how many connections.";
    GATEWAY_LOG Gateway Unknown "journalctl --since '10 minutes ago' -p warning --no-pager",
        "Warnings and errors of the last ten minutes on the gateway's host.";
    NGINX_CONFIG Gateway Unknown "nginx -T 2>/dev/null | grep -nE '^ *(upstream|server |[a-z]+_pass |resolver|keepalive|[a-z_]*timeout)'",
        "If the gateway is nginx: where it really connects to, with every include, and its timers.";
    CONFIG_TEST Gateway Unknown "nginx -t; haproxy -c -f /etc/haproxy/haproxy.cfg; apachectl configtest; caddy validate --config /etc/caddy/Caddyfile",
        "Whichever of these the gateway is: does it take its own configuration?";
    DISK_GATEWAY Gateway Unknown "df -h; df -i",
        "A full disk, or no inodes left, on the gateway.";
    OOM_GATEWAY Gateway Unknown "dmesg -T | grep -iE 'oom|killed process|segfault'",
        "Did the kernel kill the gateway, or did it crash?";
}
