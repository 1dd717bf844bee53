//! `GET /session` and `POST /session/logout`: the browser's own view of its session.

use http::StatusCode;
use lambda_http::{Body, Request, Response};
use shared::{
    http::{self as answers, SameSite},
    session::{SESSION_LIFETIME, Token},
};

use crate::{App, error::RouteError};

/// The session cookie. `__Host-` keeps it on this host, over TLS, for all paths.
const COOKIE: &str = "__Host-stallholder-session";

/// Gives the browser its new session. It replaces whatever was there, so that nobody can plant one beforehand.
pub(crate) fn open(response: &mut Response<Body>, session: &Token) {
    answers::set_cookie(response, COOKIE, session.expose(), SESSION_LIFETIME.as_secs(), SameSite::Lax);
}

/// Tells who is signed in.
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let session = presented(request).ok_or(RouteError::Unauthenticated)?.digest();
    let held = app.session_check.held(&app.accounts, &app.configuration, &session, app.clock.now()).await?;
    let active = held.ok_or(RouteError::Unauthenticated)?;
    Ok(answers::json(StatusCode::OK, &active.view()))
}

/// Ends the session, here and in the browser. `SameSite=Lax` keeps other sites from doing it: their posts come without the cookie,
/// and change nothing.
pub(crate) async fn logout(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let mut response = answers::empty(StatusCode::NO_CONTENT);
    if let Some(session) = presented(request) {
        app.accounts.end_session(&session.digest()).await?;
        answers::clear_cookie(&mut response, COOKIE, SameSite::Lax);
    }
    Ok(response)
}

/// The session a browser presents; whether it holds is another question.
pub(crate) fn presented(request: &Request) -> Option<Token> {
    let mut values = answers::cookies(request.headers()).filter(|(name, _)| *name == COOKIE);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Token::parse(value),
        _ => None,
    }
}
