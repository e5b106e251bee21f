//! The lab's certificate authority and the certificates of its TLS upstreams.
//!
//! One rule: everything is made anew at start and nothing but the root's public half is written
//! down. The provider is always ring, named outright, because rustls panics where two are linked.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// The subject of the lab's root.
const ROOT: &str = "badgateway lab root";
/// Names that a hostile certificate bears: markup, a header to inject, a command to run.
const HOSTILE: &[&str] =
    &["<script>alert(1)</script>.lab.invalid", "x.lab.invalid\r\nSet-Cookie: stolen=1", "\"';--$(id)`id`.lab.invalid"];

/// Whose key signed a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Signer {
    /// The lab's root, which the proxy under test trusts.
    Root,
    /// A root that nobody knows.
    Stranger,
    /// A root that has the name of the lab's, and another key.
    Impostor,
    /// The certificate's own.
    Itself,
}

/// Which certificate an upstream shows, and what it asks of the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cert {
    names: &'static [&'static str],
    /// Whether it is for 127.0.0.1 as well.
    loopback: bool,
    /// Valid from the first day of the one year to the first day of the other.
    years: (i32, i32),
    signer: Signer,
    /// Whether its key is for servers, or for clients.
    for_servers: bool,
    /// Whether the names are in subjectAltName, or only the first of them in the subject.
    alternative: bool,
    /// Whether the client has to show a certificate too.
    asks_client: bool,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl Cert {
    pub(super) const GOOD: Self = Self {
        names: &["localhost", "lab.test", "*.lab.test"],
        loopback: true,
        years: (2020, 2099),
        signer: Signer::Root,
        for_servers: true,
        alternative: true,
        asks_client: false,
        versions: rustls::ALL_VERSIONS,
    };
    pub(super) const EXPIRED: Self = Self { years: (2000, 2001), ..Self::GOOD };
    pub(super) const EARLY: Self = Self { years: (2090, 2099), ..Self::GOOD };
    pub(super) const SELF_SIGNED: Self = Self { signer: Signer::Itself, ..Self::GOOD };
    pub(super) const UNKNOWN_ROOT: Self = Self { signer: Signer::Stranger, ..Self::GOOD };
    pub(super) const FORGED: Self = Self { signer: Signer::Impostor, ..Self::GOOD };
    /// For clients, so that no server may show it (RFC 5280 section 4.2.1.12).
    pub(super) const WRONG_USAGE: Self = Self { for_servers: false, ..Self::GOOD };
    /// The right name, but in the subject, where nobody looks any more (RFC 9525 section 2).
    pub(super) const SUBJECT_ONLY: Self = Self { alternative: false, loopback: false, ..Self::GOOD };
    pub(super) const WRONG_HOST: Self = Self { names: &["other.lab.invalid"], loopback: false, ..Self::GOOD };
    pub(super) const HOSTILE: Self = Self { names: HOSTILE, loopback: false, ..Self::GOOD };
    pub(super) const ASKS_CLIENT: Self = Self { asks_client: true, ..Self::GOOD };
    /// In TLS 1.2 the refusal comes within the handshake, in TLS 1.3 after it.
    pub(super) const ASKS_CLIENT_12: Self = Self { versions: &[&rustls::version::TLS12], ..Self::ASKS_CLIENT };
}

/// The lab's certificate authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        Self::named(ROOT)
    }

    fn named(name: &str) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = params(name, (2020, 2099));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self { der: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// The root certificate, for the trust store of the proxy under test.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// The configuration of a server that shows this certificate.
    pub(super) fn server(&self, cert: &Cert) -> io::Result<Arc<ServerConfig>> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = leaf(cert)?;
        let certificate = match cert.signer {
            Signer::Root => params.signed_by(&key, &self.issuer),
            Signer::Stranger => params.signed_by(&key, &Self::named("a root that nobody knows")?.issuer),
            Signer::Impostor => params.signed_by(&key, &Self::named(ROOT)?.issuer),
            Signer::Itself => params.self_signed(&key),
        };
        let chain = vec![certificate.map_err(io::Error::other)?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(cert.versions)
            .map_err(io::Error::other)?;
        let builder = if cert.asks_client {
            builder.with_client_cert_verifier(self.asking(provider)?)
        } else {
            builder.with_no_client_auth()
        };
        builder.with_single_cert(chain, key).map(Arc::new).map_err(io::Error::other)
    }

    fn asking(&self, provider: Arc<CryptoProvider>) -> io::Result<Arc<dyn rustls::server::danger::ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).map_err(io::Error::other)?;
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(io::Error::other)
    }
}

fn leaf(cert: &Cert) -> io::Result<CertificateParams> {
    // The first name is the subject as well: what is hostile is so in both places.
    let mut params = params(cert.names.first().unwrap_or(&"lab.test"), cert.years);
    for name in cert.names.iter().filter(|_| cert.alternative) {
        // `CertificateParams::new` would take some of ours for addresses.
        let name = Ia5String::try_from(*name).map_err(io::Error::other)?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    if cert.loopback {
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    params.use_authority_key_identifier_extension = cert.signer != Signer::Itself;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![if cert.for_servers { ExtendedKeyUsagePurpose::ServerAuth } else { ExtendedKeyUsagePurpose::ClientAuth }];
    Ok(params)
}

fn params(subject: &str, (from, until): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}
