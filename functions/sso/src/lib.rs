#![doc = include_str!("../README.md")]

mod app;
mod consume;
mod error;
mod initialize;
mod pending;
mod route;
mod session;
mod settings;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

pub use app::{App, StartError};
use http::StatusCode;
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
        Ok(Route::Initialize(marketplace)) => initialize::handle(app, &request, &marketplace),
        Ok(Route::Consume(marketplace)) => consume::handle(app, &request, &marketplace).await,
        Ok(Route::Session) => session::show(app, &request).await,
        Ok(Route::Logout) => session::logout(app, &request).await,
        Ok(Route::Health) => Ok(answers::json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))),
        Err(error) => Err(error),
    };
    Ok(answer.unwrap_or_else(|error| error.into_response(&reference)))
}
