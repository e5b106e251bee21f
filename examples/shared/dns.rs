//! DNS messages, without the sockets they travel over.
//!
//! Every way a lookup can end has a fault of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use badgateway::Gateway;
use badgateway::exchange::Exchange;
use badgateway::fault::{Code, Failure, Fault, FaultKind, Phase};
use simple_dns::rdata::{CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};

/// Larger than any answer over UDP without EDNS (RFC 1035 section 4.2.1: 512), with some room.
pub(crate) const DATAGRAM: usize = 1232;

/// The kernel's choice of port is the entropy at hand; it makes a blind forger guess both.
pub(crate) fn question_id(local: Option<SocketAddr>) -> u16 {
    use std::hash::{BuildHasher, RandomState};
    let port = local.map(|a| a.port()).unwrap_or_default();
    let [a, b, ..] = RandomState::new().hash_one(port).to_ne_bytes();
    u16::from_ne_bytes([a, b])
}

/// A question, and what answers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) id: u16,
    pub(crate) host: &'a str,
    pub(crate) record: TYPE,
}

/// What a message of the name server comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Decoded {
    Answer(Result<Vec<IpAddr>, Fault>),
    Truncated,
    /// Not an answer to this question: a stray or forged datagram. Who waits goes on waiting, and does not ask again for
    /// it, or one stray datagram makes another.
    Foreign,
}

/// The fixed part of a message (RFC 1035 section 4.1.1).
const HEADER: usize = 12;
/// The shortest record: a name of one byte, type, class, time to live, length.
const RECORD: usize = 11;
/// More aliases than that in a row are a loop, or as good as one: BIND's `max-query-restarts` is 11.
const ALIASES: usize = 16;

impl<'a> Query<'a> {
    /// As it is sent. `None` where the name cannot be a DNS name at all.
    pub(crate) fn encode(self) -> Option<Vec<u8>> {
        let mut packet = Packet::new_query(self.id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        packet.questions.push(self.question()?);
        packet.build_bytes_vec().ok()
    }

    fn question(self) -> Option<Question<'a>> {
        let name = Name::new(self.host.trim_end_matches('.')).ok()?;
        Some(Question::new(name, QTYPE::TYPE(self.record), QCLASS::CLASS(CLASS::IN), false))
    }

    /// Reads a message. "A resolver implementation MUST match responses to all of the following attributes of the query":
    /// addresses and port, which a connected socket does, id, name, class and type (RFC 5452 section 9.1).
    pub(crate) fn decode(self, bytes: &[u8]) -> Decoded {
        let Some(packet) = plausible(bytes).and_then(|bytes| Packet::parse(bytes).ok()) else {
            return Decoded::Foreign;
        };
        let (Some(asked), [question]) = (self.question(), packet.questions.as_slice()) else {
            return Decoded::Foreign;
        };
        let is_ours = question.qname == asked.qname && question.qtype == asked.qtype && question.qclass == asked.qclass;
        if packet.id() != self.id || !packet.has_flags(PacketFlag::RESPONSE) || !is_ours {
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
        let name = canonical(asked.qname, &packet.answers);
        let own = packet.answers.iter().filter(|answer| answer.class == CLASS::IN && answer.name == name);
        Decoded::Answer(Ok(own.filter_map(|answer| self.address(&answer.rdata)).collect()))
    }

    #[allow(clippy::wildcard_enum_match_arm)] // of the many record types two are addresses
    fn address(self, data: &RData<'_>) -> Option<IpAddr> {
        match (self.record, data) {
            (TYPE::A, RData::A(a)) => Some(Ipv4Addr::from(a.address).into()),
            (TYPE::AAAA, RData::AAAA(a)) => Some(Ipv6Addr::from(a.address).into()),
            _ => None,
        }
    }
}

/// The message, if it can hold one question and as many records as it says: a parser may well make room for them before it
/// has seen any.
fn plausible(bytes: &[u8]) -> Option<&[u8]> {
    let count = |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let records = count(6)? + count(8)? + count(10)?;
    (count(4)? == 1 && records * RECORD <= bytes.len().saturating_sub(HEADER)).then_some(bytes)
}

/// The name that the addresses are of: where the aliases lead (RFC 1034 section 3.6.2).
#[allow(clippy::wildcard_enum_match_arm)] // of the many record types one is an alias
fn canonical<'a>(asked: Name<'a>, answers: &'a [ResourceRecord<'a>]) -> Name<'a> {
    let mut name = asked;
    for _ in 0..ALIASES {
        let alias = answers.iter().find_map(|answer| match &answer.rdata {
            RData::CNAME(CNAME(to)) if answer.name == name => Some(to),
            _ => None,
        });
        match alias {
            Some(to) => name = to.clone(),
            None => break,
        }
    }
    name
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
