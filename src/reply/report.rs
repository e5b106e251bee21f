//! `Report`: what a gateway's log is told.

use std::fmt;

use crate::exchange::Exchange;
use crate::fault::{Fault, FaultKind};
use crate::h1::{self, Deviations};
use crate::tap::Observation;

use super::member::{Each, Json, Listen, Names, Value, key};
use super::record::{self, Record};
use super::sink::{Formatting, Sink};

/// What the [log of a gateway](crate::Gateway::with_log) is told: the record of a fault, or what was put up with in an
/// exchange that went well. Its `Display` is one JSON object without a line end.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Report<'a> {
    /// An exchange had a fault. There is exactly one such report for each.
    Fault(Record<'a>),
    /// An exchange went well, and yet an operator should know of it.
    Tolerated(Tolerated<'a>),
}

impl<'a> Report<'a> {
    /// The fault, if there was one.
    #[must_use]
    pub const fn fault(&self) -> Option<&'a Fault> {
        match self {
            Self::Fault(record) => Some(record.fault()),
            Self::Tolerated(_) => None,
        }
    }

    /// The facts of the exchange.
    #[must_use]
    pub const fn exchange(&self) -> &'a Exchange {
        match self {
            Self::Fault(record) => record.exchange(),
            Self::Tolerated(tolerated) => tolerated.exchange,
        }
    }

    /// Tells each key and its value, in the order of the line: those of a [`Record`], or of [`Tolerated`].
    ///
    /// ```
    /// use badgateway::Gateway;
    /// use badgateway::reply::Value;
    ///
    /// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| {
    ///     report.visit(|key, value| match value {
    ///         Value::Word(word) => println!("{key} {word}"),
    ///         Value::Text(text) => println!("{key} {text:?}"),
    ///         Value::Number(number) => println!("{key} {number}"),
    ///         _ => {}
    ///     });
    /// });
    /// # drop(gateway);
    /// ```
    pub fn visit(&self, each: impl FnMut(&'static str, Value<'a>)) {
        match self {
            Self::Fault(record) => record.visit(each),
            Self::Tolerated(tolerated) => tolerated.tell(&mut Each(each)),
        }
    }

    /// Appends the line to a buffer, without a line end. The same bytes as `Display`, at half of its price.
    pub fn append_to(&self, line: &mut Vec<u8>) {
        match self {
            Self::Fault(record) => record.append_to(line),
            Self::Tolerated(tolerated) => tolerated.write(line),
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(record) => record.fmt(f),
            Self::Tolerated(tolerated) => {
                let mut out = Formatting::new(f);
                tolerated.write(&mut out);
                out.finish()
            }
        }
    }
}

/// What was put up with in an exchange that went well: the client has its answer, so that there is no fault; the operator
/// has a next hop that needs a repair.
///
/// The keys: `fault` (always `null`), `deviations` (what the parser [tolerated](crate::h1::Deviations), `leftover` for bytes
/// behind the response, which answer nothing, and `forbidden_trailers` for trailers that were left out),
/// `forwarded_status`, `next_hop`, `method`, `path`; `attempts` and `first_try` where the request was sent once more.
#[derive(Clone, Copy, Debug)]
pub struct Tolerated<'a> {
    exchange: &'a Exchange,
    deviations: Deviations,
    leftover: bool,
    trailers: bool,
}

impl<'a> Tolerated<'a> {
    /// By what a tap saw.
    pub(crate) fn seen(exchange: &'a Exchange, seen: Option<&Observation>) -> Self {
        Self {
            exchange,
            deviations: seen.map(Observation::deviations).unwrap_or_default(),
            leftover: seen.is_some_and(|seen| seen.leftover() > 0),
            trailers: seen.is_some_and(Observation::forbidden_trailers),
        }
    }

    /// By what the parser says that read the response.
    pub(crate) const fn parsed(exchange: &'a Exchange, end: &h1::End) -> Self {
        Self { exchange, deviations: end.deviations, leftover: end.leftover > 0, trailers: end.forbidden_trailers }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.names().next().is_none() && self.exchange.first_try.is_none()
    }

    /// What ended the first try, if there was another.
    #[must_use]
    pub const fn first_try(&self) -> Option<FaultKind> {
        self.exchange.first_try
    }

    /// The stable names of what was put up with.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<'a> {
        let more = [(self.leftover, "leftover"), (self.trailers, "forbidden_trailers")];
        let more = more.into_iter().filter_map(|(there, name)| there.then_some(name));
        self.deviations.iter().map(|deviation| deviation.as_str()).chain(more)
    }

    fn write(&self, out: &mut impl Sink) {
        self.tell(&mut Json(out));
        out.put("}");
    }

    /// The one place that knows what such a report holds.
    #[inline(always)]
    fn tell(&self, each: &mut impl Listen<'a>) {
        each.null(key!(first "fault"));
        each.other(key!("deviations"), Value::Names(Names(*self)));
        record::tell_forwarded(each, self.exchange);
        record::tell_request(each, self.exchange);
        record::tell_attempts(each, self.exchange);
    }
}
