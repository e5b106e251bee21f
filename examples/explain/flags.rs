//! The command line: what is asked, and how the answer is to look.
//!
//! An argument says by its shape what it is, and what has no shape is a file.

use badgateway::fault::FaultKind;

use super::word;

pub(crate) const USAGE: &str = "\
usage: explain [--json] [--each | --summary] [FILE]...      lines of logs; standard input for - or without a file
       explain [--json] STATUS | FAULT | PROXY-STATUS ...   502, connection_refused, 'edge; error=dns_timeout'
       explain [--json] WORD ...                            sH--, UF, AH01102: of HAProxy, Envoy, Apache, ...
       explain [--json] --all                               every kind of fault
logs: error_log of nginx, option httplog of HAProxy, Envoy's and Istio's access log, ErrorLog of Apache 2.4,
Caddy's JSON, access logs of AWS ALB, curl -v; with what syslog, Docker or Kubernetes put before a line.
What begins with HTTP/ is a response, as `curl -i` prints it: who made it, and why.
--each explains every failure in full, --summary none; without either, each once.";

/// One thing to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Status(u16),
    Fault(FaultKind),
    ProxyStatus(String),
    /// Of some dialects, that of RFC 9209 among them.
    Word(String),
    File(String),
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
    if arg.contains("error=") || arg.contains(';') {
        return match badgateway::proxy_status::read(arg.as_bytes()) {
            Ok(_) => Ok(Ask::ProxyStatus(arg)),
            Err(e) => Err(format!("{arg:?} is no Proxy-Status: {e}")),
        };
    }
    if std::path::Path::new(&arg).exists() {
        return Ok(Ask::File(arg));
    }
    if let Some(value) = word::token(&arg) {
        return Ok(Ask::ProxyStatus(value));
    }
    if !word::find(&arg).is_empty() {
        return Ok(Ask::Word(arg));
    }
    Err(format!("{arg:?} is no file, status, fault, Proxy-Status or word of a log; --help says more"))
}

fn statuses() -> String {
    badgateway::diagnose::statuses().map(|status| status.to_string()).collect::<Vec<_>>().join(", ")
}
