//! `Progress`: how far the client's request body got, and who was waiting for whom.
//!
//! Afterwards nobody else can tell a slow client from a next hop that does not read.

use std::mem;
use std::time::Instant;

use bytes::Bytes;

use crate::exchange::{Exchange, RequestBody};
use crate::fault::FaultKind;

/// How far the client's request body got.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    stage: RequestBody,
    moved: Option<Instant>,
    client_is_slow: bool,
}

impl Progress {
    /// What became of it.
    #[must_use]
    pub const fn stage(&self) -> RequestBody {
        self.stage
    }

    /// When it last moved on, where the gateway has a [clock](crate::Gateway::with_clock).
    #[must_use]
    pub const fn moved(&self) -> Option<Instant> {
        self.moved
    }

    /// Whether it is the client that everybody waits for.
    #[must_use]
    pub const fn client_is_slow(&self) -> bool {
        self.client_is_slow
    }

    /// Whether it has neither been read to its end nor failed.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(self.stage, RequestBody::Unread | RequestBody::Partial)
    }

    /// What it is when the time for a response is over: of who stopped the body, if some of it was read and not all. Of one
    /// that nobody has touched neither end is to blame before the other.
    pub(super) const fn timeout(&self) -> FaultKind {
        match self.stage {
            RequestBody::Unread | RequestBody::Partial if self.client_is_slow => FaultKind::ClientTimeout,
            RequestBody::Partial => FaultKind::SendTimeout,
            RequestBody::Unread | RequestBody::None | RequestBody::Whole | RequestBody::Failed => {
                FaultKind::ResponseTimeout
            }
        }
    }
}

/// The body as its exchange keeps account of it.
pub(super) struct Account {
    progress: Progress,
    /// How often it has moved on.
    moves: u64,
    is_watched: bool,
    /// All of it so far, where it is kept for a second try.
    kept: Option<Kept>,
    /// How much may be kept.
    room: usize,
}

/// All of the body so far.
enum Kept {
    Growing(Vec<u8>),
    /// It was asked for, and may be again.
    Done(Bytes),
}

impl Kept {
    fn all(&mut self) -> Bytes {
        let bytes = match self {
            Self::Growing(bytes) => mem::take(bytes).into(),
            Self::Done(bytes) => bytes.clone(),
        };
        *self = Self::Done(bytes.clone());
        bytes
    }
}

impl Account {
    pub(super) const fn new(stage: RequestBody) -> Self {
        let progress = Progress { stage, moved: None, client_is_slow: false };
        Self { progress, moves: 0, is_watched: false, kept: None, room: 0 }
    }

    /// From now on somebody looks.
    pub(super) const fn watch(&mut self, has_body: bool) {
        self.is_watched = true;
        self.progress.stage = if has_body { RequestBody::Unread } else { RequestBody::None };
    }

    pub(super) const fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether the client is still sending, as far as anybody looks.
    pub(super) const fn is_unfinished(&self) -> bool {
        self.is_watched && self.progress.is_unfinished()
    }

    /// From now on keeps what goes out, up to so many bytes. Too late once some of it has gone.
    pub(super) fn keep(&mut self, room: usize) {
        if self.kept.is_none() && matches!(self.progress.stage, RequestBody::None | RequestBody::Unread) {
            (self.room, self.kept) = (room, Some(Kept::Growing(Vec::new())));
        }
    }

    /// Whether all of it is at hand.
    const fn is_at_hand(&self) -> bool {
        match self.progress.stage {
            RequestBody::None => true,
            RequestBody::Whole => self.kept.is_some(),
            RequestBody::Unread | RequestBody::Partial | RequestBody::Failed => false,
        }
    }

    /// All of it, once more.
    pub(super) fn again(&mut self) -> Option<Bytes> {
        if !self.is_at_hand() {
            return None;
        }
        Some(self.kept.as_mut().map(Kept::all).unwrap_or_default())
    }

    /// Notes in the facts what is known here.
    pub(super) const fn tell(&self, exchange: &mut Exchange) {
        if self.is_watched {
            exchange.request_body = self.progress.stage;
            exchange.replayable = self.is_at_hand();
        }
    }

    pub(super) const fn waits(&mut self) {
        self.progress.client_is_slow = true;
    }

    /// A frame of it went on its way. `is_last` where the body says that there are no more.
    pub(super) fn went(&mut self, data: Option<&[u8]>, is_last: bool, now: Option<Instant>) {
        self.move_on(now, if is_last { RequestBody::Whole } else { RequestBody::Partial });
        let Some(Kept::Growing(kept)) = &mut self.kept else { return };
        match data {
            // Copied, because a slice of one byte would keep the whole buffer that it is of.
            Some(data) if data.len() <= self.room.saturating_sub(kept.len()) => kept.extend_from_slice(data),
            // Too large, or trailers, which are not worth a second try.
            Some(_) | None => self.kept = None,
        }
    }

    pub(super) const fn ended(&mut self, now: Option<Instant>) {
        // Who asks behind the end has moved nothing.
        if !matches!(self.progress.stage, RequestBody::None | RequestBody::Whole) {
            self.move_on(now, RequestBody::Whole);
        }
    }

    pub(super) const fn failed(&mut self, now: Option<Instant>) {
        self.move_on(now, RequestBody::Failed);
    }

    pub(super) const fn moves(&self) -> u64 {
        self.moves
    }

    const fn move_on(&mut self, now: Option<Instant>, stage: RequestBody) {
        self.moves = self.moves.wrapping_add(1);
        self.progress = Progress { stage, moved: now, client_is_slow: false };
    }
}
