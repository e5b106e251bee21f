//! Records in serde's data model (feature `serde1`): maps of what they tell, in the order of the line.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::member::{EvidenceTexts, Fields, Names, ProxyStatus, Value};
use super::{Labels, Record, Report};

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(serializer, |each| self.visit(each))
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(serializer, |each| self.visit(each))
    }
}

fn map<'a, S: Serializer>(
    serializer: S,
    visit: impl FnOnce(&mut dyn FnMut(&'static str, Value<'a>)),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    let mut result = Ok(());
    visit(&mut |key, value| {
        if result.is_ok() {
            result = map.serialize_entry(key, &value);
        }
    });
    result?;
    map.end()
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Word(text) => serializer.serialize_str(text),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(n) => serializer.serialize_u64(*n),
            Self::Signed(n) => serializer.serialize_i64(*n),
            Self::ProxyStatus(value) => value.serialize(serializer),
            Self::Evidence(texts) => texts.serialize(serializer),
            Self::Fields(fields) => fields.serialize(serializer),
            Self::Names(names) => names.serialize(serializer),
        }
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for ProxyStatus<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for EvidenceTexts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Item<'a>(&'static str, &'a str);
        impl Serialize for Item<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("label", self.0), ("text", self.1)])
            }
        }
        serializer.collect_seq(self.iter().map(|(label, text)| Item(label, text)))
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
