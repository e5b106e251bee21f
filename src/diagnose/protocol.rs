//! `Protocol`: what the gateway speaks to the next hop, by the scheme of its URL. It decides which commands can work.

/// How an exchange with the next hop goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    /// HTTP/2 with a content of its own.
    Grpc,
    /// PHP-FPM, most often.
    FastCgi,
    Uwsgi,
    Scgi,
    /// Tomcat's.
    Ajp,
}

/// Schemes of nginx (`proxy_pass`, `fastcgi_pass`, ...), Apache (`ProxyPass`) and Traefik, and whether they are TLS.
const SCHEMES: &[(&str, Protocol, Option<bool>)] = &[
    ("http://", Protocol::Http, Some(false)),
    ("https://", Protocol::Http, Some(true)),
    ("h2c://", Protocol::Http, Some(false)),
    ("h2://", Protocol::Http, Some(true)),
    ("ws://", Protocol::Http, Some(false)),
    ("wss://", Protocol::Http, Some(true)),
    ("grpc://", Protocol::Grpc, Some(false)),
    ("grpcs://", Protocol::Grpc, Some(true)),
    ("fastcgi://", Protocol::FastCgi, None),
    ("fcgi://", Protocol::FastCgi, None),
    ("uwsgi://", Protocol::Uwsgi, None),
    ("suwsgi://", Protocol::Uwsgi, None),
    ("scgi://", Protocol::Scgi, None),
    ("ajp://", Protocol::Ajp, None),
];

impl Protocol {
    /// The protocol of a URL, whether it is TLS, and what follows the scheme.
    pub(super) fn split(url: &str) -> (Option<Self>, Option<bool>, &str) {
        let known =
            SCHEMES.iter().find_map(|(scheme, protocol, tls)| Some((*protocol, *tls, url.strip_prefix(scheme)?)));
        known.map_or((None, None, url), |(protocol, tls, rest)| (Some(protocol), tls, rest))
    }
}
