//! Flow control: clients that read nothing of their streams do not stop those of others, on either side.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::TcpListener;

use super::client::Client;
use crate::upstream::{Front, Upstream, status};

/// h2's own server: `/big` is 8 MiB, `/count` says how much was sent, and `/hold` reads nothing.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut builder = h2::server::Builder::new();
                builder.initial_connection_window_size(16 << 20).max_concurrent_streams(100);
                let mut connection = builder.handshake::<_, Bytes>(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        let (head, mut upload) = request.into_parts();
                        let mut count = 0;
                        if head.uri.path() == "/hold" {
                            return std::future::pending().await;
                        }
                        while let Some(Ok(bytes)) = upload.data().await {
                            let _ = upload.flow_control().release_capacity(bytes.len());
                            count += bytes.len();
                        }
                        let mut body = respond.send_response(Response::new(()), false).unwrap();
                        let bytes = match head.uri.path() {
                            "/big" => Bytes::from(vec![b'x'; 8 << 20]),
                            _ => Bytes::from(count.to_string()),
                        };
                        let _ = body.send_data(bytes, true);
                    });
                }
            });
        }
    });
    address
}

fn before(address: SocketAddr, flags: &[&str]) -> Front {
    let route = format!("/h2=http://{address}");
    Upstream::start(|_| {}).behind(&[&["--http2", "--route", &route][..], flags].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_stop_nobody_else() {
    let address = serve().await;
    let front = before(address, &["--eject-after", "1", "--eject-for", "60s", "--idle-timeout", "2s"]);
    // Of either version: so many that a window for all, of the size of a few bodies, would be gone.
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let mut client = front.connect();
            client.write_all(b"GET /h2/big HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client
        })
        .collect();
    let client = Client::connect(front.proxy.address).await;
    let mut shut = Vec::new();
    for _ in 0..30 {
        let mut send = client.send.clone().ready().await.unwrap();
        let (response, _) = send.send_request(Request::get("http://a/h2/big").body(()).unwrap(), true).unwrap();
        shut.push(response.await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for n in 0..20 {
        let begun = Instant::now();
        let other = Client::connect(front.proxy.address).await;
        let answer = other.get("/h2/count").await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..], answer.reset), (200, &b"0"[..], None), "{n}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{n}: {:?}", begun.elapsed());
    }
    // Whoever reads at last has all of it, and no idle timer of the next hop's ran meanwhile.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    assert!(front.proxy.records().is_empty(), "{:?}", front.proxy.records());
    let mut last = slow.into_iter().next_back().unwrap();
    let mut answer = vec![0; 8 << 20];
    tokio::task::block_in_place(|| last.read_exact(&mut answer)).unwrap();
    assert_eq!(status(&String::from_utf8_lossy(&answer[..20])), "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_hop_that_takes_no_upload_stops_no_other_upload() {
    let address = serve().await;
    let front = before(address, &["--send-timeout", "9s", "--response-timeout", "9s"]);
    let client = Client::connect(front.proxy.address).await;
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut send = client.send.clone().ready().await.unwrap();
        let request = Request::post("http://a/h2/hold").body(()).unwrap();
        let (response, mut upload) = send.send_request(request, false).unwrap();
        upload.send_data(Bytes::from(vec![0; 1 << 20]), true).unwrap();
        held.push((response, upload));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut send = client.send.clone().ready().await.unwrap();
    let request = Request::post("http://a/h2/count").body(()).unwrap();
    let (response, mut upload) = send.send_request(request, false).unwrap();
    upload.send_data(Bytes::from(vec![0; 3 << 20]), true).unwrap();
    let answer = super::client::read(response).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, (3 << 20).to_string().as_bytes()));
}
