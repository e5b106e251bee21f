//! `Diagnosis`: the answer as data, ready to be printed, put on a page or into JSON.
//!
//! What may be shown to whom can be told from the part. Causes, settings and warnings are
//! this crate's own words and numbers; the summary, the commands and the facts marked
//! [`trusted`](Fact::trusted) name hosts or quote a peer.

use std::borrow::Cow;

use crate::fault::{Class, FaultKind, Phase};

use super::context::Deployment;

/// What an operator reads at three in the morning: what broke, what was seen, why it probably happened,
/// what to run next, which settings play a part, and what not to do.
///
/// Its `Display` is plain text of at most 80 columns, commands excepted, which stand whole on a line of
/// their own. [`json`](Self::json) is the same as one JSON object.
///
/// ```
/// use badgateway::diagnose::{Context, diagnose};
/// use badgateway::fault::{Evidence, Fault, FaultKind};
/// use badgateway::Exchange;
///
/// let mut exchange = Exchange::default();
/// exchange.next_hop = Some("10.0.0.7:8080".into());
/// let fault = Fault::new(FaultKind::ConnectionRefused);
/// let diagnosis = diagnose(&fault, &exchange, &Evidence::new(), &Context::default());
///
/// assert_eq!(diagnosis.summary, "10.0.0.7:8080 refused the connection.");
/// assert!(diagnosis.steps.iter().any(|step| step.command == "ss -ltnp 'sport = :8080'"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The kind of fault. `None` for a [status](super::status()), which many kinds become.
    pub kind: Option<FaultKind>,
    /// The finer class of a malformation.
    pub class: Option<Class>,
    /// How far the exchange had got. `None` for a status.
    pub phase: Option<Phase>,
    /// One plain sentence that names the next hop: for trusted eyes only.
    pub summary: String,
    /// What was seen, in the order of the work.
    pub evidence: Vec<Fact>,
    /// Why it probably happened, likeliest first.
    pub causes: Vec<Cause>,
    /// What to run next, in this order. For trusted eyes only.
    pub steps: Vec<Step>,
    /// Settings that play a part, with their defaults.
    pub settings: Vec<Setting>,
    /// What not to do.
    pub avoid: Vec<&'static str>,
    /// What to build, once it is over, so that it does not come back.
    pub lasting: Vec<&'static str>,
    /// What was not known and stands in the commands as a word in capitals, or had to be assumed.
    pub placeholders: Vec<&'static str>,
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is: `elapsed`, `error number`, `TLS alert`.
    pub name: &'static str,
    /// Its value, on one line.
    pub value: Cow<'static, str>,
    /// Whether it names a host or quotes a peer: for trusted eyes only.
    pub trusted: bool,
}

/// One thing that may have caused the fault. Nothing in it came from a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// One or two sentences.
    pub text: Cow<'static, str>,
    /// Whether something that was seen speaks for it in particular. These stand first.
    pub supported: bool,
}

/// Where a command is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// On the host, or in the container, that the gateway runs on: the network looks different elsewhere.
    Gateway,
    /// On the host, or in the container, of the next hop.
    NextHop,
    /// Where the tools of the platform are at hand: `kubectl`, `aws`.
    Workstation,
    /// Where the application's database can be asked.
    Database,
}

impl Place {
    /// The stable name, for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::NextHop => "next_hop",
            Self::Workstation => "workstation",
            Self::Database => "database",
        }
    }

    /// Where that is, for an operator.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Gateway => "on the gateway",
            Self::NextHop => "on the next hop",
            Self::Workstation => "on your workstation",
            Self::Database => "at its database",
        }
    }
}

/// One thing to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Where to run it.
    pub place: Place,
    /// For which deployment it is; [`Deployment::Unknown`] is for every one.
    pub deployment: Deployment,
    /// What it tells, and how to read the answer.
    pub why: &'static str,
    /// One line for a POSIX shell, with the real names and numbers quoted. It only looks: nothing is changed.
    pub command: String,
}

/// One setting of a proxy, server or system that plays a part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Whose setting it is: `nginx`, `Envoy`.
    pub product: &'static str,
    /// Its name, as its documentation spells it.
    pub name: &'static str,
    /// Its value unless somebody sets it.
    pub default: Cow<'static, str>,
}
