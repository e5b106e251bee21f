//! An upstream that answers in chunks, or in HTTP/1.0 without any, up to a moment, and then does one thing wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use badgateway::fault::FaultKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing wrong.
    Whole,
    /// Ends in good order, ten bytes short of the length that the gateway has announced.
    Short,
    /// Closes without the last chunk.
    Truncated,
    Reset,
    Stalled,
    /// Sends a chunk size that is none.
    BadChunk,
}

impl End {
    pub(crate) const FAULTS: [Self; 5] = [Self::Short, Self::Truncated, Self::Reset, Self::Stalled, Self::BadChunk];

    /// What the gateway has to find, in the body.
    pub(crate) fn in_body(self) -> FaultKind {
        match self {
            Self::Whole => FaultKind::Unclassified,
            Self::Short | Self::Truncated => FaultKind::BodyTruncated,
            Self::Reset => FaultKind::BodyReset,
            Self::Stalled => FaultKind::BodyStalled,
            Self::BadChunk => FaultKind::BadChunk,
        }
    }

    /// What it has to find before the head.
    pub(crate) fn in_head(self) -> FaultKind {
        match self {
            Self::Whole | Self::Short => FaultKind::Unclassified,
            Self::Truncated => FaultKind::ClosedBeforeResponse,
            Self::Reset => FaultKind::ResetBeforeResponse,
            Self::Stalled => FaultKind::ResponseTimeout,
            // No chunk without a head: what came is no status line.
            Self::BadChunk => FaultKind::NotHttp,
        }
    }
}

/// When it does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the head of its response.
    Head,
    /// In the first poll of the body: in one segment with the head, where there is anything to send.
    FirstPoll,
    /// After one frame.
    Frame,
    /// After a mebibyte.
    Mebibyte,
}

impl Moment {
    /// What it sends until then.
    pub(crate) fn content(self) -> Vec<u8> {
        let length = match self {
            Self::Head | Self::FirstPoll => 0,
            Self::Frame => 5,
            Self::Mebibyte => 1 << 20,
        };
        // No two bytes that stand near each other are alike, so nothing lost or moved looks right.
        (0..length).map(|n: u32| (n ^ (n >> 8)) as u8).collect()
    }
}

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http10,
    Http11,
}

/// Serves one connection. `seen` counts what the gateway has read of it: a reset would overtake the rest.
pub(crate) async fn serve(speaks: Speaks, moment: Moment, end: End, seen: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, speaks, moment, end, &seen).await;
    });
    address
}

async fn answer(mut stream: TcpStream, speaks: Speaks, moment: Moment, end: End, seen: &AtomicU64) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let mut bytes = Vec::new();
    if moment != Moment::Head {
        bytes.extend_from_slice(match speaks {
            Speaks::Http10 => b"HTTP/1.0 200 OK\r\n\r\n",
            Speaks::Http11 => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        });
    }
    for chunk in moment.content().chunks(16 << 10) {
        if speaks == Speaks::Http10 {
            bytes.extend(chunk);
            continue;
        }
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    match end {
        End::Whole | End::Short if speaks == Speaks::Http10 => {}
        End::Whole | End::Short => bytes.extend(b"0\r\n\r\n"),
        End::BadChunk => bytes.extend(b"zz\r\n"),
        End::Truncated | End::Reset | End::Stalled => {}
    }
    // The gateway may have had enough.
    let _ = stream.write_all(&bytes).await;
    match end {
        End::Truncated => {
            let _ = stream.shutdown().await;
        }
        End::Whole if speaks == Speaks::Http10 => {
            let _ = stream.shutdown().await;
        }
        End::Reset => {
            while seen.load(Ordering::SeqCst) < bytes.len() as u64 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            return;
        }
        End::Whole | End::Short | End::Stalled | End::BadChunk => {}
    }
    // Until the gateway goes.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}
