//! What clients are shown in TLS: `--tls-cert` and `--tls-key`.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who accepts TLS, where it is asked for. Clients choose HTTP/2 or HTTP/1.1 by ALPN; one that does not speaks HTTP/1.
///
/// # Errors
///
/// One line that says what is wrong with the files.
pub(crate) fn acceptor(certificates: Option<&Path>, key: Option<&Path>) -> Result<Option<TlsAcceptor>, String> {
    let (Some(certificates), Some(key)) = (certificates, key) else { return Ok(None) };
    let bad = |e: &dyn std::fmt::Display| format!("--tls-cert {}: {e}", certificates.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect).map_err(|e| bad(&e))?;
    if chain.is_empty() {
        return Err(bad(&"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|e| format!("--tls-key {}: {e}", key.display()))?;
    // Named, because rustls panics when two providers are in the build and none is chosen.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| bad(&e))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| bad(&e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
