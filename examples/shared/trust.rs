//! Which certificates of next hops are trusted.
//!
//! The public roots always, a file's besides, and nothing else.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// A client that trusts the public roots and those in `ca`, and speaks these protocols, by their names in ALPN.
///
/// # Errors
///
/// One line that says what is wrong with the file.
pub(crate) fn client_config(ca: Option<&Path>, speaks: &[&[u8]]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca {
        let name = path.display();
        let file = CertificateDer::pem_file_iter(path).map_err(|e| format!("--ca {name}: {e}"))?;
        for certificate in file {
            let certificate = certificate.map_err(|e| format!("--ca {name}: {e}"))?;
            roots.add(certificate).map_err(|e| format!("--ca {name}: {e}"))?;
        }
    }
    // Named, because rustls panics when two providers are in the build and none is chosen.
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = speaks.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}
