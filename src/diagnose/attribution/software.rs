//! The software that error responses are known of.
//!
//! One row each, with the name its operators use and the part it plays.

use crate::setting::stable_names;

macro_rules! software {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $name:literal, $role:ident;)+) => {
        /// Software whose error responses can be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Software { $($(#[$meta])* $variant,)+ }

        impl Software {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// A stable name for logs: lower case, words joined by `_`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The name as its makers write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The part it plays.
            #[must_use]
            pub const fn role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)+ }
            }
        }

        stable_names!(Software, $($variant = $code),+);
    };
}

/// The part that software plays between a client and an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// A proxy or gateway that somebody runs by himself.
    Proxy,
    /// A cloud's load balancer.
    LoadBalancer,
    /// A CDN's edge.
    Cdn,
    /// A platform that runs applications and answers in their place.
    Platform,
    /// What applications are made of or served by: a response of it came from the end of the path.
    Application,
}

software! {
    /// nginx.
    Nginx = "nginx", "nginx", Proxy;
    /// OpenResty: nginx with Lua.
    OpenResty = "openresty", "OpenResty", Proxy;
    /// Tengine: Alibaba's nginx.
    Tengine = "tengine", "Tengine", Proxy;
    /// HAProxy.
    HaProxy = "haproxy", "HAProxy", Proxy;
    /// Apache httpd with mod_proxy.
    Apache = "apache", "Apache httpd", Proxy;
    /// Caddy.
    Caddy = "caddy", "Caddy", Proxy;
    /// Traefik.
    Traefik = "traefik", "Traefik", Proxy;
    /// Envoy.
    Envoy = "envoy", "Envoy", Proxy;
    /// Istio's Envoy.
    Istio = "istio", "Istio (Envoy)", Proxy;
    /// linkerd2-proxy.
    Linkerd = "linkerd", "Linkerd", Proxy;
    /// Varnish.
    Varnish = "varnish", "Varnish", Proxy;
    /// Squid.
    Squid = "squid", "Squid", Proxy;
    /// Apache Traffic Server.
    TrafficServer = "traffic_server", "Apache Traffic Server", Proxy;
    /// H2O.
    H2o = "h2o", "H2O", Proxy;
    /// lighttpd.
    Lighttpd = "lighttpd", "lighttpd", Proxy;
    /// Pingora.
    Pingora = "pingora", "Pingora", Proxy;
    /// Sōzu.
    Sozu = "sozu", "Sōzu", Proxy;
    /// Kong.
    Kong = "kong", "Kong", Proxy;
    /// Microsoft IIS with Application Request Routing.
    IisArr = "iis_arr", "IIS Application Request Routing", Proxy;
    /// mitmproxy.
    Mitmproxy = "mitmproxy", "mitmproxy", Proxy;
    /// Go's `httputil.ReverseProxy`.
    GoReverseProxy = "go_reverse_proxy", "Go httputil.ReverseProxy", Proxy;
    /// node-http-proxy.
    NodeHttpProxy = "node_http_proxy", "node-http-proxy", Proxy;
    /// http-proxy-middleware.
    HttpProxyMiddleware = "http_proxy_middleware", "http-proxy-middleware", Proxy;
    /// Fastify, whose `@fastify/http-proxy` answers in the framework's own shape.
    Fastify = "fastify", "Fastify", Proxy;
    /// axum-reverse-proxy.
    AxumReverseProxy = "axum_reverse_proxy", "axum-reverse-proxy", Proxy;
    /// AWS Application Load Balancer.
    AwsAlb = "aws_alb", "AWS Application Load Balancer", LoadBalancer;
    /// AWS API Gateway.
    AwsApiGateway = "aws_api_gateway", "AWS API Gateway", LoadBalancer;
    /// Google Cloud's load balancer.
    GoogleLoadBalancer = "google_load_balancer", "Google Cloud Load Balancing", LoadBalancer;
    /// Azure Application Gateway.
    AzureApplicationGateway = "azure_application_gateway", "Azure Application Gateway", LoadBalancer;
    /// Azure Front Door.
    AzureFrontDoor = "azure_front_door", "Azure Front Door", Cdn;
    /// Cloudflare.
    Cloudflare = "cloudflare", "Cloudflare", Cdn;
    /// Amazon CloudFront.
    CloudFront = "cloudfront", "Amazon CloudFront", Cdn;
    /// Fastly.
    Fastly = "fastly", "Fastly", Cdn;
    /// Akamai.
    Akamai = "akamai", "Akamai", Cdn;
    /// Imperva.
    Imperva = "imperva", "Imperva", Cdn;
    /// Vercel.
    Vercel = "vercel", "Vercel", Platform;
    /// Heroku's router.
    Heroku = "heroku", "Heroku", Platform;
    /// Railway's edge.
    Railway = "railway", "Railway", Platform;
    /// Netlify.
    Netlify = "netlify", "Netlify", Platform;
    /// Render's router.
    Render = "render", "Render", Platform;
    /// Fly.io's proxy.
    Fly = "fly", "Fly.io", Platform;
    /// Express, on Node.
    Express = "express", "Express", Application;
    /// Django.
    Django = "django", "Django", Application;
    /// Ruby on Rails.
    Rails = "rails", "Ruby on Rails", Application;
    /// Flask and Werkzeug.
    Flask = "flask", "Flask (Werkzeug)", Application;
    /// Gunicorn.
    Gunicorn = "gunicorn", "Gunicorn", Application;
    /// Spring Boot.
    SpringBoot = "spring_boot", "Spring Boot", Application;
    /// Apache Tomcat.
    Tomcat = "tomcat", "Apache Tomcat", Application;
    /// Eclipse Jetty.
    Jetty = "jetty", "Eclipse Jetty", Application;
    /// ASP.NET.
    AspNet = "asp_net", "ASP.NET", Application;
    /// PHP.
    Php = "php", "PHP", Application;
    /// Phusion Passenger.
    Passenger = "passenger", "Phusion Passenger", Application;
}
