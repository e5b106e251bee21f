//! `ErrorCode`: the `error-code` of wasi:http with its payload, both ways.
//!
//! Source: WebAssembly/WASI, `proposals/http/wit/types.wit`, variant `error-code`. The names of the cases are those of
//! [`Dialect::WasiHttp`].

use core::fmt;
use std::borrow::Cow;

use super::{Dialect, Reading};
use crate::fault::names::{alert_name, rcode_name};
use crate::fault::{Code, Fault, FaultKind};

/// The payload of a case. What a field holds is optional, because the case says enough.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// The case has none.
    None,
    /// `DNS-error-payload`.
    Dns {
        /// The name of the response code, as `SERVFAIL`.
        rcode: Option<Cow<'a, str>>,
        /// The info code of an extended DNS error (RFC 8914).
        info_code: Option<u16>,
    },
    /// `TLS-alert-received-payload`.
    TlsAlert {
        /// The number of the alert (RFC 8446 section 6).
        alert_id: Option<u8>,
        /// Its name.
        alert_message: Option<Cow<'a, str>>,
    },
    /// `field-size-payload`. `HTTP-request-header-size` may come without one, which is the same as one without both.
    FieldSize {
        /// The name of the field.
        field_name: Option<Cow<'a, str>>,
        /// Its size in bytes.
        field_size: Option<u32>,
    },
    /// The size of a section in bytes: `option<u32>`.
    SectionSize(Option<u32>),
    /// The size of a body in bytes: `option<u64>`.
    BodySize(Option<u64>),
    /// A coding, or what an `internal-error` says: `option<string>`.
    Text(Option<Cow<'a, str>>),
}

/// An `error-code` of wasi:http, for hosts and guests in Rust: their bindings are made anew in each of them, so that a
/// conversion between those and this is theirs to write, a `match` of one line a case.
///
/// ```
/// use badgateway::dialect::{ErrorCode, Payload};
/// use badgateway::fault::{Code, Fault, FaultKind};
///
/// let fault = Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(112));
/// let error = ErrorCode::of(&fault);
/// assert_eq!(error.case(), "TLS-alert-received");
/// assert_eq!(
///     *error.payload(),
///     Payload::TlsAlert { alert_id: Some(112), alert_message: Some("unrecognized_name".into()) },
/// );
/// assert_eq!(error.fault(), Some(fault));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode<'a> {
    case: &'static str,
    payload: Payload<'a>,
}

impl<'a> ErrorCode<'a> {
    /// A case as it came, by its name in `types.wit`. `None` for a name that is no case, or another's payload.
    #[must_use]
    pub fn new(case: &str, payload: Payload<'a>) -> Option<Self> {
        let case = Dialect::WasiHttp.read(case)?.word;
        let fits = core::mem::discriminant(&empty(case)) == core::mem::discriminant(&payload);
        fits.then_some(Self { case, payload })
    }

    /// The case for a fault, with what the fault knows in its payload. An `internal-error` has the code of the kind as its
    /// text, so that [`fault`](Self::fault) finds it again; a text of a peer's is in none of them.
    #[must_use]
    pub fn of(fault: &Fault) -> Self {
        let case = Dialect::WasiHttp.word(fault.kind()).unwrap_or("internal-error");
        let received = fault.received();
        let small = received.map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
        let payload = match (empty(case), fault.code()) {
            (Payload::Dns { .. }, Some(Code::DnsRcode(rcode))) => {
                Payload::Dns { rcode: rcode_name(rcode).map(Cow::Borrowed), info_code: None }
            }
            (Payload::Dns { .. }, _) if fault.kind() == FaultKind::DnsNotFound => {
                Payload::Dns { rcode: rcode_name(NXDOMAIN).map(Cow::Borrowed), info_code: None }
            }
            (Payload::TlsAlert { .. }, Some(Code::TlsAlert(alert))) => {
                Payload::TlsAlert { alert_id: Some(alert), alert_message: alert_name(alert).map(Cow::Borrowed) }
            }
            (Payload::FieldSize { .. }, _) => Payload::FieldSize { field_name: None, field_size: small },
            (Payload::SectionSize(_), _) => Payload::SectionSize(small),
            (Payload::BodySize(_), _) => Payload::BodySize(received),
            (Payload::Text(_), _) if case == "internal-error" => {
                Payload::Text(Some(Cow::Borrowed(fault.kind().as_str())))
            }
            (empty, _) => empty,
        };
        ErrorCode { case, payload }
    }

    /// The name of the case.
    #[must_use]
    pub const fn case(&self) -> &'static str {
        self.case
    }

    /// What it carries.
    #[must_use]
    pub const fn payload(&self) -> &Payload<'a> {
        &self.payload
    }

    /// The kinds that it may stand for, the likeliest first, as far as the case tells. `None` for a fault of the request, which
    /// is none of an upstream's.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        Dialect::WasiHttp.read(self.case)?.reading
    }

    /// The likeliest fault, by case and payload. `None` as [`reading`](Self::reading).
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let reading = self.reading()?;
        let fault = Fault::new(reading.kind());
        Some(match &self.payload {
            Payload::Dns { rcode: Some(name), .. } => match rcode(name) {
                Some(NXDOMAIN) => Fault::new(FaultKind::DnsNotFound).with_code(Code::DnsRcode(NXDOMAIN)),
                Some(rcode) => Fault::new(FaultKind::DnsFailure).with_code(Code::DnsRcode(rcode)),
                // Whatever it is, a name that does not exist has another word.
                None => Fault::new(FaultKind::DnsFailure),
            },
            Payload::TlsAlert { alert_id: Some(alert), .. } => fault.with_code(Code::TlsAlert(*alert)),
            Payload::FieldSize { field_size: Some(bytes), .. } | Payload::SectionSize(Some(bytes)) => {
                fault.with_received(u64::from(*bytes))
            }
            Payload::BodySize(Some(bytes)) => fault.with_received(*bytes),
            Payload::Text(Some(text)) => match text.parse::<FaultKind>() {
                Ok(kind) if reading.may_be(kind) => Fault::new(kind),
                Ok(_) | Err(_) => fault,
            },
            Payload::None
            | Payload::Dns { rcode: None, .. }
            | Payload::TlsAlert { alert_id: None, .. }
            | Payload::FieldSize { field_size: None, .. }
            | Payload::SectionSize(None)
            | Payload::BodySize(None)
            | Payload::Text(None) => fault,
        })
    }
}

/// The case alone: a payload may be anybody's text.
impl fmt::Display for ErrorCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.case)
    }
}

const NXDOMAIN: u16 = 3;

/// The response code of that name, in whatever case: the proposal does not say.
fn rcode(name: &str) -> Option<u16> {
    // RFC 6895 section 2.3: those that are named here are below 24.
    (0..24).find(|rcode| rcode_name(*rcode).is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// The payload of a case, with nothing in it.
fn empty(case: &str) -> Payload<'static> {
    match case {
        "DNS-error" => Payload::Dns { rcode: None, info_code: None },
        "TLS-alert-received" => Payload::TlsAlert { alert_id: None, alert_message: None },
        "HTTP-request-header-size"
        | "HTTP-request-trailer-size"
        | "HTTP-response-header-size"
        | "HTTP-response-trailer-size" => Payload::FieldSize { field_name: None, field_size: None },
        "HTTP-request-header-section-size"
        | "HTTP-request-trailer-section-size"
        | "HTTP-response-header-section-size"
        | "HTTP-response-trailer-section-size" => Payload::SectionSize(None),
        "HTTP-request-body-size" | "HTTP-response-body-size" => Payload::BodySize(None),
        "HTTP-response-transfer-coding" | "HTTP-response-content-coding" | "internal-error" => Payload::Text(None),
        _ => Payload::None,
    }
}
