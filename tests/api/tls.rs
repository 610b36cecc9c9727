//! Servers that this one calls by TLS: whom it trusts, and that it says so where it does not.

mod bucket;
mod tracking;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use seatrial::tasks::Tasks;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority that nobody knows but who is told of its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), dir }
    }

    /// Its certificate, as a file.
    fn file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Shows itself as `name` from here on, and passes on to `to` what it is told.
    async fn front(&self, name: &str, to: SocketAddr) -> u16 {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tasks = Tasks::default();
        let each = tasks.clone();
        tasks.spawn("a server behind TLS", async move {
            while let Ok((stream, _)) = listener.accept().await {
                each.spawn("a connection by TLS", pass(acceptor.clone(), stream, to));
            }
        });
        port
    }
}

/// A client that does not trust who it meets hangs up.
async fn pass(acceptor: TlsAcceptor, stream: TcpStream, to: SocketAddr) {
    let Ok(mut shown) = acceptor.accept(stream).await else { return };
    let mut plain = TcpStream::connect(to).await.unwrap();
    let _ended = tokio::io::copy_bidirectional(&mut shown, &mut plain).await;
}

/// The environment of a server that trusts the authorities of a file and no others.
fn trusting(file: &Path) -> [(&'static str, &str); 1] {
    [("SSL_CERT_FILE", file.to_str().unwrap())]
}
