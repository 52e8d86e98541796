//! TLS in front of something that speaks plainly, with a certificate of its own that nobody trusts unless told to.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{X509, X509Builder, X509NameBuilder, extension::SubjectAlternativeName},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_native_tls::{
    TlsAcceptor,
    native_tls::{self, Identity},
};

/// Answers as `https://localhost:…` until it is dropped.
pub struct Front {
    /// Where it answers.
    pub url: String,
    /// Its certificate, for `SSL_CERT_FILE`.
    pub certificate: PathBuf,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Passes everything on to `behind`; the certificate is written into `folder`.
    pub async fn of(behind: SocketAddr, folder: &Path) -> Self {
        let (certificate, key) = self_signed();
        let file = folder.join("localhost.pem");
        std::fs::write(&file, &certificate).unwrap();
        let identity = Identity::from_pkcs8(&certificate, &key).unwrap();
        let acceptor = TlsAcceptor::from(native_tls::TlsAcceptor::new(identity).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(acceptor.clone(), stream, behind));
            }
        });
        Self { url, certificate: file, accepting }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection; whoever does not like the certificate hangs up, which is no failure of ours.
async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, behind: SocketAddr) {
    let Ok(mut outside) = acceptor.accept(stream).await else { return };
    let mut inside = TcpStream::connect(behind).await.unwrap();
    let _ = copy_bidirectional(&mut outside, &mut inside).await;
}

/// Certificate and key of `localhost` in PEM, for a day.
fn self_signed() -> (Vec<u8>, Vec<u8>) {
    let key: PKey<Private> = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "localhost").unwrap();
    let name = name.build();
    let mut certificate: X509Builder = X509::builder().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    certificate.set_subject_name(&name).unwrap();
    certificate.set_issuer_name(&name).unwrap();
    certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    certificate.set_pubkey(&key).unwrap();
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&certificate.x509v3_context(None, None))
        .unwrap();
    certificate.append_extension(names).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    (certificate.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap())
}
