//! The command line: what is asked, and how the answer is to look.
//!
//! An argument says by its shape what it is, and what has no shape is a file.

use badgateway::dialect::logs::Reader;
use badgateway::fault::FaultKind;

use super::word;

pub(crate) const USAGE: &str = "\
usage: explain [--json] [--each | --summary] [FILE]...
           logs, compressed by gzip or not; standard input for - or no file
       explain [--json] 'LINE' ...
           a line, a phrase or an error, as it was written
       explain [--json] STATUS | FAULT | WORD | PROXY-STATUS ...
           502, connection_refused, UF or sH--, 'edge; error=dns_timeout'
       explain [--json] --all
           every kind of fault
--each explains every failure in full, --summary none; else each once.

Logs: error and access logs of nginx, Apache, HAProxy, Envoy, Istio, Traefik,
Caddy, Squid, Varnish; of AWS ALB, CloudFront, API Gateway, Google, Azure;
Heroku; what Kubernetes, systemd and the kernel say of a process; curl -v; the
records of badgateway. With whatever stands before a line, or a part of one.
Errors of curl, Node, Go, Java, Python, Rust, gRPC and more, wherever they are.
A response as `curl -i` prints it, or an error page: who made it, and why.";

/// One thing to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Status(u16),
    Fault(FaultKind),
    ProxyStatus(String),
    /// Of some dialects, that of RFC 9209 among them.
    Word(String),
    File(String),
    /// What was written somewhere, in one argument.
    Line(String),
    Stdin,
}

/// How much is said of each failure in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Once,
    Each,
    Summary,
}

/// Everything that the command line can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) json: bool,
    pub(crate) all: bool,
    pub(crate) detail: Detail,
    pub(crate) asks: Vec<Ask>,
}

impl Flags {
    /// Reads the arguments, the program's name left out. `Ok(None)` asks for the usage text.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut flags = Self { json: false, all: false, detail: Detail::Once, asks: Vec::new() };
        let mut only_files = false;
        for arg in args {
            match arg.as_str() {
                // What begins with a hyphen may be a line, too.
                _ if only_files && is_text(&arg) => flags.asks.push(Ask::Line(arg)),
                _ if only_files => flags.asks.push(Ask::File(arg)),
                "--" => only_files = true,
                "-" => flags.asks.push(Ask::Stdin),
                "--help" | "-h" => return Ok(None),
                "--json" => flags.json = true,
                "--all" => flags.all = true,
                "--each" => flags.detail = Detail::Each,
                "--summary" => flags.detail = Detail::Summary,
                _ if arg.starts_with("--") => return Err(format!("unknown flag {arg}; --help lists them")),
                _ => flags.asks.push(ask(arg)?),
            }
        }
        if flags.all && !flags.asks.is_empty() {
            return Err("--all explains everything, and takes nothing besides".into());
        }
        Ok(Some(flags))
    }
}

fn ask(arg: String) -> Result<Ask, String> {
    if let Ok(kind) = arg.parse::<FaultKind>() {
        return Ok(Ask::Fault(kind));
    }
    if arg.len() == 3 && arg.bytes().all(|b| b.is_ascii_digit()) {
        let status = arg.parse().unwrap_or(0);
        return match badgateway::diagnose::status(status) {
            Some(_) => Ok(Ask::Status(status)),
            None => Err(format!("{arg} is no status of a gateway: it knows {}", statuses())),
        };
    }
    if std::path::Path::new(&arg).exists() {
        return Ok(Ask::File(arg));
    }
    let mut why = String::new();
    if arg.contains("error=") || arg.contains(';') {
        match badgateway::proxy_status::read(arg.as_bytes()) {
            Ok(members) if is_proxy_status(&members) => return Ok(Ask::ProxyStatus(arg)),
            Ok(_) => {}
            Err(error) => why = format!(", and no Proxy-Status: {error}"),
        }
    }
    if let Some(value) = word::token(&arg) {
        return Ok(Ask::ProxyStatus(value));
    }
    if !word::find(&arg).is_empty() {
        return Ok(Ask::Word(arg));
    }
    if is_text(&arg) {
        return Ok(Ask::Line(arg));
    }
    Err(if arg.contains(['/', '.']) && why.is_empty() {
        format!("{arg}: there is no such file")
    } else {
        format!("{arg:?} is no file{why}, and no status, fault, word or line of a log; --help says more")
    })
}

/// Whether somebody says something there: a line with a semicolon may pass for a member without parameters.
fn is_proxy_status(members: &[badgateway::proxy_status::Member<'_>]) -> bool {
    members.iter().any(|member| member.error().is_some() || member.received_status().is_some())
}

/// Whether it was written by some program, and is no name of anything: it has several words, or means something as
/// a line.
fn is_text(arg: &str) -> bool {
    let is_file = || std::path::Path::new(arg).exists();
    (arg.contains([' ', '\t', '\n']) || Reader::new().read(arg.as_bytes()).is_some()) && !is_file()
}

fn statuses() -> String {
    badgateway::diagnose::statuses().map(|status| status.to_string()).collect::<Vec<_>>().join(", ")
}
