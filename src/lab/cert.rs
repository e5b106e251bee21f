//! The lab's certificate authority and the certificates of its TLS upstreams.
//!
//! One rule: everything is made anew at start and nothing but the root's public half is written
//! down. The provider is always ring, named outright, because rustls panics where two are linked.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// Names that a hostile certificate bears: markup, a header to inject, and a very long label.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>.lab.invalid",
    "x.lab.invalid\r\nSet-Cookie: stolen=1",
    "\"';--$(id)`id`.lab.invalid",
];

/// Which certificate an upstream shows, and what it asks of the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cert {
    /// Signed by the lab's root, for 127.0.0.1, localhost and `*.lab.test`.
    Good,
    /// As good, but its time ended in 2001.
    Expired,
    /// As good, but its time begins in 2090.
    Early,
    /// The right names, signed by itself.
    SelfSigned,
    /// Signed by the lab's root, for other hosts.
    WrongHost,
    /// Signed by the lab's root, for names that hurt whoever prints them.
    Hostile,
    /// As good; the client has to show a certificate too.
    AsksClient,
    /// The same in TLS 1.2, where the refusal comes within the handshake.
    AsksClient12,
}

/// The lab's certificate authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = blank(&[])?;
        params
            .distinguished_name
            .push(DnType::CommonName, "badgateway lab root");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The root certificate, for the trust store of the proxy under test.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// The configuration of a server that shows this certificate.
    pub(super) fn server(&self, cert: Cert) -> io::Result<Arc<ServerConfig>> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = leaf(cert)?;
        let certificate = if cert == Cert::SelfSigned {
            params.self_signed(&key)
        } else {
            params.signed_by(&key, &self.issuer)
        };
        let chain = vec![certificate.map_err(io::Error::other)?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: &[&SupportedProtocolVersion] = match cert {
            Cert::AsksClient12 => &[&rustls::version::TLS12],
            _ => rustls::ALL_VERSIONS,
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(io::Error::other)?;
        let builder = match cert {
            Cert::AsksClient | Cert::AsksClient12 => {
                builder.with_client_cert_verifier(self.asking(provider)?)
            }
            _ => builder.with_no_client_auth(),
        };
        builder
            .with_single_cert(chain, key)
            .map(Arc::new)
            .map_err(io::Error::other)
    }

    fn asking(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> io::Result<Arc<dyn rustls::server::danger::ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).map_err(io::Error::other)?;
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(io::Error::other)
    }
}

fn leaf(cert: Cert) -> io::Result<CertificateParams> {
    let mut params = match cert {
        Cert::WrongHost => blank(&["other.lab.invalid", "*.other.lab.invalid"])?,
        Cert::Hostile => blank(HOSTILE)?,
        _ => blank(&["localhost", "lab.test", "*.lab.test"])?,
    };
    match cert {
        Cert::WrongHost => {}
        Cert::Hostile => {
            let long = format!("{}.lab.invalid", "a".repeat(2000));
            params.subject_alt_names.push(dns(&long)?);
            params
                .distinguished_name
                .push(DnType::CommonName, HOSTILE.concat());
        }
        _ => {
            let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
            params.subject_alt_names.push(SanType::IpAddress(loopback));
            params
                .distinguished_name
                .push(DnType::CommonName, "badgateway lab");
        }
    }
    match cert {
        Cert::Expired => {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        Cert::Early => params.not_before = date_time_ymd(2090, 1, 1),
        _ => {}
    }
    params.use_authority_key_identifier_extension = cert != Cert::SelfSigned;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Parameters valid from 2020 to 2099, with these names.
fn blank(names: &[&str]) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    params.subject_alt_names = names
        .iter()
        .map(|name| dns(name))
        .collect::<io::Result<_>>()?;
    Ok(params)
}

/// A name as it stands. `CertificateParams::new` would take some of ours for addresses.
fn dns(name: &str) -> io::Result<SanType> {
    Ia5String::try_from(name)
        .map(SanType::DnsName)
        .map_err(io::Error::other)
}
