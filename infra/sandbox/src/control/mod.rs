//! The control API: JSON under `/control` for test drivers and the launcher's buttons.
//!
//! It is for the machine the sandbox runs on: requests must name a loopback host, and changes must be declared as
//! JSON, so that a page from elsewhere can neither read nor write here.

mod app;
mod body;
mod calls;
mod configuration;
mod directory;
mod error;
mod faults;
mod guard;
mod observe;
mod records;
mod removals;
mod settings;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post, put};

use crate::app::Shared;

pub(crate) use guard::loopback_host_only;

/// Everything under `/control`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/control/state", get(observe::state))
        .route("/control/events", get(observe::events))
        .route("/control/reset", post(app::reset))
        .route("/control/app", put(app::register))
        .route("/control/marketplaces/{mp}", put(settings::change).patch(settings::change))
        .route(
            "/control/marketplaces/{mp}/configuration",
            get(configuration::get).put(configuration::put).delete(configuration::delete),
        )
        .route("/control/marketplaces/{mp}/users/{uid}", put(directory::put_user).delete(directory::delete_user))
        .route("/control/marketplaces/{mp}/users/{uid}/end_session", post(directory::end_session))
        .route("/control/marketplaces/{mp}/groups/{gid}", put(directory::put_group).delete(directory::delete_group))
        .route(
            "/control/marketplaces/{mp}/groups/{gid}/members/{uid}",
            put(directory::put_member).delete(directory::delete_member),
        )
        .route("/control/marketplaces/{mp}/groups/{gid}/cancel", post(removals::cancel_group))
        .route("/control/marketplaces/{mp}/groups/{gid}/members/{uid}/remove", post(removals::remove_member))
        .route("/control/marketplaces/{mp}/groups/{gid}/records", get(records::counts).delete(records::clear))
        .route("/control/marketplaces/{mp}/groups/{gid}/records/{resource}", get(records::list).post(records::create))
        .route("/control/marketplaces/{mp}/groups/{gid}/records/{resource}/{id}", put(records::change))
        .route("/control/marketplaces/{mp}/connec/calls", get(calls::list).delete(calls::clear))
        .route("/control/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/control/faults/{id}", delete(faults::remove))
        .route("/control/{*rest}", axum::routing::any(error::no_such_path))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn(guard::json_changes_only))
        .layer(from_fn(loopback_host_only))
}
