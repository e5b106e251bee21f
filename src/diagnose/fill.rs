//! Commands: templates of this crate's own, filled with the names and numbers of one exchange.
//!
//! A value that was not written here is one word to a POSIX shell, or it is not in the
//! command at all. Hosts and units are held to plain characters; what is not plain gives way to a word
//! in capitals. A path may have any character and is quoted.

use std::fmt::Write as _;

use super::context::{Context, Deployment, Host, is_word};

/// The longest path in a command.
const MAX_PATH: usize = 1024;

/// Fills templates for one next hop, and remembers what it did not know.
#[derive(Debug)]
pub(super) struct Filler<'a> {
    host: Option<Host<'a>>,
    context: &'a Context<'a>,
    /// What stands in capitals, in the order of its first use.
    pub(super) unknown: Vec<&'static str>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { host: context.host.map(Host::read), context, unknown: Vec::new() }
    }

    /// The command, or `None` where it makes no sense: a port of a socket's, a socket of a port's.
    pub(super) fn fill(&mut self, template: &str) -> Option<String> {
        let on_socket = matches!(self.host, Some(Host::Socket(_)));
        if (on_socket && ["{host}", "{port}", "{hostport}"].iter().any(|p| template.contains(p)))
            || (!on_socket && template.contains("{socket}"))
        {
            return None;
        }
        let mut out = String::with_capacity(template.len().saturating_add(64));
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            // Braces of a tool's own stay as they are: `curl -w '%{http_code}'`.
            let known = after.split_once('}').filter(|(name, _)| self.value(name, &mut out));
            rest = match known {
                Some((_, rest)) => rest,
                None => {
                    out.push('{');
                    after
                }
            };
        }
        out.push_str(rest);
        Some(out)
    }

    /// Appends the value of a placeholder. `false` if there is no such placeholder.
    fn value(&mut self, name: &str, out: &mut String) -> bool {
        match name {
            "host" => self.host(out),
            "port" => self.port(out),
            "hostport" => self.hostport(out),
            "name" => self.name(out),
            "sni" => self.sni(out),
            "url" => self.url(out),
            // Without TLS there is no ALPN, and few servers know the upgrade that `--http2` would try.
            "http2" => {
                out.push_str(if self.speaks_tls() == Some(true) { "--http2" } else { "--http2-prior-knowledge" })
            }
            "socket" => {
                if let Some(Host::Socket(path)) = self.host {
                    out.push_str(path);
                }
            }
            "ns" => {
                if let Some(namespace) = self.context.namespace.filter(|n| is_word(n)) {
                    out.push_str(" -n ");
                    out.push_str(namespace);
                }
            }
            "unit" => self.unit(Deployment::Systemd, "UNIT: the systemd unit of the next hop", out),
            "container" => self.unit(Deployment::Docker, "CONTAINER: the container of the next hop", out),
            "service" => self.unit(Deployment::Kubernetes, "SERVICE: the Kubernetes Service of the next hop", out),
            "target_group" => self.unit(Deployment::Aws, "TARGET_GROUP_ARN: the ARN of the target group", out),
            "endpoint" => match self.host {
                Some(Host::Socket(path)) => out.push_str(path),
                Some(Host::Name(_) | Host::V6(_) | Host::Unfit) | None => self.hostport(out),
            },
            "plaintext" => out.push_str(if self.speaks_tls() == Some(true) { "" } else { "-plaintext " }),
            "cluster" => self.word("CLUSTER: the ECS cluster", out),
            "ecs_service" => self.word("ECS_SERVICE: the service's name in ECS", out),
            "pod" => self.word("POD: a pod behind the Service", out),
            "gateway_pid" => self.word("GATEWAY_PID: the process id of the gateway", out),
            _ => return false,
        }
        true
    }

    /// The word in capitals before the colon, and the note for the reader.
    fn word(&mut self, note: &'static str, out: &mut String) {
        out.push_str(note.split(':').next().unwrap_or(note));
        if !self.unknown.contains(&note) {
            self.unknown.push(note);
        }
    }

    fn assumed(&mut self, note: &'static str) {
        if !self.unknown.contains(&note) {
            self.unknown.push(note);
        }
    }

    fn unit(&mut self, deployment: Deployment, note: &'static str, out: &mut String) {
        let unit = self.context.unit.filter(|unit| is_word(unit));
        match unit {
            Some(unit) if self.context.deployment == deployment => out.push_str(unit),
            Some(_) | None => self.word(note, out),
        }
    }

    fn host(&mut self, out: &mut String) {
        match self.host {
            Some(Host::Name(host) | Host::V6(host)) => out.push_str(host),
            Some(Host::Unfit) => self.word("HOST: the next hop; what was given is no host name or address", out),
            Some(Host::Socket(_)) | None => self.word("HOST: the next hop's name or address", out),
        }
    }

    fn port(&mut self, out: &mut String) {
        match (self.context.port, self.context.tls) {
            (Some(port), _) => {
                let _ = write!(out, "{port}");
            }
            (None, Some(tls)) => out.push_str(if tls { "443" } else { "80" }),
            (None, None) => self.word("PORT: the port that the gateway connects to", out),
        }
    }

    fn hostport(&mut self, out: &mut String) {
        let bracketed = matches!(self.host, Some(Host::V6(_)));
        out.push_str(if bracketed { "'[" } else { "" });
        self.host(out);
        out.push_str(if bracketed { "]:" } else { ":" });
        self.port(out);
        out.push_str(if bracketed { "'" } else { "" });
    }

    /// The name that a certificate is checked against.
    fn name(&mut self, out: &mut String) {
        match self.server_name() {
            Some(name) => out.push_str(name),
            None => self.host(out),
        }
    }

    fn server_name(&self) -> Option<&'a str> {
        match self.context.server_name.map(Host::read) {
            Some(Host::Name(name) | Host::V6(name)) => Some(name),
            Some(Host::Socket(_) | Host::Unfit) | None => None,
        }
    }

    /// RFC 6066 section 3: an address is no server name.
    fn sni(&mut self, out: &mut String) {
        let address = match self.server_name() {
            Some(name) => Host::read(name).is_address(),
            None => self.host.and_then(Host::is_address),
        };
        if address == Some(true) {
            out.push_str("-noservername");
        } else {
            out.push_str("-servername ");
            self.name(out);
        }
    }

    /// Whether the gateway speaks TLS to the next hop: as it was told, or by a port where that is usual.
    fn speaks_tls(&self) -> Option<bool> {
        self.context.tls.or_else(|| self.context.port.map(|port| matches!(port, 443 | 8443)))
    }

    /// The URL for curl, with the options without which it would not ask for just that.
    fn url(&mut self, out: &mut String) {
        let tls = self.speaks_tls();
        if tls.is_none() {
            self.assumed("http: assumed, because nobody said whether the next hop speaks TLS");
        }
        let mut url = String::from(if tls == Some(true) { "https://" } else { "http://" });
        let mut options = String::new();
        match (self.host, self.server_name()) {
            (Some(Host::Socket(path)), name) => {
                let _ = write!(options, "--unix-socket {path} ");
                url.push_str(name.unwrap_or("localhost"));
            }
            // The gateway connects to one host and calls it by another name.
            (Some(host @ (Host::Name(_) | Host::V6(_))), Some(name)) if host != Host::read(name) => {
                let mut port = String::new();
                self.port(&mut port);
                let mut target = String::new();
                self.host(&mut target);
                let target = if matches!(host, Host::V6(_)) { format!("[{target}]") } else { target };
                let _ = write!(options, "--connect-to ");
                quote(&format!("{name}:{port}:{target}:{port}"), &mut options);
                options.push(' ');
                let _ = write!(url, "{name}:{port}");
            }
            (host, _) => {
                let bracketed = matches!(host, Some(Host::V6(_)));
                url.push_str(if bracketed { "[" } else { "" });
                self.host(&mut url);
                url.push_str(if bracketed { "]" } else { "" });
                if self.context.port.is_some() || tls.is_none() {
                    url.push(':');
                    self.port(&mut url);
                }
            }
        }
        self.path(&mut url);
        // curl(1): it takes brackets and braces for patterns, and squashes `/../`.
        if url.contains(['[', ']', '{', '}']) {
            options.push_str("--globoff ");
        }
        if url.contains("/.") {
            options.push_str("--path-as-is ");
        }
        out.push_str(&options);
        quote(&url, out);
    }

    fn path(&mut self, out: &mut String) {
        let Some(path) = self.context.path else {
            self.assumed("/: assumed, because nobody said which path was asked for");
            out.push('/');
            return;
        };
        if path.len() > MAX_PATH {
            out.push('/');
            self.word("PATH: the path is too long for a command", out);
            return;
        }
        if !path.starts_with('/') {
            out.push('/');
        }
        for &byte in path.as_bytes() {
            match byte {
                b'!'..=b'~' => out.push(char::from(byte)),
                _ => {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
}

/// Appends a text as one word of a POSIX shell (XCU section 2.2.2: nothing but a quote ends single quotes).
fn quote(text: &str, out: &mut String) {
    let inert =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'@' | b'%' | b'+' | b',');
    if !text.is_empty() && text.bytes().all(inert) {
        out.push_str(text);
        return;
    }
    out.push('\'');
    out.push_str(&text.replace('\'', r"'\''"));
    out.push('\'');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn filled(context: &Context<'_>, template: &str) -> String {
        Filler::new(context).fill(template).unwrap()
    }

    #[test]
    fn known_facts_stand_in_the_command() {
        let mut context = Context { host: Some("app.internal"), port: Some(8080), ..Context::default() };
        assert_eq!(filled(&context, "x {host} {port} {hostport}"), "x app.internal 8080 app.internal:8080");
        assert_eq!(filled(&context, "curl {url}"), "curl http://app.internal:8080/");
        assert_eq!(filled(&context, "{sni}"), "-servername app.internal");
        context.path = Some("/a?b=1&c='x'");
        context.tls = Some(true);
        assert_eq!(filled(&context, "curl {url}"), r"curl 'https://app.internal:8080/a?b=1&c='\''x'\'''");
        context.server_name = Some("shop.example");
        context.path = Some("/");
        assert_eq!(
            filled(&context, "curl {url}"),
            "curl --connect-to shop.example:8080:app.internal:8080 https://shop.example:8080/"
        );
        assert_eq!(filled(&context, "{sni} {name}"), "-servername shop.example shop.example");
    }

    #[test]
    fn addresses_of_every_shape() {
        let v6 = Context { host: Some("[2001:db8::7]"), port: Some(80), path: Some("/"), ..Context::default() };
        assert_eq!(filled(&v6, "{host} {hostport}"), "2001:db8::7 '[2001:db8::7]:80'");
        assert_eq!(filled(&v6, "{url}"), "--globoff 'http://[2001:db8::7]:80/'");
        assert_eq!(filled(&v6, "{sni}"), "-noservername");
        let socket =
            Context { host: Some("unix:/run/app.sock"), path: Some("/x"), tls: Some(false), ..Context::default() };
        assert_eq!(filled(&socket, "curl {url}"), "curl --unix-socket /run/app.sock http://localhost/x");
        assert_eq!(Filler::new(&socket).fill("ss {port}"), None);
        assert_eq!(Filler::new(&v6).fill("ls {socket}"), None);
    }

    #[test]
    fn what_is_unknown_shows_and_is_said_once() {
        let context = Context::default();
        let mut filler = Filler::new(&context);
        assert_eq!(filler.fill("{host} {port} {port}").unwrap(), "HOST PORT PORT");
        assert_eq!(filler.fill("{url}").unwrap(), "http://HOST:PORT/");
        assert_eq!(
            filler.fill("{unit} {container} {service} {target_group}").unwrap(),
            "UNIT CONTAINER SERVICE TARGET_GROUP_ARN"
        );
        assert_eq!(filler.unknown.len(), 8, "{:?}", filler.unknown);
    }

    #[test]
    fn braces_of_a_tools_own_stay() {
        let context = Context::default();
        assert_eq!(filled(&context, "curl -w '%{http_code}' {host"), "curl -w '%{http_code}' {host");
    }
}
