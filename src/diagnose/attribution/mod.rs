//! Who generated this error response: the application, or an intermediary on the way, and which.
//!
//! Every verdict comes with what was seen and how far it carries. A `Server` field alone convicts
//! nobody, because proxies overwrite it, replace it or pass it on.
//!
//! A gateway calls it with an upstream's own 4xx or 5xx, before it looks for the fault in the wrong machine. An
//! operator calls it, through the `explain` example, with what `curl -i` printed.

mod marks;
mod software;

use http::StatusCode;
use http::header::HeaderMap;

use crate::proxy_status::{Member, read_headers};

pub use self::software::{Role, Software};

use self::marks::{MARKS, Mark, Weight};

/// The most bytes of a body that are looked at. Error pages say who they are near their beginning.
const MAX_BODY: usize = 4 * 1024;

/// A response as far as it tells who made it.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // what there is to see of a response
pub struct Seen<'a> {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase, where the protocol has one and the library kept it.
    pub reason: Option<&'a [u8]>,
    /// The header section.
    pub headers: &'a HeaderMap,
    /// The first bytes of the body, decoded; 4 KiB are looked at.
    pub body: &'a [u8],
}

/// Where a response was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// By the gateway that asks, or another one of that name: its own member says so.
    Gateway,
    /// By a proxy, load balancer or CDN on the way, not by what stands behind it.
    Intermediary,
    /// By the application or its server: nobody on the way claims it.
    Application,
    /// Nothing tells.
    Unknown,
}

/// How far a verdict carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// Nothing speaks against it, and little for it.
    Guess,
    /// What was seen is usual for it, and rare elsewhere.
    Likely,
    /// What was seen is made by it and by nobody else, unless somebody forges it.
    Certain,
}

/// Who generated a response, and why we think so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribution<'a> {
    /// Where the response was made.
    pub origin: Origin,
    /// The software, where it can be told.
    pub software: Option<Software>,
    /// The member of `Proxy-Status` that says that it failed.
    pub member: Option<Member<'a>>,
    /// How far this carries.
    pub confidence: Confidence,
    /// What was seen, in fixed words: nothing in here came from the peer.
    pub evidence: Vec<&'static str>,
    /// Software that left its mark on the response as it passed it on.
    pub on_path: Vec<Software>,
}

/// Says who generated a response.
///
/// `ours` is the name that the gateway writes in its own `Proxy-Status` members, so that it knows itself.
///
/// In this order, the surest first: a `Proxy-Status` member with an error
/// ([RFC 9209, section 2.1.1](https://www.rfc-editor.org/rfc/rfc9209#section-2.1.1)); a field that a vendor sets on
/// responses of its own alone; the page by its text, with the fields that go with it. What nobody claims is the
/// application's.
///
/// ```
/// use badgateway::diagnose::attribution::{attribute, Origin, Seen, Software};
/// use http::{HeaderMap, HeaderValue, StatusCode};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("server", HeaderValue::from_static("nginx/1.28.3"));
/// let page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n";
/// let seen = Seen { status: StatusCode::BAD_GATEWAY, reason: None, headers: &headers, body: page };
/// assert_eq!(attribute(&seen, "edge").software, Some(Software::Nginx));
///
/// // The same proxy, and the application's own page.
/// let seen = Seen { body: b"database is down", ..seen };
/// let attribution = attribute(&seen, "edge");
/// assert_eq!((attribution.origin, attribution.on_path), (Origin::Application, vec![Software::Nginx]));
/// ```
#[must_use]
pub fn attribute<'a>(seen: &Seen<'a>, ours: &str) -> Attribution<'a> {
    let seen = Seen { body: seen.body.get(..MAX_BODY).unwrap_or(seen.body), ..*seen };
    let mut found = Attribution {
        origin: Origin::Unknown,
        software: None,
        member: None,
        confidence: Confidence::Guess,
        evidence: Vec::new(),
        on_path: Vec::new(),
    };
    found.by_proxy_status(&seen, ours);
    found.by_marks(&seen);
    if found.origin == Origin::Unknown {
        found.by_default(&seen);
    }
    found
}

impl<'a> Attribution<'a> {
    fn by_proxy_status(&mut self, seen: &Seen<'a>, ours: &str) {
        let Ok(members) = read_headers(seen.headers) else {
            self.evidence.push("Proxy-Status is there and is no structured field, so that it is not read");
            return;
        };
        // Members nearest the reader come last. Whoever names an error there had no response to pass on.
        let failing = members.iter().rev().find(|member| member.error().is_some());
        if let Some(member) = failing {
            let certain = member.error_type().is_some_and(crate::fault::ErrorType::only_by_intermediaries);
            self.origin = if member.name() == ours { Origin::Gateway } else { Origin::Intermediary };
            self.confidence = if certain { Confidence::Certain } else { Confidence::Likely };
            self.evidence.push(if certain {
                "a member of Proxy-Status has an error that only intermediaries generate (RFC 9209 section 2.3)"
            } else {
                "a member of Proxy-Status has an error (RFC 9209 section 2.1.1)"
            });
            self.member = Some(member.clone());
        } else if members.iter().any(|member| member.received_status() == Some(seen.status.as_u16())) {
            self.evidence
                .push("a member of Proxy-Status received this status from its next hop (RFC 9209 section 2.1.4)");
        }
    }

    fn by_marks(&mut self, seen: &Seen<'_>) {
        let mut best: Option<&Mark> = None;
        for mark in MARKS.iter().filter(|mark| mark.is_on(seen)) {
            match mark.weight {
                Weight::Passed => {
                    if !self.on_path.contains(&mark.software) {
                        self.on_path.push(mark.software);
                    }
                }
                Weight::Made(weight) => {
                    // The first of equals stands: the table has the special before the general.
                    let beaten = best.is_some_and(|held| match held.weight {
                        Weight::Made(held) => held >= weight,
                        Weight::Passed => false,
                    });
                    if !beaten {
                        best = Some(mark);
                    }
                }
            }
        }
        let Some(Mark { software, weight: Weight::Made(weight), evidence, .. }) = best else { return };
        // A member that names itself has precedence in where; the marks say what software it is.
        if self.member.is_none() {
            self.origin = match software.role() {
                Role::Application => Origin::Application,
                Role::Proxy | Role::LoadBalancer | Role::Cdn | Role::Platform => Origin::Intermediary,
            };
            self.confidence = *weight;
        }
        self.software = Some(*software);
        self.evidence.push(evidence);
        self.on_path.retain(|on_path| on_path != software);
    }

    fn by_default(&mut self, seen: &Seen<'_>) {
        if seen.body.is_empty() {
            self.evidence.push("an empty body and no mark of anybody");
            return;
        }
        self.origin = Origin::Application;
        self.confidence = Confidence::Likely;
        self.evidence.push("a body that is no known proxy's page, and no field by which one claims the response");
    }
}
