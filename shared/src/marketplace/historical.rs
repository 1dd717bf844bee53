//! The environments that the first SDK had built in (protocol.md §1.4). Nothing of them is used unless the manifest names one.

use serde_json::{Value, json};

/// What one of them knew: where it is and which certificate it signs with, but not the certificate itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HistoricalEnvironment {
    Local,
    Uat,
    Production,
}

impl HistoricalEnvironment {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "local" => Some(Self::Local),
            "uat" | "maestrano-uat" => Some(Self::Uat),
            "production" | "maestrano-production" => Some(Self::Production),
            _ => None,
        }
    }

    /// What it says of a marketplace, below all other sources.
    pub(super) fn entry(self) -> Value {
        let (host, connec, timeout, fingerprint) = match self {
            Self::Local => (
                "http://localhost:3001",
                "http://connec.maestrano.io",
                60,
                "01:06:15:89:25:7d:78:12:28:a6:69:c7:de:63:ed:74:21:f9:f5:36",
            ),
            Self::Uat => (
                "https://uat.maestrano.io",
                "https://api-connec-uat.maestrano.io",
                180,
                "8a:1e:2e:76:c4:67:80:68:6c:81:18:f7:d3:29:5d:77:f8:79:54:2f",
            ),
            Self::Production => (
                "https://maestrano.com",
                "https://api-connec.maestrano.com",
                180,
                "2f:57:71:e4:40:19:57:37:a6:2c:f0:c5:82:52:2f:2e:41:b7:9d:7e",
            ),
        };
        json!({
            "api": { "host": host, "base": "/api/v1/" },
            "sso": { "idp": host, "x509_fingerprint": fingerprint },
            "connec": { "host": connec, "base_path": "/api/v2", "timeout": timeout },
        })
    }
}
