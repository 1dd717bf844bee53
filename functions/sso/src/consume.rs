//! `POST …/saml/consume`: the assertion consumer service (protocol.md §3.9, §3.10).

use http::StatusCode;
use lambda_http::{Body, Request, Response};
use shared::{
    http as answers,
    identity::Identity,
    saml::{self, Expectations, MAX_ENCODED_LEN},
    session::Token,
    store::SignIn,
};
use url::form_urlencoded;

use crate::{App, error::RouteError, pending, session};

/// Percent-encoding can make a field three times as long.
const MAX_BODY_LEN: usize = 3 * MAX_ENCODED_LEN;

/// Signs the person in and sends the browser to the app with a one-time code.
pub(crate) async fn handle(app: &App, request: &Request, marketplace: &str) -> Result<Response<Body>, RouteError> {
    let marketplace = app.marketplace(marketplace)?;
    let encoded = saml_response(request)?;
    let now = app.clock.now();

    let outstanding = pending::outstanding(&app.sealer, request, &marketplace.key, now);
    if outstanding.is_empty() && !marketplace.settings.unsolicited_responses {
        return Err(RouteError::NoPendingRequest);
    }
    let request_ids: Vec<String> = outstanding.iter().map(|pending| pending.request_id.clone()).collect();
    let assertion = saml::accept(&encoded, marketplace, &Expectations { request_ids: &request_ids, now })?;
    let identity = Identity::try_from(&assertion)?;

    let answered = outstanding.iter().find(|pending| assertion.request_id.as_ref() == Some(&pending.request_id));
    let (session, code) = (Token::generate(), Token::generate());
    let sign_in = SignIn {
        marketplace: &marketplace.key,
        assertion: &assertion,
        identity: &identity,
        session: &session,
        code: &code,
        replaces: answered.and_then(|pending| pending.replaces.as_ref()),
        now,
    };
    app.accounts.sign_in(&sign_in).await?;
    tracing::info!(
        marketplace.key = %marketplace.key, group.id = %identity.group.id, user.id = %identity.user.id, "signed in"
    );

    let mut response = landing(app, &code)?;
    session::open(&mut response, &session);
    if let Some(answered) = answered {
        answered.forget(&mut response);
    }
    Ok(response)
}

/// The one `SAMLResponse` of a form (threats.md C12, D3).
fn saml_response(request: &Request) -> Result<String, RouteError> {
    if !answers::is_content_type(request.headers(), "application/x-www-form-urlencoded")
        || request.headers().contains_key(http::header::CONTENT_ENCODING)
    {
        return Err(RouteError::MediaType);
    }
    let body: &[u8] = request.body();
    if body.len() > MAX_BODY_LEN {
        return Err(RouteError::BodyTooLarge);
    }
    let mut fields = form_urlencoded::parse(body).filter(|(name, _)| name == "SAMLResponse");
    match (fields.next(), fields.next()) {
        (Some((_, encoded)), None) if !encoded.is_empty() => Ok(encoded.into_owned()),
        _ => Err(RouteError::Form),
    }
}

/// The app's own address for people who have signed in. It is configured; nothing a browser sends can change it.
fn landing(app: &App, code: &Token) -> Result<Response<Body>, RouteError> {
    let mut url = app.post_login_url.clone();
    url.query_pairs_mut().append_pair("code", code.expose());
    answers::redirect(StatusCode::SEE_OTHER, url.as_str())
        .ok_or_else(|| RouteError::Internal("post-login URL is not a header".into()))
}
