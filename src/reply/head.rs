//! The fields of a response.
//!
//! One list in one order, whoever takes it, so that the map and the wire cannot differ.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, Version};

use crate::exchange::RequestBody;

use super::Reply;
use super::negotiate::Format;

/// Takes the fields of a response, one after the other.
pub(crate) trait Head {
    fn proxy_status(&mut self);
    fn fixed(&mut self, field: Fixed);
    /// The policy of the page.
    fn policy(&mut self);
    fn retry_after(&mut self, seconds: u64);
    /// The length of the body.
    fn content_length(&mut self);
    /// A field whose value is made on the spot, of printable ASCII. The name is in lower case.
    fn made(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>));
}

impl Reply<'_> {
    /// The list. What carries the meaning comes first.
    #[inline]
    pub(crate) fn write_head(&self, head: &mut impl Head, format: Format) {
        if format == Format::Grpc {
            return self.write_grpc_head(head);
        }
        head.proxy_status();
        // Errors are not cacheable by heuristics, but 501 and what a cache's own settings say are
        // (RFC 9111 section 4.2.2).
        head.fixed(Fixed::CacheControl);
        head.fixed(Fixed::Vary);
        head.fixed(Fixed::NoSniff);
        if let Some(seconds) = self.retry_after() {
            head.retry_after(seconds);
        }
        if self.closes() {
            head.fixed(Fixed::Connection);
        }
        match format {
            Format::Problem => head.fixed(Fixed::Problem),
            Format::Json => head.fixed(Fixed::Json),
            Format::Html => {
                head.policy();
                head.fixed(Fixed::Html);
            }
            Format::Text => head.fixed(Fixed::Text),
            Format::Markdown => head.fixed(Fixed::Markdown),
            // Its list is another one.
            Format::Grpc => {}
        }
        head.content_length();
    }

    /// Whether there is none of those that come now and then, whatever the format.
    pub(crate) fn has_usual_fields(&self) -> bool {
        self.retry_after().is_none() && !self.closes()
    }

    /// How many fields there are: six always, three now and then.
    pub(crate) fn fields(&self, format: Format) -> usize {
        let rare = [self.retry_after().is_some(), self.closes(), format == Format::Html];
        rare.into_iter().fold(6, |sum, there| sum.saturating_add(usize::from(there)))
    }

    /// `Retry-After` (RFC 9110 section 10.2.3) in seconds, rounded up: sooner would be in vain.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        let wait = self.retry_delay()?;
        Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)))
    }

    /// What the caller knows, unless the advice is not to try again: Cloudflare sends the field with 500, 502, 504
    /// and 520 to 524, and not with 525 and 526. No source gives a time for a fault of which nothing is known.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        let wait = self.exchange.retry_after?;
        let means_it = self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS;
        if means_it && self.fault.kind().is_transient() { Some(wait) } else { None }
    }

    /// An HTTP/1 connection with an unread request body in it must not be reused: read the rest or
    /// close (RFC 9112 section 9.3). Later versions have no such field (RFC 9113 section 8.2.2).
    fn closes(&self) -> bool {
        let unread = match self.exchange.request_body {
            RequestBody::Unread | RequestBody::Partial | RequestBody::Failed => true,
            RequestBody::None | RequestBody::Whole => false,
        };
        unread && self.exchange.version < Version::HTTP_2
    }
}

macro_rules! fixed {
    ($($variant:ident $name:literal: $value:literal;)+) => {
        /// A field whose value never varies. Names are in lower case, which HTTP/1 takes and HTTP/2
        /// wants (RFC 9113 section 8.2).
        #[derive(Clone, Copy)]
        pub(crate) enum Fixed { $($variant,)+ }

        impl Fixed {
            /// As a line that ends the one before it.
            #[inline]
            pub(crate) const fn line(self) -> &'static str {
                match self { $(Self::$variant => concat!("\r\n", $name, ": ", $value),)+ }
            }

            /// As a field of a map, checked when this was compiled.
            #[inline]
            pub(crate) const fn field(self) -> (HeaderName, HeaderValue) {
                match self {
                    $(Self::$variant => const { (HeaderName::from_static($name), HeaderValue::from_static($value)) },)+
                }
            }
        }
    };
}

fixed! {
    CacheControl "cache-control": "no-store";
    Vary "vary": "accept";
    NoSniff "x-content-type-options": "nosniff";
    Connection "connection": "close";
    Problem "content-type": "application/problem+json";
    Json "content-type": "application/json";
    Html "content-type": "text/html; charset=utf-8";
    Text "content-type": "text/plain; charset=utf-8";
    // RFC 7763 section 2: the parameter is required.
    Markdown "content-type": "text/markdown; charset=utf-8";
}
