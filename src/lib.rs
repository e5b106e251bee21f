//! Tells a proxy exactly what went wrong upstream.
#![cfg_attr(badgateway_docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "lab")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "lab")))]
pub mod lab;
