//! `Fault` in serde's data model (feature `serde1`).
//!
//! The keys are those of a record of the log, so that a [`Fault`] can be read from one. Formats that name their fields leave
//! out what is not known; the others have every field, in this order.

use core::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Class, Code, Confidence, Fault, FaultKind, Phase};

/// The keys, in the order of a record; `code_status` is [`Code::Status`], which a record has as its `status`.
const FIELDS: &[&str] = &[
    "fault",
    "class",
    "phase",
    "offset",
    "expected",
    "received",
    "confidence",
    "errno",
    "alert",
    "rcode",
    "h2_code",
    "h3_code",
    "quic_code",
    "code_status",
];

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_name = serializer.is_human_readable();
        let (mut errno, mut alert, mut rcode, mut h2, mut h3, mut quic, mut status) =
            (None, None, None, None, None, None, None);
        match self.code() {
            Some(Code::Errno(n)) => errno = Some(n),
            Some(Code::TlsAlert(n)) => alert = Some(n),
            Some(Code::DnsRcode(n)) => rcode = Some(n),
            Some(Code::H2(n)) => h2 = Some(n),
            Some(Code::H3(n)) => h3 = Some(n),
            Some(Code::Quic(n)) => quic = Some(n),
            Some(Code::Status(n)) => status = Some(n),
            None => {}
        }
        let known = [
            self.class().is_some(),
            self.offset().is_some(),
            self.expected().is_some(),
            self.received().is_some(),
            self.code().is_some(),
        ];
        let some = known.iter().filter(|known| **known).count().saturating_add(3);
        let mut out = serializer.serialize_struct("Fault", if by_name { some } else { FIELDS.len() })?;
        out.serialize_field("fault", &self.kind())?;
        field(&mut out, by_name, "class", &self.class())?;
        out.serialize_field("phase", &self.phase())?;
        field(&mut out, by_name, "offset", &self.offset())?;
        field(&mut out, by_name, "expected", &self.expected())?;
        field(&mut out, by_name, "received", &self.received())?;
        out.serialize_field("confidence", &self.confidence())?;
        field(&mut out, by_name, "errno", &errno)?;
        field(&mut out, by_name, "alert", &alert)?;
        field(&mut out, by_name, "rcode", &rcode)?;
        field(&mut out, by_name, "h2_code", &h2)?;
        field(&mut out, by_name, "h3_code", &h3)?;
        field(&mut out, by_name, "quic_code", &quic)?;
        field(&mut out, by_name, "code_status", &status)?;
        out.end()
    }
}

fn field<S: SerializeStruct, T: Serialize>(
    out: &mut S,
    by_name: bool,
    key: &'static str,
    value: &Option<T>,
) -> Result<(), S::Error> {
    if by_name && value.is_none() { out.skip_field(key) } else { out.serialize_field(key, value) }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Fault", FIELDS, Whole)
    }
}

/// The parts as they are read.
#[derive(Default)]
struct Parts {
    kind: Option<FaultKind>,
    class: Option<Class>,
    phase: Option<Phase>,
    offset: Option<u64>,
    expected: Option<u64>,
    received: Option<u64>,
    confidence: Option<Confidence>,
    code: Option<Code>,
}

impl Parts {
    fn fault<E: Error>(self) -> Result<Fault, E> {
        let kind = self.kind.ok_or_else(|| E::missing_field("fault"))?;
        let mut fault = Fault::new(kind);
        fault = self.phase.map_or(fault, |phase| fault.at(phase));
        fault = self.class.map_or(fault, |class| fault.with_class(class));
        fault = self.offset.map_or(fault, |bytes| fault.with_offset(bytes));
        fault = self.expected.map_or(fault, |bytes| fault.with_expected(bytes));
        fault = self.received.map_or(fault, |bytes| fault.with_received(bytes));
        fault = self.confidence.map_or(fault, |confidence| fault.with_confidence(confidence));
        Ok(self.code.map_or(fault, |code| fault.with_code(code)))
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Fault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fault, A::Error> {
        let mut parts = Parts::default();
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                "fault" => parts.kind = map.next_value()?,
                "class" => parts.class = map.next_value()?,
                "phase" => parts.phase = map.next_value()?,
                "offset" => parts.offset = map.next_value()?,
                "expected" => parts.expected = map.next_value()?,
                "received" => parts.received = map.next_value()?,
                "confidence" => parts.confidence = map.next_value()?,
                "errno" => parts.code = map.next_value::<Option<_>>()?.map(Code::Errno).or(parts.code),
                "alert" => parts.code = map.next_value::<Option<_>>()?.map(Code::TlsAlert).or(parts.code),
                "rcode" => parts.code = map.next_value::<Option<_>>()?.map(Code::DnsRcode).or(parts.code),
                "h2_code" => parts.code = map.next_value::<Option<_>>()?.map(Code::H2).or(parts.code),
                "h3_code" => parts.code = map.next_value::<Option<_>>()?.map(Code::H3).or(parts.code),
                "quic_code" => parts.code = map.next_value::<Option<_>>()?.map(Code::Quic).or(parts.code),
                "code_status" => parts.code = map.next_value::<Option<_>>()?.map(Code::Status).or(parts.code),
                // The rest of a record, and what later versions add.
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        parts.fault()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fault, A::Error> {
        let mut parts = Parts::default();
        let short = |n: usize| A::Error::invalid_length(n, &"a fault of 14 fields");
        parts.kind = Some(seq.next_element()?.ok_or_else(|| short(0))?);
        parts.class = seq.next_element()?.ok_or_else(|| short(1))?;
        parts.phase = Some(seq.next_element()?.ok_or_else(|| short(2))?);
        parts.offset = seq.next_element()?.ok_or_else(|| short(3))?;
        parts.expected = seq.next_element()?.ok_or_else(|| short(4))?;
        parts.received = seq.next_element()?.ok_or_else(|| short(5))?;
        parts.confidence = Some(seq.next_element()?.ok_or_else(|| short(6))?);
        let errno = seq.next_element::<Option<i32>>()?.ok_or_else(|| short(7))?.map(Code::Errno);
        let alert = seq.next_element::<Option<u8>>()?.ok_or_else(|| short(8))?.map(Code::TlsAlert);
        let rcode = seq.next_element::<Option<u16>>()?.ok_or_else(|| short(9))?.map(Code::DnsRcode);
        let h2 = seq.next_element::<Option<u32>>()?.ok_or_else(|| short(10))?.map(Code::H2);
        let h3 = seq.next_element::<Option<u32>>()?.ok_or_else(|| short(11))?.map(Code::H3);
        let quic = seq.next_element::<Option<u32>>()?.ok_or_else(|| short(12))?.map(Code::Quic);
        let status = seq.next_element::<Option<u16>>()?.ok_or_else(|| short(13))?.map(Code::Status);
        parts.code = errno.or(alert).or(rcode).or(h2).or(h3).or(quic).or(status);
        parts.fault()
    }
}

/// One of the fields, or `""` for any other key.
struct Key;

impl<'de> serde::de::DeserializeSeed<'de> for Key {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<&'static str, E> {
        Ok(FIELDS.iter().find(|field| **field == key).copied().unwrap_or_default())
    }
}
