//! How far an exchange had got when it failed.
//!
//! The order of the variants is the order of the work.

use super::category::coded_enum;

coded_enum! {
    /// How far the exchange had got.
    ///
    /// The words are those of nginx's log ("while connecting to upstream") and of HAProxy's second
    /// termination letter. The order is the order of the work, so phases can be compared.
    ///
    /// ```
    /// use badgateway::fault::Phase;
    /// assert!(Phase::Connect < Phase::Head);
    /// assert_eq!(Phase::Tls.as_str(), "tls");
    /// ```
    #[non_exhaustive]
    pub enum Phase {
        /// Choosing the next hop: routing, health, limits. Nothing has been contacted.
        Select = "select",
        /// Turning the next hop's name into addresses.
        Resolve = "resolve",
        /// Opening the transport connection.
        Connect = "connect",
        /// The TLS (or QUIC) handshake.
        Tls = "tls",
        /// Writing the request.
        Send = "send",
        /// Waiting for, or reading, the response's status line and fields (interim ones included).
        Head = "head",
        /// Reading the response's content.
        Body = "body",
        /// Reading the trailer section.
        Trailers = "trailers",
    }
}

impl Phase {
    /// What the gateway was doing, for an operator: completes "while …".
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Select => "choosing the next hop",
            Self::Resolve => "resolving the next hop's name",
            Self::Connect => "connecting to the next hop",
            Self::Tls => "in the TLS handshake with the next hop",
            Self::Send => "sending the request to the next hop",
            Self::Head => "reading the response head from the next hop",
            Self::Body => "reading the response body from the next hop",
            Self::Trailers => "reading the trailers from the next hop",
        }
    }

    /// Whether some of the request may have been written by then.
    #[must_use]
    pub const fn may_have_sent(self) -> bool {
        match self {
            Self::Select | Self::Resolve | Self::Connect | Self::Tls => false,
            Self::Send | Self::Head | Self::Body | Self::Trailers => true,
        }
    }
}
