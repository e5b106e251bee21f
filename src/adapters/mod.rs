//! One module for each foreign crate and major version.
//!
//! No other module imports them but [`Gateway`](crate::Gateway) and what is made of it. Each has a `PROBE` for
//! [`classify`](crate::classify()) if the crate makes errors of a next hop, and what else the crate needs. None changes what
//! a more precise finding says.

use http::Extensions;

use crate::body::ClientHandle;

#[cfg(feature = "axum08")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "axum08")))]
pub mod axum08;
#[cfg(feature = "h2_04")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "h2_04")))]
pub mod h2_04;
#[cfg(feature = "h3_00")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "h3_00")))]
pub mod h3_00;
#[cfg(feature = "hyper1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper1")))]
pub mod hyper1;
#[cfg(feature = "hyper_util01")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper_util01")))]
pub mod hyper_util01;
#[cfg(feature = "openssl010")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "openssl010")))]
pub mod openssl010;
#[cfg(feature = "pingora09")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "pingora09")))]
pub mod pingora09;
#[cfg(feature = "quinn011")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "quinn011")))]
pub mod quinn011;
#[cfg(feature = "rustls023")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "rustls023")))]
pub mod rustls023;
#[cfg(feature = "tokio1")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tokio1")))]
pub mod tokio1;
#[cfg(feature = "tower05")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tower05")))]
pub mod tower05;
#[cfg(feature = "tower_http07")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tower_http07")))]
pub mod tower_http07;
#[cfg(feature = "tracing01")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "tracing01")))]
pub mod tracing01;
#[cfg(feature = "ureq3")]
#[cfg_attr(badgateway_docsrs, doc(cfg(feature = "ureq3")))]
pub mod ureq3;

/// The client's connection, where a request's extensions hold its handle: as it is, or as axum's `ConnectInfo` of it
/// (feature `axum08`).
///
/// ```
/// use badgateway::adapters::client_of;
/// use badgateway::body::ClientHandle;
///
/// let client = ClientHandle::new();
/// let mut request = http::Request::new(());
/// assert!(client_of(request.extensions()).is_none());
/// request.extensions_mut().insert(client.clone());
/// client_of(request.extensions()).unwrap().abort();
/// assert!(client.abort_handle().is_set());
/// ```
#[must_use]
pub fn client_of(extensions: &Extensions) -> Option<ClientHandle> {
    let client = extensions.get::<ClientHandle>();
    #[cfg(feature = "axum08")]
    let client = client.or_else(|| axum08::client_of(extensions));
    client.cloned()
}
