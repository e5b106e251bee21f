//! What the example sees of the frames that pass, in any split.

use std::sync::Arc;

use badgateway::fault::{Fault, FaultKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::frames::{DATA, GOAWAY, HEADERS, SETTINGS};
use super::wire::{Seen, Wire};

fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn a_goaway_spares_all_streams_or_not() {
    let went = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, &[0; 12]),
        frame(HEADERS, 1, &[HEADERS; 30]),
        frame(DATA, 1, &[HEADERS; 20]),
        frame(HEADERS, 3, &[0; 5]),
    ]
    .concat();
    for (last, spares) in [(0, false), (1, false), (3, true), (u32::MAX >> 1, true)] {
        let goaway = frame(GOAWAY, 0, &[u32::to_be_bytes(last), [0; 4]].concat());
        let came = [frame(SETTINGS, 0, &[]), frame(DATA, 1, &[GOAWAY; 40]), goaway].concat();
        for step in [1, 3, 10, 1000] {
            let seen = Seen::new(Arc::new(Notify::new()));
            let (near, mut far) = tokio::io::duplex(4096);
            let (mut wire, tap) = Wire::new(near, Arc::clone(&seen));
            for part in went.chunks(step) {
                wire.write_all(part).await.unwrap();
            }
            assert!(!tap.is_closing());
            for part in came.chunks(step) {
                far.write_all(part).await.unwrap();
                wire.read_exact(&mut vec![0; part.len()]).await.unwrap();
            }
            let fault = tap.frames().refine(Fault::new(FaultKind::GoawayUnprocessed));
            assert_eq!((tap.is_closing(), fault.kind() == FaultKind::Goaway), (true, spares), "{last}, by {step}");
            assert_eq!(tap.frames().broken(), None);
        }
    }
}

#[tokio::test]
async fn an_end_is_no_broken_pipe() {
    let (near, far) = tokio::io::duplex(64);
    let (mut wire, _) = Wire::new(near, Seen::new(Arc::new(Notify::new())));
    drop(far);
    let error = wire.read(&mut [0; 10]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}
