//! `Observer`: the tap's memory of one connection, fed with what passes on it.
//!
//! O(1) memory, and the same facts for the same bytes in any split.

use std::time::{Duration, Instant};

use http::Method;

use super::follower::{Follower, State};
use super::observation::Observation;
use super::plain::is_plain;
use super::reader::{self, Reader};
use super::requests::Requests;
use crate::h1::Request;

/// How many bytes are kept of the beginning of each exchange's response: most heads, and many whole
/// responses. While they hold everything, nothing is followed: it can be made up for at any time.
pub(super) const FIRST: usize = 2048;
/// How many are kept of its end.
pub(super) const LAST: usize = 64;

/// How a connection ended.
///
/// Error numbers are those of the operating system, where there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// By the peer, in good order: FIN, and under TLS a `close_notify` before it.
    Clean,
    /// By a reset (`ECONNRESET`, `ECONNABORTED`).
    Reset(Option<i32>),
    /// Under TLS, by a FIN without `close_notify`: the peer's last bytes may be missing (RFC 8446
    /// section 6.1).
    TlsTruncated,
    /// By another error: the connection timed out, a write failed, a TLS record was bad.
    Failed(Option<i32>),
}

/// What passed on one connection: counts, times, the first and last bytes of the current response,
/// and where in it we are. About three kilobytes, whatever passes.
///
/// It has no IO and no clock: tokio's adapter feeds one, and so can any other.
///
/// ```
/// use badgateway::tap::Observer;
/// use std::time::Instant;
///
/// let mut tap = Observer::new();
/// tap.begin(&http::Method::GET);
/// tap.wrote(40, Instant::now());
/// tap.read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", Instant::now());
/// let seen = tap.observation();
/// assert_eq!((seen.status(), seen.expected(), seen.body_received()), (Some(200), Some(5), 3));
/// assert!(!seen.complete());
/// ```
#[derive(Clone)]
pub struct Observer {
    pub(super) follower: Follower,
    /// The request that is answered, and who reads its response along, once it is more than is kept.
    pub(super) request: Request,
    pub(super) reader: Option<Box<Reader>>,
    /// Who tells where exchanges begin, if the owner of the connection cannot.
    requests: Option<Box<Requests>>,
    /// How many exchanges that has told so far.
    exchanges: u64,
    /// Nothing of this exchange's response has been followed yet; all of it is in `first`.
    behind: bool,
    /// Whether an exchange has begun.
    begun: bool,
    /// How many bytes had come when the response was said to be whole.
    whole_at: Option<u64>,
    pub(super) sent: u64,
    /// Bytes that came and are kept, counted and followed.
    received: u64,
    /// Bytes that came unasked before this exchange and could not be kept for it.
    unkept: u64,
    first: [u8; FIRST],
    /// The last bytes, in order, right-aligned; in use only once more than [`FIRST`] have come.
    last: [u8; LAST],
    pub(super) first_write: Option<Instant>,
    pub(super) last_write: Option<Instant>,
    pub(super) first_read: Option<Instant>,
    pub(super) last_read: Option<Instant>,
    pub(super) waited: Option<Duration>,
    pub(super) ended: Option<Ended>,
}

impl Observer {
    /// For a connection on which nothing has passed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            follower: Follower::new(),
            request: Request::get().offering_upgrade(true),
            reader: None,
            requests: None,
            exchanges: 0,
            behind: true,
            begun: false,
            whole_at: None,
            sent: 0,
            received: 0,
            unkept: 0,
            first: [0; FIRST],
            last: [0; LAST],
            first_write: None,
            last_write: None,
            first_read: None,
            last_read: None,
            waited: None,
            ended: None,
        }
    }

    /// An exchange begins: call it before its request is written. "Write after read" is not a
    /// boundary (an early 413 comes while the request is still being written), so nothing else can
    /// tell.
    ///
    /// What came before anybody asked stays: an SSH server greets first, and a server may send a 408
    /// to an idle connection just before it is used again. How the connection ended stays as well.
    pub fn begin(&mut self, method: &Method) {
        if self.begun {
            let unasked = self.unasked();
            let came = self.last_read;
            let kept = self.kept_tail(unasked);
            self.forget();
            match (kept, came) {
                (None, _) | (_, None) => {}
                (Some(bytes), Some(at)) => self.read(&bytes, at),
            }
            // Too many to have been kept: only their number is known.
            self.unkept = unasked.saturating_sub(self.received);
            if self.unkept > 0 {
                self.behind = false;
                self.follower.state = State::Lost;
            }
        }
        self.begun = true;
        self.request = reader::request(method);
        self.follower.ask(method);
    }

    /// For a connection whose owner cannot say when an exchange begins, nor with what method, as that of a foreign pool:
    /// its requests are read as they are written. Feed it by [`wrote_bytes`](Self::wrote_bytes), and call no
    /// [`begin`](Self::begin). HTTP/1 only.
    ///
    /// ```
    /// use badgateway::tap::Observer;
    /// use std::time::Instant;
    ///
    /// # let now = Instant::now();
    /// let mut tap = Observer::following();
    /// tap.wrote_bytes(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", now);
    /// tap.read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", now);
    /// assert!(tap.observation().complete());
    /// tap.wrote_bytes(b"GET / HTTP/1.1\r\n", now);
    /// assert_eq!((tap.exchanges(), tap.observation().sent()), (2, 16));
    /// ```
    #[must_use]
    pub fn following() -> Self {
        Self { requests: Some(Box::new(Requests::new())), ..Self::new() }
    }

    /// How many exchanges have begun by [`wrote_bytes`](Self::wrote_bytes).
    #[must_use]
    pub const fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// Whether the requests are read, and it is known where they begin: not in a tunnel, nor in HTTP/2.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.requests.as_ref().is_some_and(|requests| !requests.is_astray())
    }

    /// These bytes were taken by the connection. [Following](Self::following), the first byte of each request in them begins an
    /// exchange; else only their number counts.
    pub fn wrote_bytes(&mut self, bytes: &[u8], now: Instant) {
        let Some(mut requests) = self.requests.take() else { return self.wrote(bytes.len(), now) };
        let mut rest = bytes;
        while !rest.is_empty() {
            if requests.is_between() {
                self.catch_up();
                if self.follower.state == State::Tunnel {
                    requests.give_up();
                } else {
                    // The method is told by the bytes that follow.
                    self.begin(&Method::GET);
                    self.exchanges = self.exchanges.saturating_add(1);
                }
            }
            let (used, method) = requests.feed(rest);
            if let Some(method) = method {
                self.request = reader::request(&method);
                self.follower.ask(&method);
            }
            self.wrote(used, now);
            rest = rest.get(used..).unwrap_or_default();
        }
        self.requests = Some(requests);
    }

    /// So many bytes of the request were taken by the connection.
    pub fn wrote(&mut self, bytes: usize, now: Instant) {
        if bytes == 0 {
            return;
        }
        self.sent = self.sent.saturating_add(bytes as u64);
        self.first_write.get_or_insert(now);
        self.last_write = Some(now);
    }

    /// These bytes came. None at all is not an end: that is [`ended`](Self::ended).
    pub fn read(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        if self.first_read.is_none() {
            self.first_read = Some(now);
            self.waited = self.last_write.map(|asked| now.saturating_duration_since(asked));
        }
        self.last_read = Some(now);
        let before = self.received;
        // Where requests are followed, the first of a connection finds the follower caught up.
        let overflows = before <= FIRST as u64 && before.saturating_add(bytes.len() as u64) > FIRST as u64;
        if overflows {
            self.catch_up();
        }
        self.keep(bytes);
        self.received = before.saturating_add(bytes.len() as u64);
        if !self.behind {
            self.follower.feed(bytes);
        }
        if overflows {
            self.read_along(before);
        }
        if let Some(reader) = &mut self.reader {
            reader.feed(bytes);
        }
    }

    /// The HTTP library has handed the response on to its end, and had no bytes left over: what comes from
    /// now on, nobody asked for. Saying so is optional; it spares finding the end here once more, which is
    /// most of what a tap costs.
    pub const fn whole(&mut self) {
        self.whole_at = Some(self.received);
    }

    /// Whether there is nothing to say about a response that the HTTP library took: it is whole by its own framing, there
    /// was nothing to put up with in it ([`Observation::deviations`], [`Observation::forbidden_trailers`]), and nothing
    /// came behind it. `false` where that is not known, as of a body that only the connection's end delimits: then an
    /// [`observation`](Self::observation) tells. This is for every good response;
    /// it costs a reading of the head, and no copy.
    #[must_use]
    pub fn is_flawless(&self) -> bool {
        if let Some(reader) = &self.reader {
            return reader.is_quiet() && reader.is_at_the_end();
        }
        // While behind, all that came is kept.
        if self.behind && self.request.has_content() && is_plain(self.first_bytes()) {
            return true;
        }
        let mut reader = Reader::new(self.request);
        reader.feed(self.first_bytes());
        // Where bytes came before it that could not be kept, the follower is lost.
        let is_whole = if self.behind { reader.is_at_the_end() } else { self.follower.state == State::Complete };
        reader.is_quiet() && is_whole && self.follower.leftover == 0
    }

    /// The connection ended. The first end counts, except that a mere failure (of a write, say) gives
    /// way to what the reads then say.
    pub fn ended(&mut self, how: Ended) {
        match self.ended {
            None | Some(Ended::Failed(_)) => self.ended = Some(how),
            Some(Ended::Clean | Ended::Reset(_) | Ended::TlsTruncated) => {}
        }
    }

    /// What has been seen of the current exchange.
    #[must_use]
    pub fn observation(&self) -> Observation {
        let mut seen = self.clone();
        seen.catch_up();
        Observation { seen }
    }

    /// When the last request byte so far was taken: what a timer for the response counts from.
    #[must_use]
    pub const fn last_write(&self) -> Option<Instant> {
        self.last_write
    }

    /// Whether the next exchange may use this connection, as far as the bytes tell: it has not ended,
    /// the last response is complete, and nothing came that nobody asked for (RFC 9112 section 9.2:
    /// such a connection is to be closed).
    ///
    /// A chunked body is not decoded here. It counts as complete when its last four bytes are an empty
    /// line, which the HTTP library has to confirm, best by [`whole`](Self::whole).
    #[must_use]
    pub fn is_idle_clean(&self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        if let Some(at) = self.whole_at {
            return self.received == at;
        }
        if self.behind {
            return self.observation().seen.is_idle_clean();
        }
        match self.follower.state {
            State::StatusLine => self.received == 0 && self.sent == 0,
            State::Complete => self.follower.leftover == 0,
            State::Chunked => self.last_bytes().ends_with(b"\r\n\r\n"),
            State::Fields | State::Length(_) | State::UntilClose | State::Tunnel | State::Lost => false,
        }
    }

    pub(super) const fn received(&self) -> u64 {
        self.received.saturating_add(self.unkept)
    }

    pub(super) fn first_bytes(&self) -> &[u8] {
        if self.unkept > 0 {
            return &[]; // what is kept is not the beginning
        }
        let len = usize::try_from(self.received).unwrap_or(FIRST).min(FIRST);
        self.first.get(..len).unwrap_or_default()
    }

    pub(super) fn last_bytes(&self) -> &[u8] {
        if self.received > FIRST as u64 {
            return &self.last;
        }
        let len = usize::try_from(self.received).unwrap_or(FIRST).min(FIRST);
        self.first.get(len.saturating_sub(LAST)..len).unwrap_or_default()
    }

    /// How many bytes came behind the response.
    fn unasked(&mut self) -> u64 {
        match self.whole_at {
            Some(at) => self.received.saturating_sub(at),
            None => {
                self.catch_up();
                self.follower.leftover
            }
        }
    }

    /// Lets the parser read what comes from now on, where it can object to any of it: in a head that is
    /// larger than what is kept, and in a chunked body. Other bodies are bytes, which the follower counts. It begins with the bytes that
    /// were kept before, and is not used at all for most.
    fn read_along(&mut self, before: u64) {
        let is_open = matches!(self.follower.state, State::StatusLine | State::Fields | State::Chunked);
        if is_open || self.follower.line_at > FIRST as u64 {
            let mut reader = Box::new(Reader::new(self.request));
            let before = usize::try_from(before).unwrap_or(FIRST);
            reader.feed(self.first.get(..before).unwrap_or_default());
            self.reader = Some(reader);
        }
    }

    /// Follows what has only been kept so far.
    fn catch_up(&mut self) {
        if self.behind {
            self.behind = false;
            let len = usize::try_from(self.received).unwrap_or(FIRST).min(FIRST);
            self.follower.feed(self.first.get(..len).unwrap_or_default());
        }
    }

    /// Forgets the last exchange, but not how the connection ended. The kept bytes are left in place:
    /// `received` says how many of them count.
    fn forget(&mut self) {
        self.follower.forget();
        self.reader = None;
        self.behind = true;
        self.whole_at = None;
        self.sent = 0;
        self.received = 0;
        self.unkept = 0;
        self.first_write = None;
        self.last_write = None;
        self.first_read = None;
        self.last_read = None;
        self.waited = None;
    }

    fn keep(&mut self, bytes: &[u8]) {
        let at = usize::try_from(self.received).unwrap_or(FIRST).min(FIRST);
        if let Some(room) = self.first.get_mut(at..) {
            let n = room.len().min(bytes.len());
            if let (Some(to), Some(from)) = (room.get_mut(..n), bytes.get(..n)) {
                to.copy_from_slice(from);
            }
        }
        if at.saturating_add(bytes.len()) <= FIRST {
            return; // the first bytes hold the last ones too
        }
        if self.received <= FIRST as u64 {
            // So far they did: move them over. `at` is the number of bytes before these.
            let n = at.min(LAST);
            let from = self.first.get(at.saturating_sub(n)..at);
            let to = self.last.get_mut(LAST.saturating_sub(n)..);
            if let (Some(to), Some(from)) = (to, from) {
                to.copy_from_slice(from);
            }
        }
        let new = bytes.get(bytes.len().saturating_sub(LAST)..).unwrap_or(bytes);
        self.last.copy_within(new.len().min(LAST).., 0);
        if let Some(to) = self.last.get_mut(LAST.saturating_sub(new.len())..) {
            to.copy_from_slice(new);
        }
    }

    /// The last `n` bytes, if there are any and all of them were kept. Never more than are kept.
    #[cold]
    fn kept_tail(&self, n: u64) -> Option<Vec<u8>> {
        let n = usize::try_from(n).ok().filter(|&n| n > 0)?;
        let kept = if self.received <= FIRST as u64 { self.first_bytes() } else { self.last_bytes() };
        kept.get(kept.len().checked_sub(n)?..).map(<[u8]>::to_vec)
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer")
            .field("sent", &self.sent)
            .field("received", &self.received())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
