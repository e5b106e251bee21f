//! One exchange, as a script: whatever its response does and whenever its client leaves, one record for a fault and none for what
//! went well, which says what the client saw.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use badgateway::body::{ClientHandle, End, LedgerState};
use badgateway::deadline::Timer;
use badgateway::decide::Decision;
use badgateway::exchange::{Exchange, Forwarded};
use badgateway::fault::{Fault, FaultKind, Phase};
use badgateway::reply::Report;
use badgateway::{Gateway, InFlight, LastWord, Link, ResponseBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};

use super::{Choices, show};

type Answer = Response<ResponseBody<Scripted, Ticks>>;
type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

/// A byte each: the client's version, the method, what is known of the exchange, how it ends, the status, the framing, the next hop's
/// version, how often the client polls. Then a length and so many bytes that happen before, and the script of the body.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let mut choices = Choices(data);
    let [version, method, with, ends, status, framing, spoken, polls] = std::array::from_fn(|_| choices.byte());
    let (before, script) = (choices.text(), choices.0);
    let log = Log::default();
    let time = Ticks::default();
    let client = ClientHandle::new();
    let mut request = Request::new(Scripted::read(if with & 8 == 0 { b"." } else { b"dpd." }, &log));
    *request.method_mut() = pick(&[Method::GET, Method::HEAD, Method::POST], method);
    *request.version_mut() = pick(&[Version::HTTP_11, Version::HTTP_10, Version::HTTP_2], version);
    *request.uri_mut() = "http://shop.example/cart".parse().expect("it is one");
    request.headers_mut().insert("host", HeaderValue::from_static("shop.example"));
    if with & 1 != 0 {
        request.extensions_mut().insert(client.clone());
    }
    if with & 2 != 0 {
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    }
    let limit = |bit: u8, ticks: u64| (with & bit != 0).then(|| Duration::from_millis(ticks));
    let (idle, total) = (limit(16, 3), limit(32, 12));

    let (exchange, request) = log.gateway().begin(request);
    assert_eq!(exchange.refusal(), None);
    let mut upload = pin!(request.into_body());
    exchange.over(Linked(log.clone()));
    let mut fault = None;
    for (n, act) in before.iter().take(40).enumerate() {
        fault = happens(&exchange, *act, n, (&log, &time), upload.as_mut()).or(fault);
    }
    let is_call = exchange.facts().grpc && exchange.facts().version == Version::HTTP_2;
    assert_eq!(log.faults().len(), 0, "nothing has ended: {}", show(data));
    let seen = Seen { log: &log, data, is_call, time: &time, idle, total, polls, client: &client };
    let exchange = exchange.timed(time.clone(), idle, total);
    // A timer that fires is answered.
    if let (Some(fault), 0..=1) = (fault, ends % 8) {
        return seen.answered(exchange.answer_fault(fault));
    }
    match ends % 8 {
        0 => seen.passed_on(exchange.pass_on(response(status, framing, spoken, script, &log)), script),
        1 => {
            let held = exchange.pass_on_held(response(status, framing, spoken, script, &log), Duration::from_millis(2));
            match seen.drive_held(held) {
                Some(answer) => seen.passed_on(answer, script),
                None => seen.left(),
            }
        }
        2 => seen.answered(exchange.answer(&io::Error::from(io::ErrorKind::ConnectionRefused))),
        3 => seen.answered(exchange.answer_fault(Fault::new(kind(status)))),
        4 => {
            exchange.finish();
            assert_eq!(log.faults(), [], "{}", show(data));
            log.ended(&[End::Whole], data);
        }
        5 => {
            drop(exchange);
            seen.left();
        }
        6 => seen.failed(exchange, kind(status)),
        _ => {
            exchange.facts().forwarding(StatusCode::OK, &HeaderMap::new());
            seen.failed(exchange, kind(status));
        }
    }
    // Whoever still holds the request's body changes nothing.
    let before = log.faults().len();
    let _ = poll(upload.as_mut()).0;
    assert_eq!(log.faults().len(), before, "{}", show(data));
}

fn pick<T: Clone>(from: &[T], choice: u8) -> T {
    from[usize::from(choice & 0xf) % from.len()].clone()
}

fn kind(choice: u8) -> FaultKind {
    FaultKind::ALL[usize::from(choice) % FaultKind::ALL.len()]
}

/// What may happen before there is a response. Gives the fault that has to be answered.
fn happens(
    exchange: &InFlight,
    act: u8,
    n: usize,
    (log, time): (&Log, &Ticks),
    upload: Pin<&mut badgateway::Upload<Scripted>>,
) -> Option<Fault> {
    match act {
        b'c' => exchange.phase(Phase::Connect),
        b'h' => exchange.phase(Phase::Head),
        b'e' => exchange.evidence("error", "x"),
        b'n' => exchange.next_hop(format!("10.0.0.{n}:80")),
        b'k' => exchange.keep_body(100),
        b'r' => {
            let fault = exchange.classify(&io::Error::from(io::ErrorKind::ConnectionReset));
            let _ = exchange.advise_retry(&fault);
            exchange.try_again(&fault);
            exchange.over(Linked(log.clone()));
        }
        b'u' if !upload.is_end_stream() => drop(poll(upload)),
        b'i' => {
            let (mut parts, ()) = Response::builder().status(103).body(()).expect("it is one").into_parts();
            exchange.interim(&mut parts).expect("nothing is wrong with it");
        }
        b't' => time.pass(1),
        // A step that is given up, or that takes too long.
        b'w' | b'W' => {
            let mut step = pin!(exchange.within(time.clone(), Duration::from_millis(2), std::future::pending::<()>()));
            for _ in 0..if act == b'w' { 1 } else { 4 } {
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(done) = step.as_mut().poll(&mut cx) {
                    return Some(done.expect_err("it is never done"));
                }
                time.pass(1);
            }
        }
        _ => {}
    }
    None
}

fn response(status: u8, framing: u8, spoken: u8, script: &[u8], log: &Log) -> Response<Scripted> {
    let statuses = [200, 200, 404, 503, 204, 304, 206, 101, 103];
    let mut response = Response::new(Scripted::read(script, log));
    *response.status_mut() = StatusCode::from_u16(pick(&statuses, status)).expect("it is one");
    *response.version_mut() = pick(&[Version::HTTP_11, Version::HTTP_10, Version::HTTP_2], spoken);
    let fields = response.headers_mut();
    if framing & 0x20 == 0 {
        fields.insert("content-length", HeaderValue::from(u64::from(framing & 0x1f)));
    }
    if framing & 0xc0 == 0xc0 {
        fields.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    }
    if framing & 0x80 != 0 {
        fields.insert("content-type", HeaderValue::from_static("application/grpc"));
    }
    response
}

// ---- what the client sees -------------------------------------------------------------------------------

struct Seen<'a> {
    log: &'a Log,
    data: &'a [u8],
    /// It is a call of gRPC, whose answers are 200 and whose end is in the trailers.
    is_call: bool,
    time: &'a Ticks,
    idle: Option<Duration>,
    total: Option<Duration>,
    /// How often the client polls before it leaves. From 200 on it stays.
    polls: u8,
    client: &'a ClientHandle,
}

/// How a body ended for the client.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Whole,
    Cut(Fault),
    /// It left.
    Left,
}

impl Seen<'_> {
    /// Nothing but a record: nobody is there.
    fn left(&self) {
        let faults = self.log.faults();
        assert_eq!(faults.len(), 1, "{faults:?}: {}", show(self.data));
        assert_eq!((faults[0].fault.kind(), faults[0].status), (FaultKind::ClientAborted, None), "{}", show(self.data));
        self.log.ended(&[End::Dropped], self.data);
    }

    fn failed(&self, exchange: InFlight<Ticks>, kind: FaultKind) {
        let has_gone = matches!(exchange.facts().forwarded, Forwarded::Head { .. });
        let word = exchange.fail(kind);
        let faults = self.log.faults();
        assert_eq!(faults.len(), 1, "{faults:?}: {}", show(self.data));
        match word {
            LastWord::Answer(response) => {
                assert!(!has_gone, "{}", show(self.data));
                assert_eq!(faults[0].status, Some(response.status().as_u16()), "{}", show(self.data));
            }
            LastWord::Abort(how) => {
                assert!(has_gone, "{}", show(self.data));
                assert_eq!(faults[0].decision, Decision::Abort(how), "{}", show(self.data));
            }
            LastWord::Silence => assert_eq!(faults[0].decision, Decision::Silence, "{}", show(self.data)),
            other => panic!("{other:?}"),
        }
        let forwarded = has_gone.then_some(200);
        assert_eq!(faults[0].forwarded, forwarded, "{}", show(self.data));
        assert_eq!(self.log.ends().len(), 1, "{}", show(self.data));
    }

    /// An answer of ours: recorded before its body is asked for, and once, whether the client waits for that or not.
    fn answered(&self, answer: Answer) {
        let faults = self.log.faults();
        assert_eq!(faults.len(), 1, "{faults:?}: {}", show(self.data));
        let fault = *answer.extensions().get::<Fault>().expect("its fault is with it");
        let (status, record) = (answer.status().as_u16(), &faults[0]);
        // Nobody is there to see the answer to a client that has left.
        let sent = Some(status).filter(|_| fault.kind() != FaultKind::ClientAborted);
        assert_eq!((record.fault, record.status, record.forwarded), (fault, sent, None), "{}", show(self.data));
        assert!(if self.is_call { status == 200 } else { status >= 400 }, "{status}: {}", show(self.data));
        let (got, ..) = self.read(answer.into_body());
        assert!(!matches!(got, Got::Cut(_)), "{got:?}: {}", show(self.data));
        assert_eq!(self.log.faults().len(), 1, "{}", show(self.data));
        self.log.ended(&[End::Failed(fault)], self.data);
    }

    fn passed_on(&self, answer: Answer, script: &[u8]) {
        if answer.extensions().get::<Fault>().is_some() {
            return self.answered(answer);
        }
        assert_eq!(self.log.faults(), [], "{}", show(self.data));
        let status = answer.status().as_u16();
        let length = answer.headers().get("content-length").map(|n| n.to_str().unwrap().parse::<u64>().unwrap());
        let Some(ledger) = answer.body().ledger().copied() else {
            // It ended with its head.
            self.log.ended(&[End::Whole], self.data);
            let (got, bytes, _) = self.read(answer.into_body());
            assert!(!matches!(got, Got::Cut(_)) && bytes == 0, "{got:?}: {}", show(self.data));
            return assert_eq!(self.log.faults(), [], "{}", show(self.data));
        };
        assert!(length.is_none() || length == ledger.expected(), "{}", show(self.data));
        let (got, bytes, last) = self.read(answer.into_body());
        let ledger = last.expect("it has one");
        let faults = self.log.faults();
        assert!(bytes <= ledger.received(), "{bytes}: {}", show(self.data));
        let told = |faults: &[Recorded], fault: Fault| {
            assert_eq!(faults.len(), 1, "{faults:?} for {fault:?}: {}", show(self.data));
            // The body knows that nothing moved, the exchange that everybody waits for the client's upload.
            let is_clients =
                (faults[0].fault.kind(), fault.kind()) == (FaultKind::ClientTimeout, FaultKind::BodyStalled);
            assert!(
                is_clients || faults[0].fault.kind() == fault.kind(),
                "{:?} {fault:?}: {}",
                faults[0].fault,
                show(self.data)
            );
            assert_eq!((faults[0].status, faults[0].forwarded), (None, Some(status)), "{}", show(self.data));
            self.log.ended(&[End::Failed(faults[0].fault)], self.data);
        };
        match (got, ledger.state()) {
            (Got::Whole, LedgerState::Failed(fault)) => {
                assert!(self.is_call, "an error looks whole: {}", show(self.data));
                told(&faults, fault);
            }
            (Got::Whole, _) => {
                assert_eq!(faults, [], "{}", show(self.data));
                self.log.ended(&[End::Whole], self.data);
                assert_eq!(bytes, ledger.received(), "{}", show(self.data));
                assert!(ledger.expected().is_none_or(|n| n == bytes), "{}", show(self.data));
                assert!(self.cut(script, ledger.expected()) != Some(true), "a cut looks whole: {}", show(self.data));
            }
            (Got::Cut(fault), _) => {
                told(&faults, fault);
                assert!(self.cut(script, ledger.expected()) != Some(false), "{fault:?}: {}", show(self.data));
                let counts =
                    fault.received().is_none_or(|n| n == ledger.received() || ledger.state() == LedgerState::Ended);
                assert!(counts, "{fault:?} of {ledger:?}: {}", show(self.data));
                assert!(!self.client.abort_handle().is_set() || faults[0].can_reset, "{}", show(self.data));
            }
            (Got::Left, state) => match faults.as_slice() {
                // It had all, and only did not ask whether there is more.
                [] => {
                    assert!(!matches!(state, LedgerState::Failed(_)), "{}", show(self.data));
                    assert!(ledger.expected().is_none_or(|n| n == ledger.received()), "{}", show(self.data));
                    assert_eq!(bytes, ledger.received(), "{}", show(self.data));
                    self.log.ended(&[End::Whole], self.data);
                }
                [one] if one.fault.kind() == FaultKind::ClientAborted => {
                    assert_eq!((one.status, one.forwarded), (None, Some(status)), "{}", show(self.data));
                    assert_eq!(one.fault.received(), Some(ledger.received()), "{}", show(self.data));
                    assert!(!matches!(state, LedgerState::Failed(_)), "{}", show(self.data));
                    self.log.ended(&[End::Dropped], self.data);
                }
                _ => match state {
                    LedgerState::Failed(fault) => told(&faults, fault),
                    // An error behind the end.
                    _ => told(&faults, faults[0].fault),
                },
            },
        }
    }

    /// Whether a client that reads all of this body finds it cut. `None` where a timer has a say, or the trailers of a call.
    fn cut(&self, script: &[u8], expected: Option<u64>) -> Option<bool> {
        if self.is_call || self.idle.is_some() || self.total.is_some() {
            return None;
        }
        let (mut came, mut is_over) = (0, false);
        for step in Step::read(script) {
            match step {
                Step::Data(n) => {
                    came += n as u64;
                    if (is_over && n > 0) || expected.is_some_and(|expected| came > expected) {
                        return Some(true);
                    }
                }
                Step::Trailers if expected.is_some_and(|expected| came < expected) => return Some(true),
                Step::Trailers => is_over = true,
                Step::Error => return Some(true),
                Step::Pending => {}
                Step::End(_) => break,
            }
        }
        // An end of HTTP/2 that the body does not say is none.
        let is_short = expected.is_some_and(|expected| came < expected && !is_over);
        let is_silent = Step::read(script).last() == Some(&Step::End(false));
        if is_silent && expected.is_none() && !is_short { None } else { Some(is_short) }
    }

    /// Reads a body as a server does, as long as the client stays; asks once more behind its end.
    fn read(&self, body: ResponseBody<Scripted, Ticks>) -> (Got, u64, Option<badgateway::body::Ledger>) {
        let mut body = Box::pin(body);
        let (mut bytes, mut polls) = (0, 0_u32);
        let got = loop {
            if self.polls < 200 && polls >= u32::from(self.polls) {
                break Got::Left;
            }
            assert!(polls < 20_000, "it never ends: {}", show(self.data));
            polls += 1;
            let hint = body.size_hint();
            let (pending, waits) = (self.log.pending(), self.time.waits());
            let (polled, woken) = poll(body.as_mut());
            match polled {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref() {
                        bytes += data.len() as u64;
                        assert!(hint.upper().is_none_or(|most| data.len() as u64 <= most), "{}", show(self.data));
                    }
                }
                Poll::Ready(Some(Err(fault))) => break Got::Cut(fault),
                Poll::Ready(None) => break Got::Whole,
                Poll::Pending => {
                    // Somebody wakes it: the body below, itself, or a timer.
                    let waits = self.log.pending() > pending || self.time.waits() > waits;
                    assert!(woken || waits, "nobody wakes it: {}", show(self.data));
                    self.time.pass(1);
                }
            }
        };
        if got != Got::Left {
            assert!(matches!(poll(body.as_mut()).0, Poll::Ready(None)), "behind the end: {}", show(self.data));
        }
        let ledger = body.ledger().copied();
        drop(body);
        (got, bytes, ledger)
    }

    /// The client may leave meanwhile.
    fn drive_held(&self, held: badgateway::PassOnHeld<Scripted, Ticks>) -> Option<Answer> {
        let mut held = Box::pin(held);
        for n in 0_u8.. {
            if let Poll::Ready(answer) = held.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Some(answer);
            }
            assert_eq!(self.log.faults(), [], "{}", show(self.data));
            if n == self.polls {
                return None;
            }
            self.time.pass(1);
        }
        None
    }
}

/// One poll, and whether somebody was woken in it.
fn poll<B: Body + ?Sized>(body: Pin<&mut B>) -> (Polled<B>, bool) {
    struct Counted(AtomicUsize);
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Counted(AtomicUsize::new(0)));
    let polled = body.poll_frame(&mut Context::from_waker(&Waker::from(Arc::clone(&woken))));
    (polled, woken.0.load(Ordering::Relaxed) > 0)
}

// ---- the log, the connection ----------------------------------------------------------------------------

/// A fault as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Recorded {
    fault: Fault,
    decision: Decision,
    status: Option<u16>,
    forwarded: Option<u16>,
    can_reset: bool,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    faults: Vec<Recorded>,
    ends: Vec<End>,
    /// How often a body was not ready.
    pending: usize,
}

impl Log {
    fn gateway(&self) -> Gateway {
        let log = self.clone();
        Gateway::new("gw").expect("a fine name").with_log(move |report| {
            let line = report.to_string();
            let Report::Fault(record) = report else { return assert!(line.starts_with("{\"fault\":null,"), "{line}") };
            let number = |key: &str| {
                let (_, value) = line.split_once(key).expect("it is there");
                value.split([',', '}']).next().expect("one").parse().ok()
            };
            let recorded = Recorded {
                fault: *record.fault(),
                decision: record.decision(),
                status: number("\"status\":"),
                forwarded: number("\"forwarded_status\":"),
                can_reset: record.exchange().can_reset,
            };
            log.0.lock().unwrap().faults.push(recorded);
        })
    }

    fn faults(&self) -> Vec<Recorded> {
        self.0.lock().unwrap().faults.clone()
    }

    fn ends(&self) -> Vec<End> {
        self.0.lock().unwrap().ends.clone()
    }

    fn pending(&self) -> usize {
        self.0.lock().unwrap().pending
    }

    /// The connection of the last try heard of these ends.
    fn ended(&self, ends: &[End], data: &[u8]) {
        assert_eq!(self.ends(), ends, "{}", show(data));
    }
}

/// The connection to the next hop.
struct Linked(Log);

impl Link for Linked {
    fn ended(self: Box<Self>, end: End, _: &Exchange) {
        self.0.0.lock().unwrap().ends.push(end);
    }
}

// ---- a body, a timer ------------------------------------------------------------------------------------

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Data(usize),
    Trailers,
    Error,
    Pending,
    /// Whether the body knows before.
    End(bool),
}

impl Step {
    /// `d` a byte of content, a digit so many, `t` trailers, `e` an error, `.` the end, `;` an end that the body does not know
    /// before; anything else is not ready yet.
    fn read(script: &[u8]) -> Vec<Self> {
        let mut steps = Vec::new();
        for act in script.iter().take(400) {
            steps.push(match act {
                b'd' => Self::Data(1),
                b'0'..=b'9' => Self::Data(usize::from(act - b'0')),
                b't' => Self::Trailers,
                b'e' => Self::Error,
                b'.' => Self::End(true),
                b';' => Self::End(false),
                _ => Self::Pending,
            });
            if matches!(steps.last(), Some(Self::End(_) | Self::Error)) {
                return steps;
            }
        }
        steps.push(Self::End(true));
        steps
    }
}

struct Scripted {
    steps: VecDeque<Step>,
    log: Log,
    is_over: bool,
}

impl Scripted {
    fn read(script: &[u8], log: &Log) -> Self {
        Self { steps: Step::read(script).into(), log: log.clone(), is_over: false }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        assert!(!self.is_over, "polled behind its end");
        match self.steps.pop_front().expect("one more") {
            Step::Data(n) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; n]))))),
            Step::Trailers => {
                let status = [("grpc-status", "0"), ("content-length", "1")];
                let status = status.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
                Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter(status)))))
            }
            Step::Error => {
                self.is_over = true;
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))))
            }
            Step::Pending => {
                self.log.0.lock().unwrap().pending += 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Step::End(_) => {
                self.is_over = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.steps.front() == Some(&Step::End(true))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A clock that goes on when it is told to.
#[derive(Clone, Default)]
struct Ticks(Arc<Clock>);

#[derive(Default)]
struct Clock {
    now: AtomicU64,
    /// How often somebody was told to wait.
    waits: AtomicUsize,
}

impl Ticks {
    fn pass(&self, ticks: u64) {
        self.0.now.fetch_add(ticks, Ordering::Relaxed);
    }

    fn waits(&self) -> usize {
        self.0.waits.load(Ordering::Relaxed)
    }
}

impl Timer for Ticks {
    type Sleep = Nap;

    fn sleep(&self, duration: Duration) -> Nap {
        Nap { time: self.clone(), until: self.0.now.load(Ordering::Relaxed) + duration.as_millis() as u64 }
    }
}

struct Nap {
    time: Ticks,
    until: u64,
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.time.0.now.load(Ordering::Relaxed) >= self.until {
            return Poll::Ready(());
        }
        self.time.0.waits.fetch_add(1, Ordering::Relaxed);
        Poll::Pending
    }
}
