//! Who stops in the middle of saying what it is.
//!
//! Expectations are the same for both engines, whichever of them waits for more.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use badgateway::lab::Lab;

use crate::harness::{Engine, Proxy, in_parallel};
use crate::{HASTE, THREADS, get};

/// What is said, the status, the fault and its class.
type Half = (&'static [u8], u16, &'static str, Option<&'static str>);

const HALVES: &[Half] = &[
    (b"220 mail.example", 502, "not_http", Some("not_http.smtp_ftp")),
    (b"220 mail.example ESMTP", 502, "not_http", Some("not_http.smtp")),
    (b"\0\0\x06\x04\0", 502, "not_http", Some("not_http.http2_frame")),
    (b"J\0\0\0\x0a8", 502, "not_http", Some("not_http.other")),
    (b"HTTP/1.1 103 Early Hints\r\n\r\n220 mail", 502, "not_http", Some("not_http.smtp_ftp")),
    (b"HTTP/1.1 103 Early Hints\r\n\r\n", 504, "response_timeout", Some("timeout.after_interim")),
    (b"HTTP/1.1 103 Early Hints\r\n\r\nHTT", 504, "head_stalled", None),
    (b"HTT", 504, "head_stalled", None),
];

crate::both! {
    what_came_is_judged_when_no_more_does,
}

fn what_came_is_judged_when_no_more_does(engine: Engine) {
    let lab = Lab::builder().only(&["ok_200"]).start().unwrap();
    let route = |n: usize| format!("--route=/half{n}=http://{}", says(HALVES[n].0));
    let routes: Vec<String> = (0..HALVES.len()).map(route).collect();
    let mut flags: Vec<&str> = routes.iter().map(String::as_str).collect();
    flags.extend(HASTE);
    let proxy = Proxy::start(engine, &lab, &flags);
    let numbers: Vec<usize> = (0..HALVES.len()).collect();
    let got: HashMap<usize, _> = in_parallel(&numbers, THREADS, |&n| {
        let path = format!("/half{n}");
        let answer = get(&proxy, &path);
        let record = proxy.record(&path).unwrap();
        (n, (answer.status, record.text("fault"), record.text("class")))
    })
    .into_iter()
    .collect();
    for (n, &(bytes, status, fault, class)) in HALVES.iter().enumerate() {
        let expected = (Some(status), Some(fault.to_owned()), class.map(str::to_owned));
        assert_eq!(got[&n], expected, "{}", bytes.escape_ascii());
    }
}

/// Reads the request, says that, and waits.
fn says(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(bytes);
                thread::sleep(Duration::from_secs(5));
            });
        }
    });
    address
}
