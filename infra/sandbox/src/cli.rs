//! The command line, and the options it stands for.

use std::path::{Path, PathBuf};

use clap::Parser;
use sandbox::{EnvironmentCredentials, IdpKeys, KeyError, KeyPair, Options};

/// A marketplace in a box: plays the Maestrano side for local development and tests.
#[derive(Parser)]
#[command(name = "sandbox")]
pub(crate) struct Arguments {
    /// Port on 127.0.0.1; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Base URL of the app.
    #[arg(long, value_name = "URL", default_value = "http://localhost:4000")]
    app_host: String,
    /// PEM file with an identity provider's RSA private key. Once for all marketplaces, or once per marketplace.
    #[arg(long, value_name = "FILE")]
    idp_key: Vec<PathBuf>,
    /// PEM file with the certificate of that key.
    #[arg(long, value_name = "FILE")]
    idp_cert: Vec<PathBuf>,
    /// Environment key of the developer platform; random when not given.
    #[arg(long)]
    env_key: Option<String>,
    /// Environment secret of the developer platform; random when not given.
    #[arg(long)]
    env_secret: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("--idp-key is given {keys} times and --idp-cert {certificates} times; give both once per key pair")]
    Unpaired { keys: usize, certificates: usize },
    #[error("{count} key pairs do not fit {marketplaces} marketplaces; give one for all, or one for each")]
    PairCount { count: usize, marketplaces: usize },
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} and {} are no usable key pair: {source}", key.display(), certificate.display())]
    Pair { key: PathBuf, certificate: PathBuf, source: Box<KeyError> },
}

impl Arguments {
    pub(crate) fn into_options(self) -> Result<Options, UsageError> {
        let defaults = Options::default();
        let keys = keys(&self.idp_key, &self.idp_cert, defaults.marketplaces.len())?;
        let random = defaults.environment;
        Ok(Options {
            environment: EnvironmentCredentials {
                key: self.env_key.unwrap_or(random.key),
                secret: self.env_secret.unwrap_or(random.secret),
            },
            app_host: self.app_host,
            keys,
            marketplaces: defaults.marketplaces,
        })
    }
}

fn keys(keys: &[PathBuf], certificates: &[PathBuf], marketplaces: usize) -> Result<IdpKeys, UsageError> {
    if keys.len() != certificates.len() {
        return Err(UsageError::Unpaired { keys: keys.len(), certificates: certificates.len() });
    }
    let pairs = keys.iter().zip(certificates).map(|(key, certificate)| pair(key, certificate));
    let mut pairs = pairs.collect::<Result<Vec<KeyPair>, UsageError>>()?;
    match pairs.len() {
        0 => Ok(IdpKeys::Generate),
        1 => Ok(pairs.pop().map_or(IdpKeys::Generate, |pair| IdpKeys::Pem {
            private_key: pair.private_key_pem,
            certificate: pair.certificate_pem,
        })),
        count if count == marketplaces => Ok(IdpKeys::PerMarketplace(pairs)),
        count => Err(UsageError::PairCount { count, marketplaces }),
    }
}

fn pair(key: &Path, certificate: &Path) -> Result<KeyPair, UsageError> {
    let (key_pem, certificate_pem) = (read(key)?, read(certificate)?);
    KeyPair::from_pem(&key_pem, &certificate_pem).map_err(|source| UsageError::Pair {
        key: key.to_owned(),
        certificate: certificate.to_owned(),
        source: Box::new(source),
    })
}

fn read(path: &Path) -> Result<String, UsageError> {
    std::fs::read_to_string(path).map_err(|source| UsageError::Unreadable { path: path.to_owned(), source })
}
