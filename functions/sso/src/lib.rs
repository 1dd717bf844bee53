#![doc = include_str!("../README.md")]

mod app;
mod attempt;
mod consume;
mod error;
mod form;
mod initialize;
mod metadata;
mod openid;
mod pending;
mod return_to;
mod route;
mod session;
mod settings;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

pub use app::{App, Parts, StartError};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
pub use settings::Settings;
use shared::http::{self as answers, Reference};

pub use crate::route::PATHS;
use crate::route::Route;

/// Answers one request. Whatever goes wrong is an answer too.
///
/// # Errors
/// Never.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, Infallible> {
    let reference = Reference::generate();
    let answer = match Route::of(&request) {
        Ok(Route::Initialize(marketplace)) => initialize::handle(app, &request, &marketplace).await,
        Ok(Route::Consume(marketplace)) => consume::handle(app, &request, &marketplace, &reference).await,
        Ok(Route::Metadata(marketplace)) => metadata::handle(app, &marketplace).await,
        Ok(Route::OpenIdInitialize(marketplace)) => openid::initialize(app, &request, &marketplace).await,
        Ok(Route::OpenIdReturn(marketplace)) => openid::come_back(app, &request, &marketplace, &reference).await,
        Ok(Route::Session) => session::show(app, &request).await,
        Ok(Route::Logout) => session::logout(app, &request).await,
        Ok(Route::Health) => Ok(answers::json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))),
        Err(error) => Err(error),
    };
    let mut answer = answer.unwrap_or_else(|error| error.into_response(&reference));
    if request.method() == Method::HEAD {
        *answer.body_mut() = Body::Empty;
    }
    Ok(answer)
}
