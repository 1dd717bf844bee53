//! `POST /app/v1/session/token`: the app exchanges the one-time code its visitor brought for the session behind it.

use http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use shared::{
    http as answers,
    session::{Destination, Token},
};

use crate::{App, body, error::RouteError, session::Known};

/// A code and its JSON have about 60 bytes.
const MAX_BODY_LEN: usize = 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    code: String,
}

#[derive(Serialize)]
struct Exchanged<'a> {
    #[serde(flatten)]
    session: Known<'a>,
    /// It comes this way and not in the browser's address, so that the app need not wonder who wrote it.
    destination: Destination,
}

/// Answers with the session, once for each code.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let exchange: Exchange = body::json(request, MAX_BODY_LEN)?;
    let code = Token::parse(&exchange.code).ok_or(RouteError::Code)?;
    let now = app.clock.now();
    let (id, destination) = app.desk.accounts.redeem_code(&code, now).await?.ok_or(RouteError::Code)?;
    let active = app.held(&id, now).await?.ok_or(RouteError::Code)?;
    let session = Known::of(&app.keys(now).await?.session_tokens, &id, &active, now);
    Ok(answers::json(StatusCode::OK, &Exchanged { session, destination }))
}
