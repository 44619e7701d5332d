//! TLS by rustls: the certificate in force, handshakes under it, and taking a renewed one.
//!
//! Promises: a pair of files counts only whole: readable, PEM, and the key that of the first certificate; what is not
//! leaves the pair in force as it is, and connections that run keep theirs. TLS 1.2 and 1.3, HTTP/1.1, one provider.
//! Must never: repeat anything of the key, or answer a request that came in the clear with more than a refusal.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::http::HttpError;

/// Longest file in bytes: a chain of many certificates.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// What a TLS connection begins with: the type of a handshake record.
const HANDSHAKE: u8 = 0x16;
/// How much of a request in the clear is read, so that its refusal is not lost to a reset.
const PLAIN_BYTES_MAX: u64 = 64 * 1024;

/// Why a certificate and its key are not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file can't be read.
    #[error("{} can not be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No chain.
    #[error("{}: expected a certificate chain in PEM (-----BEGIN CERTIFICATE-----), the server's own certificate first", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No key.
    #[error("{}: expected a private key in PEM: PKCS#8 (PRIVATE KEY), SEC1 (EC PRIVATE KEY) or PKCS#1 (RSA PRIVATE KEY), without a passphrase", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Two files that do not belong together.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The chain.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Neither is what it seems.
    #[error("{} and {} can not be used: expected an X.509 certificate with its RSA, ECDSA (P-256, P-384) or Ed25519 key", cert.display(), key.display())]
    Unusable {
        /// The chain.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// What a look at the files brought.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// They are as they were at the last look.
    Unchanged,
    /// They changed, and are in force for whoever connects now.
    Taken,
    /// They changed, and can't be taken; what was in force stays so.
    Refused(TlsError),
}

/// The certificate in force.
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    in_force: Mutex<Arc<ServerConfig>>,
    /// What both files held at the last look, as a digest: an error is told once for each change.
    seen: Mutex<[u8; 32]>,
}

impl Tls {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// [`TlsError`], naming the file and what was expected in it.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let (seen, config) = look(&cert, &key);
        Ok(Self {
            in_force: Mutex::new(Arc::new(config?)),
            seen: Mutex::new(seen),
            cert,
            key,
        })
    }

    /// Looks whether the files changed, and takes them if they fit together. Blocks.
    pub(crate) fn renew(&self) -> Renewal {
        let (seen, config) = look(&self.cert, &self.key);
        let mut last = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == seen {
            return Renewal::Unchanged;
        }
        *last = seen;
        match config {
            Ok(config) => {
                *self.config() = Arc::new(config);
                Renewal::Taken
            }
            Err(error) => Renewal::Refused(error),
        }
    }

    /// Shakes hands. Who speaks in the clear is refused in the clear: `None`.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
    ) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
            refuse_plain(stream).await?;
            return Ok(None);
        }
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config()));
        acceptor.accept(stream).await.map(Some)
    }

    fn config(&self) -> std::sync::MutexGuard<'_, Arc<ServerConfig>> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("cert", &self.cert)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Says in plain HTTP that this is no port for it.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    let error = HttpError::new(api::code::BAD_REQUEST, "this port speaks TLS: use https");
    // A problem is plain strings and numbers: it always serialises.
    let body = serde_json::to_string(error.problem()).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        error.status(),
        api::problem::MEDIA_TYPE,
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(PLAIN_BYTES_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

/// A digest of what both files hold, or of why they can't be read, and what can be made of them.
fn look(cert: &Path, key: &Path) -> ([u8; 32], Result<ServerConfig, TlsError>) {
    let both = read(cert).and_then(|chain| Ok((chain, read(key)?)));
    let mut digest = Sha256::new();
    match both {
        Ok((chain, secret)) => {
            digest.update(Sha256::digest(&*chain));
            digest.update(Sha256::digest(&*secret));
            (
                digest.finalize().into(),
                fitted((cert, &chain), (key, &secret)),
            )
        }
        Err(error) => {
            digest.update(crate::http::chain(&error));
            (digest.finalize().into(), Err(error))
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .and_then(|length| {
            if length as u64 > FILE_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("it is longer than {FILE_BYTES_MAX} bytes"),
                ));
            }
            Ok(())
        });
    read.map(|()| bytes).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// What a server needs to speak TLS, of a chain and its key.
fn fitted(
    (cert, chain): (&Path, &[u8]),
    (key, secret): (&Path, &[u8]),
) -> Result<ServerConfig, TlsError> {
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(chain).collect();
    let certificates = certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::NoCertificate {
            path: cert.to_owned(),
        })?;
    // What is wrong with a text that is nearly a key is not told: it would be of the key.
    let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|_| TlsError::NoKey {
        path: key.to_owned(),
    })?;
    let (cert, key) = (cert.to_owned(), key.to_owned());
    let built = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(certificates, secret)
        });
    match built {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(config)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch { cert, key }),
        Err(source) => Err(TlsError::Unusable { cert, key, source }),
    }
}
