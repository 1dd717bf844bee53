//! `GET /{mp}/api/v1/auth/saml`: the route that puts the parts together.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::audience::audience;
use super::authn_request::{AuthnRequest, RequestError};
use super::response::{Draft, UnsignedAssertion};
use super::signature;
use crate::app::{App, Shared};
use crate::keys::{KeyError, wrap};
use crate::login::{Decision, Hints, Login, decide, forget_launch, origin, remembered_user, spend_reseller_visit};
use crate::pages::notices;
use crate::pages::pickers::{self, Links};
use crate::state::Marketplace;
use crate::time;

/// Characters per line of an encoded Response.
const LINE: usize = 60;

/// Decodes the request, finds user and group, and hands the browser a form that posts the Response.
pub(crate) async fn single_sign_on(
    State(app): State<Shared>,
    Path(key): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    let query = Query::of(&uri);
    match AuthnRequest::decode(query.get("SAMLRequest")) {
        Ok(request) => answer(&app, &marketplace, &request, &query, &headers),
        Err(error) => not_understood(&app, &marketplace, &error),
    }
}

fn answer(
    app: &App,
    marketplace: &Marketplace,
    request: &AuthnRequest,
    query: &Query<'_>,
    headers: &HeaderMap,
) -> Response {
    if request.issuer != marketplace.api_id {
        return unknown_issuer(app, marketplace, &request.issuer);
    }
    let audience = match check_acs(app, marketplace, &request.acs_url) {
        Ok(audience) => audience,
        Err(problem) => return refuse_acs(app, marketplace, &problem),
    };
    let remembered = remembered_user(headers, &marketplace.key);
    let hints = Hints { user_uid: query.get("user_uid").or(remembered.as_deref()), group_id: query.get("group_id") };
    match decide(marketplace, &hints) {
        Decision::PickUser => pickers::users(marketplace, &Links::without_cancel(&query.replay(&[]))),
        Decision::PickGroup(user, groups) => {
            let link = query.replay(&[("user_uid", &user.uid)]);
            pickers::groups(marketplace, user, &groups, &Links::without_cancel(&link))
        }
        Decision::Denied(user) => {
            let told = format!("{} has no group with this app and was denied access.", user.uid);
            app.events.record(Some(&marketplace.key), "saml.access_denied", told);
            forget_launch(notices::access_denied(marketplace, user), &marketplace.key)
        }
        Decision::LogIn(login) => {
            let issuer = format!("{}{}", app.base_url, query.up_to_first_ampersand());
            let draft = Draft { request, issuer: &issuer, audience: &audience, now: time::now() };
            log_in(app, &draft, &login)
        }
    }
}

fn log_in(app: &App, draft: &Draft<'_>, login: &Login<'_>) -> Response {
    let key = &login.marketplace.key;
    let xml = match build(app, draft, login) {
        Ok(xml) => xml,
        Err(error) => {
            app.events.record(Some(key), "saml.signing_failed", format!("No Response: {error}."));
            return (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response();
        }
    };
    spend_reseller_visit(app, login);
    let told = format!("Response issued for {} in {}.", login.user.uid, login.group.uid);
    app.events.record(Some(key), "saml.response_issued", told);
    let encoded = wrap(&STANDARD.encode(xml), LINE);
    let fields = [("SAMLResponse", encoded.as_str())];
    forget_launch(pickers::post_form(login.marketplace, &draft.request.acs_url, fields), key)
}

fn build(app: &App, draft: &Draft<'_>, login: &Login<'_>) -> Result<String, KeyError> {
    let identity = app.identity(login.marketplace).ok_or(KeyError::PrivateKey)?;
    let assertion = UnsignedAssertion::new(draft, login);
    let text = assertion.canonical_text();
    let signature = signature::sign(identity, login.marketplace.signature, &assertion.id, &text)?;
    Ok(assertion.into_response(draft, &signature))
}

/// The audience for a registered assertion consumer service, or what is wrong with it.
fn check_acs(app: &App, marketplace: &Marketplace, acs_url: &str) -> Result<String, String> {
    let audience = audience(acs_url)
        .ok_or_else(|| format!("The request names no http(s) address to post to, but {acs_url:?}."))?;
    let app_host = app.app_host(marketplace);
    if marketplace.check_acs && origin(acs_url) != origin(&app_host) {
        return Err(format!(
            "The request wants its Response posted to {acs_url}, which is not where the app is registered: {app_host}."
        ));
    }
    Ok(audience)
}

fn refuse_acs(app: &App, marketplace: &Marketplace, problem: &str) -> Response {
    app.events.record(Some(&marketplace.key), "saml.acs_refused", problem);
    notices::notice(StatusCode::FORBIDDEN, "Unregistered address", &marketplace.name, problem)
}

fn unknown_issuer(app: &App, marketplace: &Marketplace, issuer: &str) -> Response {
    let text = format!(
        "The app id {issuer:?} is wrong: no such app on {}. The Issuer of an AuthnRequest must be api.id.",
        marketplace.key
    );
    app.events.record(Some(&marketplace.key), "saml.unknown_issuer", &text);
    text.into_response()
}

fn not_understood(app: &App, marketplace: &Marketplace, error: &RequestError) -> Response {
    let text = format!("Cannot use this AuthnRequest: {error}.");
    app.events.record(Some(&marketplace.key), "saml.request_refused", &text);
    let status = if error.is_undecodable() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
    (status, format!("{text}\n")).into_response()
}

/// The request's own address and parameters.
struct Query<'a> {
    uri: &'a Uri,
    pairs: Vec<(String, String)>,
}

impl<'a> Query<'a> {
    fn of(uri: &'a Uri) -> Self {
        let raw = uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        Self { uri, pairs }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Path and query cut where the historical sandbox cuts them.
    fn up_to_first_ampersand(&self) -> &str {
        let path_and_query = self.uri.path_and_query().map_or("/", |both| both.as_str());
        path_and_query.split('&').next().unwrap_or(path_and_query)
    }

    /// The same request with `extra` parameters; what the picker does not yet know is appended by its links.
    fn replay(&self, extra: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = self.pairs.iter().filter(|(key, _)| extra.iter().all(|(name, _)| key != name));
        query.extend_pairs(kept);
        query.extend_pairs(extra);
        format!("{}?{}", self.uri.path(), query.finish())
    }
}
