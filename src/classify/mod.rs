//! From an error value to a fault, whoever made it.
//!
//! Facts are gathered from every link of the chain, and judged once.
//!
//! # How the walk goes
//!
//! 1. **Links.** From the outermost error inwards, at most 24 of them. At an [`io::Error`](std::io::Error) the
//!    walk takes kind and error number and goes on with `get_ref()`, because `source()` skips the error
//!    that is wrapped (rust-lang/rust#124513; with it goes every error of rustls). `Arc` and `Box`
//!    links are opened for the same reason. Each link is shown to the [`Probe`]s until one knows it.
//! 2. **Facts.** A [`Fault`] or [`Failure`](crate::fault::Failure) anywhere in the chain wins: somebody has judged already. Else
//!    a request body that failed is the client's fault, whatever lies below it: its `ECONNRESET` is
//!    not the upstream's. Else the deepest [`Cause`] counts, and the outermost phase.
//! 3. **Phase.** The one that a type of the chain proves; else the caller's; else the one that the chain
//!    suggests; else the one that the cause implies (a refusal: connect); else the head, which is
//!    the safe answer, because the request may have been written by then.
//! 4. **Kind.** Cause and phase together, by one table (`classify/table.rs`): `ECONNRESET` is `tls_reset` in the handshake,
//!    `body_reset` in the body, and in the head `reset_before_response` or `head_reset`, by
//!    whether a byte of it had come.
//! 5. **Text.** Only where types and numbers leave a question open: the fixed beginning of a `Debug` or of a
//!    message, in a buffer of 192 bytes; behind `Variant(`, because an error that is `#[error(transparent)]`, or has no
//!    `source()`, hides the one it wraps; and the system's number at the end of a message. Such a fault has [`Confidence::Text`].
//!
//! What nobody knows is the kind of its phase where that is known (resolve, connect, TLS), and else
//! [`FaultKind::Unclassified`], which blames nobody.
//!
//! Nothing is allocated, and nothing is looked for inside a text: "connection refused" in a message
//! proves nothing. (The `Debug` of a foreign type that is read in step 5 runs that type's code.)
//!
//! # TLS by OpenSSL
//!
//! Errors of native-tls and openssl are read by their codes: certificates by the rule that they break, alerts, ports without TLS;
//! with the feature `openssl010` those of openssl by their numbers. What no error says is that a body was cut: both give the end
//! of the connection as the end of the data. That feature has `adapters::openssl010::Untidy`, a socket for below the two, which
//! makes it an error. Whoever holds the stream can ask, too: `SslStream::get_shutdown()` without `ShutdownState::RECEIVED`, at
//! the end of a body that only the end of the connection delimits, is [`FaultKind::TlsTruncated`].
//!
//! # How to make it sharper
//!
//! - Set [`Exchange::phase`]: without it nobody can tell whose patience ended, nor what a bare reset hit.
//!   A call that connects and sends in one has none to name; an error that says that it could not connect is believed either way.
//! - Set [`Exchange::received`]: it tells "no answer" from "half an answer", and hyper's three meanings of
//!   "message head is too large" apart.
//! - Set [`Exchange::request_body`] to `Failed` when the client's body fails: it counts before the error.
//! - Return a [`Fault`] from your own connector or timer, inside any error: it is found again.
//! - Use the adapter of the crate and version that you use. Of another version the types look the same
//!   and are not: what is left then is step 5.
//! - Write a [`Probe`] for your own types; [`open`] makes one of a line for an enum that only wraps others, which is surer than
//!   its `Debug`, and keeps what the wrapped error says. A [`Gateway`](crate::Gateway::with_probe) takes it beside those of the adapters, and
//!   takes closures that hold state:
//!
//! ```
//! use std::error::Error;
//! use std::fmt;
//!
//! use badgateway::classify::{Finding, Probe, classify, downcast};
//! use badgateway::exchange::Exchange;
//! use badgateway::fault::{FaultKind, Phase};
//!
//! #[derive(Debug)]
//! enum PoolError {
//!     Full,
//!     Dial { cause: std::io::Error },
//! }
//! # impl fmt::Display for PoolError {
//! #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("pool") }
//! # }
//! impl Error for PoolError {} // no `source`, so nobody sees the cause
//!
//! fn pool<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
//!     Some(match downcast::<PoolError>(link)? {
//!         PoolError::Full => Finding::of(FaultKind::ConnectionLimit),
//!         PoolError::Dial { cause } => Finding::new().at(Phase::Connect).then(cause),
//!     })
//! }
//! const PROBES: &[Probe] = &[pool];
//!
//! let exchange = Exchange::default();
//! assert_eq!(classify(&PoolError::Full, PROBES, &exchange).kind(), FaultKind::ConnectionLimit);
//!
//! let late = PoolError::Dial { cause: std::io::ErrorKind::TimedOut.into() };
//! assert_eq!(classify(&late, PROBES, &exchange).kind(), FaultKind::ConnectionTimeout);
//!
//! let gateway = badgateway::Gateway::new("edge-1.example").unwrap().with_probe(pool);
//! assert_eq!(gateway.classify(&late, &exchange).kind(), FaultKind::ConnectionTimeout);
//! ```

mod behind;
mod finding;
pub(crate) mod openssl;
mod probes;
mod sizes;
mod system;
mod table;
pub(crate) mod text;
mod walk;

use std::error::Error;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::sync::Arc;

pub use self::finding::{Cause, Finding};
use self::probes::Ask;
pub(crate) use self::probes::{BuiltIn, Probes};
#[allow(unused_imports)] // without an adapter
pub(crate) use self::sizes::Sizes;
use self::walk::{Facts, Quick};
use crate::exchange::{Exchange, RequestBody};
use crate::fault::{Code, Confidence, Fault, FaultKind, Phase};

/// Knows one foreign error type, or a few. `None`: not mine.
///
/// Use [`downcast`] to look: it asks most links without a call, and opens pointers. [`Gateway::with_probe`](crate::Gateway::with_probe) takes
/// closures of this shape too.
pub type Probe = for<'a> fn(&'a (dyn Error + 'static)) -> Option<Finding<'a>>;

/// What went wrong. Total: there is an answer for every error, [`FaultKind::Unclassified`] at worst.
///
/// Costs about 470 instructions (x86-64) for a real chain of four links and three probes, and about 16 more
/// for each further probe and unknown link. A [`Gateway`](crate::Gateway) pays that once for all adapters together, and
/// only where a link is as large as one of their types. Text, where it is needed, costs one to five thousand.
///
/// ```
/// use std::io::{Error, ErrorKind};
///
/// use badgateway::classify::classify;
/// use badgateway::exchange::Exchange;
/// use badgateway::fault::{FaultKind, Phase};
///
/// let mut exchange = Exchange::default();
/// let refused = Error::other(Error::from(ErrorKind::ConnectionRefused));
/// assert_eq!(classify(&refused, &[], &exchange).kind(), FaultKind::ConnectionRefused);
///
/// exchange.phase = Some(Phase::Tls);
/// let reset = Error::from(ErrorKind::ConnectionReset);
/// assert_eq!(classify(&reset, &[], &exchange).kind(), FaultKind::TlsReset);
/// ```
#[must_use]
pub fn classify(error: &(dyn Error + 'static), probes: &[Probe], exchange: &Exchange) -> Fault {
    walk_down(error, probes, exchange)
}

#[inline(always)]
fn walk_down<P: Ask + ?Sized>(error: &(dyn Error + 'static), probes: &P, exchange: &Exchange) -> Fault {
    let (rest, links) = match walk::quick(error, probes) {
        Quick::System(errno, cause) if stands_alone(cause, exchange) => {
            let (phase, _) = phase(cause, None, None, exchange);
            return complete(table::fault(cause, phase, exchange), Some(errno), exchange);
        }
        Quick::System(..) => (error, walk::LINKS),
        Quick::More(link, links) => (link, links),
    };
    walk_on(error, rest, links, probes, exchange)
}

/// The rest of the way, out of line, so that the quick look does not pay for it.
#[inline(never)]
fn walk_on<P: Ask + ?Sized>(
    error: &(dyn Error + 'static),
    rest: &(dyn Error + 'static),
    links: usize,
    probes: &P,
    exchange: &Exchange,
) -> Fault {
    let mut facts = Facts::default();
    facts.gather(rest, links, probes);
    if facts.request_body.is_some() && facts.upload.is_none() {
        facts.read_upload(error, probes);
    }
    if let Some(fault) = named(&facts, exchange) {
        return fault;
    }
    if facts.is_in_a_decoder() {
        return Fault::new(FaultKind::BadContentCoding).with_confidence(Confidence::Text);
    }
    if facts.has_message() || is_open(&facts, exchange) {
        read_text(&mut facts, error, probes, exchange);
        if facts.request_body.is_some() && facts.upload.is_none() {
            facts.read_upload(error, probes);
        }
        if let Some(fault) = named(&facts, exchange) {
            return fault;
        }
    }
    judge(&facts, exchange)
}

/// Whether nothing else in the chain could change what such a cause means.
#[inline]
fn stands_alone(cause: Cause, exchange: &Exchange) -> bool {
    exchange.request_body != RequestBody::Failed
        && (!table::needs_phase(cause) || exchange.phase.is_some_and(|said| !may_connect_too(said)))
}

/// What needs no judgement: somebody has judged already, or the client's body failed.
#[inline]
fn named(facts: &Facts<'_>, exchange: &Exchange) -> Option<Fault> {
    if facts.fault.is_none() && facts.request_body.is_none() && exchange.request_body != RequestBody::Failed {
        return None;
    }
    Some(match (facts.fault, facts.request_body) {
        (Some(fault), _) => complete(fault, facts.errno, exchange),
        (None, Some(_)) if facts.upload.is_some() => facts.upload.unwrap_or(Fault::new(FaultKind::ClientBodyFailed)),
        (None, Some(by_text)) => {
            complete(text_if(Fault::new(FaultKind::ClientBodyFailed), by_text), facts.errno, exchange)
        }
        // What failed afterwards failed because of it, and its number is another's.
        (None, None) => Fault::new(FaultKind::ClientBodyFailed),
    })
}

#[cold]
fn read_text<'a, P: Ask + ?Sized>(
    facts: &mut Facts<'a>,
    error: &'a (dyn Error + 'static),
    probes: &P,
    exchange: &Exchange,
) {
    facts.read_message();
    if is_open(facts, exchange) {
        facts.read_names(error, probes);
    }
    if facts.cause.is_none() {
        facts.read_chunk_message();
    }
}

/// The link as a `T`, if it is one, or a `Box` or `Arc` of one, whose `source()` would skip it. As `downcast_ref`, but most
/// links that are none cost a look at their size instead of a call.
#[inline]
#[must_use]
pub fn downcast<'a, T: Error + 'static>(link: &'a (dyn Error + 'static)) -> Option<&'a T> {
    if let Some(error) = exactly(link) {
        return Some(error);
    }
    if may_be_boxed(link) { boxed(link) } else { None }
}

/// The link as a `T`, and no pointer to one.
#[inline]
pub(crate) fn exactly<'a, T: Error + 'static>(link: &'a (dyn Error + 'static)) -> Option<&'a T> {
    if may_be::<T>(link) { link.downcast_ref() } else { None }
}

#[inline(never)]
fn boxed<'a, T: Error + 'static>(link: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let boxed = link.downcast_ref::<Box<T>>().map(|boxed| &**boxed);
    boxed.or_else(|| link.downcast_ref::<Arc<T>>().map(|shared| &**shared))
}

/// Whether the link can be a `T`, by its size: what to ask first in a probe that has much to say, so that
/// it says "not mine" in a few instructions. Whoever meets pointers to it asks for `Box<T>` as well.
#[inline]
#[must_use]
pub fn may_be<T: Error + 'static>(link: &(dyn Error + 'static)) -> bool {
    size_of_val(link) == size_of::<T>()
}

/// A probe's whole answer about an error that hides its cause, as an enum of `#[error(transparent)]` does, or one without a
/// `source()`: the walk goes on with the error that the closure picks.
///
/// ```
/// use std::io::{Error, ErrorKind};
///
/// use badgateway::classify::{Probe, classify, open};
/// use badgateway::{Exchange, FaultKind};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Up {
///     #[error(transparent)]
///     Io(#[from] Error),
///     #[error(transparent)]
///     Utf8(#[from] std::str::Utf8Error),
/// }
///
/// const UP: Probe = |link| open::<Up>(link, |up| match up {
///     Up::Io(error) => error,
///     Up::Utf8(error) => error,
/// });
///
/// let error = Up::from(Error::from(ErrorKind::ConnectionRefused));
/// assert_eq!(classify(&error, &[UP], &Exchange::default()).kind(), FaultKind::ConnectionRefused);
/// ```
#[inline]
pub fn open<'a, T: Error + 'static>(
    link: &'a (dyn Error + 'static),
    inner: impl FnOnce(&'a T) -> &'a (dyn Error + 'static),
) -> Option<Finding<'a>> {
    downcast::<T>(link).map(|error| Finding::new().then(inner(error)))
}

/// Whether it can be a box or another pointer to a sized type.
#[inline]
fn may_be_boxed(link: &(dyn Error + 'static)) -> bool {
    size_of_val(link) == size_of::<Box<()>>()
}

/// Whether types and numbers leave a question that names may answer.
#[inline]
fn is_open(facts: &Facts<'_>, exchange: &Exchange) -> bool {
    match facts.cause {
        None => true,
        Some(_) if facts.names_may_tell => true,
        Some(cause) => {
            if facts.phase.is_some() || facts.likely_phase.is_some() {
                return false;
            }
            if table::implies_connecting(cause) {
                return facts.is_below_hyper();
            }
            exchange.phase.is_none_or(may_connect_too) && table::needs_phase(cause)
        }
    }
}

/// Whether a caller may mean a call that connects as well, when it says that it has come so far. Of a body it knows better.
#[inline]
const fn may_connect_too(said: Phase) -> bool {
    matches!(said, Phase::Send | Phase::Head)
}

#[inline]
fn judge(facts: &Facts<'_>, exchange: &Exchange) -> Fault {
    let fault = match facts.cause {
        // Nobody says when. Most likely it was the first that came, but the request may have been written by then.
        Some(Cause::NotTls) if facts.connected && is_phase_open(facts, exchange) => {
            text_if(Fault::new(FaultKind::TlsNotTls).at(Phase::Head), facts.by_text)
        }
        Some(cause) => {
            let likely = facts.likely_phase.or(facts.connected.then_some((Phase::Head, false)));
            let (phase, phase_by_text) = phase(cause, facts.phase, likely, exchange);
            let fault = text_if(table::fault(cause, phase, exchange), facts.by_text || phase_by_text);
            facts.code.filter(|_| fault.code().is_none()).map_or(fault, |code| fault.with_code(code))
        }
        None => {
            let likely = facts.likely_phase.map(|(phase, _)| phase);
            match facts.phase.or(exchange.phase) {
                Some(phase) => table::unknown(phase, facts.errno),
                None => Fault::new(FaultKind::Unclassified).at(likely.unwrap_or(Phase::Head)),
            }
        }
    };
    complete(fault, facts.errno, exchange)
}

/// Whether nobody says how far the exchange had got.
#[inline]
const fn is_phase_open(facts: &Facts<'_>, exchange: &Exchange) -> bool {
    facts.phase.is_none() && facts.likely_phase.is_none() && exchange.phase.is_none()
}

/// The phase to judge a cause by, and whether that rests on text.
#[inline]
fn phase(cause: Cause, proved: Option<Phase>, likely: Option<(Phase, bool)>, exchange: &Exchange) -> (Phase, bool) {
    if let Some(phase) = proved {
        return (phase, false);
    }
    let (likely, by_text) = match likely {
        Some((phase, by_text)) => (Some(phase), by_text),
        None => (None, false),
    };
    // TLS goes on after the handshake, a stream is reset in its body, and the gateway can fail at any time:
    // later than where the kind belongs, if somebody says so. Other complete faults say themselves where they belong.
    if let Cause::Fault(fault) = cause {
        let own = fault.phase();
        let may_be_later = fault.kind().phase() == Phase::Tls
            || matches!(fault.code(), Some(Code::H2(_) | Code::H3(_) | Code::Quic(_)))
            || fault.kind() == FaultKind::ProxyInternal;
        let said = match (exchange.phase, likely) {
            (_, _) if !may_be_later => None,
            // As below: who failed to connect says so.
            (Some(said), Some(phase)) if phase < Phase::Send && may_connect_too(said) => Some(phase),
            (said, likely) => said.or(likely),
        };
        return (said.map_or(own, |phase| phase.max(own)), false);
    }
    // Only connecting is refused, be it to a name server: the caller's phase may be that of a call
    // that also connects. But the kernel can deliver a late ICMP message to an open connection.
    if matches!(cause, Cause::Refused) {
        return match (exchange.phase, likely) {
            (Some(Phase::Resolve), _) => (Phase::Resolve, false),
            (_, Some(phase)) if phase == Phase::Resolve || phase.may_have_sent() => (phase, by_text),
            (_, _) => (Phase::Connect, false),
        };
    }
    match (exchange.phase, likely) {
        // Who failed to connect says so, and nobody says so later.
        (Some(said), Some(phase)) if phase < Phase::Send && may_connect_too(said) => (phase, by_text),
        (Some(phase), _) => (phase, false),
        (None, Some(phase)) => (phase, by_text && (table::needs_phase(cause) || phase != table::implied(cause))),
        (None, None) => (table::implied(cause), false),
    }
}

/// Adds what the fault lacks and the chain or the exchange knows.
#[inline]
fn complete(mut fault: Fault, errno: Option<i32>, exchange: &Exchange) -> Fault {
    if let Some(errno) = errno {
        if fault.kind() == FaultKind::LocalExhausted {
            fault = exhausted(fault, errno, exchange);
        }
        if fault.code().is_none() {
            fault = fault.with_code(Code::Errno(errno));
        }
    }
    // The exchange counts from the first byte of the head, a fault from the first byte of the part it is in.
    if let Some(received @ 1..) = exchange.received {
        // Of a field that is too large it would be the size of the field, which nobody has counted.
        let counts = fault.phase() == Phase::Head && fault.kind() != FaultKind::HeaderTooLarge;
        if counts && fault.received().is_none() {
            fault = fault.with_received(received);
        }
    }
    fault
}

/// `EADDRNOTAVAIL` for an IPv6 address: this host has none that leads there, and that does not pass by itself.
#[cold]
fn exhausted(fault: Fault, errno: i32, exchange: &Exchange) -> Fault {
    if !table::is_no_address(errno) || !is_ipv6(exchange) {
        return fault;
    }
    Fault::new(FaultKind::Unreachable).at(fault.phase()).with_confidence(fault.confidence())
}

/// Whether the next hop is an IPv6 address, with or without a port.
fn is_ipv6(exchange: &Exchange) -> bool {
    let Some(next_hop) = exchange.next_hop.as_deref() else { return false };
    next_hop.parse::<SocketAddrV6>().is_ok() || next_hop.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok()
}

const fn text_if(fault: Fault, by_text: bool) -> Fault {
    if by_text { fault.with_confidence(Confidence::Text) } else { fault }
}
