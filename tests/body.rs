//! The guarded body, polled by hand: no runtime, no clock.
#![cfg(feature = "http_body1")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use badgateway::body::{AbortHandle, End, Guard, Guarded, Ledger, hold_first};
use badgateway::deadline::{Never, Timer};
use badgateway::fault::{Class, Fault, FaultKind, Phase};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};

// ---- the tools -------------------------------------------------------------------------------------

#[derive(Clone, Debug)]
enum Inner {
    Wait,
    Data(&'static str),
    Trailers(&'static [&'static str]),
    Fail,
    End,
}
use Inner::{Data, Fail, Trailers, Wait};

/// Plays a script, counts its polls, and never fuses itself.
struct Script {
    steps: VecDeque<Inner>,
    polls: Rc<Cell<usize>>,
    hint: SizeHint,
    /// `is_end_stream` once the script is played.
    knows_its_end: bool,
}

#[derive(Debug)]
struct Foreign;
impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("foreign")
    }
}
impl Error for Foreign {}

impl Body for Script {
    type Data = Bytes;
    type Error = Foreign;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Foreign>>> {
        self.polls.set(self.polls.get() + 1);
        match self.steps.pop_front().unwrap_or(Inner::End) {
            Wait => Poll::Pending,
            Data(text) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))),
            Trailers(names) => {
                let mut map = HeaderMap::new();
                for name in names {
                    map.append(*name, HeaderValue::from_static("x"));
                }
                Poll::Ready(Some(Ok(Frame::trailers(map))))
            }
            Fail => Poll::Ready(Some(Err(Foreign))),
            Inner::End => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        #[allow(clippy::clone_on_copy)] // `Copy` since http-body 1.1 only
        self.hint.clone()
    }
}

fn script(steps: &[Inner]) -> (Script, Rc<Cell<usize>>) {
    let polls = Rc::new(Cell::new(0));
    let steps = steps.iter().cloned().collect();
    (Script { steps, polls: Rc::clone(&polls), hint: SizeHint::new(), knows_its_end: false }, polls)
}

fn reset(_: &(dyn Error + 'static), _: &Ledger) -> Fault {
    Fault::new(FaultKind::BodyReset)
}

#[derive(Default)]
struct Bell(AtomicUsize);
impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What one poll gave, as a word: `…` pending, `…!` pending with a wake, `.` the end.
fn poll<B>(body: &mut B) -> String
where
    B: Body<Data = Bytes, Error = Fault> + Unpin,
{
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    match Pin::new(body).poll_frame(&mut Context::from_waker(&waker)) {
        Poll::Pending if bell.0.load(Ordering::Relaxed) > 0 => "…!".into(),
        Poll::Pending => "…".into(),
        Poll::Ready(None) => ".".into(),
        Poll::Ready(Some(Err(fault))) => format!("{} {:?}/{:?}", fault.kind(), fault.received(), fault.expected())
            .replace("Some(", "")
            .replace(')', ""),
        Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
            Ok(data) => String::from_utf8(data.to_vec()).unwrap(),
            Err(frame) => {
                let map = frame.into_trailers().unwrap();
                let mut names: Vec<&str> = map.keys().map(|name| name.as_str()).collect();
                names.sort_unstable(); // removal moves fields about
                format!("[{}]", names.join(" "))
            }
        },
    }
}

/// When each sleep fires is up to the test. Sleeps are `!Unpin`, as tokio's are.
#[derive(Clone, Default)]
struct Clock {
    now: Rc<Cell<u64>>,
    slept: Rc<RefCell<Vec<u64>>>,
}

struct Sleep {
    clock: Clock,
    until: u64,
    _pinned: std::marker::PhantomPinned,
}

impl Timer for Clock {
    type Sleep = Sleep;
    fn sleep(&self, duration: Duration) -> Sleep {
        self.slept.borrow_mut().push(duration.as_secs());
        Sleep { clock: self.clone(), until: self.now.get() + duration.as_secs(), _pinned: std::marker::PhantomPinned }
    }
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.clock.now.get() >= self.until { Poll::Ready(()) } else { Poll::Pending }
    }
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

// ---- what comes out of each script -----------------------------------------------------------------

#[test]
fn every_script_gives_these_polls() {
    type Row = (&'static str, &'static [Inner], Option<u64>, &'static [&'static str], usize);
    let rows: &[Row] = &[
        // name, inner, expected, polls of the guard (two more at the end for the fuse), polls of the inner
        ("whole", &[Data("hello")], Some(5), &["hello", "."], 2),
        ("unknown length", &[Data("a"), Wait, Data("b")], None, &["a", "…", "b", "."], 4),
        ("empty", &[], Some(0), &["."], 1),
        ("a clean end needs no pause", &[Wait, Data("a")], None, &["…", "a", "."], 3),
        ("error after data", &[Data("hello"), Fail], None, &["hello", "…!", "body_reset 5/None", "."], 2),
        ("error after two", &[Data("a"), Data("b"), Fail], Some(9), &["a", "b", "…!", "body_reset 2/9", "."], 3),
        ("error first: the head is unflushed", &[Fail], None, &["…!", "body_reset 0/None", "."], 1),
        ("error after a wait: no second one", &[Data("a"), Wait, Fail], None, &["a", "…", "body_reset 1/None", "."], 3),
        ("error after the first wait", &[Wait, Fail], None, &["…", "body_reset 0/None", "."], 2),
        ("wait, data, error", &[Wait, Data("a"), Fail], None, &["…", "a", "…!", "body_reset 1/None", "."], 3),
        ("short end after data", &[Data("hello")], Some(9), &["hello", "…!", "body_truncated 5/9", "."], 2),
        ("short end after a wait", &[Data("hello"), Wait], Some(9), &["hello", "…", "body_truncated 5/9", "."], 3),
        ("short and empty", &[], Some(9), &["…!", "body_truncated 0/9", "."], 1),
        ("too long in one frame", &[Data("hello")], Some(4), &["…!", "ambiguous_framing 5/4", "."], 1),
        ("too long in the next", &[Data("hell"), Data("o")], Some(4), &["hell", "…!", "ambiguous_framing 5/4", "."], 2),
        ("trailers", &[Data("a"), Trailers(&["etag"])], None, &["a", "[etag]", "."], 3),
        (
            "short before trailers",
            &[Data("a"), Trailers(&["etag"])],
            Some(2),
            &["a", "…!", "body_truncated 1/2", "."],
            2,
        ),
        ("error after trailers", &[Trailers(&["etag"]), Fail], None, &["[etag]", "…!", "body_reset 0/None", "."], 2),
        (
            "data after trailers",
            &[Data("a"), Trailers(&[]), Data("b")],
            None,
            &["a", "[]", "…!", "ambiguous_framing 2/1", "."],
            3,
        ),
        (
            "forbidden trailers",
            &[Trailers(&[
                "set-cookie",
                "x-sum",
                "content-length",
                "transfer-encoding",
                "host",
                "trailer",
                "content-encoding",
                "content-type",
                "content-range",
                "cache-control",
                "authorization",
                "keep-alive",
                "grpc-status",
                "proxy-status",
                "connection",
            ])],
            None,
            &["[grpc-status proxy-status x-sum]", "."],
            2,
        ),
    ];
    for (name, steps, expected, want, inner_polls) in rows {
        let (inner, polls) = script(steps);
        let mut body = Guarded::new(inner, *expected, reset);
        let mut got: Vec<String> = Vec::new();
        while got.last().is_none_or(|last| last != ".") && got.len() < 20 {
            got.push(poll(&mut body));
        }
        assert_eq!(got, *want, "{name}");
        assert_eq!((poll(&mut body), poll(&mut body)), (".".into(), ".".into()), "{name}: fused");
        assert_eq!(polls.get(), *inner_polls, "{name}: polls of the inner body");
        // Nothing comes any more, and neither of the two says anything else.
        assert!(body.is_end_stream(), "{name}");
        assert_eq!(hint(&body), (0, Some(0)), "{name}");
    }
}

#[test]
fn the_fault_of_an_error_has_no_source_and_the_closure_sees_the_error() {
    let (inner, _) = script(&[Wait, Data("abc"), Wait, Fail]);
    let mut seen = Vec::new();
    let mut body = Guarded::new(inner, Some(10), |error, ledger| {
        seen.push((error.is::<Foreign>(), ledger.received()));
        Fault::new(FaultKind::BodyReset)
    });
    let mut error = None;
    for _ in 0..5 {
        if let Poll::Ready(Some(Err(e))) = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            error = Some(e);
        }
    }
    let boxed: Box<dyn Error + Send + Sync> = error.unwrap().into();
    assert!(boxed.source().is_none());
    assert!(boxed.is::<Fault>());
    drop(body);
    assert_eq!(seen, [(true, 3)]);
}

#[test]
fn the_counts_of_the_closure_are_kept_and_a_head_fault_gets_none() {
    let classify = |_: &(dyn Error + 'static), _: &Ledger| Fault::new(FaultKind::BodyTruncated).with_received(77);
    let mut body = Guarded::new(script(&[Wait, Fail]).0, Some(10), classify);
    assert_eq!((poll(&mut body), poll(&mut body)), ("…".into(), "body_truncated 77/10".into()));
    let classify = |_: &(dyn Error + 'static), _: &Ledger| Fault::new(FaultKind::BadHeader);
    let mut body = Guarded::new(script(&[Wait, Fail]).0, Some(10), classify);
    assert_eq!((poll(&mut body), poll(&mut body)), ("…".into(), "bad_header None/None".into()));
}

// ---- size hints and the end ------------------------------------------------------------------------

fn hint<B: Body>(body: &B) -> (u64, Option<u64>) {
    (body.size_hint().lower(), body.size_hint().upper())
}

#[test]
fn the_hint_is_what_was_announced_less_what_went_out() {
    let (mut inner, _) = script(&[Data("hello"), Wait, Data("you")]);
    inner.hint = SizeHint::with_exact(3); // nonsense, and not listened to
    let mut body = Guarded::new(inner, Some(8), reset);
    assert_eq!(hint(&body), (8, Some(8)));
    poll(&mut body);
    assert_eq!(hint(&body), (3, Some(3)));
    poll(&mut body);
    assert_eq!(hint(&body), (3, Some(3)));
    poll(&mut body);
    assert_eq!(hint(&body), (0, Some(0)));
    assert!(!body.is_end_stream(), "the inner body has not said so");
    assert_eq!(poll(&mut body), ".");
    assert!(body.is_end_stream());
}

#[test]
fn without_a_length_the_hint_is_the_inner_one() {
    let (mut inner, _) = script(&[Data("hello")]);
    inner.hint.set_upper(9);
    inner.hint.set_lower(2);
    assert_eq!(hint(&Guarded::new(inner, None, reset)), (2, Some(9)));
    // An exact one is as good as a length: hyper would announce it.
    let (mut inner, _) = script(&[Data("hello"), Wait]);
    inner.hint = SizeHint::with_exact(6);
    let mut body = Guarded::new(inner, None, reset);
    assert_eq!(hint(&body), (6, Some(6)));
    assert_eq!([poll(&mut body), poll(&mut body), poll(&mut body)], ["hello", "…", "body_truncated 5/6"]);
}

#[test]
fn the_end_is_not_claimed_while_something_is_missing_or_wrong() {
    let known = |steps: &[Inner]| Script { knows_its_end: true, ..script(steps).0 };
    assert!(Guarded::new(known(&[]), Some(0), reset).is_end_stream());
    assert!(Guarded::new(known(&[]), None, reset).is_end_stream());
    let mut short = Guarded::new(known(&[]), Some(5), reset);
    assert!(!short.is_end_stream(), "or hyper would never poll, and the fault never show");
    assert_eq!(poll(&mut short), "…!");
    assert!(!short.is_end_stream());
    assert_eq!(poll(&mut short), "body_truncated 0/5");
    let mut whole = Guarded::new(known(&[Data("a")]), Some(1), reset);
    assert!(!whole.is_end_stream());
    poll(&mut whole);
    assert!(whole.is_end_stream());
}

// ---- the abort handle and the end's closure ----------------------------------------------------------

#[test]
fn the_handle_is_set_with_the_error_and_not_before() {
    let handle = AbortHandle::new();
    let mut body = Guard::new(reset).aborting(handle.clone()).around(script(&[Data("a"), Fail]).0);
    assert_eq!((poll(&mut body), handle.is_set()), ("a".into(), false));
    assert_eq!((poll(&mut body), handle.is_set()), ("…!".into(), false));
    assert_eq!((poll(&mut body), handle.is_set()), ("body_reset 1/None".into(), true));

    let handle = AbortHandle::new();
    let mut body = Guard::new(reset).aborting(handle.clone()).around(script(&[Data("a")]).0);
    assert_eq!([poll(&mut body), poll(&mut body)], ["a", "."]);
    drop(body);
    assert!(!handle.is_set());
}

#[test]
fn the_end_is_told_once() {
    let failed = |received| End::Failed(Fault::new(FaultKind::BodyReset).with_received(received));
    let short = Fault::of_class(Class::PrematureEofContentLengthBody).with_received(1).with_expected(2);
    type Row = (&'static str, &'static [Inner], Option<u64>, bool, usize, End);
    let rows: &[Row] = &[
        // name, inner, expected, the inner knows its end, polls before the drop, end
        ("read to the end", &[Data("a")], None, false, 2, End::Whole),
        ("read past it", &[Data("a")], None, false, 5, End::Whole),
        ("not read", &[Data("a")], None, false, 0, End::Dropped),
        ("not read to its end", &[Data("a"), Data("b")], None, false, 1, End::Dropped),
        ("all of the length, end not polled", &[Data("a")], Some(1), false, 1, End::Whole),
        ("less than the length", &[Data("a")], Some(2), true, 1, End::Dropped),
        ("no length, end known", &[Data("a")], None, true, 1, End::Whole),
        ("no length, end not known", &[Data("a")], None, false, 1, End::Dropped),
        ("no content", &[], Some(0), true, 0, End::Whole),
        ("trailers, end not polled", &[Data("a"), Trailers(&[])], None, false, 2, End::Whole),
        ("waiting", &[Data("a"), Wait], None, false, 2, End::Dropped),
        ("failed", &[Data("a"), Fail], None, false, 3, failed(1)),
        ("dropped while it fails", &[Data("a"), Fail], None, false, 2, failed(1)),
        ("short", &[Data("a")], Some(2), false, 3, End::Failed(short)),
    ];
    for (name, steps, expected, knows_its_end, polls, want) in rows {
        let ends = RefCell::new(Vec::new());
        let inner = Script { knows_its_end: *knows_its_end, ..script(steps).0 };
        let mut body = Guard::new(reset)
            .expecting(*expected)
            .on_end(|end, ledger| ends.borrow_mut().push((end, ledger.expected())))
            .around(inner);
        for _ in 0..*polls {
            poll(&mut body);
        }
        drop(body);
        assert_eq!(*ends.borrow(), [(*want, *expected)], "{name}");
    }
}

// ---- time --------------------------------------------------------------------------------------------

#[test]
fn a_stall_is_a_fault_and_every_frame_starts_the_wait_anew() {
    let clock = Clock::default();
    let inner = script(&[Data("a"), Wait, Wait, Data("b"), Data("c"), Wait, Wait, Wait]).0;
    let mut body = Guard::new(reset).expecting(Some(9)).timed(clock.clone(), Some(secs(10)), None).around(inner);
    assert_eq!(poll(&mut body), "a");
    assert!(clock.slept.borrow().is_empty(), "no timer before there is a wait");
    assert_eq!(poll(&mut body), "…");
    clock.now.set(9);
    assert_eq!(poll(&mut body), "…");
    clock.now.set(50);
    assert_eq!(
        [poll(&mut body), poll(&mut body)],
        ["b", "c"],
        "what is there beats the timer; a slow client is no stall"
    );
    assert_eq!(poll(&mut body), "…");
    clock.now.set(59);
    assert_eq!(poll(&mut body), "…");
    clock.now.set(60);
    assert_eq!([poll(&mut body), poll(&mut body)], ["body_stalled 3/9", "."]);
    assert_eq!(*clock.slept.borrow(), [10, 10]);
}

#[test]
fn even_a_stall_of_no_time_lets_the_server_flush_first() {
    let mut body =
        Guard::new(reset).timed(Clock::default(), Some(Duration::ZERO), None).around(script(&[Data("a"), Wait]).0);
    assert_eq!([poll(&mut body), poll(&mut body), poll(&mut body)], ["a", "…!", "body_stalled 1/None"]);
}

#[test]
fn a_deadline_ends_a_drip_but_not_a_body_that_is_done() {
    let run = |steps: &[Inner]| {
        let clock = Clock::default();
        let mut body = Guard::new(reset).timed(clock.clone(), None, Some(secs(5))).around(script(steps).0);
        let first = poll(&mut body);
        clock.now.set(5);
        [first, poll(&mut body), poll(&mut body)]
    };
    assert_eq!(run(&[Data("a"), Data("b"), Data("c")]), ["a", "…!", "deadline_exceeded 1/None"]);
    assert_eq!(run(&[Data("a"), Wait]), ["a", "…!", "deadline_exceeded 1/None"]);
    assert_eq!(run(&[Wait, Wait]), ["…", "deadline_exceeded 0/None", "."]);
    assert_eq!(run(&[Data("a")]), ["a", ".", "."]);
}

#[test]
fn a_pause_before_the_error() {
    // What is polled at second 0, 9 and 10, and what then.
    type Row = (&'static [Inner], &'static [&'static str], &'static [&'static str]);
    let rows: &[Row] = &[
        (&[Fail], &["…", "…", "body_reset 0/None"], &[".", "."]),
        (&[Data("a"), Fail], &["a", "…", "…"], &["body_reset 1/None", "."]),
        (&[Wait, Fail], &["…", "…", "…"], &["body_reset 0/None", "."]),
        (&[Data("a")], &["a", ".", "."], &["."]),
    ];
    for (steps, at_0_9_10, at_19) in rows {
        let clock = Clock::default();
        let mut body =
            Guard::new(reset).timed(clock.clone(), Some(secs(99)), None).lingering(secs(10)).around(script(steps).0);
        let mut got = Vec::new();
        for now in [0, 9, 10] {
            clock.now.set(now);
            got.push(poll(&mut body));
            assert!(got.last().unwrap() != "…" || !body.is_end_stream());
        }
        assert_eq!(got, *at_0_9_10, "{steps:?}");
        clock.now.set(19);
        for want in *at_19 {
            assert_eq!(poll(&mut body), *want, "{steps:?}");
        }
    }
    // No time at all is no pause, but still a chance to flush.
    let mut body = Guard::new(reset).timed(Clock::default(), None, None).lingering(secs(0)).around(script(&[Fail]).0);
    assert_eq!([poll(&mut body), poll(&mut body)], ["…!", "body_reset 0/None"]);
    // Without a timer nobody would wake it up.
    let mut body = Guard::new(reset).lingering(secs(10)).around(script(&[Fail]).0);
    assert_eq!([poll(&mut body), poll(&mut body)], ["…!", "body_reset 0/None"]);
    let mut body = Guard::new(reset).timed(&Never, None, None).lingering(secs(10)).around(script(&[Fail]).0);
    assert_eq!([poll(&mut body), poll(&mut body)], ["…!", "body_reset 0/None"]);
    // Dropped meanwhile, it has failed all the same.
    let ends = RefCell::new(Vec::new());
    let mut body = Guard::new(reset)
        .timed(Clock::default(), None, None)
        .lingering(secs(10))
        .on_end(|end, _| ends.borrow_mut().push(end))
        .around(script(&[Fail]).0);
    assert_eq!(poll(&mut body), "…");
    drop(body);
    assert_eq!(*ends.borrow(), [End::Failed(Fault::new(FaultKind::BodyReset).with_received(0))]);
}

// ---- ends that are told in-band ----------------------------------------------------------------------

#[test]
fn trailers_in_place_of_an_error() {
    type Row = (&'static str, &'static [Inner], Option<u64>, bool, &'static [&'static str]);
    let rows: &[Row] = &[
        ("at once", &[Fail], None, true, &["[x-told]", "."]),
        ("after data", &[Data("a"), Fail], None, true, &["a", "[x-told]", "."]),
        ("the closure does not want to", &[Data("a"), Fail], None, false, &["a", "…!", "body_reset 1/None", "."]),
        ("a length was announced", &[Data("a"), Fail], Some(2), true, &["a", "…!", "body_reset 1/2", "."]),
        ("a length, a short end", &[Data("a")], Some(2), true, &["a", "…!", "body_truncated 1/2", "."]),
        ("behind trailers", &[Trailers(&["etag"]), Fail], None, true, &["[etag]", "…!", "body_reset 0/None", "."]),
        ("whole", &[Data("a"), Trailers(&["grpc-status"])], None, true, &["a", "[grpc-status]", "."]),
    ];
    for (name, steps, expected, wanted, want) in rows {
        let (wanted, ends) = (*wanted, RefCell::new(Vec::new()));
        let handle = AbortHandle::new();
        let mut body = Guard::new(reset)
            .expecting(*expected)
            .aborting(handle.clone())
            .in_trailers(move |fault| {
                wanted.then(|| {
                    let kind = HeaderValue::from_static(fault.kind().as_str());
                    HeaderMap::from_iter([(HeaderName::from_static("x-told"), kind)])
                })
            })
            .on_end(|end, _| ends.borrow_mut().push(end))
            .around(script(steps).0);
        let got: Vec<String> = want.iter().map(|_| poll(&mut body)).collect();
        assert_eq!(got, *want, "{name}");
        drop(body);
        let told = want.contains(&"[x-told]");
        assert_eq!(handle.is_set(), want.contains(&"…!"), "{name}: trailers need no reset");
        let failed = matches!(ends.borrow()[..], [End::Failed(_)]);
        assert_eq!(failed, told || want.contains(&"…!"), "{name}: the owner of the connection is told");
    }
}

#[test]
fn an_end_that_has_to_be_told() {
    for (steps, expected, knows_its_end, want) in [
        (&[Data("a")][..], None, true, ["a", ".", "."]),
        (&[Data("a")], None, false, ["a", "…!", "body_truncated 1/None"]),
        (&[Data("a"), Wait], None, false, ["a", "…", "body_truncated 1/None"]),
        // The length says the same.
        (&[Data("a")], Some(1), false, ["a", ".", "."]),
        (&[Data("a")], Some(2), true, ["a", "…!", "body_truncated 1/2"]),
    ] {
        let inner = Script { knows_its_end, ..script(steps).0 };
        let mut body = Guard::new(reset).expecting(expected).expecting_end_stream().around(inner);
        assert_eq!([poll(&mut body), poll(&mut body), poll(&mut body)], want, "{steps:?} {expected:?} {knows_its_end}");
    }
}

// ---- the hold ------------------------------------------------------------------------------------------

fn hold_until<B: Body<Data = Bytes, Error = Foreign> + Unpin>(
    inner: B,
    expected: Option<u64>,
    handle: &AbortHandle,
    ends: &RefCell<Vec<End>>,
    polls: usize,
    at_most: u64,
) -> Option<Result<(impl Body<Data = Bytes, Error = Fault> + Unpin, usize), Fault>> {
    let clock = Clock::default();
    let body = Guard::new(reset)
        .expecting(expected)
        .aborting(handle.clone())
        .on_end(move |end, _| ends.borrow_mut().push(end))
        .around(inner);
    let mut hold = pin!(hold_first(body, &clock, secs(at_most)));
    for done in 1..=polls {
        if let Poll::Ready(result) = hold.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(result.map(|body| (body, done)));
        }
        clock.now.set(clock.now.get() + 1);
    }
    None
}

#[test]
fn the_hold() {
    type Row = (&'static str, &'static [Inner], Option<u64>, u64, &'static str);
    let rows: &[Row] = &[
        // name, inner, expected, at most, what comes: polls needed, hint, polls of the body afterwards
        ("frame at once", &[Data("ab"), Data("c")], Some(3), 3, "1 (3, Some(3)) ab c ."),
        ("frame at once, no length", &[Data("ab"), Wait], None, 3, "1 (2, None) ab … ."),
        ("frame later", &[Wait, Wait, Data("ab")], Some(2), 3, "3 (2, Some(2)) ab . ."),
        ("time over", &[Wait, Wait, Wait, Wait, Data("ab")], Some(2), 2, "3 (2, Some(2)) … ab ."),
        ("off", &[Data("ab")], Some(2), 0, "1 (2, Some(2)) ab . ."),
        ("end", &[], None, 3, "1 (0, Some(0)) . . ."),
        ("trailers alone", &[Trailers(&["etag", "host"])], None, 3, "1 (0, None) [etag] . ."),
        ("fault at once", &[Fail], Some(2), 3, "Fault(body_reset in body, expected 2, received 0)"),
        ("fault later", &[Wait, Fail], Some(2), 3, "Fault(body_reset in body, expected 2, received 0)"),
        (
            "short",
            &[Wait],
            Some(2),
            3,
            "Fault(body_truncated premature_eof.content_length_body in body, expected 2, received 0)",
        ),
        ("too long", &[Data("abc")], Some(2), 3, "Fault(ambiguous_framing in body, expected 2, received 3)"),
        ("fault in the second frame", &[Data("a"), Fail], None, 3, "1 (1, None) a …! body_reset 1/None"),
    ];
    for (name, steps, expected, at_most, want) in rows {
        let (handle, ends) = (AbortHandle::new(), RefCell::new(Vec::new()));
        let got = match hold_until(script(steps).0, *expected, &handle, &ends, 9, *at_most) {
            None => "never".into(),
            Some(Err(fault)) => {
                assert!(!handle.is_set(), "{name}: nothing was forwarded");
                assert_eq!(*ends.borrow(), [End::Failed(fault)], "{name}");
                format!("{fault:?}")
            }
            Some(Ok((mut body, polls))) => {
                let hint = hint(&body);
                let after = [poll(&mut body), poll(&mut body), poll(&mut body)].join(" ");
                format!("{polls} {hint:?} {after}")
            }
        };
        assert_eq!(got, *want, "{name}");
    }
}

#[test]
fn a_held_body_is_not_at_its_end() {
    let inner = Script { knows_its_end: true, ..script(&[Data("ab")]).0 };
    let (handle, ends) = (AbortHandle::new(), RefCell::new(Vec::new()));
    let (mut body, _) = hold_until(inner, Some(2), &handle, &ends, 1, 3).unwrap().unwrap();
    assert!(!body.is_end_stream());
    assert_eq!(poll(&mut body), "ab");
    assert!(body.is_end_stream());
    drop(body);
    assert_eq!(*ends.borrow(), [End::Whole]);

    let inner = Script { knows_its_end: true, ..script(&[Data("ab")]).0 };
    ends.borrow_mut().clear();
    let (body, _) = hold_until(inner, Some(2), &handle, &ends, 1, 3).unwrap().unwrap();
    drop(body);
    assert_eq!(*ends.borrow(), [End::Dropped], "read from the next hop, but nobody got it");
}

#[test]
fn off_means_not_even_polled() {
    let (inner, polls) = script(&[Data("ab")]);
    let (handle, ends) = (AbortHandle::new(), RefCell::new(Vec::new()));
    assert!(hold_until(inner, None, &handle, &ends, 1, 0).unwrap().is_ok());
    assert_eq!(polls.get(), 0);
}

// ---- types ---------------------------------------------------------------------------------------------

#[test]
fn auto_traits() {
    fn all<T: Send + Sync + Unpin + 'static>(_: &T) {}
    all(&AbortHandle::new());
    let classify = |_: &(dyn Error + 'static), _: &Ledger| Fault::new(FaultKind::BodyReset);
    all(&Guarded::new(http_body_util::Full::new(Bytes::new()), None, classify));
    #[cfg(feature = "tokio1")]
    {
        use badgateway::adapters::tokio1::TokioTimer;
        let guard = Guard::new(classify).timed(TokioTimer, Some(secs(1)), None).on_end(|_, _| {});
        all(&guard.around(http_body_util::Full::new(Bytes::new())));
    }
    assert_eq!(Fault::new(FaultKind::BodyStalled).phase(), Phase::Body);
}
