//! Reason phrases, those included that no registry has.
//!
//! Never empty for a status that this crate answers with.

use http::StatusCode;

/// The reason phrase of a status.
///
/// The registered one where there is one. 520 to 526 and 530 are Cloudflare's and 499 is nginx's: their
/// own wording, because people search for it. For the rest of 4xx and 5xx the class is named; for
/// anything else the phrase is empty, which RFC 9112 section 4 allows.
///
/// ```
/// use badgateway::reply::reason;
/// use http::StatusCode;
/// assert_eq!(reason(StatusCode::BAD_GATEWAY), "Bad Gateway");
/// assert_eq!(reason(StatusCode::from_u16(522).unwrap()), "Connection Timed Out");
/// ```
#[must_use]
pub fn reason(status: StatusCode) -> &'static str {
    if let Some(registered) = status.canonical_reason() {
        return registered;
    }
    match status.as_u16() {
        499 => "Client Closed Request",
        520 => "Web Server Returned an Unknown Error",
        521 => "Web Server Is Down",
        522 => "Connection Timed Out",
        523 => "Origin Is Unreachable",
        524 => "A Timeout Occurred",
        525 => "SSL Handshake Failed",
        526 => "Invalid SSL Certificate",
        530 => "Origin DNS Error",
        400..=499 => "Client Error",
        500..=599 => "Server Error",
        _ => "",
    }
}
