//! Which status a fault becomes: policy, apart from the facts.
//!
//! Its one rule: a profile only picks among 4xx and 5xx; it never turns a fault into a success.

use std::fmt;

use http::StatusCode;

use crate::exchange::Exchange;
use crate::fault::{Code, Fault};

/// A status policy.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum Profile {
    /// What RFC 9209 recommends: 502 for broken, 504 for late, 503 for unavailable. The default.
    #[default]
    Rfc9209,
    /// Cloudflare's 520 to 526 and 530.
    Cloudflare,
    /// The caller's own. A status below 400 or above 599 is not taken; the RFC's stands then.
    Custom(fn(&Fault, &Exchange) -> StatusCode),
}

impl Profile {
    /// The status that this policy gives to a fault.
    #[must_use]
    pub fn status(&self, fault: &Fault, exchange: &Exchange) -> StatusCode {
        let number = match self {
            Self::Rfc9209 => standard(fault),
            Self::Cloudflare => match fault.code() {
                Some(Code::Status(n)) => n,
                _ => fault.kind().cloudflare(),
            },
            Self::Custom(status) => status(fault, exchange).as_u16(),
        };
        error_status(number).or_else(|| error_status(standard(fault))).unwrap_or(StatusCode::BAD_GATEWAY)
    }
}

fn standard(fault: &Fault) -> u16 {
    match fault.code() {
        Some(Code::Status(n)) => n,
        _ => fault.kind().status(),
    }
}

fn error_status(number: u16) -> Option<StatusCode> {
    if (400..=599).contains(&number) { StatusCode::from_u16(number).ok() } else { None }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc9209 => "Rfc9209",
            Self::Cloudflare => "Cloudflare",
            Self::Custom(_) => "Custom",
        })
    }
}
