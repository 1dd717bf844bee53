//! TLS in front of a server that has none, under a certificate authority of this run.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};
use url::Url;

/// Where Debian and its kin, Amazon Linux and its kin keep the roots.
const SYSTEM_ROOTS: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Ends TLS for any number of servers.
pub(crate) struct Terminator {
    acceptor: TlsAcceptor,
    authority_pem: String,
}

impl Terminator {
    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority_pem: authority.pem() }
    }

    /// The address of a listener that passes on to this URL's server, as long as the process lives.
    pub(crate) async fn before(&self, url: &str) -> String {
        let server = Url::parse(url).unwrap().socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.ok()?;
                    client.set_nodelay(true).ok()?;
                    server.set_nodelay(true).ok()?;
                    let mut client = acceptor.accept(client).await.ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()
                });
            }
        });
        format!("https://localhost:{port}")
    }

    /// The system's roots and ours: a function has to read as many as on AWS.
    pub(crate) fn roots_and_system(&self) -> String {
        let system = SYSTEM_ROOTS.iter().find_map(|path| std::fs::read_to_string(path).ok());
        format!("{}\n{}", system.expect("this system has a list of roots"), self.authority_pem)
    }
}
