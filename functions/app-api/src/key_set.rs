//! `GET /.well-known/jwks.json`: what anybody may check our tokens with.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::http as answers;

use crate::{App, error::RouteError};

/// How long it may be kept: not as long as a new key is published before it signs.
const CACHE: &str = "public, max-age=300";

/// Answers with the public keys.
pub(crate) async fn show(app: &App) -> Result<Response<Body>, RouteError> {
    let keys = app.keys(app.clock.now()).await?;
    let mut answer = answers::json(StatusCode::OK, &keys.session_tokens.public());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    Ok(answer)
}
