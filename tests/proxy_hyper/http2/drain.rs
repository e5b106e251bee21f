//! SIGTERM with clients of HTTP/2: what is in flight ends, they are told that nothing more is taken, and the program ends.
#![cfg(unix)]

use std::thread;
use std::time::Duration;

use super::client::{Client, a_moment};
use crate::upstream::Upstream;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_ends_and_nothing_more_begins() {
    for http2 in [false, true] {
        let up = Upstream::start(move |peer| {
            if !http2 {
                peer.request();
                peer.say("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
                thread::sleep(Duration::from_millis(600));
                return peer.say("half");
            }
            if !peer.begin(&[]) {
                return;
            }
            let stream = peer.opened().unwrap();
            peer.head(stream, 0, &[(":status", "200")]);
            peer.data(stream, 0, b"half");
            thread::sleep(Duration::from_millis(600));
            peer.data(stream, super::frames::END_STREAM, b"half");
            peer.answer_all();
        });
        let mut front = up.behind(if http2 { &["--http2"] } else { &[] });
        let client = Client::connect(front.proxy.address).await;
        let (answer, ()) = tokio::join!(client.get("/up/x"), async {
            a_moment().await;
            front.proxy.terminate();
            a_moment().await;
            let late = client.get("/up/late").await;
            assert!(late.is_err(), "{late:?}");
        });
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..], answer.reset), (200, &b"halfhalf"[..], None));
        assert!(front.proxy.has_ended(Duration::from_secs(5)), "http2: {http2}");
        client.driver.await.unwrap().unwrap();
        assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
    }
}
