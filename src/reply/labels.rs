//! `Labels`: what a metric of faults is counted by.

use http::StatusCode;

use crate::fault::{Class, Fault};

/// Labels for a counter of faults: [`fault`, `class`, `phase`, `blame` and `status`](Self::iter).
///
/// Their values are words of this crate's and statuses that the gateway chose, so that no peer makes a new series: at most one
/// for each kind or class, phase and status, and in practice a few dozen. A path, a next hop or a text of a peer's is none of
/// them; who counts by next hop adds that label, from its own configuration.
///
/// ```
/// use badgateway::{Exchange, Fault, FaultKind, Gateway};
///
/// let gateway = Gateway::new("gw").unwrap();
/// let labels = gateway.record(&Fault::new(FaultKind::ConnectionRefused), &Exchange::default()).labels();
/// let text: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
/// assert_eq!(
///     format!("gateway_faults_total{{{}}}", text.join(",")),
///     r#"gateway_faults_total{fault="connection_refused",class="",phase="connect",blame="next_hop",status="502"}"#,
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Labels {
    fault: Fault,
    status: Option<StatusCode>,
}

impl Labels {
    pub(super) const fn new(fault: Fault, status: Option<StatusCode>) -> Self {
        // Without its numbers, so that equal labels are equal.
        let kind_only = Fault::new(fault.kind()).at(fault.phase());
        let fault = match fault.class() {
            Some(class) => kind_only.with_class(class),
            None => kind_only,
        };
        Self { fault, status }
    }

    /// Name and value, always the same five names in the same order. An empty value is a label that is not there: no class, or
    /// no status of the gateway's own.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("fault", self.fault.kind().as_str()),
            ("class", self.fault.class().map_or("", Class::as_str)),
            ("phase", self.fault.phase().as_str()),
            ("blame", self.fault.blame().as_str()),
            ("status", self.status.as_ref().map_or("", StatusCode::as_str)),
        ]
        .into_iter()
    }
}
