//! Authorities and certificates of our own, as PEM.

use std::path::Path;

use base64ct::{Base64, Encoding as _};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// An authority that signs certificates for this machine.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate chain and its key, as PEM.
pub(crate) struct Issued {
    pub(crate) cert: String,
    pub(crate) key: String,
    /// The same key as SEC1.
    pub(crate) sec1: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        pem("CERTIFICATE", self.0.der())
    }

    /// A certificate for `localhost` and 127.0.0.1.
    pub(crate) fn issue(&self) -> Issued {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let cert = params.signed_by(&key, &self.0).unwrap();
        let pkcs8 = key.serialize_der();
        // In PKCS#8 a key of P-256 is a SEC1 key in an octet string of 109 bytes.
        let at = pkcs8
            .windows(4)
            .position(|four| four == b"\x04\x6d\x30\x6b");
        let sec1 = &pkcs8[at.unwrap() + 2..][..109];
        Issued {
            cert: pem("CERTIFICATE", cert.der()),
            key: pem("PRIVATE KEY", &pkcs8),
            sec1: pem("EC PRIVATE KEY", sec1),
        }
    }
}

impl Issued {
    /// Puts both files into a directory.
    pub(crate) fn write(&self, directory: &Path) {
        put(&directory.join("cert.pem"), &self.cert);
        put(&directory.join("key.pem"), &self.key);
    }
}

/// Puts a text in the place of a file in one step, as renewal does.
pub(crate) fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
