#![doc = include_str!("../README.md")]

mod app;
mod error;
mod route;
mod settings;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

pub use app::App;
use http::{Method, StatusCode};
use lambda_http::{Body, Request, RequestExt as _, Response};
pub use settings::Settings;
use shared::{
    http::{self as answers, BasicCredentials, Reference},
    marketplace::Marketplace,
    store::Removed,
};

use crate::error::RouteError;
pub use crate::route::PATHS;
use crate::route::{Route, Target};

/// Answers one request. Whatever goes wrong is an answer too.
///
/// # Errors
/// Never.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, Infallible> {
    let answer = remove(app, &request).await;
    Ok(answer.unwrap_or_else(|error| error.into_response(&Reference::generate())))
}

/// Who does not know the key learns nothing, not even which marketplaces there are. One that is switched off here is heard all the
/// same: what it took away must not be there when it is switched on again.
async fn remove(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let route = Route::of(request.raw_http_path()).ok_or(RouteError::NotFound)?;
    let presented = BasicCredentials::of(request.headers());
    let now = app.clock.now();
    let marketplace = app.configuration.recognize(route.marketplace(), presented.as_ref(), now).await?;
    if request.method() != Method::DELETE {
        return Err(RouteError::MethodNotAllowed);
    }
    let removed = match route.target() {
        Some(target) => carry_out(app, &marketplace, &target).await?,
        None => Removed::Unknown,
    };
    Ok(match removed {
        Removed::Now | Removed::Before => answers::json(StatusCode::OK, &serde_json::json!({ "success": true })),
        Removed::Unknown => {
            tracing::info!(marketplace.key = %marketplace.key, "nothing of that name to remove");
            answers::empty(StatusCode::NO_CONTENT)
        }
    })
}

async fn carry_out(app: &App, marketplace: &Marketplace, target: &Target) -> Result<Removed, RouteError> {
    let (key, now) = (&marketplace.key, app.clock.now());
    match target {
        Target::Group(group) => {
            let removed = app.accounts.cancel_group(key, group, now).await?;
            if removed != Removed::Unknown {
                tracing::info!(marketplace.key = %key, group.id = %group, ?removed, "group cancelled");
            }
            Ok(removed)
        }
        Target::Member(group, user) => {
            let purge_at = now + marketplace.settings.retention.duration();
            let who = (key, group, user);
            let removed = app.accounts.remove_member(who, purge_at, now).await?;
            if removed != Removed::Unknown {
                tracing::info!(
                    marketplace.key = %key, group.id = %group, user.id = %user, ?removed, "member removed"
                );
            }
            Ok(removed)
        }
    }
}
