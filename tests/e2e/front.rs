//! Each program that the repository offers as a proxy, as a process of its own before one next hop, and its records.

use std::process::{Command, Stdio};

use badgateway::lab::Lab;
use http::Version;

use crate::harness::example;
use crate::process::Process;

/// The README's proxy, and the two example proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Minimal,
    Proxy,
    ProxyH1,
}

impl Program {
    pub(crate) const ALL: [Self; 3] = [Self::Minimal, Self::Proxy, Self::ProxyH1];

    /// The example's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Proxy => "proxy",
            Self::ProxyH1 => "proxy_h1",
        }
    }

    /// What it speaks to clients. HTTP/2 by prior knowledge.
    pub(crate) const fn versions(self) -> &'static [Version] {
        match self {
            Self::Minimal | Self::Proxy => &[Version::HTTP_10, Version::HTTP_11, Version::HTTP_2],
            Self::ProxyH1 => &[Version::HTTP_10, Version::HTTP_11],
        }
    }
}

/// A program before one next hop, by the name `edge-1.example` and with timers of five seconds.
pub(crate) type Front = Process;

impl Front {
    /// Before the next hop at this URL.
    pub(crate) fn start(program: Program, url: &str) -> Self {
        Self::start_with(program, url, &[])
    }

    /// The same, with this lab's names and certificates, where the program knows what they are.
    pub(crate) fn start_in(lab: &Lab, program: Program, url: &str) -> Self {
        if program == Program::Minimal {
            return Self::start(program, url);
        }
        let (ca, resolver) = (lab.ca_file().to_str().unwrap(), lab.resolver().to_string());
        Self::start_with(program, url, &["--ca", ca, "--resolver", &resolver])
    }

    /// The same, with more flags for the two that take some. The last word is theirs.
    pub(crate) fn start_with(program: Program, url: &str, flags: &[&str]) -> Self {
        let mut command = Command::new(example(program.name()));
        if program == Program::Minimal {
            command.args(["127.0.0.1:0", url]);
        } else {
            let route = format!("/={url}");
            command.args(["--listen", "127.0.0.1:0", "--name", "edge-1.example", "--eject-after", "0"]);
            command.args(["--route", &route]).stderr(Stdio::piped());
            for timer in
                ["--connect-timeout", "--tls-timeout", "--send-timeout", "--response-timeout", "--idle-timeout"]
            {
                command.args([timer, "5s"]);
            }
            command.args(flags);
        }
        Self::spawn(&mut command)
    }
}
