//! DNS messages, without the sockets they travel over.
//!
//! Every way a lookup can end has a fault of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use badgateway::Gateway;
use badgateway::exchange::Exchange;
use badgateway::fault::{Code, Failure, Fault, FaultKind, Phase};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

/// Larger than any answer over UDP without EDNS (RFC 1035 section 4.2.1: 512), with some room.
pub(crate) const DATAGRAM: usize = 1232;

/// The kernel's choice of port is the entropy at hand; it makes a blind forger guess both.
pub(crate) fn question_id(local: Option<SocketAddr>) -> u16 {
    use std::hash::{BuildHasher, RandomState};
    let port = local.map(|a| a.port()).unwrap_or_default();
    let [a, b, ..] = RandomState::new().hash_one(port).to_ne_bytes();
    u16::from_ne_bytes([a, b])
}

/// `None` where the name cannot be a DNS name at all.
pub(crate) fn encode(id: u16, host: &str, record: TYPE) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(host.trim_end_matches('.')).ok()?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(record), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().ok()
}

pub(crate) enum Decoded {
    Answer(Result<Vec<IpAddr>, Fault>),
    Truncated,
    /// Not an answer to this question: a stray or forged datagram.
    Foreign,
}

#[allow(clippy::wildcard_enum_match_arm)] // of the many record types two are addresses
pub(crate) fn decode(id: u16, bytes: &[u8]) -> Decoded {
    let Ok(packet) = Packet::parse(bytes) else { return Decoded::Foreign };
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return Decoded::Foreign;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Decoded::Truncated;
    }
    let rcode = packet.rcode();
    if rcode != RCODE::NoError {
        let kind = if rcode == RCODE::NameError { FaultKind::DnsNotFound } else { FaultKind::DnsFailure };
        return Decoded::Answer(Err(Fault::new(kind).with_code(Code::DnsRcode(rcode as u16))));
    }
    let addresses = packet.answers.iter().filter_map(|record| match &record.rdata {
        RData::A(a) => Some(IpAddr::from(Ipv4Addr::from(a.address))),
        RData::AAAA(a) => Some(IpAddr::from(Ipv6Addr::from(a.address))),
        _ => None,
    });
    Decoded::Answer(Ok(addresses.collect()))
}

/// What kept us from asking.
pub(crate) fn local(error: io::Error, gateway: &Gateway) -> Failure {
    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Resolve);
    Failure::new(gateway.classify(&error, &exchange), error)
}

/// The name server itself cannot be reached, which is not the next hop's fault.
pub(crate) fn unreachable_server(error: io::Error, gateway: &Gateway) -> Failure {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        let fault = Fault::new(FaultKind::DnsFailure);
        let fault = match error.raw_os_error() {
            Some(errno) => fault.with_code(Code::Errno(errno)),
            None => fault,
        };
        return Failure::new(fault, error);
    }
    local(error, gateway)
}
