#![doc = include_str!("../README.md")]

mod app;
mod body;
mod error;
mod key_set;
mod keys;
mod links;
mod records;
mod route;
mod session;
mod session_token;
mod settings;

use std::convert::Infallible;

pub use app::{App, Parts, StartError};
pub use keys::{ApiKeys, KeyTooShort, KeysError, usable};
use lambda_http::{Body, Request, Response, http::Method};
pub use settings::Settings;
use shared::http::{self as answers, Reference};

use crate::{error::RouteError, route::Route};

pub use route::PATHS;

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
    let route = Route::of(request);
    if let Some(Route::KeySet) = route {
        return match *request.method() {
            Method::GET | Method::HEAD => key_set::show(app).await,
            _ => Err(RouteError::MethodNotAllowed { allowed: "GET, HEAD" }),
        };
    }
    if !answers::has_bearer(request.headers(), &app.api_keys.current(app.clock.now()).await?) {
        return Err(RouteError::Unauthorized);
    }
    let route = route.ok_or(RouteError::NotFound)?;
    match (route, request.method()) {
        (Route::SessionToken, &Method::POST) => session_token::handle(app, request).await,
        (Route::Session, &Method::GET) => session::show(app, request).await,
        (Route::Session, &Method::DELETE) => session::end(app, request).await,
        (Route::Records, &Method::POST) => records::submit_all(app, request).await,
        (Route::Record(record), &Method::PUT) => records::submit(app, request, record).await,
        (Route::Links(record), &Method::GET) => links::show(app, &record).await,
        (Route::Link(record, names), &Method::PUT) => links::link(app, request, &record, &names).await,
        (Route::Link(record, names), &Method::DELETE) => links::unlink(app, &record, &names).await,
        (route, _) => Err(RouteError::MethodNotAllowed { allowed: route.methods() }),
    }
}
