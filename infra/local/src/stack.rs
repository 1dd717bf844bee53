//! Starting and stopping all of it.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sandbox::Sandbox;
use serde_json::Value;
use shared::{
    configuration::{Quarantined, Report},
    marketplace::PlatformError,
    sealed::SealerError,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Bus, Calls, Description, Feed, Options, Ports, Queues,
    delivery::{self, Endpoint},
    demo_app::DemoApp,
    describe::Addresses,
    functions::Functions,
    gateway, pages,
    queues::{self, Source},
    secrets::Secrets,
    stores::{self, StoresError},
    stream,
    template::{self, TemplateError},
};

/// How often the scheduled functions run, as the template has it.
const SCHEDULE: Duration = Duration::from_mins(1);
/// How many pushes a batch has at most, as the template has it.
const BATCH: usize = 100;
/// How long a request that is under way may take to end when the stack stops.
const GRACE: Duration = Duration::from_secs(5);

/// A running stack. Dropping it leaves it running until the process ends; [`stop`](Self::stop) ends it.
#[derive(Debug)]
pub struct Stack {
    description: Description,
    calls: Calls,
    feed: Feed,
    bus: Bus,
    queues: Queues,
    sandbox: Sandbox,
    config_refresh: Arc<config_refresh::App>,
    connec_push: Arc<connec_push::App>,
    removals: Arc<removals::App>,
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
    /// The developer platform's address.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The function that makes the configuration could not.
    #[error(transparent)]
    Refresh(#[from] config_refresh::Error),
    /// The sandbox's configuration, as our service reads it.
    #[error("the sandbox's configuration cannot be used: {0}")]
    Configuration(String),
    /// The manifest.
    #[error("--manifest cannot be used: {0}")]
    Manifest(String),
    /// A marketplace that our service would set aside, most likely for the key that was given to it.
    #[error(
        "the service cannot use the marketplace {marketplace}: {reason}; check --idp-key, --idp-cert and --manifest"
    )]
    Refused {
        /// Its key.
        marketplace: String,
        /// What is wrong with it.
        reason: String,
    },
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
    event_bus: TcpListener,
}

impl Stack {
    /// Starts everything and returns once everything answers.
    ///
    /// # Errors
    /// [`StartError`] says what is in the way and what to do about it.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Where `cargo lambda watch` takes events; whoever deploys it elsewhere says so.
        let invocations = options.service_url.as_ref().map(|url| format!("{url}/2015-03-31/functions"));
        let listeners = Listeners::bind(options.ports, options.service_url.is_none()).await?;
        let addresses = listeners.addresses(options.service_url)?;
        let (tasks, shutdown, feed, secrets) =
            (TaskTracker::new(), CancellationToken::new(), Feed::default(), Secrets::generate());
        let bus = Bus::default();
        let queues = Queues::new(&addresses.event_bus, &template::queue("PushQueue")?)
            .map_err(|_| StartError::Internal("queues"))?;

        let database =
            stores::start(listeners.dynamodb, &addresses.dynamodb, options.data.as_deref(), &tasks, &shutdown).await?;
        serve(listeners.event_bus, bus.router(&queues), &tasks, &shutdown);
        let sandbox_options = sandbox::Options {
            app_host: addresses.service.clone(),
            keys: options.idp_keys,
            ..sandbox::Options::default()
        };
        let sandbox = Sandbox::start(listeners.sandbox, sandbox_options, shutdown.clone()).await?;
        follow(&sandbox, &feed, &tasks, &shutdown);
        serve(listeners.secrets_manager, secrets.router(sandbox.environment(), options.manifest), &tasks, &shutdown);

        let description =
            Description::new(addresses, options.post_login_url, invocations.as_deref(), &secrets, &sandbox);
        let calls = Calls::default();
        let functions = Functions::new(&description, &secrets, &calls, options.clock, options.push_limits)?;
        let config_refresh = Arc::clone(&functions.config_refresh);
        check(config_refresh::handle(&config_refresh).await?)?;
        let removals = Arc::clone(&functions.removals);
        let connec_push = Arc::clone(&functions.connec_push);
        run_on_schedule(Arc::clone(&config_refresh), Arc::clone(&removals), &tasks, &shutdown);
        let pushes = Source { queue: queues::PUSH, batch_size: BATCH, concurrency: options.push_workers };
        queues.follow(pushes, worker(&functions.connec_push), &tasks, &shutdown);
        stream::follow(database, Arc::clone(&functions.events), &tasks, &shutdown);
        if let Some(listener) = listeners.service {
            serve(listener, gateway::router(&functions, &feed)?, &tasks, &shutdown);
        }
        let endpoint = Endpoint { url: format!("{}/events", description.app.base_url), secret: secrets.events.clone() };
        delivery::start(&bus, endpoint, feed.clone(), &tasks, &shutdown)
            .map_err(|_| StartError::Internal("delivery of events"))?;
        let demo_app =
            DemoApp::new(&description, &secrets.events, feed.clone()).map_err(|_| StartError::Internal("demo app"))?;
        serve(listeners.app, demo_app.router(), &tasks, &shutdown);
        serve(listeners.start, pages::router(&description, &feed, &shutdown), &tasks, &shutdown);
        tasks.close();
        Ok(Self {
            description,
            calls,
            feed,
            bus,
            queues,
            sandbox,
            config_refresh,
            connec_push,
            removals,
            shutdown,
            tasks,
        })
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

    /// What was published.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// What waits, and what failed for good.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Takes removals as far as they go now, as invoking the function would.
    ///
    /// # Errors
    /// What the function says.
    pub async fn finish_removals(&self) -> Result<removals::Report, removals::Error> {
        removals::handle(&self.removals).await
    }

    /// Works off one batch of pushes, once there is one.
    pub async fn push_once(&self) {
        let source = Source { queue: queues::PUSH, batch_size: BATCH, concurrency: 1 };
        self.queues.work_off(source, &worker(&self.connec_push)).await;
    }

    /// Refreshes the configuration now, as invoking the function would.
    ///
    /// # Errors
    /// What the function says.
    pub async fn refresh_configuration(&self) -> Result<Report, config_refresh::Error> {
        config_refresh::handle(&self.config_refresh).await
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
            event_bus: bind(ports.event_bus, "event bus", "--bus-port").await?,
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
            event_bus: url("127.0.0.1", &self.event_bus)?,
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

/// Whatever is wrong with the first configuration is a mistake in how the stack was started.
fn check(report: Report) -> Result<(), StartError> {
    if let Some(failure) = report.platform.failure {
        return Err(StartError::Configuration(failure));
    }
    if let Some(failure) = report.manifest.failure {
        return Err(StartError::Manifest(failure));
    }
    match report.quarantined.into_iter().next() {
        Some(Quarantined { marketplace, reason, .. }) => Err(StartError::Refused { marketplace, reason }),
        None => Ok(()),
    }
}

/// What works off the queue of pushes.
fn worker(app: &Arc<connec_push::App>) -> impl Fn(Value) -> BoxFuture<'static, Option<Value>> + Send + Sync + 'static {
    let app = Arc::clone(app);
    move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move {
            let batch = serde_json::from_value(event).ok()?;
            let answer = connec_push::handle(&app, batch).await;
            let answer = answer.inspect_err(|error| tracing::error!(%error, "pushes")).ok()?;
            serde_json::to_value(answer).ok()
        })
    }
}

/// What the schedule does on AWS.
fn run_on_schedule(
    config_refresh: Arc<config_refresh::App>,
    removals: Arc<removals::App>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) {
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
        loop {
            tokio::time::sleep(SCHEDULE).await;
            if let Err(error) = config_refresh::handle(&config_refresh).await {
                tracing::error!(%error, "configuration not refreshed");
            }
            if let Err(error) = removals::handle(&removals).await {
                tracing::error!(%error, "removals did not go on");
            }
        }
    }));
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
