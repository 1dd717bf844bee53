//! Taking access away as a marketplace does: the state changes, and then the app is told.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::OptionalJsonBody;
use super::directory::{change, known_group, known_user};
use super::error::ControlError;
use crate::app::{App, Shared};
use crate::state::Marketplace;
use crate::webhooks::{self, Delivery, Removal};

/// How often a removal can be told at once.
const MOST_TIMES: u64 = 20;

type Answer = Result<Json<Report>, ControlError>;

/// `POST /control/marketplaces/{mp}/groups/{gid}/cancel`
pub(super) async fn cancel_group(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
    OptionalJsonBody(orders): OptionalJsonBody<Orders>,
) -> Answer {
    carry_out(&app, &key, &Removal::Group { uid }, &orders).await
}

/// `POST /control/marketplaces/{mp}/groups/{gid}/members/{uid}/remove`
pub(super) async fn remove_member(
    State(app): State<Shared>,
    Path((key, group_uid, user_uid)): Path<(String, String, String)>,
    OptionalJsonBody(orders): OptionalJsonBody<Orders>,
) -> Answer {
    carry_out(&app, &key, &Removal::Member { group_uid, user_uid }, &orders).await
}

async fn carry_out(app: &App, key: &str, removal: &Removal, orders: &Orders) -> Answer {
    let client = webhooks::client().map_err(ControlError::Client)?;
    let marketplace = if orders.only_deliver { unchanged(app, key, removal)? } else { changed(app, key, removal)? };
    let deliveries = webhooks::deliver(app, &client, &marketplace, removal, orders.deliveries()).await;
    Ok(Json(Report::of(&deliveries, orders.times.is_some())))
}

fn unchanged(app: &App, key: &str, removal: &Removal) -> Result<Marketplace, ControlError> {
    let marketplace = app.marketplace(key).ok_or_else(|| ControlError::not_found("marketplace", key))?;
    check(&marketplace, removal)?;
    Ok(marketplace)
}

fn changed(app: &App, key: &str, removal: &Removal) -> Result<Marketplace, ControlError> {
    let kind = match removal {
        Removal::Group { .. } => "control.group_cancelled",
        Removal::Member { .. } => "control.member_removed",
    };
    change(app, key, kind, format!("{}.", removal.told()), |marketplace| {
        check(marketplace, removal)?;
        match removal {
            Removal::Group { uid } => marketplace.cancel_group(uid),
            Removal::Member { group_uid, user_uid } => marketplace.remove_member(user_uid, group_uid),
        }
        Ok(marketplace.clone())
    })
}

/// Somebody who was removed before counts as known: a removal can be told again.
fn check(marketplace: &Marketplace, removal: &Removal) -> Result<(), ControlError> {
    let (group_uid, user_uid) = match removal {
        Removal::Group { uid } => return known_group(marketplace, uid),
        Removal::Member { group_uid, user_uid } => (group_uid, user_uid),
    };
    known_group(marketplace, group_uid)?;
    known_user(marketplace, user_uid)?;
    let is_member = marketplace.directory.role(user_uid, group_uid).is_some();
    if is_member || marketplace.is_former_member(user_uid, group_uid) {
        return Ok(());
    }
    Err(ControlError::not_found("member", user_uid))
}

/// What a caller asks for besides the plain removal.
#[derive(Default, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct Orders {
    /// The state changes and the app is not told.
    only_change: bool,
    /// The app is told and the state does not change.
    only_deliver: bool,
    times: Option<usize>,
}

impl Orders {
    fn deliveries(&self) -> usize {
        if self.only_change { 0 } else { self.times.unwrap_or(1) }
    }
}

/// Every refusal names its field.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAnOrder {
    #[error("{0} must be true or false")]
    NotAFlag(&'static str),
    #[error("times must be a whole number from 1 to {MOST_TIMES}")]
    Times,
    #[error("{0} makes no sense when deliver is false")]
    Contradiction(&'static str),
    #[error("unknown field {0:?}; there are: deliver, only_deliver, times")]
    Unknown(String),
}

impl TryFrom<Map<String, Value>> for Orders {
    type Error = NotAnOrder;

    fn try_from(fields: Map<String, Value>) -> Result<Self, Self::Error> {
        let mut orders = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "deliver" => orders.only_change = !value.as_bool().ok_or(NotAnOrder::NotAFlag("deliver"))?,
                "only_deliver" => orders.only_deliver = value.as_bool().ok_or(NotAnOrder::NotAFlag("only_deliver"))?,
                "times" => orders.times = Some(times(&value)?),
                _ => return Err(NotAnOrder::Unknown(name)),
            }
        }
        match orders {
            Self { only_change: true, only_deliver: true, .. } => Err(NotAnOrder::Contradiction("only_deliver")),
            Self { only_change: true, times: Some(_), .. } => Err(NotAnOrder::Contradiction("times")),
            consistent => Ok(consistent),
        }
    }
}

fn times(value: &Value) -> Result<usize, NotAnOrder> {
    let times = value.as_u64().filter(|times| (1..=MOST_TIMES).contains(times)).ok_or(NotAnOrder::Times)?;
    usize::try_from(times).map_err(|_| NotAnOrder::Times)
}

/// How telling the app ended.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    outcome: Outcome,
    /// One each, when `times` was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<Vec<Outcome>>,
}

#[derive(Serialize)]
struct Outcome {
    /// Whether the app answered.
    sent: bool,
    status: Option<u16>,
    attempts: usize,
}

impl Report {
    /// Several deliveries are summed up by the first one that was not accepted, if there is one.
    fn of(deliveries: &[Delivery], each: bool) -> Self {
        let worst = deliveries.iter().find(|delivery| !delivery.is_accepted()).or(deliveries.first());
        let attempts = deliveries.iter().map(|delivery| delivery.attempts).sum();
        let one = |delivery: &Delivery| Outcome::of(delivery.status, delivery.attempts);
        Self {
            outcome: Outcome::of(worst.and_then(|delivery| delivery.status), attempts),
            deliveries: each.then(|| deliveries.iter().map(one).collect()),
        }
    }
}

impl Outcome {
    fn of(status: Option<StatusCode>, attempts: usize) -> Self {
        Self { sent: status.is_some(), status: status.map(|status| status.as_u16()), attempts }
    }
}
