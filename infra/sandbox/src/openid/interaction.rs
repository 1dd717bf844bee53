//! What a person is asked while a request waits: who, through which group, and then the answer.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use super::answer;
use super::door::{Provider, enter};
use super::memory::Visit;
use crate::app::Shared;
use crate::directory::User;
use crate::login::{self, Decision, Hints, Login, cookie, forget_launch, launched_group, remember, remembered_user};
use crate::pages::notices;
use crate::pages::pickers::{self, Links};
use crate::time;

/// The cookie that names the waiting request.
pub(super) const VISIT: &str = "openid";

#[derive(Deserialize)]
pub(crate) struct Choice {
    user_uid: Option<String>,
    group_id: Option<String>,
}

/// `GET …/proceed[?user_uid=]`: finds out who is there.
pub(crate) async fn proceed(
    State(app): State<Shared>,
    Path((key, app_id)): Path<(String, String)>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    enter(&app, &key, &app_id, |provider| {
        with_visit(provider, &headers, |id, visit| {
            let known = || visit.user_uid.clone().or_else(|| remembered_user(&headers, &key));
            let user = choice.user_uid.clone().or_else(known);
            if let Some(uid) = user.as_deref().filter(|uid| provider.marketplace.directory.user(uid).is_some()) {
                if !visit.request.admits(uid) {
                    return provider.go_to("complete");
                }
                provider.memory.identify(id, uid);
            }
            let group = launched_group(&headers, &key);
            let hints = Hints { user_uid: user.as_deref(), group_id: group.as_deref() };
            match login::decide(provider.marketplace, &hints) {
                Decision::PickUser => pick_user(provider),
                Decision::LogIn(login) => go_to_complete(provider, &login),
                Decision::PickGroup(..) => provider.go_to("decide"),
                Decision::Denied(user) => deny(provider, id, user),
            }
        })
    })
}

/// `GET …/decide`: asks through which group.
pub(crate) async fn decide(
    State(app): State<Shared>,
    Path((key, app_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    enter(&app, &key, &app_id, |provider| {
        with_visit(provider, &headers, |id, visit| {
            let hints = Hints { user_uid: visit.user_uid.as_deref(), group_id: None };
            match login::decide(provider.marketplace, &hints) {
                Decision::PickUser => provider.go_to("proceed"),
                Decision::LogIn(login) => go_to_complete(provider, &login),
                Decision::PickGroup(user, groups) => {
                    let path = provider.path_of("complete");
                    let links = Links { choose: &path, cancel: Some(&path) };
                    pickers::groups(provider.marketplace, user, &groups, &links)
                }
                Decision::Denied(user) => deny(provider, id, user),
            }
        })
    })
}

/// `GET …/complete?group_id=`: answers the app. Without a group somebody thought better of it.
pub(crate) async fn complete(
    State(app): State<Shared>,
    Path((key, app_id)): Path<(String, String)>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    enter(&app, &key, &app_id, |provider| {
        with_visit(provider, &headers, |id, visit| {
            let Some(group_id) = choice.group_id.as_deref() else {
                return end(provider, id, answer::cancel(provider, &visit.request));
            };
            let hints = Hints { user_uid: visit.user_uid.as_deref(), group_id: Some(group_id) };
            match login::decide(provider.marketplace, &hints) {
                Decision::PickUser => provider.go_to("proceed"),
                Decision::PickGroup(..) => provider.go_to("decide"),
                Decision::Denied(user) => deny(provider, id, user),
                Decision::LogIn(login) => {
                    end(provider, id, answer::positive(provider, &visit.request, &login, time::now()))
                }
            }
        })
    })
}

fn with_visit(provider: &Provider<'_>, headers: &HeaderMap, answer: impl FnOnce(&str, &Visit) -> Response) -> Response {
    let id = cookie(headers, VISIT, &provider.marketplace.key);
    let visit = id.and_then(|id| Some((provider.memory.visit(&id)?, id)));
    match visit {
        Some((visit, id)) => answer(&id, &visit),
        None => {
            let text = "No login is waiting here. Start again at the app.";
            notices::notice(StatusCode::BAD_REQUEST, "Nothing to answer", &provider.marketplace.name, text)
        }
    }
}

fn pick_user(provider: &Provider<'_>) -> Response {
    let (choose, cancel) = (provider.path_of("proceed"), provider.path_of("complete"));
    pickers::users(provider.marketplace, &Links { choose: &choose, cancel: Some(&cancel) })
}

fn go_to_complete(provider: &Provider<'_>, login: &Login<'_>) -> Response {
    let group: String = byte_serialize(login.group.uid.as_bytes()).collect();
    provider.go_to(&format!("complete?group_id={group}"))
}

/// The app hears nothing: the person stays with the marketplace.
fn deny(provider: &Provider<'_>, id: &str, user: &User) -> Response {
    provider.record("openid.access_denied", format!("{} has no group with this app and was denied access.", user.uid));
    end(provider, id, forget_launch(provider.turn_away(), &provider.marketplace.key))
}

/// One request, one answer.
fn end(provider: &Provider<'_>, id: &str, response: Response) -> Response {
    provider.memory.end(id);
    remember(response, VISIT, &provider.marketplace.key, None)
}
