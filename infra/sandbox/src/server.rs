//! Starting, serving and stopping.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get, post};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Shared};
use crate::events::{Event, EventLog};
use crate::faults::{self, FaultBoard};
use crate::keys::{Identities, KeyError, KeyPair};
use crate::listener::{BreakableListener, Breaker};
use crate::options::{EnvironmentCredentials, IdpKeys, MarketplaceSpec, Options, clean_host};
use crate::routes::RouteName;
use crate::state::{Marketplace, World};
use crate::summary::MarketplaceSummary;
use crate::{account, config_api, connec, control, login, openid, pages, saml, session};

/// How long open requests may still take once the sandbox is asked to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It must not be reachable from other machines: its credentials are no secret.
    #[error("the sandbox listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The listener has no address.
    #[error("the listener has no address")]
    Listener(#[source] std::io::Error),
    /// The app's address is not one.
    #[error("{0:?} is not the http(s) base URL of an app")]
    AppHost(String),
    /// A key that cannot be a path prefix, or one that is taken.
    #[error("{0:?} cannot be a marketplace key: use a-z, 0-9 and -, each key once, neither \"api\" nor \"control\"")]
    MarketplaceKey(String),
    /// As many pairs as marketplaces, or one for all.
    #[error("{keys} key pairs for {marketplaces} marketplaces")]
    KeyCount {
        /// Pairs given.
        keys: usize,
        /// Marketplaces to serve.
        marketplaces: usize,
    },
    /// A key pair is unusable.
    #[error("no usable key pair for {marketplace}")]
    Key {
        /// Whose pair.
        marketplace: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The thread that made a key died.
    #[error("making a key failed")]
    Worker(#[source] JoinError),
}

/// A running sandbox.
pub struct Sandbox {
    app: Shared,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Serves on an already bound listener until `shutdown` resolves. Returns once it accepts connections.
    pub async fn start(
        listener: TcpListener,
        options: Options,
        shutdown: CancellationToken,
    ) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(StartError::Listener)?;
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let app_host = clean_host(&options.app_host).ok_or(StartError::AppHost(options.app_host))?;
        check_keys(&options.marketplaces)?;
        let initial = World { app_host, marketplaces: options.marketplaces.iter().map(Marketplace::new).collect() };
        let app = Arc::new(App {
            base_url: format!("http://{address}"),
            environment: options.environment,
            identities: identities(&options.marketplaces, options.keys).await?,
            openid: options.marketplaces.iter().map(|spec| (spec.key.clone(), openid::Memory::new())).collect(),
            connec: options.marketplaces.iter().map(|spec| (spec.key.clone(), connec::Memory::new(spec))).collect(),
            faults: FaultBoard::default(),
            events: EventLog::new(),
            shutdown: shutdown.clone(),
            world: Mutex::new(initial.clone()),
            initial,
        });
        let task = tokio::spawn(serve(listener, router(Arc::clone(&app)), shutdown));
        Ok(Self { app, task })
    }

    /// `http://127.0.0.1:PORT`
    pub fn base_url(&self) -> &str {
        &self.app.base_url
    }

    /// Base of the control API.
    pub fn control_url(&self) -> String {
        format!("{}/control", self.app.base_url)
    }

    /// What the app must present to the developer platform.
    pub fn environment(&self) -> &EnvironmentCredentials {
        &self.app.environment
    }

    /// The marketplaces as they are now.
    pub fn marketplaces(&self) -> Vec<MarketplaceSummary> {
        let world = self.app.world();
        let summary = |marketplace| MarketplaceSummary::of(&self.app, marketplace, world.app_host_of(marketplace));
        world.marketplaces.iter().filter_map(summary).collect()
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.app.events.subscribe()
    }

    /// Resolves when the server has ended.
    pub async fn stopped(self) {
        // A panic of the server task has been printed already; either way it has ended.
        let _ = self.task.await;
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("base_url", &self.app.base_url).finish_non_exhaustive()
    }
}

fn router(app: Shared) -> Router {
    let launcher = Router::new()
        .route("/", get(pages::launcher::all))
        .route("/{mp}", get(pages::launcher::one))
        .route("/{mp}/", get(pages::launcher::one))
        .route("/{mp}/records/{gid}", get(pages::records::of_group))
        .layer(from_fn(control::loopback_host_only));
    let slashed = RouteName::ALL.into_iter().filter(|route| route.is_connec() || *route == RouteName::Config);
    let router =
        RouteName::ALL.into_iter().fold(Router::new(), |router, route| router.route(route.pattern(), handler(route)));
    slashed
        .fold(router, |router, route| router.route(&format!("{}/", route.pattern()), handler(route)))
        .route_layer(from_fn_with_state(Arc::clone(&app), faults::inject))
        .route_layer(from_fn_with_state(Arc::clone(&app), connec::count))
        .merge(launcher)
        .merge(control::router())
        .with_state(app)
}

fn handler(route: RouteName) -> MethodRouter<Shared> {
    match route {
        RouteName::Config => get(config_api::marketplaces),
        RouteName::Saml => get(saml::single_sign_on),
        RouteName::Openid => get(openid::endpoint).post(openid::endpoint),
        RouteName::OpenidProceed => get(openid::proceed),
        RouteName::OpenidDecide => get(openid::decide),
        RouteName::OpenidComplete => get(openid::complete),
        RouteName::OpenidUser => get(openid::identity_page),
        RouteName::SsoTrigger => get(login::sso_trigger),
        RouteName::SessionCheck => get(session::check),
        RouteName::Ping => get(account::ping),
        RouteName::AccountGroups => get(account::groups),
        RouteName::AccountGroup => get(account::group),
        RouteName::AccountUsers => get(account::users),
        RouteName::AccountUser => get(account::user),
        RouteName::AccountResellers => get(account::resellers),
        RouteName::AccountReseller => get(account::reseller),
        RouteName::AccountResellerGroups => get(account::reseller_groups),
        RouteName::AppLogout => get(session::app_logout),
        RouteName::AppAccessUnauthorized => get(session::app_access_unauthorized),
        RouteName::ConnecIndex => connec_handler(get(connec::index).fallback(connec::no_such_method)),
        RouteName::ConnecList => connec_handler(any(connec::collection)),
        RouteName::ConnecShow => connec_handler(any(connec::record)),
        RouteName::ConnecBatch => connec_handler(post(connec::batch).fallback(connec::no_such_method)),
        RouteName::ConnecVersion => connec_handler(get(connec::version).fallback(connec::no_such_method)),
        RouteName::ConnecReport => connec_handler(get(connec::report).fallback(connec::no_such_method)),
    }
}

/// Connec! compresses its answers for those who ask.
fn connec_handler(handler: MethodRouter<Shared>) -> MethodRouter<Shared> {
    handler.layer(from_fn(connec::compress))
}

async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<Breaker>();
    let server =
        axum::serve(BreakableListener(listener), service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let give_up = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        // It ends without an error by its own account.
        _ = server => {}
        () = give_up => {}
    }
}

fn check_keys(marketplaces: &[MarketplaceSpec]) -> Result<(), StartError> {
    for (position, spec) in marketplaces.iter().enumerate() {
        let key = spec.key.as_str();
        let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let taken = marketplaces.iter().take(position).any(|earlier| earlier.key == key);
        if key.is_empty() || !key.bytes().all(slug) || matches!(key, "api" | "control") || taken {
            return Err(StartError::MarketplaceKey(spec.key.clone()));
        }
    }
    Ok(())
}

async fn identities(
    marketplaces: &[MarketplaceSpec],
    keys: IdpKeys,
) -> Result<BTreeMap<String, Identities>, StartError> {
    let sources = sources(marketplaces, keys)?;
    let made = sources.into_iter().map(|(key, source)| async move {
        let common_name = format!("{key} sandbox identity provider");
        let identities = tokio::task::spawn_blocking(move || Identities::new(source.as_ref(), &common_name))
            .await
            .map_err(StartError::Worker)?
            .map_err(|source| StartError::Key { marketplace: key.clone(), source })?;
        Ok((key, identities))
    });
    futures::future::join_all(made).await.into_iter().collect()
}

/// For every marketplace the pair it is to use; `None` asks for a fresh one.
fn sources(marketplaces: &[MarketplaceSpec], keys: IdpKeys) -> Result<Vec<(String, Option<KeyPair>)>, StartError> {
    let names = marketplaces.iter().map(|spec| spec.key.clone());
    Ok(match keys {
        IdpKeys::Generate => names.map(|name| (name, None)).collect(),
        IdpKeys::Pem { private_key, certificate } => {
            let pair = KeyPair { private_key_pem: private_key, certificate_pem: certificate };
            names.map(|name| (name, Some(pair.clone()))).collect()
        }
        IdpKeys::PerMarketplace(pairs) if pairs.len() == marketplaces.len() => {
            names.zip(pairs.into_iter().map(Some)).collect()
        }
        IdpKeys::PerMarketplace(pairs) => {
            let (keys, marketplaces) = (pairs.len(), marketplaces.len());
            return Err(StartError::KeyCount { keys, marketplaces });
        }
    })
}
