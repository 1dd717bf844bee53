//! `GET /.well-known/jwks.json`: what anybody may check our tokens with.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::http as answers;

use crate::{App, error::RouteError};

/// How long it may be kept. Functions go on with the secret they know for five minutes, so ten after a new key was published everybody
/// has it.
const CACHE: &str = "public, max-age=300";

/// Answers with the public keys.
pub(crate) async fn show(app: &App) -> Result<Response<Body>, RouteError> {
    let keys = app.keys(app.clock.now()).await?;
    let mut answer = answers::json(StatusCode::OK, &keys.session_tokens.public());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    Ok(answer)
}
