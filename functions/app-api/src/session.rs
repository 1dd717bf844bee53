//! `GET` and `DELETE /app/v1/session`: the app asks whether a session still holds, or ends it. The token says which one; whether its own
//! time is over does not matter here, because we are asked and look.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use serde::Serialize;
use shared::{
    http as answers,
    session::{ActiveSession, SessionView, TokenDigest},
    session_token::{Claims, TokenKeys},
};
use url::form_urlencoded;

use crate::{App, error::RouteError};

/// What carries the token.
const HEADER: &str = "stallholder-session";
/// Where a marketplace ends its own session (protocol.md §3.2).
const LOGOUT: &str = "/app_logout";

/// A session as the app knows it: with a fresh token.
#[derive(Serialize)]
pub(crate) struct Known<'a> {
    #[serde(flatten)]
    session: SessionView<'a>,
    token: String,
    token_expires_at: Timestamp,
}

#[derive(Serialize)]
struct Ended {
    /// Where to send the browser, so that the marketplace's session ends too. None, if the marketplace is not configured any more.
    logout_url: Option<String>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(keys: &TokenKeys, id: &TokenDigest, active: &'a ActiveSession, now: Timestamp) -> Self {
        let (token, token_expires_at) = keys.sign(id, active, now);
        Self { session: active.view(), token, token_expires_at }
    }
}

/// Answers with the session as it is now, if it holds.
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let now = app.clock.now();
    let keys = app.keys(now).await?;
    let Claims { sid, .. } = presented(&keys.session_tokens, request.headers())?;
    let active = app.held(&sid, now).await?.ok_or(RouteError::SessionEnded)?;
    Ok(answers::json(StatusCode::OK, &Known::of(&keys.session_tokens, &sid, &active, now)))
}

/// Ends the session; ending it again changes nothing.
pub(crate) async fn end(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let now = app.clock.now();
    let claims = presented(&app.keys(now).await?.session_tokens, request.headers())?;
    app.desk.accounts.end_session(&claims.sid).await?;
    let directory = app.configuration.current(now).await?;
    let logout_url = directory.known(claims.marketplace.as_str()).map(|marketplace| {
        let user: String = form_urlencoded::byte_serialize(claims.user.as_str().as_bytes()).collect();
        format!("{}{LOGOUT}?user_uid={user}", marketplace.idp)
    });
    Ok(answers::json(StatusCode::OK, &Ended { logout_url }))
}

/// What the one token of a request says.
fn presented(keys: &TokenKeys, headers: &HeaderMap) -> Result<Claims, RouteError> {
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(RouteError::SessionToken) };
    let token = value.to_str().map_err(|_| RouteError::SessionToken)?;
    keys.read(token).map_err(|_| RouteError::SessionToken)
}
