//! Decisions: respond, abort, silence; retries; health; facts taken from a request.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

use badgateway::decide::retry::{self, NeverReason, Retry, SafeReason, advise};
use badgateway::decide::{AbortMethod, Decision, Profile, applied, decide, grpc_status, health};
use badgateway::exchange::{BodyFraming, Forwarded, RequestBody};
use badgateway::fault::{Applied, Category, Class, Code, Fault, FaultKind, Phase};
use badgateway::{Exchange, Gateway};
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

const VERSIONS: [Version; 5] = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
const FRAMINGS: [BodyFraming; 4] =
    [BodyFraming::None, BodyFraming::Length, BodyFraming::Chunked, BodyFraming::UntilClose];

fn abort(fault: &Fault, version: Version, grpc: bool, framing: BodyFraming) -> AbortMethod {
    let mut exchange = Exchange::default();
    exchange.version = version;
    exchange.grpc = grpc;
    exchange.forwarded = forwarded(framing);
    match decide(fault, &exchange, &Profile::Rfc9209) {
        Decision::Abort(how) => how,
        other => panic!("{other:?}"),
    }
}

/// One row a version: without a body, by length, chunked, until close.
#[test]
fn a_cut_is_made_visible_in_the_way_of_each_downstream() {
    use AbortMethod::{CloseShort, GrpcStatus, H3StreamReset, NoLastChunk, Reset, StreamReset};
    let (h2, h3) = (StreamReset(2), H3StreamReset(0x10c));
    let (h2_whole, h3_whole) = (StreamReset(0), H3StreamReset(0x100));
    let rows = [
        (Version::HTTP_09, false, [CloseShort, Reset, Reset, Reset]),
        (Version::HTTP_10, false, [CloseShort, CloseShort, Reset, Reset]),
        (Version::HTTP_11, false, [CloseShort, CloseShort, NoLastChunk, Reset]),
        (Version::HTTP_2, false, [h2_whole, h2, h2, h2]),
        (Version::HTTP_3, false, [h3_whole, h3, h3, h3]),
        // gRPC is a matter of HTTP/2 and HTTP/3: without trailers there is nothing to put a status in.
        (Version::HTTP_10, true, [CloseShort, CloseShort, Reset, Reset]),
        (Version::HTTP_11, true, [CloseShort, CloseShort, NoLastChunk, Reset]),
        (Version::HTTP_2, true, [h2_whole, h2, GrpcStatus(14), GrpcStatus(14)]),
        (Version::HTTP_3, true, [h3_whole, h3, GrpcStatus(14), GrpcStatus(14)]),
    ];
    let fault = Fault::new(FaultKind::BodyReset);
    for (version, grpc, expected) in rows {
        let got = FRAMINGS.map(|framing| abort(&fault, version, grpc, framing));
        assert_eq!(got, expected, "{version:?}, gRPC: {grpc}");
    }
}

/// What cannot be done is not said to be done.
#[test]
fn a_cut_that_takes_a_reset_is_unmarked_where_there_can_be_none() {
    let fault = Fault::new(FaultKind::BodyReset);
    for (version, framing) in VERSIONS.into_iter().flat_map(|v| FRAMINGS.into_iter().map(move |f| (v, f))) {
        let mut exchange = Exchange::default();
        exchange.version = version;
        exchange.forwarded = forwarded(framing);
        let able = decide(&fault, &exchange, &Profile::Rfc9209);
        exchange.can_reset = false;
        let unable = decide(&fault, &exchange, &Profile::Rfc9209);
        let resets = able == Decision::Abort(AbortMethod::Reset);
        assert_eq!(
            unable,
            if resets { Decision::Abort(AbortMethod::Unmarked) } else { able },
            "{version:?} {framing:?}"
        );
        let how = if resets { r#""decision":"abort","how":"unmarked""# } else { r#""decision":"abort""# };
        let record = Gateway::new("gw").unwrap().record(&fault, &exchange).to_string();
        assert!(record.contains(how) && !record.contains(r#""how":"reset""#), "{version:?} {framing:?}: {record}");

        exchange.forwarded = Forwarded::Nothing;
        assert!(matches!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Respond(_)));
        exchange.client_gone = true;
        assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Silence);
    }
}

/// Every version, framing and kind, with and without gRPC.
#[test]
fn no_abort_blames_the_wrong_side_or_says_that_nothing_was_processed() {
    for (version, framing, &kind) in VERSIONS
        .into_iter()
        .flat_map(|v| FRAMINGS.into_iter().flat_map(move |f| FaultKind::ALL.iter().map(move |k| (v, f, k))))
        // Nobody is there.
        .filter(|(_, _, kind)| **kind != FaultKind::ClientAborted)
    {
        // The next hop's own codes are not passed on, whatever they are.
        for code in [None, Some(Code::H2(7)), Some(Code::H2(11)), Some(Code::H3(0x10b))] {
            let fault = code.map_or(Fault::new(kind), |code| Fault::new(kind).with_code(code));
            let what = format!("{version:?} {framing:?} {fault:?}");
            let how = abort(&fault, version, false, framing);
            let whole = framing == BodyFraming::None;
            match how {
                AbortMethod::StreamReset(code) => {
                    assert_eq!(version, Version::HTTP_2, "{what}");
                    let expected = match kind {
                        _ if whole => 0,
                        FaultKind::ClientBodyFailed => 1,
                        FaultKind::ClientTimeout => 8,
                        _ => 2,
                    };
                    assert_eq!(code, expected, "{what}");
                }
                AbortMethod::H3StreamReset(code) => {
                    assert_eq!(version, Version::HTTP_3, "{what}");
                    let expected = match kind {
                        _ if whole => 0x100,
                        FaultKind::ClientBodyFailed => 0x10e,
                        _ => 0x10c,
                    };
                    assert_eq!(code, expected, "{what}");
                }
                AbortMethod::CloseShort | AbortMethod::NoLastChunk | AbortMethod::Reset => {
                    assert!(version < Version::HTTP_2, "{what}")
                }
                other => panic!("{what}: {other:?}"),
            }
            let grpc = abort(&fault, version, true, framing);
            // A body that only lacks its grpc-status is as long as it said.
            let open_ended = match framing {
                BodyFraming::Chunked | BodyFraming::UntilClose => true,
                BodyFraming::Length => kind == FaultKind::BadGrpcStatus,
                _ => false,
            };
            let in_band = version >= Version::HTTP_2 && open_ended;
            assert_eq!(grpc, if in_band { AbortMethod::GrpcStatus(grpc_status(&fault)) } else { how }, "{what}");
        }
    }
}

#[test]
fn every_kind_has_its_grpc_status() {
    let of = |kind| grpc_status(&Fault::new(kind));
    for &kind in FaultKind::ALL {
        let status = of(kind);
        assert!([1, 2, 4, 7, 8, 10, 12, 13, 14].contains(&status), "{kind}: {status}");
        // DEADLINE_EXCEEDED is for what was late and may have been applied. What was not applied may be repeated.
        if kind.category() == Category::Timeout {
            let unavailable = kind.applied() == Applied::No || kind == FaultKind::QuicIdleTimeout;
            assert_eq!(status, if unavailable { 14 } else { 4 }, "{kind}");
        }
        if kind.category() == Category::Malformed || kind.category() == Category::Protocol {
            // UNKNOWN is for answers that are no gRPC (http-grpc-status-mapping.md, statuscodes.md).
            let unknown = matches!(kind, FaultKind::Unclassified | FaultKind::NotGrpc | FaultKind::BadGrpcStatus);
            assert_eq!(status, if unknown { 2 } else { 13 }, "{kind}: repeating it would be in vain");
        }
        if kind.category() == Category::TooLarge {
            assert_eq!(status, 8, "{kind}");
        }
        if kind.status() == 503 && kind != FaultKind::EnhanceYourCalm {
            assert_eq!(status, 14, "{kind}");
        }
    }
    assert_eq!(of(FaultKind::ClientAborted), 1);
    assert_eq!(of(FaultKind::NoRoute), 12);
    assert_eq!(of(FaultKind::AddressProhibited), 7);
    assert_eq!(of(FaultKind::ProxyInternal), 13);
    assert_eq!(of(FaultKind::LoopDetected), 10);
}

/// gRPC's PROTOCOL-HTTP2.md, its proposal G2 for HTTP/3, and http-grpc-status-mapping.md.
#[test]
fn a_code_tells_more_than_the_kind() {
    let reset = |code| grpc_status(&Fault::new(FaultKind::StreamReset).with_code(code));
    let h2 = [13, 13, 13, 13, 13, 2, 13, 14, 1, 13, 13, 8, 7, 13, 2];
    for (code, status) in (0..).zip(h2) {
        assert_eq!(reset(Code::H2(code)), status, "HTTP/2 code {code}");
    }
    assert_eq!(reset(Code::H2(u32::MAX)), 2);
    for (code, status) in
        [(0xff, 2), (0x100, 13), (0x107, 8), (0x10b, 14), (0x10c, 1), (0x10e, 13), (0x110, 13), (0x111, 2)]
    {
        assert_eq!(reset(Code::H3(code)), status, "HTTP/3 code {code:#x}");
    }
    for (code, status) in
        [(400, 13), (401, 16), (403, 7), (404, 12), (413, 13), (429, 14), (431, 13), (502, 14), (503, 14), (504, 14)]
    {
        let denied = Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(code));
        assert_eq!(grpc_status(&denied), status, "HTTP status {code}");
        let page = Fault::of_class(Class::GrpcContentType).with_code(Code::Status(code));
        assert_eq!(grpc_status(&page), if code == 413 { 2 } else { status }, "a page with {code}");
    }
    // "All other codes" are UNKNOWN, and 200 is one of them.
    for code in [0, 100, 101, 200, 204, 302, 402, 405, 415, 499, 500, 501, 505, 520, 599, 999] {
        let page = Fault::of_class(Class::GrpcContentType).with_code(Code::Status(code));
        assert_eq!(grpc_status(&page), 2, "a page with {code}");
    }
    let goaway = Fault::new(FaultKind::Goaway).with_code(Code::H2(0));
    assert_eq!(grpc_status(&goaway), 14, "its code is about the connection");
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
    let own = Profile::custom(|_, _| StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(decide(&fault, &exchange, &own), Decision::Respond(StatusCode::SERVICE_UNAVAILABLE));
    let bad: [fn(&Fault, &Exchange) -> StatusCode; 3] =
        [|_, _| StatusCode::OK, |_, _| StatusCode::CONTINUE, |_, _| StatusCode::FOUND];
    for bad in bad {
        assert_eq!(
            decide(&fault, &exchange, &Profile::custom(bad)),
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

/// The status of a page that was to answer a gRPC call is the next hop's, and no answer of ours.
#[test]
fn the_status_of_what_is_no_grpc_is_never_ours() {
    for carried in [100, 200, 204, 302, 400, 401, 404, 415, 429, 499, 500, 503, 599, 999] {
        let page = Fault::of_class(Class::GrpcContentType).with_code(Code::Status(carried));
        for (profile, status) in [
            (Profile::Rfc9209, 502),
            (Profile::Cloudflare, 520),
            (Profile::Nginx, 502),
            (Profile::Envoy, 502),
            (Profile::HaProxy, 502),
        ] {
            assert_eq!(profile.status(&page, &Exchange::default()), status, "{profile:?} {carried}");
        }
        // Others can be had of a healthy server, by a path or a login.
        assert_eq!(health::counts_against(&page), (500..=599).contains(&carried), "{carried}");
    }
    assert!(!health::counts_against(&Fault::new(FaultKind::NotGrpc)));
    assert!(health::counts_against(&Fault::of_class(Class::GrpcStatusMissing)));
}

#[test]
fn retries_are_advised_only_where_they_are_safe() {
    use FaultKind as K;
    let (get, post) = (Method::GET, Method::POST);
    let none = RequestBody::None;
    let cases: &[(K, &Method, RequestBody, Retry)] = &[
        (K::ConnectionRefused, &post, RequestBody::Unread, Retry::Safe(SafeReason::NotApplied)),
        (K::DnsTimeout, &post, none, Retry::Safe(SafeReason::NotApplied)),
        (K::TlsClosed, &post, none, Retry::Safe(SafeReason::NotApplied)),
        (K::StreamRefused, &post, none, Retry::Safe(SafeReason::NotApplied)),
        (K::GoawayUnprocessed, &post, none, Retry::Safe(SafeReason::NotApplied)),
        (K::Goaway, &post, none, Retry::Never(NeverReason::NotIdempotent)),
        (K::ResetBeforeResponse, &get, none, Retry::Safe(SafeReason::Idempotent)),
        (K::ResetBeforeResponse, &post, none, Retry::Never(NeverReason::NotIdempotent)),
        (K::ResponseTimeout, &Method::PUT, none, Retry::Safe(SafeReason::Idempotent)),
        (K::ResponseTimeout, &Method::PUT, RequestBody::Whole, Retry::Never(NeverReason::NotReplayable)),
        (K::ConnectionRefused, &post, RequestBody::Partial, Retry::Never(NeverReason::NotReplayable)),
        // Nobody has read from it, as far as the caller knows; and who sends a request reads its body.
        (K::TlsClosed, &Method::PUT, RequestBody::Unread, Retry::Safe(SafeReason::NotApplied)),
        (K::SendReset, &Method::PUT, RequestBody::Unread, Retry::Never(NeverReason::NotReplayable)),
        (K::ResetBeforeResponse, &Method::PUT, RequestBody::Unread, Retry::Never(NeverReason::NotReplayable)),
        (K::ResponseTimeout, &Method::DELETE, RequestBody::Unread, Retry::Never(NeverReason::NotReplayable)),
        (K::StreamRefused, &post, RequestBody::Unread, Retry::Never(NeverReason::NotReplayable)),
        (K::Unclassified, &get, RequestBody::Unread, Retry::Never(NeverReason::NotReplayable)),
        (K::CertExpired, &get, none, Retry::Never(NeverReason::Pointless)),
        (K::AmbiguousFraming, &get, none, Retry::Never(NeverReason::Pointless)),
        (K::ClientBodyFailed, &get, RequestBody::Failed, Retry::Never(NeverReason::ClientFault)),
        (K::ClientAborted, &get, none, Retry::Never(NeverReason::ClientFault)),
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
    assert_eq!(advise(&fault, &unsent), Retry::Safe(SafeReason::NotApplied));

    let mut second = exchange(&Method::GET, RequestBody::None);
    second.attempts = 2;
    assert_eq!(advise(&fault, &second), Retry::Never(NeverReason::AlreadyRetried));

    // Whatever ended the last try, the one before may have been applied, as long as nobody says that it was not.
    second.sent = Some(0);
    assert_eq!(applied(&fault, &second), Applied::Perhaps);
    second.applied_before = Some(Applied::No);
    assert_eq!(applied(&fault, &second), Applied::No);

    let mut interim = exchange(&Method::GET, RequestBody::None);
    interim.forwarded = Forwarded::Interim;
    assert_eq!(advise(&fault, &interim), Retry::Never(NeverReason::Forwarded));
}

/// Unread is what the caller knows of, and moving a request into a client ends it.
#[test]
fn a_body_that_may_have_gone_out_is_not_at_hand() {
    let mut put = Exchange::of(&Request::put("/").header("content-length", "5").body(()).unwrap());
    let (reset, refused) = (Fault::new(FaultKind::ResetBeforeResponse), Fault::new(FaultKind::ConnectionRefused));
    assert_eq!(advise(&reset, &put), Retry::Never(NeverReason::NotReplayable));
    assert_eq!(advise(&refused, &put), Retry::Safe(SafeReason::NotApplied));

    // A refusal of the client's certificate may come when the request is out (TLS 1.3).
    let late = Fault::new(FaultKind::TlsClosed).at(Phase::Head);
    assert_eq!(advise(&late, &put), Retry::Never(NeverReason::NotReplayable));

    // What the caller knows counts for more than the phase.
    put.sent = Some(0);
    assert_eq!(advise(&reset, &put), Retry::Safe(SafeReason::NotApplied));
    put.sent = Some(1);
    assert_eq!(advise(&refused, &put), Retry::Never(NeverReason::NotReplayable));
    put.replayable = true;
    assert_eq!(advise(&reset, &put), Retry::Safe(SafeReason::Idempotent));

    let mut bare = Exchange::of(&Request::put("/").body(()).unwrap());
    assert_eq!(advise(&reset, &bare), Retry::Safe(SafeReason::Idempotent));
    bare.sent = Some(1);
    assert_eq!(advise(&reset, &bare), Retry::Safe(SafeReason::Idempotent));
}

/// Whoever has sent a final head has acted on the request, whatever broke afterwards, and whoever broke it.
#[test]
fn who_has_answered_has_applied_it() {
    for &kind in FaultKind::ALL {
        let (fault, mut exchange) = (Fault::new(kind), Exchange::default());
        exchange.forwarded = forwarded(BodyFraming::Length);
        assert_eq!(applied(&fault, &exchange), Applied::Yes, "{kind}");
        exchange.attempts = 2;
        assert_eq!(applied(&fault, &exchange), Applied::Yes, "{kind}");
        // No byte of this request: whatever was answered, it was something else.
        (exchange.attempts, exchange.sent) = (1, Some(0));
        assert_eq!(applied(&fault, &exchange), Applied::No, "{kind}");

        let mut exchange = Exchange::default();
        let own = kind != FaultKind::UnsolicitedResponse;
        // 101 is the last that HTTP says on the connection (RFC 9110 section 15.2.2).
        for last in [StatusCode::OK, StatusCode::SWITCHING_PROTOCOLS, StatusCode::BAD_GATEWAY] {
            exchange.received_status = Some(last);
            let want = if own { Applied::Yes } else { fault.applied() };
            assert_eq!(applied(&fault, &exchange), want, "{kind} behind {last}");
        }
        for interim in [StatusCode::CONTINUE, StatusCode::EARLY_HINTS] {
            (exchange.received_status, exchange.forwarded) = (Some(interim), Forwarded::Interim);
            assert_eq!(applied(&fault, &exchange), fault.applied(), "{kind}");
        }
    }
}

/// Of several tries the one that got furthest counts: in whatever order, by the kind or by what was sent.
#[test]
fn every_try_is_remembered() {
    for &first in FaultKind::ALL {
        for &second in FaultKind::ALL {
            let (first, second) = (Fault::new(first), Fault::new(second));
            let mut exchange = Exchange::default();
            retry::again(&first, &mut exchange);
            let (attempts, first_try) = (exchange.attempts, exchange.first_try);
            assert_eq!((attempts, first_try), (2, Some(first.kind())));
            let both = first.applied().max(second.applied());
            assert_eq!(applied(&second, &exchange), both, "{first}, then {second}");

            // Nothing of the second was sent: what counts is the first.
            exchange.sent = Some(0);
            assert_eq!(applied(&second, &exchange), first.applied(), "{first}, then {second}, unsent");

            // Nor of the first, so that of neither; and the third is nothing that the second was.
            let mut exchange = Exchange::default();
            exchange.sent = Some(0);
            retry::again(&first, &mut exchange);
            assert_eq!(exchange.sent, None);
            assert_eq!(applied(&second, &exchange), second.applied(), "{first}, unsent, then {second}");
            exchange.sent = Some(0);
            retry::again(&second, &mut exchange);
            exchange.sent = Some(0);
            assert_eq!(applied(&first, &exchange), Applied::No, "{first}, {second}, {first}, all unsent");
            assert_eq!((exchange.attempts, exchange.first_try), (3, Some(first.kind())));
        }
    }
}

/// Where it was cut off says the exchange, for the fault itself cannot know.
#[test]
fn a_client_that_leaves_leaves_somewhere() {
    let head = forwarded(BodyFraming::Chunked);
    for (phase, gone_out, want, acted) in [
        (None, Forwarded::Nothing, Phase::Head, Applied::Perhaps),
        (Some(Phase::Connect), Forwarded::Nothing, Phase::Connect, Applied::Perhaps),
        (Some(Phase::Send), Forwarded::Interim, Phase::Send, Applied::Perhaps),
        (None, head, Phase::Body, Applied::Yes),
        (Some(Phase::Head), head, Phase::Body, Applied::Yes),
        (Some(Phase::Body), head, Phase::Body, Applied::Yes),
        (Some(Phase::Trailers), head, Phase::Trailers, Applied::Yes),
    ] {
        let mut exchange = Exchange::default();
        (exchange.phase, exchange.forwarded) = (phase, gone_out);
        let fault = exchange.client_aborted();
        assert_eq!((fault.kind(), fault.phase()), (FaultKind::ClientAborted, want), "{phase:?} {gone_out:?}");
        assert_eq!(applied(&fault, &exchange), acted, "{phase:?} {gone_out:?}");
        assert!(exchange.client_gone);
        assert_eq!(decide(&fault, &exchange, &Profile::Rfc9209), Decision::Silence);
        assert_eq!(advise(&fault, &exchange), Retry::Never(NeverReason::ClientFault));
    }
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

/// Without proof there is no "safe": over all kinds, phases and facts. Proof is a type or a number of an error before anything
/// was sent, the caller's count of bytes, or the next hop's promise.
#[test]
fn nothing_is_safe_that_nobody_proves() {
    use FaultKind as K;
    let promises = [K::StreamRefused, K::GoawayUnprocessed, K::H3RequestRejected];
    let statuses = [None, Some(StatusCode::CONTINUE), Some(StatusCode::OK)];
    let (mut safe, mut unsafe_) = (0, 0);
    for (&kind, &phase, sent, received_status, before) in FaultKind::ALL.iter().flat_map(|kind| {
        Phase::ALL.iter().flat_map(move |phase| {
            [None, Some(0), Some(1), Some(300), Some(u64::MAX)].into_iter().flat_map(move |sent| {
                statuses.into_iter().flat_map(move |status| {
                    [None, Some(Applied::No), Some(Applied::Perhaps)].map(|before| (kind, phase, sent, status, before))
                })
            })
        })
    }) {
        let fault = Fault::new(kind).at(phase);
        let mut post = exchange(&Method::POST, RequestBody::Whole);
        (post.sent, post.received_status, post.applied_before, post.replayable) = (sent, received_status, before, true);
        // What is said of earlier tries is all there is to say of them.
        let earlier = before.unwrap_or(Applied::No) == Applied::No;
        let unsent = match sent {
            Some(0) => true,
            Some(_) => false,
            // The phase of the fault is one in which nothing is sent.
            None => {
                !phase.may_have_sent() && kind != K::ProxyInternal
                    || kind == K::UnsolicitedResponse && phase <= Phase::Head
            }
        };
        let answered = received_status == Some(StatusCode::OK) && kind != K::UnsolicitedResponse;
        let promised = promises.contains(&kind) && phase <= Phase::Head;
        let proved = earlier && (sent == Some(0) || !answered && (unsent || promised));
        let advice = advise(&fault, &post);
        if advice.is_safe() {
            safe += 1;
            assert!(proved, "{fault:?} {sent:?} {received_status:?} {before:?}: {advice}");
        } else {
            unsafe_ += 1;
        }
        if applied(&fault, &post) == Applied::No {
            assert!(proved, "{fault:?} {sent:?} {received_status:?} {before:?}");
        }
    }
    assert!(safe > 500 && unsafe_ > 5000, "{safe} {unsafe_}");
}

/// "Not applied" by the kind does not stand against bytes that were written; the next hop's own word does.
#[test]
fn bytes_that_were_written_outweigh_all_but_a_promise() {
    for &kind in FaultKind::ALL {
        let mut post = exchange(&Method::POST, RequestBody::Whole);
        (post.sent, post.replayable) = (Some(300), true);
        let fault = Fault::new(kind);
        let promise =
            matches!(kind, FaultKind::StreamRefused | FaultKind::GoawayUnprocessed | FaultKind::H3RequestRejected);
        assert_eq!(applied(&fault, &post) == Applied::No, promise, "{kind}");
        assert_eq!(advise(&fault, &post).is_safe(), promise, "{kind}");
    }
}

#[test]
fn health_asks_the_table() {
    for &kind in FaultKind::ALL {
        // Its status tells, which this one does not have.
        let counts = kind.counts_against_health() && kind != FaultKind::NotGrpc;
        assert_eq!(health::counts_against(&Fault::new(kind)), counts, "{kind}");
    }
}

/// Whatever a client can do by itself, in every kind: no word on the next hop.
#[test]
fn health_leaves_out_what_one_client_can_make_happen() {
    let head = |status| Forwarded::Head { status, framing: BodyFraming::UntilClose };
    let nothing = Forwarded::Nothing;
    let response = head(StatusCode::OK);
    for &kind in FaultKind::ALL {
        let fault = Fault::new(kind);
        let is_an_end = matches!(fault.category(), Category::Reset | Category::PrematureEof);
        let is_a_timer = fault.category() == Category::Timeout;
        for (body, forwarded, is_left_out) in [
            (RequestBody::Whole, nothing, false),
            (RequestBody::None, nothing, false),
            // It may have been answered early.
            (RequestBody::Partial, nothing, is_an_end),
            (RequestBody::Failed, nothing, is_an_end),
            // The response may be waiting for the rest of the request.
            (RequestBody::Partial, response, is_an_end || is_a_timer),
            (RequestBody::Failed, response, is_an_end || is_a_timer),
            // Who reads slowly has all the time gone.
            (RequestBody::Whole, response, kind == FaultKind::DeadlineExceeded),
            // Both speak, and neither in HTTP.
            (RequestBody::None, head(StatusCode::SWITCHING_PROTOCOLS), true),
        ] {
            let mut exchange = exchange(&Method::POST, body);
            exchange.forwarded = forwarded;
            let due = health::counts_against(&fault) && !is_left_out;
            assert_eq!(health::counts(&fault, &exchange), due, "{kind} {body:?} {forwarded:?}");
            exchange.client_gone = true;
            assert!(!health::counts(&fault, &exchange), "{kind}");
        }
    }
}

#[test]
fn an_exchange_takes_its_facts_from_the_request() {
    let request = |build: http::request::Builder| Exchange::of(&build.body(()).unwrap());

    let get = request(Request::get("/a?b=1").header("te", "gzip, Trailers"));
    assert_eq!(get.request_body, RequestBody::None);
    assert!(get.replayable && get.trailers_wanted && !get.grpc);
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
        ("application/grpc ;x=y", true),
        ("application/grpc\t; x=y", true),
        ("application/grpc ", true),
        ("application/grpc\t", true),
        ("Application/GRPC", true),
        ("application/grpc x", false),
        ("application/grpcx", false),
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
