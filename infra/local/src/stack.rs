//! Starting and stopping all of it.

use std::{net::Ipv4Addr, time::Duration};

use sandbox::Sandbox;
use shared::{
    marketplace::{
        AllSettings, DeveloperPlatform, Directory, MarketplaceError, PlatformError, PlatformUrl, SettingsError,
    },
    sealed::SealerError,
    secrets::Credentials,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Calls, Description, Feed, Options, Ports,
    demo_app::DemoApp,
    describe::Addresses,
    functions::Functions,
    gateway, pages,
    secrets::Secrets,
    stores::{self, StoresError},
    template::TemplateError,
};

/// How long a request that is under way may take to end when the stack stops.
const GRACE: Duration = Duration::from_secs(5);

/// A running stack. Dropping it leaves it running until the process ends; [`stop`](Self::stop) ends it.
#[derive(Debug)]
pub struct Stack {
    description: Description,
    calls: Calls,
    feed: Feed,
    sandbox: Sandbox,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// The stack cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port.
    #[error("cannot listen on port {port} for the {server}: {reason}; choose another with {option}, or leave it away")]
    Port {
        /// As asked for.
        port: u16,
        /// Who should have listened.
        server: &'static str,
        /// What chooses the port.
        option: &'static str,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The stores.
    #[error(transparent)]
    Stores(#[from] StoresError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] sandbox::StartError),
    /// Its configuration, as our service reads it.
    #[error("the sandbox's configuration cannot be used")]
    Configuration(#[from] PlatformError),
    /// A marketplace that our service would set aside, most likely for the key that was given to it.
    #[error("the service cannot use the marketplace {marketplace}: {reason}; check --idp-key and --idp-cert")]
    Refused {
        /// Its key.
        marketplace: String,
        /// What is wrong with it.
        reason: MarketplaceError,
    },
    /// The vendor's settings for the marketplaces.
    #[error("--marketplace-settings is {0}")]
    Settings(#[from] SettingsError),
    /// The sign-in function.
    #[error(transparent)]
    Sso(#[from] sso::StartError),
    /// The secret that this run made for it.
    #[error(transparent)]
    Sealer(#[from] SealerError),
    /// The app's function.
    #[error(transparent)]
    AppApi(#[from] app_api::KeyTooShort),
    /// The template that the API's routes and the tables come from.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A URL of ours, or an HTTP client.
    #[error("cannot set up the {0}")]
    Internal(&'static str),
}

struct Listeners {
    start: TcpListener,
    service: Option<TcpListener>,
    app: TcpListener,
    sandbox: TcpListener,
    dynamodb: TcpListener,
    secrets_manager: TcpListener,
}

impl Stack {
    /// Starts everything and returns once everything answers.
    ///
    /// # Errors
    /// [`StartError`] says what is in the way and what to do about it.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listeners = Listeners::bind(options.ports, options.service_url.is_none()).await?;
        let addresses = listeners.addresses(options.service_url)?;
        let (tasks, shutdown, feed, secrets) =
            (TaskTracker::new(), CancellationToken::new(), Feed::default(), Secrets::generate());

        stores::start(listeners.dynamodb, &addresses.dynamodb, options.data.as_deref(), &tasks, &shutdown).await?;
        let sandbox_options = sandbox::Options {
            app_host: addresses.service.clone(),
            keys: options.idp_keys,
            ..sandbox::Options::default()
        };
        let sandbox = Sandbox::start(listeners.sandbox, sandbox_options, shutdown.clone()).await?;
        follow(&sandbox, &feed, &tasks, &shutdown);
        serve(listeners.secrets_manager, secrets.router(sandbox.environment()), &tasks, &shutdown);

        let settings = AllSettings::from_json(&options.marketplace_settings)?;
        let description =
            Description::new(addresses, options.post_login_url, options.marketplace_settings, &secrets, &sandbox);
        let calls = Calls::default();
        let directory = directory(&sandbox, &settings).await?;
        let functions = Functions::new(&description, &secrets, directory, &calls, options.clock)?;
        if let Some(listener) = listeners.service {
            serve(listener, gateway::router(functions, &feed)?, &tasks, &shutdown);
        }
        let demo_app = DemoApp::new(&description, feed.clone()).map_err(|_| StartError::Internal("demo app"))?;
        serve(listeners.app, demo_app.router(), &tasks, &shutdown);
        serve(listeners.start, pages::router(&description, &feed, &shutdown), &tasks, &shutdown);
        tasks.close();
        Ok(Self { description, calls, feed, sandbox, shutdown, tasks })
    }

    /// Where everything is.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// What each function asked of AWS so far.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What happens.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Ends everything. Requests under way get a few seconds.
    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = async { tokio::join!(self.tasks.wait(), self.sandbox.stopped()) };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("some connections were cut");
        }
    }
}

impl Listeners {
    /// The service's own is left away if it runs elsewhere.
    async fn bind(ports: Ports, with_service: bool) -> Result<Self, StartError> {
        let service = if with_service { Some(bind(ports.service, "service", "--service-port").await?) } else { None };
        Ok(Self {
            start: bind(ports.start, "start page", "--port").await?,
            service,
            app: bind(ports.app, "demo app", "--app-port").await?,
            sandbox: bind(ports.sandbox, "sandbox", "--sandbox-port").await?,
            dynamodb: bind(ports.dynamodb, "tables", "--dynamodb-port").await?,
            secrets_manager: bind(ports.secrets_manager, "secrets", "--secrets-port").await?,
        })
    }

    /// Our service and the app live on `localhost`, the sandbox on `127.0.0.1`: two sites to a browser, so that cookies meet
    /// here what they meet in production.
    fn addresses(&self, service_url: Option<String>) -> Result<Addresses, StartError> {
        let url = |host: &str, listener: &TcpListener| {
            let port = listener.local_addr().map_err(|_| StartError::Internal("listeners"))?.port();
            Ok::<_, StartError>(format!("http://{host}:{port}"))
        };
        Ok(Addresses {
            start: url("localhost", &self.start)?,
            service: match (&self.service, service_url) {
                (Some(listener), _) => url("localhost", listener)?,
                (None, elsewhere) => elsewhere.ok_or(StartError::Internal("service's address"))?,
            },
            app: url("localhost", &self.app)?,
            dynamodb: url("127.0.0.1", &self.dynamodb)?,
            secrets_manager: url("127.0.0.1", &self.secrets_manager)?,
        })
    }
}

async fn bind(port: u16, server: &'static str, option: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|reason| StartError::Port {
        port,
        server,
        option,
        reason,
    })
}

/// The marketplaces as our service reads them. One that it would set aside is a mistake in how the stack was started.
async fn directory(sandbox: &Sandbox, settings: &AllSettings) -> Result<Directory, StartError> {
    let environment = sandbox.environment();
    let environment = Credentials { key: environment.key.clone(), secret: environment.secret.as_str().into() };
    let platform = PlatformUrl::new(sandbox.base_url(), "/api/config/v1")?;
    let directory = DeveloperPlatform::new(platform, environment).fetch(settings).await?;
    match directory.refused().first().cloned() {
        Some((marketplace, reason)) => Err(StartError::Refused { marketplace, reason }),
        None => Ok(directory),
    }
}

fn serve(listener: TcpListener, router: axum::Router, tasks: &TaskTracker, shutdown: &CancellationToken) {
    let stop = shutdown.clone();
    tasks.spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = server.await {
            tracing::error!(%error, "a server stopped");
        }
    });
}

/// Copies what the marketplaces do into the feed.
fn follow(sandbox: &Sandbox, feed: &Feed, tasks: &TaskTracker, shutdown: &CancellationToken) {
    let (mut events, feed, stop) = (sandbox.subscribe(), feed.clone(), shutdown.clone());
    tasks.spawn(stop.run_until_cancelled_owned(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    let place = event.marketplace.map(|key| format!("{key}: ")).unwrap_or_default();
                    feed.push("marketplace", format!("{place}{}", event.text));
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
            }
        }
    }));
}
