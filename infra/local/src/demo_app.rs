//! A small vendor's app: what a vendor has to write to let people in. The browser arrives with a one-time code; the app
//! exchanges it on the back channel, starts a session of its own and greets the person.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use shared::{http as requests, http_client, random, secret::Secret};

use crate::{Description, Feed, pages};

/// How long our service may take to exchange a code.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The app's own session cookie.
const COOKIE: &str = "demo_app_session";

/// The app.
#[derive(Clone)]
pub(crate) struct DemoApp {
    token_url: String,
    api_key: Secret,
    client: reqwest::Client,
    marketplaces: Vec<(String, String)>,
    visitors: Arc<Mutex<HashMap<String, Visitor>>>,
    feed: Feed,
}

/// Who signed in: the part of the exchange's answer that the app uses.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Visitor {
    pub(crate) marketplace: String,
    pub(crate) user: Person,
    pub(crate) group: Group,
    pub(crate) role: String,
    pub(crate) is_admin: bool,
}

/// The person.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
}

/// Their group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct SignedIn {
    code: String,
}

impl DemoApp {
    pub(crate) fn new(stack: &Description, feed: Feed) -> Result<Self, reqwest::Error> {
        Ok(Self {
            token_url: format!("{}/app/v1/session/token", stack.service.base_url),
            api_key: stack.service.app_api_key.clone().into(),
            client: http_client::new(TIMEOUT)?,
            marketplaces: stack.marketplaces.iter().map(|mp| (mp.key.clone(), mp.initialize_url.clone())).collect(),
            visitors: Arc::default(),
            feed,
        })
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/signed-in", get(signed_in))
            .route("/sign-out", post(sign_out))
            .with_state(self)
    }

    /// Exchanges the code; `None` if our service refuses it.
    async fn exchange(&self, code: &str) -> Result<Option<Visitor>, reqwest::Error> {
        let response = self
            .client
            .post(&self.token_url)
            .bearer_auth(self.api_key.expose())
            .json(&serde_json::json!({ "code": code }))
            .send()
            .await?;
        if response.status().is_client_error() {
            return Ok(None);
        }
        response.error_for_status()?.json().await.map(Some)
    }

    fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        let (_, id) = requests::cookies(headers).find(|(name, _)| *name == COOKIE)?;
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

async fn home(State(app): State<DemoApp>, headers: HeaderMap) -> Html<String> {
    Html(match app.visitor(&headers) {
        Some(visitor) => pages::greeting(&visitor),
        None => pages::welcome(&app.marketplaces),
    })
}

async fn signed_in(State(app): State<DemoApp>, Query(query): Query<SignedIn>) -> Response {
    match app.exchange(&query.code).await {
        Ok(Some(visitor)) => {
            app.feed
                .push("app", format!("{} of {} is signed in as {}", visitor.user.id, visitor.group.id, visitor.role));
            let id = random::token();
            let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
            app.visitors.lock().unwrap_or_else(PoisonError::into_inner).insert(id, visitor);
            with_cookie(Redirect::to("/").into_response(), &cookie)
        }
        Ok(None) => {
            app.feed.push("app", "a code was refused");
            (StatusCode::FORBIDDEN, Html(pages::refused(&app.marketplaces))).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error.without_url(), "the service did not exchange a code");
            (StatusCode::BAD_GATEWAY, Html(pages::refused(&app.marketplaces))).into_response()
        }
    }
}

async fn sign_out(State(app): State<DemoApp>, headers: HeaderMap) -> Response {
    if let Some((_, id)) = requests::cookies(&headers).find(|(name, _)| *name == COOKIE) {
        app.visitors.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        app.feed.push("app", "a visitor signed out");
    }
    with_cookie(Redirect::to("/").into_response(), &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    response.headers_mut().extend(HeaderValue::from_str(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
