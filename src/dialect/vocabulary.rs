//! `Dialect`: whose words.
//!
//! A word that we say is one that we read, and what it then may mean holds what we meant.

use super::reading::Reading;
use super::words::{Row, browsers, caches, clouds, dotnet, envoy, grpc, haproxy, httpd, libraries, nginx, wasi};
use crate::fault::FaultKind;

/// A word of a dialect, and what it may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Word {
    /// The word as that software writes it.
    pub word: &'static str,
    /// What it may stand for; `None` for a word that is no fault of an upstream.
    pub reading: Option<Reading>,
    /// What it says, in our words: a clause without a full stop.
    pub meaning: &'static str,
}

use crate::setting::stable_names;

macro_rules! dialects {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $name:literal, $what:literal, $words:path;)+) => {
        /// Software that has words of its own for what goes wrong upstream.
        ///
        /// ```
        /// use badgateway::FaultKind;
        /// use badgateway::dialect::Dialect;
        ///
        /// assert_eq!(Dialect::EnvoyFlags.word(FaultKind::ConnectionTimeout), Some("UF"));
        /// assert_eq!(Dialect::HaProxy.word(FaultKind::ConnectionTimeout), Some("sC"));
        ///
        /// // `sC` has two causes; `UF` has nineteen.
        /// let reading = Dialect::HaProxy.read("sC").unwrap().reading.unwrap();
        /// assert_eq!(reading.to_string(), "connection_timeout or tls_timeout");
        /// assert!(Dialect::HaProxy.read("--").unwrap().reading.is_none());
        /// assert!(Dialect::HaProxy.read("XY").is_none());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Dialect { $($(#[$meta])* $variant,)+ }

        impl Dialect {
            /// Every dialect.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// A stable name: lower case, words joined by `_`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The software, by the name its makers give it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Where its words stand.
            #[must_use]
            pub const fn place(self) -> &'static str {
                match self { $(Self::$variant => $what,)+ }
            }

            /// The word that this software has for such a fault. `None`: it has none, most often because it does not
            /// notice.
            #[must_use]
            pub const fn word(self, kind: FaultKind) -> Option<&'static str> {
                match self { $(Self::$variant => { use $words as words; words::says(kind) })+ }
            }

            const fn rows(self) -> &'static [Row] {
                match self { $(Self::$variant => { use $words as words; words::ROWS })+ }
            }
        }

        stable_names!(Dialect, $($variant = $code),+);
    };
}

dialects! {
    /// Phrases of nginx's error.log.
    Nginx = "nginx", "nginx", "phrase in error.log", nginx;
    /// HAProxy's termination state.
    HaProxy = "haproxy", "HAProxy", "termination state, first two letters", haproxy;
    /// Envoy's response flags.
    EnvoyFlags = "envoy_flags", "Envoy", "%RESPONSE_FLAGS%", envoy::flags;
    /// Envoy's response code details.
    EnvoyDetails = "envoy_details", "Envoy", "%RESPONSE_CODE_DETAILS%, without braces", envoy::details;
    /// Apache httpd's message numbers.
    Apache = "apache", "Apache httpd", "message number in error_log", httpd;
    /// Apache Traffic Server's cache result codes.
    TrafficServer = "traffic_server", "Apache Traffic Server", "log field crc", caches::traffic_server;
    /// Squid's error names.
    Squid = "squid", "Squid", "X-Squid-Error, %err_code", caches::squid;
    /// Google Cloud's load balancers.
    GoogleCloud = "google_cloud", "Google Cloud Load Balancing", "statusDetails", clouds::google;
    /// Azure Front Door.
    AzureFrontDoor = "azure_front_door", "Azure Front Door", "ErrorInfo", clouds::front_door;
    /// Azure Application Gateway.
    AzureApplicationGateway = "azure_application_gateway", "Azure Application Gateway", "error_info", clouds::application_gateway;
    /// Amazon CloudFront.
    CloudFront = "cloudfront", "Amazon CloudFront", "x-edge-detailed-result-type", clouds::cloudfront;
    /// Cloudflare.
    Cloudflare = "cloudflare", "Cloudflare", "status code", clouds::cloudflare;
    /// gRPC.
    Grpc = "grpc", "gRPC", "status code", grpc;
    /// wasi:http.
    WasiHttp = "wasi_http", "wasi:http", "error-code", wasi;
    /// Browsers, by W3C Network Error Logging.
    NetworkErrorLogging = "network_error_logging", "W3C Network Error Logging", "type in the body of a report", browsers;
    /// .NET's HTTP client.
    DotNet = "dotnet", ".NET", "HttpRequestError, or error.type of OpenTelemetry", dotnet::client;
    /// YARP.
    Yarp = "yarp", "YARP", "ForwarderError", dotnet::yarp;
    /// Go's net/http: Caddy, Traefik.
    Go = "go", "Go net/http (Caddy, Traefik)", "end of the error's text", libraries::go;
    /// Pingora.
    Pingora = "pingora", "Pingora", "ErrorType", libraries::pingora;
    /// linkerd2-proxy.
    Linkerd = "linkerd", "linkerd2-proxy", "metrics label error", libraries::linkerd;
}

impl Dialect {
    /// What a word of this software says. `None` for a word that it does not have.
    #[must_use]
    pub fn read(self, word: &str) -> Option<Word> {
        self.words().find(|known| known.word == word)
    }

    /// All its words, those first that stand for faults.
    pub fn words(self) -> impl Iterator<Item = Word> {
        self.rows().iter().map(|row| Word { word: row.word, reading: row.reading, meaning: row.meaning })
    }
}
