//! Faults on demand: the list of what shall go wrong, and the one middleware that makes it so.

use std::sync::Mutex;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::app::{Shared, lock};
use crate::config_api::Damage;
use crate::connec::BatchDamage;
use crate::listener::Breaker;
use crate::routes::RouteName;

/// The longest a delay may be.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What goes wrong.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Answer with an error status; nothing is done.
    Status,
    /// Wait first, then go on.
    Delay,
    /// Do what is asked, then break the connection without an answer.
    Drop,
    /// Answer 200 with a body nobody can parse; nothing is done.
    Malformed,
    /// Answer 200 with a damaged configuration document. Only that route knows what to do with it.
    #[serde(untagged)]
    Document(Damage),
    /// Answer a batch as no working Connec! would. Only that route knows how.
    #[serde(untagged)]
    Batch(BatchDamage),
}

impl FaultKind {
    /// What any route can be told to do.
    pub(crate) const ANYWHERE: [Self; 4] = [Self::Status, Self::Delay, Self::Drop, Self::Malformed];
    /// What only the configuration can be told to do.
    pub(crate) const CONFIG_ONLY: [Self; 6] = [
        Self::Document(Damage::NotJson),
        Self::Document(Damage::HalfDocument),
        Self::Document(Damage::ErrorDocument),
        Self::Document(Damage::NoMarketplaces),
        Self::Document(Damage::NoEntries),
        Self::Document(Damage::SingleObject),
    ];

    /// What only Connec!'s batches can be told to do.
    pub(crate) const BATCH_ONLY: [Self; 2] =
        [Self::Batch(BatchDamage::ItemStatus), Self::Batch(BatchDamage::ShortResults)];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Delay => "delay",
            Self::Drop => "drop",
            Self::Malformed => "malformed",
            Self::Document(damage) => damage.as_str(),
            Self::Batch(damage) => damage.as_str(),
        }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::ANYWHERE.into_iter().chain(Self::CONFIG_ONLY).chain(Self::BATCH_ONLY)
    }

    /// The one route this is for, if not for any.
    pub(crate) fn only_on(self) -> Option<RouteName> {
        match self {
            Self::Document(_) => Some(RouteName::Config),
            Self::Batch(_) => Some(RouteName::ConnecBatch),
            _ => None,
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == name)
    }
}

/// One fault that is set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) route: RouteName,
    /// `None` hits every marketplace.
    pub(crate) marketplace: Option<String>,
    pub(crate) kind: FaultKind,
    pub(crate) status: u16,
    /// What a refused client is told of when to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u32>,
    pub(crate) delay_ms: u64,
    /// Which call of a batch, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<usize>,
    /// How often it still strikes; `None` until removed.
    pub(crate) times: Option<u32>,
}

#[derive(Default)]
pub(crate) struct FaultBoard {
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    last_id: u64,
    faults: Vec<Fault>,
}

impl FaultBoard {
    /// Sets a fault and gives it its id.
    pub(crate) fn add(&self, mut fault: Fault) -> Fault {
        let mut board = lock(&self.board);
        board.last_id += 1;
        fault.id = board.last_id;
        board.faults.push(fault.clone());
        fault
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        lock(&self.board).faults.clone()
    }

    /// Whether there was such a fault.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut board = lock(&self.board);
        let before = board.faults.len();
        board.faults.retain(|fault| fault.id != id);
        board.faults.len() < before
    }

    pub(crate) fn clear(&self) {
        lock(&self.board).faults.clear();
    }

    /// The oldest fault for this request, counted down. A used-up fault is forgotten.
    fn strike(&self, route: RouteName, marketplace: Option<&str>) -> Option<Fault> {
        let mut board = lock(&self.board);
        let fault = board.faults.iter_mut().find(|fault| fault.hits(route, marketplace))?;
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        let struck = fault.clone();
        board.faults.retain(|fault| fault.times != Some(0));
        Some(struck)
    }
}

impl Fault {
    fn hits(&self, route: RouteName, marketplace: Option<&str>) -> bool {
        self.route == route && (self.marketplace.is_none() || self.marketplace.as_deref() == marketplace)
    }
}

/// The middleware: does to the request what the first matching fault says.
pub(crate) async fn inject(
    State(app): State<Shared>,
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    matched: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(route) = RouteName::from_pattern(matched.as_str()) else {
        return next.run(request).await;
    };
    let marketplace = marketplace_of(route, request.uri().path());
    let Some(fault) = app.faults.strike(route, marketplace.as_deref()) else {
        return next.run(request).await;
    };
    let told = format!("Fault {} ({}) struck a {} request.", fault.id, fault.kind.as_str(), route.as_str());
    app.events.record(marketplace.as_deref(), "fault.struck", told);
    match fault.kind {
        FaultKind::Status => refuse(&fault),
        FaultKind::Malformed => malformed(route),
        FaultKind::Document(damage) => {
            request.extensions_mut().insert(damage);
            next.run(request).await
        }
        FaultKind::Batch(_) => {
            request.extensions_mut().insert(fault);
            next.run(request).await
        }
        FaultKind::Delay => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(fault.delay_ms).min(LONGEST_DELAY)) => {}
                () = app.shutdown.cancelled() => {}
            }
            next.run(request).await
        }
        FaultKind::Drop => {
            let response = next.run(request).await;
            breaker.trip();
            response
        }
    }
}

fn marketplace_of(route: RouteName, path: &str) -> Option<String> {
    let first = path.split('/').nth(1)?;
    route.belongs_to_marketplace().then(|| first.to_owned())
}

fn refuse(fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = (status, "The sandbox was told to fail here.\n").into_response();
    if let Some(seconds) = fault.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn malformed(route: RouteName) -> Response {
    let content_type = route.content_type();
    let body = match content_type {
        "application/json" => "{\"marketplaces\": [{",
        "application/vnd.api+json" => "{\"people\": [{",
        "text/plain" => "is_valid",
        "application/xrds+xml" => "<xrds:XRDS><XRD",
        _ => "<html><body><form",
    };
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
