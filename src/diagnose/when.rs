//! When a cause, a step or a warning applies: conditions on the facts, and how they turn out.
//!
//! What nobody knows rules nothing out. A cause is dropped only where a fact speaks
//! against it, and put first only where a fact speaks for it.

use std::time::Duration;

use crate::exchange::{Exchange, Forwarded};
use crate::fault::{Class, Code, Fault};

use super::context::{Context, Deployment, Host};
use super::protocol::Protocol;

/// A condition in a row of the texts.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// It needs no particular evidence.
    Always,
    /// The connection had carried an exchange before.
    Reused,
    /// The connection was new. It only rules out.
    Fresh,
    /// The peer sent one of these TLS alerts.
    Alert(&'static [u8]),
    /// The system gave an error number of one of these names.
    Errno(&'static [&'static str]),
    /// The name servers gave one of these codes.
    Rcode(&'static [u16]),
    /// The peer gave one of these HTTP/2 codes.
    H2(&'static [u32]),
    /// The next hop answered with one of these statuses.
    Status(&'static [u16]),
    /// The malformation is one of these, or a case of one.
    Class(&'static [Class]),
    /// The next hop is a loopback address or `localhost`. That speaks for it only where the gateway is
    /// known to run in containers.
    Loopback,
    /// The next hop is called by a name. It only rules out.
    Named,
    /// The next hop is a UNIX domain socket.
    Socket,
    /// It is none. It only rules out.
    OffSocket,
    /// The gateway speaks FastCGI to the next hop.
    FastCgi,
    /// The port is one of these.
    Port(&'static [u16]),
    /// The method is not idempotent (RFC 9110 section 9.2.2).
    NotIdempotent,
    /// It took ten seconds or more.
    Slow,
    /// Some of the body had come.
    SomeBody,
    /// The head has gone to the client, so no status can be changed any more.
    HeadForwarded,
}

/// How a condition turns out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A fact speaks for it.
    Fits,
    /// Nobody knows, or it needs no evidence.
    Open,
    /// A fact speaks against it.
    Contradicted,
}

impl Verdict {
    const fn of(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Fits,
            Some(false) => Self::Contradicted,
            None => Self::Open,
        }
    }
}

/// The facts that conditions ask for. `None` is "nobody knows".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) code: Option<Code>,
    pub(super) class: Option<Class>,
    pub(super) received: Option<u64>,
    pub(super) reused: Option<bool>,
    pub(super) idempotent: Option<bool>,
    pub(super) head_forwarded: Option<bool>,
    pub(super) waited: Option<Duration>,
    pub(super) host: Option<Host<'a>>,
    pub(super) port: Option<u16>,
    pub(super) protocol: Option<Protocol>,
    /// The next hop runs in containers, and the gateway with it.
    pub(super) contained: bool,
}

impl<'a> Known<'a> {
    /// What is known of this exchange.
    pub(super) fn of(fault: &Fault, exchange: &Exchange, context: &Context<'a>) -> Self {
        Self {
            code: fault.code(),
            class: fault.class(),
            received: fault.received(),
            reused: exchange.reused,
            idempotent: Some(exchange.is_idempotent()),
            head_forwarded: Some(match exchange.forwarded {
                Forwarded::Head { .. } => true,
                Forwarded::Nothing | Forwarded::Interim => false,
            }),
            waited: context.waited,
            host: context.host.map(Host::read),
            port: context.port,
            protocol: context.protocol,
            contained: matches!(context.deployment, Deployment::Docker | Deployment::Kubernetes),
        }
    }

    /// How a condition turns out.
    pub(super) fn judge(&self, when: When) -> Verdict {
        Verdict::of(match when {
            When::Always => None,
            When::Reused => self.reused,
            When::Fresh => self.reused.filter(|&reused| reused).map(|_| false),
            When::Alert(alerts) => match self.code {
                Some(Code::TlsAlert(alert)) => Some(alerts.contains(&alert)),
                Some(_) | None => None,
            },
            When::Errno(names) => match self.code {
                Some(code @ Code::Errno(_)) => {
                    code.name().map(|name| names.contains(&name.strip_prefix("WSA").unwrap_or(name)))
                }
                Some(_) | None => None,
            },
            When::Rcode(rcodes) => match self.code {
                Some(Code::DnsRcode(rcode)) => Some(rcodes.contains(&rcode)),
                Some(_) | None => None,
            },
            When::H2(codes) => match self.code {
                Some(Code::H2(code)) => Some(codes.contains(&code)),
                Some(_) | None => None,
            },
            When::Status(statuses) => match self.code {
                Some(Code::Status(status)) => Some(statuses.contains(&status)),
                Some(_) | None => None,
            },
            When::Class(classes) => {
                self.class.map(|class| [class, class.general()].iter().any(|class| classes.contains(class)))
            }
            When::Loopback => self.host.and_then(Host::is_loopback).filter(|&loopback| self.contained || !loopback),
            When::Named => self.host.and_then(Host::is_address).filter(|&address| address).map(|_| false),
            When::Socket => self.host.map(Host::is_socket),
            When::OffSocket => self.host.filter(|host| host.is_socket()).map(|_| false),
            When::FastCgi => self.protocol.map(|protocol| protocol == Protocol::FastCgi),
            When::Port(ports) => self.port.map(|port| ports.contains(&port)),
            When::NotIdempotent => self.idempotent.map(|idempotent| !idempotent),
            // A time speaks for something, never against it: clocks start at different moments.
            When::Slow => self.waited.map(|waited| waited >= Duration::from_secs(10)).filter(|&slow| slow),
            When::SomeBody => self.received.map(|bytes| bytes > 0),
            When::HeadForwarded => self.head_forwarded,
        })
    }
}
