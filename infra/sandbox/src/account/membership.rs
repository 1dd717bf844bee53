//! Reading groups, users and resellers (protocol §6.4).

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::door::{Done, enter};
use super::envelope;
use super::filters::Filters;
use super::records;
use crate::app::{App, Shared};
use crate::state::Marketplace;

type One = Path<(String, String)>;

/// `GET /{mp}/api/v1/account/groups`: cancelled ones as well.
pub(crate) async fn groups(
    State(app): State<Shared>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&app, &key, &headers, "its groups", |marketplace| {
        list(marketplace.directory.groups.iter().map(records::group), &Filters::read(query.as_deref()))
    })
}

/// `GET /{mp}/api/v1/account/groups/{id}`
pub(crate) async fn group(State(app): State<Shared>, Path((key, id)): One, headers: HeaderMap) -> Response {
    read(&app, &key, &headers, &format!("group {id}"), |marketplace| {
        show(marketplace.directory.group(&id).map(records::group))
    })
}

/// `GET /{mp}/api/v1/account/users[?group_id=]`: an unknown group has no users.
pub(crate) async fn users(
    State(app): State<Shared>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&app, &key, &headers, "its users", |marketplace| {
        let directory = &marketplace.directory;
        let mut filters = Filters::read(query.as_deref());
        let groups = filters.take("group_id");
        let members = directory
            .users
            .iter()
            .filter(|user| groups.iter().all(|group| directory.role(&user.uid, group).is_some()))
            .map(|user| records::user(marketplace, user));
        list(members, &filters)
    })
}

/// `GET /{mp}/api/v1/account/users/{id}`
pub(crate) async fn user(State(app): State<Shared>, Path((key, id)): One, headers: HeaderMap) -> Response {
    read(&app, &key, &headers, &format!("user {id}"), |marketplace| {
        show(marketplace.directory.user(&id).map(|user| records::user(marketplace, user)))
    })
}

/// `GET /{mp}/api/v1/account/resellers`
pub(crate) async fn resellers(
    State(app): State<Shared>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&app, &key, &headers, "its resellers", |marketplace| {
        list(marketplace.directory.resellers.iter().map(records::reseller), &Filters::read(query.as_deref()))
    })
}

/// `GET /{mp}/api/v1/account/resellers/{id}`
pub(crate) async fn reseller(State(app): State<Shared>, Path((key, id)): One, headers: HeaderMap) -> Response {
    read(&app, &key, &headers, &format!("reseller {id}"), |marketplace| {
        show(marketplace.directory.reseller(&id).map(records::reseller))
    })
}

/// `GET /{mp}/api/v1/account/resellers/{id}/groups`: those the reseller introduced.
pub(crate) async fn reseller_groups(
    State(app): State<Shared>,
    Path((key, id)): One,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&app, &key, &headers, &format!("the groups of reseller {id}"), |marketplace| {
        let directory = &marketplace.directory;
        if directory.reseller(&id).is_none() {
            return envelope::not_found();
        }
        let introduced = directory.groups.iter().filter(|group| group.reseller_id.as_ref() == Some(&id));
        list(introduced.map(records::group), &Filters::read(query.as_deref()))
    })
}

fn read(
    app: &App,
    key: &str,
    headers: &HeaderMap,
    what: &str,
    answer: impl FnOnce(&Marketplace) -> Response,
) -> Response {
    let told = format!("read {what} through the account API");
    enter(app, key, headers, &Done { kind: "account.read", told: &told }, answer)
}

fn list(records: impl Iterator<Item = Value>, filters: &Filters) -> Response {
    envelope::success(&records.filter(|record| filters.let_through(record)).collect())
}

fn show(record: Option<Value>) -> Response {
    record.map_or_else(envelope::not_found, |record| envelope::success(&record))
}
