//! The server's certificate, and whose clients' it knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock_connectors::config::TlsFiles;
use interlock_connectors::files::{self, OpenError, TEXT_BYTES_MAX};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] OpenError),
    /// Others may read the key.
    #[error("`{}` can be read by others: `chmod go-r` it", path.display())]
    OpenKey {
        /// The key's file.
        path: PathBuf,
    },
    /// A file does not hold what it should.
    #[error("`{}` holds no {what} in PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// Certificate and key do not go together, or are of no kind known here.
    #[error("the certificate and its key cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// The clients' certificates cannot be checked.
    #[error("the certificates of `client_ca_file` cannot be used: {0}")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

/// What accepts TLS connections: 1.2 and 1.3, HTTP/2 and 1.1.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = certificates(&files.cert_file)?;
    let key = files::read_private(&files.key_file, TEXT_BYTES_MAX)?;
    if key.readable_by_others {
        return Err(TlsError::OpenKey {
            path: files.key_file.clone(),
        });
    }
    let key = PrivateKeyDer::from_pem_slice(&key.bytes).map_err(|_| TlsError::Pem {
        path: files.key_file.clone(),
        what: "private key",
    })?;
    let clients: Arc<dyn ClientCertVerifier> = match &files.client_ca_file {
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file)? {
                roots.add(certificate)?;
            }
            // Without a certificate there is still the token: the page's readers have only that.
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()?
        }
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::Pem {
        path: file.to_owned(),
        what: "certificate",
    };
    let pem = files::read_private(file, TEXT_BYTES_MAX)?.bytes;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(none()),
    }
}
