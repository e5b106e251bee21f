//! What is said about each kind of fault: one row a kind, in a file for each stage of the exchange.
//!
//! Its one rule: a sentence is a fact or a thing to try, and everything in it is this crate's own
//! words. Rows come in the order of likelihood without any evidence; evidence reorders them.

mod commands;
mod connect;
mod settings;

use crate::fault::FaultKind;

use super::context::Deployment;
use super::timers::Act;
use super::value::Place;
use super::when::When;

/// What is said about one kind.
#[derive(Debug)]
pub(super) struct Text {
    /// One sentence. `{hop}` is the next hop, `{after}` how long it had taken (` after 60.0 s`, or nothing).
    pub(super) summary: &'static str,
    /// Why it happens, likeliest first.
    pub(super) causes: &'static [(When, &'static str)],
    /// What to run, in this order.
    pub(super) steps: &'static [&'static Command],
    /// Which settings play a part.
    pub(super) settings: &'static [Look],
    /// What not to do.
    pub(super) avoid: &'static [(When, &'static str)],
}

/// A command to run. It looks and changes nothing.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) place: Place,
    /// `Unknown` is for every deployment.
    pub(super) deployment: Deployment,
    /// What it tells, and how to read it.
    pub(super) why: &'static str,
    /// The command, with placeholders; see [`fill`](super::fill).
    pub(super) template: &'static str,
}

/// Settings to look at.
#[derive(Debug)]
pub(super) enum Look {
    /// The timers of whoever asks, and for `Idle` of whoever answers as well.
    Timers(Act),
    /// Settings that are no timers: product, name, default.
    Table(&'static [(&'static str, &'static str, &'static str)]),
}

const OTHER: Text =
    Text { summary: "The exchange with {hop} failed{after}.", causes: &[], steps: &[], settings: &[], avoid: &[] };

/// What is said about that kind.
pub(super) const fn text(kind: FaultKind) -> &'static Text {
    use FaultKind as K;
    match kind {
        K::DnsNotFound => &OTHER,
        K::DnsFailure => &OTHER,
        K::DnsTimeout => &OTHER,
        K::NoRoute => &OTHER,
        K::NoHealthyUpstream => &OTHER,
        K::CircuitOpen => &OTHER,
        K::ConnectionLimit => &OTHER,
        K::AddressProhibited => &OTHER,
        K::LoopDetected => &OTHER,
        K::ConnectionRefused => &connect::REFUSED,
        K::ConnectionTimeout => &OTHER,
        K::Unreachable => &OTHER,
        K::ConnectReset => &OTHER,
        K::ConnectDenied => &OTHER,
        K::LocalExhausted => &OTHER,
        K::TlsTimeout => &OTHER,
        K::TlsClosed => &OTHER,
        K::TlsReset => &OTHER,
        K::TlsAlert => &OTHER,
        K::TlsNotTls => &OTHER,
        K::TlsProtocol => &OTHER,
        K::TlsNoAlpn => &OTHER,
        K::CertExpired => &OTHER,
        K::CertNotYetValid => &OTHER,
        K::CertUntrusted => &OTHER,
        K::CertNameMismatch => &OTHER,
        K::CertRevoked => &OTHER,
        K::CertInvalid => &OTHER,
        K::SendTimeout => &OTHER,
        K::SendReset => &OTHER,
        K::ClosedBeforeResponse => &OTHER,
        K::ResetBeforeResponse => &OTHER,
        K::HeadTruncated => &OTHER,
        K::HeadReset => &OTHER,
        K::ResponseTimeout => &OTHER,
        K::HeadStalled => &OTHER,
        K::NotHttp => &OTHER,
        K::UnsolicitedResponse => &OTHER,
        K::BadStatusLine => &OTHER,
        K::BadHeader => &OTHER,
        K::AmbiguousFraming => &OTHER,
        K::HeadTooLarge => &OTHER,
        K::HeaderTooLarge => &OTHER,
        K::TooManyHeaders => &OTHER,
        K::UnexpectedUpgrade => &OTHER,
        K::UpgradeRefused => &OTHER,
        K::TooManyInterim => &OTHER,
        K::UnsupportedCoding => &OTHER,
        K::BodyTruncated => &OTHER,
        K::BodyReset => &OTHER,
        K::BodyStalled => &OTHER,
        K::DeadlineExceeded => &OTHER,
        K::BadChunk => &OTHER,
        K::BadTrailer => &OTHER,
        K::TrailersTooLarge => &OTHER,
        K::BodyTooLarge => &OTHER,
        K::BadContentCoding => &OTHER,
        K::TlsTruncated => &OTHER,
        K::StreamRefused => &OTHER,
        K::StreamReset => &OTHER,
        K::Goaway => &OTHER,
        K::GoawayUnprocessed => &OTHER,
        K::EnhanceYourCalm => &OTHER,
        K::Http11Required => &OTHER,
        K::H2ProtocolError => &OTHER,
        K::H3RequestRejected => &OTHER,
        K::H3VersionFallback => &OTHER,
        K::H3ProtocolError => &OTHER,
        K::QuicIdleTimeout => &OTHER,
        K::ClientAborted => &OTHER,
        K::ClientBodyFailed => &OTHER,
        K::ClientTimeout => &OTHER,
        K::ProxyInternal => &OTHER,
        K::ProxyMisconfigured => &OTHER,
        K::Unclassified => &OTHER,
    }
}
