//! Decisions: respond, abort, silence; retries; health; facts taken from a request.
#![allow(clippy::unwrap_used)]

use badgateway::Exchange;
use badgateway::decide::retry::{Retry, Why, WhyNot, advise};
use badgateway::decide::{Decision, How, Profile, applied, decide, health};
use badgateway::exchange::{BodyFraming, Forwarded, RequestBody};
use badgateway::fault::{Applied, Category, Code, Fault, FaultKind};
use http::{Method, Request, StatusCode, Version};

fn exchange(method: &Method, body: RequestBody) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.method = method.clone();
    exchange.request_body = body;
    exchange
}

fn forwarded(framing: BodyFraming) -> Forwarded {
    Forwarded::Head { status: StatusCode::OK, framing }
}

#[test]
fn a_cut_is_made_visible_in_the_way_of_each_downstream() {
    let fault = Fault::new(FaultKind::BodyReset);
    let cases = [
        (Version::HTTP_11, false, BodyFraming::Length, How::CloseShort),
        (Version::HTTP_11, false, BodyFraming::Chunked, How::NoLastChunk),
        (Version::HTTP_11, false, BodyFraming::UntilClose, How::Reset),
        (Version::HTTP_10, false, BodyFraming::UntilClose, How::Reset),
        (Version::HTTP_10, false, BodyFraming::Length, How::CloseShort),
        (Version::HTTP_2, false, BodyFraming::Length, How::StreamReset(2)),
        (Version::HTTP_3, false, BodyFraming::Length, How::H3StreamReset(0x10c)),
        (Version::HTTP_2, true, BodyFraming::UntilClose, How::GrpcStatus(14)),
        (Version::HTTP_3, true, BodyFraming::UntilClose, How::GrpcStatus(14)),
    ];
    for (version, grpc, framing, how) in cases {
        let mut exchange = Exchange::default();
        exchange.version = version;
        exchange.grpc = grpc;
        exchange.forwarded = forwarded(framing);
        assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Abort(how), "{version:?} {framing:?}");
    }
    let mut exchange = Exchange::default();
    exchange.version = Version::HTTP_2;
    exchange.grpc = true;
    exchange.forwarded = forwarded(BodyFraming::Chunked);
    let late = Fault::new(FaultKind::BodyStalled);
    assert_eq!(decide(&late, &exchange, &Profile::Rfc9209), Decision::Abort(How::GrpcStatus(4)), "DEADLINE_EXCEEDED");
}

#[test]
fn an_interim_response_does_not_take_the_status_away() {
    let mut exchange = Exchange::default();
    exchange.forwarded = Forwarded::Interim;
    let fault = Fault::new(FaultKind::ClosedBeforeResponse);
    assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Respond(StatusCode::BAD_GATEWAY));
}

#[test]
fn nobody_is_answered_who_has_gone() {
    let mut gone = Exchange::default();
    gone.client_gone = true;
    gone.forwarded = forwarded(BodyFraming::Chunked);
    assert_eq!(decide(&Fault::new(FaultKind::BodyReset), &gone, &Profile::Rfc9209), Decision::Silence);
    let aborted = Fault::new(FaultKind::ClientAborted);
    assert_eq!(decide(&aborted, &Exchange::default(), &Profile::Rfc9209), Decision::Silence);
}

#[test]
fn a_custom_profile_cannot_turn_a_fault_into_a_success() {
    let exchange = Exchange::default();
    let fault = Fault::new(FaultKind::ResponseTimeout);
    let own = Profile::Custom(|_, _| StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(decide(&fault, &exchange, &own), Decision::Respond(StatusCode::SERVICE_UNAVAILABLE));
    let bad: [fn(&Fault, &Exchange) -> StatusCode; 3] =
        [|_, _| StatusCode::OK, |_, _| StatusCode::CONTINUE, |_, _| StatusCode::FOUND];
    for bad in bad {
        assert_eq!(
            decide(&fault, &exchange, &Profile::Custom(bad)),
            Decision::Respond(StatusCode::GATEWAY_TIMEOUT),
            "the RFC's status stands instead"
        );
    }
}

#[test]
fn the_clients_own_fault_keeps_its_status_in_every_profile() {
    let fault = Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(413));
    for profile in [Profile::Rfc9209, Profile::Cloudflare] {
        assert_eq!(profile.status(&fault, &Exchange::default()), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[test]
fn retries_are_advised_only_where_they_are_safe() {
    use FaultKind as K;
    let (get, post) = (Method::GET, Method::POST);
    let none = RequestBody::None;
    let cases: &[(K, &Method, RequestBody, Retry)] = &[
        (K::ConnectionRefused, &post, RequestBody::Unread, Retry::Safe(Why::NotApplied)),
        (K::DnsTimeout, &post, none, Retry::Safe(Why::NotApplied)),
        (K::TlsClosed, &post, none, Retry::Safe(Why::NotApplied)),
        (K::StreamRefused, &post, none, Retry::Safe(Why::NotApplied)),
        (K::GoawayUnprocessed, &post, none, Retry::Safe(Why::NotApplied)),
        (K::Goaway, &post, none, Retry::Never(WhyNot::NotIdempotent)),
        (K::ResetBeforeResponse, &get, none, Retry::Safe(Why::Idempotent)),
        (K::ResetBeforeResponse, &post, none, Retry::Never(WhyNot::NotIdempotent)),
        (K::ResponseTimeout, &Method::PUT, none, Retry::Safe(Why::Idempotent)),
        (K::ResponseTimeout, &Method::PUT, RequestBody::Whole, Retry::Never(WhyNot::NotReplayable)),
        (K::ConnectionRefused, &post, RequestBody::Partial, Retry::Never(WhyNot::NotReplayable)),
        (K::CertExpired, &get, none, Retry::Never(WhyNot::Pointless)),
        (K::AmbiguousFraming, &get, none, Retry::Never(WhyNot::Pointless)),
        (K::ClientBodyFailed, &get, RequestBody::Failed, Retry::Never(WhyNot::ClientFault)),
        (K::ClientAborted, &get, none, Retry::Never(WhyNot::ClientFault)),
    ];
    for (kind, method, body, advice) in cases {
        assert_eq!(advise(&Fault::new(*kind), &exchange(method, *body)), *advice, "{kind} {method} {body:?}");
    }
}

#[test]
fn facts_of_the_caller_overrule_the_kind() {
    let post = exchange(&Method::POST, RequestBody::Whole);
    let fault = Fault::new(FaultKind::SendReset);

    let mut unsent = post.clone();
    unsent.sent = Some(0);
    unsent.replayable = true;
    assert_eq!(applied(&fault, &unsent), Applied::No);
    assert_eq!(advise(&fault, &unsent), Retry::Safe(Why::NotApplied));

    let mut second = exchange(&Method::GET, RequestBody::None);
    second.attempts = 2;
    assert_eq!(advise(&fault, &second), Retry::Never(WhyNot::AlreadyRetried));

    let mut interim = exchange(&Method::GET, RequestBody::None);
    interim.forwarded = Forwarded::Interim;
    assert_eq!(advise(&fault, &interim), Retry::Never(WhyNot::Forwarded));
}

/// The invariant under everything: a request that may have been applied is not repeated unless its
/// method allows it.
#[test]
fn no_unsafe_request_is_ever_sent_twice() {
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind);
        for method in [Method::POST, Method::PATCH, Method::CONNECT, Method::from_bytes(b"LOCK").unwrap()] {
            let exchange = exchange(&method, RequestBody::None);
            if advise(&fault, &exchange).is_safe() {
                assert_eq!(fault.applied(), Applied::No, "{kind} {method}");
            }
        }
    }
}

#[test]
fn health_counts_only_what_happened_on_the_other_side() {
    for &kind in FaultKind::ALL {
        let counts = health::counts_against(&Fault::new(kind));
        if matches!(kind.category(), Category::Client | Category::Local) {
            assert!(!counts, "{kind}");
        }
    }
    for kind in [FaultKind::NoHealthyUpstream, FaultKind::CircuitOpen, FaultKind::ConnectionLimit] {
        assert!(!health::counts_against(&Fault::new(kind)), "{kind}: nothing was tried");
    }
    for kind in [FaultKind::Unreachable, FaultKind::ResponseTimeout, FaultKind::CertExpired, FaultKind::StreamRefused] {
        assert!(health::counts_against(&Fault::new(kind)), "{kind}");
    }
}

#[test]
fn an_exchange_takes_its_facts_from_the_request() {
    let request = |build: http::request::Builder| Exchange::of(&build.body(()).unwrap());

    let get = request(Request::get("/a?b=1").header("te", "gzip, Trailers").header("upgrade", "websocket"));
    assert_eq!(get.request_body, RequestBody::None);
    assert!(get.replayable && get.trailers_wanted && get.upgrade_offered && !get.grpc);
    assert_eq!(get.path.unwrap().as_str(), "/a?b=1");

    let post = request(Request::post("/").header("content-length", "5"));
    assert_eq!(post.request_body, RequestBody::Unread);
    assert!(!post.replayable);
    assert_eq!(request(Request::post("/").header("content-length", "0")).request_body, RequestBody::None);
    assert_eq!(request(Request::post("/").header("transfer-encoding", "chunked")).request_body, RequestBody::Unread);
    assert_eq!(request(Request::post("/").version(Version::HTTP_2)).request_body, RequestBody::Unread);

    for (value, grpc) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("application/grpc; x=y", true),
        ("application/grpc-web", false),
        ("application/json", false),
    ] {
        assert_eq!(request(Request::post("/").header("content-type", value)).grpc, grpc, "{value}");
    }
}

#[test]
fn a_default_exchange_is_the_careful_one() {
    let default = Exchange::default();
    assert_eq!(default.request_body, RequestBody::Unread);
    assert!(!default.replayable && default.can_respond());
    assert_eq!(applied(&Fault::new(FaultKind::Unclassified), &default), Applied::Perhaps);
}
