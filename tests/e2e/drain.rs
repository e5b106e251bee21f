//! SIGTERM: what is in flight ends, whole; each connection is told that it is the last; and then the program ends by itself.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::front::{Front, Program};
use crate::harness::in_parallel;
use crate::next_hop::read_message;

const PROXIES: [Program; 2] = [Program::Proxy, Program::ProxyH1];

/// What is in flight when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InFlight {
    /// A request that has no answer yet.
    Request,
    /// A body of a response.
    Response,
    /// A body of a request.
    Upload,
    Tunnel,
}

/// A next hop that answers the paths of [`InFlight`], and waits in the middle until it is told.
fn next_hop(go_on: mpsc::Receiver<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let go_on = Arc::new(Mutex::new(Some(go_on)));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, go_on) = (stream.unwrap(), Arc::clone(&go_on));
            thread::spawn(move || serve(&mut stream, &go_on));
        }
    });
    url
}

fn serve(stream: &mut TcpStream, go_on: &Mutex<Option<mpsc::Receiver<()>>>) -> Option<()> {
    // For the request that is in flight, and not for the other, which may come first.
    let wait = || {
        let go_on = go_on.lock().unwrap().take();
        let _ = go_on.map(|go_on| go_on.recv());
    };
    loop {
        let request = read_message(stream)?;
        if request.contains("/Tunnel") {
            stream
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
                .ok()?;
            wait();
            std::io::copy(&mut stream.try_clone().ok()?, stream).ok()?;
            return None;
        }
        let (head, body) = ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "done");
        if request.contains("/Request") {
            wait();
        }
        stream.write_all(head.as_bytes()).ok()?;
        if request.contains("/Response") {
            stream.write_all(&body.as_bytes()[..2]).ok()?;
            wait();
            stream.write_all(&body.as_bytes()[2..]).ok()?;
        } else {
            stream.write_all(body.as_bytes()).ok()?;
        }
    }
}

fn connect(front: &Front) -> TcpStream {
    let client = TcpStream::connect(front.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

#[test]
fn what_is_in_flight_ends_and_then_the_program_does() {
    let all = [InFlight::Request, InFlight::Response, InFlight::Upload, InFlight::Tunnel];
    let cases = PROXIES.map(|program| all.map(|what| (program, what)));
    in_parallel(cases.as_flattened(), 8, |(program, in_flight)| {
        let what = format!("{} {in_flight:?}", program.name());
        let (go_on, wait) = mpsc::channel();
        let mut front = Front::start(*program, &next_hop(wait));
        let mut client = connect(&front);
        let more = match in_flight {
            InFlight::Request | InFlight::Response => "",
            InFlight::Upload => "Content-Length: 4\r\n",
            InFlight::Tunnel => "Connection: upgrade\r\nUpgrade: echo\r\n",
        };
        let method = if *in_flight == InFlight::Upload { "POST" } else { "GET" };
        write!(client, "{method} /{in_flight:?} HTTP/1.1\r\nHost: a\r\n{more}\r\n").unwrap();
        if *in_flight == InFlight::Upload {
            client.write_all(b"do").unwrap();
        }
        let mut answer = Vec::new();
        let mut byte = [0];
        if *in_flight == InFlight::Tunnel {
            while !answer.ends_with(b"\r\n\r\n") {
                client.read_exact(&mut byte).unwrap();
                answer.push(byte[0]);
            }
        }
        // Another has had its answer, and keeps its connection.
        let mut idle = connect(&front);
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(read_message(&mut idle).unwrap().ends_with("done"), "{what}");
        thread::sleep(Duration::from_millis(300));

        front.terminate();
        assert_eq!(idle.read(&mut byte).unwrap_or(0), 0, "{what}: an idle connection ends");
        thread::sleep(Duration::from_millis(300));
        assert!(front.ended(Duration::ZERO).is_none(), "{what}: it did not wait");
        assert!(TcpStream::connect(front.address).is_err(), "{what}: it still accepts");

        drop(go_on);
        match in_flight {
            InFlight::Upload => client.write_all(b"ne").unwrap(),
            InFlight::Tunnel => {
                client.write_all(b"echo").unwrap();
                client.shutdown(Shutdown::Write).unwrap();
                answer.clear();
            }
            InFlight::Request | InFlight::Response => {}
        }
        client.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap().to_lowercase();
        if *in_flight == InFlight::Tunnel {
            assert_eq!(answer, "echo", "{what}");
        } else {
            assert!(answer.starts_with("http/1.1 200 ") && answer.ends_with("\r\n\r\ndone"), "{what}: {answer}");
            // Where the head had gone out before, the connection says it by its end.
            let is_told = answer.contains("\r\nconnection: close\r\n");
            assert!(is_told || *in_flight == InFlight::Response, "{what}: {answer}");
        }
        let status = front.ended(PATIENCE).unwrap_or_else(|| panic!("{what}: it has not ended"));
        assert!(status.success(), "{what}: {status}");
        assert_eq!(front.faults(0).len(), 0, "{what}: {:?}", front.faults(0));
    });
}

#[test]
fn with_nothing_in_flight_it_ends_at_once() {
    for program in PROXIES {
        let (_go_on, wait) = mpsc::channel();
        let mut front = Front::start(program, &next_hop(wait));
        // Connected, and silent; and one whose head is not whole, which hyper takes for a request in flight.
        let silent = connect(&front);
        let mut half = connect(&front);
        if program == Program::ProxyH1 {
            half.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
        }
        thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        front.terminate();
        let status = front.ended(PATIENCE).unwrap_or_else(|| panic!("{}: it has not ended", program.name()));
        assert!(status.success() && begun.elapsed() < Duration::from_secs(6), "{}: {status}", program.name());
        if program == Program::ProxyH1 {
            let mut answer = String::new();
            half.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        }
        drop(silent);
    }
}
