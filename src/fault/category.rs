//! The small closed answers a row of the table gives: category, applied, blame, who reports it.
//!
//! Each enum answers one question, in words people use.

/// Defines a fieldless enum whose variants carry their stable code.
macro_rules! coded_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, for logs and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        $crate::setting::stable_names!($name, $($variant = $code),+);

    };
}

pub(super) use coded_enum;

coded_enum! {
    /// The kind of trouble in the words people use, for dashboards and for a `match` that must stay
    /// exhaustive: this list is closed, while [`FaultKind`](super::FaultKind) grows.
    #[allow(clippy::exhaustive_enums)] // closed on purpose: see above
    pub enum Category {
        /// The next hop said no to a connection.
        Refused = "refused",
        /// There is no way to the next hop, or none is fit to be used.
        Unreachable = "unreachable",
        /// The connection was torn down.
        Reset = "reset",
        /// The connection was closed, in good order, before the message was whole.
        PrematureEof = "premature_eof",
        /// The response breaks the grammar or the framing rules of HTTP.
        Malformed = "malformed",
        /// The response passes a limit of the gateway.
        TooLarge = "too_large",
        /// Something did not happen in time.
        Timeout = "timeout",
        /// The TLS handshake or the certificate failed.
        Tls = "tls",
        /// The name could not be resolved.
        Dns = "dns",
        /// The next hop speaks another protocol, or broke the rules of this one.
        Protocol = "protocol",
        /// A limit on connections, streams or load was reached.
        Limit = "limit",
        /// The gateway itself: its resources, routes, policy or bugs.
        Local = "local",
        /// The client: it left, or its request body failed.
        Client = "client",
    }
}

coded_enum! {
    /// Whether the next hop could have acted on the request: the fact under every retry decision
    /// (RFC 9110 section 9.2.2).
    #[allow(clippy::exhaustive_enums)] // the three answers to one question
    pub enum Applied {
        /// Provably not: any request may be sent again.
        No = "no",
        /// Nobody can tell: only idempotent requests may be sent again.
        Perhaps = "perhaps",
        /// It answered, so it did, as far as anybody can know.
        Yes = "yes",
    }
}

coded_enum! {
    /// Where the repair has to happen.
    #[non_exhaustive]
    pub enum Blame {
        /// The server that was contacted, or its operator.
        NextHop = "next_hop",
        /// What lies between: links, firewalls, resolvers.
        Network = "network",
        /// The client.
        Client = "client",
        /// The gateway's own process or host.
        Proxy = "proxy",
        /// The gateway's settings: a wrong name, port, scheme, trust root or route.
        Configuration = "configuration",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

coded_enum! {
    /// Why an endpoint is none any more: waiting does not mend it, and asking it again is useless or worse.
    #[non_exhaustive]
    pub enum Prune {
        /// Its name does not exist any more, or has no address: the resolver was asked, and said so (RFC 1035 section 4.1.1).
        NameGone = "name_gone",
        /// What answers at the address shows a certificate for another name: most often the address has gone to somebody else
        /// (RFC 9525 section 6).
        Stranger = "stranger",
        /// Its certificate was revoked: whoever answers there may have stolen the key (RFC 5280 section 5).
        Revoked = "revoked",
        /// The gateway's policy forbids the address, which an honest resolver does not give (RFC 9209 section 2.3.5).
        Prohibited = "prohibited",
    }
}

coded_enum! {
    /// Who can find a fault out.
    #[non_exhaustive]
    pub enum ReportedBy {
        /// This crate, from an error value, bytes or a timer.
        Library = "library",
        /// Only the caller: no error value says it, so the caller makes the [`Fault`](super::Fault) itself.
        Caller = "caller",
    }
}
