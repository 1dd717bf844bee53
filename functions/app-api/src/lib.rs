#![doc = include_str!("../README.md")]

mod app;
mod error;
mod key_set;
mod keys;
mod session;
mod session_token;
mod settings;

use std::convert::Infallible;

pub use app::{App, Parts, StartError};
pub use keys::{ApiKeys, KeyTooShort, KeysError, usable};
use lambda_http::{Body, Request, RequestExt as _, Response, http::Method};
pub use settings::Settings;
use shared::http::{self as answers, Reference};

use crate::error::RouteError;

/// Every path the function serves.
pub const PATHS: [&str; 3] = [SESSION_TOKEN, SESSION, KEY_SET];
const SESSION_TOKEN: &str = "/app/v1/session/token";
const SESSION: &str = "/app/v1/session";
const KEY_SET: &str = "/.well-known/jwks.json";

/// Answers one request. Whatever goes wrong is an answer too.
///
/// # Errors
/// Never.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, Infallible> {
    let answer = route(app, &request).await;
    let mut answer = answer.unwrap_or_else(|error| error.into_response(&Reference::generate()));
    if request.method() == Method::HEAD {
        *answer.body_mut() = Body::Empty;
    }
    Ok(answer)
}

/// Who does not know the app's key learns nothing but our public keys, not even which routes there are.
async fn route(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let (path, method) = (request.raw_http_path(), request.method());
    if path == KEY_SET {
        return match *method {
            Method::GET | Method::HEAD => key_set::show(app).await,
            _ => Err(RouteError::MethodNotAllowed { allowed: "GET, HEAD" }),
        };
    }
    if !answers::has_bearer(request.headers(), &app.api_keys.current(app.clock.now()).await?) {
        return Err(RouteError::Unauthorized);
    }
    match (path, method) {
        (SESSION_TOKEN, &Method::POST) => session_token::handle(app, request).await,
        (SESSION_TOKEN, _) => Err(RouteError::MethodNotAllowed { allowed: "POST" }),
        (SESSION, &Method::GET) => session::show(app, request).await,
        (SESSION, &Method::DELETE) => session::end(app, request).await,
        (SESSION, _) => Err(RouteError::MethodNotAllowed { allowed: "GET, DELETE" }),
        _ => Err(RouteError::NotFound),
    }
}
