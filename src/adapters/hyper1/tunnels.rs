//! `Tunnels`: what joins two connections of hyper behind a 101.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Extensions;
use hyper::rt::{Read, ReadBuf, Write};
use hyper::upgrade::{OnUpgrade, Upgraded};

use crate::classify::classify;
use crate::deadline::{Never, Timer};
use crate::exchange::Exchange;
use crate::fault::{Fault, FaultKind, Phase};
use crate::upgrade::{Offer, Tunnel, Upgrades};

/// A tunnel, to be run in a task of its own.
pub type Carrying = Pin<Box<dyn Future<Output = ()> + Send>>;

type Spawn = dyn Fn(Carrying) + Send + Sync;

/// How much is read at once, in each direction.
const ROOM: usize = 16 * 1024;

/// Carries WebSockets and the like where hyper serves the client and asks the next hop: for
/// [`Gateway::with_upgrades`](crate::Gateway::with_upgrades).
///
/// Bytes are bytes, and each direction ends by itself: who has said all may still listen. A tunnel that breaks, or that
/// nothing passes through for too long, gets a record, and the client's connection is reset.
///
/// The server's connection needs `with_upgrades()`, and so does the client's.
///
/// ```
/// # #[cfg(feature = "tokio1")] mod proxy {
/// use badgateway::Gateway;
/// use badgateway::adapters::{hyper1::Tunnels, tokio1::TokioTimer};
/// use std::time::Duration;
///
/// fn gateway() -> Result<Gateway, badgateway::reply::InvalidName> {
///     let tunnels = Tunnels::new(|tunnel| drop(tokio::spawn(tunnel))).timed(TokioTimer, Duration::from_secs(600));
///     Ok(Gateway::new("edge-1.example")?.with_upgrades(tunnels))
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Tunnels<T = Never> {
    spawn: Arc<Spawn>,
    timer: T,
    idle: Duration,
}

impl Tunnels {
    /// Tunnels that are run by this: `|tunnel| drop(tokio::spawn(tunnel))`. There is no limit of time.
    pub fn new(spawn: impl Fn(Carrying) + Send + Sync + 'static) -> Self {
        Self { spawn: Arc::new(spawn), timer: Never, idle: Duration::MAX }
    }
}

impl<T> Tunnels<T> {
    /// With a limit of time: the longest that nothing may pass in either direction.
    #[must_use]
    pub fn timed<U: Timer>(self, timer: U, idle: Duration) -> Tunnels<U> {
        Tunnels { spawn: self.spawn, timer, idle }
    }
}

impl<T> fmt::Debug for Tunnels<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnels").field("idle", &self.idle).finish_non_exhaustive()
    }
}

impl<T> Upgrades for Tunnels<T>
where
    T: Timer + Clone + Send + Sync + 'static,
    T::Sleep: Send,
{
    fn offer(&self, request: &mut Extensions) -> Option<Box<dyn Offer>> {
        let client = request.remove::<OnUpgrade>()?;
        Some(Box::new(Client { client, tunnels: self.clone() }))
    }
}

struct Client<T> {
    client: OnUpgrade,
    tunnels: Tunnels<T>,
}

impl<T> Offer for Client<T>
where
    T: Timer + Send + Sync + 'static,
    T::Sleep: Send,
{
    fn can_join(&self, response: &Extensions) -> bool {
        response.get::<OnUpgrade>().is_some()
    }

    fn join(self: Box<Self>, response: &mut Extensions, tunnel: Tunnel) {
        let Some(upstream) = response.remove::<OnUpgrade>() else {
            return tunnel.failed(Fault::new(FaultKind::ProxyInternal));
        };
        let Self { client, tunnels: Tunnels { spawn, timer, idle } } = *self;
        spawn(Box::pin(async move {
            // hyper writes the 101 first. Where it cannot, the client is not there any more.
            let Ok(client) = client.await else { return tunnel.left() };
            let Ok(upstream) = upstream.await else { return tunnel.failed(Fault::new(FaultKind::BodyReset)) };
            match carry(client, upstream, &timer, idle).await {
                // Before the connections are dropped, with the future that owned them, they have been told.
                (Ended::Well, _sides) => drop(tunnel),
                (Ended::Client, _sides) => tunnel.left(),
                (Ended::NextHop(fault), _sides) => tunnel.failed(fault),
            }
        }));
    }
}

/// How a tunnel ended.
enum Ended {
    Well,
    Client,
    NextHop(Fault),
}

/// Carries bytes both ways until both sides have ended, or one broke.
async fn carry<T: Timer>(client: Upgraded, upstream: Upgraded, timer: &T, idle: Duration) -> (Ended, [Upgraded; 2]) {
    let (mut client, mut upstream) = (client, upstream);
    let (mut there, mut back) = (Way::new(), Way::new());
    let mut nap = Box::pin(timer.sleep(idle));
    let ended = poll_fn(|cx| {
        let before = there.passed.wrapping_add(back.passed);
        let sent = there.poll(&mut client, &mut upstream, cx);
        let got = back.poll(&mut upstream, &mut client, cx);
        match (sent, got) {
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Ended::Well),
            (Poll::Ready(Err(Broken::Read(_))), _) | (_, Poll::Ready(Err(Broken::Write(_)))) => {
                return Poll::Ready(Ended::Client);
            }
            (Poll::Ready(Err(Broken::Write(error))), _) | (_, Poll::Ready(Err(Broken::Read(error)))) => {
                return Poll::Ready(Ended::NextHop(in_body(&error)));
            }
            (Poll::Pending | Poll::Ready(Ok(())), _) => {}
        }
        if before != there.passed.wrapping_add(back.passed) {
            nap.as_mut().set(timer.sleep(idle));
        }
        nap.as_mut().poll(cx).map(|()| Ended::NextHop(Fault::new(FaultKind::BodyStalled)))
    })
    .await;
    (ended, [client, upstream])
}

fn in_body(error: &io::Error) -> Fault {
    let exchange = Exchange { phase: Some(Phase::Body), ..Exchange::default() };
    classify(error, &[], &exchange)
}

/// One direction.
struct Way {
    room: Box<[u8]>,
    from: usize,
    to: usize,
    passed: u64,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// The reader has ended, and the writer is to hear of it.
    Ending,
    Over,
}

enum Broken {
    Read(io::Error),
    Write(io::Error),
}

impl Way {
    fn new() -> Self {
        Self { room: vec![0; ROOM].into(), from: 0, to: 0, passed: 0, stage: Stage::Open }
    }

    /// Ready when this direction has ended in good order.
    fn poll<R, W>(&mut self, reader: &mut R, writer: &mut W, cx: &mut Context<'_>) -> Poll<Result<(), Broken>>
    where
        R: Read + Unpin,
        W: Write + Unpin,
    {
        loop {
            while let Some(waiting) = self.room.get(self.from..self.to).filter(|waiting| !waiting.is_empty()) {
                let written = ready!(Pin::new(&mut *writer).poll_write(cx, waiting)).map_err(Broken::Write)?;
                if written == 0 {
                    return Poll::Ready(Err(Broken::Write(io::ErrorKind::WriteZero.into())));
                }
                self.from = self.from.saturating_add(written);
                self.passed = self.passed.wrapping_add(written as u64);
            }
            match self.stage {
                Stage::Over => return Poll::Ready(Ok(())),
                Stage::Ending => {
                    ready!(Pin::new(&mut *writer).poll_shutdown(cx)).map_err(Broken::Write)?;
                    self.stage = Stage::Over;
                    return Poll::Ready(Ok(()));
                }
                Stage::Open => {}
            }
            let mut buf = ReadBuf::new(&mut self.room);
            match Pin::new(&mut *reader).poll_read(cx, buf.unfilled()) {
                Poll::Ready(Ok(())) => {
                    (self.from, self.to) = (0, buf.filled().len());
                    if self.to == 0 {
                        self.stage = Stage::Ending;
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Broken::Read(error))),
                // What was written so far must not wait for more.
                Poll::Pending => {
                    let _ = Pin::new(&mut *writer).poll_flush(cx).map_err(Broken::Write)?;
                    return Poll::Pending;
                }
            }
        }
    }
}
