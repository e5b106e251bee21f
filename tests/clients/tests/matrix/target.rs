//! `Target`: where a client is sent, and what it must trust and ask to get there.

use std::net::SocketAddr;
use std::sync::Arc;

use badgateway::lab::{Lab, Upstream};
use http::Uri;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) url: Uri,
    pub(crate) ca_pem: String,
    pub(crate) resolver: SocketAddr,
}

impl Target {
    pub(crate) fn new(lab: &Lab, upstream: &Upstream) -> Self {
        Self { url: upstream.url().parse().unwrap(), ca_pem: lab.ca_pem().to_owned(), resolver: lab.resolver() }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.url.scheme_str() == Some("https")
    }

    pub(crate) fn authority(&self) -> &str {
        self.url.authority().unwrap().as_str()
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_u16().unwrap()
    }

    /// rustls, with the lab's root alone.
    pub(crate) fn tls(&self, alpn: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}
