#![doc = include_str!("../README.md")]

mod app;
mod error;
mod keys;
mod session_token;
mod settings;

use std::convert::Infallible;

pub use app::{App, StartError};
pub use keys::{ApiKeys, KeyTooShort, KeysError, usable};
use lambda_http::{Body, Request, RequestExt as _, Response, http::Method};
pub use settings::Settings;
use shared::http::{self as answers, Reference};

use crate::error::RouteError;

/// Every path the function serves.
pub const PATHS: [&str; 1] = [SESSION_TOKEN];
const SESSION_TOKEN: &str = "/app/v1/session/token";

/// Answers one request. Whatever goes wrong is an answer too.
///
/// # Errors
/// Never.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, Infallible> {
    let answer = route(app, &request).await;
    Ok(answer.unwrap_or_else(|error| error.into_response(&Reference::generate())))
}

/// Who does not know the key learns nothing, not even which routes there are.
async fn route(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    if !answers::has_bearer(request.headers(), &app.api_keys.current(app.clock.now()).await?) {
        return Err(RouteError::Unauthorized);
    }
    match (request.raw_http_path(), request.method()) {
        (SESSION_TOKEN, &Method::POST) => session_token::handle(app, request).await,
        (SESSION_TOKEN, _) => Err(RouteError::MethodNotAllowed { allowed: "POST" }),
        _ => Err(RouteError::NotFound),
    }
}
