//! What can be chosen about a stack.

use std::{path::PathBuf, sync::Arc};

use sandbox::IdpKeys;
use shared::clock::{Clock, SystemClock};

/// How to start a stack. The default keeps everything in memory and lets the system choose the ports.
#[derive(Debug)]
pub struct Options {
    /// Where to listen, always on loopback.
    pub ports: Ports,
    /// Where the service is, if it runs elsewhere (`cargo lambda watch`, a deployment); here if it is not given.
    pub service_url: Option<String>,
    /// A folder that keeps the tables from one run to the next.
    pub data: Option<PathBuf>,
    /// What the sandbox's identity providers sign with.
    pub idp_keys: IdpKeys,
    /// Where people go once they have signed in; the demo app if it is not given.
    pub post_login_url: Option<String>,
    /// The manifest, JSON or YAML, as its secret holds it.
    pub manifest: String,
    /// Our service's clock. The sandbox keeps the machine's.
    pub clock: Arc<dyn Clock>,
    /// How long pushes to Connec! may take, and how often they are tried.
    pub push_limits: connec_push::Limits,
    /// How many batches of pushes are worked off at once; with 0 none is, until somebody asks for it.
    pub push_workers: usize,
}

/// The sandbox's marketplaces are on this machine. Strict otherwise, but for OpenID, so that both ways to sign in can be tried.
pub const DEFAULT_MANIFEST: &str = "\
marketplaces:
  acme-hub: { local: true, openid: true }
  northbank: { local: true, openid: true }
";

/// A port for each server; 0 lets the system choose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The start page.
    pub start: u16,
    /// Our service.
    pub service: u16,
    /// The vendor's app.
    pub app: u16,
    /// The marketplaces.
    pub sandbox: u16,
    /// The tables.
    pub dynamodb: u16,
    /// The secrets.
    pub secrets_manager: u16,
    /// The event bus and the queues.
    pub event_bus: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            service_url: None,
            data: None,
            idp_keys: IdpKeys::Generate,
            post_login_url: None,
            manifest: DEFAULT_MANIFEST.to_owned(),
            clock: Arc::new(SystemClock),
            push_limits: connec_push::Limits::default(),
            push_workers: 10,
        }
    }
}
