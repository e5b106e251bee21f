//! A syslog server: what HAProxy logs, as rsyslog would write it to a file.
//!
//! The line is HAProxy's, less the priority in front, which no file has.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::thread::{self, JoinHandle};

/// A server that writes to a file.
#[derive(Debug)]
pub(crate) struct Syslog {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Syslog {
    pub(crate) fn to_file(path: &Path) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        let mut file = File::create(path)?;
        let thread = thread::spawn(move || {
            let mut datagram = [0; 8192];
            // An empty datagram is our own: the end.
            while let Ok(length @ 1..) = socket.recv(&mut datagram) {
                let line = &datagram[..length];
                let line = match line.iter().position(|byte| *byte == b'>') {
                    Some(at) if line.starts_with(b"<") => &line[at + 1..],
                    _ => line,
                };
                let _ = file.write_all(line.trim_ascii_end()).and_then(|()| file.write_all(b"\n"));
            }
        });
        Ok(Self { address, thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        let sent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.send_to(&[], self.address));
        if let (Ok(_), Some(thread)) = (sent, self.thread.take()) {
            let _ = thread.join();
        }
    }
}
