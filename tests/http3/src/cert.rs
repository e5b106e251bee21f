//! Certificates of an authority that the gateway trusts, and of one that it does not.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// What is wrong with a next hop's TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tls {
    #[default]
    Good,
    UnknownAuthority,
    /// Signed by another authority of the same name.
    Forged,
    Expired,
    NotYetValid,
    OtherName,
    /// It shares no application protocol with the gateway.
    OtherProtocol,
    /// It asks for a certificate of the gateway's.
    ClientCertificate,
}

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("an authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        roots
    }

    fn server(&self, tls: Tls) -> ServerConfig {
        let name = if tls == Tls::OtherName { "other.example" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let (from, until) = match tls {
            Tls::Expired => (2001, 2002),
            Tls::NotYetValid => (2090, 2091),
            _ => (2001, 2091),
        };
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().unwrap();
        let other = match tls {
            Tls::UnknownAuthority => Some(Self::named("an authority that nobody knows")),
            Tls::Forged => Some(Self::new()),
            _ => None,
        };
        let issuer = other.as_ref().map_or(&self.issuer, |other| &other.issuer);
        let certificate = params.signed_by(&key, issuer).unwrap().der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let config = match tls {
            Tls::ClientCertificate => {
                let roots = Arc::new(self.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap();
                config.unwrap().with_client_cert_verifier(verifier)
            }
            _ => config.unwrap().with_no_client_auth(),
        };
        let mut config = config.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = match tls {
            Tls::OtherProtocol => vec![b"hq-interop".to_vec()],
            _ => vec![b"h3".to_vec()],
        };
        config
    }

    pub fn quic_server(&self, tls: Tls) -> quinn::ServerConfig {
        quic(self.server(tls))
    }

    /// One that takes requests in early data.
    pub fn early_server(&self) -> quinn::ServerConfig {
        let mut config = self.server(Tls::Good);
        config.max_early_data_size = u32::MAX;
        quic(config)
    }

    pub fn quic_client(&self) -> quinn::ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(self.roots()).with_no_client_auth();
        config.alpn_protocols = vec![b"h3".to_vec()];
        config.enable_early_data = true;
        let config = quinn::crypto::rustls::QuicClientConfig::try_from(config).unwrap();
        quinn::ClientConfig::new(Arc::new(config))
    }
}

fn quic(config: ServerConfig) -> quinn::ServerConfig {
    let config = quinn::crypto::rustls::QuicServerConfig::try_from(config).unwrap();
    quinn::ServerConfig::with_crypto(Arc::new(config))
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
