//! Which messages of a name server both example proxies take for an answer, and what they read in it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    dead_code,
    reason = "a test may fail, and uses half of it"
)]

#[path = "../examples/shared/dns.rs"]
mod dns;

use std::net::IpAddr;

use badgateway::FaultKind;
use simple_dns::rdata::{A, AAAA, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};

use crate::dns::{Decoded, Query};

const QUERY: Query<'static> = Query { id: 0x1234, host: "shop.example", record: TYPE::A };

fn question(name: &'static str, record: TYPE, class: CLASS) -> Question<'static> {
    Question::new(Name::new(name).unwrap(), QTYPE::TYPE(record), QCLASS::CLASS(class), false)
}

fn address(name: &'static str, last: u8) -> ResourceRecord<'static> {
    let data = RData::A(A { address: u32::from_be_bytes([192, 0, 2, last]) });
    ResourceRecord::new(Name::new(name).unwrap(), CLASS::IN, 0, data)
}

fn alias(name: &'static str, to: &'static str) -> ResourceRecord<'static> {
    ResourceRecord::new(Name::new(name).unwrap(), CLASS::IN, 0, RData::CNAME(CNAME(Name::new(to).unwrap())))
}

/// A reply to [`QUERY`] with these records, and with what is changed in it.
fn reply(answers: &[ResourceRecord<'static>], change: impl Fn(&mut Packet<'static>)) -> Vec<u8> {
    let mut packet = Packet::new_reply(QUERY.id);
    packet.questions.push(question("shop.example", TYPE::A, CLASS::IN));
    packet.answers = answers.to_vec();
    change(&mut packet);
    packet.build_bytes_vec().unwrap()
}

fn ips(last: &[u8]) -> Decoded {
    Decoded::Answer(Ok(last.iter().map(|last| IpAddr::from([192, 0, 2, *last])).collect()))
}

#[test]
fn only_what_answers_the_question_is_an_answer() {
    let one = [address("shop.example", 1)];
    assert_eq!(QUERY.decode(&reply(&one, |_| {})), ips(&[1]));
    for (why, bytes) in [
        ("nothing", Vec::new()),
        ("another id", {
            let mut bytes = reply(&one, |_| {});
            bytes[0] ^= 1;
            bytes
        }),
        ("our own question", QUERY.encode().unwrap()),
        ("no question", reply(&one, |packet| packet.questions.clear())),
        ("another name", reply(&one, |p| p.questions = vec![question("evil.example", TYPE::A, CLASS::IN)])),
        ("another type", reply(&one, |p| p.questions = vec![question("shop.example", TYPE::AAAA, CLASS::IN)])),
        ("another class", reply(&one, |p| p.questions = vec![question("shop.example", TYPE::A, CLASS::CH)])),
        ("a second question", reply(&one, |p| p.questions.push(question("shop.example", TYPE::A, CLASS::IN)))),
        (
            "an error for another",
            reply(&[], |p| {
                p.questions = vec![question("evil.example", TYPE::A, CLASS::IN)];
                *p.rcode_mut() = RCODE::NameError;
            }),
        ),
        (
            "truncated, for another",
            reply(&[], |p| {
                p.questions = vec![question("evil.example", TYPE::A, CLASS::IN)];
                p.set_flags(PacketFlag::TRUNCATION);
            }),
        ),
        ("a name that points at itself", [&reply(&[], |_| {})[..12], &[0xc0, 12, 0, 1, 0, 1]].concat()),
        ("records that are not there", {
            let mut bytes = reply(&[], |_| {});
            bytes[6..12].fill(0xff);
            bytes
        }),
    ] {
        assert_eq!(QUERY.decode(&bytes), Decoded::Foreign, "{why}");
    }
    // Half a message is none, wherever it ends.
    let whole = reply(&one, |_| {});
    for end in 0..whole.len() {
        assert_eq!(QUERY.decode(&whole[..end]), Decoded::Foreign, "{end}");
    }
}

#[test]
fn an_answer_is_read_for_the_name_that_was_asked() {
    // Case means nothing, and some change it on purpose.
    let shouted = reply(&[address("SHOP.example", 1)], |p| {
        p.questions = vec![question("Shop.Example", TYPE::A, CLASS::IN)];
    });
    assert_eq!(QUERY.decode(&shouted), ips(&[1]));
    let v6 = ResourceRecord::new(Name::new("shop.example").unwrap(), CLASS::IN, 0, RData::AAAA(AAAA { address: 1 }));
    for (answers, expected) in [
        (vec![], ips(&[])),
        (vec![address("shop.example", 1), address("shop.example", 2)], ips(&[1, 2])),
        // RFC 1034 section 3.6.2, in any order.
        (vec![alias("shop.example", "cdn.example"), address("cdn.example", 3)], ips(&[3])),
        (vec![address("cdn.example", 3), alias("shop.example", "cdn.example")], ips(&[3])),
        (vec![alias("shop.example", "a.example"), alias("a.example", "b.example"), address("b.example", 4)], ips(&[4])),
        // Nobody asked for these.
        (vec![address("evil.example", 9)], ips(&[])),
        (vec![address("shop.example", 1), address("evil.example", 9)], ips(&[1])),
        (vec![alias("shop.example", "cdn.example"), address("evil.example", 9)], ips(&[])),
        (vec![v6], ips(&[])),
        // Round and round.
        (vec![alias("shop.example", "a.example"), alias("a.example", "shop.example")], ips(&[])),
    ] {
        assert_eq!(QUERY.decode(&reply(&answers, |_| {})), expected, "{answers:?}");
    }
    assert_eq!(QUERY.decode(&reply(&[], |p| p.set_flags(PacketFlag::TRUNCATION))), Decoded::Truncated);
    for (rcode, kind) in [(RCODE::NameError, FaultKind::DnsNotFound), (RCODE::ServerFailure, FaultKind::DnsFailure)] {
        let decoded = QUERY.decode(&reply(&[], |p| *p.rcode_mut() = rcode));
        assert!(matches!(&decoded, Decoded::Answer(Err(fault)) if fault.kind() == kind), "{decoded:?}");
    }
}
