//! A name server on UDP, for faults that the system's resolver cannot be made to show.
//!
//! One rule: everything under `lab.test` is 127.0.0.1, but for the names that exist to fail.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, ResourceRecord, TYPE};

/// Larger than any question over UDP, EDNS included.
const MAX_QUERY: usize = 4096;

/// Starts the name server on that port, 0 for one of the kernel's choosing; it ends when `stop` is set and
/// one more datagram arrives.
pub(super) fn start(port: u16, stop: Arc<AtomicBool>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = socket.local_addr()?;
    let serve = move || {
        let mut query = [0; MAX_QUERY];
        while !stop.load(Ordering::Acquire) {
            // An error here is about an answer nobody waited for (ICMP), not about the socket.
            let Ok((length, from)) = socket.recv_from(&mut query) else {
                continue;
            };
            if let Some(reply) = query.get(..length).and_then(reply) {
                let _ = socket.send_to(&reply, from);
            }
        }
    };
    let thread = thread::Builder::new().name("lab-dns".into()).spawn(serve)?;
    Ok((address, thread))
}

/// What a name is good for.
enum Entry {
    Loopback,
    NoData,
    Code(RCODE),
    Silence,
}

fn entry(name: &str) -> Entry {
    match name {
        "nxdomain.lab.test" => Entry::Code(RCODE::NameError),
        "servfail.lab.test" => Entry::Code(RCODE::ServerFailure),
        "refused.lab.test" => Entry::Code(RCODE::Refused),
        "timeout.lab.test" => Entry::Silence,
        "nodata.lab.test" => Entry::NoData,
        "localhost" | "lab.test" => Entry::Loopback,
        _ if name.ends_with(".lab.test") => Entry::Loopback,
        // A resolver that appends a search domain must find nothing there, and no error either.
        _ => Entry::Code(RCODE::NameError),
    }
}

fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(query).ok()?;
    let Question { qname, qtype, .. } = query.questions.first()?;
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    reply.questions = query.questions.clone();
    match entry(&qname.to_string().to_ascii_lowercase()) {
        Entry::Silence => return None,
        Entry::NoData => {}
        Entry::Code(code) => *reply.rcode_mut() = code,
        Entry::Loopback if matches!(qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY) => {
            let address = RData::A(A { address: Ipv4Addr::LOCALHOST.to_bits() });
            reply.answers.push(record(qname, address));
        }
        Entry::Loopback => {}
    }
    reply.build_bytes_vec().ok()
}

/// A record that nobody may keep: the next question is a new test.
fn record<'a>(name: &Name<'a>, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(name.clone(), CLASS::IN, 0, data)
}
