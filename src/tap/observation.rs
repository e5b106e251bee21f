//! `Observation`: what the tap saw of one exchange, at one moment.
//!
//! Counts are exact, and what was not seen is `None`, never a guess.

use std::fmt;
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::exchange::Exchange;
use crate::fault::{Class, Phase};
use crate::h1::diagnose::diagnose_head;
use crate::h1::sniff::{self, Sniffed};
use crate::h1::{Deviations, ParseError};

use super::follower::State;
use super::observer::{Ended, FIRST, Observer};
use super::reader::{self, Reader};

/// What the tap saw of one exchange. A copy: it does not change any more.
///
/// Its bytes came from the peer. They are for [`Evidence`](crate::fault::Evidence), which escapes them.
#[derive(Clone)]
pub struct Observation {
    pub(super) seen: Observer,
}

impl Observation {
    /// Request bytes that the connection took.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.seen.sent
    }

    /// Response bytes that came, heads and interim responses included, and what came unasked.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.seen.received()
    }

    /// Bytes of the current head so far: the final one's, once its first byte has come.
    #[must_use]
    pub const fn head_bytes(&self) -> u64 {
        self.seen.follower.head_bytes()
    }

    /// Whether the final head is complete.
    #[must_use]
    pub const fn head_complete(&self) -> bool {
        self.seen.follower.head_complete
    }

    /// The status of the final response, as sent: any three digits. `None` before its status line, and
    /// when there is none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.seen.follower.status.filter(|&status| status == 101 || !(100..200).contains(&status))
    }

    /// How many interim (1xx) responses came.
    #[must_use]
    pub const fn interim(&self) -> u32 {
        self.seen.follower.interim
    }

    /// Whole field lines of the current head so far. The continuation of a folded one does not count.
    #[must_use]
    pub const fn header_lines(&self) -> u32 {
        self.seen.follower.header_lines
    }

    /// The body's length by `Content-Length`, where that is what frames it.
    #[must_use]
    pub const fn expected(&self) -> Option<u64> {
        self.seen.follower.expected
    }

    /// Bytes that came behind the final head, as far as they belong to its body. A chunked body is
    /// not decoded: its chunk lines count.
    #[must_use]
    pub const fn body_received(&self) -> u64 {
        self.seen.follower.body_received
    }

    /// Whether the response is known to be complete: by its length, because it has no body, or by a
    /// clean end where the end delimits it. Never known of a chunked body, nor of a tunnel.
    #[must_use]
    pub fn complete(&self) -> bool {
        match self.seen.follower.state {
            State::Complete => true,
            State::UntilClose => self.seen.ended == Some(Ended::Clean),
            State::StatusLine | State::Fields | State::Length(_) | State::Chunked | State::Tunnel | State::Lost => {
                false
            }
        }
    }

    /// Bytes behind a complete response: nobody asked for them.
    #[must_use]
    pub const fn leftover(&self) -> u64 {
        self.seen.follower.leftover
    }

    /// How the connection ended, if it has.
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.seen.ended
    }

    /// The first bytes that came: at most 2048.
    #[must_use]
    pub fn first_bytes(&self) -> &[u8] {
        self.seen.first_bytes()
    }

    /// The last bytes that came: at most 64. They may overlap with the first.
    #[must_use]
    pub fn last_bytes(&self) -> &[u8] {
        self.seen.last_bytes()
    }

    /// How long the next hop took: from the last request byte that was taken before its first response
    /// byte, to that. `None` before it, and where it spoke first.
    #[must_use]
    pub const fn waited(&self) -> Option<Duration> {
        self.seen.waited
    }

    /// When the first request byte was taken.
    #[must_use]
    pub const fn first_write(&self) -> Option<Instant> {
        self.seen.first_write
    }

    /// When the last request byte so far was taken.
    #[must_use]
    pub const fn last_write(&self) -> Option<Instant> {
        self.seen.last_write
    }

    /// When the first response byte came.
    #[must_use]
    pub const fn first_read(&self) -> Option<Instant> {
        self.seen.first_read
    }

    /// When the last response byte so far came: with the others it tells a stall from a drip.
    #[must_use]
    pub const fn last_read(&self) -> Option<Instant> {
        self.seen.last_read
    }

    /// How far the exchange had got: nothing sent and nothing received is still
    /// [`Send`](Phase::Send), everything up to the end of the final head is [`Head`](Phase::Head).
    /// Whether the *whole* request was sent, the tap cannot know.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        if self.seen.follower.head_complete {
            Phase::Body
        } else if self.seen.received() > 0 || self.seen.sent > 0 {
            Phase::Head
        } else {
            Phase::Send
        }
    }

    /// What is wrong with the bytes that came, and the offset from the first byte of the response. The
    /// smallest offset wins.
    ///
    /// It is what [`h1::Parser`](crate::h1::Parser) refuses in its compatible mode, and, within the first
    /// 2048 bytes, what it would tolerate but most others refuse. Whether the library at hand did, the
    /// caller's error tells.
    #[must_use]
    pub fn class(&self) -> Option<(Class, u64)> {
        let first = self.first_bytes();
        if let (Some(_), Sniffed::NotHttp(class)) = (self.seen.ended, sniff::sniff_at_end(first)) {
            return Some((class, 0));
        }
        let refused = self.refused().filter(|e| !reader::is_cut(e.class()) && !reader::is_limit(e.class()));
        let refused = refused.map(|e| (e.class(), e.offset()));
        [refused, diagnose_head(first), self.seen.follower.fold].into_iter().flatten().min_by_key(|(_, at)| *at)
    }

    /// What the parser would tolerate of the response, as far as it came. Of a response whose head and framing it does
    /// not read along, because nothing can be wrong with them any more, the first 2048 bytes are judged.
    ///
    /// Whether the HTTP library at hand tolerates the same, its silence tells: this is for the log of who wants to know
    /// a next hop that is broken and gets away with it.
    #[must_use]
    pub fn deviations(&self) -> Deviations {
        self.read_along().deviations()
    }

    /// Whether trailers came that may not be trailers (RFC 9110 section 6.5.1), so far and as far as it is read along.
    #[must_use]
    pub fn forbidden_trailers(&self) -> bool {
        self.read_along().forbidden_trailers()
    }

    /// Why the parser would not take the response, as far as it came.
    pub(super) fn refused(&self) -> Option<ParseError> {
        self.refused_if(self.seen.ended)
    }

    /// The same for a connection that had ended like that.
    pub(super) fn refused_if(&self, ended: Option<Ended>) -> Option<ParseError> {
        let unseen = self.seen.reader.is_none() && self.seen.received() > FIRST as u64;
        // Its end says nothing to who has not seen all of it.
        self.read_along().judge(if unseen { None } else { ended })
    }

    pub(super) fn read_along(&self) -> Reader {
        match &self.seen.reader {
            Some(reader) => (**reader).clone(),
            None => {
                let mut reader = Reader::new(self.seen.request);
                reader.feed(self.first_bytes());
                reader
            }
        }
    }

    /// Writes down what is known about the exchange: bytes, the next hop's status, the phase. Counts
    /// are only ever raised; status and phase are left alone where the caller has set them.
    pub fn fill(&self, exchange: &mut Exchange) {
        exchange.sent = exchange.sent.max(Some(self.sent()));
        exchange.received = exchange.received.max(Some(self.received()));
        if exchange.received_status.is_none() {
            exchange.received_status = self.status().and_then(|status| StatusCode::from_u16(status).ok());
        }
        if exchange.phase.is_none() {
            exchange.phase = Some(self.phase());
        }
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("sent", &self.sent())
            .field("received", &self.received())
            .field("phase", &self.phase())
            .field("status", &self.status())
            .field("ended", &self.ended())
            .field("class", &self.class())
            .finish_non_exhaustive()
    }
}
