//! A name server that answers with what was not asked: nothing of it is taken, and none of it makes another question.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use badgateway::lab::probe::{self, Request};
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Name, Packet, QTYPE, Question, ResourceRecord, TYPE};

use crate::PATIENCE;
use crate::front::{Front, Program};
use crate::harness::in_parallel;
use crate::next_hop::{OK, next_hop};

/// What the name server says to each question before, or instead of, the answer.
const NOISE: usize = 50;

/// One datagram that answers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Foreign {
    Empty,
    /// The question itself.
    Echo,
    Id,
    Name,
    /// A name that is compressed into itself.
    Loop,
    /// A good answer, from another port.
    Source,
}

const FOREIGN: [Foreign; 6] =
    [Foreign::Empty, Foreign::Echo, Foreign::Id, Foreign::Name, Foreign::Loop, Foreign::Source];

/// An answer to the question with that address, for that name if another.
fn answer(question: &[u8], name: Option<&'static str>, address: [u8; 4]) -> Vec<u8> {
    let packet = Packet::parse(question).unwrap();
    let mut reply = Packet::new_reply(packet.id());
    let Question { qname, qtype, qclass, .. } = packet.questions[0].clone();
    let name = name.map_or(qname, |name| Name::new(name).unwrap());
    reply.questions.push(Question::new(name.clone(), qtype, qclass, false));
    if qtype == QTYPE::TYPE(TYPE::A) {
        let data = RData::A(A { address: u32::from_be_bytes(address) });
        reply.answers.push(ResourceRecord::new(name, CLASS::IN, 0, data));
    }
    reply.build_bytes_vec().unwrap()
}

/// Where the next hop is not.
const ELSEWHERE: [u8; 4] = [127, 0, 0, 99];

/// A name server that says so much noise to a question, and then the truth, if it ever does. How often it was asked.
fn name_server(foreign: Foreign, is_true: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let question = &buffer[..length];
            count.fetch_add(1, Ordering::SeqCst);
            for _ in 0..NOISE {
                let mut bytes = answer(question, None, ELSEWHERE);
                match foreign {
                    Foreign::Empty => bytes.clear(),
                    Foreign::Echo => bytes = question.to_vec(),
                    Foreign::Id => bytes[0] ^= 0x80,
                    Foreign::Name => bytes = answer(question, Some("evil.example"), ELSEWHERE),
                    Foreign::Loop => {
                        bytes.truncate(12);
                        bytes.extend([0xc0, 12, 0, 1, 0, 1]);
                    }
                    Foreign::Source => {}
                }
                let socket = if foreign == Foreign::Source { &other } else { &socket };
                let _ = socket.send_to(&bytes, from);
            }
            if is_true {
                let _ = socket.send_to(&answer(question, None, [127, 0, 0, 1]), from);
            }
        }
    });
    (address, asked)
}

fn ask(program: Program, foreign: Foreign, is_true: bool) -> (probe::Answer, usize, Front) {
    let (url, _seen) = next_hop(OK);
    // Whoever is sent elsewhere finds nobody there.
    let port = url.rsplit(':').next().unwrap().to_owned();
    let elsewhere = TcpListener::bind((std::net::Ipv4Addr::from(ELSEWHERE), port.parse().unwrap())).unwrap();
    let (server, asked) = name_server(foreign, is_true);
    let url = format!("http://shop.example:{port}");
    let flags = ["--resolver", &server.to_string(), "--connect-timeout", if is_true { "9s" } else { "900ms" }];
    let front = Front::start_with(program, &url, &flags);
    let answer = probe::send(front.address, &Request::new().timeout(PATIENCE)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "{} was sent elsewhere by {foreign:?}", program.name());
    (answer, asked.load(Ordering::SeqCst), front)
}

#[test]
fn what_was_not_asked_is_not_taken() {
    for program in [Program::Proxy, Program::ProxyH1] {
        for foreign in FOREIGN {
            let what = format!("{} {foreign:?}", program.name());
            let (answer, asked, _front) = ask(program, foreign, true);
            assert_eq!(answer.status, Some(200), "{what}");
            // For IPv4 and for IPv6.
            assert_eq!(asked, 2, "{what}");
        }
    }
}

#[test]
fn who_hears_only_noise_asks_again_at_a_timer() {
    let cases = [Program::Proxy, Program::ProxyH1].map(|program| FOREIGN.map(|foreign| (program, foreign)));
    in_parallel(cases.as_flattened(), 12, |(program, foreign)| {
        let what = format!("{} {foreign:?}", program.name());
        let (answer, asked, front) = ask(*program, *foreign, false);
        assert_eq!(answer.status, Some(504), "{what}");
        let faults = front.faults(1);
        assert_eq!(faults[0].text("fault").as_deref(), Some("dns_timeout"), "{what}: {}", faults[0].0);
        // At once, after a third of the time, after two thirds, and perhaps at its very end; each for two families.
        assert!((2..=8).contains(&asked), "{what}: asked {asked} times");
    });
}
