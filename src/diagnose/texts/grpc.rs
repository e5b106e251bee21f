//! Texts for answers to gRPC calls that are not gRPC, or do not say how the call ended.
//!
//! A proxy on the way that knows nothing of gRPC makes most of them: it answers with a page, or drops the trailers.

use super::super::when::When;
use super::commands::*;
use super::{Text, settings};
use crate::fault::Class;

pub(super) const NOT_GRPC: Text = Text {
    summary: "{hop} answered a gRPC call with something that is not gRPC.",
    causes: &[
        (
            When::Status(&[502, 503]),
            "A proxy or load balancer on the way answered with a page of its own, because the gRPC server behind it is down, is starting, or closed the connection.",
        ),
        (
            When::Status(&[504]),
            "A proxy or load balancer on the way gave the call up with a page of its own: its timeout is shorter than the call, often than a stream that says nothing for a while.",
        ),
        (
            When::Status(&[404]),
            "Nothing on the way knows the path. A gRPC path is /package.Service/Method: a route is missing, or a prefix is added or taken away.",
        ),
        (
            When::Status(&[401, 403]),
            "Something on the way wants a login or forbids the call, and says so in HTTP: an access proxy, a firewall for web applications, a rule for addresses.",
        ),
        (
            When::Status(&[405, 415]),
            "A web server or a REST API is on this port, which takes no POST there, or no application/grpc.",
        ),
        (When::Status(&[429]), "A rate limit on the way struck, and says so in HTTP."),
        (
            When::Status(&[400, 431]),
            "A proxy on the way finds the request malformed or its header section too large: much metadata, a large token.",
        ),
        (
            When::Status(&[200]),
            "A web application answered: it gives its start page, or a page for logging in, for every path that it does not know.",
        ),
        (
            When::Class(&[Class::GrpcHttpStatus]),
            "The answer is marked as gRPC and its HTTP status is not 200: a page of a proxy was given the content type of gRPC, and no grpc-status.",
        ),
        (
            When::Class(&[Class::GrpcContentType]),
            "It speaks gRPC-Web, Connect or gRPC in JSON, each of which has a content type of its own: it needs a translator, or the server its gRPC port.",
        ),
        (When::Always, "The port or the route leads to another server than the one that speaks gRPC."),
    ],
    steps: &[GRPC_HEALTH, ALPN, UNIT_STATUS, UNIT_LOG, DOCKER_LOGS, K8S_ENDPOINTS],
    settings: &[settings::GRPC],
    avoid: &[(
        When::Always,
        "Do not pass the page on: a gRPC client cannot read it, and makes an error of its own from its status.",
    )],
};

pub(super) const BAD_GRPC_STATUS: Text = Text {
    summary: "{hop} ended its answer to a gRPC call without saying how the call ended.",
    causes: &[
        (
            When::Class(&[Class::GrpcStatusMissing]),
            "Something on the way drops the trailers, where grpc-status stands: a hop that speaks HTTP/1, a filter that knows only heads and bodies.",
        ),
        (
            When::Class(&[Class::GrpcStatusMissing]),
            "The server's handler failed after its first message, or returned without a status, and the server ended the stream in good order.",
        ),
        (
            When::Class(&[Class::GrpcStatusMissing]),
            "Something on the way cut the body and ended it in good order: messages may be missing.",
        ),
        (
            When::Class(&[Class::GrpcStatusInvalid]),
            "grpc-status holds a word, an HTTP status or a number of the application's own. gRPC has the numbers 0 to 16, and codes of one's own belong into the details.",
        ),
        (
            When::Class(&[Class::GrpcStatusRepeated]),
            "Two layers each say how the call ended: a proxy or an interceptor adds a grpc-status to the server's, and the two may disagree.",
        ),
    ],
    steps: &[GRPC_HEALTH, ALPN, UNIT_LOG, DOCKER_LOGS],
    settings: &[settings::GRPC],
    avoid: &[(
        When::Always,
        "Do not take the call for a success because messages came: without grpc-status nobody knows whether they are all.",
    )],
};
