//! The provider's endpoint: requests of the app itself, and requests that browsers bring.

use axum::extract::{Path, RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::door::{Provider, enter};
use super::error::ProtocolError;
use super::interaction::VISIT;
use super::message::{Message, NAMESPACE};
use super::request::CheckId;
use super::{answer, xrds};
use crate::app::Shared;
use crate::login::{Decision, Hints, decide, launched_group, origin, remember, remembered_user};
use crate::pages::notices;
use crate::time;

/// `GET` and `POST /{mp}/api/openid/provider/{app_id}`
pub(crate) async fn endpoint(
    State(app): State<Shared>,
    Path((key, app_id)): Path<(String, String)>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let (app_id, discovery) = xrds::asked_for(&app_id, &headers);
    enter(&app, &key, app_id, |provider| {
        let message = Message::from_form(&form);
        match message.get("mode") {
            None if discovery => xrds::of_provider(&provider.endpoint),
            None if message.is_empty() => describe(provider),
            None => provider.not_understood(&ProtocolError::Missing("mode")),
            Some(mode) => obey(provider, mode, &message, &headers),
        }
    })
}

fn obey(provider: &Provider<'_>, mode: &str, message: &Message, headers: &HeaderMap) -> Response {
    match mode {
        "checkid_setup" => check_id(provider, message, |request| set_up(provider, request)),
        "checkid_immediate" => check_id(provider, message, |request| immediate(provider, &request, headers)),
        "check_authentication" => check_authentication(provider, message),
        "associate" => refuse_association(provider),
        other => provider.not_understood(&ProtocolError::Mode(other.to_owned())),
    }
}

fn check_id(provider: &Provider<'_>, message: &Message, answer: impl FnOnce(CheckId) -> Response) -> Response {
    let request = match CheckId::read(message, &provider.endpoint) {
        Ok(request) => request,
        Err(error) => return provider.not_understood(&error),
    };
    let app_host = provider.app.app_host(provider.marketplace);
    // The setting's name is SAML's, but its question is the same: does the answer go to the registered app?
    if provider.marketplace.check_acs && origin(&request.return_to) != origin(&app_host) {
        return refuse_return_to(provider, &request.return_to, &app_host);
    }
    answer(request)
}

fn refuse_return_to(provider: &Provider<'_>, return_to: &str, app_host: &str) -> Response {
    let problem = format!(
        "The request wants its answer sent to {return_to}, which is not where the app is registered: {app_host}."
    );
    provider.record("openid.return_to_refused", &problem);
    notices::notice(StatusCode::FORBIDDEN, "Unregistered address", &provider.marketplace.name, &problem)
}

/// People may take their time: the request is kept, and the browser goes on without it.
fn set_up(provider: &Provider<'_>, request: CheckId) -> Response {
    let visit = provider.memory.begin(request);
    remember(provider.go_to("proceed"), VISIT, &provider.marketplace.key, Some(&visit))
}

fn immediate(provider: &Provider<'_>, request: &CheckId, headers: &HeaderMap) -> Response {
    let key = &provider.marketplace.key;
    let (user, group) = (remembered_user(headers, key), launched_group(headers, key));
    let hints = Hints { user_uid: user.as_deref(), group_id: group.as_deref() };
    match decide(provider.marketplace, &hints) {
        Decision::LogIn(login) if request.admits(&login.user.uid) => {
            answer::positive(provider, request, &login, time::now())
        }
        _ => answer::setup_needed(provider, request),
    }
}

/// The app asks whether an assertion is genuine.
fn check_authentication(provider: &Provider<'_>, assertion: &Message) -> Response {
    if assertion.get("ns") != Some(NAMESPACE) {
        return provider.not_understood(&ProtocolError::Namespace);
    }
    let is_valid = provider.memory.confirm(assertion);
    let verdict = if is_valid { "It is." } else { "It is not, or was asked about before." };
    provider.record("openid.assertion_checked", format!("The app asked whether an assertion is genuine. {verdict}"));
    let mut message = Message::direct();
    message.push("is_valid", if is_valid { "true" } else { "false" });
    let invalid = assertion.get("invalidate_handle").filter(|handle| is_valid && !provider.memory.knows(handle));
    if let Some(handle) = invalid {
        message.push("invalidate_handle", handle);
    }
    direct(StatusCode::OK, &message)
}

fn refuse_association(provider: &Provider<'_>) -> Response {
    provider.record("openid.association_refused", "The app asked for an association; there are only private ones.");
    let mut message = Message::direct();
    message.push("error", "this provider makes no associations; ask it about every assertion");
    message.push("error_code", "unsupported-type");
    direct(StatusCode::BAD_REQUEST, &message)
}

fn direct(status: StatusCode, message: &Message) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], message.to_key_value_form()).into_response()
}

fn describe(provider: &Provider<'_>) -> Response {
    let text = "This is an OpenID 2.0 provider. Apps send people here; there is nothing to see for people alone.";
    notices::notice(StatusCode::OK, "OpenID provider", &provider.marketplace.name, text)
}
