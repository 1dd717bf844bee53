//! The browser arrives with a one-time code; the app exchanges it on the back channel, starts a session of its own and greets the
//! person. Every few minutes, when the token's time is over, it asks whether the session still holds, and takes over what has changed.
//!
//! A code arrives by a link, and anybody can send a link. So that nobody is signed in as somebody else without noticing, the app
//! never replaces one person's session by another's before they say so.

use std::{
    collections::{HashMap, HashSet},
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
use jiff::Timestamp;
use serde::Deserialize;
use shared::{
    clock::{Clock as _, SystemClock},
    http as requests, http_client, random,
    secret::Secret,
};

use super::{
    books::{Books, Place},
    events, records,
    sharing::Sharing,
};
use crate::{Description, Feed, pages, standard_webhooks::SigningSecret};

/// How long our service may take to exchange a code.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The app's own session cookie.
const COOKIE: &str = "demo_app_session";
/// Holds the session that waits for the person's consent.
const NEXT_COOKIE: &str = "demo_app_next_session";

/// The app.
#[derive(Clone)]
pub(crate) struct DemoApp {
    session_url: String,
    api_key: Secret,
    client: reqwest::Client,
    marketplaces: Vec<(String, String)>,
    visitors: Arc<Mutex<HashMap<String, Visitor>>>,
    heard: Arc<Mutex<HashSet<String>>>,
    books: Arc<Mutex<Books>>,
    pub(super) sharing: Sharing,
    pub(super) events_secret: SigningSecret,
    pub(super) feed: Feed,
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
    pub(super) created_at: Timestamp,
    /// Where they wanted to go; only the exchange tells.
    #[serde(default)]
    destination: Destination,
    token: String,
    token_expires_at: Timestamp,
}

/// What the marketplace named for the first time.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Created {
    user: bool,
}

/// Where the person wanted to go when they started to sign in. The service has made sure that it is one of the app's addresses.
#[derive(Debug, Clone, Default, Deserialize)]
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
    pub(crate) fn new(stack: &Description, events_secret: &SigningSecret, feed: Feed) -> Result<Self, reqwest::Error> {
        let api_key: Secret = stack.service.app_api_key.clone().into();
        let client = http_client::new(TIMEOUT)?;
        let records_url = format!("{}/app/v1/records", stack.service.base_url);
        Ok(Self {
            session_url: format!("{}/app/v1/session", stack.service.base_url),
            sharing: Sharing { records_url, api_key: api_key.clone(), client: client.clone() },
            api_key,
            client,
            marketplaces: stack.marketplaces.iter().map(|mp| (mp.key.clone(), mp.initialize_url.clone())).collect(),
            visitors: Arc::default(),
            heard: Arc::default(),
            books: Arc::default(),
            events_secret: events_secret.clone(),
            feed,
        })
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/signed-in", get(signed_in))
            .route("/switch", post(switch))
            .route("/sign-out", post(sign_out))
            .route("/events", post(events::hear))
            .route("/records", get(records::list))
            .route("/records/customers", post(records::save_customer))
            .route("/records/invoices", post(records::save_invoice))
            .fallback(async || Redirect::to("/"))
            .with_state(self)
    }

    /// Exchanges the code; `None` if the service does not take it. Any other refusal is a mistake of ours, not of the person.
    async fn exchange(&self, code: &str) -> Result<Option<Visitor>, reqwest::Error> {
        let response = self
            .client
            .post(format!("{}/token", self.session_url))
            .bearer_auth(self.api_key.expose())
            .json(&serde_json::json!({ "code": code }))
            .send()
            .await?;
        if response.status() == StatusCode::BAD_REQUEST {
            return Ok(None);
        }
        response.error_for_status()?.json().await.map(Some)
    }

    /// Asks whether a session still holds; `None` if it does not.
    async fn ask(&self, token: &str) -> Result<Option<Visitor>, reqwest::Error> {
        let request = self.client.get(&self.session_url).bearer_auth(self.api_key.expose());
        let response = request.header("stallholder-session", token).send().await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        response.error_for_status()?.json().await.map(Some)
    }

    /// Ends a session at the service, and tells where the marketplace ends its own.
    async fn log_out(&self, token: &str) -> Result<Option<String>, reqwest::Error> {
        #[derive(Deserialize)]
        struct Ended {
            logout_url: Option<String>,
        }
        let request = self.client.delete(&self.session_url).bearer_auth(self.api_key.expose());
        let response = request.header("stallholder-session", token).send().await?;
        Ok(response.error_for_status()?.json::<Ended>().await?.logout_url)
    }

    /// Who the browser's session belongs to, if that holds: once the token's time is over, the service is asked.
    pub(super) async fn present(&self, headers: &HeaderMap) -> Option<Visitor> {
        let visitor = self.visitor(headers, COOKIE)?;
        if SystemClock.now() < visitor.token_expires_at {
            return Some(visitor);
        }
        match self.ask(&visitor.token).await {
            Ok(Some(known)) => {
                self.replace(headers, &known);
                Some(known)
            }
            Ok(None) => {
                self.end(headers, COOKIE);
                self.feed.push("app", format!("the session of {} has ended", visitor.user.id));
                None
            }
            Err(error) => {
                tracing::error!(error = %error.without_url(), "the service did not tell whether a session holds");
                None
            }
        }
    }

    /// Takes over what the service says now, unless the session has ended meanwhile.
    fn replace(&self, headers: &HeaderMap, known: &Visitor) {
        let Some((_, id)) = requests::cookies(headers).find(|(name, _)| *name == COOKIE) else { return };
        if let Some(visitor) = self.visitors().get_mut(id) {
            *visitor = known.clone();
        }
    }

    /// Whether this delivery was heard before; from now on it was.
    pub(super) fn has_heard(&self, id: &str) -> bool {
        !self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }

    /// Ends all sessions of which this is true, and tells how many.
    pub(super) fn end_all(&self, must_go: impl Fn(&Visitor) -> bool) -> usize {
        let mut visitors = self.visitors();
        let before = visitors.len();
        visitors.retain(|_, visitor| !must_go(visitor));
        before - visitors.len()
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

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn visitors(&self) -> MutexGuard<'_, HashMap<String, Visitor>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn home(State(app): State<DemoApp>, headers: HeaderMap) -> Html<String> {
    Html(match app.present(&headers).await {
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
    app.books().join(Place { marketplace: visitor.marketplace.clone(), group: visitor.group.id.clone() });
    let redirect = Redirect::to(visitor.destination()).into_response();
    app.begin(visitor, COOKIE, redirect)
}

async fn sign_out(State(app): State<DemoApp>, headers: HeaderMap) -> Response {
    let Some(visitor) = app.end(&headers, COOKIE) else {
        return without_cookie(Redirect::to("/").into_response(), COOKIE);
    };
    app.feed.push("app", "a visitor signed out");
    let logout_url = app.log_out(&visitor.token).await.unwrap_or_else(|error| {
        tracing::error!(error = %error.without_url(), "the service did not end a session");
        None
    });
    without_cookie(Redirect::to(logout_url.as_deref().unwrap_or("/")).into_response(), COOKIE)
}

fn without_cookie(response: Response, cookie: &str) -> Response {
    with_cookie(response, &format!("{cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    response.headers_mut().extend(HeaderValue::from_str(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
