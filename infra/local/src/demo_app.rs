//! A small vendor's app: what a vendor has to write to let people in. The browser arrives with a one-time code; the app
//! exchanges it on the back channel, starts a session of its own and greets the person.
//!
//! A code arrives by a link, and anybody can send a link. So that nobody is signed in as somebody else without noticing, the app
//! never replaces one person's session by another's before they say so.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
/// Holds the session that waits for the person's consent.
const NEXT_COOKIE: &str = "demo_app_next_session";

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
    created: Created,
    destination: Destination,
}

/// What the marketplace named for the first time.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Created {
    user: bool,
}

/// Where the person wanted to go when they started to sign in. The service has made sure that it is one of the app's addresses.
#[derive(Debug, Clone, Deserialize)]
struct Destination {
    return_to: Option<String>,
    settings: bool,
}

impl Visitor {
    /// Whether the app meets this person for the first time: then it asks whether they have an account of their own already, and
    /// never links one by its e-mail address without asking.
    pub(crate) fn is_new(&self) -> bool {
        self.created.user
    }

    fn destination(&self) -> &str {
        match &self.destination {
            Destination { return_to: Some(return_to), .. } => return_to,
            Destination { settings: true, .. } => "/?settings=true",
            Destination { .. } => "/",
        }
    }

    fn is_same_person(&self, other: &Self) -> bool {
        (&self.marketplace, &self.user.id) == (&other.marketplace, &other.user.id)
    }
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
    #[serde(default)]
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
            .route("/switch", post(switch))
            .route("/sign-out", post(sign_out))
            .fallback(async || Redirect::to("/"))
            .with_state(self)
    }

    /// Exchanges the code; `None` if the service does not take it. Any other refusal is a mistake of ours, not of the person.
    async fn exchange(&self, code: &str) -> Result<Option<Visitor>, reqwest::Error> {
        let response = self
            .client
            .post(&self.token_url)
            .bearer_auth(self.api_key.expose())
            .json(&serde_json::json!({ "code": code }))
            .send()
            .await?;
        if response.status() == StatusCode::BAD_REQUEST {
            return Ok(None);
        }
        response.error_for_status()?.json().await.map(Some)
    }

    /// Who the browser's session belongs to.
    fn visitor(&self, headers: &HeaderMap, cookie: &str) -> Option<Visitor> {
        let (_, id) = requests::cookies(headers).find(|(name, _)| *name == cookie)?;
        self.visitors().get(id).cloned()
    }

    /// Ends the browser's session and tells whose it was.
    fn end(&self, headers: &HeaderMap, cookie: &str) -> Option<Visitor> {
        let (_, id) = requests::cookies(headers).find(|(name, _)| *name == cookie)?;
        self.visitors().remove(id)
    }

    /// Starts a session and gives the browser its cookie.
    fn begin(&self, visitor: Visitor, cookie: &str, response: Response) -> Response {
        let id = random::token();
        let header = format!("{cookie}={id}; Path=/; HttpOnly; SameSite=Lax");
        self.visitors().insert(id, visitor);
        with_cookie(response, &header)
    }

    fn visitors(&self) -> MutexGuard<'_, HashMap<String, Visitor>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn home(State(app): State<DemoApp>, headers: HeaderMap) -> Html<String> {
    Html(match app.visitor(&headers, COOKIE) {
        Some(visitor) => pages::greeting(&visitor),
        None => pages::welcome(&app.marketplaces),
    })
}

async fn signed_in(State(app): State<DemoApp>, headers: HeaderMap, Query(query): Query<SignedIn>) -> Response {
    match app.exchange(&query.code).await {
        Ok(Some(visitor)) => arrive(&app, &headers, visitor),
        Ok(None) => {
            app.feed.push("app", "a code was refused");
            (StatusCode::FORBIDDEN, Html(pages::refused(&app.marketplaces))).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error.without_url(), "the service did not exchange a code");
            app.feed.push("app", "the service did not exchange a code");
            (StatusCode::BAD_GATEWAY, Html(pages::unavailable(&app.marketplaces))).into_response()
        }
    }
}

fn arrive(app: &DemoApp, headers: &HeaderMap, visitor: Visitor) -> Response {
    match app.visitor(headers, COOKIE) {
        Some(present) if !present.is_same_person(&visitor) => {
            let page = Html(pages::switch(&present, &visitor)).into_response();
            app.begin(visitor, NEXT_COOKIE, page)
        }
        _ => welcome(app, headers, visitor),
    }
}

async fn switch(State(app): State<DemoApp>, headers: HeaderMap) -> Response {
    match app.end(&headers, NEXT_COOKIE) {
        Some(visitor) => without_cookie(welcome(&app, &headers, visitor), NEXT_COOKIE),
        None => Redirect::to("/").into_response(),
    }
}

/// Signs the person in, in place of whoever was.
fn welcome(app: &DemoApp, headers: &HeaderMap, visitor: Visitor) -> Response {
    app.end(headers, COOKIE);
    app.feed.push("app", format!("{} of {} is signed in as {}", visitor.user.id, visitor.group.id, visitor.role));
    let redirect = Redirect::to(visitor.destination()).into_response();
    app.begin(visitor, COOKIE, redirect)
}

async fn sign_out(State(app): State<DemoApp>, headers: HeaderMap) -> Response {
    if app.end(&headers, COOKIE).is_some() {
        app.feed.push("app", "a visitor signed out");
    }
    without_cookie(Redirect::to("/").into_response(), COOKIE)
}

fn without_cookie(response: Response, cookie: &str) -> Response {
    with_cookie(response, &format!("{cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    response.headers_mut().extend(HeaderValue::from_str(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
