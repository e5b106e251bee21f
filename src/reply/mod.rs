//! What the client is told: a complete, correct response, and the line for the log.
//!
//! Everything interpolated is escaped for its format and bounded, and no more is told
//! than [`Disclosure`] allows.
//!
//! - [`Gateway::answer`](crate::Gateway::answer) makes the response, in the format that the client
//!   accepts: problem details (RFC 9457), JSON, an HTML page, plain text, Markdown; to a gRPC call, in gRPC's own.
//! - [`Gateway::record`](crate::Gateway::record) makes the [`Record`], one JSON object for the log.
//! - [`reason`] has the reason phrases of 520 to 526 and 530, which no registry has.

mod disclosure;
mod facts;
mod grpc;
mod head;
mod labels;
mod markdown;
mod member;
mod name;
mod negotiate;
mod page;
pub(crate) mod passed_on;
mod problem;
mod proxy_status;
mod reason;
mod record;
mod report;
mod response;
#[cfg(feature = "serde1")]
mod serde;
mod sf;
mod text;
mod words;

use http::StatusCode;

use crate::diagnose::Context;
use crate::exchange::Exchange;
use crate::fault::{Evidence, Fault};
use crate::sink;

pub use self::disclosure::Disclosure;
pub use self::labels::Labels;
pub use self::member::{EvidenceTexts, Fields, Names, ProxyStatus, Value};
pub use self::name::InvalidName;
pub(crate) use self::name::Name;
pub use self::page::{InvalidString, Page, Strings, TemplateError};
pub use self::passed_on::Mark;
pub use self::reason::reason;
pub use self::record::Record;
pub use self::report::{Report, Tolerated};

/// The most bytes of a next hop's name in a body.
const MAX_NEXT_HOP: usize = 256;
/// The most bytes of the caller's reference in a body.
const MAX_REFERENCE: usize = 128;

/// One answer to be rendered: everything a format may draw on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) name: &'a Name,
    pub(crate) disclosure: Disclosure,
    pub(crate) fault: &'a Fault,
    pub(crate) exchange: &'a Exchange,
    pub(crate) status: StatusCode,
    pub(crate) page: &'a Page,
    /// What supports the fault, and what is known of the next hop besides: for a page that may tell it.
    pub(crate) evidence: Option<&'a Evidence>,
    pub(crate) context: Option<&'a Context<'a>>,
}
