//! The launcher's way into the app.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::cookies;
use super::decision::origin;
use crate::app::Shared;
use crate::config_api::Paths;
use crate::pages::notices;

#[derive(Deserialize)]
pub(crate) struct Launch {
    user_uid: Option<String>,
    sso_init_endpoint: Option<String>,
    group_id: Option<String>,
    reseller_sso: Option<String>,
}

/// `GET /{mp}/sso_trigger`: sends the browser to the app's init URL.
pub(crate) async fn sso_trigger(
    State(app): State<Shared>,
    Path(key): Path<String>,
    Query(launch): Query<Launch>,
) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    let endpoint = launch
        .sso_init_endpoint
        .clone()
        .unwrap_or_else(|| format!("{}{}", app.app_host(&marketplace), Paths::of(&marketplace).init));
    if origin(&endpoint).is_none() {
        let text = "sso_init_endpoint must be an http(s) address.";
        return notices::notice(StatusCode::BAD_REQUEST, "Cannot launch", &marketplace.name, text);
    }
    if let Some(value) = launch.reseller_sso.as_ref().filter(|value| !value.is_empty())
        && let Some(marketplace) = app.world().marketplace_mut(&key)
    {
        marketplace.pending_reseller = Some(value.clone());
    }
    let user = launch.user_uid.as_deref().filter(|uid| marketplace.directory.user(uid).is_some());
    let group = launch.group_id.as_deref().filter(|uid| marketplace.directory.running_group(uid).is_some());
    let told = format!("{} launched the app.", user.unwrap_or("Somebody"));
    app.events.record(Some(&key), "sso.triggered", told);
    redirect(&init_url(&endpoint, launch.group_id.as_deref()), user, group, &key)
}

/// The historical sandbox always appends with `?`; an endpoint that has a query gets `&` here.
fn init_url(endpoint: &str, group_id: Option<&str>) -> String {
    let Some(group_id) = group_id else {
        return endpoint.to_owned();
    };
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    let value: String = url::form_urlencoded::byte_serialize(group_id.as_bytes()).collect();
    format!("{endpoint}{separator}group_id={value}")
}

fn redirect(location: &str, user: Option<&str>, group: Option<&str>, key: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return (StatusCode::BAD_REQUEST, "sso_init_endpoint must be plain ASCII.\n").into_response();
    };
    let response = (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    cookies::remember_launch(response, key, user, group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_appended_to_an_endpoint_with_and_without_a_query() {
        assert_eq!(init_url("http://a.test/init", Some("cld-1")), "http://a.test/init?group_id=cld-1");
        assert_eq!(init_url("http://a.test/init?m=x", Some("cld-1")), "http://a.test/init?m=x&group_id=cld-1");
        assert_eq!(init_url("http://a.test/init", None), "http://a.test/init");
    }
}
