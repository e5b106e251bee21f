//! What a visitor is told: fixed, plain sentences without blame.
//!
//! What happened is told by the RFC 9209 error type alone, so that it says no more than
//! the token beside it, or less: nobody knows what an unclassified fault was. Whoever called by gRPC knows that already, and
//! is told of gRPC. Only the advice looks at the fault and the request. No sentence has a
//! character that any format would have to escape.

use crate::fault::{Applied, ErrorType, FaultKind};

use super::Reply;

/// Where the way from the client to the service is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between the client and the gateway.
    ClientLink,
    /// In the gateway.
    Gateway,
    /// Between the gateway and the service.
    Link,
    /// In the service.
    Service,
}

impl Place {
    /// The way from the client to the service, with a cross where it is broken.
    pub(crate) const fn drawing(self) -> &'static str {
        match self {
            Self::ClientLink => "you --X-- gateway ----- service",
            Self::Gateway => "you ----- [gateway X] ----- service",
            Self::Link => "you ----- gateway --X-- service",
            Self::Service => "you ----- gateway ----- [service X]",
        }
    }
}

/// The words for one error type.
pub(crate) struct Words {
    /// A headline.
    pub(crate) title: &'static str,
    /// One sentence more.
    pub(crate) detail: &'static str,
    pub(crate) place: Place,
    /// Where the type is defined, for the `type` of problem details (RFC 9457 section 3.1.1).
    pub(crate) uri: &'static str,
}

macro_rules! words {
    ($($variant:ident $section:literal $place:ident $title:literal, $detail:literal;)+) => {
        pub(crate) const fn words(error_type: Option<ErrorType>) -> &'static Words {
            match error_type {
                None => &Words {
                    title: "The request was cancelled",
                    detail: "The connection was closed before there was an answer.",
                    place: Place::ClientLink,
                    uri: "about:blank",
                },
                $(Some(ErrorType::$variant) => &Words {
                    title: $title,
                    detail: $detail,
                    place: Place::$place,
                    uri: concat!("https://www.rfc-editor.org/rfc/rfc9209#section-", $section),
                },)+
            }
        }
    };
}

words! {
    DnsTimeout "2.3.1" Link "The service could not be found", "Looking up the address of the service took too long.";
    DnsError "2.3.2" Link "The service could not be found", "The address of the service could not be looked up.";
    DestinationNotFound "2.3.3" Gateway "No service for this address", "The gateway does not know which service should answer this request.";
    DestinationUnavailable "2.3.4" Service "The service is not available", "The gateway has stopped sending requests to the service for now.";
    DestinationIpProhibited "2.3.5" Gateway "The service is out of bounds", "The gateway is not allowed to connect to the service.";
    DestinationIpUnroutable "2.3.6" Link "The service could not be reached", "The network has no route to the service.";
    ConnectionRefused "2.3.7" Link "The service could not be reached", "The service did not accept the connection.";
    ConnectionTerminated "2.3.8" Service "The service did not answer", "The connection to the service ended before it answered.";
    ConnectionTimeout "2.3.9" Link "The service could not be reached", "Connecting to the service took too long.";
    ConnectionReadTimeout "2.3.10" Service "The service did not answer in time", "The service stopped sending before its answer was complete.";
    ConnectionWriteTimeout "2.3.11" Service "The service did not answer in time", "The service did not take the request in time.";
    ConnectionLimitReached "2.3.12" Gateway "Too many connections", "All connections to the service are in use.";
    TlsProtocolError "2.3.13" Link "No secure connection to the service", "The handshake between the gateway and the service failed.";
    TlsCertificateError "2.3.14" Link "No secure connection to the service", "The identity of the service could not be confirmed.";
    TlsAlertReceived "2.3.15" Link "No secure connection to the service", "The service broke off the handshake with an alert.";
    HttpRequestError "2.3.16" ClientLink "The request was not complete", "The connection to you broke off or stalled before the whole request had arrived.";
    HttpRequestDenied "2.3.17" Gateway "The request is not allowed", "A rule of the gateway forbids this request.";
    HttpResponseIncomplete "2.3.18" Service "The answer was not complete", "The service stopped sending in the middle of its answer.";
    HttpResponseHeaderSectionSize "2.3.19" Service "The answer was too large", "The head of the answer is larger than the gateway allows.";
    HttpResponseHeaderSize "2.3.20" Service "The answer was too large", "A header of the answer is larger than the gateway allows.";
    HttpResponseBodySize "2.3.21" Service "The answer was too large", "The content of the answer is larger than the gateway allows.";
    HttpResponseTrailerSectionSize "2.3.22" Service "The answer was too large", "The end of the answer is larger than the gateway allows.";
    HttpResponseTrailerSize "2.3.23" Service "The answer was too large", "A trailer of the answer is larger than the gateway allows.";
    HttpResponseTransferCoding "2.3.24" Service "The answer could not be read", "The service sent an answer that cannot be decoded.";
    HttpResponseContentCoding "2.3.25" Service "The answer could not be read", "The service sent content that cannot be decoded.";
    HttpResponseTimeout "2.3.26" Service "The service took too long", "The gateway stopped waiting for an answer.";
    HttpUpgradeFailed "2.3.27" Service "The service could not be used", "The service does not speak the version of HTTP that this request needs.";
    HttpProtocolError "2.3.28" Service "The answer could not be read", "The service sent an answer that is not valid HTTP.";
    ProxyInternalResponse "2.3.29" Gateway "The gateway answered by itself", "The request was not sent to the service.";
    ProxyInternalError "2.3.30" Gateway "The gateway has a problem", "The gateway could not handle the request.";
    ProxyConfigurationError "2.3.31" Gateway "The gateway has a problem", "The gateway is not set up correctly.";
    ProxyLoopDetected "2.3.32" Gateway "The request is looping", "The request came back to a gateway that had already sent it on.";
}

/// The token of an unclassified fault is that of an answer which is not valid HTTP, for want of another. That there was
/// any answer is more than is known.
const UNCLASSIFIED: Words = Words {
    title: "The service could not be used",
    detail: "The gateway got no answer that it could pass on.",
    ..*words(Some(ErrorType::HttpProtocolError))
};

/// The token of what is no answer to a gRPC call is the same one, though as HTTP it was valid.
const NO_GRPC: Words = Words {
    detail: "The service sent an answer that is not valid gRPC.",
    ..*words(Some(ErrorType::HttpProtocolError))
};

/// What the client can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// The fault may pass, and a second request does no harm.
    TryAgain,
    /// The fault may pass, but the request may have been acted on.
    CheckFirst,
    /// Somebody has to repair something.
    Wait,
}

impl Advice {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::TryAgain => "You can try again in a moment.",
            Self::CheckFirst => {
                "It is not certain whether the request took effect: please check before you send it again."
            }
            Self::Wait => "Trying again will probably not help until this has been repaired.",
        }
    }
}

impl Reply<'_> {
    pub(crate) const fn words(&self) -> &'static Words {
        if matches!(self.fault.kind(), FaultKind::Unclassified) {
            return &UNCLASSIFIED;
        }
        if matches!(self.fault.kind(), FaultKind::NotGrpc | FaultKind::BadGrpcStatus) {
            return &NO_GRPC;
        }
        words(self.fault.error_type())
    }

    /// RFC 9110 section 15.6 asks to say whether a fault is temporary.
    pub(crate) fn advice(&self) -> Advice {
        if !self.fault.kind().is_transient() {
            Advice::Wait
        } else if crate::decide::applied(self.fault, self.exchange) == Applied::No || self.exchange.is_idempotent() {
            Advice::TryAgain
        } else {
            Advice::CheckFirst
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::{Class, Phase};

    use super::*;

    #[test]
    fn no_word_needs_an_escape_and_every_uri_is_the_types_own() {
        let all = ErrorType::ALL.iter().copied().map(Some).chain([None]).map(|error| (error, words(error)));
        let special = [&UNCLASSIFIED, &NO_GRPC].map(|words| (Some(ErrorType::HttpProtocolError), words));
        for (error_type, words) in all.chain(special) {
            for text in [words.title, words.detail, words.uri] {
                assert!(
                    text.bytes()
                        .all(|b| matches!(b, b' '..=b'~') && !b"\"'\\<>&`*_[]#~%".contains(&b) || text == words.uri),
                    "{text}"
                );
            }
            assert!(words.detail.ends_with('.') && !words.title.ends_with('.'));
            // The detail is news.
            let detail: Vec<&str> = words.detail.trim_end_matches('.').split(' ').collect();
            assert!(words.title.split(' ').any(|word| word.len() > 3 && !detail.contains(&word)), "{}", words.detail);
            if let Some(error_type) = error_type {
                assert!(words.uri.ends_with(&format!("#section-{}", error_type.section())));
            }
        }
        let codes = FaultKind::ALL.iter().map(|k| k.as_str()).chain(Class::ALL.iter().map(|c| c.as_str()));
        let codes = codes.chain(Phase::ALL.iter().map(|p| p.as_str())).chain(ErrorType::ALL.iter().map(|e| e.as_str()));
        for code in codes {
            assert!(code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.')), "{code}");
        }
        for advice in [Advice::TryAgain, Advice::CheckFirst, Advice::Wait] {
            assert!(advice.sentence().bytes().all(|b| !b"\"'\\<>&`*_[]#~%".contains(&b)));
        }
    }
}
