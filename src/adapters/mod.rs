//! Side doors: one small file for each foreign crate and major version.
//!
//! Their one rule: no other room imports them, except the porch. Each has a `PROBE` for
//! [`classify`](crate::classify()) and what else that crate needs, and nothing that changes what a more
//! precise finding says.

#[cfg(feature = "h2_04")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "h2_04")))]
pub mod h2_04;
#[cfg(feature = "hyper1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper1")))]
pub mod hyper1;
#[cfg(feature = "hyper_util01")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper_util01")))]
pub mod hyper_util01;
#[cfg(feature = "rustls023")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "rustls023")))]
pub mod rustls023;
#[cfg(feature = "tokio1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tokio1")))]
pub mod tokio1;
#[cfg(feature = "tower05")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tower05")))]
pub mod tower05;
#[cfg(feature = "ureq3")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "ureq3")))]
pub mod ureq3;
