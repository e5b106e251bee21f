//! Logs that real programs wrote while nothing failed: `tests/data/healthy` says how. Nothing is claimed of them.

use badgateway::dialect::logs::{Format, Reader, Verdict};

macro_rules! logs {
    ($($name:literal: $format:ident $known:literal;)+) => {
        /// Name, log, whose it is, and whether every line is known.
        const LOGS: &[(&str, &str, Format, bool)] =
            &[$(($name, include_str!(concat!("../data/healthy/", $name, ".log")), Format::$format, $known)),+];
    };
}

logs! {
    "nginx-error": Nginx true;
    "nginx-combined": Combined true;
    "nginx-main": Combined true;
    "nginx-ingress": NginxAccess true;
    "nginx-timed": NginxAccess true;
    "nginx-json": NginxAccess true;
    "haproxy-httplog": HaProxy true;
    "haproxy-clf": HaProxy true;
    "haproxy-tcplog": HaProxy true;
    // Starts and stops are nobody's who is known here.
    "haproxy-notices": HaProxy false;
    "apache-error": Apache true;
    "apache-combined": Combined true;
    "apache-common": Combined true;
    "apache-vhost": Combined true;
    "caddy": Caddy true;
    "caddy-access": Caddy true;
    "caddy-console": Caddy true;
    "traefik": Traefik true;
    "traefik-json": Traefik true;
    "traefik-access": Traefik true;
    "traefik-access-json": Traefik true;
    "envoy": Envoy true;
    "envoy-istio": Envoy true;
    "envoy-json": Envoy true;
    "squid": Squid true;
    "squid-combined": Combined true;
    "squid-cache": Squid false;
    // Most of its tags tell of requests.
    "varnishlog": Varnish false;
    "varnishncsa": Combined true;
}

#[test]
fn nothing_is_claimed() {
    let mut wrong = Vec::new();
    for (name, log, format, all_known) in LOGS {
        let mut reader = Reader::new();
        for line in log.lines() {
            let read = reader.read(line.as_bytes());
            let is_right = match &read {
                Some(entry) => {
                    let is_its = entry.format == *format || !all_known;
                    is_its && matches!(entry.said, Verdict::Nothing)
                }
                None => !all_known,
            };
            if !is_right {
                wrong.push(format!("{name}: {:?}\n  {line}", read.map(|entry| (entry.format, entry.said))));
            }
        }
        assert!(log.lines().count() >= 2, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
