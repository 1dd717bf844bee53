#![doc = include_str!("../README.md")]

mod app;
mod document;
mod error;
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
    routes::marketplace_in,
};
use url::form_urlencoded;

use crate::{document::Version, error::RouteError};

/// Every path the function serves.
pub const PATHS: [&str; 3] = [METADATA, "/mno-enterprise/{mp}/metadata.json", OLDER_METADATA];
const METADATA: &str = "/mno-enterprise/{mp}/metadata";
const OLDER_METADATA: &str = "/maestrano/metadata/{mp}";

/// Answers one request. Whatever goes wrong is an answer too.
///
/// # Errors
/// Never.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, Infallible> {
    let answer = tell(app, &request).await;
    let mut answer = answer.unwrap_or_else(|error| error.into_response(&Reference::generate()));
    if request.method() == Method::HEAD {
        *answer.body_mut() = Body::Empty;
    }
    Ok(answer)
}

/// Who does not know the key learns nothing, not even which marketplaces there are.
async fn tell(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let key = marketplace(request.raw_http_path()).ok_or(RouteError::NotFound)?;
    let presented = BasicCredentials::of(request.headers());
    let now = app.clock.now();
    let marketplace = app.configuration.authenticate(key, presented.as_ref(), now).await?;
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Err(RouteError::MethodNotAllowed);
    }
    let document = version(request)?.of(&marketplace, now);
    Ok(answers::json(StatusCode::OK, &document))
}

/// The marketplace in a path, as the caller wrote it.
fn marketplace(path: &str) -> Option<&str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_suffix(".json").unwrap_or(path);
    [METADATA, OLDER_METADATA].into_iter().find_map(|pattern| marketplace_in(path, pattern))
}

/// The version in the query; the second, if it says nothing.
fn version(request: &Request) -> Result<Version, RouteError> {
    let query = request.uri().query().unwrap_or_default();
    let mut asked = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "version");
    match (asked.next().as_ref().map(|(_, version)| version.as_ref()), asked.next()) {
        (None | Some("2"), None) => Ok(Version::Second),
        (Some("1"), None) => Ok(Version::First),
        _ => Err(RouteError::Version),
    }
}
