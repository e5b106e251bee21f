//! The marks that software leaves on a response.
//!
//! One row a mark, and each says whether it is set on responses that its software *made*, or on all
//! that *passed* through it. Where two rows of one weight match, the earlier stands: the special before the general.
//!
//! Rows were held against the answers of twenty proxies to 51 misbehaviours of their upstream; those of vendors that
//! run nowhere but at home are from their documentation, and weigh less where that shows no example.

use super::Seen;
use super::software::Software;
use super::{
    Confidence,
    Confidence::{Certain, Guess, Likely},
};

/// What a mark says of its software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It made this response.
    Made(Confidence),
    /// It had it in hands; who made it is another question.
    Passed,
}

/// One condition. Names are lower case; values and texts are compared without regard to ASCII case.
#[derive(Clone, Copy, Debug)]
enum Test {
    /// A field is there.
    Has(&'static str),
    /// A field is not there.
    Lacks(&'static str),
    /// A line of the field begins so.
    Starts(&'static str, &'static str),
    /// A line of the field holds it.
    Holds(&'static str, &'static str),
    /// The reason phrase.
    Reason(&'static str),
    /// The body begins so.
    Body(&'static str),
    /// The body holds it somewhere in what was seen.
    Text(&'static str),
    /// The body is one of these and nothing else.
    Whole(&'static [&'static str]),
    /// There is no body.
    Empty,
}
use Test::{Body, Empty, Has, Holds, Lacks, Reason, Starts, Text, Whole};

/// One row.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) software: Software,
    pub(super) weight: Weight,
    tests: &'static [Test],
    pub(super) evidence: &'static str,
}

impl Mark {
    pub(super) fn is_on(&self, seen: &Seen<'_>) -> bool {
        self.tests.iter().all(|test| test.holds(seen))
    }
}

impl Test {
    fn holds(self, seen: &Seen<'_>) -> bool {
        let lines = |name: &str| seen.headers.get_all(name).iter().map(http::HeaderValue::as_bytes);
        match self {
            Has(name) => seen.headers.contains_key(name),
            Lacks(name) => !seen.headers.contains_key(name),
            Starts(name, text) => lines(name).any(|line| starts(line, text)),
            Holds(name, text) => lines(name).any(|line| holds(line, text)),
            Reason(text) => seen.reason.is_some_and(|reason| reason.eq_ignore_ascii_case(text.as_bytes())),
            Body(text) => starts(seen.body, text),
            Text(text) => holds(seen.body, text),
            Whole(texts) => texts.iter().any(|text| seen.body == text.as_bytes()),
            Empty => seen.body.is_empty(),
        }
    }
}

fn starts(bytes: &[u8], text: &str) -> bool {
    bytes.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text.as_bytes()))
}

/// A text of some bytes in a body of some kilobytes, once per error: the first byte sorts most places out.
fn holds(bytes: &[u8], text: &str) -> bool {
    let Some((first, _)) = text.as_bytes().split_first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&b| b == lower || b == upper) {
        rest = rest.get(at..).unwrap_or(&[]);
        if starts(rest, text) {
            return true;
        }
        rest = rest.get(1..).unwrap_or(&[]);
    }
    false
}

macro_rules! marks {
    ($($software:ident $weight:expr, [$($test:expr),+ $(,)?], $evidence:literal;)+) => {
        &[$(Mark { software: Software::$software, weight: $weight, tests: &[$($test),+], evidence: $evidence }),+]
    };
}

const fn made(confidence: Confidence) -> Weight {
    Weight::Made(confidence)
}
const PASSED: Weight = Weight::Passed;

/// The head of Apache's and Squid's own pages.
const HTML_401_STRICT: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n<title>";
/// The same before Apache 2.4.58.
const HTML_2: &str = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>";
/// Every body that h2o's proxy answers with (lib/core/proxy.c, lib/common/http1client.c), as far as they are fixed.
const H2O_BODIES: &[&str] = &[
    "connection failed",
    "connection refused",
    "connection timeout",
    "first byte timeout",
    "I/O timeout",
    "I/O error",
    "I/O error (head)",
    "I/O error (body)",
    "socket closed by peer",
    "failed to parse the response",
    "ssl handshake failure",
    "refused stream",
    "invalid content-length",
    "received unexpected 101 response",
    "line folding of header fields is not supported",
    "unexpected type of transfer-encoding",
    "malformed HTTP frame",
    "flow control error",
];

pub(super) const MARKS: &[Mark] = marks! {
    // ---- a field that a vendor sets on responses of its own alone -------------------------------
    Cloudflare made(Certain), [Has("cf-error-type")], "cf-error-type, which Cloudflare sets on its own error pages alone";
    Squid made(Certain), [Has("x-squid-error")], "X-Squid-Error, which Squid sets on its own error pages alone";
    CloudFront made(Certain), [Starts("x-cache", "Error from cloudfront"), Text("cloudfront")], "CloudFront's own error page";
    Linkerd made(Certain), [Has("l5d-proxy-error")], "l5d-proxy-error, which Linkerd sets on its own errors";
    Envoy made(Certain), [Has("x-envoy-overloaded")], "x-envoy-overloaded, which Envoy sets where it shed the request itself";
    Vercel made(Certain), [Has("x-vercel-error")], "x-vercel-error, which Vercel sets on its own errors";
    Railway made(Certain), [Has("x-railway-fallback")], "x-railway-fallback, which Railway sets where its edge answers itself";
    Render made(Certain), [Has("x-render-routing")], "x-render-routing, which Render sets where its router answers itself";
    AwsApiGateway made(Likely), [Has("x-amzn-errortype"), Has("x-amz-apigw-id")], "x-amzn-ErrorType beside API Gateway's request id";

    // ---- pages, with the fields that go with them: the special before the general ------------------
    AwsAlb made(Certain), [Starts("server", "awselb/"), Text("<center><h1>5")], "the load balancer's page under its own Server";
    AzureApplicationGateway made(Certain), [Text("Microsoft-Azure-Application-Gateway/")], "Application Gateway's page";
    OpenResty made(Certain), [Text("<hr><center>openresty")], "OpenResty's page, with its name under the line";
    OpenResty made(Certain), [Starts("server", "openresty"), Text("<center><h1>")], "OpenResty's page under its own Server";
    Tengine made(Certain), [Text("<hr><center>tengine")], "Tengine's page, with its name under the line";
    Tengine made(Certain), [Starts("server", "tengine"), Text("<center><h1>")], "Tengine's page under its own Server";
    Nginx made(Certain), [Text("<hr><center>nginx")], "nginx's page, with its name under the line";
    Nginx made(Certain), [Starts("server", "nginx"), Text("<body>\r\n<center><h1>")], "nginx's page under its own Server";
    HaProxy made(Certain), [Text("</h1>\nNo server is available to handle this request.\n")], "HAProxy's page for 503";
    HaProxy made(Certain), [Text("</h1>\nThe server returned an invalid or incomplete response.\n")], "HAProxy's page for 502";
    HaProxy made(Certain), [Text("</h1>\nThe server didn't respond in time.\n")], "HAProxy's page for 504";
    HaProxy made(Certain), [Text("</h1>\nAn internal server error occurred.\n")], "HAProxy's page for 500";
    Apache made(Certain), [Text("The proxy server received an invalid\r\nresponse from an upstream server")], "Apache's page for 502";
    Apache made(Certain), [Text("The proxy server could not handle the request")], "Apache's page for a proxied request";
    Apache made(Certain), [Reason("Proxy Error"), Starts("server", "Apache")], "the phrase \"Proxy Error\", which is mod_proxy's, under Apache's Server";
    Apache made(Likely), [Starts("server", "Apache"), Body(HTML_401_STRICT)], "a page in Apache's form under its own Server";
    Apache made(Likely), [Starts("server", "Apache"), Body(HTML_2)], "a page in Apache's form under its own Server";
    Istio made(Certain), [Starts("server", "istio-envoy"), Body("upstream connect error or disconnect/reset before headers")], "Envoy's text under Istio's Server";
    Istio made(Certain), [Starts("server", "istio-envoy"), Whole(&["no healthy upstream", "upstream request timeout"])], "Envoy's text under Istio's Server";
    GoogleLoadBalancer made(Likely), [Holds("via", "1.1 google"), Body("upstream connect error or disconnect/reset before headers")], "Envoy's text through Google's Via";
    GoogleLoadBalancer made(Likely), [Holds("via", "1.1 google"), Whole(&["no healthy upstream", "upstream request timeout"])], "Envoy's text through Google's Via";
    GoogleLoadBalancer made(Likely), [Text("<h2>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.</h2>")], "Google's page for 502";
    Envoy made(Certain), [Body("upstream connect error or disconnect/reset before headers")], "Envoy's text for a reset";
    Envoy made(Certain), [Starts("server", "envoy"), Whole(&["no healthy upstream", "upstream request timeout"])], "Envoy's text under its own Server";
    Envoy made(Likely), [Whole(&["no healthy upstream", "upstream request timeout"])], "Envoy's text; its Server was overwritten";
    Fastly made(Certain), [Text("Guru Mediation"), Text("cache-")], "Fastly's page, with the name of a cache";
    Fastly made(Likely), [Has("x-served-by"), Has("x-timer"), Text("<p>Error 54113</p>")], "Fastly's page, with its error number";
    Varnish made(Certain), [Text("Guru Meditation"), Text("XID:")], "Varnish's page";
    Varnish made(Certain), [Starts("server", "Varnish"), Has("x-varnish")], "Varnish as Server, which it is of its own pages alone";
    Squid made(Certain), [Text("The requested URL could not be retrieved"), Text("(squid")], "Squid's page";
    TrafficServer made(Certain), [Starts("server", "ATS/"), Body("<HTML>\n<HEAD>\n<TITLE>"), Text("<BODY BGCOLOR=\"white\" FGCOLOR=\"black\">")], "Traffic Server's page under its own Server";
    H2o made(Certain), [Starts("server", "h2o/"), Reason("Gateway Error")], "the phrase \"Gateway Error\" under H2O's Server";
    H2o made(Certain), [Starts("server", "h2o/"), Whole(H2O_BODIES)], "H2O's text under its own Server";
    Lighttpd made(Certain), [Starts("server", "lighttpd/"), Body("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n")], "lighttpd's page under its own Server";
    Sozu made(Certain), [Body("<html><head><meta charset='utf-8'><head><body>\r\n<style>pre{background:#EEE")], "Sōzu's page";
    Mitmproxy made(Certain), [Starts("server", "mitmproxy"), Body("<html>\n<head>\n    <title>")], "mitmproxy's page under its own Server";
    // The same pages as a browser shows them, and as they are copied from there.
    HaProxy made(Likely), [Text("No server is available to handle this request.")], "the text of HAProxy's page for 503";
    HaProxy made(Likely), [Text("The server returned an invalid or incomplete response.")], "the text of HAProxy's page for 502";
    HaProxy made(Likely), [Text("The server didn't respond in time.")], "the text of HAProxy's page for 504";
    Nginx made(Likely), [Body("502 Bad Gateway\nnginx")], "the text of nginx's page, with its name under the line";
    Nginx made(Likely), [Body("503 Service Temporarily Unavailable\nnginx")], "the text of nginx's page, with its name under the line";
    Nginx made(Likely), [Body("504 Gateway Time-out\nnginx")], "the text of nginx's page, with its name under the line";
    Kong made(Certain), [Text("\"message\":\"An invalid response was received from the upstream server\"")], "Kong's message for 502";
    Kong made(Certain), [Text("\"message\":\"The upstream server is timing out\"")], "Kong's message for 504";
    IisArr made(Certain), [Text("Web server received an invalid response while acting as a gateway or proxy server.")], "the page of IIS for 502";
    Cloudflare made(Certain), [Has("cf-ray"), Text("\"cloudflare_error\":true")], "Cloudflare's error as JSON";
    Cloudflare made(Likely), [Has("cf-ray"), Starts("server", "cloudflare"), Text("cf-error-details")], "Cloudflare's page";
    Cloudflare made(Certain), [Has("cf-ray"), Starts("server", "cloudflare"), Body("error code: ")], "Cloudflare's short body";
    Cloudflare made(Likely), [Text("Ray ID: "), Text("cf-error-details")], "Cloudflare's page";
    Cloudflare made(Likely), [Body("Error 5"), Text("Ray ID: ")], "the text of Cloudflare's page, with its number and ray";
    CloudFront made(Certain), [Text("Generated by cloudfront (CloudFront)")], "CloudFront's page, with its signature";
    AwsApiGateway made(Likely), [Has("x-amzn-requestid"), Text("\"Endpoint request timed out\"}")], "API Gateway's message for an integration that took too long";
    AwsApiGateway made(Likely), [Has("x-amz-apigw-id"), Whole(&["{\"message\":\"Internal server error\"}", "{\"message\": \"Internal server error\"}"])], "API Gateway's message for an integration that failed";
    Vercel made(Likely), [Text("Code: "), Text("FUNCTION_"), Text("ID: "), Text("::")], "Vercel's page, with its code and id";
    Vercel made(Likely), [Text("Code: "), Text("ROUTER_EXTERNAL_TARGET_"), Text("ID: "), Text("::")], "Vercel's page, with its code and id";
    Vercel made(Likely), [Text("Code: "), Text("DNS_HOSTNAME_"), Text("ID: "), Text("::")], "Vercel's page, with its code and id";
    Railway made(Likely), [Body("{\"status\":\"error\",\"code\":502,\"message\":\"Application failed to respond\"")], "Railway's error as JSON";
    Netlify made(Likely), [Has("x-nf-request-id"), Text("error decoding lambda response")], "Netlify's text for a function's answer";
    Fly made(Guess), [Starts("server", "Fly/"), Has("fly-request-id"), Empty], "an empty answer under Fly's Server";
    IisArr made(Certain), [Text("HTTP Error 502."), Text("Bad Gateway")], "the page of IIS for 502, with its sub-status";
    AzureFrontDoor made(Likely), [Has("x-azure-ref"), Text("Our services aren't available right now")], "Front Door's page";
    Akamai made(Likely), [Starts("server", "AkamaiGHost"), Text("Reference&#32;&#35;")], "Akamai's page, with its reference";
    Akamai made(Likely), [Text("errors.edgesuite.net")], "Akamai's page, with its address for references";
    Imperva made(Certain), [Text("Incapsula incident ID")], "Imperva's page, with its incident number";
    Heroku made(Certain), [Text("herokucdn.com/error-pages/")], "Heroku's page";
    HttpProxyMiddleware made(Likely), [Body("Error occurred while trying to proxy: ")], "http-proxy-middleware's text";
    NodeHttpProxy made(Likely), [Whole(&["Something went wrong. And we are reporting a custom error message."])], "the text of node-http-proxy's example";
    Fastify made(Certain), [Body("{\"statusCode\":5"), Text("\"code\":\"FST_")], "Fastify's error, with a code of its own";
    Fastify made(Likely), [Body("{\"statusCode\":5"), Text("\"error\":\""), Text("\"message\":\"")], "an error in Fastify's shape";

    // ---- an empty or bare answer: what is not there tells as well ---------------------------------
    Pingora made(Certain), [Starts("server", "Pingora"), Holds("cache-control", "private, no-store"), Empty], "Pingora's empty answer under its own Server";
    Caddy made(Likely), [Starts("server", "Caddy"), Empty, Lacks("content-type"), Lacks("via")], "an empty answer under Caddy's Server";
    Traefik made(Guess), [Lacks("server"), Holds("content-type", "text/plain; charset=utf-8"), Whole(&["Bad Gateway", "Gateway Timeout", "Internal Server Error", "Client Closed Request", "no available server\n"])], "a bare phrase typed as text, as Traefik answers";
    AxumReverseProxy made(Guess), [Lacks("server"), Lacks("content-type"), Whole(&["Bad Gateway", "Gateway Timeout"])], "a bare phrase without a type, as axum-reverse-proxy answers";
    GoReverseProxy made(Guess), [Lacks("server"), Lacks("content-type"), Lacks("cache-control"), Holds("content-length", "0"), Reason("Bad Gateway"), Empty], "a bare status with nothing else, as Go's ReverseProxy answers";

    // ---- what applications are made of --------------------------------------------------------------
    SpringBoot made(Certain), [Text("Whitelabel Error Page")], "Spring Boot's page";
    SpringBoot made(Likely), [Body("{\"timestamp\":"), Text("\"status\":5"), Text("\"path\":")], "an error in Spring Boot's shape";
    Tomcat made(Certain), [Text("<h3>Apache Tomcat/")], "Tomcat's page";
    Tomcat made(Likely), [Text("<h1>HTTP Status 5")], "a page in Tomcat's form";
    Jetty made(Certain), [Text("Powered by Jetty://")], "Jetty's page";
    Django made(Certain), [Text("<h1>Server Error (500)</h1>")], "Django's page";
    Passenger made(Certain), [Text("Phusion Passenger")], "Passenger's page";
    Rails made(Certain), [Text("We're sorry, but something went wrong")], "the page of a Rails application";
    Flask made(Likely), [Text("Either the server is overloaded or there is an error in the application.")], "Werkzeug's page";
    Gunicorn made(Likely), [Text("<h1><p>Internal Server Error</p></h1>")], "Gunicorn's page";
    AspNet made(Certain), [Text("Server Error in '")], "ASP.NET's page";
    Php made(Likely), [Text("<b>Fatal error</b>:")], "PHP's message in the page";
    Express made(Likely), [Starts("x-powered-by", "Express")], "X-Powered-By: Express, which Express sets on all its responses";

    // ---- who had it in hands --------------------------------------------------------------------------
    Nginx PASSED, [Starts("server", "nginx")], "Server";
    OpenResty PASSED, [Starts("server", "openresty")], "Server";
    Tengine PASSED, [Starts("server", "tengine")], "Server";
    Apache PASSED, [Starts("server", "Apache")], "Server";
    Caddy PASSED, [Starts("server", "Caddy")], "Server";
    Caddy PASSED, [Holds("via", "Caddy")], "Via";
    Envoy PASSED, [Starts("server", "envoy")], "Server";
    Envoy PASSED, [Has("x-envoy-upstream-service-time")], "a field that Envoy sets when its upstream answered";
    Istio PASSED, [Starts("server", "istio-envoy")], "Server";
    Varnish PASSED, [Holds("via", "varnish")], "Via";
    Varnish PASSED, [Has("x-varnish")], "X-Varnish";
    Squid PASSED, [Holds("via", "(squid")], "Via";
    TrafficServer PASSED, [Starts("server", "ATS/")], "Server";
    TrafficServer PASSED, [Holds("via", "ApacheTrafficServer")], "Via";
    H2o PASSED, [Starts("server", "h2o/")], "Server";
    Lighttpd PASSED, [Starts("server", "lighttpd/")], "Server";
    Kong PASSED, [Has("x-kong-upstream-latency")], "a field that Kong sets when its upstream answered";
    AwsAlb PASSED, [Starts("server", "awselb/")], "Server";
    GoogleLoadBalancer PASSED, [Holds("via", "1.1 google")], "Via";
    AzureFrontDoor PASSED, [Has("x-azure-ref")], "X-Azure-Ref";
    Cloudflare PASSED, [Has("cf-ray")], "CF-RAY";
    CloudFront PASSED, [Has("x-amz-cf-id")], "X-Amz-Cf-Id";
    Fastly PASSED, [Has("x-served-by"), Has("x-timer")], "X-Served-By and X-Timer";
    Vercel PASSED, [Has("x-vercel-id")], "X-Vercel-Id";
    Heroku PASSED, [Holds("via", "vegur")], "Via";
    Heroku PASSED, [Holds("via", "heroku-router")], "Via";
    Railway PASSED, [Has("x-railway-edge")], "X-Railway-Edge";
    Netlify PASSED, [Has("x-nf-request-id")], "X-NF-Request-ID";
    Render PASSED, [Has("rndr-id")], "Rndr-Id";
    Fly PASSED, [Has("fly-request-id")], "Fly-Request-Id";
};
